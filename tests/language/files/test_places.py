"""Where a text may read and write: beside it, below, and where it was allowed; nowhere else, by no way."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

import gradcli as library
from gradcli.api.errors import GradcliError
from gradcli.language.files.places import allowing, not_now
from tests.faces.harness import Ran, gradcli
from tests.language.running import error, value


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a script and data in it, a secret above, and another folder beside."""
    for folder in ("work/deep", "lib"):
        (tmp_path / folder).mkdir(parents=True)
    for place in (".", "work", "work/deep", "lib"):
        np.save(tmp_path / place / "x.npy", np.array([1.0, 2.0]))
    (tmp_path / "work" / "out.npy").symlink_to(tmp_path / "x.npy")
    (tmp_path / "work" / "out.svg").symlink_to(tmp_path / "x.svg")
    (tmp_path / "work" / "far").symlink_to(tmp_path / "lib")
    monkeypatch.chdir(tmp_path / "work")


OUTSIDE = ["../x.npy", "deep/../../x.npy", "out.npy", "far/x.npy", "/etc/passwd.json", "deep/../../work2/x.npy"]


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_leads_out(path: str) -> None:
    """Whether there is anything or not; nothing is written either."""
    for text in (f'load("{path}")', f'save("{path}", 1)', f'plot(sin, save="{path[:-4]}.svg")'):
        assert "nothing may be" in error(text).message, text
    assert np.load("../x.npy").tolist() == [1, 2]
    assert "is a link that leads" in error('load("out.npy")').message
    assert error('load("../x.npy")').hint == error('load("../none.npy")').hint


def test_what_lies_below_is_read() -> None:
    """By any path that ends there."""
    here = os.getcwd()
    for path in ("x.npy", "./deep/x.npy", "deep/../x.npy", f"{here}/x.npy", f"../{Path(here).name}/x.npy"):
        assert value(f'load("{path}")').tolist() == [1, 2]
    value('save("deep/y.npy", 1)')
    assert Path("deep/y.npy").exists()


def test_what_is_allowed() -> None:
    """Folders, and single files."""
    with allowing(["../lib"]):
        assert value('load("../lib/x.npy")').tolist() == [1, 2]
        assert "nothing may be" in error('load("../x.npy")').message
    with allowing(["../x.npy"]):
        assert value('load("../x.npy")').tolist() == [1, 2]
        assert "nothing may be" in error('load("../lib/x.npy")').message


def ran(path: str, text: str, *words: str) -> Ran:
    """A script, run."""
    Path(path).write_text(text)
    return gradcli("run", path, *words)


def test_a_script_has_its_own_folder() -> None:
    """Wherever it is run from; the current folder is none of its own."""
    assert ran("../lib/a.grad", 'load("x.npy")').code == 0
    assert "nothing may be read" in ran("../lib/a.grad", 'load("../work/x.npy")').err
    assert ran("../lib/a.grad", 'load("../work/x.npy")', "--allow", ".").code == 0
    both = os.pathsep.join(["deep", "."])
    assert ran("../lib/a.grad", 'load("../work/x.npy")', "--allow", both).code == 0
    assert ran("../lib/a.grad", 'save("y.npz", x=1)').code == 0
    assert Path("../lib/y.npz").exists()
    assert gradcli("eval", 'load("../x.npy")').code == 2
    assert gradcli("eval", 'load("../x.npy")', "--allow", "..").code == 0


def test_a_file_that_is_used_opens_no_door() -> None:
    """What it loads lies beside it, and has to lie where the script may load from that is run."""
    Path("../lib/data.grad").write_text('read(name) = load(name)\nx = load("x.npy")\n')
    assert "nothing may be read" in ran("a.grad", 'use "../lib/data.grad"').err
    assert ran("a.grad", 'use "../lib/data.grad"\nassert x[1] == 2', "--allow", "../lib").code == 0
    Path("../lib/data.grad").write_text("read(name) = load(name)\n")
    assert "nothing may be read" in ran("a.grad", 'use "../lib/data.grad"\nread("x.npy")').err
    Path("deep/data.grad").write_text('x = load("x.npy")\n')
    assert ran("a.grad", 'use "deep/data.grad"\nassert x[1] == 2').code == 0


def test_python() -> None:
    """A session has the current folder, and what it is given."""
    session = library.Session()
    assert session.evaluate('load("x.npy")').tolist() == [1, 2]
    with pytest.raises(GradcliError, match="nothing may be read"):
        session.run('load("../x.npy")')
    allowed = library.Session(allow=[Path("..")])
    assert allowed.evaluate('load("../x.npy")').tolist() == [1, 2]
    allowed.run('d = load("../lib/x.npy"); save("w.npz", a=d, b=1)')
    found = allowed.evaluate('load("w.npz")')
    assert found["a"].tolist() == [1, 2]
    assert found["b"] == 1
    with pytest.raises(GradcliError):
        session.run('load("../x.npy")')


def test_not_while_it_is_typed() -> None:
    """Nothing is read or written before the statement is run."""
    with not_now():
        assert "where the statement is run" in error('load("x.npy")').message
        assert "where the statement is run" in error('save("z.npy", 1)').message
    assert not Path("z.npy").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes with names")
def test_devices_and_pipes() -> None:
    """Nobody waits for what never ends."""
    os.mkfifo("p.npy")
    assert "is a pipe" in error('load("p.npy")').message
    assert "no file but a device or a pipe" in error('save("p.npy", 1)').message
    assert "can't read" in error('load("deep")').message or "values can't" in error('load("deep")').message
