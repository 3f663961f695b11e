"""Forward, Taylor and batched evaluation read the table that reverse mode reads: all must agree, for every entry."""

from __future__ import annotations

from itertools import pairwise, product
from math import factorial

import numpy as np
import pytest

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.laws import Flat
from gradcli.core.ir.nodes import Node, filled, fresh_input
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.transforms.batching import batch
from gradcli.core.transforms.closure import close
from gradcli.core.transforms.forward import jvp
from gradcli.core.transforms.reverse import gradient
from gradcli.core.transforms.taylor import GraphRing, Polynomials, along, expand
from tests.core.primitives.test_table import CALLS, PRIMITIVES, SMOOTH_CALLS, each
from tests.core.sampling import (
    DRAWS,
    Array,
    Call,
    away_from_kinks,
    draw,
    float_inputs,
    gradient_of,
    inputs_for,
    run,
    scheduled,
)


def moving(call: Call, seed: int) -> tuple[list[Array], list[Node], list[Array], list[Node]]:
    """Arguments, their inputs, directions of the float ones and inputs for these."""
    rng = np.random.default_rng(seed)
    arrays = away_from_kinks(call, draw(call, rng))
    inputs = inputs_for(arrays)
    directions = [rng.normal(size=n.shape) for n in float_inputs(inputs)]
    return arrays, inputs, directions, inputs_for(directions)


@each("call", SMOOTH_CALLS)
def test_forward_is_the_transpose_of_reverse(call: Call) -> None:
    """<v, J u> = <J^T v, u>, to rounding."""
    _, inputs, _, tangents = moving(call, 0)
    output = call.primitive(*inputs, **call.attrs)
    (rate,) = jvp([output], float_inputs(inputs), tangents)
    assert (rate.shape, rate.dtype) == (output.shape, output.dtype)
    seed = fresh_input("v", output.shape, output.dtype)
    rate_at = scheduled([rate], [*inputs, *tangents])
    adjoints_at = scheduled(gradient_of(output, inputs, seed), [*inputs, seed])
    for number in range(DRAWS):
        arrays, _, directions, _ = moving(call, number)
        v = np.random.default_rng(number).normal(size=output.shape)
        (forward,) = rate_at([*arrays, *directions])
        products = [g * u for g, u in zip(adjoints_at([*arrays, v]), directions, strict=True)]
        backward = sum(float(np.sum(p)) for p in products)
        scale = sum(float(np.sum(np.abs(p))) for p in products)
        assert float(np.sum(v * forward)) == pytest.approx(backward, rel=1e-10, abs=1e-12 * max(scale, 1.0)), number


def nested(output: Node, floats: list[Node], tangents: list[Node], order: int) -> Node:
    """The derivative along the tangents by reverse mode only: the gradient of <gradient, tangent>, and so on."""
    for _ in range(order):
        slopes = gradient([output], floats)
        output = sum((_total(g * t) for g, t in zip(slopes, tangents, strict=True)), start=filled(0.0, _total(output)))
    return output


def _total(node: Node) -> Node:
    return sum_to(node, shape=())


@each("call", SMOOTH_CALLS)
@pytest.mark.parametrize("order", [2, 3])
def test_taylor_is_nested_reverse(call: Call, order: int) -> None:
    """The coefficient of order k times k! is the k-th derivative along the path, of the square of the output."""
    arrays, inputs, directions, tangents = moving(call, order)
    output = call.primitive(*inputs, **call.attrs)
    square = output * output
    floats = float_inputs(inputs)
    coefficients = along([square], dict(zip(floats, tangents, strict=True)), order)[0]
    reverse = nested(square, floats, tangents, order)
    got, want = run(
        [_total(coefficients[order]) * float(factorial(order)), reverse],
        [*inputs, *tangents],
        [*arrays, *directions],
    )
    assert got.item() == pytest.approx(want.item(), rel=1e-8, abs=1e-8)


