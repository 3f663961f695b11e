"""Numbers of many samples, each a vector of them all, in tiles of samples that stay in cache, on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import isfinite
from typing import Any

import numpy as np

from gradcli.core.engines.llvm.samples import Columns, native_samples
from gradcli.core.engines.numpy.called import Called
from gradcli.core.engines.numpy.kernels import Array, kernel_of, takes_out, works_in_place
from gradcli.core.engines.numpy.one_by_one import OneByOne
from gradcli.core.engines.numpy.places import Places
from gradcli.core.engines.numpy.pool import Numbers, share, threads
from gradcli.core.engines.numpy.tiles import (
    CACHE_BYTES,
    NATIVE_WORTH_A_THREAD,
    TILES_OF_A_SUM,
    WORTH_A_THREAD,
    Register,
    Registers,
    Work,
)
from gradcli.core.engines.protocol import Graph
from gradcli.core.engines.samples import SampleGraph
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of

# Tiles of machine code are only there to be shared out, NumPy's to stay in cache; shorter ones are all calls.
NATIVE_TILE, SMALLEST_TILE = 2**11, 2**9


class Samples:
    """A sample's graph as a function of its arguments and of where to write its outputs, None for new arrays.

    Where a factor of a product with a known 0 is not finite, the arrays are gone through as they are. `memory` is what
    the vectors take, in bytes.
    """

    def __init__(self, graph: SampleGraph, native: bool = False) -> None:
        self.graph, self.size = graph, graph.size
        apart, outputs = graph.apart, graph.unit.outputs
        rows: list[Sequence[Node]] = []
        at = 0
        for node in apart.outputs:
            rows.append(apart.numbers[at : at + size_of(node.shape)])
            at += size_of(node.shape)
        self._read = [
            Columns(a.node.dtype, stride, a.read) for a, stride in zip(apart.arrays, graph.strides, strict=True)
        ]
        self._written = [
            Columns(node.dtype, stride, list(enumerate(row)))
            for node, row, stride in zip(outputs, rows, graph.written, strict=True)
            if stride
        ]
        # Sums over the samples, behind them that of what must be finite.
        self._sums = [n for row, stride in zip(rows, graph.written, strict=True) if not stride for n in row]
        self._sums += apart.numbers[at:]
        self._native = native_samples(apart.order, self._read, self._written, self._sums, self.size) if native else None
        self.is_native = self._native is not None
        self._places = Places(len(self._read) + len(self._written) + 1)
        self._registers: list[Register] = []
        if self._native is None:
            text, scope = self._source()
            exec(compile(text, "<gradcli samples>", "exec"), scope)
            self._same: Callable[..., Sequence[Any]] = scope["same"]
            self._tile: Callable[..., None] = scope["tile"]
        live = sum(np.dtype(r.dtype).itemsize for r in self._registers)
        live += sum(columns.dtype.itemsize * len(columns.elements) for columns in self._written)
        large = 8 * len(apart.order) * self.size > (NATIVE_WORTH_A_THREAD if self.is_native else WORTH_A_THREAD)
        tile = NATIVE_TILE if self.is_native else max(CACHE_BYTES // max(live, 1), SMALLEST_TILE)
        # Where sums are rounded must not depend on how many threads there are.
        sharing = TILES_OF_A_SUM if large else 1
        self.count = sharing * max(1, -(-self.size // (tile * sharing)))
        self.workers = threads() if large else 1
        self.memory = 0 if self.is_native else self.workers * live * -(-self.size // self.count)
        self._called: Called | None = None
        if self._native is not None and self.count == 1:
            written = [(n.shape, n.dtype) for n, stride in zip(outputs, graph.written, strict=True) if stride]
            made = [*written, ((1, len(self._sums)), DType.FLOAT64)]
            self._called = Called(self._native, len(self._read), made, self.size)
        self._blocks: list[list[Array]] = []
        self._otherwise: OneByOne | None = None

    def __str__(self) -> str:
        how = "machine code" if self.is_native else "NumPy"
        workers = f"on {self.workers} threads" if self.workers > 1 else "on one thread"
        return f"sample by sample, in tiles of {-(-self.size // self.count):,}, {workers}, by {how}:"

    def __call__(self, *given: Any) -> tuple[Array, ...]:
        """The outputs, from the arguments followed by an array to write into for each output."""
        arity, nodes = len(self.graph.args), self.graph.unit.outputs
        outs = [
            np.empty(node.shape, node.dtype.value) if out is None else out
            for node, out in zip(nodes, given[arity:], strict=True)
        ]
        columns = [out for out, stride in zip(outs, self.graph.written, strict=True) if stride]
        if self._called is not None:
            sums = self._called(*given[:arity], *columns, None)[-1]
        else:
            sums = np.empty((self.count, len(self._sums)))
            work = (self._in_machine_code if self.is_native else self._in_numpy)(given[:arity], columns, sums)
            if self.workers > 1:
                share(self.count, self.workers, work)
            else:
                work(0, Numbers(self.count))
        totals = np.add.reduce(sums) if self.count > 1 else sums[0]
        if self.graph.apart.is_guarded and not isfinite(totals[-1]):
            return self._as_arrays(given[:arity])
        at = 0
        for out, stride in zip(outs, self.graph.written, strict=True):
            if not stride:
                out[...] = totals[at : at + out.size].reshape(out.shape)
                at += out.size
        return tuple(outs)

    def bind(self, lasting: Sequence[Array | None]) -> None:
        """Say which arrays, of the arguments and of those to write into, are the same at each call; None for others."""
        if self.is_native:
            arity = len(self.graph.args)
            outs = [out for out, stride in zip(lasting[arity:], self.graph.written, strict=True) if stride]
            (self._called or self._places).bind([*lasting[:arity], *outs, None])

    def _as_arrays(self, given: Sequence[Any]) -> tuple[Array, ...]:
        if self._otherwise is None:
            unit, args = self.graph.unit, self.graph.args
            known = [arg for arg in unit.args if arg not in args]
            self._otherwise = OneByOne(Graph([*known, *unit.nodes], unit.outputs, args))
        return self._otherwise(*given)

    def _bounds(self, number: int) -> tuple[int, int]:
        """The first sample of a tile, and the one behind its last; none is much shorter than others."""
        return number * self.size // self.count, (number + 1) * self.size // self.count

    def _in_machine_code(self, given: Sequence[Any], outs: Sequence[Array], sums: Array) -> Work:
        native = self._native
        assert native is not None
        kept = self._places.fill([*given, *outs, sums])
        places, row = self._places.table, sums.strides[0]

        def work(worker: int, numbers: Iterator[int], kept: Sequence[Array] = kept) -> None:
            # `kept` lives as long as what points to it.
            addresses = places.__class__(*places)
            for i in numbers:
                addresses[len(places) - 1] = places[len(places) - 1] + i * row
                native(*self._bounds(i), addresses)

        return work

    def _in_numpy(self, given: Sequence[Any], outs: Sequence[Array], sums: Array) -> Work:
        rows = [
            array.reshape(self.size, stride) if stride else array.reshape(-1)
            for array, stride in zip(given, self.graph.strides, strict=True)
        ]
        targets = [out.reshape(self.size, -1) for out in outs]
        same = self._same(*rows)
        length = -(-self.size // self.count)
        while len(self._blocks) < self.workers:
            self._blocks.append(
                [
                    *(np.empty(length, r.dtype) for r in self._registers),
                    *(np.empty((len(c.elements), length), c.dtype.value) for c in self._written),
                ]
            )

        def work(worker: int, numbers: Iterator[int]) -> None:
            for i in numbers:
                low, high = self._bounds(i)
                blocks = [block[..., : high - low] for block in self._blocks[worker]]
                self._tile(low, high, sums[i], *rows, *targets, *same, *blocks)

        return work

    def _source(self) -> tuple[str, dict[str, Any]]:
        """The text of what computes what is the same for all samples, and of what computes a tile.

        The second gets the bounds of the tile, where to write its sums, the arrays that are read, those that are
        written, what is the same, and blocks of memory: registers, and the outputs with the axis of samples behind.
        """
        scope: dict[str, Any] = {"copy": np.copyto, "total": np.add.reduce}
        name: dict[Node, str] = {}
        same, order = self._the_same(scope, name)
        known = [text for text in name.values() if text not in scope]
        lines: list[str] = []
        registers = Registers()
        for i, columns in enumerate(self._read):
            for place, node in columns.elements if columns.stride else ():
                name[node] = registers.take(node)
                lines.append(f"copy({name[node]}, a{i}[low:high, {place}])")
        places = [(node, f"b{i}[{place}]") for i, c in enumerate(self._written) for place, node in c.elements]
        # An element that is computed is written where it belongs.
        target: dict[Node, str] = {}
        for node, text in places:
            if node not in name:
                target.setdefault(node, text)
        for i, (node, text) in enumerate(target.items()):
            lines.append(f"t{i} = {text}")
            target[node] = f"t{i}"
        last = {arg: i for i, node in enumerate(order) for arg in node.args}
        last |= dict.fromkeys([*self._sums, *(node for node, _ in places)], len(order))
        for i, node in enumerate(order):
            kernel, args = kernel_of(node, node.op), [name[arg] for arg in node.args]
            scope[f"f{i}"] = kernel
            ending = [arg for arg in dict.fromkeys(node.args) if last[arg] == i]
            in_place = takes_out(kernel) and works_in_place(kernel)
            if in_place:
                registers.release(ending)
            name[node] = target[node] if node in target else registers.take(node)
            called = f"f{i}({', '.join(args)}"
            lines.append(f"{called}, {name[node]})" if takes_out(kernel) else f"{name[node]}[...] = {called})")
            registers.release([] if in_place else ending)
        given = set(target)
        for node, text in places:
            if node in given:
                given.discard(node)
            else:
                lines.append(f"copy({text}, {name[node]})")
        varies = {*target, *order, *(node for c in self._read if c.stride for _, node in c.elements)}
        lines += [
            f"sums[{j}] = total({name[node]})" if node in varies else f"sums[{j}] = (high - low)*{name[node]}"
            for j, node in enumerate(self._sums)
        ]
        lines += [f"o{i}[low:high] = b{i}.T" for i in range(len(self._written))]
        self._registers = registers.made
        arrays = [f"a{i}" for i in range(len(self._read))]
        blocks = [*map(str, registers.made), *(f"b{i}" for i in range(len(self._written)))]
        outs = [f"o{i}" for i in range(len(self._written))]
        tile = ", ".join(["low", "high", "sums", *arrays, *outs, *known, *blocks])
        same.append(f"return ({''.join(text + ', ' for text in known)})")
        functions = [(f"same({', '.join(arrays)})", same), (f"tile({tile})", lines or ["pass"])]
        return "\n".join("\n    ".join([f"def {head}:", *body]) for head, body in functions), scope

    def _the_same(self, scope: dict[str, Any], name: dict[Node, str]) -> tuple[list[str], list[Application]]:
        """Names for what is the same for all samples, the lines that compute it, and the nodes that are left."""
        lines, order = [], []
        for i, columns in enumerate(self._read):
            for place, node in columns.elements if not columns.stride else ():
                name[node] = f"s{i}_{place}"
                lines.append(f"{name[node]} = a{i}[{place}]")
        for i, node in enumerate(self.graph.apart.order):
            if isinstance(node, Constant):
                name[node] = f"c{i}"
                scope[name[node]] = np.dtype(node.dtype.value).type(node.value)
            elif isinstance(node, Application) and all(arg in name for arg in node.args):
                name[node], scope[f"g{i}"] = f"s{i}", kernel_of(node, node.op)
                lines.append(f"s{i} = g{i}({', '.join(name[arg] for arg in node.args)})")
            elif isinstance(node, Application):
                order.append(node)
        return lines, order
