"""`gradcli fmt`: files, standard input, and what would change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faces.harness import gradcli


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One to be changed, one that has the style, one with a mistake."""
    (tmp_path / "a.grad").write_text("x=1\ny = 2\n")
    (tmp_path / "b.grad").write_text("x = 1\n")
    (tmp_path / "c.grad").write_text("x=(\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_files_are_written_where_they_change(scripts: Path) -> None:
    """Others are not touched; one with a mistake is left alone, and its mistake said."""
    before = (scripts / "b.grad").stat().st_mtime_ns
    ran = gradcli("fmt", ".")
    assert (ran.code, ran.out) == (2, "formatted ./a.grad\n1 file changed, 1 file had the style\n")
    assert "`(` is never closed" in ran.err
    assert (scripts / "a.grad").read_text() == "x = 1\ny = 2\n"
    assert (scripts / "b.grad").stat().st_mtime_ns == before
    assert (scripts / "c.grad").read_text() == "x=(\n"
    assert gradcli("fmt", "a.grad", "b.grad").out == "0 files changed, 2 files had the style\n"


def test_checking(scripts: Path) -> None:
    """Nothing is written, and the exit code tells."""
    ran = gradcli("fmt", "--check", "a.grad", "b.grad")
    assert (ran.code, ran.out) == (1, "would format a.grad\n1 file would change, 1 file had the style\n")
    assert (scripts / "a.grad").read_text() == "x=1\ny = 2\n"
    assert (gradcli("fmt", "--check", "b.grad").code, gradcli("fmt", "--check", "b.grad").out) == (0, "")


def test_the_difference(scripts: Path) -> None:
    """As `diff -u` shows it, with nothing written."""
    ran = gradcli("fmt", "--diff", "a.grad")
    expected = "--- a.grad\n+++ a.grad\n@@ -1,2 +1,2 @@\n-x=1\n+x = 1\n y = 2\nwould format a.grad\n"
    assert (ran.code, ran.out) == (0, expected)
    assert gradcli("fmt", "--diff", "--check", "a.grad").code == 1
    assert (scripts / "a.grad").read_text() == "x=1\ny = 2\n"


def test_standard_input() -> None:
    """Comes out on standard output, to the letter."""
    assert gradcli("fmt", "-", stdin='x=1#\x1b é\n"\t"').out == 'x = 1  #\x1b é\n"\t"\n'
    assert gradcli("fmt", "-", stdin="").out == ""
    assert gradcli("fmt", "-", "--check", stdin="x=1").code == 1
    bad = gradcli("fmt", "-", stdin="x = )")
    assert (bad.code, bad.out) == (2, "")
    (result,) = json.loads(gradcli("fmt", "-", "--format", "json", stdin="x=1").out)["results"]
    assert result == {"kind": "program", "text": "x = 1\n"}


def test_what_can_not_be_written(scripts: Path) -> None:
    """Is told, and stays."""
    (scripts / "a.grad").unlink()
    (scripts / "a.grad").symlink_to("/dev/null")
    (scripts / "real").mkdir()
    target = scripts / "real" / "d.grad"
    target.write_text("x=1\n")
    link = scripts / "link.grad"
    link.symlink_to(target)
    assert gradcli("fmt", "link.grad").code == 0
    assert link.is_symlink()
    assert target.read_text() == "x = 1\n"
    ran = gradcli("fmt", "nothing.grad")
    assert (ran.code, "no such file" in ran.err) == (2, True)
