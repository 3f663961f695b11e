"""The forms of a report, on every command alike: tables, rows, lines, documents; to a file; in colours or without."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gradcli.faces.command_line import COMMANDS
from gradcli.language.files.places import in_scratch
from gradcli.output.formats import ENDINGS, FORMATS
from tests.faces.harness import gradcli, shell
from tests.faces.test_streams import bash


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_every_format(name: str, format: str) -> None:
    """Something is written, and the exit code is the same."""
    line = COMMANDS[name].example.partition("\n")[0] or f"gradcli {name} samples/tour.grad"
    # All of the samples take their time.
    line = line.replace("run samples", "run samples/tour.grad samples/newton.grad")
    line = line.replace("--diff samples", "--diff samples/tour.grad samples/newton.grad")
    ran = gradcli(*shlex.split(line)[1:], "--format", format, stdin="1")
    assert (ran.code, bool(ran.out)) == (0, True)


def test_a_table_and_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a terminal, and as in a pipe, wherever they go."""
    monkeypatch.setenv("COLUMNS", "40")
    table = shell("gradcli eval ones((9,9)) --format table").out
    assert "norm" in table
    assert max(map(len, table.splitlines())) <= 40
    plain = shell("gradcli eval ones((9,9)) --format plain").out
    assert plain == shell("gradcli eval ones((9,9))").out == shell("gradcli eval ones((9,9)) --format text").out
    assert plain.count("1") == 81


def test_json_lines() -> None:
    """An object a line, from the start to the exit code, and with a file's name before its results."""
    ran = shell("gradcli run samples/tour.grad nothing.grad --format jsonl")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert lines[0] == {"type": "start", "version": 1, "command": "run"}
    assert lines[-1] == {"type": "end", "exit_code": ran.code} == {"type": "end", "exit_code": 2}
    types = [line["type"] for line in lines]
    assert types[1:3] == ["file", "result"]
    assert types[-4:] == ["file", "diagnostic", "summary", "end"]
    assert ran.err == ""


def rows(*words: str) -> list[list[str]]:
    """The rows of comma-separated values, without the heads."""
    head, *found = csv.reader(io.StringIO(gradcli(*words, "--format", "csv").out))
    assert head == ["order", "name", "index", "value"]
    return found


def test_csv_has_a_row_for_each_number() -> None:
    """With its order, its name and its index; formulas where there is no point."""
    assert rows("grad", "[x*y, 1/x]", "x=3", "y=5", "--wrt", "y") == [
        ["0", "f", "0", "15.0"],
        ["0", "f", "1", repr(1 / 3)],
        ["1", "∂f/∂y", "", "3.0"],
    ]
    assert rows("hessian", "x^2*y", "x=3", "y=5")[1] == ["2", "∂²f/∂(x, y)²", "0 1", "6.0"]
    assert rows("grad", "x^2") == [["0", "f", "", "x^2"], ["1", "df/dx", "", "2*x"]]
    assert rows("eval", "1/0; [nan]") == [["", "1/0", "", "inf"], ["", "[nan]", "0", "nan"]]
    assert rows("eval", "(1, [2, 3])") == [
        ["", "(1, [2, 3])[0]", "", "1"],
        ["", "(1, [2, 3])[1]", "0", "2.0"],
        ["", "(1, [2, 3])[1]", "1", "3.0"],
    ]
    assert ["", "taylor(sin, 0, 3).terms[3].coefficient", "", repr(-1 / 6)] in rows("eval", "taylor(sin, 0, 3)")
    assert rows("eval", "params(Dense(1, 1))")[0][1:3] == ["weight", "0 0"]
    (program,) = rows("code", "x")
    assert "def f(x):\n" in program[3]


def test_markdown() -> None:
    """Tables whose cells are code, and all else in fences."""
    out = shell("gradcli grad 'abs(x)*y' x=3 y=5 --format markdown").out
    lines = out.splitlines()
    assert lines[4:6] == ["| order | derivative | formula | value |", "| ---: | --- | --- | --- |"]
    assert lines[6] == r"| `0` | `f` | `\|x\|·y` | `15` |"
    assert lines[8].startswith("| `1` | `∂f/∂y`")
    cells = gradcli("hessian", "x*y*z", "x=1", "y=2", "z=3", "--format", "markdown").out
    assert "<br>" in cells
    fenced = gradcli("eval", '"a ``` b"', "--format", "markdown").out
    assert fenced.startswith("````text\n")


