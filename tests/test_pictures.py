"""The pictures of the prompt that the README shows: what is typed, and what the screen says then.

GRADCLI_WRITE_PICTURES=1 makes them anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.faces.prompt.pictures import picture_of, text_in
from tests.faces.prompt.screen import Screen

FOLDER = ROOT / "samples" / "pictures"


def live(screen: Screen) -> None:
    """A function, and its slopes while a call of it is typed."""
    screen.enters("f(x, y) = x^2 * sin(y)")
    screen.enters("∇f")
    screen.types("f(3, 0.50)")
    screen.keys("left", "ctrl-up", "ctrl-up")
    screen.until(lambda: screen.bottom.startswith("= 4.47192"))


def completing(screen: Screen) -> None:
    """The menu of names, with what they are."""
    screen.enters("model net(x): param w = [1, 2]; return sum(w * x)")
    screen.types("grad(net, wrt=")
    screen.keys("tab")
    screen.shows("parameter")
    screen.until(lambda: screen.bottom.startswith("grad("))


PICTURES: dict[str, Callable[[Screen], None]] = {"live": live, "completing": completing}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_show_what_the_prompt_shows(name: str, tmp_path: Path) -> None:
    """Line by line; colours are those of the day on which they were made."""
    with Screen(tmp_path, columns=80, lines=14) as screen:
        PICTURES[name](screen)
        made = picture_of(screen, f"gradcli {name}")
    path = FOLDER / f"{name}.svg"
    if os.environ.get("GRADCLI_WRITE_PICTURES"):
        path.write_text(made, encoding="utf-8")
    assert text_in(path.read_text(encoding="utf-8")) == text_in(made)
