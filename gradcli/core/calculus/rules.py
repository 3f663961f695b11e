"""A value with a derivative of its own: what is beside it says how adjoints and tangents go through.

The first argument is the value, through which nothing goes. Behind it stand the inputs, to which the rule sends
adjoints, what else the value reads, which gets those that it would get anyway, and what the rule itself reads.
Adjoints and rates are graphs at the node's arguments, so that they are differentiated further as any others are.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence, Set
from typing import Any

from gradcli.core.calculus.bodies import Body, closed, instance
from gradcli.core.calculus.declare import lift_samples
from gradcli.core.errors import CoreError
from gradcli.core.ir.laws import Adjoints, Dependence, Law
from gradcli.core.ir.nodes import Node, filled, fresh_input
from gradcli.core.ir.primitive import Application, Examples, Primitive, intern
from gradcli.core.ir.series import Expansion, Facts
from gradcli.core.ir.traversal import reachable
from gradcli.core.records import record
from gradcli.core.transforms.forward import jvp
from gradcli.core.transforms.reverse import vjp

NO_FORWARD = "this adjoint is no linear function of the one that comes in, so that there is no forward mode"
NOT_LINEAR = "this rate is no linear function of the tangents"


class Rule:
    """How derivatives go through: graphs of the inputs and an adjoint, or of the inputs and their tangents.

    `pull` has a graph for each input, None where none is sent; `push` is one, where it is known. With `own_rate`
    tangents go through the value itself.
    """

    def __init__(
        self, pull: Sequence[tuple[Body, range] | None], push: tuple[Body, range] | None, own_rate: bool = False
    ) -> None:
        self.pull, self.push, self.own_rate = tuple(pull), push, own_rate
        self.key = (tuple(None if p is None else (p[0], p[1]) for p in self.pull), push, own_rate)

    def __repr__(self) -> str:
        return f"<rule {self.key}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rule) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@record
class Ruled(Law):
    """Each input gets what the rule says."""

    def pullback(self, node: Node, g: Node, wanted: Sequence[bool]) -> Adjoints:
        """The rule's graphs at the adjoint."""
        rule, count, size = _parts(node)
        xs = node.args[1 : 1 + count]
        found: list[Node | None] = [None]
        for i, part in enumerate(rule.pull):
            if part is None or not wanted[1 + i]:
                found.append(None)
                continue
            body, places = part
            values = dict(zip(body.variables, [*xs, g], strict=True))
            values |= zip(body.free, (node.args[k] for k in places), strict=True)
            found.append(instance([body.output], values, size)[0])
        return (*found, *[None] * (len(node.args) - len(found)))

    def facts(self, node: Node, active: Set[Node]) -> Facts:
        """The rate, as a graph of fresh tangents."""
        rule, count, size = _parts(node)
        if rule.own_rate:
            return Facts()
        tangents = {arg: fresh_input("tangent", arg.shape, arg.dtype) for arg in node.args if arg in active}
        y, *xs = node.args[: 1 + count]
        rate: Node | None = None
        if any(x in active for x in xs):
            if rule.push is None:
                raise CoreError(NO_FORWARD, "take its derivatives by grad, once; second orders by grad(grad(f))")
            body, places = rule.push
            along = [tangents[x] if x in tangents else filled(0.0, x) for x in xs]
            values = dict(zip(body.variables, [*xs, *along], strict=True))
            values |= zip(body.free, (node.args[k] for k in places), strict=True)
            (rate,) = instance([body.output], values, size)
        # What the rule reads moves the rule, and the value not at all.
        return Facts(rate=filled(0.0, y) if rate is None else rate, tangents=tangents)

    def coefficient(self, node: Node, k: int, at: Expansion[Any]) -> Any:
        """The rate at order k - 1 is k y_k."""
        if _parts(node)[0].own_rate:
            return at.order(node.args[0], k)
        total = at.rate(node, k)
        return total if total is None or k == 1 else at.algebra.divide(total, k)

    def dependence(self, node: Node, i: int) -> Dependence:
        """On any of what the rule sends adjoints to."""
        rule, count, _ = _parts(node)
        return Dependence.ANY if 1 <= i <= count or (i == 0 and rule.own_rate) else Dependence.NONE

    def products(self, facts: Facts) -> int:
        """The rate is counted as one."""
        return 1


def _parts(node: Node) -> tuple[Rule, int, int]:
    rule, size = node.attrs["rule"], node.attrs["size"]
    assert isinstance(rule, Rule)
    return rule, len(rule.pull), size


class WithRule(Primitive):
    """The primitive of such values, with the attributes `rule` and `size`, the samples along a leading axis."""

    def __call__(self, *args: Any, **attrs: Hashable) -> Application:
        """The node."""
        return intern(self, args, attrs, args[0].shape, args[0].dtype)


