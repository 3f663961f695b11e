"""Optimizers, beside the same rules in NumPy; `fit`, beside the steps made by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcli.language.calculus.optimizers import RULES
from tests.counting import calls_of
from tests.language.running import error, run, unpack, value

Array = Any
W, GRADIENTS = [1.0, -2.0, 3.0], [[0.5, 1.0, -2.0], [0.1, -1.0, 0.0], [2.0, 0.3, 0.7]]


def _sgd(w: Array, gradients: Array, rate: float = 0.01, decay: float = 0.0) -> Array:
    for g in gradients:
        w = w - rate * (g + decay * w)
    return w


def _momentum(w: Array, gradients: Array, rate: float = 0.01, mu: float = 0.9, nesterov: bool = False) -> Array:
    v = np.zeros_like(w)
    for g in gradients:
        v = mu * v + g
        w = w - rate * (g + mu * v if nesterov else v)
    return w


def _adam(
    w: Array, gradients: Array, rate: float = 0.001, b1: float = 0.9, b2: float = 0.999, decay: float = 0.0
) -> Array:
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t, g in enumerate(gradients, 1):
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        w = w - rate * decay * w - rate * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + 1e-8)
    return w


CASES: list[tuple[str, Callable[..., Array], dict[str, Any]]] = [
    ("sgd(w, g, s)", _sgd, {}),
    ("sgd(w, g, s, rate=0.1, weight_decay=0.2)", _sgd, {"rate": 0.1, "decay": 0.2}),
    ("momentum(w, g, s, rate=0.1)", _momentum, {"rate": 0.1}),
    ("momentum(w, g, s, momentum=0.5, nesterov=true)", _momentum, {"mu": 0.5, "nesterov": True}),
    ("adam(w, g, s)", _adam, {}),
    ("adam(w, g, s, rate=0.1, beta1=0.5, beta2=0.6)", _adam, {"rate": 0.1, "b1": 0.5, "b2": 0.6}),
    ("adam(rate=0.1, beta1=0)(w, g, s)", _adam, {"rate": 0.1, "b1": 0.0}),
    ("adamw(w, g, s, rate=0.1)", _adam, {"rate": 0.1, "decay": 0.01}),
]


@pytest.mark.parametrize(("step", "rule", "settings"), CASES)
def test_a_rule_is_numpys(step: str, rule: Callable[..., Array], settings: dict[str, Any]) -> None:
    """Of a tensor, and of the same numbers in a nested tuple."""
    expected = rule(np.array(W), np.array(GRADIENTS), **settings)
    whole = "".join(f"g = {g}\nw, s = {step}\n" for g in GRADIENTS)
    np.testing.assert_allclose(value(f"w = {W}\ns = none\n{whole}w"), expected, rtol=1e-13)
    parts = "".join(f"g = ({g[0]}, ({g[1:]},))\nw, s = {step}\n" for g in GRADIENTS)
    found = value(f"w = ({W[0]}, ({W[1:]},))\ns = none\n{parts}w")
    np.testing.assert_allclose([found[0], *found[1][0]], expected, rtol=1e-13)


def test_a_rate_may_be_a_function_of_the_step() -> None:
    """Which counts from 1."""
    text = "w, s = sgd(1, 1, none, rate=t -> 0.1*t)\nw, s = sgd(w, 1, s, rate=t -> 0.1*t)\nw"
    assert value(text) == pytest.approx(1 - 0.1 - 0.2)


def test_a_step_is_differentiated_through() -> None:
    """By a number in rate and gradients, by finite differences, behind two steps."""
    for name in RULES:
        if name == "newton":
            continue
        body = f"""
def f(r):
    w, s = {name}([1, 2], [r, -1], none, rate=r)
    w, s = {name}(w, [1, r], s, rate=r)
    return sum(w*[1, 2])
