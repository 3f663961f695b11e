"""Code in colours: programs in Python, and definitions in the language."""

from __future__ import annotations

from typing import Any

from pygments.lexer import Lexer
from pygments.lexers.c_cpp import CLexer
from pygments.lexers.markup import TexLexer
from pygments.lexers.python import PythonLexer

from gradcli.output.lexer import GradLexer, style_of
from gradcli.output.style import Line


def program_lines(text: str) -> list[Line]:
    """A program in Python or C, a schedule of operations, or LaTeX, line by line."""
    if text.startswith("//"):
        return _lines(CLexer(), text)  # type: ignore[no-untyped-call]
    return _lines(TexLexer() if text.startswith("%") else PythonLexer(), text)


def definition_lines(text: str) -> list[Line]:
    """Text of the language, line by line."""
    return _lines(GradLexer(), text)


def _lines(lexer: Lexer, text: str) -> list[Line]:
    lines: list[Line] = [[]]
    pieces: Any = lexer.get_tokens_unprocessed(text)
    for _, kind, found in pieces:
        first, *others = found.split("\n")
        lines[-1].append((first, style_of(kind)))
        lines.extend([(other, style_of(kind))] for other in others)
    return lines
