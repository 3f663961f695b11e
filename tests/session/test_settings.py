"""`set NAME VALUE`: every setting by its name, and what is refused."""

from __future__ import annotations

import pytest

from gradcli.core.limits import LIMITS
from gradcli.session.session import Session
from gradcli.session.settings import SETTINGS, differing, every_setting
from tests.language.running import error, run, value

GOOD = {"dtype": "float32", "seed": "3", "digits": "4", "numbers": "float64"}
BAD = {"dtype": "int64", "seed": "-1", "digits": "10001", "numbers": "raw"}


@pytest.mark.parametrize("name", [*SETTINGS, *LIMITS])
def test_each_name_can_be_set_to_what_it_can_be(name: str) -> None:
    """And to nothing else, which leaves what was set before."""
    before = run(f"set {name} {GOOD.get(name, '7')}")
    assert not before.diagnostics
    after = run(f"set {name} {BAD.get(name, '-1')}", before.session)
    assert [d.severity for d in after.diagnostics] == ["error"]
    assert after.session.settings == before.session.settings


@pytest.mark.parametrize("name", [*SETTINGS, *LIMITS])
def test_each_tells_what_it_is_as_it_is_set(name: str) -> None:
    """So that a statement brings it back; what is as it was at first is not told."""
    session = run(f"set {name} {GOOD.get(name, '7')}").session
    (told,) = differing(session.settings, session.seed)
    assert told == f"set {name} {GOOD.get(name, '7')}"
    again = run(told).session
    assert (again.settings, again.seed) == (session.settings, session.seed)
    entry = every_setting()[name]
    assert entry.takes
    assert len(entry.help) <= 100
    for choice in entry.choices:
        assert not run(f"set {name} {choice}").diagnostics
    assert [*differing(Session().settings, 0)] == []


def test_a_setting_leaves_the_others() -> None:
    """Whatever the order."""
    settings = run(
        "set digits 4; set max_steps 5; set dtype float32; set max_items 9; set max_steps none"
    ).session.settings
    assert (settings.digits, settings.dtype.value, settings.limits) == (4, "float32", {"max_items": 9})


def test_a_seed_begins_the_random_numbers_again() -> None:
    """In the middle of a text, too."""
    assert value("set seed 5; x = normal((2,)); set seed 5; all(x == normal((2,)))")


def test_a_name_that_there_is_none_of() -> None:
    """The nearest is offered, or all."""
    assert error("set digitz 3").hint == "did you mean `digits`?"
    hint = error("set zzz 3").hint or ""
    assert all(name in hint for name in (*SETTINGS, *LIMITS))
