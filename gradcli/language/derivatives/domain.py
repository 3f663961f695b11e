"""Where a function has no value it has no derivatives, whatever the rules make of its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan

from gradcli.core.engines.evaluation import evaluate
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.traversal import reachable, substitute
from gradcli.language.values.nesting import map_nodes
from gradcli.language.values.values import Value

# What is said beside a nan of a function of real numbers that is given one outside of its domain.
OF_REALS = "complex numbers are out of scope"


def is_of_reals(condition: str) -> bool:
    """Whether a domain has ends: beyond them there may be complex values, where at a pole there is none at all."""
    return "!=" not in condition


def without_value(outputs: Sequence[Node], given: Mapping[Node, Node]) -> bool:
    """Whether an output that is one number is nan at a point, where an operation has values in its domain alone."""
    numbers = [node for node in outputs if node.shape == () and node.dtype.is_float]
    if not numbers or len(numbers) < len(outputs) or not any(map(_is_partial, reachable(numbers))):
        return False
    known = substitute(numbers, given)
    if any(not isinstance(n, (Application, Constant)) for n in reachable(known)):
        return False
    return any(isnan(float(value)) for value in evaluate(known))


def _is_partial(node: Node) -> bool:
    """Whether there are whole ranges without a value: beside a quotient by 0 there are some, and maybe a limit."""
    defined = node.op.defined if isinstance(node, Application) and isinstance(node.op, Primitive) else None
    return defined is not None and not str(defined).endswith("!= 0")


def none_of(value: Value) -> Value:
    """The same with nan in the place of every number of a float type."""
    return map_nodes(value, lambda n: n * float("nan") if n.dtype.is_float else n)
