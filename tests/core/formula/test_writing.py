"""How formulas are written: constants as they were typed, names as preferred, long parts once, and reasons for none."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from gradcli.core.engines.program import Program
from gradcli.core.formula import Formulas, partials, texts, written
from gradcli.core.formula.algebra import EVEN, ODD, Algebra
from gradcli.core.formula.naming import LETTERS
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.transforms.reverse import gradient
from gradcli.language.library.names import builtins
from gradcli.language.text.diagnostics import Source
from gradcli.language.text.parse import parse_expression
from tests.core.primitives.test_table import domain_of
from tests.core.sampling import TABLE
from tests.language.running import interpreter, value


def traced(text: str, *names: str) -> tuple[Node, list[Node]]:
    """A text as a graph of some inputs."""
    inputs: list[Node] = [fresh_input(name, (), DType.FLOAT64) for name in names]
    node = interpreter(dict(zip(names, inputs, strict=True))).evaluate(parse_expression(Source("test", text)))
    assert isinstance(node, Node)
    return node, inputs


def derivatives_of(text: str, order: int, *names: str, **options: object) -> list[str]:
    """The formulas of a function and its derivatives by its first input."""
    node, inputs = traced(text, *(names or ("x",)))
    found = partials(node, inputs, order, **options)  # type: ignore[arg-type]
    return [found.texts[(0,) * k] for k in range(order + 1)]


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        # Decimals, fractions and named numbers.
        ("9.8*x^2/2", ["4.9*x^2", "9.8*x", "9.8"]),
        ("x/3 + 0.5", ["x/3 + 0.5", "1/3"]),
        ("x*6.674e-11", ["6.674e-11*x", "6.674e-11"]),
        ("0.1*x + x/2", ["0.6*x", "0.6"]),
        ("x*0.25 + x^2/4", ["x^2/4 + x/4", "x/2 + 1/4"]),
        ("2*pi*x", ["2*pi*x", "2*pi"]),
        ("pi*x^2/4", ["pi*x^2/4", "pi*x/2"]),
        ("x*e", ["e*x", "e"]),
        ("e^2*x", ["e^2*x", "e^2"]),
        ("exp(-x^2/2)/sqrt(2*pi)", ["exp(-x^2/2)/sqrt(2*pi)", "-x*exp(-x^2/2)/sqrt(2*pi)"]),
        ("x^pi", ["x^pi", "pi*x^(pi - 1)"]),
        # What rules of derivatives multiply by.
        ("log10(x)", ["log10(x)", "1/(x*log(10))"]),
        ("log2(x)", ["log2(x)", "1/(x*log(2))"]),
        ("2^x", ["2^x", "2^x*log(2)", "2^x*log(2)^2"]),
        ("exp2(x)", ["exp2(x)", "exp2(x)*log(2)"]),
        ("erf(x)", ["erf(x)", "2*exp(-x^2)/sqrt(pi)"]),
        ("log(2)*x", ["x*log(2)", "log(2)"]),
        # Powers and roots.
        ("x^(5/3)", ["x^(5/3)", "5*x^(2/3)/3", "10/(9*x^(1/3))"]),
        ("sqrt(1 + x^2)", ["sqrt(x^2 + 1)", "x/sqrt(x^2 + 1)", "(x^2 + 1)^(-3/2)"]),
        ("sqrt(x^2)", ["sqrt(x^2)", "x/sqrt(x^2)"]),
        ("sqrt(4*x)", ["2*sqrt(x)", "1/sqrt(x)"]),
        # Signs.
        ("-x + 1", ["1 - x", "-1"]),
        ("2/(1 - x)", ["2/(1 - x)", "2/(1 - x)^2", "4/(1 - x)^3"]),
        ("sin(-x)", ["-sin(x)", "-cos(x)"]),
        # Identities.
        ("sin(x)^2", ["sin(x)^2", "sin(2*x)", "2*cos(2*x)"]),
        ("log(cos(x))", ["log(cos(x))", "-tan(x)", "-tan(x)^2 - 1"]),
        ("(exp(x) - exp(-x))/2", ["sinh(x)", "cosh(x)"]),
        ("tanh(x)", ["tanh(x)", "1 - tanh(x)^2"]),
        ("x^x", ["x^x", "x^x*(log(x) + 1)"]),
        # Choices.
        ("x if x > 0 else x^2", ["where(x > 0, x, x^2)", "where(x > 0, 1, 2*x)"]),
        ("relu(x)", ["relu(x)", "where(x > 0, 1, 0)", "0"]),
        ("abs(x)*x", ["x*abs(x)", "2*abs(x)", "2*sign(x)"]),
        ("maximum(x, 1 - x)", ["maximum(x, 1 - x)", "sign(2*x - 1)"]),
        ("sinc(x)", ["sinc(x)", "where(x == 0, 0, (cos(pi*x) - sinc(x))/x)"]),
    ],
)
def test_a_formula_is_what_a_person_writes(text: str, formulas: list[str]) -> None:
    """The function as it was typed, and its derivatives."""
    assert derivatives_of(text, len(formulas) - 1) == formulas


def test_names_are_spelled_as_preferred() -> None:
    """The name of the logarithm, and powers of e."""
    assert derivatives_of("x*ln(x)", 1, spellings={"log": "ln"}) == ["x*ln(x)", "ln(x) + 1"]
    assert derivatives_of("x*e^(2*x)", 1, spellings={"exp": "e^"}) == ["x*e^(2*x)", "(2*x + 1)*e^(2*x)"]
    assert derivatives_of("2^x", 1, spellings={"log": "ln"})[1] == "2^x*ln(2)"


def test_a_variable_may_have_the_name_of_a_number() -> None:
    """Then the number is written otherwise, and no text means another number than it says."""
    node, inputs = traced("exp(x*e)", "x", "e")
    assert partials(node, inputs, 1, spellings={"exp": "e^"}).texts == {
        (): "exp(e*x)",
        (0,): "e*exp(e*x)",
        (1,): "x*exp(e*x)",
    }
    x, pi = (fresh_input(name, (), DType.FLOAT64) for name in ("x", "pi"))
    assert written(x * math.pi + pi).texts[()] == "pi + 3.141592653589793*x"


LONG = "exp(-(x - y)^2)*sin(x*y + 1)*log(1 + x^2*y^2)"


def test_what_long_formulas_repeat_has_a_name() -> None:
    """Each definition needs those before it alone; in full the formula is the same function."""
    node, inputs = traced(LONG, "x", "y")
    found = partials(node, inputs, 2)
    assert found.definitions
    assert not found.reasons
    body = "".join(f"    {name} = {text}\n" for name, text in found.definitions)
    for indexes, text in found.texts.items():
        derived = node
        for i in indexes:
            (derived,) = gradient([derived], [inputs[i]])
        for point in ((0.3, -1.2), (-0.7, -0.4), (1.9, 0.8)):
            (want,) = Program([derived], inputs)(*point)
            got = value(f"model f(x, y):\n{body}    return {text}\nf({point[0]}, {point[1]})")
            assert float(got) == pytest.approx(float(want), rel=1e-9), text


def test_names_of_definitions_are_free() -> None:
    """No variable has them, nor a built-in of the language, nor whoever asks."""
    assert not set(LETTERS) & set(builtins())
    node, inputs = traced(LONG.replace("x", "u").replace("eup", "exp"), "u", "y")
    found = partials(node, inputs, 2, taken=("v",))
    assert found.definitions
    assert not {name for name, _ in found.definitions} & {"u", "y", "v"}


def test_entries_of_a_jacobian_share_definitions() -> None:
    """Several graphs are written together."""
    node, inputs = traced("exp(x*y)*cos(x)", "x", "y")
    entries = gradient([node], inputs)
    found = texts(entries)
    assert found.texts == {(0,): "exp(x*y)*(y*cos(x) - sin(x))", (1,): "x*exp(x*y)*cos(x)"}
    assert written(entries[1]).texts == {(): found.texts[(1,)]}


@pytest.mark.parametrize(
    ("text", "order"), [("hypot(x, y)", 3), ("x^(2*x)", 3), ("x^y", 3), ("atan2(y, x)", 3), ("maximum(x*y, x)^y", 2)]
)
def test_guards_cost_nothing(text: str, order: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guard that a primitive's slope has is never differentiated."""
    steps = 0
    before = Algebra.charge

    def charge(algebra: Algebra, count: int) -> None:
        nonlocal steps
        steps += count
        before(algebra, count)

    monkeypatch.setattr(Algebra, "charge", charge)
    node, inputs = traced(text, "x", "y")
    found = partials(node, inputs, order)
    assert not found.reasons
    assert steps < 20_000
    # The same of the graph that derivatives of derivatives leave.
    for _ in range(2):
        (node,) = gradient([node], inputs[:1])
    steps = 0
    assert () in written(node).texts
    assert steps < 20_000


