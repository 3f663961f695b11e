"""Paper's notation to syntax classes: products without a sign, bars, roots, derivatives as Leibniz wrote them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeGuard

from gradcli.core.ir.exact import Exact
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Ambiguous, Source, Span, fail
from gradcli.language.text.lalr import Token
from gradcli.language.text.notation import INVERSES, lowered

Children = list[Any]

# Signs of functions, and the function that a root's sign is.
SIGNS = {"∑": "sum", "∏": "prod", "π": "pi"}
BIG = frozenset(("sum", "prod"))
_ROOTS = {"√": "sqrt", "∛": "cbrt"}
_NABLAS = {"∇": "grad", "∇·": "divergence", "∇⋅": "divergence", "∇×": "curl"}
_DEGREE = Exact(Fraction(1, 180), pi=1)
_DIVISIONS = ("/", "//", "%", "@")
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_NAME = r"(?:(?![²³¹⁰-⁹₀-₉π])[^\W\d])(?:(?![²³¹⁰-⁹π])\w)*"
_BY = re.compile(rf"[∂d]({_NAME})(\^\d+|[{_RAISED}]+)?")


class Paper:
    """The rules of paper's notation, a method each. `source` is the text."""

    source: Source

    def _span(self, children: Children) -> Span:
        first, last = children[0], children[-1]
        start: Any = first.start_pos if first.__class__ is Token else first.span.start
        end: Any = last.end_pos if last.__class__ is Token else last.span.end
        return Span(self.source, start, end)

    def _call(self, span: Span, name: str, at: Span, *arguments: s.Expression) -> s.Call:
        return s.Call(span, s.Name(at, name), arguments, ())

    # Products and powers.

    def beside(self, c: Children) -> s.Expression:
        """A product without a sign."""
        left, _, right = c
        span = self._span(c)
        if isinstance(left, s.Binary) and left.operator in _DIVISIONS and not is_grouped(left):
            above = self.source.text[left.span.start : left.right.span.start]
            below = left.right.span.text
            raise Ambiguous(span, f"({above}{below})*{right.span.text}", f"{above}({below}*{right.span.text})")
        last = left.right if isinstance(left, s.Binary) and left.operator == "*" and not is_grouped(left) else left
        touching = left.span.end == right.span.start and not right.span.text.startswith("(")
        before = self.source.text[left.span.start : last.span.start]
        if touching and _has_bare_exponent(last):
            base, power = f"{before}{last.left.span.text}", last.right.span.text
            raise Ambiguous(span, f"{base}^({power}*{right.span.text})", f"{base}^{power}*{right.span.text}")
        if touching and _is_bare_root(last):
            sign, under = last.span.text[0], last.arguments[0].span.text
            inside = f"{before}{sign}({under}*{right.span.text})"
            raise Ambiguous(span, inside, f"{before}{last.span.text}*{right.span.text}")
        return joined(span, "*", left, right)

    def raised(self, c: Children) -> s.Expression:
        """`x²`."""
        base, sign = c
        if (
            isinstance(base, s.Binary)
            and base.operator == "^"
            and base.span.text[-1:] in _RAISED
            and not is_grouped(base)
        ):
            under, first = base.left.span.text, lowered(base.right.span.text)
            second = lowered(sign)
            joint = second if second.startswith("-") else f"+{second.lstrip('+')}"
            raise Ambiguous(self._span(c), f"{under}^({first}{joint})", f"({under}^{first})^({second})")
        return joined(self._span(c), "^", base, _whole(self._span([sign]), int(lowered(sign))))

    def root(self, c: Children) -> s.Expression:
        """`√x`."""
        sign, under = c
        at = self._span([sign])
        if isinstance(under, s.Beside) and not is_grouped(under):
            # What is under a root ends with its bracket.
            return _regrouped(under, lambda first: self.root([sign, first]))
        if isinstance(under, s.Call) and under.span.text.endswith("!") and not is_grouped(under):
            of = under.arguments[0].span.text
            raise Ambiguous(self._span(c), f"{sign}({of}!)", f"({sign}{of})!")
        power = under.right if isinstance(under, s.Binary) and under.operator == "^" else None
        if power is not None and isinstance(under, s.Binary) and under.left.span.end > power.span.start:
            # sin²(x) is one thing.
            power = None
        if power is not None and not is_grouped(under):
            base, raised = under.left.span.text, _exponent(power)
            raise Ambiguous(self._span(c), f"{sign}({base}^{raised})", f"({sign}{base})^{raised}")
        if sign in _ROOTS:
            return self._call(self._span(c), _ROOTS[sign], at, under)
        return self._call(self._span(c), "root", at, under, s.Literal(at, 4))

    def factorial(self, c: Children) -> s.Expression:
        """`5!`."""
        of, sign = c
        span = self._span(c)
        if isinstance(of, s.Beside) and not is_grouped(of):
            raise Ambiguous(
                span, f"{of.function.span.text}*({of.span.text[len(of.function.span.text) :]}!)", f"({of.span.text})!"
            )
        if len(sign) > 1:
            raise fail(
                "syntax",
                f"`{span.text}` can be read in two ways",
                span,
                f"write `({of.span.text}!)!` for the factorial of the factorial; there is no double factorial",
            )
        return self._call(span, "factorial", self._span([sign]), of)

    def degree(self, c: Children) -> s.Expression:
        """`30°`."""
        return s.Binary(self._span(c), "*", c[0], s.Literal(self._span(c[1:]), _DEGREE))

    def powered_call(self, c: Children) -> s.Expression:
        """`sin^2(x)`, which is sin(x)^2, and `sin^-1(x)`, which is asin(x)."""
        name, power, _, arguments, _ = c
        if any(not _is_positional(a) for a in arguments):
            raise fail("syntax", f"`{name.id}^{power}` takes one argument", self._span(c), f"write `{name.id}(...)`")
        return self._powered(self._span(c), name, power, tuple(arguments))

    def powered_applied(self, c: Children) -> s.Expression:
        """`sin^2 x`."""
        name, power, _, argument = c
        return self._powered(self._span(c), name, power, (argument,))

    def applied(self, c: Children) -> s.Expression:
        """`sin x`."""
        return s.Call(self._span(c), c[0], (c[2],), ())

    def _powered(self, span: Span, name: s.Name, power: Token, arguments: tuple[s.Expression, ...]) -> s.Expression:
        exponent = int(power)
        if exponent == -1:
            if name.id not in INVERSES:
                raise fail(
                    "syntax",
                    f"`{name.id}^-1` has no name",
                    name.span,
                    f"write `1/{name.id}(x)`, or solve `{name.id}(y) = x`",
                )
            return s.Call(span, s.Name(self._span([name, power]), INVERSES[name.id]), arguments, ())
        call = s.Call(span, name, arguments, ())
        return s.Binary(span, "^", call, _whole(self._span([power]), exponent))

    def bars(self, c: Children) -> s.Expression:
        """`|x|`."""
        return self._call(self._span(c), "abs", self._span(c[:1]), c[1])

    def infinity(self, c: Children) -> s.Literal:
        """`∞`."""
        return s.Literal(self._span(c), float("inf"))

    # Sums.

    def interval(self, c: Children) -> s.Interval:
        """`1..10`."""
        return s.Interval(self._span(c), c[0], c[2])

    def comprehension(self, c: Children) -> s.Comprehension:
        """`k^2 for k in 1..10`."""
        body, _, targets, _, values = c
        return s.Comprehension(self._span(c), body, targets, values)

    # Derivatives.

    def differential(self, c: Children) -> s.Expression:
        """`d/dx (x^2)`, `∂²/∂x∂y (x^2*y)`."""
        sign, of = c
        if isinstance(of, s.Beside) and not is_grouped(of) and of.power is None and _are_numbers(of.arguments):
            behind = self.source.text[of.function.span.end : of.span.end]
            inner = of.function.span.text
            raise Ambiguous(self._span(c), f"({sign} {inner}){behind}", f"{sign} ({inner}*{behind})")
        first = of
        while isinstance(first, s.Binary) and first.operator in ("*", "/") and not is_grouped(first):
            first = first.left
        if first is not of and is_grouped(first) and isinstance(of, s.Binary):
            behind = self.source.text[first.span.end : of.span.end]
            if behind.lstrip()[:1] in "*/·×÷":
                whole = f"{sign} ({of.span.text})"
                raise Ambiguous(self._span(c), whole, f"({sign} {first.span.text}){behind}")
        return s.Partial(self._span(c), of, self._variables(sign, "differentiates"))

    def refuse_more_behind(self, partial: s.Partial, whole: Span) -> None:
        """Refuse `d/dx x^2 + 3x`, where it can't be told what d/dx is of.

        Raises:
            LanguageError: unless it is written as a fraction of its own, as ∂f/∂x.
        """
        sign = self.source.text[partial.span.start : partial.of.span.start].strip()
        if not sign or partial.of.span.start < partial.span.start + 2:
            return
        rest = self.source.text[partial.of.span.start : whole.end]
        behind = self.source.text[partial.span.end : whole.end]
        raise Ambiguous(whole, f"{sign} ({rest})", f"({partial.span.text}){behind}")

    def leibniz(self, c: Children) -> s.Expression:
        """`∂²f/∂x∂y`, `d²f/dx²`."""
        sign = c[0]
        numerator = sign.partition("/")[0].strip()
        found = re.fullmatch(rf"[∂d](?:[{_RAISED}]|\^\d+)?({_NAME})", numerator)
        if found is None:
            hint = "it stands in front of an expression, as in ∂/∂x (x^2*y)"
            raise fail("syntax", f"`{sign}` has nothing to differentiate", self._span(c), hint)
        at = Span(self.source, sign.start_pos + found.start(1), sign.start_pos + found.end(1))
        return s.Partial(self._span(c), s.Name(at, _spelled_name(found[1])), self._variables(sign, found[1]))

    def partial(self, c: Children) -> s.Expression:
        """`∂(x^2*y)/∂x`."""
        *_, of, _, below = c
        above = c[1] if c[1].type == "RAISED" else None
        return s.Partial(self._span(c), of, self._by(below, lowered(above) if above is not None else "1", 0))

    def _variables(self, sign: Token, what: str) -> tuple[s.Name, ...]:
        above, slash, _ = sign.partition("/")
        order = re.match(rf"[∂d]([{_RAISED}]|\^\d+)?", above)
        assert order is not None
        return self._by(sign, lowered((order[1] or "1").lstrip("^")), len(above) + len(slash))

    def _by(self, sign: Token, order: str, start: int) -> tuple[s.Name, ...]:
        """The variables below the line, each as often as it stands there.

        Raises:
            LanguageError: where they are not as many as the order above the line says.
        """
        names: list[s.Name] = []
        for found in _BY.finditer(sign, start):
            place = sign.start_pos + found.start(1)
            name = s.Name(Span(self.source, place, place + len(found[1])), _spelled_name(found[1]))
            names += [name] * int(lowered((found[2] or "1").lstrip("^")))
        if len(names) != int(order):
            raise fail(
                "syntax",
                f"the order above the line is {order}, and below it {_count(len(names))}",
                self._span([sign]),
                "such as ∂²f/∂x∂y",
            )
        return tuple(names)

    def nabla(self, c: Children) -> s.Nabla:
        """`∇f`, `∇·f`, `∇×f`."""
        of = c[1] if len(c) == 2 else c[2]
        return s.Nabla(self._span(c), s.Name(self._span(c[:1]), _NABLAS[c[0]]), of)

    # Statements.

    def command(self, c: Children) -> s.Show | s.Print:
        """`plot f, f' over x = -3..3`, which is `plot(f, f', over=-3..3)`."""
        verb, shown, *clauses = c
        if verb == "show":
            if clauses:
                raise fail("syntax", "show takes values alone", self._span([verb, shown]), 'as in `show x, "step {i}"`')
            grouped = not isinstance(shown, s.Tuple) or is_grouped(shown)
            return s.Print(self._span([verb, shown]), (shown,) if grouped else shown.items)
        items = shown.items if isinstance(shown, s.Tuple) and not is_grouped(shown) else (shown,)
        keywords: list[s.Keyword] = []
        behind: list[s.Expression] = []
        bound: dict[str, s.Name] = {}
        for word, given in clauses:
            if word == "=" and verb != "check_answer":
                items = self._equation(str(verb), items, given[0])
                continue
            named = [a for a in given if isinstance(a, s.Keyword)]
            bound |= {a.name: s.Name(a.span, a.name) for a in named}
            values = [a.value if isinstance(a, s.Keyword) else a for a in given]
            if named or word == "over":
                values = [s.Tuple(self._span(values), tuple(values))] if len(values) > 1 else values
            if word in ("over", "order"):
                keywords.append(s.Keyword(values[0].span, word, values[0]))
            else:
                behind += values
        if bound:
            items = tuple(_function_of(item, tuple(bound.values())) for item in items)
        span = self._span([verb, shown, *(value for _, given in clauses for value in given)])
        name = s.Name(self._span([verb]), str(verb))
        return s.Show(span, s.Call(span, name, (*items, *behind), tuple(keywords)))

    def shown_at(self, c: Children) -> s.Show:
        """`f' at 2`, which is `f'(2)`."""
        of, _, *given = c
        arguments = [a for a in given if not isinstance(a, Token)]
        span = self._span([of, arguments[-1]])
        positional = tuple(a for a in arguments if not isinstance(a, s.Keyword))
        if len(positional) == 1 == len(arguments) and isinstance(positional[0], s.Tuple):
            positional = positional[0].items
        return s.Show(span, s.At(span, of, positional, tuple(a for a in arguments if isinstance(a, s.Keyword))))

    def _equation(self, verb: str, items: tuple[s.Expression, ...], right: s.Expression) -> tuple[s.Expression, ...]:
        """`solve x^2 = 2 at 1` finds where the sides are equal; `plot y = x^2` draws the right one."""
        *before, left = items
        if verb in ("solve", "roots"):
            return (*before, s.Binary(left.span.to(right.span), "-", left, right))
        if verb == "plot" and isinstance(left, s.Name):
            return (*before, right)
        raise fail(
            "syntax",
            f"`=` means nothing to `{verb}`",
            left.span.to(right.span),
            "equations are for solve and roots, as in `solve x^2 = 2 at 1`",
        )

    def ruled(self, c: Children) -> s.Call:
        """`f with derivative g`, which is `with_derivative(f, g)`."""
        function, word, rule, given = c
        return s.Call(self._span(c), s.Name(self._span([word, rule]), f"with_{rule}"), (function, given), ())

    def clause(self, c: Children) -> tuple[str, list[Any]]:
        """What stands behind `over`, `at`, `order` or `=`."""
        return str(c[0]), [part for part in c[1:] if not isinstance(part, Token)]


