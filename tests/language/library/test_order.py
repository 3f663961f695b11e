"""Elements in order, where some are equal, infinite or nan, and by variables."""

from __future__ import annotations

import numpy as np
import pytest

from tests.language.running import error, run, value

INF, NAN = float("inf"), float("nan")


@pytest.mark.parametrize(
    ("text", "want"),
    [
        # Equal ones stay as they stand, from both sides.
        ("argsort([1, 0, 1, 0])", [1, 3, 0, 2]),
        ("argsort([1, 0, 1, 0], descending=true)", [0, 2, 1, 3]),
        ("topk([1, 3, 3, 2], 2)[1]", [1, 2]),
        ("topk([1, 3, 1, 2], 2, largest=false)[1]", [0, 2]),
        ("sort([nan, 1, -inf, inf], descending=true)", [NAN, INF, 1, -INF]),
        ("sort(int([3, 1, 2]))", [1, 2, 3]),
        ("cummax([1, nan, 3])", [1, NAN, NAN]),
        ("cummax([-inf, 2, 1])", [-INF, 2, 2]),
        ("cummin(int([3, 1, 2]))", [3, 1, 1]),
        ("cummax([false, true, false])", [0, 1, 1]),
        ("cummax([])", []),
        ("sort([])", []),
        ("topk([1, 2], 0)[0]", []),
        ("searchsorted([], [1, 2])", [0, 0]),
        ("quantile([1, inf], [0, 1])", [1, INF]),
        ("quantile([-inf, -inf, 1], 0.25)", -INF),
        ("median([5])", 5),
        ("interp([0, 1], [0, 1, 1, 2], [1, 2, 3, 4])", [1, 3]),
        ("nan_to_num([nan, 1])", [0, 1]),
        ("trapezoid([3])", 0),
        ("one_hot(int([1, 0]))", [[0, 1], [1, 0]]),
        ("one_hot(argmax([[1, 5, 2], [7, 1, 1]], axis=1), 3)", [[0, 1, 0], [1, 0, 0]]),
        ("one_hot([[1], [0]])", [[[0, 1]], [[1, 0]]]),
        ("one_hot(1, 2, dtype=int64)", [0, 1]),
        ("arange(3, dtype=int64)", [0, 1, 2]),
        ("min(int([-9223372036854775807 - 1, 3]))", -(2**63)),
    ],
)
def test_values_at_the_ends(text: str, want: object) -> None:
    """Empty ones, equal ones, and what is no finite number."""
    np.testing.assert_array_equal(np.asarray(value(text), float), np.asarray(want, float))


@pytest.mark.parametrize(
    ("function", "at", "slope"),
    [
        # Smooth where elements are equal: the slope is the one there is.
        ("x -> sum(sort(x))", [2, 1, 2, 2], [1, 1, 1, 1]),
        ("x -> sum(sort(x)^3)", [2, 1, 2], [12, 3, 12]),
        ("median", [1, 2, 2, 4], [0, 0.5, 0.5, 0]),
        ("x -> topk(x, 3)[0].sum()", [5, 2, 2, 1], [1, 1, 1, 0]),
        ("x -> quantile(x, 0.5)", [3, 3, 1, 9], [0.5, 0.5, 0, 0]),
        ("x -> interp(0.5, x, [1, 3])", [0, 1], [-1, -1]),
        ("x -> interp(x, [0, 1, 2], [0, 2, 4]).sum()", [1, 0.5], [2, 2]),
        ("nan_to_num", [NAN, 1], [0, 1]),
        ("x -> sum(x[argsort(x)] * [1, 2, 3])", [3, 1, 2], [3, 1, 2]),
        ("x -> sum(clip(x, [0, 0, 0], [1, 1, 1]))", [-1, 0.5, 2], [0, 1, 0]),
        ("lo -> sum(clip([1, 5, 9], min=lo))", [2, 2, 2], [1, 0, 0]),
        ("hi -> sum(clip([1, 5, 9], max=hi))", [2, 2, 2], [0, 1, 1]),
        ("hi -> sum(clip([1, 5, 9], 0, hi))", [2, 7, 2], [0, 0, 1]),
    ],
)
def test_slopes_where_elements_are_equal(function: str, at: list[float], slope: list[float]) -> None:
    """As nothing else is possible, with no word of a convention."""
    text = f"r = grad({function})({at}); r"
    np.testing.assert_array_equal(value(text), slope)
    assert not [d for d in run(text).diagnostics if "convention" in d.message]


