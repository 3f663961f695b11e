"""The reporters for documents: Markdown and HTML, made of the same blocks and columns that a terminal gets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from html import escape
from typing import IO, TYPE_CHECKING

from gradcli.output.characters import visible
from gradcli.output.layout import Column, Role
from gradcli.output.notebook import as_html, blocks
from gradcli.output.style import Line, bare
from gradcli.output.views import Block, Table
from gradcli.output.written import Written
from gradcli.session.results import Assertion, FileSummary, Result, RunSummary

if TYPE_CHECKING:
    from gradcli.session.help import Explained


class Document(Written, ABC):
    """Writes each result as it comes; what is wrong goes to standard error as text."""

    whole = False

    @abstractmethod
    def blocks(self, found: Iterable[Block]) -> str:
        """Blocks in the form of the document."""

    @abstractmethod
    def paragraph(self, text: str) -> str:
        """A line of prose."""

    @abstractmethod
    def listing(self, text: str) -> str:
        """Lines that stay as they are."""

    def write(self, text: str) -> None:
        """Write a part of the document."""
        self._out.verbatim_text(f"{self._out.verbatim(text, keep=chr(9) + chr(10))}\n")

    def result(self, result: Result, named: bool = False) -> None:
        """A result, and of an assert whether it passed."""
        if isinstance(result, Assertion):
            passed = "passed" if result.passed else "failed"
            self.write(self.paragraph(f"{passed}: {' '.join(result.source.split())}"))
        found = self.blocks(blocks(result, named, self.digits, self.whole))
        if found:
            self.write(found)

    def program(self, text: str) -> None:
        """A listing."""
        self.write(self.listing(text.rstrip()))

    def say(self, text: str, style: str = "") -> None:
        """A paragraph."""
        self.write(self.paragraph(text))

    def help(self, explained: Explained) -> None:
        """The page as it is on a terminal."""
        from gradcli.output.help_pages import plain_text

        self.write(self.listing(plain_text(explained).rstrip()))

    def begin_file(self, path: str) -> None:
        """Name the file."""
        self.say(path)

    def end_file(self, summary: FileSummary) -> None:
        """How the file came out."""
        self.say(f"{summary.path}: {summary.passed} passed, {summary.failed} failed")

    def end_run(self, summary: RunSummary) -> None:
        """A line about all files, where there are several."""
        if len(summary.files) > 1:
            passed, failed = sum(f.passed for f in summary.files), sum(f.failed for f in summary.files)
            self.say(f"{len(summary.files)} files: {passed} passed, {failed} failed")


class Markdown(Document):
    """Tables as GitHub and most others write them, all else as code."""

    def blocks(self, found: Iterable[Block]) -> str:
        """A table for a table, a fenced block for all else."""
        parts: list[str] = []
        for block in found:
            if isinstance(block, Table):
                parts.append(_table(block))
                parts += [self.listing(_text(prose.lines)) for prose in block.below]
            else:
                parts.append(self.listing(_text(block.lines)))
        return "\n".join(parts)

    def paragraph(self, text: str) -> str:
        """A line of code by itself."""
        return f"{_code(text)}\n"

    def listing(self, text: str) -> str:
        """A fenced block, whose fence is longer than any in it."""
        fence = "```"
        while fence in text:
            fence += "`"
        return f"{fence}text\n{text}\n{fence}\n"


def _text(lines: Iterable[Line]) -> str:
    return bare([[(visible(text, keep="\t"), style) for text, style in line] for line in lines])


def _table(table: Table) -> str:
    columns = [column for column in table.columns if column.role is not Role.BELOW]
    rows = [[_cell(column, row) for column in columns] for row in range(len(columns[0].cells))]
    if table.footer is not None:
        name, value = map(_code, table.footer)
        rows.append([name, *[""] * (len(columns) - 2), value])
    lines = [
        [column.title.replace("|", r"\|") for column in columns],
        ["---:" if column.once and column.role is Role.LABEL else "---" for column in columns],
        *rows,
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(column: Column, row: int) -> str:
    return "<br>".join(_code(visible(line)) for line in column.cells[row].lines if line)


def _code(text: str) -> str:
    """A text whose signs mean themselves, also in a table."""
    if not text:
        return ""
    fence = "`"
    while fence in text:
        fence += "`"
    room = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{room}{text}{room}{fence}".replace("|", r"\|")


class Html(Document):
    """One page that needs no style sheet."""

    def __init__(self, command: str, out: IO[str] | None = None, err: IO[str] | None = None) -> None:
        super().__init__(out, err)
        self._head: str | None = (
            f'<!doctype html>\n<meta charset="{self._out.encoding}">\n<title>gradcli {escape(command)}</title>'
        )

    def blocks(self, found: Iterable[Block]) -> str:
        """As a notebook shows them."""
        return as_html(found)

    def paragraph(self, text: str) -> str:
        """A paragraph."""
        return f"<p><code>{escape(visible(text))}</code></p>"

    def listing(self, text: str) -> str:
        """Lines that stay as they are."""
        return f"<pre>{escape(text)}</pre>"

    def write(self, text: str) -> None:
        """Write a part of the page, with what the encoding lacks by its number."""
        head, self._head = self._head, None
        whole = "".join(f"{part}\n" for part in (head, text) if part)
        encoding = self._out.encoding
        self._out.verbatim_text(whole.encode(encoding, "xmlcharrefreplace").decode(encoding))
