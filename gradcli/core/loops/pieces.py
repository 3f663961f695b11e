"""Many sweeps of one graph in pieces that stay in cache: a loop, whose steps are batches of some sweeps each."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import dependents, reachable
from gradcli.core.loops.closing import looped
from gradcli.core.loops.plan import Given, Plan
from gradcli.core.primitives.constants import identity
from gradcli.core.primitives.shaping import pad, part, reshape
from gradcli.core.transforms.batching import batch
from gradcli.core.transforms.jacobian import swept

# So many elements, in all tensors that all sweeps make, are made at once.
MOST_AT_ONCE = 2**25
# So many elements has the largest tensor of a piece; but products of matrices are slow with fewer rows than these.
PIECE, FEWEST_AT_ONCE = 2**19, 16


def swept_in_pieces(outputs: Sequence[Node], seed: Node) -> tuple[Node, ...]:
    """The same as `swept`, in memory for a piece of it where a batch of all sweeps would take much."""
    count = size_of(seed.shape)
    moving = dependents(reachable(outputs), [seed])
    made = [size_of(node.shape) for node in moving if isinstance(node, Application) and node.op.work_of(node)]
    if count * sum(made) <= MOST_AT_ONCE or not moving.intersection(outputs):
        return swept(outputs, seed)
    largest = max(size_of(node.shape) for node in moving)
    at_once = min(max(PIECE // largest, FEWEST_AT_ONCE), count)
    length = -(-count // at_once)
    units = pad(identity(count, seed.dtype), ranges=((0, count, 1), (0, count, 1)), shape=(length * at_once, count))
    seeds = fresh_input("seeds", (at_once, *seed.shape), seed.dtype)
    plan = Plan(
        length,
        slices=[Given(seeds, reshape(units, shape=(length, *seeds.shape)))],
        stacks=list(batch(outputs, {seed: seeds}, at_once)),
    )
    found = looped(plan, range(len(outputs)))
    joined = [reshape(x, shape=(length * at_once, *output.shape)) for x, output in zip(found, outputs, strict=True)]
    return tuple(part(x, 0, 0, count) for x in joined)
