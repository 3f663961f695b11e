"""A Taylor polynomial as it is written on paper, with its remainder."""

from __future__ import annotations

from fractions import Fraction

from gradcli.language.values.partial import superscript
from gradcli.output.numbers import show_number
from gradcli.session.results import Polynomial

# On a terminal that is wider, for reading.
WIDEST = 92
# A coefficient that is the float of such a fraction is shown as it.
LARGEST_DENOMINATOR = 10**7
LARGEST_NUMERATOR = 1000


def show_polynomial(p: Polynomial, digits: int | None = None, width: int | None = None) -> list[str]:
    """The polynomial, on as many lines as it needs, broken between terms, and what is left of the function."""
    head = f"{p.of}({', '.join(p.variables)}) = " if _is_name(p.of) else f"{p.of[1:-1]} = "
    steps = [_step(v, c, digits) for v, c in zip(p.variables, p.center, strict=True)]
    pieces = _pieces(p, steps, digits)
    widest = max(map(len, pieces))
    # Terms that go on below the first are indented where there is room for them.
    indent = len(head) - 2 if width is None or len(head) - 2 + widest <= width else 0
    lines, line = [], head
    for piece in [*pieces, f"+ {_rest(p, steps)}"]:
        if width is not None and len(line) + len(piece) > min(width, WIDEST) and line.strip():
            lines.append(line.rstrip())
            line = " " * indent
        line += piece + " "
    lines.append(line.rstrip())
    lines.append(_remainder(p, steps, digits))
    return lines


def _is_name(of: str) -> bool:
    """Whether it is the name of a function, or one in brackets, and not the text of an expression."""
    return not of.startswith("(") or "->" in of


def _pieces(p: Polynomial, steps: list[str], digits: int | None) -> list[str]:
    pieces: list[str] = []
    for exponents, coefficient in p.terms:
        if coefficient == 0:
            continue
        sign = "-" if coefficient < 0 else "+"
        powers = [s if n == 1 else f"{s}^{n}" for s, n in zip(steps, exponents, strict=True) if n]
        text = _term(abs(coefficient), "*".join(powers), digits)
        pieces.append(f"{sign} {text}" if pieces else f"-{text}" if sign == "-" else text)
    return pieces or ["0"]


def _step(variable: str, center: float, digits: int | None) -> str:
    if center == 0:
        return variable
    return f"({variable} {'-' if center > 0 else '+'} {show_number(abs(center), 'float64', digits)})"


def _term(coefficient: float, powers: str, digits: int | None) -> str:
    fraction = fraction_of(coefficient)
    if fraction is None:
        number = show_number(coefficient, "float64", digits)
        return f"{number}*{powers}" if powers else number
    top, bottom = fraction.numerator, fraction.denominator
    text = (powers if top == 1 else f"{top}*{powers}") if powers else str(top)
    return text if bottom == 1 else f"{text}/{bottom}"


def fraction_of(value: float) -> Fraction | None:
    """The simple fraction that a float is nearest to, or None."""
    if value != value or value == float("inf"):
        return None
    near = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
    # Computed coefficients are off by an ulp or so.
    is_close = abs(float(near) - value) <= 4e-16 * abs(value)
    return near if is_close and 0 < near.numerator <= LARGEST_NUMERATOR else None


def _rest(p: Polynomial, steps: list[str]) -> str:
    if len(steps) > 1:
        return f"O(h^{p.order + 1})"
    return f"O({steps[0]}^{p.order + 1})" if p.order else f"O({steps[0]})"


def _remainder(p: Polynomial, steps: list[str], digits: int | None) -> str:
    n = p.order + 1
    if len(steps) > 1:
        center = ", ".join(show_number(c, "float64", digits, signed_zero=False) for c in p.center)
        return f"remainder: of order {n} in the distance h from ({center})"
    power = steps[0] if n == 1 else f"{steps[0]}^{n}"
    sign = "'" * n if n <= 3 else f"⁽{superscript(n)}⁾"
    below = "" if n == 1 else f"/{n}!"
    at = show_number(p.center[0], "float64", digits, signed_zero=False)
    of = p.of if _is_name(p.of) else "f"
    return f"remainder: {of}{sign}(ξ){below}·{power} for some ξ between {at} and {p.variables[0]}"
