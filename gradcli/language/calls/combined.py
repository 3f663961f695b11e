"""Functions made of functions by the signs of arithmetic: `f + g`, `2f`, `f∘g`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from functools import cached_property

from gradcli.core.ir.nodes import Node
from gradcli.core.records import structure
from gradcli.language.text.diagnostics import Ambiguous, Span, fail
from gradcli.language.text.notation import PAPER
from gradcli.language.values.describe import describe
from gradcli.language.values.identity import identity_of
from gradcli.language.values.nesting import map_items
from gradcli.language.values.values import REQUIRED, Caller, Function, Rewrite, Value

# What calculates with two values: the caller, the sign, both, and where.
Join = Callable[[Caller, str, Value, Value, Span], Value]

_PRODUCTS = ("*", "/")
# Signs of two products of vectors, and the built-ins that these are.
_OF_VECTORS = {"·": "dot", "⋅": "dot", "×": "cross"}
_SIGNS = (*_PRODUCTS, "+", "-")


@structure
class Combined(Function):
    """`left symbol right` for each input: of two functions of as many inputs, or of a function and a number."""

    symbol: str
    left: Value
    right: Value
    join: Join
    sign: str = ""
    kind: str = "function"

    def __post_init__(self) -> None:
        first = self.left if isinstance(self.left, Function) else self.right
        assert isinstance(first, Function)
        self.inputs = first.inputs
        self.name = f"{_named(self.left)} {self.symbol} {_named(self.right)}"

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """What the sign makes of both results; tuples item by item."""
        left, right = (
            side.call(caller, values, span, fresh) if isinstance(side, Function) else side
            for side in (self.left, self.right)
        )
        return self._joined(caller, left, right, span)

    def _joined(self, caller: Caller, left: Value, right: Value, span: Span) -> Value:
        if isinstance(left, tuple) and isinstance(right, tuple) and len(left) == len(right):
            return tuple(self._joined(caller, a, b, span) for a, b in zip(left, right, strict=True))
        if isinstance(left, tuple):
            whole: Value = map_items(left, lambda item: self.join(caller, self.symbol, item, right, span))
            return whole
        if isinstance(right, tuple):
            other: Value = map_items(right, lambda item: self.join(caller, self.symbol, left, item, span))
            return other
        refuse_products_of_vectors(self.sign, left, right, (_named(self.left), _named(self.right)), span)
        return self.join(caller, self.symbol, left, right, span)

    @cached_property
    def identity(self) -> Hashable | None:
        """That of its parts."""
        return identity_of(Combined, self.symbol, self.sign, self.left, self.right)

    def substituted(self, substitution: Rewrite) -> Combined:
        """The same of what both stand for among the caller's values."""
        return replace(self, left=substitution.value(self.left), right=substitution.value(self.right))


@structure
class Lifted(Function):
    """A built-in of functions, `norm(∇f)`: that of what they give."""

    outer: Function
    values: tuple[Value, ...]
    kind: str = "function"

    def __post_init__(self) -> None:
        self.inputs = next(v for v in self.values if isinstance(v, Function)).inputs
        given = zip(self.outer.inputs, self.values, strict=False)
        self.name = f"{self.outer.name}({', '.join(_named(v) for i, v in given if v is not i.default)})"

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The built-in's result."""
        given = [v.call(caller, values, span, fresh) if isinstance(v, Function) else v for v in self.values]
        return self.outer.call(caller, given, span)

    @cached_property
    def identity(self) -> Hashable | None:
        """That of its parts."""
        return identity_of(Lifted, self.outer, self.values)

    def substituted(self, substitution: Rewrite) -> Lifted:
        """The same of what they stand for among the caller's values."""
        return Lifted(self.outer, tuple(map(substitution.value, self.values)))


