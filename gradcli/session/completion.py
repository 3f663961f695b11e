"""What may stand at a place of a text that is being typed: names with what they are, keyword arguments, attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from gradcli.core.ir.nodes import Node, Parameter
from gradcli.core.records import record
from gradcli.language.calls.arguments import input_at, signature
from gradcli.language.calls.builtin import Builtin
from gradcli.language.calls.operations import attributes_of
from gradcli.language.calls.reach import parameters_of
from gradcli.language.library.methods import methods
from gradcli.language.library.names import builtins
from gradcli.language.text.tokens import BLANK, OPEN_TEXT, Lexeme, lexemes
from gradcli.language.values.describe import describe
from gradcli.language.values.values import Function, Required, Value
from gradcli.session.session import Session
from gradcli.session.settings import every_setting
from gradcli.session.signs import sign_begun, signs_for


@record
class Candidate:
    """What may be put in: the text, what it is, told when it is asked, and how many characters it takes the place of.

    `kind` is input, name, built-in, word, keyword argument, attribute, method, sign, setting.
    """

    text: str
    kind: str
    describe: Callable[[], str]
    replaces: int


@record
class CallAround:
    """The call that the cursor is in: what is called, in how many arguments, and the name of a keyword if one is given.

    `first` is its first argument as it is written, `start` where the name that is called starts.
    """

    name: str
    place: int
    keyword: str | None
    first: str
    start: int


def complete(session: Session, text: str) -> list[Candidate]:
    """What may stand at the end of a text, the likeliest first; nothing within a text in quotes or a comment."""
    sign = sign_begun(text)
    if sign is not None:
        found = signs_for(sign).items()
        return [Candidate(sign_, "sign", partial(str, f"\\{name}"), len(sign) + 1) for name, sign_ in found]
    tokens = [*lexemes(text)]
    if tokens and tokens[-1].kind in ("COMMENT", OPEN_TEXT, "NUMBER"):
        return []
    word = tokens[-1] if tokens and tokens[-1].kind in ("NAME", "WORD") else None
    begun = word.text if word else ""
    return [*_sorted(begun, _candidates(session, text, tokens[:-1] if word else tokens, len(begun)))]


def call_around(text: str) -> CallAround | None:
    """The call whose brackets are open at the end of a text."""
    return _call_around([t for t in lexemes(text) if t.kind != BLANK], text)


def _candidates(session: Session, text: str, tokens: Sequence[Lexeme], length: int) -> Iterator[Candidate]:
    before = [token for token in tokens if token.kind != BLANK]
    last = before[-1].text if before else ""
    if last == ".":
        yield from _attributes(session, before[:-1], length)
        return
    line = _statement(tokens)
    if line and line[0].text == "set":
        yield from _settings(line, length)
        return
    call = _call_around(before, text)
    function = session.scope.get(call.name, builtins().get(call.name)) if call else None
    if call and isinstance(function, Function):
        names = _names_wanted(session, call, function)
        if names is not None:
            yield from (Candidate(name, "input", partial(str, told), length) for name, told in names.items())
            return
        if call.keyword is None and last in ("(", ","):
            yield from _keywords(function, call, length)
    if not line:
        yield from (Candidate(word, "word", str, length) for word in STATEMENTS)
    yield from (Candidate(name, "name", partial(kind_of, value), length) for name, value in session.scope.items())
    for name in builtins():
        if name.isascii() and name not in session.scope:
            yield Candidate(name, "built-in", partial(_of_builtin, name), length)
    if line:
        yield from (Candidate(word, "word", str, length) for word in WORDS)


# What may stand within a statement, and what one may begin with.
WORDS = ("true", "false", "none", "if", "else", "and", "or", "not", "in", "at", "over")
STATEMENTS = (
    *("model", "def", "for", "while", "if", "elif", "else", "break", "continue"),
    *("param", "return", "assert", "set", "use", "show", "print"),
)


def _sorted(begun: str, found: Iterable[Candidate]) -> Iterator[Candidate]:
    """Those that begin as what is typed does, then those where only the case of letters differs."""
    folded = begun.lower()
    matching = {c.text: c for c in found if c.text.lower().startswith(folded) and c.text != begun}
    yield from sorted(matching.values(), key=lambda c: (not c.text.startswith(begun), _RANK[c.kind], _place(c)))


def _place(candidate: Candidate) -> str:
    """Inputs stay in their order, all else goes by the alphabet."""
    return "" if candidate.kind == "input" else candidate.text.lower()


_RANK = {
    kind: rank
    for rank, kind in enumerate(
        ("input", "keyword argument", "attribute", "method", "setting", "name", "built-in", "word", "sign")
    )
}


def kind_of(value: Value) -> str:
    """What a value is, in a few words: its kind, its shape, a number itself."""
    if isinstance(value, Parameter):
        return f"parameter {value.value.dtype.value} {value.shape}"
    if isinstance(value, Node) and value.shape:
        return f"tensor {value.dtype.value} {value.shape}"
    if isinstance(value, Node):
        return f"number {value.dtype.value}"
    if isinstance(value, Function):
        return f"{value.kind} {signature(value)}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"number {float(value):.6g}"
    return describe(value).removeprefix("a ").removeprefix("an ")


def _of_builtin(name: str) -> str:
    # Made when it is shown: each name's module is imported for it.
    return _of_value(builtins()[name])


def _of_value(value: Value) -> str:
    if isinstance(value, Builtin):
        return f"{signature(value)}  {value.summary}"
    return kind_of(value)


def _statement(tokens: Sequence[Lexeme]) -> list[Lexeme]:
    """The tokens of the statement that the cursor is in."""
    found: list[Lexeme] = []
    depth = 0
    for token in tokens:
        depth += (token.kind in ("LPAR", "LSQB")) - (token.kind in ("RPAR", "RSQB"))
        if depth == 0 and (token.kind == "SEMICOLON" or (token.kind == BLANK and "\n" in token.text)):
            found = []
        elif token.kind not in (BLANK, "COMMENT"):
            found.append(token)
    return found


def _call_around(before: Sequence[Lexeme], text: str) -> CallAround | None:
    depth, commas, keyword, last_comma = 0, 0, None, None
    for place in range(len(before) - 1, -1, -1):
        token = before[place]
        depth += (token.kind in ("RPAR", "RSQB")) - (token.kind in ("LPAR", "LSQB"))
        if depth < 0:
            called = before[place - 1] if place else None
            if token.kind == "LPAR" and called is not None and called.kind == "NAME" and called.end == token.start:
                return _call(before, text, place, commas, keyword)
            # A tuple or an array within the call.
            depth, commas, keyword = 0, 0, _keyword_before(before, place) or keyword
        elif depth == 0 and token.kind == "COMMA":
            commas += 1
            last_comma = last_comma or place
        elif depth == 0 and token.kind == "EQUAL" and not commas and keyword is None:
            keyword = before[place - 1].text if place else None
    return None


def _keyword_before(before: Sequence[Lexeme], place: int) -> str | None:
    """The keyword whose value begins at a place: `wrt=(`."""
    if place >= 2 and before[place - 1].kind == "EQUAL" and before[place - 2].kind == "NAME":
        return before[place - 2].text
    return None


def _call(before: Sequence[Lexeme], text: str, place: int, commas: int, keyword: str | None) -> CallAround:
    start, depth = before[place].end, 0
    end = len(text)
    for token in before[place + 1 :]:
        depth += (token.kind in ("LPAR", "LSQB")) - (token.kind in ("RPAR", "RSQB"))
        if depth == 0 and token.kind == "COMMA":
            end = token.start
            break
    called = before[place - 1]
    return CallAround(called.text, commas, keyword, text[start:end].strip(), called.start)


def _names_wanted(session: Session, call: CallAround, function: Function) -> Mapping[str, str] | None:
    """The names of inputs and parameters, where an argument takes these; None where it takes values."""
    formal = next((i for i in function.inputs if i.name == call.keyword), None)
    if formal is None or not formal.names:
        return None
    # In grad(grad(f), wrt= it is f that has the inputs.
    mentioned = (session.scope.get(token.text) for token in lexemes(call.first) if token.kind == "NAME")
    of = next((value for value in mentioned if isinstance(value, Function)), None)
    if of is None:
        return {}
    inputs = {i.name: "input" for i in of.inputs}
    return {**inputs, **dict.fromkeys(parameters_of(session.interpreter(), of).names, "parameter")}


def _keywords(function: Function, call: CallAround, length: int) -> Iterator[Candidate]:
    """The arguments that a call takes by name, less those in front, and the one here if it can't be left out."""
    placed = [input_at(function, place) for place in range(call.place)]
    here = input_at(function, call.place)
    for formal in function.inputs:
        is_usual = formal is here and isinstance(formal.default, Required)
        if formal not in placed and not is_usual and not formal.variadic:
            yield Candidate(f"{formal.name}=", "keyword argument", partial(signature, function), length)


def _attributes(session: Session, before: Sequence[Lexeme], length: int) -> Iterator[Candidate]:
    """What stands behind the point of `net.layer.`."""
    path: list[str] = []
    for token in reversed(before):
        if len(path) % 2 == 0 and token.kind == "NAME":
            path.append(token.text)
        elif len(path) % 2 == 1 and token.text == ".":
            path.append(".")
        else:
            break
    names = path[::-2]
    found = session.scope.get(names[0]) if names else None
    for name in names[1:]:
        found = attributes_of(found).get(name) if found is not None else None
    for name, value in attributes_of(found).items():
        yield Candidate(name, "attribute", partial(kind_of, value), length)
    if isinstance(found, (Node, int, float)):
        yield from (Candidate(name, "method", partial(_of_value, of), length) for name, of in methods().items())


def _settings(line: Sequence[Lexeme], length: int) -> Iterator[Candidate]:
    if len(line) == 1:
        yield from (Candidate(n, "setting", partial(str, of.help), length) for n, of in every_setting().items())
    elif line[1].text in every_setting():
        yield from (Candidate(value, "setting", str, length) for value in every_setting()[line[1].text].choices)
