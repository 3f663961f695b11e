"""How a definition was typed, which formulas of it keep to."""

from __future__ import annotations

from collections.abc import Mapping

from gradcli.language.calls.functions import UserFunction
from gradcli.language.derivatives.base import innermost
from gradcli.language.text import syntax as s
from gradcli.language.values.values import Function


def spellings_of(function: Function) -> Mapping[str, str]:
    """How the definition that a function comes from spells what has several names: `ln` or `log`, `e^x` or `exp(x)`."""
    found = innermost(function)
    if not isinstance(found, UserFunction):
        return {}
    names = {name for statement in found.body for name in s.names_in(statement)}
    spelled: dict[str, str] = {}
    if "ln" in names and "log" not in names:
        spelled["log"] = "ln"
    if "e" in names and "exp" not in names:
        spelled["exp"] = "e^"
    return spelled


def typed_formula(function: Function) -> str | None:
    """What the result of a function was typed as, where its definition is that and nothing else."""
    if not isinstance(function, UserFunction) or len(function.body) != 1 or function.members:
        return None
    (statement,) = function.body
    return " ".join(statement.value.span.text.split()) if isinstance(statement, s.Return) else None
