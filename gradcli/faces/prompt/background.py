"""Something that is made beside, while the user types."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Background(Generic[T]):
    """What a function gives, called once: in a thread after `start`, or by whoever needs it first."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []

    def start(self, then: Callable[[T], None] = lambda made: None) -> None:
        """Make it in a thread of its own; `then` is called there with it."""
        threading.Thread(target=lambda: then(self.get()), name="gradcli start", daemon=True).start()

    def get(self) -> T:
        """What was made, once it is there.

        Raises:
            BaseException: what making it raised.
        """
        with self._lock:
            if not self._made:
                self._made.append(self._make())
        return self._made[0]

    def peek(self) -> T | None:
        """What was made, or None as long as it isn't there."""
        return self._made[0] if self._made else None
