"""`gradcli run`: scripts, each in a session of its own, one after the other or in several processes."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from gradcli.core.records import record
from gradcli.faces.finding import find_scripts
from gradcli.faces.scripts import read_source, run_source
from gradcli.language.text.diagnostics import Diagnostic, LanguageError, Source, fail
from gradcli.language.values.values import Value
from gradcli.session.mistakes import Mistakes, diagnose
from gradcli.session.results import FileSummary, RunSummary, Verdict
from gradcli.session.session import fresh_session, giving

if TYPE_CHECKING:
    from gradcli.output.relays import Told
    from gradcli.output.reporter import Reporter


@record
class Manner:
    """How each file is run: what is shown of it, its dtype, whether a failure is its end, and so on, as the options."""

    quiet: bool = False
    dtype: str | None = None
    stop: bool = False
    require_asserts: bool = False
    update: bool = False


def run_files(
    reporter: Reporter,
    files: Sequence[str],
    quiet: bool = False,
    dtype: str | None = None,
    match: str | None = None,
    stop: bool = False,
    jobs: int = 1,
    durations: int = 0,
    require_asserts: bool = False,
    junit: str | None = None,
    update: bool = False,
) -> int:
    """Run scripts and report on them, with the values among the words; the exit code is the worst of theirs."""
    scripts, words = separated(files)
    if words and not scripts:
        hint = f"name it too: gradcli run train.grad {words[0]}"
        reporter.diagnostic(Diagnostic("usage", "values are for a script, and here is none", hint=hint))
        return Verdict.BAD_INPUT
    if words:
        if update:
            hint = "what a script expects is what it comes to by itself"
            reporter.diagnostic(Diagnostic("usage", "--update is for scripts that are given no values", hint=hint))
            return Verdict.BAD_INPUT
        try:
            given = given_values(words, dtype)
        except Mistakes as error:
            reporter.diagnostic(diagnose(error, Source("<argument>", words[0])))
            return Verdict.BAD_INPUT
        with giving(given):
            return run_files(
                reporter, scripts, quiet, dtype, match, stop, jobs, durations, require_asserts, junit, update
            )
    began = perf_counter()
    try:
        paths = find_scripts(scripts, match)
    except LanguageError as error:
        reporter.diagnostic(error.diagnostic)
        return Verdict.BAD_INPUT
    manner = Manner(quiet, dtype, stop, require_asserts, update)
    jobs = min(jobs or _cores(), len(paths))
    everyone = [reporter]
    if len(paths) > 1 and sys.stderr.isatty():
        from gradcli.output.relays import Progress

        everyone = [Progress(len(paths), sys.stderr), reporter]
    if junit is not None:
        from gradcli.output.junit import Junit

        report = Junit()
        everyone.append(report)
    if len(everyone) > 1:
        from gradcli.output.relays import Tee

        reporter = Tee(everyone)
    summaries = []
    try:
        for summary in _in_turn(reporter, paths, manner) if jobs < 2 else _in_processes(reporter, paths, manner, jobs):
            summaries.append(summary)
            if stop and summary.verdict:
                break
    except LanguageError as error:
        reporter.diagnostic(error.diagnostic)
        return Verdict.BAD_INPUT
    slowest = sorted(summaries, key=lambda summary: -summary.seconds)[:durations]
    reporter.end_run(RunSummary(tuple(summaries), len(paths) - len(summaries), perf_counter() - began, tuple(slowest)))
    verdict = max((summary.verdict for summary in summaries), default=Verdict.OK)
    return verdict if junit is None else max(verdict, _written(reporter, junit, report.text()))


def separated(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Files, and values: NAME=VALUE and @FILE, unless there is a file of that very name."""
    values = [word for word in words if _VALUE.match(word) and not os.path.lexists(word)]
    return [word for word in words if word not in values], values


_VALUE = re.compile(r"[^\W\d]\w*\s*=|@")


