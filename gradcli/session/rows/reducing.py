"""One number of all rows: the sum or the mean of a function, its gradient, and the Hessian or a product with it.

A block of rows is summed by one program, with its derivatives; those sums are then added without rounding. Blocks are
the same whatever the chunks are and whoever computes them, so the result is the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, Parameter, array_constant, filled, fresh_input
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import substitute
from gradcli.core.limits import require_memory
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.primitives.selection import select
from gradcli.core.records import record
from gradcli.core.transforms.forward import jvp
from gradcli.core.transforms.jacobian import hessian
from gradcli.core.transforms.nested import total
from gradcli.core.transforms.reverse import gradient
from gradcli.language.calls.reach import parameters_of
from gradcli.language.derivatives.base import label_of
from gradcli.language.derivatives.checks import is_real, real_outputs
from gradcli.language.derivatives.targets import Targets
from gradcli.language.text.diagnostics import Source, Span, fail, near
from gradcli.language.text.refusals import REFUSALS, refused
from gradcli.language.values.convert import to_node
from gradcli.language.values.nesting import nodes_in
from gradcli.language.values.values import Names, Value
from gradcli.session.ask import Question, names_of
from gradcli.session.rows.columns import BLOCK, Chunk, Table
from gradcli.session.rows.exact import ExactSums
from gradcli.session.rows.feeds import condition, feeds_of
from gradcli.session.rows.journal import MOST_TOLD
from gradcli.session.rows.mapping import FAIL, NAN, Blocks, bad_row, bad_rows, over_rows

if TYPE_CHECKING:
    from gradcli.session.rows.columns import Array

# What is summed beside the value.
VALUE, GRADIENT, PRODUCT, HESSIAN = "value", "gradient", "product", "hessian"
# So many rows at a time have gradients of their own, where one is looked for that is none.
_FEW = 2**8
# So many rows of a block are summed at a time: NumPy adds them in pairs, and such sums in pairs again.
_ROWS = 2**7


@record
class Variable:
    """What is differentiated by: a parameter, or an input that is the same in all rows; its value at first."""

    name: str
    node: Node
    start: Array

    @property
    def size(self) -> int:
        """How many numbers it is."""
        return size_of(self.node.shape)


@record
class Summed:
    """What some rows came to: sums of blocks one below the other, how many rows were summed, which were bad."""

    blocks: Array
    rows: int
    summed: int
    bad: int
    told: Sequence[int]


class Loss:
    """A function of each row, to be summed over them, with derivatives by what is the same in all of them.

    Raises:
        LanguageError: when made, for what can't be asked.
    """

    def __init__(
        self,
        question: Question,
        table: Table,
        mapping: str | None,
        wrt: str | None,
        where: str | None,
        on_error: str,
        slopes: bool = True,
    ) -> None:
        feeds = feeds_of(question, table, mapping)
        whole = {n: _whole(question, n, v) for n, v in question.arguments.items() if n not in feeds and is_real(v)}
        values: list[Value] = [
            feeds[n].node if n in feeds else whole.get(n, (v,))[0] for n, v in question.arguments.items()
        ]
        self.label = label_of(question.function)
        interpreter, function, span = question.interpreter, question.function, question.span
        try:
            outputs = function.call(interpreter, values, span, fresh=True)
            roots = real_outputs(outputs, function, span)
        except REFUSALS as error:
            raise refused(error, span) from error
        if not roots:
            raise fail("derivative", f"`{function.name}` gives nothing to sum", span)
        loss = total(roots)
        self.variables = _variables(question, values, whole, wrt, [*feeds]) if slopes else []
        kept = condition(question, table, feeds, where) if where is not None else None
        varied = {variable.node for variable in self.variables}
        fixed = {node: array_constant(array) for node, array in whole.values() if node not in varied}
        (loss,) = substitute([loss], fixed)
        self._feeds = [*{f.node: f for f in (*feeds.values(), *(kept.feeds.values() if kept else ()))}.values()]
        self.names = list(dict.fromkeys(name for feed in self._feeds for name in feed.columns))
        self._loss, self._table, self._on_error = loss, table, on_error
        self._programs: dict[str, Blocks] = {}
        self._single: Blocks | None = None
        self._where = None if kept is None else kept.node
        self._condition: Blocks | None = None
        if kept is not None:
            nodes, inputs = over_rows([kept.node], [feed.node for feed in self._feeds])
            self._condition = Blocks(nodes, inputs)

    @property
    def size(self) -> int:
        """How many numbers it is differentiated by."""
        return sum(variable.size for variable in self.variables)

    @property
    def start(self) -> Array:
        """Their values at first, one behind the other."""
        parts = [variable.start.reshape(-1) for variable in self.variables]
        return np.concatenate(parts).astype(np.float64) if parts else np.zeros(0)

    def apart(self, vector: Array) -> dict[str, Array]:
        """Numbers one behind the other as what they are of each variable."""
        ends = np.cumsum([variable.size for variable in self.variables])
        parts = np.split(vector, ends[:-1]) if len(ends) else []
        return {v.name: part.reshape(v.node.shape) for v, part in zip(self.variables, parts, strict=True)}

    def length(self, what: str) -> int:
        """How many sums there are."""
        return 1 + {VALUE: 0, GRADIENT: self.size, PRODUCT: 2 * self.size, HESSIAN: self.size + self.size**2}[what]

    def prepare(self, what: str) -> None:
        """Have the program made that computes it."""
        if what in self._programs:
            return
        require_memory(8 * 70 * self.length(what), "sums that are exact would take")
        nodes, inputs = over_rows([self._loss], [feed.node for feed in self._feeds], _ROWS)
        mask = fresh_input("kept", (_ROWS,), DType.BOOL)
        loss = sum_to(select(mask, nodes[0], filled(0.0, nodes[0])), shape=())
        wrt = [variable.node for variable in self.variables]
        outputs: list[Node] = [loss]
        along: list[Node] = []
        if what != VALUE and wrt:
            slopes = gradient([loss], wrt)
            outputs += slopes
            if what == PRODUCT:
                along = [fresh_input("v", node.shape, node.dtype) for node in wrt]
                outputs += jvp(slopes, wrt, along)
            elif what == HESSIAN:
                outputs += [block for row in hessian([loss], wrt)[0] for block in row]
        sums, inputs = over_rows(outputs, [*inputs, mask], BLOCK // _ROWS)
        self._programs[what] = Blocks(sums, inputs, [*wrt, *along])

    def work(self, what: str, at: Array, along: Array | None = None) -> Callable[[Chunk], Summed]:
        """What sums a chunk, with the variables at some numbers; a product is with the direction `along`.

        What it raises is a LanguageError at a bad row, where that is asked for.
        """
        self.prepare(what)
        program = self._programs[what]
        given = self._given(at)
        if along is not None:
            given += self._given(along)
        sizes = self._sizes(what)

        def summed(chunk: Chunk) -> Summed:
            inputs = [feed.array(chunk.columns) for feed in self._feeds]
            padded = len(inputs[0])
            kept = np.zeros(padded, bool)
            kept[: chunk.rows] = True
            if chunk.bad is not None and self._on_error != NAN:
                kept &= ~chunk.bad
            rows, bad, numbers = 0, 0, np.zeros(0, np.int64)
            blocks = np.empty((padded // BLOCK, sum(sizes)))
            with np.errstate(all="ignore"), program.lent() as run:
                for i, low in enumerate(range(0, padded, BLOCK)):
                    part = slice(low, low + BLOCK)
                    values = [array[part] for array in inputs]
                    mask = kept[part]
                    holds = np.ones(BLOCK, bool) if self._condition is None else self._condition(*values)[0]
                    mask &= holds
                    fine = _summed(run, values, mask, given, blocks[i])
                    if self._on_error != NAN and not (fine and chunk.bad is None):
                        odd = None if fine else ~self._finite(values, given[: len(self.variables)])
                        lacking = self._bad(chunk, low, mask, holds, odd)
                        if len(lacking):
                            bad += len(lacking)
                            numbers = np.concatenate([numbers, chunk.first + low + lacking])
                            if mask[lacking].any():
                                mask[lacking] = False
                                _summed(run, values, mask, given, blocks[i])
                    rows += int(np.count_nonzero(mask))
            return Summed(blocks, chunk.rows, rows, bad, numbers[:MOST_TOLD].tolist())

        return summed

    def _sizes(self, what: str) -> list[int]:
        own = [variable.size for variable in self.variables]
        found = [1]
        if what != VALUE:
            found += own
        if what == PRODUCT:
            found += own
        elif what == HESSIAN:
            found += [a * b for a in own for b in own]
        return found

    @staticmethod
    def _cast(variable: Variable, part: Array) -> Any:
        # Not `ascontiguousarray`, which makes an array of one element of a number.
        array = np.asarray(part, variable.node.dtype.value, order="C")
        return array if array.shape else array.item()

    def _bad(self, chunk: Chunk, low: int, mask: Array, holds: Array, odd: Array | None) -> Array:
        """The places in a block of rows that lack a number, or give none that is finite, as `odd` says."""
        bad = np.zeros(BLOCK, bool)
        if chunk.bad is not None:
            bad = chunk.bad[low : low + BLOCK] & holds
            bad[max(chunk.rows - low, 0) :] = False
        if odd is not None:
            bad |= mask & odd
        found = np.flatnonzero(bad)
        if len(found) and self._on_error == FAIL:
            raise bad_row(self._table, chunk, low + int(found[0]))
        return found

    def batch(self, size: int) -> Callable[[Chunk, Array, Array], tuple[float, Array, int]]:
        """What finds the mean of so many rows of a chunk, by their places, at most; its gradient; how many it is of.

        What it raises is a LanguageError at a bad row, where that is asked for.
        """
        wrt = [variable.node for variable in self.variables]
        nodes, inputs = over_rows([self._loss], [feed.node for feed in self._feeds], size)
        mask = fresh_input("kept", (size,), DType.BOOL)
        loss = sum_to(select(mask, nodes[0], filled(0.0, nodes[0])), shape=())
        program = Blocks([loss, *gradient([loss], wrt)], [*inputs, mask], wrt)
        holds: Blocks | None = None
        if self._where is not None:
            conditions, rows = over_rows([self._where], [feed.node for feed in self._feeds], size)
            holds = Blocks(conditions, rows)

        def work(chunk: Chunk, places: Array, at: Array) -> tuple[float, Array, int]:
            given = self._given(at)
            whole = np.resize(places, size)
            values = [feed.array({n: chunk.columns[n][whole] for n in feed.columns}) for feed in self._feeds]
            kept = np.arange(size) < len(places)
            into = np.zeros(1 + self.size)
            with np.errstate(all="ignore"), program.lent() as run:
                if holds is not None:
                    kept &= holds(*values)[0]
                bad = np.zeros(size, bool) if chunk.bad is None else chunk.bad[whole] & kept
                if not bad.any() and not _together(run, values, kept, given, into):
                    bad = kept & ~self._finite(values, given)
                if bad.any() and self._on_error == FAIL:
                    raise bad_row(self._table, chunk, int(whole[np.argmax(bad)]))
                if bad.any() and self._on_error != NAN:
                    kept &= ~bad
                    if not _together(run, values, kept, given, into):
                        kept &= self._finite(values, given)
                        _together(run, values, kept, given, into)
            count = int(np.count_nonzero(kept))
            return into[0] / max(count, 1), into[1:] / max(count, 1), count

        return work

    def _given(self, at: Array) -> list[Any]:
        return [self._cast(v, part) for v, part in zip(self.variables, self.apart(at).values(), strict=True)]

    def _finite(self, values: Sequence[Array], given: Sequence[Any]) -> Array:
        """Which rows have a loss and a gradient without nan and infinities, each row by itself."""
        if self._single is None:
            wrt = [variable.node for variable in self.variables]
            outputs = [self._loss, *gradient([self._loss], wrt)]
            nodes, inputs = over_rows(outputs, [feed.node for feed in self._feeds], _FEW)
            self._single = Blocks(nodes, inputs, wrt)
        rows = len(values[0])
        fine = np.empty(rows, bool)
        for low in range(0, rows, _FEW):
            few = np.minimum(np.arange(low, low + _FEW), rows - 1)
            found = self._single(*(array[few] for array in values), *given)
            fine[low : low + _FEW] = ~bad_rows(Chunk(0, _FEW, {}, None), found)[: rows - low]
        return fine


def _together(
    run: Callable[..., Sequence[Any]], values: Sequence[Array], mask: Array, given: Sequence[Any], into: Array
) -> bool:
    """Put the sums of those rows that are kept in a vector; whether all are finite."""
    if not mask.any():
        into[...] = 0.0
        return True
    into[...] = np.concatenate([np.reshape(part, -1) for part in run(*_replaced(values, mask), mask, *given)])
    return bool(np.isfinite(into).all())


def _replaced(values: Sequence[Array], mask: Array) -> Sequence[Array]:
    """The values with a copy of a row that is kept in the place of those that are not.

    Where matrices are multiplied, 0 times nan would be nan.
    """
    if mask.all():
        return values
    good = int(np.argmax(mask))
    return [np.where(mask.reshape(-1, *(1,) * (v.ndim - 1)), v, v[good]) for v in values]


def _folded(rows: Array) -> Array:
    """The rows of a block, so many beside each other as are summed at a time."""
    return rows.reshape(-1, _ROWS, *rows.shape[1:])


def _summed(
    run: Callable[..., Sequence[Any]], values: Sequence[Array], mask: Array, given: Sequence[Any], into: Array
) -> bool:
    """Put the sums of those rows of a block that are kept in a row; whether all are finite."""
    if not mask.any():
        into[...] = 0.0
        return True
    at = 0
    for part in run(*map(_folded, _replaced(values, mask)), _folded(mask), *given):
        few = np.reshape(part, (len(part), -1))
        np.add.reduce(np.ascontiguousarray(few.T, np.float64), axis=1, out=into[at : at + few.shape[1]])
        at += few.shape[1]
    return bool(np.isfinite(into).all())


def _whole(question: Question, name: str, value: Value) -> tuple[Node, Array]:
    """An input that is the same in all rows, as what stands for it, and its value."""
    node = to_node(value, question.interpreter.dtype, question.span)
    settled = question.interpreter.settle(node, question.span)
    assert isinstance(settled, (Constant, Parameter))
    return fresh_input(name, node.shape, node.dtype), _array(settled)


def _array(node: Constant | Parameter) -> Array:
    constant = node.value if isinstance(node, Parameter) else node
    return np.array(constant.value, constant.dtype.value)


def _variables(
    question: Question,
    values: Sequence[Value],
    whole: Mapping[str, tuple[Node, Array]],
    wrt: str | None,
    fed: Sequence[str],
) -> list[Variable]:
    """What is named, else every parameter and every real input that the table doesn't give."""
    function, interpreter = question.function, question.interpreter
    span = Span(Source("<function>", function.name), 0, len(function.name))
    if wrt is None:
        found = [*whole, *parameters_of(interpreter, function).names]
        if not found:
            hint = "declare some with `param`, or give it an input that is no column, such as w='[0, 0]'"
            raise fail("derivative", f"`{function.name}` has no parameters to differentiate by", None, hint)
        names = Names(tuple((name, span) for name in found), single=False)
    else:
        names = names_of(wrt)
    for name, at in names.items:
        if name in fed:
            known = [*whole, *parameters_of(interpreter, function).names]
            advice = near(name, known) or (f"such as {', '.join(known)}" if known else None)
            raise fail("usage", f"`{name}` is another in each row: derivatives of sums are by parameters", at, advice)
    nodes = Targets(names=names).nodes(interpreter, function, values, question.span)
    assert isinstance(nodes, tuple)
    variables: list[Variable] = []
    for (name, at), value in zip(names.items, nodes, strict=True):
        for node in nodes_in(value):
            if isinstance(node, Parameter):
                variables.append(Variable(name, node, _array(node)))
            elif name in whole:
                variables.append(Variable(name, node, whole[name][1]))
            else:
                raise fail("derivative", f"`{name}` is no parameter", at)
    return variables