def joined(span: Span, operator: str, left: s.Expression, right: s.Expression) -> s.Expression:
    """An operation, unless it takes only a part of what stands beside it.

    Raises:
        LanguageError: for what can be read in two ways.
    """
    if operator == "^":
        signs: list[s.Unary] = []
        while isinstance(right, s.Unary) and not is_grouped(right):
            signs.append(right)
            right = right.operand
        if isinstance(right, s.Beside) and not is_grouped(right):
            # An exponent ends with its bracket: e^(-x)(x+1) is a product.
            def raised(exponent: s.Expression) -> s.Expression:
                for sign in reversed(signs):
                    exponent = s.Unary(sign.span.to(exponent.span), sign.operator, exponent)
                return joined(left.span.to(exponent.span), "^", left, exponent)

            return _regrouped(right, raised)
        right = signs[0] if signs else right
        if isinstance(left, s.Beside) and not is_grouped(left) and left.power is None:
            return s.Beside(span, left.function, left.arguments, right)
        if _is_bare_root(left) and not is_grouped(left):
            sign, under, power = left.span.text[0], left.arguments[0].span.text, _exponent(right)
            raise Ambiguous(span, f"{sign}({under}^{power})", f"({left.span.text})^{power}")
    if operator in _DIVISIONS and isinstance(right, s.Beside) and not is_grouped(right):
        right = s.Beside(right.span, right.function, right.arguments, right.power, divides=left)
    return s.Binary(span, operator, left, right)


