"""What puts tensors together from parts of others: as parts of memory that are copied, or added to what is there.

Windows of an image joined, and their adjoint, the sum of padded tensors, are such.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from math import prod

from gradcli.core.engines.views import Axis, View, goes_on, merged, steps_in, view_of
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.primitives.shaping import Ranges
from gradcli.core.records import record
from gradcli.core.simplify.contracted import SUM_OF_PADS

# More parts take LLVM long to compile, and fewer elements NumPy no longer than a call.
MOST_PARTS, FEWEST_ELEMENTS = 100, 2**7


@record
class Part:
    """Elements of an array that go to a result: its number among the arrays, where both begin, and along which axes.

    `slab` are the steps from one slab to the next in both.
    """

    array: int
    starts: tuple[int, int]
    slab: tuple[int, ...]
    axes: tuple[Axis, ...]
    adds: bool


@record
class Moves:
    """A tensor as parts of others. `outer` is how many slabs there are that all parts go through in the same way.

    `fills` says that nothing is left that must be 0.
    """

    node: Node
    arrays: tuple[Node, ...]
    parts: tuple[Part, ...]
    outer: int
    fills: bool

    @property
    def size(self) -> int:
        """How many elements are moved."""
        return self.outer * sum(prod(axis.length for axis in part.axes) for part in self.parts)


def moves_of(node: Node, there: Container[Node]) -> Moves | None:
    """The node as parts of what is `there`, None where it isn't put together so, or it wouldn't pay."""
    if not isinstance(node, Application) or not node.dtype.is_float or size_of(node.shape) < FEWEST_ELEMENTS:
        return None
    if len(node.args) > MOST_PARTS or any(size_of(arg.shape) == 0 or arg.dtype is not node.dtype for arg in node.args):
        return None
    shape = node.shape
    if node.kind == SUM_OF_PADS:
        places, fills = node.attrs["places"], False
    elif node.kind == "concatenate" and len(node.args) > 1:
        places, fills = _one_behind_another(node), True
    else:
        return None
    sources = [view_of(arg, there) for arg in node.args]
    arrays = tuple(dict.fromkeys(source.base for source in sources))
    slabs, write = _same_for_all(sources, places, shape), steps_in(shape)
    parts = []
    for i, (source, place) in enumerate(zip(sources, places, strict=True)):
        axes = [Axis(n, (r, w * t)) for (_, n, t), r, w in zip(place, source.steps, write, strict=True)]
        write_at = sum(start * step for (start, _, _), step in zip(place, write, strict=True))
        # The axes of slabs go on where the next one ends, so they are one.
        slab = axes[slabs - 1].steps if slabs else (0, 0)
        inner = merged(axes[slabs:]) or (Axis(1, (1, 1)),)
        number, adds = arrays.index(source.base), not fills and i > 0
        parts.append(Part(number, (source.start, write_at), slab, inner, adds))
    return Moves(node, arrays, tuple(parts), prod(shape[:slabs]), fills)


def _one_behind_another(node: Node) -> list[Ranges]:
    places, axis, at = [], node.attrs["axis"], 0
    for arg in node.args:
        whole = [(0, n, 1) for n in arg.shape]
        whole[axis] = (at, arg.shape[axis], 1)
        at += arg.shape[axis]
        places.append(tuple(whole))
    return places


def _same_for_all(sources: Sequence[View], places: Sequence[Ranges], shape: Shape) -> int:
    """How many leading axes are whole in all parts, so that there is a slab of each for every one of the result's."""
    slabs = 0
    while slabs < len(shape) - 1 and all(place[slabs] == (0, shape[slabs], 1) for place in places):
        if slabs and not all(goes_on(shape[slabs], [s.steps[slabs - 1]], [s.steps[slabs]]) for s in sources):
            break
        slabs += 1
    return slabs
