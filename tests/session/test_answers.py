"""`ans`, `_` and `_1`: what was shown before."""

from __future__ import annotations

import pytest

from gradcli.core.ir.nodes import Node
from gradcli.language.values import answers
from tests.language.running import error, number, run


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("3 + 4; ans^2", 49),
        ("3 + 4; _ * 2", 14),
        ("1; 2; 3; _1 + 10*_2 + 100*_3", 321),
        ("x^2 y; ans(3, 5)", 45),
        ("f(x) = x^3; f'(2); 2ans", 24),
        ("7; ans = 1; ans + 1", 2),
        ("7; a = 8; ans", 7),
        ("7; none; ans", 7),
        ("for i in range(4): i^2\nans", 9),
        ("5; g() = ans; 6; g()", 6),
        ("1/3; 3ans - 1", 0),
    ],
)
def test_they_stand_for_results(text: str, result: float) -> None:
    """The last one, or one by its number; a definition of the name goes before."""
    assert number(text) == result


@pytest.mark.parametrize("text", ["ans", "ans + 1", "_", "1; _2", "1; _2 + x", "1; _0", "sin(ans)"])
def test_there_is_none_yet(text: str) -> None:
    """It is no variable without a value, and what there is is said."""
    assert "result" in error(text).message or "unknown" in error(text).message


def test_a_mistake_leaves_them() -> None:
    """What failed was not shown."""
    assert number("4; ans") == 4
    session = run("4; tahn(1)").session
    assert session.answers.count == 1


def test_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest; large tensors as long as there is room for them, and the last one always."""
    monkeypatch.setattr(answers, "MOST_KEPT", 3)
    assert number("1; 2; 3; 4; _2") == 2
    assert "kept from `_2` on" in str(error("1; 2; 3; 4; _1").hint)
    monkeypatch.setattr(answers, "MOST_ELEMENTS", 10)
    assert number("ones(4); ones(4); ones(40); sum(ans)") == 40
    assert "kept from `_3` on" in str(error("ones(4); ones(4); ones(40); _1").hint)


def test_numbers_go_on_beyond_what_is_kept() -> None:
    """The thousand and first is `_1001`."""
    kept = answers.Answers()
    for n in range(1, 1_005):
        kept = kept.with_one_more(n)
    assert (kept.find("_1004"), kept.find("_5"), kept.find("_4")) == ((1004,), (5,), None)
    assert not isinstance(kept.find("ans"), Node)
