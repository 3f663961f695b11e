"""A session: what is defined, as an immutable value; running a text gives the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import field, replace

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node
from gradcli.core.library.random import Random
from gradcli.core.limits import use
from gradcli.core.records import record
from gradcli.language.files.places import running
from gradcli.language.interpreter.check import check
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Diagnostic, IncompleteInput, Source, Span, fail
from gradcli.language.text.parse import parse
from gradcli.language.values.answers import Answers
from gradcli.language.values.scope import Bindings, Draft, Mirrored, Settings
from gradcli.language.values.values import Frame, Module, Value
from gradcli.language.values.watching import Watch, watching
from gradcli.session.mistakes import Mistakes, diagnose
from gradcli.session.printed import printed
from gradcli.session.results import Assertion, Place, Result, Shown
from gradcli.session.showing import note_on_digits, shown, typed


@record
class Step:
    """What one statement did: the session behind it, what it shows, what is to be said about it.

    `span` is the whole statement with its block and what is said of it in comments; None where it did not succeed.
    """

    session: Session
    results: tuple[Result, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    span: Span | None = None


@record
class Session:
    """The names that are defined, the settings, how far the random numbers have been drawn, and what was shown.

    `used` are the files that have been used, by path. Where this runs one of them, `home` has the names that its
    functions see, and `chain` are the files whose running led here. `given` are values from outside whose names no
    statement has defined yet.
    """

    scope: Bindings[str, Value] = field(default_factory=Bindings)
    settings: Settings = field(default_factory=Settings)
    seed: int = 0
    drawn: int = 0
    trained: Bindings[object, Node] = field(default_factory=Bindings)
    answers: Answers = field(default_factory=Answers)
    used: Bindings[str, Module] = field(default_factory=Bindings)
    home: Frame | None = None
    chain: tuple[str, ...] = ()
    given: Mapping[str, Value] = field(default_factory=dict)

    def steps(self, source: Source) -> Iterator[Step]:
        """Run a text statement by statement. An error is the last step; what ran before it stays.

        Raises:
            IncompleteInput: before anything runs, where the text could go on.
        """
        session = self
        use(self.settings.limits)
        again = self._asked_before(source)
        if again is not None:
            yield again
            return
        try:
            statements = parse(source)
        except IncompleteInput:
            raise
        except Mistakes as error:
            yield Step(session, diagnostics=(diagnose(error, source),))
            return
        ends = [*(statement.span.start for statement in statements), len(source.text)][1:]
        start = 0
        for statement, end in zip(statements, ends, strict=True):
            try:
                step = session._run(statement, Span(source, start, end), source if len(statements) == 1 else None)
            except Mistakes as error:
                yield Step(session, diagnostics=(diagnose(error, source, statement.span),))
                return
            session = step.session
            start = end
            yield step

    def _asked_before(self, source: Source) -> Step | None:
        """The step of a text that was asked before, and shows the same."""
        if not self._goes_on:
            return None
        from gradcli.session.again import asked_before

        found = asked_before(self, source)
        if found is None:
            return None
        answers = self.answers.with_one_more(found.value)
        return Step(replace(self, answers=answers), (found.shown,), (), Span(source, 0, len(source.text)))

    @property
    def _goes_on(self) -> bool:
        """Whether something has been defined or shown; of others most are over after a single text."""
        return bool(self.answers.count or self.scope)

    def run(self, source: Source) -> Step:
        """Run a whole text: the session behind it, all results and all diagnostics.

        Raises:
            IncompleteInput: where the text could go on.
        """
        session = self
        results: list[Result] = []
        diagnostics: list[Diagnostic] = []
        for step in self.steps(source):
            session = step.session
            results += step.results
            diagnostics += step.diagnostics
        return Step(session, tuple(results), tuple(diagnostics))

    def interpreter(self) -> Interpreter:
        """An interpreter on a draft of this session's names: whatever it does, the session stays."""
        random = Random(self.seed, self.drawn)
        scope = Draft(self.scope) if self.home is None else Mirrored(self.scope, self.home.names)
        found = Interpreter(scope, self.settings, random, Draft(self.trained), self.answers)
        found.home = self.home
        return found

    def after(self, interpreter: Interpreter, settings: Settings | None = None) -> Session:
        """The session with what an interpreter of it has changed."""
        return Session(
            interpreter.scope.kept(),
            settings or self.settings,
            interpreter.random.seed,
            interpreter.random.drawn,
            interpreter.trained.kept(),
            interpreter.answers,
            self.used,
            self.home,
            self.chain,
            self.given,
        )

    def valued(self, source: Source) -> tuple[Step, Value]:
        """Run a text that ends in an expression: what it comes to, and the value of that expression.

        Raises:
            LanguageError: for a mistake in the text, and for one that ends in anything else.
        """
        use(self.settings.limits)
        statements = parse(source)
        last = statements[-1] if statements else None
        if not isinstance(last, s.Show):
            span = last.span if last else Span(source, 0, len(source.text))
            raise fail("syntax", "this ends in no expression, so it has no value", span, "end with one, such as x^2")
        session = self
        results: list[Result] = []
        diagnostics: list[Diagnostic] = []
        for statement in statements[:-1]:
            step = session._run(statement)
            session = step.session
            results += step.results
            diagnostics += step.diagnostics
        diagnostics += check(last)
        interpreter = session.interpreter()
        value = typed(interpreter.result(last.value), interpreter.dtype)
        return Step(session.after(interpreter), tuple(results), (*diagnostics, *interpreter.warnings)), value

    def after_statement(self, statement: s.Statement) -> Session:
        """The session behind a statement, whatever that shows.

        Raises:
            LanguageError: for a mistake in it.
        """
        return self._run(statement).session

    def repeated(self, source: Source) -> Callable[[], Callable[[], object]]:
        """An expression to be evaluated again and again: what makes ready for that once, on a draft of its own.

        Raises:
            LanguageError: for a text that is no expression.
        """
        use(self.settings.limits)
        statements = parse(source)
        only = statements[0] if len(statements) == 1 else None
        if not isinstance(only, s.Show):
            whole = Span(source, 0, len(source.text))
            raise fail("syntax", "this is no expression", whole, "what is repeated is one expression, such as x^2")
        expression = only.value

        def ready() -> Callable[[], object]:
            interpreter = self.interpreter()
            interpreter.at_top = True
            return lambda: interpreter.shown(expression)

        return ready

    def _run(self, statement: s.Statement, whole: Span | None = None, text: Source | None = None) -> Step:
        """Run a statement, which may be all of a `text`."""
        if self.given:
            from gradcli.session.given import still_given, with_given

            statement = with_given(statement, self.given)
        warnings = check(statement)
        interpreter = self.interpreter()
        results: list[Result] = []
        settings, used = self.settings, self.used

        def outside(inner: s.Statement) -> None:
            nonlocal settings
            if isinstance(inner, s.Show):
                span = inner.value.span
                value = shown(interpreter, inner.value)
                results.append(
                    Shown(
                        span.title,
                        Place.of(span),
                        value,
                        note_on_digits(interpreter),
                    )
                )
            elif isinstance(inner, s.Assert):
                from gradcli.session.asserts import check_assert

                results.append(check_assert(interpreter, inner))
            elif isinstance(inner, s.Set):
                from gradcli.session.settings import set_to

                settings = set_to(interpreter, inner, settings)
            elif isinstance(inner, s.Use):
                nonlocal used
                used = self._use(interpreter, inner, results)

        interpreter.outside = outside
        interpreter.told = lambda said: results.append(printed(interpreter, said))
        # What a loop computes again and again is float64's.
        interpreter.at_top = isinstance(statement, (s.Show, s.Assert, s.Assign))
        is_all = text is not None and isinstance(statement, s.Show)
        watch = Watch(None, {}) if is_all and self._goes_on and not self.given else None
        with running(statement.span.source), nullcontext() if watch is None else watching(watch):
            interpreter.execute(statement, None)
        if text is not None and watch is not None and len(results) == 1 and not warnings:
            from gradcli.session.again import keep

            keep(self, text, interpreter, watch, results)
        said = (*warnings, *interpreter.warnings)
        given = still_given(statement, self.given, interpreter.scope) if self.given else self.given
        after = self.after(interpreter, settings)
        if used is not self.used or given is not self.given:
            after = replace(after, used=used, given=given)
        return Step(after, tuple(results), said, whole or statement.span)

    def _use(self, interpreter: Interpreter, statement: s.Use, results: list[Result]) -> Bindings[str, Module]:
        """Have the names of a file, which is run unless it has been; its asserts count. The files used by now."""
        from gradcli.session.uses import led_to, read_target, target_of

        target = target_of(statement, self.chain)
        used = self.used
        module = used.get(target.path)
        if module is None:
            home = Frame(closed=True)
            inner = Session(settings=self.settings, trained=self.trained, used=used, home=home, chain=target.chain)
            try:
                for step in inner.steps(read_target(target, statement)):
                    inner = step.session
                    results += [result for result in step.results if isinstance(result, Assertion)]
                    for said in step.diagnostics:
                        if said.severity == "error":
                            raise led_to(said, statement)
                        interpreter.warnings.append(said)
            except IncompleteInput as error:
                # It is the file that ends too soon, not what is being typed.
                raise led_to(error.diagnostic, statement) from None
            finally:
                use(self.settings.limits)
            for key, node in inner.trained.items():
                if self.trained.get(key) is not node:
                    interpreter.trained[key] = node
            module = Module(target.name, home.names)
            used = inner.used.updated({target.path: module})
        if statement.name is not None:
            interpreter.scope[statement.name.id] = module
        else:
            for name, value in module.members.items():
                interpreter.scope[name] = value
        return used


# What random numbers begin with in a session that is fresh.
_seed: ContextVar[int] = ContextVar("seed", default=0)


@contextmanager
def beginning_with(seed: int) -> Iterator[None]:
    """Let sessions that are fresh draw other random numbers, in this context."""
    before = _seed.set(seed)
    try:
        yield
    finally:
        _seed.reset(before)


_given: ContextVar[Mapping[str, Value] | None] = ContextVar("given", default=None)


@contextmanager
def giving(values: Mapping[str, Value]) -> Iterator[None]:
    """Let sessions that are fresh have these names, whatever a text defines them as at first, in this context."""
    before = _given.set(values)
    try:
        yield
    finally:
        _given.reset(before)


def fresh_session(dtype: str | None = None) -> Session:
    """A session with nothing defined; plain numbers are of a float type, float64 where none is named."""
    settings = Settings() if dtype is None else Settings(dtype=DType(dtype))
    session = Session(settings=settings, seed=_seed.get())
    given = _given.get()
    return session if not given else replace(session, scope=session.scope.updated(given), given=given)
