"""NumPy, and what is shared by libraries that have its functions by the same names; SciPy for special functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from gradcli.core.export.spelling import UnwrittenError, array_lines, source_of
from gradcli.core.export.syntax import Helper, Syntax, Template, is_uniform, literal
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import Shape
from gradcli.core.primitives import (
    beta_partials,
    exponentials,
    factors,
    general_power,
    incomplete,
    linear_algebra,
    special,
    spectra,
)

# For each axis where it starts, how many there are, and how far one is from the next.
Ranges: TypeAlias = tuple[tuple[int, int, int], ...]

MATH_NAMES = {
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "atan2": "arctan2",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
    "max": "maximum",
    "min": "minimum",
}


def index_of(ranges: Ranges) -> str:
    """The ranges of a slice as an index."""
    return ", ".join(
        f"{start}:{start + (count - 1) * step + 1}{f':{step}' if step != 1 else ''}" if count else f"{start}:{start}"
        for start, count, step in ranges
    )


def sums_of(node: Application) -> tuple[tuple[int, ...], bool]:
    """The axes that a sum goes over, and whether its shape is what is left with axes of length 1."""
    before, shape = node.args[0].shape, node.shape
    lead = len(before) - len(shape)
    stretched = [i + lead for i, n in enumerate(shape) if n == 1 and before[i + lead] != 1]
    return (*range(lead), *stretched), lead == 0


def _sum(library: str) -> Callable[[Application], str]:
    def template(node: Application) -> str:
        axes, keep = sums_of(node)
        dtype = f", dtype={library}.int64" if node.args[0].dtype is DType.BOOL else ""
        if len(axes) == len(node.args[0].shape) and node.shape == ():
            return f"{library}.sum({{0}}{dtype})"
        axis = str(axes[0]) if len(axes) == 1 else str(axes)
        text = f"{library}.sum({{0}}, axis={axis}{dtype}{', keepdims=True' if keep else ''})"
        return (
            text if keep or len(axes) == len(node.args[0].shape) - len(node.shape) else f"{text}.reshape({node.shape})"
        )

    return template


def _max(library: str) -> Callable[[Application], str]:
    def template(node: Application) -> str:
        axes = tuple(i for i, n in enumerate(node.shape) if n == 1 and node.args[0].shape[i] != 1)
        least = f", initial=-{library}.inf" if node.dtype.is_float and 0 in node.args[0].shape else ""
        return (
            f"{library}.max({{0}}, axis={axes[0] if len(axes) == 1 else axes}, keepdims=True{least})" if axes else "{0}"
        )

    return template


PAD = '''def _pad(part, shape, place):
    """Zeros with a part at its place."""
    whole = np.zeros(shape, dtype=part.dtype)
    whole[place] = part
    return whole'''


def pads(text: str, written: Callable[[Ranges], str]) -> Helper:
    """A part in zeros, or the sum of several of them; `written` makes an index of the ranges of a place."""

    def helper(node: Application) -> tuple[str, str]:
        shape = node.attrs["shape"]
        places = [node.attrs["ranges"]] if node.kind == "pad" else node.attrs["places"]
        return text, " + ".join(f"_pad({{{i}}}, {shape}, {written(place)})" for i, place in enumerate(places))

    return helper


def by_slices(library: str) -> Callable[[Ranges], str]:
    """Ranges as an index that a library makes of slices."""
    return lambda ranges: f"{library}.s_[{index_of(ranges)}]"


PUT_ADD = '''def _put_add(values, indices, length):
    """Zeros with values added at these numbers of the first axis."""
    whole = np.zeros((length, *values.shape[indices.ndim :]), dtype=values.dtype)
    np.add.at(whole, indices, values)
    return whole'''
WHOLE = '''def _whole_numbers(x, length, from_the_end, besides):
    """Whole numbers within a length."""
    whole = np.asarray(x).astype(np.int64)
    fits = (-length if from_the_end else 0) <= whole
    fits &= whole < length
    if besides is not None:
        fits |= whole == besides
    if not (fits & (whole == x)).all():
        raise IndexError(f"an index is not a whole number within {length}")
    return np.where(whole < 0, whole + length, whole) if from_the_end else whole'''


def _or_nan(function: str) -> Helper:
    text = f'''def _{function}(a, *rest):
    """np.linalg.{function}, which gives nan where a matrix has no answer."""
    try:
        return np.linalg.{function}(a, *rest)
    except np.linalg.LinAlgError:
        if a.ndim == 2:
            return np.full_like((rest or (a,))[-1], np.nan)
        return np.stack([_{function}(*parts) for parts in zip(a, *rest)])'''
    calls = {"solve": "_solve({0}, {1})", "inv": "_inv({0})", "cholesky": "_cholesky(_symmetric({0}))"}
    return lambda node: (f"{SYMMETRIC}\n\n\n{text}" if function == "cholesky" else text, calls[function])


SYMMETRIC = '''def _symmetric(a):
    """The symmetric part of each matrix."""
    return (a + np.swapaxes(a, -1, -2)) / 2'''
RENAMED = {
    "_polygamma_kernel": "_polygamma",
    "_sinc_kernel": "_sinc",
    "_lambertw_kernel": "_lambertw",
    "_lower_part": "_gammainc",
    "_gammaincc_kernel": "_gammaincc",
    "gamma_density": "_gamma_density",
    "beta_density": "_beta_density",
    "falling": "_falling",
    "_adjugate_kernel": "_adjugate",
    "_eigenvector_kernel": "_eigenvectors",
    "_repeated_kernel": "_repeated",
    "_negligible_kernel": "_negligible",
    "_singular_value_kernel": "_singular_values",
    "_left_kernel": "_left_vectors",
    "_right_kernel": "_right_vectors",
    "_pseudo_kernel": "_pseudo_inverse",
    "_squarings_kernel": "_squarings",
    "_exponential_kernel": "_expm",
    "PADE": str(exponentials.PADE),
    "PADE_UP_TO": repr(exponentials.PADE_UP_TO),
    "ROUNDINGS": str(spectra.ROUNDINGS),
    "kernel": "_power",
    "factors": "_factors",
    "LARGEST_FACTORIAL": str(special.LARGEST_FACTORIAL),
    "pi": "np.pi",
}


def power_helper(library: str, **renamed: str) -> Helper:
    """Derivatives of a^b, with their limits at 0 and at infinity."""
    names = {**RENAMED, **{f".{name}": other for name, other in renamed.items()}}

    def helper(node: Application) -> tuple[str, str]:
        below, logs = node.attrs.get("below", 0), node.attrs.get("logs", 0)
        text = source_of([general_power.factors, general_power.kernel], library, names)
        return text, f"_power({{0}}, {{1}}, below={below}, logs={logs})"

    return helper


def _polygamma(node: Application) -> tuple[str, str]:
    text = source_of([special._zeta_part, special._polygamma_kernel], "np", RENAMED)
    return text, "_polygamma({0}, order={order})"


def _sinc(node: Application) -> tuple[str, str]:
    return source_of([special._sinc_kernel], "np", RENAMED), "_sinc({0}, order={order})"


def _beta(node: Application) -> tuple[str, str]:
    by_a, by_b = node.attrs.get("by_a", 0), node.attrs.get("by_b", 0)
    if not by_a and not by_b:
        return "", "special.beta({0}, {1})"
    names = {
        **RENAMED,
        "kernel": "_beta",
        "CLOSE": repr(beta_partials.CLOSE),
        "TAYLOR_TERMS": repr(beta_partials.TAYLOR_TERMS),
        "SMALL": repr(beta_partials.SMALL),
        "STEP": repr(beta_partials.STEP),
        "REACH": repr(beta_partials.REACH),
        "by_a": "by_a",
    }
    parts: list[Callable[..., Any]] = [
        beta_partials._difference,
        beta_partials._by_logarithm,
        beta_partials._by_integral,
        beta_partials.kernel,
    ]
    poly, _ = _polygamma(node)
    text = f"{poly}\n\n{source_of(parts, 'np', names)}"
    return text, f"_beta(lambda n, x: _polygamma(x, order=n), {{0}}, {{1}}, {by_a}, {by_b})"


GAMMAINCC = "_gammaincc({0}, {1})"
GAMMAINCC_PARTS = [incomplete._lower_part, incomplete._gammaincc_kernel]


def _modified_bessel(node: Application, named: tuple[str, str], other: str) -> str:
    order = node.attrs["order"]
    return named[int(order)] if order in (0, 1) else f"special.{other}({order}, {{0}})"


def _undifferentiated(node: Application, template: str) -> str:
    if node.attrs:
        raise UnwrittenError(node.op.name)
    return template


def _density(node: Application, function: Callable[..., Any], plain: str) -> tuple[str, str]:
    """A value by SciPy's function, a derivative by x by gradcli's own; by the parameters there is none."""
    by_x = node.attrs.get("by_x", 0)
    if len(node.attrs) > bool(by_x):
        raise UnwrittenError(node.op.name)
    if not by_x:
        return "", plain
    args = ", ".join(f"{{{i}}}" for i in range(len(node.args)))
    text = source_of([incomplete.falling, function], "np", RENAMED)
    return text, f"{RENAMED[function.__name__]}({args}, {by_x})"


def eigenvectors(library: str) -> Helper:
    """Those of the symmetric part, by the kernel itself."""
    return lambda node: (source_of([spectra._eigenvector_kernel], library, RENAMED), "_eigenvectors({0})")


def spectral_helpers(library: str) -> dict[str, Helper]:
    """Singular values and vectors and what tells them apart, by the kernels themselves."""

    def by(name: str, *kernels: Callable[..., Any]) -> Helper:
        return lambda node: (source_of(kernels, library, RENAMED), f"{name}({{0}})")

    return {
        "repeated": by("_repeated", spectra._repeated_kernel),
        "negligible": by("_negligible", spectra._negligible_kernel),
        "svdvals": by("_singular_values", spectra._svd, spectra._singular_value_kernel),
        "left_singular_vectors": by("_left_vectors", spectra._svd, spectra._left_kernel),
        "squarings": by("_squarings", exponentials._squarings_kernel),
        "right_singular_vectors": by("_right_vectors", spectra._svd, spectra._right_kernel),
    }


def adjugate(library: str) -> Helper:
    """The transpose of the matrix of cofactors, by the kernel itself."""
    return lambda node: (source_of([linear_algebra._adjugate_kernel], library, RENAMED), "_adjugate({0})")


def _pseudo_inverse(node: Application) -> tuple[str, str]:
    return source_of([factors._pseudo_kernel], "np", RENAMED), "_pseudo_inverse({0}, rcond={rcond})"


def _typed(helper: Helper) -> Helper:
    """The same with the node's dtype, where the function computes in 64 bits whatever it is given."""

    def typed(node: Application) -> tuple[str, str]:
        text, call = helper(node)
        return text, call if node.dtype is DType.FLOAT64 else f"{call}.astype(np.{node.dtype.value})"

    return typed


