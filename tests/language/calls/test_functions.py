"""Functions, models and scopes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.language.running import error, run, value


def test_names_are_looked_up_when_a_function_is_called() -> None:
    """As in Python: a later definition counts, and what was derived from the old one is not stale."""
    assert value("f(x) = a * x; a = 2; a = 5; f(3)") == 15
    assert value("h(x) = x^2; g = grad(h); h(x) = x^3; h(2), grad(h)(2)") == (8, 12)
    assert value("k(x) = m(x); m(x) = x^2; d(x) = grad(k)(x); m(x) = x^3; d(2)") == 12


def test_functions_are_values() -> None:
    """They can be passed, returned, nested, put into tuples, and see the names around them."""
    assert value("twice(f, x) = f(f(x)); twice(x -> x * 3, 2)") == 18
    assert value("adder(n) = x -> x + n; add5 = adder(5); add5(1)") == 6
    assert value("both = (sin, cos); both[1](0)") == 1
    text = "def outer(x):\n    g(y) = x * y\n    f(y) = g(y) + x\n    return f, grad(f)\na, b = outer(3); a(2), b(2)"
    assert value(text) == (9, 3)
    assert value("adder(n) = x -> x + n; grad(n -> adder(n^2)(1))(3)") == 6
    text = "def outer(x):\n    inner(y) = x * y\n    return inner(x) + inner(1)\nouter(3)"
    assert value(text) == 12
    assert value("compose(f, g) = x -> f(g(x)); grad(compose(sin, exp))(0)") == pytest.approx(np.cos(1.0))


def test_defaults_and_named_arguments() -> None:
    """In any order, after those by position."""
    assert value("f(x, n=2) = x^n; f(3), f(3, 3), f(n=1, x=5)") == (9, 27, 5)


def test_several_outputs_are_a_tuple() -> None:
    """They can be taken apart, deeply."""
    assert value("f(x) = x, (x^2, x^3); a, (b, c) = f(2); c, b, a") == (8, 4, 2)
    assert value("a, b = [1, 2]; b") == 2


def test_loops_are_unrolled() -> None:
    """In a body and at the top level, over ranges, tuples and tensors; a return leaves at once."""
    power = "def power(x, n):\n    y = 1\n    for i in range(n):\n        y = y * x\n    return y\n"
    assert value(power + "power(2, 10), grad(power)(2, 10)") == (1024, 5120)
    assert value("s = 0\nfor i in range(1, 10, 3): s += i\ns") == 12
    assert value("s = 0\nfor a, b in ((1, 2), (3, 4)):\n    s += a * b\ns") == 14
    assert value("s = 0\nfor row in [[1, 2], [3, 4]]: s += row @ row\ns") == 30
    assert value("def first(xs):\n    for x in xs:\n        return x\nfirst((7, 8))") == 7


def test_a_count_comes_from_an_argument() -> None:
    """Through calls and arithmetic, as long as it is known when the function is called."""
    assert value(
        "def f(x, n):\n    for i in range(n - 1): x = sin(x)\n    return x\ng(x, k) = f(x, k + 1)\ng(1, 2)"
    ) == (pytest.approx(np.sin(np.sin(1.0))))
    assert value("f(x, i) = x[i]; f([5, 6, 7], 2)") == 7
    assert value("f(x, n) = reshape(x, (n, -1)); f([1, 2, 3, 4], 2).shape") == (2, 2)


def test_a_model_has_parameters() -> None:
    """They are made once, when it is defined, and belong to it."""
    model = "model net(x):\n    param w = [1, 2]\n    param b = 0.5\n    return sum(w * x) + b\n"
    assert value(model + "net(2)") == 6.5
    assert value(model + "params(net)").keys() == {"w", "b"}
    assert value(model + "net.b") == 0.5
    assert value(model + "len(params(net))") == 2
    random = "model net(x): param w = normal((2,)); return sum(w * x)\n"
    assert value(random + "net(1) == net(1)") is True


def test_a_model_on_one_line() -> None:
    """Statements with `;` between."""
    assert value("model f(x): param w = 3; y = w * x; return y\nf(2)") == 6


def test_parameters_at_the_top_level_and_in_other_functions_are_reached() -> None:
    """By the names in the text, through functions that are called, without repetition."""
    text = "param k = 2\nmodel a(x): param w = 3; return w * x\nmodel b(x): param w = 4; return a(x) * w * k\n"
    assert list(value(text + "f(x) = b(x) + a(x) + k; params(f)")) == ["b.w", "a.w", "k"]
    assert value(text + "f(x) = b(x) + a(x) + k\ngrad(f, none, weights=params(f))(1)") == (6, 9, 13)


def test_a_local_name_hides_a_global_parameter() -> None:
    """`params` follows the scopes of the text."""
    assert value("param k = 2\nf(k, x) = k * x\nparams(f)") == {}


def test_layers_inside_a_model_are_its_members() -> None:
    """`param l = Dense(...)` makes a layer that belongs to the model."""
    text = "model net(x):\n    param one = Dense(2, 3)\n    param two = Dense(3, 1)\n    return two(tanh(one(x)))\n"
    shapes = {name: np.shape(v) for name, v in value(text + "params(net)").items()}
    assert shapes == {"one.weight": (3, 2), "one.bias": (3,), "two.weight": (1, 3), "two.bias": (1,)}
    assert value(text + "grad(net, wrt=one.bias)([1, 2]).shape") == (3,)


def test_a_parameter_is_given_a_new_value() -> None:
    """The model has it under every name; what was read before keeps what it read."""
    text = "model net(x): param w = 1; return w * x\nsame = net; before = net.w\nnet.w = net.w + 4\n"
    assert value(text + "net(2), same(2), before") == (10, 10, 1)
    layers = "n = Sequential(Dense(1, 1), Dense(1, 1, has_bias=false))\n"
    layers += "n[0].weight = [[2]]; n[0].bias = [1]; n[1].weight = [[5]]\n"
    assert value(layers + "n([3])[0], sum(grad(n)([3]))") == (35, 10)
    inner = (
        "model net(x):\n    param one = Dense(1, 1)\n    return one(x)\nnet.one.weight = [[4]]; net.one.bias = [0]\n"
    )
    assert value(inner + "net([3])[0], params(net)")[0] == 12
    old = run(text).session
    assert value("net(2)", run("net.w = 9", old).session) == 18
    assert value("net(2)", old) == 10


def test_parts_of_a_sequential_go_by_their_place() -> None:
    """In `weights=` by the parameter itself, in `wrt=` by name."""
    text = "n = Sequential(Dense(2, 1, has_bias=false), Dense(1, 1)); f(x) = sum(n(x))\n"
    by_weight = value(text + "r = grad(f, none, weights=n[0].weight)([1, 2]); r")
    for name in ("n[0].weight", '"0.weight"', '"n.0.weight"'):
        np.testing.assert_array_equal(by_weight, value(text + f"r = grad(f, wrt={name})([1, 2]); r"))
    refused = error(text + "grad(f, wrt=weight)([1, 2])")
    assert refused.message == "`weight` could be several parameters"
    assert "`n[0].weight`, `n[1].weight`" in (refused.hint or "")


def test_a_derivative_follows_a_new_value() -> None:
    """What was derived before is not stale: neither after an assignment nor after a new definition."""
    text = "model net(x): param w = 3; return w^2 * x\nslope = grad(net, none, weights=params(net))\n"
    assert value(text + "net.w = 5; slope(1)") == (10,)
    # A function that is called by its name is the new one; a function that was taken as a value is the old one.
    again = "model net(x): param w = 7; return w^3 * x\n"
    assert value(text + again + "slope(1)") == (6,)
    by_name = "loss(x) = net(x)\nslope = grad(loss, none, weights=params(net))\n"
    assert value(text + by_name + again + "slope(1)[0]") == 147
    assert value(text + "one = grad(net, none, weights=net.w); net.w = 5; one(1)") == 10
    assert value(text + "named = grad(net, wrt=w); net.w = 5; named(1)") == 10


def test_dense_is_the_affine_map() -> None:
    """A call is x @ weight.T + bias, drawn within 1/sqrt(in)."""
    text = "set seed 5; net = Dense(4, 2); x = normal((3, 4));"
    assert value(text + "allclose(net(x), x @ net.weight.T + net.bias)") is True
    assert np.all(np.abs(value(text + "net.weight")) <= 0.5)
    assert value("net = Dense(4, 2, has_bias=false); len(params(net))") == 1


@pytest.mark.parametrize(("reduction", "expected"), [("", 2.5), (', "sum"', 5), (', reduction="none"', None)])
def test_the_mean_squared_error(reduction: str, expected: float | None) -> None:
    """With MindSpore's three reductions."""
    got = value(f"loss = MSELoss({reduction.removeprefix(', ')}); loss([1, 2], [2, 4])")
    if expected is None:
        np.testing.assert_array_equal(got, [1, 4])
    else:
        assert got == expected


