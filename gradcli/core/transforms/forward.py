"""Forward mode: the Taylor coefficient of order 1."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.ir.nodes import Node
from gradcli.core.transforms.taylor import along


def jvp(outputs: Sequence[Node], wrt: Sequence[Node], tangents: Sequence[Node]) -> tuple[Node, ...]:
    """The product of the Jacobian with the tangents, one result for each output, of its shape and dtype.

    Each tangent has the shape of its variable. Cost: a constant times the graph (Griewank and Walther 2008,
    section 3.1).
    """
    return tuple(series[1] for series in along(outputs, dict(zip(wrt, tangents, strict=True)), 1))
