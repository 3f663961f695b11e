"""What is told from the text rather than from values: names that are not evaluated, and the sign of a product."""

from __future__ import annotations

import re

from gradcli.core.ir.nodes import Node
from gradcli.language.calls.combined import combined, refuse_products_of_vectors
from gradcli.language.calls.operations import binary
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.text.paper import is_grouped
from gradcli.language.values.values import Caller, Function, Names, Value


def product(caller: Caller, node: s.Binary, left: Value, right: Value) -> Value:
    """A product of what may be vectors or functions, for which its sign matters: `a·b`, `a×b`, `f g`.

    Raises:
        LanguageError: where it can be read in two ways.
    """
    vectors = isinstance(left, Node) and isinstance(right, Node) and left.shape and right.shape
    functions = _is_function(left), _is_function(right)
    if not vectors and functions == (False, False):
        return binary(caller, "*", left, right, node.span)
    sign = node.span.source.text[node.left.span.end : node.right.span.start].strip()
    names = node.left.span.title, node.right.span.title
    refuse_products_of_vectors(sign, left, right, names, node.span)
    if not any(functions):
        return binary(caller, "*", left, right, node.span)
    if isinstance(left, Function) and not sign and not is_grouped(node.right):
        a, b = names
        hint = f"write `{a}*{b}` or `{a}∘{b}`" if functions[1] else f"write `{a}({b})`, or `{a}*{b}` for a product"
        raise fail("syntax", f"`{node.span.title}` can be read in two ways", node.span, hint)
    return combined("*", left, right, binary, node.span, sign)


def _is_function(value: Value) -> bool:
    # What most operands are is told at once.
    return not isinstance(value, Node) and isinstance(value, Function)


def difference_of(node: s.Call) -> s.Unary | None:
    """What stands behind a sign and no bracket: `-2` in `limit -2`, which is a command where limit is a function."""
    sign = node.arguments[0] if len(node.arguments) == 1 and not node.keywords else None
    between = "" if sign is None else node.span.source.text[node.function.span.end : sign.span.start]
    return sign if isinstance(sign, s.Unary) and sign.operator in ("+", "-") and "(" not in between else None


def names_meant(node: s.Expression) -> Value:
    """What `wrt=` names, without evaluating it."""
    if isinstance(node, s.Tuple):
        return Names(tuple(_one_name(item) for item in node.items), single=False)
    return Names((_one_name(node),), single=True)


def _one_name(node: s.Expression) -> tuple[str, Span]:
    text = "".join(node.span.text.split())
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    if isinstance(node, (s.Name, s.Attribute)):
        return text, node.span
    if isinstance(node, s.Subscript) and re.fullmatch(r"[\w.]+(\[\d+\])+", text):
        # One of several that a model has under a name.
        return text, node.span
    if isinstance(node, s.Literal) and isinstance(node.value, str):
        return node.value, node.span
    raise fail("type", "wrt= takes names", node.span, "such as wrt=x or wrt=(x, w)")
