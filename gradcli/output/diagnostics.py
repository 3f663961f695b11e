"""A diagnostic as lines of styled text: what is wrong, where with a caret, what to do."""

from __future__ import annotations

from gradcli.language.diagnostics import LONGEST_MESSAGE, Diagnostic, Span, shortened
from gradcli.output.style import Line

WIDEST_LINE = 100


def show_diagnostic(diagnostic: Diagnostic) -> list[Line]:
    """The lines, each a list of (text, style) pieces."""
    color = "error" if diagnostic.severity == "error" else "warning"
    lines: list[Line] = [
        [(f"{diagnostic.severity}: ", color), (shortened(diagnostic.message, LONGEST_MESSAGE), "strong")]
    ]
    labels = [(label.span, label.text) for label in diagnostic.labels]
    places = [(diagnostic.span, "")] if diagnostic.span else []
    places += labels
    gutter = max((len(str(span.source.position(span.start)[0])) for span, _ in places), default=1)
    for number, (span, text) in enumerate(places):
        lines += _excerpt(span, text, color if number == 0 else "frame", gutter)
    if diagnostic.hint:
        lines.append(
            [(" " * gutter + " = ", "frame"), (f"help: {shortened(diagnostic.hint, LONGEST_MESSAGE)}", "hint")]
        )
    return lines


def _excerpt(span: Span, text: str, color: str, gutter: int) -> list[Line]:
    source = span.source
    row, column = source.position(span.start)
    whole = source.line(row)
    length = max(1, min(span.end, span.start + len(whole) - column + 1) - span.start)
    cut = max(0, column - 1 - WIDEST_LINE // 2) if len(whole) > WIDEST_LINE else 0
    shown = whole[cut : cut + WIDEST_LINE]
    ahead = "".join("\t" if c == "\t" else " " * _width(c) for c in whole[cut : column - 1])
    under = whole[column - 1 : column - 1 + length]
    carets = "^" * max(1, sum(_width(c) for c in under[: WIDEST_LINE - (column - 1 - cut)]))
    pad = " " * gutter
    return [
        [(f"{pad}--> ", "frame"), (f"{source.name}:{row}:{column}", "place")],
        [(f"{pad} |", "frame")],
        [(f"{row:>{gutter}} | ", "frame"), (("..." if cut else "") + shown, "")],
        [
            (f"{pad} | ", "frame"),
            (" " * (3 if cut else 0) + ahead, ""),
            (carets, color),
            (f" {text}" if text else "", color),
        ],
    ]


def _width(char: str) -> int:
    from unicodedata import combining, east_asian_width

    return 0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1
