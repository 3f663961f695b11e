"""Pictures of the prompt's screen, as SVG by Rich: what the pseudo-terminal shows, with its colours."""

from __future__ import annotations

import io
import re
from html import unescape
from itertools import groupby

from rich.console import Console
from rich.style import Style
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

from tests.faces.prompt.screen import Screen


def picture_of(screen: Screen, title: str) -> str:
    """The screen as an SVG, up to its last line that is not empty."""
    console = Console(
        record=True, width=screen.columns, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    for line in screen.styled:
        text = Text(no_wrap=True, end="\n")
        for (colour, is_bold, is_reverse), chars in groupby(line, key=lambda char: char[1:]):
            style = Style(color=colour, bold=is_bold, reverse=is_reverse)
            text.append("".join(char[0] for char in chars), style)
        console.print(text, soft_wrap=True)
    return console.export_svg(title=title, theme=SVG_EXPORT_THEME, unique_id=f"gradcli-{title.split()[-1]}")


def text_in(svg: str) -> list[str]:
    """The lines that a picture shows."""
    lines: dict[str, list[tuple[float, str]]] = {}
    for x, y, text in re.findall(r'<text class="[^"]*-r\d+" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>', svg):
        lines.setdefault(y, []).append((float(x), unescape(text).replace("\xa0", " ")))
    return [_placed(lines[y]) for y in sorted(lines, key=float)]


# The columns of a picture are so far apart: Rich's 20 points by 0.61.
_COLUMN = 12.2


def _placed(pieces: list[tuple[float, str]]) -> str:
    line = ""
    for x, text in sorted(pieces):
        line = line.ljust(round(x / _COLUMN)) + text
    return line.rstrip()
