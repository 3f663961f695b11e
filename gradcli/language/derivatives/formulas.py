"""What functions and derivatives are as formulas, without a point: called with symbols, and read."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core import formula
from gradcli.core.errors import CoreError
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.traversal import reachable
from gradcli.language.calls.announce import Call, builtin
from gradcli.language.derivatives.base import Operator, innermost, legend, numbered, together
from gradcli.language.derivatives.of_base import Entries, partial_texts
from gradcli.language.derivatives.spelling import spellings_of
from gradcli.language.derivatives.table import PATIENT, AllDerivatives
from gradcli.language.text.diagnostics import Ambiguous, LanguageError, Span, fail
from gradcli.language.text.writing import in_latex
from gradcli.language.values.nesting import leaves
from gradcli.language.values.partial import Partial, name_in_latex
from gradcli.language.values.values import Caller, DerivativeTable, Function, Markup, Required, Value

# So much work takes some seconds, for whoever asks for it by name.
THOROUGH = 8_000_000


def formula_table(caller: Caller, function: Function, span: Span, work: int = PATIENT) -> DerivativeTable | None:
    """The formulas of what a function gives, without values; None where it takes anything but numbers.

    Raises:
        LanguageError: where the function can't be called with numbers at all.
    """
    values = symbols(function)
    if values is None:
        return None
    if isinstance(function, AllDerivatives):
        return function.written(caller, values, span, work)
    if isinstance(function, Operator):
        told = partial_texts(caller, function, values, span, work)
        if told is not None:
            return _of_partials(function, *told)
    result = function.call(caller, values, span, fresh=True)
    if isinstance(function, Operator):
        rows = list(function.rows(result))
    else:
        rows = list(numbered(Partial(function.name), result))
    if len(rows) != sum(1 for _ in leaves(result)) or not rows:
        return None
    texts, reasons, definitions = written([node for _, node in rows], function, work)
    note = together(legend(innermost(function)), *(function.note(result),) if isinstance(function, Operator) else ())
    shapes = tuple(node.shape for _, node in rows)
    return DerivativeTable(tuple((name, None) for name, _ in rows), note, texts, reasons, definitions, shapes)


def _of_partials(
    function: Operator, entries: Entries, texts: list[list[str] | str], definitions: tuple[tuple[str, str], ...]
) -> DerivativeTable:
    """The table of what consists of partials of one function."""
    pairs = zip(texts, entries.shapes, strict=True)
    formulas = tuple(None if isinstance(t, str) else _bracketed(t, shape) for t, shape in pairs)
    reasons = tuple(t if isinstance(t, str) else None for t in texts)
    note = together(legend(innermost(function)), function.note(tuple(0.0 for _ in texts)))
    names = tuple((name, None) for name in entries.names)
    return DerivativeTable(names, note, formulas, reasons, definitions, entries.shapes)


def symbols(function: Function) -> list[Value] | None:
    """A fresh number for each input that has no default; None where one is no number."""
    values: list[Value] = []
    for i in function.inputs:
        if not isinstance(i.default, Required):
            values.append(i.default)
        elif i.real and not i.variadic:
            values.append(fresh_input(i.name, (), DType.FLOAT64))
        else:
            return None
    return values


def written(
    nodes: Sequence[Node], function: Function, work: int = PATIENT
) -> tuple[tuple[str | None, ...], tuple[str | None, ...], tuple[tuple[str, str], ...]]:
    """The formula of each value, in brackets where it is a tensor; why the others have none; what they share."""
    parts: list[list[Node] | str] = []
    for node in nodes:
        try:
            parts.append(elements_of(node))
        except (CoreError, formula.UnreadableError) as error:
            parts.append(str(error) or "elements move or meet")
    flat = [element for part in parts if not isinstance(part, str) for element in part]
    found = formula.texts(flat, work=work, spellings=spellings_of(function))
    texts: list[str | None] = []
    reasons: list[str | None] = []
    start = 0
    for node, part in zip(nodes, parts, strict=True):
        if isinstance(part, str):
            texts.append(None)
            reasons.append(part)
            continue
        places = range(start, start + len(part))
        start += len(part)
        missing = next((found.reasons[(i,)] for i in places if (i,) in found.reasons), None)
        texts.append(None if missing else _bracketed([found.texts[(i,)] for i in places], node.shape))
        reasons.append(missing)
    return tuple(texts), tuple(reasons), found.definitions


def elements_of(node: Node) -> list[Node]:
    """The elements of a value as graphs of numbers."""
    if all(n.shape == () for n in reachable([node])):
        return [node]
    from gradcli.core.formula.elements import elements

    return elements(node)


def _bracketed(texts: Sequence[str], shape: tuple[int, ...]) -> str:
    if not shape:
        return texts[0]
    size = len(texts) // shape[0] if shape[0] else 0
    parts = [_bracketed(texts[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]
    return f"[{', '.join(parts)}]"


def try_formulas(caller: Caller, function: Function, span: Span, work: int = PATIENT) -> DerivativeTable | None:
    """The formulas, or None where the function can't be called with numbers.

    Raises:
        LanguageError: for a name that has no value, and for what can be read in two ways.
    """
    try:
        return formula_table(caller, function, span, work)
    except LanguageError as error:
        if error.diagnostic.kind == "name" or isinstance(error, Ambiguous):
            raise
        return None
    except CoreError:
        return None


def _asked(call: Call, fn: Function, what: str) -> DerivativeTable:
    """The formulas of a function, with as much work as it takes.

    Raises:
        LanguageError: where it has none.
    """
    found = formula_table(call.caller, fn, call.span, THOROUGH)
    if found is None:
        raise fail(
            "type",
            f"`{fn.name}` has no {what}, since it takes more than numbers",
            call.span,
            "formulas are of functions of numbers",
        )
    return found


@builtin(
    "the formula of a derivative or of a function's value, however much work it is",
    "formula",
    example="formula(derivative(x^3 sin(x)))",
)
def formula_of(call: Call, fn: Function) -> DerivativeTable:
    """The formulas, without values."""
    return _asked(call, fn, "formula")


@builtin("a derivative, or a function's value, as LaTeX", example="latex(derivative(x^2 exp(x)))")
def latex(call: Call, fn: Function) -> Markup:
    """An equation a line."""
    found = _asked(call, fn, "formula")
    lines = []
    for (name, _), text, reason in zip(found.rows, found.formulas, found.reasons, strict=True):
        if text is None:
            raise fail("type", f"`{name}` has no formula: {reason}", call.span)
        sides = dict.fromkeys((name_in_latex(name.of, name.variables, name.single, name.summed), in_latex(text)))
        lines.append(" = ".join(sides))
    lines += [f"{in_latex(name)} = {in_latex(text)}" for name, text in found.definitions]
    return Markup("\n".join(lines))
