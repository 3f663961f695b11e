"""What is said where a slope that is shown is a convention: which operation has an edge, and what is beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradcli.core.ir.edges import EdgeKind
from gradcli.core.ir.nodes import Node, name_of
from gradcli.core.ir.primitive import edge_of
from gradcli.core.ir.shapes import size_of
from gradcli.language.text.diagnostics import Span
from gradcli.language.values.values import Caller

if TYPE_CHECKING:
    from gradcli.core.analysis.one_sided import Limit

# Where the value or the slope is one for what is beside the point.
CONVENTIONS = frozenset({EdgeKind.CORNER, EdgeKind.STEP, EdgeKind.COMPARISON})
# More variables than that are not looked at one by one.
MOST_VARIABLES = 20


def say_convention(
    caller: Caller, outputs: Sequence[Node], variables: Sequence[Node], point: Mapping[Node, Any], span: Span
) -> None:
    """Note at the operation that has an edge what the slopes on both sides are, or that the function jumps.

    Args:
        caller: who knows where in the text the operations stand.
        outputs: what is differentiated, a graph of `variables` and of what else is in `point`.
        variables: the inputs by which it is.
        point: the value of each leaf.
        span: what is told where the place of the operation isn't known.
    """
    from gradcli.core.analysis.at_edges import at_edges, that_matter
    from gradcli.core.analysis.one_sided import derivatives_along

    found = that_matter(at_edges(outputs, point, variables, CONVENTIONS), outputs, point)
    if not found:
        return
    places = (caller.trail.place_of(node, outputs) for node in found)
    place = next(filter(None, places), None)
    what, is_told = f"`{place.title}`" if place is not None else "the function", True
    for variable in variables[:MOST_VARIABLES] if all(size_of(v.shape) == 1 for v in variables) else ():
        sides = derivatives_along(outputs, variable, 1, point)
        is_told = is_told and sides is not None
        beside = _beside(sides or [], outputs, point)
        if beside is None:
            continue
        order, left, right = beside
        by = f" in {name_of(variable)}" if len(variables) > 1 else ""
        if order is None:
            message = f"{what} jumps here{by}: the function is {left:g}, and {right:g} beside it"
        elif order:
            message = f"{what} has a corner here: the slope{by} is {left:g} on the left and {right:g} on the right"
        else:
            message = f"{what} jumps here: the function{by} is {left:g} on the left and {right:g} on the right"
        break
    else:
        if not is_told:
            message = f"{what} decides here, and what is beside it can't be told"
            caller.note(f"{message}; what is shown may be a convention", place or span)
            return
        corner = any(edge_of(node, {EdgeKind.CORNER, EdgeKind.COMPARISON}) for node in found)
        message = f"{what} has a corner here: the slope differs from side to side" if corner else f"{what} jumps here"
    caller.note(f"{message}; what is shown is a convention", place or span)


def _beside(
    sides: Sequence[Sequence[Limit]], outputs: Sequence[Node], point: Mapping[Node, Any]
) -> tuple[int | None, float, float] | None:
    """The order of what differs on both sides, 0 for the function itself, and what it is on the left and the right.

    Without an order, what the function is at the point, and on both sides.
    """
    from gradcli.core.analysis.at_edges import numbers

    for limits, value in zip(sides, numbers(outputs, point), strict=False):
        for order, limit in enumerate(limits):
            if limit.sides is not None:
                return order, *limit.sides
        if size_of(limits[0].value.shape) == 1 and not limits[0].agrees(value):
            return None, float(value), float(limits[0].value)
    return None
