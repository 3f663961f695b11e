"""The same on machines that people already have: ranges of rows as tasks of Dask, which does them again where one dies.

What travels is text, the source of the model and what is asked, and arrays of numbers. Every worker reads its rows from
the table itself and writes its part of the output beside the others, so both are where all machines see them.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gradcli.core.engines.numpy.pool import cores
from gradcli.core.ir.nodes import Parameter
from gradcli.core.records import record
from gradcli.language.calls.reach import parameters_of
from gradcli.language.files.places import allowing
from gradcli.language.text.diagnostics import LanguageError, fail
from gradcli.session.ask import Question
from gradcli.session.rows.asked import Asked
from gradcli.session.rows.columns import BLOCK, Table, chunks
from gradcli.session.rows.exact import ExactSums
from gradcli.session.rows.fit_job import FitOptions
from gradcli.session.rows.job import Counts, MapOptions, Telling, Told, about, identity
from gradcli.session.rows.journal import (
    Done,
    begun_before,
    identity_of,
    kept_in,
    refuse_another,
    with_what_is_kept,
)
from gradcli.session.rows.mapping import RowProgram
from gradcli.session.rows.opening import open_table
from gradcli.session.rows.reducing import Adding, Compute, Loss, Sums
from gradcli.session.rows.totals import ReduceOptions
from gradcli.session.rows.writing import kind_of, writer

if TYPE_CHECKING:
    from gradcli.session.rows.columns import Array

# Rows of a task where nothing is said: a task costs the scheduler a millisecond or so, and some tenths to do.
TASK = 2**20
# Tasks that are on the way for each thread of the workers: as many as keep it busy while the scheduler answers.
AHEAD = 4
# So long a scheduler may take to answer, in seconds.
PATIENCE = "10s"
# What a task tells of its rows: how many, how many written or summed, how many bad, the numbers of some of those.
Count = tuple[int, int, int, "list[int]"]


@record
class Task:
    """What every worker is told, as text; `weights` are the parameters' values, in the order of the source."""

    asked: str
    data: str
    columns: str | None
    where: str | None
    wrt: str | None
    order: int
    on_error: str
    kind: str
    weights: str

    def to_json(self) -> str:
        """It as a text."""
        return json.dumps(self.__dict__)


# What is asked of a table, whatever is asked of its rows.
Over: TypeAlias = MapOptions | ReduceOptions | FitOptions


def task_of(asked: Asked, question: Question, options: Over, order: int, kind: str = "") -> Task:
    """What workers are told, with paths that don't depend on where they run."""
    file = None if asked.file is None else os.path.abspath(asked.file)
    travelling = Asked(asked.text, file, asked.source, asked.words, asked.dtype, asked.seed)
    weights = json.dumps([np.array(p.value.value).tolist() for p in parameters(question)])
    data = os.path.abspath(options.data)
    return Task(
        travelling.to_json(),
        data,
        options.columns,
        options.where,
        options.wrt,
        order,
        options.on_error,
        kind,
        weights,
    )


def parameters(question: Question) -> Sequence[Parameter]:
    """The parameters of what is asked, in the order of its text."""
    return parameters_of(question.interpreter, question.function).nodes


def _made(text: str) -> tuple[Task, Question, Table]:
    task = Task(**json.loads(text))
    asked = Asked.of_json(task.asked)
    with allowing([] if asked.file is None else [os.path.dirname(asked.file)]):
        question = asked.question()
    return task, question, open_table(task.data)


@lru_cache(4)
def _program(text: str) -> tuple[RowProgram, Table, dict[str, Any]]:
    """What computes rows, made once in each process of a worker."""
    task, question, table = _made(text)
    weights = json.loads(task.weights)
    program = RowProgram(
        question, table, task.columns, task.wrt, task.order, task.where, task.on_error, parameters(question), weights
    )
    return program, table, {"kind": task.kind}


@lru_cache(4)
def _loss(text: str) -> tuple[Loss, Table]:
    """What sums rows, made once in each process of a worker."""
    task, question, table = _made(text)
    slopes = task.order > 0
    return Loss(question, table, task.columns, task.wrt, task.where, task.on_error, slopes), table


def map_part(text: str, made: str, start: int, stop: int, path: str) -> Count:
    """Write the part of some rows: on a worker. A part that is there is complete, whoever wrote it."""
    if os.path.exists(path):
        with open(f"{path}.json") as file:
            rows, written, bad, numbers = json.load(file)
        return rows, written, bad, numbers
    program, table, how = _program(text)
    unfinished = f"{path}.{uuid.uuid4().hex}"
    part = writer(how["kind"], unfinished, program.outs, json.loads(made))
    counts = Counts(lambda done, of: None, None)
    try:
        for chunk in chunks(table, program.names, start, BLOCK * 8, stop):
            done = program(chunk)
            part.write(done.columns, done.written)
            counts.add(done)
        part.close()
    except BaseException:
        part.abandon()
        os.unlink(unfinished)
        raise
    told = counts.told()
    found = (told.rows, told.written, told.bad, [*told.numbers])
    # The counts first: a part under its name has them.
    with open(f"{unfinished}.json", "w") as file:
        json.dump(found, file)
    os.replace(f"{unfinished}.json", f"{path}.json")
    os.replace(unfinished, path)
    return found


