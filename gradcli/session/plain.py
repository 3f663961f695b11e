"""Values of the language as plain data. Each kind of value is stated once, here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import singledispatch
from types import EllipsisType
from typing import TYPE_CHECKING

from gradcli.core.ir.exact import Finer, Precise
from gradcli.core.ir.nodes import Constant, Node, Parameter
from gradcli.language.calls.arguments import signature
from gradcli.language.derivatives.spelling import typed_formula
from gradcli.language.values.audits import Audit
from gradcli.language.values.explanations import Check, Derivation, Steps
from gradcli.language.values.findings import Bounded, Extrema, Fit, Propagation, Uncertain
from gradcli.language.values.labelled import Labelled
from gradcli.language.values.nesting import fold, map_items, nodes_in
from gradcli.language.values.partial import Partial
from gradcli.language.values.values import (
    Contours,
    DerivativeTable,
    Function,
    Interval,
    Markup,
    Module,
    Named,
    Parameters,
    Plot,
    Saved,
    SparseMatrix,
    Value,
)
from gradcli.session import explanations, results
from gradcli.session.results import (
    Arrows,
    Curve,
    Derivatives,
    NoNumber,
    ParameterTable,
    Plain,
    Polynomial,
    Row,
    Tensor,
    Text,
)
from gradcli.session.results import Contours as ContourPlot
from gradcli.session.results import Plot as CurvePlot
from gradcli.session.results import SparseMatrix as Sparse

if TYPE_CHECKING:
    from gradcli.core.steps.tree import Step
    from gradcli.language.calculus.tangents import Tangent
    from gradcli.language.derivatives.polynomial import TaylorPolynomial

# A function's definition stands for it among other values where it is no longer.
LONGEST_DEFINITION = 100


def plain(value: Value) -> Plain:
    """A settled value as plain data; what it shares is shared there too. Derivatives come under their names."""
    found: Plain = map_items(value, _plain)
    rows = _derivatives(value)
    return found if rows is None else replace(rows, value=found)


def _derivatives(value: Value) -> Derivatives | None:
    """The derivatives that one call gave, by order, where the value is these and nothing else."""
    first = value
    while isinstance(first, tuple) and first:
        first = first[0]
    if not isinstance(first, Labelled):
        return None
    whole = first.whole
    if not fold(value, lambda item: isinstance(item, Labelled) and item.whole is whole, all):
        return None
    found = [node for node in nodes_in(value) if isinstance(node, Labelled)]
    if not len(found) == len(set(found)) == whole.count:
        return None
    named = sorted(((n.name, n) for n in found if n.name is not None), key=lambda row: row[0].order)
    rows = _rows(tuple(named))
    # A number alone is shown without its name.
    named_so = None if len(rows) == 1 and found[0].shape == () else whole.legend
    return Derivatives(rows, "\n".join(filter(None, (named_so, whole.note))) or None)


@singledispatch
def _plain(value: object) -> Plain:
    raise TypeError(f"a {type(value).__name__} is no value")


@_plain.register(Node)
def tensor(node: Node) -> Tensor:
    """A constant, or a parameter's present value."""
    if isinstance(node, Parameter):
        node = node.value
    assert isinstance(node, Constant), f"{node!r} is not settled"
    value = node.value
    # Whoever reads results gets floats as Python makes them.
    if isinstance(value, float):
        return Tensor((), node.dtype.value, _bare(value), raw=getattr(value, "raw", None))
    known = node.finer or Finer(value, None)
    return Tensor(node.shape, node.dtype.value, value, known.digits, known.raw)


def _bare(value: float) -> float:
    """A float without what a calculation knows of it; its digits stay."""
    return Precise(value, value.digits) if isinstance(value, Precise) and value.digits else float(value)


def _real(node: Node) -> float:
    """A number, with the digits that are known of it."""
    data = tensor(node).data
    return data if isinstance(data, float) else float(data)


