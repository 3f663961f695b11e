"""The elements of a tensor, from those of the tensors that it is made of: as graphs of numbers, or as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial, reduce
from math import inf
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, constant, fresh_input, registry
from gradcli.core.ir.primitive import Application, Primitive, intern
from gradcli.core.ir.shapes import Shape, no_elements, size_of

if TYPE_CHECKING:
    import numpy

T = TypeVar("T")

# For each element of a result the terms that it is the sum of, each the numbers of the elements that are multiplied.
Sums: TypeAlias = "Sequence[tuple[tuple[int, ...], ...]]"

# What is larger would be taken apart for a long time.
MOST_TERMS = 2**14
_MOST_KEPT = 2_000


class NoElementsError(Exception):
    """What takes more than arithmetic on elements, and moving them."""


class Arithmetic(Protocol[T]):
    """What elements are, and how they are computed with."""

    def each(self, node: Application, rows: Sequence[Sequence[T]]) -> list[T]:
        """An elementwise application, to the elements at each place."""
        ...

    def two(self, name: str, a: T, b: T) -> T:
        """An entry of the table that takes two numbers of a dtype and gives one of it."""
        ...

    def known(self, value: float, dtype: DType) -> T:
        """A number that is known."""
        ...

    def value(self, element: T) -> float | None:
        """The number that an element is known to be."""
        ...


class Graphs(Arithmetic[Node]):
    """Elements as graphs of numbers."""

    def each(self, node: Application, rows: Sequence[Sequence[Node]]) -> list[Node]:
        """Applications to nodes of the dtypes that are wanted: what is simpler where the entry says so."""
        op, attrs, dtype = node.op, node.attrs, node.dtype
        made = self.node
        if op.shortcut is None and not op.commutes:
            return [made(op, args, attrs, dtype) for args in zip(*rows, strict=True)]
        return [self._simplest(op, args, attrs, dtype) for args in zip(*rows, strict=True)]

    def two(self, name: str, a: Node, b: Node) -> Node:
        """The application."""
        op = registry[name]
        assert isinstance(op, Primitive)
        return self._simplest(op, (a, b), {}, a.dtype)

    def _simplest(self, op: Primitive, args: tuple[Node, ...], attrs: Mapping[str, Any], dtype: DType) -> Node:
        if op.commutes and args[0].serial > args[1].serial:
            args = (args[1], args[0])
        simpler = op.shortcut(*args, **attrs) if op.shortcut is not None else None
        return self.node(op, args, attrs, dtype) if simpler is None else simpler

    def node(self, op: Primitive, args: tuple[Node, ...], attrs: Mapping[str, Any], dtype: DType) -> Node:
        """The application as it is."""
        return intern(op, args, attrs, (), dtype)

    def known(self, value: float, dtype: DType) -> Node:
        """A constant."""
        return constant(value, dtype)

    def value(self, element: Node) -> float | None:
        """That of a constant."""
        return element.value if isinstance(element, Constant) else None


GRAPHS = Graphs()


def elements_of(node: Application, args: Sequence[Sequence[T]], arithmetic: Arithmetic[T]) -> list[T]:
    """An application's elements.

    Elementwise entries are applied to elements; what is linear or bilinear moves, multiplies and adds them by its own
    kernel.

    Args:
        node: the application.
        args: the elements of each operand.
        arithmetic: what elements are: `GRAPHS` for nodes.

    Raises:
        NoElementsError: for what can't be taken apart so.
    """
    op = node.op
    if op.broadcasts or op.pointwise:
        rows = [_stretched(row, arg.shape, node.shape) for arg, row in zip(node.args, args, strict=True)]
        return arithmetic.each(node, rows)
    shapes = tuple(arg.shape for arg in node.args)
    if op.work is no_elements and len(args) == 1:
        (row,) = args
        return [row[i] for i in places(node.kind, shapes[0], tuple(node.attrs.items()))]
    if node.kind == "max_to":
        least = arithmetic.known(-inf, node.dtype)
        parts = [[args[0][i] for i in group] for group in _grouped(shapes[0], node.shape)]
        return [reduce(partial(arithmetic.two, "maximum"), part) if part else least for part in parts]
    sums = _chosen(node, args, arithmetic) if op.integers else _sums_of(op, node.attrs, shapes)
    if sums is None:
        raise NoElementsError
    row = [element for arg in args for element in arg]
    zero = arithmetic.known(0, node.dtype)
    multiply, add = partial(arithmetic.two, "multiply"), partial(arithmetic.two, "add")
    found = []
    for terms in sums:
        products = [row[term[0]] if len(term) == 1 else reduce(multiply, [row[i] for i in term]) for term in terms]
        found.append(reduce(add, products) if products else zero)
    return found


def computable_elements(node: Node, args: Sequence[Sequence[T]], arithmetic: Arithmetic[T]) -> list[T]:
    """The elements of what will be computed: of a constant too, and of conditions as numbers.

    Raises:
        NoElementsError: for what can't be taken apart.
    """
    if isinstance(node, Constant):
        values = [node.value] if node.shape == () else node.value.ravel().tolist()
        return [arithmetic.known(value, node.dtype) for value in values]
    if not isinstance(node, Application):
        raise NoElementsError
    if node.kind == "cast" and node.args[0].dtype is node.dtype:
        return list(args[0])
    if node.kind == "cast" and node.args[0].dtype is DType.BOOL and node.dtype.is_float:
        one, zero = constant(1.0, node.dtype), constant(0.0, node.dtype)
        chosen = registry["select"](fresh_input("c", (), DType.BOOL), one, zero)
        assert isinstance(chosen, Application)
        size = len(args[0])
        ones, zeros = ([arithmetic.known(value, node.dtype)] * size for value in (1.0, 0.0))
        return arithmetic.each(chosen, [args[0], ones, zeros])
    return elements_of(node, args, arithmetic)


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
    if node.kind == "matmul":
        return size_of(node.shape) * max(0, 2 * node.args[0].shape[-1] - 1)
    if op.integers:
        return 0 if all(isinstance(node.args[i], Constant) for i in op.integers) else None
    sums = _sums_of(op, node.attrs, tuple(arg.shape for arg in node.args))
    return (
        None
        if sums is None
        else sum(2 * len(terms) - 1 for terms in sums if terms and len(terms[0]) > 1)
        + sum(len(terms) - 1 for terms in sums if terms and len(terms[0]) == 1)
    )


def _stretched(row: Sequence[T], shape: Shape, to: Shape) -> Sequence[T]:
    if shape == to:
        return row
    if len(row) == 1:
        return [row[0]] * size_of(to)
    return [row[i] for i in places("broadcast", shape, (("shape", to),))]


def _named(name: str) -> Primitive:
    op = registry[name]
    assert isinstance(op, Primitive)
    return op


def _grouped(shape: Shape, into: Shape) -> list[list[int]]:
    """The numbers of the elements that meet where a tensor is reduced to a shape that stretches to its own."""
    if shape == into:
        return [[i] for i in range(size_of(shape))]
    sums = _sums_of(_named("sum_to"), {"shape": into}, (shape,))
    if sums is None:
        raise NoElementsError
    return [[i for (i,) in terms] for terms in sums]


@lru_cache(16)
def _numbered(shape: Shape) -> numpy.ndarray[Any, Any]:
    import numpy as np

    return np.arange(size_of(shape)).reshape(shape)


@lru_cache(_MOST_KEPT)
def places(kind: str, shape: Shape, attrs: tuple[tuple[str, Any], ...]) -> list[int]:
    """Which element each of a view is."""
    import numpy as np

    kernel = _named(kind).kernel
    assert callable(kernel)
    found: list[int] = kernel(np, _numbered(shape), **dict(attrs)).ravel().tolist()
    return found


class _Sum:
    """What a kernel adds and multiplies, in place of numbers: a term, or two sums; `count` says how many terms."""

    __slots__ = ("count", "of")

    def __init__(self, of: tuple[int, ...] | tuple[_Sum, _Sum], count: int = 1) -> None:
        self.of, self.count = of, count

    def __add__(self, other: object) -> _Sum:
        if isinstance(other, _Sum):
            return _Sum((self, other), self.count + other.count)
        # Zeros that were put in.
        return self if isinstance(other, (int, float)) and other == 0 else NotImplemented

    __radd__ = __add__

    def __mul__(self, other: object) -> _Sum:
        if not isinstance(other, _Sum) or self.count != 1 or other.count != 1:
            return NotImplemented
        factors: Any = (*self.of, *other.of)
        return _Sum(factors)

    @property
    def terms(self) -> tuple[tuple[int, ...], ...]:
        """All of them, in order."""
        found: list[Any] = []
        waiting: list[Any] = [self]
        while waiting:
            item = waiting.pop()
            if item.count == 1:
                found.append(item.of)
            else:
                waiting.extend(reversed(item.of))
        return tuple(found)


def _sums_of(op: Primitive, attrs: Mapping[str, Any], shapes: tuple[Shape, ...]) -> Sums | None:
    """What each element of a result is the sum of, by the kernel; None where it isn't of this kind."""
    if op.law.degree not in (1, 2) or op.integers:
        return None
    return _traced(op, tuple(attrs.items()), shapes)


