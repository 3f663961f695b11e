"""The graph: nodes with a shape and a dtype, hash-consed, so that equal expressions are one node.

The table of primitives fills `registry`; the graph owns it empty, so that rules can be written with
operators on nodes and there is no import cycle between the two.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Hashable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from gradcli.core.ir.dtypes import DType, as_float, as_int64
from gradcli.core.ir.exact import Exact, Finer, Precise, bare
from gradcli.core.ir.shapes import Shape

if TYPE_CHECKING:
    import numpy


Number: TypeAlias = "bool | int | float"

Operand: TypeAlias = "Node | bool | int | float"


class Operation(Protocol):
    """What a node needs of its primitive; `gradcli.core.ir.primitive.Primitive` is the one that has derivatives."""

    @property
    def name(self) -> str:
        """What the table calls it."""
        ...

    @property
    def pointwise(self) -> bool:
        """Whether each element of the result needs only the elements at its place."""
        ...

    @property
    def commutes(self) -> bool:
        """Whether the order of two operands is no matter."""
        ...

    def __call__(self, *args: Operand, **attrs: Hashable) -> Node:
        """The node for the operands."""
        ...


class Registry(dict[str, Operation]):
    """The table as far as it is imported; `import_all` brings the rest."""

    import_all: Callable[[], None] = staticmethod(lambda: None)

    def __missing__(self, name: str) -> Operation:
        self.import_all()
        if name not in self:
            raise KeyError(name)
        return self[name]


registry = Registry()

serials = itertools.count()
# Python's own WeakValueDictionary takes several times as long, which is half of what a node costs. What nobody holds
# any more is taken out when there is twice as much as was held last, and more than so much.
kept_nodes: dict[Hashable, weakref.ref[Node]] = {}
FEWEST_FORGOTTEN = 20_000
_most = [FEWEST_FORGOTTEN]


class Node:
    """One value in a graph: a constant, an input, a parameter, or the application of a primitive.

    `serial` grows with creation, and arguments exist before what uses them, so it is a topological order. Leaves have
    neither arguments nor attributes nor an operation. `kind` is the name of the primitive, or of the sort of leaf.
    """

    __slots__ = ("__weakref__", "dtype", "serial", "shape")

    op: Operation | None = None
    args: tuple[Node, ...] = ()
    attrs: Mapping[str, Any] = MappingProxyType({})
    shape: Shape
    dtype: DType
    serial: int

    def __init__(self, shape: Shape, dtype: DType) -> None:
        self.shape, self.dtype = shape, dtype
        self.serial = next(serials)

    def __repr__(self) -> str:
        return f"<{self._shown()} #{self.serial} {self.dtype.value}{self.shape}>"

    @property
    def kind(self) -> str:
        """The name of the primitive that is applied, or `constant`, `input` or `parameter`."""
        return type(self).__name__.lower()

    def _shown(self) -> str:
        return self.kind

    def __add__(self, other: Operand) -> Node:
        return registry["add"](self, other)

    def __radd__(self, other: Operand) -> Node:
        return registry["add"](other, self)

    def __sub__(self, other: Operand) -> Node:
        return registry["subtract"](self, other)

    def __rsub__(self, other: Operand) -> Node:
        return registry["subtract"](other, self)

    def __mul__(self, other: Operand) -> Node:
        return registry["multiply"](self, other)

    def __rmul__(self, other: Operand) -> Node:
        return registry["multiply"](other, self)

    def __truediv__(self, other: Operand) -> Node:
        return registry["divide"](self, other)

    def __rtruediv__(self, other: Operand) -> Node:
        return registry["divide"](other, self)

    def __neg__(self) -> Node:
        return registry["negate"](self)

    def __matmul__(self, other: Operand) -> Node:
        return registry["matmul"](self, other)

    def __gt__(self, other: Operand) -> Node:
        return registry["greater"](self, other)

    def __lt__(self, other: Operand) -> Node:
        return registry["less"](self, other)


class Constant(Node):
    """A value known now: a plain number where the shape is (), else an array that nobody writes to.

    `weak` says that it is a plain number, which takes the dtype of what it meets; `finer` is what is known of an array
    beside its elements.
    """

    __slots__ = ("finer", "value", "weak")

    def __init__(self, value: Any, shape: Shape, dtype: DType, weak: bool = False, finer: Finer | None = None) -> None:
        super().__init__(shape, dtype)
        self.value, self.weak, self.finer = value, weak, finer

    def _shown(self) -> str:
        return f"constant {self.value!r}" if self.shape == () else self.kind


class Input(Node):
    """A free variable. `weak` says that it stands for a plain number, which takes the dtype of what it meets.

    `stands_for` is what the caller has in its place, and `known` that number, where a call can tell it.
    """

    __slots__ = ("known", "name", "stands_for", "weak")

    def __init__(
        self, name: str, shape: Shape, dtype: DType, weak: bool, known: Known | None, stands_for: Node | None
    ) -> None:
        super().__init__(shape, dtype)
        self.name, self.weak, self.known, self.stands_for = name, weak, known, stands_for

    def _shown(self) -> str:
        return f"input {self.name}"


class Parameter(Node):
    """A trainable leaf; `value` is the constant that it stands for when a graph is evaluated.

    Parameters of one `key` are one parameter with different values.
    """

    __slots__ = ("key", "name", "value")

    def __init__(self, name: str, value: Constant, key: object) -> None:
        super().__init__(value.shape, value.dtype)
        self.name, self.value, self.key = name, value, key

    def _shown(self) -> str:
        return f"parameter {self.name}"


def name_of(node: Node) -> str:
    """What an input or a parameter is called; the kind of any other node."""
    return node.name if isinstance(node, (Input, Parameter)) else node.kind


class Known:
    """The number that an input stands for in this call, and whether the trace has come to depend on it.

    A count such as `range(n)` fixes the graph's shape, so no derivative with respect to n is left in it.
    `find` is asked when it is needed, and told what for: it is None where the call itself can't tell.
    """

    def __init__(self, find: Callable[[str], bool | int | float | None]) -> None:
        self._find = find
        self.used: str | None = None
        self._found: bool | int | float | None = None

    def use(self, what: str) -> bool | int | float | None:
        """The number, remembering what it was asked for."""
        self.used = self.used or what
        if self._found is None:
            self._found = self._find(what)
        return self._found


N = TypeVar("N", bound=Node)


def interned(key: Hashable, make: Callable[..., N], *parts: Any) -> N:
    """The node that was made of these parts under a key, as long as somebody holds it, else a new one."""
    kept = kept_nodes.get(key)
    node: Any = None if kept is None else kept()
    return keep(key, make(*parts)) if node is None else node


def keep(key: Hashable, node: N, holds: bool = False) -> N:
    """The node, which is found under the key from now on, as long as somebody holds it.

    `holds` says that the key holds what may be large, and so goes with the node.
    """
    kept_nodes[key] = weakref.ref(node, _forgetting(key) if holds else None)
    if len(kept_nodes) > _most[0]:
        forget_the_gone()
    return node


def _forgetting(key: Hashable) -> Callable[[weakref.ref[Node]], None]:
    def forget(gone: weakref.ref[Node]) -> None:
        if kept_nodes.get(key) is gone:
            del kept_nodes[key]

    return forget


def forget_the_gone() -> None:
    """Take out of the table what nobody holds."""
    # The keys alone: of pairs each would be made anew, whereupon the collector may take out what is gone.
    for key in list(kept_nodes):
        kept = kept_nodes.get(key)
        if kept is not None and kept() is None:
            kept = kept_nodes.pop(key, None)
            if kept is not None and kept() is not None:
                # Another thread has made it anew.
                kept_nodes.setdefault(key, kept)
    _most[0] = max(FEWEST_FORGOTTEN, 2 * len(kept_nodes))


def constant(value: Number, dtype: DType, weak: bool = False) -> Constant:
    """A scalar known now. -0.0 and 0.0 are different constants, and so are weak ones, and those known exactly."""
    if value.__class__ is float and value and value == value and dtype is DType.FLOAT64:
        # Most are, and go by themselves.
        return interned(("constant", dtype, weak, value), Constant, value, (), dtype, weak)
    plain: Number = (
        as_float(value, dtype) if dtype.is_float else bool(value) if dtype is DType.BOOL else as_int64(value)
    )
    return interned(("constant", dtype, weak, _spelled(plain)), Constant, plain, (), dtype, weak)


def _spelled(value: Number) -> Hashable:
    # Its text tells 0.0 from -0.0, and one nan is as good as another.
    if value.__class__ is float and value and value == value:
        return value
    if isinstance(value, Exact):
        # A fraction's own hash takes longer than all else.
        return repr(value), *value.fraction.as_integer_ratio(), value.pi, value.e, value.decimal
    if isinstance(value, Precise):
        return repr(value), value.digits, repr(value.raw)
    return repr(value)


# NumPy's codes of the common types: an array's own name for its type takes longer than most that is done with it.
_BY_CODE = {"d": DType.FLOAT64, "f": DType.FLOAT32, "?": DType.BOOL}


def array_constant(array: numpy.ndarray[Any, Any] | Finer) -> Constant:
    """A tensor known now; the array is not copied and must not be written to afterwards. A scalar is interned."""
    value: numpy.ndarray[Any, Any] = bare(array)
    dtype = _BY_CODE.get(value.dtype.char) or DType(value.dtype.name)
    if value.shape == ():
        return constant(value.item(), dtype)
    value.flags.writeable = False
    return Constant(value, value.shape, dtype, finer=array if isinstance(array, Finer) else None)


def computed_constant(data: Any, dtype: DType) -> Constant:
    """What a program gave, a Python number or an array, as a constant; a number is of the type that is said."""
    return constant(data, dtype) if isinstance(data, (bool, int, float)) else array_constant(data)


def constant_like(value: Any, like: Node) -> Constant:
    """Numbers known now, a Python number or an array, in the shape and dtype of another node."""
    if like.shape == ():
        return constant(value if isinstance(value, (bool, int, float)) else value.item(), like.dtype)
    if isinstance(value, Finer):
        return array_constant(value)
    import numpy

    return array_constant(numpy.array(numpy.broadcast_to(value, like.shape), dtype=like.dtype.value))


def fresh_input(
    name: str,
    shape: Shape,
    dtype: DType,
    weak: bool = False,
    known: Known | None = None,
    stands_for: Node | None = None,
) -> Input:
    """A free variable that is no other: two inputs of the same name stay apart."""
    return Input(name, shape, dtype, weak, known, stands_for)


def parameter(name: str, value: Constant, instead_of: Parameter | None = None) -> Parameter:
    """A trainable leaf; one that takes the place of another keeps its key: it is the same one with a new value."""
    return Parameter(name, value, object() if instead_of is None else instead_of.key)


def filled(value: Number, like: Node) -> Node:
    """A tensor of one number, with the shape and dtype of another."""
    scalar = constant(value, like.dtype)
    return scalar if like.shape == () else registry["broadcast"](scalar, shape=like.shape)


def is_number(node: Node, value: float) -> bool:
    """Whether the node is this scalar constant, or this constant stretched."""
    op = node.op
    if op is not None:
        # Most nodes that are asked for are neither, and told at once.
        if op.name != "broadcast":
            return False
        return is_number(node.args[0], value)
    return isinstance(node, Constant) and node.shape == () and bool(node.value == value)
