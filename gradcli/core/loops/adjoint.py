"""Solutions of differential equations whose adjoints are those of the continuous problem.

The adjoint a of the state obeys a' = -a df/dy backwards in time, and jumps where the solution is looked at; parameters
get the integral of a df/dp (Pontryagin; Chen et al. 2018). No step is kept: the solution is solved again backwards,
from each time at which it is known.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.calculus.rules import by_adjoint
from gradcli.core.ir.nodes import Node, constant, filled, fresh_input
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import substitute
from gradcli.core.loops.closing import looped
from gradcli.core.loops.odes import StepMethod, System, of_equal_steps, over
from gradcli.core.loops.plan import Carry, Given, Plan, packed, unpacked
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.primitives.shaping import concatenate, part, reshape
from gradcli.core.transforms.reverse import vjp


def with_adjoint(
    system: System,
    start: Sequence[Node],
    times: Node,
    method: StepMethod,
    steps: int,
    outside: Sequence[Node],
) -> list[Node]:
    """Each part of the state at all times; `outside` is what the rates read that has a derivative."""
    count = len(start)
    shapes = [(times.shape[0], *y.shape) for y in start]

    def of(params: Sequence[Node]) -> System:
        rates = substitute(system.rates, dict(zip(outside, params, strict=True)))
        return System(system.state, system.time, rates)

    def plain(xs: Sequence[Node]) -> Node:
        return packed(of_equal_steps(of(xs[count + 1 :]), xs[:count], xs[count], method, steps))

    def adjoints(xs: Sequence[Node], y: Node, g: Node) -> Sequence[Node | None]:
        solved, seeds = unpacked(y, shapes), unpacked(g, shapes)
        return _backwards(of(xs[count + 1 :]), xs, (solved, seeds), method, steps)

    return unpacked(by_adjoint(plain, [*start, times, *outside], adjoints, own_rate=True), shapes)


def _backwards(
    system: System,
    xs: Sequence[Node],
    along: tuple[Sequence[Node], Sequence[Node]],
    method: StepMethod,
    steps: int,
) -> list[Node | None]:
    """The adjoints of the start, the times and the parameters, from the solution and the adjoints at all times."""
    count = len(system.state)
    times, params = xs[count], xs[count + 1 :]
    solved, seeds = along
    whole = _augmented(system, params)
    n = times.shape[0] - 1

    def slices(rows: Sequence[Node], first: int) -> list[Given]:
        return [Given(fresh_input("r", r.shape[1:], r.dtype), part(r, 0, first, n)) for r in rows]

    ends, begins, given = slices(solved, 1), slices(solved, 0), slices(seeds, 1)
    low, high = slices([times], 0)[0], slices([times], 1)[0]
    a = [fresh_input("a", y.shape, y.dtype) for y in system.state]
    p = [fresh_input("p", q.shape, q.dtype) for q in params]
    jumped = [one + g.input for one, g in zip(a, given, strict=True)]
    back = over(whole, [*(e.input for e in ends), *jumped, *p], (high.input, low.input), method, steps)
    a_next, p_next = back[count : 2 * count], back[2 * count :]
    plan = Plan(n, slices=[*ends, *begins, *given, low, high], backwards=True)
    plan.carries = [Carry(one, filled(0.0, one), new) for one, new in zip([*a, *p], [*a_next, *p_next], strict=True)]
    at_high = _dot(jumped, system.at([e.input for e in ends], high.input))
    at_low = _dot(a_next, system.at([b.input for b in begins], low.input))
    plan.stacks = [at_high, -at_low]
    found = looped(plan, range(len(plan.carries) + 2))
    of_start = [one + reshape(part(g, 0, 0, 1), shape=one.shape) for one, g in zip(found, seeds, strict=False)]
    zero = stretch(constant(0.0, times.dtype), (1,))
    by_high, by_low = found[-2:]
    of_times = concatenate(by_low, zero, axis=0) + concatenate(zero, by_high, axis=0)
    return [*of_start, of_times, *found[count : count + len(params)]]


def _augmented(system: System, params: Sequence[Node]) -> System:
    """The state, its adjoint, and the integrals that parameters get."""
    a = [fresh_input("a", y.shape, y.dtype) for y in system.state]
    p = [fresh_input("p", q.shape, q.dtype) for q in params]
    shares = vjp(system.rates, [*system.state, *params], a)
    return System([*system.state, *a, *p], system.time, [*system.rates, *(-share for share in shares)])


def _dot(one: Sequence[Node], other: Sequence[Node]) -> Node:
    total: Node | None = None
    for x, y in zip(one, other, strict=True):
        more = x * y if x.shape == () else sum_to(reshape(x * y, shape=(size_of(x.shape),)), shape=())
        total = more if total is None else total + more
    assert total is not None
    return total
