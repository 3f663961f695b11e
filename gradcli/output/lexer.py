"""The language for Pygments, made from the grammar's own terminals: for the prompt, printed code, and documents.

Pygments finds both lexers by their entry points, so `pygmentize lesson.grad` and Sphinx know them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from pygments.lexer import Lexer
from pygments.token import Comment, Error, Generic, Keyword, Name, Number, Operator, Punctuation, String, Text, Token

from gradcli.language.library.names import builtins
from gradcli.language.text import tokens as t
from gradcli.language.values.values import Function

# By terminal; all others are operators.
_KINDS: dict[str, Any] = {
    "NAME": Name,
    "NUMBER": Number,
    "STRING": String,
    "COMMENT": Comment.Single,
    t.WORD: Keyword,
    t.BLANK: Text.Whitespace,
    t.OPEN_TEXT: String,
    t.ODD: Error,
    **dict.fromkeys(("COLON", "SEMICOLON", "COMMA", "LPAR", "RPAR", "LSQB", "RSQB", "DOT"), Punctuation),
}
_CONSTANTS = frozenset(("true", "false", "none", "True", "False", "None"))
# Words of the language in some places, names in all others.
_PLACED = frozenset(("at", "over"))


class GradLexer(Lexer):
    """Text of the language, such as a `.grad` file, whole or half typed."""

    name = "gradcli"
    aliases: ClassVar = ["gradcli", "grad"]
    filenames: ClassVar = ["*.grad"]
    url = ""

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, Any, str]]:
        """Place, kind and text of each token; every character is in one. A text that begins with `> ` is a session."""
        if text.lstrip().startswith("> "):
            yield from GradSessionLexer().get_tokens_unprocessed(text)
            return
        before = ""
        for found in t.lexemes(text):
            kind = _KINDS.get(found.kind, Operator)
            if found.text in _CONSTANTS and kind is Keyword:
                kind = Keyword.Constant
            yield found.start, _kind_of_name(found, before, text) if kind is Name else kind, found.text
            if found.kind != t.BLANK:
                before = found.text


class GradSessionLexer(Lexer):
    """What a prompt shows: lines behind `> ` and `... ` are typed, all others are answers."""

    name = "gradcli session"
    aliases: ClassVar = ["gradcli-session"]
    url = ""

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, Any, str]]:
        """Place, kind and text of each token."""
        typed = GradLexer()
        place = 0
        for line in text.splitlines(keepends=True):
            prompt = re.match(r"(?:>|\.\.\.)(?: |$)", line)
            if prompt is None:
                yield place, Generic.Output, line
            else:
                yield place, Generic.Prompt, prompt[0]
                for start, kind, found in typed.get_tokens_unprocessed(line[prompt.end() :]):
                    yield place + prompt.end() + start, kind, found
            place += len(line)


def _kind_of_name(name: t.Lexeme, before: str, text: str) -> Any:
    """What a name is: a word where it stands, a built-in, a function, or a name."""
    if before == ".":
        return Name.Attribute
    if name.text in _PLACED and before not in ("", "=", "(", ",") and re.match(r"[ \t]+[\w\[(√|−-]", text[name.end :]):
        return Operator.Word
    known = builtins().get(name.text)
    if before in ("model", "def"):
        return Name.Function
    if known is not None:
        return Name.Builtin if isinstance(known, Function) else Name.Constant
    return Name.Function if text[name.end : name.end + 1] in ("(", "'", "′") else Name


# The program's styles for what a token is; the nearest ancestor counts.
STYLES: dict[Any, str] = {
    Token: "",
    Keyword: "keyword",
    Keyword.Constant: "number",
    Operator.Word: "keyword",
    Name.Builtin: "builtin",
    Name.Function: "function",
    Name.Constant: "number",
    Number: "number",
    String: "text",
    Comment: "comment",
    Error: "error",
    Generic.Prompt: "dim",
}


def style_of(kind: Any) -> str:
    """The program's style for a kind of token."""
    while kind not in STYLES:
        kind = kind.parent
    return STYLES[kind]