def sum_part(text: str, what: str, at: Array, along: Array | None, start: int, stop: int) -> tuple[Any, Count]:
    """The sums of some rows: on a worker."""
    loss, table = _loss(text)
    adding = Adding(loss.length(what))
    work = loss.work(what, at, along)
    for chunk in chunks(table, loss.names, start, BLOCK * 8, stop):
        adding.take(work(chunk))
    return adding.total.to_arrays(), (adding.rows, adding.summed, adding.bad, adding.numbers)


# What runs here.


@contextmanager
def cluster(scheduler: str | None, workers: int) -> Iterator[Any]:
    """A client of a scheduler that is there, or else of processes of this machine's own.

    Raises:
        LanguageError: where Dask is not installed, or there is no scheduler, or it goes away.
    """
    try:
        from dask.distributed import Client, LocalCluster
        from distributed.comm.core import CommClosedError
    except ImportError:
        hint = "install it: pip install 'gradcli[cluster]'"
        raise fail("file", "--engine dask needs Dask, which is not installed", None, hint) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    own = None
    try:
        if scheduler is None:
            own = LocalCluster(
                n_workers=workers or cores(),
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            )
        client = Client(own or scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError, TimeoutError) as error:
        why = str(error).split("\n")[0]
        what = f"there is no scheduler at `{scheduler}`: {why}" if scheduler else f"no workers could be started: {why}"
        raise fail("file", what, None, "such as --scheduler tcp://10.0.0.1:8786; without it workers run here") from None
    try:
        yield client
    except (CommClosedError, TimeoutError) as error:
        raise fail("file", f"the scheduler went away: {str(error).split(chr(10))[0]}", None) from None
    finally:
        client.close(timeout=2)
        if own is not None:
            own.close(timeout=10)


def over(client: Any, ranges: Sequence[tuple[int, int]], send: Callable[[Any, int, int], Any]) -> Iterator[Any]:
    """What tasks give, as they are done; few are on the way at a time, so that the scheduler is not flooded.

    Raises:
        LanguageError: what a task raised, and where tasks are lost for good.
    """
    from concurrent.futures import CancelledError

    from dask.distributed import as_completed
    from distributed.scheduler import KilledWorker

    waiting = iter(ranges)
    threads = max(1, sum(client.nthreads().values()))
    first = [send(client, *some) for some in islice(waiting, AHEAD * threads)]
    done = as_completed(first, loop=client.loop)
    try:
        for future in done:
            found = future.result()
            # Else what a worker that dies had done would be done again, for as long as somebody could ask for it.
            future.release()
            yield found
            more = next(waiting, None)
            if more is not None:
                done.add(send(client, *more))
    except KilledWorker:
        hint = "give workers more memory, or tasks fewer rows with --chunk"
        raise fail("file", "a part was lost again and again: the workers that had it died", None, hint) from None
    except CancelledError:
        raise fail("file", "the scheduler went away, or gave up what it was to do", None) from None
    finally:
        for future in list(getattr(done, "futures", ())):
            future.cancel()