@_plain.register(Bounded)
def _bounded(node: Bounded) -> Plain:
    found = tensor(node)
    return results.Bounded(found.shape, found.dtype, found.data, found.digits, found.raw, float(node.error))


@_plain.register(bool)
def _bool(value: bool) -> Plain:
    return Tensor((), "bool", value)


@_plain.register(int)
def _int(value: int) -> Plain:
    return Tensor((), "int", value)


@_plain.register(float)
def _float(value: float) -> Plain:
    return Tensor((), "float64", _bare(value))


@_plain.register(str)
def _str(value: str) -> Plain:
    return Text(value)


@_plain.register(Markup)
def _markup(value: Markup) -> Plain:
    return NoNumber("latex", str(value))


@_plain.register(type(None))
def _none(value: None) -> Plain:
    return NoNumber("none", "none")


@_plain.register(EllipsisType)
def _ellipsis(value: EllipsisType) -> Plain:
    return NoNumber("ellipsis", "...")


@_plain.register(Module)
def _module(value: Module) -> Plain:
    return NoNumber("module", f"{value.path}: {', '.join(value.members) or 'nothing'}")


@_plain.register(Saved)
def _saved(value: Saved) -> Plain:
    return NoNumber("saved", value.said)


_OF_PARTS = ("name", "stays"), ("shape", "extra"), ("dtype", "extra"), ("value", "for")


@_plain.register(Named)
def _named(value: Named) -> Plain:
    rows: list[tuple[Plain | str, ...]] = []
    for name, part in value.parts.items():
        found = plain(part)
        told = (str(found.shape), found.dtype) if isinstance(found, Tensor) else ("", "")
        rows.append((name, *told, found))
    rows += [(name, "", "", NoNumber("none", "no numbers")) for name in value.refused]
    return results.Listing(_OF_PARTS, tuple(rows), whole=True)


@_plain.register(Function)
def _function(value: Function) -> Plain:
    # Few functions that are shown are one of these, and few results are functions.
    from gradcli.language.calculus.tangents import Tangent
    from gradcli.language.derivatives.polynomial import TaylorPolynomial

    if isinstance(value, Tangent):
        return _tangent(value)
    if isinstance(value, TaylorPolynomial):
        return _polynomial(value)
    typed = typed_formula(value)
    if typed is not None and value.name.isidentifier() and len(typed) <= LONGEST_DEFINITION:
        return NoNumber("function", f"{signature(value)} = {typed}")
    return NoNumber("function", f"{value.kind} {signature(value)}")


@_plain.register(Interval)
def _interval(value: Interval) -> Plain:
    return NoNumber("interval", f"{value.low:g}..{value.high:g}")


def _polynomial(value: TaylorPolynomial) -> Plain:
    terms = tuple((e, _real(node)) for e, node in value.coefficients.items())
    center = tuple(map(_real, value.center))
    return Polynomial(value.of, tuple(i.name for i in value.inputs), center, terms, value.order)


def _tangent(value: Tangent) -> Plain:
    p = _polynomial(value)
    assert isinstance(p, Polynomial)
    by = dict(p.terms)
    count = len(p.variables)
    slopes = tuple(by.get(tuple(int(i == j) for j in range(count)), 0.0) for i in range(count))
    # The value at 0, rounded once.
    numbers = [Fraction(s) * Fraction(c) for s, c in zip(slopes, p.center, strict=True)]
    return results.Tangent(
        p.of, p.variables, p.center, slopes, float(Fraction(by.get((0,) * count, 0.0)) - sum(numbers))
    )


@_plain.register(Extrema)
def _extrema(value: Extrema) -> Plain:
    points = tuple(results.Extremum(p.at, p.value, p.kind) for p in value.points)
    return results.Extrema(value.of, value.variables, points, value.note)


@_plain.register(Propagation)
def _propagation(p: Propagation) -> Plain:
    shares = tuple(results.Share(s.name, s.value, s.error, s.slope, s.contribution, s.share) for s in p.shares)
    return results.Propagation(p.of, p.value, p.error, shares, p.second, p.shift, p.note)


