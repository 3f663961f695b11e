"""Pictures as files: of each kind, never in the place of something else."""

from __future__ import annotations

import stat
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from gradcli.session.results import Contours, Plot
from tests.language.running import error, run, value

BEGINNINGS = {".svg": b"<?xml", ".png": b"\x89PNG\r\n\x1a\n", ".pdf": b"%PDF-"}
DRAWN = [
    "plot(sin, cos, over=(-3, 3), ",
    "plot(tan, ",
    "plot((x, y) -> x*y, ",
    "plot((x, y) -> x < y, ",
    "plot((x, y) -> 1, ",
]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("suffix", [*BEGINNINGS, ".SVG", ".PNG"])
@pytest.mark.parametrize("drawn", DRAWN)
def test_a_picture_is_written(suffix: str, drawn: str, tmp_path: Path) -> None:
    """Under its name, readable as what it says it is; it may be drawn again, and is the same then."""
    path = tmp_path / f"picture{suffix}"
    found = value(f'{drawn}save="{path}")')
    assert isinstance(found, (Plot, Contours))
    assert found.saved == str(path)
    before = path.read_bytes()
    assert before.startswith(BEGINNINGS[suffix.lower()])
    value(f'{drawn}save="{path}")')
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert stat.S_IMODE(path.stat().st_mode) & 0o400


def test_a_picture_has_names_and_numbers(tmp_path: Path) -> None:
    """A title, a legend, and the variable; text in an SVG is text."""
    path = tmp_path / "a.svg"
    value(f'f(t) = t^2; plot(f, f\', over=(-3, 3), save="{path}")')
    texts = {e.text for e in ElementTree.parse(path).iter() if e.tag.endswith("text")}
    assert {"f, f'", "f", "f'", "t"} <= texts
    value(f'plot((u, v) -> u*v, save="{path}")')
    texts = {e.text for e in ElementTree.parse(path).iter() if e.tag.endswith("text")}
    assert {"(u, v) -> u*v", "u", "v"} <= texts


def test_what_a_name_says_is_no_markup(tmp_path: Path) -> None:
    """Dollar signs and angle brackets are letters."""
    path = tmp_path / "a.svg"
    value(f'plot(x -> x if x < 1 else 2, x -> sum([x, x]), over=(0, 2), save="{path}")')
    assert "x -> x if x < 1 else 2" in {e.text for e in ElementTree.parse(path).iter()}


@pytest.mark.parametrize("suffix", [*BEGINNINGS])
def test_what_is_no_such_picture_stays(suffix: str, tmp_path: Path) -> None:
    """A file that is something else, an empty one, or a folder, is refused and left alone."""
    path = tmp_path / f"notes{suffix}"
    for content in (b"my notes", b"", b"\x89PN" if suffix != ".png" else b"<svg"):
        path.write_bytes(content)
        found = error(f'plot(sin, save="{path}")')
        assert (found.kind, found.hint) == ("file", "choose another name")
        assert "is there already" in found.message
        assert path.read_bytes() == content
    path.unlink()
    path.mkdir()
    assert "is a folder" in error(f'plot(sin, save="{path}")').message


def test_nothing_is_written_where_nothing_can_be_drawn(tmp_path: Path) -> None:
    """A mistake leaves no file."""
    assert "no finite value" in error(f'plot(log, over=(-2, -1), save="{tmp_path}/a.svg")').message
    assert not [*tmp_path.iterdir()]


def test_a_folder_that_takes_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence, whatever the system says, and nothing is left there."""

    def refuse(*args: object, **given: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", refuse)
    found = error(f'plot(sin, save="{tmp_path}/a.svg")')
    assert found.message == f"can't write `{tmp_path}/a.svg`: permission denied"
    assert not [*tmp_path.iterdir()]


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file is refused with what to install; the terminal needs none."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    found = error(f'plot(sin, save="{tmp_path}/a.svg")')
    assert found.message == "pictures in files need matplotlib, which is not installed"
    assert found.hint == "pip install 'gradcli[plot]'"
    assert not run("plot(sin)").diagnostics
