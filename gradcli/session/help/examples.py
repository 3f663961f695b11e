"""The example of a built-in: that of its entry, or where it has none, one of a point in its domain."""

from __future__ import annotations

import re

from gradcli.core.errors import CoreError
from gradcli.language.calls.builtin import Builtin
from gradcli.language.library.names import builtins
from gradcli.language.text.diagnostics import Source
from gradcli.session.help.families import aliases
from gradcli.session.results import Derivatives, Shown
from gradcli.session.session import Session

# Points at which functions have short values, those that teach more first; one is taken by how short its value is.
POINTS = ("pi/6", "pi/4", "e", "8", "4", "2", "1/2", "1", "3", "0.3")


def example_of(name: str) -> str:
    """Lines to type, under the name that was asked for."""
    value = builtins()[name]
    assert isinstance(value, Builtin)
    if value.example:
        return _renamed(value.example, name)
    point = _point(name)
    return f"{name}({point}), {name}'({point})"


def _renamed(example: str, name: str) -> str:
    """An example with the name that was asked for in the place of the one that it is written with."""
    if re.search(rf"\b{name}\b", example):
        return example
    for other in aliases().get(name, ()):
        example = re.sub(rf"\b{other}\b", name, example)
    return example


def _point(name: str) -> str:
    """The point whose value is written shortest and is not 0."""
    lengths = {point: _length(f"{name}({point})") + _length(f"{name}'({point})") for point in POINTS}
    return min(POINTS, key=lengths.__getitem__)


def _length(typed: str) -> float:
    try:
        step = Session().run(Source("<example>", typed))
    except CoreError:
        return float("inf")
    value = step.results[0].value if step.results and isinstance(step.results[0], Shown) else None
    data = getattr(value, "data", None) if value is not None else None
    if isinstance(value, Derivatives):
        data = value.rows[0].data
    if step.diagnostics or not isinstance(data, (int, float)) or data == 0 or abs(data) == float("inf") or data != data:
        return float("inf")
    return len(repr(data).removesuffix(".0"))
