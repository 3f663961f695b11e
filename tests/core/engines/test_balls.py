"""The ball engine: values and slopes of every entry lie in its balls, at random and special points; nearest floats."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from gradcli.core import library
from gradcli.core.engines.balls.ball import Ball
from gradcli.core.engines.balls.certify import nearest, nearest_float
from gradcli.core.engines.balls.engine import Unsuitable, balls
from gradcli.core.engines.balls.matrices import MATRICES
from gradcli.core.engines.evaluation import evaluate
from gradcli.core.engines.nearest import known_values
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.exact import PI, Exact
from gradcli.core.ir.laws import Elementwise
from gradcli.core.ir.nodes import Node, array_constant, constant, fresh_input
from gradcli.core.ir.primitive import Primitive
from gradcli.core.ir.traversal import substitute
from gradcli.core.library.declare import COMPOSED
from gradcli.core.library.functions import matmul
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives import linear_algebra as la
from gradcli.core.primitives import spectra
from gradcli.core.transforms.forward import jvp
from gradcli.core.transforms.reverse import gradient
from tests.core.sampling import TABLE, calls, draw, run
from tests.core.truth import derivative, truth

library.import_all()

SMOOTH = [p for p in TABLE.values() if p.examples.domain and isinstance(p.law, Elementwise)]
SPECIAL = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, 1e-8, -1e-8, 1e-300, 20.0, -20.0, 700.0)


def number(value: float) -> Node:
    """A float64 number known now."""
    return constant(value, DType.FLOAT64)


def points(primitive: Primitive, count: int = 12) -> list[tuple[float, ...]]:
    """Random ones in the domain of an entry."""
    rng = random.Random(primitive.name)
    return [tuple(rng.uniform(*d) for d in primitive.examples.domain) for _ in range(count)]


def holds(ball: Ball, true: Any) -> bool:
    """Whether a number of mpmath's lies in a ball, up to what mpmath itself rounds."""
    text = mpmath.nstr(true, 60)
    return bool(ball.value.overlaps(arb(text) + arb(0, abs(float(true)) * 1e-30 + 1e-300)))


@pytest.mark.parametrize("primitive", SMOOTH, ids=lambda p: p.name)
def test_every_entry_has_balls_that_hold_its_value(primitive: Primitive) -> None:
    """By its template or by a kernel of its own; at random points of the domain."""
    function = truth(primitive)
    with mpmath.workdps(50):
        for at in points(primitive):
            (ball,) = balls([primitive(*map(number, at), **primitive.attributes)], 113)
            assert holds(ball, function(*map(mpmath.mpf, at))), at
            assert ball.value.rel_accuracy_bits() > 60


@pytest.mark.parametrize("primitive", SMOOTH, ids=lambda p: p.name)
def test_slopes_lie_in_their_balls(primitive: Primitive) -> None:
    """The graphs of derivatives are those that float64 evaluates."""
    function = truth(primitive)
    inputs = [fresh_input(f"x{i}", (), DType.FLOAT64) for i in range(primitive.arity)]
    slopes = gradient([primitive(*inputs, **primitive.attributes)], inputs)
    with mpmath.workdps(40):
        for at in points(primitive, 4):
            known = substitute(slopes, dict(zip(inputs, map(number, at), strict=True)))
            for i, ball in enumerate(balls(known, 113)):
                true = derivative(function, at, (i,))
                assert abs(float(ball.value) - float(true)) <= 1e-13 * max(1.0, abs(float(true))), at


@pytest.mark.parametrize("primitive", [p for p in SMOOTH if p.arity == 1], ids=lambda p: p.name)
def test_special_points_are_right_or_left_open(primitive: Primitive) -> None:
    """Where there is a ball it holds what mpmath says; a ball that isn't finite claims nothing."""
    function = truth(primitive)
    with mpmath.workdps(50):
        for x in SPECIAL:
            (ball,) = balls([primitive(number(x), **primitive.attributes)], 200)
            if not ball.value.is_finite():
                continue
            try:
                true = mpmath.mpmathify(function(mpmath.mpf(repr(x))))
            except ZeroDivisionError:
                continue
            if mpmath.isfinite(true) and mpmath.im(true) == 0:
                assert holds(ball, mpmath.re(true)), x


@pytest.mark.parametrize("primitive", SMOOTH, ids=lambda p: p.name)
def test_what_float64_computes_is_near_the_ball(primitive: Primitive) -> None:
    """By a few units of its last digit; the nearest float is what mpmath rounds to."""
    with mpmath.workdps(50):
        for at in points(primitive):
            node = primitive(*map(number, at), **primitive.attributes)
            computed = evaluate([node])
            (found,), _ = nearest([node], computed)
            true = float(truth(primitive)(*map(mpmath.mpf, at)))
            assert found == true
            assert abs(float(computed[0]) - true) <= 40 * math.ulp(true)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (ew.sin(number(PI)), 0.0),
        (ew.cos(number(PI) / 2.0), 0.0),
        (ew.sqrt(number(2.0)) * ew.sqrt(number(2.0)), 2.0),
        (number(Exact.__new__(Exact, PI.fraction / 10)) * 3.0, 0.3),
        (ew.exp(number(-1000.0)), 0.0),
        ((1.0 - ew.cos(number(1e-8))) / (number(1e-8) * number(1e-8)), 0.5),
        (ew.log(ew.exp(number(700.0))), 700.0),
        (ew.reciprocal(1.0 + ew.exp(number(1000.0))), 0.0),
    ],
    ids=lambda v: v.kind if isinstance(v, Node) else str(v),
)
def test_the_nearest_float(node: Node, expected: float) -> None:
    """Where float64 arithmetic has another, or none."""
    assert known_values([node], evaluate([node]))[0] == [expected]


