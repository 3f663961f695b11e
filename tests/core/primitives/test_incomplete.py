"""Incomplete functions where the library that computes them loses digits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from gradcli.core.ir.primitive import Primitive
from gradcli.core.primitives.incomplete import gammainc, gammaincc
from tests.core.primitives.test_table import with_slopes
from tests.core.truth import truth


@pytest.mark.parametrize("primitive", [gammainc, gammaincc], ids=lambda p: p.name)
def test_around_one_half(primitive: Primitive) -> None:
    """Of a; the distribution of a square of normal numbers is that of 0.5."""
    for a in (0.42, 0.451, 0.4875, 0.5, 0.51, 0.54, 0.569, 0.6):
        for x in (0.3, 0.8, 1.0, np.nextafter(1.0, 2.0), 1.004, 1.05, 1.1, 1.1099, 1.111, 1.3):
            found = with_slopes(primitive)([np.asarray(a), np.asarray(x)])[0]
            with mpmath.workdps(50):
                want = truth(primitive)(a, x)
            assert float(found) == pytest.approx(float(want), rel=4e-15)
