"""The graph: nodes with a shape and a dtype, hash-consed, so that equal expressions are one node.

The table of primitives fills `registry`; the graph owns it empty, so that rules can be written with
operators on nodes and there is no import cycle between the two.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from gradcli.core.dtypes import DType, as_float, as_int64, promote
from gradcli.core.shapes import Shape

if TYPE_CHECKING:
    import numpy

Number: TypeAlias = "bool | int | float"
Operand: TypeAlias = "Node | bool | int | float"


class Operation(Protocol):
    """What a node needs of its primitive; `gradcli.core.laws.Primitive` is the one that has derivatives."""

    @property
    def name(self) -> str:
        """What the table calls it."""
        ...

    def __call__(self, *args: Operand, **attrs: Hashable) -> Node:
        """The node for the operands."""
        ...


class Leaf:
    """The operation of a node that has no arguments."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *args: Operand, **attrs: Hashable) -> Node:
        """Refuse: a leaf is made, not applied."""
        raise TypeError(f"{self.name} is a leaf and is not applied")


CONSTANT = Leaf("constant")
INPUT = Leaf("input")
PARAMETER = Leaf("parameter")

registry: dict[str, Operation] = {}

_serials = itertools.count()
_interned: weakref.WeakValueDictionary[Hashable, Node] = weakref.WeakValueDictionary()


class Node:
    """One value in a graph. Made by `intern`, `constant`, `fresh_input` and `parameter`, never directly.

    `serial` grows with creation, and arguments exist before what uses them, so it is a topological order.
    """

    __slots__ = ("__weakref__", "args", "attrs", "dtype", "op", "serial", "shape")

    op: Operation
    args: tuple[Node, ...]
    attrs: Mapping[str, Any]
    shape: Shape
    dtype: DType
    serial: int

    def __init__(
        self, op: Operation, args: tuple[Node, ...], attrs: Mapping[str, Any], shape: Shape, dtype: DType
    ) -> None:
        self.op, self.args, self.attrs, self.shape, self.dtype = op, args, attrs, shape, dtype
        self.serial = next(_serials)

    def __repr__(self) -> str:
        return f"<{self.op.name} #{self.serial} {self.dtype.value}{self.shape}>"

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


def intern(op: Operation, args: tuple[Node, ...], attrs: Mapping[str, Hashable], shape: Shape, dtype: DType) -> Node:
    """The node for `op` applied to `args`, the same one for the same question.

    Arguments count by identity, which is sound while the node lives, since it holds them.
    """
    key = (op.name, tuple(map(id, args)), tuple(sorted(attrs.items())))
    node = _interned.get(key)
    if node is None:
        node = Node(op, args, attrs, shape, dtype)
        _interned[key] = node
    return node


def constant(value: Number, dtype: DType) -> Node:
    """A scalar known now. -0.0 and 0.0 are different constants."""
    plain: Number = (
        as_float(value, dtype) if dtype.is_float else bool(value) if dtype is DType.BOOL else as_int64(value)
    )
    key = ("constant", dtype, repr(plain))
    node = _interned.get(key)
    if node is None:
        node = Node(CONSTANT, (), {"value": plain}, (), dtype)
        _interned[key] = node
    return node


def array_constant(array: numpy.ndarray[Any, Any]) -> Node:
    """A tensor known now; the array is not copied and must not be written to afterwards. A scalar is interned."""
    dtype = DType(array.dtype.name)
    if array.shape == ():
        return constant(array.item(), dtype)
    array.flags.writeable = False
    return Node(CONSTANT, (), {"value": array}, array.shape, dtype)


def constant_like(value: Any, like: Node) -> Node:
    """Numbers known now, a Python number or an array, in the shape and dtype of another node."""
    if like.shape == ():
        return constant(value if isinstance(value, (bool, int, float)) else value.item(), like.dtype)
    import numpy

    return array_constant(numpy.array(numpy.broadcast_to(value, like.shape), dtype=like.dtype.value))


def fresh_input(name: str, shape: Shape, dtype: DType) -> Node:
    """A free variable that is no other: two inputs of the same name stay apart."""
    return Node(INPUT, (), {"name": name}, shape, dtype)


