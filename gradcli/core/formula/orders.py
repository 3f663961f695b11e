"""The formulas of a function and of its derivatives up to an order, and of several graphs at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field
from types import MappingProxyType

from gradcli.core.errors import CoreError
from gradcli.core.formula.algebra import MOST_WORK, Algebra, Formula, TooLongError, UnreadableError
from gradcli.core.formula.differentiating import Differentiator
from gradcli.core.formula.printing import Printer
from gradcli.core.formula.reading import Reader
from gradcli.core.formula.shortening import Shortener
from gradcli.core.ir.nodes import Input, Node, Parameter, name_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.records import record
from gradcli.core.transforms.reverse import gradient

Indexes = tuple[int, ...]

TOO_LONG = "too long"
NO_NUMBER = "it leaves the numbers on the way"

# Who allows so much more work reads so much longer a text.
STEPS_OF_A_CHARACTER = 10
# A text that is longer has its repeated parts named.
LONG = 100
_NO_SPELLINGS: Mapping[str, str] = MappingProxyType({})


@record
class Formulas:
    """The texts by the numbers of the variables in ascending order, as far as there are any.

    `reasons` say why the others have none, in words. `definitions` are names and texts of parts that the texts share,
    each of which needs only those before it. `too_long` says that the work for some was more than was allowed.
    """

    texts: Mapping[Indexes, str]
    reasons: Mapping[Indexes, str] = field(default_factory=dict)
    definitions: tuple[tuple[str, str], ...] = ()

    @property
    def too_long(self) -> bool:
        """Whether some would be more work than was allowed."""
        return TOO_LONG in self.reasons.values()


def partials(
    output: Node,
    variables: Sequence[Node],
    order: int,
    work: int = MOST_WORK,
    spellings: Mapping[str, str] = _NO_SPELLINGS,
    taken: Collection[str] = (),
) -> Formulas:
    """The formula of an output and of its partials up to an order.

    Args:
        output: a graph, of any shape whose elements are alike.
        variables: the leaves that are differentiated by.
        order: the highest order.
        work: how many steps of arithmetic all of it may take; what would take more has a reason instead.
        spellings: names that are preferred for primitives, such as {"log": "ln"}; {"exp": "e^"} writes powers of e.
        taken: names that no definition may have, besides those of the variables.
    """
    # A variable that the output does not depend on is one all the same.
    leaves = dict.fromkeys([*_leaves([output]), *variables])
    names = [name_of(n) for n in leaves]
    made = _Writing(names, work, spellings, taken)
    first = made.read(output) if len(set(names)) == len(names) else "two inputs have the same name"
    found: dict[Indexes, Formula | str] = {(): first}
    # A derivative that somebody has stated is no derivative of what the formula says.
    is_stated = any(n.kind == "ruled" for n in reachable([output]))
    graphs: dict[Indexes, Node] = {(): output}
    level: list[Indexes] = [()]
    for _ in range(order):
        above, level = level, []
        for indexes in above:
            for i in range(indexes[-1] if indexes else 0, len(variables)):
                below = found[indexes]
                level.append((*indexes, i))
                if is_stated and not isinstance(first, str):
                    (graphs[level[-1]],) = gradient([graphs[indexes]], [variables[i]])
                    found[level[-1]] = made.read(graphs[level[-1]])
                    continue
                found[level[-1]] = below if isinstance(below, str) else made.derivative(below, name_of(variables[i]))
    return made.formulas(found, typed=())


def texts(
    nodes: Sequence[Node],
    work: int = MOST_WORK,
    spellings: Mapping[str, str] = _NO_SPELLINGS,
    taken: Collection[str] = (),
) -> Formulas:
    """The formulas of several graphs, such as the entries of a Jacobian, by their places: (0,), (1,), ..."""
    names = [name_of(n) for n in _leaves(nodes)]
    if len(set(names)) != len(names):
        return Formulas({}, {(i,): "two inputs have the same name" for i in range(len(nodes))})
    made = _Writing(names, work, spellings, taken)
    return made.formulas({(i,): made.read(node) for i, node in enumerate(nodes)})


def written(
    node: Node,
    work: int = MOST_WORK,
    spellings: Mapping[str, str] = _NO_SPELLINGS,
    taken: Collection[str] = (),
) -> Formulas:
    """The formula of one graph, under ()."""
    found = texts([node], work, spellings, taken)
    named, reasons = (
        {() if key == (0,) else key: text for key, text in part.items()} for part in (found.texts, found.reasons)
    )
    return Formulas(named, reasons, found.definitions)


def _leaves(nodes: Sequence[Node]) -> list[Node]:
    return [n for n in reachable(nodes) if isinstance(n, (Input, Parameter))]


class _Writing:
    """Formulas of one algebra, with the work that they may take: the arrangement as much as the rest."""

    def __init__(self, names: Sequence[str], work: int, spellings: Mapping[str, str], taken: Collection[str]) -> None:
        algebra, self._work = Algebra(work), work
        self._longest = work // STEPS_OF_A_CHARACTER
        # Names for what it repeats may make a text a good deal shorter.
        self._printer = Printer(spellings=spellings, taken=names, longest=4 * self._longest)
        self._reader = Reader(algebra, names)
        self._shortener = Shortener(algebra, self._printer.text, work)
        self._printer.arranged = self._shortener.readable
        self._differentiator = Differentiator(self._reader, self._shortener.tidied)
        self._taken = {*names, *taken}

    def read(self, node: Node) -> Formula | str:
        """The formula, or why there is none."""
        found = _attempted(lambda: self._reader.read(node))
        # What was typed is known once it is read.
        self._printer.decimal = self._reader.algebra.decimal
        self._printer.denominators = frozenset(self._reader.algebra.denominators)
        return found

    def derivative(self, formula: Formula, name: str) -> Formula | str:
        """The derivative, or why there is none."""
        return _attempted(lambda: self._shortener.tidied(self._differentiator.derivative(formula, name)))

    def formulas(self, found: Mapping[Indexes, Formula | str], typed: Indexes | None = None) -> Formulas:
        """Those that can be written, with what they share; the one that was typed stays near to that."""
        # Writing is bounded by how long a text may be, not by what was left of the work.
        self._reader.algebra.work = self._work
        shown: dict[Indexes, Formula] = {}
        written: dict[Indexes, str] = {}
        reasons: dict[Indexes, str] = {}
        for indexes, formula in found.items():
            if isinstance(formula, str):
                reasons[indexes] = formula
                continue
            try:
                readable = (self._shortener.near if indexes == typed else self._shortener.readable)(formula)
                written[indexes] = self._printer.text(readable)
                shown[indexes] = readable
            except (TooLongError, RecursionError):
                reasons[indexes] = TOO_LONG
            except UnreadableError as error:
                reasons[indexes] = str(error) or NO_NUMBER
        long = {indexes: shown[indexes] for indexes, text in written.items() if len(text) > LONG}
        if not long:
            return Formulas(written, reasons)
        from gradcli.core.formula.naming import named

        shorter, definitions = named(self._printer, long, self._taken, self._longest)
        reasons.update((indexes, TOO_LONG) for indexes in long if indexes not in shorter)
        texts = {indexes: shorter.get(indexes, text) for indexes, text in written.items() if indexes not in reasons}
        return Formulas(texts, reasons, definitions)


def _attempted(make: Callable[[], Formula]) -> Formula | str:
    """A formula, or why there is none: the number beside it is right without one."""
    try:
        return make()
    except (TooLongError, RecursionError):
        return TOO_LONG
    except UnreadableError as error:
        return str(error) or NO_NUMBER
    except (CoreError, ArithmeticError):
        return NO_NUMBER
