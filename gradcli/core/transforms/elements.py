"""The elements of a tensor as graphs of numbers, from those of the tensors that it is made of."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache, reduce
from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, constant, registry
from gradcli.core.ir.primitive import Application, Primitive, intern
from gradcli.core.ir.shapes import Shape, no_elements, size_of
from gradcli.core.ir.templates import evaluated

if TYPE_CHECKING:
    import numpy

# The elements of a tensor, one after the other as they lie in memory.
Elements: TypeAlias = "Sequence[Node]"
# For each element of a result the terms that it is the sum of, each the numbers of the elements that are multiplied.
Sums: TypeAlias = "Sequence[tuple[tuple[int, ...], ...]]"

# What is larger would be taken apart for a long time.
MOST_TERMS = 2**14
_MOST_KEPT = 2_000
_kept: OrderedDict[Hashable, Sums | None] = OrderedDict()


class NoElementsError(Exception):
    """What takes more than arithmetic on elements, and moving them."""


class Zeros:
    """Products with a 0 that is known are 0, as long as what is multiplied is finite: `finite` are those factors.

    It is for what will be computed: with it applications to constants are constants.
    """

    def __init__(self) -> None:
        self.finite: dict[Node, None] = {}

    def product(self, a: Node, b: Node) -> Node | None:
        """0 where one of the factors is."""
        for one, other in ((a, b), (b, a)):
            if isinstance(one, Constant) and one.value == 0 and one.dtype.is_float:
                if not isinstance(other, Constant):
                    self.finite[other] = None
                    return one
                return None
        return None


def elements_of(node: Application, args: Sequence[Elements], zeros: Zeros | None = None) -> list[Node]:
    """An application's elements.

    Elementwise entries are applied to elements; what is linear or bilinear moves, multiplies and adds them by its own
    kernel.

    Args:
        node: the application.
        args: the elements of each operand.
        zeros: takes factors of what is known to be 0, where such products shall be 0; without it they stay products.

    Raises:
        NoElementsError: for what can't be taken apart so.
    """
    op = node.op
    if op.broadcasts or op.pointwise:
        return _by_element(node, args, zeros)
    shapes = tuple(arg.shape for arg in node.args)
    if op.work is no_elements and len(args) == 1:
        (row,) = args
        return [row[i] for i in _places(node.kind, shapes[0], tuple(node.attrs.items()))]
    if node.kind == "max_to":
        return [_largest(parts, node.dtype) for parts in _grouped(args[0], shapes[0], node.shape)]
    sums = _chosen(node, args) if op.integers else _sums_of(op, node.attrs, shapes)
    if sums is None:
        raise NoElementsError
    row = [element for arg in args for element in arg]
    return [_sum([_product([row[i] for i in term], zeros) for term in terms], node.dtype, zeros) for terms in sums]


def computable_elements(node: Node, args: Sequence[Elements], zeros: Zeros | None = None) -> list[Node]:
    """The elements of what will be computed: of a constant too, and of conditions as numbers.

    Raises:
        NoElementsError: for what can't be taken apart.
    """
    if isinstance(node, Constant):
        return [node] if node.shape == () else [constant(value, node.dtype) for value in node.value.ravel().tolist()]
    if not isinstance(node, Application):
        raise NoElementsError
    if node.kind == "cast" and node.args[0].dtype is node.dtype:
        return list(args[0])
    if node.kind == "cast" and node.args[0].dtype is DType.BOOL and node.dtype.is_float:
        one, zero = constant(1.0, node.dtype), constant(0.0, node.dtype)
        return [number_node(_named("select"), (c, one, zero), {}, node.dtype, zeros) for c in args[0]]
    return elements_of(node, args, zeros)


def places_of(shape: Shape) -> list[tuple[int, ...]]:
    """The indices of the elements, in order."""
    found: list[tuple[int, ...]] = [()]
    for n in shape:
        found = [(*place, i) for place in found for i in range(n)]
    return found


def numbers_in(node: Application) -> int | None:
    """How many operations on numbers its elements take; None where they can't be told apart."""
    op = node.op
    if op.broadcasts or op.pointwise:
        return size_of(node.shape)
    if op.work is no_elements and len(node.args) == 1:
        return 0
    if node.kind == "max_to":
        return size_of(node.args[0].shape)
    if op.integers:
        return 0 if all(isinstance(node.args[i], Constant) for i in op.integers) else None
    sums = _sums_of(op, node.attrs, tuple(arg.shape for arg in node.args))
    return (
        None
        if sums is None
        else sum(2 * len(terms) - 1 for terms in sums if terms and len(terms[0]) > 1)
        + sum(len(terms) - 1 for terms in sums if terms and len(terms[0]) == 1)
    )


def _by_element(node: Application, args: Sequence[Elements], zeros: Zeros | None) -> list[Node]:
    size = size_of(node.shape)
    rows = []
    for arg, row in zip(node.args, args, strict=True):
        if arg.shape != node.shape:
            shape = (("shape", node.shape),)
            row = [row[0]] * size if len(row) == 1 else [row[i] for i in _places("broadcast", arg.shape, shape)]
        rows.append(row)
    return [number_node(node.op, items, node.attrs, node.dtype, zeros) for items in zip(*rows, strict=True)]


def number_node(
    op: Primitive, args: tuple[Node, ...], attrs: Mapping[str, Any], dtype: DType, zeros: Zeros | None = None
) -> Node:
    """An application to numbers of the dtypes that it wants: something simpler, or its value, where there is one."""
    if op.commutes and args[0].serial > args[1].serial:
        args = (args[1], args[0])
    simpler = op.shortcut(*args, **attrs) if op.shortcut is not None else None
    if simpler is None and zeros is not None and op is registry["multiply"]:
        simpler = zeros.product(*args)
    if simpler is not None:
        return simpler
    made = intern(op, args, attrs, (), dtype)
    if zeros is not None and all(isinstance(arg, Constant) for arg in args):
        value = evaluated(made, op)
        return made if value is None else constant(value, dtype)
    return made


