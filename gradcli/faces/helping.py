"""`gradcli help` and `gradcli ops`: what a name means, and what functions are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradcli.language.text.diagnostics import Diagnostic, near
from gradcli.session.results import Place, Shown, Verdict

if TYPE_CHECKING:
    from gradcli.output.reporter import Reporter


def topics(reporter: Reporter, topics: Sequence[str]) -> int:
    """Explain names and topics, as the prompt does; the exit code."""
    from gradcli.session.help import explain
    from gradcli.session.session import fresh_session

    found = explain(" ".join(topics), fresh_session())
    if found.entries:
        reporter.help(found)
    if found.entries and not found.hint:
        return Verdict.OK
    reporter.diagnostic(Diagnostic("name", f"there is no help on `{found.asked}`", hint=found.hint))
    return Verdict.BAD_INPUT


def operations(reporter: Reporter, names: Sequence[str]) -> int:
    """List the operations of the table with their derivatives; the exit code."""
    from gradcli.session.help.operations import known, listed

    every = known()
    for name in names:
        if name not in every:
            hint = near(name, [*every]) or "`gradcli ops` lists them all"
            reporter.diagnostic(Diagnostic("name", f"there is no operation `{name}`", hint=hint))
            return Verdict.BAD_INPUT
    chosen = names or [*dict.fromkeys(every.values())]
    found = listed(dict.fromkeys(every[name] for name in chosen), whole=bool(names))
    reporter.result(Shown("ops", Place("<ops>", 1, 1), found))
    return Verdict.OK
