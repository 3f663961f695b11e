"""Second derivatives and Taylor polynomials at corners: true where they exist, else nan or refused, with the reason."""

from __future__ import annotations

from math import nan
from typing import Any

import numpy as np
import pytest

from gradcli.core.analysis import one_sided
from tests.language.running import error, run, value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hessian(x -> 0.5*norm(x)^2)([0, 0])", np.eye(2)),
        ("hessian((x, y) -> hypot(x, y)^2)(0, 0)", 2 * np.eye(2)),
        ("hessian(x -> cos(norm(x)))([0, 0])", -np.eye(2)),
        ("hessian(x -> norm(x)^3)([0, 0])", np.zeros((2, 2))),
        ("hessian(x -> logsumexp(x))([1, 1])", np.array([[0.25, -0.25], [-0.25, 0.25]])),
        ("hessian(x -> max(x)^2)([1, 1])", np.full((2, 2), nan)),
        ("hessian(x -> norm(x))([0, 0])", np.full((2, 2), nan)),
        ("hessian(x -> sum(relu(x)))([0, 1])", np.array([[nan, nan], [nan, 0]])),
        ("hvp(x -> norm(x)^2, [1.0, 2])([0, 0])", [2, 4]),
        ("laplacian(x -> norm(x)^2)([0, 0, 0])", 6),
        ("laplacian(x -> norm(x))([0, 0, 0])", nan),
        ("(x -> abs(x)^2)''(0)", 2),
        ("(x -> abs(x)^3)''(0)", 0),
        ("(x -> abs(x)^3)'''(0)", nan),
        ("abs''(0)", nan),
        ("abs'(0)", 0),
        ("abs''(1)", 0),
        ("grad(grad(x -> abs(x)^2))(0)", 2),
        ("grad(grad(abs))(0)", nan),
        ("grad(x -> sqrt(x^4))(0)", 0),
        ("grad(x -> sqrt(x^2))(0)", nan),
        ("sqrt''(0)", -np.inf),
        ("(x -> x*(1 - x^1.1))''(0)", 0),
        ("(x -> where(x == 0, 1, sin(x)/x))''(0)", -1 / 3),
        ("(x -> relu(x)*x)'(0)", 0),
        ("derivatives((x, y) -> x*abs(x)*y, order=2)(0, 1)", (0, 0, 0, nan, 0, 0)),
        ("(x -> 1/x)''(0)", np.inf),
    ],
)
def test_what_is_true_at_a_corner(text: str, expected: object) -> None:
    """The limit from all sides, where they agree and what it is a derivative of is continuous."""
    assert value(text) == pytest.approx(expected, nan_ok=True, rel=1e-12, abs=1e-12)


