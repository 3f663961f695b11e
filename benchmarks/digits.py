"""How many digits float64 arithmetic keeps, and what certified ones cost.

Run it from the root of a checkout: python -m benchmarks.digits
float64's values are compared with the certified ones, in units of the last place: over every elementwise entry of the
table at 200 random and all special points, orders 0 to 3; over ten functions at high orders; over the textbook.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations_with_replacement, product
from typing import Any

import mpmath
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.formulas import rows
from gradcli.core.analysis.audit import units
from gradcli.core.engines.evaluation import evaluate
from gradcli.core.engines.nearest import digits_kept, known_values
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.laws import Elementwise
from gradcli.core.ir.nodes import Node, constant, fresh_input
from gradcli.core.ir.primitive import Primitive
from gradcli.core.ir.traversal import substitute
from gradcli.core.transforms.forward import jvp
from gradcli.core.transforms.reverse import gradient
from gradcli.language.text.diagnostics import Source
from gradcli.session.results import Derivatives, Shown, Tensor
from gradcli.session.session import Session
from tests.core.sampling import TABLE

RANDOM = 200
SPECIAL = (0.0, -0.0, 1.0, -1.0, 2.0, -3.0, 0.5, -0.5, 1.5, 170.5, 1e-8, 1e300, -1e300, 1e-300, math.inf, -math.inf)
BINS = (0, 1, 2, 4, 16, 256, 1e6, 1e12, math.inf)
# What balls have no kernel for takes long to find that out.
ORDERS = (0, 1, 2, 3)
HIGH = (1, 2, 5, 10, 20)
FUNCTIONS = (
    ("exp(sin(x))", 1.0),
    ("sin(x)/x", 0.001),
    ("(1 - cos(x))/x^2", 1e-4),
    ("1/(1 + exp(-x))", 0.3),
    ("1/(1 + 25*x^2)", 0.9),
    ("log(1 + x)*exp(-x^2)", 0.5),
    ("tanh(x)^3", 2.0),
    ("sqrt(x + 1) - sqrt(x)", 1e6),
    ("atan(x)*cos(3*x)", 0.7),
    ("x^x", 1.3),
)


def mixed(primitive: Primitive, inputs: list[Node], order: int) -> Iterator[Node]:
    """Every partial of an order, reverse over reverse, and forward over reverse: both orders of mixing."""
    root = primitive(*inputs, **primitive.attributes)
    for indexes in combinations_with_replacement(range(len(inputs)), order):
        node, other = root, root
        for i in indexes:
            (node,) = gradient([node], [inputs[i]])
        for i in reversed(indexes):
            (other,) = jvp([other], [inputs[i]], [constant(1.0, DType.FLOAT64)])
        yield node
        if order:
            yield other


def points_of(primitive: Primitive) -> Iterator[tuple[float, ...]]:
    """Random ones of the domain, and all special ones."""
    rng = np.random.default_rng(1)
    domain = primitive.examples.domain or ((-2.0, 2.0),) * primitive.arity
    for _ in range(RANDOM):
        yield tuple(float(rng.uniform(low, high)) for low, high in domain)
    yield from product(SPECIAL, repeat=primitive.arity)


def histogram() -> Table:
    """By order, how many values are how far off."""
    table = Table("order", *(_bin(i) for i in range(len(BINS) - 1)), "open", title="float64 against balls, in ulps")
    counts: dict[int, Counter[int]] = {order: Counter() for order in ORDERS}
    for primitive in TABLE.values():
        if not isinstance(primitive.law, Elementwise) or primitive.math is None or primitive.arity > 2:
            continue
        inputs: list[Node] = [fresh_input(f"x{i}", (), DType.FLOAT64) for i in range(primitive.arity)]
        for order in ORDERS if primitive.arity == 1 else ORDERS[:3]:
            nodes = list(mixed(primitive, inputs, order))
            for point in points_of(primitive):
                given: dict[Node, Node] = {i: constant(x, DType.FLOAT64) for i, x in zip(inputs, point, strict=True)}
                closed = substitute(nodes, given)
                computed = evaluate(closed)
                certain, known = known_values(closed, computed)
                for was, true, is_known in zip(computed, certain, known, strict=True):
                    counts[order][_place(was, true) if is_known else -1] += 1
    for order, found in counts.items():
        total = sum(found.values())
        cells = [f"{found[i]} ({found[i] / total:.1%})" for i in [*range(len(BINS) - 1), -1]]
        table.add_row(str(order), *cells)
    return table


def _bin(i: int) -> str:
    return "0" if not i else f"to {BINS[i]:g}" if i < len(BINS) - 1 else "more"


def _place(was: Any, true: Any) -> int:
    off = units(np.asarray(was, dtype=float), np.asarray(true, dtype=float))
    return next(i for i in range(len(BINS)) if off <= BINS[i]) if off < math.inf else len(BINS) - 2


def run(text: str) -> list[Any]:
    """What a text shows."""
    return [r for r in Session().run(Source("<benchmark>", text)).results if isinstance(r, Shown)]


def number(shown: Shown) -> float:
    """The number that is shown."""
    value = shown.value
    found = value.rows[0].tensor if isinstance(value, Derivatives) else value
    assert isinstance(found, Tensor)
    return float(found.data)


def high_orders() -> Table:
    """The digits that nested reverse mode in float64 keeps, and what is shown, of ten functions."""
    table = Table("function", "at", *(f"order {k}" for k in HIGH), title="digits: float64's, and of what is shown")
    for text, at in FUNCTIONS:
        cells = []
        for order in HIGH:
            prefix = f"f(x) = {text}\n"
            asked = f"derivative(f, {order})({at!r})"
            (raw,) = run(f"set numbers float64\n{prefix}{asked}")
            (shown,) = run(f"{prefix}{asked}")
            (fine,) = run(f"set digits 30\n{prefix}{asked}")
            true = number(fine)
            cells.append(f"{_digits(number(raw), true)} → {_digits(number(shown), true)}")
        table.add_row(text, f"{at:g}", *cells)
    return table


def _digits(value: float, true: float) -> str:
    kept = digits_kept(value, true) if value != true else math.inf
    return "all" if kept == math.inf else f"{kept:.0f}"


def thousand_digits() -> Table:
    """The tenth derivative of exp(sin(x)) at 1 to 1,000 digits."""
    table = Table("by", "seconds", "first and last digits", title="1,000 digits of the 10th derivative of exp(sin x)")

    def ours() -> str:
        (shown,) = run("set digits 1000\nf(x) = exp(sin(x))\nderivative(f, 10)(1)")
        return str(shown.value.rows[0].data.digits)

    def by_mpmath() -> str:
        with mpmath.workdps(1000):
            return str(mpmath.diff(lambda x: mpmath.exp(mpmath.sin(x)), 1, 10))

    def by_sympy() -> str:
        import sympy

        x = sympy.Symbol("x")
        return str(sympy.exp(sympy.sin(x)).diff(x, 10).subs(x, 1).evalf(1000))

    for name, made in (("gradcli", ours), ("mpmath.diff", by_mpmath), ("SymPy diff, evalf", by_sympy)):
        seconds, text = timed(made)
        table.add_row(name, f"{seconds:.3f}", f"{text[:12]}...{text[-8:]}")
    return table


def timed(made: Callable[[], str]) -> tuple[float, str]:
    """The best of three."""
    best, text = math.inf, ""
    for _ in range(3):
        start = time.perf_counter()
        try:
            text = made()
        except ImportError as error:
            return math.nan, f"not installed: {error.name}"
        best = min(best, time.perf_counter() - start)
    return best, text


def textbook() -> str:
    """Of the textbook's derivatives, how many float64 has wrong in a digit that is shown, and how many are now."""
    wrong = Counter[str]()
    total = 0
    for row in rows():
        names = ", ".join(row.inputs)
        by = "".join(f"{name}, " for name in row.by)
        point = ", ".join(repr(x) for x in row.point)
        call = f"f({names}) = {row.function}\ng = f"
        for name in row.by:
            call += f"\ng = grad(g, wrt={name})"
        del by
        for mode in ("float64", "certified"):
            (shown,) = run(f"set numbers {mode}\n{call}\ng({point})")
            (fine,) = run(f"set digits 30\n{call}\ng({point})")
            wrong[mode] += abs(number(shown) - number(fine)) > 2 * 10.0 ** _last(number(shown))
        total += 1
    counts = f"float64 has a wrong digit in {wrong['float64']}, what is shown in {wrong['certified']}"
    return f"of {total} textbook derivatives {counts}"


def _last(value: float) -> int:
    """The place of the last digit of a number as it is shown."""
    mantissa, _, exponent = f"{value!r}".partition("e")
    return int(exponent or 0) - len(mantissa.partition(".")[2].removesuffix("0") if "." in mantissa else "")


def main() -> None:
    """Print the tables."""
    console = Console()
    console.print(high_orders())
    console.print(thousand_digits())
    console.print(textbook())
    console.print(histogram())


if __name__ == "__main__":
    main()
