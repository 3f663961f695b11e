"""`plot` in the language: what is drawn, over which range, under which name, and what is refused."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.language.plots.ranges import FEWEST
from gradcli.session.results import Contours, Plot
from gradcli.session.session import Session
from tests.language.running import error, run, value


def plot(text: str, session: Session | None = None) -> Plot:
    """The curves that a text shows last."""
    found = value(text, session)
    assert isinstance(found, Plot)
    return found


def contours(text: str) -> Contours:
    """The contours that a text shows last."""
    found = value(text)
    assert isinstance(found, Contours)
    return found


def at(found: Plot, number: int, x: float) -> float:
    """What a curve is at a point, between its points along straight lines."""
    curve = found.curves[number]
    keep = np.isfinite(curve.y)
    return float(np.interp(x, curve.x[keep], curve.y[keep]))


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_a_function_and_its_derivatives(order: int) -> None:
    """Each point of each curve is the derivative there, as mpmath computes it to 50 digits."""
    found = plot("f(x) = exp(-x^2)*sin(3*x); plot(f, f', f'', f''', over=(-2, 2))")
    curve = found.curves[order]
    assert curve.name == "f" + "'" * order
    with mpmath.workdps(50):
        for x, y in [*zip(curve.x, curve.y, strict=True)][::37]:
            true = mpmath.diff(lambda t: mpmath.exp(-t * t) * mpmath.sin(3 * t), mpmath.mpf(float(x)), order)
            assert y == pytest.approx(float(true), rel=1e-11, abs=1e-11)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("plot(sin)", ["sin"]),
        ("plot(sin, cos, sin)", ["sin", "cos", "sin (2)"]),
        ("plot(sin, sin, sin)", ["sin", "sin (2)", "sin (3)"]),
        ("plot((sin, cos))", ["sin", "cos"]),
        ("f(t) = t^2; plot(f, f', grad(f), derivative(f, 4))", ["f", "f'", "grad(f)", "derivative(f, 4)"]),
        ("plot(x -> x^2, over=(0, 1))", ["x -> x^2"]),
        ("plot(exp, taylor(exp, 0, 2), taylor(exp, 1, 2), over=(0, 1))",
         ["exp", "taylor(exp), order 2", "taylor(exp), order 2 (2)"]),
        ("f(x, a=2) = a*x; plot(f, over=(0, 1))", ["f"]),
        ("f(x=1) = x^2; plot(f, over=(0, 1))", ["f"]),
        ("model net(x): param w = 3; return w*x\nplot(net, over=(0, 1))", ["net"]),
        ("k = 3; g(x) = k*x; plot(g, over=(0, 1))", ["g"]),
        ("plot(x -> 3, over=(0, 1))", ["x -> 3"]),
        ("plot(x -> x > 0.5, over=(0, 1))", ["x -> x > 0.5"]),
        ("plot(x -> sum(x*[1, 2, 3]), over=(0, 1))", ["x -> sum(x*[1, 2, 3])"]),
        ("plot(x -> eye(2)[0, 0]*x, over=(0, 1))", ["x -> eye(2)[0, 0]*x"]),
        ("plot(x -> hessian((u, v) -> u^2*v)(x, x)[0][0], over=(0, 1))", None),
        ("plot(x -> log(x) if x > 1 else 0, over=(0, 3))", ["x -> log(x) if x > 1 else 0"]),
    ],
)  # fmt: skip
def test_what_can_be_drawn(text: str, names: list[str] | None) -> None:
    """Functions of all kinds, under names of which no two are alike."""
    found = plot(text)
    if names is not None:
        assert [curve.name for curve in found.curves] == names
    for curve in found.curves:
        assert np.isfinite(curve.y).any()
        assert curve.x.shape == curve.y.shape
        assert (curve.x[0], curve.x[-1]) == found.over


def test_the_variable_has_its_name() -> None:
    """As the function calls it."""
    assert plot("f(t) = t^2; plot(f)").variable == "t"


@pytest.mark.parametrize(
    ("text", "over"),
    [
        ("plot(sin, over=(-3, 3))", (-3, 3)),
        ("plot(sin, over=[-3, 3])", (-3, 3)),
        ("plot(sin, over=(-pi, pi))", (-np.pi, np.pi)),
        ("a = 2; plot(sin, over=(-a, a^2))", (-2, 4)),
        ("plot(sin, over=(1/3, 2^70))", (1 / 3, 2.0**70)),
        ("plot(sin)", (-10, 10)),
        ("plot(log)", (0, 10)),
        ("plot(asin, acos)", (-1, 1)),
        ("plot(exp)", (-3, 3)),
    ],
)
def test_ranges(text: str, over: tuple[float, float]) -> None:
    """The one that is given, or one that suits the functions, which is said."""
    found = plot(text)
    assert found.over == over
    assert any("no range was given" in note for note in found.notes) == ("over=" not in text)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_any_range(low: float, width: float) -> None:
    """Its ends are points, and all others are between them."""
    high = low + width
    (curve,) = plot(f"plot(cos, over=({low!r}, {high!r}))").curves
    assert (curve.x[0], curve.x[-1]) == (low, high)
    assert (np.diff(curve.x) > 0).all()
    shown = np.isfinite(curve.y)
    np.testing.assert_allclose(curve.y[shown], np.cos(curve.x[shown]), atol=1e-12)


def test_float32_sessions_draw_as_well() -> None:
    """A picture's points are float64, and what is of float32 is of that precision."""
    found = plot("set dtype float32\nmodel net(x): param w = 1/3; return w*x\nplot(net, over=(0, 3))")
    assert at(found, 0, 3.0) == pytest.approx(1, rel=1e-6)


