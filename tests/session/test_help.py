"""Help: every name has its page, every example runs, and what is said is true."""

from __future__ import annotations

import io
import math
import os
import re
from pathlib import Path

import numpy as np
import pytest

from gradcli.core.limits import LIMITS, limit
from gradcli.language.calls.builtin import Builtin
from gradcli.language.files.places import in_scratch
from gradcli.language.library.names import builtins
from gradcli.language.text.diagnostics import Source
from gradcli.language.text.notation import VERBS
from gradcli.language.values.values import Required
from gradcli.output.characters import columns
from gradcli.output.help_pages import help_page, plain_text
from gradcli.output.terminal import Terminal
from gradcli.output.views import Look
from gradcli.session.help import CommandText, Entry, Sample, explain, help_names
from gradcli.session.help.families import FAMILIES, aliases, families, is_of_numbers
from gradcli.session.help.forms import forms
from gradcli.session.help.topics import TOPICS, topic
from gradcli.session.results import Derivatives, Shown, Tensor
from gradcli.session.session import Session
from gradcli.session.settings import SETTINGS
from tests.output.tty import TTY
from tests.test_readme import answered

# Their examples are about what is lost.
OF_NAN = ("why", "nan", "inf", "infinity", "∞")
FRESH = Session()
COMMANDS = {"help": CommandText("help", ":help [NAME]", "what a name means", "Explain it.")}
TOPIC_FILES = Path(explain.__code__.co_filename).parent.parent / "topics"


def entry(name: str, session: Session = FRESH) -> Entry:
    """The first meaning of a name."""
    found = explain(name, session)
    assert found.entries, name
    return found.entries[0]


def fact(name: str, label: str) -> str | None:
    """What a page says under a label, as it is typed."""
    return next((f"{f.text}{f.suffix}" for f in entry(name).facts if f.label == label), None)


def value(text: str) -> float:
    """What a number comes to, nan where it has none."""
    step = Session().run(Source("<test>", text))
    result = step.results[0]
    assert isinstance(result, Shown)
    shown = result.value.rows[0].tensor if isinstance(result.value, Derivatives) else result.value
    assert isinstance(shown, Tensor)
    assert isinstance(shown.data, (int, float))
    return float(shown.data)


def numbers(found: object) -> list[float]:
    """All numbers of a value."""
    if isinstance(found, Tensor):
        return list(map(float, np.ravel(found.data)))
    if isinstance(found, tuple):
        return [n for item in found for n in numbers(item)]
    if isinstance(found, Derivatives):
        return [n for row in found.rows if row.tensor is not None for n in numbers(row.tensor)]
    return []


def check_samples(name: str, samples: tuple[Sample, ...]) -> None:
    """They ran, said nothing that is odd, and came to numbers; the last one shows something, or checks it."""
    assert samples, name
    for sample in samples:
        if name not in OF_NAN:
            assert not sample.diagnostics, (name, sample.typed, sample.diagnostics)
        for result in sample.results:
            found = numbers(result.value) if isinstance(result, Shown) else []
            assert name in OF_NAN or all(map(math.isfinite, found)), (name, sample.typed)
            assert getattr(result, "passed", True)
    assert samples[-1].results or samples[-1].typed.startswith("set "), name


@pytest.mark.parametrize("name", builtins())
def test_every_built_in_has_a_page(name: str) -> None:
    """A summary, an example that runs under that very name, and related names that there is help on."""
    page = entry(name)
    assert page.summary
    assert any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", s.typed) for s in page.samples) or name == "nabla"
    check_samples(name, page.samples)
    assert 1 <= len(page.related) <= 6
    assert name not in page.related
    for other in (*page.related, *page.aliases):
        assert explain(other, FRESH).entries, f"{name}: {other}"


