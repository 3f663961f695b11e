"""Operations that are found in programs only: several of the table's, done in one pass over memory.

Nothing is differentiated after this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from gradcli.core.ir.laws import Bilinear, Linear
from gradcli.core.ir.lifting import in_front, lifted
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Examples, Primitive, intern, with_args
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.ir.traversal import applied_in, needed, uses_of
from gradcli.core.primitives.shaping import Ranges, as_slices, reshape, take_slice
from gradcli.core.simplify.rules import Site, rule

SUM_OF_PADS = "sum_of_pads"
# With fewer elements the product is in cache when it is added up.
SMALLEST_CONTRACTED = 2**14


def with_sums_of_pads(outputs: Sequence[Node], order: Sequence[Node]) -> tuple[Sequence[Node], Sequence[Node]]:
    """The outputs where sums of padded tensors are written into one piece of memory each, and all their nodes.

    `order` are those of the graph as it is, in topological order.
    """
    if "pad" not in applied_in(order):
        return outputs, order
    uses = uses_of(order, outputs)
    sums: set[Node] = set()
    # The sums that another one takes in.
    inner: set[Node] = set()
    for node in order:
        # One that is stretched when it is added fills all of it.
        if node.kind == "add" and all(a.shape == node.shape and (a.kind == "pad" or a in sums) for a in node.args):
            sums.add(node)
            inner.update(arg for arg in node.args if arg in sums and uses[arg] == 1)
    if not sums:
        return outputs, order
    new: dict[Node, Node] = {}
    for node in order:
        if node not in inner:
            made = _sum_of_pads(node, inner, new) if node in sums else None
            new[node] = made or with_args(node, tuple(new.get(arg, arg) for arg in node.args))
    done = tuple(new[node] for node in outputs)
    return done, needed(list(dict.fromkeys(new.values())), done)


def _sum_of_pads(total: Node, inner: Set[Node], new: Mapping[Node, Node]) -> Node:
    places: list[Ranges] = []
    parts: list[Node] = []
    waiting = [total]
    while waiting:
        node = waiting.pop()
        if node is total or node in inner:
            waiting.extend(reversed(node.args))
        elif node.kind == "pad":
            places.append(node.attrs["ranges"])
            parts.append(new[node.args[0]])
        else:
            # Another sum, which is needed by others too.
            places.append(tuple((0, n, 1) for n in node.shape))
            parts.append(new[node])
    return intern(sum_of_pads, tuple(parts), {"places": tuple(places), "shape": total.shape}, total.shape, total.dtype)


def _sum_of_pads_kernel(xp: Any, one: Any, *others: Any, places: tuple[Ranges, ...], shape: Shape) -> Any:
    out = xp.zeros(shape, one.dtype)
    out[as_slices(places[0])] = one
    for part, there in zip(others, places[1:], strict=True):
        view = out[as_slices(there)]
        xp.add(view, part, view)
    return out


sum_of_pads = Primitive(
    name=SUM_OF_PADS,
    law=Linear(lambda g, *parts, places, shape: tuple(take_slice(g, ranges=place) for place in places)),
    arity=-1,
    summary="padded tensors, added up",
    examples=Examples(),
    kernel=_sum_of_pads_kernel,
    shape=lambda *shapes, places, shape: shape,
    broadcasts=False,
    lift=lifted(places=lambda size, places: tuple(((0, size, 1), *place) for place in places), shape=in_front),
)


@rule("sum_to")
def sum_of_products(site: Site) -> Node | None:
    """Products of two tensors' elements added up along some axes but the last, without the tensor of products."""
    (product,), total = site.args, site.node
    if not site.alone[0]:
        return None
    before, shape = product.shape, total.shape
    lead = len(before) - len(shape)
    kept = [i for i in range(len(before)) if i >= lead and shape[i - lead] == before[i]]
    if (
        product.kind != "multiply"
        or not product.dtype.is_float
        or size_of(before) < SMALLEST_CONTRACTED
        or before != total.args[0].shape
        or len(before) - 1 not in kept
        or any(arg.shape != before for arg in product.args)
    ):
        return None
    letters = "abcdefghijklmnopqrstuvwxyz"[: len(before)]
    pattern = f"{letters},{letters}->{''.join(letters[i] for i in kept)}"

    def kernel(xp: Any, a: Any, b: Any, **attrs: Any) -> Any:
        return xp.einsum(pattern, a, b).reshape(shape)

    def adjoint(g: Node, a: Node, b: Node, **attrs: Any) -> tuple[Node, Node]:
        whole = stretch(reshape(g, shape=tuple(n if i in kept else 1 for i, n in enumerate(before))), before)
        return whole * b, whole * a

    op = Primitive(
        name="sum_of_products",
        law=Bilinear(adjoint),
        arity=-1,
        summary="products of two tensors, added up along axes",
        examples=Examples(),
        kernel=kernel,
        shape=lambda *shapes, **attrs: shape,
        broadcasts=False,
    )
    return intern(op, product.args, {"pattern": pattern, "shape": shape}, shape, total.dtype)
