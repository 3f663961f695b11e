"""`gradcli fit`: from a question and a table to a script with the fitted parameters."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcli import __version__
from gradcli.core.records import record
from gradcli.language.files.whole import Unwritable, target_of, write_text
from gradcli.language.text.diagnostics import LanguageError, fail
from gradcli.session.ask import Question
from gradcli.session.rows.asked import Asked
from gradcli.session.rows.columns import CHUNK, Table
from gradcli.session.rows.fitted import script
from gradcli.session.rows.fitting import (
    BY_SCIPY,
    MOST_ERRORS,
    Checkpoint,
    Evaluations,
    Fit,
    Rows,
    Telling,
    by_scipy,
    errors_of,
    folder_of,
    here,
    in_batches,
)
from gradcli.session.rows.job import identity_of_work, rows_at_a_time, workers_of
from gradcli.session.rows.journal import kept_in, with_what_is_kept
from gradcli.session.rows.opening import refuse_the_table
from gradcli.session.rows.reducing import GRADIENT, Compute, Loss, Sums

if TYPE_CHECKING:
    from gradcli.session.rows.columns import Array

# Where nothing is said.
EPOCHS, BATCH = 10, 256


@record
class FitOptions:
    """What `gradcli fit` is asked beside the function and the table."""

    data: str
    out: str | None
    columns: str | None
    where: str | None
    wrt: str | None
    optimizer: str
    epochs: int | None
    batch: int | None
    rate: float | None
    errors: str
    on_error: str
    jobs: int
    chunk: int | None
    overwrite: bool
    resume: bool


@record
class Fitted:
    """What a fit came to: by name the parameters and their standard errors, None where there are none."""

    fit: Fit
    values: Mapping[str, Array]
    errors: Mapping[str, Array] | None
    sums: Sums


def run_fit(
    asked: Asked, question: Question, table: Table, options: FitOptions, compute: Compute | None, tell: Telling
) -> Fitted:
    """Fit, and write the script where that is asked for; `compute` sums over all rows, if not this machine does.

    Raises:
        LanguageError: for what can't be read, computed or written. Nothing has the output's name then.
    """
    _require(options)
    if compute is not None and options.optimizer not in BY_SCIPY:
        hint = f"{', '.join(BY_SCIPY)} sum over all rows there"
        raise fail(
            "usage", f"{options.optimizer} goes in batches, one after the other, and not on a cluster", None, hint
        )
    loss = Loss(question, table, options.columns, options.wrt, options.where, options.on_error)
    target: str | None = None
    if options.out is not None:
        refuse_the_table(options.data, options.out)
        try:
            target, _ = target_of(options.out, options.overwrite)
        except Unwritable as error:
            advice = "--overwrite replaces it" if error.exists else error.hint
            raise fail("file", f"can't write `{options.out}`: {error}", None, advice) from None
    own = _identity(asked, options, table)
    folder, going_on = None, False
    if target is not None and options.out is not None:
        folder, going_on = folder_of(target, own, options.overwrite, options.resume, options.out)
    rows = Rows(table, loss.names, CHUNK if options.optimizer not in BY_SCIPY else rows_at_a_time(options.chunk))
    ask = Evaluations(loss, compute or here(rows, workers_of(options.jobs)), folder, own, going_on)
    checkpoint = Checkpoint(folder, going_on)
    try:
        fit = _fit(question, loss, rows, ask, options, checkpoint, asked.seed or 0, tell)
        sums = ask.counted(fit.at)
        errors = None
        if loss.size <= MOST_ERRORS:
            errors = errors_of(ask.hessian(fit.at), sums.summed, fit.loss if options.errors == "squares" else None)
        if options.out is not None:
            text = script(
                asked, question, loss, fit.at, errors, options.errors, _said(question, table, options, fit, sums)
            )
            try:
                write_text(options.out, text, replace=options.overwrite)
            except Unwritable as error:
                raise fail("file", f"can't write `{options.out}`: {error}", None, error.hint) from None
    except BaseException as error:
        ask.close()
        kept = None
        if folder is not None and options.out is not None:
            if checkpoint.written or ask.computed or going_on:
                kept = kept_in(options.out, "how far it came")
            else:
                shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, LanguageError):
            raise with_what_is_kept(error, kept) from None
        if kept is not None:
            error.add_note(kept)
        raise
    ask.close()
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
    return Fitted(fit, loss.apart(fit.at), None if errors is None else loss.apart(errors), sums)


def _require(options: FitOptions) -> None:
    counts: tuple[tuple[str, float | None], ...] = (
        ("--epochs", options.epochs),
        ("--batch", options.batch),
        ("--rate", options.rate),
    )
    for name, value in counts:
        if value is not None and not value > 0:
            raise fail("usage", f"{name} is more than 0, and not {value}", None)
    for name, value in counts[1:]:
        if value is not None and options.optimizer in BY_SCIPY:
            raise fail("usage", f"{options.optimizer} has no {name}", None, "adam and sgd go in batches")
    if options.resume and options.out is None:
        raise fail("usage", "--resume goes on with what is kept beside --out", None, "name it: --out fitted.grad")


def _identity(asked: Asked, options: FitOptions, table: Table) -> dict[str, Any]:
    """What must be as it was for a fit to go on; `--epochs` may be another."""
    further = {"optimizer": options.optimizer, "batch": options.batch, "rate": options.rate}
    return identity_of_work(asked, options, table, **further)


def _fit(
    question: Question,
    loss: Loss,
    rows: Rows,
    ask: Evaluations,
    options: FitOptions,
    checkpoint: Checkpoint,
    seed: int,
    tell: Telling,
) -> Fit:
    if options.optimizer in BY_SCIPY:
        return by_scipy(options.optimizer, ask, loss.start, options.epochs, tell)
    at, steps = in_batches(
        options.optimizer,
        question,
        loss,
        rows,
        loss.start,
        options.epochs or EPOCHS,
        options.batch or BATCH,
        options.rate,
        checkpoint,
        seed,
        tell,
    )
    value, slope = ask(GRADIENT, at)
    return Fit(at, float(value[0]), float(np.linalg.norm(slope)), steps, None)


def _said(question: Question, table: Table, options: FitOptions, fit: Fit, sums: Sums) -> str:
    """What stands at the top of the script."""
    steps = "1 step" if fit.steps == 1 else f"{fit.steps:,} steps"
    return (
        f"Fitted by gradcli {__version__}: {question.title}\n"
        f"{sums.summed:,} of {sums.rows:,} rows of {table.name}\n"
        f"{options.optimizer}, {steps}; the mean is {fit.loss!r}, the length of its gradient {fit.slope:.3g}"
    )
