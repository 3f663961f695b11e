"""The language's colours in the editor."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from prompt_toolkit.document import Document
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.styles import Style

from gradcli.output.style import THEMES

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
    from gradcli.output.lexer import GradLexer, style_of

    pieces: StyleAndTextTuples = []
    start = 0
    if text.lstrip().startswith(":"):
        start = len(text.split(" ", 1)[0])
        pieces.append(("class:keyword", text[:start]))
    for _, kind, found in GradLexer().get_tokens_unprocessed(text[start:]):
        pieces.append((f"class:{style_of(kind)}" if style_of(kind) else "", found))
    lines: list[StyleAndTextTuples] = [[]]
    for style, found, *_ in pieces:
        first, *others = found.split("\n")
        lines[-1].append((style, first))
        lines.extend([(style, other)] for other in others)
    return lines


@cache
def editor_style(theme: str) -> Style:
    """A theme of the program, whose styles are Rich's, as the editor's."""
    rules = {name.replace(" ", "-"): _spelt(style) for name, style in THEMES[theme].items() if name}
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