@pytest.mark.parametrize("form", list(forms()), ids=lambda form: form.title)
def test_every_statement_and_sign_has_a_page(form: object) -> None:
    """Under each of its names, with examples that run and related names that there are."""
    names = form.names  # type: ignore[attr-defined]
    for name in names:
        assert any(e.summary for e in explain(name, FRESH).entries), name
    (page,) = [e for e in explain(names[0], FRESH).entries if e.title == form.title]  # type: ignore[attr-defined]
    # What uses a file has none to show.
    if "use" not in names:
        check_samples(names[0], page.samples)
    for other in page.related:
        assert explain(other, FRESH).entries, other


@pytest.mark.parametrize("name", [*SETTINGS, *LIMITS])
def test_every_setting_and_limit_has_a_page(name: str) -> None:
    """With what it is now, and an example that sets it."""
    page = entry(name)
    assert page.title == f"set {name} VALUE"
    assert any(f.label == "now" and f.text for f in page.facts)
    assert page.samples[0].typed.startswith(f"set {name} ") or page.samples[1].typed.startswith(f"set {name} ")
    check_samples(name, page.samples)
    assert all(explain(other, FRESH).entries for other in page.related)


def test_a_setting_is_told_as_it_is_now() -> None:
    """In the session that asks; a limit by what the environment says too."""
    session = Session().run(Source("<test>", "set digits 7; set dtype float32; set seed 3; set max_steps 5")).session
    now = {name: {f.label: f.text for f in entry(name, session).facts}["now"] for name in SETTINGS}
    assert now == {"dtype": "float32", "seed": "3", "digits": "7", "numbers": "certified"}
    assert ("now", "5 steps") in [(f.label, f.text) for f in entry("max_steps", session).facts]
    assert "7; how many digits" in plain_text(explain("settings", session))


def test_a_limit_that_the_environment_spoils_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong with it stands in its place."""
    monkeypatch.setenv("GRADCLI_MAX_STEPS", "many")
    assert "which is no limit" in plain_text(explain("max_steps", Session()))


def test_every_word_that_commands_a_line_has_a_page() -> None:
    """And says that it is one; so has each word of the grammar that is a name."""
    session = Session().run(Source("<test>", "f(x) = sin(x)")).session
    for word in VERBS:
        if word == "show":
            continue
        written = re.findall(rf"Without brackets too: `({word} f[^`]*)`", entry(word).details)
        assert not [d for d in session.run(Source("<test>", *written)).diagnostics if d.severity == "error"]
    words = ["model", "param", "def", "return", "for", "in", "assert", "set", "if", "elif", "else", "and", "or", "not"]
    words += ["while", "break", "continue", "print", "show"]
    for word in [*VERBS, *words, "at", "over", "order", "true", "false", "none"]:
        assert explain(word, FRESH).entries, word


def test_examples_are_shown_with_the_sessions_digits() -> None:
    """They are computed when help is asked for."""
    session = Session().run(Source("<test>", "set digits 3")).session
    out = io.StringIO()
    Terminal(out, out).help(explain("pi", session))
    assert "> pi\n  3.14\n" in out.getvalue()


@pytest.mark.parametrize(
    ("name", "slope"),
    [
        ("sin", "cos(x)"),
        ("log", "1/x"),
        ("asin", "1/sqrt(1 - x^2)"),
        ("floor", "0 wherever it exists"),
        ("leaky_relu", "where(x > 0, 1, 1/100), for slope = 0.01"),
        ("besselj", "besselj(1, x)/2 - besselj(3, x)/2, for n = 2"),
        ("grad", None),
        ("sum", None),
    ],
)
def test_the_slope_comes_from_the_table(name: str, slope: str | None) -> None:
    """As the language itself differentiates; words where there is none, nothing where it is no function of numbers."""
    assert fact(name, "derivative") == slope


@pytest.mark.parametrize("name", [n for n in builtins() if is_of_numbers(n)])
def test_the_domain_is_where_there_are_values(name: str) -> None:
    """A function of one number has values where its page says so, and nowhere else."""
    said = fact(name, "defined for")
    function = builtins()[name]
    assert isinstance(function, Builtin)
    several = sum(i.real and isinstance(i.default, Required) for i in function.inputs) > 1
    if said is None or several or len([f for f in entry(name).facts if f.label.startswith("derivative")]) > 1:
        return
    (letter, condition), known = _condition(said), 2
    call = f"{name}({known}, {{}})" if name.startswith(("bessel", "polygamma")) else f"{name}({{}})"
    for x in (-2.5, -1.0, -0.5, 0.0, 0.3, 1.0, 2.0, 3.5):
        there = eval(condition, {"sin": math.sin, "cos": math.cos, "exp": math.exp, letter: x})
        try:
            found = value(call.format(f"({x})"))
        except (IndexError, AssertionError):
            found = math.nan
        assert math.isfinite(found) == bool(there), (name, x, said, found)


def _condition(said: str) -> tuple[str, str]:
    """The letter of a condition, and the condition as Python's."""
    said = said.split(", for ")[0]
    if said.startswith("every "):
        return said.removeprefix("every "), "True"
    letter = re.findall(r"\b[a-z]\b", said)[0]
    other = re.fullmatch(r"\w other than (.*), \.\.\.", said)
    if other:
        return letter, f"{letter} > {other[1].split(',')[0]} or {letter} != int({letter})"
    return letter, said


