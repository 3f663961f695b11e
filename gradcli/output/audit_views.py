"""How a check of derivatives is shown: a table of every method's error, what it means, and numbers from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, isfinite, log10

from gradcli.core.analysis.measured import METHODS
from gradcli.core.ir.exact import Precise
from gradcli.language.values.audits import Audit, AuditRow, Comparison
from gradcli.output.layout import Column, Role
from gradcli.output.views import Block, Look, Prose, Table, View, text_column, title, view

# Where fewer digits stay that is said.
FEWEST_DIGITS = 12
FLOAT_DIGITS = 16
# So many units are no matter of rounding alone, where the methods disagree.
MANY = 1e9
# Methods whose name is long.
TITLES = {"differences": "numeric"}
LEGEND = "the error of each method in ulps, the digits that float64 keeps, and the condition of the problem"


@view.register(Audit)
class _AuditView(View):
    value: Audit

    def inline(self, look: Look) -> str:
        """The verdict."""
        return "right" if self.value.right else "wrong"

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        """What was checked, the tables, and the verdict with what it rests on."""
        audit = self.value
        yield title(audit.of, [f"{name} = {text}" for name, text in audit.at], look)
        yield Prose([[(LEGEND, "dim")]])
        yield Table(_methods(audit, look))
        if audit.source is not None:
            yield Prose([[(f"beside {audit.source}, to 9 digits, or as many as float64 keeps", "strong")]])
            yield Table(_compared(audit, look))
        yield Prose([[(text, style)] for text, style in _verdict(audit)])
        if audit.note:
            yield Prose([[(line, "dim")] for line in audit.note.split("\n")])


def _methods(audit: Audit, look: Look) -> list[Column]:
    rows = audit.rows
    columns = [
        text_column("derivative", [row.name for row in rows], Role.LABEL, look, is_name=True),
        text_column("value", [_value(row, look) for row in rows], Role.VALUE, look, "strong"),
    ]
    for number, method in enumerate(METHODS):
        columns.append(
            text_column(TITLES.get(method, method), [_ulps(row.errors[number]) for row in rows], Role.VALUE, look)
        )
    # Where few digits stay, that is said below too.
    columns.append(text_column("digits", [_digits(row) for row in rows], Role.EXTRA, look))
    columns.append(text_column("condition", [_rough(row.condition) for row in rows], Role.EXTRA, look))
    return columns


def _value(row: AuditRow, look: Look) -> str:
    if row.text is not None:
        return look.number(Precise(float(row.value), row.text), row.dtype)
    if row.value.shape == ():
        return look.number(float(row.value), row.dtype)
    return f"{row.value.shape} with norm {float((row.value**2).sum() ** 0.5):.4g}"


def _ulps(error: float | None) -> str:
    if error is None:
        return "-"
    if not isfinite(error):
        return "all"
    return f"{error:.0f}" if error < 1000 else f"{error:.0e}".replace("e+0", "e").replace("e+", "e")


def _digits(row: AuditRow) -> str:
    if not row.known:
        return "?"
    return str(int(min(row.digits, FLOAT_DIGITS)))


def _rough(condition: float | None) -> str:
    return "-" if condition is None else f"{condition:.2g}"


def _compared(audit: Audit, look: Look) -> list[Column]:
    rows = audit.against
    return [
        text_column("derivative", [row.name for row in rows], Role.LABEL, look, is_name=True),
        text_column("worst at", [str(list(row.at)) if row.at else "-" for row in rows], Role.LABEL, look),
        text_column("here", [look.number(row.ours) for row in rows], Role.VALUE, look, "strong"),
        text_column("there", [look.number(row.theirs) for row in rows], Role.VALUE, look),
        text_column("relative error", [f"{row.error:.1e}" for row in rows], Role.VALUE, look),
        text_column("differ", [f"{row.share:.0%}" for row in rows], Role.VALUE, look),
    ]


def _verdict(audit: Audit) -> Iterator[tuple[str, str]]:
    wrong = [row.name for row in audit.rows if not row.right]
    apart = [row for row in audit.against if not row.right]
    if wrong:
        yield f"wrong: the methods disagree on {', '.join(wrong)}", "error"
        yield from ((_differing(row), "dim") for row in audit.rows if not row.right)
    elif not apart:
        known = all(row.known for row in audit.rows)
        yield ("right: all methods agree up to rounding" + (", and the values are certified" if known else ""), "good")
        if audit.against:
            yield f"{audit.source} agrees in {', '.join(row.name for row in audit.against)}", "good"
    if apart:
        yield f"wrong: {audit.source} differs in {', '.join(map(_worst, apart))}", "error"
    for row in audit.rows:
        if row.known and row.digits < FEWEST_DIGITS:
            lost = 0 if row.condition is None or row.condition <= 1 else int(log10(row.condition))
            why = f", of which the problem itself loses {lost}" if lost else ", though the problem loses none"
            kept = "no digit" if row.digits < 1 else f"{int(row.digits)} digit{'s' if row.digits >= 2 else ''}"
            yield f"float64 arithmetic keeps {kept} of {row.name}{why}", "dim"


def _differing(row: AuditRow) -> str:
    """What a method says that is no matter of rounding."""
    off = [m for m, e in zip(METHODS, row.errors, strict=True) if e is not None and e > MANY]
    if off == ["differences"]:
        return f"differences of values contradict the rules for {row.name}: a corner nearby, or a slope that is stopped"
    return f"off by more than rounding in {row.name}: {', '.join(off)}"


def _worst(row: Comparison) -> str:
    place = f" at {list(row.at)}" if row.at else ""
    error = "entirely" if row.error == inf else f"by {row.error:.1e}"
    return f"{row.name}{place} {error}"
