"""Inputs for a primitive, drawn where its entry says that it is defined and smooth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcli.core.engines.numpy.schedule import ArrayProgram, run_arrays
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.edges import EdgeKind
from gradcli.core.ir.nodes import Node, array_constant, fresh_input
from gradcli.core.ir.primitive import Primitive, table
from gradcli.core.ir.traversal import reachable, substitute
from gradcli.core.transforms.reverse import gradient, vjp

Array = NDArray[Any]

TABLE: Mapping[str, Primitive] = table()

# Elementwise operands are broadcast, so their shapes may differ; the second pair has an empty axis.
SHAPES = (((3,), (3,)), ((2, 1), (3,)), ((), (2,)), ((0, 2), (2,)), ((1,), (4, 1)))

# So many random arguments for each call, always the same.
DRAWS = 8


@dataclass(frozen=True)
class Call:
    """A primitive with the shapes of its arguments and its attributes."""

    primitive: Primitive
    shapes: tuple[tuple[int, ...], ...]
    attrs: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.primitive.name}{self.shapes}"


def calls(primitive: Primitive) -> Iterator[Call]:
    """Every call that the entry's examples describe."""
    for shapes, attrs in primitive.examples.calls:
        yield Call(primitive, shapes, attrs)
    if primitive.examples.domain:
        arity = len(primitive.examples.domain)
        for pair in SHAPES:
            yield Call(primitive, (pair * arity)[:arity] if arity > 1 else pair[:1], primitive.attributes)


def draw(call: Call, rng: np.random.Generator, dtype: str = "float64") -> list[Array]:
    """Arguments within the domain; a condition is drawn as bools."""
    arrays: list[Array] = []
    for i, shape in enumerate(call.shapes):
        if call.primitive.name == "whole_numbers":
            arrays.append(np.asarray(rng.integers(0, call.attrs["length"], shape), dtype=dtype))
            continue
        if call.primitive.condition and i == 0:
            arrays.append(np.asarray(rng.random(shape) < 0.5))
            continue
        low, high = call.primitive.examples.domain[i] if call.primitive.examples.domain else (-2.0, 2.0)
        values = rng.uniform(low, high, shape)
        if i in call.primitive.integers:
            arrays.append(rng.integers(0, call.attrs.get("length", call.shapes[0][0]), shape))
            continue
        matrices = call.primitive.examples.matrices
        if matrices != "any" and i == 0:
            values = values @ np.swapaxes(values, -1, -2) if matrices == "positive" else values
            values = values + np.eye(shape[-2], shape[-1]) * (np.arange(shape[-1]) + 4.0)
        arrays.append(np.asarray(values, dtype=dtype))
    return arrays


def inputs_for(arrays: Sequence[Array]) -> list[Node]:
    """One free input for each array."""
    return [fresh_input(f"x{i}", a.shape, DType(a.dtype.name)) for i, a in enumerate(arrays)]


def run(outputs: Sequence[Node], inputs: Sequence[Node], arrays: Sequence[Array]) -> list[Array]:
    """Evaluate on the array engine."""
    values = {node: array_constant(np.array(a)) for node, a in zip(inputs, arrays, strict=True)}
    closed = substitute(outputs, values)
    return list(run_arrays(reachable(closed), closed))


def scheduled(outputs: Sequence[Node], inputs: Sequence[Node]) -> Callable[[Sequence[Array]], list[Array]]:
    """What `run` gives, as a function of the arrays: one schedule serves them all."""
    program = ArrayProgram(reachable(outputs), outputs, inputs)
    return lambda arrays: list(program(*arrays))


def float_inputs(inputs: Sequence[Node]) -> list[Node]:
    """Those that can be differentiated."""
    return [n for n in inputs if n.dtype.is_float]


def gradient_of(output: Node, inputs: Sequence[Node], seed: Node) -> tuple[Node, ...]:
    """The adjoints of the float inputs for a seed."""
    return vjp([output], float_inputs(inputs), [seed])


def away_from_kinks(call: Call, arrays: list[Array]) -> list[Array]:
    """Where an entry has a corner, the sample moves off it: the convention there is tested by name elsewhere."""
    edge = call.primitive.edge
    if edge is not None and edge.between:
        a, b = arrays
        return [a, b + np.where(np.abs(a - b).min(initial=1.0) < 0.01, 0.05, 0.0)]
    if edge is not None and edge.kind is EdgeKind.CORNER and call.primitive.pointwise:
        return [np.where(np.abs(a) < 0.01, 0.5, a) for a in arrays]
    return arrays


def directions_of(arrays: Sequence[Array], rng: np.random.Generator) -> list[Array | None]:
    """A direction for each float array; None for what can't be moved."""
    return [rng.normal(size=a.shape) if a.dtype.kind == "f" else None for a in arrays]


def inner(slopes: Sequence[Array], directions: Sequence[Array | None]) -> float:
    """The inner product of the slopes of the float arguments with their directions."""
    return sum(float(np.sum(g * d)) for g, d in zip(slopes, [d for d in directions if d is not None], strict=True))


def moved(arrays: Sequence[Array], directions: Sequence[Array | None], h: float) -> list[Array]:
    """The arguments a step further along their directions."""
    return [a if d is None else a + h * d for a, d in zip(arrays, directions, strict=True)]


def slopes(call: Call, order: int) -> tuple[float, float]:
    """A directional derivative of the gradient of some order, exactly and by fourth-order central differences.

    What is differentiated is the sum of the squares of the outputs, so that linear maps have a second order too.
    """
    rng = np.random.default_rng(order)
    arrays = away_from_kinks(call, draw(call, rng))
    inputs = inputs_for(arrays)
    floats = float_inputs(inputs)
    output = call.primitive(*inputs, **call.attrs)
    lower: tuple[Node, ...] = (output * output,)
    for _ in range(order - 1):
        lower = gradient(lower, floats)
    directions = directions_of(arrays, rng)
    exact = inner(run(gradient(lower, floats), inputs, arrays), directions)
    lower_at = scheduled(lower, inputs)

    def along(h: float) -> float:
        return sum(float(np.sum(value)) for value in lower_at(moved(arrays, directions, h)))

    h = 1e-3
    return exact, (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h)
