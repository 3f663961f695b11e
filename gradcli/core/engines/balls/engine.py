"""The ball engine: a graph whose leaves are known, at some precision, each result with its radius."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from flint import arb, arb_mat, ctx

from gradcli.core.engines.balls import special
from gradcli.core.engines.balls.ball import Ball, UndecidedError, ball_of
from gradcli.core.engines.balls.functions import SCOPE
from gradcli.core.engines.balls.matrices import MATRICES
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.traversal import reachable

# What is larger is float64's.
MOST_ELEMENTS, MOST_NODES = 1000, 20_000


# What a precision leaves open.
OPEN = Ball(arb.nan())


class Unsuitable(Exception):  # noqa: N818 - it is no mistake
    """A graph that has no balls: with float32 or large tensors in it, or an entry without a kernel."""


def balls(outputs: Sequence[Node], bits: int) -> list[Any]:
    """The outputs of a graph without inputs: a `Ball`, a bool or an int, or an array of them as objects.

    What this precision leaves open is a ball of nan, or None where it is a bool or an int.

    Args:
        outputs: nodes that depend on constants alone.
        bits: the precision of the calculation.

    Raises:
        Unsuitable: for a graph that can't be calculated so.
    """
    order = reachable(outputs)
    # Before anything is calculated that another node makes vain.
    if not all(map(_fits, order)) or sum(map(_count, order)) > MOST_NODES:
        raise Unsuitable
    found: dict[Node, Any] = {}
    with ctx.workprec(bits):
        _calculate(order, found)
    return [found[node] for node in outputs]


def _count(node: Node) -> int:
    """How many nodes it stands for: those of all steps, where it makes some."""
    if not isinstance(node, Application) or node.op.stepwise is None:
        return 1
    return node.op.stepwise.count(node)


def value_at(node: Node, found: dict[Node, Any]) -> Any:
    """A node, of balls that take the place of its arguments, at the precision that holds now."""
    return _value(node, [found[arg] for arg in node.args], found)


def _calculate(order: Sequence[Node], found: dict[Node, Any]) -> None:
    for node in order:
        if node not in found:
            found[node] = _value(node, [found[arg] for arg in node.args], found)


def _value(node: Node, args: Sequence[Any], found: dict[Node, Any]) -> Any:
    if not _fits(node):
        raise Unsuitable
    if isinstance(node, Constant):
        return _constant(node)
    if not isinstance(node, Application) or not isinstance(node.op, Primitive):
        raise Unsuitable
    if node.op.stepwise is not None:
        return node.op.stepwise.value(node, args, _calculate)
    if node.kind == "select":
        # The branch that isn't taken may have no value.
        return _each(node, lambda chosen, a, b: OPEN if chosen is None else a if chosen else b, args)
    if node.kind == "ruled":
        # The value; what else it has is for derivatives.
        return args[0]
    if node.kind == "cast":
        return _each(node, _guarded(_cast(node.dtype), node.dtype), args)
    scalar = _kernel(node.op, node.attrs)
    if scalar is not None:
        return _each(node, _guarded(scalar, node.dtype), args)
    reading = None if node.op.reading is None else node.op.reading(*node.args, **node.attrs)
    if reading is not None:
        _calculate(reachable([reading]), found)
        return found[reading]
    return _of_tensor(node, args)


def _fits(node: Node) -> bool:
    """Whether it is no float32, and not large."""
    # What steps keep is as long as there are steps, and so are the parts that it is taken into.
    parts = isinstance(node, Application) and node.kind in ("slice", "reshape", "loop")
    return node.dtype is not DType.FLOAT32 and 0 < _size(node) <= (MOST_NODES if parts else MOST_ELEMENTS)


def _guarded(function: Callable[..., Any], dtype: DType) -> Callable[..., Any]:
    """The function, whose result is open where an argument is, or where it can't be decided."""
    nothing = OPEN if dtype.is_float else None

    def apply(*args: Any) -> Any:
        if None in map(_none, args):
            return nothing
        try:
            found = function(*args)
        except (UndecidedError, ZeroDivisionError, ValueError, OverflowError):
            return nothing
        return ball_of(found) if isinstance(found, float) else found

    return apply


def _none(value: Any) -> Any:
    return None if value is None else 0


def _size(node: Node) -> int:
    size = 1
    for length in node.shape:
        size *= length
    return size


def _constant(node: Constant) -> Any:
    if node.shape == ():
        return ball_of(node.value)
    if not node.dtype.is_float:
        return node.value
    import numpy as np

    made = np.empty(node.shape, dtype=object)
    for place in np.ndindex(*node.shape):
        made[place] = ball_of(node.value[place].item())
    return made


