"""`gradcli run` over several scripts: which are run, in how many processes, and what is said of them."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from gradcli.faces.finding import matcher
from tests.conftest import ROOT
from tests.faces.harness import gradcli


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two folders with scripts, and what is none."""
    texts = {
        "a.grad": "x = 1\nassert x == 1\n",
        "b.grad": "assert 1 == 2\nassert 2 == 2\n",
        "deep/c.grad": "1 + 1\n",
        "deep/er/d.grad": "assert true\n",
        ".hidden/e.grad": "assert false\n",
        "notes.txt": "(",
    }
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(*words: str) -> list[str]:
    """The lines about files, without what is shown of them."""
    return gradcli("run", "-q", *words).out.splitlines()


def test_each_file_has_a_line_and_all_have_one(scripts: Path) -> None:
    """Statements, and asserts that passed and failed; a file that checks nothing has no mark of having passed."""
    ran = gradcli("run", "-q", "a.grad", "b.grad", "deep/c.grad")
    assert ran.code == 1
    assert ran.out.splitlines() == [
        "✓ a.grad: 2 statements, 1 assert passed",
        "✗ b.grad: 2 statements, 1 assert passed, 1 failed",
        "- deep/c.grad: 1 statement, 0 asserts",
        "3 files, 1 of them failed: 5 statements, 2 asserts passed, 1 failed",
    ]
    assert said("a.grad") == ["✓ a.grad: 2 statements, 1 assert passed"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["."], ["./a", "./b", "./deep/c", "./deep/er/d"]),
        (["deep", "a.grad"], ["deep/c", "deep/er/d", "a"]),
        (["*.grad"], ["a", "b"]),
        (["**/*.grad"], ["a", "b", "deep/c", "deep/er/d"]),
        (["d*"], ["deep/c", "deep/er/d"]),
        (["deep/c.grad", "deep", "deep/er/*"], ["deep/c", "deep/er/d"]),
    ],
)
def test_folders_and_patterns(words: list[str], names: list[str], scripts: Path) -> None:
    """A folder is its scripts at any depth, sorted; what no shell expanded is expanded; neither repeats a name."""
    lines = said(*words)[:-1]
    assert [line.split(" ")[1] for line in lines] == [f"{name}.grad:" for name in names]


@pytest.mark.parametrize(
    ("words", "problem", "hint"),
    [
        (["empty"], "there is no script in `empty`", "end in .grad"),
        (["x*.grad"], "no file matches `x*.grad`", "`**`"),
        ([".", "-k", "zebra"], "none of the 4 scripts matches `zebra`", "`./a.grad`"),
        ([".", "-k", "a b"], "`and` or `or` is missing here", "not slow"),
        ([".", "-k", "(a"], "`)` is missing here", "not slow"),
        ([".", "-k", "a and"], "a word is missing here", "not slow"),
        (["nothing.grad"], "there is no such file", "check the path"),
    ],
)
def test_what_names_no_script(words: list[str], problem: str, hint: str, scripts: Path) -> None:
    """A mistake, with what to do."""
    (scripts / "empty").mkdir()
    ran = gradcli("run", *words)
    assert (ran.code, ran.out) == (2, "")
    assert problem in ran.err
    assert hint in ran.err


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("layers", True),
        ("LAYERS", True),
        ("layers and slow", False),
        ("layers and not slow", True),
        ("slow or dense", True),
        ("not (slow or dense)", False),
        ("not not dense", True),
        (".grad", True),
    ],
)
def test_words_of_a_path(condition: str, holds: bool) -> None:
    """Anywhere in it, in any case."""
    assert matcher(condition)("tests/layers/Dense.grad") is holds


def test_stopping_at_the_first_failure(scripts: Path) -> None:
    """Within the file too; what is left is counted."""
    for jobs in ("1", "2"):
        ran = gradcli("run", "-x", "-j", jobs, ".")
        assert (ran.code, ran.err.count("assert failed")) == (1, 1)
        assert ran.out.splitlines()[-2:] == [
            "✗ ./b.grad: 1 statement, 0 asserts passed, 1 failed",
            "2 files, 1 of them failed: 3 statements, 1 assert passed, 1 failed; 2 files not run after the failure",
        ]


