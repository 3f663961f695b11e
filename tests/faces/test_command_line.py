"""The commands, as a shell sees them: what they print, where, and how they leave."""

from __future__ import annotations

import inspect
import math
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gradcli import __version__
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import constant
from gradcli.faces.command_line import COMMANDS, PROGRAM, Command
from tests.conftest import ROOT
from tests.faces.harness import gradcli, shell


def test_grad_shows_the_value_and_each_derivative() -> None:
    """By order, plainly."""
    ran = shell("gradcli grad x*x*y*z x=3 y=5 z=1")
    lines = [line.split() for line in ran.out.splitlines()]
    assert ran.out.startswith("f(x, y, z) = x*x*y*z   at x = 3, y = 5, z = 1")
    assert ["0", "f", "x·x·y·z", "45"] in lines
    assert ["1", "∂f/∂x", "2x·y·z", "30"] in lines
    assert ["∂f/∂y", "x²·z", "9"] in lines
    assert ["∂f/∂z", "x²·y", "45"] in lines
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("gradcli grad x^2*y x=3 y=5 --order 2", "∂²f/∂x∂y"),
        ("gradcli grad x^2*y x=3 y=5 --wrt y", "∂f/∂y"),
        ("gradcli grad x^2*y y=5 x=3 --order 0", "45"),
        ("gradcli grad x*y x=[1,2] y=[3,4] --dtype float32", "float32"),
        ("gradcli grad 'sum(x*w)' 'x=[1, 2]' w=pi", "[3.141592653589793, 3.141592653589793]"),
        ("gradcli grad 'x -> x^3' x=2 --order 3", "d³(x -> x^3)/dx³"),
        ("gradcli grad sin x=0 --order 2", "d²sin/dx²"),
        ("gradcli grad samples/tour.grad::net x=[3] y=[5]", "∂net/∂z"),
        ("gradcli grad samples/seed_tutorial.grad::Net --wrt x,z", "[45]"),
        ("gradcli grad 'beta*x' beta=2 x=3", "∂f/∂beta"),
        ("gradcli grad 'x^2 if up else -x' x=3 up=true", "∂f/∂x"),
        ("gradcli grad 'sum'  'x=[1, 2]'", "[1, 1]"),
    ],
)
def test_ways_to_ask_for_a_gradient(line: str, shown: str) -> None:
    """Orders, names, dtypes, functions, files; a file's own values serve where none is given."""
    ran = shell(line)
    assert (ran.code, ran.err) == (0, "")
    assert shown in ran.out


def test_wrt_leaves_the_others_out() -> None:
    """Only what was asked for."""
    out = shell("gradcli grad x^2*y x=3 y=5 --wrt y").out
    assert "∂f/∂x" not in out


@pytest.mark.parametrize(
    ("line", "out"),
    [
        ("gradcli eval 1+2", "3\n"),
        ('gradcli eval "f(x) = sin(x)/x; f\'(2)"', "-0.4353977749799916\n"),
        ("gradcli eval 'x^2 + y' x=3 y=1", "10\n"),
        ("gradcli eval '[1, 2] / 3' --dtype float32", "[0.33333334, 0.6666667]\n"),
        ("gradcli eval 'set digits 4; pi, [pi]'", None),
        ("gradcli eval 'x = 1'", ""),
        ("gradcli eval 'sin'", "built-in sin(x)\n"),
        ("gradcli eval '1 < 2'", "true\n"),
        ("gradcli eval '\"text\"'", '"text"\n'),
    ],
)
def test_eval(line: str, out: str | None) -> None:
    """One expression, or statements; only what stands by itself is shown."""
    ran = shell(line)
    assert (ran.code, ran.err) == (0, "")
    if out is not None:
        assert ran.out == out


def test_digits_are_a_setting() -> None:
    """All of them by default, fewer when asked."""
    assert shell("gradcli eval 'set digits 4; pi'").out == "3.142\n"


