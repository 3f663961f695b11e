"""Differential equations: against their solutions, and derivatives against those of the solutions."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from tests.language.running import error, run, value

METHODS = (
    'method="dopri5"',
    'method="taylor"',
    'method="rk4", steps=400',
    'method="dopri5", steps=200',
    'method="taylor", order=12, steps=12',
)

# What is called with the state and the time, where it starts, and the solution at t.
EQUATIONS: dict[str, tuple[str, str, Callable[[float], float]]] = {
    "decay": ("(y, t) -> -y", "1.0", lambda t: math.exp(-t)),
    "of time": ("(y, t) -> y*cos(t)", "2.0", lambda t: 2 * math.exp(math.sin(t))),
    "logistic": ("y -> y*(1 - y)", "0.1", lambda t: 1 / (1 + 9 * math.exp(-t))),
    "singular at the end of time": ("(y, t) -> y^2", "0.25", lambda t: 1 / (4 - t)),
    "time alone": ("(y, t) -> 3t^2", "0.0", lambda t: t**3),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", EQUATIONS)
def test_solutions(name: str, method: str) -> None:
    """At all times that are asked for, also backwards."""
    f, start, solution = EQUATIONS[name]
    found = value(f"odeint({f}, {start}, [0, 0.5, 1.25, 3], {method})")
    np.testing.assert_allclose(found, [solution(t) for t in (0, 0.5, 1.25, 3)], rtol=2e-7, atol=1e-8)
    back = value(f"odeint({f}, {solution(3)!r}, [3, 1, 0], {method})")
    np.testing.assert_allclose(back, [solution(t) for t in (3, 1, 0)], rtol=2e-6, atol=1e-7)


def test_smaller_errors_are_smaller() -> None:
    """The tolerance is what a step's error is held to."""
    f, start, solution = EQUATIONS["of time"]
    errors = [
        abs(value(f"odeint({f}, {start}, [0, 3], rtol={tol}, atol=0)[1]") - solution(3)) for tol in (1e-4, 1e-7, 1e-10)
    ]
    assert errors[0] > 10 * errors[1] > 100 * errors[2]


@pytest.mark.parametrize("method", METHODS)
def test_derivatives_of_every_order(method: str) -> None:
    """By a parameter: y = exp(kt), whose derivatives by k are t^n exp(kt)."""
    text = f"g(k) = odeint((y, t) -> k*y, 1, [0, 1.5], {method})[1]\n"
    for order in (1, 2, 3):
        found = value(f"{text}g{chr(39) * order}(0.7)")
        assert found == pytest.approx(1.5**order * math.exp(0.7 * 1.5), rel=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_derivatives_by_start_and_times(method: str) -> None:
    """By where it starts, and by when it ends, which is the rate there."""
    by_start = value(f"grad(y0 -> odeint(y -> y*(1 - y), y0, [0, 2], {method})[1])(0.1)")
    e = math.exp(2)
    assert by_start == pytest.approx(e / (1 + 0.1 * (e - 1)) ** 2, rel=1e-6)
    by_end = value(f"grad(T -> odeint(y -> y*(1 - y), 0.1, stack((0, T)), {method})[1])(2)")
    y = 1 / (1 + 9 * math.exp(-2))
    assert by_end == pytest.approx(y * (1 - y), rel=1e-6)


def test_states_of_several_parts() -> None:
    """Tuples and vectors: an oscillator keeps its energy, and its period is known."""
    x, v = value("odeint((s, t) -> (s[1], -4*s[0]), (1, 0), linspace(0, pi, 5))")
    np.testing.assert_allclose(x, [1, 0, -1, 0, 1], atol=1e-7)
    np.testing.assert_allclose(v, [0, -2, 0, 2, 0], atol=1e-7)
    found = value("odeint((y, t) -> [[0, 1], [-1, 0]] @ y, [1, 0], [0, 1])")
    np.testing.assert_allclose(found[1], [math.cos(1), -math.sin(1)], rtol=1e-8)


def test_a_network_as_the_rate() -> None:
    """Its parameters have gradients, which differences agree with."""
    text = "loss(w) = sum(odeint((y, t) -> tanh(w @ y), [1, 0.5], [0, 1])[1]^2)\nw = [[0.3, -0.2], [0.5, 0.1]]\n"
    found = value(f"{text}grad(loss)(w)")
    for i in range(2):
        for j in range(2):
            ends = [value(f"{text}w[{i}, {j}] += {h}\nloss(w)") for h in (1e-5, -1e-5)]
            assert found[i][j] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-5)
    inside = value(
        "model ode(y0):\n    param w = [[0.3, -0.2], [0.5, 0.1]]\n"
        "    return sum(odeint((y, t) -> tanh(w @ y), y0, [0, 1])[1]^2)\n"
        "grad(ode, wrt=w)([1, 0.5])"
    )
    np.testing.assert_allclose(inside, found, rtol=1e-9)


