"""What an entry of the table says of a primitive, and how one is applied."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple, Protocol, TypeAlias
from weakref import ref

from gradcli.core.errors import DTypeError
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.edges import Edge, EdgeKind
from gradcli.core.ir.laws import Law
from gradcli.core.ir.nodes import Node, Operand, constant, keep, kept_nodes, registry, serials
from gradcli.core.ir.promotion import cast, coerce, real, stretch
from gradcli.core.ir.shapes import Shape, broadcast_shapes, check_shape, most_elements
from gradcli.core.records import record

Kernel: TypeAlias = "str | Callable[..., Any]"

Lift: TypeAlias = "Callable[..., Node]"


# Puts the value of each node of a topological order that has none yet beside those of the nodes that it needs.
Computing: TypeAlias = "Callable[[Sequence[Node], dict[Node, Any]], None]"


# One node in so many asks whether what is gone is to be forgotten.
NOW_AND_THEN = 64


class Moved(NamedTuple):
    """A graph of inputs for the arguments of a node, and of tensors of factors that are all near 1."""

    output: Node
    args: Sequence[Node]
    factors: Sequence[Node]


class Application(Node):
    """A primitive applied to arguments."""

    __slots__ = ("args", "attrs", "op")

    op: Primitive
    args: tuple[Node, ...]
    attrs: Mapping[str, Any]

    def __init__(
        self, op: Primitive, args: tuple[Node, ...], attrs: Mapping[str, Any], shape: Shape, dtype: DType
    ) -> None:
        # What the class above does is done here: there are many of these.
        self.shape, self.dtype, self.serial = shape, dtype, next(serials)
        self.op, self.args, self.attrs = op, args, attrs

    @property
    def kind(self) -> str:
        """The name of the primitive."""
        return self.op.name

    def _shown(self) -> str:
        parts = [f"#{arg.serial}" for arg in self.args] + [f"{key}={value!r}" for key, value in self.attrs.items()]
        return f"{self.op.name}({', '.join(parts)})"


def intern(
    op: Primitive, args: tuple[Node, ...], attrs: Mapping[str, Hashable], shape: Shape, dtype: DType
) -> Application:
    """The node for `op` applied to `args`, the same one for the same question.

    Arguments count by identity, which is sound while the node lives, since it holds them.
    """
    if attrs:
        key: Hashable = (op.name, tuple(map(id, args)), tuple(sorted(attrs.items())))
    elif len(args) == 2:
        key = (op.name, id(args[0]), id(args[1]))
    else:
        key = (op.name, *map(id, args))
    # What `interned` does, and `keep` but now and then, less a call for each.
    kept = kept_nodes.get(key)
    found: Any = None if kept is None else kept()
    if found is not None:
        return found  # type: ignore[no-any-return]
    node = Application(op, args, attrs, shape, dtype)
    if attrs or not node.serial % NOW_AND_THEN:
        return keep(key, node, bool(attrs))
    kept_nodes[key] = ref(node)
    return node


def edge_of(node: Node, kinds: Collection[EdgeKind] = frozenset(EdgeKind)) -> Edge | None:
    """The edge that a node's primitive has, if it is of some kinds."""
    edge = node.op.edge if isinstance(node, Application) else None
    if edge is None or edge.kind not in kinds or (edge.possible is not None and not edge.possible(**node.attrs)):
        return None
    return edge


def with_edge(order: Sequence[Node], kinds: Collection[EdgeKind] = frozenset(EdgeKind)) -> list[Node]:
    """Those of nodes whose primitives have an edge of some kinds."""
    edged = {op for op in set(map(attrgetter("op"), order)) if isinstance(op, Primitive) and op.edge is not None}
    return [node for node in order if node.op in edged and edge_of(node, kinds) is not None] if edged else []


def with_args(node: Node, args: tuple[Node, ...]) -> Node:
    """The same application of arguments of the same shapes and dtypes; a leaf, which has none, stays itself."""
    if args == node.args or not isinstance(node, Application):
        return node
    return intern(node.op, args, node.attrs, node.shape, node.dtype)


class Stepwise(Protocol):
    """How an entry that makes steps is computed by whoever has arithmetic of its own."""

    def count(self, node: Application) -> int:
        """How many nodes are computed in all steps together."""
        ...

    def value(self, node: Application, args: Sequence[Any], compute: Computing) -> Any:
        """The value, in that arithmetic, from those of the arguments."""
        ...

    def moved(self, node: Application, rounds: Callable[[Node], bool]) -> Moved | None:
        """The graph in which what each step rounds is moved by factors; None where these would take too much memory."""
        ...


