"""The derivative operators by name, each declared with its inputs and its help."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.transforms.jacobian import FORWARD, REVERSE
from gradcli.language.calls.builtin import Apply, Builtin
from gradcli.language.derivatives.fields import make_field
from gradcli.language.derivatives.gradient import diff, make_derivative, make_gradient
from gradcli.language.derivatives.mapping import make_mapped
from gradcli.language.derivatives.matrices import make_matrix
from gradcli.language.derivatives.polynomial import make_taylor
from gradcli.language.derivatives.products import make_product
from gradcli.language.derivatives.table import make_table
from gradcli.language.derivatives.targets import ALL
from gradcli.language.text.diagnostics import Span
from gradcli.language.values.convert import to_node
from gradcli.language.values.values import Caller, Formal, SparseMatrix, Value

_FN = Formal("fn")
_WRT = Formal("wrt", None, names=True)
_GRADIENT = (_FN, Formal("grad_position", 0), Formal("weights", None), Formal("has_aux", False), _WRT)
_ALL_INPUTS = (Formal("grad_position", ALL), Formal("weights", None), _WRT)
_SPARSE = Formal("sparse", False)
_FORCED = (*_ALL_INPUTS, Formal("mode", None), _SPARSE)
_MATRICES: tuple[tuple[str, tuple[Formal, ...], int, str | None, str], ...] = (
    ("jacobian", _FORCED, 1, None, "every partial of every output: one matrix of scalars, or a block for each input"),
    ("jacfwd", _ALL_INPUTS, 1, FORWARD, "the Jacobian, a column at a time: for more outputs than inputs"),
    ("jacrev", _ALL_INPUTS, 1, REVERSE, "the Jacobian, a row at a time: for more inputs than outputs"),
    (
        "hessian",
        (*_ALL_INPUTS, _SPARSE),
        2,
        None,
        "every second partial: one matrix, or a block for each two inputs",
    ),
)
_VECTOR = Formal("v", None)
_PRODUCTS: tuple[tuple[str, tuple[Formal, ...], str], ...] = (
    ("jvp", (_VECTOR,), "the Jacobian times a vector of inputs, in forward mode: jvp(f, v)(x) or jvp(f)(x, v)"),
    ("vjp", (_VECTOR,), "a vector of outputs times the Jacobian, in reverse mode: vjp(f, v)(x) or vjp(f)(x, v)"),
    ("hvp", (_VECTOR,), "the Hessian of the summed outputs times a vector: hvp(f, v)(x) or hvp(f)(x, v)"),
    ("directional", (_VECTOR, Formal("order", 1)), "the derivative of some order along a vector, by Taylor mode"),
)
_FIELDS = (
    ("laplacian", "the sum of the second derivatives by all inputs, by Taylor mode"),
    ("divergence", "the sum of each output's derivative by its own input"),
    ("curl", "the rotation of a vector field in the plane or in space"),
)


def _matrix(order: int, mode: str | None) -> Apply:
    def apply(caller: Caller, values: Sequence[Value], span: Span) -> Value:
        function, position, weights, wrt, *rest = values
        chosen: Value = rest[0] if len(rest) == 2 else mode
        return make_matrix(function, position, weights, wrt, chosen, rest[-1] if rest else False, span, order)

    return apply


def _product(name: str) -> Apply:
    return lambda caller, values, span: make_product(name, values, span)


def _field(name: str) -> Apply:
    return lambda caller, values, span: make_field(name, values, span)


def _gradient(with_value: bool) -> Apply:
    def apply(caller: Caller, values: Sequence[Value], span: Span) -> Value:
        function, position, weights, has_aux, wrt = values
        return make_gradient(function, position, weights, has_aux, wrt, span, with_value)

    return apply


def _table(caller: Caller, values: Sequence[Value], span: Span) -> Value:
    function, order, wrt = values
    return make_table(function, order, wrt, span)


OPERATORS: tuple[Builtin, ...] = (
    Builtin("grad", _GRADIENT, _gradient(False), "the gradient of a function, as a function of the same inputs"),
    Builtin("value_and_grad", _GRADIENT, _gradient(True), "a function's outputs and its gradient, computed together"),
    Builtin(
        "derivatives",
        (_FN, Formal("order", 2), _WRT),
        _table,
        "every partial derivative up to an order, in one table",
    ),
    Builtin(
        "derivative",
        (_FN, Formal("order", 1)),
        lambda m, v, span: make_derivative(v[0], v[1], span),
        "the derivative of a function of one variable, of any order; f'' is derivative(f, 2)",
    ),
    *(Builtin(name, (_FN, *more), _matrix(order, mode), help) for name, more, order, mode, help in _MATRICES),
    *(Builtin(name, (_FN, *more, *_ALL_INPUTS), _product(name), help) for name, more, help in _PRODUCTS),
    *(Builtin(name, (_FN, *_ALL_INPUTS), _field(name), help) for name, help in _FIELDS),
    Builtin(
        "dense",
        (Formal("matrix"),),
        lambda m, v, span: v[0].entries.dense() if isinstance(v[0], SparseMatrix) else to_node(v[0], m.dtype, span),
        "a sparse matrix as a whole one",
    ),
    Builtin(
        "taylor",
        (_FN, Formal("x0"), Formal("order", 5)),
        make_taylor,
        "the Taylor polynomial of a function around a point; a function itself, with .coefficients",
    ),
    Builtin(
        "vmap",
        (_FN, Formal("in_axes", 0)),
        lambda m, v, span: make_mapped(v[0], v[1], span),
        "a function of one sample as a function of many, along the first axis of each tensor",
    ),
    Builtin(
        "diff",
        (Formal("u"), Formal("x", variadic=True)),
        lambda m, v, span: diff(v[0], v[1], span),
        "inside a function: the derivative of a value with respect to inputs, one after the other",
        by_inputs=True,
    ),
)
