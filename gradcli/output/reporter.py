"""What commands, scripts and the prompt report to, whatever form the report has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gradcli.language.text.diagnostics import Diagnostic
from gradcli.session.results import FileSummary, Result, RunSummary

if TYPE_CHECKING:
    from gradcli.session.help import Explained


class Reporter(Protocol):
    """Takes what there is to report, in order.

    `digits` is how many digits people want to see of a number; None means all that count. `theme` are the colours.
    """

    digits: int | None
    theme: str

    def result(self, result: Result, named: bool = False) -> None:
        """A result; `named` says that the reader did not just type what it is of."""
        ...

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """What is wrong, or odd."""
        ...

    def program(self, text: str) -> None:
        """The text of a program."""
        ...

    def say(self, text: str, style: str = "") -> None:
        """A line for people."""
        ...

    def help(self, explained: Explained) -> None:
        """What there is to say of a name."""
        ...

    def begin_file(self, path: str) -> None:
        """What follows comes from a file, up to its summary."""
        ...

    def end_file(self, summary: FileSummary) -> None:
        """How a file came out."""
        ...

    def end_run(self, summary: RunSummary) -> None:
        """How all files came out."""
        ...

    def close(self, code: int, error: BaseException | None = None) -> None:
        """There is nothing more to report; `error` is what ended it before its time.

        Raises:
            OutputError: where standard output can't be written to.
        """
        ...