def test_drawing_changes_nothing() -> None:
    """The session goes on as it was, random numbers among it."""
    before = run("set seed 1; f(x) = x^2").session
    after = run("plot(f, over=(0, 1))", before).session
    assert value("normal((2,))", before).tolist() == value("normal((2,))", after).tolist()
    assert value("f(3)", after) == 9


def test_contours_of_two_variables() -> None:
    """Values by row of the second and column of the first variable, and the gradient in between."""
    found = contours("f(u, v) = u^2*v - sin(v); plot(f, over=((-2, 2), (0, 1)))")
    assert (found.of, found.variables, found.over) == ("f", ("u", "v"), ((-2, 2), (0, 1)))
    u, v = np.meshgrid(found.x, found.y)
    np.testing.assert_allclose(found.values, u**2 * v - np.sin(v), atol=1e-14)
    assert found.arrows is not None
    u, v = np.meshgrid(found.arrows.x, found.arrows.y)
    np.testing.assert_allclose(found.arrows.by_x, 2 * u * v, atol=1e-14)
    np.testing.assert_allclose(found.arrows.by_y, u**2 - np.cos(v), atol=1e-14)
    assert all(found.values.min() < level < found.values.max() for level in found.levels)


@pytest.mark.parametrize(
    ("text", "over"),
    [
        ("plot((x, y) -> x*y)", ((-3, 3), (-3, 3))),
        ("plot((x, y) -> x*y, over=(-1, 1))", ((-1, 1), (-1, 1))),
        ("plot((x, y) -> x*y, over=((-1, 1), (0, 5)))", ((-1, 1), (0, 5))),
        ("plot((x, y) -> x*y, over=([-1, 1], (0, 5)))", ((-1, 1), (0, 5))),
        ("f(x, y, z=2) = x*y*z; plot(f)", ((-3, 3), (-3, 3))),
        ("plot(taylor((x, y) -> sin(x*y), (0, 0), 4))", ((-3, 3), (-3, 3))),
    ],
)
def test_ranges_of_contours(text: str, over: tuple[tuple[float, float], tuple[float, float]]) -> None:
    """One for each variable, or one for both; a usual one where none is given."""
    assert contours(text).over == over


