"""What computes special functions of arrays: SciPy, and FLINT element by element where SciPy has nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradcli.core.errors import CoreError


def scipy_special() -> Any:
    """SciPy's special functions.

    Raises:
        CoreError: where SciPy is not installed.
    """
    try:
        from scipy import special
    except ImportError:
        raise CoreError("special functions of tensors need SciPy, which is not here", "pip install scipy") from None
    return special


def from_scipy(name: str) -> Callable[..., Any]:
    """A kernel that is a function of SciPy's."""
    return lambda xp, *args: getattr(scipy_special(), name)(*args)


def by_flint(name: str, xp: Any, *args: Any, **attrs: Any) -> Any:
    """A function of `flint_special` for each element: right to the last digit, some 0.1 ms each."""
    from gradcli.core.primitives import flint_special

    arrays = xp.broadcast_arrays(*(xp.asarray(a, dtype=xp.float64) for a in args))
    found = flint_special.elements(name, [a.ravel().tolist() for a in arrays], **attrs)
    return xp.fromiter(found, dtype=xp.float64, count=arrays[0].size).reshape(arrays[0].shape)


def filled_by_flint(value: Any, name: str, xp: Any, *args: Any, **attrs: Any) -> Any:
    """The same where a value is nan, though all that it is made of is finite."""
    arrays = xp.broadcast_arrays(*(xp.asarray(a, dtype=xp.float64) for a in args))
    open_ones = xp.isnan(value)
    for array in arrays:
        open_ones = open_ones & xp.isfinite(array)
    if not open_ones.any():
        return value
    value = xp.array(value, dtype=xp.float64)
    value[open_ones] = by_flint(name, xp, *(array[open_ones] for array in arrays), **attrs)
    return value
