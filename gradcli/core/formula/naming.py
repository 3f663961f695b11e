"""Names for what long formulas repeat."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import count

from gradcli.core.formula.algebra import Factor, Formula
from gradcli.core.formula.printing import Printer

LETTERS = "uvwpqrs"
# A part that is shorter is left where it is.
SHORTEST = 8
MOST_NAMES = 12


def named(
    printer: Printer, formulas: Mapping[tuple[int, ...], Formula], taken: Collection[str], longest: int
) -> tuple[dict[tuple[int, ...], str], tuple[tuple[str, str], ...]]:
    """The texts of formulas with their repeated parts named, and the definitions, each after those it needs.

    Those that are longer than `longest` even so are left out.

    The part that saves most is named first, as long as it saves anything; `taken` are names that none may have.
    """
    for i in range(MOST_NAMES):
        best = _saving_most(printer, formulas.values())
        if best is None:
            break
        # A name of the usual length that nothing else has, for now.
        printer.names[best] = f"_{i}"
        printer.forget()
    fresh = (n for n in _names() if n not in taken)
    printer.names = {factor: next(fresh) for factor in _by_need(printer)}
    printer.forget()
    texts = {indexes: printer.text(formula) for indexes, formula in formulas.items()}
    texts = {indexes: text for indexes, text in texts.items() if len(text) <= longest}
    used, definitions = " ".join(texts.values()), list[tuple[str, str]]()
    for factor, name in reversed(printer.names.items()):
        if name in _words(used):
            definitions.insert(0, (name, printer.definition(factor)))
            used += f" {definitions[0][1]}"
    return texts, tuple(definitions)


def _by_need(printer: Printer) -> list[Factor]:
    """The factors that have names, each after those that its definition needs."""
    words = {factor: _words(printer.definition(factor)) for factor in printer.names}
    ordered: list[Factor] = []
    while len(ordered) < len(words):
        waiting = {name for factor, name in printer.names.items() if factor not in ordered}
        ordered += [f for f, needed in words.items() if f not in ordered and not needed & waiting]
    return ordered


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


def _names() -> Iterator[str]:
    yield from LETTERS
    yield from (f"u{i}" for i in count(1))


def _saving_most(printer: Printer, formulas: Collection[Formula]) -> Factor | None:
    """The part whose name saves most characters, its definition counted."""
    counts: Counter[Factor] = Counter()
    for formula in (*formulas, *(arg for f in printer.names for arg in _inside(printer, f))):
        _count(printer, formula, counts)
    best, most = None, 0
    for factor, times in counts.items():
        size = len(printer.definition(factor))
        saved = (times - 1) * size - 2 * times - 6
        if times > 1 and size >= SHORTEST and saved > most:
            best, most = factor, saved
    return best


def _inside(printer: Printer, factor: Factor) -> list[Formula]:
    return [printer.arranged(arg) for arg in factor.args] if factor.function else list(factor.args)


def _count(printer: Printer, formula: Formula, counts: Counter[Factor]) -> None:
    for term, _ in formula.terms:
        for factor, _ in term:
            if factor.name or not factor.args or factor in printer.names:
                continue
            counts[factor] += 1
            for inner in _inside(printer, factor):
                _count(printer, inner, counts)
