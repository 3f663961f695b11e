"""A loop of numbers and small tensors as one native function that has the loop in it.

A tensor of a few elements is these, one by one; of more it is vectors as the processor has them, so that a step is few
instructions. What is computed is to the last bit what the same loop of numbers gives in Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from gradcli.core.engines.llvm.arithmetic import NotNativeError, is_installed
from gradcli.core.engines.llvm.matrices import Matrices, is_large, is_outer, is_product, suits_memory
from gradcli.core.engines.llvm.values import FEWEST_LANES, MOST_LANES, lanes_of
from gradcli.core.engines.llvm.vectors import NAME, compiled
from gradcli.core.interrupt import check
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.templates import SCALARS
from gradcli.core.ir.traversal import reachable
from gradcli.core.transforms.elements import NoElementsError, numbers_in

# So many operations are made between two looks at whether anybody waits for them still.
OPERATIONS_AT_ONCE = 2**22
# LLVM takes a second for a step of so many instructions; a loop within it is so many.
MOST_INSTRUCTIONS, OF_A_LOOP = 4_000, 20
# Matrices of a step take so many elements of a thread's stack at most.
MOST_ON_STACK = 2**14


class Recurrence(NamedTuple):
    """A step's graph of float64 and bool tensors: its inputs by what they are, its outputs carries, sums, stacks."""

    carries: Sequence[Node]
    slices: Sequence[Node]
    free: Sequence[Node]
    nexts: Sequence[Node]
    sums: Sequence[Node]
    stacks: Sequence[Node]
    backwards: bool

    @property
    def outputs(self) -> list[Node]:
        """All."""
        return [*self.nexts, *self.sums, *self.stacks]

    @property
    def inputs(self) -> list[Node]:
        """All."""
        return [*self.carries, *self.slices, *self.free]


