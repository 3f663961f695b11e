"""Every primitive is tested by being in the table: nobody writes a test for a new entry."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.core.engines.scalar import compile_scalar, suits_scalar
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.laws import Bilinear, Elementwise, Flat, Implicit, Linear
from gradcli.core.ir.nodes import array_constant, constant, fresh_input
from gradcli.core.ir.primitive import Primitive
from gradcli.core.ir.traversal import reachable
from gradcli.core.transforms.reverse import gradient
from tests.core.sampling import (
    DRAWS,
    TABLE,
    Array,
    Call,
    away_from_kinks,
    calls,
    directions_of,
    draw,
    gradient_of,
    inner,
    inputs_for,
    moved,
    run,
    scheduled,
    slopes,
)
from tests.core.truth import derivative, truth

PRIMITIVES = list(TABLE.values())
CALLS = [c for p in PRIMITIVES for c in calls(p)]
SMOOTH = [p for p in PRIMITIVES if not isinstance(p.law, Flat)]
SMOOTH_CALLS = [c for c in CALLS if c.primitive in SMOOTH]


def each(name: str, items: Sequence[Primitive] | Sequence[Call]) -> pytest.MarkDecorator:
    """Parametrize over entries of the table or calls of them, each under its own name."""
    return pytest.mark.parametrize(name, items, ids=lambda item: getattr(item, "name", None) or str(item))


@each("primitive", PRIMITIVES)
def test_an_entry_says_what_it_is(primitive: Primitive) -> None:
    """Help, a law with its fact, and somewhere to test it: an entry without one of them is unfinished."""
    assert primitive.summary
    assert list(calls(primitive))
    if isinstance(primitive.law, Elementwise):
        assert len(primitive.law.partials) == primitive.arity > 0


@each("call", CALLS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_shape_and_dtype_are_foretold(call: Call, dtype: str) -> None:
    """What the graph says of a value before it is computed is what NumPy then gives."""
    arrays = draw(call, np.random.default_rng(0), dtype)
    inputs = inputs_for(arrays)
    output = call.primitive(*inputs, **call.attrs)
    (value,) = run([output], inputs, arrays)
    assert value.shape == output.shape
    assert value.dtype == output.dtype.value


@each("call", SMOOTH_CALLS)
def test_the_adjoint_is_the_transpose_of_the_slope(call: Call) -> None:
    """One inner product: <v, J u> by central differences equals <J^T v, u> by the adjoint."""
    inputs = inputs_for(draw(call, np.random.default_rng(0)))
    output = call.primitive(*inputs, **call.attrs)
    seed = fresh_input("v", output.shape, output.dtype)
    value_at = scheduled([output], inputs)
    adjoints_at = scheduled(gradient_of(output, inputs, seed), [*inputs, seed])
    for number in range(DRAWS):
        rng = np.random.default_rng(number)
        arrays = away_from_kinks(call, draw(call, rng))
        v = rng.normal(size=output.shape)
        directions = directions_of(arrays, rng)
        along = {h: value_at(moved(arrays, directions, h))[0] for h in (-2e-5, -1e-5, 1e-5, 2e-5)}
        slope = (8 * (along[1e-5] - along[-1e-5]) - (along[2e-5] - along[-2e-5])) / 12e-5
        with_adjoint = inner(adjoints_at([*arrays, v]), directions)
        assert with_adjoint == pytest.approx(float(np.sum(v * slope)), rel=1e-7, abs=1e-7), number


@each("call", [c for c in SMOOTH_CALLS if isinstance(c.primitive.law, (Linear, Bilinear, Implicit))])
def test_what_a_law_says_forward_is_the_transpose_of_what_it_says_backward(call: Call) -> None:
    """<v, J u> = <J^T v, u> to rounding: a linear map is itself, a product itself twice, the rest have a rate."""
    rng = np.random.default_rng(1)
    arrays = draw(call, rng)
    inputs = inputs_for(arrays)
    output = call.primitive(*inputs, **call.attrs)
    tangents = [rng.normal(size=a.shape) if a.dtype.kind == "f" else a for a in arrays]
    along = inputs_for(tangents)
    law, over = call.primitive.law, [i for i, n in enumerate(inputs) if n.dtype.is_float]
    if isinstance(law, Implicit):
        forward = law.rate(output, *inputs, *along, **call.attrs)
    elif isinstance(law, Bilinear):
        a, b = inputs
        forward = call.primitive(along[0], b) + call.primitive(a, along[1])
    else:
        assert isinstance(law, Linear)
        assert law.over is None or list(law.over) == over
        forward = call.primitive(*(along[i] if i in over else n for i, n in enumerate(inputs)), **call.attrs)
    v = rng.normal(size=output.shape)
    adjoints = run(gradient_of(output, inputs, array_constant(v)), inputs, arrays)
    (rate,) = run([forward], [*inputs, *along], [*arrays, *tangents])
    backward = sum(float(np.sum(g * tangents[i])) for g, i in zip(adjoints, over, strict=True))
    assert float(np.sum(v * rate)) == pytest.approx(backward, rel=1e-11, abs=1e-12)


@each("call", SMOOTH_CALLS)
@pytest.mark.parametrize("order", [2, 3])
def test_higher_orders_are_the_slopes_of_lower_ones(call: Call, order: int) -> None:
    """Differentiating the gradient again agrees with central differences of that gradient."""
    exact, numeric = slopes(call, order)
    assert exact == pytest.approx(numeric, rel=1e-6, abs=1e-6)


ELEMENTWISE = [p for p in SMOOTH if p.examples.domain or p.name in ("add", "subtract", "multiply", "negate")]


@cache
def with_slopes(primitive: Primitive) -> Callable[[Sequence[Array]], list[Array]]:
    """The value and each first partial, as a function of the arguments."""
    inputs = [fresh_input(f"x{i}", (), DType.FLOAT64) for i in range(primitive.arity)]
    output = primitive(*inputs, **primitive.attributes)
    return scheduled([output, *gradient([output], inputs)], inputs)


# Next to a point where it is 0, a slope is a difference of numbers of this size.
CROSSING = {"sinc": 0.1}


@each("primitive", ELEMENTWISE)
@given(data=st.data())
def test_values_and_slopes_agree_with_fifty_digits(primitive: Primitive, data: st.DataObject) -> None:
    """The value and each first partial are within a few units in the last place of mpmath's."""
    point = [data.draw(st.floats(low, high, allow_subnormal=False)) for low, high in domain_of(primitive)]
    if primitive.name in ("abs", "relu") and abs(point[0]) < 1e-3:
        point = [0.5]
    if primitive.name in ("maximum", "minimum") and abs(point[0] - point[1]) < 1e-3:
        point = [0.25, 0.75]
    values = with_slopes(primitive)([np.asarray(p) for p in point])
    with mpmath.workdps(50):
        expected = [derivative(truth(primitive), point, ())]
        expected += [derivative(truth(primitive), point, (i,)) for i in range(primitive.arity)]
        for got, want in zip(values, expected, strict=True):
            error = abs(mpmath.mpf(float(got)) - want)
            assert error <= 6.4e-15 * max(abs(want), CROSSING.get(primitive.name, 1e-3)), (point, got, want)


