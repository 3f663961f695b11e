"""A diagnostic as lines of styled text: what is wrong, where with a caret, what to do."""

from __future__ import annotations

from collections.abc import Callable

from gradcli.language.text.diagnostics import LONGEST_MESSAGE, Diagnostic, Span, shortened
from gradcli.output.characters import columns, visible
from gradcli.output.style import Line
from gradcli.output.wrapping import wrap

WIDEST_LINE = 100
NARROWEST_LINE = 8
# What stands for the part of a long line that is left out.
CUT = "..."


def show_diagnostic(
    diagnostic: Diagnostic, clean: Callable[..., str] = visible, width: int | None = None
) -> list[Line]:
    """The lines, each a list of (text, style) pieces; `clean` makes a text as the stream will show it."""
    color = "error" if diagnostic.severity == "error" else "warning"
    message = clean(shortened(diagnostic.message, LONGEST_MESSAGE))
    lines: list[Line] = [[(f"{diagnostic.severity}: ", color), (message, "strong")]]
    labels = [(label.span, label.text) for label in diagnostic.labels]
    places = [(diagnostic.span, "")] if diagnostic.span else []
    places += labels
    gutter = max((len(str(span.source.position(span.start)[0])) for span, _ in places), default=1)
    room = WIDEST_LINE
    if width is not None:
        room = max(NARROWEST_LINE, min(room, width - gutter - len(" | ") - len(CUT)))
    for number, (span, text) in enumerate(places):
        lines += _excerpt(span, text, color if number == 0 else "frame", gutter, room, clean)
        if text and width is not None and sum(columns(part) for part, _ in lines[-1]) > width:
            # What is said of a place stands below it where there is no room beside it.
            said, style = lines[-1].pop()
            lines.append([(" " * gutter + " | ", "frame"), (said.lstrip(), style)])
    if diagnostic.hint:
        hint = clean(shortened(diagnostic.hint, LONGEST_MESSAGE))
        head = " " * gutter + " = "
        first, *more = wrap(f"help: {hint}", None if width is None else max(NARROWEST_LINE, width - len(head)))
        lines.append([(head, "frame"), (first, "hint")])
        lines += [[(" " * len(head) + line, "hint")] for line in more]
    return lines


def _excerpt(span: Span, text: str, color: str, gutter: int, room: int, clean: Callable[..., str]) -> list[Line]:
    source = span.source
    row, column = source.position(span.start)
    whole = source.line(row)
    length = max(1, min(span.end, span.start + len(whole) - column + 1) - span.start)
    cut = max(0, column - 1 - room // 2) if len(whole) > room else 0
    ahead = clean(whole[cut : column - 1], keep="\t")
    under = clean(whole[column - 1 : min(column - 1 + length, cut + room)])
    shown = clean(whole[cut : cut + room], keep="\t")
    blank = "".join("\t" if c == "\t" else " " * columns(c) for c in ahead)
    pad = " " * gutter
    return [
        [(f"{pad}--> ", "frame"), (f"{clean(source.name)}:{row}:{column}", "place")],
        [(f"{pad} |", "frame")],
        [(f"{row:>{gutter}} | ", "frame"), ((CUT if cut else "") + shown, "")],
        [
            (f"{pad} | ", "frame"),
            (" " * (len(CUT) if cut else 0) + blank, ""),
            ("^" * max(1, columns(under)), color),
            (f" {text}" if text else "", color),
        ],
    ]
