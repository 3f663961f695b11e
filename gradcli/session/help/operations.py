"""The table of primitives as a list: how each is called, what it is, and the formula of its derivative."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from gradcli.core.ir.primitive import Primitive, table
from gradcli.language.calls.arguments import signature
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.library.names import builtins, import_all
from gradcli.language.values.values import Function
from gradcli.session.help import facts
from gradcli.session.mistakes import Mistakes
from gradcli.session.results import Listing
from gradcli.session.session import Session

# What a law says where there is no formula of one number.
_LAWS = {
    "Linear": "linear: its adjoint",
    "Bilinear": "bilinear: an adjoint by each side",
    "Implicit": "implicit: of its equation",
    "Flat": "0 wherever it exists",
}


def known() -> dict[str, str]:
    """Every operation by each name that it has, in the order of the table."""
    import_all()
    found: dict[str, str] = {}
    for name, primitive in table().items():
        found |= dict.fromkeys((*primitive.names, name), name)
    return found


def listed(names: Iterable[str], whole: bool = False) -> Listing:
    """The operations of these names; of what nobody can type those alone of which there is something to say.

    `whole` leaves none out.
    """
    rows: dict[tuple[str, str, str], None] = {}
    interpreter = facts.patient(Session())
    for name in names:
        primitive = table()[name]
        called, function = _typed(interpreter, primitive)
        slopes = _slopes(interpreter, function) if function is not None else ""
        told = slopes or _LAWS.get(type(primitive.law).__name__, "")
        if told or whole:
            rows[called, primitive.summary, told] = None
    return Listing((("operation", "stays"), ("what it is", "folds"), ("derivative", "for")), (*rows,))


def _typed(interpreter: Interpreter, primitive: Primitive) -> tuple[str, Function | None]:
    """How it is typed, and the function that it is then."""
    if primitive.symbol is not None and not primitive.symbol.isidentifier():
        text = f"x {primitive.symbol} y" if primitive.arity == 2 else f"{primitive.symbol}x"
        with suppress(*Mistakes):
            return text, facts.function_of(interpreter, f"{'(x, y)' if primitive.arity == 2 else 'x'} -> {text}")
        return text, None
    for name in primitive.names:
        function = builtins().get(name)
        if isinstance(function, Function):
            return signature(function), function
    return primitive.name, None


def _slopes(interpreter: Interpreter, function: Function) -> str:
    found = facts.called(interpreter, function)
    told = facts.slopes(interpreter, found, function) if found is not None else ()
    several = len([fact for fact in told if fact.label]) > 1
    return "; ".join(
        f"{fact.label.removeprefix('derivative ')}: {fact.text}" if several and fact.label else fact.text
        for fact in told
    )
