"""Choices and loops: what is known decides as in Python, what isn't is chosen value by value, and both agree."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.traversal import reachable
from gradcli.language.interpreter import looping, statements
from gradcli.language.text.diagnostics import Source, Span
from gradcli.language.values.values import Function
from gradcli.session.results import Shown
from gradcli.session.session import Session
from tests.language.running import error, number, run, value

SPAN = Span(Source("test", "f"), 0, 1)
POINTS = (2.0, 0.5, 0.0, -0.5, -1.0, -3.0)


# A function, and what it is in Python.
SAMPLES: dict[str, tuple[str, Callable[[float], float]]] = {
    "if, elif, else": (
        "def f(x):\n"
        "    if x > 1:\n"
        "        y = x^2\n"
        "    elif x > -1:\n"
        "        y = sin(x)\n"
        "    else:\n"
        "        y = 3x\n"
        "    return y + 1",
        lambda x: (x * x if x > 1 else math.sin(x) if x > -1 else 3 * x) + 1,
    ),
    "early return": (
        "def f(x):\n"
        "    if x > 1:\n"
        "        return x^2\n"
        "    y = 2x\n"
        "    if x > -1:\n"
        "        y += 1\n"
        "        if x > 0: return y\n"
        "        y *= 3\n"
        "    return y - x",
        lambda x: x * x if x > 1 else 2 * x + 1 if x > 0 else 6 * x + 3 - x if x > -1 else x,
    ),
    "return in both": (
        "def f(x):\n    if x > 0:\n        return exp(-x)\n    else:\n        return cos(x)",
        lambda x: math.exp(-x) if x > 0 else math.cos(x),
    ),
    "nested": (
        "def f(x):\n"
        "    a, b = x, 1\n"
        "    if x > -0.7:\n"
        "        if x > 0.2:\n"
        "            a, b = b*x, a^2\n"
        "        else:\n"
        "            b = a\n"
        "    return a + 10b",
        lambda x: (x + 10 * x * x if x > 0.2 else x + 10 * x) if x > -0.7 else x + 10,
    ),
    "break": (
        "def f(x):\n"
        "    y = x\n"
        "    for i in range(80):\n"
        "        if y > 4: break\n"
        "        y = y + 0.1*cos(y) + 0.1\n"
        "    return y",
        lambda x: _broken(x),
    ),
    "continue": (
        "def f(x):\n"
        "    y = x\n"
        "    for i in range(70):\n"
        "        if i % 2 == 0: continue\n"
        "        y = 0.9y + 0.01i\n"
        "    return y",
        lambda x: _continued(x),
    ),
    "return in a loop": (
        "def f(x):\n"
        "    y = x\n"
        "    for i in range(90):\n"
        "        y = y + 0.1\n"
        "        if y > 3.03: return y^2\n"
        "    return y",
        lambda x: _returned(x),
    ),
    "items": (
        "def f(x):\n"
        "    y = 0\n"
        "    w = [0.5, -1, 2]\n"
        "    for i in range(66):\n"
        "        for a, b in zip(w, (1, 2, 3)):\n"
        "            y = y*0.9 + sin(a*x)*b\n"
        "    return y",
        lambda x: _items(x),
    ),
    "rows": (
        "def f(x):\n"
        "    s = 0\n"
        "    m = reshape(linspace(0, 1, 140), (70, 2))\n"
        "    for i, row in enumerate(m):\n"
        "        s += row[0]*x + row[1]*x^2 + m[i, 0]\n"
        "    return s",
        lambda x: sum((a * x + b * x * x + a for a, b in np.linspace(0, 1, 140).reshape(70, 2))),
    ),
    "tuples are carried": (
        "def f(x):\n"
        "    s = (x, (1, x^2))\n"
        "    for i in range(70):\n"
        "        s = (s[1][0] + 0.1*s[0], (s[0]*0.5, s[1][1]*0.9))\n"
        "    return s[0] + s[1][0] + s[1][1]",
        lambda x: _tuples(x),
    ),
    "first value inside": (
        "def f(x):\n    for i in range(70):\n        last = x*i\n        x = x*0.9\n    return last + x + i",
        lambda x: x * 0.9**69 * 69 + x * 0.9**70 + 69,
    ),
    "an item of a vector": (
        "def f(x):\n"
        "    y = zeros((70,))\n"
        "    y[0] = x\n"
        "    for i in range(1, 70):\n"
        "        y[i] = y[i - 1]*0.9 + x^2\n"
        "    return y[69]",
        lambda x: x * 0.9**69 + x * x * (1 - 0.9**69) / 0.1,
    ),
    "strong zeros": (
        "def f(x):\n"
        "    y = 0\n"
        "    for i in range(70):\n"
        "        if x > 0:\n"
        "            y = y*0.5 + log(x)\n"
        "        else:\n"
        "            y = y + 0.01\n"
        "    return y",
        lambda x: 2 * math.log(x) * (1 - 0.5**70) if x > 0 else 0.7,
    ),
}


def _broken(y: float) -> float:
    for _ in range(80):
        if y > 4:
            break
        y = y + 0.1 * math.cos(y) + 0.1
    return y


def _continued(y: float) -> float:
    for i in range(70):
        if i % 2:
            y = 0.9 * y + 0.01 * i
    return y


def _returned(y: float) -> float:
    for _ in range(90):
        y = y + 0.1
        if y > 3.03:
            return y * y
    return y


def _items(x: float) -> float:
    y = 0.0
    for _ in range(66):
        for a, b in ((0.5, 1), (-1, 2), (2, 3)):
            y = y * 0.9 + math.sin(a * x) * b
    return y


def _tuples(x: float) -> float:
    a, b, c = x, 1.0, x * x
    for _ in range(70):
        a, b, c = b + 0.1 * a, a * 0.5, c * 0.9
    return a + b + c


def _difference(f: Callable[[float], float], x: float) -> float:
    h = 1e-6
    return (f(x + h) - f(x - h)) / (2 * h)


# Off the corners, where the slope is that of either side.
SLOPED = (2.3, 0.55, -0.45, -3.1)


@pytest.mark.parametrize("longest", [0, 64, 10_000])
@pytest.mark.parametrize("name", SAMPLES)
def test_values_and_slopes(name: str, longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Python has them, whether a loop is a node or written out."""
    monkeypatch.setattr(statements, "LONGEST_UNROLLED", longest)
    text, python = SAMPLES[name]
    session = run(text).session
    for x in POINTS:
        assert value(f"f({x})", session) == pytest.approx(python(x), rel=1e-12, abs=1e-12)
    for x in SLOPED:
        assert value(f"f'({x})", session) == pytest.approx(_difference(python, x), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", SAMPLES)
def test_mapped(name: str) -> None:
    """Where no condition is known, both blocks are gone through, and the values and slopes are the same."""
    text, python = SAMPLES[name]
    session = run(text).session
    points = list(POINTS)
    np.testing.assert_allclose(
        value(f"vmap(f)({points})", session), [python(x) for x in points], rtol=1e-12, atol=1e-12
    )
    for order in (1, 2):
        mapped = value(f"vmap(f{chr(39) * order})({list(SLOPED)})", session)
        alone = [value(f"f{chr(39) * order}({x})", session) for x in SLOPED]
        np.testing.assert_allclose(mapped, alone, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", SAMPLES)
def test_orders(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every derivative up to the third is that of the steps written out; of the first, see `test_values_and_slopes`."""
    found = []
    for longest in (0, 10_000):
        monkeypatch.setattr(statements, "LONGEST_UNROLLED", longest)
        session = run(SAMPLES[name][0]).session
        found.append([value(f"f{chr(39) * k}({x})", session) for x in SLOPED for k in (2, 3)])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9, atol=1e-12)


def test_while_as_in_python() -> None:
    """Counted where it is long; its derivative is that of the steps that are made."""
    text = "def f(x):\n    n = 0\n    while x < 100:\n        x = x*1.01 + sin(x)*0.01\n        n += 1\n    return x, n"
    session = run(text).session

    def python(x: float) -> tuple[float, int]:
        n = 0
        while x < 100:
            x = x * 1.01 + math.sin(x) * 0.01
            n += 1
        return x, n

    assert value("f(2)", session) == pytest.approx(python(2.0), rel=1e-12)
    assert python(2.0)[1] > 64
    assert value("grad(x -> f(x)[0])(2)", session) == pytest.approx(_difference(lambda x: python(x)[0], 2.0), rel=1e-5)
    assert value("f(100)", session) == (100, 0)


def test_while_with_break_and_no_end() -> None:
    """`while true` ends by break, also when it is long."""
    text = (
        "def f(x):\n    n = 0\n    while true:\n        x = x/1.1\n        n += 1\n"
        "        if x < 1e-3: break\n    return n, x"
    )
    n, x = value(f"{text}\nf(5)")
    assert n == math.ceil(math.log(5e3) / math.log(1.1))
    assert x == pytest.approx(5 / 1.1**n, rel=1e-12)


def test_a_long_loop_costs_no_compiling() -> None:
    """A loop of 10^5 steps is traced as often as one of 10^3: once."""
    text = "def f(x, n):\n    for i in range(n):\n        x = sin(x) + x*g(i)\n    return x\n"
    counted = []
    for n in (1_000, 100_000):
        before = run(f"g(i) = 1/(i + 2)^2\n{text}").session
        interpreter = before.interpreter()
        from gradcli.language.text.diagnostics import Source
        from gradcli.language.text.parse import parse_expression

        interpreter.evaluate(parse_expression(Source("test", f"f(0.5, {n})")))
        counted.append(interpreter.steps)
    assert counted[0] == counted[1]


@pytest.mark.parametrize("compiles", [True, False])
def test_a_short_loop_is_written_out_where_that_is_little(compiles: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some numbers in some steps are; vectors in as many are not, where they may be machine code."""
    monkeypatch.setattr(looping, "has_llvmlite", lambda: compiles)
    text = "def f(x):\n    for i in range(12):\n        x = sin(x)*x + tanh(x)\n    return sum(x)"
    session = run(text).session

    def kinds(shape: tuple[int, ...]) -> set[str]:
        function = session.scope["f"]
        assert isinstance(function, Function)
        made = function.call(session.interpreter(), [fresh_input("x", shape, DType.FLOAT64)], SPAN)
        assert isinstance(made, Node)
        return {node.kind for node in reachable([made])}

    assert "loop" not in kinds(())
    assert "loop" not in kinds((4,))
    assert ("loop" in kinds((30,))) is compiles
    # Each is one call of NumPy's, whatever it is worth.
    assert "loop" not in kinds((1_000,))


def test_recursion_ends_where_its_condition_is_known() -> None:
    """As in Python, also below a derivative."""
    text = "def power(x, n):\n    if n == 0: return 1\n    return x*power(x, n - 1)"
    assert value(f"{text}\npower(3, 4), grad(power)(3, 4)") == (81, 108)


def test_functions_within_functions_and_blocks() -> None:
    """They see the names around them as they are when they are called."""
    text = (
        "def f(x):\n    def g(y):\n        return y*x\n    total = 0\n    for i in range(70):\n"
        "        total += g(i)\n    return total"
    )
    assert value(f"{text}\nf(2), f'(2)") == (2 * 2415, 2415)


def test_random_numbers_are_drawn_at_every_step() -> None:
    """A loop that draws is no node: no two steps have the same numbers."""
    found = value(
        "def f(n):\n    s = 0\n    for i in range(n):\n        s = s + normal((1,))[0]^2\n    return s\nf(100)"
    )
    assert found != pytest.approx(100 * value("normal((1,))[0]^2"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 5\nif x > 3: y = 1\nelse: y = 2\ny", 1),
        ("s = 0\nfor i in range(10):\n    if i == 3: continue\n    if i > 5: break\n    s += i\ns", 12),
        ("k = 0\nwhile k < 7: k += 2\nk", 8),
        ("s = 0\nfor i in 1..1000: s += i\ns", 500500),
        ("x = 1\nfor i in range(1, 26): x = x*i\nx", math.factorial(25)),
        ("x = [1, 2, 3]\nx[1] = 7\nx[1]", 7),
        ("s = 0\nfor a, b in zip([1, 2], (3, 4)): s += a*b\ns", 11),
    ],
)
def test_at_the_top(text: str, expected: float) -> None:
    """Statements by themselves; plain numbers stay exact."""
    assert number(text) == expected


def test_long_loops_at_the_top_are_nodes() -> None:
    """With tensors from 200 steps on; the names have their values behind them."""
    found = value("x = [1.0, 2]\nfor i in range(1000):\n    x = x + 0.001*sin(x)\n    y = 2x\nx, y, i")
    x = np.array([1.0, 2.0])
    for _ in range(1000):
        x = x + 0.001 * np.sin(x)
    np.testing.assert_allclose(found[0], x, rtol=1e-12)
    np.testing.assert_allclose(found[1], 2 * x, rtol=1e-12)
    assert found[2] == 999


def _printed(text: str, session: Session | None = None) -> list[Any]:
    return [r.value.text for r in run(text, session).results if isinstance(r, Shown) and r.is_text]  # type: ignore[union-attr]


def test_print_says_values_of_the_call() -> None:
    """Once, however often a function is traced to differentiate it; also where its inputs stand for numbers."""
    session = run(
        'def f(x):\n    for i in range(3):\n        x = x*2\n        print("step {i}: {x:.2f}", i + 1)\n    return x'
    ).session
    expected = ["step 0: 3.00 1", "step 1: 6.00 2", "step 2: 12.00 3"]
    assert _printed("f(1.5)", session) == expected
    assert _printed("f'(1.5)", session) == expected
    assert _printed("derivatives(f, order=2)(1.5)", session) == expected


def test_print_in_a_long_loop() -> None:
    """Every step says what it has to say."""
    text = (
        'def f(x):\n    for i in range(100):\n        x = x + 1\n        if i % 50 == 0: show "{x}"\n    return x\nf(0)'
    )
    assert _printed(text) == ["1", "51"]


def test_print_at_the_top() -> None:
    """Texts have values in them, in braces that may be doubled."""
    assert _printed('x = 0.1 + 0.2\nprint("{{x}} is {x:.3f}", true, (1, 2.5), [1, 2])') == [
        "{x} is 0.300 true (1, 2.5) [1, 2]"
    ]
    assert _printed('set digits 3\nshow "{pi}"') == ["3.14"]
    assert _printed('n = "ab"\nprint("{n:4}|{n:>4}|{n}|{3:>+6.1f}|{3:<4d}|")') == ["ab  |  ab|ab|  +3.0|3   |"]


def test_what_only_one_path_gives_a_value() -> None:
    """It has none, where the path is not known; a name of that kind outside is not meant."""
    text = "y = 3\ndef f(x):\n    if x > 0: y = x\n    return y\n"
    assert value(f"{text}f(2)") == 2
    assert "one path only" in error(f"{text}vmap(f)([1, -1])").message


def test_conditions_of_a_parameter() -> None:
    """A parameter is what it is now."""
    text = "model net(x):\n    param w = 2\n    if w > 1: return w*x\n    return x\n"
    assert value(f"{text}net(3), grad(net, wrt=w)(3)") == (6, 3)


def test_a_call_of_a_number_is_told_at_the_definition() -> None:
    """Not where the body has a function of that name: an input, a name, a parameter."""
    assert [d.message for d in run("w = 2\ndef f(x): return w(x)").diagnostics] == [
        "`w` is a number now, and can't be called"
    ]
    for body in ("model f(x): param w = Dense(1, 1); return w(x)", "def f(w): return w(1)"):
        assert not run(f"w = 2\n{body}").diagnostics


@pytest.mark.parametrize("count", [60, 100])
def test_names_behind_a_loop(count: int) -> None:
    """The item is that of the step that broke, or what the block made of it; counters stay plain and exact."""
    text = (
        f"def b(x):\n    for i in range({count}):\n        x = x + i\n        if x > 50: break\n    return x*i\n"
        f"def g(x):\n    for i in range({count}): i = 2i\n    return i*x\n"
        f"def p(n):\n    s = 1\n    for i in range(n): s = s*3\n    return s % 1000\n"
        f"def n(x):\n    n = 0\n    for i in range({count}): n += 1\n    return x*n\n"
        f"def c(x):\n    ok = 0\n    for i in range({count}): ok = i > 3\n    return ok\n"
        f"def d(x):\n    for i in range({count}):\n        if x > 10: return x\n        x = x + 1\n"
    )
    assert value(f"{text}b(2), b'(2)") == (570, 10)
    np.testing.assert_array_equal(value(f"{text}vmap(b)([2, 40])"), [570, 275])
    assert value(f"{text}g(1)") == 2 * (count - 1)
    assert value(f"{text}p({count})") == 3**count % 1000
    assert value(f"{text}n(float32([1.5]))").dtype == np.float32
    assert value(f"{text}c(1), d(0)") == (True, 11)
    found = value("v = [0.0, 1]\nfor i in range(300):\n    v = v*0.5 + i\n    if i == 250: break\ni")
    assert found == 250


def test_a_first_step_of_another_shape() -> None:
    """It is made by itself, the others are one node."""
    text = "def f(x, v):\n    s = x\n    for i in range(200):\n        s = sin(s + v*0.01)\n    return sum(s)\n"
    s = np.full(3, 0.3)
    for _ in range(200):
        s = np.sin(s + np.array([0.0, 0.5, 1.0]) * 0.01)
    assert value(f"{text}f(0.3, [0, 0.5, 1])") == pytest.approx(s.sum(), rel=1e-12)