@pytest.mark.parametrize(
    ("name", "label", "text"),
    [
        ("abs", "corner", "at 0, where the slope goes from -1 to 1; the slope shown is 0"),
        ("relu", "corner", "at 0, where the slope goes from 0 to 1; the slope shown is 0"),
        (
            "leaky_relu",
            "corner",
            "at 0, where the slope goes from 0.01 to 1; the slope shown is 0.01, for slope = 0.01",
        ),
        ("maximum", "corner", "where x = y; the slopes shown there are 0.5 and 0.5"),
        ("hypot", "corner", "where both are 0; the slopes shown there are 0 and 0"),
        ("sign", "jumps", "at 0, from -1 to 1; the value there is 0, the slope shown 0"),
        ("heaviside", "jumps", "at 0, from 0 to 1; the value there is 0.5, the slope shown 0, for h0 = 0.5"),
        ("floor", "jumps", "at every whole x, where the slope shown is 0"),
        ("round", "jumps", "halfway between whole numbers, where the slope shown is 0, for decimals = 0"),
        ("mod", "jumps", "where a/b is whole"),
        ("sqrt", "vertical", "at 0, where the slope is inf"),
        ("asin", "vertical", "at -1 and 1, where the slope is inf"),
        ("acot", "jumps", "at 0, from -1.5708 to 1.5708; the value there is 1.5708, the slope shown -1"),
        ("sin", "corner", None),
        ("sin", "jumps", None),
        ("exp", "vertical", None),
    ],
)
def test_sharp_points_come_from_the_table(name: str, label: str, text: str | None) -> None:
    """Corners, jumps and vertical tangents, with what is shown there."""
    assert fact(name, label) == text


def test_the_slopes_said_to_be_shown_at_corners_are() -> None:
    """By the derivative itself."""
    for name in builtins():
        said = re.search(
            r"at (\S+), where the slope goes .*; the slope shown is (\S+?)(?:, for|$)", fact(name, "corner") or ""
        )
        if said:
            assert value(f"{name}'({said[1]})") == float(said[2])


def test_every_function_is_in_one_family() -> None:
    """Under one of its names, and what no family names is with those of its file."""
    listed = [name for family in families() for name in family.names]
    assert len(listed) == len(set(listed))
    for name, function in builtins().items():
        if isinstance(function, Builtin):
            assert len({name, *aliases()[name]} & set(listed)) == 1, name
    assert {family.topic for family in FAMILIES} <= set(TOPICS)