"""
        got, low, high = value(body + "f'(0.3), f(0.3 - 1e-5), f(0.3 + 1e-5)")
        assert got == pytest.approx((high - low) / 2e-5, rel=1e-6), name
        assert abs(got) > 0.1


def test_newtons_step_ends_at_the_minimum_of_a_quadratic() -> None:
    """By one matrix and by blocks."""
    text = "h(a, b) = a^2 + a*sum(b) + sum(b^2)\nd, H = grad(h, all), hessian(h)\n"
    (a, b), state = value(text + "newton((1, [2, 3]), d(1, [2, 3]), hessian=H(1, [2, 3]))")
    np.testing.assert_allclose([a, *b], 0, atol=1e-14)
    assert state == (1,)
    one = value("f(w) = sum((w - [1, 2])^2)\nnewton([5, 7], grad(f)([5, 7]), hessian=hessian(f)([5, 7]))[0]")
    np.testing.assert_allclose(one, [1, 2])


def test_lbfgs_guesses_the_curvature_of_a_quadratic() -> None:
    """After as many steps as there are directions, along each of which it has seen the gradient grow."""
    text = "g(w) = [2, 10]*(w - [1, 3])\nw, s = [4, 4], none\nfor i in 1..30: w, s = lbfgs(w, g(w), s)\nw"
    np.testing.assert_allclose(value(text), [1, 3], atol=1e-8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("adam((1, 2), (1, [1, 2]))", "at item [1]"),
        ("adam((1, 2), 3)", "weights and their gradient"),
        ("adam(1, 2, (1, 2))", "the state of `adam` is (steps, mean, square)"),
        ("adam(1)", "needs weights and their gradient"),
        ("adam(1, 2, beta1=1)", "`beta1` of `adam` can't be 1"),
        ("sgd(1, 2, rate=-1)", "`rate` of `sgd` can't be -1"),
        ("sgd(1, 2, rate=[1, 2])", "a rate is a number"),
        ("newton(1, 2)", "needs the Hessian"),
        ("newton([1, 2], [1, 2], hessian=[1, 2])", "no Hessian by 2 weights"),
        ("lbfgs(1, 2, memory=0)", "guesses nothing"),
    ],
)
def test_what_is_no_step_is_refused(text: str, message: str) -> None:
    """By name."""
    assert message in error(text).message


NET = """
x = reshape(linspace(-2, 2, 16), (16, 1))
y = sin(2*x)
net = Sequential(Dense(1, 8), tanh, Dense(8, 1))
loss(a, b) = mean((net(a) - b)^2)
slopes = grad(loss, grad_position=none, weights=params(net))
w0 = params(net)
"""


@pytest.mark.parametrize("name", ["sgd", "momentum", "adam", "adamw"])
def test_fit_makes_the_steps_that_are_made_by_hand(name: str) -> None:
    """The same weights, and the losses on the way."""
    text = (
        NET
        + f"""
a = fit(loss, x, y, steps=5, optimizer={name}, rate=0.01)
w1 = params(net)
params(net) = w0
s, l = none, loss(x, y)
for i in 1..5: params(net), s = {name}(params(net), slopes(x, y), s, rate=0.01)
a.first, l, a.loss, loss(x, y), norm(params(net) - w1), a.history.shape, a.steps
"""
    )
    first, before, last, after, apart, shape, steps = value(text)
    assert first == pytest.approx(before, rel=1e-12)
    assert last == pytest.approx(after, rel=1e-12)
    assert apart < 1e-12
    assert (shape, steps) == ((6,), 5)


@pytest.mark.parametrize(
    "asked",
    [
        "fit(loss, x, y, steps=30)",
        "fit(loss(x, y), steps=30)",
        "fit(mean((net(x) - y)^2), steps=30)",
        "fit(whole, steps=30)",
        'fit(loss, x, y, steps=30, optimizer="adam", rate=0.01)',
        "fit(loss, x, y, steps=30, optimizer=adam(rate=0.01))",
        "fit(loss, x, y, steps=30, optimizer=(w, g, s) -> adam(w, g, s, rate=0.01))",
    ],
)
def test_ways_to_ask_are_one(asked: str) -> None:
    """Whatever is given, the same is done."""
    text = NET + "whole() = loss(x, y)\na = fit(loss, x, y, steps=30).loss\nparams(net) = w0\n"
    usual, found = value(text + f"a, {asked}.loss")
    assert found == pytest.approx(usual, rel=1e-12)


def test_searches_end_where_no_step_leads_lower() -> None:
    """Newton's and the quasi-Newton method, at the minimum of a least-squares line."""
    text = "x = [0, 1, 2, 3]\ny = [1, 3, 2, 5]\nmodel line(x):\n    param w = 0\n    param b = 0\n    return w*x + b\n"
    w, b = np.polyfit([0, 1, 2, 3], [1, 3, 2, 5], 1)
    for name in ("newton", "lbfgs"):
        found = value(text + f"a = fit(mean((line(x) - y)^2), optimizer={name})\na.ended, line.w, line.b, a.steps")
        assert found[0] == "converged"
        np.testing.assert_allclose(found[1:3], [w, b], rtol=1e-6)
        assert found[3] < 30


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("optimizer", ["newton", "lbfgs"])
def test_searches_end_at_the_last_digit(optimizer: str, seed: int) -> None:
    """Where the slope is of the size of rounding, and promises less than a digit of the loss."""
    text = f"set seed {seed}\nmodel m(x): param w = 0.0; return w*x\nx, y = ones(6), normal((6,))\n"
    found = value(f"{text}r = fit(mean((m(x) - y)^2), optimizer={optimizer})\nr.steps, r.ended")
    assert found[0] <= 5
    assert found[1] == "converged"


