"""Training: a loss brought down by steps of an optimizer, in programs that are made once before the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, isfinite
from typing import Any

import numpy as np

from gradcli.core.calculus.curves import Array
from gradcli.core.engines.program import Program
from gradcli.core.errors import require
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, Parameter, array_constant, constant, fresh_input
from gradcli.core.ir.promotion import cast
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import substitute
from gradcli.core.library.functions import sum_
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives import shaping
from gradcli.core.progress import Reports
from gradcli.core.records import record
from gradcli.core.transforms.jacobian import hessian
from gradcli.core.transforms.reverse import gradient

# The new weights, and the tensors of the new state, from weights, gradient and those of the state before; the state is
# None in front of the first step.
Rule = Callable[[Node, Node, "Sequence[Node] | None"], "tuple[Node, Sequence[Node]]"]

# A step along a line is taken where it brings the loss down by this share of what the slope promises (Armijo).
ENOUGH = 1e-4
# So often a step is halved before there is none.
MOST_HALVINGS = 40
# So often curvature is bent upwards before a step of Newton's is given up.
MOST_BENDS = 60
LARGEST_HESSIAN = 1_000


@record
class Stop:
    """When to end before all steps are made.

    An improvement is a loss lower than the lowest before by more than `tolerance`; `patience` steps without one end it.
    `rate` says what is reported of the rate at a step.
    """

    tolerance: float = 0.0
    patience: int | None = None
    rate: Callable[[int], float] | None = None


@record
class Outcome:
    """What training came to: the weights as one vector, their loss, and the loss before each step and behind the last.

    `ended` is why: steps, patience, converged, interrupted or diverged. Where it is patience or diverged, the weights
    are those of the lowest loss. `slope` is the length of the gradient at the last step.
    """

    weights: Array
    loss: float
    history: tuple[float, ...]
    slope: float
    ended: str


class Loss:
    """A loss as a function of all weights as one vector, with its gradient; it may have `inputs` beside these."""

    def __init__(self, loss: Node, parameters: Sequence[Parameter], inputs: Sequence[Node] = ()) -> None:
        self.parameters, self.inputs = parameters, list(inputs)
        self.dtype = DType.FLOAT64 if any(p.dtype is DType.FLOAT64 for p in parameters) else DType.FLOAT32
        sizes = [size_of(p.shape) for p in parameters]
        self.starts = [sum(sizes[:i]) for i in range(len(sizes) + 1)]
        self.weights = fresh_input("weights", (self.starts[-1],), self.dtype)
        found = self.at_weights([loss, *gradient([loss], list(parameters))])
        self.value, slopes = found[0], found[1:]
        self.slope = self.joined(slopes)
        self.steepness = ew.sqrt(sum_(self.slope * self.slope))

    def at_weights(self, nodes: Sequence[Node]) -> tuple[Node, ...]:
        """Graphs of the parameters as graphs of the one vector."""
        return substitute(nodes, dict(zip(self.parameters, self.split(self.weights), strict=True)))

    def split(self, whole: Node) -> list[Node]:
        """The parts of a vector, each in its parameter's shape."""
        parts = []
        for p, start in zip(self.parameters, self.starts, strict=False):
            part = shaping.take_slice(whole, ranges=((start, size_of(p.shape), 1),))
            parts.append(cast(shaping.reshape(part, shape=p.shape), p.dtype))
        return parts

    def joined(self, parts: Sequence[Node]) -> Node:
        """One vector of what there is for each parameter."""
        flat = [cast(shaping.reshape(p, shape=(size_of(p.shape),)), self.dtype) for p in parts]
        return shaping.concatenate(*flat, axis=0) if len(flat) > 1 else flat[0]

    def start(self) -> Array:
        """The weights as they are."""
        return np.concatenate([np.ravel(p.value.value).astype(self.dtype.value) for p in self.parameters])

    def apart(self, weights: Array) -> list[Node]:
        """The constants that a vector is for each parameter."""
        found: list[Node] = []
        for p, start in zip(self.parameters, self.starts, strict=False):
            part = weights[start : start + size_of(p.shape)].reshape(p.shape).astype(p.dtype.value)
            found.append(array_constant(part) if p.shape else constant(part.item(), p.dtype))
        return found


