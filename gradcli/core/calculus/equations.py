"""Roots and minima as nodes, by the equations that define them.

With F(y, p) = 0 is dy = -(dF/dy)^-1 dF/dp dp (the implicit function theorem); at a minimum F is the gradient. What is
written here is a graph of the body's own derivatives at the node itself, so that every order follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcli.core.calculus.bodies import Body, instance
from gradcli.core.calculus.declare import WithBody, with_body
from gradcli.core.calculus.minimizing import minimum_of
from gradcli.core.calculus.solving import root_of
from gradcli.core.ir.masks import product
from gradcli.core.ir.nodes import Node, fresh_input, is_number
from gradcli.core.ir.shapes import size_of
from gradcli.core.primitives.elementwise import reciprocal
from gradcli.core.primitives.linear_algebra import inverse, matrix_product, solution, swap_last
from gradcli.core.primitives.shaping import reshape
from gradcli.core.transforms.forward import jvp
from gradcli.core.transforms.jacobian import jacobian
from gradcli.core.transforms.reverse import gradient, vjp


def _residual(body: Body) -> Node:
    return body.output


def slope(body: Body) -> Node:
    """The gradient of a body's output by its variable."""
    found: Node = body.derived("slope", lambda: gradient([body.output], body.variables)[0])
    return found


class _Equation:
    """F = 0, F being made of a body; the node's arguments are where the search starts, and what the body reads."""

    def __init__(self, residual: Any) -> None:
        self._residual = residual

    def rate(self, y: Node, *args: Node, body: Body, size: int) -> Node:
        """The rate, linear in the tangents, which stand behind the arguments."""
        count = len(body.free) + 1
        given, along = args[1:count], args[count + 1 :]
        moving = [i for i, tangent in enumerate(along) if not is_number(tangent, 0)]
        if not moving:
            return y * 0.0
        tangents, rate = body.derived(("rate", *moving), lambda: self._rate(body, moving))
        values = {**self._point(body, y, given), **dict(zip(tangents, (along[i] for i in moving), strict=True))}
        jacobian_at, rate_at = instance([self._jacobian(body), rate], values, size)
        if y.shape[1:] == () if size else y.shape == ():
            return -product(rate_at, reciprocal(jacobian_at))
        return -_flat_back(matrix_product(inverse(_square(jacobian_at, y, size)), _column(rate_at, size)), y)

    def adjoint(self, g: Node, y: Node, *args: Node, body: Body, size: int) -> tuple[Node | None, ...]:
        """The transpose of the rate."""
        floats = [i for i, node in enumerate(body.free) if node.dtype.is_float]
        point = self._point(body, y, args[1:])
        (jacobian_at,) = instance([self._jacobian(body)], point, size)
        if y.shape[1:] == () if size else y.shape == ():
            pulled = product(g, reciprocal(jacobian_at))
        else:
            pulled = _flat_back(solution(swap_last(_square(jacobian_at, y, size)), _column(g, size)), y)
        seed, shares = body.derived("adjoint", lambda: self._adjoint(body, floats))
        found = dict(zip(floats, instance(shares, {**point, seed: -pulled}, size), strict=True))
        return None, *(found.get(i) for i in range(len(body.free)))

    def _point(self, body: Body, y: Node, args: Sequence[Node]) -> dict[Node, Node]:
        return {body.variables[0]: y, **dict(zip(body.free, args, strict=True))}

    def _jacobian(self, body: Body) -> Node:
        found: Node = body.derived("jacobian", lambda: jacobian([self._residual(body)], body.variables)[0][0])
        return found

    def _rate(self, body: Body, moving: Sequence[int]) -> tuple[list[Node], Node]:
        by = [body.free[i] for i in moving]
        tangents: list[Node] = [fresh_input("tangent", node.shape, node.dtype) for node in by]
        return tangents, jvp([self._residual(body)], by, tangents)[0]

    def _adjoint(self, body: Body, floats: Sequence[int]) -> tuple[Node, tuple[Node, ...]]:
        residual = self._residual(body)
        seed = fresh_input("seed", residual.shape, residual.dtype)
        return seed, vjp([residual], [body.free[i] for i in floats], [seed])


def _square(a: Node, y: Node, size: int) -> Node:
    n = size_of(y.shape[1:] if size else y.shape)
    return reshape(a, shape=(size, n, n) if size else (n, n))


def _column(x: Node, size: int) -> Node:
    return reshape(x, shape=(size, size_of(x.shape[1:]), 1) if size else (size_of(x.shape), 1))


def _flat_back(column: Node, y: Node) -> Node:
    return reshape(column, shape=y.shape)


_ROOT, _STATIONARY = _Equation(_residual), _Equation(slope)

root: WithBody = with_body(
    "root",
    _ROOT.rate,
    _ROOT.adjoint,
    help="where a function is 0, near a start",
    shape=lambda start, *rest, **attrs: start,
    kernel=root_of,
)
argmin: WithBody = with_body(
    "argmin",
    _STATIONARY.rate,
    _STATIONARY.adjoint,
    help="where a function is least, near a start",
    shape=lambda start, *rest, **attrs: start,
    kernel=minimum_of,
)
