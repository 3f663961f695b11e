"""The law of loops: the derivative of a loop, in every mode, is a loop again.

Reverse mode runs the step's own adjoint the other way, over the carries as they were: a loop that keeps them comes
before (Griewank, Walther 2008, 3.2). Where all of them take too much memory, the loop is taken as a loop of loops,
each of which keeps its own when it is run again (the same, 12). Taylor mode carries coefficients.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import ClassVar, TypeVar

from gradcli.core.ir.laws import Adjoints, Dependence, Law
from gradcli.core.ir.nodes import Node, filled, fresh_input
from gradcli.core.ir.primitive import Primitive
from gradcli.core.ir.series import Expansion, Termwise
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable, substitute
from gradcli.core.limits import limit
from gradcli.core.loops.expanded import evaluated, expanded
from gradcli.core.loops.layout import Layout, layout_of
from gradcli.core.loops.plan import Carry, Given, Plan, results, unpacked
from gradcli.core.primitives.shaping import concatenate, part, reshape
from gradcli.core.records import record
from gradcli.core.transforms.reverse import vjp

P = TypeVar("P")

MIB = 2**20


@record
class Looping(Law):
    """A step's graph, whose derivatives are the steps of other loops."""

    termwise: ClassVar[bool] = True

    def pullback(self, node: Node, g: Node, wanted: Sequence[bool]) -> Adjoints:
        """One loop that keeps what another, which runs the other way, reads."""
        op, layout = node.op, layout_of(node.attrs)
        assert isinstance(op, Primitive)
        if not node.dtype.is_float:
            return (None,) * len(node.args)
        seeds = dict(zip(layout.results, unpacked(g, layout.shapes), strict=True))
        if layout.length > 3 and _kept_bytes(layout) > limit("max_kept") * MIB:
            return _in_pieces(op, layout, node.args, seeds, wanted)
        return _reversed(op, layout, node.args, seeds, wanted)

    def coefficient(self, node: Node, k: int, at: Expansion[P]) -> P | None:
        """A loop that carries the coefficients up to this one."""
        op, layout, algebra = node.op, layout_of(node.attrs), at.algebra
        assert isinstance(op, Primitive)
        assert isinstance(algebra, Termwise)
        terms = [[{} if p is None else algebra.terms(p, j) for j, p in enumerate(at.series(arg))] for arg in node.args]
        moving = tuple(tuple(tuple(sorted(of_order)) for of_order in of_arg[1 : k + 1]) for of_arg in terms)
        if not node.dtype.is_float or not any(map(any, moving)):
            return None
        lines = layout.body.derived(("taylor", layout.key, moving, k), lambda: expanded(op, layout, moving, k))
        return evaluated(lines, node, terms, k, algebra)

    def dependence(self, node: Node, i: int) -> Dependence:
        """On any."""
        return Dependence.ANY


def _kept_bytes(layout: Layout) -> int:
    return layout.length * sum(size_of(c.shape) * c.dtype.itemsize for c in layout.carries)


def _reversed(
    op: Primitive, layout: Layout, args: Sequence[Node], seeds: dict[int, Node], wanted: Sequence[bool]
) -> Adjoints:
    """The loop of the step's adjoint, over the carries that the loop kept."""
    plan = layout.plan(args)
    outputs = layout.body.outputs
    middle = layout.carried + layout.summed
    asked = [i for i, want in enumerate(wanted) if want and layout.inputs[i].dtype.is_float]
    moving = [i for i in range(layout.carried) if outputs[i].dtype.is_float]

    def step() -> tuple[dict[int, Node], dict[int, Node]]:
        """The adjoint of each output as an input, and by these the share of each input."""
        given = {i: fresh_input("g", outputs[i].shape, outputs[i].dtype) for i in dict.fromkeys([*moving, *seeds])}
        places = sorted({*moving, *asked})
        shares = vjp([outputs[i] for i in given], [layout.inputs[i] for i in places], list(given.values()))
        return dict(given), dict(zip(places, shares, strict=True))

    given, share = layout.body.derived(("adjoint", layout.carried, tuple(seeds), tuple(asked)), step)
    back = Plan(layout.length, backwards=not layout.backwards)
    back.carries = [Carry(given[i], seeds.get(i, filled(0.0, outputs[i])), share[i]) for i in moving]
    back.slices = [*plan.slices, *(Given(given[i], g) for i, g in seeds.items() if i >= middle)]
    back.free = [*plan.free, *(Given(given[i], g) for i, g in seeds.items() if layout.carried <= i < middle)]
    of_slices = [i for i in asked if layout.carried <= i < layout.carried + layout.sliced]
    of_free = [i for i in asked if i >= layout.carried + layout.sliced]
    back.sums, back.stacks = [share[i] for i in of_free], [share[i] for i in of_slices]
    back.slices += _kept(op, plan, back)
    order = [*moving, *of_free, *of_slices]
    found = dict(zip(asked, results(op, back, [order.index(i) for i in asked]), strict=True))
    return tuple(found.get(i) for i in range(len(args)))