def test_newton_leaves_a_saddle() -> None:
    """Where the Hessian is not positive definite it is bent."""
    text = "model m(a):\n    param w = [0.1, 0.1]\n    return sum((w^2 - 1)^2)\nfit(m(1), optimizer=newton)\nabs(m.w)"
    np.testing.assert_allclose(value(text), [1, 1], rtol=1e-6)


def test_patience_keeps_the_lowest() -> None:
    """Training ends after so many steps without an improvement."""
    found = value(
        NET + "a = fit(loss, x, y, steps=5000, rate=0.05, tolerance=1e-3)\na.ended, a.steps, a.loss, a.history"
    )
    assert found[0] == "patience"
    assert found[1] < 5000
    assert found[2] == pytest.approx(loss := found[3][-11])
    assert all(loss <= later + 1e-3 for later in found[3][-10:])


def test_what_diverges_is_told_and_taken_back() -> None:
    """The weights are finite, those of the lowest loss."""
    step = run(NET + "fit(loss, x, y, steps=500, optimizer=sgd, rate=1000)\nloss(x, y)")
    assert any("the loss became" in d.message for d in step.diagnostics)
    assert np.isfinite(unpack(step.results[-1].value))  # type: ignore[union-attr]


def test_an_interrupted_training_keeps_what_was_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C at some step ends the training, not the script."""
    from gradcli.core.calculus import fitting

    seen = fitting._Watch.sees
    count = [0]

    def interrupting(self: Any, *args: float) -> bool:
        count[0] += 1
        if count[0] == 8:
            raise KeyboardInterrupt
        return seen(self, *args)

    monkeypatch.setattr(fitting._Watch, "sees", interrupting)
    step = run(NET + "a = fit(loss, x, y, steps=500)\na.ended, a.steps, a.loss, loss(x, y)")
    ended, steps, last, now = unpack(step.results[-1].value)  # type: ignore[union-attr]
    assert (ended, steps) == ("interrupted", 7)
    assert last == pytest.approx(now, rel=1e-12)
    assert any("interrupted after 7 steps" in d.message for d in step.diagnostics)


def test_a_step_is_a_run_of_one_program() -> None:
    """Nothing is traced, differentiated or compiled in the loop: a step costs as few calls as the program has."""
    session = run(NET).session
    few = calls_of(lambda: run("fit(loss, x, y, steps=10)", session))
    many = calls_of(lambda: run("fit(loss, x, y, steps=110)", session))
    # Those of small tensors are calls of math for each element.
    assert many - few < 100 * 450


def test_an_own_parameter_of_float32_stays_so() -> None:
    """Parameters of both float types are trained together."""
    text = "model m(a):\n    param w = float32([1, 2])\n    param b = 3\n    return sum(w^2) + b^2\n"
    assert value(text + "fit(m(1), steps=400, rate=0.05)\nm.w.dtype, m(1) < 1e-3, m.b.dtype") == (
        "float32",
        True,
        "float64",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fit(3)", "reads no parameters"),
        ("fit(loss)", "takes `a`, `b`, and here are 0"),
        ("fit(net, x)", "one real number"),
        ("fit(loss(x, y), x)", "takes no inputs"),
        ("fit(loss, x, y, steps=0)", "can't take 0 steps"),
        ('fit(loss, x, y, optimizer="adm")', "`adm` is no optimizer"),
        ("fit(loss, x, y, optimizer=3)", "is no optimizer"),
        ("fit(loss, x, y, optimizer=sin)", "`sin` is no optimizer"),
        ("fit(loss, x, y, optimizer=(w, g, s) -> w)", "gives the new weights and the new state"),
        ("fit(loss, x, y, optimizer=(w, g, s) -> sgd(w, g, s), rate=1)", "has its rate in itself"),
        ("fit(loss, x, y, patience=0)", "patience"),
        ("f(z) = fit(z*loss(x, y)).loss\ngrad(f)(2)", "where all values are known"),
        ("fit((loss(x, y), 1))", "a loss is one number"),
    ],
)
def test_what_cannot_be_trained_is_refused(text: str, message: str) -> None:
    """With what to do."""
    found = error(NET + text)
    assert message in found.message
    assert found.hint


def test_batches_take_each_row_once_in_a_round() -> None:
    """With as many rows as there are, a step is that on all; with fewer, each is on some, drawn by the seed."""
    text = NET + "a = fit(loss, x, y, steps=9)\nparams(net) = w0\n"
    whole, all_rows = value(text + "a.loss, fit(loss, x, y, steps=9, batch_size=16).loss")
    assert all_rows == pytest.approx(whole, rel=1e-12)
    text = "x = linspace(0, 7, 8)\nmodel m(a):\n    param w = 0\n    return w*a\nloss(a) = mean(a) + 0*m.w\n"
    history = value(text + "fit(loss, x, steps=8, batch_size=2).history")
    for first in (0, 4):
        assert np.mean(history[first : first + 4]) == pytest.approx(3.5)
    assert len(set(history[:8])) > 2
    assert history[8] == 3.5
    assert list(history) == list(value(text + "fit(loss, x, steps=8, batch_size=2).history"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fit(loss(x, y), batch_size=2)", "a loss that is a function"),
        ("fit(loss, x, y[0:3], batch_size=2)", "rows"),
        ("fit(loss, x, y, batch_size=17)", "a batch of 17 of 16 rows"),
        ("fit(loss, x, y, batch_size=4, optimizer=lbfgs)", "each batch has another"),
    ],
)
def test_batches_that_cannot_be_are_refused(text: str, message: str) -> None:
    """By what is wrong with them."""
    assert message in error(NET + text).message


NOISY = """set seed 1
x = normal((32, 2))
net = Sequential(Dense(2, 8), tanh, Dropout(0.5), Dense(8, 1))
loss(x) = mean((net(x) - x[:, :1])^2)
still(x) = mean((net(x, training=false) - x[:, :1])^2)
"""


@pytest.mark.parametrize("call", ["loss, x", "loss(x)", "loss, x, batch_size=32"])
def test_what_a_loss_draws_is_drawn_anew_for_each_step(call: str) -> None:
    """At a rate of almost nothing the weights stay, and the loss differs from step to step by its masks alone."""
    history = value(NOISY + f"h = fit({call}, steps=20, rate=1e-300).history; h")
    assert len(np.unique(history[:20])) == 20
    again = value(NOISY + f"h = fit({call}, steps=20, rate=1e-300).history; h")
    np.testing.assert_array_equal(history, again)
    quiet = value(NOISY + "h = fit(still, x, steps=20, rate=1e-300).history; h")
    assert np.ptp(quiet) < 1e-12


def test_what_is_drawn_outside_of_a_loss_is_data() -> None:
    """It stays as it is from step to step; one loss has one minimum, a loss that draws none."""
    history = value(
        "set seed 1\nmodel m(x): param w = 1; return w*x\nh = fit(mean(m(normal(9))), steps=9, rate=1e-300).history; h"
    )
    assert len(np.unique(history)) == 1
    assert "draws random numbers" in error(NOISY + "fit(loss, x, optimizer=lbfgs)").message
    assert value(NOISY + "fit(still, x, steps=5, optimizer=lbfgs).steps") == 5


def test_what_a_loss_draws_by_itself_is_drawn_anew() -> None:
    """Tensors and numbers, normally and evenly distributed: the weight goes to the mean of what is drawn."""
    text = "set seed 3\nmodel m(x): param w = 0.0; return w*x\n"
    drawn = (
        text + "fit(() -> (m(1) - mean(uniform((5,), 2, 4)) - normal())^2, steps=800, optimizer=sgd, rate=0.01)\nm.w"
    )
    assert abs(value(drawn) - 3) < 0.4
    with_rows = (
        text + "loss(x) = mean((m(x) - normal(x.shape))^2)\nfit(loss, ones(6), steps=5, rate=0, batch_size=2).history"
    )
    assert len(set(value(with_rows)[:5])) == 5
