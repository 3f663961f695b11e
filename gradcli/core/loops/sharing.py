"""What a loop computes again that another has computed, which keeps the carries that it reads: kept as well.

The steps of a gradient make those of the value again, over the carries that were kept. What takes longer to compute
than to read is kept with these; what is quickly made of it is made again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gradcli.core.ir.nodes import Constant, Node, fresh_input
from gradcli.core.ir.primitive import Application, Primitive, with_args
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable, substitute
from gradcli.core.limits import limit
from gradcli.core.loops.layout import Layout, layout_of
from gradcli.core.loops.merging import in_its_place
from gradcli.core.loops.plan import Given, results, unpacked
from gradcli.core.simplify.canonical import merger

# A number is read and written in the time of so many operations.
WORTH_KEEPING = 4
MIB = 2**20


@merger("loop")
def shared(nodes: Sequence[Node]) -> dict[Node, Node]:
    """What stands in the place of a loop that keeps more, and of one that reads it; of the first such pair."""
    kept: dict[Node, tuple[Application, int]] = {}
    for node in nodes:
        assert isinstance(node, Application)
        layout = layout_of(node.attrs)
        makers = dict.fromkeys(kept[arg][0] for arg in layout.split(node.args)[1] if arg in kept)
        for maker in makers:
            found = _shared(maker, node, {arg: i for arg, (of, i) in kept.items() if of is maker})
            if found:
                return found
        if node.dtype.is_float:
            parts = zip(unpacked(node, layout.shapes), layout.results, strict=True)
            kept.update((part, (node, i)) for part, i in parts if layout.is_stack(i))
    return {}


def _shared(maker: Application, reader: Application, kept: Mapping[Node, int]) -> dict[Node, Node]:
    """The two anew, where one reads what the other keeps: the outputs of its step that are `kept`, by their stacks."""
    made, layout = layout_of(maker.attrs), layout_of(reader.attrs)
    if made.length != layout.length:
        return {}
    own = _in_terms_of(made, maker, layout, reader, kept)
    again = [node for node in _first_of(layout, own) if node.dtype is maker.dtype]
    if not again or not _fits(made, again):
        return {}
    plan = made.plan(maker.args)
    count = len(made.body.outputs)
    plan.stacks = [*plan.stacks, *(own[node] for node in again)]
    assert isinstance(maker.op, Primitive)
    parts = results(maker.op, plan, [*made.results, *range(count, count + len(again))])
    whole = in_its_place(maker, parts[: len(made.results)])
    read = layout.plan([whole.get(arg, arg) for arg in reader.args])
    rows = [fresh_input("k", node.shape, node.dtype) for node in again]
    read = read.of_steps(substitute(read.outputs(), dict(zip(again, rows, strict=True))))
    read.slices = [*read.slices, *(Given(*each) for each in zip(rows, parts[len(made.results) :], strict=True))]
    return whole | in_its_place(reader, results(maker.op, read, layout.results))


def _in_terms_of(
    made: Layout, maker: Application, layout: Layout, reader: Application, kept: Mapping[Node, int]
) -> dict[Node, Node]:
    """The nodes of the reader's step that a step of the maker has: what they are there."""
    _, slices, free = made.split(made.inputs)
    _, of_slices, of_free = made.split(maker.args)
    there: dict[tuple[bool, Node], Node] = {(True, arg): made.body.outputs[i] for arg, i in kept.items()}
    there |= {(True, arg): i for i, arg in zip(slices, of_slices, strict=True)}
    there |= {(False, arg): i for i, arg in zip(free, of_free, strict=True)}
    _, slices, free = layout.split(layout.inputs)
    _, of_slices, of_free = layout.split(reader.args)
    own = {i: there[True, arg] for i, arg in zip(slices, of_slices, strict=True) if (True, arg) in there}
    own |= {i: there[False, arg] for i, arg in zip(free, of_free, strict=True) if (False, arg) in there}
    for node in reachable(layout.body.outputs):
        if node not in own and (isinstance(node, Constant) or (node.args and all(arg in own for arg in node.args))):
            own[node] = with_args(node, tuple(own[arg] for arg in node.args))
    return own


def _first_of(layout: Layout, own: Mapping[Node, Node]) -> Iterator[Node]:
    """What is worth keeping, the first that outputs come to on each way down."""
    seen: set[Node] = set()
    waiting = [*layout.body.outputs]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        if node in own and _is_costly(node):
            yield node
        else:
            waiting += node.args


def _is_costly(node: Node) -> bool:
    """Whether a node takes longer to compute than to keep and to read."""
    if not isinstance(node, Application) or not node.args:
        return False
    if not node.op.pointwise:
        return node.op.work_of(node) > WORTH_KEEPING * size_of(node.shape)
    template = node.op.template(node.attrs)
    return template is None or "math." in template or "**" in template


def _fits(made: Layout, more: Sequence[Node]) -> bool:
    """Whether what a loop keeps stays within what may be kept, with this."""
    stacks = [made.body.outputs[i] for i in made.results if made.is_stack(i)]
    size = sum(size_of(node.shape) * node.dtype.itemsize for node in (*stacks, *more))
    return made.length * size <= limit("max_kept") * MIB
