"""The forms that a report can have, by the name that --format gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from gradcli.output.reporter import Reporter


def _text(command: str, out: IO[str] | None = None) -> Reporter:
    from gradcli.output.terminal import Terminal

    return Terminal(out)


def _table(command: str, out: IO[str] | None = None) -> Reporter:
    from gradcli.output.terminal import Terminal

    return Terminal(out, is_terminal=True)


def _plain(command: str, out: IO[str] | None = None) -> Reporter:
    from gradcli.output.terminal import Terminal

    return Terminal(out, is_terminal=False)


def _json(command: str, out: IO[str] | None = None) -> Reporter:
    from gradcli.output.json import Json

    return Json(command, out)


def _json_lines(command: str, out: IO[str] | None = None) -> Reporter:
    from gradcli.output.json_lines import JsonLines

    return JsonLines(command, out)


def _csv(command: str, out: IO[str] | None = None) -> Reporter:
    from gradcli.output.csv import Csv

    return Csv(out)


def _markdown(command: str, out: IO[str] | None = None) -> Reporter:
    from gradcli.output.documents import Markdown

    return Markdown(out)


def _latex(command: str, out: IO[str] | None = None) -> Reporter:
    from gradcli.output.latex import Latex

    return Latex(out)


def _html(command: str, out: IO[str] | None = None) -> Reporter:
    from gradcli.output.documents import Html

    return Html(command, out)


def _github(command: str, out: IO[str] | None = None) -> Reporter:
    from gradcli.output.github import Github

    return Github(out)


# Each is given the name of the command whose report it is, and where to write; standard output, where that is not said.
# `text` is a table on a terminal and plain elsewhere.
FORMATS: dict[str, Callable[..., Reporter]] = {
    "text": _text,
    "table": _table,
    "plain": _plain,
    "json": _json,
    "jsonl": _json_lines,
    "csv": _csv,
    "markdown": _markdown,
    "latex": _latex,
    "html": _html,
    "github": _github,
}
# What a file is written in whose name ends so, where no format is named.
ENDINGS = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".csv": "csv",
    ".md": "markdown",
    ".tex": "latex",
    ".html": "html",
}
