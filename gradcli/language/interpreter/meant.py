"""What is told from the text rather than from values: names that are not evaluated, and the sign of a product."""

from __future__ import annotations

import re

from gradcli.core.ir.nodes import Node
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.values import Names, Value


def refuse_products_of_vectors(node: s.Binary, left: Value, right: Value) -> None:
    """Refuse `a·b` and `a×b` of vectors, which on paper are not taken element by element."""
    if not (isinstance(left, Node) and isinstance(right, Node) and left.shape and right.shape):
        return
    sign = node.span.source.text[node.left.span.end : node.right.span.start].strip()
    named = {"·": "dot", "⋅": "dot", "×": "cross"}.get(sign)
    if named is not None:
        a, b = node.left.span.title, node.right.span.title
        hint = f"write `{named}({a}, {b})`, or `{a} * {b}` element by element"
        raise fail("type", f"`{sign}` of vectors can be read in two ways", node.span, hint)


def names_meant(node: s.Expression) -> Value:
    """What `wrt=` names, without evaluating it."""
    if isinstance(node, s.Tuple):
        return Names(tuple(_one_name(item) for item in node.items), single=False)
    return Names((_one_name(node),), single=True)


def _one_name(node: s.Expression) -> tuple[str, Span]:
    if isinstance(node, (s.Name, s.Attribute)):
        # A part of a Sequential, net[0].weight, goes by its place.
        return re.sub(r"\[\s*(\d+)\s*\]", r".\1", node.span.text), node.span
    if isinstance(node, s.Literal) and isinstance(node.value, str):
        return node.value, node.span
    raise fail("type", "wrt= takes names", node.span, "such as wrt=x or wrt=(x, w)")
