"""What other tools are given: hooks for pre-commit. The job for CI in the README is run by `test_wheel.py`."""

from __future__ import annotations

import re
from pathlib import Path

from gradcli.faces.command_line import COMMANDS
from tests.conftest import ROOT
from tests.faces.harness import shell

HOOKS = (ROOT / ".pre-commit-hooks.yaml").read_text()


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
