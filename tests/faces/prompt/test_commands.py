"""Finding a command, settings and preferences, and measuring time."""

from __future__ import annotations

import itertools
import re

import pytest

from gradcli.core.limits import LIMITS
from gradcli.faces.prompt import timing
from gradcli.faces.prompt.commands import named
from gradcli.faces.prompt.preferences import PREFERENCES, choices_of
from gradcli.faces.prompt.registry import COMMANDS
from gradcli.faces.prompt.timing import in_units
from gradcli.language.text.notation import VERBS
from gradcli.session.settings import SETTINGS
from tests.faces.prompt.typing_in import Typed, state


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_described(name: str) -> None:
    """Its usage begins with its name, its line is short, and more is said of it."""
    entry = COMMANDS[name]
    assert entry.usage.split()[0] == f":{name}"
    assert len(entry.summary) <= 60
    assert entry.details


def test_a_command_may_be_cut_short() -> None:
    """Where no other begins so; a name that is whole is that command, the prompt's own go before the language's."""
    assert named("v") == ["vars"]
    assert named("un") == ["undo"]
    assert named("pl") == ["plot"]
    assert named("q") == ["quit"]
    assert named("check") == ["check"]
    assert named("e") == ["edit"]
    assert named("zzz") == named("") == []
    at = Typed()
    assert at("a = 1", ":v").splitlines()[-2] == " a      number   int     1"
    said = at(":s")
    assert "several commands begin with `:s`" in said
    assert "write `:save`, `:set` or `:show`" in said
    assert "write `:reset` or `:restore`" in at(":res")


@pytest.mark.parametrize(
    ("typed", "meant"), [(":vrs", "vars"), (":plto x", "plot"), (":udno", "undo"), (":SAVE a", "save")]
)
def test_a_command_that_there_is_none_of(typed: str, meant: str) -> None:
    """The nearest is named; `:help` lists all."""
    assert f"did you mean `:{meant}`?" in Typed()(typed)
    assert "`:help` lists the commands" in Typed()(":xyzzy")


@pytest.mark.parametrize("typed", ["!ls", ":!ls", ":! ls -l", "!", "!!"])
def test_there_is_no_way_to_the_shell(typed: str) -> None:
    """And that is said."""
    at = Typed()
    assert "there is no way to the shell from here" in at(typed)


# `:show NAME` is a command of its own.
@pytest.mark.parametrize("verb", sorted(VERBS - {"show"}))
def test_words_of_the_language_are_commands_too(verb: str) -> None:
    """`:plot x^2` is `plot x^2`: the same answer, the same entry in what is saved; alone it asks for an expression."""
    rest = {"check_answer": "x^2 = 2x", "curl": "(x -> x)", "divergence": "(x -> x)"}.get(verb, "x^2")
    one, other = Typed(), Typed()
    assert one(f":{verb} {rest}") == other(f"{verb} {rest}")
    assert one.prompt.workspace.log.script() == other.prompt.workspace.log.script()
    assert f"`:{verb}` needs an expression" in one(f":{verb}")


def test_all_settings_are_listed() -> None:
    """With what each is now and can be."""
    shown = Typed()(":set")
    for name in (*SETTINGS, *LIMITS, *PREFERENCES):
        assert re.search(rf"^ {name} +\S", shown, re.MULTILINE), name
    assert "`:set NAME` says what it is for" in shown


def test_one_setting() -> None:
    """Shown, set, and refused; what is set is a statement that can be taken back."""
    at = Typed()
    assert " now      none\n" in at(":set digits")
    assert at(":set digits 3", "1/3") == "0.333\n"
    assert " now      3\n" in at(":set digits")
    assert at(":undo 2").endswith("took back `set digits 3`\n")
    assert at(":set digits = 3", ":set digits none", "1/3") == "0.3333333333333333\n"
    assert "float32" in at(":set dtype float32", "ones(2)")
    assert " now      200,000\n" in at(":set max_steps")
    assert " now      500\n" in at(":set max_steps 500", ":set max_steps")
    assert " now      inf\n" in at(":set max_steps inf", ":set max_steps")
    assert "digits can't be shown" in at(":set digits 0")
    assert "did you mean `digits`?" in at(":set digitz")
    assert "`:set` lists what there is" in at(":set zzz 3")


def test_a_preference() -> None:
    """Belongs to the prompt: it is no statement, and undo leaves it."""
    at = Typed()
    before = state(at.session)
    assert at(":set theme dark") == ""
    assert at.prompt.workspace.preferences["theme"] == "dark"
    assert " now      dark\n can be   auto, dark, light or plain\n" in at(":set theme")
    assert "did you mean `light`?" in at(":set theme ligth")
    assert "it is emacs or vi" in at(":set keys nano")
    assert at(":undo") == "there is nothing to take back\n"
    assert state(at.session) == before


def test_what_a_setting_can_be() -> None:
    """For completing it."""
    assert choices_of("theme") == ("auto", "dark", "light", "plain")
    assert choices_of("dtype") == ("float64", "float32")
    assert choices_of("max_steps") == ("none", "inf")
    assert choices_of("seed") == choices_of("nothing") == ()


def test_how_long_an_expression_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Median, spread of the middle half, fastest and first, of times that are known."""
    ticks = itertools.chain(
        [0, 5_000_000, 0], *([0, t * 1000] for t in (9, 2, 4, 3, 1, 8, 7)), itertools.repeat(10**10)
    )
    monkeypatch.setattr(timing, "perf_counter_ns", lambda: next(ticks))
    monkeypatch.setattr(timing, "LONG_ENOUGH", -1)
    monkeypatch.setattr(timing, "FEWEST", 7)
    at = Typed()
    title, _, row, *_ = at(":time 1 + 1").splitlines()
    assert title.split() == ["median", "spread", "fastest", "first", "repeats"]
    assert re.split(r" {2,}", row.strip()) == ["4 µs", "4 µs", "1 µs", "5 ms", "7"]


def test_measuring_changes_nothing() -> None:
    """No random number is drawn, nothing is defined or logged; what is no expression is refused."""
    at = Typed()
    at("set seed 3", "a = normal(2)")
    before = state(at.session)
    assert "median" in at(":time normal(2)")
    assert state(at.session) == before
    assert at(":undo") == "took back `a = normal(2)`\n"
    assert "this is no expression" in at(":time b = 2")
    assert "unknown name `tahn`" in at(":time tahn(2)")
    assert "error" in at(":time (1")
    assert "needs an expression" in at(":time")


def test_measuring_can_be_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has been measured is shown."""
    lasts = timing._lasts
    counted = itertools.count()

    def interrupted(repeat: object) -> int:
        if next(counted) == 3:
            raise KeyboardInterrupt
        return lasts(repeat)  # type: ignore[arg-type]

    monkeypatch.setattr(timing, "_lasts", interrupted)
    assert repeats_in(Typed()(":time 1")) == "2"


def repeats_in(shown: str) -> str:
    """How many repeats are told."""
    return shown.splitlines()[2].split()[-1]


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (1_234, "1.23 µs"),
        (123_456, "123 µs"),
        (5e6, "5 ms"),
        (1.5e9, "1.5 s"),
        (3e11, "300 s"),
    ],
)
def test_units_of_time(nanoseconds: float, text: str) -> None:
    """Three digits and a unit."""
    assert in_units(int(nanoseconds)) == text
