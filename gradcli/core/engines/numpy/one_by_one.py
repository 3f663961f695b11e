"""A graph as one call of NumPy after the other, without a plan: what answers where Python's math refuses to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcli.core.engines.numpy.kernels import Array, kernel_of
from gradcli.core.engines.protocol import Graph
from gradcli.core.ir.arrays import array_of
from gradcli.core.ir.nodes import Constant
from gradcli.core.ir.primitive import Application


class OneByOne:
    """A function of an array for each input that gives one for each output, with inf and nan as IEEE 754 says."""

    def __init__(self, graph: Graph) -> None:
        place = {node: i for i, node in enumerate(dict.fromkeys([*graph.inputs, *graph.order]))}
        self._start: list[Any] = [None] * len(place)
        self._dtypes = [np.dtype(node.dtype.value) for node in graph.inputs]
        self._outputs = [(place[node], np.dtype(node.dtype.value)) for node in graph.outputs]
        self._calls: list[tuple[Callable[..., Any], list[int], int]] = []
        for node in graph.order:
            if isinstance(node, Constant):
                self._start[place[node]] = array_of(node.value, node.dtype)
            elif isinstance(node, Application):
                self._calls.append((kernel_of(node, node.op), [place[arg] for arg in node.args], place[node]))

    def __call__(self, *given: Any) -> tuple[Array, ...]:
        """The outputs."""
        values = self._start.copy()
        values[: len(given)] = [np.asarray(value, dtype) for value, dtype in zip(given, self._dtypes, strict=True)]
        with np.errstate(all="ignore"):
            for function, args, place in self._calls:
                values[place] = function(*[values[i] for i in args])
        return tuple([np.array(values[i], dtype) for i, dtype in self._outputs])
