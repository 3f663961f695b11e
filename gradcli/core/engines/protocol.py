"""What an engine is: it says which graphs it suits, and compiles one to a function of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from gradcli.core.ir.nodes import Node
from gradcli.core.records import record

if TYPE_CHECKING:
    import numpy

Data: TypeAlias = "bool | int | float | numpy.ndarray[Any, Any]"


@record
class Graph:
    """What is compiled: `order` are the nodes in topological order, `outputs` some of them, `inputs` the free ones."""

    order: Sequence[Node]
    outputs: Sequence[Node]
    inputs: Sequence[Node]


class Compiled(Protocol):
    """What an engine makes of a graph: called with a value for each input, it gives one for each output.

    `memory` is what its buffers take between calls, in bytes.
    """

    @property
    def memory(self) -> int:
        """What it keeps between calls, in bytes."""
        ...

    def require_allowed(self) -> None:
        """Refuse to run where a limit is lower now than it was when this was made.

        Raises:
            CoreError: for more work or memory than is allowed.
        """
        ...

    @property
    def run(self) -> RunProgram:
        """The function. It looks at none of its arguments."""
        ...


class RunProgram(Protocol):
    """A function of values that fit the inputs."""

    def __call__(self, *values: Any) -> tuple[Data, ...]:
        """The value of each output."""
        ...


class Engine(Protocol):
    """One way to run a graph. `name` is what it is called, `on_arrays` whether it gives arrays or Python numbers."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def on_arrays(self) -> bool:
        """Whether its results are arrays; else they are Python's numbers."""
        ...

    def suits(self, graph: Graph) -> bool:
        """Whether it can compile this graph, here."""
        ...

    def compile(self, graph: Graph) -> Compiled:
        """The graph as a function.

        Raises:
            CoreError: for more work or memory than the limits allow.
            ValueError: for a free input that is not among the graph's.
        """
        ...
