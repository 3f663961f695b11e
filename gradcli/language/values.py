"""What an expression evaluates to.

Plain numbers stay Python's ints and floats, exact, until they meet a tensor and take its type.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import EllipsisType
from typing import TYPE_CHECKING, Any, TypeAlias

from gradcli.core.errors import CoreError
from gradcli.core.graph import PARAMETER, Node
from gradcli.core.limits import require
from gradcli.core.records import record
from gradcli.language.diagnostics import LanguageError, Span, fail

if TYPE_CHECKING:
    from gradcli.core.transforms.compressed import Sparse
    from gradcli.language.machine import Machine
    from gradcli.language.tracing import Substitution

Value: TypeAlias = (
    "Node | bool | int | float | str | EllipsisType | tuple[Value, ...] | Function | Parameters"
    " | DerivativeTable | SparseMatrix | Names | None"
)


# What goes through tuples within tuples takes a few of Python's calls for each.
DEEPEST = 200


class Required:
    """The default of an input that has none."""


REQUIRED = Required()


@record
class Input:
    """One input of a function; `default` is REQUIRED, or what stands in when it isn't given.

    `real` says that numbers and tensors go there, and not an axis, a count, a text or a choice; `names` that it takes
    names, which are not evaluated.
    """

    name: str
    default: Value | Required = REQUIRED
    variadic: bool = False
    real: bool = True
    names: bool = False


class Function(ABC):
    """Anything that can be called.

    `kind` is the word for it in messages: function, model, layer, derivative, built-in.
    """

    name: str
    kind: str = "function"
    inputs: tuple[Input, ...]

    @abstractmethod
    def call(self, machine: Machine, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The result for one value an input, defaults filled in.

        `fresh` promises that the tensors among the values are inputs made for this call, so none need be made again.
        """

    def substituted(self, substitution: Substitution) -> Function:
        """The same function where tensors that it closes over are changed; itself where it closes over none."""
        return self


@record
class Parameters:
    """The trainable parameters of a function, by name, in the order in which its text reaches them.

    `paths` are all the names that each goes by: more than one where two parts of a model share it.
    """

    of: str
    paths: tuple[tuple[str, ...], ...]
    nodes: tuple[Node, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """One name for each: the first that the text reaches it by."""
        return tuple(names[0] for names in self.paths)


@record
class Names:
    """What `wrt=` was given: names that are not evaluated. `single` where it was no tuple."""

    items: tuple[tuple[str, Span], ...]
    single: bool


@dataclass(frozen=True)
class Partial:
    """The name of a derivative: what is differentiated, and with respect to what, in order.

    `below` is the order of what is differentiated, where that is a derivative already.
    """

    of: str
    variables: tuple[str, ...] = ()
    below: int = 0

    @property
    def order(self) -> int:
        """How often it was differentiated in all."""
        return self.below + len(self.variables)

    def then(self, variable: str) -> Partial:
        """This one differentiated once more."""
        return Partial(self.of, (*self.variables, variable), self.below)

    def __str__(self) -> str:
        if not self.variables:
            return self.of
        counts: dict[str, int] = {}
        for variable in self.variables:
            counts[variable] = counts.get(variable, 0) + 1
        below = "".join(f"∂{name}{superscript(n)}" for name, n in counts.items())
        return f"∂{superscript(len(self.variables))}{self.of}/{below}"


def superscript(n: int) -> str:
    """A number above the line; 1 is left out."""
    return "" if n == 1 else str(n).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


@record
class DerivativeTable:
    """Derivatives by order, as `derivatives` and the grad command show them."""

    rows: tuple[tuple[Partial, Node], ...]
    note: str | None = None
    formulas: tuple[str | None, ...] = ()


@record
class SparseMatrix:
    """A matrix of which only the entries that may differ from 0 are known."""

    entries: Sparse

    @property
    def members(self) -> dict[str, Value]:
        """What stands behind a point."""
        found = self.entries
        return {"shape": found.pattern.shape, "nnz": found.pattern.count, "values": found.values}


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


def nodes_in(value: Value) -> Iterator[Node]:
    """The tensors of a nested tuple, from left to right; those of a part that occurs twice come twice.

    Raises:
        CoreError: for a tuple with more items than are allowed.
    """
    require_walkable(value)
    yield from _nodes_in(value)


def _nodes_in(value: Value) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, SparseMatrix):
        yield value.entries.values
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes_in(item)


