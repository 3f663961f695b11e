"""Zeros that are certain: an adjoint or a tangent that a `select` has masked, and a slope that is masked.

Such a factor stays a select when it is multiplied on (a select commutes with multiplication), so that what a branch
not taken would give, nan or inf, never meets the zero that stands for it.
"""

from __future__ import annotations

from gradcli.core.ir.nodes import Node, filled, is_number, registry


def masked(mask: Node | None, value: Node) -> Node:
    """The value where the mask holds, 0 elsewhere; everywhere where there is no mask."""
    return value if mask is None else registry["select"](mask, value, filled(0.0, value))


def unmasked(g: Node) -> tuple[Node | None, Node]:
    """The condition under which a factor counts and its value there; None where it always counts."""
    mask: Node | None = None
    while g.op is registry["select"]:
        condition, a, b = g.args
        if is_number(b, 0):
            g = a
        elif is_number(a, 0):
            condition, g = registry["logical_not"](condition), b
        else:
            break
        mask = both(mask, condition)
    return mask, g


def _is_select(node: Node) -> bool:
    """Whether there may be a mask."""
    return node.op is registry["select"]


def both(a: Node | None, b: Node | None) -> Node | None:
    """Where both masks hold."""
    if a is None or b is None or a is b:
        return b if a is None else a
    return registry["logical_and"](a, b)


def product(a: Node, b: Node) -> Node:
    """The product of two factors element by element, masked where either is."""
    if not (_is_select(a) or _is_select(b)):
        return a * b
    mask_a, value_a = unmasked(a)
    mask_b, value_b = unmasked(b)
    return masked(both(mask_a, mask_b), value_a * value_b)


def scaled(g: Node, partial: Node | float) -> Node | None:
    """An adjoint or a tangent times a partial; a partial that is the number 0 sends nothing."""
    if not isinstance(partial, Node):
        if partial == 0:
            return None
        if partial == 1:
            return g
        mask, value = unmasked(g)
        return masked(mask, value * partial)
    return product(g, partial)


def added(a: Node, b: Node) -> Node:
    """The sum of two adjoints or tangents, masked where neither has anything to say."""
    if not (_is_select(a) and _is_select(b)):
        return a + b
    mask_a, value_a = unmasked(a)
    mask_b, value_b = unmasked(b)
    if mask_a is None or mask_b is None:
        return a + b
    if mask_a is mask_b:
        return masked(mask_a, value_a + value_b)
    return masked(registry["logical_or"](mask_a, mask_b), a + b)