def test_hiding_a_built_in_is_warned_of() -> None:
    """Wherever the name is given: it is allowed, and said."""
    for text in ("sin = 3", "sum(x) = x", "param e = 1", "for pi in range(1): x = 1", "a, tanh = 1, 2"):
        (warning,) = run(text).diagnostics
        assert warning.severity == "warning"
        assert "built-in" in warning.message
    # Within a function a name is its own, as an input's is.
    assert not run("f(x) = x; f(exp) = exp").diagnostics


def test_a_mistake_inside_a_function_shows_both_places() -> None:
    """Where it is, and the call that led there."""
    d = error("f(x) = x + missing\ng(x) = f(x)\ng(1)")
    assert d.span is not None
    assert d.span.text == "missing"
    assert [label.span.text for label in d.labels] == ["f(x)", "g(1)"]


def test_a_mistake_loses_nothing() -> None:
    """What ran before it stays, and so does what the failing statement would have replaced."""
    step = run("x = 1\ny = 2\nx = y + missing\ny = 3")
    assert set(step.session.scope) == {"x", "y"}
    assert value("x, y", step.session) == (1, 2)


def test_a_session_is_a_value() -> None:
    """Running a text leaves the session that it ran in as it was."""
    before = run("x = 1").session
    run("x = 2; set seed 9; normal((1,))", before)
    assert value("x", before) == 1
    assert before.seed == 0