P, Q = np.exp([1.0, 1.0, 0.0]), np.exp([0.0, -1.0, -2.0])
P, Q = P / P.sum(), Q / Q.sum()
U = np.array([0.0, -1.0, -2.0]) / np.sqrt(5)
TIED = np.full((3, 3), nan)
TIED[2, 2] = 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jacobian(softmax)([1, 1, 0])", np.diag(P) - np.outer(P, P)),
        ("jacobian(softmax)([0, -1, -2])", np.diag(Q) - np.outer(Q, Q)),
        ("jacobian(log_softmax)([1, 1, 0])", np.eye(3) - P),
        ("hessian(logsumexp)([0, -1, -2])", np.diag(Q) - np.outer(Q, Q)),
        ("grad(norm)([0, -1, -2])", U),
        ("hessian(norm)([0, -1, -2])", (np.eye(3) - np.outer(U, U)) / np.sqrt(5)),
        ("hessian(norm)([1, 1, 0])", (np.eye(3) - np.outer([1, 1, 0], [1, 1, 0]) / 2) / np.sqrt(2)),
        ("(x -> where(x > 0, x^2, abs(x - 3)))''(3)", 2),
        ("(x -> where(abs(x) < 1, x^2, 0))''(0)", 2),
        ("(x -> x*stop_gradient(abs(x)))'(0)", 0),
    ],
)
def test_what_is_no_corner_is_looked_at_from_no_side(
    text: str, expected: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What scales a sum, what is only compared, and a branch that isn't taken may have one: it isn't the result's."""
    monkeypatch.setattr(one_sided, "limits", lambda *_: pytest.fail("looked at from all sides"))
    assert value(text) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(x -> where(abs(x) > 0, x^2, abs(x)))''(0)", 2),
        ("(x -> where(x < 3, x^2, abs(x - 3)))''(3)", nan),
        ("(x -> where(x > 2, abs(x - 3), x))''(3)", nan),
        ("hessian(x -> sum(where(x > 0, abs(x - 3), abs(x + 1))))([3, -2])", np.array([[nan, nan], [nan, 0]])),
        ("(x -> x*stop_gradient(sign(x)))''(0)", nan),
        ("hessian(x -> sum(where(x < max(x), 0, x^2)))([1, 1])", np.full((2, 2), nan)),
        ("hessian(x -> sum(where(x == stop_gradient(max(x)), x^2, 0)))([1, 1, 0])", TIED),
        ("grad(logsumexp)([1, 1, 0])", P),
        ("hessian(logsumexp)([1, 1, 0])", np.diag(P) - np.outer(P, P)),
    ],
)
def test_what_is_a_corner_behind_a_condition(text: str, expected: object) -> None:
    """Where the condition changes at the point, and in the branch that is taken."""
    assert value(text) == pytest.approx(expected, nan_ok=True, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("g(v) = laplacian(x -> norm(x)^2)(v); g([0, 0, 0])", 6),
        ("g(v) = hessian(x -> norm(2*x)^2)(v)[0, 0] + 1; g([0, 0])", 9),
        ("h(v) = grad(grad(x -> abs(x)^2))(3*v); g(v) = h(v - 1); g(1)", 2),
        ("h(v) = grad(grad(abs))(v); h(0)", nan),
        ("g(v) = laplacian(x -> norm(x)^2)(v) * sum(v^2); sum(grad(g)([1, 1]))", 16),
    ],
)
def test_within_a_function_that_is_evaluated(text: str, expected: float) -> None:
    """Its inputs have values then; where it is differentiated in turn, they are any."""
    assert value(text) == pytest.approx(expected, nan_ok=True)


def test_the_reason_is_said() -> None:
    """Which derivative has two sides, and what they are."""
    (warning,) = run("abs''(0)").diagnostics
    assert warning.severity == "warning"
    assert warning.message == (
        "there is no derivative here: the derivative of order 1 is -1 on one side and 1 on another"
    )
    (warning,) = run("derivatives(x -> abs(x)^3, order=4)(0)").diagnostics
    assert "order 3 is -6 on one side and 6" in warning.message
    assert not run("(x -> abs(x)^2)''(0)").diagnostics


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("abs", "the derivative of order 1 is -1 on one side and 1 on another"),
        ("relu", "the derivative of order 1 is 0 on one side and 1 on another"),
        ("sign", "the function is -1 on one side and 1 on another"),
        ("x -> max([x, 0])", "the derivative of order 1 is 0 on one side and 1 on another"),
        ("x -> abs(x)^3", "the derivative of order 3 is -6 on one side and 6 on another"),
        ("x -> x^2 if x < 0 else 3*x", "the derivative of order 1 is 0 on one side and 3 on another"),
    ],
)
def test_a_taylor_polynomial_at_a_corner_is_refused(function: str, reason: str) -> None:
    """There is none, and the message says which derivative is missing."""
    assert error(f"taylor({function}, 0, 3)").message.endswith(reason)


