"""A fusion group in tiles that stay in cache, on all cores: memory is read and written once for all its nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from gradcli.core.engines.fusion import Unit
from gradcli.core.engines.llvm.lying import in_memory, split_of
from gradcli.core.engines.llvm.native import native_tile
from gradcli.core.engines.numpy.called import Called
from gradcli.core.engines.numpy.kernels import Array, kernel_of, takes_out, works_in_place
from gradcli.core.engines.numpy.places import Places
from gradcli.core.engines.numpy.pool import Numbers, share, threads
from gradcli.core.engines.numpy.sincos import pays, sin_and_cos
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import Shape, aligned, size_of
from gradcli.core.primitives.shaping import keeps_order
from gradcli.core.records import record

# What the tiles of all live values may take together: a core's second-level cache. Several threads get larger ones,
# since each call costs them a turn at Python's lock, and the third level is fast enough.
CACHE_BYTES, SHARED_CACHE_BYTES = 2**21, 2**23
SMALLEST_TILE, LARGEST_TILE = 2**12, 2**17
# The first axis is cut if it is this long, since then each tile lies in one piece; else the longest.
SHORTEST_AXIS = 64
# Where all values together are fewer bytes, handing a part of them to another thread costs more than it saves.
WORTH_A_THREAD, NATIVE_WORTH_A_THREAD = 2**23, 2**24
# Where there are sums, the number of tiles is a multiple of this, which as many threads can share evenly.
TILES_OF_A_SUM = 12
# Interpreter code keeps what it can in registers; its tiles are short, to be shared out as threads come.
NATIVE_TILE = 2**14

Work: TypeAlias = "Callable[[int, Iterator[int]], None]"


@record
class Register:
    """A scratch tile: its dtype, and its number among all."""

    dtype: str
    number: int

    def __str__(self) -> str:
        return f"{self.dtype}_{self.number}"


class Tiles:
    """A fusion group as a function of its arguments and of where to write its outputs, None for new arrays.

    Tensors whose elements lie as those of the result are cut along one line of all elements; where one must be
    stretched, along one axis. `args` are those arguments that it is called with, `memory` is what the scratch tiles
    take, in bytes. `direct` does the same where arrays to write into are given, and says whether it could; there is
    one where all is one tile of machine code.
    """

    def __init__(self, unit: Unit, native: bool = False) -> None:
        sums = set(unit.sums)
        self.unit, self.shape = unit, unit.shape
        self.flat = all(
            size_of(arg.shape) == 1 or (arg.shape == self.shape and _lies_in_line(arg)) for arg in unit.args
        )
        self._native = native_tile(unit) if native else None
        self.is_native = self._native is not None
        self.axis = 0 if self.flat or self.shape[0] >= SHORTEST_AXIS else self.shape.index(max(self.shape))
        split = split_of(unit) if self.is_native else None
        if split is not None and (split or unit.rows is not None):
            self.length = size_of(self.shape[:split])
        elif self.flat or self.is_native:
            self.length = size_of(self.shape)
        else:
            self.length = self.shape[self.axis]
        self.breadth = size_of(self.shape) // self.length
        self._registers: list[Register] = []
        # What machine code knows already is a part of it.
        self.args = tuple(unit.args[i] for i in in_memory(unit)) if self.is_native else unit.args
        self._arity = len(self.args)
        self._places = Places(self._arity + len(unit.outputs))
        self._sums = [j for j, node in enumerate(unit.outputs) if node in sums]
        if self._native is None:
            text, scope = self._source()
            exec(compile(text, "<gradcli tile>", "exec"), scope)
            self._tile: Callable[..., None] = scope["tile"]
        live = sum(np.dtype(r.dtype).itemsize for r in self._registers)
        live += sum(arg.dtype.itemsize for arg in unit.args if size_of(arg.shape) > 1)
        live += sum(node.dtype.itemsize for node in unit.outputs)
        least = NATIVE_WORTH_A_THREAD if self.is_native else WORTH_A_THREAD
        large = sum(size_of(n.shape) * n.dtype.itemsize for n in unit.nodes) > least
        several = threads() > 1 and large
        # Where sums are rounded must not depend on how many threads there are, and it does on where tiles end.
        cache = SHARED_CACHE_BYTES if several or (large and sums) else CACHE_BYTES
        tile = NATIVE_TILE if self.is_native else min(max(cache // max(live, 1), SMALLEST_TILE), LARGEST_TILE)
        # As many tiles for each thread, so that none waits for another's last one.
        self.workers = min(threads(), self.length) if several else 1
        sharing = min(TILES_OF_A_SUM, self.length) if large and sums else self.workers
        rounds = -(-self.length * self.breadth // (tile * sharing))
        self.step = -(-self.length // (rounds * sharing))
        self.count = -(-self.length // self.step)
        # A sum is that of each tile, at first.
        self._made = [
            ((self.count, size_of(node.shape)) if node in sums else node.shape, np.dtype(node.dtype.value))
            for node in unit.outputs
        ]
        self._scratch: list[list[Array]] = []
        self._called: Called | None = None
        if self._native is not None and self.count == 1:
            made = [(node.shape, node.dtype) for node in unit.outputs]
            self._called = Called(self._native, self._arity, made, self.length)
        self.direct = None if self._called is None else self._called.direct
        self.memory = self.workers * self.step * self.breadth * sum(np.dtype(r.dtype).itemsize for r in self._registers)

    def __str__(self) -> str:
        how = "machine code" if self.is_native else "NumPy"
        along = f" of axis {self.axis}" if not (self.flat or self.is_native) else " rows" if self.breadth > 1 else ""
        workers = f"on {self.workers} threads" if self.workers > 1 else "on one thread"
        return f"in tiles of {self.step:,}{along}, {workers}, by {how}:"

    def __call__(self, *given: Array | None) -> tuple[Array, ...]:
        """The outputs, from the arguments followed by an array to write into for each output."""
        if self._called is not None:
            return self._called(*given)
        outs = [
            np.empty(shape, dtype) if out is None or j in self._sums else out
            for j, (out, (shape, dtype)) in enumerate(zip(given[self._arity :], self._made, strict=True))
        ]
        work = (self._in_machine_code if self.is_native else self._in_numpy)(given, outs)
        if self.workers > 1:
            share(self.count, self.workers, work)
        else:
            work(0, Numbers(self.count))
        for j in self._sums:
            outs[j] = np.add.reduce(outs[j]).reshape(self.unit.outputs[j].shape)
        return tuple(outs)

    def _in_numpy(self, given: Sequence[Any], outs: Sequence[Array]) -> Work:
        arrays = [self._lined_up(array) for array in given[: self._arity]]
        targets = [out if j in self._sums else self._lined_up(out) for j, out in enumerate(outs)]
        while len(self._scratch) < self.workers:
            self._scratch.append([np.empty(self._tile_shape(self.step), r.dtype) for r in self._registers])

        def work(worker: int, numbers: Iterator[int]) -> None:
            scratch = self._scratch[worker]
            for i in numbers:
                low = i * self.step
                high = min(low + self.step, self.length)
                tiles = scratch if high - low == self.step else [s[self._index(0, high - low)] for s in scratch]
                self._tile(i, self._index(low, high), *arrays, *targets, *tiles)

        return work

    def bind(self, lasting: Sequence[Array | None]) -> None:
        """Say which arrays, of the arguments and of those to write into, are the same at each call; None for others."""
        if self._called is not None:
            self._called.bind(lasting)
        elif self.is_native:
            outs = [None if j in self._sums else out for j, out in enumerate(lasting[self._arity :])]
            self._places.bind([*lasting[: self._arity], *outs])

    def _in_machine_code(self, given: Sequence[Any], outs: Sequence[Array]) -> Work:
        native, step, length = self._native, self.step, self.length
        assert native is not None
        kept = self._places.fill([*given[: self._arity], *outs])
        sums = [(self._arity + j, outs[j].strides[0]) for j in self._sums]
        places = self._places.table

        def work(worker: int, numbers: Iterator[int], kept: Sequence[Array] = kept) -> None:
            # `kept` lives as long as what points to it.
            addresses = places.__class__(*places)
            for i in numbers:
                for j, size in sums:
                    addresses[j] = places[j] + i * size
                native(i * step, min((i + 1) * step, length), addresses)

        return work

    def _lined_up(self, array: Array) -> Array:
        """All elements in one line, a single one as a scalar; or, where one axis is cut, with all axes."""
        if not self.flat:
            return array.reshape(aligned(array.shape, len(self.shape)))
        if array.ndim == (array.size != 1):
            return array
        return array.reshape(-1) if array.size != 1 else array.reshape(())

    def _tile_shape(self, step: int) -> Shape:
        return (step,) if self.flat else (*self.shape[: self.axis], step, *self.shape[self.axis + 1 :])

    def _index(self, low: int, high: int) -> Any:
        return slice(low, high) if self.axis == 0 else (*(slice(None),) * self.axis, slice(low, high))

    def _source(self) -> tuple[str, dict[str, Any]]:
        """The text of a function that computes one tile: its number, its place, arrays, outputs, scratch."""
        unit = self.unit
        scope: dict[str, Any] = {"total": np.add.reduce}
        name: dict[Node, str] = {arg: f"a{i}" for i, arg in enumerate(unit.args)}
        lines = [f"{name[arg]} = {name[arg]}[at]" for arg in unit.args if self._is_cut(arg)]
        target = {node: f"o{i}" for i, node in enumerate(unit.outputs)}
        lines += [f"{text} = {text}[at]" for node, text in target.items() if node not in unit.sums]
        last = {arg: i for i, node in enumerate(unit.nodes) for arg in node.args}
        registers = Registers()
        pairs = _sines_with_cosines(unit.nodes)
        for i, node in enumerate(unit.nodes):
            args = [name[arg] for arg in node.args]
            if node in name:
                continue  # computed with its other half
            if node in unit.sums:
                reduced = args[0] if self.flat else f"{args[0]}.reshape(-1)"
                lines.append(f"{target[node]}[number] = total({reduced})")
                continue
            if node in pairs:
                scope["sin_and_cos"] = sin_and_cos
                for half in pairs[node]:
                    name[half] = target[half] if half in target else registers.take(half)
                lines.append(f"sin_and_cos({', '.join([*args, *(name[half] for half in pairs[node])])})")
                continue
            assert isinstance(node, Application)
            kernel = kernel_of(node, node.op)
            scope[f"f{i}"] = kernel
            ending = [arg for arg in dict.fromkeys(node.args) if last[arg] == i]
            in_place = takes_out(kernel) and works_in_place(kernel)
            if in_place:
                registers.release(ending)
            if takes_out(kernel):
                name[node] = target[node] if node in target else registers.take(node)
                lines.append(f"f{i}({', '.join([*args, name[node]])})")
            elif node in target:
                name[node] = target[node]
                lines.append(f"{name[node]}[...] = f{i}({', '.join(args)})")
            else:
                name[node] = f"v{i}"
                lines.append(f"{name[node]} = f{i}({', '.join(args)})")
            if not in_place:
                registers.release(ending)
            if node not in last:
                registers.release([node])
        self._registers = registers.made
        parameters = ["number", "at", *(f"a{i}" for i in range(len(unit.args))), *target.values()]
        parameters += [str(r) for r in self._registers]
        return f"def tile({', '.join(parameters)}):\n    " + "\n    ".join(lines), scope

    def _is_cut(self, arg: Node) -> bool:
        """Whether an argument has more than one element along the way that tiles are cut."""
        if self.flat:
            return arg.shape == self.shape
        return aligned(arg.shape, len(self.shape))[self.axis] != 1


def _lies_in_line(arg: Node) -> bool:
    """Whether a tensor's elements are one after the other in memory; one line of others would be a copy."""
    return arg.kind != "transpose" or keeps_order(arg.args[0].shape, arg.attrs["axes"])


