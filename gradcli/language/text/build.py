"""Reductions of the grammar to syntax classes. Runs inside the parser, so depth costs no stack."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

from gradcli.core.errors import CoreError
from gradcli.core.ir.exact import Exact
from gradcli.language.text import syntax as s
from gradcli.language.text.arrays import Numbers
from gradcli.language.text.diagnostics import Source, Span, fail
from gradcli.language.text.integers import LARGEST_INT_BITS, checked
from gradcli.language.text.lalr import Token
from gradcli.language.text.paper import BIG, SIGNS, Children, Paper, is_grouped, joined, order_of_primes, series

# Letters to Python, powers to a reader.
_RAISED = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹")

# Where the grammar has no use for one of these, the lexer takes it for a name.
KEYWORDS = frozenset(
    (
        *("model", "def", "param", "return", "for", "in", "if", "elif", "else", "while", "break", "continue"),
        *("and", "or", "not", "assert", "set", "true", "false", "none", "True", "False", "None"),
    )
)

# Python reads no more digits of a whole number, since it takes long.
MOST_DIGITS = 4_000
# What lists a model's parameters, and what can be given their values.
PARAMETERS_OF = ("params", "trainable_params")
# A decimal of more characters is one that a machine wrote, and is a float.
MOST_EXACT_DIGITS = 40

_CHOICE = "a choice is written `a if condition else b`"
_ANOTHER_FILE = 'what another file defines is had by `use "file.grad"`'
INSTEAD = {
    "if": _CHOICE,
    "elif": "it stands behind the block of an `if`",
    "else": "it stands behind the block of an `if`, or in `a if condition else b`",
    "import": _ANOTHER_FILE,
    "from": _ANOTHER_FILE,
    "print": "write `print(x)`; an expression by itself is shown too",
    "while": "write `while condition:`",
}


def identifier(text: str) -> str | None:
    """The name that a text spells, normalised as Python's names are; None where it spells none."""
    if text.isascii():
        return str(text) if text.isidentifier() else None
    from unicodedata import normalize

    name = str(normalize("NFKC", text))
    return name if name.isidentifier() and _RAISED.isdisjoint(text) else None


class NotAnArray(Exception):  # noqa: N818 - the text is parsed in the other way then
    """What stands in the brackets of an array of plain numbers picks elements."""


