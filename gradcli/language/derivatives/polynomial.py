"""Taylor polynomials: the coefficients of a function around a point, themselves a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

from gradcli.core.ir.nodes import Constant, Node, constant
from gradcli.core.library.functions import stack
from gradcli.core.records import structure
from gradcli.core.transforms.nested import total
from gradcli.core.transforms.taylor import Exponents
from gradcli.language.calls.announce import Call, builtin
from gradcli.language.calls.tracing import fresh_inputs, replace_nodes
from gradcli.language.derivatives.base import base_of, times_differentiated
from gradcli.language.derivatives.checks import real_outputs, refuse_counts
from gradcli.language.derivatives.expansion import expanded, has_free
from gradcli.language.derivatives.gradient import to_order
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.convert import to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.nesting import nodes_in
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import Caller, Formal, Function, Required, Rewrite, Value


@structure
class TaylorPolynomial(Function):
    """The polynomial of some order that agrees best with a function around a center."""

    of: str
    inputs: tuple[Formal, ...]
    center: tuple[Node, ...]
    order: int
    coefficients: Mapping[Exponents, Node]
    kind: str = "Taylor polynomial"

    def __post_init__(self) -> None:
        self.name = f"taylor{self.of}" if self.of.startswith("(") else f"taylor({self.of})"
        self.members: Mapping[str, Value] = {"coefficients": self._listed()}

    def _listed(self) -> Value:
        """The coefficients: in ascending order for one variable, one number for each term for several."""
        if len(self.inputs) > 1:
            return tuple(self.coefficients.values())
        zero = constant(0.0, self.center[0].dtype)
        every = tuple(self.coefficients.get((k,), zero) for k in range(self.order + 1))
        return stack(every, 0)

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """Its value, by Horner's rule in each variable after the other."""
        steps = [to_node(v, caller.dtype, span) - c for v, c in zip(values, self.center, strict=True)]
        return _horner(dict(self.coefficients), steps, constant(0.0, self.center[0].dtype))

    def substituted(self, substitution: Rewrite) -> TaylorPolynomial:
        """The same around the caller's point."""
        center = substitution.value(self.center)
        values = substitution.value(tuple(self.coefficients.values()))
        assert isinstance(center, tuple)
        assert isinstance(values, tuple)
        kept = dict(zip(self.coefficients, nodes_in(values), strict=True))
        return TaylorPolynomial(self.of, self.inputs, tuple(nodes_in(center)), self.order, kept)


def _horner(coefficients: dict[Exponents, Node], steps: Sequence[Node], zero: Node) -> Node:
    if not steps:
        return coefficients.get((), zero)
    by_power: dict[int, dict[Exponents, Node]] = {}
    for exponents, node in coefficients.items():
        by_power.setdefault(exponents[0], {})[exponents[1:]] = node
    result: Node | None = None
    for power in range(max(by_power, default=0), -1, -1):
        part = _horner(by_power[power], steps[1:], zero) if power in by_power else None
        if result is not None:
            result = result * steps[0]
        if part is not None:
            result = part if result is None else result + part
    return zero if result is None else result


@builtin(
    "the Taylor polynomial of a function around a point; a function itself, with .coefficients",
    example="taylor(exp, 0, 3)\ntaylor(exp, 0, 3)(0.1), exp(0.1)",
)
def taylor(call: Call, fn: Function, x0: Value, order: Value = 5) -> TaylorPolynomial:
    """The polynomial.

    Raises:
        LanguageError: for a function that is not of numbers to a number, or a point that doesn't fit it.
    """
    return polynomial_of(call, fn, x0, to_order(order, call.span), "taylor", "Taylor polynomial")


def polynomial_of(call: Call, fn: Function, x0: Value, highest: int, name: str, what: str) -> TaylorPolynomial:
    """The polynomial of some order; `name` asks for it, and `what` it is called in messages.

    Raises:
        LanguageError: for a function that is not of numbers to a number, or a point that doesn't fit it.
    """
    of, point, caller, span = fn, x0, call.caller, call.span
    at = point if isinstance(point, tuple) else (point,)
    required = sum(isinstance(i.default, Required) for i in of.inputs)
    if not required <= len(at) <= len(of.inputs) or not at:
        raise fail(
            "derivative",
            f"`{of.name}` takes {len(of.inputs)} {'input' if len(of.inputs) == 1 else 'inputs'}, "
            f"and the point has {len(at)}",
            span,
            "a point is one number for each input, such as (1, 2)",
        )
    for value in at:
        if not is_number(value) and not (isinstance(value, Node) and value.shape == () and value.dtype.is_float):
            raise fail(
                "derivative",
                f"{name} needs a point of real numbers, and this is {describe(value)}",
                span,
                "such as 0.5",
            )
    rest = [None if isinstance(i.default, Required) else i.default for i in of.inputs[len(at) :]]
    inputs, given = fresh_inputs([*at, *rest], of.inputs, caller.dtype)
    outputs = of.call(caller, inputs, span, fresh=True)
    roots = real_outputs(outputs, of, span)
    if len(roots) > 1 or any(root.shape != () for root in roots):
        raise fail(
            "derivative",
            f"{name} needs a function that returns one number, and `{of.name}` returns {describe(outputs)}",
            span,
            "pick one of its numbers",
        )
    variables = [node for node in inputs[: len(at)] if isinstance(node, Node)]
    by = [[v] for v in variables]
    (found,) = (
        expanded(caller, [total(roots)], by, highest, given, span, times_differentiated(of), coefficients=True)
        if roots
        else ({},)
    )
    refuse_counts(variables, span)
    coefficients = {e: found[e] for e in sorted(found, key=lambda e: (sum(e), tuple(-n for n in e)))}
    if not roots and not isinstance(outputs, tuple):
        coefficients = {(0,) * len(at): to_node(outputs, caller.dtype, span)}
    done = replace_nodes((tuple(coefficients.values()), tuple(variables)), given)
    if not has_free(nodes_in(done)):
        done = caller.settle(done, span)
    assert isinstance(done, tuple)
    kept = dict(zip(coefficients, nodes_in(done[0]), strict=True))
    _refuse_what_has_no_polynomial(caller, of, kept, span, what)
    return TaylorPolynomial(
        str(base_of(of)), tuple(Formal(i.name) for i in of.inputs[: len(at)]), tuple(nodes_in(done[1])), highest, kept
    )


def _refuse_what_has_no_polynomial(
    caller: Caller, of: Function, coefficients: Mapping[Exponents, Node], span: Span, sought: str
) -> None:
    for exponents, node in coefficients.items():
        value = node.value if isinstance(node, Constant) else None
        if isinstance(value, float) and not isfinite(value):
            order = sum(exponents)
            what = f"its derivative of order {order} is {value}" if order else f"its value is {value}"
            if caller.warnings:
                what = caller.warnings[-1].message.removeprefix("there is no derivative here: ")
            lower = f", or lower the order to {order - 1}" if order > 1 else ""
            raise fail(
                "derivative",
                f"`{of.name}` has no {sought} there: {what}",
                span,
                f"move the point to where the function is smooth{lower}",
            )
