"""Closed, full and broken streams, other encodings, odd files: the exit code stays the verdict."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faces.harness import gradcli

PROGRAM = Path(sys.executable).parent / "gradcli"
OK, FAILED, MISTAKE = "1\n2\n3\n", "1\nassert 1 == 2\n2\n", "1\nassert 1 == 2\nx = ]\n"


def bash(line: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line; `gradcli` in it is the program."""
    line = f'gradcli() {{ "{PROGRAM}" "$@"; }}; set -o pipefail; {line}'
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, check=False, env={**os.environ, **env}, timeout=120
    )
    assert b"Traceback" not in done.stderr
    assert b"mistake of gradcli's own" not in done.stderr
    return done


@pytest.mark.parametrize(("script", "code"), [(OK, 0), (FAILED, 1), (MISTAKE, 2)])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_goes_away_changes_no_verdict(script: str, code: int, unbuffered: str, tmp_path: Path) -> None:
    """The script goes on to know it."""
    (tmp_path / "s.grad").write_text(script * 3 if code < 2 else script)
    for reader in ("true", "head -1 > /dev/null"):
        done = bash(f"gradcli run {tmp_path}/s.grad | {reader}", PYTHONUNBUFFERED=unbuffered)
        assert done.returncode == code
    assert bash(f"gradcli < {tmp_path}/s.grad | true", PYTHONUNBUFFERED=unbuffered).returncode == code