class Tags(HTMLParser):
    """What is open at the end, and all that was."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """A tag begins."""
        self.seen.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """The last one that is open ends."""
        assert self.open.pop() == tag


def test_html() -> None:
    """One page, in which nothing that was typed is markup."""
    out = gradcli("grad", "where(x < 1, x, 2x)", "x=3", "--format", "html").out
    tags = Tags(out)
    assert tags.open == []
    assert {"title", "table", "pre", "meta"} == tags.seen & {"title", "table", "pre", "meta"}
    assert "x &lt; 1" in out
    assert "<script" not in gradcli("eval", '"<script>"', "--format", "html").out
    done = bash("gradcli eval '\"θ\"' --format html", PYTHONIOENCODING="latin-1")
    assert b"&#952;" in done.stdout
    assert b'charset="iso8859-1"' in done.stdout or b'charset="latin-1"' in done.stdout


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp437"])
def test_other_encodings(format: str, encoding: str) -> None:
    """Nothing is raised for a sign that the encoding lacks."""
    done = bash(f"gradcli grad 'θ^2*y' θ=3 y=1 --format {format}", PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"9" in done.stdout


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_goes_away(format: str, unbuffered: str) -> None:
    """It is no failed check, however output is buffered, in colours too."""
    line = f"gradcli grad 'x*y*z' x=1 y=2 z=3 --order 4 --format {format}"
    for colours in ("--color never", "--color always"):
        done = bash(f"{line} {colours} | head -1", PYTHONUNBUFFERED=unbuffered)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.count(b"\n") == 1


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    """Whole, in the format of its ending unless one is named; nothing is shown."""
    for ending, format in ENDINGS.items():
        path = tmp_path / f"out{ending}"
        ran = gradcli("grad", "x^2", "x=3", "--output", str(path))
        assert (ran.code, ran.out, ran.err) == (0, "", "")
        assert path.read_text() == gradcli("grad", "x^2", "x=3", "--format", format).out
    path = tmp_path / "out.txt"
    assert gradcli("grad", "x^2", "x=3", "-o", str(path)).code == 0
    assert path.read_text() == gradcli("grad", "x^2", "x=3").out
    assert gradcli("grad", "x^2", "x=3", "-o", str(path), "--format", "csv").code == 0
    assert path.read_text().startswith("order,")
    assert gradcli("eval", "1", "-o", "-").out == "1\n"


def test_output_that_cannot_be_written(tmp_path: Path) -> None:
    """What was there stays whole, and after a mistake too; the code is that of bad input."""
    path = tmp_path / "out.txt"
    path.write_text("before")
    assert gradcli("grad", "x^", "x=3", "--output", str(path)).code == 2
    assert path.read_text() == "before"
    for where, said in ((tmp_path, "folder"), (tmp_path / "no" / "o.txt", "no folder"), (Path("/dev/full"), "device")):
        ran = gradcli("grad", "x^2", "x=3", "--output", str(where))
        assert (ran.code, ran.out) == (2, "")
        assert f"can't write `{where}`" in ran.err
        assert said in ran.err
    assert [*tmp_path.iterdir()] == [path]
    failed = tmp_path / "failed.json"
    script = tmp_path / "s.grad"
    script.write_text("assert 1 == 2")
    assert gradcli("run", str(script), "-o", str(failed)).code == 1
    assert json.loads(failed.read_text())["summary"]["failed"] == 1


def test_colours() -> None:
    """Always, never, and where they can be shown."""
    escape = re.compile(rb"\x1b\[")
    for words, variables, coloured in (
        ("", {}, False),
        ("--color always", {}, True),
        ("--color=always", {"NO_COLOR": "1"}, True),
        ("--color never", {"FORCE_COLOR": "1"}, False),
        ("--color auto", {"FORCE_COLOR": "1"}, True),
    ):
        done = bash(f"gradcli grad x^2 x=3 {words}", **variables)
        assert bool(escape.search(done.stdout)) is coloured, words
        assert bool(escape.search(bash(f"gradcli eval nothing {words}", **variables).stderr)) is coloured, words
    ran = shell("gradcli eval 1 --color alway")
    assert (ran.code, ran.out) == (2, "")
    assert "did you mean `always`?" in ran.err
    assert "\x1b" not in shell("gradcli grad x^2 x=3").out


def test_quiet_leaves_out_what_is_merely_odd() -> None:
    """Errors stay, and so do results."""
    assert shell("gradcli why log(-1) --quiet").err == ""
    assert shell("gradcli why log(-1) --quiet").out == "nan\n"
    assert "unknown name" in shell("gradcli eval nothing -q").err
    assert json.loads(shell("gradcli why log(-1) -q --format json").out)["diagnostics"] == []


def test_seed() -> None:
    """Other random numbers, the same ones again, and no trace of it in the next command."""
    usual = shell("gradcli eval normal((3,))").out
    first, second = (shell(f"gradcli eval normal((3,)) --seed {n}").out for n in (1, 2))
    assert len({usual, first, second}) == 3
    assert shell("gradcli eval normal((3,)) --seed=1").out == first
    assert shell("gradcli eval 'set seed 1; normal((3,))'").out == first
    assert shell("gradcli eval normal((3,))").out == usual


@pytest.mark.parametrize("format", ["table", "markdown", "html"])
def test_all_elements_with_all_digits(format: str) -> None:
    """Where large tensors are shown by their edges, --full shows them whole."""
    text = "x = normal((8, 9)); x; (x, 1); grad(x -> sum(x^2)/2)(x)"
    assert "..." in gradcli("eval", text, "--format", format).out
    full = gradcli("eval", text, "--format", format, "--full").out
    assert "..." not in full
    for line in gradcli("eval", text, "--format", "csv").out.splitlines()[1:]:
        number = line.rpartition(",")[2]
        assert full.count(number) >= (3 if "." in number else 1), number


def test_a_pipe_gets_all_items() -> None:
    """Of tensors, of tuples, and of values by name."""
    out = gradcli("eval", "range(20000)").out
    assert "..." not in out
    assert out.rstrip().endswith("19999)")
    with in_scratch():
        out = gradcli("eval", 'save("a.npz", x=linspace(0, 1, 100)); load("a.npz")').out
    assert "..." not in out
    assert out.count(",") > 99
    for digits in ((), ("--digits", "17")):
        assert gradcli("eval", "normal((100,))", *digits).out.count(",") == 99
