"""The prompt's history: kept entry by entry, so that nothing is lost however the prompt ends."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LONGEST_HISTORY = 10_000
# An entry may have several lines, as one that was pasted has; those that it goes on after end in this.
_GOES_ON = "\r\n"


def history_path() -> Path:
    """Where the prompt's history is kept."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "gradcli" / "history"


class History:
    """The entries of this prompt and of all before it. Where they can't be kept, they last as long as the prompt."""

    def __init__(self, path: Path) -> None:
        """Begin with what is kept."""
        self.path = path
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._shorten()

    def entries(self) -> list[str]:
        """What is kept, the oldest first."""
        try:
            # Line ends are told apart, so they stay as they are.
            text = self.path.read_bytes().decode("utf-8", "surrogateescape")
        except OSError:
            return []
        return [entry.replace(_GOES_ON, "\n") for entry in re.split(r"(?<!\r)\n", text) if entry]

    def add(self, entry: str) -> None:
        """Keep an entry, now. Other prompts may add to the same file."""
        if not entry.strip():
            return
        with suppress(OSError), self._locked() as file:
            os.write(file, _encoded(entry))

    def _shorten(self) -> None:
        """Forget the oldest entries of a file that has grown too long; the file stays the same one for all that add."""
        if len(self.entries()) > LONGEST_HISTORY:
            with self._locked() as file:
                kept = self.entries()[-LONGEST_HISTORY:]
                os.ftruncate(file, 0)
                os.write(file, b"".join(map(_encoded, kept)))

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The file for adding to its end, with no other prompt in it."""
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            with suppress(ImportError):
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)


def _encoded(entry: str) -> bytes:
    """An entry as it stands in the file. Bytes that are no text come back as they were typed."""
    line = entry.replace("\r", "").replace("\n", _GOES_ON) + "\n"
    try:
        return line.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return line.encode("utf-8", "replace")