def test_a_failed_assert_leaves_with_1_and_goes_on(tmp_path: Path) -> None:
    """Each failure is reported, to standard error, and what follows is still run."""
    script = tmp_path / "a.grad"
    script.write_text("assert 1 == 2\nassert 2 == 2\n3 + 4\nassert allclose([1, 2], [1, 2.5])\n")
    ran = gradcli("run", str(script))
    assert ran.code == 1
    assert ran.err.count("assert failed") == 2
    assert "largest difference: 0.5" in ran.err
    assert "3 + 4 = 7" in ran.out
    assert "1 assert passed, 2 failed" in ran.out


def test_a_mistake_leaves_with_2_and_other_files_still_run(tmp_path: Path) -> None:
    """The worst of all files decides."""
    bad, good = tmp_path / "bad.grad", tmp_path / "good.grad"
    bad.write_text("x = 1\ny = x +\n")
    good.write_text("assert true\n")
    ran = gradcli("run", str(bad), str(good), str(tmp_path / "none.grad"))
    assert ran.code == 2
    assert "1 assert passed" in ran.out
    assert "no such file" in ran.err


def test_files_do_not_see_each_other(tmp_path: Path) -> None:
    """Each has a session of its own."""
    one, two = tmp_path / "1.grad", tmp_path / "2.grad"
    one.write_text("secret = 1\n")
    two.write_text("secret\n")
    assert gradcli("run", str(one), str(two)).code == 2


def test_a_script_from_standard_input() -> None:
    """`-` is standard input."""
    ran = gradcli("run", "-", stdin="x = 2\nx^10\n")
    assert "x^10 = 1024" in ran.out


def test_odd_files(tmp_path: Path) -> None:
    """Empty ones are fine, binary ones are refused, and Windows line ends and tabs are read."""
    empty, binary, windows = tmp_path / "e", tmp_path / "b", tmp_path / "w"
    empty.write_text("")
    binary.write_bytes(b"\xff\xfe\x00")
    windows.write_bytes(b"def f(x):\r\n\ty = x^2\r\n\treturn y\r\n\r\nf(3)\r\nassert f(2) == 4\r\n")
    assert gradcli("run", str(empty)).code == 0
    assert gradcli("run", str(binary)).code == 2
    ran = gradcli("run", str(windows))
    assert ran.code == 0
    assert "f(3) = 9" in ran.out


def test_help_and_version() -> None:
    """Every command is in the help, with an example of it."""
    text = shell("gradcli --help").out
    assert all(f" {code} " in text for code in (0, 1, 2, 130))
    for command in COMMANDS:
        assert command in text
        own = shell(f"gradcli {command} --help")
        assert own.code == 0
        assert own.out.startswith("Usage: ")
    assert "--order" in shell("gradcli grad --help").out


@pytest.mark.parametrize("line", ["gradcli grd x", "gradcli grad", "gradcli run", "gradcli grad x --orders 2"])
def test_bad_usage_leaves_with_2(line: str) -> None:
    """With the usage, not a traceback."""
    ran = shell(line)
    assert ran.code == 2
    assert "Traceback" not in ran.err + ran.out


