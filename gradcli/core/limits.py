"""How much may be asked for: each limit stated once, with where it is set.

A limit holds for whoever runs in this context, as `use` said last; else what the environment says, else the default.
"""

from __future__ import annotations

import os
from collections.abc import Container, Mapping
from contextlib import suppress
from contextvars import ContextVar
from functools import cache
from typing import Any

from gradcli.core.errors import CoreError
from gradcli.core.records import record


@record
class Limit:
    """One limit: its name in `set`, its default (None: what the machine has), its unit, what it bounds."""

    name: str
    default: int | None
    unit: str
    help: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"GRADCLI_{self.name.upper()}"


LIMITS: dict[str, Limit] = {
    limit.name: limit
    for limit in (
        Limit(
            "max_operations", 500_000_000_000, "operations", "the work of one computation, estimated before it starts"
        ),
        Limit("max_memory", None, "GiB", "the memory that one computation takes; by default the machine's"),
        Limit(
            "max_kept",
            256,
            "MiB",
            "what a loop keeps of its steps for a gradient; where it is more, steps run again",
        ),
        Limit("max_steps", 200_000, "steps", "passes of loops and calls of functions in one statement"),
        Limit("max_items", 1_000_000, "items", "the items of a nested tuple, a shared part as often as it occurs"),
        Limit("max_source", 64 * 2**20, "bytes", "the size of a script, before it is read"),
        Limit("max_literal", 1_000_000, "characters", "the length of an array or a text as it is written"),
    )
}

GIB = 2**30

_given: ContextVar[Mapping[str, float] | None] = ContextVar("limits", default=None)


def use(given: Mapping[str, float]) -> None:
    """Let these limits hold from now on, in this context; those that are not among them are as they were at first."""
    _given.set(given)


def limit(name: str) -> float:
    """How much is allowed.

    Raises:
        CoreError: where the environment says something that is no limit.
    """
    given = _given.get()
    if given is not None and name in given:
        return given[name]
    entry = LIMITS[name]
    text = os.environ.get(entry.variable) if _may_be_set(name) else None
    if text is None:
        return physical_memory() / GIB if entry.default is None else entry.default
    with suppress(ValueError):
        if float(text) > 0:
            return float(text)
    raise CoreError(f"{entry.variable} is `{text[:40]}`, which is no limit", "give it a number larger than 0")


# What os.environ keeps in itself, by names as the system has them. A name that is not there costs os.environ an
# exception each time, and limits are asked for at each call of a program.
_SET: Container[Any] | None = getattr(os.environ, "_data", None)


@cache
def _key_of(name: str) -> Any:
    return os.environ.encodekey(LIMITS[name].variable)


def _may_be_set(name: str) -> bool:
    return _SET is None or _key_of(name) in _SET


def require(name: str, wanted: float, what: str, instead: str) -> None:
    """Refuse what is more than a limit; `what` begins the sentence, `instead` is what else can be done.

    Raises:
        CoreError: saying how much it would be, how much is allowed, and how to allow more.
    """
    allowed = limit(name)
    if wanted > allowed:
        unit = LIMITS[name].unit
        raise CoreError(
            f"{what} {_amount(wanted)} {unit}, and at most {_amount(allowed)} are allowed",
            f"{instead}, or raise the limit: `set {name} {_rounded_up(wanted)}`",
        )


def require_memory(wanted: float, what: str = "this would take") -> None:
    """Refuse what takes more memory, in bytes, than is allowed.

    Raises:
        CoreError: saying how much it would be.
    """
    machine = physical_memory()
    if wanted > machine:
        raise CoreError(f"{what} {wanted / GIB:,.1f} GiB, more than this machine has", "use smaller shapes, or float32")
    require("max_memory", wanted / GIB, what, "use smaller shapes, or float32")


def require_operations(wanted: int) -> None:
    """Refuse more work than is allowed.

    Raises:
        CoreError: saying how much it would be.
    """
    require("max_operations", wanted, "this would take about", "use smaller shapes")


def _amount(number: float) -> str:
    return f"{number:.2g}" if number < 100 and number != int(number) else f"{number:,.0f}"


def _rounded_up(number: float) -> str:
    """A short number that is no less: as it is, or two digits and a power of ten."""
    if number < 1_000_000:
        return str(-int(-number // 1))
    power = len(str(int(number))) - 2
    return f"{-(-int(number) // 10**power) / 10:g}e{power + 1}"


@cache
def physical_memory() -> int:
    """Bytes of memory that this process may have: what the machine has, or the group that it runs in."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError), open("/sys/fs/cgroup/memory.max", encoding="ascii") as file:
        total = min(total, int(file.read()))
    return total
