"""What two values have in common that are the same, although each is made where it is written: `grad(f)`, `grad(f)`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable

from gradcli.core.ir.nodes import Node, Parameter
from gradcli.language.values.values import Function, Names


class Selection(ABC):
    """Something other than a function that says which others are the same."""

    @property
    @abstractmethod
    def identity(self) -> Hashable | None:
        """What others have too that are the same."""


def identity_of(*parts: object) -> Hashable | None:
    """The identity of several parts together; None where that of one isn't told."""
    found: list[Hashable] = []
    for part in parts:
        one = _of_one(part)
        if one is None:
            return None
        found.append(one)
    return tuple(found)


def _of_one(part: object) -> Hashable | None:
    if isinstance(part, (Function, Selection)):
        return part.identity
    if isinstance(part, Parameter):
        return part.key
    if isinstance(part, (Node, type)):
        return part
    if isinstance(part, tuple):
        return identity_of(*part)
    if isinstance(part, Names):
        return part.single, *(name for name, _ in part.items)
    if isinstance(part, (bool, int, float, str, type(None))):
        # 1, 1.0 and true are three things.
        return type(part), repr(part)
    return None
