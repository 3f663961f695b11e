"""Operations that are found in programs only: several of the table's, done in one pass over memory.

They have no derivatives, since nothing is differentiated after this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradcli.core.ir.laws import Flat
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Examples, Primitive, intern
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.primitives.shaping import Ranges, as_slices
from gradcli.core.simplify.rules import Site, rule

SUM_OF_PADS = "sum_of_pads"
# With fewer elements the product is in cache when it is added up.
SMALLEST_CONTRACTED = 2**14


def _stated(name: str, summary: str, shape: Shape, kernel: Callable[..., Any]) -> Primitive:
    return Primitive(
        name=name,
        law=Flat(),
        arity=-1,
        summary=summary,
        examples=Examples(),
        kernel=kernel,
        shape=lambda *shapes, **attrs: shape,
        broadcasts=False,
    )


@rule("add")
def sum_of_pads(site: Site) -> Node | None:
    """The sum of padded tensors, written into one piece of memory; None where other things are added."""
    args, shape = site.args, site.node.shape
    # One that is stretched when it is added fills all of it.
    if any(a.kind not in ("pad", SUM_OF_PADS) or a.shape != shape for a in args):
        return None
    places: tuple[Ranges, ...] = tuple(place for a in args for place in a.attrs.get("places", (a.attrs.get("ranges"),)))
    parts = tuple(part for a in args for part in a.args)
    first, *rest = (as_slices(place) for place in places)

    def kernel(xp: Any, one: Any, *others: Any, **attrs: Any) -> Any:
        out = xp.zeros(shape, one.dtype)
        out[first] = one
        for part, there in zip(others, rest, strict=True):
            view = out[there]
            xp.add(view, part, view)
        return out

    op = _stated(SUM_OF_PADS, "padded tensors, added up", shape, kernel)
    return intern(op, parts, {"places": places, "shape": shape}, shape, args[0].dtype)


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

    op = _stated("sum_of_products", "products of two tensors, added up along axes", shape, kernel)
    return intern(op, product.args, {"pattern": pattern, "shape": shape}, shape, total.dtype)
