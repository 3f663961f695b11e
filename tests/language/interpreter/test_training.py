"""Loops at the top level that give values to parameters: as one node they come to what they come to step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradcli
from gradcli.language.interpreter import statements

NET = """
x = [[0.3, -0.2], [1.0, 0.5], [-0.7, 0.1]]
y = [[0.1], [0.9], [-0.4]]
net = Sequential(Dense(2, 3), tanh, Dense(3, 1))
l(x, y) = mean((net(x) - y)^2)
step = value_and_grad(l, grad_position=none, weights=params(net))
v = 1.0
"""
LINE = """
model Line(x):
    param w = 0.5
    param c = 0.1
    return w*x + c
loss(x) = sum((Line(x) - 3*x + 1)^2)
g = grad(loss, grad_position=none, weights=params(Line))
x = [0.1, 0.7, -0.4]
"""
# Each with what it runs in front, its block, and what is asked behind it.
LOOPS = {
    "descent": (NET, "v, d = step(x, y)\nparams(net) = params(net) - 0.1*d", "1.0*params(net)"),
    "value behind": (NET, "params(net) = params(net) - 0.1*step(x, y)[1]\nv = l(x, y)", "(v, 1.0*params(net))"),
    "momentum": (
        f"{NET}m = 0.0*step(x, y)[1]\n",
        "m = 0.9*m + step(x, y)[1]\nparams(net) = params(net) - 0.01*m",
        "(m, 1.0*params(net))",
    ),
    "one parameter": (LINE, "d = g(x)\nLine.w = Line.w - 0.1*d[0]", "(d, 1.0*params(Line))"),
    "each by its name": (
        LINE,
        "w, c = g(x)\nLine.c = Line.c - 0.1*c\nLine.w = Line.w - 0.1*w\nv = loss(x)",
        "(v, w, c, 1.0*params(Line))",
    ),
    "a number": (LINE, "d = g(x)\nLine.w = 0.5 if i % 2 == 0 else Line.w - 0.1*d[0]", "(d, 1.0*params(Line))"),
    "by name": (NET, "v, d = step(x, y)\nnet[0].weight = net[0].weight - 0.1*d[0]", "(v, 1.0*params(net))"),
    "break": (
        NET,
        "v, d = step(x, y)\nif v < 0.02: break\nparams(net) = params(net) - 0.1*d",
        "(v, i, 1.0*params(net))",
    ),
    "break behind": (
        NET,
        "v, d = step(x, y)\nparams(net) = params(net) - 0.1*d\nif v < 0.02: break",
        "(v, i, 1.0*params(net))",
    ),
    "continue": (
        NET,
        "v, d = step(x, y)\nif i % 3 == 1: continue\nparams(net) = params(net) - 0.1*d",
        "(v, 1.0*params(net))",
    ),
    "choice": (
        NET,
        "w, d = 1.0*params(net), step(x, y)[1]\n"
        "if i % 2 == 0:\n    params(net) = w - 0.1*d\nelse:\n    params(net) = w - 0.05*d",
        "(1.0*params(net), d)",
    ),
    "rate": (
        f"{NET}rate = 0.1\n",
        "v, d = step(x, y)\nparams(net) = params(net) - rate*d\nrate = 0.99*rate",
        "(rate, 1.0*params(net))",
    ),
    "twice": (
        NET,
        "params(net) = params(net) - 0.1*step(x, y)[1]\nparams(net) = params(net) - 0.1*step(x, y)[1]",
        "1.0*params(net)",
    ),
    "inner loop": (
        NET,
        "for j in range(3):\n    params(net) = params(net) - 0.05*step(x[j:j+1], y[j:j+1])[1]",
        "1.0*params(net)",
    ),
    "long inner loop": (
        LINE,
        "for j in range(70):\n    Line.w = Line.w - 0.001*(j + 1)*g(x)[0]\nv = loss(x)",
        "(v, 1.0*params(Line))",
    ),
    "kept": (
        NET,
        "before = l(x, y)\nparams(net) = params(net) - 0.1*step(x, y)[1]\nafter = l(x, y)\nv = before - after",
        "v",
    ),
    "second order": (
        NET,
        "params(net) = params(net) - 0.1*step(x, y)[1]\nc = grad(grad(l))(x, y)[0, 0]",
        "(c, 1.0*params(net))",
    ),
    "at other weights": (
        NET,
        "ahead = params(net) - 0.1*step(x, y)[1]\nv = l(x, y, params=ahead)\n"
        "params(net) = params(net) - 0.1*step(x, y, params=ahead)[1]",
        "(v, 1.0*params(net))",
    ),
}
STEPS = 211


def _run(before: str, block: str, asked: str, steps: int = STEPS) -> list[Any]:
    session = gradcli.Session()
    inside = block.replace("\n", "\n    ")
    session.run(f"{before}\nfor i in range({steps}):\n    {inside}\n")

    def flat(value: Any) -> list[Any]:
        return [x for item in value for x in flat(item)] if isinstance(value, tuple) else [np.asarray(value)]

    session.run(f"asked = {asked}")
    return flat(session["asked"])


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of the loops at the top level that became one node."""
    made: list[int] = []
    as_node = statements.Statements._as_node

    def counted(self: statements.Statements, loop: Any, frame: Any, rows: Any, least: int = 0) -> Any:
        found = as_node(self, loop, frame, rows, least)
        if frame is None:
            made.append(rows.length)
        return found

    monkeypatch.setattr(statements.Statements, "_as_node", counted)
    return made


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_that_trains_comes_to_the_same_as_its_steps(name: str, nodes: list[int]) -> None:
    """Values and weights, however the steps give them."""
    before, block, asked = LOOPS[name]
    whole = _run(before, block, asked)
    assert nodes == [STEPS]
    # What may say something in a step is done step by step.
    stepwise = _run(before, f"{block}\nif i > {STEPS}: print(i)", asked)
    assert nodes == [STEPS]
    assert len(whole) == len(stepwise)
    for a, b in zip(whole, stepwise, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("params(net) = params(net) - v", "shape"),
        ("net[0].weight = 1.0", "shape"),
        ("params(net) = (1.0, 2.0)", "4 parameters"),
        ("q = net.none", "none"),
        ("l(x, y) = 3.0\n    params(l) = 2.0", "no parameters"),
    ],
)
def test_a_mistake_in_training_is_told_at_its_place(block: str, message: str) -> None:
    """In a long loop as in a short one, with everything as it was before."""
    session = gradcli.Session()
    session.run(f"{NET}w = 1.0*params(net)\nv = [1.0, 2.0]")
    with pytest.raises(gradcli.GradcliError, match=message) as long:
        session.run(f"for i in range({STEPS}):\n    {block}\n    net[0].weight = 0.5*net[0].weight\n")
    with pytest.raises(gradcli.GradcliError) as short:
        session.run(f"for i in range(3):\n    {block}\n    net[0].weight = 0.5*net[0].weight\n")
    assert str(long.value).replace(str(STEPS), "3") == str(short.value)
    # What was defined is as it was.
    session.run("same = allclose(params(net), w)")
    assert session["same"]


def test_a_function_trains_no_parameter_in_a_loop() -> None:
    """Calls of it have no effects there either."""
    session = gradcli.Session()
    text = f"{NET}f(a) = a\ndef h(a):\n    for j in range(3):\n        params(net) = 0.5*params(net)\n    return a\n"
    with pytest.raises(gradcli.GradcliError, match="at the top level only"):
        session.run(f"{text}for i in range({STEPS}):\n    h(1.0)\n    params(net) = 0.9*params(net)\n")


def test_a_while_that_trains_ends_where_its_steps_do() -> None:
    """Its condition reads what is trained."""
    found = []
    for silent in ("", "    if k > 10000: print(k)\n"):
        session = gradcli.Session()
        session.run(
            f"{NET}k = 0\nwhile v > 0.001:\n    v, d = step(x, y)\n"
            f"    params(net) = params(net) - 0.002*d\n    k = k + 1\n{silent}behind = l(x, y)\n"
        )
        found.append((session["k"], session["v"], session["behind"]))
    assert found[0][0] == found[1][0] > 200
    np.testing.assert_allclose(found[0][1:], found[1][1:], rtol=1e-9)