# What SciPy's module of special functions and JAX's have under one name.
OF_SPECIAL: dict[str, Template] = {
    "erf": "special.erf({0})",
    "erfc": "special.erfc({0})",
    "erfinv": "special.erfinv({0})",
    "gamma": "special.gamma({0})",
    "lgamma": "special.gammaln({0})",
    "ndtr": "special.ndtr({0})",
}


def array_templates(library: str) -> dict[str, Template]:
    """What moves elements, adds them up, or takes a library's word, in NumPy's and JAX's names."""

    def to(text: str) -> str:
        return text.replace("np.", f"{library}.")

    return {
        "constant_power": lambda node: "{0} ** 2" if node.attrs["exponent"] == 2 else "{0} ** {exponent}",
        "not_negative": to("np.where({0} < 0, np.nan, {0})"),
        "relu": to("np.maximum({0}, 0.0)"),
        "softplus": to("np.logaddexp({0}, 0.0)"),
        "stop_gradient": "{0}",
        "round": to("np.round({0}, {decimals})"),
        "sum_to": _sum(library),
        "max_to": _max(library),
        "argmax": to("np.argmax({0}, axis={axis})"),
        "argsort": to("np.argsort({0}, axis={axis}, stable=True)"),
        "broadcast": lambda node: (
            to(f"np.full({node.shape}, {{0}}, dtype=np.{dtype_name(node.dtype)})")
            if isinstance(node.args[0], Constant) and node.args[0].shape == ()
            else to(f"np.broadcast_to({{0}}, {node.shape})")
        ),
        "reshape": to("np.reshape({0}, {shape})"),
        "transpose": lambda node: to(
            "{0}.T" if node.attrs["axes"] == (1, 0) else f"np.transpose({{0}}, {node.attrs['axes']})"
        ),
        "slice": lambda node: f"{{0}}[{index_of(node.attrs['ranges'])}]",
        "flip": to("np.flip({0}, axis={axes})"),
        "concatenate": lambda node: to(
            f"np.concatenate([{', '.join(f'{{{i}}}' for i in range(len(node.args)))}], axis={node.attrs['axis']})"
        ),
        "cast": lambda node: to(f"{{0}}.astype(np.{dtype_name(DType(node.attrs['dtype']))})"),
        "cumsum": to("np.cumsum({0}, axis={axis})"),
        "take": to("np.take({0}, {1}, axis=0)"),
        "matmul": "{0} @ {1}",
        "det": to("np.linalg.det({0})"),
        "orthonormal": to("np.linalg.qr({0})[0]"),
        "logabsdet": to("np.linalg.slogdet({0})[1]"),
        "det_sign": to("np.linalg.slogdet({0})[0]"),
        "sum_of_products": lambda node: to(
            f"np.einsum({node.attrs['pattern']!r}, {{0}}, {{1}}).reshape({node.attrs['shape']})"
        ),
    }


