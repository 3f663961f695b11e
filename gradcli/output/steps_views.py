"""How steps of derivatives are shown, as a tree that folds, with the tape below it; and what is said of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradcli.output.characters import columns
from gradcli.output.folding import fold
from gradcli.output.layout import Cell, Column, FormulaCell, Role
from gradcli.output.style import Line
from gradcli.output.views import Block, Look, Prose, Table, View, text_column, view
from gradcli.session.explanations import Check, Derivation, Step, Steps, TapeRow

# What stands between the pieces of a line.
_APART = "   "
# A number beside a formula has so many digits unless more are asked for.
FEW_DIGITS = 6


@view.register(Steps)
class _StepsView(View):
    value: Steps

    def inline(self, look: Look) -> str:
        return f"steps of {', '.join(d.name for d in self.value.derivations)}"

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        """Each derivation as a tree, and at a point the tape."""
        if source is not None:
            yield Prose([[(source, "strong")]])
        point = ", ".join(f"{name} = {_number(value, look)}" for name, value in self.value.at)
        for number, derivation in enumerate(self.value.derivations):
            if number and not derivation.tape:
                yield Prose([[]])
            yield Prose(list(_Tree(derivation, point, look).lines()), wrapped=False)
            if derivation.tape:
                yield Prose([[]])
                yield Table(_tape(derivation, look))
        if self.value.note:
            yield Prose([[(self.value.note, "dim")]])


class _Tree:
    """One derivation as lines no wider than the terminal."""

    def __init__(self, derivation: Derivation, point: str, look: Look) -> None:
        self._derivation, self._point, self._look = derivation, point, look

    def lines(self) -> Iterator[Line]:
        """The head, the rules, and what comes of them."""
        d, tree = self._derivation, self._derivation.tree
        yield from self._folded("", "", [(self._of(tree), "strong")])
        yield from self._rule(tree, "", "├ ", "│ ")
        if not _is_leaf(tree):
            yield from self._folded("└ ", "  ", [("together", "dim"), (self._result(tree), "")])
        simplified = self._look.formula(d.simplified) if d.simplified is not None else "no formula: it is too long"
        yield from self._folded("", "  ", [("simplified", "dim"), (simplified, "strong")])
        for name, text in d.definitions:
            yield from self._folded("", "  ", [("where", "dim"), (f"{name} = {self._look.formula(text)}", "")])
        if d.value is not None:
            value = self._look.number(d.value)
            yield from self._folded("", "  ", [(f"at {self._point}", "dim"), (value, "strong")])

    def _rule(self, step: Step, before: str, first: str, rest: str) -> Iterator[Line]:
        """A step, then its parts, each a level deeper; those of the root stand on its own level."""
        is_root = before == "" and step is self._derivation.tree
        if _is_leaf(step):
            yield from self._folded(
                before + ("└ " if is_root else first),
                before + ("  " if is_root else rest),
                [
                    *self._named(step),
                    (self._equation(step), ""),
                ],
            )
            return
        yield from self._folded(before + first, before + rest, [*self._named(step), *self._pattern(step)])
        deeper = before if is_root else before + rest
        for part in _shown_parts(step):
            yield from self._rule(part, deeper if not is_root else "│ ", "├ ", "│ ")
        if not is_root:
            letter = f"{step.letter}' = " if step.letter else "= "
            yield from self._folded(deeper + "└ ", deeper + "  ", [(letter + self._result(step), "")])

    def _named(self, step: Step) -> list[tuple[str, str]]:
        pieces = [(f"{step.letter}'", "strong")] if step.letter else []
        if step.condition:
            condition = self._look.formula(step.condition)
            pieces.append((f"{condition} holds" if step.taken else f"if {condition}", "strong"))
        return [*pieces, (step.rule, "dim")]

    def _pattern(self, step: Step) -> list[tuple[str, str]]:
        if not step.pattern:
            word = "branch by branch" if step.rule == "by cases" else "term by term"
            return [(word if step is self._derivation.tree else f"{self._of(step)}, {word}", "")]
        formula = self._look.formula
        said = [f"{name} = {formula(text)}" for name, text in step.where]
        said = [f"{'with ' if i == 0 else ''}{text}{',' if i < len(said) - 1 else ''}" for i, text in enumerate(said)]
        return [(f"({formula(step.pattern)})' = {formula(step.formula)}", ""), *((text, "") for text in said)]

    def _of(self, step: Step) -> str:
        from gradcli.core.formula.printing import Binding
        from gradcli.core.steps.texts import bound

        text = self._look.formula(step.of)
        return f"{self._derivation.sign} {text if bound(step.of)[1] >= Binding.PRODUCT else f'({text})'}"

    def _equation(self, step: Step) -> str:
        return f"{self._of(step)} = {self._result(step)}"

    def _result(self, step: Step) -> str:
        """The derivative and its number, where that says more."""
        text = self._look.formula(step.result)
        if step.value is None:
            return text
        number = _number(step.value, self._look)
        if number == text:
            return text
        return f"{text} {'=' if _is_exact(number, step.value) else '≈'} {number}"

    def _folded(self, first: str, rest: str, pieces: Sequence[tuple[str, str]]) -> Iterator[Line]:
        """Pieces side by side, as many on a line as fit; one that is too long by itself goes on below."""
        width = self._look.width
        clean = self._look.clean
        head, line, used = first, list[tuple[str, str]](), 0
        for text, style in pieces:
            text = clean(text)
            room = None if width is None else width - columns(clean(rest))
            apart = " " if line and line[-1][0].endswith(",") else _APART
            if room is not None and used and used + len(apart) + columns(text) > room:
                yield [(head, "dim"), *line]
                head, line, used = rest, [], 0
            parts = fold(text, room)
            for part in parts[:-1]:
                yield [(head, "dim"), *line, (part, style)]
                head, line, used = rest, [], 0
            if used:
                line.append((apart, ""))
                used += len(apart)
            line.append((parts[-1], style))
            used += columns(parts[-1])
        yield [(head, "dim"), *line]


def _shown_parts(step: Step) -> list[Step]:
    """The parts that say something: not the branch that isn't taken, and not that dx/dx is 1 where that is plain."""
    parts = [part for part in step.parts if part.taken is not False]
    return [part for part in parts if not _is_plain(step, part)]


