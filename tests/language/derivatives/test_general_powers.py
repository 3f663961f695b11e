"""x^y with both of them variables, at whole and at broken exponents, to orders where a lowered exponent passes 0."""

from __future__ import annotations

import mpmath
import pytest

from tests.language.running import passes, value


@pytest.mark.parametrize(
    "text",
    [
        "f(x, y) = x^y; assert allclose(grad(grad(f, 0), 1)(23, 0), 1/23)",
        "f(x, y) = x^y; assert grad(grad(f, 0), 1)(23, 0) == grad(grad(f, 1), 0)(23, 0)",
        "f(x, y) = x^y; h = hessian(f)(23, 0); assert h[0, 1] == h[1, 0]; assert allclose(h[0, 1], 1/23)",
        "p = taylor(x -> x^x, 1, 5); assert allclose(p.coefficients, [1, 1, 1, 1/2, 1/3, 1/12])",
        "f(x, k) = k*x^(k-1)*exp(-x^k); h = hessian(f)(1.5, 1); assert h[0, 1] == h[1, 0]",
        "f(x, y) = x^y; h = hessian(f)(0, 2); assert allclose(h, [[2, 0], [0, 0]])",
        "f(x, y) = x^y; h = hessian(f)(0, 1); assert h[0, 0] == 0; assert h[0, 1] == -inf; assert h[1, 1] == 0",
        "f(x, y) = x^y; assert grad(f, 0)(0, 0) == 0; assert grad(f, 1)(0, 0) == -inf",
        "f(x, y) = x^y; assert allclose(grad(grad(grad(f)))([-2], [3]), [6])",
    ],
)
def test_cases(text: str) -> None:
    """Partials of the first orders, mixed both ways."""
    assert passes(text)


@pytest.mark.parametrize("point", [(23.0, 0.0), (0.5, 1.0), (2.0, 2.0), (1.0, 3.0), (1.5, -1.0), (3.0, 0.5)])
def test_every_partial_to_order_five(point: tuple[float, float]) -> None:
    """Against 50 digits, at exponents that are lowered through 0."""
    x, y = point
    got = value(f"f(x, y) = x^y; derivatives(f, order=5)({x}, {y})")
    wanted = [(k - j, j) for k in range(6) for j in range(k + 1)]
    with mpmath.workdps(50):
        for number, orders in zip(got, wanted, strict=True):
            want = mpmath.diff(lambda a, b: a**b, point, orders) if any(orders) else mpmath.mpf(x) ** y
            assert abs(number - want) <= 1e-12 * max(abs(want), 1), (orders, number, want)


def test_a_power_of_itself_to_order_eight() -> None:
    """x^x at 1: 1, 1, 2, 3, 8, 10, 54, -42, 944 (OEIS A005727)."""
    got = value("derivatives(x -> x^x, order=8)(1)")
    assert got == pytest.approx((1, 1, 2, 3, 8, 10, 54, -42, 944), rel=1e-12)
