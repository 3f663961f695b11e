"""A failed assert as lines of styled text: what, where, and both sides."""

from __future__ import annotations

from gradcli.output.layout import Cell
from gradcli.output.style import Line
from gradcli.output.views import Look, Prose, show_value, view
from gradcli.session.explanations import Check
from gradcli.session.results import Assertion, Plain, Tensor

# A difference this small, beside the numbers, is mostly made by rounding.
ROUNDING = 1e-12
_TOLERANT = "that may be rounding; `allclose(a, b)` compares within a tolerance"
_AROUND_0 = "beside 0 a tolerance is absolute: `allclose(a, b, atol=1e-12)`"


def show_failure(assertion: Assertion, look: Look) -> list[Prose]:
    """What failed, then where and why."""
    first, *more = assertion.source.split("\n")
    head: list[Line] = [[("assert failed: ", "error"), (first, "strong")], *([(line, "strong")] for line in more)]
    lines: list[Line] = [[("  --> ", "frame"), (str(assertion.place), "place")]]
    if assertion.message:
        lines.append([("   = ", "frame"), (assertion.message, "hint")])
    c = assertion.comparison
    if c is not None and isinstance(c.left, Check):
        said = [show_value(c.left, look), *([c.left.hint] if c.left.hint else [])]
        lines += [[("   | ", "frame"), (line, "")] for line in said]
    elif c is not None:
        lines += [*_side("   | left:  ", c.left, look), *_side("   | right: ", c.right, look)]
        left, right = view(c.left).shape(), view(c.right).shape()
        if c.difference is not None:
            allowed = f" (allowed: {c.tolerance})" if c.tolerance else ""
            lines.append([("   | largest difference: ", "frame"), (f"{c.difference:g}{allowed}", "")])
            if 0 < c.difference <= ROUNDING * max(1.0, _size(c.left), _size(c.right)):
                lines.append([("   = ", "frame"), (_TOLERANT if c.relation == "==" else _AROUND_0, "hint")])
        elif left != right:
            lines.append([("   | ", "frame"), (f"shapes differ: {left} and {right}", "")])
    return [Prose(head, is_formula=True), Prose(lines)]


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
