"""Sessions that keep what is defined, and files of definitions as modules."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from gradcli.api.errors import GradcliError
from gradcli.api.functions import Function, function_in, value_in
from gradcli.api.home import GIVEN, Home, guarded, new_home, refuse
from gradcli.api.results import Results
from gradcli.api.values import to_python
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.text.build import KEYWORDS, identifier
from gradcli.language.text.diagnostics import Diagnostic, Source, near
from gradcli.language.values.values import Value
from gradcli.session.files import Unreadable, read_text
from gradcli.session.showing import typed


class Session:
    """A calculator that keeps what is defined in it, like the prompt. `dtype` is "float64" or "float32".

    `allow` are files and folders that `load` and `save` may use in it, besides those in the current folder and below.

    Two sessions have nothing in common: neither names nor settings nor random numbers. Threads may share one: they
    take turns, call by call; one session a thread lets them work side by side.

    >>> import gradcli
    >>> session = gradcli.Session()
    >>> session.run("f(x, y) = x^2*y; grad(f, (0, 1))(3, 5)")
     order   derivative   formula   value
    ──────────────────────────────────────
         1   ∂f/∂x        2x·y      30
             ∂f/∂y        x²        9
    >>> session["f"](3, 5), session.names
    (45.0, ('f',))
    """

    def __init__(self, dtype: Any = None, allow: Sequence[str | os.PathLike[str]] = ()) -> None:
        self._home = new_home(dtype, [allow] if isinstance(allow, (str, os.PathLike)) else allow)

    def run(self, text: str, name: str = GIVEN) -> Results:
        """Run statements: what they show and assert, in order. `name` is what the text is called in messages.

        Raises:
            GradcliError: at the first mistake, or assert that does not hold; what stands before it has been done, and
                its results are in `.results`.
        """
        return self._home.run(_source(text, name))

    def evaluate(self, text: str, /, **values: Any) -> Any:
        """The value of the expression that a text ends in, with some names defined for it; see `gradcli.evaluate`.

        The session stays as it is, but for the random numbers that were drawn.
        """
        return value_of(self._home, text, values)

    def function(self, text: str) -> Function:
        """The function that a text is, in this session; see `gradcli.function`. A definition stays defined."""
        return function_in(self._home, _source(text, GIVEN).text)

    @property
    def names(self) -> tuple[str, ...]:
        """What is defined, in the order in which it came."""
        return tuple(self._home.session.scope)

    @property
    def dtype(self) -> str:
        """The float type that numbers take: float64 or float32."""
        return self._home.dtype.value

    def __getitem__(self, name: str) -> Any:
        """What stands under a name: a `Function`, a number, a new array, a tuple, a text, or a result.

        Raises:
            KeyError: where there is nothing.
        """
        return named(self._home, name)

    def __setitem__(self, name: str, value: Any) -> None:
        """Give a name a value: a number, an array (copied), a list, a tuple, a text, a function of this session.

        Raises:
            GradcliError: for what is no name, and no value of the language.
        """

        def work(interpreter: Interpreter) -> None:
            interpreter.scope[_name(name)] = value_in(self._home, value, f"`{name}`")

        self._home.call(work, Source(GIVEN, str(name)))

    def __contains__(self, name: object) -> bool:
        return name in self._home.session.scope

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return f"<gradcli session, {self.dtype}: {', '.join(self.names) or 'nothing is defined'}>"


class Module:
    """What a file defines, by attribute or by name in brackets: functions to call, numbers and arrays to read.

    `names` are all of them; a name that Python or this class has taken is got in brackets.
    """

    __slots__ = ("_home", "_path")

    def __init__(self, home: Home, path: str) -> None:
        object.__setattr__(self, "_home", home)
        object.__setattr__(self, "_path", path)

    @property
    def names(self) -> tuple[str, ...]:
        """What the file defines, in the order in which it came."""
        return tuple(self._home.session.scope)

    def __getattr__(self, name: str) -> Any:
        if name in Module.__slots__:
            raise AttributeError(name)
        try:
            return named(self._home, name)
        except KeyError:
            hint = near(name, [*self.names])
            raise AttributeError(f"`{self._path}` defines no `{name}`{f'; {hint}' if hint else ''}") from None

    def __getitem__(self, name: str) -> Any:
        return named(self._home, name)

    def __contains__(self, name: object) -> bool:
        return name in self._home.session.scope

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("what a file defines can't be changed; run it in a Session to go on from there")

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *self.names})

    def __repr__(self) -> str:
        return f"<gradcli module {self._path}: {', '.join(self.names)}>"


def load(path: str | os.PathLike[str], dtype: Any = None) -> Module:
    """Run a file, and give what it defines.

    Raises:
        GradcliError: where it can't be read, for a mistake in it, and for an assert that does not hold.
    """
    home = new_home(dtype)
    where = os.fspath(path)
    try:
        text = guarded(lambda: read_text(where if where != "-" else "./-"), Source(where, ""))
    except Unreadable as error:
        raise GradcliError(Diagnostic("file", f"can't read `{where}`: {error}", hint=error.hint)) from None
    home.run(Source(where, text))
    return Module(home, where)


def named(home: Home, name: str) -> Any:
    """What a session has under a name, as Python's.

    Raises:
        KeyError: where there is nothing.
    """
    found = identifier(name) or name
    scope = home.session.scope
    if found not in scope:
        raise KeyError(name)

    def present(interpreter: Interpreter) -> Value:
        return typed(interpreter.present(scope[found]), interpreter.dtype)

    return to_python(home.call(present, Source(GIVEN, found)), lambda of: Function(home, of))


def value_of(home: Home, text: str, values: dict[str, Any]) -> Any:
    """The value of the expression that a text ends in, as Python's.

    Raises:
        GradcliError: for a mistake in the text or among the values.
    """
    source = _source(text, GIVEN)
    given = guarded(lambda: {_name(name): value_in(home, v, f"`{name}`") for name, v in values.items()}, source)
    value = home.valued(source, given)
    return guarded(lambda: to_python(value, lambda of: Function(home, of)), source)


def _source(text: object, name: str) -> Source:
    if not isinstance(text, str):
        what = f"a text is run, and this is a {type(text).__name__}"
        raise GradcliError(Diagnostic("type", what, hint='such as run("f(x) = x^2")'))
    return Source(name, text)


def _name(name: object) -> str:
    spelt = identifier(name) if isinstance(name, str) else None
    if spelt is None or spelt in KEYWORDS:
        raise refuse("name", f"{name!r} is no name", "names are letters, digits and _, and no word of the language")
    return spelt
