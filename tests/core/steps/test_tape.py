"""The tape: each row comes from earlier ones, and both sweeps bring the derivative."""

from __future__ import annotations

import mpmath
import pytest

from benchmarks.formulas import traced
from gradcli.core.engines.program import Program
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, constant, fresh_input
from gradcli.core.steps.tape import Row, choose, derivatives_at, tape

X, Y = (fresh_input(name, (), DType.FLOAT64) for name in "xy")

CASES = [
    ("x^2*sin(3*x)", 2.0, 0.0),
    ("x*y + sin(x)*exp(y)", 0.5, 0.25),
    ("x*x", -3.0, 0.0),
    ("x^y/(1 + x)", 1.5, 2.0),
    ("log(x)^2 + sqrt(x)", 2.5, 0.0),
    ("tanh(x*y)*tanh(x*y)", 0.25, -1.0),
    ("atan2(y, x)", 1.0, 2.0),
    ("5*x", 0.0, 0.0),
]


def rows_of(text: str, x: float, y: float) -> tuple[Row, ...]:
    """The tape of a text by x at a point."""
    point: dict[Node, Node] = {X: constant(x, DType.FLOAT64), Y: constant(y, DType.FLOAT64)}
    return tape(traced(text, {"x": X, "y": Y}), X, point, {}, ["x", "y"])


@pytest.mark.parametrize(("text", "x", "y"), CASES)
def test_rows_follow_from_earlier_ones(text: str, x: float, y: float) -> None:
    """Each value is its formula's, each slope that of its formula by differences, and each tangent the chain rule's."""
    rows = rows_of(text, x, y)
    known: dict[str, Row] = {}
    for row in rows:
        if row.formula in ("x", "y"):
            assert row.value == (x if row.formula == "x" else y)
            assert row.tangent == (row.formula == "x")
            known[row.name] = row
            continue
        names = {name: fresh_input(name, (), DType.FLOAT64) for name in known}
        program = Program([traced(row.formula, dict(names))], list(names.values()))
        at = [earlier.value for earlier in known.values()]
        assert float(program(*at)[0]) == pytest.approx(row.value, rel=1e-14)
        for name, slope in row.partials:
            place, h = list(known).index(name), 1e-5
            up, down = ([v + d * (i == place) for i, v in enumerate(at)] for d in (h, -h))
            assert (float(program(*up)[0]) - float(program(*down)[0])) / (2 * h) == pytest.approx(slope, abs=1e-5)
        total = sum(slope * known[name].tangent for name, slope in row.partials)
        assert row.tangent == pytest.approx(total, rel=1e-12, abs=1e-14)
        known[row.name] = row


@pytest.mark.parametrize(("text", "x", "y"), CASES)
def test_adjoints_are_collected_backwards(text: str, x: float, y: float) -> None:
    """The last is 1, each other the sum of those that use it times their slopes; the first is the derivative."""
    rows = rows_of(text, x, y)
    assert rows[-1].adjoint == 1
    for row in rows[:-1]:
        total = sum(later.adjoint * slope for later in rows for name, slope in later.partials if name == row.name)
        assert row.adjoint == pytest.approx(total, rel=1e-12, abs=1e-14)
    first = next(row for row in rows if row.formula == "x")
    assert first.adjoint == pytest.approx(rows[-1].tangent, rel=1e-12)
    with mpmath.workdps(50):
        names = {n: getattr(mpmath, n) for n in ("sin", "exp", "log", "sqrt", "tanh", "atan2")}
        code = compile(text.replace("^", "**"), "text", "eval")
        truth = mpmath.diff(lambda t: mpmath.mpf(1) * eval(code, {**names, "x": t, "y": mpmath.mpf(y)}), mpmath.mpf(x))
        assert rows[-1].tangent == pytest.approx(float(truth), rel=1e-13)


def test_a_value_that_is_used_twice_has_one_slope() -> None:
    """That of both places."""
    assert rows_of("atan2(x, x)", 2.0, 0.0)[-1].partials == (("v1", 0.0),)


def test_names_are_none_of_the_inputs() -> None:
    """A function of v1 has a tape of others."""
    v = fresh_input("v1", (), DType.FLOAT64)
    rows = tape(traced("sin(v1)", {"v1": v}), v, {v: constant(1.0, DType.FLOAT64)}, {}, ["v1"])
    assert [row.name for row in rows] == ["w1", "w2"]


@pytest.mark.parametrize(("x", "slope"), [(3.0, 1.0), (0.5, 2.0), (-2.0, -1.0), (1.0, 2.0)])
def test_the_branch_that_is_taken(x: float, slope: float) -> None:
    """Of choices in each other; what isn't taken has no rows."""
    node = traced("(x if x > 1 else 2*x) if x > 0 else sqrt(x^2)", {"x": X})
    chosen, taken = choose(node, {X: constant(x, DType.FLOAT64)})
    assert "select" not in {n.kind for n in _all(chosen)}
    assert taken[node] == (x > 0)
    assert derivatives_at([chosen], X, {X: constant(x, DType.FLOAT64)})[0] == pytest.approx(slope)


def _all(node: Node) -> list[Node]:
    return [node, *(inner for arg in node.args for inner in _all(arg))]
