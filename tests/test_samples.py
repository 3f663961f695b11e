"""Samples are tests: each runs, checks something, and nothing of it fails. All in one command: `test_wheel.py`."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import IO, Any

import pytest

from gradcli.output.formats import FORMATS
from tests.conftest import ROOT
from tests.faces.harness import gradcli

SAMPLES = sorted((ROOT / "samples").glob("*.grad"))


class _Both:
    """Two reporters that are told the same."""

    def __init__(self, *reporters: Any) -> None:
        self.__dict__["_reporters"] = reporters

    def __getattr__(self, name: str) -> Any:
        first, second = (getattr(reporter, name) for reporter in self.__dict__["_reporters"])
        return (lambda *args, **kwargs: (first(*args, **kwargs), second(*args, **kwargs))) if callable(first) else first

    def __setattr__(self, name: str, value: Any) -> None:
        for reporter in self.__dict__["_reporters"]:
            setattr(reporter, name, value)


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.stem)
def test_a_sample_runs(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 0, no diagnostics, and at least one assert checked; whatever it shows is strict JSON too."""
    text, as_json, document = FORMATS["text"], FORMATS["json"], io.StringIO()

    def both(command: str, out: IO[str] | None = None) -> Any:
        return _Both(text(command, out), as_json(command, document))

    monkeypatch.setitem(FORMATS, "text", both)
    ran = gradcli("run", str(sample))
    assert ran.err == ""
    assert ran.code == 0
    passed = re.search(r"(\d+) asserts? passed$", ran.out.rstrip())
    assert passed
    assert int(passed[1]) > 0
    told = json.loads(document.getvalue(), parse_constant=_refuse)
    assert (told["exit_code"], told["summary"]["passed"]) == (0, int(passed[1]))


def test_the_seed_prints_its_eight_results() -> None:
    """The numbers of the tutorial, as the program shows them."""
    out = gradcli("run", "samples/seed_tutorial.grad").out
    numbers = re.findall(r"(?:float32 +|= )(\[-?\d+\])", out)
    assert numbers == ["[30]", "[9]", "[45]", "[5]", "[10]", "[-0]", "[1]", "[1]", "[-1]"]
    assert "(16, (16, 1))" in out
