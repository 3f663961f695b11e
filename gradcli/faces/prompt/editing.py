"""`:edit`: what was typed last, or a definition, in the user's own editor."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gradcli.faces.prompt.registry import command, defined
from gradcli.faces.prompt.workspace import Workspace
from gradcli.language.text.diagnostics import near


class _Unedited(Exception):  # noqa: N818 - it is said as a diagnostic
    """The editor gave no text: why, and what to do."""

    def __init__(self, problem: str, hint: str | None = None) -> None:
        super().__init__(problem)
        self.hint = hint


@command(":edit [NAME]", "what was typed last, or a definition, in $EDITOR", defined)
def edit(rest: str, workspace: Workspace) -> None:
    """Open $VISUAL or $EDITOR on the last input, or on the statement that defines a name, and run what is saved there.

    Where nothing is changed, or the editor fails, nothing happens. A text with a mistake is there again at the next
    `:edit`.
    """
    text = workspace.last
    if rest:
        found = workspace.log.defining(rest)
        if found is None:
            hint = near(rest, [*workspace.session.scope]) or "`:vars` lists what is defined"
            workspace.refuse("name", f"`{rest}` is not defined here", hint)
            return
        text = found.text
    try:
        edited = _edited(text)
    except _Unedited as error:
        workspace.refuse("usage", str(error), error.hint)
        return
    if not edited.strip() or edited.rstrip() == text.rstrip():
        workspace.reporter.say("nothing was changed", "dim")
        return
    for line in edited.rstrip().split("\n"):
        workspace.reporter.say(line, "dim")
    workspace.typed(edited)


def _edited(text: str) -> str:
    """A text as it is saved in the editor.

    Raises:
        _Unedited: where there is no editor, or it fails.
    """
    from shlex import split
    from tempfile import mkstemp

    chosen = os.environ.get("VISUAL", "").strip() or os.environ.get("EDITOR", "").strip()
    if not chosen:
        raise _Unedited("no editor is chosen", "name one before gradcli starts: `export EDITOR=nano`")
    if not sys.stdin.isatty():
        raise _Unedited("an editor needs a terminal", "type the statement again")
    try:
        words = split(chosen)
    except ValueError:
        raise _Unedited(f"`{chosen}` is no command", "see the quotes in $VISUAL or $EDITOR") from None
    try:
        file, name = mkstemp(suffix=".grad", prefix="gradcli-")
        with os.fdopen(file, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as opened:
            opened.write(f"{text.rstrip()}\n" if text.strip() else "")
    except OSError as error:
        raise _Unedited(f"no file can be made for the editor: {(error.strerror or str(error)).lower()}") from None
    path = Path(name)
    _run([*words, name], chosen)
    try:
        edited = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise _Unedited("what was saved is no text in UTF-8", f"it is still in {name}") from None
    with suppress(OSError):
        path.unlink()
    return edited


def _run(words: list[str], chosen: str) -> None:
    from subprocess import run

    path = Path(words[-1])
    try:
        with _deaf_to_interrupts():
            code = run(words, check=False).returncode
    except (OSError, ValueError) as error:
        path.unlink(missing_ok=True)
        why = (getattr(error, "strerror", None) or str(error)).lower()
        raise _Unedited(f"`{chosen}` can't be started: {why}", "see $VISUAL and $EDITOR") from None
    if code:
        path.unlink(missing_ok=True)
        raise _Unedited(f"`{chosen}` failed, so nothing was run", "its exit code was not 0")


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Let Ctrl-C go to the editor alone; a handler, unlike deafness, is not inherited by it."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
