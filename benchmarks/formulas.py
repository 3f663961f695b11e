"""How formulas of derivatives read: 275 textbook derivatives beside the shortest that SymPy's simplifiers find.

python -m benchmarks.formulas            # the figures
python -m benchmarks.formulas --longer   # and each formula that is longer than SymPy's
python -m benchmarks.formulas --check    # and each, parsed again, against SymPy's derivative to 50 digits
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median

from rich.console import Console

from gradcli.core.engines.program import Program
from gradcli.core.formula import Formulas, partials
from gradcli.core.ir.dtypes import DType, as_float
from gradcli.core.ir.nodes import Node, constant, fresh_input
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.text.diagnostics import Source
from gradcli.language.text.parse import parse_expression
from gradcli.language.values.scope import Bindings, Draft
from gradcli.language.values.values import Value

TEXTBOOK = Path(__file__).parent / "textbook.tsv"
POINTS = 20


@dataclass(frozen=True)
class Derivative:
    """A row of the textbook: of what by what, its value at a point, and SymPy's shortest formula without blanks."""

    function: str
    inputs: tuple[str, ...]
    by: str
    point: tuple[float, ...]
    value: float
    shortest: str

    @property
    def indexes(self) -> tuple[int, ...]:
        """The numbers of the variables that it is by."""
        return tuple(self.inputs.index(name) for name in self.by)


@dataclass(frozen=True)
class Written:
    """What gradcli makes of a function: its graph, its formulas, and the seconds that they took."""

    node: Node
    inputs: tuple[Node, ...]
    formulas: Formulas
    seconds: float


def rows() -> list[Derivative]:
    """The textbook."""
    found = []
    for line in TEXTBOOK.read_text(encoding="utf-8").splitlines()[1:]:
        function, inputs, by, point, value, shortest = line.split("\t")
        at = dict(pair.split("=") for pair in point.split(";"))
        names = tuple(inputs.split(","))
        found.append(Derivative(function, names, by, tuple(float(at[n]) for n in names), float(value), shortest))
    return found


def traced(text: str, names: dict[str, Node]) -> Node:
    """A text of the language as a graph of float64."""
    values: dict[str, Value] = dict(names)
    value = Interpreter(Draft(Bindings(values))).evaluate(parse_expression(Source("textbook", text)))
    if isinstance(value, Node):
        return value
    assert isinstance(value, (int, float))
    return constant(as_float(value), DType.FLOAT64)


def written(function: str, inputs: Sequence[str]) -> Written:
    """The formulas of a function up to the order that the textbook has: 3 of one variable, else 2."""
    nodes = {name: fresh_input(name, (), DType.FLOAT64) for name in inputs}
    node = traced(function, dict(nodes))
    start = time.perf_counter()
    formulas = partials(node, list(nodes.values()), 3 if len(nodes) == 1 else 2)
    return Written(node, tuple(nodes.values()), formulas, time.perf_counter() - start)


def read_again(text: str, formulas: Formulas, inputs: Sequence[Node], names: Sequence[str]) -> Node:
    """The text of a formula as a graph, its definitions first."""
    scope = dict(zip(names, inputs, strict=True))
    for name, part in formulas.definitions:
        scope[name] = traced(part, scope)
    return traced(text, scope)


def size(text: str) -> int:
    """Characters, blanks not counted."""
    return len(text.replace(" ", ""))


def in_full(text: str, formulas: Formulas) -> int:
    """The characters of a formula, and of the definitions that it is read with."""
    used, total = text, size(text)
    for name, part in reversed(formulas.definitions):
        if name in names_in(used):
            used += f" {part}"
            total += size(name) + 1 + size(part)
    return total


def names_in(text: str) -> set[str]:
    """The names that a text has."""
    return set("".join(c if c.isalnum() or c == "_" else " " for c in text).split())


def against_sympy(row: Derivative, formula: Node, inputs: Sequence[Node]) -> Iterator[str]:
    """Where the formula is another number than SymPy's derivative to 50 digits."""
    import sympy

    symbols = sympy.symbols(row.inputs)
    exact = sympy.diff(sympy.sympify(row.function.replace("^", "**"), locals={"log": sympy.log}), *row.by)
    rng, program = random.Random(7), Program([formula], list(inputs))
    for i in range(POINTS):
        at = [
            Fraction(rng.randint(-3000, 3000), 1000) if i % 2 else Fraction(rng.randint(1, 999), 1000) for _ in symbols
        ]
        want = exact.subs({s: sympy.Rational(a.numerator, a.denominator) for s, a in zip(symbols, at, strict=True)})
        want = want.evalf(50)
        if not want.is_real or not want.is_finite:
            continue
        got = float(program(*map(float, at))[0])
        if not abs(got - float(want)) <= 1e-7 * max(1.0, abs(float(want))):
            yield f"{row.function} by {row.by} at {[float(a) for a in at]}: {got}, not {float(want)}"


def main(options: Sequence[str]) -> None:
    """Print the figures."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    known: dict[str, Written] = {}
    blank, longer, ratios = 0, 0, list[float]()
    for row in rows():
        if row.function not in known:
            known[row.function] = written(row.function, row.inputs)
        found = known[row.function]
        text = found.formulas.texts.get(row.indexes)
        if text is None:
            blank += 1
            console.print(f"blank: {row.function} by {row.by}: {found.formulas.reasons[row.indexes]}")
            continue
        length = in_full(text, found.formulas)
        ratios.append(length / size(row.shortest))
        if length > size(row.shortest):
            longer += 1
            if "--longer" in options:
                console.print(f"{row.function} by {row.by}\n    gradcli: {text}\n    SymPy:   {row.shortest}")
        if "--check" in options:
            again = read_again(text, found.formulas, found.inputs, row.inputs)
            for mistake in against_sympy(row, again, found.inputs):
                console.print(f"wrong: {mistake}")
    count = len(ratios) + blank
    slowest = max(known, key=lambda function: known[function].seconds)
    console.print(f"{count} derivatives, {blank} without a formula")
    console.print(f"not longer than SymPy's shortest: {(count - blank - longer) / count:.1%}")
    console.print(f"length beside SymPy's shortest: median {median(ratios):.2f}")
    console.print(f"slowest: {slowest}, {known[slowest].seconds * 1000:.0f} ms for all orders")


if __name__ == "__main__":
    main(sys.argv[1:])
