"""Taylor coefficients as numbers at once, with no graph of them: for a single answer at a high order.

A graph of coefficients has as many nodes as there are products, which pays where it is run often. Here each
coefficient is computed as the expansion comes to it, from the same closure and the same laws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import comb
from typing import TYPE_CHECKING, Any

from gradcli.core.compile.engine import Data, Program
from gradcli.core.compile.templates import applied
from gradcli.core.errors import CoreError
from gradcli.core.graph import Node
from gradcli.core.laws import Primitive
from gradcli.core.transforms.closure import close
from gradcli.core.transforms.taylor import Polynomials, Scale, expand, exponents_of, unit_monomials

if TYPE_CHECKING:
    import numpy

# Beyond these it takes minutes, or more memory than it is worth.
MOST_PRODUCTS = 200_000_000
BYTES_OF_A_COEFFICIENT = 150
MOST_MEMORY = 2**32


class Floats:
    """Float64 scalars, with no need of NumPy."""

    def __init__(self, values: Mapping[Node, Any]) -> None:
        self._values = values

    def value(self, node: Node) -> Any:
        """The number."""
        return self._values[node]

    def zero(self, node: Node) -> float:
        """0."""
        return 0.0

    def apply(self, op: Primitive, args: Sequence[Any], attrs: Mapping[str, Any]) -> float:
        """The template of the primitive, evaluated."""
        if op.name == "multiply":
            return args[0] * args[1]  # type: ignore[no-any-return]
        return applied(op, args, attrs)  # type: ignore[no-any-return]

    def add(self, a: float, b: float) -> float:
        """The sum."""
        return a + b

    def scale(self, a: float, factor: float) -> float:
        """The product."""
        return a * factor


class Arrays:
    """Tensors of any shape and dtype."""

    def __init__(self, values: Mapping[Node, Any]) -> None:
        import numpy as np

        self._values = {node: np.asarray(value, dtype=node.dtype.value) for node, value in values.items()}
        self._np = np

    def value(self, node: Node) -> numpy.ndarray[Any, Any]:
        """The array."""
        return self._values[node]

    def zero(self, node: Node) -> numpy.ndarray[Any, Any]:
        """Zeros."""
        return self._np.zeros(node.shape, dtype=node.dtype.value)

    def apply(self, op: Primitive, args: Sequence[Any], attrs: Mapping[str, Any]) -> Any:
        """The kernel of the primitive."""
        kernel = op.kernel
        return (
            getattr(self._np, kernel)(*args, **attrs) if isinstance(kernel, str) else kernel(self._np, *args, **attrs)
        )

    def add(self, a: Any, b: Any) -> Any:
        """The sum."""
        return a + b

    def scale(self, a: Any, factor: float) -> Any:
        """The product, of the same dtype."""
        return a * a.dtype.type(factor)


def partials_at(
    outputs: Sequence[Node], variables: Sequence[Sequence[Node]], order: int, values: Mapping[Node, Data]
) -> list[dict[tuple[int, ...], Data]]:
    """Every partial derivative of each output up to an order, by the exponents of the variables; zeros are left out.

    A variable is one node or several, all of whose elements grow alike. `values` gives those of all free inputs.
    A derivative has its output's shape.

    Raises:
        CoreError: for what would take minutes or more memory than there is, before anything is computed.
    """
    closure = close(outputs, [node for nodes in variables for node in nodes], order)
    _refuse_what_takes_too_long(closure.products(len(variables), order), len(closure.active), len(variables), order)
    scalars = all(node.shape == () for node in closure.nodes)
    free = list(values)
    program = Program(closure.nodes, free)
    found = dict(zip(closure.nodes, program(*values.values()), strict=True))
    on_math = scalars and program.on_math
    scale = Scale(order)
    monomials = unit_monomials(len(variables), order)
    units = {node: unit for nodes, unit in zip(variables, monomials, strict=True) for node in nodes}
    if on_math:
        numbers = {n: v if isinstance(v, (bool, float)) else v.item() for n, v in found.items()}  # type: ignore[union-attr]
        ring: Any = Floats(numbers)
        paths: Any = {node: {unit: scale.step} for node, unit in units.items()}
        series = expand(outputs, paths, order, Polynomials(ring), closure)
    else:
        import numpy as np

        paths = {node: {unit: np.full(node.shape, scale.step, node.dtype.value)} for node, unit in units.items()}
        with np.errstate(all="ignore"):
            series = expand(outputs, paths, order, Polynomials(Arrays(found)), closure)
    return [
        {
            exponents: value * scale.weight(exponents)
            for part in parts
            for monomial, value in (part or {}).items()
            for exponents in [exponents_of(monomial, len(variables), order)]
        }
        for parts in series
    ]


def _refuse_what_takes_too_long(products: int, nodes: int, variables: int, order: int) -> None:
    memory = nodes * comb(variables + order, order) * BYTES_OF_A_COEFFICIENT
    if products > MOST_PRODUCTS or memory > MOST_MEMORY:
        raise CoreError(
            f"order {order} in {variables} {'variable' if variables == 1 else 'variables'} would take about "
            f"{products:.2g} products and {memory / 2**30:.2g} GiB",
            "ask for a lower order, or for fewer variables",
        )