def test_smooth_functions_made_of_corners_have_their_polynomial() -> None:
    """And so have those whose corner comes at a higher order."""
    assert value("taylor(x -> abs(x)*sin(abs(x)), 0, 4).coefficients").tolist() == [0, 0, 1, 0, pytest.approx(-1 / 6)]
    assert value("taylor(x -> abs(x)^3, 0, 2).coefficients").tolist() == [0, 0, 0]
    assert value("taylor((x, y) -> norm([x, y])^2, (0, 0), 2)")[1, 1] == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(x -> sqrt(relu(x)))'(-1), (x -> 1/relu(x))'(-1)", (0, 0)),
        ("jvp(x -> sqrt(relu(x)), 1.0)(-1), grad(x -> sqrt(relu(x)))(-1)", (0, 0)),
        ("jvp(x -> relu(sqrt(x)), 1.0)(-1), grad(x -> relu(sqrt(x)))(-1)", (nan, nan)),
        ("(x -> sqrt(maximum(x, 0)))'(-1)", 0),
        ("grad(max)([inf, 1])", (1, 0)),
        ("grad(maximum, (0, 1))(inf, inf)", (0.5, 0.5)),
        ("grad(max)([nan, 1])", (nan, nan)),
        ("relu'(nan), abs'(nan), (x -> clip(x, 0, 1))'(nan), (x -> clip(x, 0, 1))'(0)", (nan, nan, nan, 1)),
        ("grad(logsumexp)([-inf, -inf])", (0.5, 0.5)),
        ("grad(logsumexp)([1, inf])", (0, 1)),
        ("softmax([1, inf])", (0, 1)),
        ("jacobian(x -> softmax(x))([1, inf])", np.zeros((2, 2))),
        ("exp2'(1024.0)", 1.2460659279417838e308),
        ("atanh''(1e-9), asin''(1e-20), acos''(1e-20)", (2e-9, 1e-20, -1e-20)),
        ("asin''(1), asin''([1.0])[0], atanh''([1.0])[0], acos''(1)", (np.inf, np.inf, np.inf, -np.inf)),
        ("polygamma(4, -171.5), float32(polygamma(4, float32([-171.5])))[0]", (-6.85528050066248e-09,) * 2),
        ("grad(grad((a, b) -> beta(a, b), 0), 1)(2, 1e-8)", 0.8469909514215369),
        ("e^100 - exp(100), e^[2.0] - exp([2.0]), (x -> e^x)'''(1) - e", (0, [0], 0)),
    ],
)
def test_zeros_ties_ends_and_tails(text: str, expected: Any) -> None:
    """A slope that is zero is so whatever it is multiplied by; what is infinite or tied has a slope too."""
    got = value(text)
    if isinstance(expected, tuple) and isinstance(got, tuple):
        for a, b in zip(got, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=3e-7 if "float32" in text else 1e-12)
    else:
        np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f(x) = abs(x)^2; g(x) = diff(diff(f(x), x), x); g(0)", 2),
        ("f(x) = abs(x)*abs(x); g(x) = diff(f(x), x, x); g(0)", 2),
        ("f(x, y) = hypot(x, y)^4; g(x, y) = diff(f(x, y), x, x) + f(x, y); g(0, 0), g(0, 1)", (0, 5)),
        ("vmap((x -> abs(x)^2)'')([0, 1])[0]", 2),
    ],
)
def test_even_powers_of_lengths_are_powers_of_squares(text: str, expected: object) -> None:
    """Wherever they stand, for the graph has no corner then."""
    assert value(text) == pytest.approx(expected)


