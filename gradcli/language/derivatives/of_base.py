"""Derivatives of a function by its numbers as partials of the function itself, shorter than what their graphs say."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradcli.core import formula
from gradcli.core.formula.orders import TOO_LONG
from gradcli.core.ir.nodes import Input, Node
from gradcli.core.records import record
from gradcli.language.derivatives.base import Operator, base_of, innermost, label_of
from gradcli.language.derivatives.fields import Nabla
from gradcli.language.derivatives.gradient import Derived, Nth
from gradcli.language.derivatives.matrices import Matrix
from gradcli.language.derivatives.spelling import spellings_of
from gradcli.language.text.diagnostics import Span
from gradcli.language.values.partial import Partial
from gradcli.language.values.values import Caller, Function, Value


@record
class Entries:
    """What a derivative is made of: partials of its function, and the shape that they are put in."""

    names: tuple[Partial, ...]
    partials: tuple[tuple[tuple[str, ...], ...], ...]
    shapes: tuple[tuple[int, ...], ...]


def entries_of(function: Operator) -> Entries | None:
    """The partials that a derivative consists of; None where it is a sum of some, or anything else."""
    names = function.targets.labels(function.of)
    base = base_of(function.of)
    if isinstance(function, Nth) or (
        isinstance(function, Derived) and not function.has_aux and not function.with_value
    ):
        labels = function.labels()
        return Entries(labels, tuple((label.variables,) for label in labels), ((),) * len(labels))
    if isinstance(function, Nabla):
        every = tuple((*base.variables, name) for name in names)
        shape = (len(names),) if len(names) > 1 else ()
        return Entries((Partial(f"∇{base}", (), base.order + 1),), (every,), (shape,))
    if isinstance(function, Matrix) and not function.sparse and len(names) > 1:
        n = len(names)
        one = [(*base.variables, name) for name in names]
        every = tuple(one) if function.order == 1 else tuple((*first, name) for first in one for name in names)
        label = base
        for _ in range(function.order):
            label = label.then(f"({', '.join(names)})")
        return Entries((label,), (every,), ((n,) * function.order,))
    return None


def partial_texts(
    caller: Caller, function: Operator, values: Sequence[Value], span: Span, work: int
) -> tuple[Entries, list[list[str] | str], tuple[tuple[str, str], ...]] | None:
    """The formulas of a derivative's entries, or why one has none, and what they share; None where there are none."""
    entries, base = entries_of(function), innermost(function)
    label = Partial(label_of(base))
    if entries is None or any(
        name.below or name.of.lstrip("∇") != label.of for name in entries.names if name.variables
    ):
        return None
    if not _is_of_derivatives(function, base):
        return None
    output = base.call(caller, values[: len(base.inputs)], span, fresh=True)
    nodes = {n.name: n for n in values if isinstance(n, Input)}
    used = dict.fromkeys(name for group in entries.partials for by in group for name in by)
    if not isinstance(output, Node) or output.shape != () or any(name not in nodes for name in used):
        return None
    variables = [*used]
    order = max(len(by) for group in entries.partials for by in group)
    found = formula.partials(output, [nodes[name] for name in variables], order, work, spellings_of(function))
    if found.reasons.get((), TOO_LONG) != TOO_LONG:
        # What has no formula itself may have one as its slope: an integral by its bound.
        return None
    texts: list[list[str] | str] = []
    for group in entries.partials:
        places = [tuple(sorted(map(variables.index, by))) for by in group]
        reason = next((found.reasons.get(place, "too long") for place in places if place not in found.texts), None)
        texts.append(reason or [found.texts[place] for place in places])
    return entries, texts, _needed(found.definitions, [t for text in texts if isinstance(text, list) for t in text])


def _is_of_derivatives(function: Function, base: Function) -> bool:
    """Whether between a derivative and its function there are derivatives alone."""
    while isinstance(function, Operator):
        function = function.of
    return function is base


def _needed(definitions: tuple[tuple[str, str], ...], texts: list[str]) -> tuple[tuple[str, str], ...]:
    """The definitions that some texts need, and those that these need."""
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    kept = []
    for name, text in reversed(definitions):
        if name in words:
            kept.append((name, text))
            words |= set(re.findall(r"\w+", text))
    return tuple(reversed(kept))