@record
class Examples:
    """Where the generated tests look: intervals for elementwise arguments, shapes and attributes for the rest.

    `matrices` is "regular" or "positive" (symmetric and positive definite) where not any matrix will do.
    """

    domain: tuple[tuple[float, float], ...] = ()
    calls: tuple[tuple[tuple[Shape, ...], dict[str, Any]], ...] = ()
    matrices: str = "any"


@record
class Primitive:
    """One entry of the table. Calling it builds a node: operands are coerced and, where it broadcasts, stretched.

    `kernel` is a name in the array library, or a function of the library, the arrays and the attributes, and of `out`
    where it can write its result into an array.
    `prepared` makes of attributes a kernel for one program, of the operands alone: it may keep memory between calls,
    and where it says that it `takes_out`, it writes its result into an array that comes behind its operands.
    `math` is the same for one float: a template on Python's math module, or a function of the attributes that gives
    one; None where only arrays will do.
    `result` is the dtype out: that of the operands ("same", "number" where not bool, "float" where made float first),
    "bool", "int", or what the "attribute" dtype says.
    `condition` says that the first operand is a condition, `integers` which operands are indices.
    `check` refuses indices, given the shapes of all operands, the indices and the attributes.
    `pointwise` says that each element of the result needs only those at its place in the operands.
    `moves` says that each element of the result is one of the operands', or 0, so that the kernel moves any numbers.
    `commutes` says that the order of two operands is no matter, so that both orders are one node.
    `shortcut` gives the node that an application is equal to where that is simpler, or None.
    `lift` applies it where operands have one leading axis more: called with the primitive, the length of that axis,
    which operands have it, the operands and the attributes. An entry without it broadcasts, or takes stacks.
    `work` is how many operations it takes, from the shapes of the operands and of the result; 0 for what is a view.
    `family` says that differentiation never closes: each order adds one more member, such as the polygammas.
    `edge` is where value or slope are conventions, or none.
    `names` are what the language calls it, `symbol` its operator; without either it is internal.
    `reading` is how it is read where it has no name: a node of the same value by primitives that have names, from the
    operands and the attributes, or None for attributes with which it has one. Never evaluated.
    `defined` is the condition under which it has a value, a template in which operands are {0} and {1}, or a function
    of the attributes that gives one.
    `sloped` says of a function of matrices in words where it has a derivative, if it may lack one where it has a value.
    `ball` names its function of balls in `gradcli.core.engines.balls.special`; the template is one where
    there is any.
    `stepwise` is how an entry whose attribute is a step's graph is computed in other arithmetic than its kernel's.
    `example` are lines to type that show what it does; without it, help makes one of a point in its domain.
    `module` is the module that states it.
    """

    name: str
    law: Law
    arity: int
    summary: str
    examples: Examples
    kernel: Kernel
    shape: Callable[..., Shape]
    math: str | Callable[..., str | None] | None = None
    result: str = "same"
    symbol: str | None = None
    names: tuple[str, ...] = ()
    broadcasts: bool = True
    condition: bool = False
    integers: tuple[int, ...] = ()
    check: Callable[..., None] | None = None
    commutes: bool = False
    pointwise: bool = False
    moves: bool = False
    shortcut: Callable[..., Node | None] | None = None
    lift: Lift | None = None
    work: Callable[..., int] = most_elements
    family: bool = False
    edge: Edge | None = None
    reading: Callable[..., Node | None] | None = None
    ball: str | None = None
    defined: str | Callable[..., str | None] | None = None
    sloped: str = ""
    stepwise: Stepwise | None = None
    prepared: Callable[[Mapping[str, Any]], Callable[..., Any]] | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    example: str = ""
    module: str = ""

    def __call__(self, *args: Operand, **attrs: Hashable) -> Node:
        """Apply to operands.

        Raises:
            CoreError: for shapes or dtypes that the primitive isn't defined for.
        """
        nodes = self._alike(args) if self.keeps_type else None
        if nodes is None:
            nodes = self._fitted(args)
            shape, dtype = check_shape(self.shape(*(n.shape for n in nodes), **attrs)), self.dtype(nodes, attrs)
        else:
            shape, dtype = nodes[0].shape, nodes[0].dtype
        if self.commutes and nodes[0].serial > nodes[1].serial:
            nodes = (nodes[1], nodes[0])
        simpler = None if self.shortcut is None else self.shortcut(*nodes, **attrs)
        return intern(self, nodes, attrs, shape, dtype) if simpler is None else simpler

    def _alike(self, args: Sequence[Operand]) -> tuple[Node, ...] | None:
        """Operands that make a result of the shape and the float type that they all have, as most do; else None."""
        if not args:
            return None
        first = args[0]
        if not isinstance(first, Node):
            first = args[-1]
            if not isinstance(first, Node):
                return None
        shape, dtype = first.shape, first.dtype
        if not dtype.is_float:
            return None
        if len(args) == 1:
            return (first,)
        if len(args) == 2:
            # Most are these.
            a, b = args
            if isinstance(a, Node) and isinstance(b, Node):
                return (a, b) if a.dtype is b.dtype and a.shape == b.shape else None
        nodes = []
        for arg in args:
            if not isinstance(arg, Node):
                if shape:
                    return None
                arg = constant(arg, dtype)
            elif arg.dtype is not dtype or arg.shape != shape:
                return None
            nodes.append(arg)
        return tuple(nodes)

    @cached_property
    def keeps_type(self) -> bool:
        """Whether the result of floats of one shape and type is of these too."""
        is_of_floats = self.result in ("same", "number", "float") and not (self.condition or self.integers)
        return is_of_floats and (self.broadcasts or self.arity == 1) and self.shape is same_shape

    def _fitted(self, args: Sequence[Operand]) -> tuple[Node, ...]:
        """Operands as nodes of the dtypes that the primitive asks for, and where it broadcasts of one shape."""
        if self.condition:
            (condition,) = coerce(args[:1])
            nodes = (cast(condition, DType.BOOL), *coerce(args[1:]))
        elif self.integers:
            single = tuple(coerce([a])[0] for a in args)
            nodes = tuple(cast(n, DType.INT64) if i in self.integers else n for i, n in enumerate(single))
        else:
            nodes = coerce(args)
        if self.result == "float":
            nodes = tuple(map(real, nodes))
        if self.broadcasts:
            common = broadcast_shapes(n.shape for n in nodes)
            nodes = tuple(stretch(n, common) for n in nodes)
        return nodes

    def work_of(self, node: Node) -> int:
        """How many operations an application takes."""
        return self.work(*(arg.shape for arg in node.args), node.shape)

    def told(self, node: Node) -> str:
        """What an application is, in words."""
        return self.summary

    def template(self, attrs: Mapping[str, Any]) -> str | None:
        """The template on Python's math of an application with these attributes, None where it has none."""
        return self.math(**attrs) if callable(self.math) else self.math

    def dtype(self, nodes: tuple[Node, ...], attrs: Mapping[str, Hashable]) -> DType:
        """The element type of the result of an application.

        Raises:
            DTypeError: for operands that the primitive is not defined for.
        """
        if self.result == "bool":
            return DType.BOOL
        if self.result == "int":
            return DType.INT64
        if self.result == "attribute":
            return DType(attrs["dtype"])
        dtype = nodes[0 if self.integers else -1].dtype
        if self.result == "number" and dtype is DType.BOOL:
            raise DTypeError(f"{self.name} is not defined for bool", "use and, or, not on bools")
        return dtype


def operations(order: Iterable[Node]) -> int:
    """An estimate of the work that nodes take: so many operations on numbers."""
    return sum(node.op.work_of(node) for node in order if isinstance(node, Application) and node.args)


def same_shape(first: Shape, *rest: Shape, **attrs: object) -> Shape:
    """The shape rule of everything elementwise: operands have been stretched to one shape."""
    return first


def table() -> dict[str, Primitive]:
    """All entries by name, each stated once in `gradcli.core.primitives`."""
    registry.import_all()
    return {entry.name: entry for entry in imported()}


def imported() -> list[Primitive]:
    """Those entries that are imported by now."""
    return [entry for entry in registry.values() if isinstance(entry, Primitive)]


def find(fits: Callable[[Primitive], bool]) -> Primitive | None:
    """An entry that fits, from what is imported if there is one."""
    return next(filter(fits, imported()), None) or next(filter(fits, table().values()), None)