class Builder(Paper):
    """One method a rule; each gets the rule's tokens and parts in order.

    `source` is the text, and `arrays` are those of plain numbers in it that the builder is told of.
    """

    def __init__(self, source: Source, arrays: Mapping[int, Numbers]) -> None:
        self.source, self.arrays = source, arrays
        # What has been found to be a name.
        self._names: dict[str, str] = {}

    # Statements.

    def start(self, c: Children) -> tuple[s.Statement, ...]:
        return tuple(_parts(c))

    def suite(self, c: Children) -> tuple[s.Statement, ...]:
        return tuple(_parts(c))

    def assign(self, c: Children) -> s.Statement:
        *targets, value = _parts(c)
        if len(targets) > 1:
            raise fail("syntax", "only one `=` in a statement", targets[1].span, "assign twice, or use `==` to compare")
        return self._assigned(self._span(c), targets[0], value)

    def _assigned(self, span: Span, target: s.Expression, value: s.Expression) -> s.Statement:
        called = target.function if isinstance(target, s.Call) and not _are_parameters(target) else None
        if isinstance(target, s.Call) and isinstance(called, s.Name) and _is_typed(called):
            parameters = _distinct(tuple(_parameter(a) for a in (*target.arguments, *target.keywords)))
            return s.Function(span, called, parameters, (s.Return(value.span, value),), False)
        _check_target(target)
        return s.Assign(span, target, value)

    def augmented(self, c: Children) -> s.Assign:
        target, operator, value = c
        if not isinstance(target, s.Attribute | s.Name | s.Subscript) and not _are_parameters(target):
            raise fail("syntax", f"`{operator}` needs a name on its left", target.span, "assign the result to a name")
        _check_target(target)
        span = self._span(c)
        return s.Assign(span, target, s.Binary(span, _spelled(str(operator)[:-1]), target, value))

    def param(self, c: Children) -> s.Param:
        name, value = _parts(c)
        return s.Param(self._span(c), name, value)

    def return_(self, c: Children) -> s.Return:
        return s.Return(self._span(c), c[1])

    def assert_(self, c: Children) -> s.Assert:
        condition, *message = _parts(c)
        return s.Assert(self._span(c), condition, message[0] if message else None)

    def set(self, c: Children) -> s.Set:
        name, value = _parts(c)
        return s.Set(self._span(c), name, value)

    def use(self, c: Children) -> s.Use:
        path = self.string([c[1]])
        return s.Use(self._span(c), path, c[3] if len(c) > 2 else None)

    def show(self, c: Children) -> s.Show | s.Print:
        value = c[0]
        if isinstance(value, s.Call) and isinstance(value.function, s.Name) and value.function.id == "print":
            if value.keywords:
                raise fail("syntax", "print takes values alone", value.keywords[0].span, 'as in `print(x, "step {i}")`')
            return s.Print(value.span, value.arguments)
        return s.Show(value.span, value)

    def break_(self, c: Children) -> s.Break:
        return s.Break(self._span(c))

    def continue_(self, c: Children) -> s.Continue:
        return s.Continue(self._span(c))

    def model(self, c: Children) -> s.Function:
        return self._function(c, True)

    def def_(self, c: Children) -> s.Function:
        return self._function(c, False)

    def _function(self, c: Children, is_model: bool) -> s.Function:
        _, name, _, parameters, closing, _, body = c
        return s.Function(self._span([c[0], closing]), name, _distinct(parameters), body, is_model)

    def for_(self, c: Children) -> s.For:
        _, targets, _, values, colon, body = c
        return s.For(self._span([c[0], colon]), targets, values, body)

    def while_(self, c: Children) -> s.While:
        _, condition, colon, body = c
        return s.While(self._span([c[0], colon]), condition, body)

    def if_(self, c: Children) -> s.If:
        arms: list[s.Arm] = []
        rest = list(c)
        while rest and rest[0] in ("if", "elif"):
            word, condition, colon, body, *rest = rest
            arms.append(s.Arm(self._span([word, colon]), condition, body))
        return s.If(self._span(c[:3]), tuple(arms), rest[2] if rest else ())

    def targets(self, c: Children) -> tuple[s.Name, ...]:
        return tuple(_parts(c))

    def parameters(self, c: Children) -> tuple[s.Formal, ...]:
        return tuple(_parts(c))

    def parameter(self, c: Children) -> s.Formal:
        name, *default = _parts(c)
        return s.Formal(self._span(c), name.id, default[0] if default else None)

    # Expressions.

    def tuple(self, c: Children) -> s.Tuple:
        return s.Tuple(self._span(c), tuple(_parts(c)))

    def empty_tuple(self, c: Children) -> s.Tuple:
        return s.Tuple(self._span(c), ())

    def grouped(self, c: Children) -> s.Expression:
        # The brackets belong to the span, or the text of `(a + b) * c` would begin at its a.
        inner: s.Expression = c[1]
        return replace(inner, span=self._span(c))

    def array(self, c: Children) -> s.Array:
        span = self._span(c)
        numbers = self.arrays.get(span.start)
        return s.Array(span, tuple(_parts(c)) if numbers is None else (), numbers)

    def lambda_(self, c: Children) -> s.Lambda:
        left, body = _parts(c)
        names = left.items if isinstance(left, s.Tuple) else (left,)
        return s.Lambda(self._span(c), _distinct(tuple(_parameter(n) for n in names)), body)

    def conditional(self, c: Children) -> s.Conditional:
        yes, condition, no = _parts(c)
        return s.Conditional(self._span(c), condition, yes, no)

    def binary(self, c: Children) -> s.Expression:
        left, operator, right = c
        sign = _spelled(operator)
        if sign in ("+", "-") and isinstance(left, s.Partial) and not is_grouped(left) and not is_grouped(left.of):
            self.refuse_more_behind(left, self._span(c))
        return joined(self._span(c), sign, left, right)

    def or_(self, c: Children) -> s.Binary:
        return s.Binary(self._span(c), str(c[1]), c[0], c[2])

    and_ = or_

    def unary(self, c: Children) -> s.Unary:
        sign = _spelled(str(c[0]))
        if sign == "±":
            raise fail("syntax", "`±` stands between a number and its error", self._span(c), "as in 3 ± 0.1")
        return s.Unary(self._span(c), sign, c[1])

    not_ = unary

    def compare(self, c: Children) -> s.Compare:
        return s.Compare(self._span(c), tuple(_spelled(str(t)) for t in c[1::2]), tuple(c[0::2]))

    def call(self, c: Children) -> s.Expression:
        function, _, arguments, _ = c
        # What a call gives may be called, or be a factor: sin(x)(x+1).
        is_result = isinstance(function, (s.Beside, s.Call, s.Binary))
        beside = is_result or (is_grouped(function) and not isinstance(function, s.Tuple))
        if beside and not any(isinstance(a, s.Keyword) for a in arguments):
            return s.Beside(self._span(c), function, tuple(arguments))
        if isinstance(function, s.Name) and function.id in BIG and len(arguments) == 4:
            return series(self._span(c), function, arguments)
        return self._called(self._span(c), function, arguments)

    def _called(self, span: Span, function: s.Expression, arguments: list[Any]) -> s.Call:
        positional = tuple(a for a in arguments if not isinstance(a, s.Keyword))
        keywords = tuple(a for a in arguments if isinstance(a, s.Keyword))
        for before, after in itertools.pairwise(arguments):
            if isinstance(before, s.Keyword) and not isinstance(after, s.Keyword):
                raise fail(
                    "syntax",
                    "an argument without a name stands behind one with a name",
                    after.span,
                    "put it first, or name it too",
                )
        return s.Call(span, function, positional, keywords)

    def arguments(self, c: Children) -> list[Any]:
        return _parts(c)

    def keyword(self, c: Children) -> s.Keyword:
        return s.Keyword(self._span(c), self._identifier(c[0]), c[2])

    def subscript(self, c: Children) -> s.Subscript:
        value, opening, items, _ = c
        if opening.start_pos in self.arrays:
            raise NotAnArray
        return s.Subscript(self._span(c), value, tuple(items))

    def subscripts(self, c: Children) -> list[Any]:
        return _parts(c)

    def bound(self, c: Children) -> s.Expression:
        expression: s.Expression = c[0]
        return expression

    def slice(self, c: Children) -> s.Slice:
        fields: list[s.Expression | None] = [None]
        for child in c:
            if isinstance(child, Token):
                fields.append(None)
            else:
                fields[-1] = child
        start, stop, step = (*fields, None)[:3]
        return s.Slice(self._span(c), start, stop, step)

    def attribute(self, c: Children) -> s.Attribute:
        return s.Attribute(self._span(c), c[0], self._identifier(c[2]))

    def prime(self, c: Children) -> s.Prime:
        return s.Prime(self._span(c), c[0], order_of_primes(str(c[1])))

    def name(self, c: Children) -> s.Name:
        name = self._names.get(c[0])
        if name is None:
            found = self._name(c)
            self._names[str(c[0])] = found.id
            return found
        return s.Name(self._span(c), name)

    def _name(self, c: Children) -> s.Name:
        if c[0] in SIGNS:
            return s.Name(self._span(c), SIGNS[c[0]])
        if c[0] in KEYWORDS:
            raise fail(
                "syntax",
                f"`{c[0]}` is a word of the language",
                self._span(c),
                INSTEAD.get(str(c[0]), "choose another name"),
            )
        return s.Name(self._span(c), self._identifier(c[0]))

    def _identifier(self, token: Token) -> str:
        name = identifier(token)
        if name is None:
            raise fail("syntax", f"`{token}` is not a name", self._span([token]), "names are letters, digits and `_`")
        return name

    def number(self, c: Children) -> s.Literal:
        span = self._span(c)
        digits = str(c[0])
        if len(digits) > MOST_DIGITS:
            raise fail("syntax", f"a number of {len(digits):,} digits is too long", span, f"at most {MOST_DIGITS:,}")
        try:
            if not digits.replace("_", "").isdigit():
                return s.Literal(span, _decimal(digits))
            # Not int() of any length, which Python refuses.
            value = int(digits) if len(digits) <= LARGEST_INT_BITS * 3 // 10 else 2**LARGEST_INT_BITS
            return s.Literal(span, checked(value))
        except CoreError as error:
            raise fail(error.kind, error.message, span, "floats end at 1.8e308") from None
        except ValueError:
            raise fail("syntax", f"`{digits}` is not a number", span, "an underscore stands between digits") from None

    def string(self, c: Children) -> s.Literal:
        span = self._span(c)
        try:
            return s.Literal(span, ast.literal_eval(str(c[0])))
        except (ValueError, SyntaxError):
            raise fail(
                "syntax", "this text has an escape that means nothing", span, r"write `\\` for a backslash"
            ) from None

    def true(self, c: Children) -> s.Literal:
        return s.Literal(self._span(c), True)

    def false(self, c: Children) -> s.Literal:
        return s.Literal(self._span(c), False)

    def none(self, c: Children) -> s.Literal:
        return s.Literal(self._span(c), None)

    def ellipsis(self, c: Children) -> s.Literal:
        return s.Literal(self._span(c), Ellipsis)


