"""Jacobians in pieces against those of all sweeps at once, and what memory they take."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcli.core.engines.program import Program
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, array_constant, fresh_input
from gradcli.core.ir.traversal import reachable
from gradcli.core.library.functions import matmul, reshape, sum_
from gradcli.core.loops import pieces
from gradcli.core.loops.pieces import swept_in_pieces
from gradcli.core.primitives.elementwise import tanh
from gradcli.core.transforms.jacobian import FORWARD, REVERSE, hessian, jacobian

SAMPLES, INSIDE, OUT = 6, 5, 4
RNG = np.random.default_rng(0)
DATA = RNG.normal(size=(SAMPLES, INSIDE))


def layer() -> tuple[Node, Node]:
    """What a layer gives, and its weights."""
    weights = fresh_input("w", (INSIDE, OUT), DType.FLOAT64)
    return tanh(matmul(array_constant(DATA.copy()), weights)), weights


def run(output: Node, weights: Node, values: Any) -> Any:
    """The value of a graph of the weights."""
    return Program([output], [weights])(values)[0]


@pytest.mark.parametrize("mode", [FORWARD, REVERSE])
@pytest.mark.parametrize("piece", [1, 200, 10_000])
def test_a_jacobian_in_pieces_is_the_one_at_once(monkeypatch: pytest.MonkeyPatch, mode: str, piece: int) -> None:
    """Also where the last piece is not full."""
    monkeypatch.setattr(pieces, "MOST_AT_ONCE", 0)
    monkeypatch.setattr(pieces, "PIECE", piece)
    monkeypatch.setattr(pieces, "FEWEST_AT_ONCE", 1)
    y, w = layer()
    values = RNG.normal(size=w.shape)
    (whole,), (cut,) = jacobian([y], [w], mode)[0], jacobian([y], [w], mode, swept_in_pieces)[0]
    assert any(n.kind == "loop" for n in reachable([cut]))
    np.testing.assert_allclose(run(cut, w, values), run(whole, w, values), atol=1e-14)


def test_a_hessian_in_pieces_is_the_one_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Differentiated again, too."""
    monkeypatch.setattr(pieces, "MOST_AT_ONCE", 0)
    monkeypatch.setattr(pieces, "PIECE", 300)
    y, w = layer()
    values = RNG.normal(size=w.shape)
    loss = sum_(y * y)
    (whole,), (cut,) = hessian([loss], [w])[0][0], hessian([loss], [w], swept_in_pieces)[0][0]
    np.testing.assert_allclose(run(cut, w, values), run(whole, w, values), atol=1e-13)
    third = [jacobian([sum_(h * h)], [w], REVERSE)[0][0] for h in (whole, cut)]
    np.testing.assert_allclose(run(third[1], w, values), run(third[0], w, values), atol=1e-12)


def test_memory_does_not_grow_with_the_sweeps() -> None:
    """A batch of all 600 of them would take 1.2 GB for each value between input and result."""
    x = fresh_input("x", (600,), DType.FLOAT64)
    wide = tanh(reshape(x, (600, 1)) * array_constant(RNG.normal(size=(1, 400))))
    (block,) = jacobian([sum_(wide * wide, 1)], [x], FORWARD, swept_in_pieces)[0]
    assert Program([block], [x]).memory < 20e6


def test_little_is_swept_at_once() -> None:
    """No loop for what memory holds easily, nor for what doesn't depend on the input."""
    y, w = layer()
    assert not any(n.kind == "loop" for n in reachable(jacobian([y], [w], FORWARD, swept_in_pieces)[0]))
