"""Expressions as text again: in the signs of paper, or as LaTeX. The first reads back as the same expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import TypeAlias

from gradcli.core.ir.exact import Exact
from gradcli.language.text import syntax as s
from gradcli.language.text.notation import PAPER


class Binding(IntEnum):
    """How strongly the outermost sign of a text binds, loosest first, as in the grammar."""

    CHOICE = 1
    OR = 2
    AND = 3
    NOT = 4
    COMPARISON = 5
    RANGE = 6
    SUM = 7
    PRODUCT = 8
    SIGN = 9
    POWER = 10
    SUFFIX = 11
    CALL = 12
    ATOM = 13


# A text and what binds it together.
Bound: TypeAlias = "tuple[str, Binding]"

_LEVELS = {
    "or": Binding.OR,
    "and": Binding.AND,
    "+": Binding.SUM,
    "-": Binding.SUM,
    "±": Binding.SUM,
    "*": Binding.PRODUCT,
    "/": Binding.PRODUCT,
    "//": Binding.PRODUCT,
    "%": Binding.PRODUCT,
    "@": Binding.PRODUCT,
    "^": Binding.POWER,
    "∘": Binding.SUFFIX,
}
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu"),
    *("xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
)
_CAPITAL = ("gamma", "delta", "theta", "lambda", "xi", "pi", "sigma", "phi", "psi", "omega")
_LETTERS = {
    **dict(zip("αβγδεζηθικλμνξπρστυφχψω", _GREEK, strict=True)),
    **{sign: name.title() for sign, name in zip("ΓΔΘΛΞΠΣΦΨΩ", _CAPITAL, strict=True)},
}
# Functions that are written by signs.
_WITH_SIGNS = ("sqrt", "cbrt", "abs")
# Functions that LaTeX has a command for.
_COMMANDS = frozenset(
    (
        *("sin", "cos", "tan", "sec", "csc", "cot", "sinh", "cosh", "tanh", "coth", "arcsin", "arccos", "arctan"),
        *("log", "ln", "exp", "max", "min", "det", "gcd"),
    )
)
_LATEX_NAMES = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "lg": "log_{10}", "log10": "log_{10}"}


class Writer:
    """Writes expressions; one method a form. What has no signs of its own is written as it was typed."""

    def text(self, node: s.Expression) -> str:
        """An expression."""
        return self.bound(node)[0]

    def bound(self, node: s.Expression) -> Bound:
        """An expression and how strongly it holds together."""
        method: Callable[[s.Expression], Bound] | None = getattr(self, f"_{type(node).__name__.lower()}", None)
        return (node.span.text, Binding.ATOM) if method is None else method(node)

    def within(self, node: s.Expression, needed: Binding) -> str:
        """An expression where something that binds so strongly is needed."""
        text, binding = self.bound(node)
        return text if binding >= needed else self.brackets(text)

    def brackets(self, text: str) -> str:
        """A text in round brackets."""
        return f"({text})"

    def listed(self, items: Sequence[s.Expression]) -> str:
        """Expressions with commas between them."""
        return ", ".join(map(self.text, items))


class PaperWriter(Writer):
    """In the signs that paper has: x², √x, 2x·y, π, ≤."""

    def _name(self, node: s.Name) -> Bound:
        return {"pi": "π", "inf": "∞"}.get(node.id, node.id), Binding.ATOM

    def _literal(self, node: s.Literal) -> Bound:
        return _number(node), Binding.ATOM

    def _array(self, node: s.Array) -> Bound:
        if node.numbers is not None:
            return " ".join(node.span.text.split()), Binding.ATOM
        return f"[{self.listed(node.items)}]", Binding.ATOM

    def _tuple(self, node: s.Tuple) -> Bound:
        return f"({self.listed(node.items)}{',' if len(node.items) == 1 else ''})", Binding.ATOM

    def _unary(self, node: s.Unary) -> Bound:
        if node.operator == "not":
            return f"not {self.within(node.operand, Binding.NOT)}", Binding.NOT
        return f"{node.operator}{self.within(node.operand, Binding.SIGN)}", Binding.SIGN

    def _binary(self, node: s.Binary) -> Bound:
        level = _LEVELS[node.operator]
        if node.operator == "^":
            return self._power(node)
        if node.operator == "*":
            return self._product(node)
        left, right = self.within(node.left, level), self.within(node.right, Binding(level + 1))
        between = node.operator if node.operator in ("/", "∘") else f" {node.operator} "
        return f"{left}{between}{right}", level

    def _product(self, node: s.Binary) -> Bound:
        left, right = self.within(node.left, Binding.PRODUCT), self.within(node.right, Binding.SIGN)
        number = isinstance(node.left, s.Literal) or _ends_in_number(node.left)
        if number and right[:1] not in "0123456789.-+" and _may_touch(node.left, right):
            return f"{left}{right}", Binding.PRODUCT
        return f"{left}·{right}", Binding.PRODUCT

    def _power(self, node: s.Binary) -> Bound:
        base, exponent = node.left, node.right
        sign = isinstance(exponent, s.Unary) and exponent.operator == "-"
        number = exponent.operand if isinstance(exponent, s.Unary) else exponent
        if not isinstance(number, s.Literal) or isinstance(number.value, bool) or not isinstance(number.value, int):
            text = self.text(exponent)
            return f"{self._base(base)}^{text if _is_short(exponent) else self.brackets(text)}", Binding.POWER
        raised = f"{'-' if sign else ''}{number.value}".translate(_RAISED)
        name = base.function.id if isinstance(base, s.Call) and isinstance(base.function, s.Name) else ""
        if isinstance(base, s.Call) and name in PAPER and not sign and name not in _WITH_SIGNS:
            return f"{name}{raised}({self.listed(base.arguments)})", Binding.CALL
        return f"{self._base(base)}{raised}", Binding.POWER

    def _base(self, node: s.Expression) -> str:
        text, binding = self.bound(node)
        touches = text[:1] in "√∛" or text[-1:] in "⁰¹²³⁴⁵⁶⁷⁸⁹"
        return self.brackets(text) if binding < Binding.SUFFIX or touches else text

    def _compare(self, node: s.Compare) -> Bound:
        signs = {"<=": "≤", ">=": "≥", "!=": "≠"}
        text = self.within(node.operands[0], Binding.SUM)
        for operator, operand in zip(node.operators, node.operands[1:], strict=True):
            text += f" {signs.get(operator, operator)} {self.within(operand, Binding.SUM)}"
        return text, Binding.COMPARISON

    def _conditional(self, node: s.Conditional) -> Bound:
        yes, condition = self.within(node.yes, Binding.OR), self.within(node.condition, Binding.OR)
        return f"{yes} if {condition} else {self.text(node.no)}", Binding.CHOICE

    def _call(self, node: s.Call) -> Bound:
        if isinstance(node.function, s.Name) and len(node.arguments) == 1 and not node.keywords:
            (argument,) = node.arguments
            text, binding = self.bound(argument)
            if node.function.id in ("sqrt", "cbrt"):
                sign = "√" if node.function.id == "sqrt" else "∛"
                plain = isinstance(argument, (s.Name, s.Literal)) and binding is Binding.ATOM
                return f"{sign}{text if plain else self.brackets(text)}", Binding.SUFFIX
            if node.function.id == "abs" and "|" not in text:
                return f"|{text}|", Binding.ATOM
        keywords = [f"{k.name}={self.text(k.value)}" for k in node.keywords]
        given = ", ".join([*map(self.text, node.arguments), *keywords])
        return f"{self.within(node.function, Binding.CALL)}({given})", Binding.CALL

    def _prime(self, node: s.Prime) -> Bound:
        primes = "'" * node.order if node.order <= 3 else f"⁽{str(node.order).translate(_RAISED)}⁾"
        return f"{self.within(node.function, Binding.CALL)}{primes}", Binding.CALL

    def _subscript(self, node: s.Subscript) -> Bound:
        if any(isinstance(item, s.Slice) for item in node.items):
            return node.span.text, Binding.CALL
        items = [item for item in node.items if not isinstance(item, s.Slice)]
        return f"{self.within(node.value, Binding.CALL)}[{self.listed(items)}]", Binding.CALL


def _number(node: s.Literal) -> str:
    """A number as it was typed."""
    if isinstance(node.value, Exact) and not node.value.rational:
        return f"({node.value.fraction}π)" if node.value.fraction != 1 else "π"
    words = {True: "true", False: "false", None: "none"}
    if isinstance(node.value, bool) or node.value is None:
        return words[node.value]
    text = node.span.text
    return text if isinstance(node.value, str) or re.fullmatch(r"[\d.eE+-]+", text) else repr(node.value)


def _ends_in_number(node: s.Expression) -> bool:
    """Whether a product so far is a number, so that a name may touch it."""
    return isinstance(node, s.Unary) and isinstance(node.operand, s.Literal)


def _may_touch(left: s.Expression, right: str) -> bool:
    """Whether a factor may stand right behind a number: not e or E, which would be its exponent."""
    return not re.match(r"[eE][\d+-]", right) and not right.startswith(("x0", "not"))


def _is_short(exponent: s.Expression) -> bool:
    """Whether an exponent needs no brackets: a name, a number, a call of a function by its name."""
    if isinstance(exponent, s.Call) and isinstance(exponent.function, s.Name):
        return exponent.function.id not in _WITH_SIGNS
    return isinstance(exponent, (s.Name, s.Literal))


class LatexWriter(Writer):
    """As LaTeX, for mathematics mode."""

    def brackets(self, text: str) -> str:
        """A text in round brackets that grow with it."""
        return rf"\left({text}\right)"

    def _name(self, node: s.Name) -> Bound:
        return latex_name({"pi": "π", "inf": "∞"}.get(node.id, node.id)), Binding.ATOM

    def _literal(self, node: s.Literal) -> Bound:
        text = _number(node)
        mantissa, e, exponent = text.lower().partition("e")
        if e and exponent.lstrip("+-").isdigit():
            return rf"{mantissa} \cdot 10^{{{int(exponent)}}}", Binding.PRODUCT
        words = {"π": r"\pi", "inf": r"\infty"}
        return words.get(text, rf"\text{{{text}}}" if text.isalpha() else text), Binding.ATOM

    def _array(self, node: s.Array) -> Bound:
        if node.numbers is not None:
            return rf"\text{{{' '.join(node.span.text.split())}}}", Binding.ATOM
        rows = [item.items if isinstance(item, s.Array) else (item,) for item in node.items]
        inner = r" \\ ".join(" & ".join(map(self.text, row)) for row in rows)
        return rf"\begin{{pmatrix}} {inner} \end{{pmatrix}}", Binding.ATOM

    def _tuple(self, node: s.Tuple) -> Bound:
        return self.brackets(self.listed(node.items)), Binding.ATOM

    def _unary(self, node: s.Unary) -> Bound:
        if node.operator == "not":
            return rf"\neg {self.within(node.operand, Binding.NOT)}", Binding.NOT
        return f"{node.operator}{self.within(node.operand, Binding.SIGN)}", Binding.SIGN

    def _binary(self, node: s.Binary) -> Bound:
        if node.operator == "/":
            above, binding = self.bound(node.left)
            sign = "-" if above.startswith("-") and binding >= Binding.PRODUCT else ""
            fraction = rf"{sign}\frac{{{above.removeprefix(sign)}}}{{{self.text(node.right)}}}"
            return fraction, Binding.PRODUCT if sign else Binding.CALL
        if node.operator == "^":
            return self._power(node)
        level = _LEVELS[node.operator]
        left, right = self.within(node.left, level), self.within(node.right, Binding(level + 1))
        if node.operator == "*":
            digits = right[:1].isdigit() or (right.startswith(r"\frac") and left[-1:].isdigit())
            between = r" \cdot " if digits else " "
            return f"{left}{between}{right}", level
        if node.operator == "//":
            fraction = rf"\frac{{{self.text(node.left)}}}{{{self.text(node.right)}}}"
            return rf"\left\lfloor {fraction} \right\rfloor", Binding.ATOM
        signs = {"%": r"\bmod", "@": r"\cdot", "±": r"\pm", "∘": r"\circ", "or": r"\lor", "and": r"\land"}
        return f"{left} {signs.get(node.operator, node.operator)} {right}", level

    def _power(self, node: s.Binary) -> Bound:
        exponent = self.text(node.right)
        base = node.left
        if isinstance(base, s.Call) and isinstance(base.function, s.Name) and base.function.id in PAPER:
            name = base.function.id
            if name not in (*_WITH_SIGNS, "exp") and not exponent.startswith("-"):
                given = self.brackets(self.listed(base.arguments))
                return rf"{latex_function(name)}^{{{exponent}}}{given}", Binding.CALL
        text, binding = self.bound(base)
        tight = binding >= Binding.ATOM or (binding is Binding.CALL and not text.startswith((r"\frac", "e^")))
        return f"{text if tight else self.brackets(text)}^{{{exponent}}}", Binding.POWER

    def _compare(self, node: s.Compare) -> Bound:
        signs = {"<=": r"\le", ">=": r"\ge", "!=": r"\ne", "==": "="}
        text = self.within(node.operands[0], Binding.SUM)
        for operator, operand in zip(node.operators, node.operands[1:], strict=True):
            text += f" {signs.get(operator, operator)} {self.within(operand, Binding.SUM)}"
        return text, Binding.COMPARISON

    def _conditional(self, node: s.Conditional) -> Bound:
        rows = []
        rest: s.Expression = node
        while isinstance(rest, s.Conditional):
            rows.append(rf"{self.text(rest.yes)} & \text{{if }} {self.text(rest.condition)}")
            rest = rest.no
        rows.append(rf"{self.text(rest)} & \text{{otherwise}}")
        inner = r" \\ ".join(rows)
        return rf"\begin{{cases}} {inner} \end{{cases}}", Binding.ATOM

    def _call(self, node: s.Call) -> Bound:
        given = self.listed(node.arguments)
        name = node.function.id if isinstance(node.function, s.Name) else ""
        if len(node.arguments) == 1 and not node.keywords:
            if name == "sqrt":
                return rf"\sqrt{{{given}}}", Binding.ATOM
            if name == "cbrt":
                return rf"\sqrt[3]{{{given}}}", Binding.ATOM
            if name == "abs":
                return rf"\left|{given}\right|", Binding.ATOM
            if name == "exp":
                return f"e^{{{given}}}", Binding.POWER
            if name == "factorial":
                return f"{self.within(node.arguments[0], Binding.ATOM)}!", Binding.SUFFIX
        function = latex_function(name) if name else self.within(node.function, Binding.CALL)
        return f"{function}{self.brackets(given)}", Binding.CALL

    def _prime(self, node: s.Prime) -> Bound:
        primes = "'" * node.order if node.order <= 3 else f"^{{({node.order})}}"
        return f"{self.within(node.function, Binding.CALL)}{primes}", Binding.CALL

    def _subscript(self, node: s.Subscript) -> Bound:
        inner = ", ".join(item.span.text for item in node.items)
        return f"{self.within(node.value, Binding.CALL)}_{{{inner}}}", Binding.CALL


def latex_name(name: str) -> str:
    r"""A variable: Greek letters by their commands, digits at the end as an index: `x1` is x_{1}."""
    if name == "∞":
        return r"\infty"
    letters = "".join(rf"\{_LETTERS[c]} " if c in _LETTERS else c for c in name).strip()
    if name in _GREEK:
        return rf"\{name}"
    found = re.fullmatch(r"([A-Za-z]|\\[A-Za-z]+)_?(\d+)", letters)
    if found:
        return f"{found[1]}_{{{found[2]}}}"
    single = len(name) == 1 or name in _LETTERS or letters.startswith("\\")
    return letters if single else rf"\mathrm{{{name}}}".replace("_", r"\_")


def latex_function(name: str) -> str:
    """A function's name: LaTeX's command where it has one."""
    name = _LATEX_NAMES.get(name, name)
    if name.partition("_")[0] in _COMMANDS:
        return rf"\{name}"
    return latex_name(name) if len(name) == 1 else rf"\operatorname{{{name}}}".replace("_", r"\_")


@lru_cache(256)
def on_paper(text: str) -> str:
    """A formula of the language in the signs of paper; what can't be read stays as it is.

    Reads back as the same expression.
    """
    return _written(text, PaperWriter())


def in_latex(text: str) -> str:
    """A formula of the language as LaTeX."""
    return _written(text, LatexWriter())


def _written(text: str, writer: Writer) -> str:
    from gradcli.language.text.diagnostics import LanguageError, Source
    from gradcli.language.text.parse import parse_expression

    try:
        return writer.text(as_choice(parse_expression(Source("<formula>", text))))
    except LanguageError:
        return text


def as_choice(node: s.Expression) -> s.Expression:
    """`where(c, a, b)` by itself as `a if c else b`, which says the same and is read more easily."""
    name = node.function if isinstance(node, s.Call) else None
    if not isinstance(node, s.Call) or not isinstance(name, s.Name) or name.id != "where" or len(node.arguments) != 3:
        return node
    condition, yes, no = node.arguments
    return s.Conditional(node.span, condition, yes, as_choice(no))