def _is_plain(step: Step, part: Step) -> bool:
    return part.rule == "identity" and step.rule in ("constant factor", "reciprocal rule")


def _is_leaf(step: Step) -> bool:
    """Whether nothing of its parts is to be shown: a sum of multiples is plain, unless it is all that there is."""
    parts = _shown_parts(step)
    return not parts or (step.rule == "sum rule" and bool(step.letter) and all(map(_is_multiple, parts)))


def _is_multiple(step: Step) -> bool:
    return step.rule in ("identity", "constant") or (step.rule == "constant factor" and not _shown_parts(step))


def _tape(derivation: Derivation, look: Look) -> list[Column]:
    rows = derivation.tape
    result = rows[-1].name
    last = Role.VALUE, look, "strong"
    return [
        text_column("tape", [row.name for row in rows], Role.LABEL, look, "strong", is_name=True),
        Column("is", tuple(FormulaCell((look.clean(look.formula(row.formula)),)) for row in rows), Role.VALUE),
        text_column("value", [_number(row.value, look) for row in rows], Role.VALUE, look),
        Column("slope by", tuple(Cell(tuple(map(look.clean, _partials(row, look)))) for row in rows), Role.VALUE),
        text_column(f"tangent dv/d{derivation.by}", [_number(row.tangent, look) for row in rows], *last),
        text_column(f"adjoint d{result}/dv", [_number(row.adjoint, look) for row in rows], *last),
    ]


def _partials(row: TapeRow, look: Look) -> list[str]:
    return [f"{name}: {_number(value, look)}" for name, value in row.partials]


def _number(value: float, look: Look) -> str:
    return look.number(value, digits=FEW_DIGITS)


def _is_exact(text: str, value: float) -> bool:
    return float(text.replace("_", "")) == value or value != value


@view.register(Check)
class _CheckView(View):
    value: Check

    def inline(self, look: Look) -> str:
        """Such as `right`, or `wrong: at x = 2 the answer is 4, and f' is 12`."""
        check = self.value
        if check.verdict == "right":
            return "right"
        partly = f"right only where {look.formula(check.where)}" if check.where else "right only where it has a value"
        head = "wrong" if check.verdict == "wrong" else partly
        if check.expected is None or check.given is None:
            return head
        point = ", ".join(f"{name} = {_number(value, look)}" for name, value in check.at)
        given, expected = (self._value(v, look, FEW_DIGITS) for v in (check.given, check.expected))
        if given == expected:
            given, expected = (self._value(v, Look(width=look.width), None) for v in (check.given, check.expected))
        return f"{head}: {f'at {point} ' if point else ''}the answer {given}, and {check.of} {expected}"

    def _value(self, value: float, look: Look, digits: int | None) -> str:
        return "has no value" if value != value else f"is {look.number(value, digits=digits)}"

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        """The verdict, and below it what slip it may have been."""
        head: Line = [] if source is None else [(f"{source} = ", "dim")]
        style = "good" if self.value.verdict == "right" else "strong"
        yield Prose([[*head, (self.inline(look), style)]])
        if self.value.hint:
            yield Prose([[(self.value.hint, "dim")]])
