"""The engines: whatever is fused, cut into tiles, shared by threads or compiled to machine code, the numbers stay."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.core.engines import Program, evaluate, evaluation, fusion
from gradcli.core.engines.constants import computed
from gradcli.core.engines.llvm import native
from gradcli.core.engines.numpy import pool, sincos, tiles
from gradcli.core.engines.numpy.schedule import ArrayProgram
from gradcli.core.engines.scalar import compile_scalar, source
from gradcli.core.errors import DTypeError, ShapeError
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.laws import Elementwise, Flat
from gradcli.core.ir.nodes import Node, array_constant, constant, fresh_input, parameter, registry
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.traversal import reachable
from gradcli.core.primitives.elementwise import add, cos, exp, log, multiply, reciprocal, sin, tanh
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.primitives.selection import select
from gradcli.core.primitives.shaping import transpose
from gradcli.core.simplify.canonical import canonical
from gradcli.core.transforms.reverse import gradient
from tests.core.sampling import TABLE, Call, away_from_kinks, draw, float_inputs, inputs_for, run
from tests.core.test_table import CALLS, SEEDS, each, not_here

F64, F32 = DType.FLOAT64, DType.FLOAT32
LARGE = fusion.SMALLEST + 37
matmul = TABLE["matmul"]
BY_ELEMENT = [p for p in TABLE.values() if p.examples.domain and p.name != "whole_numbers"]


@pytest.fixture
def many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fusion group is shared, in tiles so short that there are many."""
    monkeypatch.setattr(tiles, "threads", lambda: 3)
    for name in ("WORTH_A_THREAD", "NATIVE_WORTH_A_THREAD"):
        monkeypatch.setattr(tiles, name, 0)
    for name in ("SMALLEST_TILE", "LARGEST_TILE", "NATIVE_TILE"):
        monkeypatch.setattr(tiles, name, 1_000)


def compiled(outputs: Sequence[Node], inputs: Sequence[Node], arrays: Sequence[Any], use_llvm: bool) -> list[Any]:
    """The outputs of a program, twice, since what one run leaves behind must not show in the next."""
    program = Program(outputs, inputs, use_llvm)
    kept = [np.array(a) for a in arrays]
    first = [np.array(value) for value in program(*arrays)]
    second = program(*arrays)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    for array, before in zip(arrays, kept, strict=True):
        np.testing.assert_array_equal(array, before)
    return first


def with_slopes(output: Node, inputs: Sequence[Node]) -> list[Node]:
    """An output and its gradient, where it has one."""
    floats = float_inputs(inputs)
    return [output, *gradient([output], floats)] if output.dtype.is_float and floats else [output]


@each("call", CALLS)
@given(seed=SEEDS)
def test_a_program_gives_what_the_graph_gives(call: Call, seed: int) -> None:
    """Every entry and its slopes, optimised and on buffers, against one plain call after the other."""
    arrays = draw(call, np.random.default_rng(seed))
    inputs = inputs_for(arrays)
    outputs = with_slopes(call.primitive(*inputs, **call.attrs), inputs)
    for got, want in zip(compiled(outputs, inputs, arrays, False), run(outputs, inputs, arrays), strict=True):
        np.testing.assert_allclose(got, want, rtol=2e-14, atol=1e-14)


