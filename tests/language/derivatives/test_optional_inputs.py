"""What is differentiated by where nothing is said, and what vectors an operator takes: one rule for all operators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.language.running import error, value

OPTIONAL = [
    "softmax",
    "log_softmax",
    "norm",
    "sum",
    "mean",
    "std",
    "var",
    "logsumexp",
    "cumsum",
    "cumprod",
    "prod",
    "max",
]


@pytest.mark.parametrize("name", OPTIONAL)
@pytest.mark.parametrize(
    "operator", ["jacobian", "jacfwd", "jacrev", "hessian", "laplacian", "grad", "derivatives", "value_and_grad"]
)
def test_an_axis_is_not_differentiated_by(name: str, operator: str) -> None:
    """The result is that of the function of one input."""
    direct = value(f"{operator}({name})([3, 4, 1.5])")
    by_hand = value(f"f(x) = {name}(x); {operator}(f)([3, 4, 1.5])")
    pairs = zip(direct, by_hand, strict=True) if isinstance(direct, tuple) else [(direct, by_hand)]
    for a, b in pairs:
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("product", ["jvp", "hvp", "vjp", "directional"])
@pytest.mark.parametrize("name", OPTIONAL)
def test_products_take_a_vector_for_the_tensor_alone(product: str, name: str) -> None:
    """Given with the function."""
    outputs = "[3, 4, 1.5]" if name in ("softmax", "log_softmax", "cumsum", "cumprod") else "2"
    vector = outputs if product == "vjp" else "[1, 0, 2]"
    assert value(
        f"f(x) = {name}(x); allclose({product}({name}, {vector})([3, 4, 1.5]), {product}(f, {vector})([3, 4, 1.5]))"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("r = jacobian(besselj)(2, [1.5]); r[0, 0]", 0.2484862783844799),
        ("divergence((x, y) -> [x * y, x + y])(1, 2)", 3),
        ("divergence(v -> (v[0]^2, v[1]))([3, 2])", 7),
        ("divergence(v -> v^2)([3, 2])", 10),
        ("divergence((x, y) -> (x * y, x + y))(1, 2)", 3),
        ("directional((x, y) -> x * y, [3/5, 4/5])(1, 2)", 2),
        ("directional((x, y) -> x * y, (3/5, 4/5))(1, 2)", 2),
        ("jvp((x, y) -> x * y, [3, 4])(1, 2)", 10),
        ("hvp((x, y) -> x * y, [3, 4])(1, 2)", (4, 3)),
        ("vjp((x, y) -> (x * y, x), [3, 4])(1, 2)", (10, 3)),
        ("f(x) = clip(x, 0, x)\nf(3), f'(3), f(-1), f'(-1)", (3, 1, -1, 1)),
        ("f(a) = leaky_relu(-2, a)\nf'(0.1)", -2),
        ("f(a) = elu(-2, a)\nf'(0.1)", np.expm1(-2)),
        ("f(v) = sum(pad([1, 2], 1, value=v))\nf'(0.1)", 2),
        ("net = Dense(2, 1)\nr = grad(net, wrt=net.weight)([1, 2]); r[0, 1]", 2),
        ("s = Sequential(Dense(2, 1), tanh)\ngrad(s, wrt=s[0].bias)([0, 0]).shape[0]", 1),
        ("net = Dense(2, 1)\nr = grad(net, wrt=weight)([1, 2]); r[0, 1]", 2),
    ],
)
def test_what_operators_take(text: str, expected: Any) -> None:
    """Values by hand."""
    np.testing.assert_allclose(value(text), expected, rtol=1e-14)


def test_bounds_that_are_tensors_are_numpys() -> None:
    """They broadcast, the upper one wins where they cross, and the slope goes to what is taken."""
    f = "f(x, lo, hi) = clip(x, lo, hi)\n"
    gradient = value(f"{f}r = grad(f, (0, 1, 2))([1, 2, 3], [2, 0, 0], [4, 4, 2.5]); r")
    np.testing.assert_array_equal(gradient, [[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    assert value(f"{f}f([[1], [5]], [2, 3], 4)").tolist() == [[2, 3], [4, 4]]
    assert value(f"{f}r = grad(f)([2, 4], 2, 4); r").tolist() == [1, 1]


def test_a_layer_that_is_given_twice_has_one_set_of_parameters_with_both_names() -> None:
    """Either name finds it, and its slope is that of both uses."""
    text = "a = Dense(2, 2)\nb = a\nm(x) = a(b(x))\n"
    assert list(value(f"{text}params(m)")) == ["a.weight = b.weight", "a.bias = b.bias"]
    assert list(value("d = Dense(2, 2)\nparams(Sequential(d, d))")) == [
        "[0].weight = [1].weight",
        "[0].bias = [1].bias",
    ]
    assert value(f"{text}allclose(grad(m, wrt=a.weight)([1, 2]), grad(m, wrt=b.weight)([1, 2]))") is True
    assert value(f"{text}grad(m, wrt=a.bias)([1, 2]).shape") == (2,)
    assert "one parameter" in error(f"{text}grad(m, wrt=(a.bias, b.bias))([1, 2])").message