# Rules whose names are Python's keywords.
for _rule in ("return", "assert", "def", "for", "if", "while", "break", "continue", "lambda"):
    _method: Callable[..., Any] = getattr(Builder, f"{_rule}_")
    setattr(Builder, _rule, _method)


@lru_cache(1024)
def _decimal(digits: str) -> float:
    """A number with a point or an exponent: exact, unless it is too long or too far out for that."""
    value = float(digits)
    if value == 0 or len(digits) > MOST_EXACT_DIGITS or not 1e-30 < abs(value) < 1e30:
        return value
    return Exact(Fraction(digits), decimal=True)


def _parts(children: Children) -> Children:
    """The children that are not punctuation."""
    return [c for c in children if not isinstance(c, Token)]


_SPELLED = {"**": "^", "×": "*", "·": "*", "⋅": "*", "÷": "/", "−": "-", "≤": "<=", "≥": ">=", "≠": "!=", "+/-": "±"}


def _spelled(operator: str) -> str:
    """An operator as the language spells it, from one of paper's."""
    return _SPELLED.get(operator, str(operator))


def _parameter(node: s.Expression | s.Keyword) -> s.Formal:
    if isinstance(node, s.Keyword):
        return s.Formal(node.span, node.name, node.value)
    if isinstance(node, s.Name):
        return s.Formal(node.span, node.id, None)
    raise fail(
        "syntax",
        f"an input of a function must be a name, not `{node.span.text}`",
        node.span,
        "define it as `f(x, y) = ...`, then call it with values",
    )


