"""What a schedule is made of: a function on arrays, what it reads, what it gives, and how it treats memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradcli.core.engines.elements import ElementsProgram, is_better_as_numbers, region_of
from gradcli.core.engines.fusion import (
    CALLS_WORTH_NATIVE,
    ELEMENTS_WORTH_A_CALL,
    SMALLEST,
    SMALLEST_NATIVE,
    Unit,
    units,
)
from gradcli.core.engines.numpy.kernels import kernel_of, may_look_into_arguments, takes_out, works_in_place
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of
from gradcli.core.records import record

if TYPE_CHECKING:
    from gradcli.core.engines.numpy.tiles import Tiles


@record
class Step:
    """One call: `outputs` are those of its `nodes` that others need.

    `takes_out`: it is called with an array to write into for each output, after its arguments; `several`: it gives a
    tuple of its outputs. `in_place`: an output may take the place of an argument. `may_be_view`: the result may look
    into an argument. `memory` is what it keeps between calls, in bytes. Of several nodes, `how` says how they are
    computed, and `within` what becomes of those that are no outputs.
    """

    function: Callable[..., Any]
    args: tuple[Node, ...]
    outputs: tuple[Node, ...]
    nodes: tuple[Node, ...]
    takes_out: bool = False
    in_place: bool = False
    may_be_view: bool = False
    several: bool = False
    memory: int = 0
    how: str = ""
    within: str = ""


def steps_of(
    order: Sequence[Node], outputs: Sequence[Node], inputs: Sequence[Node], native: bool = False, numbers: bool = False
) -> list[Step]:
    """The nodes as steps, in an order in which each comes after what it reads.

    `native` lets LLVM compile fusion groups, `numbers` lets Python compute small tensors as numbers.

    Raises:
        ValueError: for a free input that is not among `inputs`.
    """
    steps: list[Step] = []
    smallest = SMALLEST_NATIVE if native else SMALLEST
    for unit in units(order, outputs, inputs, smallest, is_better_as_numbers if numbers else None):
        tiles = _tiles(unit, native) if unit.is_fused else None
        region = region_of(unit) if numbers and not unit.is_fused else None
        if tiles is not None:
            how = {"function": tiles, "args": unit.args, "takes_out": True, "memory": tiles.memory}
            steps.append(_several(unit, str(tiles), "in cache only", **how))
        elif region is not None:
            how = {"function": ElementsProgram(region).run, "args": tuple(region.inputs)}
            steps.append(_several(unit, "as numbers, by Python's math:", "a number", **how))
        else:
            steps += [_single(node) for node in unit.nodes]
    return steps


def _several(unit: Unit, how: str, within: str, **given: Any) -> Step:
    return Step(outputs=unit.outputs, nodes=unit.nodes, several=True, how=how, within=within, **given)


def _tiles(unit: Unit, native: bool) -> Tiles | None:
    """The fusion group in tiles; None where it is small and LLVM has no code for it, or it isn't worth a call."""
    from gradcli.core.engines.numpy.tiles import Tiles

    size = size_of(unit.nodes[0].shape)
    if size < SMALLEST and len(unit.nodes) * (1 + size / ELEMENTS_WORTH_A_CALL) < CALLS_WORTH_NATIVE:
        return None
    tiles = Tiles(unit, native)
    return tiles if tiles.is_native or size >= SMALLEST else None


def _single(node: Node) -> Step:
    if not isinstance(node, Application):
        raise ValueError(f"{node!r} is free")
    kernel = kernel_of(node, node.op)
    return Step(
        kernel,
        node.args,
        (node,),
        (node,),
        takes_out(kernel),
        works_in_place(kernel),
        may_look_into_arguments(node, kernel),
    )
