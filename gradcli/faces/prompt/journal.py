"""The journal of a prompt: what ran, on disk as it ran, for the next prompt if this one ends in the middle.

Each prompt has a file of its own and holds a lock on it as long as it lives, however it ends. A line is one event, as
JSON; a line that is torn, as by a power cut, ends what is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, time, time_ns

from gradcli.core.records import record
from gradcli.session.log import Entry, Log, Statement, count, texts

# What is older, in seconds, or beyond so many, is not offered any more.
OLDEST, MOST = 30 * 24 * 3600, 20
# A script that is loaded waits for the disk so often, in seconds, not once a statement.
PATIENCE = 0.2
_SUFFIX = ".journal"


class Journal:
    """What is written of a prompt that is open. Where nothing can be written, nothing is, and nobody is bothered."""

    def __init__(self, folder: Path, log: Log) -> None:
        """Begin with what a log has already; the file is made with the first event."""
        self.path = folder / f"{os.getpid()}-{time_ns()}{_SUFFIX}"
        self._file: int | None = None
        self._failed = False
        self._synced = 0.0
        if log.first:
            self._add("first", log.first)
        for place, entry in enumerate(log.entries):
            if entry.is_reset:
                self.reset([ran.text for ran in entry.statements])
            else:
                for ran in entry.statements:
                    self._add("ran", place, ran.text)
        self.sync()

    def ran(self, place: int, text: str) -> None:
        """A statement ran, of the input at this place in the log."""
        self._add("ran", place, text)
        if monotonic() - self._synced > PATIENCE:
            self.sync()

    def undone(self, place: int) -> None:
        """The inputs from this place on were taken back."""
        self._add("undone", place)
        self.sync()

    def reset(self, statements: Sequence[str]) -> None:
        """All was forgotten but these settings."""
        self._add("reset", statements)
        self.sync()

    def sync(self) -> None:
        """Wait until all is on the disk."""
        if self._file is not None:
            with suppress(OSError):
                os.fsync(self._file)
            self._synced = monotonic()

    def drop(self) -> None:
        """The prompt was left as one leaves it: nothing is to be restored."""
        if self._file is not None:
            with suppress(OSError):
                self.path.unlink()
            os.close(self._file)
        self._file, self._failed = None, True

    def _add(self, *event: object) -> None:
        from json import dumps

        if self._failed:
            return
        line = dumps(event).encode() + b"\n"
        try:
            if self._file is None:
                self._file = _made(self.path)
            written = os.write(self._file, line)
        except (OSError, ImportError):
            written = 0
        # Behind half a line nothing would be read.
        self._failed = written < len(line)


def _made(path: Path) -> int:
    """A new file that is locked before it has the name by which others find it."""
    from fcntl import LOCK_EX, LOCK_NB, flock

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unseen = path.with_suffix(".new")
    file = os.open(unseen, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        flock(file, LOCK_EX | LOCK_NB)
        unseen.rename(path)
    except OSError:
        os.close(file)
        unseen.unlink(missing_ok=True)
        raise
    return file


@record
class Left:
    """What a prompt that ended in the middle has left: its file, when it last wrote, and the inputs that ran."""

    path: Path
    ended: float
    first: tuple[str, ...]
    entries: list[Entry]

    @property
    def inputs(self) -> list[str]:
        """The inputs that lead to what was defined, each as it is run again."""
        return texts(self.first, self.entries)

    @property
    def count(self) -> int:
        """How many statements these have."""
        return count(self.first, self.entries)

    def drop(self) -> None:
        """Forget it."""
        with suppress(OSError):
            self.path.unlink()


def left_behind(folder: Path) -> list[Left]:
    """What prompts that are gone have left, the newest first. What is too old, and what holds nothing, is dropped."""
    found = []
    for path in _files(folder):
        with _of_the_dead(path) as ended:
            if ended is None:
                continue
            first, entries = _read(path)
            left = Left(path, ended, first, entries)
            if not left.inputs or time() - ended > OLDEST:
                left.drop()
            else:
                found.append(left)
    found.sort(key=lambda left: left.ended, reverse=True)
    for left in found[MOST:]:
        left.drop()
    return found[:MOST]


def _files(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if entry.name.endswith(_SUFFIX)]
    except OSError:
        return []


@contextmanager
def _of_the_dead(path: Path) -> Iterator[float | None]:
    """When a journal was last written to; None where its prompt still lives, or it can't be told."""
    try:
        from fcntl import LOCK_NB, LOCK_SH, flock

        file = os.open(path, os.O_RDONLY)
    except (OSError, ImportError):
        yield None
        return
    try:
        # Whoever else looks has a shared lock too; the prompt that writes has it alone.
        flock(file, LOCK_SH | LOCK_NB)
        ended = os.fstat(file).st_mtime
    except OSError:
        ended = None
    try:
        yield ended
    finally:
        os.close(file)


def _read(path: Path) -> tuple[tuple[str, ...], list[Entry]]:
    """What a journal begins with, and the inputs that were not taken back."""
    first: tuple[str, ...] = ()
    entries: list[Entry] = []
    for event in _events(path):
        match event:
            case ["first", [*statements]]:
                first = tuple(map(str, statements))
            case ["ran", int(place), str(text)]:
                if place >= len(entries):
                    entries.append(Entry(None))
                entries[-1].statements.append(Statement(text))
            case ["undone", int(place)]:
                del entries[place:]
            case ["reset", [*statements]]:
                entries.append(Entry(None, [Statement(str(text)) for text in statements], is_reset=True))
    return first, entries


def _events(path: Path) -> Iterator[object]:
    from json import loads

    try:
        data = path.read_bytes()
    except OSError:
        return
    for line in data.split(b"\n")[:-1]:
        try:
            yield loads(line)
        except ValueError:
            return
