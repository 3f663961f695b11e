"""Sample by sample, a program gives what it gives array by array, and in cache is what lies between."""

from __future__ import annotations

import random

import numpy as np
import pytest

from gradcli.core.engines import samples as choice
from gradcli.core.engines.numpy import samples
from gradcli.core.engines.numpy.samples import Samples
from gradcli.core.engines.numpy.schedule import ArrayProgram
from gradcli.core.engines.program import Program
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.shapes import Shape
from gradcli.core.library.functions import matmul, sum_
from gradcli.core.library.reductions import max_
from gradcli.core.primitives.elementwise import cos, exp, sin, sqrt, tanh
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.primitives.scans import cumulative_sum
from gradcli.core.primitives.selection import select
from gradcli.core.primitives.shaping import part, reshape
from gradcli.core.transforms.batching import batch
from gradcli.core.transforms.jacobian import hessian, jacobian
from gradcli.core.transforms.reverse import gradient
from tests.core.engines.harness import F64, by_both, share_every_step, twice
from tests.core.engines.test_elements import Maker
from tests.core.sampling import run

# Numbers at which something is out of the ordinary, but that leave sums in any order what they are.
ODD = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-200, 710.0]


def by_sample(program: Program) -> list[Samples]:
    """The steps of a program that go sample by sample."""
    steps = program._compiled._calls if isinstance(program._compiled, ArrayProgram) else []
    return [step.function for *_, step in steps if isinstance(step.function, Samples)]


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever can be is computed sample by sample."""
    monkeypatch.setattr(choice, "A_CALL", 1e9)


@pytest.fixture
def many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step is shared, in tiles so short that there are many."""
    share_every_step(monkeypatch, samples, ("SMALLEST_TILE", "NATIVE_TILE", "CACHE_BYTES"), 50)


@pytest.mark.usefixtures("always")
def test_some_of_the_samples_are_others() -> None:
    """The first 200 of 300 are no samples of those: what is computed of them begins there."""
    x = fresh_input("x", (300, 2, 3), F64)
    some, bent = part(x, 0, 0, 200), exp(sin(x))
    values = np.random.default_rng(0).normal(size=x.shape)
    for outputs in ([some], [some * 2.0], [part(bent, 0, 0, 200)], [bent, part(bent, 0, 0, 200)], [bent, tanh(some)]):
        with_samples, plain = Program(outputs, [x])(values), run(outputs, [x], [values])
        for got, want in zip(with_samples, plain, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-14)


@by_both
@pytest.mark.parametrize("shape", [(300, 3), (200, 3, 3), (300, 33)], ids=str)
def test_what_reads_a_sum_over_samples_comes_after_it(shape: tuple[int, ...], use_llvm: bool) -> None:
    """The sum is whole after the last sample only, whichever way the samples are gone through."""
    x = fresh_input("x", shape, F64)
    e = exp(sin(x))
    share = e / sum_(e, 0, True)
    outputs = [sin(x) + sum_(cos(x), 0, True), share * x, *gradient([share * x], [x])]
    values = np.random.default_rng(0).normal(size=shape)
    for found in ([output] for output in outputs):
        plain = run(found, [x], [values])
        np.testing.assert_allclose(twice(Program(found, [x], use_llvm), [values])[0], plain[0], rtol=1e-12, atol=1e-14)


@by_both
@pytest.mark.parametrize("shapes", [((1_000, 2, 2), (2_000, 2)), ((2_000, 2), (1_000, 2, 2))], ids=str)
def test_samples_of_two_counts_wait_for_each_other(shapes: tuple[Shape, Shape], use_llvm: bool) -> None:
    """What is on as many samples is not made one step where the others stand between, whichever way round."""
    x, y = (fresh_input(name, shape, F64) for name, shape in zip("xy", shapes, strict=True))
    later: Node = y
    for _ in range(3):
        later = cumulative_sum(later, axis=0)
    # More of the nodes are on as many samples as x has, which are joined first.
    of_x = cos(reshape(sin(tanh(cos(sin(tanh(cos(sin(x))))))), shape=shapes[1]))
    of_y = cos(reshape(exp(sin(later)), shape=shapes[0]))
    values = [np.random.default_rng(0).normal(size=shape) for shape in shapes]
    found = twice(Program([of_x, of_y], [x, y], use_llvm), values)
    for got, want in zip(found, run([of_x, of_y], [x, y], values), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13)


def hessians(size: int) -> tuple[list[Node], list[Node]]:
    """Those of a function of pairs of parts, and its slopes, for so many samples."""
    q, w = fresh_input("q", (6,), F64), fresh_input("w", (2, 3), F64)
    a, b = part(q, 0, 0, 3), part(q, 0, 3, 3)
    apart = sum_((a - b) * (a - b))
    bent = tanh(sum_(w * a, 1)) * sqrt(apart)
    f = reshape(sum_(bent), shape=()) + exp(max_(b)) + reshape(sum_(select(a > b, a * b, b)), shape=())
    rows = [f, hessian([f], [q])[0][0][0], jacobian([bent], [q])[0][0], apart]
    many = fresh_input("many", (size, 6), F64)
    return list(batch(rows, {q: many}, size)), [many, w]


