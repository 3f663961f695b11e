"""The reporter for people: results to standard output, diagnostics to standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from gradcli.language.text.diagnostics import Diagnostic
from gradcli.output.diagnostics import show_diagnostic
from gradcli.output.folding import fold
from gradcli.output.layout import lay_out, wrap_line
from gradcli.output.stream import OutputError, Stream
from gradcli.output.style import THEMES, Line
from gradcli.output.views import (
    MOST_ITEMS,
    MOST_ITEMS_OF_A_FILE,
    WHOLE_UP_TO,
    Block,
    Look,
    Table,
    blocks_of,
)
from gradcli.session.results import Assertion, FileSummary, Result, RunSummary, Verdict

if TYPE_CHECKING:
    from gradcli.session.help import Explained

# From so many seconds on, a terminal is told what running took.
LONG = 1.0


class Terminal:
    """Shows results and diagnostics.

    A terminal gets lines that fit it and large tensors by their edges, unless they are to be `whole`; a pipe or a file
    gets everything. `is_terminal` says which of both standard output is taken for, whatever it is.
    """

    def __init__(
        self,
        out: IO[str] | None = None,
        err: IO[str] | None = None,
        digits: int | None = None,
        is_terminal: bool | None = None,
    ) -> None:
        self.whole = False
        self._out, self._err = Stream(out or sys.stdout, is_terminal), Stream(err or sys.stderr)
        self.digits = digits

    @property
    def theme(self) -> str:
        """The colours of both streams, by their name in THEMES; it may be changed at any time."""
        return self._out.theme

    @theme.setter
    def theme(self, name: str) -> None:
        if name not in THEMES:
            raise ValueError(f"there is no theme {name!r}")
        self._out.theme = self._err.theme = name

    def result(self, result: Result, named: bool = False) -> None:
        """Show a result; `named` puts the expression in front, for where the reader did not just type it."""
        if isinstance(result, Assertion):
            if not result.passed:
                from gradcli.output.failures import show_failure

                for part in show_failure(result, self._look(self._err, MOST_ITEMS)):
                    self._to_err(part.lines, part.is_formula)
        else:
            self._show(blocks_of(result, self._look(self._out), named))

    def _look(self, stream: Stream, most: int = MOST_ITEMS_OF_A_FILE) -> Look:
        """What a stream takes; `most` items of a tuple go to one that is no terminal."""
        look = Look(self.digits, None, most, clean=stream.clean, on_paper=stream.has_signs, verbatim=stream.verbatim)
        if stream.is_terminal:
            look.width, look.height = stream.width, stream.height
            if not self.whole:
                look.whole_up_to, look.most = WHOLE_UP_TO, MOST_ITEMS
        return look

    def _show(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            if isinstance(block, Table):
                self._table(block)
            elif block.wrapped:
                self._prose(*block.lines, is_formula=block.is_formula)
            else:
                self._out.lines(block.lines)

    def _table(self, table: Table) -> None:
        self._out.lines(lay_out(table.columns, self._out.width, table.footer))
        self._show(table.below)
        self._out.lines([[]])

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """Say what is wrong, to standard error."""
        self._to_err(show_diagnostic(diagnostic, self._err.verbatim, self._err.width))

    def begin_file(self, path: str) -> None:
        """Say nothing: what is shown stands in order."""

    def end_file(self, summary: FileSummary) -> None:
        """One line about a file that was run."""
        if not summary.is_read:
            return
        said = _counted(summary.statements, summary.passed, summary.failed)
        if summary.verdict == Verdict.BAD_INPUT:
            said += ", stopped at an error"
        elif summary.lacks:
            said += ", where there must be some"
        if summary.seconds >= LONG and self._out.is_terminal:
            said += f" ({_time(summary.seconds)})"
        mark, style = ("✓", "good") if summary.verdict == Verdict.OK else ("✗", "error")
        if summary.verdict == Verdict.OK and not summary.passed:
            # Nothing was checked, so nothing is told to be right.
            mark, style = "-", ""
        self.say(f"{mark} {summary.path}: {said}", style)

    def end_run(self, summary: RunSummary) -> None:
        """The files that took longest, and a line about all where there are several."""
        if summary.slowest:
            self.say("slowest:", "strong")
            for file in summary.slowest:
                self.say(f"{_time(file.seconds):>10}  {file.path}")
        files = summary.files
        if len(files) + summary.skipped < 2:
            return
        failed = sum(file.verdict != Verdict.OK for file in files)
        counts = _counted(*(sum(getattr(f, part) for f in files) for part in ("statements", "passed", "failed")))
        said = f"{_plural(len(files), 'file')}{f', {failed:,} of them failed' if failed else ''}: {counts}"
        if summary.skipped:
            said += f"; {_plural(summary.skipped, 'file')} not run after the failure"
        if (summary.seconds >= LONG and self._out.is_terminal) or summary.slowest:
            said += f" ({_time(summary.seconds)})"
        self.say(said, "error" if failed else "good")

    def close(self, code: int, error: BaseException | None = None) -> None:
        """Say nothing: all has been shown."""

    def say(self, text: str, style: str = "") -> None:
        """A line to standard output."""
        self._prose([(text, style)])

    def help(self, explained: Explained) -> None:
        """The page about a name, folded to the terminal; a file gets it as wide as a page is."""
        from gradcli.output.help_pages import help_page

        self._out.lines(help_page(explained, self._look(self._out)))

    def program(self, text: str) -> None:
        """The text of a program to standard output, as it is; a terminal gets it in colours."""
        if self._out.is_terminal:
            from gradcli.output.code import program_lines

            self._out.lines(program_lines(text))
        else:
            self._out.lines([[(line, "")] for line in text.split("\n")])

    def verbatim(self, text: str) -> None:
        """A text to standard output, to the letter."""
        self._out.verbatim_text(text)

    def explain(self, text: str) -> None:
        """Lines to standard error."""
        self._to_err([[(line, "")] for line in text.rstrip("\n").split("\n")])

    def _prose(self, *lines: Line, is_formula: bool = False) -> None:
        self._out.lines(self._wrapped(self._out, lines, is_formula))

    def _to_err(self, lines: Sequence[Line], is_formula: bool = False) -> None:
        # What came before it on standard output stands before it.
        self._out.flush()
        # Where standard error can't be written to, the exit code is what is left to say.
        with suppress(OutputError):
            self._err.lines(self._wrapped(self._err, lines, is_formula))

    def _wrapped(self, stream: Stream, lines: Sequence[Line], is_formula: bool = False) -> list[Line]:
        cleaned: list[Line] = [[(stream.clean(text, keep="\t"), style) for text, style in line] for line in lines]
        return [part for line in cleaned for part in wrap_line(line, stream.width, fold if is_formula else None)]


def _counted(statements: int, passed: int, failed: int) -> str:
    """How many statements and asserts there were."""
    said = f"{_plural(statements, 'statement')}, {_plural(passed, 'assert')}"
    if passed or failed:
        said += " passed"
    return said + (f", {failed:,} failed" if failed else "")


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _time(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
