"""Nothing is lost: what a prompt that ended in the middle had defined, offered to the next one; `:restore`."""

from __future__ import annotations

from time import localtime, strftime

from gradcli.faces.prompt.history import journals_folder
from gradcli.faces.prompt.journal import Journal, Left, left_behind
from gradcli.faces.prompt.registry import command
from gradcli.faces.prompt.workspace import Workspace
from gradcli.language.text.diagnostics import Source, shortened
from gradcli.output.relays import Sieve, is_mistake
from gradcli.output.reporter import Reporter
from gradcli.session.results import Verdict

# Of each input a list has so many characters.
LONGEST_LISTED = 60


def keep_journal(workspace: Workspace) -> None:
    """Write down what runs from now on."""
    workspace.journal = Journal(journals_folder(), workspace.log)


def offer(reporter: Reporter) -> None:
    """Say what other prompts have left."""
    left = left_behind(journals_folder())
    if left:
        newest, *others = left
        more = f"; {_prompts(len(others), 'more')}: `:restore list`" if others else ""
        text = f"{_statements(newest)} of a prompt that ended {_when(newest)} can be restored: `:restore`{more}"
        reporter.say(text, "dim")


def _words(workspace: Workspace, text: str) -> list[tuple[str, str]]:
    return [("list", "what there is"), ("drop", "forget it")]


@command(":restore [N | list | drop]", "bring back what a prompt that was cut off had defined", _words)
def restore(rest: str, workspace: Workspace) -> None:
    """Run again what ran in the prompt that ended last without being left, or in the N-th of those that `list` shows.

    `drop` forgets them all, `drop N` one of them. They are kept for 30 days.
    """
    left = left_behind(journals_folder())
    action, _, which = rest.partition(" ") if rest.startswith(("list", "drop")) else ("", "", rest)
    number = which.strip()
    if number and not (number.isdecimal() and 1 <= int(number) <= len(left)):
        known = f"there {'is' if len(left) == 1 else 'are'} {len(left)}" if left else "there is nothing to restore"
        workspace.refuse("usage", f"`{number}` is none of what can be restored", known)
    elif not left:
        workspace.reporter.say("there is nothing to restore", "dim")
    elif action == "list":
        _list(left, workspace)
    elif action == "drop":
        dropped = [left[int(number) - 1]] if number else left
        for one in dropped:
            one.drop()
        workspace.reporter.say(f"what {_prompts(len(dropped))} left is forgotten", "dim")
    else:
        _restore(left[int(number or 1) - 1], workspace)


def _restore(left: Left, workspace: Workspace) -> None:
    quiet = Sieve(workspace.reporter, is_mistake)
    before, failed = workspace.session.scope, 0
    for text in left.inputs:
        verdict = workspace.run(Source("<restored>", text), reporter=quiet).verdict
        failed += verdict == Verdict.BAD_INPUT
    names = [name for name, value in workspace.session.scope.items() if name not in before or before[name] is not value]
    listed = f": {', '.join(names)}" if names else ""
    if failed:
        inputs = f"{failed} {'input' if failed == 1 else 'inputs'}"
        text = f"{inputs} could not be restored, the rest was{listed}; `:restore drop` forgets what is kept of it"
        workspace.reporter.say(text, "warning")
        return
    # What ran is in this prompt's own journal by now.
    left.drop()
    workspace.reporter.say(f"restored {_statements(left)}{listed}", "good")


def _list(left: list[Left], workspace: Workspace) -> None:
    for number, one in enumerate(left, 1):
        workspace.reporter.say(f"{number}  {_statements(one)}, ended {_when(one)}", "strong")
        for text in one.inputs[-3:]:
            line, *more = text.strip().split("\n")
            workspace.reporter.say(f"   {shortened(line, LONGEST_LISTED)}{' ...' if more else ''}", "dim")


def _statements(left: Left) -> str:
    return f"{left.count:,} {'statement' if left.count == 1 else 'statements'}"


def _prompts(count: int, which: str = "") -> str:
    return f"{count} {which}{' ' if which else ''}{'prompt' if count == 1 else 'prompts'}"


def _when(left: Left) -> str:
    """The time, and the day if it is not today."""
    ended, now = localtime(left.ended), localtime()
    day = "" if ended[:3] == now[:3] else f"on {ended.tm_mday} {strftime('%B', ended)} "
    return f"{day}at {strftime('%H:%M', ended)}"
