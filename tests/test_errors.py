"""Every file in tests/errors is a mistake and, behind a line of dashes, the text that must answer it.

The folder says the kind. A file that begins with `$ ` is a command line, any other a script. GRADCLI_WRITE_ERRORS=1
writes the answers anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gradcli.core.loops import counting
from gradcli.language.interpreter import looping
from tests.conftest import ROOT
from tests.faces.harness import gradcli, shell

CASES = sorted((ROOT / "tests" / "errors").glob("*/*.txt"))


@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_mistake_is_answered(case: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The answer is on standard error, to the letter, and the exit code says the kind."""
    # A loop that never ends is one that does not after so many steps.
    monkeypatch.setattr(counting, "MOST_STEPS", 100_000)
    monkeypatch.setattr(looping, "MOST_STEPS", 100_000)
    text, _, expected = case.read_text().partition("\n----\n")
    if text.startswith("$ "):
        ran = shell(text[2:])
    else:
        (tmp_path / "script.grad").write_text(text + "\n")
        monkeypatch.chdir(tmp_path)
        ran = gradcli("run", "--quiet", "script.grad")
    if os.environ.get("GRADCLI_WRITE_ERRORS"):
        case.write_text(f"{text}\n----\n{ran.err}")
        expected = ran.err
    assert ran.err == expected
    assert ran.code == (1 if case.parent.name == "assertion" else 2)
    assert "Traceback" not in ran.out + ran.err


def test_there_are_enough_of_them() -> None:
    """Each kind has examples; together they are what a user will meet."""
    assert len(CASES) >= 120
