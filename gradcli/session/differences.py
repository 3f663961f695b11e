"""Where two values differ: at how many entries, and at which most."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, isnan
from typing import TYPE_CHECKING, Any

from gradcli.core.records import record
from gradcli.language.calls.compare import Tolerance
from gradcli.language.values.values import Parameters, Value
from gradcli.session.plain import plain
from gradcli.session.results import Plain, Tensor, Worst

if TYPE_CHECKING:
    import numpy

EXACT = Tolerance(0.0, 0.0, equal_nan=False)


@record
class Differences:
    """The largest difference between numbers at the same place; how many entries of how many differ, and the worst."""

    largest: float | None = None
    differing: int = 0
    count: int = 0
    worst: Worst | None = None


def differences(left: Value, right: Value, within: Tolerance = EXACT) -> Differences:
    """How two values differ where their entries are beyond a tolerance; what has other shapes has none in common."""
    found: list[tuple[float, float, Worst]] = []
    largest: list[float] = []
    differing = count = 0
    for item, a, b in _pairs(left, right, ()):
        one = _scalars(a, b, within) if a.shape == b.shape == () else _arrays(a, b, within)
        differing += one.differing
        count += one.count
        if one.largest is not None:
            largest.append(one.largest)
        if one.worst is not None:
            w = one.worst
            worst = Worst(item, w.index, w.left, w.right, w.absolute, w.relative)
            found.append((_beyond(w, within), _rank(w.absolute), worst))
    first = max(found, key=lambda entry: entry[:2])[2] if found else None
    return Differences(max(largest, key=_rank) if largest else None, differing, count, first)


def _pairs(left: Value, right: Value, item: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Tensor, Tensor]]:
    """Tensors that stand at the same place, and where that is."""
    left, right = (side.nodes if isinstance(side, Parameters) else side for side in (left, right))
    if isinstance(left, tuple) and isinstance(right, tuple):
        for number, (a, b) in enumerate(zip(left, right, strict=False)):
            yield from _pairs(a, b, (*item, number))
        return
    one, other = _tensor(left), _tensor(right)
    if one is not None and other is not None and (one.shape == other.shape or () in (one.shape, other.shape)):
        yield item, one, other


def _tensor(value: Value) -> Tensor | None:
    found: Plain = plain(value)
    return found if isinstance(found, Tensor) else None


def _scalars(a: Tensor, b: Tensor, within: Tolerance) -> Differences:
    x, y = a.data, b.data
    assert isinstance(x, (int, float))
    assert isinstance(y, (int, float))
    logical = "bool" in (a.dtype, b.dtype)
    # What is larger than a float is told apart as it is.
    gap = inf if isinstance(x, int) and isinstance(y, int) and abs(x - y) > 1e308 else float(abs(x - y))
    if x == y:
        gap = 0.0
    size = max(abs(x), abs(y))
    is_close = (
        x == y
        or (gap < inf and gap <= max(within.rtol * min(size, 1e308), within.atol))
        or (within.equal_nan and isnan(x) and isnan(y))
    )
    largest = None if logical else gap
    if is_close:
        return Differences(largest, 0, 1)
    return Differences(largest, 1, 1, Worst((), (), a, b, gap, gap / size if size else gap))


def _arrays(a: Tensor, b: Tensor, within: Tolerance) -> Differences:
    import numpy as np

    logical = "bool" in (a.dtype, b.dtype)
    with np.errstate(all="ignore"):
        same = np.asarray(a.data) == np.asarray(b.data)
        x, y = np.broadcast_arrays(np.asarray(a.data, dtype=float), np.asarray(b.data, dtype=float))
        gap: numpy.ndarray[Any, Any] = np.where(same, 0.0, np.abs(x - y))
        size = np.maximum(np.abs(x), np.abs(y))
        allowed = np.maximum(within.rtol * size, within.atol)
        close = same | ((gap < inf) & (gap <= allowed))
        if within.equal_nan:
            close |= np.isnan(x) & np.isnan(y)
        if not gap.size:
            return Differences()
        largest = None if logical else float(gap.max())
        if close.all():
            return Differences(largest, 0, gap.size)
        beyond = np.where(close, -1.0, np.nan_to_num(gap / allowed, nan=inf, posinf=inf))
        # Of those that are as far beyond what is allowed, as all are where nothing is, the one furthest away.
        tied = np.where(beyond == beyond.max(), np.nan_to_num(gap, nan=inf, posinf=inf), -1.0)
        index = tuple(int(i) for i in np.unravel_index(int(tied.argmax()), gap.shape))
        absolute = float(gap[index])
        relative = absolute / float(size[index]) if size[index] else absolute
    worst = Worst((), index, _entry(a, index), _entry(b, index), absolute, relative)
    return Differences(largest, int((~close).sum()), gap.size, worst)


def _entry(tensor: Tensor, index: tuple[int, ...]) -> Tensor:
    if tensor.shape == ():
        return tensor
    assert not isinstance(tensor.data, (bool, int, float))
    return Tensor((), tensor.dtype, tensor.data[index].item())


def _rank(number: float) -> float:
    """A number to compare by; nan is the worst."""
    return inf if isnan(number) else number


def _beyond(worst: Worst, within: Tolerance) -> float:
    """How many times what is allowed two entries differ by."""
    size = worst.absolute / worst.relative if worst.relative else 0.0
    allowed = max(within.rtol * size, within.atol)
    return _rank(worst.absolute / allowed) if allowed else inf
