"""Arrays of plain numbers that are read at once: what they are, and what is said of them, is what the parser has it."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from gradcli.language.text import arrays
from gradcli.language.text import syntax as s
from gradcli.language.text.arrays import stand_ins
from gradcli.language.text.diagnostics import IncompleteInput, LanguageError, Source
from gradcli.language.text.parse import parse
from gradcli.language.text.writing import on_paper
from gradcli.session.data import to_data
from gradcli.session.session import Session
from tests.language.running import error, value

# Where an array may stand, or something like one: A and B are two.
CONTEXTS = [
    *("A", "x = A", "x = A\nx[0]", "A[0]", "A[0, 0]", "A.T", "A.shape", "-A", "A + B", "A*B", "A@B", "2*A", "A == B"),
    *("[A, B]", "[A, x]", "[A, 1]", "(A, B)", "sum(A)", "sum(A, axis=0)", "f(x) = A*x\nf(2)", "(x -> x*A)(2)"),
    *("x = [1, 2, 3]\nxA", "x = [1, 2, 3]\nx A", "x = [1, 2, 3]\nx[A]", "2A", "2 A", "(x -> x)A", "AB", "A B", "A[B]"),
    *('"A"', '("A", "B")', "# A\n1", "x = A # B", "x = A; B", "A; B", "for i in A: i", "a, b = A", "assert A == A"),
    *(
        "|A|",
        "|A| + |B|",
        "sin A",
        "sin(A)",
        "sqrtA",
        "√A",
        "A^2",
        "A**2",
        "A'",
        "A!",
        "A°",
        "norm(A) 2",
        "A 2",
        "A(2)",
    ),
    *("x = A if true else B", "x = 1 if A else B", "not A", "A and B", "plot A", "sum A", "x = A over 0..1", "A..B"),
    *("x = (A", "x = [A", "A]", "A)", "x = A +", "x = A y", "= A", "x := A\nx", "model m(x):\n    return A*x\nm(1)"),
    *(
        "def f(x):\n    y = A\n    return y + x\nf(1)",
        "if A",
        "use A",
        "set digits A",
        "x.A",
        "x = [1]\nx += A\nx",
        "¿A",
    ),
    *(
        "d/dx A",
        "x = 2\n[x*A for x in A]",
        "[2A]",
        "sum(x for x in A)",
        "f = A\nf(1)",
        "A\n  B",
        "λ = A\nλ",
        "π + A",
        "z[A",
    ),
]


def literal(draws: random.Random, depth: int = 0) -> str:
    """An array, or almost one."""
    count = draws.choice((1, 2, 2, 3))
    if depth < 2 and draws.random() < 0.45:
        rows = [literal(draws, depth + 1)] * count if draws.random() < 0.7 else []
        items = rows or [literal(draws, depth + 1) for _ in range(count)]
    else:
        items = [number(draws) for _ in range(count)]
    gap = draws.choice(("", " ", "  ", "\n ", "\t", "\r\n")) if draws.random() < 0.4 else " "
    end = draws.choice((",", " ", "\n", ",,", "# odd\n")) if draws.random() < 0.15 else ""
    return f"[{f',{gap}'.join(items)}{end}]"


MORE_ODD = ("1e+", "\r1", "\x0b1", "1\x1c")


def number(draws: random.Random) -> str:
    """A number, or almost one."""
    odd = (
        "+1",
        "- 1",
        "--1",
        "1_0",
        "1..2",
        "x",
        "true",
        "1.5.2",
        "1e",
        "e",
        "1 2",
        "",
        "²",
        "inf",
        "nan",
        "1e+",
        "\r1",
        "[]",
    )
    if draws.random() < 0.06:
        return draws.choice((*odd, "9" * 400, f"0.{'1' * 60}", "9" * 310, "1e400", "-1e-400"))
    plain = ("1", "0", "-0", "-0.0", "007", "1.", ".5", "-.5", "1.e3", "2E-7", "1e+22", "9007199254740993", "0.1")
    return draws.choice((*plain, repr(draws.gauss(0, 1)), repr(draws.uniform(-1, 1) * 10 ** draws.randint(-30, 30))))


def outcome(text: str) -> Any:
    """All that a text comes to: its results, and what is said of it, with every place."""
    try:
        step = Session().run(Source("test", text))
    except IncompleteInput as incomplete:
        return "incomplete", incomplete.diagnostic.message, incomplete.diagnostic.hint, place(incomplete.diagnostic)
    said = [
        (d.kind, d.message, d.hint, place(d), [(x.text, x.span.start, x.span.end) for x in d.labels])
        for d in step.diagnostics
    ]
    return said, [str(to_data(result)) for result in step.results], [*step.session.scope]


def place(diagnostic: Any) -> Any:
    """Where something is said to be."""
    return None if diagnostic.span is None else (diagnostic.span.start, diagnostic.span.end)


def test_as_the_parser_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values, places and mistakes of generated texts, read in both ways."""
    draws = random.Random(7)
    replaced = 0
    for round_ in range(1_200):
        context = CONTEXTS[round_ % len(CONTEXTS)]
        text = context.replace("A", literal(draws)).replace("B", literal(draws))
        monkeypatch.setattr(arrays, "SHORTEST_TEXT", 10**9)
        slow = outcome(text)
        monkeypatch.setattr(arrays, "SHORTEST_TEXT", 0)
        monkeypatch.setattr(arrays, "SHORTEST_ARRAY", 0)
        replaced += bool(stand_ins(text)[1])
        assert outcome(text) == slow, text
    assert replaced > 500


