"""Python's collector of cycles, which goes through all objects again and again while many are made that stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# So much that is made in one stretch is not gone through when it ends.
MANY = 5_000


@contextmanager
def resting() -> Iterator[None]:
    """A stretch, or as a decorator a function, in which what is made is nodes or syntax, which have no cycles."""
    collects, before = gc.isenabled(), gc.get_count()[0]
    gc.disable()
    try:
        yield
    finally:
        if collects:
            # Frozen and thawed, it is among what is old at once. Who froze something keeps that; to count it is slow.
            if gc.get_count()[0] - before > MANY and not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()
