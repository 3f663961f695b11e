"""Fitted parameters as a script that runs at once: what was fitted, then the values, then their standard errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcli.core.ir.nodes import Parameter
from gradcli.language.calls.reach import parameters_of
from gradcli.language.text.diagnostics import fail
from gradcli.session.ask import Question
from gradcli.session.rows.asked import Asked
from gradcli.session.rows.reducing import Loss

if TYPE_CHECKING:
    from gradcli.session.rows.columns import Array

# More numbers are no text that anybody reads, nor one that is read.
MOST = 40_000


def script(asked: Asked, question: Question, loss: Loss, at: Array, errors: Array | None, how: str, said: str) -> str:
    """The text.

    Raises:
        LanguageError: for more numbers than a script should have.
    """
    if len(at) > MOST:
        raise fail("value", f"{len(at):,} fitted numbers are too many for a script", None, f"at most {MOST:,}")
    name = question.function.name if question.function.name.isidentifier() else "f"
    lines = [f"# {line}" for line in said.splitlines()]
    if asked.source is not None:
        lines += [asked.source.rstrip(), ""]
    values, deviations = loss.apart(at), None if errors is None else loss.apart(errors)
    inputs = [v.name for v in loss.variables if not isinstance(v.node, Parameter)]
    lines.append("# What was fitted.")
    if asked.source is None:
        lines += [f"{n} = {_written(values[n])}" for n in inputs]
        lines.append(_defined(asked.text, question, name))
    else:
        lines += [f"{n} = {_written(values[n])}" for n in inputs]
    there = parameters_of(question.interpreter, question.function)
    if any(isinstance(v.node, Parameter) for v in loss.variables):
        fitted: Mapping[Any, Array] = {v.node: values[v.name] for v in loss.variables}
        parts = [_written(fitted[n]) if n in fitted else _written(np.array(n.value.value)) for n in there.nodes]
        lines.append(f"params({name}) = ({', '.join(parts)}{',' if len(parts) == 1 else ''})")
    if deviations is not None:
        of = ", ".join(v.name for v in loss.variables)
        what = "the sum of squares of residuals" if how == "squares" else "minus the logarithm of its likelihood"
        lines.append(f"# Standard errors of {of}, where the loss of a row is {what}.")
        parts = [_written(part) for part in deviations.values()]
        lines.append(f"standard_errors = {parts[0] if len(parts) == 1 else '(' + ', '.join(parts) + ')'}")
    return "\n".join(lines) + "\n"


def _defined(text: str, question: Question, name: str) -> str:
    """An expression as a function of its inputs; one that is a function by itself gets the name."""
    stripped = text.strip()
    if "->" in stripped or stripped.isidentifier():
        return f"{name} = {stripped}"
    return f"{name}({', '.join(question.arguments)}) = {stripped}"


def _written(array: Array) -> str:
    """Numbers with all their digits."""
    return _text(np.asarray(array).tolist())


def _text(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    return repr(float(value)) if np.isfinite(value) else {"inf": "inf", "-inf": "-inf"}.get(repr(float(value)), "nan")
