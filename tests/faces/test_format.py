"""`--format json`: one document on standard output, whatever the command comes to."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from gradcli.faces.command_line import COLOR, COMMANDS, FORMAT, OUTPUT
from tests.faces.harness import gradcli, shell
from tests.faces.test_streams import bash

KEYS = ["version", "command", "exit_code", "summary", "results", "diagnostics", "files"]


def document(*arguments: str, stdin: str | None = None) -> Any:
    """What a command writes in JSON: all of it on standard output, and its exit code in it."""
    ran = gradcli(*arguments, "--format", "json", stdin=stdin)
    got = json.loads(ran.out)
    assert [*got] == KEYS
    assert (got["exit_code"], ran.err, got["command"]) == (ran.code, "", arguments[0])
    return got


def test_every_command_has_the_formats() -> None:
    """One entry of the table."""
    for command in COMMANDS.values():
        assert {FORMAT, OUTPUT, COLOR} <= {*command.options}
        assert [option.parameter for option in command.options].count("quiet") == 1


def test_grad() -> None:
    """What was asked about, where, and each derivative."""
    (result,) = document("grad", "x*x*y*z", "x=3", "y=[5]", "z=1", "--wrt", "x")["results"]
    assert (result["kind"], result["function"]) == ("gradient", "f(x, y, z) = x*x*y*z")
    assert result["at"]["y"] == {"kind": "tensor", "dtype": "float64", "shape": [1], "value": [5.0]}
    rows = result["value"]["rows"]
    assert [(row["order"], row["name"], row["by"], row["value"]) for row in rows] == [
        (0, "f", [], [45.0]),
        (1, "∂f/∂x", ["x"], 30.0),
    ]


def test_numbers_have_every_digit() -> None:
    """How many people want to see is no matter of a program's."""
    (result,) = document("eval", "set digits 3; 1/3")["results"]
    assert result["value"]["value"] == 1 / 3


def test_a_warning_leaves_the_code_alone() -> None:
    """And stands among the diagnostics."""
    got = document("eval", "abs''(0)")
    assert got["results"][0]["value"]["rows"][0]["value"] == "nan"
    (warning,) = got["diagnostics"]
    assert (warning["severity"], warning["kind"], got["summary"]["warnings"]) == ("warning", "derivative", 1)


def test_a_mistake_has_its_place() -> None:
    """As an editor counts, and with what to do."""
    got = document("eval", "x = 1\n2*tahn(1)")
    (error,) = got["diagnostics"]
    assert (error["kind"], error["message"], error["hint"]) == ("name", "unknown name `tahn`", "did you mean `tanh`?")
    place = [error[key] for key in ("file", "line", "column", "end_line", "end_column")]
    assert place == ["<expression>", 2, 3, 2, 7]
    assert got["exit_code"] == 2


def test_run(tmp_path: Path) -> None:
    """Each file with its asserts, its values and its mistakes; the counts of all."""
    good, failing, bad = tmp_path / "good.grad", tmp_path / "failing.grad", tmp_path / "bad.grad"
    good.write_text("1 + 1\nassert true\n")
    failing.write_text('assert allclose([1, 2], [1, 2.5]), "far"\nassert 2 == 2\n')
    bad.write_text("assert true\nx = (\n")
    got = document("run", str(good), str(failing), str(bad), str(tmp_path / "none.grad"))
    assert got["exit_code"] == 2
    assert got["summary"] == {"files": 4, "passed": 2, "failed": 1, "errors": 2, "warnings": 0}
    assert [Path(file["file"]).name for file in got["files"]] == ["good.grad", "failing.grad", "bad.grad", "none.grad"]
    assert [file["exit_code"] for file in got["files"]] == [0, 1, 2, 2]
    first, second, third, fourth = got["files"]
    assert [result["kind"] for result in first["results"]] == ["value", "assert"]
    failure = second["results"][0]
    assert (failure["line"], failure["passed"], failure["message"], failure["difference"]) == (1, False, "far", 0.5)
    assert (second["passed"], second["failed"]) == (1, 1)
    assert third["diagnostics"][0]["line"] == 2
    assert fourth["diagnostics"][0]["kind"] == "file"
    quiet = document("run", str(good), "--quiet")
    assert [result["kind"] for result in quiet["files"][0]["results"]] == ["assert"]


