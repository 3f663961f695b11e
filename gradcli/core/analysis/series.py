"""Taylor coefficients as numbers at once, with no graph of them: for a single answer at a high order.

A graph of coefficients has as many nodes as there are products, which pays where it is run often. Here each
coefficient is computed as the expansion comes to it, from the same closure and the same laws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, localcontext
from math import comb, factorial, isfinite, prod
from typing import Any

from gradcli.core.analysis.coefficients import Arrays, Decimals, Floats, Wide, digits
from gradcli.core.engines.program import Program
from gradcli.core.engines.protocol import Data
from gradcli.core.errors import CoreError
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.templates import has_template
from gradcli.core.records import record
from gradcli.core.transforms.closure import Closure, close
from gradcli.core.transforms.taylor import Exponents, Line, Polynomials, Scale, expand, exponents_of, unit_monomials

# Sums of products whose signs alternate lose digits, more with every order: beyond this one they are counted again.
HIGHEST_IN_FLOATS = 8
# As many as in a second or so.
MOST_PRODUCTS_IN_DIGITS = 3_000_000
FIRST_DIGITS, FEW_DIGITS, MOST_DIGITS = 40, 17, 2_560
SAME_DIGITS = 2e-15
# Beyond these it takes minutes, or more memory than it is worth.
MOST_PRODUCTS = 200_000_000
# With exponents of their own, numbers take several times as long.
MOST_WIDE_PRODUCTS = 20_000_000
# A coefficient of a low order is no smaller than its derivative by much; one of a high order may vanish.
LEAST_VANISHING = 10
SMALLEST_TRUSTED = 1e-290
BYTES_OF_A_COEFFICIENT = 150
MOST_MEMORY = 2**32


@record
class Expansion:
    """The derivatives of each output by the exponents of the variables; zeros are left out.

    `beyond` says that one is beyond the largest float, and stands there as inf.
    """

    parts: list[dict[Exponents, Data]]
    beyond: bool = False


def partials_at(
    outputs: Sequence[Node],
    variables: Sequence[Sequence[Node]],
    order: int,
    values: Mapping[Node, Data],
    coefficients: bool = False,
) -> Expansion:
    """Every partial derivative of each output up to an order, or the Taylor `coefficients` that they are multiples of.

    A variable is one node or several, all of whose elements grow alike. `values` gives those of all free inputs.
    A derivative has its output's shape.

    Raises:
        CoreError: for what would take minutes or more memory than there is, before anything is computed.
    """
    closure = close(outputs, [node for nodes in variables for node in nodes], order)
    products = closure.products(len(variables), order)
    _refuse_what_takes_too_long(products, len(closure.active), len(variables), order)
    program = Program(closure.nodes, list(values))
    found = dict(zip(closure.nodes, program(*values.values()), strict=True))
    # A program may do without what an expansion goes through, such as a transposition.
    if not program.engine.on_arrays and all(not node.args or has_template(node) for node in closure.nodes):
        return _expanded(outputs, variables, order, closure, products, Floats(found), coefficients)
    import numpy as np

    with np.errstate(all="ignore"):
        return _expanded(outputs, variables, order, closure, products, Arrays(found), coefficients)


def _expanded(
    outputs: Sequence[Node],
    variables: Sequence[Sequence[Node]],
    order: int,
    closure: Closure,
    products: int,
    ring: Any,
    coefficients: bool,
) -> Expansion:
    def run(ring: Any, step: float, finish: Callable[[Any, Exponents], Any]) -> list[dict[Exponents, Any]]:
        if len(variables) == 1:
            path = {node: ring.number(step, node) for node in variables[0]}
            found = expand(outputs, path, order, Line(ring), closure)
            return [{(k,): finish(v, (k,)) for k, v in enumerate(series) if v is not None} for series in found]
        units = unit_monomials(len(variables), order)
        paths = {n: {unit: ring.number(step, n)} for nodes, unit in zip(variables, units, strict=True) for n in nodes}
        return [
            {
                exponents: finish(value, exponents)
                for part in series
                for monomial, value in (part or {}).items()
                for exponents in [exponents_of(monomial, len(variables), order)]
            }
            for series in expand(outputs, paths, order, Polynomials(ring), closure)
        ]

    def weight(exponents: Exponents) -> int:
        return 1 if coefficients else prod(map(factorial, exponents))

    scale = Scale(order)
    parts = run(ring, scale.step, lambda value, e: ring.scale(value, scale.weight(e, coefficients)))
    lost = any(_is_lost(ring, value, e) for found in parts for e, value in found.items())
    if isinstance(ring, Floats) and (lost or order > HIGHEST_IN_FLOATS) and products <= MOST_PRODUCTS_IN_DIGITS:
        return _in_digits(parts, ring, order, lambda exact: run(exact, 1.0, lambda value, e: value * weight(e)))
    if not lost or products > MOST_WIDE_PRODUCTS:
        return Expansion(parts)
    wide = Wide(ring)
    pairs = run(wide, 1.0, lambda value, e: (value, weight(e)))
    parts = [{e: wide.whole(*pair) for e, pair in found.items()} for found in pairs]
    beyond = any(
        isfinite(ring.size(pair[0][0])) and not isfinite(ring.size(parts[i][e]))
        for i, found in enumerate(pairs)
        for e, pair in found.items()
    )
    return Expansion(parts, beyond)


def _in_digits(
    parts: list[dict[Exponents, Any]],
    floats: Floats,
    order: int,
    run: Callable[[Decimals], list[dict[Exponents, Decimal]]],
) -> Expansion:
    """The same in decimals, to more and more digits until the last few of them no longer change those of a float."""
    count = FIRST_DIGITS + 2 * (order // 8)
    while True:
        with localcontext(digits(count)):
            exact = run(Decimals(floats))
        before, parts = parts, [{e: float(value) for e, value in found.items()} for found in exact]
        pairs = zip(parts, before, strict=True)
        settled = all(_is_near(value, other.get(e, 0.0)) for found, other in pairs for e, value in found.items())
        if settled or count >= MOST_DIGITS:
            every = [(value, parts[i][e]) for i, found in enumerate(exact) for e, value in found.items()]
            return Expansion(parts, any(value.is_finite() and not isfinite(number) for value, number in every))
        # The digits that one run has lost are not those that one of a few more has.
        count = count + FEW_DIGITS if count % 2 == 0 else 2 * (count - FEW_DIGITS)


def _is_near(a: float, b: float) -> bool:
    return a == b or (a != a and b != b) or abs(a - b) <= SAME_DIGITS * abs(a)


def _is_lost(ring: Any, value: Any, exponents: Exponents) -> bool:
    """Whether a number may have left the range of floats on the way, upwards or, at higher orders, downwards."""
    size = ring.size(value)
    return not isfinite(size) or ring.has_nan(value) or (sum(exponents) >= LEAST_VANISHING and size < SMALLEST_TRUSTED)


def _refuse_what_takes_too_long(products: int, nodes: int, variables: int, order: int) -> None:
    memory = nodes * comb(variables + order, order) * BYTES_OF_A_COEFFICIENT
    if products > MOST_PRODUCTS or memory > MOST_MEMORY:
        raise CoreError(
            f"order {order} in {variables} {'variable' if variables == 1 else 'variables'} would take about "
            f"{products:.2g} products and {memory / 2**30:.2g} GiB",
            "ask for a lower order, or for fewer variables",
        )
