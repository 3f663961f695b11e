"""What the main views look like, at six widths and in a pipe, each in a file to be read.

A view's text is run as a script is. With GRADCLI_WRITE_SCREENS=1 the files are written anew.
"""

from __future__ import annotations

import io
import os

import pytest

from gradcli.output.characters import columns
from gradcli.output.terminal import Terminal
from tests.conftest import ROOT
from tests.output.gallery import VIEWS, fill
from tests.output.tty import TTY

SCREENS = ROOT / "tests" / "output" / "screens"
WIDTHS = ("30", "40", "60", "80", "120", "200", "piped")


def shown(name: str, width: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a screen, or a pipe, shows of a view."""
    monkeypatch.setenv("TERM", "dumb")
    if width != "piped":
        monkeypatch.setenv("COLUMNS", width)
    out = io.StringIO() if width == "piped" else TTY()
    fill(Terminal(out, out), VIEWS[name], monkeypatch)
    return out.getvalue()


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_screen_looks_as_it_did(name: str, width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the letter; no line is wider than the terminal, or ends in a blank, and each screen shows every value."""
    text = shown(name, width, monkeypatch)
    file = SCREENS / f"{name}.{width}.txt"
    if os.environ.get("GRADCLI_WRITE_SCREENS"):
        file.write_text(text)
    lines = text.split("\n")
    assert all(line == line.rstrip() for line in lines)
    assert width == "piped" or max(map(columns, lines)) <= int(width)
    assert file.read_text() == text


def test_there_is_no_screen_of_nothing() -> None:
    """A view that is gone takes its screens with it."""
    assert {f.name for f in SCREENS.glob("*.txt")} == {f"{name}.{width}.txt" for name in VIEWS for width in WIDTHS}
