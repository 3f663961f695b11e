"""`gradcli run --update`: what a script expects becomes what it comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcli.faces.expectations import edited, literal_edits
from gradcli.faces.formatting import difference
from gradcli.faces.scripts import read_source, run_source
from gradcli.language.files.whole import Unwritable, write_text
from gradcli.language.text.diagnostics import Diagnostic, LanguageError
from gradcli.output.relays import Recorder
from gradcli.session.files import Unreadable, read_text
from gradcli.session.results import Result
from gradcli.session.session import fresh_session

if TYPE_CHECKING:
    from gradcli.output.reporter import Reporter

_MARK = b"\xef\xbb\xbf"


def update(reporter: Reporter, path: str, dtype: str | None) -> bool:
    """Rewrite the expected values of a script that are others, after showing how; whether nothing went wrong."""
    session = fresh_session(dtype)
    source = None if path == "-" else read_source(path, session, Recorder())
    if source is None:
        # What can't be read is told when it is run.
        return True
    silent = Recorder()
    ran = run_source(source, session, silent, named=True, expecting=True)
    results: list[Result] = [given[0] for name, given, _ in silent.told if name == "result"]
    try:
        edits = [*ran.edits, *literal_edits(source, results)]
    except LanguageError:
        return True
    text = edited(source.text, edits)
    if text == source.text:
        return True
    reporter.program(difference(source, text))
    try:
        if read_text(path) != source.text:
            raise Unwritable("it has changed since it was run", "run it again")
        write_text(path, _as_it_was(path, text), replace=True)
    except (Unreadable, Unwritable) as error:
        reporter.diagnostic(Diagnostic("file", f"can't update `{path}`: {error}", hint=error.hint))
        return False
    return True


def _as_it_was(path: str, text: str) -> str:
    """A text with the byte order mark and the line ends that a file has."""
    with open(path, "rb") as file:
        data = file.read()
    mark = "\ufeff" if data.startswith(_MARK) else ""
    return mark + (text.replace("\n", "\r\n") if b"\r\n" in data else text)