def _named(name: str) -> Primitive:
    op = registry[name]
    assert isinstance(op, Primitive)
    return op


def _product(factors: Sequence[Node], zeros: Zeros | None) -> Node:
    return reduce(lambda a, b: number_node(_named("multiply"), (a, b), {}, a.dtype, zeros), factors)


def _sum(terms: Sequence[Node], dtype: DType, zeros: Zeros | None) -> Node:
    if not terms:
        return constant(0, dtype)
    return reduce(lambda a, b: number_node(_named("add"), (a, b), {}, dtype, zeros), terms)


def _largest(parts: Sequence[Node], dtype: DType) -> Node:
    if not parts:
        return constant(-inf, dtype)
    return reduce(lambda a, b: number_node(_named("maximum"), (a, b), {}, dtype), parts)


def _grouped(row: Elements, shape: Shape, into: Shape) -> list[list[Node]]:
    """The elements that meet where a tensor is reduced to a shape that stretches to its own."""
    if shape == into:
        return [[element] for element in row]
    sums = _sums_of(_named("sum_to"), {"shape": into}, (shape,))
    if sums is None:
        raise NoElementsError
    return [[row[i] for (i,) in terms] for terms in sums]


@lru_cache(_MOST_KEPT)
def _numbered(shape: Shape) -> numpy.ndarray[Any, Any]:
    import numpy as np

    return np.arange(size_of(shape)).reshape(shape)


@lru_cache(_MOST_KEPT)
def _places(kind: str, shape: Shape, attrs: tuple[tuple[str, Any], ...]) -> list[int]:
    """Which element each of a view is."""
    import numpy as np

    kernel = _named(kind).kernel
    assert callable(kernel)
    found: list[int] = kernel(np, _numbered(shape), **dict(attrs)).ravel().tolist()
    return found


class _Sum:
    """What a kernel adds and multiplies, in place of numbers."""

    __slots__ = ("terms",)

    def __init__(self, terms: tuple[tuple[int, ...], ...]) -> None:
        self.terms = terms

    def __add__(self, other: object) -> _Sum:
        if isinstance(other, _Sum):
            return _Sum(self.terms + other.terms)
        # Zeros that were put in.
        return self if isinstance(other, (int, float)) and other == 0 else NotImplemented

    __radd__ = __add__

    def __mul__(self, other: object) -> _Sum:
        if not isinstance(other, _Sum) or len(self.terms) != 1 or len(other.terms) != 1:
            return NotImplemented
        return _Sum((self.terms[0] + other.terms[0],))


def _sums_of(op: Primitive, attrs: Mapping[str, Any], shapes: tuple[Shape, ...]) -> Sums | None:
    """What each element of a result is the sum of, by the kernel; None where it isn't of this kind."""
    key = (op.name, tuple(attrs.items()), shapes)
    if key in _kept:
        _kept.move_to_end(key)
        return _kept[key]
    found = _traced(op, attrs, shapes) if op.law.degree in (1, 2) and not op.integers else None
    _kept[key] = found
    if len(_kept) > _MOST_KEPT:
        _kept.popitem(last=False)
    return found


def _traced(op: Primitive, attrs: Mapping[str, Any], shapes: Sequence[Shape]) -> Sums | None:
    import numpy as np

    if sum(map(size_of, shapes)) > MOST_TERMS:
        return None
    arrays, at = [], 0
    for shape in shapes:
        arrays.append(_sums_in(range(at, at + size_of(shape)), shape))
        at += size_of(shape)
    try:
        kernel = op.kernel
        made = getattr(np, kernel)(*arrays, **attrs) if isinstance(kernel, str) else kernel(np, *arrays, **attrs)
    except (TypeError, ValueError, AttributeError):
        return None
    return _terms(made)


def _sums_in(numbers: Sequence[int], shape: Shape) -> numpy.ndarray[Any, Any]:
    import numpy as np

    array = np.empty(len(numbers), dtype=object)
    array[:] = [_Sum(((i,),)) for i in numbers]
    return array.reshape(shape)


def _terms(made: Any) -> Sums | None:
    import numpy as np

    items = made.ravel().tolist() if isinstance(made, np.ndarray) else [made]
    if not all(isinstance(item, _Sum) or item == 0 for item in items):
        return None
    found = [item.terms if isinstance(item, _Sum) else () for item in items]
    return found if sum(map(len, found)) <= MOST_TERMS else None


def _chosen(node: Application, args: Sequence[Elements]) -> Sums | None:
    """The same for what picks elements by numbers that are known."""
    import numpy as np

    op, arrays, at = node.op, [], 0
    for i, (arg, row) in enumerate(zip(node.args, args, strict=True)):
        if i not in op.integers:
            arrays.append(_sums_in(range(at, at + len(row)), arg.shape))
        elif all(isinstance(element, Constant) for element in row):
            numbers = [element.value for element in row if isinstance(element, Constant)]
            arrays.append(np.array(numbers, dtype=int).reshape(arg.shape))
        else:
            return None
        at += len(row)
    if op.check is not None:
        op.check(tuple(arg.shape for arg in node.args), *(arrays[i] for i in op.integers), **node.attrs)
    assert callable(op.kernel)
    return _terms(op.kernel(np, *arrays, **node.attrs))
