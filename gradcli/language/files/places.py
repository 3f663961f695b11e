"""Which files a text may read and write: those beside the script that is run, and below, and what was allowed besides.

What is typed, or comes from a pipe or from Python, stands in the current folder. Links are followed before it is
looked where a file is, so that none leads out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token

from gradcli.language.text.diagnostics import Source, Span, fail
from gradcli.language.values.watching import spoil

_refused: ContextVar[bool] = ContextVar("no files", default=False)
_home: ContextVar[str | None] = ContextVar("the folder of what is run", default=None)
_scratch: ContextVar[str | None] = ContextVar("a folder for examples", default=None)
_allowed: ContextVar[tuple[str, ...]] = ContextVar("folders and files that are allowed besides", default=())


@contextmanager
def not_now() -> Iterator[None]:
    """Within this, files are neither written nor read: nobody has asked for them yet."""
    token = _refused.set(True)
    try:
        yield
    finally:
        _refused.reset(token)


def refused_now() -> bool:
    """Whether this is within `not_now`."""
    return _refused.get()


def allow(paths: Sequence[str]) -> Token[tuple[str, ...]]:
    """Let a text read and write these files too, and what is in these folders, in this context."""
    return _allowed.set((*_allowed.get(), *map(os.path.realpath, paths)))


@contextmanager
def allowing(paths: Sequence[str]) -> Iterator[None]:
    """Within this, a text may read and write these files too, and what is in these folders."""
    token = allow(paths)
    try:
        yield
    finally:
        _allowed.reset(token)


@contextmanager
def running(source: Source) -> Iterator[None]:
    """Within this, a text is run: its folder counts, also for what it uses from elsewhere."""
    if _home.get() is not None:
        yield
        return
    token = _home.set(os.path.realpath(folder_of(source)))
    try:
        yield
    finally:
        _home.reset(token)


@contextmanager
def in_scratch() -> Iterator[None]:
    """Within this, files are in a folder of their own, which is there as soon as one is asked for, and gone then."""
    token = _scratch.set("")
    try:
        yield
    finally:
        folder = _scratch.get()
        _scratch.reset(token)
        if folder:
            from shutil import rmtree

            rmtree(folder, ignore_errors=True)


def folder_of(source: Source) -> str:
    """Where the paths in a text begin: the folder of a file, else the current one."""
    name = source.name
    if not (name.startswith("<") and name.endswith(">")):
        return os.path.dirname(name) or "."
    return _made() if _scratch.get() is not None else "."


def _made() -> str:
    folder = _scratch.get()
    if not folder:
        from tempfile import mkdtemp

        folder = mkdtemp(prefix="gradcli-")
        _scratch.set(folder)
    return folder


def place_of(given: str, span: Span, done: str) -> str:
    """The real path of a file that a text names; `done` is read or written.

    Raises:
        LanguageError: for one that lies elsewhere than it may, whether it is there or not, and while nothing is run.
    """
    spoil()
    if refused_now():
        raise fail("file", f"files are {done} where the statement is run", span)
    if "\0" in given:
        raise fail("file", f"a file with the character U+0000 in its name can't be {done}", span)
    here = folder_of(span.source)
    home = os.path.realpath(here if _scratch.get() is not None else _home.get() or ".")
    path = os.path.realpath(os.path.join(here, given))
    if any(_is_within(path, folder) for folder in (home, *_allowed.get())):
        return path
    # A file that is named as it should be, and is a link.
    named = os.path.normpath(os.path.join(os.path.realpath(here), given))
    is_link = _is_within(named, home)
    what = f"`{given}` {'is a link that leads to where' if is_link else 'lies where'} nothing may be {done}"
    where = "the current folder" if home == os.path.realpath(".") else "the script's folder"
    hint = f"only what is in {where} or below is {done}; `--allow FOLDER`, in Python `allow=`, adds another"
    raise fail("file", what, span, hint)


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
