"""What is picked of a tensor is picked before it is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from gradcli.core.engines.constants import computed
from gradcli.core.ir.nodes import Node, array_constant, fresh_input
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.traversal import reachable
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.indexing import take
from gradcli.core.primitives.linear_algebra import matrix_product
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.primitives.shaping import concatenate, part, reshape, transpose
from gradcli.core.simplify import picked
from gradcli.core.simplify.canonical import canonical
from tests.core.engines.harness import F64, normal
from tests.core.sampling import run
from tests.language.running import error, value

FEW = array_constant(np.array([7, 0, 7, 31, 2]))
OTHERS = array_constant(np.array([1, 39]))
MANY = array_constant(np.arange(400) % 40)


def canonical_of(outputs: Sequence[Node], inputs: Sequence[Node]) -> list[Node]:
    """The applications that are left, checked to give the same numbers."""
    done, order = canonical(outputs, reachable(outputs), inputs, computed)
    arrays = [normal(x.shape, i) for i, x in enumerate(inputs)]
    for got, want in zip(run(done, inputs, arrays), run(outputs, inputs, arrays), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)
    assert [n.shape for n in done] == [n.shape for n in outputs]
    return [node for node in order if isinstance(node, Application)]


def shapes(outputs: Sequence[Node], inputs: Sequence[Node], kind: str) -> list[tuple[int, ...]]:
    """Those of the applications of a primitive that are left."""
    return [node.shape for node in canonical_of(outputs, inputs) if node.kind == kind]


X, Y = fresh_input("x", (40, 30), F64), fresh_input("y", (30, 40), F64)
STACK = fresh_input("s", (6, 40, 30), F64)


@pytest.mark.parametrize(
    ("output", "of"),
    [
        (lambda x, y: take(matrix_product(x, y), FEW), (5, 40)),
        (lambda x, y: take(transpose(matrix_product(x, y), axes=(1, 0)), FEW), (40, 5)),
        (lambda x, y: take(ew.exp(matrix_product(x, y)) * 2.0, FEW), (5, 40)),
        (lambda x, y: take(reshape(matrix_product(x, y), shape=(40, 8, 5)), FEW), (5, 40)),
        (lambda x, y: take(sum_to(ew.sin(matrix_product(x, y)), shape=(40, 1)), FEW), (5, 40)),
        (lambda x, y: take(matrix_product(x, y) + stretch(part(y, 0, 0, 1), (40, 40)), FEW), (5, 40)),
        (lambda x, y: take(concatenate(matrix_product(x, y), x, axis=1), FEW), (5, 40)),
        (lambda x, y: take(part(matrix_product(x, y), 1, 3, 20), FEW), (5, 40)),
    ],
)
def test_rows_are_picked_first(output: Callable[[Node, Node], Node], of: tuple[int, ...]) -> None:
    """Of what is multiplied, through what only moves, and through sums along other axes."""
    assert shapes([output(X, Y)], [X, Y], "matmul") == [of]


def test_an_axis_that_is_part_of_another_is_followed() -> None:
    """Rows of all matrices of a stack under each other, and matrices side by side."""
    rows = matrix_product(reshape(STACK, shape=(240, 30)), Y)
    picked = take(transpose(reshape(rows, shape=(6, 40, 40)), axes=(1, 2, 0)), FEW)
    assert shapes([picked], [STACK, Y], "matmul") == [(30, 40)]
    beside = matrix_product(part(X, 0, 0, 6), reshape(transpose(STACK, axes=(2, 0, 1)), shape=(30, 240)))
    picked = take(transpose(reshape(beside, shape=(6, 6, 40)), axes=(2, 0, 1)), FEW)
    assert shapes([picked], [X, STACK], "matmul") == [(6, 30)]


def test_readers_of_a_tensor_pick_together() -> None:
    """Each gets its own of what all pick, also where one picks in two ways."""
    rows = ew.exp(matrix_product(X, Y))
    outputs = [
        take(rows, FEW),
        take(rows, OTHERS) * take(rows * 3.0, OTHERS),
        ew.sin(take(transpose(rows, axes=(0, 1)), FEW)),
    ]
    assert shapes(outputs, [X, Y], "matmul") == [(7, 40)]


def test_what_something_else_needs_is_computed_whole() -> None:
    """Another reader, one that picks along another axis, and an output."""
    rows = matrix_product(X, Y)
    for outputs in (
        [take(rows, FEW), sum_to(rows, shape=(1, 1))],
        [take(rows, FEW), take(transpose(rows, axes=(1, 0)), FEW)],
        [take(rows, FEW), rows],
    ):
        assert shapes(outputs, [X, Y], "matmul") == [(40, 40)]


def test_what_saves_nothing_is_left() -> None:
    """More are picked than there are, or what is computed costs less than picking."""
    assert shapes([take(matrix_product(X, Y), MANY)], [X, Y], "matmul") == [(40, 40)]
    assert shapes([take(X * 2.0, FEW)], [X], "multiply") == [(40, 30)]


STEPS: list[Callable[[Node, np.random.Generator], Node]] = [
    lambda x, rng: ew.sin(x) * 2.0,
    lambda x, rng: x + stretch(part(x, int(rng.integers(len(x.shape))), 0, 1), x.shape),
    lambda x, rng: transpose(x, axes=tuple(int(i) for i in rng.permutation(len(x.shape)))),
    lambda x, rng: reshape(x, shape=(x.shape[0] * x.shape[1], *x.shape[2:])) if len(x.shape) > 1 else x,
    lambda x, rng: reshape(x, shape=(x.shape[0] // 4, 4, *x.shape[1:])) if x.shape[0] % 4 == 0 else x,
    lambda x, rng: stretch(sum_to(x, shape=(*x.shape[:-1], 1)), x.shape) - x,
    lambda x, rng: part(x, len(x.shape) - 1, 1, x.shape[-1] - 1) if x.shape[-1] > 2 else x,
    lambda x, rng: concatenate(x, x * 0.5, axis=int(rng.integers(len(x.shape)))) if x.shape[0] < 100 else x,
    lambda x, rng: (
        matrix_product(x, array_constant(rng.normal(size=(*x.shape[:-2], x.shape[-1], 5)))) if len(x.shape) > 1 else x
    ),
    lambda x, rng: (
        matrix_product(array_constant(rng.normal(size=(*x.shape[:-2], 3, x.shape[-2]))), x) if len(x.shape) > 1 else x
    ),
]


@pytest.mark.parametrize("seed", range(60))
def test_any_chain_gives_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of steps at random, with readers that pick, whether or not it pays."""
    monkeypatch.setattr(picked, "WORTH_PICKING", -float("inf"))
    rng = np.random.default_rng(seed)
    x = fresh_input("x", (8, 12, 20), F64)
    node: Node = x
    for _ in range(int(rng.integers(2, 8))):
        node = STEPS[int(rng.integers(len(STEPS)))](node, rng)
    outputs = []
    for _ in range(int(rng.integers(1, 3))):
        axis = int(rng.integers(len(node.shape)))
        front = transpose(node, axes=(axis, *(i for i in range(len(node.shape)) if i != axis)))
        outputs.append(take(ew.exp(-front), array_constant(rng.integers(0, front.shape[0], int(rng.integers(1, 4))))))
    canonical_of(outputs, [x])


def test_what_is_outside_is_refused() -> None:
    """As without."""
    text = "f(x, i) = exp(x @ x.T)[i]; x = ones((60, 60)); "
    assert value(text + "f(x, [1, 59])").shape == (2, 60)
    assert "outside" in error(text + "f(x, [1, 60])").message


def test_slopes_of_few_results() -> None:
    """They are those of all, picked."""
    text = """
f(w) = tanh(linspace(0, 1, 3000).reshape((100, 30)) @ w.reshape((30, 4)))
w = linspace(-1, 1, 120)
i = [3, 99, 3]
"""
    few, of_all = value(text + "jacobian(w -> f(w)[i])(w)"), value(text + "jacobian(f)(w)[i]")
    np.testing.assert_allclose(few, of_all, rtol=1e-13, atol=1e-13)