def _each(node: Node, function: Callable[..., Any], args: Sequence[Any]) -> Any:
    """An elementwise function of numbers or of arrays of objects."""
    if node.shape == () and all(getattr(arg, "shape", ()) == () for arg in args):
        return function(*(arg.item() if hasattr(arg, "item") else arg for arg in args))
    import numpy as np

    made = np.empty(node.shape, dtype=object)
    arrays = [np.broadcast_to(np.asarray(arg, dtype=object), node.shape) for arg in args]
    for place in np.ndindex(*node.shape):
        made[place] = function(*(array[place] for array in arrays))
    return made


def _kernel(op: Primitive, attrs: Mapping[str, Any]) -> Callable[..., Any] | None:
    """The function of numbers that an entry is: what it says for balls, or its template on math."""
    template = op.template(attrs)
    if op.ball is not None and template is None:
        if not attrs or op.reading is None or special.takes(op.ball, attrs):
            stated = special.function(op.ball)
            return lambda *args: stated(*args, **attrs)
        return None
    if template is None or not (op.broadcasts or op.pointwise):
        return None
    return _compiled(template, op.arity, tuple(attrs.items()))


@cache
def _compiled(template: str, arity: int, attrs: tuple[tuple[str, Any], ...]) -> Callable[..., Any]:
    names = [f"x{i}" for i in range(arity)]
    function: Callable[..., Any] = eval(
        f"lambda {', '.join(names)}: {template.format(*names, **dict(attrs))}", dict(SCOPE)
    )
    return function


def _cast(dtype: DType) -> Callable[[Any], Any]:
    def cast(x: Any) -> Any:
        if dtype is DType.BOOL:
            return bool(x)
        if dtype.is_float:
            return x if isinstance(x, Ball) else ball_of(int(x))
        if not isinstance(x, Ball):
            return int(x)
        whole = x.value.unique_fmpz()
        if whole is None:
            raise UndecidedError
        return int(whole)

    return cast


def _of_tensor(node: Application, args: Sequence[Any]) -> Any:
    """What moves elements, adds or compares them, by its kernel on arrays of objects."""
    import numpy as np

    kinds = [object if arg.dtype.is_float else arg.dtype.value for arg in node.args]
    try:
        arrays = [np.asarray(arg, dtype=kind) for arg, kind in zip(args, kinds, strict=True)]
    except TypeError:
        # A condition, or a whole number, that is open.
        raise Unsuitable from None
    op = node.op
    assert isinstance(op, Primitive)
    if node.kind == "matmul":
        return np.matmul(*arrays)
    if node.kind in MATRICES:
        return _of_matrices(node, arrays)
    if node.kind in ("repeated", "negligible"):
        # What is equal, or 0, but for rounding is so of floats.
        floats = [float(x.value.mid()) for x in arrays[0].ravel()]
        if not np.isfinite(floats).all():
            raise Unsuitable
        return op.kernel(np, np.array(floats).reshape(arrays[0].shape))  # type: ignore[operator]
    if node.kind == "max_to":
        return _largest(node, arrays[0])
    if not callable(op.kernel) or op.law.degree not in (0, 1):
        raise Unsuitable
    try:
        made = np.asarray(op.kernel(np, *arrays, **node.attrs), dtype=object)
    except (TypeError, ValueError, UndecidedError):
        # A kernel of floats alone, or one that asks which number is the larger.
        raise Unsuitable from None
    if node.dtype.is_float:
        # Zeros that a kernel has put in are numbers of Python's, and a number that it has moved may be an array.
        flat = [x.item() if isinstance(x, np.ndarray) else x for x in made.ravel()]
        flat = [x if isinstance(x, Ball) else ball_of(x if isinstance(x, int) else float(x)) for x in flat]
        out = np.empty(len(flat), dtype=object)
        out[:] = flat
        made = out.reshape(made.shape)
    return made


def _of_matrices(node: Application, arrays: Sequence[Any]) -> Any:
    """Inverses, determinants and the like of single matrices."""
    import numpy as np

    if any(array.ndim != 2 for array in arrays):
        raise Unsuitable
    rows = [arb_mat([[x.value for x in row] for row in array]) for array in arrays]
    try:
        found = MATRICES[node.kind](*rows, **node.attrs)
    except (ZeroDivisionError, UndecidedError):
        found = None
    made = np.empty(node.shape, dtype=object)
    for place in np.ndindex(*node.shape):
        at = place if len(place) == 2 else (*place, 0)
        made[place] = OPEN if found is None else Ball(found if node.shape == () else found[at])
    return made


def _largest(node: Application, array: Any) -> Any:
    import numpy as np

    axes = tuple(i for i, n in enumerate(node.attrs["shape"]) if n != array.shape[i])
    largest = SCOPE["max"]
    found = np.empty(node.shape, dtype=object)
    for place in np.ndindex(*node.shape):
        index = tuple(slice(None) if i in axes else p for i, p in enumerate(place))
        found[place] = largest(*np.asarray(array[index], dtype=object).ravel())
    return found
