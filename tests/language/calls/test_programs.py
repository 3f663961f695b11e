"""Calls in a loop at the top level: their programs give what a call by itself gives, and cost no trace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcli
from gradcli.core.ir import nodes
from gradcli.language.calls import programs
from gradcli.language.calls.builtin import Builtin
from gradcli.language.interpreter import interpreter
from gradcli.language.library.names import builtins
from gradcli.session.plain import plain
from tests.language.running import error, run, unpack, value

POINTS = ["0.3", "-0.7", "1", "-1", "0", "-0.0", "0.5", "2", "3", "-2.5", "10", "1e-300", "1e300", "inf", "nan", "4"]
FUNCTIONS = sorted(name for name, found in builtins().items() if isinstance(found, Builtin))


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """Programs of other tests are no help."""
    programs.forget()
    yield
    programs.forget()


def results(text: str, names: list[str], monkeypatch: pytest.MonkeyPatch, kept: bool) -> tuple[list[Any], list[str]]:
    """What a text defines and says, with programs for its calls or without."""
    programs.forget()
    with monkeypatch.context() as patch:
        if not kept:
            for module in (interpreter, programs):
                patch.setattr(module, "result_of_call", lambda c, f, v, span: (f.call(c, v, span), False))
        step = run(text)
    scope = step.session.scope
    return [unpack(plain(scope[name])) if name in scope else None for name in names], [
        d.message for d in step.diagnostics
    ]


def same(a: Any, b: Any, rtol: float = 1e-14) -> bool:
    """Whether two values are equal but for a rounding or two."""
    if isinstance(a, tuple) or isinstance(b, tuple):
        return (
            isinstance(a, tuple)
            and isinstance(b, tuple)
            and len(a) == len(b)
            and all(same(x, y, rtol) for x, y in zip(a, b, strict=True))
        )
    if isinstance(a, (bool, str, type(None))) or isinstance(b, (bool, str, type(None))):
        return bool(a == b)
    try:
        return bool(np.allclose(a, b, rtol=rtol, atol=0, equal_nan=True))
    except TypeError:
        return repr(a) == repr(b)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_built_ins_at_special_points(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Value, slope and second derivative of each, twice at each point, and what is said of them."""
    for made in ("f", "grad(f)", "f''"):
        text = f"f(x) = {name}(x)\ng = {made}\n"
        once = "".join(f"for i in (1,):\n    r{k} = g({p})\n" for k, p in enumerate(POINTS))
        names = [f"r{k}" for k in range(len(POINTS))]
        expected, said = results(text + once, names, monkeypatch, kept=False)
        text += once.replace("(1,)", "(1, 2)")
        found, told = results(text, names, monkeypatch, kept=True)
        assert told == said
        for point, a, b in zip(POINTS, found, expected, strict=True):
            assert same(a, b), (made, point, a, b)


