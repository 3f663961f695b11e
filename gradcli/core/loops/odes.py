"""Initial value problems: y' = f(y, t), solved on a mesh by a loop, whose derivatives are those of its steps.

Runge and Kutta's method of order 4; Dormand and Prince's of order 5 (1980), with its error of order 4; and Taylor's
of any order, whose coefficients follow from those of f one by one (Jorba and Zou 2005).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import e as euler
from math import inf, log
from typing import Any

from gradcli.core.engines.program import Program
from gradcli.core.errors import CoreError
from gradcli.core.interrupt import check
from gradcli.core.ir.arrays import plain
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, array_constant, filled, fresh_input
from gradcli.core.ir.traversal import substitute
from gradcli.core.library.indexing import index
from gradcli.core.loops.closing import looped
from gradcli.core.loops.plan import Carry, Given, Plan
from gradcli.core.primitives.shaping import concatenate, part, reshape
from gradcli.core.records import record
from gradcli.core.transforms.taylor import GraphRing, Line, expand_along

# An interval between two times is taken in no more steps.
MOST_STEPS = 100_000
_SAFETY, _SMALLEST_CHANGE, _LARGEST_CHANGE = 0.9, 0.2, 5.0

_NODES = (0.0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0)
_STAGES: tuple[tuple[float, ...], ...] = (
    (),
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
_ERROR = (71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)


@record
class System:
    """The rates of a state, a graph of its parts and the time; they may read any nodes besides."""

    state: Sequence[Node]
    time: Node
    rates: Sequence[Node]

    def at(self, state: Sequence[Node], time: Node) -> list[Node]:
        """The rates of another state."""
        return list(substitute(self.rates, dict(zip([*self.state, self.time], [*state, time], strict=True))))

    def coefficients(self, order: int) -> list[list[Node]]:
        """The Taylor coefficients of each part of the solution through the state, orders 0 to `order`."""
        lines: list[list[Node]] = [[] for _ in self.state]
        rates: list[Node | None] = list(self.rates)
        for k in range(order):
            for line, rate, own in zip(lines, rates, self.state, strict=True):
                line.append(filled(0.0, own) if rate is None else rate * (1 / (k + 1)))
            if k + 1 < order:
                paths: dict[Node, list[Node | None]] = {n: [*line] for n, line in zip(self.state, lines, strict=True)}
                paths[self.time] = [filled(1.0, self.time)]
                found = expand_along(self.rates, paths, k + 1, Line(GraphRing()))
                rates = [series[k + 1] for series in found]
        return [[own, *line] for own, line in zip(self.state, lines, strict=True)]


# From a state, a time and a length of a step: the next state, and what is left of it as its error.
StepMethod = Callable[[System, Sequence[Node], Node, Node], tuple[list[Node], list[Node]]]


def _moved(state: Sequence[Node], rates: Sequence[Sequence[Node]], weights: Sequence[float], h: Node) -> list[Node]:
    return [y + h * _weighted(i, rates, weights) for i, y in enumerate(state)]


def _weighted(i: int, rates: Sequence[Sequence[Node]], weights: Sequence[float]) -> Node:
    parts = [rate[i] * weight for rate, weight in zip(rates, weights, strict=True) if weight]
    total = parts[0]
    for more in parts[1:]:
        total = total + more
    return total


def rk4(system: System, state: Sequence[Node], t: Node, h: Node) -> tuple[list[Node], list[Node]]:
    """One step of the classical method, of order 4; it has no error."""
    rates = [system.at(state, t)]
    for weight in (0.5, 0.5, 1.0):
        rates.append(system.at(_moved(state, rates[-1:], (weight,), h), t + h * weight))
    return _moved(state, rates, (1 / 6, 1 / 3, 1 / 3, 1 / 6), h), []


def dopri5(system: System, state: Sequence[Node], t: Node, h: Node) -> tuple[list[Node], list[Node]]:
    """One step of order 5, and the difference from one of order 4."""
    rates = [system.at(state, t)]
    moved: list[Node] = list(state)
    for node, weights in zip(_NODES[1:], _STAGES[1:], strict=True):
        moved = _moved(state, rates, weights, h)
        rates.append(system.at(moved, t + h * node))
    return moved, [h * _weighted(i, rates, _ERROR) for i in range(len(state))]


def taylor(order: int) -> StepMethod:
    """Steps by Taylor's polynomial of an order."""

    def step(system: System, state: Sequence[Node], t: Node, h: Node) -> tuple[list[Node], list[Node]]:
        here = System(state, t, system.at(state, t))
        return [_polynomial(line, h) for line in here.coefficients(order)], []

    return step


