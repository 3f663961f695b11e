"""Texts that are put together as a teacher writes: nothing is multiplied out, and only 0 and 1 are left out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from gradcli.core.formula.printing import Binding

# A text and what binds it together.
Bound: TypeAlias = "tuple[str, int]"

# Looser than anything that the printer of formulas knows: a choice.
CHOICE = 0
ZERO: Bound = ("0", Binding.ATOM)
ONE: Bound = ("1", Binding.ATOM)
_OPERATORS = (
    (re.compile(r" if "), CHOICE),
    (re.compile(r" or "), Binding.OR),
    (re.compile(r" and "), Binding.AND),
    (re.compile(r"^not "), Binding.NOT),
    (re.compile(r"[<>=!]"), Binding.COMPARISON),
    # A remainder is no factor, as what stands in front of it would be divided too.
    (re.compile(r" [+-] | % | // "), Binding.SUM),
    (re.compile(r"[*/]"), Binding.PRODUCT),
    (re.compile(r"^-"), Binding.SIGN),
    (re.compile(r"\^"), Binding.POWER),
)
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")


def bound(text: str) -> Bound:
    """A formula and what binds it, told from the operators outside of its brackets."""
    outside, count = text, 1
    while count:
        outside, count = _BRACKETS.subn("", outside)
    return text, next((binding for sign, binding in _OPERATORS if sign.search(outside)), Binding.ATOM)


def inside(a: Bound, needed: int) -> str:
    """A text where something that binds so strongly is needed."""
    return a[0] if a[1] >= needed else f"({a[0]})"


def unsigned(a: Bound) -> tuple[bool, Bound]:
    """Whether a minus stands in front of all of a text, and the rest."""
    text, binding = a
    if text.startswith("-") and binding in (Binding.PRODUCT, Binding.SIGN):
        return True, bound(text[1:])
    return False, a


def sum_of(terms: Sequence[tuple[bool, Bound]]) -> Bound:
    """Terms, each with whether it is taken away; those that are 0 are left out."""
    text, count, last = "", 0, ZERO
    for negative, term in terms:
        if term == ZERO:
            continue
        minus, size = unsigned(term)
        negative ^= minus
        if not count:
            last = product_of([size], negative)
            text = inside(last, Binding.SUM)
        else:
            # A sum that is added needs no brackets, unless its first sign would stand beside the plus.
            needed = Binding.PRODUCT if negative or size[0].startswith("-") else Binding.SUM
            text += f" {'-' if negative else '+'} {inside(size, needed)}"
        count += 1
    return ZERO if not count else last if count == 1 else (text, Binding.SUM)


def product_of(factors: Sequence[Bound], negative: bool = False, below: Sequence[Bound] = ()) -> Bound:
    """Factors above a line and below it; those that are 1 are left out, and a 0 makes it 0."""
    if ZERO in factors:
        return ZERO
    above: list[Bound] = []
    under: list[Bound] = []
    for side, given in ((above, factors), (under, below)):
        for factor in given:
            minus, size = unsigned(factor)
            negative ^= minus
            if size != ONE:
                side.append(size)
    if not under and len(above) <= 1:
        size = above[0] if above else ONE
        if not negative:
            return size
        return f"-{inside(size, Binding.PRODUCT)}", max(Binding.PRODUCT, min(size[1], Binding.SIGN))
    text = ("-" if negative else "") + ("*".join(_factor(f, i == 0) for i, f in enumerate(above)) or "1")
    if under:
        divisor = "*".join(inside(f, Binding.POWER) for f in under)
        text += f"/({divisor})" if len(under) > 1 else f"/{divisor}"
    return text, Binding.PRODUCT


def _factor(a: Bound, first: bool) -> str:
    """A quotient that is not the first factor is put in brackets, as its line would reach no farther than it does."""
    if not first and a[1] == Binding.PRODUCT and "/" in a[0]:
        return f"({a[0]})"
    return inside(a, Binding.PRODUCT)


def replaced(text: str, parts: Mapping[str, Bound]) -> Bound:
    """A formula with texts in the place of names; brackets are put around what needs them."""
    if not parts:
        return bound(text)
    names = "|".join(re.escape(name) for name in sorted(parts, key=len, reverse=True))
    alone = re.compile(rf"(?<=[(,])(\s?)({names})(?=[),])")
    anywhere = re.compile(rf"(?<![\w.])({names})(?![\w(])")
    if text in parts:
        return parts[text]
    marks: list[str] = []

    def kept(piece: str) -> str:
        # What was put in is no place for what comes next.
        marks.append(piece)
        return f"\0{len(marks) - 1}\0"

    text = alone.sub(lambda m: m[1] + kept(parts[m[2]][0]), text)
    if "%" not in text and "//" not in text:
        # Between terms a product needs no brackets.
        between = re.compile(rf"(?:(?<=[(\s])|^)({names})(?=[)\s]|$)")
        text = between.sub(lambda m: kept(inside(parts[m[1]], Binding.PRODUCT)), text)
    text = anywhere.sub(lambda m: kept(inside(parts[m[1]], Binding.ATOM)), text)
    return bound(re.sub("\0(\\d+)\0", lambda m: marks[int(m[1])], text))