def dtype_name(dtype: DType) -> str:
    """A dtype as NumPy and JAX call it."""
    return "bool_" if dtype is DType.BOOL else dtype.value


class NumPy(Syntax):
    """NumPy's functions."""

    title = "NumPy"
    library = "np"
    inf, nan = "np.inf", "np.nan"
    named = MATH_NAMES
    taken = frozenset(["np", "special", "comb", "factorial"])
    decorator = '@np.errstate(all="ignore")'
    templates: Mapping[str, Template] = {
        **array_templates("np"),
        **OF_SPECIAL,
        "besselj": "special.jv({order}, {0})",
        "bessely": "special.yv({order}, {0})",
        "besselk": "special.kv({order}, {0})",
        "besseli": lambda node: _modified_bessel(node, ("special.i0({0})", "special.i1({0})"), "iv"),
        "besseli_scaled": lambda node: _modified_bessel(node, ("special.i0e({0})", "special.i1e({0})"), "ive"),
        "betaln": "special.betaln({0}, {1})",
        "zeta": lambda node: _undifferentiated(node, "special.zeta({0}, {1})"),
        "expi": "special.expi({0})",
        "log_ndtr": "special.log_ndtr({0})",
        "ndtri": "special.ndtri({0})",
        "mills": "(2 / np.pi) ** 0.5 / special.erfcx(-{0} / 2**0.5)",
    }
    others: Mapping[str, Helper] = {"power": power_helper("np")}
    helpers: Mapping[str, Helper] = {
        "pad": pads(PAD, by_slices("np")),
        "sum_of_pads": pads(PAD, by_slices("np")),
        "put_add": lambda node: (PUT_ADD, "_put_add({0}, {1}, {length})"),
        "whole_numbers": lambda node: (
            WHOLE,
            f"_whole_numbers({{0}}, {{length}}, {node.attrs.get('what', 'index') == 'index'}, "
            f"{node.attrs.get('besides')})",
        ),
        "polygamma": _typed(_polygamma),
        "sinc": _typed(_sinc),
        "beta": _typed(_beta),
        "lambertw": _typed(lambda node: (source_of([special._lambertw_kernel], "np", RENAMED), "_lambertw({0})")),
        "gammaincc": _typed(lambda node: (source_of(GAMMAINCC_PARTS, "np", RENAMED), GAMMAINCC)),
        "gammainc": _typed(lambda node: _density(node, incomplete.gamma_density, "special.gammainc({0}, {1})")),
        "betainc": _typed(lambda node: _density(node, incomplete.beta_density, "special.betainc({0}, {1}, {2})")),
        "inv": _or_nan("inv"),
        "solve": _or_nan("solve"),
        "cholesky": _or_nan("cholesky"),
        "eigvalsh": lambda node: (SYMMETRIC, "np.linalg.eigvalsh(_symmetric({0}))"),
        "eigenvectors": _typed(eigenvectors("np")),
        "adjugate": adjugate("np"),
        "pinv": _pseudo_inverse,
        "expm": lambda node: (
            source_of([exponentials._squarings_kernel, exponentials._exponential_kernel], "np", RENAMED),
            "_expm({0})",
        ),
        **spectral_helpers("np"),
    }

    def imports(self, text: str) -> str:
        """NumPy, and SciPy's special functions where they are used."""
        return (
            counting(text) + "import numpy as np\n" + ("from scipy import special\n" if self._takes_scipy(text) else "")
        )

    def needs(self, text: str) -> str:
        """NumPy, and SciPy where a special function does."""
        return "NumPy, and SciPy for its special functions" if self._takes_scipy(text) else "NumPy"

    @staticmethod
    def _takes_scipy(text: str) -> bool:
        return bool(re.search(r"\bspecial\.", text))

    def zeros(self, node: Node) -> str:
        """An array of its shape, or a number."""
        return f"np.zeros({node.shape}, dtype=np.{dtype_name(node.dtype)})" if node.shape else "0.0"

    def stacked(self, text: str, node: Node) -> str:
        """An array."""
        return f"np.array({text}, dtype=np.{dtype_name(node.dtype)})"

    def joined(self, parts: Sequence[tuple[str, Shape]]) -> str:
        """All raveled."""
        return f"np.concatenate([{', '.join(flat(name, shape, 'np.ravel({})') for name, shape in parts)}])"

    def argument(self, node: Node, name: str) -> str | None:
        """An array of its dtype, so that numbers and lists will do."""
        return f"{name} = np.asarray({name}, dtype=np.{dtype_name(node.dtype)})"

    def array(self, node: Constant) -> str:
        """A tensor with its dtype."""
        return array_text(node, "np", f"np.{dtype_name(node.dtype)}")


def flat(name: str, shape: Shape, ravel: str) -> str:
    """A part of a flat tensor: a number as a list of one where that will do."""
    return name if len(shape) == 1 else ravel.format(name)


def counting(text: str) -> str:
    """The line that imports what counts in whole numbers, where it is used."""
    used = [name for name in ("comb", "factorial") if re.search(rf"(?<![.\w]){name}\(", text)]
    return f"from math import {', '.join(used)}\n\n" if used else ""


def array_text(node: Constant, library: str, dtype: str, made: str = "array") -> str:
    """A tensor, in the names that NumPy, JAX and PyTorch share but for the function that it is `made` with."""
    value: Any = node.value
    if is_uniform(node):
        return f"{library}.full({node.shape}, {named_in(repr(value.flat[0].item()), library)}, dtype={dtype})"
    if 0 in node.shape:
        return f"{library}.zeros({node.shape}, dtype={dtype})"
    return array_lines(f"{library}.{made}(", named_in(literal(node), library), f", dtype={dtype})")


def named_in(text: str, library: str) -> str:
    """Numbers with inf and nan by the library's names."""
    return re.sub(r"\b(inf|nan)\b", rf"{library}.\1", text)
