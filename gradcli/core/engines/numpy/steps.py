"""What a schedule is made of: a function on arrays, what it reads, what it gives, and how it treats memory."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from gradcli.core.engines.elements import ElementsProgram, is_better_as_numbers, region_of
from gradcli.core.engines.fusion import SMALLEST, SMALLEST_NATIVE, SMALLEST_PLAIN, Unit, units
from gradcli.core.engines.numpy.kernels import Array, kernel_of, may_look_into_arguments, takes_out, works_in_place
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.shapes import size_of
from gradcli.core.records import record

# A call of machine code takes as long as so many of NumPy's calls of arithmetic, one of which takes as long as so many
# elements do; its sums, and functions, take as long as several.
CALLS_WORTH_NATIVE, ELEMENTS_WORTH_A_CALL, CALLS_LIKE_A_SUM, CALLS_LIKE_A_FUNCTION = 3, 1_000, 4, 3
# So many operations take about a millisecond, for which other threads may wait.
LONG_CODE = 2**20

if TYPE_CHECKING:
    from gradcli.core.engines.numpy.samples import Samples
    from gradcli.core.engines.numpy.tiles import Tiles
    from gradcli.core.engines.samples import Sampled


@runtime_checkable
class Bound(Protocol):
    """A function that is told which of its arguments, and of what it writes into, are the same at each call."""

    def bind(self, lasting: Sequence[Array | None]) -> None:
        """Those, None for others."""
        ...


@record
class Step:
    """One call: `outputs` are those of its `nodes` that others need.

    `takes_out`: it is called with an array to write into for each output, after its arguments; `several`: it gives a
    tuple of its outputs. `in_place`: an output may take the place of an argument. `may_be_view`: the result may look
    into an argument. `memory` is what it keeps between calls, in bytes. `direct` is a quicker function of arrays alone,
    with one to write into for each output, which says whether it did it. Of several nodes, `how` says how they are
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
    direct: Callable[..., bool] | None = None
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
    # What has a value in memory: of what a step computes together, its outputs alone.
    there = {*inputs, *(node for node in order if isinstance(node, Constant))}
    smallest, is_small = SMALLEST_NATIVE if native else SMALLEST, is_better_as_numbers if numbers else None
    samples = _sampled(order, inputs) if numbers else None
    waiting = units(order, outputs, inputs, smallest, is_small, samples.sizes if samples else {}, native)[::-1]
    while waiting:
        unit = waiting.pop()
        if samples is not None and unit.samples:
            one_by_one = _samples(unit, samples, native)
            if one_by_one is None:
                waiting += units(unit.nodes, unit.outputs, unit.args, smallest, is_small, by_row=native)[::-1]
            else:
                how = {"function": one_by_one, "args": tuple(one_by_one.graph.args), "takes_out": True}
                steps.append(_several(unit, str(one_by_one), "in cache only", memory=one_by_one.memory, **how))
                there.update(unit.outputs)
            continue
        tiles = _tiles(unit, native) if unit.is_fused else None
        if tiles is None and unit.is_fused and (unit.rows is not None or size_of(unit.shape) < SMALLEST_PLAIN):
            waiting += units(unit.nodes, unit.outputs, unit.args, SMALLEST_PLAIN, is_small)[::-1]
            continue
        region = region_of(unit) if numbers and not unit.is_fused else None
        if tiles is not None:
            how = {"function": tiles, "args": tiles.args, "takes_out": True, "memory": tiles.memory}
            how |= {"direct": tiles.direct}
            steps.append(_several(unit, str(tiles), "in cache only", **how))
            there.update(unit.outputs)
        elif region is not None:
            how = {"function": ElementsProgram(region).run, "args": tuple(region.inputs)}
            steps.append(_several(unit, "as numbers, by Python's math:", "a number", **how))
            there.update(unit.outputs)
        else:
            there.update(unit.nodes)
            steps += [(_by_code(node, there) if native else None) or _single(node) for node in unit.nodes]
    return _needed(steps, outputs) if native else steps


def _needed(steps: Sequence[Step], outputs: Sequence[Node]) -> list[Step]:
    """Less those whose results nothing reads, since it reads what they look into."""
    needed, found = set(outputs), []
    for step in reversed(steps):
        if not needed.isdisjoint(step.outputs):
            needed.update(step.args)
            found.append(step)
    return found[::-1]


def _several(unit: Unit, how: str, within: str, **given: Any) -> Step:
    return Step(outputs=unit.outputs, nodes=unit.nodes, several=True, how=how, within=within, **given)


def _sampled(order: Sequence[Node], inputs: Sequence[Node]) -> Sampled | None:
    """The nodes that can be computed sample by sample; most graphs have none, and need not what tells."""
    if not any(len(node.shape) > 1 and node.shape[0] >= SMALLEST_PLAIN for node in order):
        return None
    from gradcli.core.engines.samples import sampled

    return sampled(order, inputs)


def _samples(unit: Unit, samples: Sampled, native: bool) -> Samples | None:
    """The unit sample by sample; None where that doesn't pay."""
    from gradcli.core.engines.samples import NoSamplesError, SampleGraph

    try:
        graph = SampleGraph(unit, samples.ones)
    except NoSamplesError:
        return None
    if not graph.may_pay(native):
        return None
    from gradcli.core.engines.numpy.samples import Samples

    made = Samples(graph, native)
    return made if graph.pays(made.is_native, native) else None


def _tiles(unit: Unit, native: bool) -> Tiles | None:
    """The fusion group in tiles; None where it is small and LLVM has no code for it, or it isn't worth a call."""
    from gradcli.core.engines.numpy.tiles import Tiles

    size = size_of(unit.shape)
    native_only = unit.rows is not None or size < SMALLEST
    if native_only and not _is_worth_a_call(unit, size):
        return None
    tiles = Tiles(unit, native)
    return tiles if tiles.is_native or not native_only else None


def _is_worth_a_call(unit: Unit, size: int) -> bool:
    """Whether one call of machine code takes less time than NumPy's calls."""
    calls = sum(map(_calls_like, unit.nodes))
    has_whole = any(node.shape == unit.shape for node in (*unit.nodes, *unit.args))
    return has_whole and calls + len(unit.nodes) * size / ELEMENTS_WORTH_A_CALL >= CALLS_WORTH_NATIVE


def _calls_like(node: Node) -> int:
    """How many calls of simple arithmetic take as long as NumPy's function does for a few elements."""
    if node.kind in ("sum_to", "max_to"):
        return CALLS_LIKE_A_SUM
    template = node.op.math if isinstance(node.op, Primitive) else None
    return CALLS_LIKE_A_FUNCTION if isinstance(template, str) and "math." in template else 1


def _by_code(node: Node, there: Container[Node]) -> Step | None:
    """A tensor that machine code makes better than NumPy of what is `there`: of parts of others, or small products."""
    from gradcli.core.engines.llvm.moving import moved
    from gradcli.core.engines.llvm.products import multiplied
    from gradcli.core.engines.numpy.called import Called

    made = moved(node, there) or multiplied(node, there)
    if made is None:
        return None
    called = Called(
        made.code, len(made.arrays), [(node.shape, node.dtype)], made.length, is_long=made.operations > LONG_CODE
    )
    how, direct = "by machine code:", called.direct
    return Step(called, made.arrays, (node,), (node,), takes_out=True, several=True, direct=direct, how=how)


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
