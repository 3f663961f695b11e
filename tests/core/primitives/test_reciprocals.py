"""Secants, cotangents and their inverses where 1/x would lose digits: far out, beside branch points, next to 0."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from gradcli.core.engines.numpy.schedule import ArrayProgram
from gradcli.core.engines.protocol import Graph
from gradcli.core.engines.scalar import ScalarEngine
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import fresh_input
from gradcli.core.ir.traversal import reachable
from gradcli.core.transforms.reverse import gradient
from tests.core.sampling import TABLE
from tests.core.truth import truth

NEAR_ONE = (1.0000000001, 1 + 2**-50, 1.5, 1e8, 1e160, 1e300)
POINTS = {
    "sec": (0.0, 1.5707963, -2.0, 1e8, 1e300),
    "csc": (1e-300, 1e-9, 3.1415926, -2.0, 1e300),
    "cot": (1e-300, 1e-9, 1.5707963, 1.5707963267948966, -3.1415926, 1e8, 1e300),
    "sech": (0.0, 1e-9, 1.0, 19.99, 30.0, 400.0, 705.0, 712.0, 1000.0),
    "csch": (1e-300, 1e-9, 1.0, 19.99, 20.01, 400.0, 705.0, 712.0, 1000.0),
    "coth": (1e-300, 1e-9, 1.0, 19.99, 30.0, 400.0, 1000.0),
    "arcsec": NEAR_ONE,
    "arccsc": NEAR_ONE,
    "arccoth": NEAR_ONE,
    "arccot": (1e-300, 1e-9, 1.0, 1e8, 1e300),
    "arcsech": (1.0, 1 - 2**-50, 0.9999999999, 0.5, 1e-9, 1e-300),
    "arccsch": (1e-300, 1e-9, 1.0, 1e8, 1e300),
}
ODD = ("csc", "cot", "csch", "coth", "arccsc", "arccot", "arccsch", "arccoth")
EVEN = ("sec", "sech")


def programs(name: str, dtype: DType = DType.FLOAT64) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The value and the slope of an entry, by Python's math and on arrays."""
    x = fresh_input("x", (), dtype)
    outputs = [TABLE[name](x), *gradient([TABLE[name](x)], [x])]
    graph = Graph(reachable(outputs), outputs, [x])
    on_arrays = ArrayProgram(graph.order, outputs, [x])
    engine = ScalarEngine()
    by_math = engine.compile(graph).run if engine.suits(graph) else on_arrays
    return by_math, lambda v: on_arrays(np.asarray(v, dtype.value))


def exact(name: str, x: float) -> tuple[Any, Any]:
    """The value and the slope at 900 digits, so that nothing cancels beside a branch point or far out."""
    with mpmath.workdps(900):
        at = mpmath.mpf(x)
        step = min(abs(at) or 1, 1) * mpmath.mpf(10) ** -150
        function = truth(TABLE[name])
        sides = [mpmath.re(function(at + s)) for s in (step, -step)]
        return function(at), (sides[0] - sides[1]) / (2 * step)


def close(got: float, want: Any, digits: float) -> bool:
    """Within a relative error, or as far as a subnormal number can be told."""
    if abs(want) > mpmath.mpf(2) ** 1024:
        return math.isinf(got)
    return bool(abs(mpmath.mpf(float(got)) - want) <= digits * abs(want) + mpmath.mpf("1e-323"))


@pytest.mark.parametrize("name", POINTS)
def test_far_out_and_beside_branch_points(name: str) -> None:
    """Value and slope to the last digits, by both engines, on both sides of 0."""
    by_math, on_arrays = programs(name)
    for point in POINTS[name]:
        for x in (point, -point) if name in (*ODD, *EVEN, "arcsec") else (point,):
            value, slope = exact(name, x)
            for run in (by_math, on_arrays):
                got, got_slope = (float(v) for v in run(x))
                assert close(got, value, 5e-16 * 2), (x, got, value)
                if abs(x) != 1 or name == "arccot":
                    assert close(got_slope, slope, 2e-15), (x, got_slope, slope)


@pytest.mark.parametrize("name", POINTS)
def test_single_precision(name: str) -> None:
    """The result is float32 and right to its digits, at the same points where float32 holds them."""
    _, on_arrays = programs(name, DType.FLOAT32)
    for point in POINTS[name]:
        x = float(np.float32(min(point, 1e30)))
        if not 1e-30 < abs(x) < 1e6 or x == 1 or (name == "arcsech" and x >= 1):
            continue
        value, _ = exact(name, x)
        got, _ = on_arrays(x)
        assert got.dtype == "float32"
        assert abs(mpmath.mpf(float(got)) - value) <= 4e-7 * abs(value) + 1e-44, (x, got, value)


@pytest.mark.parametrize(
    ("name", "x", "want"),
    [
        ("csc", 0.0, math.inf),
        ("cot", 0.0, math.inf),
        ("csch", 0.0, math.inf),
        ("csch", -0.0, -math.inf),
        ("coth", 0.0, math.inf),
        ("arccsch", 0.0, math.inf),
        ("arcsech", 0.0, math.inf),
        ("arcsech", 1.0, 0.0),
        ("arcsec", 1.0, 0.0),
        ("arcsec", -1.0, math.pi),
        ("arccsc", -1.0, -math.pi / 2),
        ("arccoth", 1.0, math.inf),
        ("arccoth", -1.0, -math.inf),
        ("arccot", 0.0, math.pi / 2),
        ("arccot", -0.0, math.pi / 2),
        ("sech", math.inf, 0.0),
        ("csch", -math.inf, 0.0),
        ("coth", -math.inf, -1.0),
        ("arcsec", math.inf, math.pi / 2),
        ("arcsec", -math.inf, math.pi / 2),
        ("arccot", -math.inf, 0.0),
        ("arcsec", 0.5, math.nan),
        ("arccsc", -0.5, math.nan),
        ("arccsc", 0.0, math.nan),
        ("arccoth", 0.5, math.nan),
        ("arccoth", 0.0, math.nan),
        ("arcsech", -0.5, math.nan),
        ("arcsech", 1.5, math.nan),
        *((name, math.nan, math.nan) for name in POINTS),
    ],
)
def test_the_ends_of_the_domain(name: str, x: float, want: float) -> None:
    """Poles are infinite, values outside nan; a scalar says the same as an array."""
    for run in programs(name):
        got = float(run(x)[0])
        assert got == want or (math.isnan(got) and math.isnan(want)), got
