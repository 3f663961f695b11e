"""How many steps a loop makes until a condition ends it, by making them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradcli.core.engines.program import Program
from gradcli.core.engines.protocol import Data
from gradcli.core.interrupt import check
from gradcli.core.ir.arrays import plain
from gradcli.core.ir.nodes import Node
from gradcli.core.loops.plan import Plan

# So many steps are made before a loop is taken for one that never ends.
MOST_STEPS = 10_000_000


def steps_of(plan: Plan, goes_on: Node | None, done: Node | None, values: Mapping[Node, Data]) -> int | None:
    """The steps of a loop that goes on while a condition holds of the carries before one, until one holds behind it.

    None where there are more than `MOST_STEPS`, or than the plan's length.

    Args:
        plan: closed; `values` are those of where its carries start, of its slices and of what it reads from outside.
        goes_on: a condition on the carries' inputs.
        done: a condition that a step makes.
        values: the value of each node outside.
    """
    tests = [test for test in (goes_on, done) if test is not None]
    program = Program([*tests, *(c.next for c in plan.carries)], plan.inputs(), native=False)
    carries: Sequence[Data] = [plain(values[c.start]) for c in plan.carries]
    slices = [_rows(values[s.node]) for s in plan.slices]
    free = [plain(values[f.node]) for f in plan.free]
    most = plan.length or MOST_STEPS
    for count in range(most):
        if not count % 1024:
            check()
        found = program.function(*carries, *(rows[count] for rows in slices), *free)
        if goes_on is not None and not found[0]:
            return count
        if done is not None and found[len(tests) - 1]:
            return count + 1
        carries = found[len(tests) :]
    return None


def _rows(value: Any) -> Any:
    return value.tolist() if value.ndim == 1 else value
