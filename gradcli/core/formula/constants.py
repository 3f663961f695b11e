"""Numbers of a graph as formulas: fractions, what is known exactly, and what a rule of a derivative multiplies by."""

from __future__ import annotations

from fractions import Fraction
from math import pi

from gradcli.core.formula.algebra import Algebra, Formula, exact
from gradcli.core.ir.exact import Exact
from gradcli.core.ir.standing import named_parts


def constant_formula(algebra: Algebra, value: float, with_pi: bool) -> Formula:
    """A number as it was typed, or as a rule means it; `with_pi` says that the name is not taken by a variable.

    Raises:
        UnreadableError: for a value that is no number.
    """
    if isinstance(value, Exact):
        if value.decimal:
            algebra.decimal = algebra.decimal or value.fraction.denominator > 1
        else:
            algebra.denominators.add(value.fraction.denominator)
        if value.rational:
            return algebra.number(value.fraction)
        if with_pi or not value.pi:
            found = algebra.number(value.fraction)
            for name, exponent in (("pi", value.pi), ("e", value.e)):
                if exponent:
                    base = algebra.constant("pi") if name == "pi" else algebra.function("exp", (algebra.number(ONE),))
                    found = algebra.multiply(found, algebra.power(base, Fraction(exponent)))
            return found
    near = exact(float(value))
    parts = None if isinstance(near, Fraction) else named_parts(near)
    if parts is None:
        return algebra.number(near)
    fraction, name, power = parts
    return algebra.scale(algebra.power(_named(algebra, name, with_pi), power), fraction)


ONE = Fraction(1)


def _named(algebra: Algebra, name: str, with_pi: bool) -> Formula:
    kind, _, of = name.partition(" ")
    if kind == "exp":
        return algebra.function("exp", (algebra.number(ONE),))
    inner = algebra.number(Fraction(of) if of != "pi" else pi)
    if of == "pi" and with_pi:
        inner = algebra.constant("pi")
    return algebra.function("log", (inner,)) if kind == "log" else inner