class Batches:
    """Rows of arrays, so many at a time, each row once before any comes again; rows that are left over wait."""

    def __init__(self, arrays: Sequence[Array], size: int, order: Callable[[int], Array]) -> None:
        self._arrays, self._size, self._order = arrays, size, order
        self._rows, self._place = np.empty(0, int), 0

    def next(self) -> list[Array]:
        """Those of the next step."""
        if self._place + self._size > len(self._rows):
            self._rows, self._place = self._order(len(self._arrays[0])), 0
        chosen = self._rows[self._place : self._place + self._size]
        self._place += self._size
        return [array[chosen] for array in self._arrays]


class Renewed:
    """Rows as batches give them, if there are any, and numbers that are drawn anew for each step."""

    def __init__(self, batches: Batches | None, draws: Sequence[Callable[[], Array]]) -> None:
        self._batches, self._draws = batches, draws

    def next(self) -> list[Array]:
        """Those of the next step."""
        rows = [] if self._batches is None else self._batches.next()
        return [*rows, *(draw() for draw in self._draws)]


def train(
    loss: Loss,
    rule: Rule,
    steps: int,
    stop: Stop,
    native: bool,
    batches: Batches | Renewed | None = None,
    all_rows: Node | None = None,
) -> Outcome:
    """Step by step, each a run of one program: loss, slope, new weights and new state.

    With `batches` each step is on other values of the loss's inputs, and `all_rows` is the loss on all.

    Raises:
        CoreError: for a rule that gives other shapes at another step.
    """
    first = [loss.value, loss.steepness]
    new, state = rule(loss.weights, loss.slope, None)
    begin = Program([*first, new, *state], [loss.weights, *loss.inputs], native)
    inputs: list[Node] = [fresh_input(f"s{i}", n.shape, n.dtype, weak=n.shape == ()) for i, n in enumerate(state)]
    after, later = rule(loss.weights, loss.slope, inputs)
    require(
        [(n.shape, n.dtype) for n in later] == [(n.shape, n.dtype) for n in state] and after.shape == new.shape,
        "the optimizer gives a state of other shapes at the second step than at the first",
        "a state is the same tuple of numbers and tensors each time",
    )
    run = Program([*first, after, *later], [loss.weights, *loss.inputs, *inputs], native).function
    watch = _Watch(loss.start(), steps, stop)
    held: Sequence[Any] = ()
    step = begin.function
    try:
        for _ in range(steps):
            rows = () if batches is None else batches.next()
            value, slope, moved, *later_held = step(watch.weights, *rows, *held)
            if watch.sees(float(value), float(slope)):
                break
            watch.weights, held, step = np.asarray(moved), later_held, run
    except KeyboardInterrupt:
        watch.ended = "interrupted"
    measured = loss.value if all_rows is None else loss.at_weights([all_rows])[0]
    return watch.outcome(Program([measured], [loss.weights], native=False))


def search(loss: Loss, rule: Rule, steps: int, stop: Stop, native: bool) -> Outcome:
    """The same where the rule gives a direction: each step is as long as brings the loss down enough."""
    new, state = rule(loss.weights, loss.slope, None)
    first = [loss.value, loss.steepness, loss.slope]
    begin = Program([*first, new, *state], [loss.weights], native).function
    inputs: list[Node] = [fresh_input(f"s{i}", n.shape, n.dtype, weak=n.shape == ()) for i, n in enumerate(state)]
    after, later = rule(loss.weights, loss.slope, inputs)
    run = Program([*first, after, *later], [loss.weights, *inputs], native).function
    held: Sequence[Any] = ()

    def direction(weights: Array) -> tuple[float, float, Array, Array]:
        nonlocal held
        value, slope, slopes, moved, *held = (run if held else begin)(weights, *held)
        return float(value), float(slope), np.asarray(slopes), np.asarray(moved) - weights

    return _descend(loss, direction, steps, stop)


