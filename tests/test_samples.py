"""Samples are tests: each runs, checks something, and nothing of it fails."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.faces.harness import gradcli

SAMPLES = sorted((ROOT / "samples").glob("*.grad"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.stem)
def test_a_sample_runs(sample: Path) -> None:
    """Exit code 0, no diagnostics, and at least one assert checked."""
    ran = gradcli("run", str(sample))
    assert ran.err == ""
    assert ran.code == 0
    passed = re.search(r"(\d+) asserts? passed$", ran.out.rstrip())
    assert passed
    assert int(passed[1]) > 0


def test_all_samples_run_in_one_command() -> None:
    """As in CI: each file has a session of its own, and a line that sums it up."""
    ran = gradcli("run", "--quiet", *map(str, SAMPLES))
    assert ran.code == 0
    assert ran.out.count("✓") == len(SAMPLES) >= 5


def test_the_seed_prints_its_eight_results() -> None:
    """The numbers of the tutorial, as the program shows them."""
    out = gradcli("run", "samples/seed_tutorial.grad").out
    numbers = re.findall(r"(?:float32 +|= )(\[-?\d+\])", out)
    assert numbers == ["[30]", "[9]", "[45]", "[5]", "[10]", "[-0]", "[1]", "[1]", "[-1]"]
    assert "(16, (16, 1))" in out
