"""Values of the language as plain data."""

from __future__ import annotations

from dataclasses import replace

from gradcli.core.ir.nodes import Constant, Node, Parameter
from gradcli.language.calls.arguments import signature
from gradcli.language.derivatives.polynomial import TaylorPolynomial
from gradcli.language.values.labelled import Labelled
from gradcli.language.values.nesting import fold, map_items, nodes_in
from gradcli.language.values.partial import Partial
from gradcli.language.values.values import DerivativeTable, Function, Parameters, SparseMatrix, Value
from gradcli.session.results import Derivatives, ParameterTable, Plain, Polynomial, Row, Tensor, Text
from gradcli.session.results import SparseMatrix as Sparse


def plain(value: Value) -> Plain:
    """A settled value as plain data; what it shares is shared there too. Derivatives come under their names."""
    found: Plain = map_items(value, _plain)
    rows = _derivatives(value)
    return found if rows is None else replace(rows, value=found)


def _derivatives(value: Value) -> Derivatives | None:
    """The derivatives that one call gave, by order, where the value is these and nothing else."""
    first = value
    while isinstance(first, tuple) and first:
        first = first[0]
    if not isinstance(first, Labelled):
        return None
    whole = first.whole
    if not fold(value, lambda item: isinstance(item, Labelled) and item.whole is whole, all):
        return None
    found = [node for node in nodes_in(value) if isinstance(node, Labelled)]
    if not len(found) == len(set(found)) == whole.count:
        return None
    named = sorted(((n.name, n) for n in found if n.name is not None), key=lambda row: row[0].order)
    return Derivatives(_rows(tuple(named)), whole.note)


def _plain(value: Value) -> Plain:
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
    if isinstance(value, Parameters):
        # A parameter that two parts share is one, under all of its names.
        names = tuple(" = ".join(paths) for paths in value.paths)
        return ParameterTable(value.of, names, tuple(tensor(node) for node in value.nodes))
    if isinstance(value, DerivativeTable):
        return Derivatives(_rows(value.rows, value.formulas), value.note, whole=True)
    if isinstance(value, SparseMatrix):
        found = value.entries
        return Sparse(
            found.pattern.shape, found.pattern.rows, found.pattern.columns, tensor(found.values), found.sweeps
        )
    if isinstance(value, TaylorPolynomial):
        terms = tuple((e, float(tensor(node).data)) for e, node in value.coefficients.items())
        center = tuple(float(tensor(node).data) for node in value.center)
        return Polynomial(value.of, tuple(i.name for i in value.inputs), center, terms, value.order)
    if isinstance(value, Function):
        return Text(f"{value.kind} {signature(value)}")
    return Text("none" if value is None else "...")


def tensor(node: Node) -> Tensor:
    """A constant, or a parameter's present value."""
    if isinstance(node, Parameter):
        node = node.value
    assert isinstance(node, Constant), f"{node!r} is not settled"
    return Tensor(node.shape, node.dtype.value, node.value)


def _rows(rows: tuple[tuple[Partial, Node], ...], formulas: tuple[str | None, ...] = ()) -> tuple[Row, ...]:
    return tuple(
        Row(partial.order, str(partial), tensor(node), formula)
        for (partial, node), formula in zip(rows, formulas or (None,) * len(rows), strict=True)
    )