@structure
class Composed(Function):
    """`outer∘inner`: the outer function of the inner one's result."""

    outer: Function
    inner: Function
    kind: str = "function"

    def __post_init__(self) -> None:
        self.inputs = self.inner.inputs
        self.name = f"{_named(self.outer)}∘{_named(self.inner)}"

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The outer function's result; a tuple of as many items as it has inputs is one argument for each."""
        result = self.inner.call(caller, values, span, fresh)
        needed = sum(1 for i in self.outer.inputs if i.default is REQUIRED)
        given = list(result) if isinstance(result, tuple) and len(result) == needed > 1 else [result]
        if len(given) != needed and not (needed == 0 and len(self.outer.inputs)):
            raise fail(
                "type",
                f"`{self.outer.name}` takes {needed} inputs, and `{self.inner.name}` gives {len(given)} value",
                span,
                "compose functions whose outputs and inputs fit",
            )
        rest = [None if i.default is REQUIRED else i.default for i in self.outer.inputs[len(given) :]]
        return self.outer.call(caller, [*given, *rest], span)  # type: ignore[list-item]

    @cached_property
    def identity(self) -> Hashable | None:
        """That of its parts."""
        return identity_of(Composed, self.outer, self.inner)

    def substituted(self, substitution: Rewrite) -> Composed:
        """The same of what both stand for among the caller's values."""
        return Composed(self.outer.substituted(substitution), self.inner.substituted(substitution))


def refuse_products_of_vectors(sign: str, left: Value, right: Value, names: tuple[str, str], span: Span) -> None:
    """Refuse `a·b` and `a×b` of vectors, which on paper are not taken element by element."""
    if sign not in _OF_VECTORS or not (isinstance(left, Node) and isinstance(right, Node)):
        return
    if not (left.shape and right.shape):
        return
    a, b = names
    fits = left.shape == right.shape and len(left.shape) == 1 and (sign != "×" or left.shape in ((2,), (3,)))
    if fits:
        raise Ambiguous(span, f"{_OF_VECTORS[sign]}({a}, {b})", f"{a} * {b}", "element by element")
    hint = f"write `{a} * {b}` for one element by element, `@` for that of matrices"
    raise fail("type", f"`{sign}` is a product of two vectors of one length", span, hint)


def combined(symbol: str, left: Value, right: Value, join: Join, span: Span, sign: str = "") -> Function:
    """The function that a sign makes of functions, or of a function and a number; `sign` is what was written.

    Raises:
        LanguageError: for signs that make none.
    """
    if symbol == "∘":
        for side in (left, right):
            if not isinstance(side, Function):
                raise fail(
                    "type",
                    f"`∘` stands between two functions, and this is {describe(side)}",
                    span,
                    "such as `(f∘g)(x)`, which is f(g(x))",
                )
        assert isinstance(left, Function)
        assert isinstance(right, Function)
        return Composed(left, right)
    function, other = (left, right) if isinstance(left, Function) else (right, left)
    assert isinstance(function, Function)
    if isinstance(other, Function):
        if symbol in _SIGNS and len(function.inputs) == len(other.inputs):
            return Combined(symbol, left, right, join, sign)
    elif symbol in _SIGNS and isinstance(left if symbol == "/" else function, Function) and _is_factor(other):
        return Combined(symbol, left, right, join, sign)
    raise fail(
        "type",
        f"`{symbol}` needs numbers or tensors, not {describe(function)}",
        span,
        _instead(symbol, function, other),
    )


def any_function(of: Function, values: Sequence[Value]) -> bool:
    """Whether a function is among the numbers and tensors that a function is called with."""
    return any(
        not isinstance(v, Node) and isinstance(v, Function) for i, v in zip(of.inputs, values, strict=True) if i.real
    )


def _is_factor(value: Value) -> bool:
    return not isinstance(value, (str, tuple, bool)) and value is not None


def _instead(symbol: str, function: Function, other: Value) -> str:
    call = called(function)
    if symbol == "-" and function.name in PAPER:
        return f"write `{function.name}(-...)`, with brackets"
    if symbol == "^" and other is not function:
        return f"write `{call}^...` for a power of its value, `{_named(function)}∘{_named(function)}` to apply it twice"
    return f"call it first: `{call}`"


def called(function: Function) -> str:
    """A call of a function as it is written."""
    inputs = ", ".join(i.name for i in function.inputs)
    return f"{_named(function)}({inputs})"


def _named(value: Value) -> str:
    if not isinstance(value, Function):
        return str(value) if isinstance(value, (int, float)) else "..."
    plain = value.name.isidentifier() or value.name.endswith(("'", ")"))
    return value.name if plain and "->" not in value.name else f"({value.name})"
