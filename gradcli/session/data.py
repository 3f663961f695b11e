"""Results as JSON-ready data: numbers, texts, lists and dicts, with keys that stay. Each kind is stated once, here.

Numbers are JSON's, but for the texts "nan", "inf" and "-inf", which it lacks. Those of float32 have the digits that
read back as the same float32.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch
from math import inf, isfinite
from typing import Any

from gradcli.core.analysis.measured import METHODS
from gradcli.core.limits import limit
from gradcli.language.text.diagnostics import Diagnostic, Span
from gradcli.language.values.audits import Audit, AuditRow
from gradcli.language.values.audits import Comparison as AuditComparison
from gradcli.language.values.nesting import count_items, fold
from gradcli.session.explanations import Check, Derivation, Step, Steps, TapeRow
from gradcli.session.results import (
    Answer,
    Arrows,
    Assertion,
    Bounded,
    Comparison,
    Contours,
    Curve,
    Derivatives,
    Extrema,
    FileSummary,
    Fit,
    Listing,
    NoNumber,
    ParameterTable,
    Part,
    Place,
    Plot,
    Polynomial,
    Propagation,
    Row,
    Shown,
    SparseMatrix,
    Tangent,
    Tensor,
    Text,
    Uncertain,
    Worst,
)


@singledispatch
def to_data(value: Any) -> Any:
    """A value, a result, a diagnostic or a summary as JSON-ready data.

    Raises:
        TypeError: for anything else.
    """
    raise TypeError(f"there is no JSON for {type(value).__name__}")


def _number(value: Any, dtype: str = "float64") -> bool | int | float | str:
    if isinstance(value, (bool, int)):
        return value
    if not isfinite(value):
        return "inf" if value == inf else "-inf" if value == -inf else "nan"
    if dtype == "float32":
        import numpy as np

        return float(str(np.float32(value)))
    return float(value)


def _numbers(tensor: Tensor) -> Any:
    """The numbers of a tensor, nested as its axes are."""
    if tensor.shape == ():
        return _number(tensor.data, tensor.dtype)
    import numpy as np

    array: Any = tensor.data
    if (tensor.dtype == "float64" and np.isfinite(array).all()) or not tensor.dtype.startswith("float"):
        return array.tolist()
    found = np.empty(array.size, dtype=object)
    found[:] = [_number(x, tensor.dtype) for x in array.ravel().tolist()]
    return found.reshape(tensor.shape).tolist()


def _described(tensor: Tensor) -> dict[str, Any]:
    found = {"dtype": tensor.dtype, "shape": [*tensor.shape], "value": _numbers(tensor)}
    digits = tensor.digits or getattr(tensor.data, "digits", None)
    if digits:
        found["digits"] = digits if isinstance(digits, str) else [*digits]
    if tensor.raw is not None:
        found["float64"] = _numbers(Tensor(tensor.shape, tensor.dtype, tensor.raw))
    return found


@to_data.register(Tensor)
def _tensor(tensor: Tensor) -> Any:
    return {"kind": "tensor", **_described(tensor)}


@to_data.register(tuple)
def _tuple(items: tuple[Any, ...]) -> Any:
    """One with more items than may be gone through has their number alone: a shared part counts each time it occurs."""
    count = count_items(items)
    if count > limit("max_items"):
        return {"kind": "tuple", "length": len(items), "items": None, "count": count}
    return fold(items, to_data, lambda parts: {"kind": "tuple", "length": len(parts), "items": parts})


@to_data.register(Text)
def _text(text: Text) -> Any:
    return {"kind": "text", "text": text.text}


@to_data.register(Listing)
def _listing(listing: Listing) -> Any:
    titles = [title or ("name", "value")[i] for i, (title, _) in enumerate(listing.columns)]
    rows = [[item if isinstance(item, str) else to_data(item) for item in row] for row in listing.rows]
    return {"kind": "list", "columns": titles, "rows": rows, "note": listing.note}


@to_data.register(NoNumber)
def _no_number(value: NoNumber) -> Any:
    return {"kind": value.kind, "text": value.text}


@to_data.register(ParameterTable)
def _parameters(table: ParameterTable) -> Any:
    named = zip(table.names, table.tensors, strict=True)
    return {
        "kind": "parameters",
        "of": table.of,
        "parameters": [{"name": name, **_described(tensor)} for name, tensor in named],
    }


@to_data.register(Row)
def _row(row: Row) -> Any:
    return {
        "order": row.order,
        "name": row.name,
        "of": row.of,
        "by": [*row.by],
        "formula": row.formula,
        **(dict.fromkeys(("dtype", "shape", "value")) if row.tensor is None else _described(row.tensor)),
    }


@to_data.register(Derivatives)
def _derivatives(table: Derivatives) -> Any:
    return {
        "kind": "derivatives",
        "rows": [to_data(row) for row in table.rows],
        "definitions": [{"name": name, "formula": text} for name, text in table.definitions],
        "note": table.note,
    }


@to_data.register(SparseMatrix)
def _sparse(matrix: SparseMatrix) -> Any:
    return {
        "kind": "sparse",
        "dtype": matrix.values.dtype,
        "shape": [*matrix.shape],
        "rows": matrix.rows.tolist(),
        "columns": matrix.columns.tolist(),
        "values": _numbers(matrix.values),
        "sweeps": int(matrix.sweeps),
    }


@to_data.register(Polynomial)
def _polynomial(p: Polynomial) -> Any:
    return {
        "kind": "polynomial",
        "of": p.of,
        "variables": [*p.variables],
        "center": [_number(x) for x in p.center],
        "order": int(p.order),
        "terms": [{"exponents": [*map(int, e)], "coefficient": _number(c)} for e, c in p.terms],
    }


def _array(array: Any) -> Any:
    return _numbers(Tensor(array.shape, "float64", array))


@to_data.register(Curve)
def _curve(curve: Curve) -> Any:
    return {"name": curve.name, "x": _array(curve.x), "y": _array(curve.y)}


@to_data.register(Plot)
def _plot(plot: Plot) -> Any:
    return {
        "kind": "plot",
        "variable": plot.variable,
        "over": [*plot.over],
        "shown": [*plot.shown],
        "series": [to_data(curve) for curve in plot.curves],
        "notes": [*plot.notes],
        "saved": plot.saved,
    }


@to_data.register(Arrows)
def _arrows(arrows: Arrows) -> Any:
    return {name: _array(getattr(arrows, name)) for name in ("x", "y", "by_x", "by_y")}


@to_data.register(Contours)
def _contours(plot: Contours) -> Any:
    return {
        "kind": "contours",
        "of": plot.of,
        "variables": [*plot.variables],
        "over": [[*ends] for ends in plot.over],
        "x": _array(plot.x),
        "y": _array(plot.y),
        "values": _array(plot.values),
        "levels": [*plot.levels],
        "gradient": None if plot.arrows is None else to_data(plot.arrows),
        "notes": [*plot.notes],
        "saved": plot.saved,
    }


@to_data.register(Bounded)
def _bounded(value: Bounded) -> Any:
    return {"kind": "bounded", **_described(value), "error": _number(value.error)}


@to_data.register(Tangent)
def _tangent(line: Tangent) -> Any:
    return {
        "kind": "tangent",
        "of": line.of,
        "variables": [*line.variables],
        "center": [_number(x) for x in line.center],
        "slopes": [_number(x) for x in line.slopes],
        "constant": _number(line.constant),
    }


@to_data.register(Extrema)
def _extrema(table: Extrema) -> Any:
    return {
        "kind": "extrema",
        "of": table.of,
        "variables": [*table.variables],
        "points": [{"at": [_number(x) for x in p.at], "value": _number(p.value), "kind": p.kind} for p in table.points],
        "note": table.note,
    }


@to_data.register(Propagation)
def _propagation(p: Propagation) -> Any:
    numbers = ("value", "error", "slope", "contribution", "share")
    return {
        "kind": "propagation",
        "of": p.of,
        "value": _number(p.value),
        "error": _number(p.error),
        "inputs": [{"name": s.name, **{key: _number(getattr(s, key)) for key in numbers}} for s in p.shares],
        "second_order": _number(p.second),
        "shift": _number(p.shift),
        "note": p.note,
    }


@to_data.register(Fit)
def _fit(fit: Fit) -> Any:
    return {
        "kind": "fit",
        "optimizer": fit.optimizer,
        "steps": fit.steps,
        "first": _number(fit.first),
        "loss": _number(fit.last),
        "gradient": _number(fit.slope),
        "ended": fit.ended,
        "history": to_data(fit.history),
    }


@to_data.register(Uncertain)
def _uncertain(value: Uncertain) -> Any:
    return {"kind": "uncertain", "value": _number(value.value), "error": _number(value.error)}


@to_data.register(Step)
def _step(step: Step) -> Any:
    return {
        "rule": step.rule,
        "of": step.of,
        "by": step.by,
        "result": step.result,
        "value": _maybe(step.value),
        "pattern": step.pattern or None,
        "formula": step.formula or None,
        "where": _pairs("name", "formula", step.where),
        "letter": step.letter or None,
        "condition": step.condition or None,
        "taken": step.taken,
        "parts": [to_data(part) for part in step.parts],
    }


@to_data.register(TapeRow)
def _tape_row(row: TapeRow) -> Any:
    return {
        "name": row.name,
        "formula": row.formula,
        "value": _number(row.value),
        "partials": _pairs("by", "value", [(name, _number(value)) for name, value in row.partials]),
        "tangent": _number(row.tangent),
        "adjoint": _number(row.adjoint),
    }


@to_data.register(Derivation)
def _derivation(d: Derivation) -> Any:
    return {
        "name": d.name,
        "of": d.of,
        "by": d.by,
        "order": d.order,
        "tree": to_data(d.tree),
        "simplified": d.simplified,
        "definitions": _pairs("name", "formula", d.definitions),
        "value": _maybe(d.value),
        "tape": [to_data(row) for row in d.tape],
    }


@to_data.register(Steps)
def _steps(steps: Steps) -> Any:
    return {
        "kind": "steps",
        "of": steps.of,
        "at": {name: _number(value) for name, value in steps.at},
        "derivations": [to_data(d) for d in steps.derivations],
        "note": steps.note,
    }


@to_data.register(Check)
def _check(check: Check) -> Any:
    return {
        "kind": "check",
        "of": check.of,
        "answer": check.answer,
        "verdict": check.verdict,
        "where": check.where,
        "at": {name: _number(value) for name, value in check.at},
        "expected": _maybe(check.expected),
        "given": _maybe(check.given),
        "hint": check.hint,
    }


@to_data.register(Audit)
def _audit(audit: Audit) -> Any:
    return {
        "kind": "audit",
        "of": audit.of,
        "at": dict(audit.at),
        "right": audit.right,
        "rows": [_audit_row(row) for row in audit.rows],
        "note": audit.note,
        "against": audit.source,
        "compared": [_compared(row) for row in audit.against],
    }


# A float has no more.
MOST_DIGITS = 16


def _audit_row(row: AuditRow) -> Any:
    shape = list(row.value.shape)
    return {
        "order": row.order,
        "name": row.name,
        "by": list(row.by),
        "dtype": row.dtype,
        "shape": shape,
        "value": _numbers(Tensor(row.value.shape, row.dtype, row.value if shape else float(row.value))),
        "known": row.known,
        "ulps": {name: _maybe(error) for name, error in zip(METHODS, row.errors, strict=True)},
        "digits": min(row.digits, MOST_DIGITS) if row.known else None,
        "condition": _maybe(row.condition),
        "at": list(row.at),
        "right": row.right,
    }


def _compared(row: AuditComparison) -> Any:
    return {
        "name": row.name,
        "at": list(row.at),
        "ours": _number(row.ours),
        "theirs": _number(row.theirs),
        "error": _number(row.error),
        "share": row.share,
        "right": row.right,
    }


def _maybe(value: float | None) -> Any:
    return None if value is None else _number(value)


def _pairs(first: str, second: str, items: Iterable[tuple[Any, Any]]) -> list[dict[str, Any]]:
    return [{first: a, second: b} for a, b in items]


@to_data.register(Place)
def _place(place: Place) -> Any:
    return {"file": place.file, "line": place.line, "column": place.column}


@to_data.register(Shown)
def _shown(shown: Shown) -> Any:
    note = {"note": shown.note} if shown.note else {}
    return {"kind": "value", "source": shown.source, **to_data(shown.place), "value": to_data(shown.value), **note}


@to_data.register(Answer)
def _answer(answer: Answer) -> Any:
    return {
        "kind": "gradient",
        "function": answer.title,
        "at": {name: to_data(value) for name, value in answer.at},
        "value": to_data(answer.derivatives),
    }


@to_data.register(Assertion)
def _assertion(assertion: Assertion) -> Any:
    return {
        "kind": "assert",
        "source": assertion.source,
        **to_data(assertion.place),
        "passed": assertion.passed,
        "message": assertion.message,
        **_sides(assertion.comparison),
        "parts": [to_data(part) for part in assertion.parts],
    }


def _sides(comparison: Comparison | None) -> dict[str, Any]:
    if comparison is None:
        return dict.fromkeys(("relation", "left", "right", "difference", "tolerance", "worst", "differing", "count"))
    difference = comparison.difference
    return {
        "relation": comparison.relation,
        "left": to_data(comparison.left),
        "right": to_data(comparison.right),
        "difference": None if difference is None else _number(difference),
        "tolerance": comparison.tolerance,
        "worst": None if comparison.worst is None else to_data(comparison.worst),
        "differing": comparison.differing,
        "count": comparison.count,
    }


@to_data.register(Worst)
def _worst(worst: Worst) -> Any:
    return {
        "item": list(worst.item),
        "index": list(worst.index),
        "left": _number(worst.left.data, worst.left.dtype),
        "right": _number(worst.right.data, worst.right.dtype),
        "error": _number(worst.absolute),
        "relative_error": _number(worst.relative),
    }


@to_data.register(Part)
def _part(part: Part) -> Any:
    operands = [{"source": source, "value": to_data(value)} for source, value in part.operands]
    return {"source": part.source, "holds": part.holds, **_sides(part.comparison), "operands": operands}


@to_data.register(FileSummary)
def _file(summary: FileSummary) -> Any:
    return {
        "file": summary.path,
        "exit_code": int(summary.verdict),
        "passed": summary.passed,
        "failed": summary.failed,
        "statements": summary.statements,
        "seconds": round(summary.seconds, 6),
    }


@to_data.register(Diagnostic)
def _diagnostic(diagnostic: Diagnostic) -> Any:
    return {
        "severity": diagnostic.severity,
        "kind": diagnostic.kind,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        **_stretch(diagnostic.span),
        "labels": [{"message": label.text, **_stretch(label.span)} for label in diagnostic.labels],
    }


def _stretch(span: Span | None) -> dict[str, Any]:
    """Where something begins and ends; the end is one column past its last character."""
    if span is None:
        return dict.fromkeys(("file", "line", "column", "end_line", "end_column"))
    line, column = span.source.position(span.end)
    return {**to_data(Place.of(span)), "end_line": line, "end_column": column}