def _regrouped(beside: s.Beside, first: Callable[[s.Expression], s.Expression]) -> s.Beside:
    """The same brackets beside each other, with another first factor."""
    inner = beside.function
    if isinstance(inner, s.Beside) and not is_grouped(inner):
        made: s.Expression = _regrouped(inner, first)
    else:
        made = first(inner)
    return s.Beside(made.span.to(beside.span), made, beside.arguments, beside.power, beside.divides)


def series(span: Span, function: s.Name, arguments: Children) -> s.Expression:
    """`∑(k^2, k, 1, 10)`, the sum over k from 1 to 10; a call with other arguments is any other call."""
    body, variable, low, high = arguments
    if not isinstance(variable, s.Name) or isinstance(low, s.Keyword) or isinstance(high, s.Keyword):
        positional = tuple(a for a in arguments if not isinstance(a, s.Keyword))
        return s.Call(span, function, positional, tuple(a for a in arguments if isinstance(a, s.Keyword)))
    values = s.Interval(low.span.to(high.span), low, high)
    return s.Call(span, function, (s.Comprehension(body.span.to(high.span), body, (variable,), values),), ())


def _exponent(node: s.Expression) -> str:
    """An exponent as it is written behind ^."""
    text = node.span.text
    if set(text) <= {*_RAISED, "⁻", "⁺"}:
        return lowered(text)
    return text if (text.isalnum() and not set(text) & set(_RAISED)) or is_grouped(node) else f"({text})"


