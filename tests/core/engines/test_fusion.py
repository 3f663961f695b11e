"""Whatever is fused, cut into tiles, shared by threads or compiled to machine code, the numbers stay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.core.engines.numpy import tiles
from gradcli.core.engines.program import Program
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, fresh_input, registry
from gradcli.core.ir.primitive import Primitive
from gradcli.core.primitives.elementwise import add, cos, exp, log, multiply, reciprocal, sin, tanh
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.primitives.selection import select
from gradcli.core.primitives.shaping import transpose
from gradcli.core.transforms.reverse import gradient
from tests.core.engines.harness import (
    BY_ELEMENT,
    F32,
    F64,
    LARGE,
    OLD_LIBRARY,
    ONE_BY_ONE,
    WITH_NATIVE_SLOPES,
    WITHOUT_MACHINE_CODE,
    by_both,
    compiled,
    in_machine_code,
    normal,
    share_every_step,
    twice,
    with_slopes,
)
from tests.core.primitives.test_table import CALLS, each
from tests.core.sampling import DRAWS, Call, away_from_kinks, draw, inputs_for, run, scheduled


@pytest.fixture
def many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fusion group is shared, in tiles so short that there are many."""
    share_every_step(monkeypatch, tiles, ("SMALLEST_TILE", "LARGEST_TILE", "NATIVE_TILE"), 1_000)


@each("call", CALLS)
def test_a_program_gives_what_the_graph_gives(call: Call) -> None:
    """Every entry and its slopes, optimised and on buffers, against one plain call after the other."""
    inputs = inputs_for(draw(call, np.random.default_rng(0)))
    outputs = with_slopes(call.primitive(*inputs, **call.attrs), inputs)
    program, plain = Program(outputs, inputs, False), scheduled(outputs, inputs)
    for number in range(DRAWS):
        arrays = draw(call, np.random.default_rng(number))
        for got, want in zip(twice(program, arrays), plain(arrays), strict=True):
            np.testing.assert_allclose(got, want, rtol=2e-14, atol=1e-14, err_msg=str(number))
    # A graph whose leaves are known is scheduled in another way.
    for got, want in zip(run(outputs, inputs, arrays), plain(arrays), strict=True):
        np.testing.assert_array_equal(got, want)


@by_both
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@each("primitive", [p for p in BY_ELEMENT if p.name not in ONE_BY_ONE])
def test_fusion_groups_give_what_single_calls_give(primitive: Primitive, dtype: str, use_llvm: bool) -> None:
    """Large tensors of one shape, and stretched along rows and columns, in tiles by NumPy and as machine code."""
    rng = np.random.default_rng(7)
    rough = dtype == "float32"
    native_groups = 0
    # Of few numbers in many rows each row may be computed by itself, of many in few rows none is.
    columns, rows = [(103, 1), (103, 201), (201,)], [(201,), (103, 1), (103, 201)]
    for shapes in ([(LARGE,)] * 3, [(5501, 1), (5501, 3), (3,)], columns, rows, [(), (LARGE,), ()]):
        call = Call(primitive, tuple(shapes[: primitive.arity]), primitive.attributes)
        arrays = away_from_kinks(call, draw(call, rng, dtype))
        inputs = inputs_for(arrays)
        outputs = with_slopes(primitive(*inputs, **primitive.attributes), inputs)
        program = Program(outputs, inputs, use_llvm)
        # Whatever gives slopes, their products and sums along rows are machine code.
        of_any = {"multiply", "sum_to"} if primitive.name in WITHOUT_MACHINE_CODE else set()
        found = in_machine_code(program)
        native_groups += sum(any(node.kind not in of_any for node in group.unit.nodes) for group in found)
        for got, want in zip(twice(program, arrays), run(outputs, inputs, arrays), strict=True):
            assert got.dtype == want.dtype
            scale = float(np.abs(want[np.isfinite(want)]).max(initial=1.0)) if want.dtype.kind == "f" else 0.0
            tolerance = (3e-5 if rough else 1e-12) * scale
            np.testing.assert_allclose(got, want, rtol=1e-5 if rough else 1e-12, atol=tolerance)
    if use_llvm and not native_groups and primitive.name not in WITHOUT_MACHINE_CODE and OLD_LIBRARY:
        pytest.skip("this C library has no vectors of it, and NumPy answered")
    assert bool(native_groups) is (use_llvm and primitive.name not in WITHOUT_MACHINE_CODE - WITH_NATIVE_SLOPES)


def batch_graph(shape: tuple[int, ...], dtype: DType = F64) -> tuple[list[Node], list[Node]]:
    """A function with what fusion groups have: pairs of sine and cosine, choices, sums, quotients, several outputs."""
    x, y = fresh_input("x", shape, dtype), fresh_input("y", shape, dtype)
    f = sin(x * y) * exp(-(x * x) / 2.0) + log(1.0 + y * y) * tanh(x - y)
    chosen = select(registry["greater"](x, y), f, cos(x * y))
    total = sum_to(chosen * reciprocal(1.0 + x * x), shape=())
    return [f, chosen, total, *gradient([total], [x, y]), registry["greater"](f, 0.5)], [x, y]


@by_both
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


@by_both
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
        ((30, 5, 140), (1, 5, 1)),
        ((30, 1, 140), (1, 5, 1)),
        ((8, 1, 3, 140), (5, 1, 140)),
        ((8, 1, 3, 140), (1, 5, 1, 1)),
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


@by_both
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


@by_both
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


@given(seed=st.integers(0, 2**32 - 1), depth=st.integers(5, 40))
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
