"""Loops that carry Taylor coefficients: what a loop's coefficient of some order is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from gradcli.core.ir.nodes import Node, filled, fresh_input
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.series import Termwise
from gradcli.core.ir.traversal import reachable
from gradcli.core.loops.layout import Layout
from gradcli.core.loops.plan import Carry, Given, Plan, packed, results
from gradcli.core.records import record
from gradcli.core.transforms.taylor import GraphRing, Polynomials, expand_along

P = TypeVar("P")

# Of each argument, of each order from 1 on, the monomials of its coefficient.
Moving: TypeAlias = "tuple[tuple[tuple[int, ...], ...], ...]"
# An argument, an order, a monomial.
Term: TypeAlias = "tuple[int, int, int]"


@record
class Lines:
    """The coefficient of one order as a graph: a node for each monomial, of `outer`, one input for each term.

    `zeros` are inputs that stand for zeros.
    """

    outer: Mapping[Term, Node]
    zeros: Sequence[Node]
    found: Mapping[int, Node]


def expanded(op: Primitive, layout: Layout, moving: Moving, k: int) -> Lines:
    """The loop whose carries are the coefficients up to order k."""
    inputs = layout.inputs
    terms = [[dict.fromkeys(of_order) for of_order in of_arg] + [{}] * (k - len(of_arg)) for of_arg in moving]
    inner: dict[Term, Node] = {}
    while True:
        for i, of_arg in enumerate(terms):
            for j, monomials in enumerate(of_arg, start=1):
                for m in monomials:
                    if (i, j, m) not in inner:
                        inner[i, j, m] = fresh_input("t", inputs[i].shape, inputs[i].dtype)
        paths = {
            inputs[i]: [{m: inner[i, j, m] for m in monomials} or None for j, monomials in enumerate(of_arg, start=1)]
            for i, of_arg in enumerate(terms)
            if any(of_arg)
        }
        series = expand_along(layout.body.outputs, paths, k, Polynomials(GraphRing()))
        grown = False
        for i in range(layout.carried):
            for j in range(1, k + 1):
                more = [m for m in series[i][j] or {} if m not in terms[i][j - 1]]
                if more:
                    terms[i][j - 1] = terms[i][j - 1] | dict.fromkeys(more)
                    grown = True
        if not grown:
            break
    return _Building(layout, series, inner, k).lines(op)


class _Building:
    def __init__(self, layout: Layout, series: Sequence[Sequence[Any]], inner: Mapping[Term, Node], k: int) -> None:
        self._layout, self._series, self._inner, self._k = layout, series, inner, k
        self._zeros: list[Node] = []
        inputs = layout.inputs
        middle = layout.carried + layout.sliced

        def outer(i: int) -> Node:
            stacked = layout.carried <= i < middle
            return fresh_input("o", (layout.length, *inputs[i].shape) if stacked else inputs[i].shape, inputs[i].dtype)

        self._outer = {(i, 0, 0): outer(i) for i in range(len(inputs))} | {term: outer(term[0]) for term in inner}
        self._inputs = {(i, 0, 0): node for i, node in enumerate(inputs)} | dict(inner)

    def lines(self, op: Primitive) -> Lines:
        """The graph."""
        layout, k = self._layout, self._k
        plan, places = self._plan()
        monomials = sorted({m for i in layout.results for m in self._series[i][k] or {}})
        wanted = [(i, m) for m in monomials for i in layout.results if m in (self._series[i][k] or {})]
        parts = dict(zip(wanted, results(op, plan, [places[i, k, m] for i, m in wanted]), strict=True))
        return Lines(self._outer, self._zeros, {m: self._whole(m, parts) for m in monomials})

    def _plan(self) -> tuple[Plan, dict[Term, int]]:
        """The loop of all coefficients, and the places of the terms of outputs."""
        layout, outputs = self._layout, self._layout.body.outputs
        plan = Plan(layout.length, backwards=layout.backwards)
        places: dict[Term, int] = {}
        middle = layout.carried + layout.sliced
        for term, node in self._inputs.items():
            i, j, m = term
            if i < layout.carried:
                value = outputs[i] if j == 0 else (self._series[i][j] or {}).get(m)
                places[term] = len(plan.carries)
                plan.carries.append(Carry(node, self._outer[term], filled(0.0, node) if value is None else value))
            else:
                (plan.slices if i < middle else plan.free).append(Given(node, self._outer[term]))
        ends = layout.carried + layout.summed
        for of_sums, first, last in ((True, layout.carried, ends), (False, ends, len(outputs))):
            for i in range(first, last):
                for m, value in (self._series[i][self._k] or {}).items():
                    places[i, self._k, m] = len(plan.carries) + len(plan.sums) + len(plan.stacks)
                    (plan.sums if of_sums else plan.stacks).append(value)
        return plan, places

    def _whole(self, m: int, parts: Mapping[tuple[int, int], Node]) -> Node:
        """The results of one monomial as the node has them."""
        layout = self._layout
        found = []
        for i, shape in zip(layout.results, layout.shapes, strict=True):
            node = parts.get((i, m))
            if node is None:
                node = fresh_input("0", shape, layout.body.outputs[i].dtype)
                self._zeros.append(node)
            found.append(node)
        return packed(found)


def evaluated(
    lines: Lines, node: Node, terms: Sequence[Sequence[Mapping[int, Any]]], k: int, algebra: Termwise[P]
) -> P | None:
    """The coefficient of a node, from the terms of its arguments."""
    ring = algebra.ring
    values: dict[Node, Any] = {zero: ring.zero(zero) for zero in lines.zeros}
    for (i, j, m), outer in lines.outer.items():
        arg = node.args[i]
        known = terms[i][j] if j < len(terms[i]) else {}
        values[outer] = ring.value(arg) if j == 0 else known[m] if m in known else ring.zero(arg)
    for step in reachable(list(lines.found.values())):
        if step not in values:
            assert isinstance(step, Application), f"{step!r} is a number in a loop's coefficient"
            values[step] = ring.apply(step.op, [values[arg] for arg in step.args], step.attrs)
    found = {m: values[whole] for m, whole in lines.found.items()}
    return algebra.collected(found, k) if found else None