ruled = WithRule(
    name="ruled",
    law=Ruled(),
    arity=-1,
    summary="a value with a derivative of its own",
    examples=Examples(),
    kernel=lambda xp, y, *rest, **attrs: xp.array(y),
    math="{0}",
    shape=lambda y, *rest, **attrs: y,
    lift=lift_samples,
    broadcasts=False,
    reading=lambda y, *rest, **attrs: y,
)


def with_rule(y: Node, xs: Sequence[Node], rule: Rule, read: Sequence[Node]) -> Node:
    """A value, its inputs, the rule, and what the rule reads."""
    return ruled(y, *xs, *read, rule=rule, size=0)


class Reading:
    """What the parts of a rule read, as arguments of the node behind the inputs."""

    def __init__(self, inputs: int) -> None:
        self.nodes: list[Node] = []
        self._first = 1 + inputs

    def part(self, output: Node, variables: Sequence[Node]) -> tuple[Body, range]:
        """A graph as a part of the rule."""
        body, args = closed(output, variables)
        start = self._first + len(self.nodes)
        self.nodes += args
        return body, range(start, start + len(args))


class _Plain:
    """A function at inputs of its own: what it gives, and what it reads besides, which it depends on as it is."""

    def __init__(self, plain: Callable[[Sequence[Node]], Node], xs: Sequence[Node]) -> None:
        inputs: list[Node] = [fresh_input(f"x{i}", x.shape, x.dtype) for i, x in enumerate(xs)]
        self.body, outer = closed(plain(inputs), inputs)
        self.inputs, self.args = [*self.body.variables, *self.body.free], [*xs, *outer]
        self.own = self.inputs[: len(xs)]
        self.other = [n for n in self.body.free if n.dtype.is_float]
        (self.value,) = instance([self.body.output], dict(zip(self.inputs, self.args, strict=True)), 0)
        self.adjoint = fresh_input("adjoint", self.value.shape, self.value.dtype)
        self.tangents: list[Node] = [fresh_input(f"t{i}", n.shape, n.dtype) for i, n in enumerate(self.inputs)]

    def others(self) -> dict[Node, Node]:
        """The adjoints of what is read besides."""
        found = vjp([self.body.output], self.other, [self.adjoint])
        return dict(zip(self.other, found, strict=True))

    def ruled(self, pull: Sequence[Node | None], push: Node | None, own_rate: bool = False) -> Node:
        """The value with its rule."""
        reading = Reading(len(self.inputs))
        pulls = [None if o is None else reading.part(o, [*self.inputs, self.adjoint]) for o in pull]
        pushed = None if push is None else reading.part(push, [*self.inputs, *self.tangents])
        return with_rule(self.value, self.args, Rule(pulls, pushed, own_rate), reading.nodes)


def by_adjoint(
    plain: Callable[[Sequence[Node]], Node],
    xs: Sequence[Node],
    graph: Callable[[Sequence[Node], Node, Node], Sequence[Node | None]],
    own_rate: bool = False,
) -> Node:
    """A function of inputs, whose adjoints another gives: of the inputs, the value, and the adjoint that comes in.

    With `own_rate` forward mode goes through the function itself, else by the transpose of its adjoints.
    """
    at = _Plain(plain, xs)
    own = [*graph(at.own, at.body.output, at.adjoint)]
    others = at.others()
    pull = [*own, *(others.get(n) for n in at.body.free)]
    if own_rate:
        return at.ruled(pull, None, own_rate)
    # The rate is the transpose of what is linear in the adjoint; where it is not, that is still in it.
    some = [i for i, o in enumerate(pull) if o is not None]
    (rate,) = vjp([o for o in pull if o is not None], [at.adjoint], [at.tangents[i] for i in some])
    return at.ruled(pull, None if at.adjoint in reachable([rate]) else rate)


def by_tangents(
    plain: Callable[[Sequence[Node]], Node],
    xs: Sequence[Node],
    graph: Callable[[Sequence[Node], Node, Sequence[Node]], Node],
) -> Node:
    """A function of inputs, whose rate another gives: of the inputs, the value, and a tangent for each input.

    Raises:
        CoreError: for a rate that is not linear in the tangents.
    """
    at = _Plain(plain, xs)
    along = at.tangents[: len(at.own)]
    rate = graph(at.own, at.body.output, along)
    adjoints = vjp([rate], along, [at.adjoint])
    if {*along} & {*reachable(adjoints)}:
        raise CoreError(NOT_LINEAR, "each term of it has one tangent as a factor")
    moving = [t for n, t in zip(at.inputs, at.tangents, strict=True) if n in at.other]
    if at.other:
        rate = rate + jvp([at.body.output], at.other, moving)[0]
    others = at.others()
    return at.ruled([*adjoints, *(others.get(n) for n in at.body.free)], rate)
