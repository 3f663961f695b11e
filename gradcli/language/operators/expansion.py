"""Derivatives of any order from one Taylor expansion: as numbers where all inputs are known, else as graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gradcli.core.compile import Data, evaluate
from gradcli.core.compile.series import partials_at
from gradcli.core.graph import INPUT, PARAMETER, Node, array_constant, constant, reachable
from gradcli.core.transforms.closure import close
from gradcli.core.transforms.taylor import partials
from gradcli.language.diagnostics import Span, fail

# The products of an expansion within a function become nodes of its graph, of about this size.
LARGEST_GRAPH = 300_000
BYTES_OF_A_PRODUCT = 1_500

Exponents = tuple[int, ...]


def expanded(
    outputs: Sequence[Node],
    variables: Sequence[Sequence[Node]],
    order: int,
    given: Mapping[Node, Node] | None,
    span: Span,
) -> list[dict[Exponents, Node]]:
    """The derivatives of each output up to an order, by the exponents of the variables; zeros are left out.

    A variable is one node or several, all of whose elements grow alike.
    `given` says what each free input stands for; None, or inputs that are free in turn, give a graph.

    Raises:
        LanguageError: for a graph that would be too large, before it is made.
    """
    if given is not None and not has_free(given.values()) and not has_free_besides(outputs, given):
        free = [*given, *(v for nodes in variables for v in nodes if v.op is PARAMETER)]
        values = dict(zip(free, evaluate([given[n] if n in given else n.attrs["value"] for n in free]), strict=True))
        return [
            {exponents: _constant(value, output) for exponents, value in parts.items()}
            for parts, output in zip(partials_at(outputs, variables, order, values).parts, outputs, strict=True)
        ]
    products = close(outputs, [v for nodes in variables for v in nodes], order).products(len(variables), order)
    if products > LARGEST_GRAPH:
        raise fail(
            "value",
            f"order {order} within a function would be a graph of {products:,} products, "
            f"about {products * BYTES_OF_A_PRODUCT / 2**30:.1f} GiB",
            span,
            "lower the order, or ask for it outside of the function",
        )
    return partials(outputs, variables, order)


def _constant(value: Data, like: Node) -> Node:
    if isinstance(value, (bool, int, float)):
        return constant(value, like.dtype)
    import numpy as np

    return array_constant(np.array(value, dtype=like.dtype.value))


def has_free(nodes: Iterable[Node]) -> bool:
    """Whether any of the nodes depends on an input."""
    return any(n.op is INPUT for n in reachable(nodes))


def has_free_besides(nodes: Iterable[Node], given: Iterable[Node]) -> bool:
    """Whether any of the nodes depends on an input that isn't given."""
    known = set(given)
    return any(n.op is INPUT and n not in known for n in reachable(nodes))
