"""Whether two graphs of numbers are one function: by their values at many points, and where they are, if on a part."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import isfinite, isinf
from typing import TypeAlias, TypeGuard

from gradcli.core.engines.program import Program
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.traversal import reachable
from gradcli.core.records import record

# In the order in which a point is named that shows a difference. Zeros, signs, halves, and far out.
SPECIAL = (
    *(1.0, 2.0, 3.0, -1.0, -2.0, 0.5, -0.5, 0.0, 4.0, -3.0, 5.0, 1.5, -1.5, 0.25, -0.25, 10.0, -10.0),
    *(0.1, -0.1, 0.75, -0.75, 20.0, -20.0, 100.0, -100.0, 0.01, -0.01, 1000.0, -1000.0),
)
# Where several variables meet, fewer of each.
FEW = (1.0, 2.0, -1.0, 0.5, -2.0, 0.0, 3.0)
SPANS = ((-1.0, 1.0), (-3.0, 3.0), (0.0, 1.0), (0.0, 10.0), (-10.0, 0.0), (-50.0, 50.0))
IN_EACH_SPAN = 16
MOST_POINTS = 400

# What two ways of computing one number may differ by, beside what rounding changes beside the point.
RELATIVE, ABSOLUTE = 1e-13, 1e-320
# A part ends in a jump or a corner; where the difference only grows out of rounding, there is no part.
VISIBLE = 1e-7
# So many numbers of the functions' own are looked at: a choice changes at one.
MOST_THRESHOLDS = 6
NUDGES = (2.0**-30, 3 * 2.0**-31, 2.0**-29)
MOST_NOISE = 16.0
# So many points that weren't chosen must agree before a part is one; far out, what differs may be lost in rounding.
ENOUGH = 5
NEAR = 3.0

Point: TypeAlias = "tuple[float, ...]"
_RELATIONS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "!=": operator.ne,
}


@record
class Sample:
    """A point, what is expected there and what is given, and whether they agree; `chosen` says it is a special one."""

    at: Point
    expected: float
    given: float
    agrees: bool
    chosen: bool


def thresholds(nodes: Iterable[Node]) -> list[float]:
    """The numbers in some graphs, at which a choice between branches may change."""
    found = {abs(n.value) for n in reachable(nodes) if isinstance(n, Constant) and n.shape == () and _is_plain(n.value)}
    return sorted(found - {0.0, 1.0})[:MOST_THRESHOLDS]


def _is_plain(value: object) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 1e-3 <= abs(value) <= 1e9


def points(count: int, bounds: Sequence[float] = ()) -> list[tuple[Point, bool]]:
    """Where functions of so many variables are compared, the same each time; special ones first.

    `bounds` are numbers on both sides of which they are compared too.
    """
    rng = random.Random(2718)
    if count == 1:
        special: list[Point] = [(x,) for x in SPECIAL]
    elif count == 2:
        special = [*product(FEW, repeat=2)]
    else:
        alike: list[Point] = [(x,) * count for x in FEW]
        special = [*alike, *(tuple(rng.choice(FEW) for _ in range(count)) for _ in range(MOST_POINTS // 2))]
    for bound in bounds:
        special += [(x,) * count for x in (bound, -bound)]
    drawn = [tuple(rng.uniform(*span) for _ in range(count)) for span in SPANS for _ in range(IN_EACH_SPAN)]
    beside = [(-bound, bound) for bound in bounds] + [(bound, 2 * bound + 1) for bound in bounds]
    drawn += [tuple(rng.uniform(*span) for _ in range(count)) for span in beside for _ in range(IN_EACH_SPAN)]
    return [*((at, True) for at in special), *((at, False) for at in drawn)]


def samples(base: Node, expected: Node, given: Node, inputs: Sequence[Node]) -> list[Sample]:
    """Both at each point at which the base function and what is expected have a value.

    A point where the given one overflows says nothing of it, unless there are no others.

    Raises:
        CoreError: for more work than the limits allow.
    """
    program = Program([base, expected, given], list(inputs))
    inside = Program([n for n in reachable([given]) if n.shape == ()], list(inputs))
    found: list[Sample] = []
    lost: list[Sample] = []
    for at, chosen in points(len(inputs), thresholds([base, expected, given])):
        of, want, got = _at(program, at)
        if isfinite(of) and isfinite(want):
            overflows = not isfinite(got) and any(map(isinf, _at(inside, at)))
            sample = Sample(at, want, got, _agree(program, at, want, got), chosen)
            (lost if overflows else found).append(sample)
    return found or lost


def _at(program: Program, at: Point) -> tuple[float, ...]:
    return tuple(float(value) for value in program(*at))


def _agree(program: Program, at: Point, want: float, got: float) -> bool:
    if not isfinite(got):
        return False
    allowed = RELATIVE * max(abs(want), abs(got)) + ABSOLUTE
    gap = want - got
    if abs(gap) <= allowed:
        return True
    # Rounding is another one beside the point; what differs in truth is almost the same there.
    sides = []
    for side in (1, -1):
        near = [_at(program, tuple(x * (1 + side * nudge) for x in at)) for nudge in NUDGES]
        sides.append(max((abs(a - b - gap) for _, a, b in near if isfinite(a - b)), default=0.0))
    return abs(gap) <= MOST_NOISE * min(sides)


def same(a: Sequence[float], b: Sequence[float], tolerance: float = 1e-7) -> bool:
    """Whether numbers agree, as far as both have a value, and enough have."""
    pairs = [(x, y) for x, y in zip(a, b, strict=True) if isfinite(x) and isfinite(y)]
    return len(pairs) >= ENOUGH and all(abs(x - y) <= tolerance * max(abs(x), abs(y)) + ABSOLUTE for x, y in pairs)


def constant_ratio(found: Sequence[Sample]) -> Fraction | None:
    """The small fraction that the given numbers are of the expected ones at all points, if there is one."""
    pairs = [(s.given, s.expected) for s in found if s.expected and isfinite(s.given)]
    if len(pairs) < ENOUGH:
        return None
    ratio = Fraction(pairs[0][0] / pairs[0][1]).limit_denominator(1000)
    if ratio in (0, 1) or not same([float(ratio) * want for _, want in pairs], [got for got, _ in pairs]):
        return None
    return ratio


def agrees_somewhere(found: Sequence[Sample], bound: float = 0.0) -> bool:
    """Whether two functions agree at points enough for a part, and not by chance."""
    near = max(NEAR, 2 * bound + 1)
    return sum(s.agrees and not s.chosen and max(map(abs, s.at), default=0.0) <= near for s in found) >= ENOUGH


def part(found: Sequence[Sample], names: Sequence[str], bounds: Sequence[float] = ()) -> str | None:
    """Where two functions agree, as a condition on one variable; None where they agree on no such part."""
    if not agrees_somewhere(found, max(bounds, default=0.0)):
        return None
    for text, place, relation, bound, of_size in _conditions(names, bounds):
        holds = [relation(abs(s.at[place]) if of_size else s.at[place], bound) for s in found]
        if all(h == s.agrees for h, s in zip(holds, found, strict=True)):
            least = min((_gap(s) for s in found if not s.agrees), default=1.0)
            return text if least > VISIBLE else None
    return None


def _gap(sample: Sample) -> float:
    """How much the two differ, of the larger one."""
    if not isfinite(sample.given):
        return 1.0
    return abs(sample.given - sample.expected) / max(abs(sample.given), abs(sample.expected), ABSOLUTE)


def _conditions(
    names: Sequence[str], bounds: Sequence[float]
) -> Iterator[tuple[str, int, Callable[[float, float], bool], float, bool]]:
    """Conditions on one variable, the simplest first: in words, its place, the relation to a bound, whether of size."""
    for bound in sorted({*SPECIAL, *bounds, *(-b for b in bounds)}, key=lambda b: (abs(b), -b)):
        for place, name in enumerate(names):
            for sign, relation in _RELATIONS.items():
                yield f"{name} {sign} {bound:g}", place, relation, bound, False
            if bound > 0:
                for sign in ("<", ">"):
                    yield f"abs({name}) {sign} {bound:g}", place, _RELATIONS[sign], bound, True
