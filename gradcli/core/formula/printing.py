"""Formulas as text, in the language's own syntax."""

from __future__ import annotations

from fractions import Fraction

from gradcli.core.formula.algebra import Factor, Formula, Number, Term, UnreadableError
from gradcli.core.laws import table

_INFIX = {"greater": ">", "less": "<", "greater_equal": ">=", "less_equal": "<=", "equal": "==", "not_equal": "!="}
_INFIX |= {"logical_and": "and", "logical_or": "or", "power": "^", "remainder": "%", "floor_divide": "//"}


def _rank(pair: tuple[Term, Number]) -> tuple[float, str]:
    """Higher degrees first, then by text."""
    term, _ = pair
    return (-sum(float(e) for _, e in term), _term_text(term, Fraction(1)))


def sum_text(formula: Formula) -> str:
    """The formula in the language's syntax."""
    ordered = sorted(formula.terms, key=_rank)
    if not ordered:
        return "0"
    first = next((i for i, (_, c) in enumerate(ordered) if c > 0), 0)
    ordered.insert(0, ordered.pop(first))
    text = _term_text(*ordered[0])
    for term, coefficient in ordered[1:]:
        negative = coefficient < 0
        text += f" {'-' if negative else '+'} {_term_text(term, -coefficient if negative else coefficient)}"
    return text


def _term_text(term: Term, coefficient: Number) -> str:
    above = [_power_text(f, e) for f, e in sorted(term, key=_factor_rank) if e > 0]
    below = [_power_text(f, -e) for f, e in sorted(term, key=_factor_rank) if e < 0]
    sign = "-" if coefficient < 0 else ""
    size = -coefficient if coefficient < 0 else coefficient
    if isinstance(size, Fraction):
        top, bottom = float(size.numerator), size.denominator
    else:
        top, bottom = size, 1
    if top != 1 or not above:
        above.insert(0, _number_text(top))
    if bottom != 1:
        below.insert(0, str(bottom))
    text = sign + "*".join(above)
    if not below:
        return text
    return f"{text}/{below[0]}" if len(below) == 1 else f"{text}/({'*'.join(below)})"


def _number_text(value: float) -> str:
    if value == int(value) and abs(value) < 10**15:
        return str(int(value))
    return repr(float(value)) if value < 10**16 or value == float("inf") else f"{float(value):g}"


def _factor_rank(pair: tuple[Factor, Number]) -> tuple[int, str]:
    factor, _ = pair
    return (0 if factor.name else 1 if factor.function else 2, _factor_text(factor))


def _power_text(factor: Factor, exponent: Number) -> str:
    text = _factor_text(factor)
    if exponent == Fraction(1, 2):
        return f"sqrt({_inner(factor)})"
    if exponent == 1:
        return text
    if factor.function in _INFIX:
        text = f"({text})"
    if isinstance(exponent, Fraction) and exponent.denominator > 1:
        return f"{text}^({exponent.numerator}/{exponent.denominator})"
    return f"{text}^{_number_text(float(exponent))}"


def _inner(factor: Factor) -> str:
    return sum_text(factor.args[0]) if not factor.name and not factor.function else _factor_text(factor)


def _factor_text(factor: Factor) -> str:
    if factor.name:
        return factor.name
    if not factor.function:
        return f"({sum_text(factor.args[0])})"
    args, attrs = [sum_text(arg) for arg in factor.args], dict(factor.attrs)
    if factor.function in _INFIX:
        left, right = (arg if arg.replace(".", "").isalnum() else f"({arg})" for arg in args)
        return f"{left}^{right}" if factor.function == "power" else f"{left} {_INFIX[factor.function]} {right}"
    if factor.function == "logical_not":
        return f"not ({args[0]})"
    if factor.function == "sinc" and attrs["order"] == 0:
        return f"sinc({args[0]})"
    if factor.function == "polygamma":
        return f"digamma({args[0]})" if attrs["order"] == 0 else f"polygamma({attrs['order']}, {args[0]})"
    if factor.function == "besselj":
        return f"besselj({_number_text(attrs['order'])}, {args[0]})"
    names = table()[factor.function].names
    if attrs or not names:
        raise UnreadableError
    return f"{names[0]}({', '.join(args)})"


def text_of(formula: Formula, longest: int) -> str | None:
    """The formula as text, None where it is longer or can't be written."""
    try:
        text = sum_text(formula)
    except (UnreadableError, OverflowError):
        return None
    return text if len(text) <= longest else None
