"""What is done once to a graph that will run many times: constants computed, stretching left to NumPy.

A node that is elementwise is computed in the smallest shape that holds its values; it is stretched only where
another kind of node, or an output, needs the whole. Rounding may differ in the last place where constants meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcli.core.compile.kernels import kernel_of
from gradcli.core.graph import CONSTANT, Node, array_constant, constant, intern, reachable, registry
from gradcli.core.laws import Examples, Flat, Primitive, same_shape
from gradcli.core.primitives.shaping import Ranges, as_slices
from gradcli.core.shapes import broadcast_shapes, size_of

# A folded tensor is kept in memory, so it is no larger than this unless an operand is.
LARGEST_FOLDED = 2**16


def _sum_of_pads(xp: Any, first: Any, *rest: Any, places: tuple[Ranges, ...], shape: tuple[int, ...]) -> Any:
    out = xp.zeros(shape, first.dtype)
    out[as_slices(places[0])] = first
    for part, place in zip(rest, places[1:], strict=True):
        out[as_slices(place)] += part
    return out


# Padded tensors added up in one piece of memory. It has no derivative, since nothing is differentiated after this.
SUM_OF_PADS = Primitive(
    name="sum_of_pads",
    law=Flat(),
    arity=-1,
    summary="padded tensors, added up",
    examples=Examples(),
    kernel=_sum_of_pads,
    shape=lambda *shapes, places, shape: shape,
    broadcasts=False,
)


def optimised(outputs: Sequence[Node], inputs: Sequence[Node]) -> tuple[Node, ...]:
    """Outputs of the same values, in the same order; each has its shape."""
    small: dict[Node, Node] = {node: node for node in inputs}
    for node in reachable(outputs):
        if node not in small:
            small[node] = _folded(_smaller(node, [small[arg] for arg in node.args]))
    return tuple(_whole(small[node], node.shape) for node in outputs)


def _smaller(node: Node, args: Sequence[Node]) -> Node:
    op = node.op
    if not isinstance(op, Primitive):
        return node
    if op.name == "broadcast" and _is_aligned(args[0].shape, node.args[0].shape, node.shape):
        return args[0]
    if op.shape is same_shape:
        return _with_constants_together(op, args, node)
    wholes = tuple(_whole(arg, before.shape) for arg, before in zip(args, node.args, strict=True))
    return node if wholes == node.args else intern(op, wholes, node.attrs, node.shape, node.dtype)


def _is_aligned(small: tuple[int, ...], before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    return broadcast_shapes([small, before, after]) == after


def _with_constants_together(op: Primitive, args: Sequence[Node], node: Node) -> Node:
    """An elementwise node; one number that it is multiplied by is enough."""
    if op.name == "negate" and args[0].op is registry["multiply"]:
        factor, rest = _factor(args[0])
        if factor is not None:
            return _product(-factor, rest)
    if op.name == "add" and all(a.op is registry["pad"] or a.op is SUM_OF_PADS for a in args):
        places = tuple(place for a in args for place in a.attrs.get("places", (a.attrs.get("ranges"),)))
        parts = tuple(part for a in args for part in a.args)
        return intern(SUM_OF_PADS, parts, {"places": places, "shape": node.shape}, node.shape, node.dtype)
    if op.name == "multiply":
        for a, b in (args, args[::-1]):
            if _is_scalar(a) and b.op is registry["multiply"]:
                factor, rest = _factor(b)
                if factor is not None:
                    return _product(a.attrs["value"] * factor, rest)
    shape = broadcast_shapes(arg.shape for arg in args)
    return intern(op, tuple(args), node.attrs, shape, node.dtype)


def _is_scalar(node: Node) -> bool:
    return node.op is CONSTANT and node.shape == () and node.dtype.is_float


def _factor(product: Node) -> tuple[float | None, Node]:
    """The number that a product has for a factor, and the other factor."""
    a, b = product.args
    if _is_scalar(a):
        return a.attrs["value"], b
    return (b.attrs["value"], a) if _is_scalar(b) else (None, product)


def _product(factor: float, rest: Node) -> Node:
    op = registry["multiply"]
    number = _folded(constant(factor, rest.dtype))
    return rest if factor == 1 else intern(op, (number, rest), {}, rest.shape, rest.dtype)


def _whole(node: Node, shape: tuple[int, ...]) -> Node:
    if node.shape == shape:
        return node
    return intern(registry["broadcast"], (node,), {"shape": shape}, shape, node.dtype)


def _folded(node: Node) -> Node:
    """A constant, where all arguments are."""
    op = node.op
    if not isinstance(op, Primitive) or not all(arg.op is CONSTANT for arg in node.args):
        return node
    if size_of(node.shape) > max([LARGEST_FOLDED, *(size_of(arg.shape) for arg in node.args)]):
        return node
    arrays: list[Any] = [np.asarray(arg.attrs["value"], dtype=arg.dtype.value) for arg in node.args]
    with np.errstate(all="ignore"):
        value = np.array(kernel_of(node, op)(*arrays), dtype=node.dtype.value)
    return array_constant(value)
