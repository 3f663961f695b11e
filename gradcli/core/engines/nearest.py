"""The floats nearest to true values: by exact arithmetic where that is enough, by balls where they are installed."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite, isnan, log10
from typing import Any

from gradcli.core.engines.exactness import fractions, is_whole_throughout
from gradcli.core.engines.protocol import Data
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.exact import Finer, Precise, bare
from gradcli.core.ir.nodes import Input, Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable, without_parameters

# More than that is float64's.
MOST_ELEMENTS, MOST_NODES = 1000, 20_000
# So many tell any float from all others.
FLOAT_DIGITS = 17
# Has an item where balls were wanted and are not installed.
missing: list[bool] = []
# What rounding leaves of a zero that numbers of ordinary size cancel to.
_NOISE = 1e-12


def known_values(
    outputs: Sequence[Node], computed: Sequence[Data], digits: int = FLOAT_DIGITS
) -> tuple[list[Data], list[bool | None]]:
    """The float64 nearest to the true value of each output; what was computed where that isn't known.

    With it, whether all numbers of each output are known; None where no precision tells.

    Args:
        outputs: nodes of a graph without inputs; what was typed as a decimal is that decimal.
        computed: what float64 arithmetic gives for each.
        digits: how many decimal digits of each number are wanted; of one with more than a float has, they come with it.
    """
    found = list(computed)
    known: list[bool | None] = [not node.dtype.is_float for node in outputs]
    asked = [i for i, n in enumerate(outputs) if n.dtype is DType.FLOAT64 and size_of(n.shape) <= MOST_ELEMENTS]
    if not asked:
        return found, known
    nodes, order = without_parameters([outputs[i] for i in asked], reachable([outputs[i] for i in asked]))
    if len(order) > MOST_NODES or any(isinstance(n, Input) for n in order):
        return found, known
    if is_whole_throughout(order):
        return found, [k or i in asked for i, k in enumerate(known)]
    values = fractions(order, nodes) if digits <= FLOAT_DIGITS else None
    if values is not None:
        for i, value in zip(asked, values, strict=True):
            found[i] = found[i] if value is None else value
            known[i] = value is not None
        return found, known
    try:
        from gradcli.core.engines.balls.certify import nearest
    except ImportError:
        missing.append(True)
        return found, known
    for i, certain, is_known in zip(asked, *nearest(nodes, [found[i] for i in asked], digits), strict=True):
        found[i], known[i] = certain, is_known
    return found, known


def with_raw(certain: Data, computed: Data) -> Data:
    """A certain value that knows what float64 arithmetic gives, where that is another."""
    if certain is computed:
        return certain
    if isinstance(certain, float):
        raw = float(computed)
        same = raw == certain or (isnan(raw) and isnan(certain))
        return certain if same else Precise(certain, getattr(certain, "digits", None), raw)
    from numpy import array_equal

    found: Data = certain
    if not isinstance(certain, (bool, int)) and not array_equal(bare(certain), computed, equal_nan=True):
        found = Finer(bare(certain), getattr(certain, "digits", None), computed)  # type: ignore[assignment]
    return found


def has_steps(output: Node) -> bool:
    """Whether it is computed by a loop of steps, whose roundings add up."""
    return any(isinstance(node, Application) and node.op.stepwise is not None for node in reachable([output]))


def rounded(computed: Data, digits: Any) -> Data:
    """Numbers without the digits that are wrong; of one that has none left the first stays.

    Args:
        computed: a number or an array.
        digits: how many are right, of each element.
    """
    if getattr(computed, "shape", ()) == ():
        return _rounded(float(computed), float(digits))
    import numpy as np

    found: Data = np.vectorize(_rounded, otypes=[np.float64])(computed, digits)
    return found


def _rounded(value: float, digits: float) -> float:
    return float(f"{value:.{max(1, int(digits))}g}") if digits < FLOAT_DIGITS - 1 else value


def digits_kept(computed: Data, certain: Data) -> float:
    """How many decimal digits float64 arithmetic kept, of the element that lost most."""
    if certain is computed:
        return inf
    certain = bare(certain)
    if isinstance(certain, (bool, int, float)):
        return _digits(float(computed), float(certain))
    from numpy import ravel

    return min((_digits(float(a), float(b)) for a, b in zip(ravel(computed), ravel(certain), strict=True)), default=inf)


def _digits(computed: float, certain: float) -> float:
    if computed == certain or (isnan(computed) and isnan(certain)):
        return inf
    if not isfinite(computed) or not isfinite(certain):
        return 0.0
    if certain == 0:
        # Beside 0 there are no digits; what float64 leaves of it is small.
        return 0.0 if abs(computed) > _NOISE else inf
    error = abs(computed - certain) / abs(certain)
    return max(0.0, -log10(error))
