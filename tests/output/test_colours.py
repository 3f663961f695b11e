"""Colours: who gets them, and that each can be read on its ground."""

from __future__ import annotations

import io
import re

import pytest
from rich.style import Style

from gradcli.output.style import THEMES, takes_colours, usual_theme
from gradcli.output.terminal import Terminal
from tests.language.running import run
from tests.output.tty import TTY

VARIABLES = ("NO_COLOR", "FORCE_COLOR", "TERM", "GRADCLI_THEME", "COLORFGBG")
# What xterm makes of the sixteen that have names, and of the grey and the cube that have numbers.
NAMED = (
    *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229)),
    *((127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255)),
    (255, 255, 255),
)
GROUNDS = {"dark": (0, 0, 0), "light": (255, 255, 255)}


def shown(terminal: bool, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], theme: str = "") -> str:
    """What a terminal or a pipe is sent for a table, with some variables set and no others."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out = TTY() if terminal else io.StringIO()
    reporter = Terminal(out, out)
    if theme:
        reporter.theme = theme
    for result in run("f(x) = x^2; derivatives(f)(3); [1, 2]").results:
        reporter.result(result)
    reporter.say("✓ all is well", "good")
    return out.getvalue()


@pytest.mark.parametrize(
    ("environment", "on_a_terminal", "in_a_pipe"),
    [
        ({}, True, False),
        ({"TERM": "xterm-256color"}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "true"}, True, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"FORCE_COLOR": "false"}, True, False),
        ({"FORCE_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "0", "TERM": "dumb"}, False, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ({"FORCE_COLOR": "0", "NO_COLOR": "1"}, False, False),
        ({"GRADCLI_THEME": "plain"}, False, False),
        ({"GRADCLI_THEME": "plain", "FORCE_COLOR": "1"}, False, False),
        ({"GRADCLI_THEME": "light", "FORCE_COLOR": "1"}, True, True),
    ],
)
def test_who_gets_colours(
    environment: dict[str, str], on_a_terminal: bool, in_a_pipe: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal that is no dumb one, and a pipe by FORCE_COLOR; nobody against NO_COLOR."""
    for terminal, wanted in ((True, on_a_terminal), (False, in_a_pipe)):
        assert ("\x1b" in shown(terminal, monkeypatch, environment)) == wanted
        assert takes_colours(terminal, environment) == wanted or environment.get("GRADCLI_THEME") == "plain"


def test_colours_change_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them each theme shows the same text, with no blanks at the ends of lines."""
    texts = {re.sub(r"\x1b\[[\d;]*m", "", shown(True, monkeypatch, {}, theme)) for theme in THEMES}
    (text,) = texts
    assert all(line == line.rstrip() for line in text.split("\n"))


@pytest.mark.parametrize(
    ("environment", "theme"),
    [
        ({}, "dark"),
        ({"GRADCLI_THEME": "light"}, "light"),
        ({"GRADCLI_THEME": "Plain"}, "plain"),
        ({"GRADCLI_THEME": "pink"}, "dark"),
        ({"COLORFGBG": "0;15"}, "light"),
        ({"COLORFGBG": "0;default;7"}, "light"),
        ({"COLORFGBG": "15;0"}, "dark"),
        ({"COLORFGBG": "nonsense"}, "dark"),
        ({"COLORFGBG": "0;15", "GRADCLI_THEME": "dark"}, "dark"),
    ],
)
def test_the_usual_theme(environment: dict[str, str], theme: str) -> None:
    """As asked for, else as the terminal's background is said to be, else for a dark one."""
    assert usual_theme(environment) == theme


def test_a_theme_can_be_changed_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both streams follow; a name that is none is refused."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    out, err = TTY(), TTY()
    reporter = Terminal(out, err)
    for theme in ("light", "plain", "dark"):
        reporter.theme = theme
        reporter.say("well", "good")
        reporter.explain("no style")
    light, plain, dark = out.getvalue().splitlines()
    assert plain == "well"
    assert len({light, plain, dark}) == 3
    with pytest.raises(ValueError, match="pink"):
        reporter.theme = "pink"
    assert reporter.theme == "dark"


def rgb(look: str) -> tuple[int, int, int] | None:
    """The colour of a look; None where it has none of its own."""
    colour = Style.parse(look).color
    if colour is None or colour.is_default:
        return None
    if colour.number is not None and colour.number < len(NAMED):
        return NAMED[colour.number]
    red, green, blue = colour.get_truecolor()
    return red, green, blue


def luminance(colour: tuple[int, int, int]) -> float:
    """As the Web Content Accessibility Guidelines define it."""
    shares = [c / 255 for c in colour]
    r, g, b = [s / 12.92 if s <= 0.03928 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("theme", GROUNDS)
def test_every_colour_can_be_read(theme: str) -> None:
    """Its contrast with the ground is 4 to 1 at least; only a terminal's own foreground is left to it."""
    ground = luminance(GROUNDS[theme])
    for style, look in THEMES[theme].items():
        colour = rgb(look)
        if colour is None:
            assert look in ("", "bold"), style
            continue
        darker, lighter = sorted((ground, luminance(colour)))
        assert (lighter + 0.05) / (darker + 0.05) >= 4, (style, look)


def test_all_themes_have_the_same_styles() -> None:
    """Whatever is written has a look in each."""
    assert len({frozenset(theme) for theme in THEMES.values()}) == 1
    assert set(THEMES) == {"dark", "light", "plain"}
    assert not any(THEMES["plain"].values())
