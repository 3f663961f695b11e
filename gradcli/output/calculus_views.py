"""How the results of calculus are shown: numbers with their errors, tangents, tables of points and of shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import floor, isfinite, log10

from gradcli.output.layout import Role
from gradcli.output.numbers import show_number
from gradcli.output.polynomials import fraction_of
from gradcli.output.views import Block, Look, Prose, Table, View, text_column, view
from gradcli.session.results import Bounded, Extrema, Fit, Propagation, Tangent, Uncertain

# A bound of an error is one of its size; an error that is measured has a digit more.
DIGITS_OF_A_BOUND, DIGITS_OF_AN_ERROR = 2, 3
DIGITS_OF_A_LOSS = 6


@view.register(Bounded)
class _BoundedView(View):
    value: Bounded

    def inline(self, look: Look) -> str:
        """The number and its bound."""
        return f"{look.tensor(self.value)} ± {show_number(self.value.error, 'float64', DIGITS_OF_A_BOUND)}"

    def shape(self) -> str:
        return str(self.value.shape)


@view.register(Uncertain)
class _UncertainView(View):
    value: Uncertain

    def inline(self, look: Look) -> str:
        return with_error(self.value.value, self.value.error, look)


@view.register(Tangent)
class _TangentView(View):
    value: Tangent

    def inline(self, look: Look) -> str:
        """Such as y = 2x - 1."""
        line = self.value
        other = next(name for name in ("y", "z", "w", line.of) if name not in line.variables)
        text = ""
        for slope, variable in zip(line.slopes, line.variables, strict=True):
            if slope != 0:
                text = _joined(text, slope, _term(abs(slope), variable, look))
        if line.constant != 0 or not text:
            text = _joined(text, line.constant, _term(abs(line.constant), "", look))
        return f"{other} = {text}"


def _joined(text: str, sign: float, term: str) -> str:
    if not text:
        return f"-{term}" if sign < 0 else term
    return f"{text} {'-' if sign < 0 else '+'} {term}"


def _term(size: float, variable: str, look: Look) -> str:
    """A multiple of a variable as on paper, or a number; fractions where a float is one."""
    found: Fraction | None = fraction_of(size)
    if found is not None and look.digits is None:
        top, bottom = found.numerator, found.denominator
        text = (variable if top == 1 else f"{top}{variable}") if variable else str(top)
        return text if bottom == 1 else f"{text}/{bottom}"
    number = look.number(size)
    return f"{number}*{variable}" if variable and "e" in number else f"{number}{variable}"


@view.register(Extrema)
class _ExtremaView(View):
    value: Extrema

    def inline(self, look: Look) -> str:
        """Each point on a line."""
        shown = [f"{p.kind} {self._number(p.value, look)} at {self._at(p.at, look)}" for p in self.value.points]
        return f"({', '.join(shown[: look.most])})" if shown else "no critical points"

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        """A table."""
        if not self.value.points:
            yield from super().blocks(look, source)
            return
        if source is not None:
            yield Prose([[(source, "strong")]])
        points = self.value.points
        columns = [
            text_column(name, [self._number(p.at[i], look) for p in points], Role.LABEL, look)
            for i, name in enumerate(self.value.variables)
        ]
        of = f"{self.value.of}({', '.join(self.value.variables)})" if self.value.of.isidentifier() else "value"
        columns.append(text_column(of, [self._number(p.value, look) for p in points], Role.VALUE, look, "strong"))
        columns.append(text_column("what", [p.kind for p in points], Role.LABEL, look, is_name=True))
        yield Table(columns, note=self.value.note)

    def _at(self, at: Sequence[float], look: Look) -> str:
        shown = ", ".join(self._number(x, look) for x in at)
        return shown if len(at) == 1 else f"({shown})"

    def _number(self, value: float, look: Look) -> str:
        return look.number(value)


@view.register(Propagation)
class _PropagationView(View):
    value: Propagation

    def inline(self, look: Look) -> str:
        return with_error(self.value.value, self.value.error, look)

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        """The result, then each input with its share of the variance."""
        yield from super().blocks(look, source)
        shares = self.value.shares
        if not shares:
            return

        def few(value: float) -> str:
            return show_number(value, "float64", DIGITS_OF_AN_ERROR)

        yield Table(
            [
                text_column("input", [s.name for s in shares], Role.LABEL, look, is_name=True),
                text_column("value", [with_error(s.value, s.error, look) for s in shares], Role.VALUE, look),
                text_column("slope", [look.number(s.slope, digits=6) for s in shares], Role.EXTRA, look),
                text_column("error made", [few(s.contribution) for s in shares], Role.EXTRA, look),
                text_column("share", [f"{100 * s.share:.1f}%" for s in shares], Role.VALUE, look, "strong"),
            ],
            note=self.value.note,
        )


# Why training ended, where that is not that all steps were made.
_ENDED = {
    "patience": ", no lower for a while",
    "converged": ", no step leads lower",
    "interrupted": ", interrupted",
    "diverged": ", and then it diverged",
}


@view.register(Fit)
class _FitView(View):
    value: Fit

    def inline(self, look: Look) -> str:
        """The loss before and behind."""
        fit = self.value
        first, last = (show_number(loss, "float64", DIGITS_OF_A_LOSS) for loss in (fit.first, fit.last))
        steps = f"{fit.steps:,} {'step' if fit.steps == 1 else 'steps'}"
        return f"loss {first} → {last} in {steps} of {fit.optimizer}{_ENDED.get(fit.ended, '')}"


def with_error(value: float, error: float, look: Look) -> str:
    """A number to the digits that its error leaves, and the error."""
    if not error or not isfinite(error) or not isfinite(value):
        return f"{look.number(value)} ± {look.number(error)}"
    shown = show_number(error, "float64", DIGITS_OF_AN_ERROR)
    decimals = DIGITS_OF_AN_ERROR - 1 - floor(log10(error))
    rounded = round(value, decimals)
    # Typed digits stay, such as those of 5 ± 0.2.
    return f"{look.number(rounded)} ± {shown}"
