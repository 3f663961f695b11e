"""Running the program in this process, as the command line does."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from typer.testing import CliRunner

from gradcli.faces.typer_app import app


@dataclass(frozen=True)
class Ran:
    """What a command printed, and how it left."""

    code: int
    out: str
    err: str


def gradcli(*arguments: str, stdin: str | None = None) -> Ran:
    """Run a command; an exception that reaches the top fails the test."""
    result = CliRunner().invoke(app, list(arguments), input=stdin, catch_exceptions=False)
    return Ran(result.exit_code, result.stdout, result.stderr)


def shell(line: str) -> Ran:
    """Run a command line that starts with `gradcli`."""
    program, *arguments = shlex.split(line)
    assert program == "gradcli", line
    return gradcli(*arguments)
