"""The few kinds of derivative fact, and the declarers that enter a primitive into the table.

Every primitive obeys one law. The law says which fact must be stated and, in each file of
`gradcli.core.transforms`, what follows from it; nothing else in the project names a primitive's derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import field
from typing import Any, TypeAlias

from gradcli.core.dtypes import DType
from gradcli.core.errors import CoreError, DTypeError
from gradcli.core.graph import Node, Operand, cast, coerce, intern, registry
from gradcli.core.records import record
from gradcli.core.shapes import Shape, broadcast_shapes, check_shape, most_elements

Partial: TypeAlias = "Callable[..., Node | float]"
Adjoint: TypeAlias = "Callable[..., tuple[Node | None, ...]]"
Kernel: TypeAlias = "str | Callable[..., Any]"
Lift: TypeAlias = "Callable[..., Node]"


@record
class Elementwise:
    """One partial for each argument, called with the output y, the arguments and the attributes."""

    partials: tuple[Partial, ...]


@record
class Linear:
    """The adjoint: called with g, the arguments and the attributes, it gives one adjoint for each argument.

    `over` lists the arguments that the map is linear in (all, where None); the others get None.
    """

    adjoint: Adjoint
    over: tuple[int, ...] | None = None


@record
class Bilinear:
    """Linear in each of two arguments: called with g, a, b, it gives both adjoints."""

    adjoint: Adjoint


@record
class Implicit:
    """Defined by an equation. `rate(y, *args, *tangents)` is dy; `adjoint(g, y, *args)` its transpose."""

    rate: Callable[..., Node]
    adjoint: Adjoint


@record
class Flat:
    """No slope anywhere that counts: the derivative is zero."""


Law: TypeAlias = "Elementwise | Linear | Bilinear | Implicit | Flat"


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
    `math` is the same for one float: a template on Python's math module, or a function of the attributes that gives
    one; None where only arrays will do.
    `result` is the dtype out: that of the operands ("same", "number" where not bool, "float" where made float first),
    "bool", "int", or what the "attribute" dtype says.
    `condition` says that the first operand is a condition, `integers` which operands are indices.
    `check` refuses indices, given the shapes of all operands, the indices and the attributes.
    `commutes` says that the order of two operands is no matter, so that both orders are one node.
    `shortcut` gives the node that an application is equal to where that is simpler, or None.
    `lift` applies it where operands have one leading axis more: called with the primitive, the length of that axis,
    which operands have it, the operands and the attributes. An entry without it broadcasts, or takes stacks.
    `work` is how many operations it takes, from the shapes of the operands and of the result; 0 for what is a view.
    `family` says that differentiation never closes: each order adds one more member, such as the polygammas.
    `names` are what the language calls it, `symbol` its operator; without either it is internal.
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
    shortcut: Callable[..., Node | None] | None = None
    lift: Lift | None = None
    work: Callable[..., int] = most_elements
    family: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)

    def __call__(self, *args: Operand, **attrs: Hashable) -> Node:
        """Apply to operands.

        Raises:
            CoreError: for shapes or dtypes that the primitive isn't defined for.
        """
        if self.condition:
            (condition,) = coerce(args[:1])
            nodes = (cast(condition, DType.BOOL), *coerce(args[1:]))
        elif self.integers:
            single = tuple(coerce([a])[0] for a in args)
            nodes = tuple(cast(n, DType.INT64) if i in self.integers else n for i, n in enumerate(single))
        else:
            nodes = coerce(args)
        if self.result == "float":
            nodes = tuple(n if n.dtype.is_float else cast(n, DType.FLOAT64) for n in nodes)
        if self.broadcasts:
            common = broadcast_shapes(n.shape for n in nodes)
            nodes = tuple(stretch(n, common) for n in nodes)
        if self.commutes and nodes[0].serial > nodes[1].serial:
            nodes = (nodes[1], nodes[0])
        shape, dtype = check_shape(self.shape(*(n.shape for n in nodes), **attrs)), self.dtype(nodes, attrs)
        simpler = None if self.shortcut is None else self.shortcut(*nodes, **attrs)
        return intern(self, nodes, attrs, shape, dtype) if simpler is None else simpler

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


def stretch(node: Node, shape: Shape) -> Node:
    """The node broadcast to a shape, itself where it has it."""
    return node if node.shape == shape else registry["broadcast"](node, shape=shape)


def stacked(size: int, batched: Sequence[bool], args: Sequence[Node]) -> list[Node]:
    """The operands, each with a leading axis of this length: those without it are the same all along it."""
    return [arg if has else stretch(arg, (size, *arg.shape)) for arg, has in zip(args, batched, strict=True)]


def lifted(**changes: Callable[..., Any]) -> Lift:
    """A lift that changes attributes, each by a function of the new axis' length and the attribute."""

    def lift(op: Primitive, size: int, batched: Sequence[bool], args: Sequence[Node], attrs: Mapping[str, Any]) -> Node:
        new = {name: changes[name](size, value) if name in changes else value for name, value in attrs.items()}
        return op(*stacked(size, batched, args), **new)

    return lift


