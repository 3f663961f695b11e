"""Derivatives of a function at a point by every method, beside the true ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from gradcli.core.analysis.at_edges import at_edges
from gradcli.core.analysis.audit import audit
from gradcli.core.analysis.measured import Measured
from gradcli.core.ir.arrays import array_of
from gradcli.core.ir.exact import is_lost
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable
from gradcli.language.calls.tracing import fresh_inputs
from gradcli.language.derivatives.base import base_of, together
from gradcli.language.derivatives.checks import real_outputs
from gradcli.language.derivatives.conventions import CONVENTIONS
from gradcli.language.derivatives.corners import point_of
from gradcli.language.derivatives.table import SUMMED, AllDerivatives
from gradcli.language.steps.why import reason
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.text.refusals import REFUSALS, refused
from gradcli.language.values.audits import Audit, AuditRow
from gradcli.language.values.nesting import nodes_in
from gradcli.language.values.numbers import spelled
from gradcli.language.values.values import Caller, DerivativeTable, Function, Names, Required, Value

# Of so many numbers a point is told.
FEW = 8


def audited(
    caller: Caller, function: Function, values: Sequence[Value], order: int, span: Span, names: Names | None = None
) -> Audit:
    """What a check finds.

    Raises:
        LanguageError: for what has no derivatives, and inputs that aren't known.
    """
    values = _point(function, values, span)
    if order < 0:
        raise fail("value", f"the order can't be {order}", span, "orders are 0, 1, 2, ...")
    fresh, given = fresh_inputs(values, function.inputs, caller.dtype)
    outputs = real_outputs(function.call(caller, fresh, span, fresh=True), function, span)
    table = AllDerivatives(function, order, names)
    variables = table.variables(caller, fresh, span)
    table.refuse_a_long_table(len(variables), span)
    point = point_of(reachable([*outputs, *(node for _, node in variables)]), given)
    if point is None or not outputs:
        raise fail("value", f"a check of `{function.name}` is at a point that is known", span)
    moving = [node for _, node in variables]
    is_smooth = not at_edges(outputs, point, moving, CONVENTIONS)
    caller.trail.innermost = tuple(outputs)
    caller.trail.trace(moving, given, span)
    try:
        found = audit(outputs, moving, order, given, point, is_smooth)
    except REFUSALS as error:
        raise refused(error, span) from error
    if not is_smooth:
        # What is shown there is no matter of rounding.
        shown = table.call(caller, values, span)
        assert isinstance(shown, DerivativeTable)
        found = [_conventional(row, node) for row, (_, node) in zip(found, shown.rows, strict=True)]
    labels = dict(table.names_of(variables))
    rows, base = [], base_of(function)
    for number, row in enumerate(found):
        label = labels.get(row.indexes, base)
        several = f"[{number}]" if not row.indexes and len(outputs) > 1 else ""
        by = tuple(variables[i][0] for i in row.indexes)
        dtype = outputs[0].dtype.value if not by else variables[row.indexes[-1]][1].dtype.value
        name = f"{label}{several}"
        rows.append(AuditRow(**vars(row), order=label.order, name=name, by=by, dtype=dtype))
    at = tuple((i.name, _short(v)) for i, v in zip(function.inputs, values, strict=True) if not isinstance(v, Function))
    why = reason(caller) if any(is_lost(row.value) and row.text is None for row in found) else None
    if why is not None:
        caller.note(why.message, why.span or span, why.hint)
    note = "at a corner or a jump derivatives are conventions, and none is certified" if not is_smooth else None
    if any(node.shape != () for node in outputs) or len(outputs) > 1:
        note = together(SUMMED, note)
    return Audit(function.name, at, tuple(rows), note=note)


def _conventional(row: Measured, node: Node | None) -> Measured:
    if not row.indexes or not isinstance(node, Constant):
        return row
    return replace(
        row,
        value=array_of([node.value] if node.shape == () else node.value, node.dtype).reshape(node.shape),
        known=False,
        errors=(None,) * len(row.errors),
        digits=inf,
    )


def _point(function: Function, values: Sequence[Value], span: Span) -> Sequence[Value]:
    """A value for each input; a tuple may hold them all.

    Raises:
        LanguageError: where there are too few, or too many.
    """
    (first, *rest) = values or (None,)
    if isinstance(first, tuple) and not rest and len(first) == len(function.inputs) > 1:
        return first
    required = [i for i in function.inputs if isinstance(i.default, Required)]
    if not len(required) <= len(values) <= len(function.inputs):
        names = ", ".join(i.name for i in function.inputs)
        example = f"check {function.name if function.name.isidentifier() else 'f'}({', '.join('123'[: len(required)])})"
        raise fail("value", f"a check is at a point, a value for each of {names}", span, f"such as `{example}`")
    return [*values, *(i.default for i in function.inputs[len(values) :])]  # type: ignore[list-item]


def _short(value: Value) -> str:
    if isinstance(value, Node):
        shape = "" if value.shape == () else f" of shape {value.shape}"
        if not isinstance(value, Constant) or size_of(value.shape) > FEW:
            return f"a tensor{shape}"
        return spelled(value.value) if value.shape == () else str(value.value.tolist())
    if isinstance(value, tuple):
        return f"({', '.join(map(_short, value))})" if len(list(nodes_in(value))) <= FEW else "..."
    return spelled(value) if isinstance(value, float) else str(value)