def test_several_processes_say_what_one_does(scripts: Path) -> None:
    """In the order of the files, mistakes and standard input too."""
    (scripts / "bad.grad").write_text("abs'(0)\nset digits 3\n[1/3, 2/3]\nx = (\n")
    (scripts / "odd.grad").write_text("set digits 3\n1/3\nnothing\n")
    one, two = (gradcli("run", ".", "-", "none.grad", "-j", jobs, stdin="assert 1 == 1") for jobs in ("1", "2"))
    assert (one.code, one.out, one.err) == (two.code, two.out, two.err)
    assert "✓ -: 1 statement, 1 assert passed" in two.out
    samples = [str(ROOT / "samples" / f"{name}.grad") for name in ("black_scholes", "calculus", "newton", "tour")]
    assert gradcli("run", *samples, "-j", "0").out == gradcli("run", *samples).out


def test_a_process_that_is_ended(scripts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is told, with what may have been the cause."""
    from gradcli.faces import runs

    monkeypatch.setattr(runs, "run_file", lambda *_: os._exit(9))
    ran = gradcli("run", ".", "-j", "2")
    assert ran.code == 2
    assert "the process that ran `./a.grad` or another file was ended" in ran.err


def test_the_slowest(scripts: Path) -> None:
    """By name, with what they took."""
    lines = said(".", "--durations", "2")
    assert lines[4] == "slowest:"
    assert all(line.endswith(".grad") and " ms  ./" in line for line in lines[5:7])
    assert lines[7].endswith(" ms)")
    assert len(lines) == 8


def test_a_file_without_asserts_may_be_a_failure(scripts: Path) -> None:
    """Where that is asked for."""
    assert gradcli("run", "deep").code == 0
    ran = gradcli("run", "-q", "--require-asserts", "deep")
    assert ran.code == 1
    assert ran.out.splitlines()[0] == "✗ deep/c.grad: 1 statement, 0 asserts, where there must be some"


def test_a_terminal_is_told_which_file_is_run(scripts: Path) -> None:
    """On standard error, in a line that is taken away again; a pipe is not."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "gradcli", "run", "-q", "a.grad", "deep"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=theirs, check=False)
    os.close(theirs)
    shown = os.read(ours, 10_000)
    os.close(ours)
    assert shown.startswith(b"running 1 of 3: a.grad\r\x1b[K")
    assert shown.endswith(b"running 3 of 3: deep/er/d.grad\r\x1b[K")
    assert done.stdout.splitlines()[0] == "✓ a.grad: 2 statements, 1 assert passed".encode()


def test_a_script_that_starts_itself(scripts: Path) -> None:
    """A first line that names the program is a comment."""
    program = scripts / "gradcli"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gradcli "$@"\n')
    script = scripts / "self.grad"
    script.write_text("#!/usr/bin/env -S gradcli run\nassert 1 + 1 == 2\n")
    for path in (program, script):
        path.chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{scripts}:{os.environ['PATH']}"}
    done = subprocess.run([str(script)], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"✓ {script}: 1 statement, 1 assert passed\n")


def test_options_that_go_with_no_prompt(scripts: Path) -> None:
    """Scripts that run in one session run in order; folders and words of a path are for them too."""
    ran = gradcli("run", "-i", "-j", "2", "a.grad", stdin="")
    assert (ran.code, ran.out) == (2, "")
    assert "with -i there are -q, -k" in ran.err
    assert "✓ ./a.grad" in gradcli("run", "-i", "-k", "a.grad", ".", stdin="").out
    assert "no file matches" in gradcli("run", "-i", "x*", stdin="").err


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'1\nx = "\xe9"\n', ["byte E9 in line 2", "save it as UTF-8"]),
        ("1 + 1\n".encode("utf-16"), ["this is in UTF-16", "save it as UTF-8"]),
        ("1 + 1\n".encode("utf-16-le"), ["U+0000 means nothing here", "one in UTF-16"]),
        (b"1 + 1\n\0\n", ["U+0000 means nothing here", " --> odd.grad:2:1"]),
        (b"\x7fELF\x02\x01\x01\0", ["U+007F means nothing here"]),
    ],
)
def test_what_is_no_script(data: bytes, said: list[str], scripts: Path) -> None:
    """One message, that says where and what to do; the other files are run."""
    (scripts / "odd.grad").write_bytes(data)
    ran = gradcli("run", "odd.grad", "a.grad")
    assert (ran.code, ran.err.count("error:")) == (2, 1)
    assert all(part in ran.err for part in said)
    assert "✓ a.grad" in ran.out


def test_a_pipe_is_read_as_a_file_is(scripts: Path) -> None:
    """As what a shell puts in the place of `<(...)` is."""
    line = f'"{sys.executable}" -m gradcli run <(echo "assert 1 == 1")'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split(": ")[1]) == (0, "1 statement, 1 assert passed\n")
