"""`:time`: how long an expression takes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from time import perf_counter_ns

from gradcli.faces.prompt.registry import command, expression
from gradcli.faces.prompt.workspace import Workspace
from gradcli.session.mistakes import Mistakes, diagnose
from gradcli.session.results import Listing

# It is repeated for about so many nanoseconds, and at least and at most so often.
LONG_ENOUGH = 1_000_000_000
FEWEST, MOST = 7, 100_000
_UNITS = (("ns", 1), ("µs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000))


@command(":time EXPR", "how long an expression takes: median and spread", expression)
def time(rest: str, workspace: Workspace) -> None:
    """Evaluate an expression again and again, for about a second.

    Shown are the median, how far the middle half of all times spreads, and the fastest. The first time, in which it may
    be compiled, is told apart. It defines nothing and draws no random numbers. What makes sure of the digits takes
    part; `set numbers float64` leaves it out. Ctrl-C ends it with what has been measured.
    """
    if not rest:
        workspace.refuse("usage", "`:time` needs an expression", "write `:time grad(f)(3)`")
        return
    source = workspace.source(rest)
    first = 0
    times: list[int] = []
    try:
        repeat = workspace.session.repeated(source)
        first = _lasts(repeat)
        with suppress(KeyboardInterrupt):
            until = perf_counter_ns() + LONG_ENOUGH
            while len(times) < FEWEST or (len(times) < MOST and perf_counter_ns() < until):
                times.append(_lasts(repeat))
    except Mistakes as error:
        workspace.reporter.diagnostic(diagnose(error, source))
        return
    if not times:
        workspace.reporter.say(f"interrupted; the first time took {in_units(first)}", "warning")
        return
    times.sort()
    low, median, high = (times[round((len(times) - 1) * part)] for part in (0.25, 0.5, 0.75))
    spread = high - low
    shown = (in_units(median), in_units(spread), in_units(times[0]), in_units(first), f"{len(times):,}")
    titles = ("spread", "stays"), ("fastest", "stays"), ("first", "stays"), ("repeats", "stays")
    workspace.show(Listing((("median", "for"), *titles), (shown,)))


def _lasts(repeat: Callable[[], Callable[[], object]]) -> int:
    """How many nanoseconds one evaluation takes, without what makes ready for it."""
    evaluate = repeat()
    start = perf_counter_ns()
    evaluate()
    return perf_counter_ns() - start


def in_units(nanoseconds: int) -> str:
    """A time in three digits, with its unit."""
    unit, size = next((u for u in reversed(_UNITS) if nanoseconds >= u[1]), _UNITS[0])
    amount = nanoseconds / size
    return f"{amount:.0f} {unit}" if amount >= 100 or size == 1 else f"{amount:.3g} {unit}"
