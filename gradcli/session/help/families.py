"""What belongs together: the functions by families, each in an order in which neighbours are near in meaning."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from gradcli.core.records import record
from gradcli.language.calls.builtin import Builtin
from gradcli.language.library.names import builtins, module_of
from gradcli.language.text.notation import INVERSES

MOST_RELATED = 6


@record
class Family:
    """Functions of one subject: its title, the topic that tells of it, and the names, without their aliases.

    `of_numbers` says that each is computed element by element, so that it has a formula for its slope and a domain.
    """

    title: str
    topic: str
    names: tuple[str, ...]
    of_numbers: bool = False


def _family(title: str, topic: str, names: str, of_numbers: bool = False) -> Family:
    return Family(title, topic, tuple(names.split()), of_numbers)


FAMILIES = (
    _family("powers and roots", "language", "sqrt square cbrt root pow reciprocal hypot", True),
    _family(
        "exponentials and logarithms",
        "language",
        "exp log ln log10 log2 exp2 expm1 log1p logaddexp xlogy xlog1py entr",
        True,
    ),
    _family(
        "angles",
        "language",
        "sin cos tan sec csc cot asin acos atan atan2 asec acsc acot degrees radians",
        True,
    ),
    _family(
        "hyperbolic functions",
        "language",
        "sinh cosh tanh sech csch coth asinh acosh atanh asech acsch acoth",
        True,
    ),
    _family("signs and rounding", "sharp-points", "abs sign heaviside floor ceil round mod", True),
    _family("choices", "sharp-points", "where maximum minimum clip"),
    _family("counting", "language", "factorial binomial perm gcd lcm"),
    _family(
        "special functions",
        "language",
        "gamma lgamma digamma polygamma beta betaln gammainc gammaincc betainc erf erfc erfinv ndtr log_ndtr ndtri"
        " besselj bessely besseli besselk i0 i1 i0e i1e zeta expi lambertw sinc",
        True,
    ),
    _family(
        "derivatives",
        "calculus",
        "grad derivative derivatives value_and_grad diff nabla hessian jacobian vmap stop_gradient",
    ),
    _family(
        "derivatives of one's own",
        "calculus",
        "with_derivative with_vjp with_jvp straight_through gradient_reversal",
    ),
    _family(
        "calculus",
        "calculus",
        "solve roots fixed_point minimize maximize extrema integrate limit tangent taylor propagate",
    ),
    _family(
        "products, fields and modes",
        "calculus",
        "jvp vjp hvp directional laplacian divergence curl jacfwd jacrev dense",
    ),
    _family("formulas, steps and checks", "calculus", "formula latex steps check_answer check gradcheck why plot"),
    _family(
        "comparing",
        "scripts",
        "allclose isclose array_equal certified all any logical_and logical_or logical_xor logical_not",
    ),
    _family("files of data", "files", "load save"),
    _family("totals", "tensors", "sum mean prod max min argmax argmin var std cumsum cumprod logsumexp norm"),
    _family(
        "order",
        "tensors",
        "sort argsort topk median quantile percentile cummax cummin searchsorted",
    ),
    _family("functions by points", "tensors", "interp trapezoid polyval"),
    _family("statistics", "tensors", "average ptp count_nonzero cov corrcoef"),
    _family(
        "without nan",
        "tensors",
        "isnan isinf isfinite nan_to_num nansum nanmean nanmax nanmin nanprod nanvar nanstd fmax fmin",
    ),
    _family(
        "vectors and matrices",
        "tensors",
        "dot cross matmul inner outer tensordot vdot kron convolve correlate trace diagonal det inv einsum"
        " matrix_power expm",
    ),
    _family(
        "making tensors",
        "tensors",
        "zeros ones full zeros_like ones_like full_like eye diag arange linspace logspace geomspace meshgrid"
        " one_hot range normal uniform",
    ),
    _family(
        "shapes",
        "tensors",
        "reshape ravel transpose swapaxes moveaxis expand_dims squeeze broadcast_to concatenate stack vstack hstack"
        " column_stack dstack atleast_1d atleast_2d split array_split flip flipud fliplr rot90 roll pad tile"
        " repeat triu tril len",
    ),
    _family("picking", "tensors", "take take_along_axis"),
    _family(
        "decompositions",
        "tensors",
        "eigh eigvalsh svd svdvals qr cholesky lstsq pinv solve_triangular cholesky_solve slogdet logabsdet logdet cond"
        " matrix_rank",
    ),
    _family("types", "tensors", "float32 float64 int64 bool astype"),
    _family(
        "activations",
        "models",
        "relu leaky_relu elu sigmoid log_sigmoid logit softplus silu gelu mish softmax log_softmax",
    ),
    _family(
        "layers",
        "models",
        "Dense Conv1d Conv2d conv1d conv2d MaxPool1d MaxPool2d AvgPool1d AvgPool2d Flatten Dropout LayerNorm RMSNorm"
        " BatchNorm1d BatchNorm2d GroupNorm Embedding RNN LSTM GRU RNNCell LSTMCell GRUCell Sequential params"
        " with_params",
    ),
    _family("training", "models", "fit sgd momentum adam adamw lbfgs newton"),
    _family(
        "losses",
        "models",
        "MSELoss L1Loss HuberLoss SmoothL1Loss CrossEntropyLoss NLLLoss BCELoss BCEWithLogitsLoss KLDivLoss",
    ),
)
# Of these each is computed element by element, though not all of their family are.
_OF_NUMBERS = frozenset(
    (
        "where",
        "maximum",
        "minimum",
        "factorial",
        "relu",
        "leaky_relu",
        "elu",
        "sigmoid",
        "log_sigmoid",
        "logit",
        "softplus",
        "silu",
        "gelu",
        "mish",
    )
)
# What undoes what, beside those that paper writes with sin⁻¹.
_UNDONE = {
    **INVERSES,
    "sqrt": "square",
    "square": "sqrt",
    "exp2": "log2",
    "log2": "exp2",
    "expm1": "log1p",
    "log1p": "expm1",
    "sigmoid": "logit",
    "logit": "sigmoid",
    "erf": "erfinv",
    "erfinv": "erf",
    "ndtr": "ndtri",
    "ndtri": "ndtr",
    "degrees": "radians",
    "radians": "degrees",
    "split": "concatenate",
}
# What is near in meaning and stands in another family.
_ALSO = {
    "derivative": ("'", "steps"),
    "grad": ("∇", "params"),
    "nabla": ("∇",),
    "jacfwd": ("jacobian", "jvp"),
    "jacrev": ("jacobian", "vjp"),
    "dense": ("hessian", "jacobian"),
    "vmap": ("for", "jacobian"),
    "stop_gradient": ("grad", "where"),
    "factorial": ("!", "gamma"),
    "gamma": ("factorial",),
    "allclose": ("≈", "assert"),
    "certified": ("numbers", "digits"),
    "check": ("check_answer", "steps"),
    "with_derivative": ("gradcheck", "stop_gradient"),
    "plot": ("over",),
    "sum": ("for", "cumsum"),
    "sort": ("max", "min"),
    "topk": ("max", "argmax"),
    "median": ("mean",),
    "take": ("argmax", "where"),
    "take_along_axis": ("argsort",),
    "nan_to_num": ("where",),
    "one_hot": ("CrossEntropyLoss",),
    "trapezoid": ("integrate",),
    "range": ("for", ".."),
    "where": ("if",),
    "pow": ("^",),
    "mod": ("%",),
    "matmul": ("@",),
    "degrees": ("°", "radians"),
    "abs": ("|",),
    "max": ("maximum",),
    "min": ("minimum",),
    "maximum": ("max",),
    "minimum": ("min",),
    "normal": ("seed",),
    "uniform": ("seed",),
    "params": ("param", "grad"),
    "solve": ("==",),
    "propagate": ("±",),
    "limit": ("why",),
    "why": ("limit", "where"),
    "relu": ("maximum",),
    "softmax": ("logsumexp", "CrossEntropyLoss"),
    "logsumexp": ("softmax", "logaddexp"),
    "logaddexp": ("logsumexp",),
    "integrate": ("..",),
    "float32": ("dtype",),
    "float64": ("dtype",),
    "any": ("all", "==", "sum"),
    "all": ("any", "==", "prod"),
}


@cache
def aliases() -> Mapping[str, tuple[str, ...]]:
    """The other names of each function: those that say and take the same."""
    alike: dict[object, list[str]] = {}
    for name, value in builtins().items():
        if isinstance(value, Builtin):
            alike.setdefault((value.summary, tuple(i.name for i in value.inputs), value.of_tensor), []).append(name)
    return {name: tuple(n for n in names if n != name) for names in alike.values() for name in names}


@cache
def families() -> tuple[Family, ...]:
    """All families; a function that none names is with those that stand in the same file."""
    placed = {name for family in FAMILIES for name in family.names}
    late = [n for n, v in builtins().items() if isinstance(v, Builtin) and not placed & {n, *aliases()[n]}]
    found = list(FAMILIES)
    for name in late:
        at = _nearest(name)
        found[at] = Family(found[at].title, found[at].topic, (*found[at].names, name), found[at].of_numbers)
    return tuple(found)


def family_of(name: str) -> Family | None:
    """The family of a function, by any of its names."""
    return next((f for f in families() if {name, *aliases().get(name, ())} & set(f.names)), None)


def is_of_numbers(name: str) -> bool:
    """Whether a function is computed element by element."""
    family = family_of(name)
    return bool(family and family.of_numbers) or bool({name, *aliases().get(name, ())} & _OF_NUMBERS)


def related(name: str) -> tuple[str, ...]:
    """Names near in meaning: what undoes it, what is named beside it, its neighbours in the family, by nearness."""
    own = {name, *aliases().get(name, ())}
    family = family_of(name)
    names = family.names if family else ()
    at = next((i for i, n in enumerate(names) if n in own), 0)
    neighbours = sorted((n for n in names if n not in own), key=lambda n: abs(names.index(n) - at - 0.1))
    first = [other for n in sorted(own, key=lambda n: n != name) for other in (_UNDONE.get(n), *_ALSO.get(n, ()))]
    undoing = [n for n, undone in _UNDONE.items() if undone in own]
    found: list[str] = []
    for other in [*filter(None, first), *undoing, *neighbours]:
        if other not in own and not {other, *aliases().get(other, ())} & {*found}:
            found.append(other)
    return tuple(found[:MOST_RELATED])


def _nearest(name: str) -> int:
    """The family in which most of the functions of the same file are."""
    counts = [sum(module_of(n) == module_of(name) for n in family.names) for family in FAMILIES]
    return counts.index(max(counts))
