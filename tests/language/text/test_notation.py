"""Paper's notation reads as what the plain spelling reads as, and what goes two ways is refused."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.language.library.names import builtins
from gradcli.language.text import notation
from gradcli.language.text.diagnostics import LanguageError, Source
from gradcli.language.text.grammar import parser
from gradcli.language.text.notation import INVERSES, PAPER, VERBS, noted
from gradcli.language.text.parse import parse
from gradcli.language.values.values import Function
from tests.language.running import run, value

# What is typed, and the same without notation.
SAME = [
    ("2x", "2*x"),
    ("2.5x", "2.5*x"),
    ("2 pi", "2*pi"),
    ("2(x+1)", "2*(x+1)"),
    ("2sin(x)", "2*sin(x)"),
    ("3x^2", "3*x^2"),
    ("-3x^2", "-3*x^2"),
    ("2x*3y", "2*x*3*y"),
    ("(x+1)y", "(x+1)*y"),
    ("sin(x)cos(x)", "sin(x)*cos(x)"),
    ("f(x) g(x)^2", "f(x)*g(x)^2"),
    ("a[0]b", "a[0]*b"),
    ("x^2 y", "x^2*y"),
    ("x²y", "x^2*y"),
    ("2πr²", "2*π*r^2"),
    ("π(x+1)", "π*(x+1)"),
    ("x⁻¹", "x^-1"),
    ("x¹²", "x^12"),
    ("x₁ + x₂", "x1 + x2"),
    ("√x", "sqrt(x)"),
    ("√(x^2 + 1)", "sqrt(x^2 + 1)"),
    ("2√x", "2*sqrt(x)"),
    ("√2 x", "sqrt(2)*x"),
    ("√x + 1", "sqrt(x) + 1"),
    ("√√x", "sqrt(sqrt(x))"),
    ("∛x", "cbrt(x)"),
    ("∜x", "root(x, 4)"),
    ("|x|", "abs(x)"),
    ("|x - 1||y|", "abs(x - 1)*abs(y)"),
    ("2|x|", "2*abs(x)"),
    ("||x| - 1|", "abs(abs(x) - 1)"),
    ("|2|x| + 1|", "abs(2*abs(x) + 1)"),
    ("|x|^2", "abs(x)^2"),
    ("(|x|, |y|)", "(abs(x), abs(y))"),
    ("3 × 4 ÷ 5 − 2", "3 * 4 / 5 - 2"),
    ("x · y", "x*y"),
    ("x ≤ 2", "x <= 2"),
    ("x ≠ 2", "x != 2"),
    ("5!", "factorial(5)"),
    ("2^3!", "2^factorial(3)"),
    ("-5!", "-factorial(5)"),
    ("n!/k!", "factorial(n)/factorial(k)"),
    ("sin²(x)", "sin(x)^2"),
    ("sin^2(x)", "sin(x)^2"),
    ("1/sin^2(x)", "1/sin(x)^2"),
    ("2cos^2(x)", "2*cos(x)^2"),
    ("sin⁻¹(x)", "asin(x)"),
    ("tan^-1(x)", "atan(x)"),
    ("sin^-2(x)", "sin(x)^(-2)"),
    ("sin x", "sin(x)"),
    ("ln 2", "ln(2)"),
    ("2 sin x + 1", "2*sin(x) + 1"),
    ("sin² x", "sin(x)^2"),
    ("cos π", "cos(π)"),
    ("f⁽⁵⁾(x)", "f'''''(x)"),
    ("f′(x)", "f'(x)"),
    ("f″(x)", "f''(x)"),
    ("a := 3", "a = 3"),
    ("f(x) := x^2", "f(x) = x^2"),
    ("plot f, g", "plot(f, g)"),
    ("plot f over 0..1", "plot(f, over=0..1)"),
    ("plot sin(x) over x = 0..1", "plot(x -> sin(x), over=0..1)"),
    ("tangent f at 1", "tangent(f, 1)"),
    ('check_answer f\' = "2x"', 'check_answer(f\', "2x")'),
    ("∑(k^2, k, 1, 10)", "sum(k^2 for k in 1..10)"),
    ("∏(k, k, 1, n)", "prod(k for k in 1..n)"),
    ("∂f/∂x(1, 2)", "∂f / ∂x (1, 2)"),
    ("∂(x^2*y)/∂x", "∂/∂x (x^2*y)"),
    ("d/dx (x^2)", "d/dx x^2"),
    ("d²/dx² (x^3)", "d^2/dx^2 (x^3)"),
    ("x sin(x)", "x*sin(x)"),
    ("2x sin(x)", "2*x*sin(x)"),
    ("a x^2 + b x + c", "a*x^2 + b*x + c"),
    ("pi r^2 h", "pi*r^2*h"),
    ("x e^(x-1)", "x*e^(x-1)"),
    ("e^x y", "e^x*y"),
    ("sin x cos x", "sin(x)*cos(x)"),
    ("x1 x_2 √3", "x1*x_2*sqrt(3)"),
    ("sin(x y)", "sin(x*y)"),
    ("sin x / x", "sin(x)/x"),
    ("sin^(-1)(x)", "asin(x)"),
    ("-∂F/∂x / ∂F/∂y", "-(∂F/∂x) / (∂F/∂y)"),
    ("2 d/dx x^2", "2*(d/dx x^2)"),
    ("-d/dx x^2", "-(d/dx x^2)"),
    ("x*d/dx x^2", "x*(d/dx x^2)"),
    ("d/dx d/dx x^3", "d/dx (d/dx x^3)"),
    ("steps (f∘g)'", "steps((f∘g)')"),
    ("taylor f at 0 order 4", "taylor(f, 0, order=4)"),
    ("extrema f over x=0..1, y=0..1", "extrema f over (0..1, 0..1)"),
    ("1e3x", "1e3*x"),
    ("2e", "2*e"),
]


def told(text: str) -> str:
    """The syntax without its places."""
    return repr(parse(Source("text", text)))


def told_or_refused(text: str) -> str:
    """The syntax, or why there is none."""
    try:
        return told(text)
    except LanguageError as error:
        return error.diagnostic.message


@pytest.mark.parametrize(("typed", "plain"), SAME)
def test_notation_reads_as_the_plain_spelling(typed: str, plain: str) -> None:
    """The same syntax."""
    assert told(typed) == told(plain)


TWO_WAYS = [
    *(
        "1/2x",
        "x/2y",
        "7 % 2x",
        "6/2(1+2)",
        "e^2x",
        "2^3x",
        "x^-2y",
        "√2x",
        "√x^2",
        "√x²",
        "sin 2x",
        "sin x^2",
        "sin x²",
    ),
    *("sin x(y)", "5!!", "sin^2 2x", "1/2π", "1/2sin(x)", "√4!", "√(9)!", "2⁵⁻²", "d/dx 3x^2 + 1", "d/dx (x+1)/(x-1)"),
    *("2x^2x", "sin -1", "exp -x", "√(x)²", "d/dx (x)*x + 1", "1/x y", "sin x y", "[x y]", "d/dx (x^2)(3)"),
    *("1.00 +- 0.01", "√2^2²", "√x^sin²(x)", "x//2y", "sin x^|x|", "ln x^√x", "sin x(x+1)", "sin x/2", "sin 3x cos(2)"),
]


@pytest.mark.parametrize("text", TWO_WAYS)
def test_what_can_be_read_in_two_ways_is_refused_with_both(text: str) -> None:
    """Both are named, both parse, and they differ."""
    with pytest.raises(LanguageError) as caught:
        parse(Source("text", text))
    found = caught.value.diagnostic
    assert "can be read in two ways" in found.message
    assert found.hint is not None
    if "factorial" not in found.hint:
        readings = found.hint.removeprefix("write ").split(" or ")
        assert len(readings) == 2
        assert told(readings[0].strip("`")) != told(readings[1].strip("`"))


@pytest.mark.parametrize("text", ["|x", "x|", "|a|b|c|", "x||y", "|x| + |", "|(x|)", "|x, y|"])
def test_bars_that_do_not_pair_are_told(text: str) -> None:
    """With how an absolute value is written."""
    with pytest.raises(LanguageError, match="bar"):
        parse(Source("text", text))


FACTORS = ("x", "y", "a", "x^2", "sin(x)", "e^x", "x1", "(x + 1)", "cos(x y)", "|x|", "√(y)", "t³", "pi", "ln x")


@given(
    st.lists(st.sampled_from(FACTORS), min_size=1, max_size=4),
    st.lists(st.booleans(), min_size=4),
    st.sampled_from(["", "2", "-3"]),
)
def test_products_need_no_sign(factors: list[str], signs: list[bool], number: str) -> None:
    """With or without it they read alike; a variable in front of a bracket is a call, a longer reading refused."""
    typed = plain = number
    for factor, sign in zip(factors, signs, strict=False):
        plain += ("*" if plain not in ("", "-") else "") + factor
        typed += ("*" if sign and typed not in ("", "-") else " ") + factor
    assert (
        told_or_refused(typed.strip()) in (told(plain),)
        or "two ways" in told_or_refused(typed.strip())
        or " (" in typed
    )


PIECES = (
    "x",
    "2",
    "sin",
    " ",
    "(",
    ")",
    "^",
    "-",
    "/",
    "|",
    "√",
    "²",
    "!",
    "y",
    "d/dx ",
    "·",
    "ln",
    "3",
    "//",
    "[",
    "]",
)


@given(st.lists(st.sampled_from(PIECES), min_size=2, max_size=9).map("".join))
def test_readings_can_be_written(text: str) -> None:
    """Whatever is suggested instead of what goes two ways is itself read, as something else than the other."""
    try:
        parse(Source("text", text))
    except LanguageError as error:
        hint = error.diagnostic.hint or ""
        if "two ways" in error.diagnostic.message and hint.startswith("write `"):
            one, _, other = hint.removeprefix("write `").partition("` or `")
            other = other.partition("`")[0]
            assert told(one) != told(other) or "!" in text


def nested() -> st.SearchStrategy[tuple[str, str]]:
    """Sums and differences of absolute values, with bars and with abs."""
    leaves = st.sampled_from([("x", "x"), ("y", "y"), ("3", "3")])

    def larger(inner: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
        return st.one_of(
            inner.map(lambda t: (f"|{t[0]}|", f"abs({t[1]})")),
            st.tuples(inner, st.sampled_from("+-*"), inner).map(
                lambda t: (f"{t[0][0]} {t[1]} {t[2][0]}", f"{t[0][1]} {t[1]} {t[2][1]}")
            ),
            inner.map(lambda t: (f"({t[0]})", f"({t[1]})")),
        )

    return st.recursive(leaves, larger, max_leaves=6)


@given(nested())
def test_bars_read_as_abs_or_are_refused(texts: tuple[str, str]) -> None:
    """However they nest; never as anything else."""
    bars, plain = texts
    found = told_or_refused(bars)
    assert found == told(plain) or "bars" in found


def test_the_table_of_notation_names_built_ins() -> None:
    """Every function that paper writes without brackets, its inverse, and every verb."""
    # `show` is a statement, not a function.
    for name in (*PAPER, *INVERSES.values(), *(VERBS - {"show"})):
        assert isinstance(builtins().get(name), Function), name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 3; (x+1)(x-1)", 8),
        ("x = 3; (x+1)(x-1)^2", 16),
        ("x = 3; (x)(x)(x)", 27),
        ("x = 3; 2(x+1)(x-1)", 16),
        ("f(x) = x^2; (f)(3)^2", 81),
        ("(x -> x + 1)(2)", 3),
        ("f(x) = x^2; g(x) = x+1; (f∘g)(2), (g∘f)(2), (f*g)(2), (f+g)(2), (2f)(2), (f/g)(2)", (9, 5, 12, 7, 8, 4 / 3)),
        ("f(x) = x^2; g(x) = x+1; (f∘g)'(2), (f*g)'(2), (2f - g)'(2), (-f)'(1)", (6, 16, 7, -2)),
        ("[k^2 for k in 1..3]", [1, 4, 9]),
        ("s = 0\nfor i in 1..4: s += i\ns", 10),
        ("f(x, y) = x^2*y; ∂f/∂x(3, 5), ∂²f/∂x∂y(3, 5), ∂²f/∂x²(3, 5)", (30, 6, 10)),
        ("x = 3; d/dx x^2", 6),
        ("x = 3; diff(x^3, x, x)", 18),
        ("f(x) = d/dx (x^3); f(2), f'(2)", (12, 12)),
        ("f(x, y) = x^2*y; grad(f, y)(3, 5), grad(f, (x, y))(3, 5), grad(f, all)(3, 5)", (9, (30, 9), (30, 9))),
        ("sin 30°, sin(30°), cos 60°", (0.5, 0.5, 0.5)),
        ("x = 2; e^(-x)(x+1) == e^(-x)*(x+1), 2^(3)(2), (1+x)^(2)(x)^3", (True, 16, 72)),
        ("√(4)(9), ∛(8)(27), √(7+2)(7-2)^2", (18, 54, 75)),
        ("x = 2; d/dx 3x^2, d/dx 1/x, d/dx x/(x+1), d/dx (x^2) x, d/dx -x^2", (12, -0.25, 1 / 9, 12, -4)),
        ("x = 2; d/dx (x^2)(x+1)", 16),
        ("x = 2; (d/dx x^2) + 1, d/dx (x^2) + 1", (5, 5)),
        ("g = d/dx x^2; g(3), (d/dx x^3)(2)", (6, 12)),
        ("f(x) = x^3; d/dx f, d/dx 2f; x = 2; (d/dx 2f)(2), df/dx(2) + 1", (24, 13)),
        ("f(x) = x^3; (2f + 1)(2), (-f)'(1), (f - 1)'(2)", (17, -3, 12)),
        ("ln|-e|, sin |0|", (1, 0)),
        ("x = 3; derivative(x^3)(2), taylor(x^2, 0, 2)(5)", (12, 25)),
        ("integrate(x, 0..1), solve(x^2 - 4, 1)", (0.5, 2)),
        ("f(x) = x^3; f at 2", 8),
        ("f(x) = x^3; f' at 2", 12),
        ("x = 2; y = 3; e^-(x)(y) == e^-(x)*y, 2^-(3)(4), 2**+(3)(4)", (True, 0.5, 32)),
        ("d/dx x^3 at 2", 12),
        ("x^2 y at x=1, y=2", 2),
        ("f(x, y) = x^2 y; grad(f, all) at (1, 2)", (4, 1)),
        ("x = 3; sin(x)(x+1) == sin(x)*(x+1), sin(x)(x+1)^2 == sin(x)*16", (True, True)),
        ("f(x) = x^2; 2**(f)(3), 2^(grad(f))(3)^2", (512, 4096)),
        ("F(x, y) = x^2 + y^2; (-∂F/∂x / ∂F/∂y)(3, 4)", -0.75),
        ("r(t) = [cos(t), sin(t)]; dot(r', r')(2), norm(r')(1), sin(x -> x^2)(2) == sin(4)", (1, 1, True)),
        ("solve(x^2 == 2, 1)^2, roots(x^2 == 4, 0..3)[0]", (2, 2)),
        ("x = 2; (x^2)' at 3", 6),
        ("x = 2; (x^3 + 1)'(2), x |x|", (12, 4)),
        ("steps = 3; steps -1", 2),
        ("0.3 // 0.1, 0.3 % 0.1, 1 // 0.1, 48*(0/7 + 0.70)", (3, 0, 10, 33.6)),
        ("derivative(x^2)(3), derivative(y -> y^3, 2)(2)", (6, 12)),
    ],
)
def test_notation_means_what_it_means_on_paper(text: str, expected: object) -> None:
    """Values and derivatives."""
    found = value(text)
    if isinstance(expected, list):
        assert found.tolist() == expected
        return
    assert (
        found == pytest.approx(expected)
        if not isinstance(expected, tuple)
        else found == expected or [*found] == pytest.approx([*expected])
    )


def test_the_inverse_is_noted() -> None:
    """What sin^-1 is read as is said."""
    (said,) = run("sin^-1(0.5)").diagnostics
    assert said.severity == "note"
    assert "asin" in said.message


def test_a_decimal_comma_is_noted() -> None:
    """Where it is surely meant for one; the values are there all the same."""
    step = run("1,5 + 2,3")
    assert [d.severity for d in step.diagnostics] == ["note"]
    assert not run("(1,5), [1,5 + 2,3]").diagnostics


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("sin with derivative cos", "with_derivative(sin, cos)"),
        ("(x -> x^3) with derivative x -> 3x^2", "with_derivative(x -> x^3, x -> 3x^2)"),
        ("f with vjp (x, g) -> g", "with_vjp(f, (x, g) -> g)"),
        ("f with jvp (h)", "with_jvp(f, h)"),
    ],
)
def test_with_a_derivative_of_its_own(text: str, meant: str) -> None:
    """The words are the built-in of that name; `with` by itself is a name as any other."""
    assert value(f"f(x) = 2x; h(x, t) = 2t; ({text})(1.5)") == value(f"f(x) = 2x; h(x, t) = 2t; ({meant})(1.5)")
    assert value("with = 3; with + 1; with") == 3


_PIECES = (
    *("x", "y1", "theta", "π", "sin", "log", "abs", "grad", "plot", "of", "at", "over", "with", "return", "f"),
    *("2", "0.5", "0", "(", ")", "[", "]", ",", "+", "-", "*", "/", "^", "%", "=", "|", "²", "'", ".", "!", " "),
)


def test_lines_that_are_passed_on_as_they_are_would_have_been_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most lines are not read by notation's rules: these change nothing in them, and refuse none."""

    def read(text: str) -> object:
        try:
            found = noted(parser().lex(text + "\n"), Source("line", text))
            return [(token.type, str(token), token.start_pos, token.end_pos) for token in found]
        except LanguageError as error:
            return error.diagnostic.message

    draw = random.Random(7)
    lines = [draw.choice(("", " ")).join(draw.choices(_PIECES, k=draw.randrange(1, 7))) for _ in range(20_000)]
    passed_on = [line for line in lines if notation._is_plain([*parser().lex(line + "\n")])]
    assert len(passed_on) > 1000
    found = [read(line) for line in passed_on]
    monkeypatch.setattr(notation, "_is_plain", lambda line: False)
    assert found == [read(line) for line in passed_on]
