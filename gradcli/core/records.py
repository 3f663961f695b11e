"""Plain data, as dataclasses that cost nothing until one is made.

Making a class a dataclass takes a third of a millisecond, and a short command makes objects of few of the many classes
that it imports; so a class becomes one when its first object is made. Python's own promises (frozen, eq, repr) are not
asked for: they would cost more, and each call again. One repr serves all.
"""

from __future__ import annotations

import threading
from dataclasses import Field, dataclass, field, fields
from reprlib import recursive_repr
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")

_making = threading.RLock()


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
def record(kind: type[T]) -> type[T]:
    """A dataclass that the type checker holds frozen, and that is equal to itself alone."""
    return _awaiting(kind)


@dataclass_transform(eq_default=False, field_specifiers=(field,))
def structure(kind: type[T]) -> type[T]:
    """The same of what changes, or sets itself up after it is made."""
    return _awaiting(kind)


def _awaiting(kind: type[T]) -> type[T]:
    def first(self: Any, *args: Any, **given: Any) -> None:
        _make(kind)
        type(self).__init__(self, *args, **given)

    first.awaiting = kind  # type: ignore[attr-defined]
    kind.__init__ = first  # type: ignore[method-assign]
    if kind.__repr__ is object.__repr__:
        kind.__repr__ = _shown  # type: ignore[method-assign]
    return kind


@recursive_repr("...")
def _shown(self: Any) -> str:
    """The class and its fields, less where in a text it stood, and what holds its default."""
    # One that was unpickled may be the first of its class here.
    _make(type(self))
    parts = [
        f"{f.name}={value!r}"
        for f in fields(self)
        if f.repr and (value := getattr(self, f.name)) is not f.default and f.name not in ("span", "source")
    ]
    return f"{type(self).__name__}({', '.join(parts)})"


def _make(kind: type) -> None:
    """A class, and before it what it inherits from, as dataclasses. Threads wait for one another here, once a class."""
    with _making:
        for base in reversed(kind.__mro__):
            if getattr(vars(base).get("__init__"), "awaiting", None) is base:
                # What waits goes on waiting until its class is whole, so the new __init__ is made on a double.
                own = {k: v for k, v in vars(base).items() if k not in ("__init__", "__dict__", "__weakref__")}
                double = type(base)(base.__name__, base.__bases__, own)
                made = dict(vars(dataclass(eq=False, repr=False)(double)))
                for name, value in own.items():
                    if isinstance(value, Field):
                        delattr(base, name)
                        if name in made:
                            setattr(base, name, made[name])
                for name in ("__dataclass_fields__", "__dataclass_params__", "__match_args__", "__init__"):
                    setattr(base, name, made[name])
