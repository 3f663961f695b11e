"""The example of a built-in: that of its entry, or where it has none, one of a point in its domain."""

from __future__ import annotations

import re
from math import e, isfinite, pi

from gradcli.core.transforms.reverse import gradient
from gradcli.language.calls.builtin import Builtin
from gradcli.language.library.names import builtins
from gradcli.session.help.facts import called, patient
from gradcli.session.help.families import aliases
from gradcli.session.session import Session

# Where functions may have short values, and where they are looked at if they have none, those first that teach most.
SHORT = {"pi/6": pi / 6, "pi/3": pi / 3, "pi/4": pi / 4, "e": e, "100": 100.0, "8": 8.0, "4": 4.0, "1/2": 0.5}
ANY = {"1": 1.0, "0.5": 0.5, "2": 2.0, "0.3": 0.3}
SHORTEST = 5
# Where less than that shows of the value or the slope, nothing is to be seen.
LEAST = 1e-6


def example_of(name: str) -> str:
    """Lines to type, under the name that was asked for."""
    value = builtins()[name]
    assert isinstance(value, Builtin)
    if value.example:
        return _renamed(value.example, name)
    point = _point(value)
    return f"{name}({point}), {name}'({point})"


def _renamed(example: str, name: str) -> str:
    """An example with the name that was asked for in the place of the one that it is written with."""
    if re.search(rf"\b{name}\b", example):
        return example
    for other in aliases().get(name, ()):
        example = re.sub(rf"\b{other}\b", name, example)
    return example


def _point(function: Builtin) -> str:
    """A point at which the value is short and not 0, or else any at which there are a value and a slope."""
    from gradcli.core.analysis.at_edges import numbers

    found = called(patient(Session()), function)
    if found is None:
        return next(iter(ANY))
    (x, *_), nodes = found.inputs, [found.node, *gradient([found.node], list(found.inputs[:1]))]
    values = {text: tuple(map(float, numbers(nodes, {x: at}))) for text, at in (SHORT | ANY).items()}
    lengths = {text: [len(f"{v:.12g}") for v in both] for text, both in values.items() if all(map(isfinite, both))}
    telling = [text for text in SHORT if text in lengths and min(map(abs, values[text])) > LEAST]
    short = [text for text in telling if lengths[text][0] <= SHORTEST]
    if short:
        return min(short, key=lambda text: sum(lengths[text]))
    there = [text for text in ANY if text in lengths]
    return next((text for text in there if abs(values[text][0]) > LEAST), there[0])