def test_run_of_standard_input_and_of_nothing() -> None:
    """An empty script is fine."""
    assert document("run", "-", stdin="2^10")["files"][0]["results"][0]["value"]["value"] == 1024
    assert document("run", "-", stdin="")["files"][0]["exit_code"] == 0


def test_asserts_of_a_file_that_a_function_is_in(tmp_path: Path) -> None:
    """They count, and stand before the answer."""
    script = tmp_path / "f.grad"
    script.write_text("f(x) = x^2\nassert f(1) == 2\n")
    got = document("grad", f"{script}::f", "x=3")
    assert [result["kind"] for result in got["results"]] == ["assert", "gradient"]
    assert (got["exit_code"], got["summary"]["failed"]) == (1, 1)


def test_code() -> None:
    """The text of the program."""
    (result,) = document("code", "x*y")["results"]
    assert result["kind"] == "program"
    assert result["text"].startswith("# returns f")


@pytest.mark.parametrize(
    "line",
    ["eval 1 --dtype int8", "grad x*y x=1", "grad x x=1 --order=-1", "eval x=", "run nothing.grad", "grad no.grad::f"],
)
def test_what_is_refused_is_in_the_document(line: str) -> None:
    """With nothing on standard error."""
    got = document(*shlex.split(line))
    assert got["exit_code"] == 2
    assert got["summary"]["errors"] == 1
    assert not got["results"]


def test_formats_that_there_are_none_of() -> None:
    """Refused with the nearest name, in text."""
    ran = shell("gradcli eval 1 --format jsn")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: there is no format `jsn`\n  = help: did you mean `json`?\n"
    assert "--format takes text or table or plain or json" in shell("gradcli eval 1 --format xml").err
    assert shell("gradcli eval 1 --format text").out == "1\n"


def test_a_mistake_of_the_programs_own_is_in_the_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And on standard error, as without it."""
    from gradcli.__main__ import main
    from gradcli.faces import one_shot

    def broken(*_: object, **__: object) -> int:
        raise KeyError("inside")

    monkeypatch.setattr(one_shot, "evaluate", broken)
    monkeypatch.setattr(sys, "argv", ["gradcli", "eval", "1", "--format", "json"])
    with pytest.raises(SystemExit) as left:
        main()
    shown = capsys.readouterr()
    got = json.loads(shown.out)
    assert (left.value.code, got["exit_code"], got["diagnostics"][0]["kind"]) == (2, 2, "internal")
    assert "mistake of gradcli's own" in shown.err


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252", "utf-16"])
def test_other_encodings(encoding: str) -> None:
    """The document says the same."""
    done = bash("gradcli grad 'θ^2' θ=3 --format json", PYTHONIOENCODING=encoding, FORCE_COLOR="1")
    got = json.loads(done.stdout.decode(encoding))
    assert got["results"][0]["value"]["rows"][1]["name"] == "df/dθ"


def test_output_that_is_lost_is_a_mistake() -> None:
    """As with text."""
    done = bash("gradcli eval 1 --format json > /dev/full")
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: can't write to standard output: ")
    assert bash("gradcli eval 1 --format json | true").returncode == 0


def test_tuples_as_deep_as_they_may_be(tmp_path: Path) -> None:
    """A document lies twice as deep; what lies deeper is refused where it is made or gone through."""
    script = tmp_path / "deep.grad"
    script.write_text("x = (1,)\nfor i in range(190): x = (x, i)\nx\n")
    value = document("run", str(script))["files"][0]["results"][0]["value"]
    depth = 0
    while value["kind"] == "tuple":
        value, depth = value["items"][0], depth + 1
    assert depth == 191
    script.write_text("x = (1,)\nfor i in range(300): x = (x, i)\nx\n")
    got = document("run", str(script))
    assert (got["summary"]["errors"], got["exit_code"]) == (1, 2)
