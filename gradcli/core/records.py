"""Plain data, as dataclasses that cost nothing until one is made, and little then.

Making a class a dataclass takes a third of a millisecond, and a short command makes objects of few of the many classes
that it imports; so a class gets its `__init__` when its first object is made, and its fields when somebody asks for
them. Python's own promises (frozen, eq, repr) are not asked for: they would cost more, and each call again. One repr
serves all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from reprlib import recursive_repr
from typing import Any, TypeVar, cast, dataclass_transform

T = TypeVar("T")

_making = threading.RLock()
_FIELDS = "__dataclass_fields__"


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
    setattr(kind, _FIELDS, _Fields(kind))
    if kind.__repr__ is object.__repr__:
        kind.__repr__ = _shown  # type: ignore[method-assign]
    return kind


@recursive_repr("...")
def _shown(self: Any) -> str:
    """The class and its fields, less where in a text it stood, and what holds its default."""
    parts = [
        f"{f.name}={value!r}"
        for f in fields(self)
        if f.repr and (value := getattr(self, f.name)) is not f.default and f.name not in ("span", "source")
    ]
    return f"{type(self).__name__}({', '.join(parts)})"


class _Fields:
    """Stands for a class's fields until somebody asks for them, as `replace`, `fields` and `is_dataclass` do."""

    def __init__(self, kind: type) -> None:
        self.kind = kind
        # What the class was written as, and what its `__init__` takes; known once there is one.
        self.own: dict[str, Any] = {}
        self.taken: dict[str, Field[Any]] = {}

    def __get__(self, instance: object, owner: type | None = None) -> Mapping[str, Field[Any]]:
        with _making:
            if vars(self.kind)[_FIELDS] is self:
                _make(self.kind)
                double = type(self.kind)(self.kind.__name__, self.kind.__bases__, self.own)
                made = vars(dataclass(init=False, eq=False, repr=False)(double))
                for name in ("__dataclass_params__", _FIELDS):
                    setattr(self.kind, name, made[name])
            return cast("Mapping[str, Field[Any]]", vars(self.kind)[_FIELDS])


def _make(kind: type) -> None:
    """Give a class, and before it what it inherits from, its `__init__`. Threads wait for one another, once a class."""
    with _making:
        for base in reversed(kind.__mro__):
            if getattr(vars(base).get("__init__"), "awaiting", None) is base:
                _give_init(base, vars(base)[_FIELDS])


def _give_init(kind: type, known: _Fields) -> None:
    # What waits goes on waiting until its class is whole.
    left_out = ("__init__", "__dict__", "__weakref__", _FIELDS)
    known.own = {name: value for name, value in vars(kind).items() if name not in left_out}
    for base in reversed(kind.__mro__[1:]):
        found = vars(base).get(_FIELDS, {})
        known.taken |= found.taken if isinstance(found, _Fields) else found
    for name, annotation in vars(kind).get("__annotations__", {}).items():
        if not str(annotation).removeprefix("typing.").startswith("ClassVar"):
            default: Any = getattr(kind, name, MISSING)
            known.taken[name] = default if isinstance(default, Field) else field(default=default)
    for name, value in known.own.items():
        if isinstance(value, Field):
            delattr(kind, name)
            if value.default is not MISSING:
                setattr(kind, name, value.default)
    by_name = [name for name, f in known.taken.items() if f.init and f.kw_only is True]
    by_place = [name for name, f in known.taken.items() if f.init and f.kw_only is not True]
    kind.__match_args__ = tuple(by_place)  # type: ignore[attr-defined, misc]
    kind.__init__ = _init(kind, by_place, by_name, known.taken)  # type: ignore[misc]


def _init(kind: type, by_place: list[str], by_name: list[str], taken: Mapping[str, Field[Any]]) -> Callable[..., None]:
    """What a dataclass's `__init__` does."""
    scope: dict[str, Any] = {"absent": MISSING}
    lines = []
    for name, f in taken.items():
        if f.default_factory is not MISSING:
            scope[f"make_{name}"] = f.default_factory
            lines.append(f"self.{name} = make_{name}()" + f" if {name} is absent else {name}" * f.init)
        elif f.init:
            lines.append(f"self.{name} = {name}")
        if f.default is not MISSING:
            scope[f"default_{name}"] = f.default

    def parameter(name: str) -> str:
        f = taken[name]
        if f.default_factory is not MISSING:
            return f"{name}=absent"
        return name if f.default is MISSING else f"{name}=default_{name}"

    if hasattr(kind, "__post_init__"):
        lines.append("self.__post_init__()")
    inputs = ", ".join(["self", *map(parameter, by_place), *["*"] * bool(by_name), *map(parameter, by_name)])
    exec(f"def __init__({inputs}):\n " + "\n ".join(lines or ["pass"]), scope)
    made: Callable[..., None] = scope["__init__"]
    made.__qualname__ = f"{kind.__qualname__}.__init__"
    return made
