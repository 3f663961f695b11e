"""Saving what was typed as a script, and running scripts at the prompt."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcli.faces.prompt.commands import run_command
from gradcli.language.text.diagnostics import IncompleteInput, LanguageError, Source, Span
from gradcli.language.text.parse import parse
from gradcli.session.session import Session, fresh_session
from tests.conftest import ROOT
from tests.faces.harness import gradcli
from tests.faces.prompt.typing_in import Typed, ran, state
from tests.session.spelling import form

NAMES = st.sampled_from("abxy")
INPUTS = st.one_of(
    st.builds(
        "{} = {}".format, NAMES, st.sampled_from(["1", "0.1", "[1, 2]", "normal(2)", "uniform(())", "x + 1", "a*b"])
    ),
    st.builds("{} = {}; {} = {}".format, NAMES, st.integers(0, 9), NAMES, NAMES),
    st.builds("f(x) = x*{}".format, NAMES),
    st.builds("{} = 3; {} = missing; b = 7".format, NAMES, NAMES),
    st.builds("for i in range(3): {} = i + normal(())".format, NAMES),
    st.builds("set seed {}".format, st.integers(0, 5)),
    st.builds("set digits {}".format, st.sampled_from(["none", "3", "20"])),
    st.builds(":undo {}".format, st.integers(1, 3)),
    st.sampled_from(
        [
            "a",
            "f(2)",
            "normal(2)",
            "set dtype float32",
            "set max_steps 900",
            "set numbers float64",
            ":reset",
            ":undo",
            "model net(x):\n    param w = normal(2)\n    return sum(w * x)\n",
            "net.w -= 0.5",
            "g = grad(net)",
            "d = Dense(2, 1)",
            "assert a == 1",
            "tahn(2)",
            "1 +",
            "x = 3 \\\n",
            "# nothing",
            "b = 2  # said;",
            "a = 1;",
            't = (a, "a;b"); s = t',
            "def h(x):\n  # inside\n  return x\n# behind",
            ":set digits 4",
            "e = e + 1",
            "a, b = 1, 2",
        ]
    ),
)


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths of tests are long, and what is said of them is to stand in one line."""
    monkeypatch.setenv("COLUMNS", "400")


@settings(max_examples=60)
@given(st.lists(INPUTS, max_size=25))
def test_a_saved_script_replays_to_the_same_values(inputs: list[str]) -> None:
    """Whatever was typed: mistakes, undo, reset, draws, training, settings; the next random number is the same too."""
    import tempfile

    at = Typed()
    at("# a start", *inputs)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "saved.grad"
        said = at(f":save {path}")
        if "nothing to save" in said:
            assert not path.exists()
            assert state(at.session) == state(Session())
            return
        replayed = ran(path)
        assert state(replayed) == state(at.session)
        again = Typed()
        again(f":load {path}", f":save! {path}")
        assert state(ran(path)) == state(at.session)


@pytest.mark.parametrize("path", [*sorted(ROOT.glob("samples/*.grad")), ROOT / "README.md"], ids=lambda p: p.name)
def test_a_text_is_cut_between_its_statements(path: Path) -> None:
    """Each piece alone is read as it is in the whole, whatever stands before and behind it."""
    text = path.read_text()
    if path.suffix == ".md":
        # What is typed at the prompt in it, and every piece of code in its lines.
        typed = re.findall(r"^> (.*(?:\n\.\.\. ?.*)*)", text, re.MULTILINE)
        pieces = [re.sub(r"^\.\.\. ?", "", piece, flags=re.MULTILINE) for piece in typed]
        pieces += re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
    else:
        pieces = [text]
    cut = 0
    for piece in pieces:
        for around in ("{}", "zz = 1\n{}\nzz = 2", "zz = 1; {}; zz = 2"):
            try:
                source = Source("whole", around.format(piece))
                whole = parse(source)
            except (IncompleteInput, LanguageError):
                continue
            ends = [*(statement.span.start for statement in whole), len(source.text)][1:]
            start = 0
            for statement, end in zip(whole, ends, strict=True):
                (alone,) = parse(Source("alone", Span(source, start, end).text))
                assert _bare(form(alone)) == _bare(form(statement))
                start = end
                cut += 1
    assert cut > 3


def _bare(part: object) -> object:
    """Syntax without its places."""
    if isinstance(part, tuple) and len(part) == 3 and isinstance(part[0], str) and isinstance(part[1], int):
        return ()
    return tuple(map(_bare, part)) if isinstance(part, tuple) else part


