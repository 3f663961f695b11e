"""`root`, `argmin` and `fixed_point`: vectors, everything that they read, all orders, many samples at once."""

from __future__ import annotations

import numpy as np
import pytest

from tests.language.running import error, value


def test_roots_of_functions_and_of_numbers() -> None:
    """One name for both; of vectors too."""
    assert value("root(27, 3), root(x -> x^3 - 27, 2)") == (3, 3)
    np.testing.assert_allclose(value("root(x -> [x[0]^2 - 2, x[0]*x[1] - 1], [1, 1])"), [2**0.5, 0.5**0.5], rtol=1e-15)
    found = value("f(p) = root(x -> [x[0]^2 - p[0], x[0]*x[1] - p[1]], [1, 1.0]); jacobian(f)([4, 6])")
    np.testing.assert_allclose(found, [[0.25, 0], [-0.375, 0.5]], rtol=1e-14)


def test_a_minimum_in_a_model_moves_with_its_parameters() -> None:
    """Argmin of (x - w p)^2 + x^2 is w p/2; of a tensor it is the number of an element."""
    model = "model m(p):\n    param w = 3.0\n    return argmin(x -> (x - w*p)^2 + x^2, 1)\n"
    assert value(model + "m(2), grad(m, wrt=(p, w))(2)") == (3, (1.5, 1))
    assert value(model + "hessian(m, wrt=(p, w))(2)")[0, 1] == pytest.approx(0.5)
    assert value("argmin([3, 9, 2]), argmax([[1, 5], [7, 2]]), argmax(x -> 4x - x^2, 1)") == (2, 2, 2)


def test_fixed_points() -> None:
    """By their own steps, and where these lead away by Newton's method; slopes of every order; of tuples."""
    assert value("fixed_point(cos, 1)") == pytest.approx(0.7390851332151607, rel=1e-15)
    assert value("fixed_point(x -> x^2, 0.9)") == pytest.approx(0, abs=1e-12)
    assert value("fixed_point(x -> 3 - x^2, 1)") == pytest.approx((13**0.5 - 1) / 2)
    f = "f(a) = fixed_point(x -> (x + a/x)/2, 1)\n"
    expected = (2**0.5, 0.5 / 2**0.5, -0.25 / 2**1.5, 0.375 / 2**2.5)
    assert value(f + "f(2), f'(2), f''(2), f'''(2)") == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(value(f + "vmap(f')([2, 3, 4])"), 0.5 / np.sqrt([2, 3, 4]), rtol=1e-12)
    assert value("fixed_point((x, y) -> (cos(y), sin(x)/2), (1, 1))") == pytest.approx((0.92171413, 0.39831945))


@pytest.mark.parametrize("name", ["argmin", "argmax", "fixed_point"])
def test_what_they_need_is_said(name: str) -> None:
    """A start, and a function that fits it."""
    if name != "fixed_point":
        assert "needs a place to start from" in error(f"{name}(x -> x^2)").message
    assert "takes 2 inputs, and the start has 1" in error(f"{name}((x, y) -> x*y, 1)").message


def test_gradcheck_is_a_condition() -> None:
    """True where reverse, forward and Taylor mode and differences agree."""
    assert value("f(x, y) = x^2 y; r = gradcheck(f, order=2)(3, 5); r.right") is True
    assert value("f = with_derivative(x -> x^2, x -> 3x, check=false); gradcheck(f)(2).right") is False
    assert value("1 if gradcheck(x -> sum(sin(x)))([1, 2]) else 0") == 1
