"""Reading, computing and writing at the same time: each in threads of its own, in order, with few chunks on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, Full, Queue
from typing import TypeVar

I = TypeVar("I")  # noqa: E741 - what goes in
O = TypeVar("O")  # noqa: E741 - what comes out


class _Stopped(Exception):  # noqa: N818 - nobody sees it
    """Nobody waits for this any more."""


def pipeline(items: Iterable[I], work: Callable[[I], O], workers: int, take: Callable[[O], None]) -> None:
    """Have `take` given what `work` makes of each item, in order, in this thread's stead: all run beside each other.

    At most `workers + 2` items are on the way. Whatever is raised ends all of it; Ctrl-C is heard meanwhile.

    Raises:
        BaseException: what reading, `work` or `take` raised, the first in the order of the items.
    """
    stop = threading.Event()
    line: Queue[Future[O] | None] = Queue(workers + 1)
    pool = ThreadPoolExecutor(workers, "gradcli rows")

    def put(found: Future[O] | None) -> None:
        while not stop.is_set():
            try:
                return line.put(found, timeout=0.1)
            except Full:
                pass
        raise _Stopped

    def read() -> None:
        try:
            for item in items:
                put(pool.submit(copy_context().run, work, item))
            put(None)
        except _Stopped:
            pass
        except BaseException as error:
            failed: Future[O] = Future()
            failed.set_exception(error)
            with suppress(_Stopped):
                put(failed)

    ended: Future[None] = Future()

    def write() -> None:
        try:
            for found in _taken(line, stop):
                take(found.result())
            ended.set_result(None)
        except BaseException as error:
            ended.set_exception(error)

    threads = [
        threading.Thread(target=copy_context().run, args=(act,), name=f"gradcli {act.__name__}", daemon=True)
        for act in (read, write)
    ]
    for thread in threads:
        thread.start()
    try:
        while threads[1].is_alive():
            # With a limit of time a wait hears signals on every platform.
            threads[1].join(0.1)
        ended.result()
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
        threads[1].join()
        # One that waits for a stream that gives nothing is not waited for.
        threads[0].join(1.0)


def _taken(line: Queue[Future[O] | None], stop: threading.Event) -> Iterator[Future[O]]:
    while not stop.is_set():
        try:
            found = line.get(timeout=0.1)
        except Empty:
            continue
        if found is None:
            return
        yield found