def parameter(name: str, value: Node, instead_of: Node | None = None) -> Node:
    """A trainable leaf; `value` is the constant that it stands for when a graph is evaluated.

    One that takes the place of another keeps its `key`: it is the same parameter with a new value.
    """
    key = object() if instead_of is None else instead_of.attrs["key"]
    return Node(PARAMETER, (), {"name": name, "value": value, "key": key}, value.shape, value.dtype)


def filled(value: Number, like: Node) -> Node:
    """A tensor of one number, with the shape and dtype of another."""
    scalar = constant(value, like.dtype)
    return scalar if like.shape == () else registry["broadcast"](scalar, shape=like.shape)


def is_number(node: Node, value: float) -> bool:
    """Whether the node is this scalar constant, or this constant stretched."""
    while node.op.name == "broadcast":
        node = node.args[0]
    return node.op is CONSTANT and node.shape == () and bool(node.attrs["value"] == value)


def coerce(values: Sequence[Operand], default: DType = DType.FLOAT64) -> tuple[Node, ...]:
    """Operands as nodes of one dtype. A plain number takes the type of the tensors that it meets.

    An int met by bools becomes int64; a float met by ints or bools becomes `default`; numbers alone do too.
    An input marked "weak" stands for a plain number and is treated as one.
    """
    nodes = [v for v in values if isinstance(v, Node)]
    numbers = [v for v in values if not isinstance(v, Node)]
    strong = [v.dtype for v in nodes if not v.attrs.get("weak")]
    weak = [v.dtype for v in nodes if v.attrs.get("weak")]
    if not strong:
        dtype = promote(*weak) if weak else DType.BOOL if all(isinstance(v, bool) for v in numbers) else default
    else:
        dtype = promote(*strong)
        if not dtype.is_float:
            if weak or any(isinstance(v, float) for v in numbers):
                dtype = promote(default, *weak)
            elif any(not isinstance(v, bool) for v in numbers):
                dtype = promote(dtype, DType.INT64)
    return tuple(cast(v, dtype) if isinstance(v, Node) else constant(v, dtype) for v in values)


def cast(node: Node, dtype: DType) -> Node:
    """The same values as another element type; the node itself where it has that type."""
    return node if node.dtype is dtype else registry["cast"](node, dtype=dtype.value)


def reachable(outputs: Iterable[Node]) -> list[Node]:
    """Every node that the outputs need, arguments first. Iterative: depth is the user's, not the stack's."""
    seen: dict[int, Node] = {}
    stack = list(outputs)
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen[id(node)] = node
            stack.extend(node.args)
    return sorted(seen.values(), key=lambda n: n.serial)


def without_parameters(outputs: Sequence[Node], besides: Iterable[Node] = ()) -> Sequence[Node]:
    """The outputs with the present value of each parameter in its place, but for some that are inputs."""
    kept = set(besides)
    values = {n: n.attrs["value"] for n in reachable(outputs) if n.op is PARAMETER and n not in kept}
    return substitute(outputs, values) if values else outputs


def by_need(outputs: Iterable[Node]) -> list[Node]:
    """The same nodes in the order in which the outputs come to need them, whatever was made first."""
    done: dict[int, Node] = {}
    stack = [(node, False) for node in reversed(list(outputs))]
    while stack:
        node, ready = stack.pop()
        if ready:
            done.setdefault(id(node), node)
        elif id(node) not in done:
            stack.append((node, True))
            stack.extend((arg, False) for arg in reversed(node.args))
    return list(done.values())


def dependents(order: Sequence[Node], sources: Iterable[Node]) -> set[Node]:
    """Of nodes in topological order, those that a source reaches, the sources included."""
    active = set(sources)
    for node in order:
        if any(arg in active for arg in node.args):
            active.add(node)
    return active


def substitute(outputs: Sequence[Node], replacements: Mapping[Node, Node]) -> tuple[Node, ...]:
    """The outputs with nodes replaced by others of the same shape and dtype."""
    order = reachable(outputs)
    active = dependents(order, replacements)
    new = dict(replacements)
    for node in order:
        if node in active and node not in new:
            args = tuple(new.get(arg, arg) for arg in node.args)
            new[node] = intern(node.op, args, node.attrs, node.shape, node.dtype)
    return tuple(new.get(node, node) for node in outputs)
