"""Which way of writing a formula is the shortest: the fewest characters, then the fewest names and parentheses.

The ways are found in `gradcli.core.formula.arranging`, which is imported for the first formula that has several.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from gradcli.core.formula.algebra import Algebra, Formula, TooLongError, UnreadableError, number_of

if TYPE_CHECKING:
    from gradcli.core.formula.arranging import Arranger

Cost: TypeAlias = "tuple[int, int, int]"

_NAME = re.compile(r"[a-zA-Z_]\w*")

# What is written together with its like, or otherwise than the algebra has it.
_JOINED = frozenset(("exp", "power", "pi", "sinc"))
# A formula as it was typed is left unless another is that much shorter.
WORTH_REWRITING = 0.75

# Writing so many takes as long as a step of arithmetic.
CHARACTERS_OF_A_STEP = 8
# One formula may take so much of the work that arranging may take in all.
MOST_OF_ONE = 6_000


class Shortener:
    """Chooses among the ways of writing the formulas of one algebra; `work` bounds what all of it may cost."""

    def __init__(self, algebra: Algebra, text: Callable[[Formula], str], work: int) -> None:
        self._algebra, self._text, self._work = algebra, text, work
        self._arranger: Arranger | None = None
        self._found: dict[Formula, tuple[Formula, Formula]] = {}

    def tidied(self, formula: Formula) -> Formula:
        """The shortest way, as the algebra has it."""
        return self._shortest(formula)[0]

    def readable(self, formula: Formula) -> Formula:
        """The shortest way, with exponentials and powers written together."""
        return self._shortest(formula)[1]

    def near(self, formula: Formula) -> Formula:
        """The formula as it was typed, unless the shortest way is much shorter."""
        typed, shortest = self._plainly_together(formula), self.readable(formula)
        with suppress(UnreadableError):
            if len(self._text(shortest)) > WORTH_REWRITING * len(self._text(typed)):
                return typed
        return shortest

    def _shortest(self, formula: Formula) -> tuple[Formula, Formula]:
        found = self._found.get(formula)
        if found is None:
            found = self._found[formula] = (formula, formula) if _is_plain(formula) else self._chosen(formula)
            # What is already the shortest is so when it is asked for again.
            self._found.setdefault(found[0], found)
            self._found.setdefault(found[1], (found[0], found[1]))
        return found

    def _chosen(self, formula: Formula) -> tuple[Formula, Formula]:
        if self._arranger is None:
            from gradcli.core.formula.arranging import Arranger

            self._arranger = Arranger(self._algebra)
        best: tuple[Cost, Formula, Formula] | None = None
        before = self._algebra.work
        allowed = min(self._work, MOST_OF_ONE)
        self._algebra.work = allowed
        try:
            for way in self._arranger.ways(formula):
                for shown in self._together(way):
                    text = self._written(shown)
                    if text is not None and (best is None or _cost(text) < best[0]):
                        best = _cost(text), way, shown
        except (UnreadableError, ArithmeticError):
            # The shortest of those that were found.
            pass
        finally:
            self._work -= allowed - max(self._algebra.work, 0)
            self._algebra.work = before
        return (formula, self._plainly_together(formula)) if best is None else best[1:]

    def _written(self, formula: Formula) -> str | None:
        """The text, None where it is too long for one."""
        try:
            text = self._text(formula)
        except TooLongError:
            self._algebra.charge(0)
            return None
        self._algebra.charge(len(text) // CHARACTERS_OF_A_STEP)
        return text

    def _plainly_together(self, formula: Formula) -> Formula:
        return next(self._together(formula))

    def _together(self, formula: Formula) -> Iterator[Formula]:
        """With exponentials and powers written together; and with powers apart where that may be shorter."""
        if not _has_joinable(formula):
            yield formula
            return
        from gradcli.core.formula.joining import apart_from, joined_formula

        yield joined_formula(self._algebra, formula, frozenset())
        apart = apart_from(formula)
        if apart:
            yield joined_formula(self._algebra, formula, apart)


def _is_plain(formula: Formula) -> bool:
    """Whether there is nothing to choose: a number, or a product of variables with one function at most."""
    if not formula.terms:
        return True
    if len(formula.terms) > 1:
        return False
    ((term, _),) = formula.terms
    others = [(f, e) for f, e in term if not f.name]
    return not others or (
        len(others) == 1
        and bool(others[0][0].function)
        and others[0][0].function not in ("power", "exp", "hypot", "sinc")
    )


def _has_joinable(formula: Formula, known: dict[int, bool] | None = None) -> bool:
    """Whether something could be written together; a part that occurs often is looked at once."""
    known = {} if known is None else known
    if id(formula) not in known:
        known[id(formula)] = any(
            f.function in _JOINED
            or (not f.name and not f.function and (_has_joinable(f.args[0], known) or bool(number_of(f.args[0]))))
            for term, _ in formula.terms
            for f, _ in term
        )
    return known[id(formula)]


def _cost(text: str) -> Cost:
    return len(text) - text.count(" "), len(_NAME.findall(text)), text.count("(")
