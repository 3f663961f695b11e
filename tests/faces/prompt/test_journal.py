"""Nothing is lost: what ran in a prompt that was cut off is offered to the next one."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.faces.prompt import journal
from gradcli.faces.prompt.journal import Journal, left_behind
from gradcli.faces.prompt.restoring import keep_journal, offer
from gradcli.session.log import Log
from gradcli.session.session import Session
from tests.faces.prompt.screen import Screen
from tests.faces.prompt.typing_in import Typed, state

Opened = Callable[..., Screen]


@pytest.fixture
def opened(screens: Opened) -> Opened:
    """Opens prompts with one state folder."""
    return screens


def journals(home: Path) -> list[Path]:
    """The files that there are."""
    return sorted((home / "gradcli" / "journals").glob("*"))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM])
def test_what_was_defined_comes_back(number: int, opened: Opened, tmp_path: Path) -> None:
    """After a prompt was killed, at the next; and only once."""
    first = opened()
    first.enters("a = 20; f(x) = x + a")
    first.enters("set digits 4")
    first.enters("b = missing", "unknown name")
    first.enters("x = normal(2)")
    first.enters("f(1.23456)", "21.23")
    first.kill(number)
    second = opened()
    said = second.shows("can be restored")
    assert f"5 statements of a prompt that ended at {time.strftime('%H:')}" in said
    second.enters(":restore", "restored 5 statements: a, f, x")
    second.enters("f(2.34567)", "22.35")
    assert second.leave() == 0
    assert journals(tmp_path) == []
    third = opened()
    third.enters(":restore", "there is nothing to restore")
    assert "can be restored" not in third.whole


def test_a_window_that_is_closed(opened: Opened, tmp_path: Path) -> None:
    """Is no way of leaving."""
    first = opened()
    first.enters("a = 7")
    first.hang_up()
    assert len(journals(tmp_path)) == 1
    assert "1 statement of a prompt" in opened().shows("can be restored")


@pytest.mark.parametrize("how", ["\x04", ":quit\r"])
def test_a_prompt_that_is_left_leaves_nothing(how: str, opened: Opened, tmp_path: Path) -> None:
    """By Ctrl-D and by `:quit`; nor does one in which nothing ran."""
    first, idle = opened(), opened()
    first.enters("a = 7")
    assert len(journals(tmp_path)) == 1
    first.process.send(how)
    assert first._ended() == 0
    idle.kill()
    assert journals(tmp_path) == []
    assert "restored" not in opened().whole


def test_two_prompts_do_not_see_each_other(opened: Opened, tmp_path: Path) -> None:
    """As long as they live; each one's journal is its own."""
    first = opened()
    first.enters("a = 1")
    second = opened()
    second.enters("b = 2")
    third = opened()
    third.enters(":restore list", "there is nothing to restore")
    first.kill()
    fourth = opened()
    fourth.enters(":restore", "restored 1 statement: a")
    second.enters("b + 1", "\n3")
    second.kill()
    fifth = opened()
    fifth.shows("2 statements of a prompt")
    fifth.enters(":restore list", "b = 2")


def test_what_was_taken_back_stays_so(opened: Opened) -> None:
    """Undo and reset are in the journal too, and what a script defined."""
    first = opened()
    for line in ("set digits 3", "a = 1", ":reset", "b = 2", "c = 3"):
        first.enters(line)
    first.enters(":undo", "took back")
    first.kill()
    second = opened()
    second.enters(":restore", "restored 2 statements: b")
    second.enters(":set digits", "now      3")


def test_run_and_stay_is_journaled(opened: Opened, tmp_path: Path) -> None:
    """What the scripts defined comes back too."""
    script = tmp_path / "work.grad"
    script.write_text("a = 2\nmodel net(x):\n    param w = 3\n    return w * x\n")
    first = opened("run", "-i", str(script))
    first.enters("net(a)", "\n6")
    first.kill()
    second = opened()
    second.enters(":restore", "restored 3 statements: a, net")
    second.enters("net(a) + 1", "\n7")


def test_on_forty_columns(opened: Opened) -> None:
    """The offer is wrapped, not cut."""
    first = opened()
    first.enters("a = 1")
    first.kill()
    text = opened(columns=40).shows("`:restore`")
    assert "1 statement of a prompt that ended at" in text.replace("\n", " ")