@pytest.mark.parametrize("words", ["--help", "grad --help", "eval 1", "grad x x=1", "code x", ""])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_no_reader_is_no_mistake(words: str, unbuffered: str) -> None:
    """For every command."""
    done = bash(f"echo 1 | (sleep 0.1; gradcli {words}) | true", PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("words", ["--help", "eval 1", "grad x x=1", "code x", "", "run samples/tour.grad"])
@pytest.mark.parametrize("to", [">&-", "> /dev/full"])
def test_output_that_is_lost_is_a_mistake(words: str, to: str) -> None:
    """One line says why."""
    done = bash(f"echo 1 | gradcli {words} {to}")
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: can't write to standard output: ")
    assert done.stderr.count(b"\n") == 1


def test_closed_input() -> None:
    """Said, where it is needed."""
    for words in ("", "run -"):
        done = bash(f"gradcli {words} <&-")
        assert done.returncode == 2
        assert done.stderr.startswith(b"error: can't read ")
    assert bash("gradcli eval 1 <&-").stdout == b"1\n"


@pytest.mark.parametrize("to", ["2>&-", "2> /dev/full"])
def test_without_standard_error_the_code_says_it(to: str, tmp_path: Path) -> None:
    """The results are the same."""
    (tmp_path / "s.grad").write_text(FAILED)
    done = bash(f"gradcli run {tmp_path}/s.grad {to}")
    assert done.returncode == 1
    assert b"2 = 2" in done.stdout
    assert bash(f"gradcli eval nothing {to}").returncode == 2
    assert bash(f"gradcli eval 1 {to}").returncode == 0


def test_the_asserts_of_a_file_count_for_its_functions(tmp_path: Path) -> None:
    """As when it is run."""
    script = tmp_path / "f.grad"
    script.write_text("f(x) = x^2\nassert f(1) == 2\n")
    ran = gradcli("grad", f"{script}::f", "x=3")
    assert (ran.code, "assert failed" in ran.err, "6" in ran.out) == (1, True, True)


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii", "cp437", "utf-16"])
def test_other_encodings(encoding: str) -> None:
    """No result is lost for a sign."""
    text = """f(x, y) = x^2 * y; derivatives(f, 2)(1, 2); laplacian(f)(1, 2), [1]; taylor(exp, 0, 5)
F(x, y, z) = (x * y, y * z, z * x); curl(F)(1, 2, 3); divergence(F)(1, 2, 3); hvp(f, (1, 2))(1, 2)
"θ"; assert 1 == 2, "漢"
g(x) = sum((x[1:] - x[:-1])^2); hessian(g, sparse=true)(linspace(-1, 1, 12))"""
    done = bash(f"gradcli eval '{text}'; gradcli run samples/tour.grad -q", PYTHONIOENCODING=encoding)
    shown = done.stdout.decode(encoding)
    assert "4" in shown
    assert r"\u03b8" in shown or encoding in ("cp437", "utf-16")
    assert "ok samples/tour.grad" in shown or encoding == "utf-16"


def test_a_locale_without_signs() -> None:
    """The POSIX one, where Python is told not to do better."""
    done = bash("gradcli run samples/tour.grad", LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert b"ok samples/tour.grad" in done.stdout


def test_what_a_script_can_be(tmp_path: Path) -> None:
    """No device, no more than fits, and the limit can be set."""
    script = tmp_path / "s.grad"
    script.write_text(OK)
    assert "at most 64 MiB" in gradcli("run", "/dev/zero").err
    with script.open("r+b") as file:
        file.truncate(65 * 2**20)
    assert "at most 64 MiB" in gradcli("run", str(script)).err
    script.write_text(OK)
    done = bash(f"gradcli run {script}", GRADCLI_MAX_SOURCE="5")
    assert done.returncode == 2
    assert b"at most 5 bytes" in done.stderr
    assert bash(f"gradcli run {script}", GRADCLI_MAX_SOURCE="6").returncode == 0
    done = bash(f"gradcli run {script} {script}", GRADCLI_MAX_SOURCE="5MB")
    assert done.returncode == 2
    assert done.stderr.count(b"GRADCLI_MAX_SOURCE is `5MB`, which is no limit") == 2
    assert bash(f"gradcli run {script}", GRADCLI_MAX_SOURCE="inf").returncode == 0
    (tmp_path / "set.grad").write_text("set max_source 1")
    assert gradcli("run", str(tmp_path / "set.grad"), str(script)).code == 0
    assert bash("gradcli run <(echo 1 + 1)").stdout.startswith(b"1 + 1 = 2\n")


@pytest.mark.parametrize("text", ["\ufeff1 + 1\n2\n", "1 + 1\r\n2\r\n", "1 + 1\r2\r", "\ufeff1 + 1\r\n\f2\n"])
def test_marks_and_line_ends_of_other_systems(text: str, tmp_path: Path) -> None:
    """From a file, from standard input, and without a command."""
    script = tmp_path / "s.grad"
    script.write_bytes(text.encode())
    assert bash(f"gradcli run {script}").stdout.startswith(b"1 + 1 = 2\n2 = 2\n")
    assert bash(f"gradcli run - < {script}").stdout.startswith(b"1 + 1 = 2\n2 = 2\n")
    assert bash(f"gradcli < {script}").stdout == b"2\n2\n"


def test_a_byte_that_is_no_text_is_one_mistake() -> None:
    """What was defined before it stays."""
    done = bash(r"printf 'x = 3\nx + \xff\nx\n' | gradcli")
    assert (done.returncode, done.stdout) == (2, b"3\n")
    assert b"the byte FF is no text in UTF-8" in done.stderr


def test_a_name_forges_no_line(tmp_path: Path) -> None:
    """A line end in the name of a file is shown as such."""
    script = tmp_path / "a.grad: 1 assert passed\n✓ b\x1b[2J.grad"
    script.write_text("assert true\nassert 1 == 2")
    ran = gradcli("run", str(script))
    assert len(ran.out.splitlines()) == 1
    assert r"\n✓ b\x1b[2J.grad" in ran.out
    assert r"\n✓ b\x1b[2J.grad:2" in ran.err
    for words in (
        ["eval", "x\x1b = 1"],
        ["grad", "x", "y\u202e=1"],
        ["run", "no\nfile"],
        ["grd\x1b"],
        ["run", "--\x1b"],
    ):
        ran = gradcli(*words)
        assert ran.code == 2
        assert "\x1b" not in ran.err + ran.out
        assert "\u202e" not in ran.err + ran.out


def test_a_pipe_gets_a_tensor_that_reads_back() -> None:
    """Every element, every digit."""
    done = bash(
        'A=$(gradcli eval "normal((9, 3, 4))"); gradcli eval "B = $A; B.shape, allclose(B, normal((9, 3, 4)), 0, 0)"'
    )
    assert done.stdout == b"((9, 3, 4), true)\n"
