"""Where an entry has no value it has no slope, at any order and in either mode."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import isnan

import pytest

from gradcli.core.engines.program import Program
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, constant, fresh_input
from gradcli.core.ir.primitive import Primitive, table
from gradcli.core.transforms.forward import jvp
from gradcli.core.transforms.reverse import gradient

POINTS = (-1e300, -170.5, -3, -2.5, -2, -1.5, -1, -0.5, -1e-300, -0.0, 0, 1e-300, 0.5, 1, 1.5, 2, 2.5, 3, 170.5, 1e300)
# A quotient by 0 has the slopes of its infinities; what is left of it and the guard have none of their own.
BY_ZERO = {"divide", "remainder", "floor_divide", "not_negative"}
# Where an exponent less 1 is rounded to a whole number, and where a quotient by 0 is within.
EXCEPT: dict[str, Callable[[float, float], bool]] = {
    "power": lambda a, b: 0 < abs(b) < 1e-200,
    "log_to_base": lambda x, base: base == 1,
}
ENTRIES = [
    p
    for name, p in sorted(table().items())
    if p.examples.domain and p.math is not None and p.arity <= 2 and name not in BY_ZERO
]


def partials(primitive: Primitive, inputs: list[Node], order: int, forward: bool) -> list[Node]:
    """The value, and every partial up to an order that isn't 0 everywhere."""
    layers = [[primitive(*inputs, **primitive.attributes)]]
    for _ in range(order):
        after: list[Node] = []
        for node in layers[-1]:
            if forward:
                after += [
                    jvp([node], inputs, [constant(float(i is j), DType.FLOAT64) for j in inputs])[0] for i in inputs
                ]
            else:
                after += gradient([node], inputs)
        layers.append(after)
    return [node for layer in layers for node in layer]


@pytest.mark.parametrize("forward", [False, True], ids=["reverse", "forward"])
@pytest.mark.parametrize("primitive", ENTRIES, ids=lambda p: p.name)
def test_no_slope_without_a_value(primitive: Primitive, forward: bool) -> None:
    """At special points, orders 1 to 3; a partial that is 0 everywhere is left out."""
    inputs: list[Node] = [fresh_input(f"x{i}", (), DType.FLOAT64) for i in range(primitive.arity)]
    nodes = partials(primitive, inputs, 3 if primitive.arity == 1 else 2, forward)
    program = Program(nodes, inputs)
    values = [
        (point, [float(v) for v in program(*point)]) for point in product(map(float, POINTS), repeat=primitive.arity)
    ]
    somewhere = [any(found[i] for _, found in values) for i in range(len(nodes))]
    for point, found in values:
        if isnan(found[0]) and not (primitive.name in EXCEPT and EXCEPT[primitive.name](*point)):
            slopes = [v for v, is_some in zip(found[1:], somewhere[1:], strict=True) if is_some]
            assert all(map(isnan, slopes)), (point, found)