def test_mapped_with_equal_steps() -> None:
    """Each sample its own solution; steps that follow an error are refused, since no error is known."""
    found = value("vmap(k -> odeint((y, t) -> k*y, 1, [0, 1], steps=50)[1])([1, 2])")
    np.testing.assert_allclose(found, [math.e, math.e**2], rtol=1e-8)
    said = error("vmap(k -> odeint((y, t) -> k*y, 1, [0, 1])[1])([1, 2])")
    assert "steps=20" in str(said.hint)


def test_what_can_not_be_followed() -> None:
    """A solution that becomes infinite ends there, and says where."""
    assert "t = 1" in error("odeint((y, t) -> y^2, 1, [0, 2])").message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("odeint((y, t) -> -y, 1, [0])", "two or more"),
        ("odeint((y, t) -> -y, 1, [0, 1, 1])", "must grow"),
        ('odeint((y, t) -> -y, 1, [0, 1], method="euler")', "no method"),
        ("odeint((y, t) -> (y, y), 1, [0, 1])", "2 rates"),
        ("odeint((y, t) -> [y, y], 1, [0, 1])", "shape (2,)"),
        ("odeint((a, b, c) -> a, 1, [0, 1])", "the state and the time"),
        ("odeint((y, t) -> -y, 1, [0, 1], steps=0)", "lead nowhere"),
        ("odeint((y, t) -> -y, 1, [0, 1], order=3)", "Taylor"),
    ],
)
def test_mistakes(text: str, said: str) -> None:
    """What is wrong is said of the call."""
    assert said in error(text).message


def test_long_solutions_are_short_graphs() -> None:
    """As many nodes for a thousand steps as for ten."""
    from gradcli.core.ir.traversal import reachable
    from gradcli.language.text.diagnostics import Source
    from gradcli.language.text.parse import parse_expression
    from gradcli.language.values.nesting import distinct_nodes

    session = run("f(k, n) = odeint((y, t) -> sin(k*y), [1, 2], [0, 1], steps=n)").session
    counts = []
    for n in (10, 1000):
        interpreter = session.interpreter()
        found = interpreter.evaluate(parse_expression(Source("test", f"f(0.5, {n})")))
        counts.append(len(reachable(distinct_nodes(found))))
    assert counts[0] == counts[1]


def test_the_adjoint_equation() -> None:
    """Gradients by parameters, start and times are those of the steps, as far as these are short; also twice."""
    how = 'steps=80, gradient="adjoint"'
    text = (
        "rate(k, w) = (y, t) -> (k*y[1]*cos(t), w @ [y[0], y[1]] @ [1, -1])\n"
        "def loss(k, a, T, w, how):\n"
        "    x, v = odeint(rate(k, w), (a, 1), stack((0, 0.4, T)), steps=80, gradient=how)\n"
        "    return x[2]^2 + v[1]*x[1]\n"
    )
    w = "[[0.3, -0.2], [0.5, 0.1]]"
    for operator in (
        "grad(f, (0, 1, 2, 3))",
        "grad(x -> grad(f)(x, 0.5, 1.5, W))",
        "grad(x -> sum(grad(f, 3)(0.7, 0.5, x, W)^2))",
    ):
        at = "(0.7, 0.5, 1.5, W)" if "0, 1" in operator else "(0.7)" if "grad(f)(x" in operator else "(1.5)"
        one, other = (
            value(f'{text}W = {w}\nf(k, a, T, w) = loss(k, a, T, w, "{how}")\n{operator}{at}')
            for how in ("steps", "adjoint")
        )
        for a, b in zip(np.ravel(np.asarray(one, object)), np.ravel(np.asarray(other, object)), strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-6)
    assert "steps, or by adjoint" in str(error('odeint((y, t) -> -y, 1, [0, 1], gradient="x")').hint)
    assert value(f"a(k) = odeint((y, t) -> k*y, 1, [0, 1], {how})[1]\na'(1), a''(1)") == pytest.approx(
        (math.e, math.e), rel=1e-8
    )
