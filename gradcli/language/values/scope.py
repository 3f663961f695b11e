"""What is known under each name, and what a session can set."""

from __future__ import annotations

import threading
from collections.abc import Iterator, KeysView, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gradcli.core.ir.dtypes import DType

# What can be shown of a number.
MOST_DIGITS = 10_000


@dataclass(frozen=True)
class Settings:
    """What a session can set.

    `dtype` is what plain numbers become, `digits` how many are shown (none: all), `limits` what differs from the
    defaults in `gradcli.core.limits`. `certified` says that what is shown is the float nearest to the true value, not
    what float64 arithmetic gives.
    """

    dtype: DType = DType.FLOAT64
    digits: int | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
    certified: bool = True


# Tables move from one to the next while another thread may read an older one.
_moving = threading.RLock()

K = TypeVar("K")
V = TypeVar("V")


class Bindings(Mapping[K, V]):
    """What is known under each name, as a value that never changes; the next one shares all that stays.

    Only the newest holds a table. Each older one says how it differs from the next (H. Baker, 1978), so that giving a
    name a value costs the same however many there are. One that is asked although it is older gets a table again.
    """

    def __init__(self, table: Mapping[K, V] | None = None) -> None:
        self._table: dict[K, V] | None = dict(table or {})
        self._before: list[tuple[K, tuple[V] | None]] = []
        self._next: Bindings[K, V] = self

    def updated(self, changes: Mapping[K, V]) -> Bindings[K, V]:
        """The names with some of them new or changed; itself where nothing changes."""
        if not changes:
            return self
        with _moving:
            table = self._whole()
            after: Bindings[K, V] = Bindings()
            after._table = table
            # Right at any moment at which this is interrupted: putting back what is there changes nothing.
            self._before = [(key, (table[key],) if key in table else None) for key in changes]
            self._next = after
            self._table = None
            table.update(changes)
        return after

    def replaced(self) -> Mapping[K, tuple[V] | None]:
        """What the next one has otherwise: each name with what it is here, None for nothing. Of the newest, no name."""
        return dict(self._before)

    def _whole(self) -> dict[K, V]:
        found = self._table
        return self._rebuilt() if found is None else found

    def _rebuilt(self) -> dict[K, V]:
        """The table of one that is older, made of a newer one's."""
        with _moving:
            if self._table is not None:
                return self._table
            chain: list[Bindings[K, V]] = [self]
            while chain[-1]._next._table is None:
                chain.append(chain[-1]._next)
            table = dict(chain[-1]._next._table or {})
            for older in reversed(chain):
                for key, value in older._before:
                    if value is None:
                        table.pop(key, None)
                    else:
                        table[key] = value[0]
            self._table, self._before, self._next = table, [], self
            return table

    def __getitem__(self, key: K) -> V:
        return self._whole()[key]

    def __contains__(self, key: object) -> bool:
        return key in self._whole()

    def found(self, key: K) -> tuple[V] | None:
        """The value under a name in a tuple of its own, or None."""
        table = self._whole()
        return (table[key],) if key in table else None

    def __iter__(self) -> Iterator[K]:
        return iter(self._whole())

    def __len__(self) -> int:
        return len(self._whole())


class Draft(Generic[K, V]):
    """Bindings that a statement changes; they are kept where it succeeds."""

    def __init__(self, before: Bindings[K, V]) -> None:
        self._before = before
        self._changes: dict[K, V] = {}

    def kept(self) -> Bindings[K, V]:
        """The names with all changes."""
        return self._before.updated(self._changes)

    @property
    def bound(self) -> tuple[Bindings[K, V], KeysView[K]]:
        """What was there before, and the keys that were given values since."""
        return self._before, self._changes.keys()

    def __setitem__(self, key: K, value: V) -> None:
        self._changes[key] = value

    def __getitem__(self, key: K) -> V:
        return self._changes[key] if key in self._changes else self._before[key]

    def found(self, key: K) -> tuple[V] | None:
        """The value under a name in a tuple of its own, or None."""
        return (self._changes[key],) if key in self._changes else self._before.found(key)

    def get(self, key: K, default: V) -> V:
        """The value under a name, or the default."""
        return self._changes[key] if key in self._changes else self._before.get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self._changes or key in self._before

    def __iter__(self) -> Iterator[K]:
        yield from self._before
        yield from (key for key in self._changes if key not in self._before)


class Mirrored(Draft[K, V]):
    """A draft whose changes are seen elsewhere at once."""

    def __init__(self, before: Bindings[K, V], mirror: dict[K, V]) -> None:
        super().__init__(before)
        self._mirror = mirror

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        self._mirror[key] = value