@pytest.mark.parametrize(
    ("function", "at", "second"),
    [
        ("x -> sort([x^2, 0])[1]", 0, 2),
        ("x -> sort([x^2, -x^2, 3x^2])[0]", 0, -2),
        ("x -> median([x^2, 0, x^4])", 0, 0),
        ("x -> topk([2x^2, x^2], 1)[0][0]", 0, 4),
        ("x -> cummax([0, x^2])[1]", 0, 2),
        ("x -> quantile([x^2, 2x^2, 7], 0.25)", 0, 3),
        ("x -> interp(x^2, [0, 1], [0, 3])", 0, 6),
    ],
)
def test_second_derivatives_where_elements_are_equal(function: str, at: float, second: float) -> None:
    """The limit from both sides, which agree."""
    assert value(f"f = {function}; f''({at})") == second


@pytest.mark.parametrize(
    ("text", "slope"),
    [
        ("grad(x -> sort(x)[0])([1, 1, 2])", [1, 0, 0]),
        ("grad(x -> median(x))([1, 1, 1])", [0, 1, 0]),
        ("grad(x -> cummax(x)[1])([1, 1])", [0.5, 0.5]),
    ],
)
def test_a_convention_is_said(text: str, slope: list[float]) -> None:
    """Where the slope differs from side to side."""
    np.testing.assert_array_equal(value(f"r = {text}; r"), slope)
    assert [d for d in run(text).diagnostics if "convention" in d.message]


@pytest.mark.parametrize("function", ["x -> sum(sort(x))", "x -> sum(interp(x, [-9, 9], [0, 18]))", "nansum"])
def test_many_elements_some_of_them_equal(function: str) -> None:
    """A slope that exists is no convention, however many elements there are."""
    text = f"set seed 1; x = round(normal((2000,)), 1); r = grad({function})(x); r"
    np.testing.assert_allclose(value(text), np.ones(2000), rtol=1e-12)
    assert not [d for d in run(text).diagnostics if "convention" in d.message]


def test_a_derivative_that_is_none_is_nan() -> None:
    """The second one at a corner."""
    assert np.isnan(value("f(x) = sort([x, -x])[1]^1; f''(0)"))


@pytest.mark.parametrize(
    "function",
    [
        "x -> sum(sort(x^2) * [1, -2, 3, 5])",
        "x -> sum(quantile(x^2, [0.1, 0.77]) * [3, -1])",
        "x -> sum(interp(x, [-2, -1, 0.2, 3], x) * x)",
        "x -> sum(convolve(x, x^2) * arange(7))",
        "x -> trapezoid(x^3, sort(x))",
        "x -> sum(kron(x, sin(x)) * arange(16))",
        "x -> sum(cummin(x^2) * [1, 2, 3, 4])",
        "x -> sum(take_along_axis(x, argsort(x, descending=true)) * [1, 2, 3, 4]^0.5 * x)",
        "x -> tensordot(x, exp(x), 1)",
        "x -> sum(meshgrid(x, x^2)[0] * meshgrid(x^2, x)[1])",
    ],
)
def test_modes_agree(function: str) -> None:
    """Forward over reverse, reverse over reverse, Taylor, and one vector at a time."""
    at = "[0.3, -0.9, 1.7, 0.8]"
    want = np.asarray(value(f"F = {function}; h = hessian(F)({at}); h"))
    assert np.abs(want).max() > 0
    for other in ("jacfwd(grad(F))", "jacrev(grad(F))", "jacobian(x -> grad(F)(x))"):
        np.testing.assert_allclose(value(f"F = {function}; h = {other}({at}); h"), want, rtol=1e-12, atol=1e-12)
    along = "[1, -2, 0.5, 3]"
    d = np.array([1, -2, 0.5, 3])
    second = value(f"F = {function}; g(t) = F({at} + t*{along}); g''(0)")
    np.testing.assert_allclose(second, d @ want @ d, rtol=1e-10)
    rows = value(f"F = {function}; r = vmap(grad(F))(stack(({at}, {along}))); r")
    np.testing.assert_allclose(rows[0], value(f"F = {function}; r = grad(F)({at}); r"), rtol=1e-12)
    np.testing.assert_allclose(rows[1], value(f"F = {function}; r = grad(F)({along}); r"), rtol=1e-12)


def test_a_mask_in_a_call_that_is_computed() -> None:
    """In a function too; in a derivative it is refused, unless what it is made of does not vary."""
    assert value("f(x) = sum(x[x > 0]); f([1, -2, 3])") == 4
    np.testing.assert_array_equal(value("d = [1, -2, 3]; r = grad(w -> sum((w*d)[d > 0]))([5, 6, 7]); r"), [1, 0, 3])
    np.testing.assert_array_equal(value("x = [1, -2, 3]; m = x > 0; x[not m]"), [-2])
    found = error("r = grad(x -> sum(x[x > 0]))([1, -2]); r")
    assert "where(mask, x, 0)" in (found.hint or "")