def given_values(words: Sequence[str], dtype: str | None) -> Mapping[str, Value]:
    """The values of words that are no files.

    Raises:
        LanguageError: as `values_of` does.
    """
    from gradcli.session.ask import values_of

    return values_of(fresh_session(dtype), words)


def _written(reporter: Reporter, path: str, text: str) -> Verdict:
    """Write a report beside what is shown; how that came out."""
    from gradcli.language.files.whole import Unwritable, write_text

    try:
        write_text(path, text, replace=True)
    except Unwritable as error:
        reporter.diagnostic(Diagnostic("file", f"can't write `{path}`: {error}", hint=error.hint))
        return Verdict.BAD_INPUT
    return Verdict.OK


def _in_turn(reporter: Reporter, paths: Sequence[str], manner: Manner) -> Iterator[FileSummary]:
    for path in paths:
        reporter.begin_file(path)
        summary = run_file(reporter, path, manner)
        reporter.end_file(summary)
        yield summary


def run_file(reporter: Reporter, path: str, manner: Manner) -> FileSummary:
    """Run one script in a session of its own."""
    is_updated = True
    if manner.update:
        from gradcli.faces.updating import update

        is_updated = update(reporter, path, manner.dtype)
    began = perf_counter()
    session = fresh_session(manner.dtype)
    source = read_source(path, session, reporter)
    if source is None:
        return FileSummary(path, Verdict.BAD_INPUT, 0, 0, is_read=False)
    if session.given:
        from gradcli.session.given import without_use

        unused = without_use(session.given, source)
        if unused is not None:
            reporter.diagnostic(unused)
            return FileSummary(path, Verdict.BAD_INPUT, 0, 0, is_read=False)
    ran = run_source(source, session, reporter, named=True, quiet=manner.quiet, stop=manner.stop, expecting=True)
    lacks = manner.require_asserts and not ran.passed and not ran.failed
    verdict = max(ran.verdict, Verdict.ASSERT_FAILED) if lacks else ran.verdict
    if not is_updated:
        verdict = Verdict.BAD_INPUT
    seconds = perf_counter() - began
    return FileSummary(path, verdict, ran.passed, ran.failed, statements=ran.statements, seconds=seconds, lacks=lacks)


def _in_processes(reporter: Reporter, paths: Sequence[str], manner: Manner, jobs: int) -> Iterator[FileSummary]:
    """The same by several processes at once; what they report comes in the order of the files.

    Raises:
        LanguageError: where a process is ended from outside.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    from gradcli.output.relays import pass_on

    # A copy of this process starts at once; a fresh one would import everything again.
    how = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(how)
    with ProcessPoolExecutor(jobs, context, _set_up, (jobs,)) as pool:
        try:
            # Standard input belongs to this process.
            runs = [None if path == "-" else pool.submit(_recorded, path, manner) for path in paths]
            for path, run in zip(paths, runs, strict=True):
                reporter.begin_file(path)
                told, summary = _recorded(path, manner) if run is None else run.result()
                pass_on(told, reporter)
                reporter.end_file(summary)
                yield summary
        except BrokenProcessPool:
            hint = "memory may have run out: fewer processes (-j) take less"
            raise fail("internal", f"the process that ran `{path}` or another file was ended", None, hint) from None
        finally:
            # What still runs after a failure, or an interrupt, is not waited for.
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()


def _cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _set_up(jobs: int) -> None:
    """A process that leaves interrupts to the one that started it, and takes its share of the cores."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ.setdefault("GRADCLI_THREADS", str(max(1, _cores() // jobs)))


def _recorded(path: str, manner: Manner) -> tuple[list[Told], FileSummary]:
    from gradcli.output.relays import Recorder

    recorder = Recorder()
    # The first thing that is told, so that it is known when this began.
    recorder.digits = None
    summary = run_file(recorder, path, manner)
    return recorder.told, summary
