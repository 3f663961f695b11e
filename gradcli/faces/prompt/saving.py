"""Scripts from the prompt and into it: `:save` and `:load`."""

from __future__ import annotations

import os
from time import strftime

from gradcli.faces.prompt.registry import command, files
from gradcli.faces.prompt.workspace import Workspace
from gradcli.faces.scripts import read_source
from gradcli.language.files.whole import Unwritable, write_text
from gradcli.session.log import joined
from gradcli.session.results import FileSummary, Verdict


@command(":save FILE", "write what ran as a script, which `gradcli run` replays", files)
def save(rest: str, workspace: Workspace) -> None:
    """All statements that ran since the last `:reset`, in order, with the settings that they ran under.

    A file that exists stays as it is; `:save! FILE` puts the script in its place.
    """
    _save(rest, workspace, replace=False)


@command(":save! FILE", "the same, in place of what is in the file", files)
def save_in_place(rest: str, workspace: Workspace) -> None:
    """What was there stays until the script is written whole."""
    _save(rest, workspace, replace=True)


def _save(rest: str, workspace: Workspace, replace: bool) -> None:
    from shlex import quote

    path = path_in(rest)
    if not path:
        workspace.refuse("usage", "`:save` needs the name of a file", "write `:save work.grad`")
        return
    inputs, count = workspace.log.script(), workspace.log.count()
    if not inputs:
        workspace.reporter.say("there is nothing to save yet", "dim")
        return
    statements = f"{count:,} {'statement' if count == 1 else 'statements'}"
    head = f"# {statements} from gradcli's prompt, {strftime('%Y-%m-%d %H:%M')}\n"
    try:
        write_text(path, head + joined(inputs), replace)
    except Unwritable as error:
        hint = f"`:save! {rest}` replaces it" if error.exists else error.hint
        workspace.refuse("file", f"can't write `{path}`: {error}", hint)
        return
    workspace.reporter.say(f"{statements} written; `gradcli run {quote(path)}` runs them", "good")


@command(":load FILE", "run a script here", files)
def load(rest: str, workspace: Workspace) -> None:
    """Run a script in this session. It stops at a mistake; what ran before that stays, and is saved with the rest."""
    path = path_in(rest)
    if not path:
        workspace.refuse("usage", "`:load` needs the name of a file", "write `:load work.grad`")
        return
    # A single minus means standard input elsewhere.
    run_file("./-" if path == "-" else path, workspace)


def run_file(path: str, workspace: Workspace, quiet: bool = False) -> None:
    """Run a script in the session of a prompt, as `gradcli run` shows it."""
    workspace.reporter.begin_file(path)
    source = read_source(path, workspace.session, workspace.reporter)
    if source is None:
        summary = FileSummary(path, Verdict.BAD_INPUT, 0, 0, is_read=False)
        workspace.code = max(workspace.code, Verdict.BAD_INPUT)
    else:
        ran = workspace.run(source, named=True, quiet=quiet)
        summary = FileSummary(path, ran.verdict, ran.passed, ran.failed, statements=ran.statements)
    workspace.reporter.end_file(summary)


def path_in(text: str) -> str:
    """The path that is written behind a command: as it is, blanks and all, or in quotes; `~` is the home folder."""
    for mark in ('"', "'"):
        if len(text) > 1 and text[0] == text[-1] == mark:
            return text[1:-1]
    return os.path.expanduser(text)
