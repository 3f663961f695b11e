"""`--junit`: the document that CI servers read."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as Tree

import pytest

from tests.faces.harness import gradcli


def report(folder: Path, *words: str) -> Tree.Element:
    """What is written, read back."""
    target = folder / "report.xml"
    gradcli("run", "--junit", str(target), *words)
    return Tree.fromstring(target.read_bytes())


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One of each kind."""
    (tmp_path / "a.grad").write_text('1 + 1\nassert 1 < 2\nfor i in range(3): assert i == 1, "not <one> & \\"two\\""\n')
    (tmp_path / "b.grad").write_text("x = 1\nassert x == 1\ny = nothing\n")
    (tmp_path / "c.grad").write_text("1 + 1\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_suite_for_each_file_and_a_case_for_each_assert(jobs: str, scripts: Path) -> None:
    """With counts, times that add up, and what went wrong."""
    root = report(scripts, "a.grad", "b.grad", "c.grad", "none.grad", "-j", jobs)
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("errors")) == ("testsuites", "7", "2", "2")
    a, b, c, none = root
    assert [suite.get("name") for suite in root] == ["a.grad", "b.grad", "c.grad", "none.grad"]
    assert [case.get("name") for case in a.iter("testcase")] == [
        "1 < 2 (line 2)",
        "i == 1 (line 3)",
        "i == 1 (line 3) [2]",
        "i == 1 (line 3) [3]",
    ]
    failed = [case for case in a.iter("testcase") if case.find("failure") is not None]
    assert [case.get("line") for case in failed] == ["3", "3"]
    failure = failed[0].find("failure")
    assert failure is not None
    assert failure.get("message") == 'not <one> & "two"'
    assert "left:  0" in (failure.text or "")
    error = b.find("testcase/error")
    assert error is not None
    assert error.get("message") == "unknown name `nothing`"
    assert "^^^^^^^" in (error.text or "")
    assert (c.get("tests"), none.get("errors")) == ("0", "1")
    assert [(p.get("name"), p.get("value")) for p in a.iter("property")] == [("statements", "3"), ("exit_code", "1")]
    times = [float(case.get("time", "-1")) for case in a.iter("testcase")]
    assert min(times) >= 0
    assert sum(times) <= float(a.get("time", "0")) + 1e-3


def test_a_file_that_lacks_asserts(scripts: Path) -> None:
    """Has one case, which fails, where asserts are required; else none."""
    (suite,) = report(scripts, "c.grad", "--require-asserts")
    assert [case.get("name") for case in suite.iter("testcase")] == ["has an assert"]
    assert suite.get("failures") == "1"


def test_any_character(scripts: Path) -> None:
    """What XML can't hold is written by its number; the document stays one."""
    name = "d\x1b<&\x01\ufffe.grad"
    (scripts / name).write_bytes(b'assert false, "]]>\x07 \xe2\x9c\x93 \xef\xbf\xbf"\n')
    (suite,) = report(scripts, name)
    assert suite.get("name") == "d\\u001b<&\\u0001\\ufffe.grad"
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "]]>\\u0007 ✓ \\uffff"


def test_a_report_that_can_not_be_written(scripts: Path) -> None:
    """Is a mistake, and leaves what was there."""
    ran = gradcli("run", "c.grad", "--junit", "nowhere/report.xml")
    assert ran.code == 2
    assert "can't write `nowhere/report.xml`: there is no folder `nowhere`" in ran.err
    assert "- c.grad" in ran.out
