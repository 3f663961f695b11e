"""How far long work has come, told to whoever listens; nobody does unless there is a terminal."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from gradcli.core.records import record

# Seconds between two reports, and before the first: what is done sooner needs none.
EVERY = 0.1


@record
class Progress:
    """So many steps of all, what is measured at this one by name, and how many seconds may be left."""

    done: int
    of: int
    measured: tuple[tuple[str, float], ...]
    left: float


Listener = Callable[["Progress | None"], None]

_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have a function told from now on; it gets None when the work is over."""
    _listeners.append(listener)


class Reports:
    """The reports of one piece of work."""

    def __init__(self, steps: int) -> None:
        self._steps, self._began = steps, perf_counter()
        self._next = self._began + EVERY
        self._told = False

    def due(self) -> bool:
        """Whether it is time for a report, and somebody listens."""
        return bool(_listeners) and perf_counter() >= self._next

    def tell(self, done: int, measured: tuple[tuple[str, float], ...]) -> None:
        """Report."""
        now = perf_counter()
        self._next, self._told = now + EVERY, True
        left = (now - self._began) / max(done, 1) * (self._steps - done)
        for listener in _listeners:
            listener(Progress(done, self._steps, measured, left))

    def end(self) -> None:
        """The work is over."""
        if self._told:
            for listener in _listeners:
                listener(None)
