"""What reporters share that write each result as it comes, for whoever reads it elsewhere than on a terminal."""

from __future__ import annotations

import sys
from typing import IO

from gradcli.language.text.diagnostics import Diagnostic
from gradcli.output.diagnostics import show_diagnostic
from gradcli.output.stream import Stream
from gradcli.session.results import RunSummary


class Written:
    """Results go to standard output in a form of their own; what is wrong goes to standard error as text."""

    def __init__(self, out: IO[str] | None = None, err: IO[str] | None = None) -> None:
        self.digits: int | None = None
        self.theme = "plain"
        self._out, self._err = Stream(out or sys.stdout), Stream(err or sys.stderr)

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """Say what is wrong, to standard error."""
        self._out.flush()
        self._err.lines(show_diagnostic(diagnostic, self._err.verbatim, self._err.width))

    def end_run(self, summary: RunSummary) -> None:
        """Nothing: each file has been told."""

    def close(self, code: int, error: BaseException | None = None) -> None:
        """Hand over what is held back.

        Raises:
            OutputError: where standard output can't be written to.
        """
        self._out.flush()
