"""Jacobians and Hessians: every partial of every element, by batches of forward or of reverse mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, filled, fresh_input
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.primitives.constants import identity
from gradcli.core.primitives.shaping import reshape, transpose
from gradcli.core.transforms.batching import batch
from gradcli.core.transforms.forward import jvp
from gradcli.core.transforms.reverse import vjp

Blocks = list[list[Node]]

# Graphs that are linear in a seed, and the seed: each for every unit tensor in its place, along a leading axis.
Sweep: TypeAlias = "Callable[[Sequence[Node], Node], tuple[Node, ...]]"

FORWARD, REVERSE = "forward", "reverse"


def cheaper_mode(outputs: Sequence[Node], wrt: Sequence[Node]) -> str:
    """Forward costs one sweep for each input element, reverse one for each output element."""
    inputs = sum(size_of(node.shape) for node in wrt)
    return FORWARD if inputs <= sum(size_of(node.shape) for node in outputs) else REVERSE


def swept(outputs: Sequence[Node], seed: Node) -> tuple[Node, ...]:
    """Graphs with every unit tensor in the place of a seed, all at once."""
    count = size_of(seed.shape)
    return batch(outputs, {seed: units(seed.shape, seed.dtype)}, count)


def jacobian(outputs: Sequence[Node], wrt: Sequence[Node], mode: str | None = None, sweep: Sweep = swept) -> Blocks:
    """For each output a block for each of `wrt`, of the output's shape followed by the input's."""
    if (mode or cheaper_mode(outputs, wrt)) == FORWARD:
        columns = [_forward(outputs, node, sweep) for node in wrt]
        return [[column[i] for column in columns] for i in range(len(outputs))]
    return [_reverse(output, wrt, sweep) for output in outputs]


def hessian(outputs: Sequence[Node], wrt: Sequence[Node], sweep: Sweep = swept) -> list[Blocks]:
    """For each output rows and columns of blocks, each of the output's shape and both inputs' shapes; symmetric.

    Forward over reverse; a block of a scalar output below the diagonal is the one above it, transposed.
    """
    found = []
    for output in outputs:
        rows = jacobian([output], wrt, REVERSE, sweep)[0]
        blocks: Blocks = [[] for _ in wrt]
        for j, node in enumerate(wrt):
            # Of a scalar's the rows below are known by symmetry.
            above = rows if output.shape else rows[: j + 1]
            for i, column in enumerate(jacobian(above, [node], FORWARD, sweep)):
                blocks[i].append(column[0])
        found.append(blocks if output.shape else mirrored(blocks, wrt))
    return found


def mirrored(above: Sequence[Sequence[Node]], wrt: Sequence[Node]) -> Blocks:
    """All blocks of a symmetric matrix, from those on and above its diagonal."""
    whole: Blocks = []
    for i, row in enumerate(above):
        below = [_exchanged(whole[j][i], len(wrt[j].shape)) for j in range(i)]
        whole.append([*below, *row])
    return whole


def _exchanged(block: Node, rows: int) -> Node:
    """The axes of columns in front of those of rows, which are so many."""
    rank = len(block.shape)
    return transpose(block, axes=(*range(rows, rank), *range(rows))) if 0 < rows < rank else block


def units(shape: Shape, dtype: DType) -> Node:
    """Every unit tensor of a shape, along a leading axis."""
    size = size_of(shape)
    return reshape(identity(size, dtype), shape=(size, *shape))


def _reverse(output: Node, wrt: Sequence[Node], sweep: Sweep) -> list[Node]:
    if output.shape == ():
        return list(vjp([output], wrt, [filled(1.0, output)]))
    seed = fresh_input("seed", output.shape, output.dtype)
    rows = sweep(vjp([output], wrt, [seed]), seed)
    return [reshape(row, shape=output.shape + node.shape) for row, node in zip(rows, wrt, strict=True)]


def _forward(outputs: Sequence[Node], node: Node, sweep: Sweep) -> list[Node]:
    if node.shape == ():
        return list(jvp(outputs, [node], [filled(1.0, node)]))
    seed = fresh_input("seed", node.shape, node.dtype)
    columns = sweep(jvp(outputs, [node], [seed]), seed)
    return [
        reshape(transpose(column, axes=(*range(1, len(column.shape)), 0)), shape=output.shape + node.shape)
        for column, output in zip(columns, outputs, strict=True)
    ]
