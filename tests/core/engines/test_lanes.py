"""Our own functions of vectors: as right as the C library's, on processors of every width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mpmath
import numpy as np
import pytest

from gradcli.core.engines.llvm import vectors
from gradcli.core.engines.llvm.functions import FUNCTIONS, LARGEST_ANGLE, Lanes
from gradcli.core.engines.program import Program
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import fresh_input
from tests.core.sampling import TABLE

pytestmark = pytest.mark.skipif(not vectors.is_available(), reason="there is no machine code here")

DTYPES = ["float64", "float32"]
# Where the functions are finite, beside the whole line.
LARGEST = {"exp": 700.0, "expm1": 700.0, "cosh": 700.0, "sinh": 700.0, "tanh": 30.0, "sin": 1e6, "cos": 1e6}
SPECIAL = [0.0, np.inf, np.nan, 5e-324, 1e-310, 1e308, 1.0, 2.0, 746.0, 800.0]


@pytest.fixture(params=[None, 16], ids=["this processor's width", "2 lanes"])
def own(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of our own functions as they are written, where the C library has none of vectors."""
    there, written = vectors._is_there, []
    monkeypatch.setattr(vectors, "_is_there", lambda name: not name.startswith("_ZGV") and there(name))
    if request.param is not None:
        monkeypatch.setattr(vectors, "_registers", lambda: vectors.Registers(request.param, "d"))
    function = Lanes.function

    def noted(self: Lanes, b: object, name: str, x: object) -> object:
        written.append(name)
        return function(self, b, name, x)

    monkeypatch.setattr(Lanes, "function", noted)
    return written


def _points(name: str, dtype: str) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(7)
    largest = LARGEST.get(name, 1e30)
    if dtype == "float32" and name in ("exp", "expm1", "cosh", "sinh"):
        largest = 85.0
    sizes = [rng.uniform(0, 1, 150), rng.uniform(0, largest, 150), np.exp(rng.uniform(-80, np.log(largest), 150))]
    x = np.concatenate(sizes)
    if name == "log":
        x = np.concatenate([x, 1 + rng.normal(size=300) * 1e-5, x * 1e-310])
    elif name == "log1p":
        x = np.concatenate([x, -rng.uniform(0, 1, 300)])
    else:
        x = np.concatenate([x, -x])
    if name in ("sin", "cos"):
        # Next to their zeros, and beyond what is turned back by ourselves.
        x = np.concatenate([x, np.arange(-200, 200) * np.pi / 2, rng.uniform(1, 1e9, 50) * LARGEST_ANGLE])
    x = x.astype(dtype)
    return x[x > 0] if name == "log" else x


def _computed(name: str, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    # So many that machine code pays, and some that are no whole vector.
    whole = np.resize(x, 2**15 - 3)
    given = fresh_input("x", whole.shape, DType(x.dtype.name))
    got = np.asarray(Program([TABLE[name](given) * 0.5], [given])(whole)[0])
    np.testing.assert_array_equal(got[-3:], got[: len(x)][(np.arange(-3, 0) + len(whole)) % len(x)])
    return got[: len(x)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_our_own_functions_are_right_to_4_ulp(name: str, dtype: str, own: list[str]) -> None:
    """Against 60 digits, in both types."""
    x = _points(name, dtype)
    got = _computed(name, x)
    assert set(own) == {name}
    with mpmath.workdps(60):
        for point, value in zip(x.tolist(), got.tolist(), strict=True):
            exact = getattr(mpmath, name)(mpmath.mpf(point)) / 2
            unit = float(np.spacing(np.abs(np.asarray(float(exact), dtype))))
            assert abs(mpmath.mpf(value) - exact) <= 4 * unit, (point, value)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_our_own_functions_answer_as_ieee_says(name: str, dtype: str, own: list[str]) -> None:
    """At zeros of both signs, infinities, nan, and what overflows; in the last lanes as well."""
    with np.errstate(all="ignore"):
        x = np.array([*SPECIAL, *np.negative(SPECIAL)]).astype(dtype)
        got, want = _computed(name, x), getattr(np, name)(x) * x.dtype.type(0.5)
    assert set(own) == {name}
    np.testing.assert_array_equal(np.signbit(got[~np.isnan(want)]), np.signbit(want[~np.isnan(want)]))
    np.testing.assert_allclose(
        got, want, rtol=8 * float(np.finfo(dtype).eps), atol=0.0 if dtype == "float64" else 1e-44
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_they_can_be_made_for_other_processors(name: str) -> None:
    """That of a phone, and of a Mac, has code for all of it."""
    import llvmlite.binding as llvm
    from llvmlite import ir

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    module = ir.Module()

    def declared(name: str, result: Any, kinds: Sequence[Any]) -> Any:
        return module.globals.get(name) or ir.Function(module, ir.FunctionType(result, list(kinds)), name)

    lanes = Lanes(ir, 2, declared)
    function = ir.Function(module, ir.FunctionType(lanes.kind, [lanes.kind]), "f")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    builder.ret(lanes.function(builder, name, function.args[0]))
    machine = llvm.Target.from_triple("aarch64-apple-darwin").create_target_machine(opt=3)
    text = machine.emit_assembly(llvm.parse_assembly(str(module)))
    # A fused product is an instruction there, and of two lanes.
    assert "fmla" in text
    assert "bl\t_fma" not in text
