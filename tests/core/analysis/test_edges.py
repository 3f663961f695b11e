"""Where primitives have edges, as their entries say, and what is told of a derivative there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from gradcli.core.analysis.at_edges import Edged, edges, numbers, those_at
from gradcli.core.analysis.one_sided import limits
from gradcli.core.ir.declare import elementwise
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.edges import EdgeKind, at_zero
from gradcli.core.ir.nodes import Node, constant, fresh_input, registry
from gradcli.core.ir.primitive import Primitive, table
from gradcli.core.ir.promotion import stretch
from gradcli.core.primitives import comparisons as cmp
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives import rounding
from gradcli.core.primitives.reductions import max_to
from gradcli.core.primitives.rounding import floor

F64 = DType.FLOAT64
WITH_EDGES = [p for p in table().values() if p.edge is not None]


@pytest.fixture
def kinked() -> Iterator[Primitive]:
    """An entry with a corner that no other part knows of: |x| under another name."""
    entry = elementwise(
        "kinked", lambda y, x: ew.sign(x), help="a corner", kernel="abs", math="abs({0})", edge=at_zero(EdgeKind.CORNER)
    )
    yield entry
    del registry["kinked"]


@pytest.mark.parametrize(
    ("node", "at", "beside", "kind"),
    [
        (ew.absolute, 0.0, 0.1, EdgeKind.CORNER),
        (ew.relu, 0.0, -2.0, EdgeKind.CORNER),
        (ew.reciprocal, 0.0, 3.0, EdgeKind.QUOTIENT),
        (ew.sqrt, 0.0, 3.0, EdgeKind.QUOTIENT),
        (floor, 2.0, 2.5, EdgeKind.STEP),
        (lambda x: rounding.rounded(x, decimals=1), 0.25, 0.23, EdgeKind.STEP),
        (lambda x: ew.remainder(x, 3.0), 6.0, 7.0, EdgeKind.STEP),
        (lambda x: ew.maximum(x, 1.0), 1.0, 2.0, EdgeKind.CORNER),
        (lambda x: cmp.less(x, 4.0), 4.0, 5.0, EdgeKind.COMPARISON),
        (lambda x: ew.hypot(x, constant(0.0, F64)), 0.0, 1.0, EdgeKind.CORNER),
        (lambda x: ew.constant_power(x, exponent=1.5), 0.0, 1.0, EdgeKind.QUOTIENT),
    ],
)
def test_an_edge_is_where_the_entry_says(node: object, at: float, beside: float, kind: EdgeKind) -> None:
    """At the point, and not beside it."""
    x = fresh_input("x", (), F64)
    output: Node = node(x)  # type: ignore[operator]
    assert edges([output], {x: np.array(at)}, [x]) == {kind}
    assert edges([output], {x: np.array(beside)}, [x]) == set()


def test_a_polynomial_has_no_edge_and_a_tie_has() -> None:
    """x^3 at 0 is smooth; the largest of equal ones is a corner, of one alone it is none."""
    x = fresh_input("x", (2,), F64)
    assert edges([ew.constant_power(x, exponent=3.0)], {x: np.zeros(2)}, [x]) == set()
    assert edges([max_to(x, shape=(1,))], {x: np.array([1.0, 1.0])}, [x]) == {EdgeKind.CORNER}
    assert edges([max_to(x, shape=(1,))], {x: np.array([1.0, 2.0])}, [x]) == set()


@pytest.mark.parametrize("primitive", WITH_EDGES, ids=lambda p: p.name)
def test_every_edge_has_a_kind_that_fits(primitive: Primitive) -> None:
    """What gives bools compares, what is flat steps or has a sign, and no linear map has an edge."""
    assert primitive.edge is not None
    assert (primitive.result == "bool") is (primitive.edge.kind is EdgeKind.COMPARISON)
    assert primitive.law.degree != 1


def test_what_is_not_known_of_an_edge_is_not_told(kinked: Primitive) -> None:
    """A new entry with a corner gives no false limit there, and beside it the true one."""
    x = fresh_input("x", (), F64)
    output = kinked(x) * x
    assert limits([output], [output], {x: np.array(0.0)}, [x]) is None
    found = limits([output], [output], {x: np.array(3.0)}, [x])
    assert found is not None
    assert found[0].value == 9.0


def test_the_same_nodes_are_asked_again_at_other_points() -> None:
    """Of numbers and of arrays, in their order; what is compared with itself or its largest element is at none."""
    x, v = fresh_input("x", (), F64), fresh_input("v", (3,), F64)
    corner, kinks = ew.absolute(x), ew.absolute(v)
    largest = ew.maximum(v, stretch(max_to(v, shape=(1,)), (3,)))
    found = [kinks, corner, largest, cmp.equal(v, v)]
    nodes = list(dict.fromkeys([n for node in found for n in (*node.args, node)]))
    edged = Edged(found, {node: i for i, node in enumerate(nodes)})
    for number, vector, at in (
        (1.0, [1.0, 2.0, 3.0], []),
        (0.0, [1.0, 0.0, 3.0], [0, 1]),
        (np.float64(0), [1.0, 2.0, 2.0], [1]),
    ):
        values = numbers(nodes, {x: number, v: np.array(vector)})
        assert edged.at_one(values) == at
        assert those_at(found, dict(zip(nodes, values, strict=True))) == [found[i] for i in at]
