"""Characters as a stream can take them: nothing that steers a terminal, and ASCII where the encoding has no more."""

from __future__ import annotations

import re
from unicodedata import combining, east_asian_width

_RAISED, _SUNK = "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁻⁺ⁿ", "₀₁₂₃₄₅₆₇₈₉"
_LOWERED = str.maketrans(_RAISED + _SUNK, "0123456789()-+n0123456789")
_LETTERS = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu"),
    *("xi", "omicron", "pi", "rho", "sigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
)
_CAPITALS = [name.title() for place, name in enumerate(_LETTERS) if place != _LETTERS.index("sigma")]
# What is written for signs, so that the language reads a formula still. A run of raised digits is one sign.
_IN_ASCII = {
    **dict(zip("αβγδεζηθικλμνξοπρςστυφχψω", _LETTERS, strict=True)),
    **dict(zip("ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ", _CAPITALS, strict=True)),
    **dict.fromkeys("─━╌┄═", "-"),
    **dict.fromkeys("│┃╎║", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯", "+"),
    **dict.fromkeys("▁▂▃▄▅▆▇█", "#"),
    **dict.fromkeys("′’‘", "'"),
    **dict.fromkeys("“”", '"'),
    **dict.fromkeys("·⋅∙•", "*"),
    **dict.fromkeys("−–—", "-"),
    "∂": "d",
    "∇²": "hessian ",
    "∇·": "divergence ",
    "∇×": "curl ",
    "∇": "grad ",
    "Δ": "laplacian ",
    "√(": "sqrt(",
    "∛(": "cbrt(",
    "∜(": "root4(",
    "√": "sqrt ",
    "∛": "cbrt ",
    "∜": "root4 ",
    "∑": "sum",
    **{sign: f"_{letter}" for sign, letter in zip("ⱼₖₗₘₙₚₛₜ", "jklmnpst", strict=True)},
    "∏": "prod",
    "∫": "integral ",
    "∘": " o ",
    "×": "x",
    "÷": "/",
    "±": "+/-",
    "≈": "~",
    "≤": "<=",
    "≥": ">=",
    "µ": "u",
    "≠": "!=",
    "∞": "inf",
    "°": " deg",
    "″": "''",
    "‴": "'''",
    "⁗": "''''",
    "…": "...",
    "✓": "ok",
    "✗": "failed",
    "→": "->",
    "←": "<-",
    "↑": "^",
    "↓": "v",
    "↗": "/",
    "↘": "\\",
    "↙": "/",
    "↖": "\\",
}
_SIGNS = re.compile(rf"[{_RAISED}]+|∇[²·×]|[√∛∜]\(|[^\x00-\x7f]")
_BRAILLE = range(0x2800, 0x2900)


def visible(text: str, keep: str = "") -> str:
    r"""The text with each character that is not printed written as an escape: `\x1b`, `\u202e`, `\n`.

    Such characters move the cursor, change colours or the order of what follows, or end a line where none ends.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else escape(c) for c in text)


def escape(char: str) -> str:
    """A character as Python and the language write it in a text."""
    # A lone surrogate is no character that UTF-8 has, so it goes by its number.
    return char.encode("ascii", "backslashreplace").decode() if ord(char) > 0x7F else repr(char)[1:-1]


def in_encoding(text: str, encoding: str) -> str:
    """The text with what an encoding lacks written in ASCII: signs by their names, others as escapes."""
    if text.isascii() or can_hold(text, encoding):
        return text
    return _SIGNS.sub(lambda m: m[0] if can_hold(m[0], encoding) else _plainer(m[0]), text)


def escaped(text: str, encoding: str) -> str:
    """The text with what an encoding lacks as escapes."""
    return text if can_hold(text, encoding) else "".join(c if can_hold(c, encoding) else escape(c) for c in text)


def can_hold(text: str, encoding: str) -> bool:
    """Whether an encoding has every character of a text."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _plainer(sign: str) -> str:
    if sign in _IN_ASCII:
        return _IN_ASCII[sign]
    if sign[0] in _RAISED:
        return f"^{sign.translate(_LOWERED)}"
    if sign in _SUNK:
        return sign.translate(_LOWERED)
    if ord(sign) in _BRAILLE:
        return "." if ord(sign) == _BRAILLE.start else "#"
    return escape(sign)


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(char: str) -> int:
    return 0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1
