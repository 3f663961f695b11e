"""The prompt as a person types at it: in a pseudo-terminal, by what its screen shows."""

from __future__ import annotations

import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faces.prompt.screen import Screen

MODEL = """\
model pinn(x, t):
    # a network of two layers

    param w1 = [0.1, 0.2, 0.3]
    param w2 = [0.4, 0.5, 0.6]
    param b = [0.0, 0.1, 0.2]

    hidden = tanh(w1 * x + w2 * t + b)

    param v = [1.0, -1.0, 0.5]
    u = sum(v * hidden)

    u_t = diff(u, t)

    u_x = diff(u, x)
    u_xx = diff(u, x, x)

    nu = 0.01

    left = u_t
    right = u * u_x

    # Burgers' equation
    residual = (
        left
        + right

        - nu * u_xx
    )


    return residual
"""


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    """A prompt with a history of its own."""
    with Screen(tmp_path) as opened:
        yield opened


def test_it_answers_and_keeps_what_is_defined(screen: Screen) -> None:
    """A value, a function, a table, and Ctrl-D leaves."""
    screen.enters("f(x, y) = x^2 * y")
    screen.enters("f(3, 5)")
    assert "45" in screen.lines
    screen.enters("grad(f, (0, 1))(3, 5)")
    assert "∂f/∂x" in screen.text
    screen.keys("ctrl-d")
    assert screen.left() == 0


def test_enter_goes_on_with_what_is_open(screen: Screen) -> None:
    """A block is indented by itself, and ends with an empty line behind what it returns."""
    screen.types("model net(x):")
    screen.keys("enter")
    # What comes without a pause is pasted, and has blanks of its own.
    screen.until(lambda: screen.column == len("...     "))
    screen.types("param w = [1, 2]")
    screen.keys("enter")
    screen.until(lambda: screen.cursor_line == "..." and screen.column == len("...     "))
    screen.keys("enter")
    screen.read(0.3)
    screen.until(lambda: screen.cursor_line == "..." and screen.column == len("...     "))
    screen.types("return sum(w * x)")
    assert screen.cursor_line == "...     return sum(w * x)"
    screen.keys("enter", "enter")
    screen.until(lambda: screen.cursor_line == ">")
    screen.enters("net([3, 4])")
    assert "11" in screen.lines
    screen.types("(1 +")
    screen.keys("enter")
    screen.enters("2)")
    assert "3" in screen.lines


def test_alt_enter_makes_a_line(screen: Screen) -> None:
    """Also where the text is whole; several statements are one input."""
    screen.types("a = 2")
    screen.keys("alt-enter")
    screen.enters("a * 21")
    assert "42" in screen.lines


@pytest.mark.parametrize("prompts", [False, True])
def test_a_model_is_pasted_whole(screen: Screen, prompts: bool) -> None:
    """With empty lines within, and as another prompt showed it."""
    text = MODEL
    if prompts:
        first, *others = MODEL.rstrip().split("\n")
        text = "\n".join([f"> {first}", *(f"... {line}".rstrip() for line in others), "> 1 + 1", "2"])
    screen.pastes(text)
    screen.keys("enter")
    screen.until(lambda: screen.cursor_line == ">")
    assert "error" not in screen.text
    screen.enters("pinn(0.5, 0.25) > -10")
    assert "true" in screen.lines


def test_an_error_in_the_middle_keeps_what_came_before(screen: Screen) -> None:
    """The statements in front of it have run; the mistake is shown in its place, and the text comes back."""
    screen.pastes("a = 1\nb = tahn(2)\nc = 3")
    screen.keys("enter")
    screen.shows("did you mean `tanh`?")
    screen.enters("a")
    assert "1" in screen.lines
    screen.keys("up", "up")
    screen.shows("... c = 3")


def test_tab_completes_with_what_names_are(screen: Screen) -> None:
    """Inputs in wrt=, kinds and shapes of names, the help of built-ins, signs by their names."""
    screen.enters("f(speed, mass) = speed^2 mass")
    screen.types("grad(f, wrt=")
    screen.keys("tab")
    screen.shows("speed  input")
    screen.keys("down", "down", "enter")
    screen.until(lambda: "wrt=speed" in screen.text or "wrt=mass" in screen.text)
    screen.keys("ctrl-c")
    screen.types("logad")
    screen.keys("tab")
    screen.shows("logaddexp")
    screen.keys("ctrl-c")
    screen.process.send("\\alpha\t")
    screen.until(lambda: screen.cursor_line == "> α")
    screen.process.send(" + x^2\\^2\t")
    screen.until(lambda: screen.cursor_line == "> α + x^2²")
    screen.keys("ctrl-c")
    screen.types(":res")
    screen.keys("tab")
    screen.shows(":reset")


def test_the_live_line_follows_what_is_typed(screen: Screen) -> None:
    """Value and slopes, a curve of a function, nothing for a mistake; nothing of it lasts."""
    screen.enters("x = 3; y = 5")
    screen.types("x^2 y")
    screen.until(lambda: screen.bottom == "= 45   ∂x 30   ∂y 9", "the live line")
    screen.process.send(" +")
    screen.until(lambda: screen.bottom == "", "no live line")
    screen.process.send(" tahn(1)")
    screen.read(0.4)
    assert screen.bottom == ""
    screen.keys("ctrl-c")
    screen.types("z = x^2")
    screen.until(lambda: screen.bottom == "z = 9   ∂x 6")
    screen.keys("ctrl-c")
    screen.enters("z")
    screen.shows("unknown name `z`")
    screen.types("g(t) = t^2")
    screen.until(lambda: "∂t 2t" in screen.bottom and "█" in screen.bottom)