def test_as_a_process() -> None:
    """The installed program, and `python -m gradcli`, with standard output and error apart."""
    program = Path(sys.executable).parent / "gradcli"
    for command in ([str(program)], [sys.executable, "-m", "gradcli"]):
        done = subprocess.run([*command, "eval", "2^0.5; nothing"], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stdout == "1.4142135623730951\n"
        assert done.stderr.startswith("error: unknown name `nothing`")


def test_a_reader_that_goes_away_is_no_mistake() -> None:
    """`gradcli ... | head -1` prints one line and nothing else."""
    program = Path(sys.executable).parent / "gradcli"
    line = f"{program} run samples/[a-b]*.grad samples/t*.grad | head -1"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_an_internal_mistake_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A traceback is for --debug."""
    from gradcli.__main__ import main
    from gradcli.faces import one_shot

    def broken(*_: object, **__: object) -> int:
        raise KeyError("inside")

    monkeypatch.setattr(one_shot, "evaluate", broken)
    monkeypatch.setattr(sys, "argv", ["gradcli", "eval", "1"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    said = capsys.readouterr().err
    assert "mistake of gradcli's own: KeyError" in said
    assert all(word in said for word in ("issue tracker", "gradcli --debug", "gradcli --version"))
    monkeypatch.setattr(sys, "argv", ["gradcli", "--debug", "eval", "1"])
    with pytest.raises(KeyError):
        main()


@pytest.mark.parametrize(
    "line",
    [
        "grad x^2*y x=3 y=5 --order 2",
        "grad x^2*y x=3 y=5 -n 2 --wrt=y",
        "grad x*y x=[1,2] y=2 --dtype float32",
        "grad x*y x=3",
        "grad x*y x=3 y=5 --order -1",
        "grad x*y x=3 y=5 --order=two",
        "grad x*y x=3 y=5 --ordr 2",
        "grad -- -x x=3",
        "grad -x^2 x=3",
        "grad -x^2 x=-3 --order=2",
        "grad -n2 -x^2 x=3",
        "grad -n*x n=2 x=3",
        "grad x x=3 -order 2",
        "grad --x x=3 --wrt -x",
        "grad --order 2 -- --order order=1",
        "eval -3",
        "eval -x x=3",
        "eval --x x=3 --dtype float32",
        "eval -e",
        "eval '-2 + 1'",
        "eval --dtyp float32 1",
        "code -x^2 --order 2",
        "run -q -- -x",
        "run -x",
        "grad",
        "eval 1+1",
        "eval 2*tahn(1)",
        "eval x x=2 --dtype float32",
        "run samples/tour.grad -q",
        "run samples/nothing.grad",
        "run --quiet --quiet samples/tour.grad",
        "grad x*y x=3 y=5 --format json",
        "eval --format=jsn 1",
        "run samples/tour.grad --format=json -q",
        "--version",
    ],
)
def test_the_quick_way_answers_as_typer_does(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The program reads plain command lines itself, and gives the same answer, streams and exit code."""
    from gradcli.__main__ import main

    slow = shell(f"gradcli {line}")
    monkeypatch.setattr(sys, "argv", ["gradcli", *shlex.split(line)])
    with pytest.raises(SystemExit) as left:
        main()
    quick = capsys.readouterr()
    timeless = [re.sub(r'"seconds": [\d.e-]+', "", out) for out in (quick.out, slow.out)]
    assert (timeless[0], left.value.code) == (timeless[1], slow.code)
    # The name of the program in Typer's usage line is that of the process.
    assert quick.err.splitlines()[-1:] == slow.err.splitlines()[-1:]


def test_the_version_names_what_matters() -> None:
    """The program, by itself on the first line; what it calculates with, and where."""
    first, packages, where = shell("gradcli --version").out.splitlines()
    assert first == f"gradcli {__version__}"
    for package in ("Python", "numpy", "scipy", "llvmlite", "python-flint"):
        assert re.search(rf"{package} \d+\.\d+", packages)
    assert where


def test_code_shows_the_program() -> None:
    """Python that runs for scalars, a schedule for tensors."""
    text = shell("gradcli code sin(x*y)+x^2 --order 2").out
    scope: dict[str, object] = {}
    exec(text, scope)
    function = scope["f"]
    assert callable(function)
    x, y = 0.7, 0.3
    got = dict(zip(text.split("# returns ")[1].split("\n")[0].split(", "), function(x, y), strict=True))
    assert got["∂f/∂x"] == pytest.approx(y * math.cos(x * y) + 2 * x, rel=1e-14)
    assert got["∂²f/∂x∂y"] == pytest.approx(math.cos(x * y) - x * y * math.sin(x * y), rel=1e-14)
    numbers = [constant(value, DType.FLOAT64) for value in (3.0, 0.25)]
    again = shell("gradcli code x*3+0.25*y").out
    del numbers
    assert shell("gradcli code x*3+0.25*y").out == again
    schedule = shell("gradcli code sum(sin(x)*y) x=zeros((20000,)) y=zeros((20000,))").out
    assert "in tiles of" in schedule
    assert "cos(x)" in schedule
    assert shell("gradcli code samples/tour.grad::net").code == 0
    assert "did you mean `tanh`" in shell("gradcli code tahn(x)").err


@pytest.mark.parametrize(
    ("arguments", "out"),
    [
        (["eval", "1 + 1", "--debug"], "2\n"),
        (["--debug", "eval", "1 + 1"], "2\n"),
        (["eval", "1 + 1", "--version"], shell("gradcli --version").out),
        (["eval", "--", "--version", "version=-4"], "-4\n"),
    ],
)
def test_what_holds_for_every_command_may_stand_anywhere(arguments: list[str], out: str) -> None:
    """In front of `--`, behind which everything is an expression."""
    command = [sys.executable, "-m", "gradcli", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == (out, 0), done.stderr


def test_a_formula_is_shown_beside_an_input_that_does_not_matter() -> None:
    """The derivative by it is 0."""
    ran = gradcli("eval", "f(x, y) = x^2; derivatives(f, order=1)(1, 2)")
    lines = [line.split() for line in ran.out.splitlines()]
    assert ["1", "∂f/∂x", "2x", "2"] in lines
    assert ["∂f/∂y", "0", "0"] in lines


@pytest.mark.parametrize("command", [PROGRAM, *COMMANDS.values()], ids=lambda c: c.name or "program")
def test_the_table_is_what_answers(command: Command) -> None:
    """Each handler takes where to report to, then the parameters that its entry, its words and its options set.

    So does one that an option has answer instead; that option is no parameter.
    """
    instead = [option for option in command.options if option.handler]
    (taken, *others) = (
        [*inspect.signature(command.handle(h)).parameters][1:] for h in (None, *(o.handler for o in instead))
    )
    assert all(sorted(other) == sorted(taken) for other in others)
    # How it reports is the reporter's.
    plain = [option for option in command.options if option not in instead and not option.general]
    declared = [*(words.parameter for words in command.words), *(option.parameter for option in plain)]
    assert sorted(taken) == sorted([*command.fixed, *declared])


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_made_from_the_table(name: str) -> None:
    """Every word, option and sentence of a command."""
    command = COMMANDS[name]
    text = " ".join(shell(f"gradcli {name} --help").out.split())
    for line in command.text.split("\n\n"):
        assert " ".join(line.split()) in text
    if command.example:
        assert text.index(" ".join(command.example.split())) < text.index("Options:")
    for words in command.words:
        assert f"{words.metavar} {words.help}" in text
    for option in command.options:
        assert all(flag in text for flag in option.flags)
        assert option.help in text
    assert command.help in shell("gradcli --help").out


def test_no_command_is_known_outside_the_table() -> None:
    """What starts the program, and what reads a command line, holds for whatever the table says."""
    for path in ("__main__.py", "faces/quick_reader.py", "faces/typer_app.py"):
        text = (ROOT / "gradcli" / path).read_text()
        assert not [name for name in COMMANDS if f'"{name}"' in text]


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("gradcli eval 1 --dtype flot32", "did you mean `float32`?"),
        ("gradcli run samples/tour.grad --dtype bool", "--dtype takes float32 or float64"),
    ],
)
def test_a_value_that_is_no_choice(line: str, hint: str) -> None:
    """Refused before anything runs, with the nearest one."""
    ran = shell(line)
    assert (ran.code, ran.out) == (2, "")
    assert hint in ran.err


@pytest.mark.parametrize(("words", "left_out"), [([], {"typer"}), (["--version"], {"typer", "lark", "numpy"})])
def test_without_a_command_no_typer_is_imported(words: list[str], left_out: set[str]) -> None:
    """The prompt comes at once; the version alone needs even less."""
    program = (
        f"import sys; sys.argv[1:] = {words}\nfrom gradcli.__main__ import main\n"
        "try: main()\nexcept SystemExit: pass\nprint(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], input="", capture_output=True, text=True, check=True)
    assert not left_out & set(done.stdout.splitlines()[-1].split())
