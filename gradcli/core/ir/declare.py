"""The declarers, one for each law: each enters a primitive into the table."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from gradcli.core.ir.laws import Adjoint, Bilinear, Elementwise, Flat, Implicit, Law, Linear, Partial
from gradcli.core.ir.nodes import Node, registry
from gradcli.core.ir.primitive import Examples, Primitive, same_shape


def elementwise(
    name: str, *partials: Partial, help: str, domain: tuple[tuple[float, float], ...] = (), **fields: Any
) -> Primitive:
    """State a function of each element by its partials, one for each argument. `fields` are Primitive's."""
    return _state(name, Elementwise(partials), help, len(partials), _sampled(domain, len(partials)), fields, "float")


def flat(
    name: str,
    *,
    help: str,
    arity: int = 1,
    domain: tuple[tuple[float, float], ...] = (),
    examples: Examples | None = None,
    **fields: Any,
) -> Primitive:
    """State a function whose derivative is zero; of each element, unless its fields say otherwise."""
    return _state(name, Flat(), help, arity, examples or _sampled(domain, arity), fields, "same")


def linear(
    name: str,
    adjoint: Adjoint,
    *,
    help: str,
    examples: Examples,
    arity: int = 1,
    over: tuple[int, ...] | None = None,
    **fields: Any,
) -> Primitive:
    """State a linear map by its adjoint; forward it is itself."""
    fields = {"broadcasts": False, "names": (), **fields}
    return _state(name, Linear(adjoint, over), help, arity, examples, fields, "same")


def bilinear(name: str, adjoint: Adjoint, *, help: str, examples: Examples, **fields: Any) -> Primitive:
    """State a product by its two adjoints."""
    return _state(name, Bilinear(adjoint), help, 2, examples, {"broadcasts": False, **fields}, "number")


def implicit(
    name: str,
    rate: Callable[..., Node],
    adjoint: Adjoint,
    *,
    help: str,
    arity: int,
    examples: Examples,
    **fields: Any,
) -> Primitive:
    """State a function that an equation defines, by its rate and its adjoint."""
    return _state(name, Implicit(rate, adjoint), help, arity, examples, {"broadcasts": False, **fields}, "float")


def _sampled(domain: tuple[tuple[float, float], ...], arity: int) -> Examples:
    return Examples(domain=domain or ((-2.0, 2.0),) * arity)


def _state(
    name: str, law: Law, help: str, arity: int, examples: Examples, fields: dict[str, Any], result: str
) -> Primitive:
    """Put an entry into the table with the defaults of its law; a name can be taken once."""
    if name in registry:
        raise ValueError(f"the primitive {name} is stated twice")
    pointwise = "shape" not in fields
    defaults = {"kernel": name, "shape": same_shape, "pointwise": pointwise, "result": result, "names": (name,)}
    entry = Primitive(
        name=name, law=law, arity=arity, summary=help, examples=examples, module=_caller(), **{**defaults, **fields}
    )
    registry[name] = entry
    return entry


def _caller() -> str:
    """The module that calls one of these functions."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_globals["__name__"] == __name__:
        frame = frame.f_back
    return "" if frame is None else str(frame.f_globals["__name__"])