def test_more_work_is_done_when_it_is_allowed() -> None:
    """What is too long for a table says so, and is there for who asks for it."""
    node, inputs = traced("tan(x*y)^(sin(x)*y)*exp(x^y)", "x", "y")
    little, much = partials(node, inputs, 2, work=2_000), partials(node, inputs, 2, work=60_000)
    assert little.too_long
    assert set(little.reasons.values()) == {"too long"}
    assert not much.reasons
    assert little.texts[()] == much.texts[()]


def test_what_has_no_formula_says_why() -> None:
    """Elements that move or meet, another name twice."""
    x = fresh_input("x", (3,), DType.FLOAT64)
    y = fresh_input("y", (2, 3), DType.FLOAT64)
    both = fresh_input("x", (3,), DType.FLOAT64)
    assert written(x * y).reasons == {(): "its inputs differ in shape, so that elements move or meet"}
    assert written(x * both).reasons == {(): "two inputs have the same name"}
    flipped = TABLE["cumsum"](x, axis=0)
    assert written(flipped).reasons == {(): "elements of tensors move or meet"}
    assert partials(flipped, [x], 1).reasons == {
        (): "elements of tensors move or meet",
        (0,): "elements of tensors move or meet",
    }


@pytest.mark.parametrize("name", sorted(ODD | EVEN))
def test_functions_that_are_odd_or_even_are(name: str) -> None:
    """As the algebra takes them to be."""
    x = fresh_input("x", (), DType.FLOAT64)
    sign = -1.0 if name in ODD else 1.0
    program = Program([TABLE[name](x), sign * TABLE[name](-x)], [x])
    for at in (0.1, 0.31, 0.77):
        one, other = program(at)
        assert float(one) == pytest.approx(float(other), rel=1e-14)


