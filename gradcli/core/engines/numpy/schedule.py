"""The array engine: a graph as a schedule of NumPy calls on buffers that are made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any, TypeAlias

import numpy as np

from gradcli.core.engines.numpy.buffers import Buffers, is_view
from gradcli.core.engines.numpy.kernels import Array
from gradcli.core.engines.numpy.steps import Bound, Step, steps_of
from gradcli.core.interrupt import LONG, Task, check, interruptible
from gradcli.core.ir.arrays import array_of
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import operations
from gradcli.core.ir.shapes import size_of
from gradcli.core.limits import require_memory, require_operations

Call: TypeAlias = "tuple[Callable[..., Any], tuple[int, ...], tuple[int, ...], tuple[int, ...], Step]"

# Beyond so many steps Python's own compiler costs more than it saves.
LONGEST_UNROLLED = 1_000
# A constant that is stretched is written out for up to so many elements.
MOST_COPIED = 2**10

_QUIET = copy_context()
_QUIET.run(np.seterr, all="ignore")


class ArrayProgram:
    """A graph scheduled once, to be run on as many inputs as there are, by one thread at a time.

    With `numbers` small tensors are computed as numbers by Python, where that takes less time than NumPy's calls.

    What NumPy's own functions give is written into buffers that are made once and shared by values that are not
    needed together. What may be a view keeps the buffers that it may look into. Outputs are new arrays. `memory` is
    what the buffers take, in bytes, `operations` an estimate of its work. What takes long can be interrupted.

    Raises:
        CoreError: when made, for more work or memory than the limits allow.
        ValueError: when made, for a free input that is not among `inputs`.
    """

    def __init__(
        self,
        order: Sequence[Node],
        outputs: Sequence[Node],
        inputs: Sequence[Node] = (),
        native: bool = False,
        numbers: bool = False,
    ) -> None:
        place = {node: i for i, node in enumerate(dict.fromkeys([*inputs, *order]))}
        self._start: list[Any] = [None] * len(place)
        self._outputs = [(place[node], np.dtype(node.dtype.value)) for node in outputs]
        self._dtypes = [np.dtype(node.dtype.value) for node in inputs]
        for node in order:
            if isinstance(node, Constant):
                self._start[place[node]] = array_of(node.value, node.dtype)
            else:
                _refuse_what_memory_cannot_hold(node)
        self.operations = operations(order)
        require_operations(self.operations)
        steps = steps_of(order, outputs, inputs, native, numbers)
        plan = Buffers(steps, outputs)
        self.peak = plan.peak
        self.memory = plan.size + sum(step.memory for step in steps)
        for node, buffer in plan.buffer.items():
            self._start[place[node]] = buffer
        self._calls = self._scheduled(steps, plan.forgotten, place, set(outputs))
        self._buffered = {place[node] for node in plan.buffer}
        self._is_long = self.operations > LONG
        # The run that was interrupted last, which uses the buffers as long as it goes on.
        self._abandoned: Task | None = None
        straight = inputs and not self._is_long and len(self._calls) <= LONGEST_UNROLLED
        self._straight = self._unrolled() if straight else None

    def _scheduled(
        self, steps: Sequence[Step], forgotten: Sequence[Sequence[Node]], place: dict[Node, int], outputs: set[Node]
    ) -> list[Call]:
        """The steps as calls; a view of memory that stays is made now, and once."""
        calls: list[Call] = []
        late: list[int] = []
        # What has its value in one place: constants, and what a step writes where it is told to; sums of tiles are new.
        stays = {i for i, value in enumerate(self._start) if value is not None}
        known = {i for node, i in place.items() if isinstance(node, Constant)}
        stays -= {place[node] for step in steps if step.several for node in step.outputs}
        for step, ended in zip(steps, forgotten, strict=True):
            args = tuple(place[arg] for arg in step.args)
            results = tuple(place[node] for node in step.outputs)
            late += [place[node] for node in ended]
            if (
                outputs.isdisjoint(step.outputs)
                and not step.several
                and is_view(step.nodes[0])
                and stays.issuperset(args)
            ):
                there = self._start[args[0]]
                view = step.function(there)
                if np.may_share_memory(view, there):
                    if args[0] in known:
                        known.add(results[0])
                        # Whoever needs it in one piece would copy it each time.
                        view = view.copy() if view.size <= MOST_COPIED else view
                    self._start[results[0]] = view
                    stays.add(results[0])
                    continue
            if isinstance(step.function, Bound):
                into = [self._start[i] for i in results]
                step.function.bind([*(self._start[i] if i in stays else None for i in args), *into])
            calls.append((step.function, args, results, tuple(i for i in late if i not in stays), step))
            late = []
        return calls

    def __call__(self, *arrays: Any) -> tuple[Array, ...]:
        """The outputs for one array an input; inf and nan come out as IEEE 754 says."""
        # A context of its own is several times cheaper to enter than np.errstate.
        if self._is_long:
            return self._run_long(arrays)
        return _QUIET.copy().run(self._run, arrays)

    @property
    def run(self) -> ArrayProgram:
        """Itself."""
        return self

    def require_allowed(self) -> None:
        """Refuse to run where a limit is lower now than it was when this was made.

        Raises:
            CoreError: for more work or memory than is allowed.
        """
        require_operations(self.operations)
        require_memory(self.peak)

    def _run_long(self, arrays: Sequence[Any]) -> tuple[Array, ...]:
        if self._abandoned is not None:
            self._abandoned.wait()
            self._abandoned = None
        return interruptible(lambda: _QUIET.copy().run(self._run, arrays), self._abandon)

    def _abandon(self, task: Task) -> None:
        self._abandoned = task

    def _run(self, arrays: Sequence[Any]) -> tuple[Array, ...]:
        given = [np.asarray(array, dtype) for array, dtype in zip(arrays, self._dtypes, strict=True)]
        if self._straight is not None:
            return self._straight(*given)
        values = self._start.copy()
        values[: len(given)] = given
        for function, args, results, forgotten, step in self._calls:
            if self._is_long:
                check()
            found = [values[i] for i in args]
            if step.several:
                into = [values[i] if i in self._buffered else None for i in results] if step.takes_out else ()
                written = function(*found, *into)
                for i, value in zip(results, written, strict=True):
                    values[i] = value
            elif results[0] in self._buffered:
                function(*found, values[results[0]])
            else:
                values[results[0]] = function(*found)
            for i in forgotten:
                values[i] = None
        return tuple([np.asarray(values[i], dtype) for i, dtype in self._outputs])

    def _unrolled(self) -> Callable[..., tuple[Array, ...]]:
        """The steps as straight-line Python, which spares small arrays the loop."""
        scope: dict[str, Any] = {"asarray": np.asarray, "empty": np.empty}
        lines = []
        for number, (function, args, results, forgotten, step) in enumerate(self._calls):
            scope[f"f{number}"] = function
            given = [f"v{i}" for i in args]
            into = [f"v{i}" if i in self._buffered else "None" for i in results]
            if step.direct is not None:
                scope[f"d{number}"] = step.direct
                for i, node in zip(results, step.outputs, strict=True):
                    if i not in self._buffered:
                        scope[f"k{i}"] = np.dtype(node.dtype.value)
                        lines.append(f"v{i} = empty({node.shape}, k{i})")
                text = ", ".join([*given, *(f"v{i}" for i in results)])
                lines.append(f"if not d{number}({text}): f{number}({text})")
            elif step.several:
                called = [*given, *into] if step.takes_out else given
                lines.append(f"{', '.join(f'v{i}' for i in results)}, = f{number}({', '.join(called)})")
            elif results[0] in self._buffered:
                lines.append(f"f{number}({', '.join([*given, *into])})")
            else:
                lines.append(f"v{results[0]} = f{number}({', '.join(given)})")
            lines += [f"v{i} = None" for i in forgotten]
        # Names that are given a value in a function are its own, so buffers come in as defaults.
        scope |= {f"v{i}": value for i, value in enumerate(self._start) if value is not None}
        for i, (_, dtype) in enumerate(self._outputs):
            scope[f"t{i}"] = dtype
        result_text = ", ".join(f"asarray(v{i}, t{n})" for n, (i, _) in enumerate(self._outputs))
        kept = [f"v{i}=v{i}" for i, value in enumerate(self._start) if value is not None]
        inputs = ", ".join([*(f"v{i}" for i in range(len(self._dtypes))), *(["*", *kept] if kept else [])])
        body = "\n    ".join([*lines, f"return ({result_text},)" if self._outputs else "return ()"])
        exec(compile(f"def program({inputs}):\n    {body}", "<gradcli program>", "exec"), scope)
        program: Callable[..., tuple[Array, ...]] = scope["program"]
        return program


def run_arrays(order: Sequence[Node], outputs: Sequence[Node]) -> tuple[Array, ...]:
    """Evaluate nodes that are in topological order; `outputs` are among them."""
    return ArrayProgram(order, outputs)()


def _refuse_what_memory_cannot_hold(node: Node) -> None:
    if not is_view(node):
        require_memory(size_of(node.shape) * node.dtype.itemsize, f"a tensor of shape {node.shape} would take")
