"""What other tools are given: a job for CI in the README, hooks for pre-commit."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gradcli.faces.command_line import COMMANDS
from tests.conftest import ROOT
from tests.faces.harness import shell

HOOKS = (ROOT / ".pre-commit-hooks.yaml").read_text()


@pytest.mark.skipif(os.name != "posix", reason="the line is one of a POSIX shell")
def test_the_line_of_the_job_runs(tmp_path: Path) -> None:
    """As a shell runs it, with `gradcli` on its path: the samples pass."""
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    (line,) = re.findall(r"- run: (gradcli .*)", block)
    program = tmp_path / "gradcli"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m gradcli "$@"\n')
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(["sh", "-c", line], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "samples/tour.grad" in ran.stdout


def test_hooks_are_commands_that_there_are(tmp_path: Path) -> None:
    """Each is given the files that changed, and leaves with 0 where nothing is wrong with them."""
    found = re.findall(r"- id: (\S+)\n(?:  .*\n)*?  entry: gradcli (\w+)\n(?:  args: \[(.*)\]\n)?", HOOKS)
    assert [(name, command) for name, command, _ in found] == [("gradcli-run", "run"), ("gradcli-fmt", "fmt")]
    assert HOOKS.count("files: \\.grad$\n") == HOOKS.count("language: python\n") == 2
    script = tmp_path / "script.grad"
    script.write_text("assert 1 + 1 == 2\n")
    for _, command, words in found:
        assert command in COMMANDS
        assert shell(f"gradcli {command} {words} {script}").code == 0
    script.write_text("assert 1 + 1 == 3\n")
    assert shell(f"gradcli run {script}").code == 1