def internal() -> Iterator[str]:
    """Primitives of each element that the language has no name for."""
    return (name for name, p in TABLE.items() if p.reading is not None)


SLOPES: dict[str, list[dict[str, int]]] = {
    "beta": [{}, {"by_a": 1, "by_b": 1}, {"by_b": 2}],
    "besseli_scaled": [{"order": 2}],
    "gammainc": [{}, {"by_x": 1}, {"by_x": 3}, {"by_a": 1}],
    "betainc": [{}, {"by_x": 1}, {"by_x": 3}, {"by_a": 1}],
    "zeta": [{}, {"by_q": 1}, {"by_q": 2}, {"by_s": 1}],
}


@pytest.mark.parametrize("name", sorted(internal()))
def test_a_reading_has_the_value_of_what_it_is_read_for(name: str) -> None:
    """At a point of its domain, with the attributes of its slopes."""
    op = TABLE[name]
    assert op.reading is not None
    inputs = [fresh_input("xyz"[i], (), DType.FLOAT64) for i in range(op.arity)]
    for attrs in SLOPES.get(name, [{}]):
        reading = op.reading(*inputs, **attrs)
        if reading is None:
            continue
        for share in (0.2, 0.45, 0.8):
            point = [(1 - share) * low + share * high for low, high in domain_of(op)]
            one, other = Program([op(*inputs, **attrs), reading], inputs)(*point)
            assert float(one) == pytest.approx(float(other), rel=1e-9)


def empty(found: Formulas) -> bool:
    """Whether nothing is written."""
    return not found.texts and not found.definitions


def test_a_formula_that_nests_too_deep_is_refused() -> None:
    """However much work is allowed: it would take more of the stack than there is."""
    x = fresh_input("x", (), DType.FLOAT64)
    node: Node = x
    for _ in range(300):
        node = TABLE["sin"](node)
    assert empty(written(node, work=10**7))
