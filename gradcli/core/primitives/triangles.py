"""Systems of equations with a triangle, by a function that NumPy's BLAS has and NumPy doesn't offer.

NumPy's wheels bring OpenBLAS along. Where it isn't found, or the arrays are not as it takes them, there is no answer
here, and the triangle is solved with as another matrix is, which takes several times as long.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

LIBRARY, FUNCTION = "libscipy_openblas64_*", "scipy_cblas_dtrsm64_"
# What CBLAS calls things.
_BY_ROWS, _FROM_THE_LEFT, _UPPER, _LOWER, _AS_IT_IS, _TRANSPOSED, _ANY_DIAGONAL = 101, 141, 121, 122, 111, 112, 131


@cache
def _dtrsm(package: str) -> Callable[..., None] | None:
    """The function of the library that a NumPy has brought along."""
    folder = Path(package).parent
    for place in (folder.parent / "numpy.libs", folder / ".dylibs"):
        for path in sorted(place.glob(LIBRARY)):
            try:
                function: Any = getattr(ctypes.CDLL(str(path)), FUNCTION)
            except (OSError, AttributeError):
                continue
            sizes, address = ctypes.c_int64, ctypes.c_void_p
            function.argtypes = [*[ctypes.c_int] * 5, sizes, sizes, ctypes.c_double, address, sizes, address, sizes]
            function.restype = None
            found: Callable[..., None] = function
            return found
    return None


def is_offered(xp: Any, a: Any, b: Any) -> bool:
    """Whether there is a function for these arrays: a matrix of float64, and as many rows of it."""
    if xp.__name__ != "numpy" or a.ndim != 2 or a.dtype.char != "d" or b.dtype.char != "d":
        return False
    return _dtrsm(xp.__file__) is not None


def solve_in_place(xp: Any, a: Any, b: Any, is_lower: bool) -> None:
    """Put the x of a @ x = b in the place of b, rows of contiguous memory; the other half of a is not read.

    Raises:
        LinAlgError: for a 0 on the diagonal.
    """
    function = _dtrsm(xp.__file__)
    assert function is not None
    if not a.diagonal().all():
        raise xp.linalg.LinAlgError("Singular matrix")
    if not b.size:
        return
    form = _AS_IT_IS
    if a.strides[1] != 8 or a.strides[0] < 8 * len(a):
        if a.strides[0] == 8 and a.strides[1] >= 8 * len(a):
            a, form, is_lower = a.T, _TRANSPOSED, not is_lower
        else:
            a = xp.array(a, order="C")
    rows, columns = b.shape
    half = _LOWER if is_lower else _UPPER
    there = max(a.strides[0] // 8, 1), max(columns, 1)
    function(
        *(_BY_ROWS, _FROM_THE_LEFT, half, form, _ANY_DIAGONAL, rows, columns),
        *(1.0, a.ctypes.data, there[0], b.ctypes.data, there[1]),
    )
