"""Long work that hears Ctrl-C.

Python hands a signal to the main thread between two of its own instructions, and one call of NumPy is one of them,
however long it takes. So what will take long runs in a thread beside while the main thread waits, and waiting can be
interrupted. A call that is under way can't be stopped; the work ends at the next `check`.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

# So many operations take long enough that a thread for them costs nothing beside: some 50 milliseconds.
LONG = 2**26

_here = threading.local()
_unfinished: list[Task] = []


class Abandoned(BaseException):
    """Nobody waits for this work any more."""


class Task:
    """Work in a thread of its own; `stopped` asks it to end."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.stopped = False
        self._function = function
        self._result: Any = None
        self._error: BaseException | None = None
        self._done = threading.Event()
        # A process that leaves does not wait for it.
        threading.Thread(target=self._run, name="gradcli long work", daemon=True).start()

    def _run(self) -> None:
        _here.task = self
        try:
            self._result = self._function()
        except BaseException as error:
            self._error = error
        self._done.set()

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self._done.is_set()

    def wait(self) -> None:
        """Wait for its end, as long as that takes."""
        # With a limit of time a wait hears signals on every platform.
        while not self._done.wait(0.1):
            pass

    def result(self) -> Any:
        """What it gave or raised, once it has ended."""
        if self._error is not None:
            raise self._error
        return self._result


def interruptible(function: Callable[[], T], abandon: Callable[[Task], None] | None = None) -> T:
    """Call a function so that Ctrl-C is heard meanwhile; `abandon` is given the task that goes on behind, if it does.

    Raises:
        KeyboardInterrupt: at once, when the user asks for it.
    """
    if threading.current_thread() is not threading.main_thread():
        return function()
    task = Task(function)
    try:
        task.wait()
    except BaseException:
        task.stopped = True
        _unfinished.append(task)
        if len(_unfinished) == 1:
            # The library that multiplies matrices never comes to an end if Python does while it works.
            atexit.register(finish)
        if abandon is not None:
            abandon(task)
        raise
    result: T = task.result()
    return result


def finish() -> None:
    """Wait for all work that was interrupted and goes on."""
    for task in _unfinished:
        task.wait()


def unfinished() -> bool:
    """Whether work that was interrupted goes on still."""
    return not all(task.ended for task in _unfinished)


def long_call(function: Callable[[], T], operations: int) -> T:
    """Call a function, so that Ctrl-C is heard meanwhile where it takes so many operations that it takes long."""
    return interruptible(function) if operations > LONG else function()


def current() -> Task | None:
    """The task that this thread works for."""
    return getattr(_here, "task", None)


def check() -> None:
    """End long work that nobody waits for any more.

    Raises:
        Abandoned: where that is so.
    """
    task = current()
    if task is not None and task.stopped:
        raise Abandoned
