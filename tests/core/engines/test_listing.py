"""Programs that are printed: they stand by themselves, never raise, and give what the engine gives."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from gradcli.core.engines.ieee import helpers_of, without_exceptions
from gradcli.core.engines.listing import program_text
from gradcli.core.engines.program import Program
from gradcli.core.engines.scalar import compile_scalar, suits_scalar
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.primitive import Primitive
from gradcli.core.ir.traversal import reachable
from gradcli.core.transforms.reverse import gradient
from tests.core.sampling import TABLE, run
from tests.faces.harness import shell

SCALARS = [p for p in TABLE.values() if (p.names or p.symbol) and (p.broadcasts or p.name == "negate")]
ON_MATH = [p for p in TABLE.values() if p.math is not None]
FEW = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -2.5, 1e-300, -1e300, 710.5, math.inf, -math.inf, math.nan, 3.7]
MORE = [*FEW, 5e-324, -5e-324, 1e300, 1e17, -745.2, 0.49999999999999994, 2.5, 4503599627370497.5, 0.3, -1e-17, -3.0]
ATTRIBUTES: dict[str, list[dict[str, float]]] = {
    "round": [{"decimals": d} for d in (0, 1, 2, -2)],
    "constant_power": [{"exponent": e} for e in (3.0, 7.0, -1.0, -2.0, -2.5, 1 / 3)],
}

# Where the C library and NumPy or SciPy differ: at -0.0 against 0.0, at -inf to the power 1/2, and lgamma's ends.
OPEN = {
    ("maximum", 0.0),
    ("minimum", 0.0),
    ("power", 0.5),
    ("lgamma", -math.inf),
    ("lgamma", 5e-324),
    ("lgamma", -5e-324),
}


def points(primitive: Primitive) -> list[tuple[float, ...]]:
    """Special points for each argument."""
    return list(
        itertools.product(MORE if primitive.arity == 1 else FEW[:: primitive.arity - 1], repeat=primitive.arity)
    )


def inputs_of(primitive: Primitive) -> list[Node]:
    """An input for each argument, a bool where it is a condition."""
    logical = primitive.name.startswith("logical")
    return [
        fresh_input("abc"[i], (), DType.BOOL if logical or (primitive.condition and i == 0) else DType.FLOAT64)
        for i in range(primitive.arity)
    ]


def typed(inputs: Sequence[Node], point: Sequence[float]) -> list[float | bool]:
    """A point in the types of the inputs."""
    return [value > 0 if n.dtype is DType.BOOL else value for n, value in zip(inputs, point, strict=True)]


def same(got: float, want: float, signs: bool = False) -> bool:
    """Equal but for rounding; every nan is the same, and so are both zeros, unless signs count."""
    if math.isnan(want) or math.isinf(want) or want == 0:
        alike = math.isnan(got) if math.isnan(want) else got == want or (want == 0 and abs(got) < 1e-300)
        return alike and (not signs or math.isnan(want) or math.copysign(1, got) == math.copysign(1, want))
    return math.isfinite(got) and abs(got - want) <= 1e-12 * abs(want)


def printed(outputs: Sequence[Node], inputs: Sequence[Node]) -> Callable[..., tuple[float, ...]]:
    """The program that a listing is, on its own."""
    scope: dict[str, object] = {}
    exec(program_text(outputs, inputs, "f", ["f"]), scope)
    function = scope["f"]
    assert callable(function)
    return function


@pytest.mark.parametrize("primitive", SCALARS, ids=lambda p: p.name)
def test_what_is_printed_gives_what_is_computed(primitive: Primitive) -> None:
    """Every entry with its first two orders, at the points where something is 0, large, inf or nan."""
    for attrs in ATTRIBUTES.get(primitive.name, [primitive.attributes]):
        inputs = inputs_of(primitive)
        floats = [n for n in inputs if n.dtype.is_float]
        value = primitive(*inputs, **attrs)
        outputs = [value]
        if value.dtype.is_float and floats:
            first = gradient([value], floats)
            outputs += [*first, *(slope for f in first for slope in gradient([f], floats))]
        program = Program(outputs, inputs)
        text = program_text(outputs, inputs, "f", ["f"])
        if not suits_scalar(reachable(outputs), inputs):
            assert text.startswith("# a schedule of operations, not Python: math has no ")
            assert any(not suits_scalar(reachable([o]), inputs) for o in outputs)
            continue
        function = printed(outputs, inputs)
        for point in points(primitive):
            given = typed(inputs, point)
            for got, want in zip(function(*given), program(*given), strict=True):
                if (primitive.name, point[-1]) not in OPEN:
                    assert same(float(got), float(want)), (point, got, want, text)


@pytest.mark.parametrize("primitive", ON_MATH, ids=lambda p: p.name)
def test_a_template_agrees_with_the_kernel_or_raises(primitive: Primitive) -> None:
    """At special points too, to the sign of a zero."""

    class RaisedError(Exception):
        pass

    def raised(*values: object) -> tuple[float, ...]:
        raise RaisedError

    for attrs in ATTRIBUTES.get(primitive.name, [primitive.attributes]):
        inputs = inputs_of(primitive)
        output = primitive(*inputs, **attrs)
        function = compile_scalar(reachable([output]), [output], inputs, raised)
        for point in points(primitive):
            given = typed(inputs, point)
            try:
                (got,) = function(*given)
            except RaisedError:
                continue
            (want,) = run([output], inputs, [np.asarray(value) for value in given])
            assert isinstance(got, bool if output.dtype is DType.BOOL else float)
            if (primitive.name, point[-1]) not in OPEN and (primitive.name, point[-1] + 0.0) not in OPEN:
                assert same(got, want.item(), signs=True), (attrs, point, got, want)


TAKEN = ["sin", "class", "lambda", "f", "print", "pow", "x", "v1", "_exp", "exp", "None", "inf", "otherwise"]


@pytest.mark.parametrize("name", TAKEN)
def test_a_function_never_takes_a_name_that_means_something(name: str) -> None:
    """Neither do its inputs; what is printed parses and calls what it says."""
    x = fresh_input(name, (), DType.FLOAT64)
    output = TABLE["exp"](TABLE["sin"](x)) * TABLE["divide"](1.0, x)
    text = program_text([output], [x], name, ["f"])
    scope: dict[str, object] = {}
    exec(text, scope)
    (function,) = (
        v for k, v in scope.items() if callable(v) and getattr(v, "__module__", "math") != "math" and k[0] != "_"
    )
    assert callable(function)
    assert function(0.5) == pytest.approx((2 * math.exp(math.sin(0.5)),), rel=1e-14)
    assert function(0.0) == (math.inf,)


@pytest.mark.parametrize(
    ("expression", "point", "wanted"),
    [
        ("1/x", {"x": 0.0}, math.inf),
        ("1/x", {"x": -0.0}, -math.inf),
        ("exp(x)", {"x": 1000.0}, math.inf),
        ("log(x)", {"x": -1.0}, math.nan),
        ("log(x)", {"x": 0.0}, -math.inf),
        ("sqrt(x)", {"x": -1.0}, math.nan),
        ("x^y", {"x": 0.0, "y": -1.0}, math.inf),
        ("x^y", {"x": -10.0, "y": 333.0}, -math.inf),
        ("floor(x)", {"x": math.inf}, math.inf),
        ("x % y", {"x": 1.0, "y": 0.0}, math.nan),
        ("x // y", {"x": 1.0, "y": 0.0}, math.inf),
        ("abs(x)", {"x": -2.0}, 2.0),
        ("sin(x)", {"x": math.inf}, math.nan),
    ],
)
def test_the_command_prints_python_that_does_not_raise(expression: str, point: dict[str, float], wanted: float) -> None:
    """Where gradcli says inf or nan, so does the program."""
    text = shell(f"gradcli code '{expression}'").out
    scope: dict[str, object] = {}
    exec(text, scope)
    function = scope["f"]
    assert callable(function)
    assert same(function(**point)[0], wanted)


def test_a_program_has_the_helpers_that_it_needs_and_no_others() -> None:
    """What can't raise stays as it was."""
    assert shell("gradcli code x*x+3").out.startswith("# returns")
    assert helpers_of("x + 1") == ""
    assert without_exceptions("{0} / {1}", frozenset({1})) == "{0} / {1}"
    assert without_exceptions("math.tanh({0})") == "tanh({0})"
    assert "_divide" in helpers_of("_floor_divide(x, y)")
    assert shell("gradcli code 'erfinv(x)'").out.startswith(
        "# a schedule of operations, not Python: math has no erfinv\n"
    )
    assert shell("gradcli code 'sum(x)' x=[1,2]").out.startswith("# a schedule of operations on arrays, not Python\n")
    assert "def sin_(x):" in shell("gradcli code sin").out
