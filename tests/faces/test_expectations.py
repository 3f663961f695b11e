"""`# = 45` behind an expression, and `gradcli run --update`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gradcli.faces.scripts import read_source
from tests.faces.harness import gradcli


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "passed", "failed"),
    [
        ("3^2  # = 9", 1, 0),
        ("3^2  #=9", 1, 0),
        ("3^2  # = 10", 0, 1),
        ("3^2  # is 10", 0, 0),
        ("3^2\n# = 10", 0, 0),
        ("x = 3^2  # = 10", 0, 0),
        ("x = 3; x^2  # = 9", 1, 0),
        ("1/3  # = 0.3333333333333333", 1, 0),
        ("set digits 3\n1/3  # = 0.333", 1, 0),
        ("[1, 2] * 2  # = [2,  4]", 1, 0),
        ("[[1, 2],\n [3, 4]]  # = [[1, 2], [3, 4]]", 1, 0),
        ("f(x) = x^2; grad(f)(3)  # = 6", 1, 0),
        ("for i in range(2): i  # = 3", 0, 0),
        ('"a"  # = "a"', 1, 0),
        ('"# = 3"', 0, 0),
        ("assert 1 == 1  # = 3", 1, 0),
        ("1/0  # = inf", 1, 0),
    ],
)
def test_what_a_comment_expects(text: str, passed: int, failed: int) -> None:
    """That the value of the expression in front of it is shown so, in one line; anything else is a comment."""
    Path("a.grad").write_text(text + "\n")
    ran = gradcli("run", "-q", "a.grad")
    assert ran.code == failed
    assert ("1 failed" in ran.out, "1 assert passed" in ran.out) == (bool(failed), bool(passed))


def test_both_are_told() -> None:
    """Of one that is not so, at its place."""
    Path("a.grad").write_text("x = 2\nx^2   # = 5\n")
    ran = gradcli("run", "a.grad")
    assert ran.err == "assert failed: x^2\n  --> a.grad:2\n   | shown:    4\n   | expected: 5\n"
    assert ran.out.startswith("x^2 = 4\n")
    # At a prompt, and in one line, it is what is said of it.
    assert gradcli("eval", "3  # = 4").code == 0


BEFORE = """\
f(x) = x^2
f(3)   # = 10
1/3 # = 0.3333333333333333
assert allclose(f(3), 8), "m"  # eight
assert allclose([f(1), f(2)], [1,
    -4])
assert allclose(f(3), f(2))
for i in range(2): assert allclose(i, 5)
assert allclose((f(1), 2), (-1, 2), rtol=1e-3)
assert allclose(nan, 1)
assert f(3) == 8
"""
AFTER = (
    BEFORE.replace("# = 10", "# = 9")
    .replace("f(3), 8)", "f(3), 9)")
    .replace("[1,\n    -4]", "[1, 4]")
    .replace("(-1, 2)", "(1, 2)")
)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_updating(ends: str, jobs: str, folder: Path) -> None:
    """Comments and numbers that are written out, and nothing else; the difference comes first."""
    path, fine = folder / "a.grad", folder / "b.grad"
    path.write_bytes(b"\xef\xbb\xbf" + BEFORE.replace("\n", ends).encode())
    fine.write_text("1  # = 1\n")
    before = fine.stat().st_mtime_ns
    ran = gradcli("run", "-q", "--update", "-j", jobs, "a.grad", "b.grad")
    assert path.read_bytes() == b"\xef\xbb\xbf" + AFTER.replace("\n", ends).encode()
    assert fine.stat().st_mtime_ns == before
    assert ran.out.startswith("--- a.grad\n+++ a.grad\n")
    assert "\n-f(3)   # = 10\n+f(3)   # = 9\n" in ran.out
    # What no number was written out for fails still.
    assert ran.code == 1
    assert ran.err.count("assert failed") == 5
    again = gradcli("run", "-q", "--update", "a.grad")
    assert "---" not in again.out


def test_a_file_that_has_changed_meanwhile(folder: Path) -> None:
    """Is left as it is."""
    path = folder / "a.grad"
    path.write_text("3  # = 4\n")

    def meanwhile(*given: Any) -> object:
        source = read_source(*given)
        path.write_text("30  # = 4\n")
        return source

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gradcli.faces.updating.read_source", meanwhile)
        ran = gradcli("run", "--update", "a.grad")
    assert ran.code == 2
    assert "can't update `a.grad`: it has changed since it was run" in ran.err
    assert path.read_text() == "30  # = 4\n"


def test_what_is_not_updated(folder: Path) -> None:
    """A script with a mistake is updated up to it; standard input and used files are not."""
    (folder / "used.grad").write_text("3  # = 4\nassert allclose(1, 2)\n")
    (folder / "a.grad").write_text('use "used.grad"\n1  # = 2\nx = nothing\n')
    ran = gradcli("run", "--update", "a.grad")
    assert ran.code == 2
    assert (folder / "a.grad").read_text() == 'use "used.grad"\n1  # = 1\nx = nothing\n'
    assert (folder / "used.grad").read_text() == "3  # = 4\nassert allclose(1, 2)\n"
    assert gradcli("run", "--update", "-", stdin="3  # = 4").code == 1
    assert gradcli("run", "--update", "none.grad").err.count("no such file") == 1
    assert gradcli("run", "-i", "--update", "a.grad", stdin="").code == 2
