"""The graph: nodes with a shape and a dtype, hash-consed, so that equal expressions are one node.

The table of primitives fills `registry`; the graph owns it empty, so that rules can be written with
operators on nodes and there is no import cycle between the two.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from gradcli.core.ir.dtypes import DType, as_float, as_int64
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
