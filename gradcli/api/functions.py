"""Functions of the language, called from Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeAlias

from gradcli.api.home import GIVEN, Home, guarded, new_home, refuse
from gradcli.api.running import Again
from gradcli.api.values import to_python, to_value
from gradcli.language.calls.arguments import bind, signature
from gradcli.language.calls.programs import result_of_call
from gradcli.language.calls.reach import parameters_of
from gradcli.language.derivatives.gradient import HIGHEST_ORDER, Derived, Nth
from gradcli.language.derivatives.matrices import Matrix
from gradcli.language.derivatives.table import AllDerivatives
from gradcli.language.derivatives.targets import ALL, Targets, make_targets
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.text import syntax as s
from gradcli.language.text.build import identifier
from gradcli.language.text.diagnostics import Source, Span, fail
from gradcli.language.text.parse import parse
from gradcli.language.values.values import Caller, DerivativeTable, Names, Value
from gradcli.language.values.values import Function as LanguageFunction
from gradcli.session.ask import function_of
from gradcli.session.showing import typed

if TYPE_CHECKING:
    from gradcli.api.compiled import Compiled, ShapeLike

# What to differentiate by: a name, or several; None is what the language's operator takes then.
Wrt: TypeAlias = "str | Sequence[str] | None"
# A longer argument is not quoted where a call is.
LONGEST_ARGUMENT = 24


class Function:
    """A function of the language: call it with numbers, NumPy arrays, lists and tuples, by position or by name.

    It is looked up nowhere and stays what it is, but the names in its text are looked up when it is called, in the
    session or file that it comes from. One thread at a time is in such a call, others wait.

    >>> import gradcli
    >>> f = gradcli.function("f(x, y) = x^2 * y")
    >>> f(3, 5), f.grad("y")(3, 5), f.hessian()(3, 5).tolist()
    (45.0, 9.0, [[10.0, 6.0], [6.0, 0.0]])
    """

    __slots__ = ("_again", "_home", "_of")

    def __init__(self, home: Home, of: LanguageFunction) -> None:
        self._home, self._of = home, of
        self._again = Again(of)

    @property
    def name(self) -> str:
        """What it is called: a definition's name, or its text."""
        return self._of.name

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of its inputs, in order."""
        return tuple(i.name for i in self._of.inputs)

    @property
    def parameters(self) -> dict[str, Any]:
        """Its trainable parameters, and those of all that its text reaches, by name: new arrays with their values now.

        A parameter that two parts share comes once, under the first of its names.
        """

        def find(interpreter: Interpreter) -> Value:
            found = parameters_of(interpreter, self._of)
            return (found.names, found.nodes)

        names, values = to_python(self._home.call(find, self._source()), self._same_home)
        return dict(zip(names, values, strict=True))

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """The value: a Python number for a scalar (NumPy's for float32), an array for a tensor, a tuple, or a result.

        Arrays keep their dtype, so that float32 stays float32; nothing is shared with what was given.

        Raises:
            GradcliError: for arguments that don't fit, and for what can't be computed.
        """
        if not kwargs and len(args) == len(self._of.inputs):
            found = self._home.again(self._again, args)
            if found is not None:
                return found[0]
        source = self._source()
        value = self._home.call(lambda m: self._result(m, args, kwargs), source)
        # What is a view may be larger, as an array of its own, than there is memory.
        return guarded(lambda: to_python(value, self._same_home), source)

    def _result(self, interpreter: Interpreter, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Value:
        positional = [value_in(self._home, given, f"argument {i + 1}") for i, given in enumerate(args)]
        named = {name: value_in(self._home, given, f"`{name}`") for name, given in kwargs.items()}
        call = written(self._of, args, kwargs)
        values = bind(self._of, positional, named, call)
        # Plain numbers meet no other type than the session's, where they meet none.
        found, _ = result_of_call(interpreter, self._of, values, call.span)
        return typed(interpreter.settle(found, call.span), interpreter.dtype)

    def grad(self, wrt: Wrt = None, order: SupportsIndex = 1, *, has_aux: bool = False) -> Function:
        """The gradient, as a function of the same inputs; see `gradcli.grad`."""
        count = self._home.call(lambda m: _order(order), self._source())
        if count == 1:
            return self._derived(lambda m, span: Derived(self._of, self._targets(wrt, span, 0), has_aux))
        if has_aux:
            return self._refused("usage", "has_aux goes with order 1 alone", "leave one of the two out")
        return self._derived(lambda m, span: self._of_order(wrt, count, span))

    def _of_order(self, wrt: Wrt, order: int, span: Span) -> LanguageFunction:
        if wrt is None or isinstance(wrt, str):
            return Nth(self._of, self._targets(wrt, span, 0), order)
        return OneOrder(AllDerivatives(self._of, order, names_of(wrt)))

    def value_and_grad(self, wrt: Wrt = None, *, has_aux: bool = False) -> Function:
        """The value and the gradient, computed together; see `gradcli.value_and_grad`."""
        return self._derived(lambda m, span: Derived(self._of, self._targets(wrt, span, 0), has_aux, with_value=True))

    def jacobian(self, wrt: Wrt = None) -> Function:
        """Every first partial of every output; see `gradcli.jacobian`."""
        return self._derived(lambda m, span: Matrix(self._of, self._targets(wrt, span, ALL)))

    def hessian(self, wrt: Wrt = None) -> Function:
        """Every second partial; see `gradcli.hessian`."""
        return self._derived(lambda m, span: Matrix(self._of, self._targets(wrt, span, ALL), order=2))

    def derivatives(self, order: SupportsIndex = 2, wrt: Wrt = None) -> Function:
        """Every partial up to an order, in one table; see `gradcli.derivatives`."""
        return self._derived(
            lambda m, span: AllDerivatives(self._of, _order(order, least=0), None if wrt is None else names_of(wrt))
        )

    def compile(self, /, *shapes: ShapeLike, dtype: Any = None, **named: ShapeLike) -> Compiled:
        """A program for inputs of fixed shapes, by position or name: what is fast where the same is computed often.

        A shape is a tuple, `()` for a number, or an array whose shape and dtype are meant. `dtype` is that of the
        inputs that are given a shape: "float64", "float32", "int64" or "bool"; the session's float type by default.
        Inputs with a default may be left out. The parameters that the function reaches are inputs too, by name: they
        keep the value that they have now unless they are given another at the call.

        A program takes the conventions at corners: it looks for none, and warns of none. Random numbers in it are drawn
        once, when it is made.

        Raises:
            GradcliError: for shapes that don't fit, and for a result that is made of more than tensors and numbers.

        >>> import gradcli, numpy as np
        >>> slope = gradcli.grad("sin(x)*y").compile(x=(3,), y=())
        >>> slope(np.zeros(3), 2.0)
        array([2., 2., 2.])
        """
        from gradcli.api.compiled import compiled

        return compiled(self._home, self._of, shapes, named, dtype, self._source())

    def _targets(self, wrt: Wrt, span: Span, default: Value) -> Targets:
        names = None if wrt is None else names_of(wrt)
        return make_targets(self._of, default, None, names, span, default)

    def _derived(self, make: Any) -> Function:
        source = self._source()
        span = Span(source, 0, len(source.text))
        return Function(self._home, self._home.call(lambda m: make(m, span), source))

    def _refused(self, kind: str, message: str, hint: str) -> Function:
        def work(interpreter: Interpreter) -> Function:
            raise refuse(kind, message, hint)

        return self._home.call(work, self._source())

    def _same_home(self, of: LanguageFunction) -> Function:
        return Function(self._home, of)

    def _source(self) -> Source:
        return Source(GIVEN, self._of.name)

    def __repr__(self) -> str:
        return f"<gradcli {self._of.kind} {signature(self._of)}>"


@dataclass(eq=False, repr=False)
class OneOrder(LanguageFunction):
    """A table of derivatives without those of a lower order."""

    of: AllDerivatives
    kind: str = "table"

    def __post_init__(self) -> None:
        self.name, self.inputs = self.of.name, self.of.inputs

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The rows of the highest order."""
        table = self.of.call(caller, values, span)
        assert isinstance(table, DerivativeTable)
        highest = max(name.order for name, _ in table.rows)
        kept = [i for i, (name, _) in enumerate(table.rows) if name.order == highest]
        formulas = tuple(table.formulas[i] for i in kept) if table.formulas else ()
        return DerivativeTable(tuple(table.rows[i] for i in kept), table.note, formulas)


def written(function: LanguageFunction, args: Sequence[Any], kwargs: Mapping[str, Any]) -> s.Call:
    """A call as it would be written in the language, for the places in messages."""
    called = function.name
    text = [called, "("]
    length = len(called) + 1
    places: list[tuple[int, int]] = []
    for name, given in [*((None, a) for a in args), *kwargs.items()]:
        if places:
            text.append(", ")
            length += 2
        part = short(given) if name is None else f"{name}={short(given)}"
        places.append((length, length + len(part)))
        text.append(part)
        length += len(part)
    source = Source(GIVEN, "".join([*text, ")"]))
    spans = [Span(source, *place) for place in places]
    arguments = tuple(s.Name(span, "") for span in spans[: len(args)])
    keywords = tuple(
        s.Keyword(span, name, s.Name(span, "")) for span, name in zip(spans[len(args) :], kwargs, strict=True)
    )
    whole = Span(source, 0, length + 1)
    return s.Call(whole, s.Name(Span(source, 0, len(called)), called), arguments, keywords)


def short(given: Any) -> str:
    """An argument in a few characters: numbers as they are, arrays by their shapes."""
    if type(given) in (int, float, bool, str, type(None)):
        text = repr(given) if type(given) is not int or given.bit_length() < 200 else "..."
        return text if len(text) <= LONGEST_ARGUMENT else "..."
    shape = getattr(given, "shape", None)
    return f"<{getattr(given, 'dtype', 'array')} {shape}>" if isinstance(shape, tuple) else f"<{type(given).__name__}>"


def value_in(home: Home, given: Any, what: str) -> Value:
    """A Python value as one of the language's; a function of the same session as itself.

    Raises:
        LanguageError: for what the language has no value for, and a function whose names mean something elsewhere.
    """
    if not isinstance(given, Function):
        return to_value(given, home.dtype, what)
    if given._home is not home:
        raise refuse("type", f"{what} is a function of another session", "define it in this one, with run(...)")
    return given._of


def _order(given: Any, least: int = 1) -> int:
    """An order, which may be one of NumPy's ints.

    Raises:
        LanguageError: for what is no whole number, or out of bounds.
    """
    import operator

    hint = f"orders are {least}, {least + 1}, ..., {HIGHEST_ORDER:,}"
    try:
        order = operator.index(given)
    except TypeError:
        raise refuse("type", f"the order is a whole number, not {short(given)}", hint) from None
    if isinstance(given, bool) or not least <= order <= HIGHEST_ORDER:
        raise refuse("value", f"the order can't be {short(given)}", hint)
    return order


def names_of(wrt: str | Sequence[str]) -> Names:
    """What `wrt` was given, as names.

    Raises:
        LanguageError: for what is no name.
    """
    items = [wrt] if isinstance(wrt, str) else wrt
    try:
        words = [*items]
    except TypeError:
        raise refuse("type", f"wrt is a name or several, not {wrt!r}", 'such as wrt="x" or wrt=("x", "y")') from None
    found = []
    for word in words:
        if not isinstance(word, str):
            raise refuse("type", f"wrt takes names, not {word!r}", 'such as wrt="x" or wrt=("x", "y")')
        name = ".".join(identifier(part) or part for part in word.strip().split("."))
        found.append((name, Span(Source("<wrt>", name), 0, len(name))))
    return Names(tuple(found), single=isinstance(wrt, str))


def function_in(home: Home, text: str) -> Function:
    """The function that a text is: an expression in its free names, a lambda, a built-in's name, or a definition.

    Raises:
        GradcliError: for a mistake in the text.
    """
    source = Source(GIVEN, text)

    def find(interpreter: Interpreter) -> LanguageFunction | None:
        statements = parse(source)
        if len(statements) == 1 and isinstance(statements[0], s.Show):
            return function_of(interpreter, statements[0].value)
        last = statements[-1] if statements else None
        if not isinstance(last, s.Function):
            span = last.span if last else Span(source, 0, len(text))
            raise fail("syntax", "this ends in no function", span, "such as x^2, x -> x^2 or f(x) = x^2")
        return None

    found = home.call(find, source)
    if found is not None:
        return Function(home, found)
    home.run(source)

    def defined(interpreter: Interpreter) -> LanguageFunction:
        last = parse(source)[-1]
        assert isinstance(last, s.Function)
        function = interpreter.look_up(last.name.id, None, last.span)
        assert isinstance(function, LanguageFunction)
        return function

    return Function(home, home.call(defined, source))


def as_function(given: str | Function, dtype: Any = None) -> Function:
    """A function, or that of a text in a session of its own.

    Raises:
        GradcliError: for anything else, and for a dtype beside a function, which has its own.
    """
    if isinstance(given, Function):
        if dtype is not None:
            given._refused("usage", "a function has the dtype of its session", "give the dtype where it is made")
        return given
    home = new_home(dtype)
    if not isinstance(given, str):
        hint = 'give the text of one, such as "x^2*y", or what gradcli.function made'
        what = getattr(given, "__name__", type(given).__name__)

        def work(interpreter: Interpreter) -> Function:
            raise refuse("type", f"{what} is no function of gradcli", hint)

        return home.call(work, Source(GIVEN, ""))
    return function_in(home, given)
