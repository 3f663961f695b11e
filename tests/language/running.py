"""Running a text and taking its last result apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.text.diagnostics import Diagnostic, Source
from gradcli.language.values.scope import Bindings, Draft
from gradcli.language.values.values import Value
from gradcli.session.results import (
    Assertion,
    Derivatives,
    Extrema,
    NoNumber,
    ParameterTable,
    Plain,
    Polynomial,
    Propagation,
    Shown,
    SparseMatrix,
    Tangent,
    Tensor,
    Text,
    Uncertain,
)
from gradcli.session.session import Session, Step


def interpreter(names: Mapping[str, Value] | None = None) -> Interpreter:
    """An interpreter with some names at its top level."""
    return Interpreter(Draft(Bindings(names)))


def run(text: str, session: Session | None = None) -> Step:
    """Run statements in a session."""
    return (session or Session()).run(Source("test", text))


def value(text: str, session: Session | None = None) -> Any:
    """The last value that a text shows, as Python data; a mistake in the text fails the test."""
    step = run(text, session)
    assert not [d for d in step.diagnostics if d.severity == "error"], step.diagnostics
    shown = [r for r in step.results if isinstance(r, Shown)]
    return unpack(shown[-1].value)


def unpack(plain: Plain) -> Any:
    """Plain data as Python numbers, arrays, texts and tuples; of a gradient, its values in order."""
    if isinstance(plain, Tensor):
        return plain.data
    if isinstance(plain, (Text, NoNumber)):
        return plain.text
    if isinstance(plain, ParameterTable):
        return dict(zip(plain.names, map(unpack, plain.tensors), strict=True))
    if isinstance(plain, Derivatives) and plain.value is not None:
        return unpack(plain.value)
    if isinstance(plain, Derivatives):
        values = tuple(unpack(row.tensor) for row in plain.rows)
        return values[0] if len(values) == 1 else values
    if isinstance(plain, SparseMatrix):
        return plain.csr()
    if isinstance(plain, Polynomial):
        return dict(plain.terms)
    if isinstance(plain, (Tangent, Extrema, Propagation, Uncertain)):
        return plain
    return tuple(unpack(item) for item in plain)


def number(text: str) -> int | float:
    """The last value, a number."""
    got = value(text)
    assert isinstance(got, (int, float))
    return got


def error(text: str, session: Session | None = None) -> Diagnostic:
    """The mistake that a text ends with; one without fails the test."""
    found = [d for d in run(text, session).diagnostics if d.severity == "error"]
    assert found, f"no error in {text!r}"
    return found[-1]


def passes(text: str) -> bool:
    """Whether the asserts of a text all hold."""
    step = run(text)
    assert not [d for d in step.diagnostics if d.severity == "error"], step.diagnostics
    checked = [r for r in step.results if isinstance(r, Assertion)]
    assert checked
    return all(r.passed for r in checked)
