"""Machine code: there where it can be, and right."""

from __future__ import annotations

import importlib.util
import platform
import sys
from pathlib import Path

import mpmath
import numpy as np
import pytest

from gradcli.core.engines import fusion
from gradcli.core.engines.llvm import vectors
from gradcli.core.engines.program import Program
from gradcli.core.ir.laws import Elementwise
from gradcli.core.ir.nodes import fresh_input
from gradcli.core.ir.primitive import Primitive
from gradcli.core.primitives.elementwise import exp, sin
from tests.core.engines.harness import (
    BY_ELEMENT,
    F64,
    ulps,
)
from tests.core.sampling import TABLE, Call, draw, inputs_for, run


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64" or importlib.util.find_spec("llvmlite") is None,
    reason="machine code is for Linux on x86, with llvmlite",
)
def test_there_is_machine_code_where_there_can_be() -> None:
    """Else the tests of it would be left out without anybody noticing."""
    flags = Path("/proc/cpuinfo").read_text().split()
    if platform.libc_ver()[0] != "glibc" or not {"avx2", "fma"} <= set(flags):
        pytest.skip("no vectors of the C library for this processor")
    assert vectors.is_available()


@pytest.mark.parametrize(
    "primitive", [p for p in BY_ELEMENT if p.math and isinstance(p.law, Elementwise)], ids=lambda p: p.name
)
def test_machine_code_is_right_to_a_few_ulp(primitive: Primitive) -> None:
    """Against 50 digits, where there is code for it; elsewhere it is NumPy that answers."""
    from tests.core.truth import truth

    n = fusion.SMALLEST_NATIVE
    rng = np.random.default_rng(3)
    call = Call(primitive, ((n,),) * primitive.arity, primitive.attributes)
    arrays = draw(call, rng)
    inputs = inputs_for(arrays)
    (got,) = Program([primitive(*inputs, **primitive.attributes)], inputs)(*arrays)
    with mpmath.workdps(50):
        exact = [
            truth(primitive)(*(mpmath.mpf(v) for v in point))
            for point in zip(*(a.tolist() for a in arrays), strict=True)
        ]
        assert ulps(np.asarray(got), exact) <= 32


def test_what_has_no_machine_code_is_computed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fusion group with a function that the C library lacks, and a machine without llvmlite."""
    x = fresh_input("x", (1000,), F64)
    values = np.random.default_rng(0).uniform(1.0, 2.0, 1000)
    outputs = [TABLE["digamma" if "digamma" in TABLE else "polygamma"](x, **TABLE["polygamma"].attributes) * sin(x)]
    (got,) = Program(outputs, [x])(values)
    (want,) = run(outputs, [x], [values])
    np.testing.assert_allclose(got, want, rtol=1e-13)
    monkeypatch.setattr(vectors, "is_available", lambda: False)
    outputs = [sin(x) * exp(x)]
    np.testing.assert_allclose(Program(outputs, [x])(values)[0], np.sin(values) * np.exp(values), rtol=1e-14)