@each("primitive", ELEMENTWISE)
@pytest.mark.parametrize("order", [2, 3])
def test_higher_slopes_agree_with_fifty_digits(primitive: Primitive, order: int) -> None:
    """In the first argument again and again, at points spread over the domain, in both float types."""
    rng = np.random.default_rng(order)
    points = [[float(np.float32(rng.uniform(low, high))) for low, high in domain_of(primitive)] for _ in range(5)]
    with mpmath.workdps(50):
        wanted = [derivative(truth(primitive), point, (0,) * order) for point in points]
    for dtype, digits in ((DType.FLOAT32, 1e-4), (DType.FLOAT64, 2e-13)):
        inputs = [fresh_input(f"x{i}", (), dtype) for i in range(primitive.arity)]
        node = primitive(*inputs, **primitive.attributes)
        for _ in range(order):
            (node,) = gradient([node], inputs[:1])
        assert node.dtype is dtype
        slope_at = scheduled([node], inputs)
        for point, want in zip(points, wanted, strict=True):
            (got,) = slope_at([np.asarray(p, dtype=dtype.value) for p in point])
            with mpmath.workdps(50):
                error = abs(mpmath.mpf(float(got)) - want)
            assert error <= digits * max(abs(want), 1), (dtype, point, got, want)


def not_here(*values: object) -> tuple[float, ...]:
    """Where math has an answer, nothing else is asked."""
    raise AssertionError(values)


def domain_of(primitive: Primitive) -> tuple[tuple[float, float], ...]:
    """Where an elementwise entry is sampled."""
    return primitive.examples.domain or ((-2.0, 2.0),) * primitive.arity


@each("primitive", [p for p in PRIMITIVES if p.math])
def test_both_engines_agree(primitive: Primitive) -> None:
    """Python's math and NumPy or SciPy give the same scalar, within a few units in the last place."""
    dtypes = [DType.BOOL if primitive.condition and i == 0 else DType.FLOAT64 for i in range(primitive.arity)]
    inputs = [fresh_input(f"x{i}", (), dtype) for i, dtype in enumerate(dtypes)]
    output = primitive(*inputs, **primitive.attributes)
    order = reachable([output])
    assert suits_scalar(order, inputs)
    by_math, by_numpy = compile_scalar(order, [output], inputs, not_here), scheduled([output], inputs)
    for number in range(DRAWS):
        rng = np.random.default_rng(number)
        point: list[float | bool] = [float(rng.uniform(low, high)) for low, high in domain_of(primitive)]
        if primitive.condition:
            point[0] = bool(rng.random() < 0.5)
        (scalar,) = by_math(*point)
        (array,) = by_numpy([np.asarray(p) for p in point])
        assert scalar == pytest.approx(array.item(), rel=4e-15, abs=1e-300), point
        assert isinstance(scalar, (bool, float))
        assert math.isfinite(scalar)
        # The same numbers as a part of the program's text.
        closed = primitive(*map(constant, point, dtypes), **primitive.attributes)
        order = reachable([closed])
        assert suits_scalar(order)
        if number < 2:
            assert compile_scalar(order, [closed], [], not_here)() == (scalar,), point


@each("primitive", [p for p in PRIMITIVES if p not in SMOOTH])
def test_a_flat_primitive_has_the_slope_zero(primitive: Primitive) -> None:
    """Nothing flows back through a step, and nothing goes wrong on the way."""
    call = next(calls(primitive))
    arrays = draw(call, np.random.default_rng(0))
    inputs = inputs_for(arrays)
    output = primitive(*inputs, **call.attrs)
    for slope in run(gradient([output * 1.0], inputs), inputs, arrays):
        assert not slope.any()
