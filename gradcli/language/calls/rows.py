"""What a loop goes through as slices of tensors: one input for the item of a step, whichever step it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradcli.core.ir.dtypes import DType, as_float
from gradcli.core.ir.nodes import Node, array_constant, fresh_input
from gradcli.core.library.functions import stack
from gradcli.core.library.indexing import index
from gradcli.core.records import record
from gradcli.language.calls.items import whole_numbers
from gradcli.language.text.diagnostics import Span
from gradcli.language.values.nesting import map_items
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import Interval, Parameters, Value, Zipped

if TYPE_CHECKING:
    from gradcli.core.loops.plan import Given


@record
class Rows:
    """The item of any step, made of inputs that stand for slices; `last` is the item of the last step."""

    length: int
    item: Value
    slices: Sequence[Given]
    last: Value

    def at(self, number: int) -> Value:
        """The item of a step."""
        items = {given.input: index(given.node, (number,)) for given in self.slices}
        found: Value = map_items(self.item, lambda part: items.get(part, part) if isinstance(part, Node) else part)
        return found

    def behind(self, count: int) -> Rows:
        """The same without the first steps."""
        rest = [_given(given.input, index(given.node, (slice(count, None),))) for given in self.slices]
        return Rows(self.length - count, self.item, rest, self.last)


def rows_of(value: Value, span: Span) -> Rows | None:
    """What is gone through as slices; None where items differ in more than their numbers."""
    if isinstance(value, Interval):
        value = whole_numbers(value, span)
    if isinstance(value, Parameters):
        value = value.nodes
    if isinstance(value, Zipped):
        return _of_columns([rows_of(part, span) for part in value.parts])
    if isinstance(value, Node):
        return _of_tensor(value) if value.shape and value.shape[0] else None
    if not isinstance(value, tuple) or not value:
        return None
    if all(is_number(item) for item in value):
        return _of_numbers(value)
    first = value[0]
    if all(isinstance(item, Node) for item in value):
        nodes = [item for item in value if isinstance(item, Node)]
        alike = all(node.shape == nodes[0].shape and node.dtype is nodes[0].dtype for node in nodes)
        return _of_tensor(stack(tuple(nodes))) if alike else None
    if all(isinstance(item, tuple) and isinstance(first, tuple) and len(item) == len(first) for item in value):
        columns = [tuple(item[i] for item in value if isinstance(item, tuple)) for i in range(len(first))]  # type: ignore[arg-type]
        return _of_columns([rows_of(column, span) for column in columns])
    return None


def _given(input: Node, node: Node) -> Given:
    # Few loops go through slices.
    from gradcli.core.loops.plan import Given

    return Given(input, node)


def _of_tensor(node: Node) -> Rows:
    fresh = fresh_input("row", node.shape[1:], node.dtype)
    return Rows(node.shape[0], fresh, [_given(fresh, node)], index(node, (-1,)))


def _of_numbers(numbers: tuple[Value, ...]) -> Rows:
    import numpy as np

    array = np.array([as_float(n) for n in numbers if isinstance(n, (int, float))])
    fresh = fresh_input("i", (), DType.FLOAT64, weak=True)
    return Rows(len(numbers), fresh, [_given(fresh, array_constant(array))], numbers[-1])


def _of_columns(columns: Sequence[Rows | None]) -> Rows | None:
    found = [column for column in columns if column is not None]
    if len(found) < len(columns) or not found or len({column.length for column in found}) != 1:
        return None
    slices = [given for column in found for given in column.slices]
    item, last = tuple(column.item for column in found), tuple(column.last for column in found)
    return Rows(found[0].length, item, slices, last)