def test_conditions_have_a_contour_between_their_values() -> None:
    """And what is level has none, which is said."""
    found = contours("plot((x, y) -> x^2 + y^2 < 4)")
    assert found.levels == (0.5,)
    assert found.arrows is None
    level = contours("plot((x, y) -> 3 + 0*x*y)")
    assert level.levels == ()
    assert any("no contours" in note for note in level.notes)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("plot()", "plot needs a function to draw", "plot(sin)"),
        ("plot(3)", "plot needs a function, not a number", "x -> x^2"),
        ("plot(sin, 3)", "3 is a number", "`x -> 3`"),
        ("plot(sin, -3, 3)", "-3 is a number", "over=(-3, 3)"),
        ('plot(sin, "a")', "not a text", None),
        ("plot(sin, over=3)", "a range of two numbers, not a number", "over=(-3, 3)"),
        ("plot(sin, over=(1, 2, 3))", "not a tuple of 3", "over=(-3, 3)"),
        ('plot(sin, over=(1, "a"))', "each end of `over`", None),
        ("plot(sin, over=(3, -3))", "runs backwards", "over=(-3, 3)"),
        ("plot(sin, over=(2, 2))", "is empty", "over=(1, 3)"),
        ("plot(sin, over=(0, inf))", "too wide", "finite"),
        ("plot(sin, over=(nan, 1))", "too wide", "finite"),
        ("plot(sin, over=(-1e308, 1e308))", "too wide", "finite"),
        ("plot(sin, over=(1, 1 + 1e-15))", "narrow", "shift"),
        ("plot(sin, over=((0, 1), (0, 1)))", "two ranges", "one range"),
        ("plot((x, y) -> x, over=((0, 1), (1, 0)))", "runs backwards", "over=(0, 1)"),
        ("f(x, y, z) = x; plot(f)", "`f` has 3: x, y, z", "plot((x, y) -> f(x, y, 1))"),
        ("f(x, y) = x; plot(f, sin)", "`f` takes two numbers", "plot(x -> f(x, 1))"),
        ("f(x, y) = x; g(x, y) = y; plot(f, g)", "contours are drawn of one function", "plot(f) alone"),
        ("f() = 3; plot(f)", "has none", None),
        ("f(x) = [x, 2]; plot(f)", "`f` gives a tensor of shape (2,)", "plot(x -> f(x)[0])"),
        ("f(x) = x, 2; plot(f)", "`f` gives a tuple of 2", "plot(x -> f(x)[0])"),
        ("f(x) = eye(2)*x; plot(f)", "shape (2, 2)", "plot(x -> f(x)[0, 0])"),
        ("f(x, y) = [x, y]; plot(f)", "one number for each point", "plot((x, y) -> f(x, y)[0])"),
        ("plot(Dense(1, 1))", "", None),
        ("plot(log, over=(-2, -1))", "`log` has no finite value from -2 to -1", "another range"),
        ("plot(x -> 0/0*x, x -> log(-1 - x^2))", "the functions have no finite value", "another range"),
        ("plot((x, y) -> log(-1 - x^2 - y^2))", "no finite value for x from -3 to 3 and y", "other ranges"),
        ("f(x) = sum(range(x)); plot(f)", "", None),
        ("plot(sin, width=3)", "no input `width`", "plot(functions, ..., over=none, save=none)"),
        ("f(x) = plot(t -> t*x, over=(0, 1)); f(3) + f'(2)", "", None),
        ("plot(sin, save=3)", "path in quotes", 'save="picture.svg"'),
        ('plot(sin, save="a.jpg")', "`.jpg` is no kind of picture", None),
        ('plot(sin, save="a")', "doesn't say what kind", ".svg, .png, .pdf"),
        ('plot(sin, save="none/a.png")', "there is no folder `none`", "make it first"),
        ('plot(sin, save="a\\0.png")', "can't be written", None),
    ],
)
def test_what_is_refused(text: str, message: str, hint: str | None) -> None:
    """In a sentence that says what to do."""
    found = error(text)
    assert message in found.message
    if hint is not None:
        assert hint in (found.hint or "")


def test_a_narrow_range_that_has_numbers_is_drawn() -> None:
    """Down to where numbers can hardly be told apart."""
    width = 2 * FEWEST * 2.0**-52
    found = plot(f"plot(x -> x - 1, over=(1, 1 + {width!r}))")
    assert at(found, 0, 1 + width / 2) == pytest.approx(width / 2, rel=1e-3)


def test_many_curves_and_too_many() -> None:
    """Two dozen can be told apart, by name at least."""
    many = ", ".join(["sin"] * 24)
    assert len({curve.name for curve in plot(f"plot({many})").curves}) == 24
    assert "can't be told apart" in error(f"plot({many}, sin)").message