def test_what_is_written(tmp_path: Path) -> None:
    """A line that says what it is, then each input as it was typed; of one that failed, what ran of it."""
    at = Typed()
    at(
        "a = 1; b = 2",
        "c = 3; d = missing",
        "model net(x):\n    param w = a  # one\n    return w * x\n",
        "net(2)",
        "oops(",
    )
    path = tmp_path / "work.grad"
    assert at(f":save {path}") == f"5 statements written; `gradcli run {path}` runs them\n"
    head, *rest = path.read_text().splitlines()
    assert re.fullmatch(r"# 5 statements from gradcli's prompt, \d{4}-\d\d-\d\d \d\d:\d\d", head)
    assert rest == ["a = 1; b = 2", "c = 3", "model net(x):", "    param w = a  # one", "    return w * x", "net(2)"]
    done = gradcli("run", str(path))
    assert (done.code, done.err) == (0, "")
    assert "net(2) = 2" in done.out


def test_settings_from_before_a_reset_come_first(tmp_path: Path) -> None:
    """And those that the prompt was opened with."""
    at = Typed(fresh_session("float32"))
    at("set seed 7", "set max_items 5000", "x = normal(3)", ":reset", "y = normal(2)", f":save {tmp_path}/a.grad")
    lines = (tmp_path / "a.grad").read_text().splitlines()[1:]
    assert lines == ["set dtype float32", "set seed 7", "set max_items 5000", "y = normal(2)"]
    assert state(ran(tmp_path / "a.grad")) == state(at.session)
    fresh = Typed(fresh_session("float32"))
    fresh("z = ones(2)", f":save {tmp_path}/b.grad")
    assert (tmp_path / "b.grad").read_text().splitlines()[1:] == ["set dtype float32", "z = ones(2)"]


@pytest.mark.parametrize("name", ["work.grad", "with blanks.grad", 'it\'s "mine".grad', "ünï.grad", "-"])
def test_any_name_of_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is, with blanks; what is told can be pasted into a shell."""
    monkeypatch.chdir(tmp_path)
    at = Typed()
    said = at("a = 41", f":save {name}")
    assert (tmp_path / name).exists()
    command = re.findall(r"`(.*)`", said)[0]
    if name != "-":
        done = subprocess.run(
            command.replace("gradcli", f'"{sys.executable}" -m gradcli', 1),
            shell=True,
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert b"1 statement, 0 asserts" in done.stdout
    fresh = Typed()
    fresh(f":load {name}")
    assert fresh("a + 1") == "42\n"


def test_quotes_around_a_name_and_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quotes are taken off, `~` is the home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    at = Typed()
    at("a = 1", f':save "{tmp_path}/in quotes.grad"', ":save ~/home.grad")
    assert {p.name for p in tmp_path.iterdir()} == {"in quotes.grad", "home.grad"}


def test_a_file_that_exists_is_not_touched(tmp_path: Path) -> None:
    """Unless that is asked for; its mode and a link to it stay."""
    path = tmp_path / "work.grad"
    path.write_text("old")
    path.chmod(0o640)
    link = tmp_path / "link.grad"
    link.symlink_to(path)
    at = Typed()
    said = at("a = 1", f":save {path}")
    assert "it exists" in said
    assert f"`:save! {path}` replaces it" in said.replace("\n", " ")
    assert path.read_text() == "old"
    at(f":save! {link}")
    assert link.is_symlink()
    assert path.read_text().endswith("a = 1\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.grad", "work.grad"]


def test_what_can_not_be_written_is_said(tmp_path: Path) -> None:
    """A folder, a device, a folder that is not there; nothing is left behind."""
    at = Typed()
    at("a = 1")
    for bang in ("", "!"):
        assert "this is a folder" in at(f":save{bang} {tmp_path}")
        assert "a device or a pipe" in at(f":save{bang} /dev/full")
        assert "there is no folder" in at(f":save{bang} {tmp_path}/none/work.grad")
        assert "error" in at(f":save{bang} {tmp_path}/{'x' * 300}")
    assert os.stat("/dev/full").st_rdev
    assert [*tmp_path.iterdir()] == []
    assert "needs the name of a file" in at(":save")
    assert "nothing to save" in Typed()(f":save {tmp_path}/b.grad")


@pytest.mark.parametrize("fails", ["fsync", "replace", "open"])
def test_the_old_content_survives_whatever_fails(fails: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full, a folder that can't be written in."""
    path = tmp_path / "work.grad"
    path.write_text("old")
    at = Typed()
    at("a = 1")

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(f"gradcli.language.files.whole.os.{fails}", full)
        assert "no space left on device" in at(f":save! {path}")
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]


LIMITED = """
import resource, sys
from gradcli.language.files.whole import Unwritable, write_text
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_text(sys.argv[1], "x = 1\\n" * 5000, True)
except Unwritable as error:
    print(error)
"""


