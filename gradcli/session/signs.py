r"""Signs of paper by their names in LaTeX, as in `\alpha` and `\^2`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from unicodedata import lookup


def sign_begun(text: str) -> str | None:
    r"""What stands behind the last backslash, as in `\al`; None where there is none at the end."""
    _, slash, tail = text.rpartition("\\")
    is_name = tail.isalpha() or not tail or tail[0] in "^_"
    return tail if slash and is_name and not any(c.isspace() for c in tail) else None


def signs_for(begun: str) -> Mapping[str, str]:
    """The signs whose names begin so, by name; the one of just that name alone, and a whole exponent."""
    table = signs()
    if begun in table:
        return {begun: table[begun]}
    if begun[:1] in ("^", "_") and len(begun) > 2 and all(begun[0] + c in table for c in begun[1:]):
        return {begun: "".join(table[begun[0] + c] for c in begun[1:])}
    return {name: table[name] for name in sorted(table) if name.startswith(begun)}


@cache
def signs() -> Mapping[str, str]:
    """All of them by name. Greek letters have the names that Unicode gives them."""
    small = {name: lookup(f"GREEK SMALL LETTER {name.upper().replace('LAMBDA', 'LAMDA')}") for name in _GREEK}
    large = {n.capitalize(): lookup(f"GREEK CAPITAL LETTER {n.upper().replace('LAMBDA', 'LAMDA')}") for n in _GREEK}
    raised = {f"^{d}": r for d, r in zip("0123456789+-()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾", strict=True)}
    lowered = {f"_{d}": r for d, r in zip("0123456789", "₀₁₂₃₄₅₆₇₈₉", strict=True)}
    return {**small, **large, **_OPERATORS, **raised, **lowered}


_GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu"),
    *("nu", "xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
)
# Signs that the language reads.
_OPERATORS = {
    "partial": "∂",
    "nabla": "∇",
    "sqrt": "√",
    "cbrt": "∛",
    "infty": "∞",
    "sum": "∑",
    "prod": "∏",
    "cdot": "·",
    "times": "×",
    "div": "÷",
    "pm": "±",
    "circ": "∘",
    "le": "≤",
    "leq": "≤",
    "ge": "≥",
    "geq": "≥",
    "ne": "≠",
    "neq": "≠",
    "approx": "≈",
    "degree": "°",
    "prime": "′",
}