@pytest.mark.parametrize("node", [ew.log(number(-1.0)), ew.log(number(0.0)), ew.tan(number(PI) / 2.0)])
def test_what_has_no_value_stays_what_was_computed(node: Node) -> None:
    """Outside of a domain, and at a pole."""
    (computed,) = evaluate([node])
    (found,) = known_values([node], [computed])[0]
    assert found == computed or (math.isnan(found) and math.isnan(computed))


VECTOR = array_constant(np.array([0.1, 0.2, 0.7]))
MATRIX = array_constant(np.array([[2.0, 0.1], [1.0, 3.0]]))


@pytest.mark.parametrize("name", ["norm", "softmax", "logsumexp", "std", "var", "mean", "log_softmax"])
def test_small_tensors(name: str) -> None:
    """Reductions and what is made of them; each decimal is the one that was typed."""
    node = COMPOSED[name].function(VECTOR)
    (found,) = known_values([node], evaluate([node]))[0]
    np.testing.assert_allclose(found, evaluate([node])[0], rtol=1e-14)
    with mpmath.workdps(40):
        x = [mpmath.mpf(t) for t in ("0.1", "0.2", "0.7")]
        total = mpmath.fsum(map(mpmath.exp, x))
        average = mpmath.fsum(x) / 3
        spread = mpmath.fsum((t - average) ** 2 for t in x) / 3
        true = {
            "norm": mpmath.sqrt(mpmath.fsum(t * t for t in x)),
            "softmax": [mpmath.exp(t) / total for t in x],
            "log_softmax": [t - mpmath.log(total) for t in x],
            "logsumexp": mpmath.log(total),
            "mean": average,
            "var": spread,
            "std": mpmath.sqrt(spread),
        }[name]
        wanted = [float(t) for t in true] if isinstance(true, list) else float(true)
    assert np.array_equal(found, wanted)


def test_matrices() -> None:
    """Products, inverses and determinants, by exact fractions of what was typed."""
    inverse, product, det = TABLE["inv"](MATRIX), matmul(MATRIX, MATRIX), TABLE["det"](MATRIX)
    found = known_values([inverse, product, det], evaluate([inverse, product, det]))[0]
    assert np.array_equal(found[0], [[30 / 59, -1 / 59], [-10 / 59, 20 / 59]])
    assert np.array_equal(found[1], [[4.1, 0.5], [5.0, 9.1]])
    assert found[2] == 5.9


def test_what_is_large_or_of_float32_has_no_balls() -> None:
    """It stays what was computed."""
    for node in (array_constant(np.ones(1001)), array_constant(np.ones(3, "float32"))):
        with pytest.raises(Unsuitable):
            balls([ew.exp(node)], 113)
        (computed,) = evaluate([ew.exp(node)])
        (found,) = known_values([ew.exp(node)], [computed])[0]
        assert found is computed


@st.composite
def graphs(draw: st.DrawFn, depth: int = 0) -> tuple[Any, Any]:
    """A random graph of decimals and functions, and the same in mpmath."""
    if depth == 4 or draw(st.booleans()):
        text = draw(st.sampled_from(("0.1", "0.3", "2", "1.5", "0.7", "3", "0.001", "1e-5", "12.25")))
        return number(Exact(Fraction(text))), mpmath.mpf(text)
    if draw(st.booleans()):
        name = draw(st.sampled_from(("sin", "cos", "exp", "tanh", "arctan")))
        inner, true = draw(graphs(depth + 1))
        return TABLE[name](inner), getattr(mpmath, {"arctan": "atan"}.get(name, name))(true)
    (a, x), (b, y) = draw(graphs(depth + 1)), draw(graphs(depth + 1))
    sign = draw(st.sampled_from(("+", "-", "*", "/")))
    if sign == "+":
        return a + b, x + y
    if sign == "-":
        return a - b, x - y
    return (a / b, x / y) if sign == "/" and abs(y) > 1e-12 else (a * b, x * y)


@given(st.data())
def test_random_graphs_are_rounded_once(data: st.DataObject) -> None:
    """Whatever cancels on the way."""
    with mpmath.workdps(120):
        node, true = data.draw(graphs())
        (found,) = known_values([node], evaluate([node]))[0]
        assert found == float(true) or abs(true) > 1e300 or abs(true) < 1e-100


def test_a_ball_is_one_float_or_none() -> None:
    """A ball over a border between two floats has no nearest one yet."""
    with ctx.workprec(113):
        assert nearest_float(Ball(arb(1))) == 1.0
        assert nearest_float(Ball(arb(1, 1e-20))) == 1.0
        assert nearest_float(Ball(arb(1, 1e-10))) is None
        assert nearest_float(Ball(arb.nan())) is None


