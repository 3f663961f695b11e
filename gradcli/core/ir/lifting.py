"""How a primitive is applied where its operands have one leading axis more (its batching rule)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Lift, Primitive
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import Shape


def stacked(size: int, batched: Sequence[bool], args: Sequence[Node]) -> list[Node]:
    """The operands, each with a leading axis of this length: those without it are the same all along it."""
    return [arg if has else stretch(arg, (size, *arg.shape)) for arg, has in zip(args, batched, strict=True)]


def lifted(**changes: Callable[..., Any]) -> Lift:
    """A lift that changes attributes, each by a function of the new axis' length and the attribute."""

    def lift(op: Primitive, size: int, batched: Sequence[bool], args: Sequence[Node], attrs: Mapping[str, Any]) -> Node:
        new = {name: changes[name](size, value) if name in changes else value for name, value in attrs.items()}
        return op(*stacked(size, batched, args), **new)

    return lift


def one_further(size: int, axis: int | tuple[int, ...]) -> int | tuple[int, ...]:
    """Axes, or one, where there is one more in front."""
    return tuple(a + 1 for a in axis) if isinstance(axis, tuple) else axis + 1


def in_front(size: int, shape: Shape) -> Shape:
    """A shape with one axis more in front."""
    return (size, *shape)
