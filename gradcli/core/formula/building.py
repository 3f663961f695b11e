"""From a formula back to a graph, so that the next derivative starts from what was simplified."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from gradcli.core.formula.algebra import Factor, Formula, Number
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, constant
from gradcli.core.ir.nodes import registry as entries


class Builder:
    """Makes graphs of float64 scalars from the formulas of one algebra, each part once."""

    def __init__(self, variables: Mapping[str, Node]) -> None:
        self._variables = variables
        self._formulas: dict[Formula, Node] = {}
        self._factors: dict[Factor, Node] = {}

    def build(self, formula: Formula) -> Node:
        """A node with the formula's value."""
        if formula not in self._formulas:
            total: Node | None = None
            for term, coefficient in formula.terms:
                product: Node | None = None
                for factor, exponent in term:
                    node = _raised(self._factor(factor), exponent)
                    product = node if product is None else product * node
                if product is None:
                    product = constant(float(coefficient), DType.FLOAT64)
                elif coefficient != 1:
                    product = product * float(coefficient)
                total = product if total is None else total + product
            self._formulas[formula] = constant(0.0, DType.FLOAT64) if total is None else total
        return self._formulas[formula]

    def _factor(self, factor: Factor) -> Node:
        if factor not in self._factors:
            self._factors[factor] = self._made(factor)
        return self._factors[factor]

    def _made(self, factor: Factor) -> Node:
        if factor.name in ("true", "false"):
            return constant(factor.name == "true", DType.BOOL)
        if factor.name:
            return self._variables[factor.name]
        args = [self.build(arg) for arg in factor.args]
        return entries[factor.function](*args, **dict(factor.attrs)) if factor.function else args[0]


def _raised(node: Node, exponent: Number) -> Node:
    if exponent == 1:
        return node
    if exponent == Fraction(1, 2):
        return entries["sqrt"](node)
    if exponent == -1:
        return entries["reciprocal"](node)
    return entries["constant_power"](node, exponent=float(exponent))