def is_grouped(node: s.Expression) -> bool:
    """Whether brackets stand around an expression."""
    # Those that belong to it stand inside of what it begins and ends with otherwise.
    if not node.span.text.startswith("(") or not node.span.text.endswith(")"):
        return False
    if isinstance(node, (s.Name, s.Literal, s.Lambda, s.Unary, s.Array, s.Partial, s.Nabla)):
        return True
    first = _first(node)
    return first is not None and first.span.start > node.span.start


def _first(node: s.Expression) -> s.Expression | None:
    """The part that an expression begins with."""
    if isinstance(node, s.Binary):
        return node.left
    if isinstance(node, s.Tuple):
        return node.items[0] if node.items else None
    if isinstance(node, s.Compare):
        return node.operands[0]
    if isinstance(node, s.Conditional):
        return node.yes
    if isinstance(node, (s.Call, s.Beside, s.Prime)):
        return node.function
    if isinstance(node, (s.Subscript, s.Attribute)):
        return node.value
    return node.low if isinstance(node, s.Interval) else None


def order_of_primes(sign: str) -> int:
    """How often `''` or `⁽⁵⁾` differentiates."""
    if sign.startswith("⁽"):
        return int(lowered(sign[1:-1]))
    return sum({"″": 2, "‴": 3, "⁗": 4}.get(char, 1) for char in sign)