def _kept(op: Primitive, plan: Plan, back: Plan) -> list[Given]:
    """The carries before each step, those that the other loop reads."""
    used = set(reachable(back.outputs()))
    read = [carry for carry in plan.carries if carry.input in used]
    keeping = Plan(plan.length, plan.carries, plan.slices, plan.free, [], [c.input for c in read], plan.backwards)
    first = len(plan.carries)
    kept = results(op, keeping, range(first, first + len(read)))
    return [Given(carry.input, node) for carry, node in zip(read, kept, strict=True)]


def _in_pieces(
    op: Primitive, layout: Layout, args: Sequence[Node], seeds: dict[int, Node], wanted: Sequence[bool]
) -> Adjoints:
    """The adjoints of the same loop as one of loops."""
    own = [fresh_input("a", arg.shape, arg.dtype) for arg in args]
    whole = in_pieces(op, layout, own)
    asked = [i for i, want in enumerate(wanted) if want and args[i].dtype.is_float]
    found = vjp([whole[i] for i in seeds], [own[i] for i in asked], list(seeds.values()))
    outside: dict[Node, Node] = dict(zip(own, args, strict=True))
    shares = dict(zip(asked, substitute(found, outside), strict=True))
    return tuple(shares.get(i) for i in range(len(args)))


def in_pieces(op: Primitive, layout: Layout, args: Sequence[Node]) -> list[Node]:
    """Every output of a loop that is taken as a loop of loops, of about as many steps each as there are loops."""
    plan, n = layout.plan(args), layout.length
    inner = isqrt(n)
    outer, rest = divmod(n, inner)
    # The steps that come last are those of the first slices, where it runs backwards.
    first, last = (rest, 0) if plan.backwards else (0, outer * inner)
    pieces = [fresh_input("s", (inner, *s.input.shape), s.input.dtype) for s in plan.slices]
    within = Plan(inner, [], [], plan.free, plan.sums, plan.stacks, plan.backwards)
    own = [fresh_input("c", c.input.shape, c.input.dtype) for c in plan.carries]
    within.carries = [Carry(c.input, o, c.next) for c, o in zip(plan.carries, own, strict=True)]
    within.slices = [Given(s.input, p) for s, p in zip(plan.slices, pieces, strict=True)]
    # What every step reads has inputs of its own in the outer loop, which stand for those of the body.
    held = [fresh_input("p", f.input.shape, f.input.dtype) for f in plan.free]
    within.free = [Given(f.input, h) for f, h in zip(plan.free, held, strict=True)]
    made = results(op, within, range(len(layout.body.outputs)))
    carried, middle = layout.carried, layout.carried + layout.summed
    around = Plan(outer, backwards=plan.backwards)
    around.carries = [Carry(o, c.start, m) for o, c, m in zip(own, plan.carries, made, strict=False)]
    around.slices = [
        Given(p, reshape(part(s.node, 0, first, outer * inner), shape=(outer, *p.shape)))
        for p, s in zip(pieces, plan.slices, strict=True)
    ]
    around.free = [Given(h, f.node) for h, f in zip(held, plan.free, strict=True)]
    around.sums, around.stacks = made[carried:middle], made[middle:]
    found = results(op, around, range(len(made)))
    stacks = [reshape(x, shape=(outer * inner, *x.shape[2:])) for x in found[middle:]]
    if not rest:
        return [*found[:middle], *stacks]
    tail = layout.plan(
        [*found[:carried], *(part(s.node, 0, last, rest) for s in plan.slices), *args[carried + layout.sliced :]]
    )
    tail.length = rest
    more = results(op, tail, range(len(made)))
    sums = [a + b for a, b in zip(found[carried:middle], more[carried:middle], strict=True)]
    joined = [
        concatenate(*((b, a) if plan.backwards else (a, b)), axis=0) for a, b in zip(stacks, more[middle:], strict=True)
    ]
    return [*more[:carried], *sums, *joined]
