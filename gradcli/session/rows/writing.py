"""Where results go: a file that has its name when it is complete, or a stream."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from errno import ENOSPC
from typing import TYPE_CHECKING, Any, Protocol

from gradcli.language.files.whole import Unwritable, give_name, target_of
from gradcli.language.text.diagnostics import LanguageError, fail, near
from gradcli.session.rows.arrays import NpyWriter, NpzWriter
from gradcli.session.rows.journal import Done, Journal, Out, begun_before, identity_of, kept_in, refuse_another
from gradcli.session.rows.opening import needs_arrow

if TYPE_CHECKING:
    from gradcli.session.rows.columns import Array

# What is written, by what a name ends in.
KINDS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".ipc": "arrow",
    ".feather": "arrow",
    ".csv": "csv",
    ".npy": "npy",
    ".npz": "npz",
}
FORMATS = ("csv", "parquet", "arrow", "npy", "npz")


class Writer(Protocol):
    """Takes the columns of rows, in order."""

    def write(self, columns: Mapping[str, Array], rows: int) -> None:
        """Write rows."""
        ...

    def close(self) -> None:
        """Write what stands at the end."""
        ...

    def abandon(self) -> None:
        """Write no more."""
        ...


def kind_of(path: str, given: str | None) -> str:
    """What is written to a path.

    Raises:
        LanguageError: where neither the name nor anything else says it.
    """
    if given is not None:
        return given
    if path == "-":
        return "csv"
    ending = os.path.splitext(path)[1].lower()
    if ending not in KINDS:
        hint = near(ending, [*KINDS]) or f"names end in {', '.join(KINDS)}; or say --as csv"
        raise fail("usage", f"`{path}` does not say what is to be written", None, hint)
    return KINDS[ending]


def writer(kind: str, target: Any, outs: Sequence[Out], about: Mapping[str, Any]) -> Writer:
    """What writes a format to a path or a stream.

    Raises:
        LanguageError: where that needs what is not installed.
    """
    if kind == "npy":
        return NpyWriter(target, outs, about)
    if kind == "npz":
        return NpzWriter(target, outs, about)
    try:
        from gradcli.session.rows.arrow import ArrowWriter
    except ImportError:
        raise needs_arrow(f"writing {kind}") from None
    return ArrowWriter(kind, target, outs, about)


@contextmanager
def _refusing(path: str) -> Iterator[None]:
    """What the system says against writing, in our words."""
    try:
        yield
    except Unwritable as error:
        advice = "--overwrite replaces it" if error.exists else error.hint
        raise fail("file", f"can't write `{path}`: {error}", None, advice) from None
    except OSError as error:
        why = str(error.strerror or error).lower()
        why = os.strerror(ENOSPC).lower() if "no space left" in why else why
        raise fail("file", f"can't write `{path}`: {why}", None) from None


class StreamOutput:
    """Standard output. Nothing of it can be taken back, so that what is there of it may break off."""

    begins_at = 0

    def __init__(self, kind: str, outs: Sequence[Out], about: Mapping[str, Any]) -> None:
        if kind in ("npy", "npz"):
            hint = "write csv, arrow or parquet there"
            raise fail("usage", f".{kind} can't be written to standard output: its length stands in front", None, hint)
        self._writer = writer(kind, sys.stdout.buffer, outs, about)

    def replayed(self) -> Iterator[Done]:
        """Nothing is there from before."""
        yield from ()

    def take(self, done: Done) -> None:
        """Write rows."""
        with _refusing("standard output"):
            self._writer.write(done.columns, done.written)

    def complete(self) -> None:
        """All is there."""
        with _refusing("standard output"):
            self._writer.close()
            sys.stdout.buffer.flush()

    def interrupted(self) -> str | None:
        """What is to be said of what is left."""
        return None


class FileOutput:
    """A file beside a journal in `OUT.partial`, which gets its name when it is complete.

    Raises:
        LanguageError: when made, where the output exists, or what is left of another run.
    """

    def __init__(
        self,
        path: str,
        kind: str,
        outs: Sequence[Out],
        about: Mapping[str, Any],
        identity: Mapping[str, Any],
        overwrite: bool,
        resume: bool,
    ) -> None:
        self.path, self._overwrite = path, overwrite
        with _refusing(path):
            self._target, self._mode = target_of(path, overwrite)
        self._folder = f"{self._target}.partial"
        journal = os.path.join(self._folder, "journal")
        self._data = os.path.join(self._folder, f"data.{kind}")
        going_on = self._going_on(journal, identity, resume)
        with _refusing(path):
            if not going_on:
                shutil.rmtree(self._folder, ignore_errors=True)
                os.mkdir(self._folder)
        try:
            self._writer = writer(kind, self._data, outs, about)
        except BaseException:
            if not going_on:
                shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._journal = Journal(journal, identity, outs, going_on)

    def _going_on(self, journal: str, identity: Mapping[str, Any], resume: bool) -> bool:
        there = identity_of(journal)
        if there is None:
            return False
        if not resume:
            if self._overwrite:
                return False
            raise begun_before(self.path)
        refuse_another(self.path, there, identity)
        return True

    def replayed(self) -> Iterator[Done]:
        """What was computed before; it is written again, and not computed."""
        for done in self._journal.replay():
            with _refusing(self.path):
                self._writer.write(done.columns, done.written)
            yield done

    def take(self, done: Done) -> None:
        """Write rows."""
        with _refusing(self.path):
            self._journal.append(done)
            self._writer.write(done.columns, done.written)

    def complete(self) -> None:
        """All is there: the file gets its name."""
        with _refusing(self.path):
            self._writer.close()
            self._journal.close()
            with open(self._data, "rb+") as file:
                os.fsync(file.fileno())
                if self._mode is not None:
                    os.fchmod(file.fileno(), self._mode)
            give_name(self._data, self._target, self._overwrite)
        shutil.rmtree(self._folder, ignore_errors=True)

    def interrupted(self) -> str | None:
        """What is to be said of what is left."""
        try:
            self._writer.abandon()
            self._journal.close()
        except (OSError, ValueError):
            pass
        with_nothing = not any(True for _ in _frames(os.path.join(self._folder, "journal")))
        if with_nothing:
            shutil.rmtree(self._folder, ignore_errors=True)
            return None
        return kept_in(self.path, "what was computed")


def _frames(path: str) -> Iterator[None]:
    """Whether a journal has anything behind its first line."""
    try:
        with open(path, "rb") as file:
            file.readline()
            if file.read(1):
                yield None
    except OSError:
        return


def refuse_resume(path: str, data: str) -> LanguageError | None:
    """Why what was begun can't be gone on with, where it can't."""
    if path == "-":
        return fail("usage", "--resume goes on with a file, and standard output is none", None, "give --out a name")
    if data == "-":
        return fail("usage", "--resume reads the data again, and standard input can't be", None, "give --data a file")
    return None
