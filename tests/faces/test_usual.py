"""What options are where the command line doesn't say: the environment, then the config file, then the default."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradcli.faces.command_line import COMMANDS, LASTING
from gradcli.faces.prompt.loop import Prompt
from gradcli.faces.prompt.opening import begin
from gradcli.faces.usual import config_path, variable_of
from gradcli.output.terminal import Terminal
from tests.faces.harness import gradcli
from tests.output.tty import TTY


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of configurations, with nothing in it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "gradcli").mkdir()


def config(text: str) -> str:
    """Write the config file."""
    path = Path(config_path("config.toml"))
    path.write_text(text, encoding="utf-8")
    return str(path)


def process(*words: str, stdin: str = "", **env: str) -> tuple[int, str, str]:
    """What a process of its own leaves with and says."""
    command = [sys.executable, "-m", "gradcli", *words]
    environment = {**os.environ, **env}
    done = subprocess.run(command, capture_output=True, text=True, check=False, input=stdin, env=environment)
    return done.returncode, done.stdout, done.stderr


def test_who_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line, then the environment, then the file."""
    assert gradcli("eval", "pi").out == "3.141592653589793\n"
    config("digits = 4\n")
    assert gradcli("eval", "pi").out == "3.142\n"
    monkeypatch.setenv("GRADCLI_DIGITS", "3")
    assert gradcli("eval", "pi").out == "3.14\n"
    assert gradcli("eval", "pi", "--digits", "6").out == "3.14159\n"


def test_every_lasting_option(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each by the file, and by its variable."""
    usual = gradcli("grad", "x/3*normal()", "x=1").out
    for key, value in (("format", "csv"), ("color", "always"), ("digits", "3"), ("dtype", "float32"), ("seed", "7")):
        config(f"{key} = {value!r}" if not value.isdecimal() else f"{key} = {value}")
        by_file = gradcli("grad", "x/3*normal()", "x=1").out
        config("")
        monkeypatch.setenv(variable_of(key), value)
        assert gradcli("grad", "x/3*normal()", "x=1").out == by_file != usual
        monkeypatch.delenv(variable_of(key))
    assert {option.parameter for option in LASTING} == {"format", "color", "digits", "dtype", "seed"}


def test_what_is_given_is_heard_as_it_is_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is what the table says, and where Typer reads it."""
    monkeypatch.setenv("GRADCLI_FORMAT", "csv")
    assert gradcli("eval", "1", "--format", "text").out == "1\n"
    assert process("eval", "1", "--format", "text") == (0, "1\n", "")
    assert process("eval", "1")[1].startswith("order,")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('format = "jsn"', ["format is `jsn`", "did you mean `json`?"]),
        ("digits = -1", ["digits is `-1`", "it is a whole number"]),
        ('seed = "x"', ["seed is `x`"]),
        ("digits = =", ["can't read", "line 1"]),
    ],
)
def test_a_wrong_value(text: str, said: list[str]) -> None:
    """It is bad input, with the file, for every command but those that tell what to do."""
    path = config(text)
    ran = gradcli("eval", "1")
    assert (ran.code, ran.out) == (2, "")
    assert path in ran.err
    assert all(part in ran.err for part in said)
    assert gradcli("--help").code == gradcli("--version").code == gradcli("eval", "--help").code == 0
    if not text.endswith("= ="):
        assert gradcli("eval", "1", f"--{text.partition(' ')[0]}", "1" if "format" not in text else "csv").code == 0


def test_a_wrong_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named."""
    monkeypatch.setenv("GRADCLI_DTYPE", "float31")
    ran = gradcli("eval", "1")
    assert ran.code == 2
    assert "GRADCLI_DTYPE: dtype is `float31`" in ran.err


def test_a_key_that_means_nothing() -> None:
    """It is said, with a near name and its line, and the command goes on."""
    path = config("digits = 3\nformt = 'csv'\n")
    ran = gradcli("eval", "pi")
    assert (ran.code, ran.out) == (0, "3.14\n")
    assert "warning: `formt` is no setting" in ran.err
    assert "did you mean `format`?" in ran.err
    assert f"{path}:2:1" in ran.err
    assert gradcli("eval", "pi", "--quiet").err == ""


def test_limits_and_the_theme() -> None:
    """The file says them too, and the environment has the last word."""
    config('max_steps = 10\ntheme = "light"\n')
    loop = ("eval", "for i in range(100): 1")
    assert "more than 10 steps" in process(*loop)[2]
    assert process(*loop, GRADCLI_MAX_STEPS="1000")[0] == 0


def test_the_prompt_begins_so() -> None:
    """With digits and the type of the file; a script of its own is run where somebody types."""
    config('digits = 3\ndtype = "float32"\n')
    assert process(stdin="pi\n[1.0].dtype\n")[1] == '3.14\n"float32"\n'
    Path(config_path("init.grad")).write_text("g = 9.81\nfall(t) = g*t^2/2\n1 + 1\n")
    assert "unknown name" in process(stdin="fall(2)\n")[2]
    screen = TTY()
    prompt = Prompt(Terminal(screen, screen))
    begin(prompt)
    assert screen.getvalue() == ""
    prompt.evaluate("fall(2)")
    assert "19.62" in screen.getvalue()


def test_a_broken_script_of_the_prompt() -> None:
    """It is said, and the prompt is there."""
    Path(config_path("init.grad")).write_text("g = 9.81\nx = (\n")
    screen = TTY()
    prompt = Prompt(Terminal(screen, screen))
    begin(prompt)
    assert "never closed" in screen.getvalue()
    prompt.evaluate("1 + 1")
    assert "2" in screen.getvalue().splitlines()[-1]


def test_nothing_is_read_where_nothing_is() -> None:
    """No reader of TOML is imported without a file."""
    program = (
        "import sys; sys.argv[1:] = ['grad', 'x^2', 'x=1']\nfrom gradcli.__main__ import main\n"
        "try: main()\nexcept SystemExit: pass\nprint(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"tomllib", "platformdirs", "typer"} & set(done.stdout.splitlines()[-1].split())


def test_every_command_heeds_them() -> None:
    """Whatever has a format."""
    assert all(option in command.options for command in COMMANDS.values() for option in LASTING if option.general)
