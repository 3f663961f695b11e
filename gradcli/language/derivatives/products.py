"""Derivatives along directions, without the matrices that they are products with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt as sqrt_of
from typing import Any

from gradcli.core.ir.dtypes import as_float
from gradcli.core.ir.nodes import Constant, Node, constant, filled
from gradcli.core.ir.promotion import cast, stretch
from gradcli.core.library.indexing import index
from gradcli.core.primitives.elementwise import sqrt
from gradcli.core.records import structure
from gradcli.core.transforms.forward import jvp
from gradcli.core.transforms.nested import total
from gradcli.core.transforms.reverse import gradient, vjp
from gradcli.core.transforms.taylor import Scale, along
from gradcli.language.calls.announce import Call, builtin
from gradcli.language.derivatives.base import Operator, Rows, Traced, base_of, numbered
from gradcli.language.derivatives.checks import real_outputs
from gradcli.language.derivatives.gradient import to_order
from gradcli.language.derivatives.targets import ALL, make_targets
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.describe import describe
from gradcli.language.values.nesting import leaves, map_items, map_nodes, nodes_in
from gradcli.language.values.numbers import is_number
from gradcli.language.values.partial import Partial, superscript
from gradcli.language.values.values import Caller, Formal, Function, Names, Rewrite, Value

# A direction of such a length is a unit vector.
CLOSE_TO_ONE = 1e-9


@structure
class Product(Operator):
    """What `jvp`, `vjp`, `hvp` and `directional` give.

    The vector is given with the function, or as inputs after the function's own.
    """

    what: str = "jvp"
    vector: Value = None
    order: int = 1
    unit: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.vector is None:
            self.inputs = (*self.of.inputs, *(Formal(name) for name in self._vector_names()))

    def _vector_names(self) -> list[str]:
        wanted = ["v"] if self.what == "vjp" else [f"d{n.rpartition('.')[2]}" for n in self.targets.labels(self.of)]
        taken = {i.name for i in self.of.inputs}
        names = []
        for name in wanted:
            while name in taken:
                name += "_"
            taken.add(name)
            names.append(name)
        return names

    @property
    def differentiations(self) -> int:
        """2 for a product with a Hessian."""
        return 2 if self.what == "hvp" else self.order

    def lost(self, jumps: Sequence[Any], place: int, count: int, shape: tuple[int, ...]) -> Any:
        """Of a product with the Hessian, the elements whose slope jumps."""
        if self.what == "hvp" and count == len(jumps):
            return jumps[place]
        return super().lost(jumps, place, count, shape)

    def title(self) -> str:
        """Such as jvp(f)."""
        return f"{self.what}({self.of.name})"

    def substituted(self, substitution: Rewrite) -> Product:
        """The product of the function and the vector as the caller's values make them."""
        return replace(self, of=self.of.substituted(substitution), vector=substitution.value(self.vector))

    def options(self) -> tuple[Value, ...]:
        """What else it was asked for."""
        return (self.what, self.vector, self.order, self.unit)

    def derive(self, caller: Caller, traced: Traced, span: Span) -> Value:
        """The product: of the outputs' structure for jvp and directional, of the inputs' for vjp and hvp."""
        by = list(nodes_in(traced.wrt))
        roots = real_outputs(traced.outputs, self.of, span)
        given = self.vector if self.vector is not None else traced.extra
        if self.what == "vjp":
            seeds = _vectors(given, roots, "output", span)
            return map_nodes(traced.wrt, dict(zip(by, vjp(roots, by, seeds), strict=True)).__getitem__)
        tangents = _vectors(given, by, "input", span)
        if self.what == "hvp":
            rates = jvp(gradient(roots, by), by, tangents) if roots else [filled(0.0, node) for node in by]
            return map_nodes(traced.wrt, dict(zip(by, rates, strict=True)).__getitem__)
        if self.order == 0:
            return traced.outputs
        if self.unit:
            length = sqrt(total([tangent * tangent for tangent in tangents]))
            tangents = [tangent / stretch(length, tangent.shape) for tangent in tangents]
        scale = Scale(self.order)
        steps = tangents if scale.step == 1.0 else [tangent * scale.step for tangent in tangents]
        series, weight = along(roots, dict(zip(by, steps, strict=True)), self.order), scale.weight((self.order,))
        found = {
            root: parts[-1] if weight == 1.0 else parts[-1] * weight for root, parts in zip(roots, series, strict=True)
        }
        return _with_zeros(traced.outputs, found)

    def note(self, result: Value) -> str | None:
        """Whether a direction counts with its length."""
        if self.what != "directional":
            return None
        if self.unit:
            return "along v made a unit vector"
        length = _length(self.vector)
        if length is None or abs(length - 1) < CLOSE_TO_ONE:
            return None
        return f"along v as it is, of length {length:.6g}; unit=true makes it a unit vector"

    def rows(self, result: Value) -> Rows:
        """The product under a name that says what it is."""
        base = base_of(self.of)
        labels, nodes = [base.then(name) for name in self.targets.labels(self.of)], list(nodes_in(result))
        if self.what in ("jvp", "directional"):
            sign = superscript(self.order)
            return numbered(Partial(f"∂{sign}{base}/∂v{sign}", (), base.order + self.order), result)
        if len(labels) != len(nodes):
            return numbered(Partial(self.name, (), base.order + (2 if self.what == "hvp" else 1)), result)
        if self.what == "vjp":
            named = [Partial(f"v·{label}", (), label.order) for label in labels]
        else:
            named = [Partial(f"(∇²{base}·v)[{label.variables[-1]}]", (), label.order + 1) for label in labels]
        return tuple(zip(named, nodes, strict=True))


