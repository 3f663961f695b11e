"""A value and its derivatives in every row: what is computed of a chunk, and which rows of it are bad."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcli.core.engines.numpy.pool import alone
from gradcli.core.engines.program import Program
from gradcli.core.export.naming import Names as FreshNames
from gradcli.core.ir.nodes import Node, Parameter, constant_like, fresh_input
from gradcli.core.ir.traversal import substitute
from gradcli.core.transforms.batching import batch
from gradcli.language.derivatives.base import together
from gradcli.language.derivatives.table import AllDerivatives
from gradcli.language.text.diagnostics import LanguageError, Source, Span, fail
from gradcli.language.text.refusals import REFUSALS, refused
from gradcli.language.values.values import DerivativeTable, Names, Value
from gradcli.session.ask import Question, names_of
from gradcli.session.rows.columns import BLOCK, Chunk, Table
from gradcli.session.rows.feeds import Feed, condition, feeds_of
from gradcli.session.rows.journal import MOST_TOLD, Done, Out

if TYPE_CHECKING:
    from gradcli.session.rows.columns import Array

SKIP, FAIL, NAN = "skip", "fail", "nan"


class Blocks:
    """A graph over blocks of rows: what it computes of each; programs are lent, each to one thread at a time.

    `rows` are what stands for the values of a row, `whole` inputs that are the same for all of them.
    """

    def __init__(self, outputs: Sequence[Node], rows: Sequence[Node], whole: Sequence[Node] = ()) -> None:
        self._outputs, self._inputs = outputs, [*rows, *whole]
        self._free: list[Program] = []

    @contextmanager
    def lent(self) -> Iterator[Callable[..., Sequence[Any]]]:
        """A function of a block's values to the outputs, which are overwritten when it is called again."""
        try:
            program = self._free.pop()
        except IndexError:
            with alone():
                program = Program(self._outputs, self._inputs)
        yield program.function
        # One that was interrupted is not lent again: it may be at work still.
        self._free.append(program)

    def __call__(self, *values: Any) -> Sequence[Any]:
        """The outputs for a block, in arrays of their own."""
        with self.lent() as run:
            return [np.array(found) for found in run(*values)]


def over_rows(outputs: Sequence[Node], nodes: Sequence[Node], size: int = BLOCK) -> tuple[list[Node], list[Node]]:
    """The outputs for so many rows at once, and what stands for the nodes then, each with an axis for the rows."""
    new: list[Node] = [fresh_input(getattr(n, "name", "x"), (size, *n.shape), n.dtype) for n in nodes]
    return list(batch(outputs, dict(zip(nodes, new, strict=True)), size)), new


