"""Values that a script is given from outside: what it says of these names itself is what they are without them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from gradcli.language.text import syntax as s
from gradcli.language.text.build import identifier
from gradcli.language.text.diagnostics import Diagnostic, Source, Span, near
from gradcli.language.text.syntax import names_in
from gradcli.language.values.scope import Draft
from gradcli.language.values.values import Value


def with_given(statement: s.Statement, given: Mapping[str, Value]) -> s.Statement:
    """A statement of the top level, in which what defines a given name defines it as what was given."""
    if not given:
        return statement
    if isinstance(statement, s.Function) and statement.name.id in given:
        return s.Assign(statement.span, statement.name, _literal(statement.span, given[statement.name.id]))
    if isinstance(statement, s.Param) and statement.name.id in given:
        return replace(statement, value=_literal(statement.value.span, given[statement.name.id]))
    if isinstance(statement, s.Assign) and isinstance(statement.target, s.Name):
        name = statement.target.id
        # `x = x/2` goes on from the value, and defines none.
        if name in given and name not in names_in(statement.value):
            return replace(statement, value=_literal(statement.value.span, given[name]))
    return statement


def _literal(span: Span, value: Value) -> s.Literal:
    return s.Literal(span, value)


def still_given(statement: s.Statement, given: Mapping[str, Value], scope: Draft[str, Value]) -> Mapping[str, Value]:
    """The names that no statement has defined so far, behind one that has run; a script defines each once.

    Names that stand in a group, or that a file gives which is used, are then what was given too.
    """
    changed = {name for name in given if scope[name] is not given[name]}
    if isinstance(statement, s.Use):
        defaults = changed
    elif isinstance(statement, s.Assign) and isinstance(statement.target, s.Tuple):
        defaults = changed.difference(names_in(statement.value))
    else:
        defaults = set()
    for name in defaults:
        scope[name] = given[name]
    return {name: value for name, value in given.items() if name not in changed and name != _defined(statement)}


def _defined(statement: s.Statement) -> str | None:
    if isinstance(statement, (s.Function, s.Param)):
        return statement.name.id
    if isinstance(statement, s.Assign) and isinstance(statement.target, s.Name):
        return statement.target.id
    return None


def without_use(given: Mapping[str, Value], source: Source) -> Diagnostic | None:
    """What is to be said of the first name that a script neither defines nor reads, so that it was meant otherwise."""
    words = {identifier(word) for word in re.findall(r"[^\W\d]\w*", source.text)}
    # A file that is used may read it.
    lacking = next((name for name in given if name not in words), None)
    if lacking is None or "use" in words:
        return None
    hint = near(lacking, [word for word in words if word]) or "a script reads what it is given, or defines it otherwise"
    return Diagnostic("usage", f"`{source.name}` has no name `{lacking}`", None, hint)
