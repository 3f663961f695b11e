"""A function of one number or vector as numbers: with its derivatives, at one point or at many in one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from gradcli.core.calculus.bodies import Body, body_of
from gradcli.core.interrupt import check
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.transforms.batching import batch
from gradcli.core.transforms.jacobian import jacobian
from gradcli.core.transforms.reverse import gradient

Array: TypeAlias = "np.ndarray[Any, Any]"

# So many points are evaluated in one run of a program.
TOGETHER = 336


class Curve:
    """A body of one number, its free inputs having values. `epsilon` is the rounding of its dtype."""

    def __init__(self, body: Body, args: Sequence[Any]) -> None:
        self.body, self.args = body, args
        self.epsilon = float(np.finfo(body.output.dtype.value).eps)
        self.count = 0
        self._single: dict[int, Any] = {}

    def orders(self, highest: int) -> list[Node]:
        """The output and its derivatives, as graphs."""
        return orders(self.body, highest)

    def derivative(self) -> Curve:
        """The slope as a function of the same number and arguments."""
        body = self.body
        slope: Body = body.derived("curve'", lambda: body_of(orders(body, 1)[1], body.variables, body.free))
        return Curve(slope, self.args)

    def at(self, x: float, highest: int = 1) -> tuple[float, ...]:
        """Value and derivatives at a point."""
        self.count += 1
        if highest not in self._single:
            inputs = [*self.body.variables, *self.body.free]
            self._single[highest] = self.body.program(("at", highest), lambda: self.orders(highest), inputs)
        program = self._single[highest]
        args = self.args if program.engine.on_arrays else [float(a) for a in self.args]
        return tuple([float(value) for value in program.function(x, *args)])

    def many(self, points: Array, highest: int = 0) -> list[Array]:
        """The same at many points: an array for each order, the points along the first axis."""
        body = self.body
        line = body.derived("line", lambda: fresh_input("line", (TOGETHER,), body.variables[0].dtype))
        program = body.program(
            ("many", highest),
            lambda: batch(self.orders(highest), {body.variables[0]: line}, TOGETHER),
            [line, *body.free],
        )
        self.count += len(points)
        found = []
        for start in range(0, len(points), TOGETHER):
            check()
            part = points[start : start + TOGETHER]
            full = np.concatenate([part, np.full(TOGETHER - len(part), part[-1] if len(part) else 0.0)])
            found.append([np.asarray(value)[: len(part)] for value in program.function(full, *self.args)])
        if not found:
            return [np.zeros((0, *body.output.shape)) for _ in range(highest + 1)]
        return [np.concatenate(parts) for parts in zip(*found, strict=True)]


def orders(body: Body, highest: int) -> list[Node]:
    """A body's output and its derivatives by its one number."""
    found: list[Node] = body.derived("orders", lambda: [body.output])
    while len(found) <= highest:
        found.append(gradient([found[-1]], body.variables)[0])
    return found[: highest + 1]


class Field:
    """A body of a vector, its free inputs having values: as a function of a flat array, times a sign."""

    def __init__(self, body: Body, args: Sequence[Any], sign: float = 1.0) -> None:
        self.body, self.args, self.sign = body, args, sign
        self.epsilon = float(np.finfo(body.output.dtype.value).eps)
        self.shape = body.variables[0].shape
        self.count = 0

    def _run(self, key: str, outputs: Any, x: Array) -> list[Array]:
        self.count += 1
        check()
        inputs = [*self.body.variables, *self.body.free]
        program = self.body.program(key, outputs, inputs)
        return [self.sign * np.asarray(v, float) for v in program.function(x.reshape(self.shape), *self.args)]

    def system(self, x: Array) -> tuple[Array, Array]:
        """The output, flat, and its Jacobian."""
        body, n = self.body, x.size
        value, slopes = self._run("system", lambda: [body.output, jacobian([body.output], body.variables)[0][0]], x)
        return value.reshape(n), slopes.reshape(n, n)

    def value(self, x: Array) -> float:
        """The output, one number."""
        (value,) = self._run("value", lambda: [self.body.output], x)
        return float(value)

    def sloped(self, x: Array) -> tuple[float, Array]:
        """The output and its gradient."""
        body = self.body
        value, slopes = self._run("sloped", lambda: [body.output, gradient([body.output], body.variables)[0]], x)
        return float(value), slopes.reshape(x.size)

    def curved(self, x: Array) -> tuple[float, Array, Array]:
        """The output, its gradient and its Hessian."""
        body, n = self.body, x.size

        def outputs() -> list[Node]:
            (first,) = gradient([body.output], body.variables)
            return [body.output, first, jacobian([first], body.variables)[0][0]]

        value, first, second = self._run("curved", outputs, x)
        return float(value), first.reshape(n), second.reshape(n, n)