class RowProgram:
    """A function's value and partials in each row, for those rows that a condition holds in.

    `weights` are the values of some `parameters`, if not those that they have.
    `outs` are the columns that it gives, `names` those of the table that it reads, `note` is to be said of it.

    Raises:
        LanguageError: when made, for what can't be asked.
    """

    def __init__(
        self,
        question: Question,
        table: Table,
        mapping: str | None,
        wrt: str | None,
        order: int,
        where: str | None,
        on_error: str,
        parameters: Sequence[Parameter] = (),
        weights: Sequence[Any] = (),
    ) -> None:
        feeds = feeds_of(question, table, mapping)
        values: list[Value] = [feeds[n].node if n in feeds else v for n, v in question.arguments.items()]
        names = names_of(wrt) if wrt is not None else _real(feeds, question)
        found = derivatives_of(question, values, order, names)
        pairs = [(str(partial), node) for partial, node in found.rows if node is not None]
        fresh = FreshNames(())
        self.outs = [Out(fresh.fresh(label), node.shape, node.dtype.value) for label, node in pairs]
        self.note = together(found.note)
        kept = condition(question, table, feeds, where) if where is not None else None
        self._feeds: list[Feed] = [
            *{f.node: f for f in (*feeds.values(), *(kept.feeds.values() if kept else ()))}.values()
        ]
        self.names = list(dict.fromkeys(name for feed in self._feeds for name in feed.columns))
        outputs = [node for _, node in pairs] + ([kept.node] if kept else [])
        # Elsewhere the parameters are what they were where it was asked, whatever the text makes of them there.
        known: dict[Node, Node] = {p: constant_like(np.array(w), p) for p, w in zip(parameters, weights, strict=True)}
        outputs = list(substitute(outputs, known))
        nodes, inputs = over_rows(outputs, [feed.node for feed in self._feeds])
        self._has_condition, self._on_error = kept is not None, on_error
        self._blocks = Blocks(nodes, inputs)
        self._table = table

    def __call__(self, chunk: Chunk) -> Done:
        """What the rows of a chunk give.

        Raises:
            LanguageError: at a bad row, where that is asked for.
        """
        inputs = [feed.array(chunk.columns) for feed in self._feeds]
        padded = len(inputs[0])
        arrays = [np.empty((padded, *out.shape), out.dtype) for out in self.outs]
        kept = np.ones(padded, bool)
        with np.errstate(all="ignore"), self._blocks.lent() as run:
            for low in range(0, padded, BLOCK):
                at = slice(low, low + BLOCK)
                found = run(*(array[at] for array in inputs))
                for array, part in zip(arrays, found, strict=False):
                    array[at] = part
                if self._has_condition:
                    kept[at] = found[-1]
        # A number that is lacking is nan there, of which no comparison holds.
        kept = kept[: chunk.rows]
        arrays = [array[: chunk.rows] for array in arrays]
        bad = bad_rows(chunk, arrays) & kept
        numbers = np.flatnonzero(bad)
        if len(numbers) and self._on_error == FAIL:
            raise bad_row(self._table, chunk, int(numbers[0]))
        if len(numbers) and self._on_error == SKIP:
            kept &= ~bad
        elif chunk.bad is not None:
            for array in arrays:
                array[chunk.bad[: chunk.rows]] = np.nan
        if not kept.all():
            arrays = [array[kept] for array in arrays]
        columns = {out.name: array for out, array in zip(self.outs, arrays, strict=True)}
        return Done(chunk.first, chunk.rows, columns, len(numbers), chunk.first + numbers[:MOST_TOLD])


def _real(feeds: Mapping[str, Feed], question: Question) -> Names:
    """All inputs that columns of numbers are."""
    span = Span(Source("<function>", question.function.name), 0, len(question.function.name))
    return Names(tuple((name, span) for name, feed in feeds.items() if feed.node.dtype.is_float), single=False)


def derivatives_of(question: Question, values: Sequence[Value], order: int, names: Names) -> DerivativeTable:
    """The table of a function's partials, of nodes.

    Raises:
        LanguageError: as `Question.table` does.
    """
    if order < 0:
        raise fail("usage", f"the order can't be {order}", hint="orders are 0, 1, 2, ...")
    try:
        found = AllDerivatives(question.function, order, names).call(question.interpreter, values, question.span)
    except REFUSALS as error:
        raise refused(error, question.span) from error
    assert isinstance(found, DerivativeTable)
    return found


def bad_rows(chunk: Chunk, arrays: Sequence[Array]) -> Array:
    """Which rows lack a number, or gave nan or an infinity."""
    bad = np.zeros(chunk.rows, bool) if chunk.bad is None else chunk.bad[: chunk.rows].copy()
    for array in arrays:
        fine = np.isfinite(array)
        if not fine.all():
            bad |= ~fine.reshape(chunk.rows, -1).all(axis=1)
    return bad


def bad_row(table: Table, chunk: Chunk, place: int) -> LanguageError:
    """The refusal of a row."""
    lacks = chunk.bad is not None and bool(chunk.bad[place])
    why = "lacks a number" if lacks else "gives nan or an infinity"
    parts = [f"{name}={column[place].tolist()!r}" for name, column in chunk.columns.items() if not lacks]
    shown = f": {', '.join(parts)}" if parts and len(parts) <= 10 else ""
    what = f"row {chunk.first + place:,} of `{table.name}` {why}{shown}; the first row is 0"
    hint = "--on-error skip leaves such rows out, --on-error nan keeps them"
    return fail("value", what, None, hint)
