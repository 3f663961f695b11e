"""The function on arrays that a node is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.shapes import Shape

Array: TypeAlias = "np.ndarray[Any, Any]"


def kernel_of(node: Node, op: Primitive) -> Callable[..., Any]:
    """The kernel with the node's attributes, giving the node's dtype; operands are checked if they can't be yet.

    Raises:
        CoreError: for constant operands that the primitive is not defined for.
    """
    if op.prepared is not None:
        return op.prepared(node.attrs)
    kernel, dtype = op.kernel, np.dtype(node.dtype.value)
    if isinstance(kernel, str):
        named: Callable[..., Any] = getattr(np, kernel)
        if not node.attrs and op.result in ("same", "number", "bool", "float"):
            return INTO.get(kernel, named)
        return partial(_typed, partial(named, **node.attrs) if node.attrs else named, dtype)
    whole: Callable[..., Any] = partial(kernel, np, **node.attrs)
    if takes_out(whole):
        return whole
    # What moves elements gives an array of their dtype; arithmetic on a single element gives a bare number.
    moves = op.law.degree in (0, 1) and not op.broadcasts and all(arg.dtype is node.dtype for arg in node.args)
    function = whole if moves else partial(_typed, whole, dtype)
    if op.check is None:
        return function
    shapes = tuple(arg.shape for arg in node.args)
    known = [np.asarray(arg.value) for i in op.integers if isinstance(arg := node.args[i], Constant)]
    if len(known) == len(op.integers):
        op.check(shapes, *known, **node.attrs)
        return function
    return partial(_checked, op, shapes, node.attrs, function)


def _maximum(a: Array, b: Array, out: Array | None = None) -> Any:
    return np.maximum(a, b, out=out)


def _minimum(a: Array, b: Array, out: Array | None = None) -> Any:
    return np.minimum(a, b, out=out)


def _where(condition: Array, a: Array, b: Array, out: Array | None = None) -> Any:
    if out is None:
        return np.where(condition, a, b)
    # Most masks hold everywhere, which is seen much faster than they are gone through.
    if condition.all():
        np.copyto(out, a)
        return out
    np.copyto(out, b)
    np.copyto(out, a, where=condition)
    return out


# What takes its result's place as the last argument though it is no ufunc, or one that wants a keyword for it.
INTO: dict[str, Callable[..., Any]] = {"maximum": _maximum, "minimum": _minimum, "where": _where}


def takes_out(kernel: Callable[..., Any]) -> bool:
    """Whether a kernel writes its result into an array that is its last argument."""
    if isinstance(kernel, partial):
        # A function of the table says by an argument of that name that it does.
        code = getattr(kernel.func, "__code__", None)
        return code is not None and "out" in code.co_varnames[: code.co_argcount]
    return isinstance(kernel, np.ufunc) or kernel in INTO.values() or getattr(kernel, "takes_out", False)


def may_look_into_arguments(node: Node, kernel: Callable[..., Any]) -> bool:
    """Whether the result may be a view: only what moves elements gives one."""
    computes = isinstance(node, Application) and node.op.law.degree not in (0, 1)
    return not computes and not takes_out(kernel)


def works_in_place(kernel: Callable[..., Any]) -> bool:
    """Whether the result may take the place of an argument."""
    if isinstance(kernel, np.ufunc):
        return kernel.signature is None
    return kernel in (_maximum, _minimum)


def _typed(function: Callable[..., Any], dtype: np.dtype[Any], *args: Array) -> Array:
    return np.asarray(function(*args), dtype)


def _checked(
    op: Primitive, shapes: tuple[Shape, ...], attrs: Mapping[str, Any], function: Callable[..., Any], *args: Array
) -> Any:
    assert op.check is not None
    op.check(shapes, *(args[i] for i in op.integers), **attrs)
    return function(*args)
