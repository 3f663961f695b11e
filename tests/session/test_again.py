"""What was asked before is shown at once, as long as it is the same."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

import gradcli
from gradcli.session import again, session

DEFINED = """
f(x) = x^3*sin(x)
g(a, b) = a*f(b)
model net(x):
    param w = 2.0
    return w*x^2
v = [1.0, 2.0, 3.0]
n = 3
def said(x):
    print(x)
    return x
"""
KEPT = ["f(2)", "g(n, 2)", "net(3)", "v", "v*n", "grad(f)(2)", "∇g", "n", "1/3 + 1/6", "sin(1)"]
# What is refused, and what may be a slip of any name, is worked out each time.
ASKED = [*KEPT, "lenght*2", "missing(3)", '"text']
CHANGES = [
    "n = 4",
    "f(x) = x^2",
    "v = [1.0, 2.0]",
    "params(net) = 3.0",
    "set digits = 5",
    "set dtype = float32",
    "length = 5",
    "lenght = 7",
    "sin(x) = x",
    "unused = 1",
    "del = 3",
    "7*6",
]


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """What other tests asked is forgotten."""
    again._here.kept.clear()
    yield
    again._here.kept.clear()


def _shown(home: gradcli.Session, text: str) -> str:
    try:
        return "\n".join(map(str, home.run(text)))
    except gradcli.GradcliError as error:
        return str(error)


def test_the_second_time_nothing_is_read_or_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same result, which is the last one once more."""
    home = gradcli.Session()
    home.run(DEFINED)
    first = [_shown(home, text) for text in KEPT]
    monkeypatch.setattr(session, "parse", None)
    assert [_shown(home, text) for text in KEPT] == first
    monkeypatch.undo()
    assert _shown(home, "ans") == first[-1]
    assert _shown(home, "_1") == first[0]


@pytest.mark.filterwarnings("ignore:.*:gradcli.GradcliWarning")
@pytest.mark.parametrize("change", CHANGES)
def test_what_has_changed_is_seen(change: str) -> None:
    """Definitions, settings, parameters: it is shown what a session shows that never was asked before."""
    found = []
    for forgets in (False, True):
        again._here.kept.clear()
        home = gradcli.Session()
        home.run(DEFINED)
        for text in ASKED:
            _shown(home, text)
        _shown(home, change)
        if forgets:
            again._here.kept.clear()
        found.append([_shown(home, text) for text in ASKED])
    assert found[0] == found[1]


def test_sessions_are_told_apart() -> None:
    """Each has names of its own."""
    one, two = gradcli.Session(), gradcli.Session()
    one.run("f(x) = x")
    two.run("f(x) = 2x")
    assert [_shown(s, "f(2)") for s in (one, two, one, two)] == ["2", "4", "2", "4"]


@pytest.mark.parametrize("text", ["ans + 1", "_1 + ans", "normal(2)", "said(3)", "f(2)\nf(3)", "x = f(2)"])
def test_what_is_not_the_same_twice_is_not_kept(text: str) -> None:
    """The last result, random numbers, what is printed; nor what is more than one expression."""
    home = gradcli.Session()
    home.run(f"{DEFINED}\n5.0")
    _shown(home, text)
    assert not any(key[1] == text for key in again._here.kept)


def test_a_file_is_read_again(tmp_path: Path) -> None:
    """It may have changed."""
    file = tmp_path / "numbers.csv"
    home = gradcli.Session(allow=[tmp_path])
    shown = []
    for numbers in ("1\n2\n", "3\n4\n"):
        file.write_text(f"a\n{numbers}")
        shown.append(_shown(home, f'sum(load("{file}").a)'))
    assert shown == ["3", "7"]


def test_a_warning_is_said_each_time() -> None:
    """What is said beside a result is not lost."""
    home = gradcli.Session()
    for _ in range(2):
        with pytest.warns(gradcli.GradcliWarning):
            home.run("(-8)^(1/3)")


def test_what_reads_much_is_not_kept() -> None:
    """A large tensor goes when its name gets another value."""
    home = gradcli.Session()
    home.run("large = ones(2000000)\nsmall = ones(10)")
    assert _shown(home, "sum(small)") == "10"
    assert _shown(home, "sum(large)") == "2000000"
    assert [text for _, text in again._here.kept] == ["sum(small)"]


def test_old_names_are_not_held() -> None:
    """A text that was asked keeps none but those that it read."""
    home = gradcli.Session()
    home.run("f(x) = x\nlarge = ones(1000)")
    home.run("f(2)")
    (kept,) = again._here.kept.values()
    home.run("large = 3")
    gc.collect()
    assert kept._scope() is None
    assert not kept._watch.decided
    assert _shown(home, "f(2)") == "2"
