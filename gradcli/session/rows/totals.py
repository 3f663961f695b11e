"""`map --reduce`: all rows of a table to one value and its gradient, on all cores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, array_constant, constant
from gradcli.core.records import record
from gradcli.language.text.diagnostics import fail, near
from gradcli.language.values.convert import to_node
from gradcli.language.values.partial import Partial
from gradcli.language.values.values import DerivativeTable
from gradcli.session.ask import Question, values_of
from gradcli.session.rows.columns import Table, chunks
from gradcli.session.rows.job import Telling, rows_at_a_time, workers_of
from gradcli.session.rows.pipeline import pipeline
from gradcli.session.rows.reducing import GRADIENT, PRODUCT, VALUE, Adding, Compute, Loss, Summed, Sums, parts_of
from gradcli.session.session import fresh_session

if TYPE_CHECKING:
    from gradcli.session.rows.columns import Array


@record
class ReduceOptions:
    """What `gradcli map --reduce` is asked beside the function and the table."""

    data: str
    columns: str | None
    where: str | None
    wrt: str | None
    order: int
    how: str
    hvp: str | None
    on_error: str
    jobs: int
    chunk: int | None


def run_reduce(
    question: Question, table: Table, options: ReduceOptions, compute: Compute
) -> tuple[Sums, DerivativeTable]:
    """The sum or the mean over all rows and its gradient; and the Hessian times a direction where one is given.

    Raises:
        LanguageError: for what can't be read or computed.
    """
    if options.order not in (0, 1):
        raise fail("usage", "a sum has a gradient, of order 1", None, "--hvp is the Hessian times a direction")
    loss = Loss(
        question, table, options.columns, options.wrt, options.where, options.on_error, slopes=options.order > 0
    )
    what = VALUE if options.order == 0 else GRADIENT if options.hvp is None else PRODUCT
    along = None if options.hvp is None else direction(question, loss, options.hvp)
    sums = compute(loss, what, loss.start, along)
    value, *vectors = parts_of(loss, what, sums.values(options.how == "mean"))
    base = Partial(f"{options.how}({loss.label})")
    rows: list[tuple[Partial, Node]] = [(base, constant(float(value[0]), DType.FLOAT64))]
    for number, vector in enumerate(vectors):
        for name, part in loss.apart(vector).items():
            label = base.then(name) if number == 0 else Partial(f"hvp({base})[{name}]", (), 2)
            rows.append((label, array_constant(np.array(part))))
    return sums, DerivativeTable(tuple(rows))


def here(table: Table, chunk: int | None, jobs: int, tell: Telling) -> Compute:
    """What sums over all rows on this machine."""
    size, workers = rows_at_a_time(chunk), workers_of(jobs)

    def compute(loss: Loss, what: str, at: Array, along: Array | None) -> Sums:
        adding = Adding(loss.length(what))

        def take(part: Summed) -> None:
            adding.take(part)
            tell(adding.rows, table.rows)

        pipeline(chunks(table, loss.names, 0, size), loss.work(what, at, along), workers, take)
        return adding.sums()

    return compute


def direction(question: Question, loss: Loss, text: str) -> Array:
    """`w=[1, 0]; b=1` as numbers one behind the other; 0 for what is not named.

    Raises:
        LanguageError: for names that there are none of, and other shapes than theirs.
    """
    words = [word.strip() for word in text.split(";") if word.strip()]
    given = values_of(fresh_session(), words)
    found = {variable.name: np.zeros(variable.node.shape) for variable in loss.variables}
    for name, value in given.items():
        if name not in found:
            hint = near(name, [*found]) or f"it has {', '.join(found)}"
            raise fail("name", f"nothing is differentiated by `{name}`", None, hint)
        node = question.interpreter.settle(to_node(value, DType.FLOAT64, question.span), question.span)
        assert isinstance(node, Constant)
        if node.shape != found[name].shape:
            what = f"the direction of `{name}` has shape {node.shape}, and `{name}` has shape {found[name].shape}"
            raise fail("shape", what, None)
        found[name] = np.array(node.value, np.float64)
    return np.concatenate([part.reshape(-1) for part in found.values()])
