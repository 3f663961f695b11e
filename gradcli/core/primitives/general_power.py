"""Numbers of the derivatives of a^b: as many times by a and by b as the attributes `below` and `logs` say.

With c_0 = b (b - 1) ... (b - below + 1) and c_j its derivatives by b, they are
a^(b - below) times the sum over j of C(logs, j) c_j log(a)^(logs - j), by Leibniz' rule. One entry with both orders
makes mixed derivatives equal in whichever order they are taken, at every exponent: a guard in the first derivative
would be differentiated with it.
"""

from __future__ import annotations

from math import comb
from typing import Any

# Polynomials in b multiplied out lose digits beyond this degree; the array engine has them as products.
HIGHEST_MULTIPLIED_OUT = 3


def factors(xp: Any, b: Any, below: int, logs: int) -> list[Any]:
    """C(logs, j) c_j for j = 0 to `logs`: what the powers of the logarithm are multiplied by, for an array b."""
    found = [xp.ones_like(b), *[xp.zeros_like(b)] * logs]
    for i in range(below):
        found = [found[j] * (b - i) + (j * found[j - 1] if j else 0.0) for j in range(logs + 1)]
    return [comb(logs, j) * c for j, c in enumerate(found)]


def kernel(xp: Any, a: Any, b: Any, *, below: int = 0, logs: int = 0) -> Any:
    """The derivative on arrays; at a = 0 and at infinity the limit, where the first term that is there outweighs."""
    if not below and not logs:
        return xp.power(a, b)
    base = xp.power(a, b - below)
    terms = factors(xp, b, below, logs)
    if not logs:
        return xp.where(terms[0] == 0, terms[0], terms[0] * base)
    logarithm = xp.log(a)
    total = first = terms[0]
    found = terms[0] != 0
    for term in terms[1:]:
        total = total * logarithm + term
        first = xp.where(found, first * logarithm, term)
        found = found | (term != 0)
    limit = xp.where(found & (base != 0), first * base, 0.0)
    return xp.where((a == 0) | xp.isposinf(a), limit, total * base)


def template(*, below: int = 0, logs: int = 0) -> str | None:
    """The derivative on Python's math, which raises where a limit is asked for; None where it would lose digits."""
    if not below and not logs:
        return "math.pow({0}, {1})"
    base = f"math.pow({{0}}, {{1}} - {below}.0)" if below else "math.pow({0}, {1})"
    if not logs:
        product = " * ".join([*(f"({{1}} - {i}.0)" if i else "{1}" for i in range(below)), base])
        zeros = f"in ({', '.join(f'{i}.0' for i in range(below))})" if below > 1 else "== 0.0"
        return f"(0.0 if {{1}} {zeros} else {product})"
    if below > HIGHEST_MULTIPLIED_OUT:
        return None
    text = "0.0"
    for j, coefficients in enumerate(multiplied_out(below, logs)):
        text = _plus(_times_log(text), _polynomial([comb(logs, j) * c for c in coefficients]))
    # At 0 and at infinity a power of the logarithm is outweighed by one of a.
    outweighed = f"({{0}} == 0.0 and {{1}} > {below}.0) or ({{0}} == inf and {{1}} < {below}.0)"
    return f"(0.0 if {outweighed} else {_times(text, base)})"


def multiplied_out(below: int, logs: int) -> list[list[int]]:
    """The coefficients in ascending order of c_0, c_1, ... as polynomials in b."""
    found = [1]
    for i in range(below):
        found = [low - i * high for low, high in zip([0, *found], [*found, 0], strict=True)]
    every = [found]
    for _ in range(logs):
        every.append([k * c for k, c in enumerate(every[-1])][1:])
    return every


def _polynomial(coefficients: list[int]) -> str:
    """A polynomial in b by Horner's rule."""
    text = "0.0"
    for c in reversed(coefficients):
        text = _plus(_times(text, "{1}"), f"{c}.0")
    return text


def _times_log(text: str) -> str:
    """The product with the logarithm, 0 where the factor is, whatever the logarithm."""
    product = _times(text, "math.log({0})")
    return product if "{1}" not in text else f"(0.0 if {{0}} >= 0.0 and {text} == 0.0 else {product})"


def _plus(a: str, b: str) -> str:
    return b if a == "0.0" else a if b == "0.0" else f"({a} + {b})"


def _times(a: str, b: str) -> str:
    return "0.0" if a == "0.0" else b if a == "1.0" else f"{a} * {b}"