def _polynomial(coefficients: Sequence[Node], h: Node) -> Node:
    """Its value at h, by Horner's rule."""
    total = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = total * h + coefficient
    return total


METHODS: dict[str, StepMethod] = {"dopri5": dopri5, "rk4": rk4}


def of_equal_steps(system: System, start: Sequence[Node], times: Node, method: StepMethod, steps: int) -> list[Node]:
    """Each part of the state at all times, so many steps from one to the next."""
    count = times.shape[0]
    first, last = fresh_input("t", (), times.dtype), fresh_input("t", (), times.dtype)
    own = [fresh_input("y", y.shape, y.dtype) for y in start]
    nexts = over(system, own, (first, last), method, steps)
    plan = Plan(count - 1, [Carry(o, y, n) for o, y, n in zip(own, start, nexts, strict=True)])
    plan.slices = [Given(first, part(times, 0, 0, count - 1)), Given(last, part(times, 0, 1, count - 1))]
    plan.stacks = list(nexts)
    return _with_start(start, looped(plan, range(len(own), 2 * len(own))))


def over(system: System, start: Sequence[Node], times: tuple[Node, Node], method: StepMethod, steps: int) -> list[Node]:
    """The state at the second time, from that at the first, by so many steps."""
    first, last = times
    h = (last - first) * (1 / steps)
    if steps == 1:
        return method(system, start, first, h)[0]
    number = fresh_input("i", (), DType.FLOAT64)
    inner = [fresh_input("y", y.shape, y.dtype) for y in start]
    moved, _ = method(system, inner, first + h * number, h)
    numbers = Given(number, _numbers(range(steps)))
    within = Plan(steps, [Carry(i, o, m) for i, o, m in zip(inner, start, moved, strict=True)], [numbers])
    return looped(within, range(len(start)))


def on_mesh(
    system: System, start: Sequence[Node], times: Node, method: StepMethod, fractions: Sequence[Sequence[float]]
) -> list[Node]:
    """Each part of the state at all times, between two of them by steps from fraction to fraction of the interval."""
    numbers, begins, lengths, ends = [], [], [], []
    for number, of_interval in enumerate(fractions):
        for begin, end in pairwise(of_interval):
            numbers.append(number)
            begins.append(begin)
            lengths.append(end - begin)
        ends.append(len(numbers) - 1)
    places = _numbers(numbers, "int64")
    low, high = index(times, (places,)), index(times, (places + 1,))
    width = high - low
    t, h = fresh_input("t", (), times.dtype), fresh_input("h", (), times.dtype)
    own = [fresh_input("y", y.shape, y.dtype) for y in start]
    nexts, _ = method(system, own, t, h)
    plan = Plan(len(numbers), [Carry(o, y, n) for o, y, n in zip(own, start, nexts, strict=True)])
    plan.slices = [Given(t, low + width * _numbers(begins)), Given(h, width * _numbers(lengths))]
    plan.stacks = list(nexts)
    kept = looped(plan, range(len(own), 2 * len(own)))
    return _with_start(start, [index(rows, (_numbers(ends, "int64"),)) for rows in kept])


def _with_start(start: Sequence[Node], rows: Sequence[Node]) -> list[Node]:
    return [concatenate(reshape(y, shape=(1, *y.shape)), r, axis=0) for y, r in zip(start, rows, strict=True)]


def _numbers(values: Sequence[float], dtype: str = "float64") -> Node:
    import numpy as np

    return array_constant(np.array(values, dtype))


@record
class Trial:
    """A step to be tried with numbers: its program, and what it reads from outside, as it is now.

    `run` gives the next state from a state, a time and a length, and how large its error is beside what is allowed.
    """

    run: Callable[[list[Any], float, float], tuple[list[Any], float]]
    first: Callable[[list[Any], float], float | None]