@by_both
@pytest.mark.parametrize("size", [129, 1_000, 4_003])
def test_hessians_of_many_samples(always: None, size: int, use_llvm: bool) -> None:
    """One step, of all samples; the weights are the same for all."""
    outputs, inputs = hessians(size)
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=node.shape) for node in inputs]
    program = Program(outputs, inputs, use_llvm)
    (step,) = by_sample(program)
    assert step.is_native is use_llvm
    assert len(program._compiled._calls) < 8  # type: ignore[attr-defined]
    for got, want in zip(twice(program, arrays), run(outputs, inputs, arrays), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-12)


@by_both
def test_on_threads_each_sample_is_computed_once(many_threads: None, use_llvm: bool) -> None:
    """However they are shared out, and the same sums however many threads there are."""
    outputs, inputs = hessians(2_003)
    outputs = [
        *outputs,
        sum_to(outputs[2], shape=(2, 6)),
        sum_to(outputs[0], shape=(1,)),
        sum_to(outputs[2], shape=(1, 1, 6)),
    ]
    arrays = [np.random.default_rng(1).normal(size=node.shape) for node in inputs]
    program = Program(outputs, inputs, use_llvm)
    (step,) = by_sample(program)
    assert (step.workers, step.count > 12) == (3, True)
    found = twice(program, arrays)
    for got, want in zip(found, run(outputs, inputs, arrays), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-11)
    step.workers = 1
    for got, want in zip(program(*arrays), found, strict=True):
        np.testing.assert_array_equal(got, want)


@by_both
@pytest.mark.parametrize("seed", range(60))
def test_random_graphs_of_any_numbers(always: None, seed: int, use_llvm: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Odd numbers too: what a known 0 is multiplied by may be no number."""
    maker = Maker(seed)
    nodes = [node for node in maker.graph(25) if node.dtype is F64]
    size, rng = 130, random.Random(seed)
    many = {x: fresh_input("many", (size, *x.shape), F64) for x in maker.inputs[:2]}
    outputs = [*batch(nodes, many, size)]
    outputs += [sum_to(outputs[0], shape=outputs[0].shape[1:])]
    inputs = [*many.values(), *maker.inputs[2:]]
    arrays = [
        np.array([rng.choice([rng.uniform(-2, 2), rng.choice(ODD)]) for _ in range(int(np.prod(x.shape)))])
        for x in inputs
    ]
    arrays = [array.reshape(x.shape) for array, x in zip(arrays, inputs, strict=True)]
    program = Program(outputs, inputs, use_llvm)
    with monkeypatch.context() as patch:
        patch.setattr(choice, "sampled", lambda order, inputs: choice.Sampled({}, {}))
        plain = Program(outputs, inputs, False)
    assert not by_sample(plain)
    for got, want in zip(twice(program, arrays), plain(*arrays), strict=True):
        np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9 * _scale(np.asarray(want)))


def _scale(values: np.ndarray) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return max(1.0, float(finite[finite < 1e10].max(initial=0.0)))


@by_both
def test_vectors_times_a_small_matrix_are_sums(always: None, use_llvm: bool) -> None:
    """A large one is left to the product of matrices."""
    for n, count in ((3, 1), (40, 0)):
        x, w = fresh_input("x", (n,), F64), fresh_input("w", (n, n), F64)
        y = tanh(matmul(w, x))
        many = fresh_input("many", (2_000, n), F64)
        outputs = list(batch([sum_(y * y * part(x, 0, 0, 1))], {x: many}, 2_000))
        arrays = [np.random.default_rng(0).normal(size=node.shape) for node in (many, w)]
        program = Program(outputs, [many, w], use_llvm)
        nodes = [node.kind for step in by_sample(program) for node in step.graph.unit.nodes]
        assert nodes.count("matmul") == count
        for got, want in zip(program(*arrays), run(outputs, [many, w], arrays), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-11)


def test_what_multiplies_a_known_zero_may_be_infinite() -> None:
    """One sample that is not finite is as right as the others are."""
    q = fresh_input("q", (4,), F64)
    f = reshape(sum_(q * q * sin(q)), shape=())
    many = fresh_input("many", (500, 4), F64)
    outputs = list(batch([hessian([f], [q])[0][0][0]], {q: many}, 500))
    values = np.random.default_rng(0).normal(size=(500, 4))
    values[7, 1], values[8] = np.inf, np.nan
    program = Program(outputs, [many])
    assert by_sample(program)
    with np.errstate(all="ignore"):
        (want,) = run(outputs, [many], [values])
    got = np.asarray(program(values)[0])
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)
    assert np.isnan(got[7:9]).any(axis=(1, 2)).all()


@pytest.mark.parametrize("shape", [(3_000, 100), (3_000,), (100, 3), (3_000, 600)])
def test_what_goes_along_its_rows_stays_as_it_is(shape: tuple[int, ...]) -> None:
    """Long rows, single numbers, few samples, and no steps between rows of different kinds."""
    x = fresh_input("x", shape, F64)
    total = reshape(sum_(sin(x) * cos(x)), shape=())
    assert not by_sample(Program([*gradient([total], [x]), exp(x)], [x]))