def test_files_are_private(opened: Opened, tmp_path: Path) -> None:
    """For nobody else to read."""
    opened().enters("a = 1")
    (path,) = journals(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


# In this process.


def test_restoring_says_what_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is there all the same, and the journal is kept until it is dropped."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    _written(tmp_path, ["ran", 0, "a = 1"], ["ran", 1, "b = gone + 1"], ["ran", 2, "c = a + 2"])
    at = Typed()
    said = at(":restore")
    assert "unknown name `gone`" in said
    assert "1 input could not be restored, the rest was: a, c" in said
    assert at("c") == "3\n"
    assert "3 statements" in at(":restore list")
    assert "forgotten" in at(":restore drop")
    assert at(":restore") == "there is nothing to restore\n"


def test_several_are_listed_and_picked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest first; each can be restored or dropped by itself."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for age, name in enumerate("abc"):
        _written(tmp_path, ["ran", 0, f"{name} = {age}"], name=name, age=age * 24 * 3600)
    at = Typed()
    keep_journal(at.prompt.workspace)
    offer(at.prompt.reporter)
    offered = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", at.screen.getvalue()).split())
    assert "can be restored: `:restore`; 2 more prompts: `:restore list`" in offered
    listed = at(":restore list").splitlines()
    assert [line for line in listed if " = " in line] == ["   a = 0", "   b = 1", "   c = 2"]
    assert " on " in listed[2]
    assert "none of what can be restored" in at(":restore 4")
    assert "forgotten" in at(":restore drop 2")
    assert at(":restore 2") == "restored 1 statement: c\n"
    assert at(":restore") == "restored 1 statement: a\n"
    assert at.prompt.workspace.journal is not None
    at.prompt.workspace.journal.drop()
    assert left_behind(tmp_path / "gradcli" / "journals") == []


@pytest.mark.parametrize(
    "torn", [b'["ran", 1, "b = ', b"\x00\x00\x00", b'["ran", 1, "b = 2"]', b"\xff\xfe\n", b"[]\n", b"3\n"]
)
def test_a_torn_line_is_left_out(torn: bytes, tmp_path: Path) -> None:
    """As a power cut leaves it; what stands before it counts."""
    path = _written(tmp_path, ["ran", 0, "a = 1"])
    path.write_bytes(path.read_bytes() + torn)
    (left,) = left_behind(path.parent)
    assert left.inputs == ["a = 1"]


def test_old_ones_are_dropped(tmp_path: Path) -> None:
    """Those of a month ago, and the oldest of too many."""
    for number in range(25):
        _written(tmp_path, ["ran", 0, f"a = {number}"], name=str(number), age=number * 60)
    _written(tmp_path, ["ran", 0, "b = 1"], name="old", age=31 * 24 * 3600)
    folder = tmp_path / "gradcli" / "journals"
    assert [left.inputs for left in left_behind(folder)] == [[f"a = {n}"] for n in range(20)]
    assert len([*folder.iterdir()]) == 20


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["a = 1", "b = normal(2)", "a; b = 2", "oops", "a", "set seed 2"]),
            st.sampled_from([":undo", ":reset", ":undo 2"]),
        )
    )
)
def test_a_journal_holds_what_the_prompt_does(inputs: list[str]) -> None:
    """Whatever was typed: what is restored from it is the session as it was."""
    import tempfile

    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", home)
        at = Typed()
        keep_journal(at.prompt.workspace)
        at("x = 0", *inputs)
        kept = at.prompt.workspace.journal
        assert kept is not None
        folder = kept.path.parent
        assert left_behind(folder) == []
        if kept._file is not None:
            os.close(kept._file)
        at.prompt.workspace.journal = None
        fresh = Typed()
        fresh(":restore")
        assert state(fresh.session) == state(at.session)


def test_where_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The prompt works all the same; a disk that fills up ends the journal at a whole line."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(blocked))
    at = Typed()
    keep_journal(at.prompt.workspace)
    assert at("a = 1", "a + 1") == "2\n"
    kept = Journal(tmp_path, Log(Session()))
    kept.ran(0, "a = 1")
    write = os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda file, data: write(file, data[:5]))
        kept.ran(1, "b = 2")
    kept.ran(2, "c = 3")
    assert kept._file is not None
    os.close(kept._file)
    (left,) = left_behind(tmp_path)
    assert left.inputs == ["a = 1"]


def test_looking_costs_nothing_where_there_is_none(tmp_path: Path) -> None:
    """No file is made before something runs."""
    start = time.perf_counter()
    for _ in range(10):
        assert left_behind(tmp_path / "none") == []
        Journal(tmp_path / "none", Log(Session()))
    assert (time.perf_counter() - start) / 10 < 0.002
    assert not (tmp_path / "none").exists()


def test_a_long_script_does_not_wait_for_the_disk_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed waits once an input; a script so often as time passes."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    monkeypatch.setattr(journal, "monotonic", lambda: 0.1)
    at = Typed()
    keep_journal(at.prompt.workspace)
    at("; ".join(f"a{i} = {i}" for i in range(100)))
    assert len(synced) == 1
    assert at.prompt.workspace.journal is not None
    at.prompt.workspace.journal.drop()


def _written(home: Path, *events: list[object], name: str = "1-1", age: float = 0) -> Path:
    """A journal that a prompt has left."""
    folder = home / "gradcli" / "journals"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.journal"
    path.write_text("".join(f"{json.dumps(event)}\n" for event in events))
    os.utime(path, (time.time() - age, time.time() - age))
    return path