def _has_bare_exponent(node: s.Expression) -> TypeGuard[s.Binary]:
    """Whether it ends in an exponent that a name behind it could belong to: `e^2` in front of x."""
    if not isinstance(node, s.Binary) or node.operator != "^" or is_grouped(node):
        return False
    exponent = node.right
    return not is_grouped(exponent) and exponent.span.text[:1] not in (*_RAISED, "⁻", "⁺")


def _is_bare_root(node: s.Expression) -> TypeGuard[s.Call]:
    """Whether it is `√2`, whose end can't be seen."""
    return (
        isinstance(node, s.Call)
        and node.span.text[:1] in ("√", "∛", "∜")
        and not is_grouped(node.arguments[0])
        and not node.arguments[0].span.text.endswith((")", "]", "|"))
    )


def _whole(span: Span, number: int) -> s.Expression:
    """A whole number as it would be typed, with its sign in front."""
    return s.Unary(span, "-", s.Literal(span, -number)) if number < 0 else s.Literal(span, number)


def _are_numbers(arguments: Sequence[s.Expression]) -> bool:
    """Whether nothing but numbers is written there: a point, or a factor."""
    return bool(arguments) and not any(isinstance(part, s.Name) for a in arguments for part in s.walk(a))


def _count(variables: int) -> str:
    return "is one variable" if variables == 1 else f"are {variables} variables"


def _is_positional(argument: object) -> bool:
    return not isinstance(argument, (s.Keyword, s.Comprehension))


def _function_of(item: s.Expression, names: tuple[s.Name, ...]) -> s.Expression:
    """What is plotted over names: a function stays one, an expression becomes that of the names."""
    is_one = isinstance(item, (s.Name, s.Prime, s.Lambda, s.Nabla))
    if is_one and not (isinstance(item, s.Name) and item.id in {n.id for n in names}):
        return item
    return s.Lambda(item.span, tuple(s.Formal(n.span, n.id, None) for n in names), item)


def _spelled_name(text: str) -> str:
    from unicodedata import normalize

    return text if text.isascii() else normalize("NFKC", text)
