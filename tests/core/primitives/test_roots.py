"""Real roots of whole orders."""

from __future__ import annotations

import math
import random

import mpmath
import numpy as np
import pytest

from gradcli.core.engines.numpy.schedule import ArrayProgram
from gradcli.core.engines.protocol import Graph
from gradcli.core.engines.scalar import ScalarEngine
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import fresh_input
from gradcli.core.ir.traversal import reachable
from gradcli.core.primitives.roots import LARGEST_POWER, nth_root
from gradcli.core.transforms.reverse import gradient
from tests.core.sampling import TABLE

ORDERS = (3, 4, 5, 8, LARGEST_POWER, LARGEST_POWER + 1, 101)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", [DType.FLOAT64, DType.FLOAT32])
def test_values_and_slopes_are_right_over_the_whole_range(order: int, dtype: DType) -> None:
    """From the smallest to the largest numbers, of negative ones where the order is odd, by both engines."""
    x = fresh_input("x", (), dtype)
    root = nth_root(x, order=order)
    outputs = [root, *gradient([root], [x])]
    graph = Graph(reachable(outputs), outputs, [x])
    assert ScalarEngine().suits(graph) is (dtype is DType.FLOAT64)
    runs = [ArrayProgram(graph.order, outputs, [x])]
    runs += [ScalarEngine().compile(graph).run] if dtype is DType.FLOAT64 else []  # type: ignore[list-item]
    rng, widest = random.Random(order), 690 if dtype is DType.FLOAT64 else 80
    epsilon = float(np.finfo(dtype.value).eps)
    for _ in range(60):
        point = float(np.asarray(math.exp(rng.uniform(-widest, widest)), dtype.value))
        point = -point if order % 2 and rng.random() < 0.5 else point
        with mpmath.workdps(50):
            size = mpmath.root(abs(mpmath.mpf(point)), order)
            want = size if point > 0 else -size
            slope = want / (order * mpmath.mpf(point))
        for run in runs:
            got, got_slope = (float(v) for v in run(np.asarray(point, dtype.value)))
            assert abs(got - want) <= epsilon * size, (point, got)
            if abs(slope) > np.finfo(dtype.value).tiny and abs(slope) < np.finfo(dtype.value).max:
                assert abs(got_slope - slope) <= 12 * epsilon * abs(slope), (point, got_slope)


@pytest.mark.parametrize("order", ORDERS)
def test_special_points(order: int) -> None:
    """0, infinities, nan, and negative numbers, which have no real root of an even order."""
    x = fresh_input("x", (6,), DType.FLOAT64)
    (got,) = ArrayProgram(reachable([nth_root(x, order=order)]), [nth_root(x, order=order)], [x])(
        np.array([0.0, math.inf, -math.inf, math.nan, -1.0, 1.0])
    )
    odd = order % 2 == 1
    want = [0.0, math.inf, -math.inf if odd else math.nan, math.nan, -1.0 if odd else math.nan, 1.0]
    np.testing.assert_array_equal(got, want)
    scalar = fresh_input("x", (), DType.FLOAT64)
    node = nth_root(scalar, order=order)
    run = ScalarEngine().compile(Graph(reachable([node]), [node], [scalar])).run
    np.testing.assert_array_equal([run(float(v))[0] for v in (0.0, math.inf, -math.inf, math.nan, -1.0, 1.0)], want)


def test_powers_of_whole_numbers() -> None:
    """Cubes and fifth powers have their roots to the last digit."""
    n = np.arange(1.0, 400.0)
    x = fresh_input("x", n.shape, DType.FLOAT64)
    scalar = fresh_input("x", (), DType.FLOAT64)
    cube_root = TABLE["cbrt"](scalar)
    run = ScalarEngine().compile(Graph(reachable([cube_root]), [cube_root], [scalar])).run
    assert [run(-(float(v) ** 3))[0] for v in n] == [-float(v) for v in n]
    for order in (3, 5):
        node = nth_root(x, order=order)
        (got,) = ArrayProgram(reachable([node]), [node], [x])(n**order)
        np.testing.assert_array_equal(got, n)
