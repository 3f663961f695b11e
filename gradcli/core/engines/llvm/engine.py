"""The engine that compiles fusion groups to machine code, behind the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcli.core.engines.llvm import native
from gradcli.core.engines.protocol import Graph

if TYPE_CHECKING:
    from gradcli.core.engines.numpy.schedule import ArrayProgram


class LlvmEngine:
    """A schedule whose fusion groups are machine code; NumPy computes what has none."""

    name = "llvm"
    on_arrays = True

    def suits(self, graph: Graph) -> bool:
        """Whether `gradcli[jit]` is installed, and the processor has vector functions."""
        return native.is_available()

    def compile(self, graph: Graph) -> ArrayProgram:
        """The graph as a schedule."""
        from gradcli.core.engines.numpy.schedule import ArrayProgram

        return ArrayProgram(graph.order, graph.outputs, graph.inputs, native=True, numbers=True)
