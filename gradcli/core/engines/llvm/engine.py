"""The engine that compiles fusion groups to machine code, behind the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcli.core.engines.fusion import SMALLEST_NATIVE, groupable
from gradcli.core.engines.protocol import Graph

if TYPE_CHECKING:
    from gradcli.core.engines.numpy.schedule import ArrayProgram


class LlvmEngine:
    """A schedule whose fusion groups are machine code; NumPy computes what has none."""

    name = "llvm"
    on_arrays = True

    def suits(self, graph: Graph) -> bool:
        """Whether `gradcli[jit]` is installed, the processor has vector functions, and there is a group to compile."""
        # Asked first, since loading LLVM takes as long as loading NumPy does.
        if not any(groupable(n, SMALLEST_NATIVE) or (n.kind == "matmul" and len(n.shape) > 2) for n in graph.order):
            return False
        from gradcli.core.engines.llvm import vectors

        return vectors.is_available()

    def compile(self, graph: Graph) -> ArrayProgram:
        """The graph as a schedule."""
        from gradcli.core.engines.numpy.schedule import ArrayProgram

        return ArrayProgram(graph.order, graph.outputs, graph.inputs, native=True, numbers=True)
