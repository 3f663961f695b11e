"""The few kinds of derivative fact: every primitive obeys one law, and states the fact that it asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from gradcli.core.ir.nodes import Node
from gradcli.core.records import record

Partial: TypeAlias = "Callable[..., Node | float]"

Adjoint: TypeAlias = "Callable[..., tuple[Node | None, ...]]"


@record
class Elementwise:
    """One partial for each argument, called with the output y, the arguments and the attributes."""

    partials: tuple[Partial, ...]


@record
class Linear:
    """The adjoint: called with g, the arguments and the attributes, it gives one adjoint for each argument.

    `over` lists the arguments that the map is linear in (all, where None); the others get None.
    """

    adjoint: Adjoint
    over: tuple[int, ...] | None = None


@record
class Bilinear:
    """Linear in each of two arguments: called with g, a, b, it gives both adjoints."""

    adjoint: Adjoint


@record
class Implicit:
    """Defined by an equation. `rate(y, *args, *tangents)` is dy; `adjoint(g, y, *args)` its transpose."""

    rate: Callable[..., Node]
    adjoint: Adjoint


@record
class Flat:
    """No slope anywhere that counts: the derivative is zero."""


Law: TypeAlias = "Elementwise | Linear | Bilinear | Implicit | Flat"