def _sines_with_cosines(nodes: Sequence[Node]) -> dict[Node, tuple[Node, Node]]:
    """Under the earlier of a sine and a cosine of one float64 argument, both of them."""
    found: dict[Node, dict[str, Node]] = {}
    for node in nodes:
        if node.kind in ("sin", "cos") and node.dtype is DType.FLOAT64:
            found.setdefault(node.args[0], {})[node.kind] = node
    pairs = [(halves["sin"], halves["cos"]) for halves in found.values() if len(halves) == 2]
    place = {node: i for i, node in enumerate(nodes)}
    return {min(pair, key=place.__getitem__): pair for pair in pairs} if pairs and pays() else {}


class Registers:
    """Scratch tiles, taken again when nothing needs what is in them."""

    def __init__(self) -> None:
        self.made: list[Register] = []
        self._free: dict[str, list[Register]] = {}
        self._of: dict[Node, Register] = {}

    def take(self, node: Node) -> str:
        """The name of one for a node."""
        dtype = node.dtype.value
        free = self._free.setdefault(dtype, [])
        if free:
            register = free.pop()
        else:
            register = Register(dtype, len(self.made))
            self.made.append(register)
        self._of[node] = register
        return str(register)

    def release(self, nodes: Sequence[Node]) -> None:
        """Those of nodes may be taken again."""
        for node in nodes:
            register = self._of.pop(node, None)
            if register is not None:
                self._free[register.dtype].append(register)
