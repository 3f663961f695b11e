"""A failed assert as lines of styled text: what, where, both sides, and where they differ most."""

from __future__ import annotations

from gradcli.output.layout import Cell
from gradcli.output.style import Line
from gradcli.output.views import Look, Prose, show_value, view
from gradcli.session.explanations import Check
from gradcli.session.results import Assertion, Comparison, Part, Plain, Tensor, Worst

# A difference this small, beside the numbers, is mostly made by rounding.
ROUNDING = 1e-12
_TOLERANT = "that may be rounding; `allclose(a, b)` compares within a tolerance"
_AROUND_0 = "beside 0 a tolerance is absolute: `allclose(a, b, atol=1e-12)`"
# How far apart two sides are says nothing of these.
ORDERS = ("<", "<=", ">", ">=", "!=")
# A value, and what a comment expects of it.
SHOWN_AS = "shown as"
BAR = "   | "


def show_failure(assertion: Assertion, look: Look) -> list[Prose]:
    """What failed, then where and why."""
    first, *more = assertion.source.split("\n")
    head: list[Line] = [[("assert failed: ", "error"), (first, "strong")], *([(line, "strong")] for line in more)]
    lines: list[Line] = [[("  --> ", "frame"), (str(assertion.place), "place")]]
    if assertion.message:
        lines.append([("   = ", "frame"), (assertion.message, "hint")])
    if assertion.comparison is not None:
        lines += _comparison(assertion.comparison, look, BAR)
    for part in assertion.parts:
        lines += _part(part, look)
    return [Prose(head, is_formula=True), Prose(lines)]


def _part(part: Part, look: Look) -> list[Line]:
    """A part of a condition, and below it what it is about."""
    said = f"{' '.join(part.source.split())}: {'true' if part.holds else 'false'}"
    lines: list[Line] = [[(BAR, "frame"), (said, "strong")]]
    if part.comparison is not None:
        lines += (_sides if part.holds else _comparison)(part.comparison, look, f"{BAR}  ")
    for source, value in part.operands:
        lines += _side(f"{BAR}  {' '.join(source.split())}: ", value, look)
    return lines


def _comparison(c: Comparison, look: Look, head: str) -> list[Line]:
    if isinstance(c.left, Check):
        said = [show_value(c.left, look), *([c.left.hint] if c.left.hint else [])]
        return [[(head, "frame"), (line, "")] for line in said]
    if c.relation == SHOWN_AS:
        return [*_side(f"{head}shown:    ", c.left, look), *_side(f"{head}expected: ", c.right, look)]
    lines = _sides(c, look, head)
    left, right = view(c.left).shape(), view(c.right).shape()
    if c.relation in ORDERS:
        return lines
    if c.difference is not None:
        allowed = f" (allowed: {c.tolerance})" if c.tolerance else ""
        relative = ""
        if c.worst is not None and c.count == 1:
            relative = f", relative {c.worst.relative:g}"
        lines.append([(f"{head}largest difference: ", "frame"), (f"{c.difference:g}{relative}{allowed}", "")])
    elif left != right:
        lines.append([(head, "frame"), (f"shapes differ: {left} and {right}", "")])
    if c.worst is not None and c.count is not None and (c.count > 1 or c.worst.item):
        lines += [[(head, "frame"), (line, "")] for line in _worst(c.worst, look)]
        lines.append([(head, "frame"), (f"{c.differing:,} of {c.count:,} entries differ", "")])
    if c.difference and 0 < c.difference <= ROUNDING * max(1.0, _size(c.left), _size(c.right)):
        lines.append([("   = ", "frame"), (_TOLERANT if c.relation == "==" else _AROUND_0, "hint")])
    return lines


def _sides(c: Comparison, look: Look, head: str) -> list[Line]:
    return [*_side(f"{head}left:  ", c.left, look), *_side(f"{head}right: ", c.right, look)]


def _worst(worst: Worst, look: Look) -> list[str]:
    """Where it is, as the language takes it out of the value, both numbers, and both errors."""
    place = "".join(f"[{number}]" for number in worst.item)
    if worst.index:
        place += f"[{', '.join(map(str, worst.index))}]"
    left, right = (show_value(side, look) for side in (worst.left, worst.right))
    said = [f"worst entry: {place}, {left} and {right}"]
    if "bool" not in (worst.left.dtype, worst.right.dtype):
        said.append(f"absolute error {worst.absolute:g}, relative {worst.relative:g}")
    return said


def _size(value: Plain) -> float:
    """The largest number in it."""
    data = value.data if isinstance(value, Tensor) else 0.0
    largest = abs(data) if isinstance(data, (int, float)) else abs(data).max(initial=0.0)
    return float(largest)


def _side(head: str, value: Plain, look: Look) -> list[Line]:
    """One side, its further lines below the first, where the terminal has room for that."""
    if isinstance(value, Tensor):
        cell: Cell = look.cell(value)
    else:
        cell = Cell(tuple(show_value(value, look).split("\n")), " ")
    room = None if look.width is None else look.width - len(head)
    if look.width is not None and room is not None and cell.least(look.width) > room:
        return [[(head.rstrip(), "frame")], *([(line, "")] for line in cell.wrapped(look.width))]
    first, *more = cell.wrapped(room)
    return [[(head, "frame"), (first, "")], *([(" " * len(head) + line, "")] for line in more)]
