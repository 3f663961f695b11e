"""The grammar: what parses, what asks for more, and that every mistake is told in words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import IncompleteInput, LanguageError, Source
from gradcli.language.text.grammar import TABLES, grammar_text, parser, tables_text
from gradcli.language.text.parse import parse, parse_expression


def statements(text: str) -> tuple[s.Statement, ...]:
    """The statements of a text."""
    return parse(Source("test", text))


def form(part: object) -> object:
    """A piece of syntax without its places."""
    if isinstance(part, tuple):
        return tuple(map(form, part))
    fields = getattr(type(part), "__annotations__", {})
    return (type(part).__name__, *(form(getattr(part, f)) for f in fields if f != "span")) if fields else part


@pytest.mark.parametrize(
    "text",
    [
        "(1 +",
        "f(x,",
        "[1, 2",
        "[[1, 2],\n",
        "model net(x):",
        "def f(x):\n",
        "for i in range(3):",
        "model net(x):\n    for i in range(3):\n",
        "x = (1,\n\n2",
    ],
)
def test_what_could_go_on_asks_for_more(text: str) -> None:
    """The end of the input is the mistake, and more text could mend it."""
    with pytest.raises(IncompleteInput):
        statements(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 +", "found the end of the line"),
        ("x =", "found the end of the line"),
        ("f(x) =", "found the end of the line"),
        ("1 1", "found `1`"),
        (")", "`)` closes nothing"),
        ("return", "found the end of the line"),
        ("x = = 2", "found `=`"),
        ("if", "found the end of the line"),
        ("elif", "`elif` is a word of the language"),
    ],
)
def test_what_is_wrong_already_does_not(text: str, message: str) -> None:
    """A line that has ended in the middle of an expression is a mistake, as in Python."""
    with pytest.raises(LanguageError) as caught:
        statements(text)
    assert not isinstance(caught.value, IncompleteInput)
    assert caught.value.diagnostic.message.endswith(message)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "# nothing but a comment",
        "x = 1 # behind a statement",
        "x = 1; y = 2;",
        "def f(x):\n\n    # a comment in a block\n    y = x\n\n\n    return y\n# and behind it\n",
        "model f(x): param w = 1; return w",
        "f(\n  1,\n  2,\n)",
        "x = 1 + \\\n    2",
        "x[..., none, ::2, 1:, :1, -1]",
        "θ = 2; λ_1 = θ",
        "f''(x).T[0]'",
        "a, (b, c), = t",
        "grad(net, wrt=(x, net.w),)",
        "x ->\\\n x",
        "not a and b or c",
        "for i, j in x: y = i",
    ],
)
def test_what_parses(text: str) -> None:
    """Layout, comments and forms that the samples do not use."""
    statements(text)


def test_spans_are_what_was_written() -> None:
    """Each part knows its place, so that a caret can stand under it."""
    expression = parse_expression(Source("test", "f(x + 1, key = [2, y'])"))
    assert isinstance(expression, s.Call)
    assert expression.span.text == "f(x + 1, key = [2, y'])"
    assert expression.arguments[0].span.text == "x + 1"
    assert expression.keywords[0].span.text == "key = [2, y']"
    assert isinstance(expression.keywords[0].value, s.Array)
    assert [item.span.text for item in expression.keywords[0].value.items] == ["2", "y'"]


def test_precedence_is_pythons() -> None:
    """Power binds tighter than a sign on its left, and not than one on its right."""
    minus = parse_expression(Source("test", "-x^2"))
    assert isinstance(minus, s.Unary)
    power = parse_expression(Source("test", "x^-y^2"))
    assert isinstance(power, s.Binary)
    assert isinstance(power.right, s.Unary)
    prime = parse_expression(Source("test", "2*f'(x)"))
    assert isinstance(prime, s.Binary)
    assert isinstance(prime.right, s.Call)


@pytest.mark.parametrize(
    "text", ["x", "x = ", "f(", "[", "x if", "model", "model f", "model f(", "for x", "a.", "x[", "x ->"]
)
def test_expectations_are_told_in_words(text: str) -> None:
    """No name of a token reaches the user, whatever was expected and whatever came instead."""
    for wrong in (")", "]", ":", "= =", "in", "else", "return", "^", '"text"', "x y", "->", "'", ";", ","):
        try:
            statements(f"{text} {wrong}\n")
        except LanguageError as caught:
            message = caught.diagnostic.message + (caught.diagnostic.hint or "")
            for name in parser().tables.symbols:
                assert len(name) < 4 or not name.isupper() or name not in message.split()


def test_a_long_text_is_parsed_in_linear_time() -> None:
    """Thousands of statements are no matter."""
    assert len(statements("\n".join(f"x{i} = {i} + x * {i}" for i in range(5000)))) == 5000


def test_the_tables_are_those_of_the_grammar() -> None:
    """Whoever changes the grammar makes them anew: GRADCLI_WRITE_TABLES=1 with this test."""
    grammar = grammar_text()
    made = tables_text(grammar)
    if os.environ.get("GRADCLI_WRITE_TABLES"):
        Path(TABLES).write_text(made, encoding="utf-8")
    assert Path(TABLES).read_text(encoding="utf-8") == made


@pytest.mark.parametrize("kept", [None, "", "grammar 0123456789abcdef\n\n"])
def test_without_fitting_tables_the_grammar_is_read(
    kept: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same syntax, a little later; nothing is written anywhere."""
    text = "def f(x):\n    return -x^2 + sin'(x)\nf(3)[0] if true else (1, 2)"
    with_tables = form(statements(text))
    other = tmp_path / "tables.txt"
    if kept is not None:
        other.write_text(kept)
    monkeypatch.setattr("gradcli.language.text.grammar.TABLES", other)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    parser.cache_clear()
    try:
        assert form(statements(text)) == with_tables
    finally:
        parser.cache_clear()
    assert sorted(tmp_path.iterdir()) == ([other] if kept is not None else [])


