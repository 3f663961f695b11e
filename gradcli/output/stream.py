"""Standard output and standard error: the one way by which text leaves the program."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import IO, TYPE_CHECKING, NoReturn

from gradcli.output.characters import can_hold, escaped, in_encoding, visible
from gradcli.output.style import THEMES, Line, bare, takes_colours, trimmed, usual_theme

if TYPE_CHECKING:
    from rich.console import Console


class OutputError(Exception):
    """Standard output can't be written to: what is computed would be lost."""

    def __init__(self, error: OSError | ValueError) -> None:
        super().__init__((getattr(error, "strerror", None) or str(error)).lower())


class Closed(io.TextIOBase):
    """What stands for a stream that was closed before the program started."""

    def write(self, text: str) -> NoReturn:
        """Refuse.

        Raises:
            OSError: always.
        """
        raise OSError(errno.EBADF, "it is closed")

    def readline(self, size: int = -1) -> NoReturn:  # type: ignore[override]
        """Refuse.

        Raises:
            OSError: always.
        """
        raise OSError(errno.EBADF, "it is closed")

    @property
    def buffer(self) -> NoReturn:
        """Refuse.

        Raises:
            OSError: always.
        """
        raise OSError(errno.EBADF, "it is closed")


class Stream:
    """A stream that takes styled lines.

    A terminal gets colours and lines no wider than it is; anything else gets plain lines, as wide as they need to be.
    Nothing that steers a terminal passes, and what the encoding lacks is written in ASCII. `theme` is one of THEMES,
    and may be changed at any time. `is_terminal` says that it is taken for one, or is not.
    """

    def __init__(self, file: IO[str], is_terminal: bool | None = None) -> None:
        self.file = file
        self.is_terminal = file.isatty() if is_terminal is None else is_terminal
        self.encoding = getattr(file, "encoding", None) or "utf-8"
        self.theme = usual_theme()
        self._takes_colours = takes_colours(file.isatty())

    @property
    def width(self) -> int | None:
        """The columns of the terminal now; None where there is none."""
        return self._extent("COLUMNS", 0, 80)

    @property
    def height(self) -> int | None:
        """The lines of the terminal now; None where there is none, or where it doesn't tell."""
        return self._extent("LINES", 1, None)

    def _extent(self, variable: str, axis: int, usual: int | None) -> int | None:
        if not self.is_terminal:
            return None
        given = os.environ.get(variable, "")
        if given.isdecimal() and int(given):
            return int(given)
        with suppress(OSError, ValueError):
            return os.get_terminal_size(self.file.fileno())[axis] or usual
        return usual

    @cached_property
    def has_signs(self) -> bool:
        """Whether it takes the signs that paper has for formulas."""
        return can_hold("²⁻√∛π·≤≥≠∞", self.encoding)

    def clean(self, text: str, keep: str = "") -> str:
        """A text as it will be written, for measuring it: cleaning it again changes nothing."""
        return in_encoding(visible(text, keep), self.encoding)

    def verbatim(self, text: str, keep: str = "") -> str:
        """What someone wrote: what can't be shown goes by its number, not by the name of something else."""
        return escaped(visible(text, keep), self.encoding)

    def lines(self, lines: Sequence[Line]) -> None:
        """Write lines. A reader that has gone away is no mistake: what follows is written to nobody.

        Raises:
            OutputError: where the stream can't be written to.
        """
        if not lines:
            return
        cleaned: list[Line] = [[(self.clean(text, keep="\t"), style) for text, style in line] for line in lines]
        in_colour = self._takes_colours and self.theme != "plain"
        self._write((self._coloured(cleaned) if in_colour else bare(cleaned)) + "\n")

    def verbatim_text(self, text: str) -> None:
        """Write a text as it is; whoever made it saw to what the stream can take.

        Raises:
            OutputError: where the stream can't be written to.
        """
        if text:
            self._write(text)

    def flush(self) -> None:
        """Hand over what is still held back.

        Raises:
            OutputError: where the stream can't be written to.
        """
        self._write("")

    def _write(self, text: str) -> None:
        try:
            if text:
                self.file.write(text)
            if not text or self.is_terminal:
                self.file.flush()
        except BrokenPipeError:
            abandon(self.file)
        except (OSError, ValueError) as error:
            abandon(self.file)
            raise OutputError(error) from None

    def _coloured(self, lines: Sequence[Line]) -> str:
        from rich.text import Text

        theme = THEMES[self.theme]
        with self._console.capture() as captured:
            for line in lines:
                pieces = [(text, theme[style]) for text, style in trimmed(line)]
                self._console.print(Text.assemble(*pieces), soft_wrap=True)
        return captured.get().removesuffix("\n")

    @cached_property
    def _console(self) -> Console:
        from rich.console import Console

        # Whether there are colours is decided before. It only makes text: given the stream itself it would flush that,
        # and leave with 1 where nobody reads it any more.
        return Console(
            file=io.StringIO(), force_terminal=True, color_system="256", no_color=False, highlight=False, emoji=False
        )


def open_all() -> None:
    """Put something in the place of streams that were closed, so that using them says so.

    Nobody reads what would go to a closed standard error: the exit code says it.
    """
    if sys.stdin is None:
        sys.stdin = Closed()
    if sys.stdout is None:
        sys.stdout = Closed()
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for good


def flush_all() -> None:
    """Hand over what both streams still hold back.

    Raises:
        OutputError: where standard output can't be written to.
    """
    with suppress(OutputError):
        Stream(sys.stderr).flush()
    Stream(sys.stdout).flush()


def abandon(file: IO[str]) -> None:
    """Let everything written from now on, and what is still held back, go nowhere."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, file.fileno())
        os.close(nowhere)
