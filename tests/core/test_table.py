"""Every primitive is tested by being in the table: nobody writes a test for a new entry."""

from __future__ import annotations

import math
from collections.abc import Sequence

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.core.engines.scalar import compile_scalar, suits_scalar
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.laws import Bilinear, Elementwise, Flat, Implicit, Linear
from gradcli.core.ir.nodes import constant, fresh_input
from gradcli.core.ir.primitive import Primitive
from gradcli.core.ir.traversal import reachable
from gradcli.core.transforms.reverse import gradient
from tests.core.sampling import (
    TABLE,
    Array,
    Call,
    away_from_kinks,
    calls,
    draw,
    gradient_of,
    inputs_for,
    run,
    slopes,
)
from tests.core.truth import derivative, truth

PRIMITIVES = list(TABLE.values())
CALLS = [c for p in PRIMITIVES for c in calls(p)]
SMOOTH = [p for p in PRIMITIVES if not isinstance(p.law, Flat)]
SMOOTH_CALLS = [c for c in CALLS if c.primitive in SMOOTH]
SEEDS = st.integers(0, 2**32 - 1)


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
@given(seed=SEEDS)
def test_the_adjoint_is_the_transpose_of_the_slope(call: Call, seed: int) -> None:
    """One inner product: <v, J u> by central differences equals <J^T v, u> by the adjoint."""
    rng = np.random.default_rng(seed)
    arrays = away_from_kinks(call, draw(call, rng))
    inputs = inputs_for(arrays)
    output = call.primitive(*inputs, **call.attrs)
    v = rng.normal(size=output.shape)
    directions = [rng.normal(size=a.shape) if a.dtype.kind == "f" else None for a in arrays]
    adjoints = run(gradient_of(output, inputs, v), inputs, arrays)
    with_adjoint = sum(
        float(np.sum(g * u)) for g, u in zip(adjoints, [d for d in directions if d is not None], strict=True)
    )

    def along(h: float) -> Array:
        moved = [a if d is None else a + h * d for a, d in zip(arrays, directions, strict=True)]
        return run([output], inputs, moved)[0]

    h = 1e-5
    numeric = float(np.sum(v * (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h)))
    assert with_adjoint == pytest.approx(numeric, rel=1e-7, abs=1e-7)


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
    adjoints = run(gradient_of(output, inputs, v), inputs, arrays)
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


@each("primitive", ELEMENTWISE)
@given(data=st.data())
def test_values_and_slopes_agree_with_fifty_digits(primitive: Primitive, data: st.DataObject) -> None:
    """The value and each first partial are within a few units in the last place of mpmath's."""
    point = [data.draw(st.floats(low, high, allow_subnormal=False)) for low, high in domain_of(primitive)]
    if primitive.name in ("abs", "relu") and abs(point[0]) < 1e-3:
        point = [0.5]
    if primitive.name in ("maximum", "minimum") and abs(point[0] - point[1]) < 1e-3:
        point = [0.25, 0.75]
    inputs = [fresh_input(f"x{i}", (), DType.FLOAT64) for i in range(primitive.arity)]
    output = primitive(*inputs, **primitive.attributes)
    values = run([output, *gradient([output], inputs)], inputs, [np.asarray(p) for p in point])
    with mpmath.workdps(50):
        expected = [derivative(truth(primitive), point, ())]
        expected += [derivative(truth(primitive), point, (i,)) for i in range(primitive.arity)]
        for got, want in zip(values, expected, strict=True):
            error = abs(mpmath.mpf(float(got)) - want)
            assert error <= 6.4e-15 * max(abs(want), mpmath.mpf("1e-3")), (point, got, want)


@each("primitive", ELEMENTWISE)
@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize("dtype", [DType.FLOAT32, DType.FLOAT64])
def test_higher_slopes_agree_with_fifty_digits(primitive: Primitive, order: int, dtype: DType) -> None:
    """In the first argument again and again, at points spread over the domain, in both float types."""
    rng = np.random.default_rng(order)
    for _ in range(5):
        point = [float(np.float32(rng.uniform(low, high))) for low, high in domain_of(primitive)]
        inputs = [fresh_input(f"x{i}", (), dtype) for i in range(primitive.arity)]
        node = primitive(*inputs, **primitive.attributes)
        for _ in range(order):
            (node,) = gradient([node], inputs[:1])
        assert node.dtype is dtype
        (got,) = run([node], inputs, [np.asarray(p, dtype=dtype.value) for p in point])
        with mpmath.workdps(50):
            want = derivative(truth(primitive), point, (0,) * order)
            error = abs(mpmath.mpf(float(got)) - want)
        digits = 1e-4 if dtype is DType.FLOAT32 else 2e-13
        assert error <= digits * max(abs(want), 1), (point, got, want)


def not_here(*values: object) -> tuple[float, ...]:
    """Where math has an answer, nothing else is asked."""
    raise AssertionError(values)


def domain_of(primitive: Primitive) -> tuple[tuple[float, float], ...]:
    """Where an elementwise entry is sampled."""
    return primitive.examples.domain or ((-2.0, 2.0),) * primitive.arity


@each("primitive", [p for p in PRIMITIVES if p.math])
@given(seed=SEEDS)
def test_both_engines_agree(primitive: Primitive, seed: int) -> None:
    """Python's math and NumPy or SciPy give the same scalar, within a few units in the last place."""
    rng = np.random.default_rng(seed)
    args = [constant(float(rng.uniform(low, high)), DType.FLOAT64) for low, high in domain_of(primitive)]
    if primitive.condition:
        args[0] = constant(bool(rng.random() < 0.5), DType.BOOL)
    output = primitive(*args, **primitive.attributes)
    order = reachable([output])
    assert suits_scalar(order)
    (scalar,) = compile_scalar(order, [output], [], not_here)()
    (array,) = run([output], [], [])
    assert scalar == pytest.approx(array.item(), rel=4e-15, abs=1e-300)
    assert isinstance(scalar, (bool, float))
    assert math.isfinite(scalar)


@each("primitive", [p for p in PRIMITIVES if p not in SMOOTH])
def test_a_flat_primitive_has_the_slope_zero(primitive: Primitive) -> None:
    """Nothing flows back through a step, and nothing goes wrong on the way."""
    call = next(calls(primitive))
    arrays = draw(call, np.random.default_rng(0))
    inputs = inputs_for(arrays)
    output = primitive(*inputs, **call.attrs)
    for slope in run(gradient([output * 1.0], inputs), inputs, arrays):
        assert not slope.any()
