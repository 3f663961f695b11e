"""Derivatives of formulas: sums, products and powers by their rules, functions by what the table says of them.

A formula is differentiated as it is read, not its graph: no guard that a primitive needs at a point where its slope is
a limit is ever differentiated, so that orders cost alike and what is factored stays so.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from gradcli.core.formula.algebra import Algebra, Factor, Formula, Number, Term, UnreadableError, number_of
from gradcli.core.formula.reading import Reader
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.laws import Flat
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.nodes import registry as entries
from gradcli.core.ir.primitive import Primitive
from gradcli.core.transforms.reverse import gradient

# What a partial of the table costs to make and to read, in steps of arithmetic.
STEPS_OF_A_PARTIAL = 16


def _is_mask(factor: Factor) -> bool:
    return factor.function == "select" and not (factor.args[1].terms and factor.args[2].terms)


class Differentiator:
    """Differentiates the formulas of one algebra, each factor once by each variable.

    `tidied` gives a formula of the same value that is shorter; the slopes of factors go on as that.
    """

    def __init__(self, reader: Reader, tidied: Callable[[Formula], Formula]) -> None:
        self._reader, self._tidied = reader, tidied
        self._algebra: Algebra = reader.algebra
        self._slopes: dict[tuple[Factor, str], Formula] = {}
        self._partials: dict[tuple[Factor, int], Formula] = {}
        self._zero = self._algebra.number(Fraction(0))

    def derivative(self, formula: Formula, name: str) -> Formula:
        """By the variable of that name.

        Raises:
            UnreadableError: where a function's slope has no formula, TooLongError where the work is spent.
        """
        total = self._zero
        for term, coefficient in formula.terms:
            for place, (factor, exponent) in enumerate(term):
                slope = self._slope(factor, name)
                if slope.terms:
                    rest = self._without(term, place, coefficient, exponent)
                    total = self._algebra.add(total, self._times(rest, slope))
        return total

    def _times(self, rest: Formula, slope: Formula) -> Formula:
        """The product; 0 where a choice in the slope is, whatever the rest is: `where(x > 0, 1, 0)/sqrt(relu(x))`."""
        if number_of(rest) is not None or not any(e == 1 and _is_mask(f) for t, _ in slope.terms for f, e in t):
            return self._algebra.multiply(rest, slope)
        total = self._zero
        for term, coefficient in slope.terms:
            choice = next((f for f, e in term if e == 1 and _is_mask(f)), None)
            if choice is None:
                part = self._algebra.multiply(rest, self._algebra.sum_of({term: coefficient}))
            else:
                condition, yes, no = choice.args
                others = self._algebra.product([pair for pair in term if pair[0] is not choice], coefficient)
                whole = self._times(rest, others)
                part = self._reader.choice(
                    condition,
                    self._algebra.multiply(whole, yes) if yes.terms else yes,
                    self._algebra.multiply(whole, no) if no.terms else no,
                )
            total = self._algebra.add(total, part)
        return total

    def _without(self, term: Term, place: int, coefficient: Number, exponent: Number) -> Formula:
        """The term with one exponent brought down."""
        factor = term[place][0]
        rest = [pair for i, pair in enumerate(term) if i != place]
        if exponent != 1:
            rest.append((factor, exponent - 1))
        return self._algebra.product(rest, coefficient * exponent)

    def _slope(self, factor: Factor, name: str) -> Formula:
        if factor.name:
            return self._algebra.number(Fraction(factor.name == name))
        if not factor.args:
            return self._zero
        key = factor, name
        if key not in self._slopes:
            self._slopes[key] = self._zero
            self._slopes[key] = self._found(factor, name)
        return self._slopes[key]

    def _found(self, factor: Factor, name: str) -> Formula:
        if not factor.function:
            return self._tidied(self.derivative(factor.args[0], name))
        if factor.function == "select":
            condition, yes, no = factor.args
            return self._reader.choice(condition, self.derivative(yes, name), self.derivative(no, name))
        op = entries[factor.function]
        if not isinstance(op, Primitive) or isinstance(op.law, Flat):
            return self._zero
        total = self._zero
        for place, arg in enumerate(factor.args):
            inner = self.derivative(arg, name)
            if inner.terms:
                partial, inner = self._partial(factor, op, place), self._tidied(inner)
                both = (partial, inner) if len(partial.terms) == 1 else (inner, partial)
                total = self._algebra.add(total, self._times(*both))
        return self._tidied(total)

    def _partial(self, factor: Factor, op: Primitive, place: int) -> Formula:
        """What the table says, of the formulas that the function is of."""
        key = factor, place
        if key not in self._partials:
            self._algebra.charge(STEPS_OF_A_PARTIAL)
            inputs: list[Node] = [fresh_input(f"{i}", (), DType.FLOAT64) for i in range(len(factor.args))]
            output = op(*inputs, **dict(factor.attrs))
            if not output.dtype.is_float:
                raise UnreadableError
            (slope,) = gradient([output], [inputs[place]])
            self._partials[key] = self._reader.read(slope, dict(zip(inputs, factor.args, strict=True)))
        return self._partials[key]