CASES = {
    "names that change": """
k = 1
f(x) = k*x
r = 0
for i in range(6):
    k = k + 1
    r = r + grad(f)(i) + f(2)
""",
    "tensors that change": """
w = [1.0, 2]
f(x) = sum(w*x^2)
r = 0
for i in range(6):
    w = w + i
    r = r + grad(f)([1.0, i])[1]
""",
    "parameters": """
model m(x):
    param w = [1.0, 2]
    return sum(w*x)^2
r = 0
for i in range(6):
    g = grad(m, wrt=w)([i, 1.0])
    m.w = m.w - 0.01*g
    r = m([1, 2])
""",
    "all parameters": """
net = Sequential(Dense(2, 3), tanh, Dense(3, 1))
l(x) = sum(net(x)^2)
r = 0
for i in range(6):
    v, g = value_and_grad(l, grad_position=none, weights=params(net))([1.0, i])
    params(net) = params(net) - 0.1*g
    r = v
""",
    "counts": """
def f(x, n):
    y = x
    for i in range(n):
        y = sin(y) + i
    return y
r = 0
for i in range(8):
    r = r + grad(f)(0.5, i % 3) + f(1, i)
""",
    "decisions": """
def f(x):
    if x > 2:
        return x^2
    elif x > 0:
        return 3*x
    return -x
r = ()
for i in range(8):
    r = (r, (f(i % 4 - 0.5), grad(f)(i % 4 - 0.5)))
""",
    "recursion": """
f(n) = 1 if n <= 1 else n*f(n - 1)
r = 0
for i in range(12):
    r = r + f(i % 5)
""",
    "while": """
def f(x):
    while x < 100:
        x = x*1.5
    return x
r = ()
for i in range(12):
    r = (r, (f(1 + i % 4), f'(1 + i % 4)))
""",
    "corners": """
f(x) = max(x, 0)^2 + abs(x)
r = ()
for x in (1, -1, 0, 2, 0, -0.0):
    r = (r, (f'(x), f''(x), hessian(f)(x)))
""",
    "quotients of zeros": """
f(x) = sin(x)/x
r = ()
for x in (1, 0, 2, 0, -0.0, 1e-200):
    r = (r, (f(x), f'(x), f''(x)))
""",
    "shapes": """
f(x) = sum(x^3)
r = ()
for x in ([1, 2], [1, 2, 3], [[1.0], [2]], 5, [3, 4]):
    r = (r, (sum(grad(f)(x)), f(x)))
""",
    "whole numbers": """
f(x) = 2*x // 3
r = ()
for x in ([1, 2, 3], int64([4, 5, 6]), [7.5, 8, 9]):
    for i in range(2):
        r = (r, (f(x),))
""",
    "tuples": """
f(p) = p[0]^2*p[1][1]
r = 0
for i in range(6):
    r = r + grad(f)((i, (2, 3)))[0] + f((1, (i, i)))
""",
    "functions": """
twice(f, x) = f(f(x))
g(x) = x^2
h(x) = x + 1
r = 0
for i in range(6):
    r = r + twice(g, i) + twice(h, i) + grad(twice, wrt=x)(g, 2)
""",
    "functions within": """
def outer(a):
    def inner(x):
        return a*x^2
    return inner
f = outer(3)
g = outer(5)
r = 0
for i in range(6):
    r = r + f(i) + 10*grad(g)(i)
""",
    "redefined": """
f(x) = x^2
g = grad(f)
r = ()
for i in range(6):
    r = (r, (g(3), f(3)))
    if i == 2:
        f(x) = x^3
""",
    "masks": """
f(x) = sum(x[x > 0])
r = 0
for i in range(6):
    r = r + f([i - 3, 1, 2])
""",
    "weights of a call": """
net = Dense(2, 1)
f(w) = sum(net([1, 2], params=w))
w = params(net)
r = ()
for i in range(6):
    w = w - 0.1*grad(f)(w)
    r = (r, (f(w), net([1, 2], params=w)))
""",
    "many": """
f(x) = sum(x^2)
r = vmap(f)([[1.0, 2]])
for i in range(5):
    r = r + vmap(grad(f))([[1.0, i], [2, 3]])[0, 1]
""",
    "an expression of functions": """
f(x) = x^2
g(x) = sin(x)
r = 0
for i in range(6):
    r = r + (f + 2*g)(i) + (f∘g)(i)
""",
    "solutions": """
f(k) = odeint((y, t) -> -k*y, 1, [0, 1], steps=20)[1]
r = ()
for i in range(5):
    r = (r, (f(i), f'(i)))
""",
    "loops": """
def f(x):
    y = x
    for i in range(200):
        y = y + 0.01*sin(y)
    return y
r = 0
for i in range(5):
    r = r + grad(f)(i)
""",
    "nan": """
f(x) = log(x)*x
r = ()
for x in (1, -1, 0, nan, inf, 2):
    r = (r, (f(x), f'(x)))
""",
    "float32": """
set dtype float32
f(x) = sin(x)/3
r = ()
for x in (1, 0.1, 0.2):
    r = (r, (f(x), f'(x), grad(f)([x, 1])[0]))
""",
    "inputs by name": """
f(x, a=2) = a*x^2
r = 0
for i in range(6):
    r = r + f(i) + f(i, a=3) + f(a=i, x=1)
""",
    "what a loop calculates": """
r = exp(0)
k = 1.5
for i in range(20):
    k = k*1.1
    r = r + exp(-r)*0.01
    s = r*k + r/3
    r = r + s/10 - (r > 2)*0.5
""",
    "places that change": """
x = [3.0, 1, 2, 5]
r = 0
for i in range(20):
    x = x*0.9 + [i % 3, 0, 0.5, i % 2]
    j = argmax(x)
    r = r + x[j]*10^j + x[i % 4] + sum(x[x > 1])
""",
    "numbers of all kinds at one place": """
h(x) = where(x > 1, x^3, sin(x))
g = grad(h)
r = 0
s = ()
for k in (1, 2):
    for v in (1, 2, 2.5, -1, 10^15, 10^30, 1/3, pi, 1e200, -0.0, [0.5, 2][1], [0.5, 2][0], 3, 0.25):
        a = g(v)
        s = (s, a, h(v))
        r = r + min(a, 10)
    if k == 1:
        h(x) = x^2
r = (r, s)
""",
    "what a repeated call reads": """
c = 2
h(x) = c*x^2
g = grad(h)
r = 0
for i in range(12):
    r = r + g(0.5)*10^i
    if i == 3:
        c = 3
    if i == 6:
        h(x) = c*x^3
        g = grad(h)
    if i == 9:
        c = 5.5
""",
    "kinds that change": """
r = sin(1)
for i in range(30):
    r = r*1.01 + 0.1
    if i == 12:
        r = r*[1, 2, 3]
    if i == 20:
        r = float32(r)
""",
    "tuples that change": """
r = (sin(1), [1.0, 2])
for i in range(20):
    r = 0.9*r + 0.1*(cos(1), [2.0, 1])
""",
    "a corner on the way": """
f(x) = abs(x - 1) + max(x, 0.5)^2
r = sin(0)
t = ()
for i in range(24):
    r = r + 0.125
    t = (t, f'(r), f''(r))
r = (r, t)
""",
    "holes in what is made of derivatives": """
f(x) = sin(x)/x
g = grad(f) + 2*f''
h(x) = f'(x)*x + f''(x)
model m(x):
    param a = 2.0
    return a*sin(x)/x
w = with_params(grad(m), (3.0,))
t = ()
for i in range(4):
    t = (t, g(i), h(i), w(i), (grad(f)∘cos)(i))
r = t
""",
    "names of built-ins": """
f(x) = sin(x)
r = f(1)
for i in range(4):
    r = r + f(i)
    if i == 1:
        sin(x) = 2*x
""",
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_call_depends_on(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever changes between calls, they give what each gives by itself."""
    expected, said = results(CASES[case], ["r"], monkeypatch, kept=False)
    found, told = results(CASES[case], ["r"], monkeypatch, kept=True)
    assert told == said
    assert not [d for d in run(CASES[case]).diagnostics if d.severity == "error"]
    assert same(found[0], expected[0], 1e-6 if "float32" in case else 1e-14), (found, expected)


def made_by(text: str, before: str) -> int:
    """The nodes that a text makes behind another."""
    session = run(before).session
    first = next(nodes.serials)
    step = run(text, session)
    assert not [d for d in step.diagnostics if d.severity == "error"], step.diagnostics
    return next(nodes.serials) - first


@pytest.mark.parametrize(
    ("definition", "call"),
    [
        ("f(x) = exp(sin(x))*x^2/(1 + x^2)", "grad(f)(i*0.1)"),
        ("f(x) = exp(sin(x))*x^2/(1 + x^2)", "f''(i*0.1)"),
        ("w = ones(3)\nf(x) = sum(tanh(w*x)^2)", "grad(f)([1, 2, 3])"),
        ("net = Dense(3, 2)\nf(x) = sum(net(x)^2)", "value_and_grad(f, weights=params(net))([1, 2, 3])"),
        ("f(x) = sum(x^3)", "hessian(f)([1, 2, 3])"),
        ("f(x, n) = sum(x^n)", "grad(f)([1, 2, 3], 4)"),
        ("def f(x):\n    if sum(x) > 0:\n        return sum(x^3)\n    return 1", "grad(f)([1, 2, 3])"),
    ],
)
def test_later_calls_are_not_traced(definition: str, call: str) -> None:
    """A call more makes no more nodes than hold its result and arguments."""
    few, many = (made_by(f"for i in range({n}):\n    b = {call}", definition) for n in (3, 13))
    assert many - few <= 10 * 12


def test_parameters_recompile_nothing() -> None:
    """Training runs one program."""
    net = "net = Sequential(Dense(2, 8), tanh, Dense(8, 1))\nl(x) = sum(net(x)^2)\ng = grad(l, weights=params(net))\n"
    step = "    params(net) = params(net) - 0.1*g([1, 2])[1]\n"
    few, many = (made_by(f"for i in range({n}):\n{step}", net) for n in (3, 13))
    assert (many - few) / 10 < 60


def test_draws_prints_and_files_happen_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program stands for none of them."""
    monkeypatch.chdir(tmp_path)
    ((_, a), b), c = value("f(x) = x*normal(())\nr = ()\nfor i in range(3):\n    r = (r, f(1))\nr")
    assert len({a, b, c}) == 3
    step = run('def f(x):\n    print("at {x}")\n    return x\nfor i in range(3):\n    y = f(i)')
    assert len(step.results) == 3
    np.save("a.npy", np.ones(2))
    text = 'f(x) = sum(load("a.npy"))*x\nr = 0\nfor i in range(4):\n    save("a.npy", i*ones(2))\n    r = r + f(1)\nr'
    assert value(text) == 2 * (0 + 1 + 2 + 3)


def test_mistakes_are_told_each_time() -> None:
    """Also behind calls that had none."""
    said = error("f(x) = [1, 2, 3][x]\nfor i in range(9):\n    r = f(i)")
    assert "index 3" in said.message
    said = error("f(x) = sum(x @ [1, 2])\nfor x in ([1, 2], [3, 4], [1, 2, 3]):\n    r = grad(f)(x)")
    assert "(3,)" in said.message


def test_from_python() -> None:
    """A function's calls share a program; each gets arrays of its own, whatever was given."""
    f = gradcli.function("f(x) = sum(x^3)").grad()
    x = np.array([1.0, 2.0])
    found = [f(x + i) for i in range(4)]
    for i, slope in enumerate(found):
        np.testing.assert_allclose(slope, 3 * (x + i) ** 2)
    assert not any(np.shares_memory(a, b) for a in found for b in [*found, x] if a is not b)
    assert f(np.array([1, 2], np.float32)).dtype == np.float32
    assert f(3.0) == 27.0


@pytest.mark.parametrize("last", [5, True, np.float32(3), (2.0, np.array([1.0, 2])), (2.0, 3.0), np.ones((3, 2))])
def test_a_tensor_that_was_an_input_becomes_something_else(last: Any) -> None:
    """What a name has by then is what counts, whatever it was in the calls before."""
    session, alone = gradcli.Session(), gradcli.Session()
    for each in (session, alone):
        each.run("f(x) = (c, c*x)" if not isinstance(last, tuple) else "f(x) = sum(c*x)")
    for c in (np.array([1.0, 2]), np.array([2.0, 3]), np.array([4.0, 5]), last):
        session["c"] = c
        found = session["f"](2.0)
    alone["c"] = last
    programs.forget()
    np.testing.assert_equal(found, alone["f"](2.0))


def test_zipped_results() -> None:
    """What goes through several things together is a tuple in a result, wherever in it, and at the first call too."""
    pairs = gradcli.function("f(x) = (zip(x, 2x), enumerate(x))")
    for i in (1.0, 2.0, 3.0):
        assert pairs(np.array([i, 5])) == (((i, 2 * i), (5.0, 10.0)), ((0, i), (1, 5.0)))
    assert gradcli.function("f(x) = zip(x, x)")(np.array([3.0])) == ((3.0, 3.0),)


def test_steps_are_counted() -> None:
    """The limit holds for programs too."""
    step = run("set max_steps 100\nf(x) = x\nfor i in range(80):\n    y = f(i)")
    assert "more than 100 steps" in step.diagnostics[-1].message


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions that are made anew for each call push each other out."""
    monkeypatch.setattr(programs, "MOST_CALLS", 4)
    run("for i in range(30):\n    h = x -> i*x^2\n    r = grad(h)(2)")
    assert len(programs._here.calls) <= 4


def test_a_step_of_training_costs_little() -> None:
    """What a statement of a loop calculates has a program too, with the tensors that it reads as inputs."""
    net = "net = Sequential(Dense(2, 8), tanh, Dense(8, 1))\nl(x) = sum(net(x)^2)\ng = grad(l, weights=params(net))\n"
    body = "    d = g([1, 2])\n    m = 0.9*m + 0.1*d[1]\n    params(net) = params(net) - 0.1*m\n"
    few, many = (made_by(f"for i in range({n}):\n{body}", net + "m = 0*params(net)\n") for n in (8, 18))
    assert (many - few) / 10 < 60