def _length(vector: Value) -> float | None:
    """The length of a vector that is known; None for one that isn't."""
    squares = 0.0
    for item in leaves(vector):
        if isinstance(item, Constant):
            value = item.value
            squares += float(value * value if item.shape == () else (value * value).sum())
        elif is_number(item):
            squares += float(item) ** 2
        else:
            return None
    return sqrt_of(squares)


def _with_zeros(outputs: Value, found: dict[Node, Node]) -> Value:
    """The outputs' structure; what depends on nothing has the derivative 0."""
    put: Value = map_items(outputs, lambda item: found[item] if isinstance(item, Node) else 0.0)
    return put


def _vectors(given: Value, like: Sequence[Node], what: str, span: Span) -> list[Node]:
    """A tensor for each node, of its shape and dtype.

    Raises:
        LanguageError: for another number of them, another shape, or what is no real number.
    """
    flat = list(leaves(given))
    if len(flat) == 1 < len(like) and isinstance(flat[0], Node) and flat[0].shape == (len(like),):
        # A vector of all of them, where each is a number.
        flat = [index(flat[0], (i,)) for i in range(len(like))]
    if len(flat) != len(like):
        raise fail(
            "derivative",
            f"{len(flat)} {'vector' if len(flat) == 1 else 'vectors'} for {len(like)} "
            f"{what if len(like) == 1 else what + 's'}",
            span,
            "give one for each, as a tuple" if len(like) > 1 else "give one",
        )
    vectors = []
    for value, node in zip(flat, like, strict=True):
        if isinstance(value, bool) or not isinstance(value, (int, float, Node)):
            raise fail("derivative", f"a vector is made of real numbers, not {describe(value)}", span)
        vector = value if isinstance(value, Node) else constant(as_float(value), node.dtype)
        if vector.shape != node.shape:
            raise fail(
                "shape",
                f"the vector has shape {vector.shape}, and the {what} that it goes with {node.shape}",
                span,
                "both must have the same shape",
            )
        vectors.append(cast(vector, node.dtype))
    return vectors


def _announce(what: str, help: str, example: str) -> None:
    @builtin(help, what, example=example)
    def product(
        call: Call,
        fn: Function,
        v: Value = None,
        grad_position: Value = ALL,
        weights: Value = None,
        wrt: Names | None = None,
    ) -> Product:
        return Product(fn, make_targets(fn, grad_position, weights, wrt, call.span, default=ALL), what, v)


_announce(
    "jvp",
    "the Jacobian times a vector of inputs, in forward mode: jvp(f, v)(x) or jvp(f)(x, v)",
    "f(x, y) = x^2 y\njvp(f, (1, 0))(3, 5)",
)
_announce(
    "vjp",
    "a vector of outputs times the Jacobian, in reverse mode: vjp(f, v)(x) or vjp(f)(x, v)",
    "f(x, y) = (x^2, x y)\nvjp(f, (1, 0))(3, 5)",
)
_announce(
    "hvp",
    "the Hessian of the summed outputs times a vector: hvp(f, v)(x) or hvp(f)(x, v)",
    "f(x, y) = x^2 y\nhvp(f, (1, 0))(3, 5)",
)


@builtin(
    "the derivative of some order along a vector, by Taylor mode",
    example="f(x, y) = x^2 y\ndirectional(f, (1, 1))(3, 5)",
)
def directional(
    call: Call,
    fn: Function,
    v: Value = None,
    order: Value = 1,
    grad_position: Value = ALL,
    weights: Value = None,
    wrt: Names | None = None,
    unit: bool = False,
) -> Product:
    """The derivative along a line; with `unit` along one of length 1.

    Raises:
        LanguageError: for an order that is none.
    """
    n = to_order(order, call.span)
    targets = make_targets(fn, grad_position, weights, wrt, call.span, default=ALL)
    return Product(fn, targets, "directional", v, n, unit)
