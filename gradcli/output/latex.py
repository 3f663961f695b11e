"""The reporter for papers and sheets: derivatives as LaTeX equations, to paste."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradcli.language.text.writing import in_latex, latex_name
from gradcli.language.values.partial import SUNK, name_in_latex
from gradcli.output.numbers import show_number
from gradcli.output.polynomials import show_polynomial
from gradcli.output.views import Look, show_value
from gradcli.output.written import Written
from gradcli.session.explanations import Derivation, Steps
from gradcli.session.results import (
    Answer,
    Assertion,
    Derivatives,
    FileSummary,
    NoNumber,
    Plain,
    Polynomial,
    Result,
    Row,
    Shown,
    Tensor,
    Text,
)

if TYPE_CHECKING:
    from gradcli.session.help import Explained


class Latex(Written):
    """Writes each result as it comes; what is wrong goes to standard error as text."""

    def result(self, result: Result, named: bool = False) -> None:
        """Derivatives as aligned equations, another value as one; an assert as a comment."""
        if isinstance(result, Assertion):
            self._write([f"% {'passed' if result.passed else 'failed'}: {' '.join(result.source.split())}"])
        elif isinstance(result, Answer):
            at = ", ".join(f"{latex_name(name)} = {self._value(value)}" for name, value in result.at)
            self._write([f"% {result.title}", *([f"% at {at}"] if at else []), *self._equations(result.derivatives)])
        else:
            self._write([*self._shown(result, named)])

    def _shown(self, result: Shown, named: bool) -> Iterator[str]:
        value = result.value
        if isinstance(value, Derivatives):
            yield from self._equations(value)
        elif isinstance(value, Steps):
            for derivation in value.derivations:
                yield from self._derivation(derivation, value.at)
        elif isinstance(value, Polynomial):
            yield rf"\[ {' = '.join(map(in_latex, show_polynomial(value, self.digits)[0].split(' = ')))} \]"
        elif isinstance(value, NoNumber) and value.kind == "latex":
            yield value.text
        elif result.is_text and isinstance(value, Text):
            yield from (_escaped(line) for line in value.text.split("\n"))
        elif isinstance(value, NoNumber) and value.kind == "function" and " = " in value.text:
            left, _, right = value.text.partition(" = ")
            yield rf"\[ {in_latex(left)} = {in_latex(right)} \]"
        elif not isinstance(value, (Tensor, Text, tuple)):
            # A picture or a table is no formula.
            yield from (f"% {line}".rstrip() for line in show_value(value, Look(self.digits)).split("\n"))
        else:
            left = f"{in_latex(result.source)} = " if named else ""
            yield rf"\[ {left}{self._value(value)} \]"

    def _derivation(self, d: Derivation, at: tuple[tuple[str, float], ...]) -> Iterator[str]:
        """What is differentiated, what the rules make of it, what that is simplified to, and its value at a point."""
        sign = "d" if d.sign.startswith("d") else r"\partial "
        operator = rf"\frac{{{sign.strip()}}}{{{sign}{latex_name(d.by)}}}"
        sides = dict.fromkeys(in_latex(text) for text in (d.tree.result, d.simplified) if text is not None)
        first, *others = sides
        lines = [rf"{operator}\left({in_latex(d.of)}\right) &= {first}", *(f"&= {side}" for side in others)]
        if d.value is not None:
            point = ", ".join(f"{latex_name(name)} = {self._number(x)}" for name, x in at)
            lines.append(rf"&= {self._number(d.value)} \quad ({point})")
        lines += [f"{in_latex(name)} &= {in_latex(text)}" for name, text in d.definitions]
        yield r"\begin{align*}"
        yield " \\\\\n".join(lines)
        yield r"\end{align*}"

    def _number(self, value: float) -> str:
        return in_latex(show_number(value, "float64", self.digits))

    def _equations(self, table: Derivatives) -> Iterator[str]:
        lines = [self._equation(row) for row in table.rows]
        lines += [f"{in_latex(name)} &= {in_latex(text)}" for name, text in table.definitions]
        yield r"\begin{align*}"
        yield " \\\\\n".join(lines)
        yield r"\end{align*}"

    def _equation(self, row: Row) -> str:
        sides = [name_in_latex(row.of, row.by, row.name.lstrip(f"∑{SUNK} ").startswith("d"), row.summed)]
        if row.formula:
            sides.append(in_latex(row.formula))
        if row.tensor is not None and self._value(row.tensor) != sides[-1]:
            sides.append(self._value(row.tensor))
        return f"{sides[0]} &= {' = '.join(sides[1:])}" if len(sides) > 1 else sides[0]

    def _value(self, value: Plain) -> str:
        if isinstance(value, Tensor) and value.shape == ():
            return in_latex(show_number(value.data, value.dtype, self.digits))  # type: ignore[arg-type]
        if isinstance(value, Tensor):
            return in_latex(" ".join(show_value(value, Look(self.digits, None)).split()))
        if isinstance(value, tuple):
            return rf"\left({', '.join(map(self._value, value))}\right)"
        return rf"\text{{{_escaped(' '.join(show_value(value, Look(self.digits)).split()))}}}"

    def program(self, text: str) -> None:
        """A listing."""
        self._write([r"\begin{verbatim}", text.rstrip(), r"\end{verbatim}"])

    def help(self, explained: Explained) -> None:
        """The page as a comment."""
        from gradcli.output.help_pages import plain_text

        self.say(plain_text(explained))

    def say(self, text: str, style: str = "") -> None:
        """A comment."""
        self._write([f"% {line}" for line in text.split("\n")])

    def begin_file(self, path: str) -> None:
        """Name the file in a comment."""
        self._write([f"% {path}"])

    def end_file(self, summary: FileSummary) -> None:
        """How the file came out, as a comment."""
        self._write([f"% {summary.path}: {summary.passed} passed, {summary.failed} failed"])

    def _write(self, lines: list[str]) -> None:
        self._out.lines([[(line, "")] for text in lines for line in text.split("\n")])


def _escaped(text: str) -> str:
    """A text whose signs mean themselves."""
    named = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(named.get(char, rf"\{char}" if char in "%&_#${}" else char) for char in text)