ALL_NAN = np.full((2, 2), nan)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # What stands beside a corner keeps its digits, however small it is beside the rest.
        ("hessian((x, y) -> relu(y)^3 + log(x) + y^2)(0.01, 0)", np.diag([-1e4, 2])),
        ("hessian((x, y) -> abs(y)^3 + 1/x)(1e-3, 0)", np.diag([2e9, 0])),
        ("hessian((x, y) -> exp(1000*x) + y^2 + abs(x)^3)(0, 0)", np.diag([1e6, 2])),
        ("hessian((x, y) -> 1e8*x^2 + y^2*1e-7 + abs(y)^3)(0, 0)", np.diag([2e8, 2e-7])),
        ("hessian((x, y) -> abs(y)^3 + sqrt(x) + y^2)(1e-3, 0)", np.diag([-0.25 * 1e-3**-1.5, 2])),
        ("hessian(x -> norm(x[:2])^2 + log(x[2]))([0, 0, 0.003])", np.diag([2, 2, -1 / 0.003**2])),
        ("derivative(x -> 1e15 + x^2 + abs(x)^3, 2)(0)", 2),
        ("derivative(x -> 1e15 + abs(x)*x, 2)(0)", nan),
        ("(x -> abs(x)^3 + sqrt(1e-5 + x))''(0)", -0.25 * 1e-5**-1.5),
        ("(x -> abs(x)*1e-3 + tanh(1e6*x))''(0)", nan),
        ("hessian((x, y) -> abs(y)^3 + floor(x)*x^2)(1 - 1e-8, 0)", np.zeros((2, 2))),
        ("hessian((x, y) -> abs(y)^3 + abs(x))(1e-13, 0)", np.zeros((2, 2))),
        # High orders.
        ("derivative(x -> abs(x)^41 + exp(x), 20)(0)", 1),
        ("derivative(x -> where(x == 0, 1, sin(x)/x), 20)(0)", 1 / 21),
        ("derivative(x -> cos(abs(x)), 100)(0)", 1),
        ("derivative(abs, 171)(0)", nan),
        # Sides that lie between slanted lines, and between more axes.
        ("hessian((x, y) -> maximum(x^2, y^2))(0, 0)", np.array([[nan, 0], [0, nan]])),
        ("hessian((x, y) -> relu(y - 2*x)*relu(3*x - y))(0, 0)", ALL_NAN),
        ("hessian((x, y) -> hypot(x^2, y^2))(0, 0)", ALL_NAN),
        ("hessian((x, y) -> where(hypot(x, y) == 0, 0, x*y*(x^2 - y^2)/(x^2 + y^2)))(0, 0)[0, 1]", nan),
        ("hessian(x -> abs(x[1]*x[4]))(zeros(6))[1, 4]", nan),
        ("hessian(x -> max(x)^2)([0, 0, 0, 0])[2, 2]", nan),
        # One derivative that is none takes no other along.
        ("hessian((x, y) -> abs(x) + y^2)(0, 0)", np.array([[nan, nan], [nan, 2]])),
        ("hessian(v -> abs(v[0]) + v[1]^2)([0, 0])", np.array([[nan, nan], [nan, 2]])),
        ("hessian((x, v) -> abs(x) + sum(v^2))(0, [1, 2])[1][1]", 2 * np.eye(2)),
        ("derivatives((x, y) -> maximum(x, y), order=2)(1, 1)", (1, 0.5, 0.5, nan, nan, nan)),
        ("derivatives((x, y) -> abs(x)*y, order=2)(0, 1)", (0, 0, 0, nan, nan, 0)),
        # Operators in one another.
        ("jacfwd(jacrev(x -> norm(x)^2/2))([0, 0])", np.eye(2)),
        ("jvp(jvp(x -> abs(x)*x, 1), 1)(0)", nan),
        ("grad(directional(x -> norm(x)^2/2, [1, 1]))([0, 0])", np.ones(2)),
        ("f(x) = abs''(x); f(0)", nan),
        ("derivatives(x -> abs(x)^3 + stop_gradient(x)*x, order=2)(0)", (0, 0, 0)),
        # What has no power series.
        ("(x -> abs(x)^(2 + x))''(0)", nan),
        ("(x -> where(x == 0, 0, x^2*log(abs(x))))''(0)", nan),
        ("(x -> (x^6)^(1/3))''(0), (x -> (x^6)^0.5)''(0)", (2, 0)),
        ("hessian((x, y) -> where(max([x, 0]) > y, x^2, y^2))(1, 1)", ALL_NAN),
        ("(x -> x*round(x, 1))''(0.25)", nan),
        ("hessian(x -> norm(x)^2)(zeros(40))[0, 0]", 2),
    ],
)
def test_corners_among_other_things(text: str, expected: object) -> None:
    """Each derivative for itself, to all of its digits."""
    assert value(text) == pytest.approx(expected, nan_ok=True, rel=1e-9, abs=1e-30)


def test_what_is_too_large_to_tell_is_said() -> None:
    """With the numbers that the conventions give."""
    (warning,) = run("laplacian(x -> norm(x)^2)(zeros(1000))").diagnostics
    assert "too large to tell" in warning.message


@pytest.mark.parametrize("text", ["max(x)", "min(x)", "2*max(x)", "sum(where(x == max(x), x, 0))", "max(x*softmax(x))"])
@pytest.mark.parametrize("asked", ["grad(f)(x)", "derivatives(f, order=1)(x)", "jacobian(f)(x)"])
def test_ties_of_the_largest_are_told(text: str, asked: str) -> None:
    """A slope has only comparisons of elements with the largest, whose ties are the edge."""
    diagnostics = run(f"f(x) = {text}\nx = [1, 1, {2 if 'min' in text else 0}]\n{asked}").diagnostics
    assert any("has a corner" in d.message for d in diagnostics)


def test_what_is_beside_an_edge_may_not_be_told() -> None:
    """A function that has no series there is not said to have a corner."""
    (note,) = run("f(x) = where(x == 0, 0, exp(-1/x^2))\nf'(0)").diagnostics
    assert note.message.startswith("`x == 0` decides here, and what is beside it can't be told")