@_plain.register(Fit)
def _fit(value: Fit) -> Plain:
    return results.Fit(
        *(value.optimizer, value.steps, value.first, value.last, value.slope, value.ended), tensor(value.history)
    )


@_plain.register(Uncertain)
def _uncertain(value: Uncertain) -> Plain:
    return results.Uncertain(value.value, value.error)


@_plain.register(Steps)
def _steps(value: Steps) -> Plain:
    return explanations.Steps(value.of, value.at, tuple(map(_derivation, value.derivations)), value.note)


def _derivation(d: Derivation) -> explanations.Derivation:
    rows = tuple(explanations.TapeRow(r.name, r.formula, r.value, r.partials, r.tangent, r.adjoint) for r in d.tape)
    return explanations.Derivation(
        *(d.name, d.sign, d.of, d.by, d.order, _step(d, d.tree, None)),
        *(d.simplified, d.definitions, d.value, rows),
    )


def _step(d: Derivation, step: Step, taken: bool | None, reached: bool = True) -> explanations.Step:
    """A step of a derivation; `reached` says that no branch around it is left out at the point."""
    choice = d.taken.get(step.node) if reached and step.rule == "by cases" else None
    reached = reached and taken is not False
    ways = (None,) * len(step.parts) if choice is None else (choice, not choice)
    parts = tuple(_step(d, part, way, reached) for part, way in zip(step.parts, ways, strict=True))
    value = d.numbers.get(step.node) if reached else None
    return explanations.Step(
        step.rule,
        step.of,
        d.by,
        step.result,
        value,
        step.pattern,
        step.formula,
        step.where,
        step.letter,
        step.condition,
        taken,
        parts,
    )


@_plain.register(Check)
def _check(c: Check) -> Plain:
    return explanations.Check(c.of, c.answer, c.verdict, c.where, c.at, c.expected, c.given, c.hint)


@_plain.register(Audit)
def _audit(audit: Audit) -> Plain:
    return audit


@_plain.register(Parameters)
def _parameters(value: Parameters) -> Plain:
    # A parameter that two parts share is one, under all of its names.
    names = tuple(" = ".join(paths) for paths in value.paths)
    return ParameterTable(value.of, names, tuple(tensor(node) for node in value.nodes))


@_plain.register(DerivativeTable)
def _table(value: DerivativeTable) -> Plain:
    rows = _rows(value.rows, value.formulas, value.reasons)
    return Derivatives(rows, value.note, whole=True, definitions=value.definitions)


@_plain.register(SparseMatrix)
def _sparse(value: SparseMatrix) -> Plain:
    found = value.entries
    return Sparse(found.pattern.shape, found.pattern.rows, found.pattern.columns, tensor(found.values), found.sweeps)


@_plain.register(Plot)
def _plot(value: Plot) -> Plain:
    curves = tuple(Curve(name, curve.x, curve.y) for name, curve in value.curves)
    return CurvePlot(curves, value.variable, value.over, value.shown, value.notes, value.saved)


@_plain.register(Contours)
def _contours(value: Contours) -> Plain:
    found = value.surface
    arrows = None if found.slopes is None else Arrows(found.arrows_x, found.arrows_y, *found.slopes)
    grid = found.x, found.y, found.values, found.levels
    return ContourPlot(value.of, value.variables, value.over, *grid, arrows, value.notes, value.saved)


def _rows(
    rows: Sequence[tuple[Partial, Node | None]],
    formulas: Sequence[str | None] = (),
    reasons: Sequence[str | None] = (),
) -> tuple[Row, ...]:
    nothing = (None,) * len(rows)
    return tuple(
        Row(
            p.order,
            str(p),
            None if node is None else tensor(node),
            formula,
            p.of,
            p.variables,
            reason,
            p.summed,
        )
        for (p, node), formula, reason in zip(rows, formulas or nothing, reasons or nothing, strict=True)
    )
