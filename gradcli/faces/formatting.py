"""`gradcli fmt`: scripts in one style, in place, or what would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradcli.faces.finding import find_scripts
from gradcli.faces.scripts import read_source
from gradcli.language.files.whole import Unwritable, write_text
from gradcli.language.text.diagnostics import Diagnostic, LanguageError, Source
from gradcli.language.text.style import styled
from gradcli.session.mistakes import Mistakes, diagnose
from gradcli.session.results import Verdict
from gradcli.session.session import Session

if TYPE_CHECKING:
    from gradcli.output.reporter import Reporter


def format_files(reporter: Reporter, files: Sequence[str], check: bool, diff: bool) -> int:
    """Write each script in the one style where it has another; with `check` or `diff` only say so. The exit code."""
    try:
        paths = find_scripts(files)
    except LanguageError as error:
        reporter.diagnostic(error.diagnostic)
        return Verdict.BAD_INPUT
    changed = left = 0
    verdict = Verdict.OK
    for path in paths:
        source = read_source(path, Session(), reporter)
        text = None if source is None else _styled(source, reporter)
        if source is None or text is None:
            verdict = Verdict.BAD_INPUT
            continue
        is_piped = path == "-"
        if is_piped and not check and not diff:
            _write_out(reporter, text)
        if text == source.text:
            left += 1
            continue
        changed += 1
        if diff:
            reporter.program(difference(source, text))
        if check:
            verdict = max(verdict, Verdict.ASSERT_FAILED)
        if check or diff:
            reporter.say(f"would format {source.name}")
        elif not is_piped:
            if _replaced(reporter, path, text):
                reporter.say(f"formatted {path}", "good")
            else:
                verdict = Verdict.BAD_INPUT
    if len(paths) > 1:
        changes = "would change" if check or diff else "changed"
        reporter.say(f"{_files(changed)} {changes}, {_files(left)} had the style")
    return verdict


def difference(source: Source, text: str) -> str:
    """What changes, line by line, as `diff -u` has it."""
    from difflib import unified_diff

    before, after = source.text.splitlines(), text.splitlines()
    return "\n".join(unified_diff(before, after, source.name, source.name, lineterm=""))


def _styled(source: Source, reporter: Reporter) -> str | None:
    try:
        return styled(source)
    except Mistakes as error:
        reporter.diagnostic(diagnose(error, source))
        return None


def _replaced(reporter: Reporter, path: str, text: str) -> bool:
    try:
        write_text(path, text, replace=True)
    except Unwritable as error:
        reporter.diagnostic(Diagnostic("file", f"can't write `{path}`: {error}", hint=error.hint))
        return False
    return True


def _write_out(reporter: Reporter, text: str) -> None:
    """A text to standard output, to the letter where that is text."""
    getattr(reporter, "verbatim", reporter.program)(text)


def _files(count: int) -> str:
    return f"{count:,} {'file' if count == 1 else 'files'}"
