"""Timing side by side: contenders take turns, and a figure is the median of its turns."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

Run = Callable[[], object]

PAUSE, WARM_UP = 0.1, 0.15


@dataclass
class Row:
    """One piece of work: the first result of each contender in seconds, and its warm time in microseconds."""

    work: str
    first: dict[str, float] = field(default_factory=dict)
    warm: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


def first_of(row: Row, name: str, make: Callable[[], Run]) -> Run | None:
    """Make a contender and run it once, timed; one that is not installed, or can't do it, says so in the notes."""
    start = time.perf_counter()
    try:
        run = make()
        run()
    except ImportError as error:
        row.notes[name] = f"not installed: {error.name}"
        return None
    row.first[name] = time.perf_counter() - start
    return run


def made(row: Row, makers: Mapping[str, Callable[[], Run]]) -> dict[str, Run]:
    """The contenders that can be made, each made and run once, timed."""
    runs = {name: first_of(row, name, make) for name, make in makers.items()}
    return {name: run for name, run in runs.items() if run is not None}


def take_turns(row: Row, contenders: dict[str, Run], turns: int = 9, seconds: float = 0.05) -> None:
    """Time each in turn, so that what the machine does meanwhile meets all alike.

    Before each turn is a pause, since the threads of some libraries go on spinning for a while, on cores that the next
    one needs; and a while of runs that are not timed, until the threads of others are awake, each on a core of its own.
    """
    loops = {name: _loops(run, seconds) for name, run in contenders.items()}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(turns):
        for name, run in contenders.items():
            time.sleep(PAUSE)
            until = time.perf_counter() + WARM_UP
            run()
            while time.perf_counter() < until:
                run()
            start = time.perf_counter()
            for _ in range(loops[name]):
                run()
            times[name].append((time.perf_counter() - start) / loops[name])
    row.warm |= {name: median(each) * 1e6 for name, each in times.items()}


def _loops(run: Run, seconds: float) -> int:
    start = time.perf_counter()
    run()
    return max(1, int(seconds / max(time.perf_counter() - start, 1e-9)))


def agree(row: Row, results: dict[str, object], tolerance: float = 1e-8) -> None:
    """All contenders give the first one's result; timing what is wrong would say nothing.

    Raises:
        AssertionError: naming who differs, and by how much.
    """
    names = list(results)
    reference = np.asarray(results[names[0]], dtype=float)
    scale = max(1.0, float(np.abs(reference).max(initial=0.0)))
    for name in names[1:]:
        gap = float(np.abs(np.asarray(results[name], dtype=float) - reference).max(initial=0.0))
        assert gap <= tolerance * scale, f"{row.work}: {name} differs from {names[0]} by {gap:.2g}"


def flat(result: Any) -> Any:
    """The numbers of a result, an array or tuples and dicts of them, one after the other."""
    if isinstance(result, dict):
        result = [result[name] for name in sorted(result)]
    if isinstance(result, (tuple, list)):
        return np.concatenate([flat(part) for part in result]) if result else np.zeros(0)
    return np.asarray(result, dtype=float).ravel()


def side_by_side(work: str, makers: Mapping[str, Callable[[], Run]], tolerance: float = 1e-8, turns: int = 9) -> Row:
    """A row: contenders that are installed are made, agree, and take turns."""
    row = Row(work)
    contenders = made(row, makers)
    agree(row, {name: flat(run()) for name, run in contenders.items()}, tolerance)
    take_turns(row, contenders, turns)
    return row


def save(path: Path, family: str, rows: list[Row]) -> None:
    """Write what was measured as JSON, beside what other families wrote there."""
    found = json.loads(path.read_text()) if path.exists() else {}
    found[family] = [asdict(row) for row in rows]
    path.write_text(json.dumps(found, indent=1) + "\n")
