"""Programs, run so that what goes wrong shows, and which of them are machine code."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import mpmath
import numpy as np
import pytest

from gradcli.core.engines import fusion
from gradcli.core.engines.llvm import vectors
from gradcli.core.engines.numpy import tiles
from gradcli.core.engines.numpy.schedule import ArrayProgram
from gradcli.core.engines.program import Program
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node
from gradcli.core.transforms.reverse import gradient
from tests.core.sampling import TABLE, float_inputs

F64, F32 = DType.FLOAT64, DType.FLOAT32
LARGE = fusion.SMALLEST + 37
BY_ELEMENT = [p for p in TABLE.values() if p.examples.domain and p.name != "whole_numbers"]

# Their slopes by parameters take FLINT some 0.1 ms for each element.
ONE_BY_ONE = {"gammainc", "gammaincc", "betainc", "zeta"}
# What the C library has no vector form of, in a template; old libraries have fewer. Where there is no template, or a
# function makes it, there is no machine code either.
WITHOUT_VECTORS = ("math.gamma", "math.lgamma", "math.floor", "math.ceil", "round(", "%", "//")
WITHOUT_MACHINE_CODE = {
    p.name for p in BY_ELEMENT if not isinstance(p.math, str) or any(word in p.math for word in WITHOUT_VECTORS)
}
# Those among them whose slopes do without their value, and are machine code.
WITH_NATIVE_SLOPES = {"log_to_base", "betaln"}
OLD_LIBRARY = tuple(map(int, (platform.libc_ver()[1] or "0").split("."))) < (2, 35)
has_machine_code = pytest.mark.skipif(
    not vectors.is_available(), reason="machine code needs llvmlite, and a C library with vectors for this processor"
)
by_both = pytest.mark.parametrize(
    "use_llvm", [False, pytest.param(True, marks=has_machine_code)], ids=["numpy", "llvm"]
)


def in_machine_code(program: Program) -> list[tiles.Tiles]:
    """The fusion groups that run as machine code."""
    steps = program._compiled._calls if isinstance(program._compiled, ArrayProgram) else []
    return [step.function for *_, step in steps if isinstance(step.function, tiles.Tiles) and step.function.is_native]


def compiled(
    outputs: Sequence[Node], inputs: Sequence[Node], arrays: Sequence[Any], use_llvm: bool, has_code: bool = True
) -> list[Any]:
    """The outputs of a program, checked as `twice` does, from the engine that is asked for."""
    program = Program(outputs, inputs, use_llvm)
    assert bool(in_machine_code(program)) is (use_llvm and has_code)
    return twice(program, arrays)


def twice(program: Program, arrays: Sequence[Any]) -> list[Any]:
    """What a program gives, twice, since what one run leaves behind must not show in the next."""
    kept = [np.array(a) for a in arrays]
    first = [np.array(value) for value in program(*arrays)]
    second = program(*arrays)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    for array, before in zip(arrays, kept, strict=True):
        np.testing.assert_array_equal(array, before)
    return first


def with_slopes(output: Node, inputs: Sequence[Node]) -> list[Node]:
    """An output and its gradient, where it has one."""
    floats = float_inputs(inputs)
    return [output, *gradient([output], floats)] if output.dtype.is_float and floats else [output]


def normal(shape: tuple[int, ...], seed: int, dtype: str = "float64") -> Any:
    """Random numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def ulps(got: Any, want: Any) -> float:
    """The largest error in units of the last place of the exact value."""
    worst = 0.0
    for g, w in zip(got.tolist(), want, strict=True):
        spacing = np.spacing(abs(float(w))) if w else np.spacing(0.0)
        worst = max(worst, float(abs(mpmath.mpf(g) - w) / mpmath.mpf(float(spacing))))
    return worst


def share_every_step(monkeypatch: pytest.MonkeyPatch, module: ModuleType, tiles: Sequence[str], size: int) -> None:
    """Three threads for whatever a module shares, in tiles so short that there are many."""
    monkeypatch.setattr(module, "threads", lambda: 3)
    for name in ("WORTH_A_THREAD", "NATIVE_WORTH_A_THREAD"):
        monkeypatch.setattr(module, name, 0)
    for name in tiles:
        monkeypatch.setattr(module, name, size)