class NativeLoop:
    """The machine code of a loop, which several threads may call."""

    def __init__(self, code: Any, operations: int) -> None:
        self._code = code
        self._at_once = max(1, OPERATIONS_AT_ONCE // operations)

    def run(self, length: int, backwards: bool, address: int, table: bytearray, moving: int) -> None:
        """All steps, where `table`, which lies at `address`, has addresses.

        These are: of where carries and sums start, of where they are put in the end, `moving` bytes each; of what every
        step reads, of slices, of stacks.
        """
        if length <= self._at_once:
            check()
            self._code(0, length, address)
            return
        starts = bytes(table[:moving])
        try:
            for low in range(0, length, self._at_once):
                check()
                high = min(length, low + self._at_once)
                self._code(*((length - high, length - low) if backwards else (low, high)), address)
                # The next steps start from what these put.
                table[:moving] = table[moving : 2 * moving]
        finally:
            table[:moving] = starts


def instructions_of(recurrence: Recurrence) -> int | None:
    """About how many instructions a step is, None where it has no machine code."""
    given = set(recurrence.inputs)
    moving = {*recurrence.carries, *recurrence.nexts}
    count = on_stack = 0
    for node in reachable([*recurrence.outputs, *recurrence.inputs]):
        size = size_of(node.shape)
        if size == 0 or (node.dtype not in SCALARS and not isinstance(node, Constant)):
            return None
        if is_large(node) and (node in moving or not (node in given or suits_memory(node))):
            return None
        if node in given or not isinstance(node, Application):
            count += 1
        elif is_large(node) or is_product(node):
            on_stack += 0 if is_outer(node) and node in recurrence.sums else size
            on_stack += sum(size_of(arg.shape) for arg in node.args if arg.kind != "transpose" and not is_outer(node))
            count += OF_A_LOOP + len(lanes_of(min(size, MOST_LANES)))
        elif node.op.pointwise or node.op.broadcasts:
            if node.op.template(node.attrs) is None and node.kind != "cast":
                return None
            count += size if size < FEWEST_LANES else len(lanes_of(size))
        else:
            numbers = numbers_in(node)
            if numbers is None:
                return None
            count += 1 + numbers
    return count if count <= MOST_INSTRUCTIONS and on_stack <= MOST_ON_STACK else None


def native_recurrence(recurrence: Recurrence) -> NativeLoop | None:
    """A loop of such steps, or None where it has no machine code."""
    if not is_installed():
        return None
    order = reachable([*recurrence.outputs, *recurrence.inputs])
    try:
        code = compiled(_Emitter(recurrence, order).module())
    except (NotNativeError, NoElementsError):
        return None
    return NativeLoop(code, sum(size_of(node.shape) for node in order))


class _Emitter(Matrices):
    """Writes the function of the first slice, of the one behind the last, and of a table of addresses."""

    def __init__(self, recurrence: Recurrence, order: Sequence[Node]) -> None:
        super().__init__()
        self._recurrence, self._order = recurrence, order

    def module(self) -> str:
        """The text of a module with the one function."""
        ir, r = self.ir, self._recurrence
        kind = ir.FunctionType(ir.VoidType(), [self.i64, self.i64, self.i8.as_pointer().as_pointer()])
        function = ir.Function(self.module_, kind, NAME)
        low, high, table = function.args
        self.b = b = ir.IRBuilder(function.append_basic_block("entry"))
        changing = [*r.carries, *r.sums]
        places = iter(range(2 * len(changing) + len(r.free) + len(r.slices) + len(r.stacks)))

        def addresses(nodes: Sequence[Node]) -> list[Any]:
            table_of = [b.load(b.gep(table, [self.i64(next(places))])) for _ in nodes]
            return [b.bitcast(at, self.stored(node).as_pointer()) for at, node in zip(table_of, nodes, strict=True)]

        starts, ends = addresses(changing), addresses(changing)
        free, slices, stacks = addresses(r.free), addresses(r.slices), addresses(r.stacks)
        for node, pointer in zip(r.free, free, strict=True):
            self.read(node, pointer)
            self.still.add(node)
        # What is added up in memory is so where it belongs.
        large = [i for i, node in enumerate(changing) if is_large(node)]
        small = [i for i in range(len(changing)) if i not in large]
        begun = [self.loaded(changing[i], starts[i]) for i in small]
        b.branch(b.append_basic_block("begin"))
        b.position_at_end(b.function.blocks[-1])
        for i in large:
            self.copy(ends[i], starts[i], size_of(changing[i].shape))
        before = b.block
        with self.loop(b, low, high, 1) as at:
            phis = self.phis(at, begun, before)
            place = b.sub(b.add(low, b.sub(high, self.i64(1))), at) if r.backwards else at
            for node, values in zip(r.carries, phis, strict=False):
                self.put(node, values)
            for node, pointer in zip(r.slices, slices, strict=True):
                self.read(node, self.row_at(pointer, node, place))
            for node in self._order:
                if not self.has(node):
                    self.compute(node)
            for node, pointer in zip(r.stacks, stacks, strict=True):
                into = self.row_at(pointer, node, place)
                if is_large(node):
                    self.copy(into, self.place(node), size_of(node.shape))
                else:
                    self.store(self.parts(node), into)
            for i in large:
                self.add_to(ends[i], changing[i])
            self._go_on(phis, [changing[i] for i in small[len(r.carries) :]])
        for i, values in zip(small, phis, strict=True):
            self.store(values, ends[i])
        b.ret_void()
        return str(self.module_)

    def read(self, node: Node, pointer: Any) -> None:
        """A node's value from memory; a large tensor stays there."""
        if is_large(node):
            self.keep(node, pointer)
        else:
            self.put(node, self.loaded(node, pointer))

    def _go_on(self, phis: Sequence[Sequence[Any]], sums: Sequence[Node]) -> None:
        """What has changed is what the next step begins with."""
        b, r = self.b, self._recurrence
        nexts = [self.parts(node) for node in r.nexts]
        for node, totals in zip(sums, phis[len(r.carries) :], strict=True):
            nexts.append([b.fadd(total, part) for total, part in zip(totals, self.parts(node), strict=True)])
        for parts, news in zip(phis, nexts, strict=True):
            for phi, new in zip(parts, news, strict=True):
                phi.add_incoming(new, b.block)