def test_an_input_of_ones_own_may_be_called_wrt() -> None:
    """The operators' `wrt` takes names; a user's is an input like any other."""
    assert value("f(x, wrt) = x * wrt; a = 3; f(2, wrt=a + 1)") == 8
    assert value("f(x, y) = x * y; grad(f, wrt=y)(2, 5)") == 2


def test_a_setting_inside_a_loop_is_refused() -> None:
    """As inside a function: it holds for what follows at the top level."""
    refused = error("for i in range(3): set seed 4")
    assert "top level" in refused.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("t = (x -> diff, 1); f(x) = (t[0](0))(x^2, x); f(3)", 6),
        ("tools = ((i -> (sin, diff)[i]), 0); f(x) = tools[0](1)(x^3, x); f(3)", 27),
        ("c = Sequential(y -> diff); f(x) = c(0)(x^2, x); f(3)", 6),
        ("f(x, by) = by(x^2, x); f(3, diff)", 6),
        ("slope(u, x) = diff(u, x); f(x) = x * diff(x^2, x); g(x) = f(x) + f(2 * x); g(3)", 90),
        ("d = diff; f(x) = d(x^3, x, x); f(2)", 12),
        ("f(x) = (y -> diff(y^2, y))(x); f(3)", 6),
        ("def f(x):\n    h = z -> diff(z^2, z)\n    return h(x) + h(x + 1)\nf(3)", 14),
    ],
)
def test_what_differentiates_by_its_inputs_has_inputs_of_its_own(text: str, expected: float) -> None:
    """However diff is reached: by a name, a tuple, a chain, an argument, a closure."""
    assert value(text) == expected


def test_a_name_that_changes_within_a_loop_counts_from_then_on() -> None:
    """What was told of a function's text is forgotten with the name."""
    text = "op = (u, x) -> u\nf(x) = op(x^2, x)\nfor i in range(2):\n    f(3)\n    op = diff\n"
    shown = [r.value.data for r in run(text).results]  # type: ignore[union-attr]
    assert shown == [9, 6]