def big(count: int, width: int | None = None) -> tuple[str, np.ndarray]:
    """A long literal, and what it is."""
    array = np.random.default_rng(3).normal(size=count)
    if width is None:
        return f"[{', '.join(map(repr, array.tolist()))}]", array
    array = array.reshape(-1, width)
    rows = (f"[{', '.join(map(repr, row))}]" for row in array.tolist())
    return f"[{','.join(rows)}]", array


@pytest.mark.parametrize("width", [None, 1, 5])
def test_long_ones(width: int | None) -> None:
    """To the last bit, in both float types, without a piece of syntax for each number."""
    text, array = big(2_000, width)
    assert value(text).tobytes() == array.tobytes()
    np.testing.assert_array_equal(value(f"set dtype float32; {text}"), array.astype(np.float32))
    (statement,) = parse(Source("test", f"x = {text}"))
    assert isinstance(statement, s.Assign)
    assert isinstance(statement.value, s.Array)
    assert (statement.value.span.start, statement.value.span.end) == (4, 4 + len(text))
    assert len([*s.walk(statement)]) == 3


def test_what_stands_around_them() -> None:
    """Has its place, and its mistakes."""
    text, array = big(500)
    assert place(error(f"x = {text}\ny = x + nothing")) == (len(text) + 13, len(text) + 20)
    assert value(f"f(x) = sum(x*{text})\nf(2)") == pytest.approx(2 * array.sum())
    assert "shape" in error(f"{text} + [1, 2]").message
    assert "differ" in error(f"[{text}, [1, 2]]").message
    assert value(f"[{text}, {text}].shape") == (2, 500)
    assert on_paper(f"2*x + {text}") == f"2x + {text}"


def test_limits_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """A literal that is longer than it may be is refused before it is read."""
    text, _ = big(500)
    monkeypatch.setenv("GRADCLI_MAX_LITERAL", "5000")
    with pytest.raises(LanguageError, match="is too long"):
        parse(Source("test", f"x = {text}"))


def test_work_is_in_proportion() -> None:
    """Brackets that are never closed, or hold something else at their end, are not gone through again and again."""
    for text in ("[" * 50_000, "[1, 2], " * 20_000, f"[{'[1, 2], ' * 20_000}x]", f"{'[' * 3_000}1{']' * 3_000}"):
        assert stand_ins(text)[0]
