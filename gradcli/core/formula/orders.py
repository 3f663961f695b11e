"""The formulas of a function and of its derivatives up to an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradcli.core.errors import CoreError
from gradcli.core.formula.algebra import Algebra, Formula, TooLongError, UnreadableError
from gradcli.core.formula.building import Builder
from gradcli.core.formula.printing import Printer
from gradcli.core.formula.reading import Reader
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Input, Node, Parameter, fresh_input, name_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.records import record
from gradcli.core.transforms.reverse import gradient

Indexes = tuple[int, ...]

# What differentiating costs for each node, in steps of arithmetic.
STEPS_OF_A_NODE = 16


@record
class Formulas:
    """The texts by the numbers of the variables in ascending order, as far as there are any.

    `too_long` says that some were left out for their length, or for the work that they would have been.
    """

    texts: Mapping[Indexes, str]
    too_long: bool = False


def partials(output: Node, variables: Sequence[Node], order: int, longest: int) -> Formulas:
    """The formula of an output and of its partials up to an order that are no longer than so many characters."""
    # A variable that the output does not depend on is one all the same.
    leaves = dict.fromkeys([*(n for n in reachable([output]) if isinstance(n, (Input, Parameter))), *variables])
    names = [name_of(n) for n in leaves]
    if len(set(names)) != len(names):
        return Formulas({})
    return _Orders(output, names, [name_of(v) for v in variables], order, longest).found()


class _Orders:
    def __init__(self, output: Node, names: Sequence[str], by: Sequence[str], order: int, longest: int) -> None:
        self._output, self._by, self._order = output, by, order
        self._scalars = {name: fresh_input(name, (), DType.FLOAT64) for name in names}
        self._reader, self._printer, self._builder = Reader(Algebra()), Printer(longest), Builder(self._scalars)
        self._texts: dict[Indexes, str] = {}
        self._too_long = False

    def found(self) -> Formulas:
        level: dict[Indexes, Formula] = {}
        self._enter(level, (), None)
        for _ in range(self._order):
            above, level = level, {}
            for indexes, formula in above.items():
                for i in range(indexes[-1] if indexes else 0, len(self._by)):
                    self._enter(level, (*indexes, i), formula)
        return Formulas(self._texts, self._too_long)

    def _enter(self, level: dict[Indexes, Formula], indexes: Indexes, below: Formula | None) -> None:
        """One formula and its text, from that of an order less."""
        try:
            level[indexes] = (
                self._reader.read(self._output) if below is None else self._derivative(below, self._by[indexes[-1]])
            )
            self._texts[indexes] = self._printer.text(level[indexes])
        except TooLongError:
            self._too_long = True
        except (UnreadableError, CoreError, ArithmeticError, RecursionError):
            # The number beside it is right without one.
            pass

    def _derivative(self, formula: Formula, name: str) -> Formula:
        node = self._builder.build(formula)
        self._reader.algebra.charge(STEPS_OF_A_NODE * len(reachable([node])))
        (slope,) = gradient([node], [self._scalars[name]])
        return self._reader.read(slope)
