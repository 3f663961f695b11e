"""Jacobians and Hessians: every partial of every element, by batches of forward or of reverse mode."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, filled, fresh_input
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.primitives.constants import identity
from gradcli.core.primitives.shaping import reshape, transpose
from gradcli.core.transforms.batching import batch
from gradcli.core.transforms.forward import jvp
from gradcli.core.transforms.reverse import vjp

Blocks = list[list[Node]]

FORWARD, REVERSE = "forward", "reverse"


def cheaper_mode(outputs: Sequence[Node], wrt: Sequence[Node]) -> str:
    """Forward costs one sweep for each input element, reverse one for each output element."""
    inputs = sum(size_of(node.shape) for node in wrt)
    return FORWARD if inputs <= sum(size_of(node.shape) for node in outputs) else REVERSE


def jacobian(outputs: Sequence[Node], wrt: Sequence[Node], mode: str | None = None) -> Blocks:
    """For each output a block for each of `wrt`, of the output's shape followed by the input's."""
    if (mode or cheaper_mode(outputs, wrt)) == FORWARD:
        columns = [_forward(outputs, node) for node in wrt]
        return [[column[i] for column in columns] for i in range(len(outputs))]
    return [_reverse(output, wrt) for output in outputs]


def hessian(outputs: Sequence[Node], wrt: Sequence[Node]) -> list[list[list[Node]]]:
    """For each output rows and columns of blocks, each of the output's shape and both inputs' shapes; symmetric.

    Forward over reverse; a scalar block below the diagonal is the node above it.
    """
    found = []
    for output in outputs:
        rows = jacobian([output], wrt, REVERSE)[0]
        blocks: Blocks = [[] for _ in wrt]
        for i, row in enumerate(rows):
            for j, node in enumerate(wrt):
                mirrored = j < i and node.shape == wrt[i].shape == ()
                blocks[i].append(blocks[j][i] if mirrored else jacobian([row], [node], FORWARD)[0][0])
        found.append(blocks)
    return found


def units(shape: Shape, dtype: DType) -> Node:
    """Every unit tensor of a shape, along a leading axis."""
    size = size_of(shape)
    return reshape(identity(size, dtype), shape=(size, *shape))


def _reverse(output: Node, wrt: Sequence[Node]) -> list[Node]:
    if output.shape == ():
        return list(vjp([output], wrt, [filled(1.0, output)]))
    seed = fresh_input("seed", output.shape, output.dtype)
    adjoints = vjp([output], wrt, [seed])
    rows = batch(adjoints, {seed: units(output.shape, output.dtype)}, size_of(output.shape))
    return [reshape(row, shape=output.shape + node.shape) for row, node in zip(rows, wrt, strict=True)]


def _forward(outputs: Sequence[Node], node: Node) -> list[Node]:
    if node.shape == ():
        return list(jvp(outputs, [node], [filled(1.0, node)]))
    seed = fresh_input("seed", node.shape, node.dtype)
    rates = jvp(outputs, [node], [seed])
    columns = batch(rates, {seed: units(node.shape, node.dtype)}, size_of(node.shape))
    return [
        reshape(transpose(column, axes=(*range(1, len(column.shape)), 0)), shape=output.shape + node.shape)
        for column, output in zip(columns, outputs, strict=True)
    ]
