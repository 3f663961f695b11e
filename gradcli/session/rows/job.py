"""`map`: each row of a table to a row of another, on all cores, from where an interruption left off."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from gradcli import __version__
from gradcli.core.engines.numpy.pool import cores
from gradcli.core.records import record
from gradcli.language.text.diagnostics import Diagnostic, LanguageError, fail
from gradcli.session.ask import Question
from gradcli.session.rows.asked import Asked
from gradcli.session.rows.columns import BLOCK, CHUNK, Table, chunks
from gradcli.session.rows.journal import MOST_TOLD, Done, on_error_said, with_what_is_kept
from gradcli.session.rows.mapping import RowProgram
from gradcli.session.rows.opening import refuse_the_table
from gradcli.session.rows.pipeline import pipeline
from gradcli.session.rows.writing import FileOutput, StreamOutput, kind_of, refuse_resume

# Told how many rows are done, of how many where that is known.
Telling = Callable[[int, "int | None"], None]


@record
class MapOptions:
    """What `gradcli map` is asked beside the function and the table."""

    data: str
    out: str
    kind: str | None
    columns: str | None
    where: str | None
    wrt: str | None
    order: int
    on_error: str
    jobs: int
    chunk: int | None
    overwrite: bool
    resume: bool


def rows_at_a_time(given: int | None) -> int:
    """The rows of a chunk, in whole blocks.

    Raises:
        LanguageError: for no rows.
    """
    if given is None:
        return CHUNK
    if given < 1:
        raise fail("usage", f"a chunk has rows, and not {given}", None, f"such as --chunk {CHUNK}")
    return -(-given // BLOCK) * BLOCK


def workers_of(given: int) -> int:
    """How many threads compute; 0 is one for each core.

    Raises:
        LanguageError: for a number below 0.
    """
    if given < 0:
        raise fail("usage", f"there can't be {given} workers", None, "0 means one for each core")
    return given or cores()


def about(asked: Asked, question: Question, options: MapOptions, program: RowProgram) -> dict[str, Any]:
    """What stands in the output's metadata: what made it."""
    return {
        "gradcli": __version__,
        "function": question.title,
        "file": asked.file,
        "source": asked.source or asked.text,
        "values": [*asked.words],
        "columns": options.columns,
        "where": options.where,
        "wrt": options.wrt,
        "order": options.order,
        "outputs": [out.name for out in program.outs],
    }


def identity(asked: Asked, options: MapOptions, table: Table, program: RowProgram) -> dict[str, Any]:
    """What must be as it was for a run to go on; the size of chunks may be another."""
    outputs = [[out.name, [*out.shape], out.dtype] for out in program.outs]
    return identity_of_work(asked, options, table, order=options.order, outputs=outputs)


def identity_of_work(asked: Asked, options: Any, table: Table, **further: object) -> dict[str, Any]:
    """What all work on the rows of a table must have as it was to go on, and further things beside it.

    `options` has columns, where, wrt and on_error.
    """
    return {
        "version": __version__,
        "formula": hashlib.sha256(json.dumps([asked.source, asked.text]).encode()).hexdigest(),
        "values": [*asked.words],
        "dtype": asked.dtype,
        "seed": asked.seed,
        "data": [*table.identity],
        "columns": options.columns,
        "where": options.where,
        "wrt": options.wrt,
        "on_error": on_error_said(options.on_error),
        **further,
    }


def run_map(
    asked: Asked, question: Question, table: Table, options: MapOptions, tell: Telling
) -> tuple[Told, str | None]:
    """Write what each row gives; what became of the rows, and what is to be said of the derivatives.

    Raises:
        LanguageError: for what can't be read, computed or written. Nothing has the output's name then.
    """
    refusal = refuse_resume(options.out, options.data) if options.resume else None
    if refusal is not None:
        raise refusal
    size = rows_at_a_time(options.chunk)
    kind = kind_of(options.out, options.kind)
    refuse_the_table(options.data, options.out)
    program = RowProgram(question, table, options.columns, options.wrt, options.order, options.where, options.on_error)
    made = about(asked, question, options, program)
    output: FileOutput | StreamOutput
    if options.out == "-":
        output = StreamOutput(kind, program.outs, made)
    else:
        own = identity(asked, options, table, program)
        output = FileOutput(options.out, kind, program.outs, made, own, options.overwrite, options.resume)
    counts = Counts(tell, table.rows)
    try:
        for done in output.replayed():
            counts.add(done)

        def take(done: Done) -> None:
            output.take(done)
            counts.add(done)

        # Rows go on being counted from the start, so that a row stands in its block as it would have.
        source = chunks(table, program.names, counts.rows, size)
        pipeline(source, program, workers_of(options.jobs), take)
        output.complete()
    except LanguageError as error:
        raise with_what_is_kept(error, output.interrupted()) from None
    except BaseException as error:
        kept = output.interrupted()
        if kept is not None:
            error.add_note(kept)
        raise
    return counts.told(), program.note


@record
class Told:
    """What became of all rows."""

    rows: int
    written: int
    bad: int
    numbers: Sequence[int]


class Counts:
    """Counts what comes by."""

    def __init__(self, tell: Telling, of: int | None) -> None:
        self._tell, self._of = tell, of
        self.rows = self.written = self.bad = 0
        self._numbers: list[int] = []

    def add(self, done: Done) -> None:
        """Rows are done."""
        self.rows += done.rows
        self.written += done.written
        self.bad += done.bad
        if len(self._numbers) < MOST_TOLD:
            self._numbers += done.told.tolist()
        self._tell(self.rows, self._of)

    def told(self) -> Told:
        """What became of all."""
        return Told(self.rows, self.written, self.bad, self._numbers[:MOST_TOLD])


def bad_rows_said(told: Told, on_error: str, name: str) -> Diagnostic | None:
    """What is to be said of bad rows."""
    if not told.bad:
        return None
    shown = ", ".join(f"{n}" for n in told.numbers[:20]) + (", ..." if told.bad > 20 else "")
    what = "were left out" if on_error == "skip" else "have nan or an infinity in them"
    rows = "1 row" if told.bad == 1 else f"{told.bad:,} rows"
    message = f"{rows} of `{name}` lacked a number, or gave none that is finite, and {what}: {shown}"
    return Diagnostic("value", message, hint="the first row is 0", severity="warning")
