"""Every partial derivative up to an order, in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations_with_replacement
from math import comb

from gradcli.core import formula
from gradcli.core.formula.orders import TOO_LONG
from gradcli.core.ir.nodes import Node, filled, name_of
from gradcli.core.ir.shapes import size_of
from gradcli.core.records import structure
from gradcli.core.transforms.nested import total
from gradcli.core.transforms.reverse import gradient
from gradcli.core.transforms.taylor import Exponents
from gradcli.language.calls.announce import Call, builtin
from gradcli.language.calls.tracing import fresh_inputs, replace_nodes
from gradcli.language.derivatives.base import base_of, legend, numbered, times_differentiated, together
from gradcli.language.derivatives.checks import real_outputs, refuse_counts
from gradcli.language.derivatives.domain import without_value
from gradcli.language.derivatives.expansion import expanded, has_free
from gradcli.language.derivatives.gradient import to_order
from gradcli.language.derivatives.spelling import spellings_of, typed_formula
from gradcli.language.derivatives.targets import Targets, real_positions, refuse_repeated
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.nesting import nodes_in
from gradcli.language.values.partial import Partial
from gradcli.language.values.values import Caller, DerivativeTable, Function, Names, Rewrite, Value

LARGEST_TABLE = 5_000
MOST_FORMULAS = 200
# Whoever asks for formulas alone waits for them; those beside numbers take less.
PATIENT = 400_000


@structure
class AllDerivatives(Function):
    """What `derivatives` gives: a function whose result is a table of every partial up to an order."""

    of: Function
    order: int
    names: Names | None
    kind: str = "table"

    def __post_init__(self) -> None:
        self.name = f"derivatives({self.of.name}, order={self.order})"
        self.inputs = self.of.inputs

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The table, outputs first."""
        values, replacements = fresh_inputs(values, self.inputs, caller.dtype)
        outputs = self.of.call(caller, values, span, fresh=True)
        roots = real_outputs(outputs, self.of, span)
        variables = self.variables(caller, values, span)
        self.refuse_a_long_table(len(variables), span)
        nodes = [node for _, node in variables]
        if times_differentiated(self.of) == 0:
            caller.trail.innermost = tuple(roots)
        if caller.outermost:
            caller.trail.trace(nodes, replacements, span)
        is_lost = caller.outermost and without_value(caller.trail.innermost, replacements)
        found = _partials(caller, roots, nodes, self.order, replacements, span, times_differentiated(self.of))
        nothing = float("nan") if is_lost else 1.0
        rows = [(name, found[indexes] * nothing) for indexes, name in self.names_of(variables)]
        refuse_counts(nodes, span)
        outputs_summed = self.order > 0 and (any(size_of(n.shape) != 1 for n in roots) or len(roots) > 1)
        slopes_summed = self.order > 1 and any(size_of(n.shape) != 1 for n in nodes)
        rows = [*numbered(base_of(self.of), tuple(roots)), *rows]
        done = replace_nodes(tuple(node for _, node in rows), replacements)
        assert isinstance(done, tuple)
        settled = caller.settle(done, span) if not has_free(nodes_in(done)) else done
        assert isinstance(settled, tuple)
        shown = tuple((p, n) for (p, _), n in zip(rows, settled, strict=True) if isinstance(n, Node))
        note = together(legend(self.of), SUMMED if outputs_summed else None, AGAIN if slopes_summed else None)
        if len(roots) != 1 or len(rows) > MOST_FORMULAS:
            return DerivativeTable(shown, note)
        texts, reasons, definitions = self._formulas(roots[0], nodes)
        return DerivativeTable(shown, note, texts, reasons, definitions)

    def written(self, caller: Caller, values: Sequence[Value], span: Span, work: int = PATIENT) -> DerivativeTable:
        """The table of formulas alone, at values that are symbols.

        Raises:
            LanguageError: for a function of several outputs.
        """
        outputs = self.of.call(caller, values, span, fresh=True)
        roots = real_outputs(outputs, self.of, span)
        variables = self.variables(caller, values, span)
        self.refuse_a_long_table(len(variables), span)
        if len(roots) != 1:
            raise fail(
                "derivative",
                f"`{self.of.name}` has {len(roots) or 'no'} outputs, and formulas are of one",
                span,
                f"`jacobian({self.of.name})` has those of all",
            )
        texts, reasons, definitions = self._formulas(roots[0], [node for _, node in variables], work)
        names = [base_of(self.of), *(name for _, name in self.names_of(variables))]
        return DerivativeTable(tuple((n, None) for n in names), legend(self.of), texts, reasons, definitions)

    def names_of(self, variables: Sequence[tuple[str, Node]]) -> Iterator[tuple[tuple[int, ...], Partial]]:
        """Each partial's variables by their numbers, and its name."""
        tensors = frozenset(name for name, node in variables if size_of(node.shape) != 1)
        base = replace(base_of(self.of), tensors=tensors)
        for order in range(1, self.order + 1):
            for indexes in combinations_with_replacement(range(len(variables)), order):
                name = base
                for i in indexes:
                    name = name.then(variables[i][0])
                yield indexes, name

    def _formulas(
        self, root: Node, variables: Sequence[Node], work: int = formula.MOST_WORK
    ) -> tuple[tuple[str | None, ...], tuple[str | None, ...], tuple[tuple[str, str], ...]]:
        """The formula of each row, the first as it was typed; why the others have none; what they share.

        Nothing where no row has one.
        """
        patient = work > formula.MOST_WORK
        found = formula.partials(root, variables, self.order, work, spellings_of(self.of))
        every = [
            indexes
            for order in range(self.order + 1)
            for indexes in combinations_with_replacement(range(len(variables)), order)
        ]
        if not found.texts and TOO_LONG not in found.reasons.values():
            return (), (), ()
        first = typed_formula(self.of) or found.texts.get(())
        texts = (first, *(found.texts.get(indexes) for indexes in every[1:]))
        why = (None if text else found.reasons.get(i) for text, i in zip(texts, every, strict=True))
        hint = None if patient else f"too long: `formula {self.name}` shows it"
        return texts, tuple(hint or w if w == TOO_LONG else w for w in why), found.definitions

    def substituted(self, substitution: Rewrite) -> AllDerivatives:
        """The table of the function as the caller's values make it."""
        return replace(self, of=self.of.substituted(substitution))

    def refuse_a_long_table(self, variables: int, span: Span) -> None:
        """Refuse more partials than anybody reads."""
        count = comb(variables + self.order, self.order) if variables else 0
        if count > LARGEST_TABLE:
            raise fail(
                "value",
                f"{count:,} partials of {variables} variables up to order {self.order} are too many for a table",
                span,
                f"at most {LARGEST_TABLE:,}: ask for a lower order, or for fewer variables with wrt=",
            )

    def variables(self, caller: Caller, values: Sequence[Value], span: Span) -> list[tuple[str, Node]]:
        """What is differentiated by, each with its name."""
        if self.names is None:
            pairs = [
                (name_of(node), node)
                for p in real_positions(self.of)
                for node in nodes_in(values[p])
                if node.dtype.is_float
            ]
        else:
            pairs = []
            for name, at in self.names.items:
                targets = Targets(names=Names(((name, at),), single=True))
                found = list(nodes_in(targets.nodes(caller, self.of, values, span)))
                pairs += [(name if len(found) == 1 else name_of(n), n) for n in found]
        refuse_repeated(pairs, span)
        if not pairs and self.order:
            raise fail("derivative", f"`{self.of.name}` has no real input to differentiate by", span)
        return pairs


