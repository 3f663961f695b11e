"""Hessians of functions of differences, and of other sums of few elements: by those of the function itself.

Where f(x) = g(c(x)) and each element of c is a sum of few elements of x, the Hessian of g is sparse more often than
that of f, and the chain rule adds its entries up where they belong (partial separability: Griewank, Toint 1982).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from gradcli.core.analysis.compressed import Sparse, sparse_jacobian
from gradcli.core.analysis.dependence import DenseError, Indices, known_value
from gradcli.core.ir.laws import Bilinear, Linear
from gradcli.core.ir.nodes import Node, array_constant, filled
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import dependents, reachable
from gradcli.core.primitives.indexing import put_add, take
from gradcli.core.primitives.shaping import concatenate, reshape
from gradcli.core.records import record
from gradcli.core.transforms.reverse import vjp

# An element that is a sum of more is not one of few.
MOST_TERMS = 8
# So many nodes, the last ones, are asked whether they are sums of few elements.
LATEST = 4
# Adding up an entry takes as long as so many operations of a sweep.
OPERATIONS_OF_AN_ENTRY = 32


@record
class Term:
    """Elements of a variable at the places of a tensor, counted from 1, 0 for none; and what they are multiplied by."""

    places: Indices
    factor: float | Node

    def times(self, share: float | Node) -> Term:
        """The same multiplied by what has the tensor's shape, or by a number."""
        return Term(self.places, share if self.factor == 1 else self.factor * share)


Terms = list[Term]


def hessian_by_terms(output: Node, by: Sequence[Node]) -> list[list[Node]] | None:
    """The blocks of the Hessian of a number, on and above the diagonal; None where that is not less work.

    Each has the shapes of both variables.
    """
    for inner in _affine(output, by):
        terms = [_terms(inner, variable) for variable in by]
        if all(terms):
            break
    else:
        return None
    (slope,) = vjp([output], [inner], [filled(1.0, output)])
    try:
        middle = sparse_jacobian(slope, inner, paying=True)
    except DenseError:
        return None
    width = sum(size_of(variable.shape) for variable in by)
    elements = sum(size_of(node.shape) for node in dependents(reachable([slope]), by))
    entries = middle.pattern.count * sum(len(found or ()) for found in terms) ** 2
    if middle.sweeps * elements + entries * OPERATIONS_OF_AN_ENTRY >= width * elements:
        return None
    return [
        [_block(middle, terms[i] or [], terms[j] or [], by[i], by[j]) for j in range(i, len(by))]
        for i in range(len(by))
    ]


def _affine(output: Node, by: Sequence[Node]) -> list[Node]:
    """The nodes affine in the variables that all ways from these to the output go through, the last first."""
    order = reachable([output])
    moving = dependents(order, by)
    active = [node for node in order if node in moving]
    place = {node: i for i, node in enumerate(active)}
    if any(variable not in place for variable in by):
        return []
    affine: set[Node] = set(by)
    furthest = list(range(len(active)))
    for node in active:
        args = [arg for arg in node.args if arg in place]
        for arg in args:
            furthest[place[arg]] = place[node]
        if node not in affine and _is_affine(node, [i for i, arg in enumerate(node.args) if arg in place]):
            affine.update([node] if all(arg in affine for arg in args) else [])
    found, reach = [], 0
    first = max(place[variable] for variable in by)
    for i, node in enumerate(active):
        if first < i and reach <= i and node in affine and node is not output:
            found.append(node)
        reach = max(reach, furthest[i])
    return found[: -LATEST - 1 : -1]


def _is_affine(node: Node, moving: Sequence[int]) -> bool:
    """Whether a node is affine in some of its arguments."""
    if not isinstance(node, Application):
        return False
    law = node.op.law
    if isinstance(law, Linear):
        return all(i in law.linear_in(node) for i in moving)
    return isinstance(law, Bilinear) and len(moving) == 1


def _terms(output: Node, variable: Node) -> Terms | None:
    """An affine node as a sum of elements of a variable, but for what doesn't depend on it; None for too many."""
    order = reachable([output])
    active = dependents(order, [variable])
    every = np.arange(1, size_of(variable.shape) + 1).reshape(variable.shape)
    found: dict[Node, Terms] = {variable: [Term(every, 1.0)]}
    for node in order:
        if node in active and node not in found:
            assert isinstance(node, Application)
            terms: Terms = []
            for i, arg in enumerate(node.args):
                if arg in found:
                    part = _moved(node, i, found[arg]) if node.op.moves else _multiplied(node, i, found[arg])
                    if part is None:
                        return None
                    terms += part
            if len(terms) > MOST_TERMS:
                return None
            found[node] = terms
    return found.get(output)


def _moved(node: Application, i: int, terms: Terms) -> Terms | None:
    known = {j: known_value(node.args[j]) for j in node.op.integers}
    if any(value is None for value in known.values()):
        return None
    kernel = node.op.kernel
    assert callable(kernel)

    def places(term: Term) -> Any:
        zeros = [np.zeros(arg.shape, np.int64) for arg in node.args]
        args = [term.places if j == i else known.get(j, zero) for j, zero in enumerate(zeros)]
        return kernel(np, *args, **node.attrs)

    def factor(term: Term) -> float | Node:
        if not isinstance(term.factor, Node):
            return term.factor
        args = [term.factor if j == i else arg if j in known else filled(0.0, arg) for j, arg in enumerate(node.args)]
        return node.op(*args, **node.attrs)

    return [Term(places(term), factor(term)) for term in terms]


def _multiplied(node: Application, i: int, terms: Terms) -> Terms | None:
    law = node.op.law
    if not node.op.pointwise or not isinstance(law, (Linear, Bilinear)):
        return None
    share = law.adjoint(filled(1.0, node), *node.args, **node.attrs)[i]
    if share is None:
        return []
    value = known_value(share)
    if value is not None and value.size and (value == value.flat[0]).all():
        return [term.times(float(value.flat[0])) for term in terms]
    return [term.times(share) for term in terms]


def _block(middle: Sparse, of_rows: Terms, of_columns: Terms, rows: Node, columns: Node) -> Node:
    """The entries of the inner Hessian, multiplied and added up where they belong."""
    width = size_of(columns.shape)
    values: list[Node] = []
    places: list[Indices] = []
    for a, b in product(of_rows, of_columns):
        row, column = a.places.ravel()[middle.pattern.rows], b.places.ravel()[middle.pattern.columns]
        kept = np.flatnonzero((row > 0) & (column > 0))
        value = middle.values
        for term, there in ((a, middle.pattern.rows), (b, middle.pattern.columns)):
            if isinstance(term.factor, Node):
                value = value * take(reshape(term.factor, shape=(term.places.size,)), array_constant(there))
            elif term.factor != 1:
                value = value * term.factor
        values.append(value if len(kept) == len(row) else take(value, array_constant(kept)))
        places.append((row[kept] - 1) * width + column[kept] - 1)
    together = concatenate(*values, axis=0) if len(values) > 1 else values[0]
    total = put_add(together, array_constant(np.concatenate(places)), length=size_of(rows.shape) * width)
    return reshape(total, shape=rows.shape + columns.shape)
