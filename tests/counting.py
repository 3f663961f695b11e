"""What some work costs, counted: the same however busy the machine is."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable

from gradcli.core.ir.nodes import forget_the_gone


def calls_of(work: Callable[[], object]) -> int:
    """Calls of Python's and of C's that some work makes.

    What others left behind is forgotten before, and not on the way.
    """
    forget_the_gone()
    collects = gc.isenabled()
    gc.disable()
    counted = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
        if collects:
            gc.enable()
    return counted
