"""`:help` at the prompt: the ways to ask, and that nothing that is asked changes the session."""

from __future__ import annotations

import pytest

from gradcli.faces.prompt.helping import help_names
from gradcli.faces.prompt.loop import Prompt
from gradcli.faces.prompt.registry import ALIASES, COMMANDS
from gradcli.output.terminal import Terminal
from tests.output.tty import TTY


@pytest.fixture
def prompt(monkeypatch: pytest.MonkeyPatch) -> tuple[Prompt, TTY]:
    """A prompt at a terminal without colours, and what it shows."""
    monkeypatch.setenv("TERM", "dumb")
    out = TTY()
    return Prompt(Terminal(out, out)), out


WAYS = ["?grad", "grad?", "help grad", "help(grad)", ":help grad", ":help grad(f)", ":? grad", ":h grad"]


@pytest.mark.parametrize("typed", WAYS)
def test_each_way_to_ask(prompt: tuple[Prompt, TTY], typed: str) -> None:
    """They are one."""
    shown, out = prompt
    shown.evaluate(typed)
    assert out.getvalue().startswith("grad(fn, grad_position=0")
    assert "see also" in out.getvalue()


@pytest.mark.parametrize("name", [*COMMANDS, *ALIASES])
def test_every_command_has_a_page(prompt: tuple[Prompt, TTY], name: str) -> None:
    """Under its name and its short ones, with the colon or without."""
    shown, out = prompt
    shown.evaluate(f":help :{name}")
    assert out.getvalue().startswith(COMMANDS[ALIASES.get(name, name)].usage)
    assert f":{ALIASES.get(name, name)}" in out.getvalue()


def test_the_overview_is_one_screen(prompt: tuple[Prompt, TTY], monkeypatch: pytest.MonkeyPatch) -> None:
    """With every command that there is."""
    monkeypatch.setenv("COLUMNS", "80")
    shown, out = prompt
    shown.evaluate(":help")
    assert len(out.getvalue().splitlines()) <= 22
    assert all(f":{name}" in out.getvalue() for name in COMMANDS)


def test_a_command_tells_its_other_names(prompt: tuple[Prompt, TTY]) -> None:
    """Such as those of other prompts."""
    shown, out = prompt
    shown.evaluate(":help q")
    assert out.getvalue().startswith(":quit")
    assert ":exit, :q" in out.getvalue()


def test_asking_changes_nothing(prompt: tuple[Prompt, TTY]) -> None:
    """Examples run in sessions of their own."""
    shown, _ = prompt
    shown.evaluate("f(x) = x")
    before = shown.workspace.session
    for name in ("", "grad", "digits", "model", "f", "settings", "nosuch", "functions", "commands"):
        shown.evaluate(f":help {name}")
    assert shown.workspace.session is before


def test_what_there_is_no_help_on(prompt: tuple[Prompt, TTY]) -> None:
    """A near name is named; of several words the others are told of."""
    shown, out = prompt
    shown.evaluate(":help snh")
    assert "there is no help on `snh`" in out.getvalue()
    assert "did you mean `sinh`?" in out.getvalue()
    shown.evaluate(":help cos qqq")
    assert "cosine of x" in out.getvalue()
    assert "there is no help on `qqq`" in out.getvalue()


def test_names_for_completion(prompt: tuple[Prompt, TTY]) -> None:
    """Built-ins, words, settings, topics, commands, and what is defined."""
    shown, _ = prompt
    shown.evaluate("mine = 3")
    names = help_names(shown.workspace)
    assert {"sin", "pi", "model", "digits", "max_steps", "calculus", "functions", "help", "mine"} <= set(names)
    assert len(names) == len(set(names))
