"""What the primitives with a body share: how they are applied, and how to many samples at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from gradcli.core.calculus.bodies import Body
from gradcli.core.ir.laws import Adjoint, Flat, Implicit, Law
from gradcli.core.ir.lifting import stacked
from gradcli.core.ir.nodes import Node, Operand
from gradcli.core.ir.primitive import Application, Examples, Primitive, intern
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.primitives.shaping import reshape

# So often a body is evaluated, about, for one number.
EVALUATIONS = 100


class WithBody(Primitive):
    """A primitive with the attributes `body` and `size`: that many samples along a leading axis, none where it is 0.

    Arguments keep their dtypes: what a body reads may be a count or a condition.
    """

    def __call__(self, *args: Operand, **attrs: Hashable) -> Application:
        """The node for arguments that fit the body."""
        nodes = tuple(arg for arg in args if isinstance(arg, Node))
        body = attrs["body"]
        assert len(nodes) == len(args)
        assert isinstance(body, Body)
        return intern(self, nodes, attrs, self.shape(*(n.shape for n in nodes), **attrs), body.output.dtype)


def with_body(
    name: str,
    rate: Callable[..., Node],
    adjoint: Adjoint,
    *,
    help: str,
    shape: Callable[..., Shape],
    kernel: Callable[..., Any],
) -> WithBody:
    """State a function that an equation defines, whose parts are a body; it has no name in the table.

    Of `kernel` all samples but one are left out: it is called with the body and one array for each argument.
    """
    return _stated(name, Implicit(rate, adjoint), help, shape, kernel)


def flat_with_body(name: str, *, help: str, shape: Callable[..., Shape], kernel: Callable[..., Any]) -> WithBody:
    """State what has no slope, as `with_body` does."""
    return _stated(name, Flat(), help, shape, kernel)


def _stated(name: str, law: Law, help: str, shape: Callable[..., Shape], kernel: Callable[..., Any]) -> WithBody:
    def whole(xp: Any, *arrays: Any, body: Body, size: int, **more: Any) -> Any:
        try:
            if not size:
                return kernel(body, *arrays, **more)
            return xp.stack([kernel(body, *(array[i] for array in arrays), **more) for i in range(size)])
        except BaseException:
            body.forget()
            raise

    return WithBody(
        name=name,
        law=law,
        arity=-1,
        summary=help,
        examples=Examples(),
        kernel=whole,
        shape=shape,
        lift=lift_samples,
        work=lambda *shapes: EVALUATIONS * max(map(size_of, shapes)),
        broadcasts=False,
    )


def lift_samples(
    op: Primitive, size: int, batched: Sequence[bool], args: Sequence[Node], attrs: Mapping[str, Any]
) -> Node:
    """One more leading axis: samples of samples are samples."""
    whole = stacked(size, batched, args)
    inner = attrs["size"]
    if not inner:
        return op(*whole, **{**attrs, "size": size})
    flat = [reshape(arg, shape=(size * inner, *arg.shape[2:])) for arg in whole]
    found = op(*flat, **{**attrs, "size": size * inner})
    return reshape(found, shape=(size, inner, *found.shape[1:]))


def all_of(x: Node, size: int) -> Node:
    """The sum of all elements, of each sample its own."""
    return reshape(sum_to(x, shape=(size, *(1,) * (len(x.shape) - 1)) if size else ()), shape=(size,) if size else ())
