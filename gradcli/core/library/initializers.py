"""First values of parameters, by MindSpore's names: zeros, ones, normal, uniform, He's and Glorot's, or a tensor."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import NamedTuple, TypeAlias

from gradcli.core.errors import CoreError, ShapeError
from gradcli.core.ir.arrays import array_of
from gradcli.core.ir.nodes import Constant, Parameter, array_constant, parameter
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.library.declare import Studio

# A name, a number that fills the parameter, a tensor, or None for what the layer does by itself.
Init: TypeAlias = "str | float | Constant | None"


class Fans(NamedTuple):
    """How many values each output is made of, and how many outputs each value goes to."""

    into: int
    out: int


def fans_of(shape: Shape) -> Fans:
    """Those of a weight whose first axes are outputs and inputs, as a layer's and a convolution's are."""
    inside = size_of(shape[2:])
    return Fans(shape[1] * inside, shape[0] * inside)


def full(value: float, shape: Shape, studio: Studio) -> Constant:
    """A tensor of one number."""
    import numpy as np

    return array_constant(np.full(shape, value, dtype=studio.dtype.value))


def _normal(studio: Studio, shape: Shape, deviation: float) -> Constant:
    return studio.random.normal(shape, 0.0, deviation, studio.dtype)


def uniform(studio: Studio, shape: Shape, bound: float) -> Constant:
    """Numbers evenly distributed on both sides of 0."""
    return studio.random.uniform(shape, -bound, bound, studio.dtype)


# Deviation and bound of "normal" and "uniform" are MindSpore 2's; He et al. (2015), Glorot and Bengio (2010).
NAMED: dict[str, Callable[[Studio, Shape, Fans], Constant]] = {
    "zeros": lambda studio, shape, fans: full(0.0, shape, studio),
    "ones": lambda studio, shape, fans: full(1.0, shape, studio),
    "normal": lambda studio, shape, fans: _normal(studio, shape, 0.01),
    "uniform": lambda studio, shape, fans: uniform(studio, shape, 0.07),
    "he_normal": lambda studio, shape, fans: _normal(studio, shape, sqrt(2 / fans.into)),
    "he_uniform": lambda studio, shape, fans: uniform(studio, shape, sqrt(6 / fans.into)),
    "xavier_normal": lambda studio, shape, fans: _normal(studio, shape, sqrt(2 / (fans.into + fans.out))),
    "xavier_uniform": lambda studio, shape, fans: uniform(studio, shape, sqrt(6 / (fans.into + fans.out))),
}
_ALSO = {"xavier": "xaviernormal", "zero": "zeros", "one": "ones"}


def initial(
    studio: Studio, name: str, shape: Shape, given: Init, usual: Callable[[], Constant], fans: Fans
) -> Parameter:
    """A parameter with the first value that is asked for; the usual one where nothing is said.

    `HeNormal` is `he_normal`, and `xavier` `xavier_normal`.

    Raises:
        CoreError: for a name of none, and a tensor of another shape.
    """
    if given is None:
        return parameter(name, usual())
    if isinstance(given, str):
        plain = given.replace("_", "").lower()
        plain = _ALSO.get(plain, plain)
        by_name = {known.replace("_", ""): make for known, make in NAMED.items()}
        if plain not in by_name:
            from difflib import get_close_matches

            close = get_close_matches(given.lower(), NAMED, 1)
            hint = f'did you mean "{close[0]}"?' if close else f"there are {', '.join(NAMED)}, numbers and tensors"
            raise CoreError(f'"{given}" is no first value of `{name}`', hint)
        return parameter(name, by_name[plain](studio, shape, fans))
    if isinstance(given, (int, float)):
        return parameter(name, full(given, shape, studio))
    if given.shape != shape:
        raise ShapeError(f"the parameter `{name}` has shape {shape}, and its first value has shape {given.shape}")
    if given.dtype.is_float:
        return parameter(name, given)
    return parameter(name, array_constant(array_of(given.value, studio.dtype)))