@record
class Sums:
    """What all rows came to: the sums, how many rows there were, were summed, and were bad."""

    total: ExactSums
    rows: int
    summed: int
    bad: int
    numbers: Sequence[int]

    def values(self, mean: bool) -> Array:
        """Each sum, or mean, rounded once.

        Raises:
            LanguageError: for the mean of nothing.
        """
        if mean and not self.summed:
            raise fail("value", "there are no rows to take the mean of", None)
        return self.total.values(self.summed if mean else 1)


class Adding:
    """Adds up what chunks came to."""

    def __init__(self, size: int) -> None:
        self.total = ExactSums(size)
        self.rows = self.summed = self.bad = 0
        self.numbers: list[int] = []

    def take(self, part: Summed) -> None:
        """Add a chunk."""
        self.total.add(part.blocks)
        self.count(part.rows, part.summed, part.bad, part.told)

    def count(self, rows: int, summed: int, bad: int, told: Iterable[int]) -> None:
        """Count rows."""
        self.rows += rows
        self.summed += summed
        self.bad += bad
        if len(self.numbers) < MOST_TOLD:
            self.numbers += told

    def sums(self) -> Sums:
        """What all came to."""
        return Sums(self.total, self.rows, self.summed, self.bad, sorted(self.numbers)[:MOST_TOLD])


# What sums over all rows: of the loss, what, where, and along what.
Compute = Callable[[Loss, str, "Array", "Array | None"], Sums]


def parts_of(loss: Loss, what: str, values: Array) -> Iterator[Array]:
    """The value, then the gradient, then what comes behind, each one behind the other."""
    yield values[:1]
    n = loss.size
    if what != VALUE:
        yield values[1 : 1 + n]
        if what == PRODUCT:
            yield values[1 + n :]
        elif what == HESSIAN:
            yield _assembled(loss, values[1 + n :])


def _assembled(loss: Loss, blocks: Array) -> Array:
    """The Hessian of all variables, of its blocks one behind the other."""
    sizes = [variable.size for variable in loss.variables]
    rows, at = [], 0
    for a in sizes:
        row = []
        for b in sizes:
            row.append(blocks[at : at + a * b].reshape(a, b))
            at += a * b
        rows.append(row)
    return np.block(rows) if rows else np.zeros((0, 0))
