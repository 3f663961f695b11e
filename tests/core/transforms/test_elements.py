"""What can be taken apart gives, element by element, what it gives as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, array_constant, constant, fresh_input
from gradcli.core.ir.primitive import Application
from gradcli.core.transforms.elements import GRAPHS, NoElementsError, elements_of
from tests.core.sampling import TABLE, Call, calls, draw, inputs_for, run

CALLS = [call for primitive in TABLE.values() for call in calls(primitive)]
# What steps of small tensors are made of.
NEEDED = {
    *("add", "multiply", "negate", "sin", "exp", "tanh", "select", "greater", "stop_gradient", "power", "relu"),
    *("broadcast", "reshape", "slice", "pad", "transpose", "concatenate", "sum_to", "matmul", "flip", "sum_of_pads"),
}


def _taken_apart(node: Node, parts: list[Any]) -> Any:
    assert isinstance(node, Application)
    return elements_of(node, parts, GRAPHS)


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_each_entry(call: Call) -> None:
    """Each call of the table's examples that can be taken apart; what is needed for steps can be."""
    rng = np.random.default_rng(5)
    arrays = draw(call, rng)
    # Which element is taken is a part of the graph.
    inputs: list[Node] = [
        array_constant(a) if i in call.primitive.integers and a.shape else node
        for i, (a, node) in enumerate(zip(arrays, inputs_for(arrays), strict=True))
    ]
    node = call.primitive(*inputs, **call.attrs)
    if not isinstance(node, Application) or node.op is not call.primitive:
        pytest.skip("it is something simpler")
    parts: list[Any] = []
    given: dict[Node, Any] = {}
    for array, arg in zip(arrays, node.args, strict=True):
        if arg.shape != array.shape:
            pytest.skip("operands are stretched first")
        own: Any = [fresh_input("e", (), arg.dtype) for _ in range(array.size)]
        given.update(zip(own, array.ravel(), strict=True))
        parts.append(own)
    try:
        made = elements_of(node, parts, GRAPHS)
    except NoElementsError:
        assert call.primitive.name not in NEEDED
        return
    assert all(element.dtype is node.dtype and element.shape == () for element in made)
    names = list(given)
    found = run(made, names, [given[n] for n in names])
    free = [(i, a) for i, a in zip(inputs, arrays, strict=True) if not isinstance(i, Constant)]
    (whole,) = run([node], [i for i, _ in free], [a for _, a in free])
    np.testing.assert_allclose(np.array(found).reshape(node.shape), whole, rtol=1e-14, atol=1e-15)


def test_what_is_chosen_by_number() -> None:
    """Known numbers choose; others refuse."""
    x = fresh_input("x", (4,), DType.FLOAT64)
    own = [fresh_input("e", (), DType.FLOAT64) for _ in range(4)]
    known = TABLE["take"](x, array_constant(np.array([2, 0])))
    assert isinstance(known, Application)
    numbers = [constant(2, DType.INT64), constant(0, DType.INT64)]
    assert list(elements_of(known, [own, numbers], GRAPHS)) == [own[2], own[0]]
    unknown = [fresh_input("i", (), DType.INT64) for _ in range(2)]
    with pytest.raises(NoElementsError):
        _taken_apart(known, [own, unknown])
