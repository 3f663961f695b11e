"""Reading line by line: from a pipe, and from a terminal that can't do more."""

from __future__ import annotations

import io
import sys

from gradcli.faces.prompt.history import History, history_path

PROMPT, MORE = "> ", "... "


class Lines:
    """Reads statements from standard input; at a terminal it shows where to type."""

    def __init__(self) -> None:
        self.is_typed = sys.stdin.isatty() and sys.stdout.isatty()
        self._is_first = True
        self._history = History(history_path()) if self.is_typed else None
        if isinstance(sys.stdin, io.TextIOWrapper):
            # A byte that is no text is a mistake in one line, and said as such.
            sys.stdin.reconfigure(errors="surrogateescape", newline="\n" if sys.stdin.isatty() else None)

    def read(self) -> str:
        """One statement, over several lines if its first leaves it open; a block ends with an empty line.

        Raises:
            EOFError: where the input has ended.
            OSError: where it can't be read.
        """
        from gradcli.faces.prompt.openness import Block

        text, block = self._line(PROMPT), Block()
        while block.wants_more(text):
            try:
                text += "\n" + self._line(MORE)
            except EOFError:
                break
        if self._history is not None:
            self._history.add(text)
        return text

    def _line(self, prompt: str) -> str:
        if self.is_typed:
            try:
                return input(prompt)
            except (EOFError, KeyboardInterrupt):
                print()  # noqa: T201 - behind what was typed
                raise
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        first, self._is_first = self._is_first, False
        return (line.removeprefix("\ufeff") if first else line).removesuffix("\n")
