"""Which columns go where: each input of a function is a column, several columns side by side, or a value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.records import record
from gradcli.language.interpreter.free import definition, free_names
from gradcli.language.library.names import builtins
from gradcli.language.text.diagnostics import Source, Span, fail, near
from gradcli.language.text.parse import parse_expression
from gradcli.language.values.convert import to_node
from gradcli.language.values.values import Value
from gradcli.session.ask import Question
from gradcli.session.rows.asked import MISSING
from gradcli.session.rows.columns import Column, Table, fit_column, missing_column

if TYPE_CHECKING:
    from gradcli.session.rows.columns import Array


@record
class Feed:
    """The columns that an input is made of, and what it is in each row; `node` stands for it."""

    columns: tuple[str, ...]
    side_by_side: bool
    node: Node

    def array(self, columns: Mapping[str, Array]) -> Array:
        """The input in all rows of a chunk, of its dtype."""
        parts = [columns[name] for name in self.columns]
        found = np.stack(parts, axis=-1) if self.side_by_side else parts[0]
        return np.ascontiguousarray(found, self.node.dtype.value)


def feeds_of(question: Question, table: Table, mapping: str | None) -> dict[str, Feed]:
    """What each input is fed with that the table has values for; those named in `--columns`, then those of its name.

    Raises:
        LanguageError: for columns that there are none of, or are no numbers, and for an input without any value.
    """
    named = _mapping(mapping, question) if mapping is not None else {}
    found: dict[str, Feed] = {}
    dtype = question.interpreter.dtype
    for name, value in question.arguments.items():
        if name in named:
            words, side_by_side = named[name]
            kinds = [fit_column(word, table, f" for `{name}`") for word in words]
            found[name] = _feed(name, words, kinds, side_by_side, dtype, table)
        elif name in question.given and value is not MISSING:
            continue
        elif name in table.columns:
            found[name] = _feed(name, (name,), [fit_column(name, table)], False, dtype, table)
        elif value is MISSING:
            raise missing_column(name, table, ", and nothing else gives the input a value")
    if not found:
        hint = f"name them: --columns {next(iter(question.arguments), 'x')}={next(iter(table.columns), 'column')}"
        raise fail("usage", f"no column of `{table.name}` is an input of `{question.function.name}`", None, hint)
    return found


def _feed(
    name: str, columns: Sequence[str], kinds: Sequence[Column], side_by_side: bool, dtype: DType, table: Table
) -> Feed:
    shapes = {kind.shape for kind in kinds}
    if len(shapes) > 1:
        raise fail("shape", f"columns side by side are of one shape, and those of `{name}` are not", None)
    shape = kinds[0].shape
    truth = all(kind.truth for kind in kinds)
    whole = (*shape, len(columns)) if side_by_side else shape
    return Feed(tuple(columns), side_by_side, fresh_input(name, whole, DType.BOOL if truth else dtype))


def _mapping(text: str, question: Question) -> dict[str, tuple[tuple[str, ...], bool]]:
    """`x=price,w=[a,b]` by inputs: the columns, and whether they stand side by side."""
    source = Source("<--columns>", text)
    found: dict[str, tuple[tuple[str, ...], bool]] = {}
    inputs = [*question.arguments]
    for part in re.finditer(r"\s*([^,=\[\]]+?)\s*=\s*(\[[^\]]*\]|[^,\[\]]+)\s*(?:,|$)|([^,]+),?", text):
        span = Span(source, part.start(), part.end())
        if part[3] is not None:
            raise fail("usage", f"`{part[3].strip()}` names no column", span, "such as --columns x=price,w=[a,b]")
        name, columns = part[1], part[2].strip()
        if name not in inputs:
            hint = near(name, inputs) or f"it takes {', '.join(inputs)}"
            raise fail("usage", f"`{question.function.name}` has no input `{name}`", span, hint)
        if name in found:
            raise fail("usage", f"`{name}` is given twice", span, "give each input one column")
        listed = columns.startswith("[")
        words = [word.strip() for word in (columns[1:-1].split(",") if listed else [columns])]
        if not all(words):
            raise fail("usage", f"`{columns}` has an empty name in it", span, "such as [a,b]")
        found[name] = tuple(words), listed
    return found


@record
class Condition:
    """What `--where` says of a row, and the columns that it reads, each with what stands for it."""

    node: Node
    feeds: Mapping[str, Feed]


def condition(question: Question, table: Table, feeds: Mapping[str, Feed], text: str) -> Condition:
    """A condition on columns, or on inputs by their names where no column has those.

    Raises:
        LanguageError: for a mistake in it, names that there are none of, and what is not true or false.
    """
    source = Source("<--where>", text)
    expression = parse_expression(source)
    interpreter = question.interpreter
    free = free_names(expression, builtins().__contains__)
    own: dict[str, Feed] = {}
    values: list[Value] = []
    for name, span in free.items():
        if name in table.columns:
            own[name] = _feed(name, (name,), [fit_column(name, table)], False, interpreter.dtype, table)
        elif name in feeds:
            own[name] = feeds[name]
        else:
            there = interpreter.find(name, None)
            if there is None:
                hint = near(name, [*table.columns]) or f"it has {', '.join([*table.columns][:20])}"
                raise fail("name", f"`{table.name}` has no column `{name}`", span, hint)
            values.append(there[0])
            continue
        values.append(own[name].node)
    function = interpreter.define(definition(expression, tuple(free)), None)
    value = function.call(interpreter, values, expression.span, fresh=True)
    node = to_node(value, interpreter.dtype, expression.span)
    if node.dtype is not DType.BOOL or node.shape != ():
        raise fail("type", "--where is true or false in each row", expression.span, "such as --where 'price > 0'")
    return Condition(node, own)
