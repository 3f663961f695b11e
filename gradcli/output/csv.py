"""The reporter for spreadsheets: comma-separated values, a row for each number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from gradcli.output.written import Written
from gradcli.session.data import to_data
from gradcli.session.results import (
    Answer,
    Assertion,
    Derivatives,
    FileSummary,
    ParameterTable,
    Plain,
    Result,
)

if TYPE_CHECKING:
    from gradcli.session.help import Explained

COLUMNS = ("order", "name", "index", "value")
Row: TypeAlias = tuple[int | None, str, tuple[int, ...], Any]
_QUOTED = frozenset(',"\r\n')


class Csv(Written):
    """Writes each result as it comes; what is wrong goes to standard error as text."""

    def __init__(self, out: IO[str] | None = None, err: IO[str] | None = None) -> None:
        super().__init__(out, err)
        self._has_head = False

    def result(self, result: Result, named: bool = False) -> None:
        """A row for each number of a result; for an assert whether it passed."""
        if isinstance(result, Assertion):
            self._rows([(None, " ".join(result.source.split()), (), result.passed)])
        elif isinstance(result, Answer):
            self._rows(_rows_of(result.derivatives, ""))
        else:
            self._rows(_rows_of(result.value, " ".join(result.source.split())))

    def program(self, text: str) -> None:
        """The whole text as one value."""
        self._rows([(None, "program", (), text)])

    def say(self, text: str, style: str = "") -> None:
        """The line as a value."""
        self._rows([(None, "message", (), text)])

    def help(self, explained: Explained) -> None:
        """The page as one value."""
        from gradcli.output.help_pages import plain_text

        self.say(plain_text(explained))

    def begin_file(self, path: str) -> None:
        """Nothing: results stand in order."""

    def end_file(self, summary: FileSummary) -> None:
        """How many asserts passed, and failed."""
        self._rows([(None, f"{summary.path}: {what}", (), getattr(summary, what)) for what in ("passed", "failed")])

    def _rows(self, rows: Iterator[Row] | Sequence[Row]) -> None:
        lines = [] if self._has_head else [",".join(COLUMNS)]
        self._has_head = True
        for order, name, index, value in rows:
            cells = ("" if order is None else str(order), name, " ".join(map(str, index)), _number(value))
            lines.append(",".join(map(_cell, cells)))
        self._out.verbatim_text("".join(f"{self._out.verbatim(line, keep=_KEPT)}\n" for line in lines))


# Line ends within a quoted cell are part of it.
_KEPT = "\t\n"


def _cell(text: str) -> str:
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if _QUOTED & {*text} else text


def _number(value: Any) -> str:
    """As JSON has it, so that it reads back as the same number."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _rows_of(value: Plain, name: str) -> Iterator[Row]:
    if isinstance(value, Derivatives):
        for row in value.rows:
            data = to_data(row)
            # Without a point it is the formula that there is.
            numbers = [((), row.formula)] if row.tensor is None else _numbers(data["value"])
            yield from ((row.order, row.name or name, index, number) for index, number in numbers)
    elif isinstance(value, ParameterTable):
        for path, tensor in zip(value.names, value.tensors, strict=True):
            yield from ((None, path, index, number) for index, number in _numbers(to_data(tensor)["value"]))
    else:
        yield from _flat(to_data(value), name)


def _numbers(data: Any, index: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    if not isinstance(data, list):
        yield index, data
        return
    for i, item in enumerate(data):
        yield from _numbers(item, (*index, i))


def _flat(data: Any, name: str) -> Iterator[Row]:
    """What any other result consists of, under the names that it has in JSON."""
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind == "tensor" or (kind is None and not isinstance(data, (dict, list))):
        numbers = _numbers(data["value"] if kind else data)
        yield from ((None, name, index, number) for index, number in numbers)
    elif kind == "tuple":
        for i, item in enumerate(data["items"] or []):
            yield from _flat(item, f"{name}[{i}]")
    elif isinstance(data, dict):
        only = [key for key in data if key != "kind"]
        for key in only:
            yield from _flat(data[key], name if only == ["text"] else f"{name}.{key}")
    elif all(isinstance(item, (dict, list)) for item in data) and any(isinstance(item, dict) for item in data):
        for i, item in enumerate(data):
            yield from _flat(item, f"{name}[{i}]")
    else:
        yield from ((None, name, index, number) for index, number in _numbers(data))
