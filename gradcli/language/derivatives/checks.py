"""What can be differentiated, and what can be differentiated by."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.ir.nodes import Input, Node, name_of
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.describe import describe
from gradcli.language.values.nesting import fold, leaves, nodes_in
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import Function, Value


def listed(names: Sequence[str]) -> str:
    """Names as a message lists them."""
    return ", ".join(f"`{name}`" for name in names)


def is_real(value: Value) -> bool:
    """Whether a value is made of real numbers alone."""
    found: bool = fold(value, _is_real, lambda items: bool(items) and all(items))
    return found


def _is_real(item: Value) -> bool:
    if isinstance(item, Node):
        return item.dtype.is_float
    return is_number(item)


def real_input(value: Value, name: str, span: Span) -> Value:
    """An input that derivatives can be taken by.

    Raises:
        LanguageError: for what holds no real number.
    """
    nodes = list(nodes_in(value))
    if not nodes:
        raise fail("derivative", f"`{name}` is {describe(value)}, and only real numbers have derivatives", span)
    for node in nodes:
        if not node.dtype.is_float:
            raise fail(
                "derivative",
                f"`{name}` is {node.dtype.value}, and only real numbers have derivatives",
                span,
                f"convert it before the call, such as float64({name})",
            )
    return value


def refuse_counts(wrt: Sequence[Node], span: Span) -> None:
    """Refuse inputs that the trace has used as counts or indices.

    Raises:
        LanguageError: naming the input.
    """
    for node in wrt:
        known = node.known if isinstance(node, Input) else None
        if known is not None and known.used is not None:
            raise fail(
                "derivative",
                f"`{name_of(node)}` is used as {known.used}, which has no derivative",
                span,
                "differentiate with respect to the other inputs, with wrt=",
            )


def real_outputs(outputs: Value, function: Function, span: Span) -> list[Node]:
    """The tensors of a result; a plain number is a constant and adds nothing to a derivative.

    Raises:
        LanguageError: for what is no real number.
    """
    roots: list[Node] = []
    for item in leaves(outputs):
        if isinstance(item, Node) and item.dtype.is_float:
            roots.append(item)
        elif not is_number(item):
            what = f"{item.dtype.value}" if isinstance(item, Node) else describe(item)
            raise fail(
                "derivative",
                f"`{function.name}` returns {what}, and only real numbers can be differentiated",
                span,
                "return a real number, or use has_aux=true for outputs beside it",
            )
    return roots
