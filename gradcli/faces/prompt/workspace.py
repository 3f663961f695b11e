"""What a prompt works on: the session with all that led to it, and where it reports to."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from gradcli.core.records import structure
from gradcli.faces.prompt.preferences import defaults
from gradcli.faces.scripts import Ran, run_source
from gradcli.language.text.diagnostics import Diagnostic, Source
from gradcli.output.reporter import Reporter
from gradcli.session.log import Entry, Log
from gradcli.session.results import Place, Plain, Shown, Verdict
from gradcli.session.session import Session, Step

if TYPE_CHECKING:
    from gradcli.faces.prompt.journal import Journal
    from gradcli.session.tour import Tour


@structure
class Workspace:
    """The session as it is now, how it came about, and where answers go.

    `code` is the worst verdict so far, `count` how many inputs there were, `last` the text of the last that was typed,
    right or wrong. `journal` keeps what ran where a prompt that ends in the middle finds it again. `tour` is
    where somebody is in the tour, if one is under way.
    """

    reporter: Reporter
    session: Session
    code: Verdict = Verdict.OK
    tour: Tour | None = None
    count: int = 0
    last: str = ""
    preferences: dict[str, str] = field(default_factory=defaults)
    journal: Journal | None = None

    def __post_init__(self) -> None:
        self.log = Log(self.session)

    def source(self, text: str) -> Source:
        """A text as the input that is being answered."""
        return Source(f"<input {self.count}>", text)

    def typed(self, text: str) -> Ran:
        """Run what someone has typed."""
        self.last = text
        return self.run(self.source(text))

    def run(self, source: Source, named: bool = False, quiet: bool = False, reporter: Reporter | None = None) -> Ran:
        """Run a text, keeping each statement that ran in the session and in the log, whatever becomes of the next."""
        entry, place = Entry(self.session), len(self.log)
        whole = None

        def follow(step: Step) -> None:
            before, self.session = self.session, step.session
            ran = self.log.add(entry, before, step)
            if ran is not None and self.journal is not None:
                self.journal.ran(place, ran.text)

        try:
            ran = run_source(source, self.session, reporter or self.reporter, named, quiet, follow)
            self.code = max(self.code, ran.verdict)
            whole = None if ran.verdict == Verdict.BAD_INPUT else source.text
        finally:
            self.log.close(entry, whole)
            if self.journal is not None:
                self.journal.sync()
        return ran

    def take_back(self) -> Entry | None:
        """Undo the last input; None where there is none that can be."""
        entry = self.log.undo()
        if entry is not None and entry.before is not None:
            self.session = entry.before
            if self.journal is not None:
                self.journal.undone(len(self.log))
        return entry

    def start_over(self) -> None:
        """Forget all definitions; what was set stays, and the random numbers begin again."""
        before = self.session
        self.session = Session(settings=before.settings, seed=before.seed)
        entry = self.log.reset(before, self.session)
        if self.journal is not None:
            self.journal.reset([ran.text for ran in entry.statements])

    def show(self, value: Plain) -> None:
        """Show what was not asked in the language."""
        self.reporter.digits = self.session.settings.digits
        self.reporter.result(Shown("", Place(f"<input {self.count}>", 1, 1), value))

    def refuse(self, kind: str, message: str, hint: str | None = None) -> None:
        """Say why a command does nothing."""
        self.reporter.diagnostic(Diagnostic(kind, message, hint=hint))