@lru_cache(_MOST_KEPT)
def _traced(op: Primitive, attrs: tuple[tuple[str, Any], ...], shapes: tuple[Shape, ...]) -> Sums | None:
    import numpy as np

    if sum(map(size_of, shapes)) > MOST_TERMS:
        return None
    arrays, at = [], 0
    for shape in shapes:
        arrays.append(_sums_in(range(at, at + size_of(shape)), shape))
        at += size_of(shape)
    try:
        kernel = op.kernel
        call = getattr(np, kernel) if isinstance(kernel, str) else partial(kernel, np)
        made = call(*arrays, **dict(attrs))
    except (TypeError, ValueError, AttributeError):
        return None
    return _terms(made)


def _sums_in(numbers: Sequence[int], shape: Shape) -> numpy.ndarray[Any, Any]:
    import numpy as np

    array = np.empty(len(numbers), dtype=object)
    array[:] = [_Sum((i,)) for i in numbers]
    return array.reshape(shape)


def _terms(made: Any) -> Sums | None:
    import numpy as np

    items = made.ravel().tolist() if isinstance(made, np.ndarray) else [made]
    if not all(isinstance(item, _Sum) or item == 0 for item in items):
        return None
    if sum(item.count for item in items if isinstance(item, _Sum)) > MOST_TERMS:
        return None
    return [item.terms if isinstance(item, _Sum) else () for item in items]


def _chosen(node: Application, args: Sequence[Sequence[T]], arithmetic: Arithmetic[T]) -> Sums | None:
    """The same for what picks elements by numbers that are known."""
    import numpy as np

    op, arrays, at = node.op, [], 0
    for i, (arg, row) in enumerate(zip(node.args, args, strict=True)):
        if i not in op.integers:
            arrays.append(_sums_in(range(at, at + len(row)), arg.shape))
        else:
            numbers = [arithmetic.value(element) for element in row]
            if any(number is None for number in numbers):
                return None
            arrays.append(np.array(numbers, dtype=int).reshape(arg.shape))
        at += len(row)
    if op.check is not None:
        op.check(tuple(arg.shape for arg in node.args), *(arrays[i] for i in op.integers), **node.attrs)
    assert callable(op.kernel)
    return _terms(op.kernel(np, *arrays, **node.attrs))
