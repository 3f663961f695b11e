"""Reporters that pass on what they are told: to several at once, or later, in another process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from time import perf_counter
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from gradcli.language.text.diagnostics import Diagnostic
from gradcli.output.stream import OutputError, Stream
from gradcli.session.results import FileSummary, Result, RunSummary

if TYPE_CHECKING:
    from gradcli.output.reporter import Reporter
    from gradcli.session.help import Explained

# The name of a method of a reporter, or of what is set of it, what it is given, and when, in seconds.
Told: TypeAlias = tuple[str, tuple[Any, ...], float]


class Relay:
    """A reporter all of whose methods come to one: `tell`, which is given their name and their arguments."""

    def __init__(self) -> None:
        self._digits: int | None = None
        self._theme = "plain"

    def tell(self, told: Told) -> None:
        """Take what was reported."""
        raise NotImplementedError

    def _tell(self, name: str, *given: Any) -> None:
        self.tell((name, given, perf_counter()))

    @property
    def digits(self) -> int | None:
        """How many digits people want to see."""
        return self._digits

    @digits.setter
    def digits(self, digits: int | None) -> None:
        self._digits = digits
        self._tell("digits", digits)

    @property
    def theme(self) -> str:
        """The colours."""
        return self._theme

    @theme.setter
    def theme(self, theme: str) -> None:
        self._theme = theme
        self._tell("theme", theme)

    def result(self, result: Result, named: bool = False) -> None:
        """A result."""
        self._tell("result", result, named)

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """What is wrong, or odd."""
        self._tell("diagnostic", diagnostic)

    def program(self, text: str) -> None:
        """The text of a program."""
        self._tell("program", text)

    def say(self, text: str, style: str = "") -> None:
        """A line for people."""
        self._tell("say", text, style)

    def help(self, explained: Explained) -> None:
        """What there is to say of a name."""
        self._tell("help", explained)

    def begin_file(self, path: str) -> None:
        """What follows comes from a file."""
        self._tell("begin_file", path)

    def end_file(self, summary: FileSummary) -> None:
        """How a file came out."""
        self._tell("end_file", summary)

    def end_run(self, summary: RunSummary) -> None:
        """How all files came out."""
        self._tell("end_run", summary)

    def close(self, code: int, error: BaseException | None = None) -> None:
        """There is nothing more to report."""
        self._tell("close", code, error)


def pass_on(told: Iterable[Told], reporter: Reporter) -> None:
    """Report what was told, to another."""
    for one in told:
        name, given, _ = one
        if isinstance(reporter, Relay):
            reporter.tell(one)
        elif name in ("digits", "theme"):
            setattr(reporter, name, *given)
        else:
            getattr(reporter, name)(*given)


class Recorder(Relay):
    """Keeps what it is told, to be passed on."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Told] = []

    def tell(self, told: Told) -> None:
        """Keep it."""
        self.told.append(told)


class Sieve(Relay):
    """Tells another reporter what is to be kept of what it is told, by the method's name and what that is given."""

    def __init__(self, to: Reporter, keeps: Callable[[str, tuple[Any, ...]], bool]) -> None:
        super().__init__()
        self._to, self._keeps = to, keeps
        self._digits, self._theme = to.digits, to.theme

    def tell(self, told: Told) -> None:
        """Pass it on, or let it go."""
        name, given, _ = told
        if self._keeps(name, given):
            pass_on([told], self._to)


def is_mistake(name: str, given: tuple[Any, ...]) -> bool:
    """Whether what is told is a mistake."""
    return name == "diagnostic" and given[0].severity == "error"


def is_not_odd(name: str, given: tuple[Any, ...]) -> bool:
    """Whether what is told is anything but a warning or a note."""
    return name != "diagnostic" or is_mistake(name, given)


class Tee(Relay):
    """Tells several reporters the same, in their order."""

    def __init__(self, reporters: Sequence[Reporter]) -> None:
        super().__init__()
        self._reporters = reporters

    def tell(self, told: Told) -> None:
        """Tell each of them."""
        for reporter in self._reporters:
            pass_on([told], reporter)


class Progress(Relay):
    """A line on a terminal that says which of several files is run; it goes where there is anything else to see."""

    def __init__(self, count: int, err: IO[str]) -> None:
        super().__init__()
        self._count, self._number, self._is_shown = count, 0, False
        self._err = Stream(err)

    def tell(self, told: Told) -> None:
        """Take the line away, or show that of the next file."""
        text = ""
        if self._is_shown:
            text = "\r\x1b[K"
            self._is_shown = False
        if told[0] == "begin_file":
            self._number += 1
            line = self._err.clean(f"running {self._number:,} of {self._count:,}: {told[1][0]}")
            text += line[: (self._err.width or 80) - 1]
            self._is_shown = True
        try:
            self._err.verbatim_text(text)
        except OutputError:
            # Where standard error can't be written to, nobody waits for this.
            self._is_shown = False
