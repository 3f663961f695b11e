"""The scripts that complete command lines: run by the shells that are installed, without one by what is in them."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from gradcli.faces.command_line import COMMANDS
from gradcli.faces.completion import SCRIPTS
from tests.faces.harness import gradcli, shell


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a script, data, and something else."""
    monkeypatch.chdir(tmp_path)
    Path("nets.grad").write_text(
        "model net(x, y):\n    param w = 1\n    return w*x*y\n\ndef other(x):\n    return x\n"
        "f(x) = x^2\ng(x) := x\nassert f(2) == 4\nf(3) == 9\nnumber = 3\n"
    )
    Path("points.npy").write_text("")
    Path("name with blanks.csv").write_text("")
    for name, made in SCRIPTS.items():
        Path(f"completion.{name}").write_text(made() + "\n")


def in_bash(line: str) -> list[str]:
    """What bash offers at the end of a line, as it puts it in."""
    program = f"""
source completion.bash
COMP_LINE={shlex.quote(line)}; COMP_POINT=${{#COMP_LINE}}
_gradcli
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("gradcli ", [*COMMANDS]),
        ("gradcli der", ["derivatives"]),
        ("gradcli --debug he", ["hessian", "help"]),
        ("gradcli --ver", ["--version"]),
        ("gradcli grad --or", ["--order"]),
        ("gradcli grad x --format m", ["markdown"]),
        ("gradcli grad x --format=js", ["json", "jsonl"]),
        ("gradcli grad x --dtype ", ["float32", "float64"]),
        ("gradcli grad x --order ", []),
        ("gradcli grad x --color a", ["auto", "always"]),
        ("gradcli completion ", ["bash", "zsh", "fish"]),
        ("gradcli help tayl", ["taylor"]),
        ("gradcli run ne", ["nets.grad"]),
        ("gradcli grad ne", ["nets.grad"]),
        ("gradcli grad nets.grad::", ["f", "g", "net", "other"]),
        ("gradcli grad nets.grad::ne", ["net"]),
        ("gradcli grad none.grad::", []),
        ("gradcli grad x x=@po", ["points.npy"]),
        ("gradcli grad x @po", ["points.npy"]),
        ("gradcli grad x --output po", ["points.npy"]),
        ("gradcli run name", ["name with blanks.csv"]),
    ],
)
def test_bash(line: str, offered: list[str]) -> None:
    """Commands, options, what these can be, files, and functions in files, behind what readline splits words at."""
    assert sorted(in_bash(line)) == sorted(offered)


def test_every_command_and_option_is_offered() -> None:
    """As the table has it."""
    for name, command in COMMANDS.items():
        flags = [flag for option in command.options for flag in option.flags]
        assert {*flags, "--help", "-h"} == {*in_bash(f"gradcli {name} -")}


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_command_writes_the_script(name: str) -> None:
    """As it is, with a line that says where to load it, and nothing that starts the program."""
    text = shell(f"gradcli completion {name}").out
    assert text == Path(f"completion.{name}").read_text()
    assert f"gradcli completion {name}" in "".join(text.splitlines()[:2])
    assert not [line for line in text.splitlines()[2:] if "gradcli completion" in line]
    for command in COMMANDS:
        assert command in text


def test_other_shells_are_refused() -> None:
    """With those that there are."""
    ran = gradcli("completion", "bsh")
    assert (ran.code, ran.out) == (2, "")
    assert "did you mean `bash`?" in ran.err


ZSH = """
compdef() {{ }}
compset() {{ }}
_files() {{ print files }}
compadd() {{ [[ $1 != -a ]] || print -l -- ${{(P)2}} }}
_describe() {{ print -l -- ${{(P)2}} }}
source completion.zsh
words=({words}); CURRENT=${{#words}}
_gradcli
"""


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("gradcli ''", "derivatives:Show every derivative"),
        ("gradcli grad --", "--order:The highest order"),
        ("gradcli grad x --format ''", "markdown"),
        ("gradcli grad nets.grad::", "net"),
        ("gradcli run ''", "files"),
        ("gradcli help ''", "taylor"),
    ],
)
def test_zsh(words: str, offered: str) -> None:
    """The same, with what its own functions are given."""
    done = subprocess.run(["zsh", "-f", "-c", ZSH.format(words=words)], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert [line for line in done.stdout.splitlines() if line.startswith(offered)]


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("gradcli der", "derivatives"),
        ("gradcli grad --ord", "--order"),
        ("gradcli grad x --format m", "markdown"),
        ("gradcli grad nets.grad::ne", "nets.grad::net"),
        ("gradcli run ne", "nets.grad"),
        ("gradcli help tayl", "taylor"),
        ("gradcli grad x x=@po", "x=@points.npy"),
    ],
)
def test_fish(line: str, offered: str) -> None:
    """The same."""
    program = f"source completion.fish; complete -C {shlex.quote(line)}"
    done = subprocess.run(["fish", "--no-config", "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert offered in [found.split("\t")[0] for found in done.stdout.splitlines()]
