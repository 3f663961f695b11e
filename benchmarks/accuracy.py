"""How exact the derivatives are: the largest relative error of each family at orders 0 to 3, against 50 digits.

Run it from the root of a checkout: python -m benchmarks.accuracy
Each elementwise primitive is taken at 200 points of its domain. The families that no formula in mpmath stands for are
measured against central differences, whose own error is about 1e-11, along a direction.
"""

from __future__ import annotations

import mpmath
import numpy as np
from rich.console import Console
from rich.table import Table

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.laws import Elementwise, Flat
from gradcli.core.ir.nodes import fresh_input
from gradcli.core.ir.primitive import Primitive
from gradcli.core.primitives import (
    elementwise,
    indexing,
    linear_algebra,
    reductions,
    scans,
    selection,
    shaping,
    special,
)
from gradcli.core.transforms.reverse import gradient
from tests.core.sampling import TABLE, calls, run, slopes
from tests.core.truth import derivative, truth

# `special` imports from `elementwise`, so it is asked last.
FAMILIES = (elementwise, special)
OTHERS = (shaping, selection, reductions, scans, indexing, linear_algebra)
POINTS = 200
ORDERS = (0, 1, 2, 3)


def errors(primitive: Primitive) -> list[float]:
    """The largest error at each order in the first argument, relative to the value or to 1e-3 where it is smaller."""
    rng = np.random.default_rng(0)
    domain = primitive.examples.domain or ((-2.0, 2.0),) * primitive.arity
    points = [[float(rng.uniform(low, high)) for low, high in domain] for _ in range(POINTS)]
    inputs = [fresh_input(f"x{i}", (POINTS,), DType.FLOAT64) for i in range(primitive.arity)]
    columns = [np.array(column) for column in zip(*points, strict=True)]
    node = primitive(*inputs, **primitive.attributes)
    worst = []
    for order in ORDERS:
        (got,) = run([node], inputs, columns)
        with mpmath.workdps(50):
            wanted = [derivative(truth(primitive), point, (0,) * order) for point in points]
            worst.append(
                max(
                    float(abs(mpmath.mpf(float(g)) - w) / max(abs(w), mpmath.mpf("1e-3")))
                    for g, w in zip(got, wanted, strict=True)
                )
            )
        (node,) = gradient([node], inputs[:1])
    return worst


def family(primitive: Primitive) -> str:
    """The file that states it."""
    in_family = [f.__name__.rpartition(".")[2] for f in FAMILIES if primitive in vars(f).values()]
    return in_family[0]


def differences() -> Table:
    """The other families, orders 1 to 3, against central differences."""
    table = Table("family", *(f"order {k}" for k in ORDERS[1:]), title="largest difference from central differences")
    for module in OTHERS:
        worst = [0.0] * 3
        for primitive in vars(module).values():
            stated = isinstance(primitive, Primitive) and not isinstance(primitive.law, Flat | Elementwise)
            for call in calls(primitive) if stated else ():
                for i, order in enumerate(ORDERS[1:]):
                    exact, numeric = slopes(call, order)
                    worst[i] = max(worst[i], abs(exact - numeric) / max(1.0, abs(exact)))
        table.add_row(module.__name__.rpartition(".")[2], *(f"{e:.1e}" for e in worst))
    return table


def main() -> None:
    """Print the tables."""
    table = Table("family", "primitive", *(f"order {k}" for k in ORDERS), title="largest relative error")
    largest: dict[str, list[float]] = {}
    for primitive in TABLE.values():
        smooth = not isinstance(primitive.law, Flat)
        if smooth and (primitive.examples.domain or primitive.name in ("add", "subtract", "multiply", "negate")):
            worst = errors(primitive)
            name = family(primitive)
            table.add_row(name, primitive.name, *(f"{e:.1e}" for e in worst))
            largest[name] = [max(a, b) for a, b in zip(largest.get(name, [0.0] * len(ORDERS)), worst, strict=True)]
    for name, worst in largest.items():
        table.add_row(name, "largest", *(f"{e:.1e}" for e in worst), style="bold")
    Console().print(table)
    Console().print(differences())


if __name__ == "__main__":
    main()
