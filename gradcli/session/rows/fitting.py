"""`fit`: the parameters at which the mean of a loss over all rows is least, found by SciPy's optimizers or in batches.

Whatever was computed for SciPy is written down and found again: a run that was killed and goes on is led through the
same numbers to the same result. In batches the state is written down instead, every few seconds.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcli.core.ir.nodes import Constant, array_constant
from gradcli.core.limits import GIB, limit
from gradcli.core.records import record
from gradcli.language.calculus.optimizers import RULES, Optimizer
from gradcli.language.files.whole import write_bytes
from gradcli.language.text.diagnostics import fail
from gradcli.language.values.values import Value
from gradcli.session.ask import Question
from gradcli.session.rows.columns import Chunk, Table, chunks
from gradcli.session.rows.journal import Done, Journal, Out, begun_before, identity_of, refuse_another
from gradcli.session.rows.pipeline import pipeline
from gradcli.session.rows.reducing import GRADIENT, HESSIAN, PRODUCT, Adding, Compute, Loss, Sums, parts_of

if TYPE_CHECKING:
    from gradcli.session.rows.columns import Array

# Of the memory that there may be, what a table may take that is kept between passes.
SHARE = 0.25
# Beyond so many parameters a Hessian is found a column at a time; beyond so many there are no standard errors.
FEW, MOST_ERRORS = 32, 1_000
# So many times below 0 as it is large at first, a mean has no least value.
ENDLESS = 1e10
# Of Newton's steps behind an optimizer's.
MOST_STEPS = 10
# Seconds between two checkpoints of training in batches.
EVERY = 5.0
BY_SCIPY = {"lbfgs": "L-BFGS-B", "newton": "Newton-CG", "trust": "trust-ncg"}
IN_BATCHES = ("adam", "sgd")

# Told the number of steps, the loss and the length of the gradient.
Telling = Callable[[int, float, float], None]


class Rows:
    """A table that is gone through again and again: kept in memory where a quarter of that has room for it."""

    def __init__(self, table: Table, names: Sequence[str], size: int) -> None:
        self._table, self._names, self._size = table, names, size
        self._kept: list[Chunk] = []
        self._is_whole = False

    def chunks(self) -> Iterator[Chunk]:
        """All rows.

        Raises:
            LanguageError: for what can't be read, and a stream that is too large to be kept.
        """
        if self._is_whole:
            yield from self._kept
            return
        room = limit("max_memory") * SHARE * GIB
        kept: list[Chunk] | None = []
        for chunk in chunks(self._table, self._names, 0, self._size):
            room -= sum(column.nbytes for column in chunk.columns.values())
            if room < 0 and not self._table.identity:
                hint = "write it to a file, which is read again for each step"
                raise fail("file", f"`{self._table.name}` is too large to be kept in memory", None, hint)
            if room < 0:
                kept = None
            if kept is not None:
                kept.append(chunk)
            yield chunk
        if kept is not None:
            self._kept, self._is_whole = kept, True


def here(rows: Rows, workers: int) -> Compute:
    """What sums over all rows on this machine."""

    def compute(loss: Loss, what: str, at: Array, along: Array | None) -> Sums:
        adding = Adding(loss.length(what))
        pipeline(rows.chunks(), loss.work(what, at, along), workers, adding.take)
        return adding.sums()

    return compute


class Evaluations:
    """What was computed for an optimizer, by what it was asked: kept on the disk, and not computed again.

    `folder` is where, None for nowhere.
    """

    def __init__(
        self, loss: Loss, compute: Compute, folder: str | None, identity: Mapping[str, Any], resume: bool
    ) -> None:
        self._loss, self._compute = loss, compute
        self._known: dict[bytes, Array] = {}
        self._journal: Journal | None = None
        self.last: Sums | None = None
        self.computed = False
        if folder is not None:
            outs = [Out("number", (), "float64")]
            self._journal = Journal(os.path.join(folder, "journal"), identity, outs, resume)
            for done in self._journal.replay():
                self._known[done.told.tobytes()] = np.array(done.columns["number"])

    def __call__(self, what: str, at: Array, along: Array | None = None) -> list[Array]:
        """The mean over all rows and its gradient, and what else is asked for; see `parts_of`."""
        text = b"".join([what.encode(), at.tobytes(), b"" if along is None else along.tobytes()])
        key = hashlib.sha256(text).digest()
        found = self._known.get(key)
        if found is None:
            found = self._computed(what, at, along)
            # The Hessian-vector products of a step are asked for once each; what is kept is little.
            self._known[key] = found
            if self._journal is not None:
                self._journal.append(Done(0, 0, {"number": found}, 0, np.frombuffer(key, np.int64)))
        return [*parts_of(self._loss, what, found)]

    def _computed(self, what: str, at: Array, along: Array | None) -> Array:
        self.last = self._compute(self._loss, what, at, along)
        self.computed = True
        return self.last.values(mean=True)

    def counted(self, at: Array) -> Sums:
        """How many rows there are, and which of them are bad."""
        if self.last is None:
            self._computed(GRADIENT, at, None)
        assert self.last is not None
        return self.last

    def hessian(self, at: Array) -> Array:
        """The Hessian of the mean, in one pass or, where it is large, in one for each column."""
        if len(at) <= FEW:
            return self(HESSIAN, at)[2]
        columns = [self(PRODUCT, at, unit)[2] for unit in np.eye(len(at))]
        whole: Array = np.array(columns)
        found: Array = (whole + whole.T) / 2
        return found

    def close(self) -> None:
        """Write down no more."""
        if self._journal is not None:
            self._journal.close()


@record
class Fit:
    """Where it ended: the parameters, the mean loss, the gradient's length, the number of steps, and what was said."""

    at: Array
    loss: float
    slope: float
    steps: int
    message: str | None


