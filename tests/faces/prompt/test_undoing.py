"""Taking back what was typed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gradcli.session import log
from gradcli.session.memory import memory_of
from tests.conftest import ROOT
from tests.counting import calls_of
from tests.faces.prompt.screen import Screen
from tests.faces.prompt.typing_in import Typed, state

NET = "model net(x):\n    param w = [1, 2]\n    return sum(w * x)"


@pytest.mark.parametrize(
    "typed",
    [
        "a = 2",
        "b = 1; c = 2",
        "a",
        "set digits 3",
        "set seed 4",
        "set max_steps 9",
        "x = normal(3)",
        "net.w -= 0.5",
        NET,
        ":reset",
        ":set dtype float32",
        "normal(2)",
        "f(x) = x^3",
        "for i in range(3): a = i",
    ],
)
def test_an_input_is_taken_back_whole(typed: str) -> None:
    """Names, settings, random numbers and trained parameters are what they were, and it is said what is gone."""
    at = Typed()
    at("a = 1", NET, "y = normal(2)")
    before = state(at.session)
    at(typed)
    shown = typed.split("\n")[0].replace(":set", "set")
    assert at(":undo").startswith(f"took back `{shown}`")
    assert state(at.session) == before
    assert at(typed) is not None
    at(":undo")
    assert state(at.session) == before


def test_several_are_taken_back_in_order() -> None:
    """The last first; where there are fewer, that is said."""
    at = Typed()
    at("a = 1", "b = 2", "c = 3")
    assert at(":undo 2") == "took back `c = 3`\ntook back `b = 2`\n"
    assert [*at.session.scope] == ["a"]
    assert at(":undo 5") == "took back `a = 1`\nthere is nothing more to take back\n"
    assert at(":undo") == "there is nothing to take back\n"
    for wrong in ("0", "-1", "x", "1.5"):
        assert "is no number of inputs" in at(f":undo {wrong}")


def test_what_failed_and_what_only_looked_is_no_level() -> None:
    """A mistake, a command and an assert change nothing, so that they are passed over."""
    at = Typed()
    at("a = 1", "b = missing", ":vars", "assert a == 1")
    assert at(":undo") == "took back `a = 1`\n"


def test_what_ran_before_a_mistake_stays() -> None:
    """The statements of one line are kept one by one; undo takes those back that ran."""
    at = Typed()
    at("a = 1", "a = 2; b = 3; c = missing; d = 4")
    assert {*at.session.scope} == {"a", "b"}
    at(":undo")
    assert [*at.session.scope] == ["a"]
    assert at("a") == "1\n"


def test_the_digits_that_were_set_are_taken_back_on_the_screen() -> None:
    """Also for what shows the session itself."""
    at = Typed()
    at("x = 1/3", "set digits 2")
    assert "0.33\n" in at(":vars x")
    at(":undo")
    assert "0.3333333333333333\n" in at(":vars x")


def test_a_reset_begins_again_and_can_be_taken_back() -> None:
    """With all that was defined before it; what is set stays set."""
    at = Typed()
    at("set seed 3", "a = normal(2)", "b = 2")
    before = state(at.session)
    at(":reset")
    assert not at.session.scope
    assert at("a = normal(2)", "a") == Typed()("set seed 3", "normal(2)")
    at(":undo 2")
    assert at(":undo") == "took back `:reset`\n"
    assert state(at.session) == before


def test_a_hundred_inputs_can_be_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies further back can't, and that is said."""
    monkeypatch.setattr(log, "MOST_LEVELS", 5)
    monkeypatch.setattr("gradcli.faces.prompt.undoing.MOST_LEVELS", 5)
    at = Typed()
    at(*(f"x = {i}" for i in range(9)))
    told = at(":undo 9").splitlines()
    assert told[:5] == [f"took back `x = {i}`" for i in (8, 7, 6, 5, 4)]
    assert told[5:] == ["there is nothing more to take back; the last 5 inputs are kept for it"]
    assert at("x") == "3\n"


def test_large_tensors_are_not_held_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many levels are kept as fit a bound of memory, the last always."""
    monkeypatch.setattr(log, "MOST_BYTES", 2.5 * 8000)
    at = Typed()
    at("x = zeros(1000)", *(f"x = x + {i}" for i in range(1, 10)))
    held = [entry.before is not None for entry in at.prompt.workspace.log.entries]
    assert held == [False] * 8 + [True] * 2
    monkeypatch.setattr(log, "MOST_BYTES", 10)
    at("x = x + 10")
    assert at(":undo") == "took back `x = x + 10`\n"
    assert memory_of(at.session.scope["x"]) == 8000


# Bytes in use behind 500 and behind 2,500 statements. What a process did before decides when its tables grow.
ALLOCATED = """
import gc, tracemalloc
from tests.faces.prompt.typing_in import Typed

def allocated(n):
    at = Typed()
    at("x = zeros(100)")
    tracemalloc.start()
    at(*(f"x = x + {i % 7}" for i in range(n)))
    gc.collect()
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return used

allocated(20)
print(allocated(500), allocated(2_500))
"""


def _calls(n: int) -> int:
    """Calls of Python's and of C's for the last 100 of so many statements."""
    at = Typed()
    at(*(f"x{i % 50} = {i}" for i in range(n - 100)))
    return calls_of(lambda: at(*(f"x{i % 50} = {i}" for i in range(n - 100, n))))


def test_a_statement_costs_the_same_after_thousands() -> None:
    """In time, and in memory beside the text that is kept: what it replaces is let go of a hundred inputs later."""
    _calls(200)
    assert _calls(2_500) < 1.05 * _calls(500)
    told = subprocess.run([sys.executable, "-c", ALLOCATED], capture_output=True, text=True, check=True, cwd=ROOT)
    few, many = map(int, told.stdout.split())
    assert (many - few) / 2_000 < 1_000


def test_old_sessions_stay_what_they_were() -> None:
    """Each level, after others have been taken back and gone on from."""
    at = Typed()
    values = []
    for i in range(20):
        at(f"x{i % 3} = [{i}, {i}]")
        values.append({name: np.asarray(v.value).tolist() for name, v in at.session.scope.items()})  # type: ignore[union-attr]
    at(":undo 5", "x0 = 1", "x9 = 2", ":undo 2")
    for want in reversed(values[:15]):
        assert {n: np.asarray(v.value).tolist() for n, v in at.session.scope.items()} == want  # type: ignore[union-attr]
        at(":undo")


def test_what_ran_before_an_interruption_stays(tmp_path: Path) -> None:
    """Statement by statement, and it can be taken back."""
    at = Screen(tmp_path)
    at.ready()
    at.process.send(b"def g(n):\r    y = 0\r    for i in range(n): y = y + sum(normal((300, 300)))\r    return y\r\r")
    at.ready()
    at.process.send(b"a = 41; g(90000)\r")
    at.shows("g(90000)")
    time.sleep(1.0)
    at.process.send(b"\x03")
    at.shows("interrupted")
    at.enters("a + 1", "\n42")
    at.enters(":undo 2", "took back `a = 41`")
    at.ready()
    at.enters("a", "unknown name")
    at.leave()
