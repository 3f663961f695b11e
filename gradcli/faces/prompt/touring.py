"""`:tour`: what a newcomer types along, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcli.faces.prompt.registry import command
from gradcli.faces.prompt.workspace import Workspace

if TYPE_CHECKING:
    from gradcli.session.results import Result


def _words(workspace: Workspace, text: str) -> list[tuple[str, str]]:
    return [("skip", "go on"), ("back", "one step"), ("stop", "end it")]


@command(":tour [skip|back|stop]", "five minutes that you type along", _words)
def tour(rest: str, workspace: Workspace) -> None:
    """Begin the tour, or show again what it waits for.

    `skip` goes on, having typed the step for you; `back` goes to the step before, `stop` ends the tour. Whatever else
    you type in between is answered as always.
    """
    from gradcli.language.text.diagnostics import Diagnostic, near
    from gradcli.session.tour import Tour

    going = workspace.tour
    if rest not in ("", "skip", "back", "stop"):
        hint = near(rest, ["skip", "back", "stop"]) or "there are `:tour`, `:tour skip`, `:tour back` and `:tour stop`"
        workspace.reporter.diagnostic(Diagnostic("usage", f"the tour has no `{rest}`", hint=hint))
    elif rest == "":
        workspace.tour = going or Tour()
        _show(workspace)
    elif going is None:
        workspace.reporter.diagnostic(Diagnostic("usage", "no tour is under way", hint="`:tour` begins one"))
    elif rest == "stop":
        workspace.tour = None
        workspace.reporter.say("The tour is over; `:tour` begins it again.", "dim")
    else:
        if rest == "skip":
            workspace.session = going.done_for(workspace.session)
        workspace.tour = going.moved(1 if rest == "skip" else -1)
        _show(workspace)


def follow(workspace: Workspace, result: Result | None) -> None:
    """Look at what an input came to, where a tour is under way: praise and the next step, or what is waited for."""
    going = workspace.tour
    if going is None or going.task is None:
        return
    if going.is_done(workspace.session, result):
        workspace.reporter.say(going.praise, "good")
        workspace.tour = going.moved(1)
        _show(workspace)
    else:
        first = going.task.typed.split("\n")[0]
        more = "" if first == going.task.typed else " ..."
        workspace.reporter.say(f"Not yet: the tour waits for {going.task.expected}, as of `{first}{more}`.", "dim")


def _show(workspace: Workspace) -> None:
    """The step that is waited for, or the end."""
    from gradcli.session.tour import END, TASKS

    going, reporter = workspace.tour, workspace.reporter
    assert going is not None
    task = going.task
    if task is None:
        workspace.tour = None
        for line in END:
            reporter.say(line)
        return
    reporter.say(f"{going.place + 1} of {len(TASKS)}: {task.title}", "strong")
    reporter.say(task.text)
    first, *more = task.typed.split("\n")
    for line in (f"> {first}", *(f"... {line}" for line in more), *(["..."] if more else [])):
        reporter.say(f"    {line}", "hint")