def test_comparisons_are_decided_or_raise() -> None:
    """Never by the midpoint alone."""
    values: Sequence[tuple[Ball, Ball, bool | None]] = [
        (Ball(arb(1)), Ball(arb(2)), True),
        (Ball(arb(2)), Ball(arb(1)), False),
        (Ball(arb(1)), Ball(arb(1)), False),
        (Ball(arb(1, 1)), Ball(arb(1)), None),
        (Ball(arb.nan()), Ball(arb(1)), None),
    ]
    for (a, b, less), flipped in itertools.product(values, (False, True)):
        if less is None:
            with pytest.raises(ArithmeticError):
                bool(b > a if flipped else a < b)
        else:
            assert (b > a if flipped else a < b) is less


@pytest.mark.parametrize("primitive", SMOOTH, ids=lambda p: p.name)
def test_float64_is_near_the_balls(primitive: Primitive) -> None:
    """Orders 0 to 3 within the domain, by reverse and by forward mode on top, whatever the order of mixing."""
    rng = np.random.default_rng(5)
    inputs: list[Node] = [fresh_input(f"x{i}", (), DType.FLOAT64) for i in range(primitive.arity)]
    root = primitive(*inputs, **primitive.attributes)
    nodes = [root]
    for indexes in (i for k in (1, 2, 3) for i in itertools.combinations_with_replacement(range(len(inputs)), k)):
        node, other = root, root
        for i in indexes:
            (node,) = gradient([node], [inputs[i]])
        for i in reversed(indexes):
            (other,) = jvp([other], [inputs[i]], [constant(1.0, DType.FLOAT64)])
        nodes += [node, other]
    for _ in range(10):
        point = [float(rng.uniform(low, high)) for low, high in primitive.examples.domain]
        given: dict[Node, Node] = {n: constant(x, DType.FLOAT64) for n, x in zip(inputs, point, strict=True)}
        closed = substitute(nodes, given)
        computed = evaluate(closed)
        certain, known = known_values(closed, computed)
        for was, true, is_known in zip(computed, certain, known, strict=True):
            assert not is_known or was == pytest.approx(true, rel=1e-9, abs=1e-12)


def test_factors_and_eigenvalues() -> None:
    """Of the symmetric part; and what has no Cholesky factor, or equal eigenvalues, is left open."""
    rng = np.random.default_rng(3)
    random_matrix = rng.normal(size=(4, 4))
    positive = random_matrix @ random_matrix.T + np.eye(4)
    node = array_constant(positive)
    factor, values, logarithm, sign = balls(
        [la.cholesky(node), spectra.eigenvalues(node), la.log_determinant(node), la.determinant_sign(node)], 200
    )
    with mpmath.workdps(60):
        exact = mpmath.matrix(((positive + positive.T) / 2).tolist())
        known = mpmath.cholesky(exact)
        assert all(holds(factor[i, j], known[i, j]) for i in range(4) for j in range(i + 1))
        eigenvalues = mpmath.eigsy(exact, eigvals_only=True)
        assert all(holds(ball, true) for ball, true in zip(values, eigenvalues, strict=True))
        assert holds(logarithm.item(), mpmath.log(mpmath.det(mpmath.matrix(positive.tolist()))))
    assert sign.item().value == 1
    open_factor, open_values = balls(
        [la.cholesky(array_constant(-np.eye(2))), spectra.eigenvalues(array_constant(np.eye(2)))], 200
    )
    assert nearest_float(open_factor[0, 0]) is None
    assert nearest_float(open_values[0]) is None


def test_slopes_of_determinants_and_factors() -> None:
    """Those of a singular matrix too, by cofactors; the gradient of a factor beside differences of balls."""
    singular = array_constant(np.array([[1.0, 2], [2, 4]]))
    a = fresh_input("a", (2, 2), DType.FLOAT64)
    (slope,) = gradient([la.determinant(a)], [a])
    (found,) = balls(substitute([slope], {a: singular}), 113)
    assert [nearest_float(ball) for ball in found.ravel()] == [4.0, -2.0, -2.0, 1.0]


@pytest.mark.parametrize("name", sorted(MATRICES))
def test_matrices_of_balls_are_those_of_floats(name: str) -> None:
    """Of every shape in the examples that is one matrix, to what floats know; signs included."""
    primitive = TABLE[name]
    for call in calls(primitive):
        if all(len(shape) == 2 for shape in call.shapes) and all(map(np.prod, call.shapes)):
            arrays = draw(call, np.random.default_rng(4))
            node = primitive(*map(array_constant, arrays), **call.attrs)
            (found,) = balls([node], 200)
            (want,) = run([node], [], [])
            middle = np.array([float(x.value.mid()) for x in np.asarray(found, dtype=object).ravel()])
            if name == "squarings":
                assert middle >= want
                continue
            np.testing.assert_allclose(middle.reshape(node.shape), want, rtol=1e-11, atol=1e-12, err_msg=str(call))
