"""What the coefficients of an expansion at a point are made of: floats, arrays, or either with an exponent beside it.

Derivatives of a high order leave the range of floats long before they are divided by, or multiplied with, what brings
them back: the millionth of a factorial, the power of a small number. With an exponent of its own no coefficient does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Primitive
from gradcli.core.ir.templates import applied
from gradcli.core.transforms.taylor import Ring

if TYPE_CHECKING:
    import numpy

V = TypeVar("V")

# Mantissas are brought back when they leave this range, whose products still fit a float.
LARGEST_MANTISSA = 2.0**300


class Floats:
    """Float64 scalars, with no need of NumPy."""

    def __init__(self, values: Mapping[Node, Any]) -> None:
        self._values = {n: v if isinstance(v, (bool, float)) else v.item() for n, v in values.items()}

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

    def chain(self, rate: float, partial: float) -> float:
        """The product."""
        return rate * partial

    def add(self, a: float, b: float) -> float:
        """The sum."""
        return a + b

    def scale(self, a: float, factor: float) -> float:
        """The product."""
        return a * factor

    def divide(self, a: float, by: int) -> float:
        """The quotient."""
        return a / by

    def number(self, value: float, like: Node) -> float:
        """A number."""
        return value

    def size(self, a: float) -> float:
        """The absolute value."""
        return abs(a)

    def has_nan(self, a: float) -> bool:
        """Whether it is no number."""
        return a != a

    def shifted(self, a: float, exponent: int) -> float:
        """The product with a power of 2, inf beyond the largest float."""
        try:
            return math.ldexp(a, exponent)
        except OverflowError:
            return math.copysign(math.inf, a)


class Decimals:
    """The same numbers to more digits than a float has, and with exponents as large as they come.

    To be used within `digits`, a decimal context. Values at the point are those of the floats, exactly.
    """

    def __init__(self, floats: Floats) -> None:
        self._floats = floats
        self.number_of = cache(Decimal)

    def value(self, node: Node) -> Any:
        """The number; a condition stays what it is."""
        value = self._floats.value(node)
        return value if isinstance(value, bool) else Decimal(value)

    def zero(self, node: Node) -> Decimal:
        """0."""
        return Decimal(0)

    def apply(self, op: Primitive, args: Sequence[Any], attrs: Mapping[str, Any]) -> Any:
        """The template of a sum, a product or a choice, which is arithmetic."""
        return args[0] * args[1] if op.name == "multiply" else applied(op, args, attrs)

    def chain(self, rate: Decimal, partial: Decimal) -> Decimal:
        """The product."""
        return rate * partial

    def add(self, a: Decimal, b: Decimal) -> Decimal:
        """The sum."""
        return a + b

    def scale(self, a: Decimal, factor: float) -> Decimal:
        """The product."""
        return a * self.number_of(factor)

    def divide(self, a: Decimal, by: int) -> Decimal:
        """The quotient."""
        return a / by

    def number(self, value: float, like: Node) -> Decimal:
        """A number."""
        return self.number_of(value)


def digits(count: int) -> Context:
    """A context of so many decimal digits, where nothing overflows and nothing is an error."""
    return Context(prec=count, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])


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

    def chain(self, rate: Any, partial: Any) -> Any:
        """The product."""
        return rate * partial

    def add(self, a: Any, b: Any) -> Any:
        """The sum."""
        return a + b

    def scale(self, a: Any, factor: float) -> Any:
        """The product, of the same dtype."""
        return a * a.dtype.type(factor)

    def divide(self, a: Any, by: int) -> Any:
        """The quotient, of the same dtype."""
        return a / a.dtype.type(by)

    def number(self, value: float, like: Node) -> Any:
        """A number, as often as the node has elements."""
        return self._np.full(like.shape, value, like.dtype.value)

    def size(self, a: Any) -> float:
        """The largest absolute value that is finite; inf where none is."""
        sizes = abs(self._np.asarray(a, dtype=float))
        finite = sizes[self._np.isfinite(sizes)]
        return float(finite.max(initial=0.0)) if finite.size or not sizes.size else math.inf

    def has_nan(self, a: Any) -> bool:
        """Whether any element is no number, or infinite: an infinity may be one that was left out of range."""
        return not bool(self._np.isfinite(a).all())

    def shifted(self, a: Any, exponent: int) -> Any:
        """The product with a power of 2, inf beyond the largest float."""
        return self._np.ldexp(a, exponent)


class Numbers(Ring[V], Protocol):
    """A ring of numbers that can be measured and multiplied by powers of 2."""

    def number(self, value: float, like: Node) -> V:
        """A number in the shape and dtype of a node."""
        ...

    def size(self, a: V) -> float:
        """The largest absolute value that is finite."""
        ...

    def shifted(self, a: V, exponent: int) -> V:
        """The product with a power of 2."""
        ...


class Wide(Generic[V]):
    """Numbers of another ring, each a mantissa and the exponent of a power of 2."""

    def __init__(self, ring: Numbers[V]) -> None:
        self.ring = ring

    def value(self, node: Node) -> tuple[V, int]:
        """The value at the point."""
        return self._in_range(self.ring.value(node), 0) if node.dtype.is_float else (self.ring.value(node), 0)

    def zero(self, node: Node) -> tuple[V, int]:
        """Zeros."""
        return self.ring.zero(node), 0

    def number(self, value: float, like: Node) -> tuple[V, int]:
        """A number in the shape and dtype of a node."""
        return self.ring.number(value, like), 0

    def apply(self, op: Primitive, args: Sequence[tuple[V, int]], attrs: Mapping[str, Any]) -> tuple[V, int]:
        """A product, or a linear map of what is brought to one exponent."""
        if op.law.degree == 2:
            return self._in_range(self.ring.apply(op, [a for a, _ in args], attrs), sum(e for _, e in args))
        if op.law.degree is None:
            # No exponent can be taken out of what is no polynomial.
            whole = [self.ring.shifted(a, e) if e else a for a, e in args]
            return self._in_range(self.ring.apply(op, whole, attrs), 0)
        common = max(e for _, e in args)
        moved = [a if e == common or not self._is_real(a) else self.ring.shifted(a, e - common) for a, e in args]
        return self._in_range(self.ring.apply(op, moved, attrs), common)

    def chain(self, rate: tuple[V, int], partial: tuple[V, int]) -> tuple[V, int]:
        """The product."""
        return self._in_range(self.ring.chain(rate[0], partial[0]), rate[1] + partial[1])

    def add(self, a: tuple[V, int], b: tuple[V, int]) -> tuple[V, int]:
        """The sum, at the larger exponent."""
        if a[1] < b[1]:
            a, b = b, a
        other = b[0] if a[1] == b[1] else self.ring.shifted(b[0], b[1] - a[1])
        return self._in_range(self.ring.add(a[0], other), a[1])

    def scale(self, a: tuple[V, int], factor: float) -> tuple[V, int]:
        """The product with a plain number."""
        return self._in_range(self.ring.scale(a[0], factor), a[1])

    def divide(self, a: tuple[V, int], by: int) -> tuple[V, int]:
        """The quotient by a whole number."""
        return self._in_range(self.ring.divide(a[0], by), a[1])

    def whole(self, a: tuple[V, int], weight: int) -> V:
        """The number that this is, times a whole number of any size; inf where it is beyond the largest float."""
        bits = max(weight.bit_length() - 64, 0)
        # Two steps, since the mantissa of a large exponent may be small.
        mantissa, exponent = self._in_range(self.ring.scale(a[0], float(weight >> bits)), a[1] + bits)
        return self.ring.shifted(mantissa, exponent)

    def _is_real(self, a: V) -> bool:
        return not isinstance(a, bool) and getattr(getattr(a, "dtype", None), "kind", "f") == "f"

    def _in_range(self, a: V, exponent: int) -> tuple[V, int]:
        size = self.ring.size(a)
        if 1 / LARGEST_MANTISSA < size < LARGEST_MANTISSA or size == 0 or not math.isfinite(size):
            return a, exponent
        _, by = math.frexp(size)
        return self.ring.shifted(a, -by), exponent + by
