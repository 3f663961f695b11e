"""Values of the language as plain data."""

from __future__ import annotations

from gradcli.core.graph import CONSTANT, PARAMETER, Node
from gradcli.language.arguments import signature
from gradcli.language.operators.base import Operator
from gradcli.language.values import DerivativeTable, Function, Parameters, Partial, Value
from gradcli.session.results import Derivatives, ParameterTable, Plain, Row, Tensor, Text


def plain(value: Value) -> Plain:
    """A settled value as plain data."""
    if isinstance(value, Node):
        return tensor(value)
    if isinstance(value, bool):
        return Tensor((), "bool", value)
    if isinstance(value, int):
        return Tensor((), "int", value)
    if isinstance(value, float):
        return Tensor((), "float64", value)
    if isinstance(value, str):
        return Text(value, quoted=True)
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, Parameters):
        return ParameterTable(value.of, value.names, tuple(tensor(node) for node in value.nodes))
    if isinstance(value, DerivativeTable):
        return Derivatives(_rows(value.rows, value.formulas), value.note, whole=True)
    if isinstance(value, Function):
        return Text(f"{value.kind} {signature(value)}")
    return Text("none" if value is None else "...")


def tensor(node: Node) -> Tensor:
    """A constant, or a parameter's present value."""
    if node.op is PARAMETER:
        node = node.attrs["value"]
    assert node.op is CONSTANT, f"{node!r} is not settled"
    return Tensor(node.shape, node.dtype.value, node.attrs["value"])


def gradient_rows(function: Operator, value: Value) -> Derivatives:
    """What a derivative operator's function returned, each tensor with its name and order."""
    return Derivatives(_rows(function.rows(value)), function.note(value))


def _rows(rows: tuple[tuple[Partial, Node], ...], formulas: tuple[str | None, ...] = ()) -> tuple[Row, ...]:
    return tuple(
        Row(partial.order, str(partial), tensor(node), formula)
        for (partial, node), formula in zip(rows, formulas or (None,) * len(rows), strict=True)
    )
