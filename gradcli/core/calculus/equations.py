"""Roots and minima as nodes, by the equations that define them.

With F(y, p) = 0 is dy = -(dF/dy)^-1 dF/dp dp (the implicit function theorem); at a minimum F is the gradient. What is
written here is a graph of the body's own derivatives at the node itself, so that every order follows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradcli.core.calculus.bodies import Body, instance
from gradcli.core.calculus.declare import WithBody, all_of, flat_with_body, with_body
from gradcli.core.calculus.minimizing import doubt_of, maximum_of, minimum_of
from gradcli.core.calculus.solving import CORNERS, doubt_at, fixed_point_of, root_of
from gradcli.core.ir.masks import product
from gradcli.core.ir.nodes import Node, fresh_input, is_number
from gradcli.core.ir.primitive import edge_of
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable
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

    def __init__(self, residual: Callable[[Body], Node], doubt: Callable[[], WithBody]) -> None:
        self._residual, self._doubtful = residual, doubt

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
        found: Node
        if _is_scalar(y, size):
            found = -product(rate_at, reciprocal(jacobian_at))
        else:
            column = matrix_product(inverse(_square(jacobian_at, y, size)), _column(rate_at, size))
            found = -reshape(column, shape=y.shape)
        doubt = self._doubt(body, y, given, size)
        if doubt is not None:
            for i in moving:
                found = found + _over(all_of(along[i], size), doubt, y, size)
        return found

    def adjoint(self, g: Node, y: Node, *args: Node, body: Body, size: int) -> tuple[Node | None, ...]:
        """The transpose of the rate."""
        floats = [i for i, node in enumerate(body.free) if node.dtype.is_float]
        point = self._point(body, y, args[1:])
        (jacobian_at,) = instance([self._jacobian(body)], point, size)
        if _is_scalar(y, size):
            pulled = product(g, reciprocal(jacobian_at))
        else:
            column = solution(swap_last(_square(jacobian_at, y, size)), _column(g, size))
            pulled = reshape(column, shape=y.shape)
        seed, shares = body.derived("adjoint", lambda: self._adjoint(body, floats))
        found = dict(zip(floats, instance(shares, {**point, seed: -pulled}, size), strict=True))
        doubt = self._doubt(body, y, args[1:], size)
        if doubt is not None:
            whole = all_of(g, size)
            found = {i: share + _over(whole, doubt, share, size) for i, share in found.items()}
        return None, *(found.get(i) for i in range(len(body.free)))

    def _doubt(self, body: Body, y: Node, args: Sequence[Node], size: int) -> Node | None:
        """0 where the equation holds and has a slope, nan where not, as at a corner; None where it can't but hold."""
        if not any(edge_of(node, CORNERS) for node in reachable([body.output])):
            return None
        # It moves with y, so that a derivative of any order that is in doubt is nan.
        return self._doubtful()(y, *args, body=body, size=size) * (all_of(y, size) + 1.0)

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


def _is_scalar(y: Node, size: int) -> bool:
    return len(y.shape) == (1 if size else 0)


def _square(a: Node, y: Node, size: int) -> Node:
    n = size_of(y.shape[1:] if size else y.shape)
    return reshape(a, shape=(size, n, n) if size else (n, n))


def _column(x: Node, size: int) -> Node:
    return reshape(x, shape=(size, size_of(x.shape[1:]), 1) if size else (size_of(x.shape), 1))


def _over(x: Node, doubt: Node, like: Node, size: int) -> Node:
    """A number times the doubt, in the shape of another node."""
    both = x * doubt
    return stretch(reshape(both, shape=(size, *(1,) * (len(like.shape) - 1))) if size else both, like.shape)


_ROOT = _Equation(_residual, lambda: doubtful_root)
_STATIONARY = _Equation(slope, lambda: doubtful_minimum)

root: WithBody = with_body(
    "solution",
    _ROOT.rate,
    _ROOT.adjoint,
    help="where a function is 0, near a start",
    shape=lambda start, *rest, **attrs: start,
    kernel=root_of,
)
fixed: WithBody = with_body(
    "fixed_point",
    _ROOT.rate,
    _ROOT.adjoint,
    help="where a function gives what it is given, near a start",
    shape=lambda start, *rest, **attrs: start,
    kernel=fixed_point_of,
)
argmin: WithBody = with_body(
    "minimizer",
    _STATIONARY.rate,
    _STATIONARY.adjoint,
    help="where a function is least, near a start",
    shape=lambda start, *rest, **attrs: start,
    kernel=minimum_of,
)
argmax: WithBody = with_body(
    "maximizer",
    _STATIONARY.rate,
    _STATIONARY.adjoint,
    help="where a function is largest, near a start",
    shape=lambda start, *rest, **attrs: start,
    kernel=maximum_of,
)
doubtful_minimum: WithBody = flat_with_body(
    "doubtful_minimum",
    help="0 where the slope of a function is 0 and it has no corner, nan elsewhere",
    shape=lambda y, *rest, size, **attrs: (size,) if size else (),
    kernel=doubt_of,
)
doubtful_root: WithBody = flat_with_body(
    "doubtful_root",
    help="0 where a function has no corner, nan elsewhere",
    shape=lambda y, *rest, size, **attrs: (size,) if size else (),
    kernel=doubt_at,
)
