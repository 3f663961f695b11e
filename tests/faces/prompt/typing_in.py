"""The prompt in this process: what is typed, and what answers it."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest

from gradcli.faces.prompt.loop import Prompt
from gradcli.language.text.diagnostics import Source
from gradcli.language.values.values import Function
from gradcli.output.terminal import Terminal
from gradcli.session.data import to_data
from gradcli.session.memory import parameters_of
from gradcli.session.plain import plain
from gradcli.session.session import Session
from tests.output.tty import TTY


class Typed:
    """A prompt that is fed line by line."""

    def __init__(self, session: Session | None = None) -> None:
        self.screen = TTY()
        self.prompt = Prompt(Terminal(self.screen, self.screen), session=session)

    def __call__(self, *inputs: str) -> str:
        """Type inputs one after the other; what answers the last, without colours and blanks at the ends of lines."""
        shown = ""
        for text in inputs:
            before = len(self.screen.getvalue())
            self.prompt.evaluate(text)
            shown = self.screen.getvalue()[before:]
        return "".join(f"{line.rstrip()}\n" for line in re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines())

    @property
    def session(self) -> Session:
        """The session as it is now."""
        return self.prompt.workspace.session


def narrow(monkeypatch: pytest.MonkeyPatch, width: int) -> Typed:
    """A prompt on a terminal of some columns, without colours."""
    monkeypatch.setenv("COLUMNS", str(width))
    return Typed()


def state(session: Session) -> dict[str, Any]:
    """All that counts of a session, as data that can be compared: values, parameters, settings, the next draw."""
    found: dict[str, Any] = {}
    for name, value in session.scope.items():
        found[name] = to_data(plain(value))
        if isinstance(value, Function) and parameters_of(value):
            found[f"params({name})"] = [to_data(r) for r in session.run(Source("<state>", f"params({name})")).results]
    found["settings"] = session.settings
    found["random"] = session.seed, session.drawn
    return found


def ran(path: os.PathLike[str]) -> Session:
    """The session behind a script that runs without a mistake."""
    with open(path, encoding="utf-8") as file:
        step = Session().run(Source(str(path), file.read()))
    assert not [d for d in step.diagnostics if d.severity == "error"], step.diagnostics
    return step.session
