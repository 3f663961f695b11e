"""The language's colours in the editor."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from prompt_toolkit.document import Document
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.styles import Style

from gradcli.output.style import THEMES, Line

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples

    from gradcli.faces.prompt.loop import Prompt

# A longer text is typed without colours: nobody types one.
LONGEST = 20_000


class Colours(Lexer):
    """Colours a text as the grammar reads it, as soon as the grammar is there."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """The lines with their styles, by number."""
        text = document.text
        if self._prompt.answering.peek() is None or len(text) > LONGEST:
            lines: list[StyleAndTextTuples] = [[("", line)] for line in document.lines]
        else:
            lines = coloured(text)
        return lambda number: lines[number] if number < len(lines) else []

    def invalidation_hash(self) -> object:
        """Something else once the grammar is there."""
        return self._prompt.answering.peek() is None


@lru_cache(maxsize=8)
def coloured(text: str) -> list[StyleAndTextTuples]:
    """A text in lines of styled pieces."""
    from gradcli.output.code import definition_lines

    # A command is in one line, and its name stands in front of what is coloured as the language.
    start = len(text.split(" ", 1)[0]) if text.lstrip().startswith(":") else 0
    lines: list[StyleAndTextTuples] = [in_editor(line) for line in definition_lines(text[start:])]
    if start:
        lines[0].insert(0, ("class:keyword", text[:start]))
    return lines


def in_editor(line: Line) -> StyleAndTextTuples:
    """A line of the program as the editor's."""
    return [(f"class:{_called(style)}" if style else "", text) for text, style in line]


def _called(style: str) -> str:
    return style.replace(" ", "-")


@cache
def editor_style(theme: str) -> Style:
    """A theme of the program, whose styles are Rich's, as the editor's."""
    rules = {_called(name): _spelt(style) for name, style in THEMES[theme].items() if name}
    return Style.from_dict(
        {
            **rules,
            "prompt": rules.get("prompt", "bold"),
            "auto-suggestion": rules["dim"],
            "matching-bracket.cursor": "bold underline",
            "matching-bracket.other": "bold underline",
            "bottom-toolbar": "noreverse",
            "completion-menu": "noreverse",
            "completion-menu.completion": "bg:default",
            "completion-menu.completion.current": "reverse",
            "completion-menu.meta.completion": f"bg:default {rules['dim']}",
            "completion-menu.meta.completion.current": f"bg:default {rules['dim']}",
            "scrollbar.background": "bg:default",
            "scrollbar.button": "reverse",
        }
    )


def _spelt(style: str) -> str:
    """Rich's words for a style in prompt_toolkit's."""
    words = []
    for word in style.split():
        if word.startswith("bright_"):
            words.append(f"ansibright{word.removeprefix('bright_')}")
        elif word in ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"):
            words.append(f"ansi{_DULL.get(word, word)}")
        else:
            words.append(word)
    return " ".join(words)


# prompt_toolkit calls two of the sixteen otherwise.
_DULL = {"white": "gray"}
