"""All parameters at once: assigned, and models evaluated at other weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.counting import calls_of
from tests.language.running import error, run, value

NET = """
x = [[1, 2], [3, 4], [0, 1]]
y = [[1], [2], [0]]
net = Sequential(Dense(2, 3), tanh, Dense(3, 1))
loss() = mean((net(x) - y)^2)
slopes = grad(loss, grad_position=none, weights=params(net))
f(w) = mean((net(x, params=w) - y)^2)
"""


def test_all_parameters_are_assigned() -> None:
    """By a tuple, by what is taken off, and back again."""
    assert value(NET + "w = params(net)\nparams(net) = 0*w\nnet([1, 2])") == 0
    first, second = value(NET + "w = params(net)\na = loss()\nparams(net) -= 0.01*slopes()\na, loss()")
    assert second < first
    assert value(NET + "w = params(net)\na = loss()\nparams(net) = 0*w\nparams(net) = w\nallclose(a, loss())") is True


def test_parameters_among_other_targets() -> None:
    """An optimizer's step gives new weights and a new state."""
    assert value("model m(x):\n    param w = 2\n    return w*x\nparams(m), s = (5,), 7\nm(2), s") == (10, 7)


def test_a_parameter_at_the_top_level_is_trained_under_its_name() -> None:
    """The name and what reads it agree."""
    assert value("param k = 2\nh(x) = k*x\nparams(h) = (5,)\nh(2), k") == (10, 5)


def test_other_weights_are_those_of_one_call() -> None:
    """The model keeps its own, and so do values that were computed with them."""
    assert value(NET + "a = net(x)\nb = net(x, params=0*params(net))\nsum(abs(b)), allclose(a, net(x))") == (0, True)
    assert value("l = Dense(2, 2)\nh(v) = with_params(l, v)(l([1, 2])) - l([1, 2])\nsum(h((eye(2), [0, 0])))") == 0


def test_derivatives_by_weights_are_those_by_parameters() -> None:
    """By a tuple that stands for them, of first order and of second."""
    got, expected = value(NET + "grad(f)(params(net)), slopes()")
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_an_inner_step_is_differentiated_through() -> None:
    """The gradient behind a step of gradient descent, by finite differences."""
    text = NET + "inner(w) = f(w - 0.1*grad(f)(w))\nw = params(net)\n"
    got = value(text + "grad(inner)(w)[1][0]")
    ends = [value(text + f"inner((w[0], w[1] + {h}*[1, 0, 0], w[2], w[3]))") for h in (1e-5, -1e-5)]
    assert got == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6)


def test_an_ensemble_is_a_map_over_stacked_weights() -> None:
    """Each sample of the weights is a model of its own, and so are its derivatives."""
    text = NET + "w = (normal((4, 3, 2)), normal((4, 3)), normal((4, 1, 3)), normal((4, 1)))\n"
    whole = value(text + "vmap(f)(w), vmap(grad(f))(w)[1]")
    each = value(text + "f((w[0][2], w[1][2], w[2][2], w[3][2])), grad(f)((w[0][2], w[1][2], w[2][2], w[3][2]))[1]")
    np.testing.assert_allclose(whole[0][2], each[0], rtol=1e-12)
    np.testing.assert_allclose(whole[1][2], each[1], rtol=1e-12)


def test_derivatives_by_inputs_and_by_weights_inside() -> None:
    """A model that differentiates by its inputs, or by its own weights, does so at the weights that it gets."""
    text = "model u(t):\n    param a = 2\n    v = sin(a*t)\n    return diff(v, t)\n"
    assert value(text + "u(0.5, params=(3,))") == pytest.approx(3 * np.cos(1.5))
    assert value(text + "f(w) = u(0.5, params=(w,))\nf'(3)") == pytest.approx(np.cos(1.5) - 1.5 * np.sin(1.5))
    own = "model m(t):\n    param a = 2\n    return a^3*t\ng(t) = grad(m, wrt=a)(t)\n"
    assert value(own + "g(2, params=(3,))") == pytest.approx(54)


def test_a_corner_is_looked_for_at_the_weights_given() -> None:
    """Not at those that the model keeps."""
    text = "model m(t):\n    param a = 0\n    return abs(t - a)\n"
    assert value(text + "h(t, w) = grad(m)(t, params=(w,))\nh(0, 1), h(3, 1)") == (-1, 1)
    assert value(text + "with_params(m, (1,))''(0)") == 0


def test_a_number_that_changes_compiles_nothing() -> None:
    """Steps of Adam written by hand, whose factors change with the step, run the programs of the first ones."""
    body = """
    d = slopes()
    m = 0.9*m + 0.1*d
    v = 0.999*v + 0.001*d^2
    params(net) -= 0.01*(m/(1 - 0.9^t))/(sqrt(v/(1 - 0.999^t)) + 1e-8)
"""
    session = run(NET + "m = 0*params(net)\nv = m").session
    session = run(f"for t in 1..3:{body}", session).session
    from gradcli.core.engines import program

    made: list[object] = []
    original = program.Program.__init__

    def counted(self: program.Program, *args: object, **kwargs: object) -> None:
        made.append(self)
        original(self, *args, **kwargs)  # type: ignore[arg-type]

    program.Program.__init__ = counted  # type: ignore[method-assign]
    try:
        few = calls_of(lambda: run(f"for t in 4..33:{body}", session))
        many = calls_of(lambda: run(f"for t in 34..93:{body}", session))
    finally:
        program.Program.__init__ = original  # type: ignore[method-assign]
    # Those of the first steps, and of what turns out to be worth a compiler's time.
    assert len(made) < 20
    assert many < 2.2 * few


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("net(x, params=(1, 2))", "has 4 parameters"),
        ("params(net) = 3", "takes a tuple of 4"),
        ("params(net) = (1, 2, 3)", "gets none"),
        ("sin(1, params=(1,))", "`sin` has no parameters"),
        ("def g(z):\n    params(net) = z\n    return z\n", "at the top level only"),
        ('net(x, params=("a", 1, 2, 3))', "not a text"),
    ],
)
def test_weights_that_do_not_fit_are_refused(text: str, message: str) -> None:
    """By the parameter's name."""
    assert message in error(NET + text).message


def test_functions_made_of_models_have_their_parameters() -> None:
    """By signs and by built-ins, under the models' names."""
    text = "model a(x):\n    param w = 2\n    return w*x\nmodel b(x):\n    param w = 3\n    return x + w\n"
    assert value(text + "params(a∘b)") == {"a.w": 2, "b.w": 3}
    assert value(text + "params(2a + b)") == {"a.w": 2, "b.w": 3}
    assert value(text + "h = a∘b\nh(1), h(1, params=(1, 1))") == (8, 2)
    assert value(text + "h = a∘b\ngrad(h, none, weights=params(h))(1)") == (4, 2)
    assert value(text + "fit(abs(a∘b)(1), steps=3)\na.w < 2") is True


def test_parameters_are_those_that_a_file_holds_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the model was called; what is not there is named."""
    monkeypatch.chdir(tmp_path)
    text = 'net = Sequential(Dense(2, 1), tanh)\nsave("w.npz", params(net))\nx = [1, 2]\na = net(x)\n'
    assert value(text + 'params(net) = 0*params(net)\nparams(net) = load("w.npz")\nallclose(net(x), a)') is True
    other = 'other = Sequential(Dense(2, 1), tanh)\nparams(other) = load("w.npz")\n'
    assert value(text + other + "allclose(other(x), a)") is True
    assert "`d[1].weight`" in error(text + 'd = Sequential(tanh, Dense(1, 1))\nparams(d) = load("w.npz")').message
