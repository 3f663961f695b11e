"""Small tensors as numbers: programs of elements give what programs of arrays give, for every entry and any numbers."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from gradcli.core.engines import often, straight
from gradcli.core.engines.apart import Apart, in_machine_code, in_python, interpreted_elements
from gradcli.core.engines.constants import computed
from gradcli.core.engines.elements import MOST_ELEMENTS, ElementsEngine, ElementsProgram
from gradcli.core.engines.llvm.arithmetic import is_installed
from gradcli.core.engines.numpy.schedule import ArrayProgram
from gradcli.core.engines.program import Program
from gradcli.core.engines.protocol import Graph
from gradcli.core.errors import ShapeError
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, array_constant, constant, fresh_input
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import broadcast_shapes, size_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.library.functions import concatenate, matmul, stack, sum_
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.shaping import part, reshape
from gradcli.core.simplify.canonical import canonical
from gradcli.core.transforms.jacobian import hessian
from gradcli.core.transforms.reverse import gradient
from tests.core.engines.harness import F32, F64
from tests.core.sampling import TABLE

SHAPES: list[tuple[int, ...]] = [(), (1,), (3,), (2, 3), (3, 1), (1, 3), (3, 3), (0,), (0, 3), (2, 1, 3)]
# Numbers at which something is out of the ordinary, mixed with ordinary ones.
ODD = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e200, -1e200, 1e-200, 710.0, 0.5]
ONE = [
    *("negate", "sin", "cos", "exp", "log", "tanh", "sqrt", "abs", "sign", "reciprocal", "relu", "floor", "arctan"),
    *("log1p", "expm1", "sigmoid", "stop_gradient"),
]
TWO = ["add", "subtract", "multiply", "divide", "maximum", "minimum", "hypot", "power"]
TESTS = ["greater", "less", "greater_equal", "less_equal", "equal", "not_equal"]


class Maker:
    """Random graphs of small tensors over the table."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.inputs: list[Node] = [fresh_input(f"x{i}", self.random.choice(SHAPES), F64) for i in range(3)]
        self.tensors: list[Node] = list(self.inputs)
        self.conditions: list[Node] = []

    def graph(self, count: int) -> list[Node]:
        """Some outputs of so many operations."""
        moves: list[Callable[[], Node | None]] = [
            *(self.one, self.one, self.two, self.two, self.test, self.chosen, self.reduced, self.largest, self.viewed),
            *(self.joined, self.cut, self.multiplied, self.constant, self.counted),
        ]
        for _ in range(count):
            made = self.random.choice(moves)()
            if made is not None and size_of(made.shape) <= MOST_ELEMENTS:
                (self.conditions if made.dtype is DType.BOOL else self.tensors).append(made)
        return [*self.tensors[-4:], *self.conditions[-1:]]

    def any(self) -> Node:
        """A tensor, a late one rather than an early one."""
        return self.random.choice(self.tensors[-6:])

    def pair(self) -> tuple[Node, Node] | None:
        """Two that fit together, stretched to one shape."""
        a, b = self.any(), self.any()
        try:
            shape = broadcast_shapes([a.shape, b.shape])
        except ShapeError:
            return a, a * 0.5
        return stretch(a, shape), stretch(b, shape)

    def one(self) -> Node:
        """A function of each element."""
        return TABLE[self.random.choice(ONE)](self.any())

    def two(self) -> Node | None:
        """A function of two elements each."""
        pair = self.pair()
        return pair and TABLE[self.random.choice(TWO)](*pair)

    def test(self) -> Node | None:
        """A comparison, or what is made of one."""
        pair = self.pair()
        made = pair and TABLE[self.random.choice(TESTS)](*pair)
        return TABLE["logical_not"](made) if made and self.random.random() < 0.3 else made

    def chosen(self) -> Node | None:
        """One of two, by a condition; or the condition as a number."""
        if not self.conditions:
            return None
        condition = self.random.choice(self.conditions)
        if self.random.random() < 0.3:
            return TABLE["cast"](condition, dtype="float64")
        try:
            return TABLE["select"](condition, self.any(), self.any())
        except ShapeError:
            return TABLE["select"](condition, 1.5, 0.0)

    def _smaller(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(1 if self.random.random() < 0.6 else n for n in shape)

    def reduced(self) -> Node:
        """A sum along axes."""
        x = self.any()
        shape = self._smaller(x.shape)
        return TABLE["sum_to"](x, shape=shape if self.random.random() < 0.5 else ())

    def largest(self) -> Node:
        """The largest along axes."""
        x = self.any()
        return TABLE["max_to"](x, shape=self._smaller(x.shape))

    def viewed(self) -> Node:
        """The elements in another order."""
        x = self.any()
        if self.random.random() < 0.4:
            return reshape(x, shape=(size_of(x.shape),) if len(x.shape) > 1 else (*x.shape, 1))
        axes = tuple(self.random.sample(range(len(x.shape)), len(x.shape)))
        return TABLE[("transpose", "flip")[self.random.random() < 0.4]](x, axes=axes)

    def joined(self) -> Node:
        """Several in one, also with zeros around."""
        x = self.any()
        if self.random.random() < 0.5 and x.shape:
            ranges = tuple((self.random.randrange(3), n, self.random.choice([1, 2])) for n in x.shape)
            shape = tuple(start + n * step + 1 for start, n, step in ranges)
            return TABLE["pad"](x, ranges=ranges, shape=shape)
        return stack((x, x * 2.0, x)) if not x.shape else concatenate((x, ew.sin(x)), axis=len(x.shape) - 1)

    def cut(self) -> Node | None:
        """A part."""
        x = self.any()
        if not x.shape or 0 in x.shape:
            return None
        axis = self.random.randrange(len(x.shape))
        start = self.random.randrange(x.shape[axis])
        return part(x, axis, start, self.random.randint(1, x.shape[axis] - start))

    def multiplied(self) -> Node | None:
        """A product of matrices."""
        a = self.any()
        return matmul(TABLE["transpose"](a, axes=(1, 0)), a) if len(a.shape) == 2 else None

    def constant(self) -> Node:
        """Known numbers, zeros among them."""
        x = self.any()
        values = np.array([self.random.choice([0.0, 1.0, -2.5]) for _ in range(size_of(x.shape))])
        return x * array_constant(values.reshape(x.shape))

    def counted(self) -> Node | None:
        """Running sums, and elements by number."""
        x = self.any()
        if not x.shape or 0 in x.shape:
            return None
        if self.random.random() < 0.5:
            return TABLE["cumsum"](x, axis=len(x.shape) - 1)
        numbers = np.array([self.random.randrange(x.shape[0]) for _ in range(2)])
        return TABLE["take"](x, array_constant(numbers))


def given(maker: Maker, odd: bool) -> list[Any]:
    """A value for each input."""
    rng = np.random.default_rng(maker.random.randrange(2**30))
    values = [np.asarray(rng.normal(size=node.shape)) for node in maker.inputs]
    return [np.where(rng.random(v.shape) < 0.5, rng.choice(ODD, v.shape), v) for v in values] if odd else values


def both(outputs: list[Node], inputs: list[Node]) -> tuple[ElementsProgram, ArrayProgram]:
    """The program of elements, and the one of arrays."""
    order = reachable(outputs)
    return ElementsEngine().compile(Graph(order, outputs, inputs)), ArrayProgram(order, outputs, inputs)


def same(got: Any, wanted: Any) -> None:
    """The same numbers, in arrays of the same shapes and dtypes."""
    for one, other in zip(got, wanted, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


by_seed = pytest.mark.parametrize("seed", range(60))
odd_or_not = pytest.mark.parametrize("odd", [False, True])


@odd_or_not
@by_seed
def test_random_graphs(seed: int, odd: bool) -> None:
    """Of everything that moves, adds, multiplies, compares and chooses, at any numbers: compiled, and at once."""
    maker = Maker(seed)
    outputs = maker.graph(14)
    elements, arrays = both(outputs, maker.inputs)
    for _ in range(3):
        values = given(maker, odd)
        wanted = arrays(*values)
        for _ in range(2):
            same(elements.run(*values), wanted)
        with suppress(ArithmeticError, ValueError):
            same(
                interpreted_elements(reachable(outputs), outputs, dict(zip(maker.inputs, values, strict=True))), wanted
            )


@by_seed
def test_many_short_functions(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program is as many functions as its length asks for."""
    maker = Maker(seed)
    outputs = maker.graph(14)
    whole, _ = both(outputs, maker.inputs)
    monkeypatch.setattr(straight, "LINES_AT_ONCE", 1 + seed % 4)
    parts, arrays = both(outputs, maker.inputs)
    for odd in (False, True):
        values = given(maker, odd)
        for one, other in zip(parts.run(*values), whole.run(*values), strict=True):
            np.testing.assert_array_equal(one, other)
        same(parts.run(*values), arrays(*values))


class RaisedError(Exception):
    """Python has no answer."""


def _raise(*values: object) -> Any:
    raise RaisedError


@pytest.mark.skipif(not is_installed(), reason="machine code needs llvmlite")
@by_seed
def test_machine_code(seed: int) -> None:
    """To the last bit what Python gives."""
    maker = Maker(seed)
    outputs = maker.graph(14)
    apart = Apart(Graph(reachable(outputs), outputs, maker.inputs))
    by_python, by_machine = in_python(apart, _raise), in_machine_code(apart, _raise)
    if by_machine is None:
        # Python has an algorithm of its own for it.
        assert any(node.kind == "hypot" for node in apart.order)
        return
    for odd in (False, True):
        values = given(maker, odd)
        with suppress(RaisedError):
            for one, other in zip(by_machine(*values), by_python(*values), strict=True):
                assert (one.shape, one.dtype) == (other.shape, other.dtype)
                np.testing.assert_array_equal(one, other)


@pytest.mark.skipif(not is_installed(), reason="machine code needs llvmlite")
def test_programs_that_run_often_are_machine_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of numbers and of small tensors; what they give doesn't change, also where math has no answer."""
    for name in ("A_GRAPH", "A_NODE", "LOADING"):
        monkeypatch.setattr(often, name, 0)
    monkeypatch.setattr(often, "CALLS_AT_ONCE", 2)
    x, y = fresh_input("x", (), F64), fresh_input("y", (3,), F64)
    number: Node = x
    tensor: Node = y
    for _ in range(60):
        number, tensor = ew.sin(number) * x + 0.5, ew.sin(tensor) * 2.0 + TABLE["flip"](tensor, axes=(0,)) / x
    test = TABLE["greater"](number, 0.0)
    cases: list[tuple[list[Node], list[Node], list[list[Any]]]] = [
        ([number, test], [x], [[0.7], [0.0]]),
        ([tensor, sum_(tensor), TABLE["greater"](tensor, 0.0)], [x, y], [[0.7, np.arange(3.0)], [0.0, np.ones(3)]]),
    ]
    for outputs, inputs, values in cases:
        program = Program(outputs, inputs)
        function = program.function
        assert isinstance(function, often.Often)
        by_python = function._function
        first = [by_python(*v) for v in values]
        for _ in range(5):
            for v, wanted in zip(values, first, strict=True):
                for one, other in zip(program(*v), wanted, strict=True):
                    assert type(one) is type(other)
                    np.testing.assert_array_equal(one, other)
        assert function._function is not by_python


def _mixed(seed: int) -> tuple[Maker, list[Node], Node]:
    """Small tensors made of a large one, the large one changed by them, and small ones made of that."""
    maker = Maker(seed)
    large = fresh_input("large", (1_000,), F64)
    maker.tensors += [sum_(large), part(large, 0, 5, 3), reshape(part(large, 0, 990, 1), shape=())]
    outputs = maker.graph(10)
    changed = TABLE["tanh"](large) * TABLE["tanh"](sum_(outputs[0])) + large
    maker.tensors += [sum_(changed), part(changed, 0, 0, 4)]
    return maker, [*outputs, changed, *maker.graph(8)], large


@odd_or_not
@by_seed
def test_small_tensors_among_large_ones(seed: int, odd: bool) -> None:
    """They are computed as numbers between two arrays, and give the same."""
    maker, outputs, large = _mixed(seed)
    inputs, order = [*maker.inputs, large], reachable(outputs)
    mixed = ArrayProgram(order, outputs, inputs, numbers=True)
    values = [*given(maker, odd), np.random.default_rng(seed).normal(size=1_000)]
    wanted = ArrayProgram(order, outputs, inputs)(*values)
    for _ in range(2):
        same(mixed(*values), wanted)


def test_a_matrix_of_three_angles_among_points() -> None:
    """All that is done to nine numbers before the points and after them is two calls."""
    angles, points = fresh_input("t", (3,), F64), fresh_input("X", (1_000, 3), F64)
    a, b, c = (reshape(part(angles, 0, i, 1), shape=()) for i in range(3))
    sa, sb, sc, ca, cb, cc = (f(x) for f in (ew.sin, ew.cos) for x in (a, b, c))
    rows = (
        (cb * cc, -cb * sc, sb),
        (ca * sc + sa * sb * cc, ca * cc - sa * sb * sc, -sa * cb),
        (sa * sc - ca * sb * cc, sa * cc + ca * sb * sc, ca * cb),
    )
    turned = matmul(points, stack(tuple(stack(row) for row in rows)))
    outputs = gradient([ew.tanh(turned)], [angles])
    program = Program(outputs, [angles, points], native=False)
    schedule = program._compiled
    assert isinstance(schedule, ArrayProgram)
    regions = [step for *_, step in schedule._calls if step.several]
    assert len(regions) == 2
    assert len(schedule._calls) < 12
    values = [np.array([0.1, 0.2, 0.3]), np.random.default_rng(0).normal(size=(1_000, 3))]
    same(program(*values), ArrayProgram(reachable(outputs), outputs, [angles, points])(*values))


def test_what_is_read_and_written_once() -> None:
    """Numbers among arrays of any size: a few of a large one, all of one that is put together."""
    x = fresh_input("x", (2_000,), F64)
    few = [reshape(part(x, 0, 7 * i, 1), shape=()) for i in range(5)]
    value = ew.sin(few[0] * few[1]) + few[2] * few[3] / few[4]
    program = Program([value, stack((value, few[0]))], [x])
    assert program.engine.name == "math"
    array = np.linspace(0.1, 1.0, 2_000)
    a, b, c, d, e = array[[0, 7, 14, 21, 28]]
    number, pair = program(array)
    assert float(number) == np.sin(a * b) + c * d / e
    assert np.asarray(pair).tolist() == [float(number), a]


def test_single_precision_and_integers_are_arrays() -> None:
    """Their rounding and their overflow are NumPy's."""
    for dtype in (F32, DType.INT64):
        x = fresh_input("x", (3,), dtype)
        y: Node = x
        for _ in range(20):
            y = y * x + x
        assert Program([y], [x], native=False).engine.name == "numpy"


@pytest.mark.parametrize("known", [0.0, 1.0, -2.5])
@pytest.mark.parametrize("value", [1.0, 0.0, np.inf, -np.inf, np.nan, 1e308])
def test_products_with_known_zeros(known: float, value: float) -> None:
    """They are 0 where the other factor is finite, and nan where it is not."""
    x = fresh_input("x", (3,), F64)
    y = array_constant(np.array([known, 0.0, 1.0])) * ew.exp(x * 1e-300 + x)
    outputs = [y + x, sum_(y)]
    elements, arrays = both(outputs, [x])
    values = np.array([value, value, 0.5])
    same(elements.run(values), arrays(values))


def test_a_hessian_of_nine_numbers_is_its_partials() -> None:
    """Nothing is multiplied by the zeros of unit vectors: as many operations as of the partials by themselves."""
    numbers = [fresh_input(f"x{i}", (), F64) for i in range(9)]
    tensor = fresh_input("x", (9,), F64)

    def energy(x: list[Node]) -> Node:
        pairs = [(a, b) for a in range(0, 9, 3) for b in range(a + 3, 9, 3)]
        return sum(
            (
                -1.0
                / ew.sqrt(
                    sum(((x[a + i] - x[b + i]) * (x[a + i] - x[b + i]) for i in range(3)), start=constant(0.0, F64))
                )
                for a, b in pairs
            ),
            start=constant(0.0, F64),
        )

    slopes = gradient([energy(list(numbers))], numbers)
    partials = [gradient([slopes[i]], numbers)[j] for i in range(9) for j in range(i, 9)]
    alone = len(canonical(partials, reachable(partials), numbers, computed)[1])
    value = energy([reshape(part(tensor, 0, i, 1), shape=()) for i in range(9)])
    ((whole,),) = hessian([value], [tensor])[0]
    (done,), order = canonical([whole], reachable([whole]), [tensor], computed)
    assert len(Apart(Graph(order, [done], [tensor])).order) < 1.5 * alone
    assert Program([whole], [tensor]).engine.name == "math"