@pytest.mark.parametrize(("written", "read"), [("ﬁ", "fi"), ("𝐱", "x"), ("ｘ", "x"), ("Å", "Å"), ("ª", "a")])
def test_names_that_look_alike_are_one_name(written: str, read: str) -> None:
    """Normalised as Python's, wherever a name can stand."""
    shown = []
    for name in (written, read):
        text = f"def {name}({name}, k={name}):\n    return {name}.{name} + f(1, {name}=2)\n({name} -> {name})(1)\n"
        shown.append(form(statements(text)))
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x² = 1", "`x²` can't be assigned to"),
        ("①", "`①` is not a name"),
        ("½", "`½` is not a name"),
        ("f(⑴)", "`⑴` is not a name"),
        ("a.½", "`½` is not a name"),
        ("ﷺ = 1", "`ﷺ` is not a name"),
        ("₁", "`₁` means nothing here"),
    ],
)
def test_what_is_no_name_once_normalised_means_nothing(text: str, message: str) -> None:
    """A superscript or a number in a circle is no letter."""
    with pytest.raises(LanguageError) as caught:
        statements(text)
    assert caught.value.diagnostic.message == message


@pytest.mark.parametrize("text", ["x = 1\r\ny = x\r\n", "\fx = 1\n\f\ny = x", "def f(x):\r\n\treturn x\r\n\r\nf(1)"])
def test_line_ends_and_form_feeds(text: str) -> None:
    """Of other systems and of old printers."""
    assert len(statements(text)) == 2


@pytest.mark.parametrize("text", ["(1+2)*(3+4)", "-(1+2)", "f(2)*((1+1))", "(x)[0] + (y)", "x -> (x+1)/(x-1)"])
def test_the_text_of_an_expression_has_its_brackets(text: str) -> None:
    """What a script shows beside a value is what was written."""
    (statement,) = statements(text + "\n")
    assert isinstance(statement, s.Show)
    assert statement.value.span.text == text