@each("call", SMOOTH_CALLS)
def test_reverse_over_taylor_is_taylor_over_reverse(call: Call) -> None:
    """The gradient of a second coefficient is the second coefficient of the gradient."""
    arrays, inputs, directions, tangents = moving(call, 5)
    output = call.primitive(*inputs, **call.attrs)
    total = _total(output * output)
    floats = float_inputs(inputs)
    path = dict(zip(floats, tangents, strict=True))
    outside = gradient([along([total], path, 2)[0][2]], floats)
    inside = [series[2] for series in along(gradient([total], floats), path, 2)]
    got = run([*outside, *inside], [*inputs, *tangents], [*arrays, *directions])
    for a, b in zip(got[: len(floats)], got[len(floats) :], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-7)


@each("call", CALLS)
def test_a_batch_is_its_samples(call: Call) -> None:
    """One batched call gives what a call for each sample gives, whichever operands are batched."""
    rng = np.random.default_rng(0)
    inputs = inputs_for(draw(call, rng))
    output = call.primitive(*inputs, **call.attrs)
    value_at = scheduled([output], inputs)
    for *which, size in product(*[(False, True)] * len(inputs), (1, 3)):
        samples = [draw(call, rng) for _ in range(size)]
        chosen = [i for i, has in enumerate(which) if has]
        stacks = [np.stack([s[i] for s in samples]) for i in chosen]
        wide = inputs_for(stacks)
        (batched,) = batch([output], {inputs[i]: w for i, w in zip(chosen, wide, strict=True)}, size)
        assert batched.shape == (size, *output.shape)
        (got,) = run([batched], [*inputs, *wide], [*samples[0], *stacks])
        for n, sample in enumerate(samples):
            (want,) = value_at([sample[i] if has else samples[0][i] for i, has in enumerate(which)])
            np.testing.assert_allclose(got[n], want, rtol=1e-12, atol=1e-12, err_msg=str((which, size)))


@pytest.mark.parametrize("primitive", PRIMITIVES, ids=lambda p: p.name)
def test_differentiation_closes(primitive: Primitive) -> None:
    """Each entry's partials reach finitely many nodes; a family says that it grows, and grows by one step an order."""
    call = next(c for c in CALLS if c.primitive is primitive)
    inputs = inputs_for(draw(call, np.random.default_rng(0)))
    output = call.primitive(*inputs, **call.attrs)
    floats = float_inputs(inputs)
    if isinstance(call.primitive.law, Flat) or not floats:
        return
    closures = [close([output], floats, order) for order in (5, 6, 7, 8)]
    sizes = [len(closure.nodes) for closure in closures]
    steps = [b - a for a, b in pairwise(sizes)]
    if any(isinstance(node, Application) and node.op.family for node in closures[0].nodes):
        # A family of one order grows by as much each time, one of two orders by one member more each time.
        growth = [b - a for a, b in pairwise(steps)]
        assert 0 < steps[0] < 20 * max(1, len(floats) - 1), sizes
        # One of three orders has in each layer one more of those that have two.
        more = {b - a for a, b in pairwise(growth)} if len(floats) == 3 else {growth[-1]}
        assert more in ({0}, {1}, {2}), sizes
        assert len(floats) == 3 or len({*growth}) == 1, sizes
    else:
        assert steps == [0, 0, 0], sizes


def test_a_polynomial_holds_every_mixed_partial() -> None:
    """x^2 y^3 at (2, 3): the coefficients of all monomials up to order 5."""
    x, y = (fresh_input(name, (), DType.FLOAT64) for name in "xy")
    f = x * x * (y * y * y)
    one = filled(1.0, x)
    (series,) = expand([f], {x: {1: one}, y: {6: one}}, 5, Polynomials(GraphRing()))
    found = {m: node for part in series if part for m, node in part.items()}
    expected = {(i, j): a * b for i, a in enumerate((4, 4, 1)) for j, b in enumerate((27, 27, 9, 1))}
    keys = [i + 6 * j for i, j in expected]
    got = run([found[key] for key in keys], [x, y], [np.array(2.0), np.array(3.0)])
    np.testing.assert_allclose(got, list(expected.values()), rtol=1e-15)
    assert all(
        key in keys or run([node], [x, y], [np.array(2.0), np.array(3.0)])[0] == 0 for key, node in found.items()
    )