def test_aliases_are_the_same_function() -> None:
    """What is called otherwise elsewhere has the page of the function, under its own name."""
    assert set(entry("tg").aliases) == {"tan"}
    assert set(entry("nCr").aliases) == {"binomial", "comb"}
    assert entry("arcsin").samples[0].typed.startswith("arcsin(")
    assert entry("swish").samples[0].typed.startswith("swish(")


ROUNDING = re.compile(r"\d(\.\d+)?e-1[67] *")


@pytest.mark.parametrize("name", TOPICS)
def test_topics_show_what_the_program_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every answer in them, which GRADCLI_WRITE_TOPICS=1 writes anew; at most two screens at first."""
    if name == "data":
        pytest.importorskip("pyarrow")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "76")
    file = TOPIC_FILES / f"{name}.md"
    text = file.read_text(encoding="utf-8")
    # Files that a page writes are nobody's.
    with in_scratch():
        now = answered(text)
    if os.environ.get("GRADCLI_WRITE_TOPICS"):
        file.write_text(now, encoding="utf-8")
    assert "```" in text
    # What rounding alone leaves has other digits on another processor.
    assert ROUNDING.sub("e-16", now) == ROUNDING.sub("e-16", text)
    assert len(help_page(explain(name, FRESH), Look(width=80))) <= 44
    assert columns(topic(name).summary) <= 63


def test_a_topic_has_sections() -> None:
    """By a word of their titles, and all of them; a word that is in none leads to what it means by itself."""
    calculus = topic("calculus")
    assert calculus.sections
    for section in calculus.sections:
        (entry_of_it,) = explain(f"calculus {section.title.split()[0].lower()}", FRESH).entries
        assert entry_of_it.details == section.text
    (whole,) = explain("calculus all", FRESH).entries
    assert all(section.text in whole.details for section in calculus.sections)
    assert "calculus all" in explain("calculus", FRESH).entries[0].details
    assert {e.title for e in explain("calculus sin", FRESH).entries} == {"calculus", "sin(x)"}


def test_what_topics_name_is_there() -> None:
    """Each word of a topic that is a built-in's has a page, and so has each that is asked for by `:help`."""
    for name in TOPICS:
        for asked in re.findall(r":help ([\w-]+)|`\?(\w+)`", topic(name).text):
            word = next(filter(None, asked))
            assert word == "NAME" or explain(word, FRESH, COMMANDS).entries, word


def test_the_overview_is_one_screen() -> None:
    """80 by 24 at most, with the topics, functions, commands, and how to ask for more."""
    lines = help_page(explain("", FRESH, COMMANDS), Look(width=80))
    assert len(lines) <= 22
    text = plain_text(explain("", FRESH, COMMANDS))
    for word in (*TOPICS, "sin", "grad", "Dense", ":help NAME", ":help functions", "commands"):
        assert word in text


@pytest.mark.parametrize("width", [24, 40, 80, 120])
@pytest.mark.parametrize(
    "name", ["", "grad", "max", "solve", "Dense", "^", "model", "settings", "scripts", "functions"]
)
def test_pages_fit_the_terminal(name: str, width: int) -> None:
    """No line is wider, and none is lost."""
    lines = help_page(explain(name, FRESH, COMMANDS), Look(width=width))
    assert all(columns("".join(text for text, _ in line).rstrip()) <= max(width, 30) for line in lines)
    words = "".join("".join(text for text, _ in line) for line in lines)
    for entry_ in explain(name, FRESH, COMMANDS).entries:
        assert "".join(entry_.summary.split()) in "".join(words.split())


def test_pages_go_to_an_ascii_terminal() -> None:
    """Signs that it lacks are written otherwise, and nothing fails."""

    class Ascii(TTY):
        encoding = "ascii"

    out = Ascii()
    for name in [*help_names(FRESH)[:40], *TOPICS, "∇", "functions", "where"]:
        Terminal(out, out).help(explain(name, FRESH))
    out.getvalue().encode("ascii")


