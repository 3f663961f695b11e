"""What is carried from step to step of a loop: its kinds, inputs that stand for it, and values made to fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from gradcli.core.ir.dtypes import DType, as_float, promote
from gradcli.core.ir.nodes import Node, constant, fresh_input
from gradcli.core.ir.promotion import cast, is_weak, stretch
from gradcli.core.ir.shapes import Shape
from gradcli.core.records import record
from gradcli.language.values.nesting import fold, leaves, nodes_in
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import Value

if TYPE_CHECKING:
    from gradcli.core.loops.plan import Carry

# So often the kinds of what is carried become those of what a step makes of it.
MOST_CHANGES = 6


class Unlike(Exception):  # noqa: N818 - it is no mistake
    """A block whose steps aren't alike: the loop is written out. `shapes` says that its first step may be another."""

    def __init__(self, shapes: bool = False) -> None:
        super().__init__()
        self.shapes = shapes


@record
class Kind:
    """What is carried under a name, or in an item of a tuple there. `weak` is a plain number."""

    shape: Shape
    dtype: DType
    weak: bool

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kind) and (self.shape, self.dtype, self.weak) == (other.shape, other.dtype, other.weak)

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype, self.weak))


# A kind, or a nesting of them.
Nest: TypeAlias = Any


def kinds_of(value: Value, default: DType) -> Nest:
    """The kinds in a nesting of numbers and tensors."""

    def kind(item: Value) -> Kind:
        if isinstance(item, bool):
            return Kind((), DType.BOOL, False)
        if is_number(item):
            return Kind((), default, True)
        if isinstance(item, Node):
            return Kind(item.shape, item.dtype, is_weak(item))
        raise Unlike

    return fold(value, kind, tuple)


def kinds_in(kinds: Nest) -> list[Kind]:
    """The kinds of a nesting, from left to right."""
    found: list[Any] = [*leaves(kinds)]
    return found


def joined(a: Nest, b: Nest) -> Nest:
    """The kinds that both fit."""
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return tuple(joined(x, y) for x, y in zip(a, b, strict=True))
    if not isinstance(a, Kind) or not isinstance(b, Kind):
        raise Unlike(shapes=True)
    if a.shape != b.shape:
        raise Unlike(shapes=True)
    if (a.weak and b.dtype is DType.BOOL) or (b.weak and a.dtype is DType.BOOL):
        # What is no number before is one behind, or the other way round.
        raise Unlike
    if a.weak and b.weak:
        return Kind(a.shape, promote(a.dtype, b.dtype), True)
    if a.weak or b.weak:
        strong = b if a.weak else a
        dtype = strong.dtype if strong.dtype.is_float else promote(a.dtype, b.dtype)
        return Kind(a.shape, dtype, False)
    return Kind(a.shape, promote(a.dtype, b.dtype), False)


def inputs_of(name: str, kinds: Nest) -> Value:
    """Inputs of these kinds, in their nesting."""
    found: Value = fold(kinds, lambda kind: fresh_input(name, kind.shape, kind.dtype, kind.weak), tuple)
    return found


def zeros(kinds: Nest) -> Value:
    """Zeros of these kinds, in their nesting."""
    found: Value = fold(kinds, lambda kind: stretch(constant(0, kind.dtype), kind.shape), tuple)
    return found


def nested(kinds: Nest, items: Sequence[Any]) -> Value:
    """Items in the nesting of kinds."""
    left = iter(items)
    found: Value = fold(kinds, lambda kind: next(left), tuple)
    return found


def as_kind(kind: Kind, value: Value) -> Node:
    """A value as a kind."""
    if isinstance(value, Node):
        return cast(value, kind.dtype)
    if isinstance(value, bool):
        return cast(constant(value, DType.BOOL), kind.dtype)
    assert isinstance(value, (int, float))
    return constant(as_float(value), kind.dtype)


def carries_of(kinds: Nest, inputs: Value, starts: Value, nexts: Value) -> list[Carry]:
    """What is carried, for each item of a nesting: of a kind, by an input, from a start, to what a step makes of it."""
    from gradcli.core.loops.plan import Carry

    items = zip(kinds_in(kinds), nodes_in(inputs), leaves(starts), leaves(nexts), strict=True)
    return [Carry(own, as_kind(kind, start), as_kind(kind, new)) for kind, own, start, new in items]