def by_scipy(method: str, ask: Evaluations, start: Array, steps: int | None, tell: Telling) -> Fit:
    """Steps of one of SciPy's optimizers with exact derivatives."""
    from scipy.optimize import minimize

    count, lowest = 0, -ENDLESS * (1 + abs(float(ask(GRADIENT, start)[0][0])))

    def value(x: Array) -> tuple[float, Array]:
        loss, slope = ask(GRADIENT, x)
        if loss[0] < lowest:
            hint = "a loss has a least value, such as that of (y - f)^2, the square of a residual"
            raise fail("value", f"the mean falls without end: it has come to {loss[0]:.3g}", None, hint)
        return float(loss[0]), slope

    def product(x: Array, p: Array) -> Array:
        return ask(PRODUCT, x, p)[2]

    def step(x: Array, *rest: Any) -> None:
        nonlocal count
        count += 1
        loss, slope = ask(GRADIENT, x)
        tell(count, float(loss[0]), float(np.linalg.norm(slope)))

    options: dict[str, Any] = {} if steps is None else {"maxiter": steps}
    if method == "lbfgs":
        # Down to what rounding leaves; the default stops at seven digits.
        options |= {"ftol": 1e-15, "gtol": 1e-10, "maxfun": 10**9}
    elif method == "newton":
        options |= {"xtol": 1e-12}
    else:
        options |= {"gtol": 1e-10}
    more = {} if method == "lbfgs" else {"hessp": product}
    found = minimize(value, start, jac=True, method=BY_SCIPY[method], callback=step, options=options, **more)
    at, more_steps = _polished(ask, found.x, found.success)
    loss, slope = ask(GRADIENT, at)
    said = None if found.success else str(found.message).rstrip(".").lower()
    return Fit(at, float(loss[0]), float(np.linalg.norm(slope)), count + more_steps, said)


def _polished(ask: Evaluations, at: Array, arrived: bool) -> tuple[Array, int]:
    """A few of Newton's steps, as long as each halves the gradient, where the Hessian takes one pass; and how many.

    An optimizer ends where the loss falls no more by a digit, which leaves half of the digits of where it is.
    """
    if not arrived or len(at) > FEW:
        return at, 0
    for count in range(MOST_STEPS):
        _, slope, hessian = ask(HESSIAN, at)
        try:
            np.linalg.cholesky(hessian)
            new = at - np.linalg.solve(hessian, slope)
        except np.linalg.LinAlgError:
            return at, count
        if not np.linalg.norm(ask(GRADIENT, new)[1]) < np.linalg.norm(slope) / 2:
            return at, count
        at = new
    return at, MOST_STEPS


