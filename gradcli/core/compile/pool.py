"""Threads that share the tiles of a stretch. NumPy lets go of Python's lock while it works on one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np


@cache
def threads() -> int:
    """How many threads compute: GRADCLI_THREADS where that is set, else one for each core that this process may use."""
    wanted = os.environ.get("GRADCLI_THREADS", "")
    if wanted.isdecimal() and int(wanted) > 0:
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    # A thread starts with NumPy's warnings on, and the caller's are off.
    return ThreadPoolExecutor(threads() - 1, "gradcli", initializer=lambda: np.seterr(all="ignore"))


if hasattr(os, "register_at_fork"):
    # A child process has the pool but none of its threads.
    os.register_at_fork(after_in_child=_pool.cache_clear)


def share(count: int, workers: int, work: Callable[[int, Iterator[int]], None]) -> None:
    """Call `work(worker, numbers)` in each of some threads, this one among them; together they get 0 to count - 1.

    Raises:
        Exception: whatever `work` raised.
    """
    numbers = iter(range(count))
    others = [_pool().submit(work, worker, numbers) for worker in range(1, min(workers, threads()))]
    work(0, numbers)
    for other in others:
        other.result()
