"""`gradcli map`: a function over the rows of a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import array_constant, constant
from gradcli.core.records import record
from gradcli.faces.one_shot import ask
from gradcli.faces.operators import sides_of
from gradcli.language.derivatives.base import label_of
from gradcli.language.text.diagnostics import Diagnostic, fail
from gradcli.language.values.partial import Partial
from gradcli.language.values.values import DerivativeTable
from gradcli.output.bar import bar
from gradcli.session.ask import Question
from gradcli.session.files import read_text
from gradcli.session.plain import plain
from gradcli.session.results import Answer, Derivatives
from gradcli.session.rows.asked import MISSING, Asked
from gradcli.session.rows.fit_job import FitOptions, run_fit
from gradcli.session.rows.job import MapOptions, Told, bad_rows_said, run_map
from gradcli.session.rows.opening import open_table
from gradcli.session.rows.totals import ReduceOptions, here, run_reduce
from gradcli.session.session import fresh_session

if TYPE_CHECKING:
    from gradcli.output.reporter import Reporter


def map_rows(
    reporter: Reporter,
    expression: str,
    values: Sequence[str],
    engine: str,
    scheduler: str | None,
    data: str | None,
    out: str | None,
    kind: str | None,
    columns: str | None,
    where: str | None,
    wrt: str | None,
    order: int,
    reduce: str | None,
    hvp: str | None,
    on_error: str,
    jobs: int,
    chunk: int | None,
    overwrite: bool,
    resume: bool,
    dtype: str | None,
) -> int:
    """Write what each row gives, or report what all of them come to; the exit code."""

    def report(question: Question) -> None:
        if data is None:
            raise fail("usage", "there is no table", None, "name it: --data points.csv")
        on = _where(engine, scheduler)
        with _noting(reporter):
            if reduce is not None:
                if out is not None or resume:
                    hint = "it is shown, and `--output sums.json` writes what is shown"
                    raise fail("usage", f"a {reduce} of all rows is no table, and has no --out", None, hint)
                options = ReduceOptions(data, columns, where, wrt, order, reduce, hvp, on_error, jobs, chunk)
                return _reduce(reporter, asked_of(expression, values, dtype), question, options, on)
            if hvp is not None:
                raise fail("usage", "--hvp is of a sum", None, "add --reduce sum")
            asked = asked_of(expression, values, dtype)
            rows = MapOptions(
                data, _out(out), kind, columns, where, wrt, order, on_error, jobs, chunk, overwrite, resume
            )
            return _map(reporter, asked, question, rows, on)

    return ask(reporter, expression, values, dtype, report, missing=MISSING)


def fit_rows(
    reporter: Reporter,
    expression: str,
    values: Sequence[str],
    engine: str,
    scheduler: str | None,
    data: str | None,
    out: str | None,
    columns: str | None,
    where: str | None,
    wrt: str | None,
    optimizer: str,
    epochs: int | None,
    batch: int | None,
    rate: float | None,
    errors: str,
    on_error: str,
    jobs: int,
    chunk: int | None,
    overwrite: bool,
    resume: bool,
    digits: int | None,
    dtype: str | None,
) -> int:
    """Fit parameters, report them and write them as a script; the exit code.

    Of an equation, `y = a*x + b`, it is the square of the difference of its sides that is fitted.
    """
    text = _residual(expression, data)
    if text != expression:
        errors = "squares"

    def report(question: Question) -> None:
        if data is None:
            raise fail("usage", "there is no table", None, "name it: --data points.csv")
        asked = asked_of(text, values, dtype)
        options = FitOptions(
            data,
            out,
            columns,
            where,
            wrt,
            optimizer,
            epochs,
            batch,
            rate,
            errors,
            on_error,
            jobs,
            chunk,
            overwrite,
            resume,
        )
        with _noting(reporter):
            _fit(reporter, asked, question, options, _where(engine, scheduler))

    return ask(reporter, text, values, dtype, report, missing=MISSING, digits=digits)


def _residual(expression: str, data: str | None) -> str:
    """What is fitted of an equation; a name in front that is no column is what the expression is called."""

    def is_column(name: str) -> bool:
        return data not in (None, "-") and name in open_table(data or "").columns

    sides = sides_of(expression, is_column)
    return expression if sides is None else f"({sides[0]} - ({sides[1]}))^2"


@record
class _Dask:
    """That workers of Dask compute, and where their scheduler is, None for workers on this machine."""

    scheduler: str | None


def _where(engine: str, scheduler: str | None) -> _Dask | None:
    if engine == "dask":
        return _Dask(scheduler)
    if scheduler is not None:
        raise fail("usage", "a scheduler is one of dask's", None, "add --engine dask")
    return None


def _fit(reporter: Reporter, asked: Asked, question: Question, options: FitOptions, on: _Dask | None) -> None:
    table = open_table(options.data)
    with bar("fitting", "steps") as tell, ExitStack() as stack:

        def step(number: int, loss: float, slope: float) -> None:
            tell(number, None, loss, slope)

        compute = None
        if on is not None:
            from gradcli.session.rows.cluster import passes

            workers = passes(asked, question, table, options, 1, on.scheduler, lambda done, of: None)
            compute = stack.enter_context(workers)
        found = run_fit(asked, question, table, options, compute, step)
    rows = []
    for name, value in found.values.items():
        rows.append((Partial(name), array_constant(value.copy())))
        if found.errors is not None:
            rows.append((Partial(f"standard error of {name}"), array_constant(found.errors[name].copy())))
    rows.append((Partial(f"mean({label_of(question.function)})"), constant(found.fit.loss, DType.FLOAT64)))
    rows.append((Partial("length of its gradient"), constant(found.fit.slope, DType.FLOAT64)))
    steps = "1 step" if found.fit.steps == 1 else f"{found.fit.steps:,} steps"
    note = f"{options.optimizer}, {steps}, {found.sums.summed:,} of {found.sums.rows:,} rows of {table.name}"
    if found.errors is not None and options.errors == "likelihood":
        note += (
            "\nstandard errors take the function for minus a log likelihood; --errors squares is for squared residuals"
        )
    derivatives = plain(DerivativeTable(tuple(rows)))
    assert isinstance(derivatives, Derivatives)
    reporter.digits = question.interpreter.settings.digits
    reporter.result(Answer(question.title, (), replace(derivatives, whole=True, note=note)))
    if found.fit.message is not None:
        message = f"{options.optimizer} ended before the gradient was 0: {found.fit.message}"
        reporter.diagnostic(Diagnostic("value", message, severity="warning"))
    bad = bad_rows_said(Told(found.sums.rows, 0, found.sums.bad, found.sums.numbers), options.on_error, table.name)
    for diagnostic in [*([bad] if bad else []), *question.warnings]:
        reporter.diagnostic(diagnostic)


@contextmanager
def _noting(reporter: Reporter) -> Iterator[None]:
    """What an interruption leaves is said."""
    try:
        yield
    except BaseException as error:
        for note in getattr(error, "__notes__", ()):
            reporter.diagnostic(Diagnostic("file", note, severity="note"))
        raise


def _reduce(reporter: Reporter, asked: Asked, question: Question, options: ReduceOptions, on: _Dask | None) -> None:
    table = open_table(options.data)
    with bar("summing") as tell, ExitStack() as stack:
        compute = here(table, options.chunk, options.jobs, tell)
        if on is not None:
            from gradcli.session.rows.cluster import passes

            workers = passes(asked, question, table, options, options.order, on.scheduler, tell)
            compute = stack.enter_context(workers)
        sums, found = run_reduce(question, table, options, compute)
    derivatives = plain(found)
    assert isinstance(derivatives, Derivatives)
    note = f"{sums.summed:,} of {sums.rows:,} rows of {table.name}"
    reporter.digits = question.interpreter.settings.digits
    reporter.result(Answer(question.title, (), replace(derivatives, whole=True, note=note)))
    bad = bad_rows_said(Told(sums.rows, sums.summed, sums.bad, sums.numbers), options.on_error, table.name)
    for diagnostic in [*([bad] if bad else []), *question.warnings]:
        reporter.diagnostic(diagnostic)


def _out(out: str | None) -> str:
    if out is None:
        raise fail("usage", "nothing says where to write results", None, "name it: --out slopes.csv, or --out -")
    return out


def asked_of(text: str, words: Sequence[str], dtype: str | None) -> Asked:
    """What is asked, with the text of the file that it is in."""
    in_file = re.fullmatch(r"(.+)::([^\W\d]\w*)", text)
    seed = fresh_session().seed
    if in_file is None:
        return Asked(text, None, None, words, dtype, seed)
    return Asked(in_file[2], in_file[1], read_text(in_file[1]), words, dtype, seed)


def _map(reporter: Reporter, asked: Asked, question: Question, options: MapOptions, on: _Dask | None) -> None:
    table = open_table(options.data)
    with bar("computing") as tell:
        if on is None:
            told, note = run_map(asked, question, table, options, tell)
        else:
            from gradcli.session.rows.cluster import run_map_on

            told, note = run_map_on(asked, question, table, options, on.scheduler, tell)
    bad = bad_rows_said(told, options.on_error, table.name)
    notes = [Diagnostic("value", note, severity="note")] if note is not None else []
    said = f"{told.rows:,} rows of {table.name}, {told.written:,} written"
    if options.out != "-":
        reporter.say(f"{said} to {options.out}")
    for diagnostic in [*notes, *([bad] if bad else []), *question.warnings]:
        reporter.diagnostic(diagnostic)
