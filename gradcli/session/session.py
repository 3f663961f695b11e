"""A session: what is defined, as an immutable value; running a text gives the next one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field, replace

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, constant
from gradcli.core.library.random import Random
from gradcli.core.limits import LIMITS, use
from gradcli.core.records import record
from gradcli.language.calls.functions import declare
from gradcli.language.derivatives.base import Operator
from gradcli.language.interpreter.check import check
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Diagnostic, IncompleteInput, Source, Span, fail, near
from gradcli.language.text.parse import parse
from gradcli.language.values.convert import known_value, to_dtype, to_int
from gradcli.language.values.scope import Bindings, Draft, Settings
from gradcli.language.values.values import Value
from gradcli.session.mistakes import Mistakes, diagnose
from gradcli.session.plain import gradient_rows, plain
from gradcli.session.results import Place, Plain, Result, Shown


@record
class Step:
    """What one statement did: the session behind it, what it shows, what is to be said about it."""

    session: Session
    results: tuple[Result, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


@record
class Session:
    """The names that are defined, the settings, and how far the random numbers have been drawn."""

    scope: Bindings[str, Value] = field(default_factory=Bindings)
    settings: Settings = field(default_factory=Settings)
    seed: int = 0
    drawn: int = 0
    trained: Bindings[object, Node] = field(default_factory=Bindings)

    def steps(self, source: Source) -> Iterator[Step]:
        """Run a text statement by statement. An error is the last step; what ran before it stays.

        Raises:
            IncompleteInput: before anything runs, where the text could go on.
        """
        session = self
        use(self.settings.limits)
        try:
            statements = parse(source)
        except IncompleteInput:
            raise
        except Mistakes as error:
            yield Step(session, diagnostics=(diagnose(error, source),))
            return
        for statement in statements:
            try:
                step = session._run(statement)
            except Mistakes as error:
                yield Step(session, diagnostics=(diagnose(error, source, statement.span),))
                return
            session = step.session
            yield step

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
        return Interpreter(Draft(self.scope), self.settings, Random(self.seed, self.drawn), Draft(self.trained))

    def _run(self, statement: s.Statement) -> Step:
        warnings = check(statement)
        interpreter = self.interpreter()
        results: list[Result] = []
        settings, seed = self.settings, self.seed
        if isinstance(statement, s.Set):
            settings, interpreter.random = _set(interpreter, statement, settings)
            seed = interpreter.random.seed
        else:
            _execute(interpreter, statement, results)
        session = Session(
            interpreter.scope.kept(),
            settings,
            seed,
            interpreter.random.drawn,
            interpreter.trained.kept(),
        )
        return Step(session, tuple(results), (*warnings, *interpreter.warnings))


def fresh_session(dtype: str | None = None) -> Session:
    """A session with nothing defined; plain numbers are of a float type, float64 where none is named."""
    return Session() if dtype is None else Session(settings=Settings(dtype=DType(dtype)))


def _execute(interpreter: Interpreter, statement: s.Statement, results: list[Result]) -> None:
    if isinstance(statement, s.Assign):
        interpreter.assign(
            statement.target, interpreter.settle(interpreter.evaluate(statement.value), statement.value.span), None
        )
    elif isinstance(statement, s.Function):
        interpreter.scope[statement.name.id] = interpreter.define(statement, None)
    elif isinstance(statement, s.Param):
        interpreter.scope[statement.name.id] = declare(interpreter, statement, None)
    elif isinstance(statement, s.For):

        def body(statements: tuple[s.Statement, ...]) -> None:
            for inner in statements:
                _execute(interpreter, inner, results)

        interpreter.run_loop(statement, None, body)  # type: ignore[arg-type]
    elif isinstance(statement, s.Assert):
        from gradcli.session.asserts import check_assert

        results.append(check_assert(interpreter, statement))
    elif isinstance(statement, s.Show):
        results.append(_show(interpreter, statement.value))


def _show(interpreter: Interpreter, expression: s.Expression) -> Shown:
    """The value of an expression; what a derivative operator gives keeps the names of its parts."""
    text, place = expression.span.title, Place.of(expression.span)
    if not isinstance(expression, s.Call):
        value = interpreter.settle(interpreter.evaluate(expression), expression.span)
        return Shown(text, place, _shown(interpreter, value))
    function = interpreter.evaluate(expression.function)
    value = interpreter.settle(interpreter.apply(function, expression), expression.span)
    return Shown(
        text, place, gradient_rows(function, value) if isinstance(function, Operator) else _shown(interpreter, value)
    )


def _shown(interpreter: Interpreter, value: Value) -> Plain:
    """A value as plain data; plain numbers are float64 until they are shown, and then of the session's type."""

    def typed(part: Value) -> Value:
        if isinstance(part, tuple):
            return tuple(map(typed, part))
        return constant(part, interpreter.dtype) if isinstance(part, float) else part

    return plain(value if interpreter.dtype is DType.FLOAT64 else typed(value))


def _set(interpreter: Interpreter, statement: s.Set, settings: Settings) -> tuple[Settings, Random]:
    """The settings and the random numbers after `set name value`.

    Raises:
        LanguageError: for a name that can't be set, or a value that it can't have.
    """
    name, value = statement.name.id, statement.value
    if name == "dtype":
        text = value.id if isinstance(value, s.Name) else interpreter.evaluate(value)
        dtype = to_dtype(text, value.span)
        if not dtype.is_float:
            raise fail("dtype", f"numbers can't be {dtype.value} throughout", value.span, "write float32 or float64")
        return replace(settings, dtype=dtype), interpreter.random
    if name == "seed":
        seed = to_int(interpreter.evaluate(value), value.span, "a seed")
        if seed < 0:
            raise fail("value", f"a seed can't be {seed}", value.span, "seeds are whole numbers, 0 or more")
        return settings, Random(seed)
    if name == "digits":
        given = interpreter.evaluate(value)
        digits = None if given is None else to_int(given, value.span, "the number of digits")
        if digits is not None and not 1 <= digits <= 17:
            raise fail("value", f"{digits} digits can't be shown", value.span, "from 1 to 17, or none for all")
        return replace(settings, digits=digits), interpreter.random
    if name in LIMITS:
        given = interpreter.evaluate(value)
        limits = {key: kept for key, kept in settings.limits.items() if key != name}
        if given is not None:
            limits[name] = _limit(given, value.span)
        return replace(settings, limits=limits), interpreter.random
    known = ["dtype", "seed", "digits", *LIMITS]
    raise fail(
        "name",
        f"there is no setting `{name}`",
        statement.name.span,
        near(name, known) or f"there are {', '.join(known)}",
    )


def _limit(value: Value, span: Span) -> float:
    number = known_value(value) if isinstance(value, Node) else value
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not number > 0:
        raise fail("value", "a limit is a number larger than 0", span, "or none for the default, inf for no limit")
    return number
