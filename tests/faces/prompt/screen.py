"""The prompt on a screen: gradcli in a pseudo-terminal, and what its screen shows."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import pexpect
import pyte

# What keys send.
KEYS = {
    "enter": "\r",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "left": "\x1b[D",
    "right": "\x1b[C",
    "ctrl-up": "\x1b[1;5A",
    "ctrl-down": "\x1b[1;5B",
    "ctrl-shift-up": "\x1b[1;6A",
    "alt-enter": "\x1b\r",
    "ctrl-c": "\x03",
    "ctrl-d": "\x04",
    "ctrl-r": "\x12",
    "backspace": "\x7f",
    "escape": "\x1b",
}
A_WHILE = 2.0
PATIENCE = 30.0
# pyte's names of colours in Rich's.
_COLOURS = {
    **{name: name for name in ("black", "red", "green", "blue", "magenta", "cyan", "white")},
    **{f"bright{n}": f"bright_{n}" for n in ("black", "red", "green", "blue", "magenta", "cyan", "white")},
    "brown": "yellow",
    "brightbrown": "bright_yellow",
}


class _Emulated(pyte.HistoryScreen):
    """A screen that answers where its cursor is."""

    answer: Callable[[str], object]

    def write_process_input(self, data: str) -> None:
        """What a terminal tells the program."""
        self.answer(data)


class Screen:
    """gradcli at its prompt, as a person sees it."""

    def __init__(
        self, home: Path, *arguments: str, columns: int = 80, lines: int = 24, env: Mapping[str, str] | None = None
    ) -> None:
        kept = {
            k: v
            for k, v in os.environ.items()
            if k not in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "VISUAL", "EDITOR")
        }
        own = {"XDG_STATE_HOME": str(home), "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"}
        self.process = pexpect.spawn(
            sys.executable,
            ["-m", "gradcli", *arguments],
            env={**kept, **own, **(env or {})},
            dimensions=(lines, columns),
            timeout=PATIENCE,
        )
        self.process.delaybeforesend = None
        self._screen = _Emulated(columns, lines, history=1000)
        self._screen.answer = self.process.send
        self._stream = pyte.ByteStream(self._screen)
        self.ready()

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.close(force=True)

    @property
    def lines(self) -> list[str]:
        """What stands on it, without the blanks behind."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """The same as one text."""
        return "\n".join(self.lines).rstrip()

    @property
    def whole(self) -> str:
        """What has been shown, as it stands on the screen and above it."""
        above = ["".join(line[x].data for x in range(self.columns)).rstrip() for line in self._screen.history.top]
        return "\n".join([*above, self.text]).rstrip()

    @property
    def columns(self) -> int:
        """Its width."""
        return int(self._screen.columns)

    @property
    def styled(self) -> list[list[tuple[str, str | None, bool, bool]]]:
        """Its lines in pieces: the text, its colour, whether it is bold, whether it is reversed; no empty last ones."""
        found = []
        for y in range(len(self.text.split("\n"))):
            row = self._screen.buffer[y]
            pieces = []
            for x in range(self.columns):
                char = row[x]
                colour = None if char.fg == "default" else _COLOURS.get(char.fg, f"#{char.fg}")
                pieces.append((char.data, colour, char.bold, char.reverse))
            found.append(pieces)
        return found

    @property
    def cursor_line(self) -> str:
        """The line that the cursor is in."""
        return self.lines[self._screen.cursor.y]

    @property
    def column(self) -> int:
        """Where in its line the cursor stands."""
        return int(self._screen.cursor.x)

    @property
    def bottom(self) -> str:
        """The last line."""
        return self.lines[-1]

    def read(self, seconds: float = 0.05) -> None:
        """Take in what comes within a time."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            try:
                seen: Any = self.process.read_nonblocking(65536, timeout=max(0.01, limit - time.monotonic()))
                self._stream.feed(seen)
            except pexpect.TIMEOUT:
                return
            except pexpect.EOF:
                return

    def until(self, holds: Callable[[], bool], what: str = "it") -> None:
        """Wait until something holds of the screen."""
        limit = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < limit, f"waited for {what}, and saw\n{self.text}"
            self.read(0.005)

    def shows(self, text: str, count: int = 1) -> str:
        """Wait until a text has been shown so often; all that has been shown."""
        self.until(lambda: self.whole.count(text) >= count, repr(text))
        return self.whole

    def ready(self) -> None:
        """Wait for the cursor to stand behind a prompt with nothing typed."""
        self.until(lambda: self.cursor_line == ">", "the next prompt")

    def types(self, text: str) -> None:
        """Type a text, and wait until it is there."""
        self.process.send(text)
        # A long text goes on in other lines.
        self.until(lambda: text.rstrip()[-8:] in self.cursor_line, f"{text!r} to appear")

    def keys(self, *names: str) -> None:
        """Press keys."""
        for name in names:
            self.process.send(KEYS[name])
            self.read()

    def presses(self, key: str, text: str) -> None:
        """Press a key until a text stands on the screen; again only when nothing has come of it for a while."""
        limit = time.monotonic() + PATIENCE
        while text not in self.text:
            assert time.monotonic() < limit, f"pressed {key} for {text!r}, and saw\n{self.text}"
            before, pressed = self.text, time.monotonic()
            self.keys(key)
            while self.text == before and time.monotonic() < pressed + A_WHILE:
                self.read(0.05)

    def enters(self, text: str, until: str | None = None) -> str:
        """Type an input, and wait for what answers it: a text, or else the next prompt. All that has been shown."""
        self.until(lambda: self.cursor_line.startswith((">", "...", "[")), "a line to type in")
        self.types(text)
        self.keys("enter")
        if until is not None:
            return self.shows(until)
        self.ready()
        return self.whole

    def pastes(self, text: str) -> None:
        """Paste a text, as terminals do that tell a paste from typing."""
        self.process.send(f"\x1b[200~{text}\x1b[201~")
        self.read(0.3)

    def resize(self, columns: int, lines: int) -> None:
        """Make the window another size."""
        self._screen.resize(lines, columns)
        self.process.setwinsize(lines, columns)

    def kill(self, how: int = signal.SIGKILL) -> None:
        """Send it a signal, and wait for its end."""
        self.process.kill(how)
        self._ended()

    def hang_up(self) -> None:
        """Close the window."""
        process: Any = vars(self.process)["ptyproc"]
        process.fileobj.close()
        self.process.closed = process.closed = True
        limit = time.monotonic() + PATIENCE
        while self.process.isalive():
            assert time.monotonic() < limit
            time.sleep(0.02)

    def leave(self) -> int | None:
        """Press Ctrl-D at an empty line; the exit code."""
        self.ready()
        self.process.send(KEYS["ctrl-d"])
        return self._ended()

    def left(self) -> int | None:
        """Wait until the program has left; its exit code."""
        return self._ended()

    def _ended(self) -> int | None:
        limit = time.monotonic() + PATIENCE
        while self.process.isalive():
            assert time.monotonic() < limit, self.text
            self.read()
        code: int | None = self.process.exitstatus
        return code
