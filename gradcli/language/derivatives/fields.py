"""Derivatives of scalar and vector fields: Laplacian, divergence, curl."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.ir.nodes import Node, constant
from gradcli.core.ir.shapes import size_of
from gradcli.core.library.functions import stack
from gradcli.core.library.indexing import index
from gradcli.core.primitives.shaping import reshape
from gradcli.core.records import structure
from gradcli.core.transforms.jacobian import FORWARD, Blocks, jacobian
from gradcli.core.transforms.laplacian import laplacian
from gradcli.core.transforms.nested import total
from gradcli.core.transforms.reverse import gradient
from gradcli.language.calls.announce import Call, builtin
from gradcli.language.derivatives.base import Operator, Rows, Traced, base_of, label_of, numbered
from gradcli.language.derivatives.checks import real_outputs
from gradcli.language.derivatives.targets import ALL, make_targets
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.nesting import leaves, map_nodes, nodes_in
from gradcli.language.values.partial import Partial
from gradcli.language.values.values import Caller, Function, Names, Value

SIGNS = {"laplacian": ("Δ", 2), "divergence": ("∇·", 1), "curl": ("∇×", 1)}


@structure
class Field(Operator):
    """What `laplacian`, `divergence` and `curl` give."""

    what: str = "laplacian"

    @property
    def differentiations(self) -> int:
        """2 for the Laplacian."""
        return SIGNS[self.what][1]

    def title(self) -> str:
        """Such as laplacian(f)."""
        return f"{self.what}({self.of.name})"

    def options(self) -> tuple[Value, ...]:
        """What else it was asked for."""
        return (self.what,)

    def derive(self, caller: Caller, traced: Traced, span: Span) -> Value:
        """The field: of the outputs' structure for the Laplacian and the curl in space, else one number."""
        by = list(nodes_in(traced.wrt))
        roots = real_outputs(traced.outputs, self.of, span)
        if self.what == "laplacian":
            found = dict(zip(roots, laplacian(roots, by), strict=True))
            return map_nodes(traced.outputs, found.__getitem__) if roots else 0.0
        flat = list(_flat(traced.outputs, by[0]))
        if self.what == "divergence":
            return self._divergence(flat, by, span)
        return self._curl(traced.outputs, flat, by, span)

    def _divergence(self, outputs: list[Node], by: list[Node], span: Span) -> Value:
        if [node.shape for node in outputs] != [node.shape for node in by]:
            sizes = sum(size_of(n.shape) for n in outputs), sum(size_of(n.shape) for n in by)
            if sizes[0] == sizes[1] and {len(n.shape) for n in [*outputs, *by]} <= {0, 1}:
                d = _square(jacobian(outputs, by, FORWARD), outputs, by)
                return total([d[i][i] for i in range(sizes[0])])
            raise self._no_field(outputs, by, "one output for each input, of its shape", span)
        terms = []
        for output, node in zip(outputs, by, strict=True):
            block = jacobian([output], [node], FORWARD)[0][0]
            size = size_of(node.shape)
            if node.shape == ():
                terms.append(block)
            else:
                square = reshape(block, shape=(size, size))
                every = reshape(square, shape=(size * size,))
                terms.append(total([index(every, (slice(0, size * size, size + 1),))]))
        return total(terms)

    def _curl(self, structure: Value, outputs: list[Node], by: list[Node], span: Span) -> Value:
        sizes = sum(size_of(n.shape) for n in outputs), sum(size_of(n.shape) for n in by)
        shapes = {len(n.shape) for n in [*outputs, *by]}
        if sizes not in ((2, 2), (3, 3)) or not shapes <= {0, 1}:
            raise self._no_field(outputs, by, "two outputs of two inputs, or three of three", span)
        d = _square(jacobian(outputs, by, FORWARD), outputs, by)
        if sizes == (2, 2):
            return d[1][0] - d[0][1]
        curl = (d[2][1] - d[1][2], d[0][2] - d[2][0], d[1][0] - d[0][1])
        return curl if isinstance(structure, tuple) else stack(curl, 0)

    def _no_field(self, outputs: Sequence[Node], by: Sequence[Node], wanted: str, span: Span) -> Exception:
        return fail(
            "derivative",
            f"{self.what} needs {wanted}; `{self.of.name}` has outputs of shapes "
            f"{', '.join(str(n.shape) for n in outputs) or 'none'} and inputs of "
            f"{', '.join(str(n.shape) for n in by)}",
            span,
            "choose the inputs with wrt=",
        )

    def rows(self, result: Value) -> Rows:
        """The field under its sign."""
        sign, order = SIGNS[self.what]
        base = base_of(self.of)
        return numbered(Partial(f"{sign}{base}", (), base.order + order), result)


