"""Whatever is typed, a session answers: a result or a diagnostic, never an exception."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcli.core.ir.primitive import Primitive
from gradcli.language.library.names import ALIASES, builtins
from gradcli.language.text.diagnostics import IncompleteInput, Source
from gradcli.language.text.parse import parse
from gradcli.language.values.values import Function
from gradcli.output.diagnostics import show_diagnostic
from gradcli.session import session as session_module
from gradcli.session.session import Session, Step
from tests.session.spelling import HOLE, form, spelled
from tests.texts import any_text

# Pieces of the language in any order: most texts are wrong, some are right, all must be answered.
PIECES = st.sampled_from(
    [
        *(
            "x",
            "f",
            "net",
            "g",
            "1",
            "2.5",
            "0",
            "3",
            "[1, 2]",
            "[[1], [2]]",
            "(1, 2)",
            "true",
            "none",
            '"a"',
            "...",
            "()",
        ),
        *("+", "-", "*", "/", "//", "%", "^", "**", "@", "==", "<", "and", "or", "not", "if", "else", "->", "=", "+="),
        *("(", ")", "[", "]", ",", ":", ";", ".", "'", "''", ".T", ".shape", ".w", "\n", "\n    ", "#", "\\\n"),
        *("model", "def", "param", "return", "for", "in", "assert", "set", "dtype", "seed", "range", "grad", "sin"),
        *(
            "params",
            "where",
            "sum",
            "derivatives",
            "diff",
            "wrt=x",
            "weights=",
            "has_aux=true",
            "axis=",
            "normal",
            "allclose",
        ),
    ]
)
SETUP = "f(x) = x^2\ng(x, y) = x * y\nmodel net(x): param w = [1, 2]; return w * x\nx = 3.0\n"
BASE = Session().run(Source("setup", SETUP)).session


def answer(text: str, session: Session = BASE) -> Step | None:
    """Run a text and render whatever it gives; None where it could go on."""
    return answered(Source("fuzz", text), session)


def answered(source: Source, session: Session) -> Step | None:
    """Run a source and render whatever it gives; None where it could go on."""
    try:
        step = session.run(source)
    except IncompleteInput as error:
        show_diagnostic(error.diagnostic)
        return None
    for diagnostic in step.diagnostics:
        assert diagnostic.message
        show_diagnostic(diagnostic)
    return step


def test_the_setup_is_right() -> None:
    """The names that the pieces use are defined."""
    assert set(BASE.scope) == {"f", "g", "net", "x"}


@settings(max_examples=1500)
@given(st.lists(PIECES, max_size=9))
def test_pieces_of_the_language_in_any_order(pieces: list[str]) -> None:
    """With spaces between."""
    answer(" ".join(pieces))


@settings(max_examples=400)
@given(any_text(max_size=30))
def test_any_text(text: str) -> None:
    """Of any characters."""
    answer(text)


ODD = [
    "0",
    "-1",
    "2.5",
    "true",
    "none",
    '"a"',
    "()",
    "(1, (2, 3))",
    "[]",
    "[1, 2]",
    "sin",
    "net",
    "params(net)",
    "int([1])",
]


@pytest.fixture
def answer_with(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, Session], Step | None]:
    """Like `answer`, for a text with a name in its holes, which is parsed once for all names."""

    def call(text: str, name: str, session: Session) -> Step | None:
        source, statements = spelled(text, name)
        monkeypatch.setattr(session_module, "parse", lambda _: statements)
        return answered(source, session)

    return call


# Each value in each place, with itself and with a third of the others.
PAIRS = [(a, b) for (i, a), (j, b) in product(enumerate(ODD), repeat=2) if i == j or (i + j) % 3 == 0]
ODD_PAIRS = [f"{HOLE}({a}, {b})" for a, b in PAIRS]
EQUAL_PAIRS = [f"{HOLE}({a}, {a})" for a in ODD]
ODD_CALLS = [*(f"{HOLE}({a}){again}" for a in ODD for again in ("", "(1)")), *ODD_PAIRS]


def _each_once() -> list[str]:
    """The built-ins, each by one of its names: under another it is the same."""
    found: dict[object, str] = {}
    for name in sorted(builtins().keys() - ALIASES.keys()):
        what = getattr(builtins()[name], "of_tensor", None)
        found.setdefault(what if isinstance(what, Primitive) else name, name)
    return sorted(found.values())


def takes_one(name: str) -> bool:
    """Whether a second argument is one too many, whatever it is."""
    function = builtins()[name]
    return isinstance(function, Function) and len(function.inputs) == 1 and not function.inputs[0].variadic


@pytest.mark.parametrize("name", _each_once())
def test_builtins_with_odd_arguments(name: str, answer_with: Callable[[str, str, Session], Step | None]) -> None:
    """Each with every odd value, alone and in pairs; a call that succeeds may be called again."""
    for a in ODD:
        step = answer_with(f"{HOLE}({a})", name, BASE)
        assert step is not None
        if step.results:
            answer_with(f"{HOLE}({a})(1)", name, BASE)
    for text in EQUAL_PAIRS if takes_one(name) else ODD_PAIRS:
        step = answer_with(text, name, BASE)
        assert step is not None
        if takes_one(name):
            assert "takes 1 argument" in step.diagnostics[-1].message or "unknown" in step.diagnostics[-1].message


# What no count, axis, shape or order can be, and numbers at the ends of what there is.
NUMBERS = ["2^70", "-2^70", "10^400", "nan", "inf", "-0.0", "1e308", "[nan, inf, -inf]"]
# As what is differentiated by they are like others, or nothing.
SHAPES_ALONE = {"(2^40, 2^40, 0)", "(2^70, -1)", "zeros((0, 0))", '"ij,jk->ik"', "none"}
# A Jacobian of numbers, or of a tuple's, is made of gradients: one number is enough.
TENSORS = {"2^70", "[nan, inf, -inf]", "zeros((0,))", "zeros((2, 0, 3))", "int([2, 3])", "[true, false]", "eye(2)"}
EXTREME = [
    *NUMBERS,
    "zeros((0,))",
    "zeros((0, 0))",
    "zeros((2, 0, 3))",
    "(2^40, 2^40, 0)",
    "(2^70, -1)",
    "((1, 2), (3, (4, 5)))",
    '"ij,jk->ik"',
    "int([2, 3])",
    "[true, false]",
    "x -> x",
    "Dense(1, 1)",
    "eye(2)",
    "none",
]


def _calls_with(extreme: list[str]) -> list[str]:
    calls = []
    for a in extreme:
        calls += [f"{HOLE}({a})", f"{HOLE}([[1, 2], [3, 4]], {a}); {HOLE}({a}, 1)", f"two({a}); vmap(two)([{a}, {a}])"]
        if a not in SHAPES_ALONE:
            calls.append(f"grad(one)({a}); jacobian(one)({a})" if a in TENSORS else f"grad(one)({a})")
    return calls


EXTREME_CALLS = _calls_with(EXTREME)
# What overflows does so elsewhere in float32; what is no number is the same.
EXTREME_IN = {"float64": EXTREME_CALLS, "float32": _calls_with(NUMBERS)}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", _each_once())
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_builtins_at_the_ends_of_what_there_is(
    name: str, dtype: str, answer_with: Callable[[str, str, Session], Step | None]
) -> None:
    """Each with every extreme, alone, in pairs and beside a good tensor, and the gradient of what takes one."""
    lines = f"set dtype {dtype}; one(x) = {name}(x); two(x) = {name}([1, 2], x)"
    session = BASE.run(Source("fuzz", lines)).session
    assert {"one", "two"} <= set(session.scope)
    for text in EXTREME_IN[dtype]:
        answer_with(text, name, session)


@pytest.mark.parametrize("name", ["e", "sum", "trainable_params"])
def test_a_name_in_a_text_is_what_is_parsed(name: str) -> None:
    """Shorter or longer than what it stands for, with every place."""
    for text in (*ODD_CALLS, *EXTREME_CALLS):
        source, statements = spelled(text, name)
        assert source.text == text.replace(HOLE, name)
        assert form(statements) == form(parse(source))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "1" + ")" * 5000,
        "[" * 500 + "1" + "]" * 500,
        "-" * 5000 + "1",
        "sin(" * 300 + "1" + ")" * 300,
        "x -> " * 2000 + "1",
        "f" + "'" * 300 + "(1)",
        "1 if true else " * 2000 + "1",
        "9^9^9^9^9",
        "2^-9999999, (-8)^(1/3), 0^-1, 0^0, 10^400 / 10^399",
        "1e999, -1e999, 5 % 0, 5 // 0, 0 / 0, -5 % 3, -5 // 3",
        "zeros((1000000, 1000000, 1000000))",
        "range(10^12)",
        "normal((10^6, 10^6, 10^6))",
        "[10^400, 2]",
        "\x00",
        "\ufeff1",
    ],
    ids=lambda t: t[:20].encode("unicode_escape").decode(),
)
def test_extremes(text: str) -> None:
    """Deep, long and large: an answer in good time."""
    answer(text)


def test_a_long_sum_is_not_deep() -> None:
    """A sum leans to the left and costs no stack, however long it is."""
    step = answer("+".join(["x"] * 20_000))
    assert step is not None
    assert not step.diagnostics
