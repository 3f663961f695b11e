"""Hessians of functions of sums of few elements against those that nothing is known of, and their work."""

from __future__ import annotations

import numpy as np
import pytest

from gradcli.core.analysis import separable
from gradcli.core.analysis.separable import hessian_by_terms
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, array_constant, fresh_input
from gradcli.core.ir.primitive import operations
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.library.functions import reshape, sum_
from gradcli.core.primitives.constants import identity
from gradcli.core.primitives.elementwise import exp, reciprocal
from gradcli.core.transforms.jacobian import hessian
from tests.language.running import passes

ATOMS = 24


def energy(q: Node) -> Node:
    """Of pairs of atoms, that of Lennard-Jones."""
    n = q.shape[0]
    d = reshape(q, (n, 1, 3)) - reshape(q, (1, n, 3))
    one = identity(n, q.dtype)
    s = reciprocal(sum_(d * d, 2) + one)
    return sum_((s * s * s * s - s * s) * (1.0 - one))


def test_pairs_cost_no_sweep_for_each_atom() -> None:
    """Three sweeps whatever the number of atoms, and no tensor of sweeps by pairs."""
    q = fresh_input("q", (ATOMS, 3), DType.FLOAT64)
    found = hessian_by_terms(energy(q), [q])
    assert found is not None
    order = reachable(found[0])
    assert max(size_of(node.shape) for node in order) <= 4 * 9 * ATOMS**2
    assert operations(order) < operations(reachable(hessian([energy(q)], [q])[0][0])) / 4


def test_what_is_no_sum_of_few_elements_is_left_alone() -> None:
    """Products of matrices, and what goes beside."""
    q = fresh_input("q", (ATOMS, 3), DType.FLOAT64)
    full = array_constant(np.ones((ATOMS, ATOMS)))
    assert hessian_by_terms(sum_(exp(full @ q)), [q]) is None
    assert hessian_by_terms(sum_(exp(q)) + energy(q), [q]) is None
    assert hessian_by_terms(energy(q), [q, fresh_input("p", (ATOMS,), DType.FLOAT64)]) is None


START = """q, r, k = 4*uniform((30, 3)), 4*uniform((30, 3)), 1 + uniform((30, 3))
i, j = [0, 3, 4, 29, 5], [7, 3, 1, 2, 2]
"""


@pytest.mark.parametrize(
    ("body", "inputs"),
    [
        ("d = q[i] - 2*q[j]; sum(tanh(d)^2) + sum(sum(d^2, 1)^2)", "q"),
        ("d = k*q - k[0]*flip(q); sum(sin(sum(d, 1)))", "q"),
        ("d = where(k > 1.5, q, 3*r) - 1; sum(sqrt(1 + sum(d^2, 1)))", "q, r"),
        ("d = concatenate((q[1:] - q[:-1], r[:2]))*k[0]; sum(exp(-sum(d^2, 1)))", "q, r"),
        ("d = reshape(q, (30, 1, 3)) - reshape(r, (1, 30, 3)); sum(1/(1 + sum(d^2, 2))^2)", "q, r"),
        ("d = q[:, 0] - q[:, 1]; sum(sqrt(1 + d^2))", "q"),
    ],
)
def test_the_hessian_is_right(monkeypatch: pytest.MonkeyPatch, body: str, inputs: str) -> None:
    """Against forward mode over the gradient; whatever moves the elements, and whatever they are multiplied by."""
    monkeypatch.setattr(separable, "OPERATIONS_OF_AN_ENTRY", 0)
    used = []

    def seen(output: Node, by: list[Node]) -> list[list[Node]] | None:
        used.append(hessian_by_terms(output, by))
        return used[-1]

    monkeypatch.setattr("gradcli.core.analysis.separable.hessian_by_terms", seen)
    lines = "\n".join(f"    {line}" for line in [*body.split("; ")[:-1], f"return {body.split('; ')[-1]}"])
    names = inputs.replace(" ", "").split(",")
    slots = ", ".join(map(str, range(len(names))))
    both = f"grad(f, ({slots},))"
    text = f"{START}def f({inputs}):\n{lines}\nh = hessian(f)({inputs})\nd = jacobian({both})({inputs})\n"
    check = (
        "assert allclose(h, d[0], rtol=1e-9, atol=1e-9)"
        if len(names) == 1
        else "assert allclose(h, d, rtol=1e-9, atol=1e-9)"
    )
    assert passes(text + check)
    assert used[0] is not None