def _flat(outputs: Value, like: Node) -> list[Node]:
    """The outputs as tensors; a plain number is a constant component."""
    found = (constant(i, like.dtype) if isinstance(i, (int, float)) else i for i in leaves(outputs))
    return [item for item in found if isinstance(item, Node)]


def _square(blocks: Blocks, outputs: Sequence[Node], by: Sequence[Node]) -> Blocks:
    """The entries of a Jacobian one by one, whatever is a vector among its outputs and inputs."""
    return [
        [
            block if block.shape == () else index(block, (*(i,) * len(output.shape), *(j,) * len(node.shape)))
            for block, node in zip(row, by, strict=True)
            for j in range(size_of(node.shape))
        ]
        for row, output in zip(blocks, outputs, strict=True)
        for i in range(size_of(output.shape))
    ]


def _announce(what: str, help: str, example: str) -> None:
    @builtin(help, what, example=example)
    def field(
        call: Call, fn: Function, grad_position: Value = ALL, weights: Value = None, wrt: Names | None = None
    ) -> Field:
        return Field(fn, make_targets(fn, grad_position, weights, wrt, call.span, default=ALL), what)


_announce(
    "laplacian",
    "the sum of the second derivatives by all inputs, by Taylor mode",
    "laplacian((x, y) -> x^2 + y^3)(1, 2)",
)
_announce(
    "divergence", "the sum of each output's derivative by its own input", "divergence((x, y) -> (x^2, x y))(1, 2)"
)
_announce("curl", "the rotation of a vector field in the plane or in space", "curl((x, y) -> (-y, x))(1, 2)")


@structure
class Nabla(Operator):
    """What `∇f` gives: every partial, as one vector where the inputs are numbers."""

    def title(self) -> str:
        """Such as ∇f."""
        return f"∇{label_of(self.of)}"

    def derive(self, caller: Caller, traced: Traced, span: Span) -> Value:
        """The vector; for one number the derivative, for tensors one of each one's shape."""
        roots = real_outputs(traced.outputs, self.of, span)
        if isinstance(traced.outputs, tuple) or any(root.shape != () for root in roots):
            raise fail(
                "derivative",
                f"∇ is of a function with one number as its output, and `{self.of.name}` has more",
                span,
                f"`jacobian({self.of.name})` has every partial of every output",
            )
        by = list(nodes_in(traced.wrt))
        slopes = gradient(roots, by)
        if len(by) > 1 and all(node.shape == () for node in by):
            return stack(tuple(slopes), 0)
        result: Value = map_nodes(traced.wrt, dict(zip(by, slopes, strict=True)).__getitem__)
        return result

    def rows(self, result: Value) -> Rows:
        """The vector under its sign, tensors each under its own."""
        base, names = base_of(self.of), self.targets.labels(self.of)
        nodes = list(nodes_in(result))
        if len(nodes) == len(names) > 1:
            return tuple(zip([base.then(name) for name in names], nodes, strict=True))
        return numbered(Partial(f"∇{base}", (), base.order + 1), result)


@builtin("the gradient by all inputs, as one vector: ∇f", example="f(x, y) = x^2 y\n∇f\n∇f(3, 5)")
def nabla(call: Call, fn: Function, wrt: Names | None = None) -> Nabla:
    """The vector of all partials."""
    return Nabla(fn, make_targets(fn, ALL, None, wrt, call.span, default=ALL))
