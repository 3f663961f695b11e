"""Loops to test with, each also written out step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, constant, fresh_input
from gradcli.core.ir.shapes import Shape
from gradcli.core.library.functions import stack
from gradcli.core.library.indexing import index
from gradcli.core.loops.node import loop
from gradcli.core.loops.plan import Carry, Given, Plan, results
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.linear_algebra import matrix_product as matmul
from gradcli.core.primitives.selection import select

F64 = DType.FLOAT64

# What a step makes of the carries, a slice and what is read from outside: the next carries, a sum, a stack.
Step = Callable[[Node, Node, Node, Node], tuple[Node, Node, Node, Node]]


def _coupled(y: Node, z: Node, x: Node, a: Node) -> tuple[Node, Node, Node, Node]:
    return ew.sin(y) * a + x * z, ew.exp(-(z * z)) * y + a, y * y * a, y * z


def _with_corners(y: Node, z: Node, x: Node, a: Node) -> tuple[Node, Node, Node, Node]:
    chosen = select(y > z, y * 0.5 + x, ew.sqrt(z * z + 1.0))
    return chosen, z * 0.9 + a * y, ew.maximum(y, z) * x, chosen * a


def _mixed(y: Node, z: Node, x: Node, a: Node) -> tuple[Node, Node, Node, Node]:
    # A carry that stays, and one that nothing reads.
    return y * x + a, z, z * x, y


def _of_matrices(y: Node, z: Node, x: Node, a: Node) -> tuple[Node, Node, Node, Node]:
    return matmul(y, z) * a, z + y * 0.1, y * x, matmul(z, y)


STEPS: dict[str, tuple[Step, Shape]] = {
    "coupled numbers": (_coupled, ()),
    "coupled vectors": (_coupled, (3,)),
    "corners": (_with_corners, (2,)),
    "corners of numbers": (_with_corners, ()),
    "mixed": (_mixed, ()),
    "matrices": (_of_matrices, (2, 2)),
}


def inputs_of(shape: Shape, length: int) -> list[Node]:
    """Where both carries start, the slices, what is read from outside."""
    return [
        fresh_input("y", shape, F64),
        fresh_input("z", shape, F64),
        fresh_input("xs", (length, *shape), F64),
        fresh_input("a", (), F64),
    ]


def as_loop(step: Step, inputs: Sequence[Node], length: int, backwards: bool = False) -> list[Node]:
    """The last carries, the sum and the stack, of one node."""
    y0, z0, xs, a0 = inputs
    own = [fresh_input(name, node.shape, F64) for name, node in (("y", y0), ("z", z0), ("a", a0))]
    y, z, a = own
    x = fresh_input("x", xs.shape[1:], F64)
    made = step(y, z, x, a)
    plan = Plan(length, backwards=backwards)
    plan.carries = [Carry(y, y0, made[0]), Carry(z, z0, made[1])]
    plan.slices, plan.free = [Given(x, xs)], [Given(a, a0)]
    plan.sums, plan.stacks = [made[2]], [made[3]]
    return results(loop, plan, [0, 1, 2, 3])


def written_out(step: Step, inputs: Sequence[Node], length: int, backwards: bool = False) -> list[Node]:
    """The same, step by step."""
    y, z, xs, a = inputs
    total: Node = constant(0.0, F64)
    kept: list[Node] = []
    for t in reversed(range(length)) if backwards else range(length):
        y, z, more, one = step(y, z, index(xs, (t,)), a)
        total = total + more
        kept.append(one)
    return [y, z, total, stack(tuple(reversed(kept) if backwards else kept))]
