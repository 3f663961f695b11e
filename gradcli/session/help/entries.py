"""What help says, as frozen plain data: the output floor makes a page of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from gradcli.core.errors import CoreError
from gradcli.core.records import record
from gradcli.language.files.places import in_scratch
from gradcli.language.text.diagnostics import Diagnostic, IncompleteInput, Source
from gradcli.session.results import Result
from gradcli.session.session import Session


@record
class Fact:
    """One thing that holds: its label, and a text, which is a formula or words; `suffix` says of what it holds."""

    label: str
    text: str
    is_formula: bool = False
    suffix: str = ""


@record
class Sample:
    """What may be typed, with what it comes to now, and the digits that are shown of it."""

    typed: str
    results: tuple[Result, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    digits: int | None = None


@record
class Listing:
    """Names with a line each under a title; `cut` says that the end of a line may be left out where it is long."""

    title: str
    rows: tuple[tuple[str, str], ...]
    cut: bool = False


@record
class Entry:
    """One meaning of a name: what it is, what holds of it, how it is used, and what is near it.

    `kind` is a word such as function, constant, setting, statement, sign, command or topic. `details` is Markdown, in
    which what is typed stands behind `> ` in fenced blocks.
    """

    title: str
    kind: str
    summary: str
    details: str = ""
    facts: tuple[Fact, ...] = ()
    samples: tuple[Sample, ...] = ()
    related: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    listings: tuple[Listing, ...] = ()


@record
class Explained:
    """All meanings of what was asked for; where there are none, the name that was perhaps meant."""

    asked: str
    entries: tuple[Entry, ...]
    hint: str | None = None


@record
class CommandText:
    """What is to be said of a command of the prompt."""

    name: str
    usage: str
    summary: str
    details: str = ""
    aliases: tuple[str, ...] = ()


def samples(example: str, settings_of: Session) -> tuple[Sample, ...]:
    """What the lines of an example come to in a session of their own, with the settings of another but its limits."""
    return tuple(_run(example, Session(settings=replace(settings_of.settings, limits={}))))


def shown_in(typed: str, session: Session) -> tuple[Sample, ...]:
    """What a line comes to in a session."""
    return tuple(_run(typed, session))


def inputs(example: str) -> list[str]:
    """The inputs of an example; a line that begins with a blank goes on with the one before."""
    return re.split(r"\n(?! )", example) if example else []


def _run(example: str, session: Session) -> list[Sample]:
    # Files that an example writes are nobody's.
    with in_scratch():
        return [*_steps(example, session)]


def _steps(example: str, session: Session) -> Iterator[Sample]:
    for typed in inputs(example):
        try:
            step = session.run(Source("<example>", typed))
        except (CoreError, IncompleteInput):
            yield Sample(typed)
            continue
        session = step.session
        yield Sample(typed, step.results, step.diagnostics, session.settings.digits)