def distinct_nodes(value: Value) -> list[Node]:
    """The tensors of a nested tuple, each part looked at once, however often it occurs."""
    found: dict[Node, None] = {}
    seen: set[int] = set()
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, tuple):
            if id(part) not in seen:
                seen.add(id(part))
                stack.extend(reversed(part))
        elif isinstance(part, (Node, SparseMatrix)):
            found[part if isinstance(part, Node) else part.entries.values] = None
    return list(found)


def require_walkable(*values: Value) -> None:
    """Refuse nested tuples that are too large to go through item by item; parts may occur many times in them.

    Raises:
        CoreError: saying how many items there are.
    """
    for value in values:
        require_shallow(value)
        if isinstance(value, tuple):
            require("max_items", count_items(value), "a nested tuple of", "go through a part of it")


def count_items(value: object) -> int:
    """How many items a nested tuple has in all."""
    total: int = fold(value, lambda item: 1, sum)
    return total


def require_shallow(value: Value) -> None:
    """Refuse tuples within tuples that lie too deep to be gone through.

    Raises:
        CoreError: for those.
    """
    if isinstance(value, tuple) and fold(value, lambda item: 0, lambda depths: 1 + max(depths, default=0)) > DEEPEST:
        raise CoreError(f"tuples lie within tuples more than {DEEPEST} deep", "put items side by side")


def map_nodes(value: Value, change: Callable[[Node], Node]) -> Value:
    """The same nesting with each tensor changed; what was shared stays shared."""
    changed: Value = map_items(value, lambda item: _changed(item, change))
    return changed


def _changed(item: Value, change: Callable[[Node], Node]) -> Value:
    if isinstance(item, Node):
        return change(item)
    if isinstance(item, SparseMatrix):
        return SparseMatrix(replace(item.entries, values=change(item.entries.values)))
    return item


def map_items(value: Value, change: Callable[[Value], Any]) -> Any:
    """The same nesting with each item that is no tuple changed; what was shared stays shared."""
    return fold(value, change, tuple)


def fold(value: Any, leaf: Callable[[Any], Any], join: Callable[[list[Any]], Any]) -> Any:
    """What a nested tuple comes to: `leaf` of each item that is none, `join` of those in a tuple.

    A part that occurs many times is gone through once.
    """
    if not isinstance(value, tuple):
        return leaf(value)
    # The whole holds each part, so that its identity is its own meanwhile.
    done: dict[int, Any] = {}
    stack = [value]
    while stack:
        part = stack[-1]
        waiting = [i for i in part if isinstance(i, tuple) and id(i) not in done]
        if waiting:
            stack.extend(waiting)
            continue
        done[id(part)] = join([done[id(i)] if isinstance(i, tuple) else leaf(i) for i in part])
        stack.pop()
    return done[id(value)]


def describe(value: Value) -> str:
    """What sort of value it is, for a message."""
    if isinstance(value, Node):
        if value.op is PARAMETER:
            return f"the parameter `{value.attrs['name']}`"
        return "a number" if value.shape == () else f"a tensor of shape {value.shape}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a text"
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return f"a tuple of {len(value)}"
    if isinstance(value, Parameters):
        return f"the parameters of `{value.of}`"
    if isinstance(value, DerivativeTable):
        return "a table of derivatives"
    if isinstance(value, SparseMatrix):
        return "a sparse matrix"
    if isinstance(value, Function):
        return f"the {value.kind} `{value.name}`"
    return "..."


def not_called(span: Span, what: str, multiplies: bool) -> LanguageError:
    """The refusal to call what is no function; `span` is where that stands."""
    hint = f"to multiply, write `{span.text}*(...)`" if multiplies else None
    return fail("type", f"{what} can't be called", span, hint)


def require_function(value: Value, span: Span, what: str) -> Function:
    """The value as a function.

    Raises:
        LanguageError: if it can't be called.
    """
    if isinstance(value, Function):
        return value
    hint = None
    if isinstance(value, (Node, int, float)):
        hint = "define a function first, such as `f(x) = x^2`, or write `x -> x^2`"
    raise fail("type", f"{what} needs a function, not {describe(value)}", span, hint)
