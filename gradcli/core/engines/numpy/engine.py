"""The array engine behind the protocol."""

from __future__ import annotations

from gradcli.core.engines.numpy.schedule import ArrayProgram
from gradcli.core.engines.protocol import Graph


class NumpyEngine:
    """NumPy's functions one after the other, large fusion groups in tiles; it suits any graph."""

    name = "numpy"
    on_arrays = True

    def suits(self, graph: Graph) -> bool:
        """Always."""
        return True

    def compile(self, graph: Graph) -> ArrayProgram:
        """The graph as a schedule."""
        return ArrayProgram(graph.order, graph.outputs, graph.inputs, numbers=True)
