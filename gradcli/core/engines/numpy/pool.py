"""Threads that share the tiles of a fusion group. NumPy lets go of Python's lock while it works on one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from threading import Barrier
from typing import TYPE_CHECKING

import numpy as np

from gradcli.core.interrupt import current

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_alone: ContextVar[bool] = ContextVar("programs that are not shared out", default=False)


@contextmanager
def alone() -> Iterator[None]:
    """Within this, programs are made that one thread runs: whoever runs several at once has the cores at work."""
    token = _alone.set(True)
    try:
        yield
    finally:
        _alone.reset(token)


def threads() -> int:
    """How many threads compute: one within `alone`, else as many as `cores` says."""
    return 1 if _alone.get() else cores()


@cache
def cores() -> int:
    """GRADCLI_THREADS where that is set, else one for each core that this process may use."""
    wanted = os.environ.get("GRADCLI_THREADS", "")
    if wanted.isdecimal() and int(wanted) > 0:
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    # What logging and more come with, most programs do without.
    from concurrent.futures import ThreadPoolExecutor

    # A thread starts with NumPy's warnings on, and the caller's are off.
    return ThreadPoolExecutor(cores() - 1, "gradcli", initializer=lambda: np.seterr(all="ignore"))


def start() -> None:
    """Have all threads there, so that no work has to start them."""
    others = threads() - 1
    if others > 0:
        from concurrent.futures import wait

        together = Barrier(others)
        wait([_pool().submit(together.wait) for _ in range(others)])


if hasattr(os, "register_at_fork"):
    # A child process has the pool but none of its threads.
    os.register_at_fork(after_in_child=_pool.cache_clear)


def share(count: int, workers: int, work: Callable[[int, Iterator[int]], None]) -> None:
    """Call `work(worker, numbers)` in each of some threads, this one among them; together they get 0 to count - 1.

    None goes on behind an exception, since what they write into may be used again.

    Raises:
        Exception: whatever `work` raised.
    """
    from concurrent.futures import wait

    numbers = Numbers(count)
    others = [_pool().submit(work, worker, numbers) for worker in range(1, min(workers, threads()))]
    try:
        work(0, numbers)
    finally:
        numbers.close()
        while not all(other.done() for other in others):
            wait(others)
    for other in others:
        other.result()


class Numbers:
    """0 to count - 1, for several threads together; they end early where nobody waits for the work any more."""

    def __init__(self, count: int) -> None:
        self._numbers = iter(range(count))
        self._task = current()
        self._closed = False

    def close(self) -> None:
        """Give no more."""
        self._closed = True

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        if self._closed or (self._task is not None and self._task.stopped):
            raise StopIteration
        return next(self._numbers)
