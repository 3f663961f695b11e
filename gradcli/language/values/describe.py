"""What sort of value it is, in the words of messages."""

from __future__ import annotations

import re

from gradcli.core.ir.nodes import Node, Parameter
from gradcli.language.text.diagnostics import LanguageError, Span, fail
from gradcli.language.values.audits import Audit
from gradcli.language.values.explanations import Check, Steps
from gradcli.language.values.findings import Extrema, Fit, Propagation, Uncertain
from gradcli.language.values.values import (
    Contours,
    DerivativeTable,
    Function,
    Interval,
    Module,
    Named,
    Parameters,
    Plot,
    SparseMatrix,
    Value,
)


def describe(value: Value) -> str:
    """What sort of value it is, for a message."""
    if isinstance(value, Node):
        if isinstance(value, Parameter):
            return f"the parameter `{value.name}`"
        return "a number" if value.shape == () else f"a tensor of shape {value.shape}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a text"
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return f"a tuple of {len(value)}"
    if isinstance(value, Parameters):
        return f"the parameters of `{value.of}`"
    if isinstance(value, DerivativeTable):
        return "a table of derivatives"
    if isinstance(value, SparseMatrix):
        return "a sparse matrix"
    if isinstance(value, Interval):
        return "an interval"
    if isinstance(value, (Plot, Contours)):
        return "a plot"
    if isinstance(value, Extrema):
        return "a table of critical points"
    if isinstance(value, Fit):
        return "what training came to"
    if isinstance(value, Propagation):
        return "a result with its error"
    if isinstance(value, Uncertain):
        return "a measured number"
    if isinstance(value, Steps):
        return "the steps of a derivative"
    if isinstance(value, Audit):
        return "a check of derivatives"
    if isinstance(value, Check):
        return "what is said of an answer"
    if isinstance(value, Named):
        return f"what `{value.origin}` holds"
    if isinstance(value, Module):
        return f"the file `{value.path}`"
    if isinstance(value, Function):
        return f"the {value.kind} `{value.name}`"
    return "..."


def not_called(span: Span, what: str, multiplies: bool) -> LanguageError:
    """The refusal to call what is no function; `span` is where that stands."""
    name, inside = span.text, span.behind or "..."
    hint: str | None = f"to multiply, write `{name}*({inside})`"
    base = raised_by(span)
    if base:
        hint = f"write `{base}{name}*({inside})` or `{base}({name}*({inside}))`"
    if not multiplies:
        hint = None
    return fail("type", f"{what} can't be called", span, hint)


def raised_by(exponent: Span) -> str:
    """What an exponent stands behind, with the sign of the power: `e^`; nothing where it is none."""
    found = re.search(r"[\w.)]+(?:\^|\*\*)-?$", exponent.source.text[: exponent.start])
    return found[0] if found else ""


def require_function(value: Value, span: Span, what: str) -> Function:
    """The value as a function.

    Raises:
        LanguageError: if it can't be called.
    """
    if isinstance(value, Function):
        return value
    hint = None
    if isinstance(value, (Node, int, float)):
        hint = "define a function first, such as `f(x) = x^2`, or write `x -> x^2`"
    raise fail("type", f"{what} needs a function, not {describe(value)}", span, hint)
