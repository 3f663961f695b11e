"""Which file a `use` means: beside the script that it stands in, a script, and none that is being run already."""

from __future__ import annotations

import os

from gradcli.core.records import record
from gradcli.language.files.places import refused_now
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Diagnostic, Label, LanguageError, Source, fail, near
from gradcli.session.files import Unreadable, read_text

SUFFIX = ".grad"


@record
class Target:
    """A file that is used: the path by which it is known, how it is called, and the files that are being run."""

    path: str
    name: str
    chain: tuple[str, ...]


def target_of(statement: s.Use, chain: tuple[str, ...]) -> Target:
    """The file that a statement means; `chain` are those whose running led to it.

    Raises:
        LanguageError: for what is no script, and for one that would be run in order to run itself.
    """
    span = statement.path.span
    given = str(statement.path.value)
    if refused_now():
        raise fail("file", "files are used where the statement is run", span)
    if not given.endswith(SUFFIX):
        raise fail("file", f"`{given}` is no script", span, f"what is used are scripts, whose names end in {SUFFIX}")
    # What is typed, or comes from a pipe, stands in the current folder.
    here = span.source.name
    is_file = not (here.startswith("<") and here.endswith(">"))
    folder = os.path.dirname(here) if is_file else ""
    name = os.path.normpath(os.path.join(folder, given))
    path = os.path.realpath(name)
    chain = chain or ((os.path.realpath(here),) if is_file else ())
    if path in chain:
        names = [os.path.basename(p) for p in (*chain[chain.index(path) :], path)]
        what = "this file uses itself" if len(names) == 2 else f"these files use each other: {' -> '.join(names)}"
        raise fail("file", what, span, "put what both need into a third file")
    if not os.path.isfile(path):
        if os.path.exists(path):
            found = "this is a folder" if os.path.isdir(path) else "this is a device or a pipe"
            raise fail("file", f"can't use `{given}`: {found}", span, "what is used are files")
        hint = _near_file(name) or f"it is looked for at `{path}`"
        raise fail("file", f"can't use `{given}`: there is no such file", span, hint)
    return Target(path, name, (*chain, path))


def read_target(target: Target, statement: s.Use) -> Source:
    """The text of a file that is used.

    Raises:
        LanguageError: where it can't be read.
    """
    try:
        return Source(target.name, read_text(target.path))
    except Unreadable as error:
        raise fail("file", f"can't use `{statement.path.value}`: {error}", statement.path.span, error.hint) from None


def led_to(error: Diagnostic, statement: s.Use) -> LanguageError:
    """A mistake in a file that is used, with the place that uses it."""
    label = Label(statement.span, "used from here")
    return LanguageError(
        Diagnostic(error.kind, error.message, error.span, error.hint, (*error.labels, label), error.severity)
    )


def _near_file(name: str) -> str | None:
    """A script beside the one that isn't there, with nearly its name."""
    folder, base = os.path.split(name)
    try:
        scripts = sorted(entry for entry in os.listdir(folder or ".") if entry.endswith(SUFFIX))
    except OSError:
        return None
    return near(base, scripts)