def newton(loss: Loss, steps: int, stop: Stop) -> Outcome:
    """Steps of Newton's with the exact Hessian; where its curvature leads uphill, it is bent by a multiple of 1."""
    size = loss.weights.shape[0]
    require(
        size <= LARGEST_HESSIAN,
        f"the Hessian of {size:,} weights is too large",
        f"newton takes {LARGEST_HESSIAN:,} weights at most; lbfgs needs no Hessian",
    )
    whole = hessian([loss.value], [loss.weights])[0][0][0]
    run = Program([loss.value, loss.steepness, loss.slope, whole], [loss.weights]).function

    def direction(weights: Array) -> tuple[float, float, Array, Array]:
        value, slope, slopes, curvature = run(weights)
        slopes, curvature = np.asarray(slopes), np.asarray(curvature)
        return float(value), float(slope), slopes, -_bent(curvature, slopes)

    return _descend(loss, direction, steps, stop)


def _bent(curvature: Array, slopes: Array) -> Array:
    """The Hessian's inverse times the slope, with a multiple of 1 added until it is positive definite."""
    size = float(np.abs(np.diag(curvature)).max()) or 1.0
    more = 0.0
    for _ in range(MOST_BENDS):
        try:
            lower = np.linalg.cholesky(curvature + more * np.eye(len(slopes)))
            found: Array = np.linalg.solve(lower.T, np.linalg.solve(lower, slopes))
            if np.isfinite(found).all():
                return found
        except np.linalg.LinAlgError:
            pass
        more = max(10 * more, 1e-10 * size)
    return slopes


def _descend(
    loss: Loss, direction: Callable[[Array], tuple[float, float, Array, Array]], steps: int, stop: Stop
) -> Outcome:
    measure = Program([loss.value], [loss.weights], native=False)
    watch = _Watch(loss.start(), steps, stop)
    try:
        for _ in range(steps):
            value, slope, slopes, along = direction(watch.weights)
            if watch.sees(value, slope):
                break
            moved = _along(measure, watch.weights, value, slopes, along)
            if moved is None:
                watch.ended = "converged"
                break
            watch.weights = moved
    except KeyboardInterrupt:
        watch.ended = "interrupted"
    return watch.outcome(measure)


def _along(measure: Program, weights: Array, value: float, slopes: Array, along: Array) -> Array | None:
    """The weights behind a step that brings the loss down, along a direction or else the slope; None without one."""
    with np.errstate(all="ignore"):
        for way in (along, -slopes):
            falls = float(slopes @ way)
            if not (isfinite(falls) and falls < 0):
                continue
            share = 1.0
            for _ in range(MOST_HALVINGS):
                moved = weights + share * way.astype(weights.dtype)
                (found,) = measure.function(moved)
                # What is promised may be less than a last digit of the loss.
                if float(found) < value and float(found) <= value + ENOUGH * share * falls:
                    return moved
                share /= 2
    return None


class _Watch:
    """What is kept of each step, and when it is enough."""

    def __init__(self, start: Array, steps: int, stop: Stop) -> None:
        self.weights, self.slope, self.ended = start, inf, "steps"
        self._losses: list[float] = []
        self._stop, self._reports = stop, Reports(steps)
        self._best, self._best_weights, self._since = inf, start, 0

    def sees(self, value: float, slope: float) -> bool:
        """Keep the loss and the length of the slope at the present weights; whether to end here."""
        self._losses.append(value)
        if not isfinite(value):
            self.ended, self.weights = "diverged", self._best_weights
            return True
        self.slope = slope
        if value < self._best - self._stop.tolerance or self._best == inf:
            self._best, self._best_weights, self._since = value, self.weights, 0
        else:
            self._since += 1
            if self._stop.patience is not None and self._since >= self._stop.patience:
                self.ended, self.weights = "patience", self._best_weights
                return True
        if self._reports.due():
            step, rate = len(self._losses), self._stop.rate
            at = () if rate is None else (("rate", rate(step)),)
            self._reports.tell(step, (("loss", value), ("gradient", slope), *at))
        return False

    def outcome(self, measure: Program) -> Outcome:
        """All of it, with the loss at the weights that were reached."""
        self._reports.end()
        (last,) = measure.function(self.weights)
        moved = self.ended in ("steps", "interrupted")
        history = (*self._losses, float(last)) if moved else tuple(self._losses)
        return Outcome(self.weights, float(last), history, self.slope, self.ended)
