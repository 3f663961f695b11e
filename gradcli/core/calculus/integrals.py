"""Integrals as nodes: F(a, b, p), the integral of f(t, p) over t from a to b.

dF = f(b) db - f(a) da + the integral of df/dp, times dp (differentiation under the integral sign), again an integral.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.calculus.bodies import Body, instance
from gradcli.core.calculus.declare import WithBody, all_of, flat_with_body, with_body
from gradcli.core.calculus.jumps import doubt_of, steps
from gradcli.core.calculus.quadrature import integral_of
from gradcli.core.ir.masks import added, product
from gradcli.core.ir.nodes import Node, is_number
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.primitives.linear_algebra import matrix_product
from gradcli.core.primitives.shaping import reshape
from gradcli.core.transforms.jacobian import jacobian


def _shape(a: Shape, b: Shape, *rest: Shape, body: Body, size: int) -> Shape:
    return (size, *body.output.shape) if size else body.output.shape


def _value_at(t: Node, args: Sequence[Node], body: Body, size: int) -> Node:
    """The integrand at an end."""
    point = {body.variables[0]: t, **dict(zip(body.free, args, strict=True))}
    return instance([body.output], point, size)[0]


def _by(i: int, a: Node, b: Node, args: Sequence[Node], body: Body, size: int) -> Node | None:
    """The derivative by argument number i, a matrix of the result's elements by the argument's; None where it is 0."""
    by: Node = body.derived(("by", i), lambda: jacobian([body.output], [body.free[i]])[0][0])
    matrix = (size_of(body.output.shape), size_of(body.free[i].shape))
    shape = (size, *matrix) if size else matrix
    found: Node | None = None
    if not is_number(by, 0):
        inner, kept = body.with_output(by, args)
        found = reshape(integral(a, b, *kept, body=inner, size=size), shape=shape)
    if not steps(body, i):
        return found
    # It moves with the argument, so that a derivative of any order that is in doubt is nan.
    doubt = doubtful(a, b, *args, body=body, size=size, by=i) * (all_of(args[i], size) + 1.0)
    doubt = stretch(reshape(doubt, shape=(size, 1, 1)) if size else doubt, shape)
    return doubt if found is None else found + doubt


def _stretched(x: Node, like: Node, size: int) -> Node:
    """A number, or one for each sample, as often as there are elements."""
    return stretch(reshape(x, shape=(size, *(1,) * (len(like.shape) - 1))) if size else x, like.shape)


def _rate(y: Node, a: Node, b: Node, *rest: Node, body: Body, size: int) -> Node:
    count = len(body.free)
    args, (da, db), along = rest[:count], rest[count : count + 2], rest[count + 2 :]
    total: Node | None = None
    for end, rate, sign in ((b, db, 1.0), (a, da, -1.0)):
        if not is_number(rate, 0):
            part = product(_stretched(rate, y, size), _value_at(end, args, body, size) * sign)
            total = part if total is None else added(total, part)
    for i, tangent in enumerate(along):
        matrix = None if is_number(tangent, 0) else _by(i, a, b, args, body, size)
        if matrix is not None:
            columns = matrix.shape[-1]
            column = reshape(tangent, shape=(size, columns, 1) if size else (columns, 1))
            part = reshape(matrix_product(matrix, column), shape=y.shape)
            total = part if total is None else added(total, part)
    return y * 0.0 if total is None else total


def _adjoint(g: Node, y: Node, a: Node, b: Node, *args: Node, body: Body, size: int) -> tuple[Node | None, ...]:
    def over(end: Node, sign: float) -> Node:
        share = product(g, _value_at(end, args, body, size) * sign)
        return share if share.shape == end.shape else all_of(share, size)

    shares: list[Node | None] = [over(a, -1.0), over(b, 1.0)]
    for i, arg in enumerate(args):
        matrix = _by(i, a, b, args, body, size) if body.free[i].dtype.is_float else None
        if matrix is None:
            shares.append(None)
            continue
        rows = matrix.shape[-2]
        row = reshape(g, shape=(size, 1, rows) if size else (1, rows))
        shares.append(reshape(matrix_product(row, matrix), shape=arg.shape))
    return tuple(shares)


integral: WithBody = with_body(
    "integral",
    _rate,
    _adjoint,
    help="the integral of a function between two ends",
    shape=_shape,
    kernel=lambda body, a, b, *args: integral_of(body, a, b, *args)[0],
)
doubtful = flat_with_body(
    "doubtful_integral",
    help="0 where an integrand does not jump at a place that moves with an argument, nan where it does",
    shape=lambda a, *rest, size, **attrs: (size,) if size else (),
    kernel=doubt_of,
)