def mesh(trial: Trial, start: Sequence[Any], times: Sequence[float], order: int) -> list[list[float]]:
    """Fractions of each interval such that every step's error is allowed.

    Raises:
        CoreError: where steps become so small, or so many, that there is no end.
    """
    state = list(start)
    found: list[list[float]] = []
    h: float | None = None
    for low, high in pairwise(times):
        width = high - low
        fractions = [0.0]
        t = low
        while abs(high - t) > abs(width) * 1e-14 and width:
            check()
            known = trial.first(state, t)
            tried = abs(known if known is not None else h if h is not None else width * 0.01)
            size = min(tried, abs(high - t))
            step = size if width > 0 else -size
            moved, error = trial.run(state, t, step)
            if not error <= 1.0 and known is None:
                h = size * max(_SMALLEST_CHANGE, _SAFETY * error ** (-1 / order)) if error < 1e300 else size * 0.1
                if abs(h) < 1e-13 * max(abs(t), abs(width)):
                    raise CoreError(
                        f"the solution can't be followed beyond t = {t:.6g}", "it may be infinite, or jump, near there"
                    )
                continue
            state, t = moved, high if size == abs(high - t) else t + step
            fractions.append(1.0 if t == high else (t - low) / width)
            if len(fractions) > MOST_STEPS:
                raise CoreError(f"more than {MOST_STEPS:,} steps from {low:.6g} to {high:.6g}", "allow a larger error")
            if size == tried or h is None:
                change = _LARGEST_CHANGE if error == 0 else _SAFETY * error ** (-1 / order)
                h = size * min(_LARGEST_CHANGE, max(_SMALLEST_CHANGE, change))
        if fractions[-1] != 1.0:
            fractions.append(1.0)
        found.append(fractions)
    return found


def trial_of(
    system: System, method: StepMethod, outside: Sequence[Given], values: Sequence[Any], allowed: tuple[float, float]
) -> Trial:
    """A step by a method with an error, of numbers; `outside` are inputs of the rates, with `values`."""
    import numpy as np

    rtol, atol = allowed
    t, h = fresh_input("t", (), system.time.dtype), fresh_input("h", (), system.time.dtype)
    moved, errors = method(system, system.state, t, h)
    inputs = [*system.state, t, h, *(given.input for given in outside)]
    program = Program([*moved, *errors], inputs, native=False)
    count = len(system.state)

    given = [plain(value) for value in values]

    def run(state: list[Any], at: float, length: float) -> tuple[list[Any], float]:
        worst = 0.0
        with np.errstate(all="ignore"):
            found = program.function(*map(plain, state), at, length, *given)
            new, error = list(found[:count]), found[count:]
            for old, now, off in zip(state, new, error, strict=True):
                scale = atol + rtol * np.maximum(np.abs(old), np.abs(now))
                size = float(np.sqrt(np.mean((np.asarray(off) / scale) ** 2)))
                worst = max(worst, size) if np.isfinite(size) and np.all(np.isfinite(now)) else inf
        return new, worst

    return Trial(run, lambda state, at: None)


def taylor_trial(system: System, order: int, outside: Sequence[Given], values: Sequence[Any]) -> Trial:
    """Steps by Taylor's polynomial, as long as its last coefficients allow."""
    import numpy as np

    t, h = fresh_input("t", (), system.time.dtype), fresh_input("h", (), system.time.dtype)
    lines = System(system.state, t, system.at(system.state, t)).coefficients(order)
    free = [given.input for given in outside]
    coefficients = Program([line[k] for k in (0, order - 1, order) for line in lines], [*system.state, t, *free], False)
    program = Program([_polynomial(line, h) for line in lines], [*system.state, t, h, *free], False)
    count = len(system.state)

    given = [plain(value) for value in values]

    def norm(parts: Sequence[Any]) -> float:
        return max(float(np.max(np.abs(p), initial=0.0)) for p in parts)

    def first(state: list[Any], at: float) -> float:
        found = coefficients.function(*map(plain, state), at, *given)
        scale = max(norm(found[:count]), 1e-300)
        radius = inf
        for k, parts in ((order - 1, found[count : 2 * count]), (order, found[2 * count :])):
            size = norm(parts)
            if size > 0:
                radius = min(radius, (scale / size) ** (1 / k))
        return float(radius / euler**2) if radius < inf else 1e300

    def run(state: list[Any], at: float, length: float) -> tuple[list[Any], float]:
        return list(program.function(*map(plain, state), at, length, *given)), 0.0

    return Trial(run, first)


def order_for(tolerance: float) -> int:
    """The order with which Taylor's method takes the least work for a tolerance (Jorba and Zou 2005, 3.2)."""
    return max(4, round(-log(max(tolerance, 1e-16)) / 2) + 1)
