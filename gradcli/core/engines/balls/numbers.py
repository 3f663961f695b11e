"""Entries that Python's math lacks, as functions of floats: the float nearest to the true value, by balls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from math import isfinite
from typing import Any

from flint import arb, ctx

from gradcli.core.engines.balls.ball import Ball
from gradcli.core.engines.balls.certify import nearest_float
from gradcli.core.engines.balls.engine import OPEN, value_at
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import fresh_input
from gradcli.core.ir.primitive import Primitive, intern, table
from gradcli.core.primitives.flint_special import BITS


def number_function(op: Primitive, attrs: Mapping[str, Any]) -> Callable[..., float]:
    """An entry with these attributes, of floats.

    Raises:
        ValueError: when called, where it has no value, or where no precision tells it.
    """
    return _made(op.name, tuple(attrs.items()))


@cache
def _made(name: str, attrs: tuple[tuple[str, Any], ...]) -> Callable[..., float]:
    op = table()[name]
    inputs = tuple(fresh_input(f"x{i}", (), DType.FLOAT64) for i in range(op.arity))
    node = intern(op, inputs, dict(attrs), (), DType.FLOAT64)

    def function(*given: float) -> float:
        # As Python's math does it takes what is a number, of whichever type.
        values = tuple(map(float, given))
        if all(map(isfinite, values)):
            for attempt, bits in enumerate(BITS):
                with ctx.workprec(bits):
                    found = value_at(node, {n: Ball(arb(v)) for n, v in zip(inputs, values, strict=True)})
                    number = None if found is OPEN else nearest_float(found)
                if number is not None:
                    return number
                if found is OPEN or (attempt and found.value.is_nan()):
                    break
        raise ValueError(f"{name} of {values}")

    return function
