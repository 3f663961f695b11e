"""How arguments lie along the rows of a fusion group, and machine code of all the ways."""

from __future__ import annotations

import numpy as np
import pytest

from gradcli.core.engines.llvm.lying import Lies, lies_along
from gradcli.core.engines.program import Program
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import fresh_input
from gradcli.core.ir.shapes import Shape
from gradcli.core.primitives.elementwise import sin
from gradcli.core.primitives.selection import select
from tests.core.engines.harness import F32, F64, has_machine_code, in_machine_code, twice


def parts(lies: Lies | None) -> tuple[Shape, bool, int] | None:
    """What is said of an argument."""
    return None if lies is None else (lies.steps, lies.along, lies.period)


@pytest.mark.parametrize(
    ("arg", "split", "expected"),
    [
        ((4, 5, 3), 1, ((15,), True, 0)),
        ((5, 3), 1, ((0,), True, 0)),
        ((4, 1, 1), 1, ((1,), False, 0)),
        ((), 1, ((0,), False, 0)),
        ((3,), 1, ((0,), True, 3)),
        ((4, 1, 3), 1, ((3,), True, 3)),
        ((3,), 0, ((), True, 3)),
        ((5, 1), 1, None),
        ((4, 5, 1), 2, ((5, 1), False, 0)),
        ((4, 1, 3), 0, None),
    ],
)
def test_arguments_along_rows(arg: Shape, split: int, expected: object) -> None:
    """All of a row, one for it, or a few that come again, from 4 times 5 times 3 elements."""
    assert parts(lies_along(fresh_input("x", arg, F64), (4, 5, 3), split)) == expected


@has_machine_code
@pytest.mark.parametrize("dtype", [F64, F32], ids=["f64", "f32"])
@pytest.mark.parametrize(
    ("shape", "others"),
    [
        ((50, 3), [(3,), (1, 3)]),
        ((7, 11, 2), [(2,), (7, 1, 2), (7, 1, 1)]),
        ((3, 40, 5), [(5,), (40, 1), (3, 1, 1)]),
        ((6, 5, 4, 3), [(4, 3), (6, 1, 4, 3), (3,)]),
        ((400, 70), [(70,), (400, 1)]),
        ((9000, 3), [(3,), ()]),
    ],
)
def test_few_elements_that_come_again_and_again(shape: Shape, others: list[Shape], dtype: DType) -> None:
    """Numbers and conditions, in one row or several, give what NumPy gives."""
    x = fresh_input("x", shape, dtype)
    given = [fresh_input(f"y{i}", other, dtype) for i, other in enumerate(others)]
    mask = fresh_input("m", others[0], DType.BOOL)
    output = sin(x) * x
    for node in given:
        output = output * node + x
    output = select(mask, output, x)
    rng = np.random.default_rng(len(shape))
    arrays = [rng.normal(size=node.shape).astype(dtype.value) for node in (x, *given)]
    arrays.append(rng.random(others[0]) < 0.5)
    program = Program([output], [x, *given, mask])
    assert in_machine_code(program)
    (got,) = twice(program, arrays)
    (want,) = Program([output], [x, *given, mask], native=False)(*arrays)
    np.testing.assert_allclose(got, want, rtol=1e-5 if dtype is F32 else 1e-13, atol=1e-5 if dtype is F32 else 1e-13)
