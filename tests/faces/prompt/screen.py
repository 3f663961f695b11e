"""gradcli in a terminal that is emulated: keys go in, and what stands on the screen can be read."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pexpect
import pyte

from tests.conftest import ROOT

PATIENCE = 30.0


class Screen:
    """A program on a terminal of its own, with its state in a folder."""

    def __init__(
        self, home: Path, *arguments: str, env: Mapping[str, str] | None = None, columns: int = 80, lines: int = 40
    ) -> None:
        given = {**os.environ, "XDG_STATE_HOME": str(home), "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
        for name in ("COLUMNS", "LINES", "VISUAL", "EDITOR"):
            given.pop(name, None)
        self.child: pexpect.spawn[bytes] = pexpect.spawn(
            sys.executable,
            ["-m", "gradcli", *arguments],
            env={**given, **(env or {})},
            dimensions=(lines, columns),
            timeout=None,
        )
        self._screen = pyte.HistoryScreen(columns, lines, history=1000)
        # What the terminal is asked, such as where its cursor is, it answers.
        vars(self._screen)["write_process_input"] = self.child.send
        self._stream = pyte.ByteStream(self._screen)

    def text(self) -> str:
        """What has been shown, as it stands on the screen and above it."""
        above = [
            "".join(line[x].data for x in range(self._screen.columns)).rstrip() for line in self._screen.history.top
        ]
        return "\n".join([*above, *(line.rstrip() for line in self._screen.display)]).rstrip()

    def until(self, wanted: str, count: int = 1) -> str:
        """Wait for a text to stand on the screen so often; the whole text."""
        limit = time.monotonic() + PATIENCE
        while self.text().count(wanted) < count:
            assert time.monotonic() < limit, f"waited for {wanted!r} and saw\n{self.text()}"
            self._read()
        return self.text()

    def _read(self) -> None:
        try:
            self._stream.feed(self.child.read_nonblocking(65536, timeout=0.2))
        except pexpect.TIMEOUT:
            pass
        except pexpect.EOF:
            time.sleep(0.05)

    def type(self, line: str, until: str | None = None) -> str:
        """Type a line, and wait for what answers it: a text, or else the next prompt."""
        typed = f"> {line[:20]}"
        before = self.text().count(typed)
        self.child.send(line.encode() + b"\r")
        if until is not None:
            return self.until(until)
        self.until(typed, before + 1)
        return self.ready()

    def ready(self) -> str:
        """Wait for the cursor to stand behind a prompt with nothing typed."""
        limit = time.monotonic() + PATIENCE
        while self._screen.display[self._screen.cursor.y].rstrip() != ">":
            assert time.monotonic() < limit, self.text()
            self._read()
        return self.text()

    def leave(self) -> int | None:
        """Press Ctrl-D at an empty line; the exit code."""
        self.child.send(b"\x04")
        return self._ended()

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal, and wait for the end."""
        self.child.kill(number)
        self._ended()

    def hang_up(self) -> None:
        """Close the window."""
        process: Any = vars(self.child)["ptyproc"]
        process.fileobj.close()
        self.child.closed = process.closed = True
        limit = time.monotonic() + PATIENCE
        while self.child.isalive():
            assert time.monotonic() < limit
            time.sleep(0.02)

    def _ended(self) -> int | None:
        limit = time.monotonic() + PATIENCE
        while self.child.isalive():
            assert time.monotonic() < limit, self.text()
            self._read()
        code: int | None = self.child.exitstatus
        return code
