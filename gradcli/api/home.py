"""The session that a function or a file belongs to: it changes, and one thread at a time works in it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextvars import Context, copy_context
from dataclasses import replace
from typing import Any, TypeVar

from gradcli.api.errors import GradcliError, failed_assert, warn
from gradcli.api.results import Results, handed_out
from gradcli.core.ir.dtypes import DType
from gradcli.language.files.places import allow as allow_files
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.text.diagnostics import Diagnostic, LanguageError, Source, fail, near
from gradcli.language.values.values import Value
from gradcli.session.mistakes import Mistakes, diagnose
from gradcli.session.results import Assertion, Result
from gradcli.session.session import Session, Step, fresh_session

T = TypeVar("T")

# What a text is called that is given as an argument.
GIVEN = "<python>"


class Home:
    """A session that goes on to the next with each text that is run in it.

    Settings such as the dtype hold within one call only: each runs in a context of its own.
    """

    def __init__(self, session: Session, allow: Sequence[str | os.PathLike[str]] = ()) -> None:
        self.session = session
        self._allowed = [os.fspath(path) for path in allow]
        self._lock = threading.RLock()
        self._standing: tuple[Session, Interpreter] | None = None

    def run(self, source: Source) -> Results:
        """Run a text: what it shows, and the asserts that hold.

        Raises:
            GradcliError: at the first mistake or failed assert, with the results so far; definitions before it stay.
        """
        found: list[Result] = []
        for step in self.steps(source):
            found += step.results
            _check(step, found)
        return Results(map(handed_out, found))

    def steps(self, source: Source) -> Iterator[Step]:
        """Run a text statement by statement, as the session's `steps` does.

        Raises:
            GradcliError: where the text could go on.
        """
        with self._lock:
            context = self._context()
            steps = self.session.steps(source)
            while True:
                step = guarded(lambda: context.run(next, steps, None), source)
                if step is None:
                    return
                self.session = step.session
                yield step

    def valued(self, source: Source, names: dict[str, Value]) -> Value:
        """The value of the expression that a text ends in, with some names defined before it.

        Nothing of it stays, but how far the random numbers have been drawn.

        Raises:
            GradcliError: for a mistake in the text, and an assert in it that does not hold.
        """
        with self._lock:
            session = self.session

            def work() -> tuple[Step, Value]:
                return replace(session, scope=session.scope.updated(names)).valued(source)

            step, value = guarded(lambda: self._context().run(work), source)
            self.session = replace(session, seed=step.session.seed, drawn=step.session.drawn)
        _check(step, list(step.results))
        return value

    def call(self, work: Callable[[Interpreter], T], source: Source) -> T:
        """What some work in this session comes to; what it draws and trains stays.

        Raises:
            GradcliError: for a mistake, at its place or in `source`.
        """
        with self._lock:

            def within() -> tuple[T, Interpreter]:
                interpreter = self.session.interpreter()
                return work(interpreter), interpreter

            result, interpreter = guarded(lambda: self._context().run(within), source)
            self.session = self.session.after(interpreter)
        if interpreter.warnings:
            warn(interpreter.warnings)
        return result

    def again(self, work: Callable[[Interpreter, Sequence[Any]], T | None], args: Sequence[Any]) -> T | None:
        """What some work comes to that changes nothing, and draws nothing; None where it can't tell.

        It is no mistake that comes of it, and runs in the caller's context, where no limits of this session hold.
        """
        with self._lock:
            session = self.session
            if session.settings.limits:
                return None
            if self._standing is None or self._standing[0] is not session:
                interpreter = self._context().run(session.interpreter)
                interpreter.still = interpreter
                self._standing = session, interpreter
            try:
                return work(self._standing[1], args)
            except Mistakes:
                return None

    def _context(self) -> Context:
        """A context for one call, in which the files are allowed that this home may use."""
        context = copy_context()
        context.run(allow_files, self._allowed)
        return context

    @property
    def dtype(self) -> DType:
        """The default float type."""
        return self.session.settings.dtype


def new_home(dtype: str | None, allow: Sequence[str | os.PathLike[str]] = ()) -> Home:
    """A home with nothing defined; its numbers are of a float type, float64 where none is named.

    `allow` are files and folders that its texts may use besides those in the current folder.

    Raises:
        GradcliError: for a dtype that is none.
    """
    return Home(fresh_session(float_type(dtype)), allow)


def float_type(dtype: object) -> str | None:
    """The name of a float type, given by its name or as NumPy's.

    Raises:
        GradcliError: for any other.
    """
    if dtype is None:
        return None
    name = dtype_name(dtype)
    if name not in ("float32", "float64"):
        hint = near(name, ["float32", "float64"]) or "float32 and float64 are the types that there are"
        raise GradcliError(Diagnostic("dtype", f"numbers can't be {name!r}", hint=hint))
    return name


def dtype_name(given: object) -> str:
    """The name of a dtype that is given by it, as NumPy's dtype or as NumPy's class."""
    return given if isinstance(given, str) else str(getattr(given, "name", None) or getattr(given, "__name__", given))


def guarded(work: Callable[[], T], source: Source) -> T:
    """What some work comes to, its mistakes as ours; what is no mistake of the user's goes on as it is.

    Raises:
        GradcliError: for a mistake.
    """
    try:
        return work()
    except LanguageError as error:
        raise GradcliError(error.diagnostic) from None
    except GradcliError:
        raise
    except Mistakes as error:
        raise GradcliError(diagnose(error, source)) from error


def _check(step: Step, found: list[Result]) -> None:
    """Refuse to go on behind a mistake or a failed assert."""
    warn(d for d in step.diagnostics if d.severity != "error")
    wrong = next((d for d in step.diagnostics if d.severity == "error"), None)
    failed = next((r for r in step.results if isinstance(r, Assertion) and not r.passed), None)
    if wrong is not None:
        raise GradcliError(wrong, results=Results(map(handed_out, found)))
    if failed is not None:
        raise failed_assert(failed, Results(map(handed_out, found)))


def refuse(kind: str, message: str, hint: str | None = None) -> LanguageError:
    """The mistake in an argument that is no text, for whoever makes it a `GradcliError`."""
    return fail(kind, message, None, hint)
