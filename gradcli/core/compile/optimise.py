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


def _sum_of_pads(places: tuple[Ranges, ...], shape: tuple[int, ...]) -> Primitive:
    """Padded tensors added up in one piece of memory. It has no derivative: nothing is differentiated after this."""
    first, *rest = (as_slices(place) for place in places)

    def kernel(xp: Any, one: Any, *others: Any, **attrs: Any) -> Any:
        out = xp.zeros(shape, one.dtype)
        out[first] = one
        for part, there in zip(others, rest, strict=True):
            view = out[there]
            xp.add(view, part, view)
        return out

    return Primitive(
        name=SUM_OF_PADS,
        law=Flat(),
        arity=-1,
        summary="padded tensors, added up",
        examples=Examples(),
        kernel=kernel,
        shape=lambda *shapes, **attrs: shape,
        broadcasts=False,
    )


SUM_OF_PADS = "sum_of_pads"


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
    if op.name == "constant_power" and node.attrs["exponent"] == 2:
        return _with_constants_together(registry["multiply"], (args[0], args[0]), node)  # type: ignore[arg-type]
    if op.name == "add" and all(a.op.name in ("pad", SUM_OF_PADS) for a in args):
        places = tuple(place for a in args for place in a.attrs.get("places", (a.attrs.get("ranges"),)))
        parts = tuple(part for a in args for part in a.args)
        joined = _sum_of_pads(places, node.shape)
        return intern(joined, parts, {"places": places, "shape": node.shape}, node.shape, node.dtype)
    if op.name == "multiply":
        for a, b in (args, args[::-1]):
            if _is_scalar(a) and b.op is registry["multiply"]:
                factor, rest = _factor(b)
                if factor is not None:
                    return _product(a.attrs["value"] * factor, rest)
    shape = broadcast_shapes(arg.shape for arg in args)
    return intern(op, tuple(args), {} if op.name == "multiply" else node.attrs, shape, node.dtype)


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
