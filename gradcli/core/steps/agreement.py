"""Whether two graphs of numbers are one function: by their values at many points, and where they are, if on a part."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import isfinite, isnan
from typing import TypeAlias

from gradcli.core.engines.program import Program
from gradcli.core.ir.nodes import Node
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

# What two ways of computing one number may differ by, beside what rounding the point makes of each.
RELATIVE, ABSOLUTE = 1e-8, 1e-290
NUDGES = (2.0**-50, -(2.0**-50), 3 * 2.0**-51)
MOST_NOISE = 64.0
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


def points(count: int) -> list[tuple[Point, bool]]:
    """Where functions of so many variables are compared, the same each time; special ones first."""
    rng = random.Random(2718)
    if count == 1:
        special: list[Point] = [(x,) for x in SPECIAL]
    elif count == 2:
        special = [*product(FEW, repeat=2)]
    else:
        alike: list[Point] = [(x,) * count for x in FEW]
        special = [*alike, *(tuple(rng.choice(FEW) for _ in range(count)) for _ in range(MOST_POINTS // 2))]
    drawn = [tuple(rng.uniform(*span) for _ in range(count)) for span in SPANS for _ in range(IN_EACH_SPAN)]
    return [*((at, True) for at in special), *((at, False) for at in drawn)]


def samples(base: Node, expected: Node, given: Node, inputs: Sequence[Node]) -> list[Sample]:
    """Both at each point at which the base function and what is expected have a value.

    Raises:
        CoreError: for more work than the limits allow.
    """
    program = Program([base, expected, given], list(inputs))
    found = []
    for at, chosen in points(len(inputs)):
        of, want, got = _at(program, at)
        if isfinite(of) and isfinite(want) and abs(got) != float("inf"):
            found.append(Sample(at, want, got, _agree(program, at, want, got), chosen))
    return found


def _at(program: Program, at: Point) -> tuple[float, ...]:
    return tuple(float(value) for value in program(*at))


def _agree(program: Program, at: Point, want: float, got: float) -> bool:
    if isnan(got):
        return False
    allowed = RELATIVE * max(abs(want), abs(got)) + ABSOLUTE
    gap = abs(want - got)
    if gap <= allowed:
        return True
    if gap > 1e-3 * max(abs(want), abs(got)):
        # Rounding may be all that there is of a number that others cancel to.
        allowed = 0.0
    noise = 0.0
    for nudge in NUDGES:
        _, near, other = _at(program, tuple(x * (1 + nudge) for x in at))
        noise = max(noise, *(abs(d) for d in (near - want, other - got) if isfinite(d)), 0.0)
    return gap <= allowed + MOST_NOISE * noise


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


def agrees_somewhere(found: Sequence[Sample]) -> bool:
    """Whether two functions agree at points enough for a part, and not by chance."""
    return sum(s.agrees and not s.chosen and max(map(abs, s.at), default=0.0) <= NEAR for s in found) >= ENOUGH


def part(found: Sequence[Sample], names: Sequence[str]) -> str | None:
    """Where two functions agree, as a condition on one variable; None where they agree on no such part."""
    if not agrees_somewhere(found):
        return None
    for text, place, relation, bound, of_size in _conditions(names):
        holds = [relation(abs(s.at[place]) if of_size else s.at[place], bound) for s in found]
        if all(h == s.agrees for h, s in zip(holds, found, strict=True)):
            return text
    return None


def _conditions(names: Sequence[str]) -> Iterator[tuple[str, int, Callable[[float, float], bool], float, bool]]:
    """Conditions on one variable, the simplest first: in words, its place, the relation to a bound, whether of size."""
    for bound in sorted(SPECIAL, key=abs):
        for place, name in enumerate(names):
            for sign, relation in _RELATIONS.items():
                yield f"{name} {sign} {bound:g}", place, relation, bound, False
            if bound > 0:
                for sign in ("<", ">"):
                    yield f"abs({name}) {sign} {bound:g}", place, _RELATIONS[sign], bound, True