class Checkpoint:
    """Where training in batches is: written whole or not at all, so that what is there is always one of its states."""

    def __init__(self, folder: str | None, resume: bool) -> None:
        self._path = None if folder is None else os.path.join(folder, "state.npz")
        self._next = monotonic() + EVERY
        self.found: dict[str, Any] | None = None
        self.written = False
        if resume and self._path is not None and os.path.exists(self._path):
            with np.load(self._path) as file:
                self.found = {name: file[name] for name in file.files}

    def due(self) -> bool:
        """Whether it is time for another."""
        return monotonic() >= self._next

    def write(self, place: Sequence[int], at: Array, state: Value, last: float) -> None:
        """Write down the epoch, the chunk in it and the batch in that that come next, and all that they need."""
        self._next = monotonic() + EVERY
        if self._path is None:
            return
        items = state if isinstance(state, tuple) else ()
        parts = {f"state{i}": np.array(_plain(part)) for i, part in enumerate(items)}
        file = io.BytesIO()
        np.savez(file, place=np.array(place), at=at, last=np.array(last), **parts)  # type: ignore[arg-type]
        write_bytes(self._path, file.getvalue(), replace=True)
        self.written = True


def _plain(part: Value) -> Any:
    return part.value if isinstance(part, Constant) else part


def _state(found: Mapping[str, Any]) -> Value:
    """The optimizer's state as it was written down: the number of steps, then vectors."""
    parts = [found[f"state{i}"] for i in range(len(found)) if f"state{i}" in found]
    return tuple(int(part) if part.dtype.kind == "i" else array_constant(part) for part in parts) or None


def in_batches(
    method: str,
    question: Question,
    loss: Loss,
    rows: Rows,
    start: Array,
    epochs: int,
    batch: int,
    rate: float | None,
    checkpoint: Checkpoint,
    seed: int,
    tell: Telling,
) -> tuple[Array, int]:
    """Steps of the language's optimizers, each on some rows; the parameters, and how many steps there were.

    Rows are drawn anew in each epoch within each 131,072 that follow each other, so that the table needs no memory.
    """
    rule = RULES[method]
    settings = {**rule.settings, **({} if rate is None else {"rate": rate})}
    optimizer = Optimizer(rule, settings)
    span, interpreter = question.span, question.interpreter
    at, state, steps = start, None, 0
    place: tuple[int, ...] = (0, 0, 0)
    if checkpoint.found is not None:
        at, state = checkpoint.found["at"], _state(checkpoint.found)
        place = tuple(map(int, checkpoint.found["place"]))
        steps = state[0] if isinstance(state, tuple) and isinstance(state[0], int) else 0
    work = loss.batch(batch)
    for epoch in range(place[0], epochs):
        for number, chunk in enumerate(rows.chunks()):
            if (epoch, number) < place[:2]:
                continue
            order = np.random.default_rng([seed, epoch, number]).permutation(chunk.rows)
            first = place[2] if (epoch, number) == place[:2] else 0
            for low in range(first, chunk.rows, batch):
                value, slope, count = work(chunk, order[low : low + batch], at)
                if count:
                    new = optimizer.call(interpreter, (array_constant(at), array_constant(slope), state), span)
                    settled = interpreter.settle(new, span)
                    assert isinstance(settled, tuple)
                    assert isinstance(settled[0], Constant)
                    at, state, steps = np.array(settled[0].value), settled[1], steps + 1
                    tell(steps, value, float(np.linalg.norm(slope)))
                if checkpoint.due():
                    checkpoint.write((epoch, number, low + batch), at, state, value)
        checkpoint.write((epoch + 1, 0, 0), at, state, 0.0)
    return at, steps


def errors_of(hessian: Array, rows: int, squares: float | None) -> Array:
    """The standard errors from the mean's Hessian; nan where there are none, as where that is not positive definite.

    Where the loss of a row is minus the logarithm of its likelihood, the inverse of the sum's Hessian is the
    covariance. Where it is the squares of residuals, their mean is given, and tells the variance of what was measured.
    """
    if not np.isfinite(hessian).all():
        return np.full(len(hessian), np.nan)
    try:
        np.linalg.cholesky(hessian)
        variances = np.diag(np.linalg.inv(hessian)) / rows
    except np.linalg.LinAlgError:
        return np.full(len(hessian), np.nan)
    if squares is not None:
        free = rows - len(hessian)
        variances = variances * 2 * squares * rows / free if free > 0 else variances * np.nan
    return np.sqrt(variances)


def folder_of(target: str, identity: Mapping[str, Any], overwrite: bool, resume: bool, path: str) -> tuple[str, bool]:
    """Where checkpoints are while a fit runs, and whether it goes on from there.

    Raises:
        LanguageError: where something is left of another run.
    """
    folder = f"{target}.partial"
    there = identity_of(os.path.join(folder, "journal"))
    if there is not None and not resume and not overwrite:
        raise begun_before(path)
    if there is not None and resume:
        refuse_another(path, there, identity)
        return folder, True
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    return folder, False
