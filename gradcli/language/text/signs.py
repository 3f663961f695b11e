"""Paper's signs by their kinds, and derivatives as Leibniz wrote them, which the lexer takes for one terminal each."""

from __future__ import annotations

import re

from gradcli.language.text.lalr import Token

# What the lexer takes for one kind.
_SIGNS = {
    **dict.fromkeys("√∛∜", "ROOT"),
    **dict.fromkeys("∑∏", "BIG"),
    "°": "DEGREE",
    "∞": "SIGN",
    "∇": "NABLA",
    "∂": "PARTIAL",
    "|": "BAR_OPEN",
}
# What begins a value behind a factor.
BEGINS = frozenset(("NAME", "LPAR", "ROOT", "BAR_OPEN", "BIG", "NABLA", "SIGN", "LEIBNIZ", "PARTIAL", "DIFFERENTIAL"))


def told_apart(line: list[Token]) -> list[Token]:
    """The tokens with paper's signs by their kinds."""
    types = [token.type for token in line]
    if "SIGN" not in types and "LEIBNIZ" not in types:
        return line
    found: list[Token] = []
    for place, token in enumerate(line):
        if token.type == "SIGN":
            found.append(retyped(token, _SIGNS[token[0]]))
        elif token.type == "LEIBNIZ" and _joins(line, place):
            # `∂F/∂x / ∂F/∂y`: a quotient of two, whose sign the lexer took for that of a fraction.
            slash = token.index("∂")
            start = token.start_pos + slash
            whole = Token("LEIBNIZ", token[slash:] + line[place + 1], start, line[place + 1].end_pos)
            found += [_part(token, "PRODUCT", 0, 1), whole]
        elif token.type == "LEIBNIZ" and _joins(line, place - 1):
            continue
        elif token.type == "LEIBNIZ":
            after = line[place + 1].type if place + 1 < len(line) else ""
            found += _derivative(token, after, is_minus(line, place + 1))
        else:
            found.append(token)
    return found


def _joins(line: list[Token], place: int) -> bool:
    """Whether a fraction's lower part stands in front of another."""
    pair = line[max(place, 0) : place + 2]
    return len(pair) == 2 and all(token.type == "LEIBNIZ" and token.startswith("/") for token in pair)


def is_minus(line: list[Token], place: int) -> bool:
    """Whether a sign stands apart from what is before it, and at what is behind it."""
    if place < 1 or place + 1 >= len(line) or line[place].type != "SUM":
        return False
    before, sign, after = line[place - 1 : place + 2]
    return bool(before.end_pos != sign.start_pos and sign.end_pos == after.start_pos)


def _derivative(token: Token, after: str, before_minus: bool) -> list[Token]:
    """`∂f/∂x`, `d/dx` in front of what it differentiates, and what stands below `∂(x^2*y)`.

    d/dx in front of nothing is a quotient of two names.
    """
    if token.startswith("/"):
        return [retyped(token, "DENOMINATOR")]
    operator = re.fullmatch(r"([∂d](?:[²³⁴-⁹]|\^\d+)?)([ \t]*)/([ \t]*).*", token, re.DOTALL)
    if operator is None:
        return [token]
    if before_minus or after in BEGINS or after in ("SIGN", "NUMBER", "LSQB"):
        return [retyped(token, "DIFFERENTIAL")]
    if operator[1] != "d":
        return [token]
    slash, below = operator.end(2), operator.end(3)
    parts = (("NAME", 0, 1), ("PRODUCT", slash, slash + 1), ("NAME", below, len(token)))
    return [_part(token, *part) for part in parts]


def _part(token: Token, type: str, start: int, end: int) -> Token:
    offset = token.start_pos
    return Token(type, token[start:end], offset + start, offset + end)


def retyped(token: Token, type: str) -> Token:
    """The token as one of another kind."""
    return Token(type, token, token.start_pos, token.end_pos)