SUMMED = "outputs that are not one number are summed before they are differentiated; jacobian has every partial"
AGAIN = "a gradient is summed before it is differentiated again; hessian has every partial"


def _partials(
    caller: Caller,
    roots: Sequence[Node],
    variables: Sequence[Node],
    order: int,
    given: Mapping[Node, Node],
    span: Span,
    below: int,
) -> dict[tuple[int, ...], Node]:
    """The partials by the numbers of their variables in ascending order, each of its last variable's shape.

    Of scalars they are the Taylor coefficients of the outputs; of tensors, those of each gradient along paths on
    which all elements of a variable grow alike.
    """
    if order == 0:
        return {}
    if not roots:
        return _by_indexes(variables, order, lambda exponents, last: None)
    if all(node.shape == () for node in variables):
        (found,) = expanded(caller, [total(roots)], [[v] for v in variables], order, given, span, below)
        return _by_indexes(variables, order, lambda exponents, last: found.get(exponents))
    slopes = gradient(roots, variables)
    series = expanded(caller, slopes, [[v] for v in variables], order - 1, given, span, below + 1)
    return _by_indexes(variables, order, lambda exponents, last: series[last].get(_without(exponents, last)))


def _by_indexes(
    variables: Sequence[Node], order: int, find: Callable[[Exponents, int], Node | None]
) -> dict[tuple[int, ...], Node]:
    out: dict[tuple[int, ...], Node] = {}
    for k in range(1, order + 1):
        for indexes in combinations_with_replacement(range(len(variables)), k):
            exponents = tuple(indexes.count(i) for i in range(len(variables)))
            node = find(exponents, indexes[-1])
            out[indexes] = filled(0.0, variables[indexes[-1]]) if node is None else node
    return out


def _without(exponents: Exponents, i: int) -> Exponents:
    return (*exponents[:i], exponents[i] - 1, *exponents[i + 1 :])


@builtin("every partial derivative up to an order, in one table", example="derivatives((x, y) -> x^2 y, order=2)(3, 5)")
def derivatives(call: Call, fn: Function, order: Value = 2, wrt: Names | None = None) -> AllDerivatives:
    """The table, a function of the same inputs.

    Raises:
        LanguageError: for an order that is no whole number, or negative.
    """
    return AllDerivatives(fn, to_order(order, call.span), wrt)
