"""The elements of a small tensor are graphs with the values of its elements."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcli.core import library
from gradcli.core.engines.program import Program
from gradcli.core.formula import UnreadableError
from gradcli.core.formula.elements import elements
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Input, Node, array_constant, fresh_input
from gradcli.core.ir.traversal import reachable
from gradcli.core.library.declare import COMPOSED
from gradcli.core.library.functions import matmul, stack, sum_, transpose
from gradcli.core.primitives import elementwise as ew
from gradcli.core.transforms.jacobian import jacobian
from gradcli.core.transforms.reverse import gradient

library.import_all()

SCALED = ("norm", "softmax", "log_softmax", "logsumexp", "std", "var", "mean", "clip")
VECTOR = fresh_input("v", (3,), DType.FLOAT64)
MATRIX = array_constant(np.arange(9.0).reshape(3, 3) + 1)
X = fresh_input("x", (), DType.FLOAT64)


def graphs() -> dict[str, Node]:
    """Tensors of several makings."""
    product = matmul(MATRIX, VECTOR)
    return {
        "a stack": stack((ew.sin(X), ew.cos(X) * X, X)),
        "a product": product,
        "a sum": sum_(VECTOR * VECTOR),
        "a slope": gradient([matmul(VECTOR, product)], [VECTOR])[0],
        "a matrix": jacobian([VECTOR * VECTOR * VECTOR], [VECTOR])[0][0],
        "a transpose": transpose(MATRIX) * VECTOR,
        # What is scaled against overflow is read without its scale.
        **{name: COMPOSED[name].function(VECTOR) for name in SCALED},
        **{
            f"a slope of {name}": gradient([sum_(COMPOSED[name].function(VECTOR))], [VECTOR])[0]
            for name in ("var", "mean")
        },
        "a norm of order 3": COMPOSED["norm"].function(VECTOR, 3.0),
        "a norm of a slope": COMPOSED["norm"].function(gradient([sum_(VECTOR * VECTOR * VECTOR)], [VECTOR])[0]),
    }


@pytest.mark.parametrize("name", graphs())
def test_elements_have_the_values_of_the_tensor(name: str) -> None:
    """At random points."""
    node = graphs()[name]
    parts = elements(node)
    assert all(part.shape == () for part in parts)
    numbers = np.random.default_rng(5).normal(size=4)
    inputs = [n for n in reachable([node]) if isinstance(n, Input)]
    given: dict[Node, Any] = {VECTOR: numbers[:3], X: float(numbers[3])}
    (whole,) = Program([node], inputs)(*(given[n] for n in inputs))
    at = {"x": float(numbers[3]), **{f"v[{i}]": float(numbers[i]) for i in range(3)}}
    leaves = [n for n in reachable(parts) if isinstance(n, Input)]
    # One input a name would do, but each element was made by itself.
    found = Program(parts, leaves)(*(at[n.name] for n in leaves))
    np.testing.assert_allclose(np.array(found), np.ravel(whole), rtol=1e-12)


def test_what_is_large_has_no_elements() -> None:
    """And says how large it is."""
    with pytest.raises(UnreadableError, match="100 elements"):
        elements(ew.sin(fresh_input("v", (100,), DType.FLOAT64)))
