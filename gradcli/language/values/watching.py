"""What the trace of a call depends on beside the shapes of its arguments: names, counts, decisions, where edges are."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import isfinite
from typing import Any, TypeAlias

from gradcli.core.engines.protocol import Data
from gradcli.core.ir.nodes import Constant, Input, Node, Parameter
from gradcli.language.values.values import Frame, Function, Value

Find: TypeAlias = "Callable[[str, Frame | None], tuple[Value] | None]"


class Elsewhere(Exception):  # noqa: N818 - it is no mistake
    """At this point the result is no program's."""


class Watch:
    """What is asked while a call is traced; a later call for which all answers are the same has the same trace.

    `of` is what is called, if that is a call. `lifted` are inputs that stand for tensors at the top level, or tuples of
    them, by name. `spoiled` says that the trace does something besides, or depends on more than is told here, such as
    files.
    """

    def __init__(self, of: Function | None, lifted: Mapping[str, Value]) -> None:
        self.of, self.lifted = of, lifted
        self.spoiled = False
        # What was found under a name, outside of the calls under way.
        self.reads: dict[tuple[str, int], tuple[str, Frame | None, tuple[Value] | None]] = {}
        # Nodes that were asked for their values, with these.
        self.decided: dict[Node, Data] = {}
        # Nodes that have no nan in them, those that are finite, and those that are at no edge.
        self.numbers: list[Node] = []
        self.finite: list[Node] = []
        self.off_edges: list[Node] = []

    def read(self, name: str, frame: Frame | None, found: tuple[Value] | None) -> tuple[Value] | None:
        """What was found under a name, or what stands for it in this trace."""
        if frame is None and found is not None and name in self.lifted:
            return (self.lifted[name],)
        self.reads.setdefault((name, id(frame)), (name, frame, found))
        return found

    def changed(self, find: Find) -> list[str] | None:
        """The names of tensors at the top level that have other elements by now; None where anything else is new."""
        names: list[str] = []
        for name, frame, found in self.reads.values():
            now = find(name, frame)
            if found is None or now is None:
                if found is not now:
                    return None
            elif not same(now[0], found[0]):
                if frame is not None or not _alike(now[0], found[0]):
                    return None
                names.append(name)
        return names

    def fitting(self, find: Find) -> bool:
        """Whether what is lifted still stands for tensors of the same kind."""
        return all((now := find(name, None)) is not None and _alike(now[0], node) for name, node in self.lifted.items())


class _Here(threading.local):
    watch: Watch | None = None


# Of each thread, the watch over what it traces.
here = _Here()


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Within, what is traced is watched."""
    here.watch = watch
    try:
        yield
    finally:
        here.watch = None


def spoil() -> None:
    """Say that what happens now is not done again by a program."""
    if here.watch is not None:
        here.watch.spoiled = True


def same(a: Value, b: Value) -> bool:
    """Whether two values are one, but for the present value of a parameter."""
    if a is b:
        return True
    if isinstance(a, Parameter):
        return isinstance(b, Parameter) and a.key is b.key
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    # Plain numbers are made anew each time.
    return type(a) is type(b) and isinstance(a, (bool, int, float, str)) and repr(a) == repr(b)


def _alike(a: Value, b: Value) -> bool:
    """Whether two values are tensors of one kind, or tuples of such, the first known."""
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(_alike, a, b))
    return (
        isinstance(a, Constant)
        and isinstance(b, (Constant, Input))
        and (a.shape, a.dtype, a.weak) == (b.shape, b.dtype, b.weak)
    )


def agrees(found: Any, expected: Any) -> bool:
    """Whether a value is what it was, each element of it."""
    if isinstance(found, (bool, int, float)) and isinstance(expected, (bool, int, float)):
        return found == expected
    import numpy as np

    return bool(np.array_equal(found, expected))


def is_finite(found: Any) -> bool:
    """Whether numbers are all finite."""
    if isinstance(found, (bool, int, float)):
        return isfinite(found)
    import numpy as np

    return bool(np.isfinite(found).all())


def has_no_nan(found: Any) -> bool:
    """Whether there is no nan among numbers."""
    if isinstance(found, (bool, int, float)):
        return found == found
    import numpy as np

    if found.dtype.kind != "f":
        return True
    # Squares have one sign, so that nothing but nan makes a nan of their sum; and it takes no array.
    flat = found.ravel("K")
    total = np.dot(flat, flat)
    return bool(total == total)
