"""Choices in formulas: a guard that changes nothing is left out."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction

from gradcli.core.formula.algebra import ONE, Algebra, Factor, Formula, Number, UnreadableError, alone, number_of

_DECIDED = {"equal": lambda a, b: a == b, "not_equal": lambda a, b: a != b}


class Guards:
    """Reads choices; what was found out about a formula is kept."""

    def __init__(self, algebra: Algebra) -> None:
        self._algebra = algebra
        self._vanishing: dict[tuple[Formula, Formula], bool] = {}
        self._at: dict[tuple[Formula, str, Number], Formula | None] = {}

    def choice(self, condition: Formula, yes: Formula, no: Formula) -> Formula:
        """where(condition, yes, no), without the guard where it changes nothing."""
        test = alone(condition)
        if test is not None and test.name in ("true", "false"):
            return yes if test.name == "true" else no
        turned = test is not None and test.function == "logical_not"
        if test is not None and turned:
            condition, yes, no = test.args[0], no, yes
        # Inside a choice its condition is known.
        for place, side in ((1, yes), (2, no)):
            inner = alone(side)
            if inner is not None and inner.function == "select" and inner.args[0] is condition:
                yes, no = (inner.args[1], no) if place == 1 else (yes, inner.args[2])
        if yes is no or (not yes.terms and self._vanishes(no, condition)):
            return no
        return self._of_signs(condition, yes, no) or self._algebra.function("select", (condition, yes, no))

    def _of_signs(self, condition: Formula, yes: Formula, no: Formula) -> Formula | None:
        """The slopes of relu and of the larger of two, as they are written."""
        test, other = alone(condition), alone(no)
        if test is None or other is None or yes.terms:
            return None
        one, half = (self._algebra.number(Fraction(1, n)) for n in (1, 2))
        if test.function == "less_equal" and other.function == "sign" and other.args[0] is test.args[0]:
            if test.args[1].terms:
                return None
            positive = self._algebra.function("greater", test.args)
            return self._algebra.function("select", (positive, one, yes))
        if test.function != "less" or other.function != "select" or other.args[1] is not half:
            return None
        tie = alone(other.args[0])
        signs = self._algebra.function("sign", (self._algebra.subtract(*test.args),))
        if tie is None or tie.function != "equal" or set(tie.args) != set(test.args) or other.args[2] is not signs:
            return None
        return self._algebra.add(half, self._algebra.multiply(half, signs))

    def _vanishes(self, formula: Formula, condition: Formula) -> bool:
        """Whether a formula reads as 0 by itself where a condition such as y == 0 holds."""
        key = formula, condition
        if key not in self._vanishing:
            self._vanishing[key] = self._found_to_vanish(formula, condition)
        return self._vanishing[key]

    def _found_to_vanish(self, formula: Formula, condition: Formula) -> bool:
        test = alone(condition)
        if test is None:
            return False
        if test.function == "logical_and":
            return _has_limit_zero(formula, test) or any(self._vanishes(formula, part) for part in test.args)
        if test.function != "equal" or test.args[1].terms:
            return False
        root = _root(test.args[0])
        if root is None:
            return False
        there = self._substituted(formula, *root)
        return there is not None and not there.terms

    def _substituted(self, formula: Formula, name: str, value: Number) -> Formula | None:
        """The formula where a variable has a value; None where that is no number."""
        key = formula, name, value
        if key not in self._at:
            self._at[key] = None
            with suppress(UnreadableError):
                self._at[key] = self._terms_at(formula, name, value)
        return self._at[key]

    def _terms_at(self, formula: Formula, name: str, value: Number) -> Formula:
        total = self._algebra.number(Fraction(0))
        for term, coefficient in formula.terms:
            product = self._algebra.number(coefficient)
            for factor, exponent in term:
                product = self._algebra.multiply(
                    product, self._algebra.power(self._factor_at(factor, name, value), exponent)
                )
            total = self._algebra.add(total, product)
        return total

    def _factor_at(self, factor: Factor, name: str, value: Number) -> Formula:
        if factor.name:
            return self._algebra.number(value) if factor.name == name else self._algebra.variable(factor.name)
        args = []
        for arg in factor.args:
            there = self._substituted(arg, name, value)
            if there is None:
                # Of a choice, the side that is not taken may be no number.
                if factor.function != "select" or arg is factor.args[0]:
                    raise UnreadableError
                there = arg
            args.append(there)
        if not factor.function:
            return self._algebra.parentheses(args[0])
        if factor.function == "select":
            return self._choice_at(factor, args, name, value)
        decide, known = _DECIDED.get(factor.function), [number_of(arg) for arg in args]
        if decide is not None and None not in known:
            return self._algebra.variable("true" if decide(*known) else "false")
        return self._algebra.function(factor.function, tuple(args), factor.attrs)

    def _choice_at(self, factor: Factor, args: list[Formula], name: str, value: Number) -> Formula:
        test = alone(args[0])
        taken = [1] if test is not None and test.name == "true" else [2] if test and test.name == "false" else [1, 2]
        if any(self._substituted(factor.args[i], name, value) is None for i in taken):
            raise UnreadableError
        return args[taken[0]] if len(taken) == 1 else self._algebra.function("select", tuple(args))


def _has_limit_zero(formula: Formula, both: Factor) -> bool:
    """Whether it is x^y log(x) or the like, guarded at x == 0 and y > 0, where its limit is 0."""
    tests = [alone(arg) for arg in both.args]
    zeros = {t.args[0] for t in tests if t is not None and t.function == "equal" and not t.args[1].terms}
    positive = any(t is not None and t.function == "greater" for t in tests)
    return positive and all(
        any(f.function == "power" and f.args[0] in zeros for f, e in term if e > 0) for term, _ in formula.terms
    )


def _root(formula: Formula) -> tuple[str, Number] | None:
    """The variable of a formula such as 2*y - 4, and where it is 0."""
    slopes = [pair for pair in formula.terms if pair[0] != ONE]
    offset = next((c for term, c in formula.terms if term == ONE), Fraction(0))
    if len(slopes) != 1:
        return None
    ((term, slope),) = slopes
    variable = term[0][0].name if len(term) == 1 and term[0][1] == 1 else ""
    if not variable or not isinstance(slope, Fraction) or not isinstance(offset, Fraction):
        return None
    return variable, -offset / slope
