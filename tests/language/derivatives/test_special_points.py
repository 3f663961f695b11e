"""Every elementwise entry of the table at integers, halves, zeros, ties and signs, huge and tiny, to order 4.

Points drawn at random never meet a place where a rule has a guard, a tie or a pole; these are such places.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import isfinite, isnan
from typing import Any

import mpmath
import pytest

from gradcli.core.ir.laws import Elementwise
from gradcli.core.ir.nodes import Node, constant
from gradcli.language.calls.tracing import fresh_inputs
from gradcli.language.derivatives.expansion import expanded
from gradcli.language.library.names import _from_primitive
from gradcli.language.text.diagnostics import Source, Span
from gradcli.language.text.parse import parse_expression
from gradcli.language.values.values import Function
from gradcli.session.plain import tensor
from tests.core.sampling import TABLE
from tests.core.sides import Truth, partial
from tests.core.truth import truth
from tests.language.running import interpreter, run, value

SPAN = Span(Source("test", "f"), 0, 1)
POINTS = (0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -2.5, 10.0, 1e-9, -1e-9, 1e-20, 1e8, 1e300, -745.0)
# Where mpmath takes long, or where 1e300 has no neighbour that a function of such a growth could be told at.
NEAR = tuple(p for p in POINTS if abs(p) <= 10)
SLOW = {
    *("besselj", "bessely", "besseli", "besselk", "besseli_scaled"),
    *("expi", "lambertw", "ndtr", "log_ndtr", "ndtri", "mills"),
    *("erfinv", "gamma", "lgamma", "polygamma", "beta", "sinc", "erfc", "erf"),
}
PAIRS = tuple(product((0.0, 1.0, -1.0, 2.0, 0.5, 1e-9), repeat=2))

# What mpmath continues into the complex plane, or cuts, or cannot do far out.
REAL: dict[str, Callable[..., Any]] = {
    "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
    "root": lambda x: mpmath.sign(x) * mpmath.root(abs(x), 5),
    "lgamma": lambda x: mpmath.log(abs(mpmath.gamma(x))),
    "entr": lambda x: -x * mpmath.log(x) if x > 0 else mpmath.mpf(0) if x == 0 else -mpmath.inf,
    "softplus": lambda x: mpmath.log1p(mpmath.exp(-abs(x))) + max(x, 0),
    "logaddexp": lambda a, b: max(a, b) + mpmath.log1p(mpmath.exp(-abs(a - b))),
    "gammaincc": lambda a, x: 1 - mpmath.gammainc(a, 0, x, regularized=True),
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)) if x > 0 else mpmath.exp(x) / (1 + mpmath.exp(x)),
}
# Where a function jumps, and so has no derivative: the tests of its own say what is told there.
JUMPS = {"arccot": 0.0}
UNARY = [p for p in TABLE.values() if isinstance(p.law, Elementwise) and p.arity == 1]
BINARY = [p for p in TABLE.values() if isinstance(p.law, Elementwise) and p.arity == 2]
# Corners that cancel, and whole and broken powers: smooth functions made of what is not.
COMPOSED: dict[str, Callable[..., Any]] = {
    "abs(x)^2": lambda x: x * x,
    "abs(x)^3": lambda x: abs(x) ** 3,
    "x*abs(x)": lambda x: x * abs(x),
    "cos(abs(x))": mpmath.cos,
    "sqrt(x^4)": lambda x: x * x,
    "relu(x)^3": lambda x: max(x, mpmath.mpf(0)) ** 3,
    "max([x, 1])*max([x, 1])": lambda x: max(x, mpmath.mpf(1)) ** 2,
    "norm([x, 2*x])^2": lambda x: 5 * x * x,
    "std([x, -x])": abs,
    "where(x < 0, x^2, 3*x)": lambda x: x * x if x < 0 else 3 * x,
    "where(x == 0, 1, sin(x)/x)": lambda x: mpmath.sin(x) / x,
    "root(x^5, 5)": lambda x: x,
    "x*root(x, 3)": lambda x: abs(x) * mpmath.cbrt(abs(x)),
    "where(x == 0, 1, x*cot(x))": lambda x: x * mpmath.cot(x),
    "where(x == 0, 1, x*csc(x))": lambda x: x * mpmath.csc(x),
    "x^0.5": mpmath.sqrt,
    "x^1.5": lambda x: x ** mpmath.mpf(1.5),
    "x^-1": lambda x: 1 / x,
    "x^-2": lambda x: 1 / x**2,
    "x^0": lambda x: mpmath.mpf(1),
    "x^2.5": lambda x: x ** mpmath.mpf(2.5),
    "x*(1 - x^1.5)": lambda x: x * (1 - x ** mpmath.mpf(1.5)),
    "x^x": lambda x: x**x,
    "x^(2*x)": lambda x: x ** (2 * x),
}


def table(function: Function, point: tuple[float, ...], order: int) -> list[float]:
    """The value and every partial up to an order, as numbers: what `derivatives` shows without its formulas."""
    caller = interpreter()
    inputs, given = fresh_inputs(point, function.inputs, caller.dtype)
    output = function.call(caller, inputs, SPAN, fresh=True)
    variables = [node for node in inputs if isinstance(node, Node)]
    assert isinstance(output, Node)
    (found,) = expanded(caller, [output], [[v] for v in variables], order, given, SPAN)
    names = [e for k in range(order + 1) for e in product(range(k + 1), repeat=len(point)) if sum(e) == k]
    zero = constant(0.0, output.dtype)
    return [float(tensor(found.get(e, zero)).data) for e in sorted(names, key=lambda e: (sum(e), [-n for n in e]))]


def agrees(got: float, want: Truth, order: int, lost: bool, slack: float = 1e-18) -> bool:
    """Whether a number is the derivative, or says as far as it can that there is none."""
    if want.kind == "none":
        return True
    if lost or want.kind == "corner":
        # A first derivative at a corner is a convention that the README lists.
        return order < 2 or isnan(got)
    if want.kind == "pole" or not isfinite(want.value):
        return not isfinite(got) or abs(got) > 1e100
    if order == 0 and not isfinite(got):
        return True  # a hole in the function
    return abs(got - want.value) <= 1e-10 * abs(want.value) + slack


def check(function: Function, exact: Callable[..., Any], points: tuple[float, ...], slack: float = 1e-18) -> None:
    """Orders 0 to 4 at each point where the function has a value."""
    for x in points:
        lost = False
        numbers = table(function, (x,), 4)
        for order, got in enumerate(numbers if isfinite(numbers[0]) else ()):
            want = partial(exact, (x,), (order,))
            lost = lost or (want.kind == "corner" and order < 4)
            assert agrees(got, want, order, lost, slack), (x, order, got, want)


@pytest.mark.parametrize("primitive", UNARY, ids=lambda p: p.name)
def test_functions_of_one_number(primitive: Any) -> None:
    """Each entry of one argument."""
    if primitive.attributes:
        function = parsed(f"{TEXTS[primitive.name]}")
    else:
        function = _from_primitive(primitive.name, primitive)
    points = tuple(p for p in (NEAR if primitive.name in SLOW else POINTS) if p != JUMPS.get(primitive.name))
    check(function, REAL.get(primitive.name, truth(primitive)), points)


def test_beside_a_jump_there_is_a_slope_and_at_it_none_beyond_the_first() -> None:
    """The slope of acot at 0 is that of both its branches, a convention; higher ones say that there are none."""
    assert value("acot'(1e-9), acot'(-1e-9)") == (-1, -1)
    assert value("acot'(0)") == -1
    step = run("acot''(0)")
    assert "whether there is a derivative could not be told" in step.diagnostics[0].message
    assert isnan(value("acot''(0)"))


@pytest.mark.parametrize(
    ("text", "slope"),
    [("coth(x) - 1/x", 1 / 3), ("cot(x) - 1/x", -1 / 3), ("csch(x) - 1/x", -1 / 6), ("csc(x) - 1/x", 1 / 6)],
)
def test_poles_that_cancel(text: str, slope: float) -> None:
    """The slope where two poles meet is the limit from both sides."""
    assert value(f"f(x) = {text}; f'(0)") == pytest.approx(slope, rel=1e-14)


TEXTS = {
    "constant_power": "x^3",
    "polygamma": "polygamma(1, x)",
    **{f"bessel{kind}": f"bessel{kind}(1, x)" for kind in "jyik"},
    "besseli_scaled": "i1e(x)",
    "root": "root(x, 5)",
    "sinc": "sinc(x)",
}


def parsed(text: str) -> Function:
    """A function of x by its text."""
    function = interpreter().evaluate(parse_expression(Source("test", f"x -> {text}")))
    assert isinstance(function, Function)
    return function


@pytest.mark.parametrize("text", COMPOSED)
def test_functions_made_of_corners_and_powers(text: str) -> None:
    """Where a derivative exists it is right, elsewhere it is nan."""
    # What is composed cancels near its corner, and elsewhere to a few units in the last place.
    points = tuple(p for p in NEAR if not p or abs(p) > 0.1)
    check(parsed(text), COMPOSED[text], points, slack=2e-11)


# Where a function of both arguments has a limit, and one that mpmath knows.
CONTINUOUS: dict[str, Callable[[float, float], bool]] = {
    "arctan2": lambda a, b: max(abs(a), abs(b)) > 0.1,
    "part_of_length": lambda a, b: max(abs(a), abs(b)) > 0.1,
    "power": lambda a, b: a > 0 or b > 0,
    "beta": lambda a, b: min(a, b) > 0,
    "remainder": lambda a, b: a % b != 0,
    "log_to_base": lambda a, b: a > 0 and b > 0 and b != 1,
    "betaln": lambda a, b: min(a, b) > 0,
    "gammainc": lambda a, x: min(a, x) > 0,
    "gammaincc": lambda a, x: min(a, x) > 0,
    "xlogy": lambda x, y: y > 0,
    "xlog1py": lambda x, y: y > -1,
    "zeta": lambda s, q: s not in (0, 1) and q > 0,
}


@pytest.mark.parametrize("primitive", BINARY, ids=lambda p: p.name)
def test_functions_of_two_numbers(primitive: Any) -> None:
    """Each entry of two arguments: first and second partials, and the mixed one in whichever order it is taken."""
    function = _from_primitive(primitive.name, primitive)
    exact = REAL.get(primitive.name, truth(primitive))
    for point in PAIRS:
        numbers = table(function, point, 2)
        is_smooth = CONTINUOUS.get(primitive.name)
        if not isfinite(numbers[0]) or (is_smooth is not None and not is_smooth(*point)):
            continue
        lost = False
        for got, by in zip(numbers, ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)), strict=True):
            want = partial(exact, point, by)
            lost = lost or (want.kind == "corner" and sum(by) == 1)
            assert lost or agrees(got, want, sum(by), lost, 1e-15), (point, by, got, want)


@pytest.mark.parametrize("symbol", ["power", "divide", "multiply", "hypot", "arctan2", "logaddexp", "maximum", "beta"])
def test_mixed_derivatives_are_equal_in_both_orders(symbol: str) -> None:
    """By nested gradients and by the Hessian, which is symmetric, at every pair of special points."""
    text = {"power": "x^y", "divide": "x/y", "multiply": "x*y"}.get(symbol, f"{symbol}(x, y)")
    session = run(f"f(x, y) = {text}; xy = grad(grad(f, 0), 1); yx = grad(grad(f, 1), 0)").session
    compared = 0
    for x, y in PAIRS:
        point = f"({x!r}, {y!r})"
        matrix = value(f"hessian(f){point}", session)
        assert matrix[0, 1] == matrix[1, 0] or (isnan(matrix[0, 1]) and isnan(matrix[1, 0])), (x, y)
        at, *both = value(f"f{point}, xy{point}, yx{point}", session)
        if not isfinite(at):
            continue
        for nested in both:
            if isfinite(nested) and isfinite(matrix[0, 1]):
                assert nested == pytest.approx(matrix[0, 1], rel=1e-12, abs=1e-14 * abs(matrix).max()), (x, y)
                compared += 1
            else:
                assert isnan(nested) == isnan(matrix[0, 1]), (x, y, nested, matrix)
    assert compared >= len(PAIRS) / 2
