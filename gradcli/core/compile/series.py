"""Taylor coefficients as numbers at once, with no graph of them: for a single answer at a high order.

A graph of coefficients has as many nodes as there are products, which pays where it is run often. Here each
coefficient is computed as the expansion comes to it, from the same closure and the same laws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from math import e as euler
from math import factorial, log2, prod
from typing import TYPE_CHECKING, Any

from gradcli.core.compile.engine import Data, Program
from gradcli.core.compile.scalar import SCOPE
from gradcli.core.errors import CoreError
from gradcli.core.graph import Node
from gradcli.core.laws import Primitive
from gradcli.core.transforms.closure import close
from gradcli.core.transforms.taylor import Polynomials, expand

if TYPE_CHECKING:
    import numpy

# Beyond these it takes minutes, or more memory than it is worth.
MOST_PRODUCTS = 200_000_000
BYTES_OF_A_COEFFICIENT = 150
MOST_MEMORY = 2**32
# From here on k! and the coefficients leave the range of a float, so the variable is scaled.
UNSCALED_UP_TO = 100


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
        return _function_of(op.math or "", len(args))(*args)  # type: ignore[no-any-return]

    def add(self, a: float, b: float) -> float:
        """The sum."""
        return a + b

    def scale(self, a: float, factor: float) -> float:
        """The product."""
        return a * factor


@cache
def _function_of(template: str, arity: int) -> Any:
    names = [f"x{i}" for i in range(arity)]
    return eval(f"lambda {', '.join(names)}: {template.format(*names)}", dict(SCOPE))


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
    outputs: Sequence[Node], variables: Sequence[Node], order: int, values: Mapping[Node, Data]
) -> list[dict[tuple[int, ...], Data]]:
    """Every partial derivative of each output up to an order, by the exponents of the variables; zeros are left out.

    Variables are scalars; `values` gives those of all free inputs. A derivative has its output's shape.

    Raises:
        CoreError: for what would take minutes or more memory than there is, before anything is computed.
    """
    closure = close(outputs, variables, order)
    _refuse_what_takes_too_long(closure.products(len(variables), order), len(closure.active), len(variables), order)
    scalars = all(node.shape == () for node in closure.nodes)
    free = list(values)
    program = Program(closure.nodes, free)
    found = dict(zip(closure.nodes, program(*values.values()), strict=True))
    on_math = scalars and program.on_math
    base, shift = order + 1, _shift(order)
    step = 2.0**shift
    if on_math:
        numbers = {n: v if isinstance(v, (bool, float)) else v.item() for n, v in found.items()}  # type: ignore[union-attr]
        ring: Any = Floats(numbers)
        paths: Any = {node: {base**i: step} for i, node in enumerate(variables)}
        series = expand(outputs, paths, order, Polynomials(ring), closure)
    else:
        import numpy as np

        paths = {node: {base**i: np.asarray(step, node.dtype.value)} for i, node in enumerate(variables)}
        with np.errstate(all="ignore"):
            series = expand(outputs, paths, order, Polynomials(Arrays(found)), closure)
    return [
        {
            exponents: value * _weight(exponents, shift)
            for part in parts
            for monomial, value in (part or {}).items()
            for exponents in [_digits(monomial, base, len(variables))]
        }
        for parts in series
    ]


def _refuse_what_takes_too_long(products: int, nodes: int, variables: int, order: int) -> None:
    from math import comb

    memory = nodes * comb(variables + order, order) * BYTES_OF_A_COEFFICIENT
    if products > MOST_PRODUCTS or memory > MOST_MEMORY:
        raise CoreError(
            f"order {order} in {variables} {'variable' if variables == 1 else 'variables'} would take about "
            f"{products:.2g} products and {memory / 2**30:.2g} GiB",
            "ask for a lower order, or for fewer variables",
        )


def _shift(order: int) -> int:
    """The power of 2 that a variable is scaled by, such that a coefficient is of the size of its derivative."""
    return 0 if order <= UNSCALED_UP_TO else round(log2(order / euler))


def _weight(exponents: tuple[int, ...], shift: int) -> float:
    """What turns a coefficient into a derivative: the factorials, less the scale."""
    weight = prod(factorial(n) for n in exponents)
    return float(weight) if shift == 0 else float(Fraction(weight, 2 ** (shift * sum(exponents))))


def _digits(monomial: int, base: int, count: int) -> tuple[int, ...]:
    digits = []
    for _ in range(count):
        monomial, digit = divmod(monomial, base)
        digits.append(digit)
    return tuple(digits)
