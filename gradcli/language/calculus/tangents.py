"""The tangent to a function: its Taylor polynomial of order 1, written as the equation of a line or a plane."""

from __future__ import annotations

from gradcli.language.calls.announce import Call, builtin
from gradcli.language.derivatives.polynomial import TaylorPolynomial, polynomial_of
from gradcli.language.values.values import Function, Rewrite, Value


class Tangent(TaylorPolynomial):
    """A line, or a plane."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.name, self.kind = f"tangent({self.of})", "tangent"

    def substituted(self, substitution: Rewrite) -> Tangent:
        """The same at the caller's point."""
        return _tangent(super().substituted(substitution))


@builtin(
    "the tangent line of a function at a point, or its tangent plane; a function itself", example="tangent(x^2, 1)"
)
def tangent(call: Call, fn: Function, x0: Value) -> Tangent:
    """It.

    Raises:
        LanguageError: where the function has no slope, or is none of numbers to a number.
    """
    return _tangent(polynomial_of(call, fn, x0, 1, "tangent", "tangent"))


def _tangent(polynomial: TaylorPolynomial) -> Tangent:
    p = polynomial
    return Tangent(p.of, p.inputs, p.center, p.order, p.coefficients)