@pytest.mark.parametrize("use_llvm", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@each("primitive", BY_ELEMENT)
def test_fusion_groups_give_what_single_calls_give(primitive: Primitive, dtype: str, use_llvm: bool) -> None:
    """Large tensors of one shape, and stretched along rows and columns, in tiles by NumPy and as machine code."""
    rng = np.random.default_rng(7)
    rough = dtype == "float32"
    for shapes in ([(LARGE,)] * 3, [(201, 1), (201, 103), (103,)], [(103,), (201, 1), (201, 103)], [(), (LARGE,), ()]):
        call = Call(primitive, tuple(shapes[: primitive.arity]), primitive.attributes)
        arrays = away_from_kinks(call, draw(call, rng, dtype))
        inputs = inputs_for(arrays)
        outputs = with_slopes(primitive(*inputs, **primitive.attributes), inputs)
        for got, want in zip(compiled(outputs, inputs, arrays, use_llvm), run(outputs, inputs, arrays), strict=True):
            assert got.dtype == want.dtype
            scale = float(np.abs(want[np.isfinite(want)]).max(initial=1.0)) if want.dtype.kind == "f" else 0.0
            tolerance = (3e-5 if rough else 1e-12) * scale
            np.testing.assert_allclose(got, want, rtol=1e-5 if rough else 1e-12, atol=tolerance)


def batch_graph(shape: tuple[int, ...], dtype: DType = F64) -> tuple[list[Node], list[Node]]:
    """A function with what fusion groups have: pairs of sine and cosine, choices, sums, quotients, several outputs."""
    x, y = fresh_input("x", shape, dtype), fresh_input("y", shape, dtype)
    f = sin(x * y) * exp(-(x * x) / 2.0) + log(1.0 + y * y) * tanh(x - y)
    chosen = select(registry["greater"](x, y), f, cos(x * y))
    total = sum_to(chosen * reciprocal(1.0 + x * x), shape=())
    return [f, chosen, total, *gradient([total], [x, y]), registry["greater"](f, 0.5)], [x, y]


def normal(shape: tuple[int, ...], seed: int, dtype: str = "float64") -> Any:
    """Random numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("use_llvm", [False, True])
@pytest.mark.parametrize("shape", [(LARGE,), (7, LARGE // 7), (LARGE // 7, 7), (300, 1, 80)])
@pytest.mark.parametrize("dtype", [F64, F32])
def test_tiles_on_threads(many_threads: None, shape: tuple[int, ...], dtype: DType, use_llvm: bool) -> None:
    """However the elements are shared out, each is computed once."""
    outputs, inputs = batch_graph(shape, dtype)
    arrays = [normal(shape, 1, dtype.value), normal(shape, 2, dtype.value)]
    tolerance = 1e-12 if dtype is F64 else 2e-4
    for got, want in zip(compiled(outputs, inputs, arrays, use_llvm), run(outputs, inputs, arrays), strict=True):
        assert (got.shape, got.dtype) == (want.shape, want.dtype)
        if got.dtype == bool:
            assert np.mean(got != want) < 1e-3
        else:
            np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("use_llvm", [False, True])
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((1, LARGE), (LARGE,)),
        ((1, 150, 140), (150, 140)),
        ((150, 140), (1, 150, 140)),
        ((1, 150, 140), (140,)),
        ((150, 1, 140), (140,)),
        ((1, 150, 140), (150, 1)),
        ((150, 140, 1), (150, 1, 1)),
        ((30, 5, 140), (5, 140)),
        ((30, 5, 140), (30, 1, 140)),
    ],
)
def test_shapes_of_several_axes(left: tuple[int, ...], right: tuple[int, ...], use_llvm: bool) -> None:
    """Axes of length 1 in front, within and behind, that one operand has and the other lacks."""
    inputs = [fresh_input("x", left, F64), fresh_input("y", right, F64)]
    output = sin(inputs[0] * inputs[1]) * exp(inputs[0]) + inputs[1] * 3.0 - cos(inputs[1])
    outputs = with_slopes(output, inputs)
    arrays = [normal(left, 1), normal(right, 2)]
    for got, want in zip(compiled(outputs, inputs, arrays, use_llvm), run(outputs, inputs, arrays), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("use_llvm", [False, True])
def test_inputs_may_lie_in_memory_in_any_way(use_llvm: bool) -> None:
    """Transposed, strided, reversed, read-only and of another dtype."""
    outputs, inputs = batch_graph((200, 100))
    plain = [normal((200, 100), 1), normal((200, 100), 2)]
    wide = np.repeat(plain[1], 2, axis=1)
    frozen = plain[0][::-1].copy()[::-1]
    frozen.flags.writeable = False
    program = Program(outputs, inputs, use_llvm)
    want = program(*plain)
    for x, y in ((plain[0].T.copy().T, wide[:, ::2]), (frozen, plain[1].astype("longdouble"))):
        for got, expected in zip(program(x, y), want, strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("use_llvm", [False, True])
def test_results_stay_when_the_program_runs_again(use_llvm: bool) -> None:
    """An output is never a buffer, also where it is a view, an input, or one of several."""
    x = fresh_input("x", (200, 100), F64)
    y = tanh(x)
    program = Program([transpose(y, axes=(1, 0)), y, x, y + 1.0, sum_to(y, shape=())], [x], use_llvm)
    a, b = normal((200, 100), 1), normal((200, 100), 2)
    first = program(a)
    copies = [np.array(value) for value in first]
    program(b)
    for value, copy in zip(first, copies, strict=True):
        np.testing.assert_array_equal(value, copy)


@given(seed=SEEDS, depth=st.integers(5, 40))
def test_random_graphs(seed: int, depth: int) -> None:
    """Sums, products, functions, choices and reductions in any order, small and large, by every engine."""
    rng = np.random.default_rng(seed)
    shapes = [(), (3,), (2, 3), (2, 1)]
    inputs = [fresh_input(f"x{i}", shape, F64) for i, shape in enumerate(shapes)]
    nodes: list[Node] = list(inputs)
    for _ in range(depth):
        a, b = (nodes[i] for i in rng.integers(0, len(nodes), 2))
        kind = rng.integers(0, 8)
        if kind < 3:
            nodes.append((add, multiply, registry["subtract"])[kind](a, b))
        elif kind == 3:
            nodes.append(-a if rng.random() < 0.5 else a * float(rng.choice([0.5, -1.0, 2.0, 3.0])))
        elif kind == 4:
            nodes.append((sin, tanh, lambda n: reciprocal(2.0 + n * n))[rng.integers(0, 3)](a))
        elif kind == 5:
            nodes.append(select(registry["greater"](a, b), a, b))
        elif kind == 6 and a.shape:
            nodes.append(sum_to(a, shape=()))
        else:
            nodes.append(a / 4.0 - b)
    bounded = [tanh(node) for node in nodes[-4:]]
    outputs = [*bounded, *gradient(bounded, inputs)]
    arrays = [np.asarray(rng.normal(size=shape)) for shape in shapes]
    want = run(outputs, inputs, arrays)
    for got, expected in zip(compiled(outputs, inputs, arrays, False), want, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)


def test_signs_and_numbers_meet() -> None:
    """What is written with several operations is run with few, and says the same."""
    x, y = fresh_input("x", (3,), F64), fresh_input("y", (3,), F64)
    three = {
        (-x) * (-y): ["multiply"],
        (x * 2.0) * (y * 0.5): ["multiply"],
        x + (-y): ["subtract"],
        x - (-y): ["add"],
        x / 4.0: ["multiply"],
        x / 3.0: ["divide"],
        TABLE["constant_power"](x, exponent=2.0): ["multiply"],
        TABLE["constant_power"](x, exponent=3.0): ["multiply", "multiply"],
        y * reciprocal(x): ["divide"],
        matmul(stretch(x, (1, 3)), transpose(stretch(y, (1, 3)), axes=(1, 0))): ["broadcast"] * 2
        + ["transpose", "matmul"],
    }
    for node, operations in three.items():
        (done,), _ = canonical([node], reachable([node]), [x, y], computed)
        found = [n.kind for n in reachable([done]) if isinstance(n, Application)]
        assert sorted(found) == sorted(operations), node
        arrays = [normal((3,), 3), normal((3,), 4)]
        np.testing.assert_allclose(run([done], [x, y], arrays)[0], run([node], [x, y], arrays)[0], rtol=1e-15)


def test_a_column_times_a_row_is_no_matrix_product() -> None:
    """Each element is one product; a constant column needs none."""
    x, w = fresh_input("x", (5, 1), F64), fresh_input("w", (1, 4), F64)
    (done,), _ = canonical([matmul(x, w)], reachable([matmul(x, w)]), [x, w], computed)
    assert [n.kind for n in reachable([done]) if n.args] == ["multiply"]
    ones = stretch(constant(1.0, F64), (5, 1))
    (plain,), _ = canonical([matmul(ones, w)], reachable([matmul(ones, w)]), [w], computed)
    assert [n.kind for n in reachable([plain]) if n.args] == ["broadcast"]


def test_products_that_are_added_up_are_not_kept() -> None:
    """Along leading and middle axes, in one pass; what else needs the products, or small ones, stays as it is."""
    x, y = fresh_input("x", (60, 5, 70), F64), fresh_input("y", (60, 5, 70), F64)
    arrays = [normal((60, 5, 70), 1), normal((60, 5, 70), 2)]
    for shape in ((60, 1, 70), (1, 1, 70), (5, 70), (70,)):
        total = sum_to(x * y, shape=shape)
        (done,), _ = canonical([total], reachable([total]), [x, y], computed)
        assert done.kind == "sum_of_products"
        np.testing.assert_allclose(Program([total], [x, y])(*arrays)[0], run([total], [x, y], arrays)[0], rtol=1e-13)
    for outputs in (
        [sum_to(x * y, shape=(60, 5, 1))],
        [sum_to(x * y, shape=(5, 70)), x * y],
        [sum_to(x * y, shape=())],
    ):
        assert all(
            node.kind != "sum_of_products" for node in canonical(outputs, reachable(outputs), [x, y], computed)[1]
        )


def test_memory_is_inputs_outputs_and_a_constant() -> None:
    """A gradient over many points keeps nothing of their size between."""
    import tracemalloc

    n = 1_000_000
    x, y = fresh_input("x", (n,), F64), fresh_input("y", (n,), F64)
    f = sin(x * y) * exp(-(x * x) / 2.0) + log(1.0 + y * y) * tanh(x - y)
    a, b = normal((n,), 1), normal((n,), 2)
    program = Program(gradient([f], [x, y]), [x, y], native=False)
    program(a[:], b)
    tracemalloc.start()
    outputs = program(a, b)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < sum(np.asarray(o).nbytes for o in outputs) + 2**24
    assert program.memory < 64 * 2**20


# The sine and the cosine at once.


def ulps(got: Any, want: Any) -> float:
    """The largest error in units of the last place of the exact value."""
    worst = 0.0
    for g, w in zip(got.tolist(), want, strict=True):
        spacing = np.spacing(abs(float(w))) if w else np.spacing(0.0)
        worst = max(worst, float(abs(mpmath.mpf(g) - w) / mpmath.mpf(float(spacing))))
    return worst


@pytest.mark.parametrize(
    "points",
    [
        np.random.default_rng(0).uniform(-7, 7, 1500),
        np.random.default_rng(1).normal(size=500) * 10.0 ** np.random.default_rng(2).uniform(-300, 0, 500),
        np.random.default_rng(3).uniform(-1, 1, 700) * 10.0 ** np.random.default_rng(4).uniform(0, 12, 700),
        np.arange(-500, 500) * (np.pi / 2),
        np.arange(-501, 500, 2) * (np.pi / 4),
        (np.arange(-250, 250) * (np.pi / 2)) + np.random.default_rng(5).normal(size=500) * 1e-9,
        np.array([6381956970095103.0 * 2.0**-10, 2.0**40, -(2.0**40), 1e-310, 5e-324]),
        np.array([1e16, 2.0**60, -1e300, 1.7e308, 0.5]),
    ],
    ids=["turns", "small", "large", "quarters", "eighths", "near zeros", "edges", "huge"],
)
def test_sine_and_cosine_at_once_are_right_to_two_ulp(points: Any) -> None:
    """Against 400 digits, zeros and huge arguments included."""
    sine, cosine = np.empty_like(points), np.empty_like(points)
    with np.errstate(all="ignore"):
        sincos.sin_and_cos(points, sine, cosine)
    with mpmath.workdps(400):
        exact = [mpmath.mpf(p) for p in points.tolist()]
        assert ulps(sine, [mpmath.sin(p) for p in exact]) <= 2.0
        assert ulps(cosine, [mpmath.cos(p) for p in exact]) <= 2.0


def test_sine_and_cosine_of_what_is_no_number() -> None:
    """Signed zeros, infinities and nan, and nothing at all."""
    points = np.array([0.0, -0.0])
    sine, cosine = np.empty(2), np.empty(2)
    with np.errstate(all="ignore"):
        sincos.sin_and_cos(points, sine, cosine)
    assert sine.tolist() == [0.0, 0.0]
    assert np.signbit(sine).tolist() == [False, True]
    assert cosine.tolist() == [1.0, 1.0]
    points = np.array([np.inf, np.nan, 1.0])
    sine, cosine = np.empty(3), np.empty(3)
    with np.errstate(all="ignore"):
        sincos.sin_and_cos(points, sine, cosine)
        sincos.sin_and_cos(points[:0], sine[:0], cosine[:0])
    assert np.isnan(sine).tolist() == [True, True, False]
    assert sine[2] == np.sin(1.0)


# Interpreter code.


@pytest.mark.parametrize(
    "primitive", [p for p in BY_ELEMENT if p.math and isinstance(p.law, Elementwise)], ids=lambda p: p.name
)
def test_machine_code_is_right_to_a_few_ulp(primitive: Primitive) -> None:
    """Against 50 digits, where there is code for it; elsewhere it is NumPy that answers."""
    from tests.core.truth import truth

    n = fusion.SMALLEST_NATIVE
    rng = np.random.default_rng(3)
    call = Call(primitive, ((n,),) * primitive.arity, primitive.attributes)
    arrays = draw(call, rng)
    inputs = inputs_for(arrays)
    (got,) = Program([primitive(*inputs, **primitive.attributes)], inputs)(*arrays)
    with mpmath.workdps(50):
        exact = [
            truth(primitive)(*(mpmath.mpf(v) for v in point))
            for point in zip(*(a.tolist() for a in arrays), strict=True)
        ]
        assert ulps(np.asarray(got), exact) <= 32


def test_what_has_no_machine_code_is_computed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fusion group with a function that the C library lacks, and a machine without llvmlite."""
    x = fresh_input("x", (1000,), F64)
    values = np.random.default_rng(0).uniform(1.0, 2.0, 1000)
    outputs = [TABLE["digamma" if "digamma" in TABLE else "polygamma"](x, **TABLE["polygamma"].attributes) * sin(x)]
    (got,) = Program(outputs, [x])(values)
    (want,) = run(outputs, [x], [values])
    np.testing.assert_allclose(got, want, rtol=1e-13)
    monkeypatch.setattr(native, "is_available", lambda: False)
    outputs = [sin(x) * exp(x)]
    np.testing.assert_allclose(Program(outputs, [x])(values)[0], np.sin(values) * np.exp(values), rtol=1e-14)


# Scalars.


def test_programs_of_scalars_keep_the_inputs_names() -> None:
    """As far as Python and its math module leave them free."""
    names = ["x", "lambda", "sin", "x", "v0", "α", "x1"]
    inputs = [fresh_input(name, (), F64) for name in names]
    output = sum((n * n for n in inputs[1:]), start=inputs[0] * inputs[0])
    order = reachable([output])
    head = source(order, [output], inputs).splitlines()[0]
    assert head == "def program(x, x1, x2, x3, x4, x5, x6):"
    program = compile_scalar(order, [output], inputs, not_here)
    assert program(*map(float, range(7))) == (91.0,)


def test_where_math_raises_a_program_gives_what_ieee_says() -> None:
    """And goes on with math at the next call."""
    x = fresh_input("x", (), F64)
    program = Program([log(x), reciprocal(x), exp(x * 1000.0)], [x])
    with np.errstate(all="ignore"):
        assert [float(v) for v in program(0.0)] == [-np.inf, np.inf, 1.0]
        assert [float(v) for v in program(2.0)][2] == np.inf
    assert program(1.0)[0] == 0.0


# Graphs of the same form.


@pytest.fixture
def nothing_kept() -> Iterator[None]:
    """Programs that other tests left behind are forgotten."""
    evaluation._here.programs.clear()
    yield
    evaluation._here.programs.clear()


def made(number: float, array: Any) -> list[Node]:
    """A graph with these leaves."""
    x = array_constant(np.array(array))
    return [tanh(x * 2.0) + sin(x), exp(constant(number, F64))]


def test_one_program_serves_all_graphs_of_a_form(nothing_kept: None) -> None:
    """Other numbers, the same program; another shape, dtype or number that stands in the text is another form."""
    # Operands that commute stand in the order in which they came to be, so the number must be there before.
    two = constant(2.0, F64)
    for i in range(5):
        values = normal((4,), i)
        first, second = evaluate(made(1.0, values))
        np.testing.assert_allclose(first, np.tanh(values * 2) + np.sin(values), rtol=1e-14)
        assert float(second) == np.exp(1.0)
    assert len(evaluation._here.programs) == 1
    evaluate(made(1.0, normal((5,), 0)))
    evaluate(made(1.0, normal((4,), 0, "float32")))
    assert len(evaluation._here.programs) == 3
    w = parameter("w", array_constant(np.ones(4)))
    for value in (2.0, 3.0):
        w = parameter("w", array_constant(np.full(4, value)), w)
        assert evaluate([w * w])[0].tolist() == [value * value] * 4  # type: ignore[union-attr]
    assert len(evaluation._here.programs) == 4
    assert two.value == 2.0


def test_scalars_are_compiled_when_they_come_again(nothing_kept: None) -> None:
    """The first time they are computed one by one, with the same result."""
    x = 0.7
    results = [evaluate([sin(constant(x + i, F64)) * constant(x + i, F64)])[0] for i in range(3)]
    assert results == [np.sin(x + i) * (x + i) for i in range(3)]
    assert [p is not None for p in evaluation._here.programs.values()] == [True]


def test_programs_that_are_kept_are_few_and_small(nothing_kept: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go, and none stays whose buffers are large."""
    monkeypatch.setattr(evaluation, "MOST_PROGRAMS", 3)
    for n in range(1, 8):
        evaluate([tanh(array_constant(np.ones(n)))])
    assert len(evaluation._here.programs) == 3
    monkeypatch.setattr(evaluation, "MOST_MEMORY", 100)
    evaluate([tanh(tanh(array_constant(np.ones(50))))])
    assert sum(p.memory for p in evaluation._here.programs.values() if p) <= 100


def test_a_flat_or_constant_graph_is_no_special_case() -> None:
    """No inputs that matter, outputs that are inputs or constants."""
    x = fresh_input("x", (3,), F64)
    program = Program([x, constant(2.0, F64), stretch(constant(1.0, F64), (3,))], [x])
    a, b, c = program(np.arange(3.0))
    assert np.asarray(a).tolist() == [0, 1, 2]
    assert float(b) == 2.0
    assert np.asarray(c).tolist() == [1, 1, 1]
    assert ArrayProgram([], [], [])() == ()
    assert isinstance(TABLE["sign"].law, Flat)


def test_the_number_of_threads_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole number above 0; anything else is as if it weren't there."""
    monkeypatch.delenv("GRADCLI_THREADS", raising=False)
    pool.threads.cache_clear()
    by_itself = pool.threads()
    for text, expected in (("3", 3), ("0", by_itself), ("many", by_itself), ("", by_itself)):
        monkeypatch.setenv("GRADCLI_THREADS", text)
        pool.threads.cache_clear()
        assert pool.threads() == expected >= 1
    monkeypatch.undo()
    pool.threads.cache_clear()


def test_a_failure_in_a_thread_is_told() -> None:
    """What goes wrong in one of them is raised by the caller."""

    def work(worker: int, numbers: Iterator[int]) -> None:
        for number in numbers:
            if number == 7:
                raise ArithmeticError(str(worker))

    with pytest.raises(ArithmeticError):
        pool.share(50, pool.threads(), work)


@pytest.mark.parametrize("native", [False, True])
def test_a_program_refuses_what_does_not_fit(native: bool) -> None:
    """Another count, shape or kind of element than its inputs have."""
    x, y = fresh_input("x", (20_000,), F64), fresh_input("y", (), F64)
    program = Program([sin(x) * x + y], [x, y], native)
    a = np.ones(20_000)
    for wrong in (np.ones(10), np.ones(30_000), np.ones((20_000, 1)), 1.0, [1.0] * 20_000):
        with pytest.raises(ShapeError, match="`x`"):
            program(wrong, 1.0)  # type: ignore[arg-type]
    for kind in (complex, "U1", object):
        with pytest.raises(DTypeError, match="`x`"):
            program(np.ones(20_000).astype(kind), 1.0)
    for count in ((), (a,), (a, 1.0, 1.0)):
        with pytest.raises(ShapeError, match="takes 2 values"):
            program(*count)
    for fits in (a, a.astype(np.float32), a.astype(int), np.ones(40_000)[::2]):
        np.testing.assert_allclose(program(fits, 1.0)[0], np.sin(1.0) + 1.0, rtol=1e-15)


def test_a_program_of_numbers_refuses_arrays() -> None:
    """It would take the elements of an array for numbers."""
    x = fresh_input("x", (), F64)
    program = Program([sin(x) * x], [x])
    for wrong in (np.ones(3), np.ones(1), [1.0]):
        with pytest.raises(ShapeError, match="`x`"):
            program(wrong)  # type: ignore[arg-type]
    with pytest.raises(DTypeError, match="`x`"):
        program("1")  # type: ignore[arg-type]
    for fits in (1.0, 1, np.float64(1.0), np.array(1.0), True):
        assert program(fits) == (np.sin(1.0),)


SUMS_WITH_SO_MANY_THREADS = """
import hashlib, numpy as np
from gradcli.core.engines import Program
from gradcli.core.ir.dtypes import DType
from gradcli.core.errors import DTypeError, ShapeError
from gradcli.core.ir.nodes import fresh_input
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.reductions import sum_to
digest, rng = hashlib.sha256(), np.random.default_rng(0)
for shape in [(1234567,), (3, 777777), (1000, 1001), (40, 50000), (20000,), (200003, 7)]:
    x, y = fresh_input("x", shape, DType.FLOAT64), fresh_input("y", shape[-1:], DType.FLOAT64)
    z = ew.sin(x) * ew.exp(x * 0.5) + x * y
    for native in (True, False):
        program = Program([sum_to(z, shape=()), sum_to(z * x, shape=()), z], [x, y], native)
        for out in program(rng.normal(size=shape), rng.normal(size=shape[-1:])):
            digest.update(np.ascontiguousarray(out).tobytes())
print(digest.hexdigest())
"""


def test_sums_are_the_same_with_any_number_of_threads() -> None:
    """To the last bit, in machine code and by NumPy."""
    found = {
        subprocess.run(
            [sys.executable, "-c", SUMS_WITH_SO_MANY_THREADS],
            env={**os.environ, "GRADCLI_THREADS": str(n)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for n in (1, 2, 3)
    }
    assert len(found) == 1
