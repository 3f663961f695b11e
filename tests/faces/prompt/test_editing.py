"""`:edit`, with editors that are scripts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faces.prompt.screen import Screen
from tests.faces.prompt.typing_in import Typed

Opened = Callable[..., Screen]


@pytest.fixture
def opened(screens: Opened, tmp_path: Path) -> Opened:
    """Opens a prompt with an editor: the body of a shell script, which gets the file as $1."""

    def open_one(body: str, variable: str = "EDITOR", options: str = "") -> Screen:
        editor = tmp_path / "my editor"
        editor.write_text(f"#!/bin/sh\n{body}\n")
        editor.chmod(0o755)
        return screens(env={variable: f"'{editor}' {options}"})

    return open_one


def test_the_last_input_is_edited_and_run(opened: Opened) -> None:
    """It stands there as it was edited, then what it comes to."""
    at = opened('sed -i s/40/41/ "$1"', "VISUAL")
    at.enters("40 + 1", "\n41")
    at.enters(":edit", "41 + 1\n42")


def test_a_block_and_a_definition(opened: Opened, tmp_path: Path) -> None:
    """Whole, of several lines; the one that is named, not the last."""
    at = opened(f'cp "$1" {tmp_path}/seen; sed -i "s/w \\* x/w * x * 10/" "$1"')
    at.process.send(b"model net(x):\r    param w = 2\r    return w * x\r\r")
    at.enters("f(x) = x + 1; y = 5")
    at.enters(":edit net", "return w * x * 10")
    assert (tmp_path / "seen").read_text() == "model net(x):\n    param w = 2\n    return w * x\n"
    at.enters("net(3)", "\n60")
    at.enters(":edit y", "nothing was changed")
    assert (tmp_path / "seen").read_text() == "y = 5\n"
    at.enters(":edit nett", "did you mean `net`?")


def test_what_has_a_mistake_is_there_again(opened: Opened, tmp_path: Path) -> None:
    """As it was left, at the next `:edit`; what was typed with one is, too."""
    at = opened('sed -i "s/sinn/sni/; s/sn(/sin(/; s/sni/sn/" "$1"')
    at.enters("sinn(0) + 7", "unknown name `sinn`")
    at.enters(":edit", "unknown name `sn`")
    at.enters(":edit", "sin(0) + 7\n7")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("exit 3", "failed, so nothing was run"),
        ("true", "nothing was changed"),
        ('printf "" > "$1"', "nothing was changed"),
        ('printf "\\377" > "$1"', "no text in UTF-8"),
        ('rm "$1"', "no text in UTF-8"),
    ],
)
def test_an_editor_that_gives_nothing_changes_nothing(body: str, said: str, opened: Opened) -> None:
    """And that is said."""
    at = opened(body)
    at.enters("a = 5")
    at.enters(":edit", said)
    at.enters("a + 1", "\n6")


def test_options_and_ctrl_c_are_the_editors(opened: Opened, tmp_path: Path) -> None:
    """The words of $EDITOR are not given to a shell; Ctrl-C goes to the editor alone."""
    at = opened(
        'trap "echo 5 + 5 > \\"$3\\"; exit 0" INT; printf "%s " "$@"; echo waiting; while :; do sleep 0.1; done',
        options="-n '$(ls)'",
    )
    at.enters("1 + 1", "\n2")
    at.enters(":edit", "waiting")
    assert "-n $(ls)" in at.whole
    at.process.send(b"\x03")
    at.shows("5 + 5\n10")


def test_without_an_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said how to name one; so is an editor that is not there, or that no terminal is there for."""
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    at = Typed()
    assert "`export EDITOR=nano`" in at(":edit")
    monkeypatch.setenv("EDITOR", "no-such-editor -w")
    assert "an editor needs a terminal" in at(":edit")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    said = at("a = 1", ":edit")
    assert "`no-such-editor -w` can't be started: no such file or directory" in said.replace("\n", " ")
    monkeypatch.setenv("EDITOR", "'open")
    assert "is no command" in at(":edit")
    assert "is not defined here" in at(":edit b")