def test_a_script_that_does_not_fit_leaves_the_old_one(tmp_path: Path) -> None:
    """With a limit of the system's on how large a file may be."""
    path = tmp_path / "work.grad"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", LIMITED, path], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "file too large\n"
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]


AS_NOBODY = """
import os, sys
from gradcli.language.files.whole import Unwritable, write_text
if os.geteuid() == 0:
    # Root may write everywhere; and what is imported by now, another user may not be let read.
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    write_text(sys.argv[1], "x = 1", replace=True)
except Unwritable as error:
    print(error)
"""


def test_a_folder_that_is_read_only(tmp_path: Path) -> None:
    """The old script stays, for whoever is not root."""
    folder = tmp_path / "closed"
    folder.mkdir()
    path = folder / "work.grad"
    path.write_text("old")
    path.chmod(0o644)
    folder.chmod(0o555)
    for part in tmp_path.parents if os.geteuid() == 0 else ():
        if not os.stat(part).st_mode & 1:
            part.chmod(os.stat(part).st_mode | 0o755)
    tmp_path.chmod(0o755)
    command = [sys.executable, "-c", AS_NOBODY, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    folder.chmod(0o755)
    assert "it is read-only" in done.stdout or "permission denied" in done.stdout, done
    assert path.read_text() == "old"


def test_loading_stops_at_a_mistake(tmp_path: Path) -> None:
    """What ran before stays, is saved with the rest, and is taken back at once."""
    path = tmp_path / "half.grad"
    path.write_text("a = 2\na + 1\nb = missing\nc = 4\n")
    at = Typed()
    said = at(f":load {path}")
    assert "a + 1 = 3" in said
    assert "unknown name `missing`" in said
    assert f"✗ {path}: 2 statements, 0 asserts, stopped at an error" in said
    assert at("a") == "2\n"
    at(f":save {tmp_path}/saved.grad")
    assert (tmp_path / "saved.grad").read_text().splitlines()[1:] == ["a = 2", "a + 1", "a"]
    at(":undo 2")
    assert not at.session.scope
    assert "no such file" in at(f":load {tmp_path}/none.grad")
    assert "needs the name of a file" in at(":load")


def test_run_and_stay(tmp_path: Path) -> None:
    """Files run one after the other in one session; what is piped in goes on from it."""
    first, second = tmp_path / "a.grad", tmp_path / "b.grad"
    first.write_text("a = 2\nassert a == 2\n")
    second.write_text("b = a + 1\n")
    for flag in ("-i", "--interactive"):
        done = gradcli("run", flag, str(first), str(second), stdin="a + b\n:vars b\n")
        assert done.code == 0
        assert f"✓ {first}: 2 statements, 1 assert passed\n- {second}: 1 statement, 0 asserts\n5\n" in done.out
        assert "b = a + 1" in done.out
    assert gradcli("run", str(second), stdin="").code == 2


@pytest.mark.parametrize(("script", "typed", "code"), [("assert false", "", 1), ("x =", "1", 2), ("x = 1", "y", 2)])
def test_run_and_stay_leaves_with_the_worst(script: str, typed: str, code: int, tmp_path: Path) -> None:
    """Where nobody types: that of the scripts or of what follows, which is answered all the same."""
    path = tmp_path / "a.grad"
    path.write_text(script)
    done = gradcli("run", "-i", "--dtype", "float32", str(path), stdin=f"{typed}\n42\n")
    assert done.code == code
    assert "42" in done.out
    assert "float32" in gradcli("run", "-i", "-q", "--dtype", "float32", str(path), stdin="x = ones(2)\n:vars\n").out


def test_a_file_of_run_and_stay_that_is_not_there() -> None:
    """Is said, and the prompt opens."""
    done = gradcli("run", "-i", "none.grad", stdin="1 + 1\n")
    assert (done.code, done.out) == (2, "2\n")
    assert "no such file" in done.err


def test_run_and_stay_as_json(tmp_path: Path) -> None:
    """One document holds what the files and what the commands say."""
    from json import loads

    path = tmp_path / "a.grad"
    path.write_text("a = 2\n")
    done = gradcli("run", "-i", "--format", "json", str(path), stdin="a\n:vars\n:set\n")
    found = loads(done.out)
    assert [r["kind"] for r in found["results"]] == ["value", "value", "value"]
    assert found["results"][1]["value"]["rows"][0][:2] == ["a", "number"]
    assert len(found["files"]) == 1


def test_commands_find_their_handlers() -> None:
    """The entry point that others call."""
    at = Typed()
    run_command("reset", at.prompt.workspace)
    assert not at.session.scope