def one_further(size: int, axis: int | tuple[int, ...]) -> int | tuple[int, ...]:
    """Axes, or one, where there is one more in front."""
    return tuple(a + 1 for a in axis) if isinstance(axis, tuple) else axis + 1


def in_front(size: int, shape: Shape) -> Shape:
    """A shape with one axis more in front."""
    return (size, *shape)


def same_shape(first: Shape, *rest: Shape, **attrs: object) -> Shape:
    """The shape rule of everything elementwise: operands have been stretched to one shape."""
    return first


def table() -> dict[str, Primitive]:
    """All entries by name, each stated once in `gradcli.core.primitives`."""
    return {name: entry for name, entry in registry.items() if isinstance(entry, Primitive)}


def elementwise(
    name: str, *partials: Partial, help: str, domain: tuple[tuple[float, float], ...] = (), **fields: Any
) -> Primitive:
    """State a function of each element by its partials, one for each argument. `fields` are Primitive's."""
    return _state(name, Elementwise(partials), help, len(partials), _sampled(domain, len(partials)), fields, "float")


def flat(
    name: str,
    *,
    help: str,
    arity: int = 1,
    domain: tuple[tuple[float, float], ...] = (),
    examples: Examples | None = None,
    **fields: Any,
) -> Primitive:
    """State a function whose derivative is zero; of each element, unless its fields say otherwise."""
    return _state(name, Flat(), help, arity, examples or _sampled(domain, arity), fields, "same")


def linear(
    name: str,
    adjoint: Adjoint,
    *,
    help: str,
    examples: Examples,
    arity: int = 1,
    over: tuple[int, ...] | None = None,
    **fields: Any,
) -> Primitive:
    """State a linear map by its adjoint; forward it is itself."""
    fields = {"broadcasts": False, "names": (), **fields}
    return _state(name, Linear(adjoint, over), help, arity, examples, fields, "same")


def bilinear(name: str, adjoint: Adjoint, *, help: str, examples: Examples, **fields: Any) -> Primitive:
    """State a product by its two adjoints."""
    return _state(name, Bilinear(adjoint), help, 2, examples, {"broadcasts": False, **fields}, "number")


def implicit(
    name: str,
    rate: Callable[..., Node],
    adjoint: Adjoint,
    *,
    help: str,
    arity: int,
    examples: Examples,
    **fields: Any,
) -> Primitive:
    """State a function that an equation defines, by its rate and its adjoint."""
    return _state(name, Implicit(rate, adjoint), help, arity, examples, {"broadcasts": False, **fields}, "float")


def _sampled(domain: tuple[tuple[float, float], ...], arity: int) -> Examples:
    return Examples(domain=domain or ((-2.0, 2.0),) * arity)


def _state(
    name: str, law: Law, help: str, arity: int, examples: Examples, fields: dict[str, Any], result: str
) -> Primitive:
    """Put an entry into the table with the defaults of its law; a name can be taken once."""
    if name in registry:
        raise ValueError(f"the primitive {name} is stated twice")
    defaults = {"kernel": name, "shape": same_shape, "result": result, "names": (name,)}
    entry = Primitive(name=name, law=law, arity=arity, summary=help, examples=examples, **{**defaults, **fields})
    registry[name] = entry
    return entry


def require(condition: bool, message: str, hint: str | None = None) -> None:
    """Refuse an argument of a primitive or of the prelude."""
    if not condition:
        raise CoreError(message, hint)
