"""`--format github`: annotations beside what people see."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faces.harness import gradcli


def test_what_went_wrong_is_annotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At its file, line and column, in one line, with GitHub's escapes."""
    monkeypatch.chdir(tmp_path)
    Path("a,b.grad").write_text("1 + 1\nassert 50 == 51, \"100%\"\nabs(0)\nabs''(0)\n\ny = 2*tahn(1)\n")
    ran = gradcli("run", "a,b.grad", "--format", "github")
    assert ran.code == 2
    assert "1 + 1 = 2" in ran.out
    assert "assert failed: 50 == 51" in ran.err
    failed, odd, wrong = [line for line in ran.out.splitlines() if line.startswith("::")]
    head = "::error file=a%2Cb.grad,line=2,col=1,title=assert failed::assert failed: 50 == 51%0A"
    assert failed.startswith(head)
    assert "%0A   = 100%25%0A" in failed
    assert odd.startswith("::warning file=a%2Cb.grad,line=4,endLine=4,col=1,endColumn=9,title=derivative warning::")
    assert wrong == (
        "::error file=a%2Cb.grad,line=6,endLine=6,col=7,endColumn=11,title=name error::"
        "unknown name `tahn`%0Ahelp: did you mean `tanh`?"
    )


def test_a_mistake_without_a_place() -> None:
    """Has none in its annotation."""
    ran = gradcli("run", "none.grad", "--format", "github")
    assert ran.out.startswith("::error title=file error::can't read `none.grad`: there is no such file%0Ahelp: check")


def test_other_commands() -> None:
    """Have it too."""
    assert gradcli("eval", "1+1", "--format", "github").out == "2\n"