def test_the_live_line_draws_no_numbers(tmp_path: Path) -> None:
    """What is shown while typing is what Enter gives, and what came without it."""
    answers = []
    for shown in (True, False):
        with Screen(tmp_path) as screen:
            screen.enters("set seed 4")
            if shown:
                screen.types("normal(2)")
                _until_live(screen)
                screen.keys("ctrl-c")
            screen.enters("normal(2)")
            answers.append(next(line for line in screen.lines if "float64 (2,)" in line))
    assert answers[0] == answers[1]


def _until_live(screen: Screen) -> None:
    screen.until(lambda: screen.bottom.startswith("= "), "the live line")


def test_control_arrows_turn_a_number(screen: Screen) -> None:
    """By its last digit, with Shift by ten, and the live line follows."""
    screen.types("0.25^2")
    for _ in range(3):
        screen.keys("left")
    screen.keys("ctrl-up")
    screen.until(lambda: screen.cursor_line == "> 0.26^2")
    screen.until(lambda: screen.bottom.startswith("= 0.0676"))
    screen.keys("ctrl-shift-up", "ctrl-down")
    screen.until(lambda: screen.cursor_line == "> 0.35^2")


def test_control_c_drops_the_line(screen: Screen) -> None:
    """And stops a computation at once, with nothing lost."""
    screen.enters("x = 7")
    screen.types("never(")
    screen.keys("ctrl-c")
    screen.until(lambda: screen.cursor_line == ">")
    screen.process.send("for i in range(90000): y = sum(normal((300, 300)))\r")
    screen.read(1.0)
    start = time.monotonic()
    screen.keys("ctrl-c")
    screen.shows("interrupted")
    screen.until(lambda: screen.cursor_line == ">")
    assert time.monotonic() - start < 10
    screen.enters("x")
    assert "7" in screen.lines


def test_typing_goes_on_while_the_live_line_works(screen: Screen) -> None:
    """What takes long is dropped, and Enter doesn't wait for it."""
    screen.types("sum(normal((3000, 300)) @ normal((300, 300)))")
    screen.types(" - 1")
    screen.enters("")
    screen.enters("1 + 1")
    assert "2" in screen.lines


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("help sin", "sine of x"),
        ("?sin", "sine of x"),
        ("sin?", "sine of x"),
        ("help(sin)", "sine of x"),
        (":help sin", "sine of x"),
        ("helpp sin", "error"),
    ],
)
def test_help_as_other_prompts_spell_it(screen: Screen, typed: str, answer: str) -> None:
    """Each is the command."""
    screen.enters(typed)
    screen.shows(answer)


@pytest.mark.parametrize("word", ["exit()", "quit()", "q", "exit", "quit", ":q"])
def test_words_that_leave(screen: Screen, word: str) -> None:
    """As at other prompts."""
    screen.types(word)
    screen.keys("enter")
    assert screen.left() == 0


def test_a_name_that_is_defined_is_no_command(screen: Screen) -> None:
    """`q` is a letter like all others."""
    screen.enters("q = 12; help = 30")
    screen.enters("q + help")
    assert "42" in screen.lines
    screen.enters("clear")
    screen.until(lambda: "42" not in screen.lines)


def test_history_is_of_whole_inputs(tmp_path: Path) -> None:
    """A model comes back whole, in the next prompt too, found by Ctrl-R and suggested in grey."""
    with Screen(tmp_path) as first:
        first.pastes("model net(x):\n    param w = 2\n    return w * x\n")
        first.keys("enter")
        first.enters("net(21)")
        first.kill(signal.SIGHUP)
    kept = tmp_path / "gradcli" / "history"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with Screen(tmp_path) as second:
        # The history is read while the first prompt shows.
        second.presses("up", "net(21)")
        second.keys("up")
        second.shows("...     return w * x")
        second.keys("ctrl-c", "ctrl-r")
        second.process.send("param")
        second.shows("model net(x):")
        second.keys("ctrl-c")
        second.process.send("net(")
        second.shows("net(21)")


def test_two_prompts_keep_each_others_history(tmp_path: Path) -> None:
    """Even where both are killed."""
    with Screen(tmp_path) as first, Screen(tmp_path) as second:
        first.enters("111 + 1")
        second.enters("222 + 1")
        first.enters("333 + 1")
        for screen in (first, second):
            screen.kill()
    kept = (tmp_path / "gradcli" / "history").read_text()
    assert kept == "111 + 1\n222 + 1\n333 + 1\n"


def test_the_window_changes_while_someone_types(screen: Screen) -> None:
    """The text stays whole, at any width."""
    screen.enters("f(x, y, z) = sin(x)*exp(y)/z")
    screen.types("f(1, 2, 3) + f(4, 5, 6)")
    for columns in (30, 100, 12, 80):
        screen.resize(columns, 24)
        screen.read(0.2)
    screen.keys("enter")
    screen.until(lambda: screen.cursor_line == ">")
    assert "error" not in screen.text


def test_a_narrow_screen(tmp_path: Path) -> None:
    """The value stands in front of what there is no room for."""
    with Screen(tmp_path, columns=30) as screen:
        screen.enters("x = 3; y = 5; z = 7")
        screen.types("x^2 y z / 11")
        screen.until(lambda: screen.bottom.startswith("= 28.636"))
        assert len(screen.bottom) < 30


def test_without_a_home_that_can_be_written(tmp_path: Path) -> None:
    """History is a convenience."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    with Screen(blocked) as screen:
        screen.enters("1 + 1")
        assert "2" in screen.lines
