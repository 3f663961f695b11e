"""Breaking formulas: at the operators that bind least, never inside a name or a number that a line can hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate

from gradcli.output.characters import columns
from gradcli.output.wrapping import pieces

# What a break costs, to which brackets around it add; one inside a name or a number is the last resort.
_EACH, _PIECE, _CHARACTER = 4.0, 400.0, 2000.0
# An indent is for reading only: it goes before a number is cut.
_NO_INDENT = 800.0
_KINDS = {"comma": -1.5, "word": 0.0, "behind": 0.0, "compare": 0.0, "sum": 0.0, "product": 1.0, "blank": 1.5}
# A pair of brackets adds more than another break without it costs, and each pair within one more than that.
_DEEPER, _DEEPEST = 3.0, 6
# A line this short says little.
_SHORT, _FOR_SHORT = 3, 2.5
# With fewer columns a line goes on further to the left; so many pairs of brackets indent it at most.
_ROOMY, _TIGHT = 24, 8
MOST_INDENTS = 3
# What a formula stands behind, and its further lines below.
_HEAD = re.compile(r"(\s*(?:where )?)(.*)", re.DOTALL)


class _Break:
    """Where a line may end, where the next then begins, what that costs, and how deep in brackets it is."""

    def __init__(self, end: int, start: int, cost: float, depth: int) -> None:
        self.end, self.start, self.cost, self.depth = end, start, cost, depth


def fold(text: str, width: int | None) -> list[str]:
    """The lines of a formula, none wider than a width: as few breaks as do, at the least depth.

    A line that goes on is indented further than the line that it belongs to. Nothing is lost but blanks.
    """
    if width is None or columns(text) <= width:
        return [text]
    width = max(1, width)
    head, body = _HEAD.fullmatch(text.rstrip()).groups()  # type: ignore[union-attr]
    before = " " * len(head)
    if len(before) > width // 2:
        before, head, body = "", "", text.strip()
    room = width - len(before)
    unit = 2 if room >= _ROOMY else 1 if room >= _TIGHT else 0
    brackets = len(body) - len(body.lstrip("["))
    breaks = [*_breaks(body, room, room - (brackets or unit) - unit * MOST_INDENTS)]
    least = min((b.depth for b in breaks if b.cost < _PIECE), default=0)

    def indent_of(place: _Break) -> int:
        # What goes on in brackets that begin a line stands below what is in them.
        if brackets:
            return min(place.depth, brackets) + (unit if place.depth > brackets else 0)
        return unit * (1 + min(max(0, place.depth - least), MOST_INDENTS))

    indents = [*map(indent_of, breaks)]
    chosen = _cheapest(body, breaks, room, indents)
    lines, start, indent = list[str](), 0, 0
    for number in [*chosen, None]:
        place = None if number is None else breaks[number]
        part = body[start : len(body) if place is None else place.end]
        lines.append((before if lines else head) + (" " * indent if indent + columns(part) <= room else "") + part)
        if place is not None and number is not None:
            start, indent = place.start, indents[number]
    return lines


def _breaks(text: str, room: int, within: int) -> Iterator[_Break]:
    """The places in order; where two are further apart than fits an indented line, also those between them."""
    last, at = 0, list(_places(text))
    for place in [*at, _Break(len(text), len(text), 0, 0)]:
        if columns(text[last : place.end]) > within:
            yield from _cuts(text[last : place.end], last, room)
        if place.end < len(text):
            yield place
        last = place.start


def _cuts(text: str, start: int, room: int) -> Iterator[_Break]:
    """Places inside of what holds together: around its names and numbers, then anywhere."""
    at = start
    for number, piece in enumerate(pieces(text)):
        if number:
            yield _Break(at, at, _PIECE, 0)
        if columns(piece) > room:
            yield from (_Break(at + i, at + i, _CHARACTER, 0) for i in range(1, len(piece)))
        at += len(piece)


@cache
def _tokens() -> re.Pattern[str]:
    """What a formula consists of: only some of the named groups are places where it may break.

    It is made when the first formula is too long, since that takes a while.
    """
    return re.compile(
        r"""
          (?P<text>"(?:\\.|[^"\\])*")
        | (?P<number>(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
        | (?P<word>\s(?:if|else|for)\s)
        | (?P<comma>\s*,\s*)
        | (?P<behind>\s*(?:->|:=|;|(?<![<>!=])=(?!=))\s*)
        | (?P<compare>\s*(?:<=|>=|==|!=|<|>|≤|≥|≠|≈)\s*)
        | (?P<power>\*\*|\^)
        | (?P<sum>\s*[-+±]\s*)
        | (?P<product>\s*(?://|[*/·×÷@%∘])\s*)
        | (?P<blank>\s+)
        | (?P<open>[(\[{])
        | (?P<close>[)\]}])
        | (?P<bar>\|)
        | (?P<name>\w[\w.'′″]*|.)
        """,
        re.VERBOSE | re.DOTALL,
    )


def _places(text: str) -> Iterator[_Break]:
    """Each operator and comma between operands."""
    depth, bars, operand = 0, list[int](), False
    for match in _tokens().finditer(text):
        kind = match.lastgroup or ""
        if kind == "open":
            depth, operand = depth + 1, False
        elif kind == "close":
            depth, operand = max(0, depth - 1), True
        elif kind == "bar":
            if bars and operand and bars[-1] == depth:
                bars.pop()
                depth -= 1
            else:
                depth += 1
                bars.append(depth)
                operand = False
        elif kind in _KINDS:
            # A sign in front of an operand is part of it, and so is a blank behind an operator.
            if operand and match.start() > 0 and match.end() < len(text):
                yield _break_at(match, kind, depth)
            operand = operand and kind == "blank"
        elif kind == "power":
            operand = False
        else:
            operand = True


def _break_at(match: re.Match[str], kind: str, depth: int) -> _Break:
    """An operator begins a line; what stands between the items of a list, and an equals sign, ends one."""
    sign = match[0]
    leading, trailing = len(sign) - len(sign.lstrip()), len(sign) - len(sign.rstrip())
    deep = min(depth, _DEEPEST)
    cost = _EACH + _DEEPER * deep * (deep + 1) + _KINDS[kind]
    if kind == "blank":
        return _Break(match.start(), match.end(), cost, depth)
    if kind in ("behind", "comma"):
        return _Break(match.end() - trailing, match.end(), cost, depth)
    return _Break(match.start(), match.start() + leading, cost, depth)


def _cheapest(text: str, breaks: Sequence[_Break], room: int, indents: Sequence[int]) -> list[int]:
    """Which breaks cost least in all, so that every line fits."""
    widths = [0, *accumulate(map(columns, text))]
    starts = [0, *(b.start for b in breaks)]
    best: list[tuple[float, int]] = [(0.0, -1)]
    for number in range(1, len(breaks) + 2):
        end = len(text) if number > len(breaks) else breaks[number - 1].end
        found: tuple[float, int] | None = None
        for before in range(number - 1, -1, -1):
            length = widths[end] - widths[starts[before]]
            fits = length <= room
            if not fits and found is not None:
                break
            cost = best[before][0] + (0 if number > len(breaks) else breaks[number - 1].cost)
            # Of equals, the one whose upper lines are fuller.
            indent = indents[before - 1] if before else 0
            cost += (0.0 if fits else 1e6) + (0.0 if length + indent <= room else _NO_INDENT)
            cost += 0.01 * max(0, room - length) / room
            cost += _FOR_SHORT if length <= _SHORT else 0.0
            if found is None or cost < found[0]:
                found = cost, before
        assert found is not None
        best.append(found)
    chosen, number = list[int](), best[-1][1]
    while number > 0:
        chosen.append(number - 1)
        number = best[number][1]
    return chosen[::-1]
