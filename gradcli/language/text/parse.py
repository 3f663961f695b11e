"""Text to syntax, and what is wrong with text that has none."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gradcli.core.collector import resting
from gradcli.core.errors import CoreError
from gradcli.core.limits import limit
from gradcli.language.text import syntax as s
from gradcli.language.text.arrays import Numbers, stand_ins
from gradcli.language.text.build import INSTEAD, MOST_DIGITS, Builder, NotAnArray
from gradcli.language.text.diagnostics import Ambiguous, Diagnostic, IncompleteInput, LanguageError, Source, Span, fail
from gradcli.language.text.grammar import UnexpectedBracket, UnexpectedDedent, indented, parser
from gradcli.language.text.lalr import NotRead, Token, UnexpectedCharacter, UnexpectedToken
from gradcli.language.text.notation import noted


@resting()
def parse(source: Source) -> tuple[s.Statement, ...]:
    """The statements of a text.

    Raises:
        IncompleteInput: where more text could still make it whole.
        LanguageError: for any other mistake.
    """
    _refuse_long_literals(source)
    text, arrays = stand_ins(source.text)
    try:
        try:
            statements = _parsed(source, text, arrays)
        except NotAnArray:
            statements = _parsed(source, source.text, {})
    except Ambiguous as error:
        raise _with_what_parses(error) from None
    except UnexpectedToken as error:
        raise _explain_token(source, error) from None
    except UnexpectedCharacter as error:
        raise _explain_character(source, error.place) from None
    except UnexpectedDedent:
        raise fail(
            "syntax", "this line's indentation fits no block above", _dedent_span(source), "indent a block evenly"
        ) from None
    except UnexpectedBracket:
        raise _bracket_error(source) from None
    return statements


def _parsed(source: Source, text: str, arrays: Mapping[int, Numbers]) -> tuple[s.Statement, ...]:
    """The statements of a text in which arrays are replaced by others."""
    tables = parser()
    tokens = indented(noted(tables.lex(text + "\n"), source))
    statements: tuple[s.Statement, ...] = tables.run(tokens, Builder(source, arrays))
    return statements


def _with_what_parses(error: Ambiguous) -> LanguageError:
    """The same with those readings that are one, for a reading may hold what goes two ways in turn."""
    d = error.diagnostic
    readings = [reading for reading in error.readings if _is_read(reading)]
    if len(readings) == len(error.readings):
        return error
    around = "put brackets around what belongs together"
    return fail(d.kind, d.message, d.span, f"{around}, as in `{readings[0]}`" if readings else around)


def _is_read(text: str) -> bool:
    try:
        _parsed(Source("<reading>", text), text, {})
    except (LanguageError, NotRead):
        return False
    return True


def parse_expression(source: Source) -> s.Expression:
    """The one expression that a text is.

    Raises:
        LanguageError: if it is anything else.
    """
    statements = parse(source)
    if len(statements) == 1 and isinstance(statements[0], s.Show):
        return statements[0].value
    whole = Span(source, 0, len(source.text))
    if not statements:
        raise fail("syntax", "there is nothing to evaluate", whole, "write an expression, such as x^2")
    extra = statements[0] if not isinstance(statements[0], s.Show) else statements[1]
    raise fail("syntax", "only one expression can stand here", extra.span, "run statements with `gradcli eval`")


def parse_question(source: Source) -> s.Expression | s.Function:
    """The one expression that a text is, also behind `y =`, or the one function that it defines.

    Raises:
        LanguageError: if it is anything else.
    """
    if "=" in source.text:
        statements = parse(source)
        if len(statements) == 1:
            (only,) = statements
            if isinstance(only, s.Function):
                return only
            if isinstance(only, s.Assign) and isinstance(only.target, s.Name):
                return only.value
    return parse_expression(source)


def _refuse_long_literals(source: Source) -> None:
    """Arrays, texts and names that are longer than the limit, told before they are read."""
    if len(source.text) <= MOST_DIGITS:
        return
    try:
        most = limit("max_literal")
    except CoreError as error:
        raise fail(error.kind, error.message, None, error.hint) from None
    if len(source.text) <= most:
        return
    depth = start = 0
    for match in _LITERALS.finditer(source.text):
        if match[0][0] == "#":
            continue
        low, high = match.span()
        if match[0] == "[":
            start = start if depth else low
            depth += 1
        elif match[0] == "]":
            depth -= 1
            low = start if depth == 0 else low
        if high - low > most:
            what = "a text" if match[0][0] == '"' else "an array" if match[0] == "]" else "a word"
            raise fail(
                "syntax",
                f"{what} of {high - low:,} characters is too long",
                Span(source, low, high),
                f"at most {most:,.0f}; `set max_literal` before it, or GRADCLI_MAX_LITERAL=N in the shell, allows more",
            )


_LITERALS = re.compile(r'"(?:[^"\\\n]|\\.)*"|#[^\n]*|[\[\]]|\b\w{1000,}')
_OPENING = {"(": ")", "[": "]"}
_BRACKETS = re.compile(r'"(?:[^"\\\n]|\\.)*"|#[^\n]*|[()\[\]]')


def _brackets(source: Source) -> tuple[list[Span], Span | None]:
    """The brackets never closed, and the first that closes nothing or the wrong one."""
    waiting: list[Span] = []
    for match in _BRACKETS.finditer(source.text):
        span = Span(source, match.start(), match.end())
        if match[0] in _OPENING:
            waiting.append(span)
        elif match[0] in _OPENING.values():
            if not waiting or _OPENING[waiting[-1].text] != match[0]:
                return waiting, span
            waiting.pop()
    return waiting, None


def _bracket_error(source: Source) -> LanguageError:
    waiting, wrong = _brackets(source)
    if wrong and waiting:
        want = _OPENING[waiting[-1].text]
        return fail("syntax", f"`{wrong.text}` stands where `{want}` should close", wrong, f"write `{want}` here")
    return fail("syntax", f"`{wrong.text if wrong else ')'}` closes nothing", wrong, "remove it, or open it before")


def _explain_token(source: Source, error: UnexpectedToken) -> LanguageError:
    token = error.token
    expected = _in_words(error.accepted or error.expected)
    open_block = token.type == "_DEDENT" and "_INDENT" in error.expected
    if token.type == "$END" or (open_block and not source.text[token.start_pos :].strip()):
        return _incomplete(source, expected)
    unclosed, wrong = _brackets(source)
    if wrong and token.start_pos == wrong.start:
        return _bracket_error(source)
    start = min(token.start_pos, len(source.text))
    if unclosed and "\n" in source.text[unclosed[-1].start : start]:
        return _never_closed(unclosed[-1])
    word = _last_word(source.text[:start])
    if word is not None and word.text in _STATEMENTS_ELSEWHERE and token.type != "_INDENT":
        hint = INSTEAD.get(word.text)
        return fail("syntax", f"no statement begins with `{word.text}`", Span(source, *word.range), hint)
    if token.type == "_INDENT":
        after = source.text[start:]
        start += len(after) - len(after.lstrip())
    at_line_end = token.type in ("_NEWLINE", "_DEDENT") or start >= len(source.text)
    end = start + 1 if at_line_end else min(token.end_pos or start + 1, len(source.text))
    if expected == "an expression" and str(token) in INSTEAD:
        return fail("syntax", f"`{token}` is a word of the language", Span(source, start, end), INSTEAD[str(token)])
    found = _found(token, at_line_end)
    return fail(
        "syntax", f"expected {expected}, but found {found}", Span(source, start, end), _token_hint(source, token, error)
    )


def _found(token: Token, at_line_end: bool) -> str:
    if token.type == "_INDENT":
        return "a line that is indented"
    return "the end of the line" if at_line_end else f"`{token}`"


def _token_hint(source: Source, token: Token, error: UnexpectedToken) -> str | None:
    start = token.start_pos
    before = source.text[:start].rstrip(" \t")
    last = _last_word(before)
    word = last.text if last else ""
    if token.type == "PRIME" and not (before[-1:].isalnum() or before[-1:] in ("_", ")", "]")):
        return "texts stand in double quotes"
    if word == "lambda":
        return "a function without a name is written `x -> x^2`"
    if token.type == "FACTORIAL":
        return "write `not x`; the sign of a factorial stands behind its number, as in `5!`"
    if token.type == "DIFFERENTIAL":
        return f"put it in brackets, as in `({token} x^2)`"
    if (between := _WORDS_BETWEEN.get(str(token)) or _WORDS_BETWEEN.get(word)) and token.type in ("NAME", "NUMBER"):
        return between
    if token.type in ("NAME", "NUMBER") and (word or before[-1:] in (")", "]")):
        return "an operator or a comma is missing between the two"
    if token.type == "EQUAL":
        if re.fullmatch(r"(model|def|param|return|for|if|while|assert|set)", _line_of(before).strip()):
            return f"`{word}` is a word of the language; choose another name"
        return "use `==` to compare"
    if token.type == "_INDENT":
        return "only the lines of a block are indented"
    if token.type == "_NEWLINE" and re.match(r"\s*(model|def|for|if|elif|else|while)\b", _line_of(before)):
        return "the first line of a block ends with `:`"
    return None


# Other languages' words, and what is written here.
_WORDS_BETWEEN = {
    "mod": "the remainder is `mod(a, b)`",
    **dict.fromkeys(("let", "var", "const"), "a name gets its value by `x = 3`"),
    "squared": "the square of x is `x^2`",
    "times": "the sign of a product is `*`",
    "plus": "the sign of a sum is `+`",
    "minus": "the sign of a difference is `-`",
}
_STATEMENTS_ELSEWHERE = ("import", "class", "from", "print", "del", "try", "with", "elif", "else")


class _Word:
    """The word or number at the end of a text."""

    def __init__(self, match: re.Match[str]) -> None:
        self.text, self.range = match[0], match.span()


def _last_word(before: str) -> _Word | None:
    match = re.search(r"[^\W\d]\w*$|[\d.][\w.]*$", before.rstrip(" \t"))
    return _Word(match) if match else None


def _never_closed(bracket: Span) -> LanguageError:
    return fail("syntax", f"`{bracket.text}` is never closed", bracket, f"add `{_OPENING[bracket.text]}`")


def _line_of(before: str) -> str:
    return before[before.rfind("\n") + 1 :]


_INCOMPLETE = {"an indented block": "indent the lines of a block"}


def _incomplete(source: Source, expected: str) -> IncompleteInput:
    waiting, _ = _brackets(source)
    if waiting:
        diagnostic = _never_closed(waiting[-1]).diagnostic
    else:
        end = len(source.text.rstrip())
        diagnostic = Diagnostic(
            "syntax",
            f"the text ends where {expected} should follow",
            Span(source, max(end - 1, 0), end),
            _INCOMPLETE.get(expected)
            or ("`%` is the remainder; 20% is 0.2" if source.text[:end].endswith("%") else None),
        )
    return IncompleteInput(diagnostic)


def _explain_character(source: Source, start: int) -> LanguageError:
    char = source.text[start : start + 1]
    span = Span(source, start, start + 1)
    if char == '"':
        end = source.text.find("\n", start)
        return fail(
            "syntax", "this text is never closed", Span(source, start, len(source.text) if end < 0 else end), 'add `"`'
        )
    name = f"`{char}`" if char.isprintable() else f"the character U+{ord(char):04X}"
    if "\udc80" <= char <= "\udcff":
        # What Python reads for a byte that is no text.
        return fail("syntax", f"the byte {ord(char) - 0xDC00:02X} is no text in UTF-8", span, "texts are in UTF-8")
    return fail("syntax", f"{name} means nothing here", span, _CHARACTER_HINTS.get(char))


_CHARACTER_HINTS = {
    "\0": "this may be no text, or one in UTF-16; scripts are in UTF-8",
    "{": "arrays take [ ], groups take ( )",
    "}": "arrays take [ ], groups take ( )",
    "&": "write `and`",
    "?": "at the prompt, `:help grad` explains a built-in",
    "\u201c": 'texts stand in straight quotes, "',
    "\u201d": 'texts stand in straight quotes, "',
}

# Every terminal in words. Those that continue an expression are told as one.
_CONTINUES = {
    *("PRODUCT", "POWER", "COMPARE", "AND", "OR", "IF", "DOT", "PRIME", "LSQB", "LPAR", "SUM", "FOR"),
    *("RAISED", "FACTORIAL", "DEGREE", "DOTS", "BESIDE", "APPLY", "FUNCTION_POWER"),
}
TERMINAL_WORDS = {
    "RPAR": "`)`",
    "RSQB": "`]`",
    "COMMA": "`,`",
    "COLON": "`:`",
    "EQUAL": "`=`",
    "IN": "`in`",
    "ELSE": "`else`",
    "LPAR": "`(`",
    "NAME": "a name",
    "_INDENT": "an indented block",
    "BAR_CLOSE": "`|`",
}


def _in_words(terminals: set[str]) -> str:
    if "NUMBER" in terminals:
        return "an expression"
    if "_INDENT" in terminals:
        return TERMINAL_WORDS["_INDENT"]
    words = []
    if {"PRODUCT", "POWER"} & terminals:
        words.append("an operator")
        terminals = terminals - _CONTINUES
    words += sorted(TERMINAL_WORDS[t] for t in terminals if t in TERMINAL_WORDS)
    if "_NEWLINE" in terminals or "SEMICOLON" in terminals:
        words.append("the end of the line")
    if not words:
        return "something else"
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


def _dedent_span(source: Source) -> Span:
    """The first line whose indentation is none of those open above it."""
    levels = [0]
    offset = 0
    for line in source.text.split("\n"):
        bare = line.lstrip(" \t")
        if bare and not bare.startswith("#"):
            width = len(line[: len(line) - len(bare)].expandtabs(8))
            if width > levels[-1]:
                levels.append(width)
            while width < levels[-1]:
                levels.pop()
            if width != levels[-1]:
                return Span(source, offset + len(line) - len(bare), offset + len(line.rstrip()))
        offset += len(line) + 1
    return Span(source, 0, 0)