def ranges_of(
    table: Table, chunk: int | None, done: Callable[[int], bool] = lambda number: False
) -> list[tuple[int, int]]:
    """From which row to which each task goes, in whole blocks.

    Raises:
        LanguageError: for a table whose rows can't be counted.
    """
    if table.rows is None or not table.identity:
        hint = "make another of it first: `gradcli map` writes Parquet"
        what = f"a cluster divides a table by its rows, and `{table.name}` does not tell how many it has"
        raise fail("file", what, None, hint)
    size = TASK if chunk is None else -(-chunk // BLOCK) * BLOCK
    starts = range(0, table.rows, size)
    return [(low, min(low + size, table.rows)) for i, low in enumerate(starts) if not done(i)]


def run_map_on(
    asked: Asked, question: Question, table: Table, options: MapOptions, scheduler: str | None, tell: Telling
) -> tuple[Told, str | None]:
    """Write what each row gives in parts, a folder of them; what became of the rows, and what is to be said.

    Raises:
        LanguageError: for what can't be read, computed or written. Nothing has the output's name then.
    """
    if options.out == "-":
        raise fail(
            "usage", "a cluster writes a folder of parts, and standard output is none", None, "name one with --out"
        )
    ranges_of(table, options.chunk)
    kind = kind_of(options.out, options.kind)
    program = RowProgram(question, table, options.columns, options.wrt, options.order, options.where, options.on_error)
    made = about(asked, question, options, program)
    own = {**identity(asked, options, table, program), "rows_in_a_part": options.chunk or TASK}
    target = os.path.abspath(options.out)
    folder = _folder(options, target, own)
    task = task_of(asked, question, options, options.order, kind).to_json()

    def path(number: int) -> str:
        return os.path.join(folder, f"part-{number:06}.{kind}")

    def there(number: int) -> bool:
        return os.path.exists(path(number))

    size = -(-(options.chunk or TASK) // BLOCK) * BLOCK
    counts = Counts(tell, table.rows)
    try:
        before = [i for i in range(-(-(table.rows or 0) // size)) if there(i)]
        for number in before:
            with open(f"{path(number)}.json") as file:
                _count(counts, json.load(file))
        left = ranges_of(table, options.chunk, there)

        def send(client: Any, start: int, stop: int) -> Any:
            return client.submit(map_part, task, json.dumps(made), start, stop, path(start // size), pure=False)

        with cluster(scheduler, options.jobs) as client:
            for found in over(client, left, send):
                _count(counts, found)
        _require_all(counts.rows, table)
        _complete(folder, target, options)
    except LanguageError as error:
        if not any(name.startswith("part-") for name in os.listdir(folder)):
            shutil.rmtree(folder, ignore_errors=True)
            raise
        raise with_what_is_kept(error, kept_in(options.out, "every part that is complete")) from None
    except BaseException as error:
        error.add_note(kept_in(options.out, "every part that is complete"))
        raise
    return counts.told(), program.note


def _count(counts: Counts, found: Sequence[Any]) -> None:
    rows, written, bad, numbers = found
    counts.add(Done(0, rows, {"": np.empty(written)}, bad, np.array(numbers, np.int64)))


def _folder(options: MapOptions, target: str, own: dict[str, Any]) -> str:
    """Where parts are until all are there.

    Raises:
        LanguageError: where the output exists, or what is left of another run.
    """
    if os.path.lexists(target) and not options.overwrite:
        raise fail("file", f"can't write `{options.out}`: it exists", None, "--overwrite replaces it")
    folder = f"{target}.partial"
    there = identity_of(os.path.join(folder, "about.json"))
    if there is not None and options.resume:
        refuse_another(options.out, there, own)
    elif there is not None and not options.overwrite:
        raise begun_before(options.out)
    try:
        if there is None or not options.resume:
            shutil.rmtree(folder, ignore_errors=True)
            os.mkdir(folder)
        with open(os.path.join(folder, "about.json"), "w") as file:
            file.write(json.dumps(own) + "\n")
    except FileNotFoundError:
        folder = os.path.dirname(options.out)
        raise fail(
            "file", f"can't write `{options.out}`: there is no folder `{folder}`", None, "make it first"
        ) from None
    except OSError as error:
        raise fail("file", f"can't write `{options.out}`: {str(error.strerror).lower()}", None) from None
    return folder


def _complete(folder: str, target: str, options: MapOptions) -> None:
    """Give the folder its name."""
    for name in os.listdir(folder):
        if not name.startswith("part-") or name.endswith(".json") or name.count(".") > 1:
            os.unlink(os.path.join(folder, name))
    if os.path.lexists(target):
        old = f"{target}.{uuid.uuid4().hex}.old"
        os.rename(target, old)
        os.rename(folder, target)
        shutil.rmtree(old) if os.path.isdir(old) else os.unlink(old)
    else:
        os.rename(folder, target)


@contextmanager
def passes(
    asked: Asked, question: Question, table: Table, options: Over, order: int, scheduler: str | None, tell: Telling
) -> Iterator[Compute]:
    """Within this, workers sum over all rows, each task without rounding: the same bits as of one machine.

    Raises:
        LanguageError: as tasks do, and where there is no scheduler.
    """
    ranges = ranges_of(table, options.chunk)
    task = task_of(asked, question, options, order).to_json()
    with cluster(scheduler, options.jobs) as client:

        def compute(loss: Loss, what: str, at: Array, along: Array | None) -> Sums:
            adding = Adding(loss.length(what))

            def send(client: Any, start: int, stop: int) -> Any:
                return client.submit(sum_part, task, what, at, along, start, stop, pure=False)

            for arrays, count in over(client, ranges, send):
                adding.total.merge(ExactSums.of_arrays(arrays))
                adding.count(*count)
                tell(adding.rows, table.rows)
            _require_all(adding.rows, table)
            return adding.sums()

        yield compute


def _require_all(rows: int, table: Table) -> None:
    """Refuse to call complete what is not."""
    if rows != table.rows:
        what = f"{rows:,} rows of `{table.name}` came back, and there are {table.rows:,}"
        raise fail("file", what, None, "look whether the table has changed meanwhile")
