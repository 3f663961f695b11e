"""Where a command reports to: in which format, in which colours, and to standard output or to a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gradcli.output.formats import ENDINGS, FORMATS
from gradcli.output.style import COLORS, use_color

if TYPE_CHECKING:
    from gradcli.output.reporter import Reporter

USUAL_FORMAT = "text"
# The verdict of that name, which is not imported for it.
BAD_INPUT = 2


class Report:
    """The reporter that the options of a command ask for, and the file that what it writes is kept for, if any.

    What an option can't be is refused by whoever reads it; until then it counts as not given.
    """

    def __init__(self, command: str, options: Mapping[str, Any]) -> None:
        use_color(options["color"] if options.get("color") in COLORS else COLORS[0])
        path, format = options.get("output"), options.get("format")
        self._path: str | None = None if path == "-" else path
        if format is None and self._path is not None:
            format = next((name for ending, name in ENDINGS.items() if self._path.lower().endswith(ending)), None)
        self._kept: Any = None
        if self._path is not None:
            from io import StringIO

            self._kept = StringIO()
        make: Callable[..., Reporter] = FORMATS.get(format or USUAL_FORMAT, FORMATS[USUAL_FORMAT])
        self.reporter: Reporter = make(command) if self._kept is None else make(command, self._kept)
        if options.get("full"):
            from gradcli.output.documents import Document
            from gradcli.output.terminal import Terminal

            if isinstance(self.reporter, (Document, Terminal)):
                self.reporter.whole = True
        if options.get("quiet"):
            from gradcli.output.relays import Sieve, is_not_odd

            self.reporter = Sieve(self.reporter, is_not_odd)

    def written(self, code: int) -> int:
        """Write the file, whole or not at all; the exit code. Where a mistake left nothing to write, it stays."""
        text = "" if self._kept is None else self._kept.getvalue()
        if self._path is None or (code == BAD_INPUT and not text):
            return code
        from gradcli.language.files.whole import Unwritable, write_text

        try:
            write_text(self._path, text, replace=True)
        except Unwritable as error:
            from gradcli.language.text.diagnostics import Diagnostic
            from gradcli.output.terminal import Terminal

            Terminal().diagnostic(Diagnostic("file", f"can't write `{self._path}`: {error}", hint=error.hint))
            return max(code, BAD_INPUT)
        return code
