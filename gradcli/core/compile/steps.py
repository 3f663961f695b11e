"""What a schedule is made of: a function on arrays, what it reads, what it gives, and how it treats memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gradcli.core.compile.kernels import kernel_of, may_look_into_arguments, takes_out, works_in_place
from gradcli.core.compile.stretches import Unit, units
from gradcli.core.graph import Node
from gradcli.core.laws import Primitive


@dataclass(frozen=True)
class Step:
    """One call.

    `takes_out`: it is called with an array to write into for each output, after its arguments; `several`: it gives a
    tuple of its outputs. `in_place`: an output may take the place of an argument. `may_be_view`: the result may look
    into an argument. `memory` is what it keeps between calls, in bytes.
    """

    function: Callable[..., Any]
    args: tuple[Node, ...]
    outputs: tuple[Node, ...]
    takes_out: bool = False
    in_place: bool = False
    may_be_view: bool = False
    several: bool = False
    memory: int = 0


def steps_of(order: Sequence[Node], outputs: Sequence[Node], inputs: Sequence[Node]) -> list[Step]:
    """The nodes as steps, in an order in which each comes after what it reads.

    Raises:
        ValueError: for a free input that is not among `inputs`.
    """
    return [_stretch(unit) if unit.is_stretch else _single(unit.nodes[0]) for unit in units(order, outputs, inputs)]


def _stretch(unit: Unit) -> Step:
    from gradcli.core.compile.tiles import Tiles

    tiles = Tiles(unit)
    return Step(tiles, unit.args, unit.outputs, takes_out=True, several=True, memory=tiles.memory)


def _single(node: Node) -> Step:
    if not isinstance(node.op, Primitive):
        raise ValueError(f"{node!r} is free")
    kernel = kernel_of(node, node.op)
    return Step(
        kernel,
        node.args,
        (node,),
        takes_out(kernel),
        works_in_place(kernel),
        may_look_into_arguments(node, kernel),
    )
