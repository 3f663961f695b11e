"""Derivatives of a function at a point by every method, beside the true ones."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.analysis.at_edges import at_edges
from gradcli.core.analysis.audit import audit
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable
from gradcli.language.calls.tracing import fresh_inputs
from gradcli.language.derivatives.base import base_of
from gradcli.language.derivatives.checks import real_outputs
from gradcli.language.derivatives.conventions import CONVENTIONS, say_convention
from gradcli.language.derivatives.corners import point_of
from gradcli.language.derivatives.table import AllDerivatives
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.audits import Audit, AuditRow
from gradcli.language.values.nesting import nodes_in
from gradcli.language.values.values import Caller, Function, Names, Value

# Of so many numbers a point is told.
FEW = 8


def audited(
    caller: Caller, function: Function, values: Sequence[Value], order: int, span: Span, names: Names | None = None
) -> Audit:
    """What a check finds.

    Raises:
        LanguageError: for what has no derivatives, and inputs that aren't known.
    """
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
    if not is_smooth:
        say_convention(caller, outputs, moving, point, span)
    found = audit(outputs, moving, order, given, point, is_smooth)
    labels = dict(table.names_of([name for name, _ in variables]))
    rows, base = [], base_of(function)
    for number, row in enumerate(found):
        label = labels.get(row.indexes, base)
        several = f"[{number}]" if not row.indexes and len(outputs) > 1 else ""
        by = tuple(variables[i][0] for i in row.indexes)
        dtype = outputs[0].dtype.value if not by else variables[row.indexes[-1]][1].dtype.value
        measured = (row.value, row.known, row.errors, row.digits, row.condition, row.at, row.right)
        rows.append(AuditRow(label.order, f"{label}{several}", by, dtype, *measured))
    at = tuple((i.name, _short(v)) for i, v in zip(function.inputs, values, strict=True) if not isinstance(v, Function))
    return Audit(function.name, at, tuple(rows))


def _short(value: Value) -> str:
    if isinstance(value, Node):
        shape = "" if value.shape == () else f" of shape {value.shape}"
        if not isinstance(value, Constant) or size_of(value.shape) > FEW:
            return f"a tensor{shape}"
        return f"{value.value:.15g}" if value.shape == () else str(value.value.tolist())
    if isinstance(value, tuple):
        return f"({', '.join(map(_short, value))})" if len(list(nodes_in(value))) <= FEW else "..."
    return f"{value:.15g}" if isinstance(value, float) else str(value)
