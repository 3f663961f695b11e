"""Which derivatives are meant, and of what: `f'`, `∂f/∂x`, `∇f`, `d/dx x^2`, or a function whose derivative is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from gradcli.core.errors import CoreError
from gradcli.core.formula.algebra import UnreadableError
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.promotion import real
from gradcli.core.records import record
from gradcli.language.calls.functions import UserFunction
from gradcli.language.derivatives.base import Operator, innermost
from gradcli.language.derivatives.fields import Nabla
from gradcli.language.derivatives.formulas import elements_of, formula_table
from gradcli.language.derivatives.gradient import Nth
from gradcli.language.derivatives.targets import Targets, real_positions
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.convert import to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.nesting import leaves
from gradcli.language.values.values import Caller, Function, Names, Required, Value


@record
class Asked:
    """A function, and for each derivative that is meant the variables that it is by, one after the other."""

    function: Function
    by: tuple[tuple[str, ...], ...]

    def derivative(self, by: Sequence[str], span: Span) -> Function:
        """The derivative by variables, one after the other, as a function of the same inputs."""
        found = self.function
        for name in dict.fromkeys(by):
            targets = Targets(names=Names(((name, span),), single=True))
            found = Nth(found, targets, sum(n == name for n in by))
        return found


def asked(function: Function, span: Span, what: str) -> Asked:
    """What is meant by a derivative; of any other function its derivatives by all inputs are meant.

    Raises:
        LanguageError: for what isn't made of partial derivatives by inputs, such as a Laplacian.
    """
    function = _unwrapped(function, span)
    base = innermost(function)
    if not isinstance(function, Operator):
        names = [base.inputs[p].name for p in real_positions(base)]
        if not names:
            raise fail("derivative", f"`{base.name}` has no input to differentiate by", span)
        return Asked(base, tuple((name,) for name in names))
    by = _variables(function)
    known = {i.name for i in base.inputs}
    if not by or any(name not in known for names in by for name in names):
        raise fail(
            "derivative",
            f"{what} takes derivatives by inputs, and `{function.name}` is made of others",
            span,
            "such as f', ∂f/∂x, ∂²f/∂x∂y, ∇f, or a function itself",
        )
    return Asked(base, by)


def _variables(function: Operator) -> tuple[tuple[str, ...], ...]:
    """What each of its partial derivatives is by; nothing where it gives no such."""
    if isinstance(function, Nabla) and not isinstance(function.of, Operator):
        return tuple((name,) for name in function.targets.labels(function.of))
    labels = function.labels()
    return () if any(label.below for label in labels) else tuple(label.variables for label in labels)


def _unwrapped(function: Function, span: Span) -> Function:
    """An expression such as `d/dx (x^2)`, which is a function without a name, as the derivative that it is."""
    if not isinstance(function, UserFunction) or len(function.body) != 1 or function.name.isidentifier():
        return function
    (statement,) = function.body
    found = statement.value if isinstance(statement, s.Return) else None
    names = {i.name for i in function.inputs}
    if not isinstance(found, s.Partial) or not {name.id for name in found.by} <= names:
        return function
    inner = UserFunction(found.of.span.title, function.inputs, (s.Return(found.of.span, found.of),), function.frame)
    return Asked(inner, ()).derivative([name.id for name in found.by], span)


def symbols_of(function: Function, span: Span, what: str) -> list[Value]:
    """A number for each input that has no default.

    Raises:
        LanguageError: for an input that is none.
    """
    values: list[Value] = []
    for i in function.inputs:
        if not isinstance(i.default, Required):
            values.append(i.default)
        elif i.real and not i.variadic:
            values.append(fresh_input(i.name, (), DType.FLOAT64))
        else:
            raise fail("type", f"{what} takes functions of numbers, and `{i.name}` of `{function.name}` is none", span)
    return values


def traced(caller: Caller, function: Function, values: Sequence[Value], span: Span, what: str) -> Node:
    """What a function gives for symbols, one number.

    Raises:
        LanguageError: for a function that gives anything else.
    """
    with caller.differentiating():
        found = function.call(caller, values, span, fresh=True)
    items = list(leaves(found))
    node = to_node(items[0], caller.dtype, span) if len(items) == 1 and _is_number(items[0]) else None
    if node is None or node.shape != () or node.dtype is DType.BOOL:
        raise fail(
            "type",
            f"{what} takes a function that gives one number, and `{function.name}` gives {describe(found)}",
            span,
            "pick one of its numbers, or sum them",
        )
    node = real(node)
    with suppress(UnreadableError, CoreError):
        # Of a small tensor the elements may be graphs of numbers.
        (node,) = elements_of(node)
    return node


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float, Node)) and not isinstance(value, bool)


@record
class Simplified:
    """The formula of a derivative, the parts that it shares, and why there is none."""

    text: str | None
    definitions: tuple[tuple[str, str], ...]
    reason: str | None


def formula_of(caller: Caller, function: Function, span: Span) -> Simplified:
    """The formula that a derivative is shown as."""
    table = formula_table(caller, function, span)
    if table is None or len(table.formulas) != 1:
        return Simplified(None, (), "it has none")
    return Simplified(table.formulas[0], table.definitions, table.reasons[0])