def _distinct(parameters: tuple[s.Formal, ...]) -> tuple[s.Formal, ...]:
    seen: set[str] = set()
    for p in parameters:
        if p.name in seen:
            raise fail("syntax", f"the input `{p.name}` is there twice", p.span, "give each input its own name")
        seen.add(p.name)
    for before, after in itertools.pairwise(parameters):
        if before.default is not None and after.default is None:
            raise fail(
                "syntax",
                f"the input `{after.name}` without a default stands behind one with a default",
                after.span,
                "put inputs with defaults last",
            )
    return parameters


def _is_typed(name: s.Name) -> bool:
    """Whether a name stands in the text, and is not what a sign such as ! stands for."""
    return identifier(name.span.text) == name.id


def _are_parameters(target: s.Expression) -> bool:
    """Whether it is `params(net)`, which is given the values of all parameters."""
    name = target.function if isinstance(target, s.Call) and not target.keywords else None
    return isinstance(name, s.Name) and name.id in PARAMETERS_OF


def _check_target(target: s.Expression) -> None:
    if isinstance(target, s.Tuple) and target.items:
        for item in target.items:
            _check_target(item)
    elif isinstance(target, s.Attribute):
        model = target.value
        while isinstance(model, (s.Attribute, s.Subscript)):
            model = model.value
        if not isinstance(model, s.Name):
            raise fail("syntax", "only a model's parameter can be assigned this way", target.span)
    elif isinstance(target, s.Subscript):
        if not isinstance(target.value, s.Name):
            raise fail(
                "syntax", "only an item of a name's tensor can be given a value", target.span, "such as `x[0] = 5`"
            )
    elif not isinstance(target, s.Name) and not _are_parameters(target):
        solved = f"`==` compares, and `solve({target.span.text} - ..., 1)` solves an equation"
        other = "use `==` to compare" if isinstance(target, s.Literal) else solved
        raise fail("syntax", f"`{target.span.text}` can't be assigned to", target.span, other)
