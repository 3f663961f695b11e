"""A graph compiled by the engine that suits it: float64 scalars need no NumPy, all else goes to arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradcli.core.collector import resting
from gradcli.core.engines.constants import computed
from gradcli.core.engines.protocol import Data, Engine, Graph
from gradcli.core.engines.scalar import ScalarEngine
from gradcli.core.errors import DTypeError, ShapeError
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Input, Node, Parameter
from gradcli.core.ir.traversal import reachable, without_parameters
from gradcli.core.simplify.canonical import canonical

# Bools fit everywhere, ints where ints or floats go, floats where floats go, anything else nowhere.
_KIND: dict[object, int] = {bool: 0, "b": 0, int: 1, "i": 1, "u": 1, float: 2, "f": 2}
_KIND_OF = {DType.BOOL: 0, DType.INT64: 1, DType.FLOAT32: 2, DType.FLOAT64: 2}


def engines(native: bool) -> Sequence[Engine]:
    """Those there are, the fastest first; the last suits any graph. `native` says whether LLVM is worth loading."""
    from gradcli.core.engines.elements import ElementsEngine
    from gradcli.core.engines.numpy.engine import NumpyEngine

    if not native:
        return ElementsEngine(), NumpyEngine()
    from gradcli.core.engines.llvm.engine import LlvmEngine

    return ElementsEngine(), LlvmEngine(), NumpyEngine()


def engine_for(graph: Graph, native: bool = True) -> Engine:
    """The fastest engine that suits a graph."""
    scalar = ScalarEngine()
    # Asked first and by itself, since the others import arrays.
    return scalar if scalar.suits(graph) else next(engine for engine in engines(native) if engine.suits(graph))


class Program:
    """A graph compiled once, to be run on many inputs.

    `engine` is the one that runs it. Float64 scalars give Python numbers, anything else gives arrays. Overflow,
    division by zero and arguments outside a domain give inf and nan as IEEE 754 says, never an exception.

    `native` lets LLVM compile fusion groups, where `gradcli[jit]` is installed; that pays for a
    program that runs often, or on much. `order` are the nodes of the graph in topological order, where they are known;
    `is_canonical` says that the graph is what `canonical` gives for it.

    Raises:
        CoreError: when made, for more work or memory than the limits allow.
        ValueError: when made, for a graph with a free input that is not among `inputs`.
    """

    @resting()
    def __init__(
        self,
        outputs: Sequence[Node],
        inputs: Sequence[Node] = (),
        native: bool = True,
        order: Sequence[Node] | None = None,
        is_canonical: bool = False,
    ) -> None:
        outputs, order = without_parameters(outputs, order or reachable(outputs), inputs)
        if inputs and not is_canonical:
            outputs, order = canonical(outputs, order, inputs, computed)
        graph = Graph(order, outputs, inputs)
        self.engine = engine_for(graph, native)
        self._compiled = self.engine.compile(graph)
        self.function: Callable[..., tuple[Data, ...]] = self._compiled.run
        self._expected = [(node.shape, node.dtype) for node in inputs]
        self._names = [node.name if isinstance(node, (Input, Parameter)) else f"x{i}" for i, node in enumerate(inputs)]
        self._count = len(inputs)
        self._takes_floats = all(n.shape == () and n.dtype is DType.FLOAT64 for n in inputs)

    def __call__(self, *values: Data) -> tuple[Data, ...]:
        """The value of each output. `function` is the same for who promises values that fit: it looks at none.

        Raises:
            ShapeError: for another count of values, or one of another shape than its input's.
            DTypeError: for a value that is not of its input's kind, such as a float where an int is needed.
        """
        # Floats for scalars are the usual case, and told at once.
        if not self._takes_floats or len(values) != self._count:
            self._require_fitting(values)
        else:
            for value in values:
                if value.__class__ is not float:
                    self._require_fitting(values)
                    break
        return self.function(*values)

    def require_allowed(self) -> None:
        """Refuse to run where a limit is lower now than it was when this was made.

        Raises:
            CoreError: for more work or memory than is allowed.
        """
        self._compiled.require_allowed()

    def _require_fitting(self, values: Sequence[Data]) -> None:
        if len(values) != len(self._expected):
            raise ShapeError(
                f"this program takes {self._count} {'value' if self._count == 1 else 'values'}, not {len(values)}"
            )
        for value, (shape, dtype), name in zip(values, self._expected, self._names, strict=True):
            found = getattr(value, "shape", ())
            if isinstance(value, (list, tuple)):
                raise ShapeError(f"the input `{name}` is given a {type(value).__name__}", "give it an array")
            if found != shape:
                raise ShapeError(f"the input `{name}` has shape {shape}, and is given shape {found}")
            kind = _KIND.get(getattr(getattr(value, "dtype", type(value)), "kind", type(value)), 3)
            kind = _KIND[float] if isinstance(value, float) else kind
            if kind > _KIND_OF[dtype]:
                given = getattr(value, "dtype", type(value).__name__)
                raise DTypeError(f"the input `{name}` has type {dtype.value}, and is given {given}")

    @property
    def memory(self) -> int:
        """What the buffers take that it keeps between runs, in bytes."""
        return self._compiled.memory
