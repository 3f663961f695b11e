"""Entries that Python's math lacks, on balls."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import comb
from typing import Any

from flint import arb

from gradcli.core.engines.balls.ball import Ball, UndecidedError, plain
from gradcli.core.primitives import flint_special
from gradcli.core.primitives.general_power import multiplied_out


def function(name: str) -> Callable[..., Ball]:
    """What an entry names as its function of balls: one that stands here, or one of `flint_special`."""
    own: Callable[..., Ball] | None = _OWN.get(name)
    if own is not None:
        return own
    stated: Callable[..., Any] = getattr(flint_special, name)

    def apply(*args: Ball, **attrs: Any) -> Ball:
        return Ball(stated(*map(plain, args), **attrs))

    return apply


def takes(name: str, attrs: Iterable[str]) -> bool:
    """Whether it has attributes, as derivatives of some orders have."""
    code = (_OWN.get(name) or getattr(flint_special, name)).__code__
    return {*attrs} <= {*code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount]}


def _beta(a: Ball, b: Ball) -> Ball:
    """gamma(a) gamma(b) / gamma(a + b)."""
    x, y = plain(a), plain(b)
    return Ball(x.gamma() * y.gamma() * (x + y).rgamma())


def _sinc(x: Ball, *, order: int) -> Ball:
    """The derivatives of sin(pi x)/(pi x), by n f_(n-1) + t f_n = sin^(n) t at t = pi x."""
    value, pi = plain(x), arb.pi()
    if value.is_exact() and value == 0:
        if order % 2:
            return Ball(arb(0))
        return Ball((-1) ** (order // 2) * pi**order / (order + 1))
    if value.contains(0):
        raise UndecidedError
    t = pi * value
    sine, cosine = value.sin_pi(), value.cos_pi()
    found = sine / t
    for n in range(1, order + 1):
        found = ((sine, cosine, -sine, -cosine)[n % 4] - n * found) / t
    return Ball(pi**order * found)


def _power_partial(a: Ball, b: Ball, *, below: int = 0, logs: int = 0) -> Ball:
    """a^b differentiated by a and by b, multiplied out; at a base of 0 or below it is open."""
    base, exponent = plain(a), plain(b)
    if not base > 0:
        raise UndecidedError
    logarithm, total = base.log(), arb(0)
    for j, coefficients in enumerate(multiplied_out(below, logs)):
        value = sum((c * exponent**k for k, c in enumerate(coefficients)), arb(0))
        total += comb(logs, j) * value * logarithm ** (logs - j)
    return Ball(total * base ** (exponent - below))


_OWN: dict[str, Callable[..., Ball]] = {"beta": _beta, "sinc": _sinc, "power_partial": _power_partial}