def test_a_pipe_gets_plain_lines() -> None:
    """Without styles, as wide as a page is."""
    out = io.StringIO()
    Terminal(out, out).help(explain("sin", FRESH))
    assert out.getvalue().startswith("sin(x)\n  sine of x in radians\n")
    assert "\x1b" not in out.getvalue()


def test_what_is_defined_has_a_page() -> None:
    """Its definition, its formula, its slope, and what it reads from outside."""
    text = "a = 2; h(x) = a sin(x); k(x) = q x; v = [1, 2]"
    session = Session().run(Source("<test>", text)).session
    session = session.run(Source("<test>", "model net(x):\n    param w = 3\n    return w*x\n")).session
    h = {f.label: f.text for f in entry("h", session).facts}
    assert h == {"formula": "2*sin(x)", "derivative": "2*cos(x)", "reads": "a"}
    assert "h(x) = a sin(x)" in plain_text(explain("h", session))
    assert {f.label: f.text for f in entry("k", session).facts} == {"reads": "q (no value yet)"}
    assert "[1, 2]" in plain_text(explain("v", session))
    assert ("parameters", "w") in [(f.label, f.text) for f in entry("net", session).facts]
    assert {"h", "k", "v", "net"} <= set(help_names(session))


def test_what_takes_long_or_is_no_function_of_numbers_has_a_page() -> None:
    """Without a formula, and without waiting for one."""
    text = (
        "def p(x):\n    y = 1\n    for i in range(100000): y = y*x\n    return y\n\nr(n) = 1 if n < 1 else n*r(n-1)\n"
    )
    session = Session().run(Source("<test>", f"{text}q(g, x) = g(x)")).session
    for name in ("p", "r", "q"):
        assert not entry(name, session).facts
        assert name in plain_text(explain(name, session))


def test_examples_do_not_feel_the_limits_of_the_session() -> None:
    """And leave them as they are."""
    session = Session().run(Source("<test>", "set max_steps 3")).session
    assert "1024" in plain_text(explain("def", session))
    assert limit("max_steps") == 3


def test_an_example_about_a_note_shows_it() -> None:
    """As the prompt does."""
    assert "the nan comes from `sqrt(x)`" in plain_text(explain("why", FRESH))


def test_several_words_are_explained_one_by_one() -> None:
    """Each once."""
    assert [e.title for e in explain("Dense set Dense pi", FRESH).entries] == [
        entry("Dense").title,
        "set NAME VALUE",
        "pi",
    ]


def test_a_name_of_ones_own_comes_first() -> None:
    """And what it hides is told too."""
    session = Session().run(Source("<test>", "sin(x) = x")).session
    kinds = [e.kind for e in explain("sin", session).entries]
    assert kinds == ["yours", "function"]


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        ("sin(x)", ["function"]),
        ("`sin`", ["function"]),
        ("wrt", ["option"]),
        ("numbers", ["setting"]),
        (":help", ["command"]),
        ("help", ["command"]),
        ("set digits", ["statement", "setting"]),
        ("limits", ["topic"]),
        ("deg", ["constant"]),
    ],
)
def test_what_is_asked_for_is_found(asked: str, kinds: list[str]) -> None:
    """As it is called, with brackets, several words at once; every meaning that a word has."""
    assert [e.kind for e in explain(asked, FRESH, COMMANDS).entries] == kinds


@pytest.mark.parametrize(
    ("asked", "hint"), [("sinn", "did you mean `sin`?"), ("qqq", "`:help` lists"), ("SIN", "`sin`")]
)
def test_a_name_that_there_is_not(asked: str, hint: str) -> None:
    """A near one is named, or where to look."""
    found = explain(asked, FRESH)
    assert not found.entries
    assert hint in (found.hint or "")
    assert explain("sin qqq", FRESH).asked == "qqq"
