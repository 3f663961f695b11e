"""`use`: what another file defines, by name or under one."""

from __future__ import annotations

from pathlib import Path

import pytest

import gradcli as api
from gradcli.session.preview import preview
from gradcli.session.results import Assertion, Shown
from gradcli.session.session import Session
from tests.faces.harness import gradcli
from tests.language.running import error, run, value

LAYERS = """\
#!/usr/bin/env -S gradcli run
use "deep/base.grad" as base
k = 3
scale(x) = k*x + base.offset
slope(x) = diff(scale(x)^2, x)
twice = x -> 2*scale(x)
model net(x):
    param w = [1, 2]
    return sum(w*x)
s = 0
for i in range(3): s = s + scale(i)
set dtype float32
normal((1,)) * 0
assert scale(1) == 4
"""


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that uses another, in a folder."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "layers.grad").write_text(LAYERS)
    (tmp_path / "deep" / "base.grad").write_text("offset = 1\nassert offset == 1\nassert offset == 2\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('use "layers.grad"\nscale(2)', 7),
        ('use "layers.grad" as m\nm.scale(2)', 7),
        ('use "layers.grad" as m\nk = 100\nsin = 5\nm.scale(2), m.twice(1), m.k', (7, 8, 3)),
        ('use "layers.grad"\nk = 100\nscale(2)', 7),
        ('use "layers.grad"\ns', 12),
        ('use "layers.grad" as m\nm.scale\'(2), grad(m.slope)(1), m.slope(2)', (3, 18, 42)),
        ('use "layers.grad" as m\ng(a) = m.slope(a)*a\ng(2), g\'(2)', (84, 78)),
        ('use "layers.grad" as m\nm.net.w = [5, 5]\nuse "layers.grad"\nnet([1, 1])', 10),
        ('use "layers.grad" as m\nuse "deep/base.grad" as b\nb.offset, m.base.offset', (1, 1)),
        ("use = 2\nas = 3\nuse*as + use", 8),
        ("f(use) = use^2\nf(3)", 9),
        ('x = 1; use "layers.grad"; scale(0)', 1),
    ],
)
def test_what_is_had(text: str, expected: object) -> None:
    """Its names, whose functions see the file that they stand in and nothing of the one that uses it."""
    found = value(text)
    assert found == (tuple(map(pytest.approx, expected)) if isinstance(expected, tuple) else pytest.approx(expected))


def test_asserts_count_and_values_are_silent() -> None:
    """Each file is run once in a session; its asserts are reported at their own place."""
    step = run('use "layers.grad"\nuse "layers.grad" as m\nuse "deep/../deep/base.grad"')
    assert [type(result) for result in step.results] == [Assertion] * 3
    places = [(str(r.place), r.passed) for r in step.results if isinstance(r, Assertion)]
    assert places == [("deep/base.grad:2", True), ("deep/base.grad:3", False), ("layers.grad:14", True)]


def test_settings_and_random_numbers_stay_apart() -> None:
    """What a file sets and draws changes nothing for the one that uses it."""
    step = run('set dtype float64\nuse "layers.grad"\nnormal((2,))')
    assert step.session.drawn == 1
    assert step.session.settings.dtype.value == "float64"


def test_paths_are_beside_the_script(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the current folder is; what is typed or piped is in that."""
    (files / "deep" / "up.grad").write_text('use "../layers.grad"\nassert scale(0) == 1\n')
    monkeypatch.chdir("/")
    assert gradcli("run", "-q", str(files / "deep" / "up.grad")).out.endswith("3 asserts passed, 1 failed\n")
    monkeypatch.chdir(files)
    assert gradcli("run", "-", stdin='use "layers.grad"\nscale(0)').out.startswith("scale(0) = 1\n")
    assert gradcli("eval", 'use "layers.grad"; scale(0)').out == "1\n"
    session = api.Session()
    (files / "right.grad").write_text("z = 5\n")
    session.run('use "right.grad" as r')
    assert repr(session.run("r.z")) == "5"


def test_a_module_by_itself() -> None:
    """Is told by its file and its names; one that it lacks is refused with those it has."""
    (*_, shown) = run('use "layers.grad" as m\nm').results
    assert isinstance(shown, Shown)
    assert shown.value.text == "layers.grad: base, k, scale, slope, twice, net, s, i"  # type: ignore[union-attr]
    lacking = error('use "layers.grad" as m\nm.scle')
    assert (lacking.message, lacking.hint) == ("the file `layers.grad` has no `.scle`", "did you mean `scale`?")
    assert error('use "layers.grad" as m\nm + 1').hint is None


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('use "layer.grad"', "can't use `layer.grad`: there is no such file", "did you mean `layers.grad`?"),
        ('use "no/layers.grad"', "there is no such file", "it is looked for at"),
        ('use "data.csv"', "`data.csv` is no script", "whose names end in .grad"),
        ('use "folder.grad"', "this is a folder", None),
        ('use "binary.grad"', "this is not a text in UTF-8: byte FF in line 2", "plain text"),
        ('use "self.grad"', "this file uses itself", "a third file"),
        ('use "one.grad"', "these files use each other: one.grad -> two.grad -> one.grad", "a third file"),
        ("use layers", "an operator or a comma is missing", None),
        ('for i in range(2): use "layers.grad"', "use stands at the top level only", "in front of the loop"),
        ('def f(x):\n    use "layers.grad"\n    return x', "use stands at the top level only", "of the function"),
        ('use "layers.grad" as', "expected a name, but found the end of the line", None),
    ],
)
def test_what_can_not_be_used(text: str, message: str, hint: str | None, files: Path) -> None:
    """A mistake, with its place and what to do."""
    (files / "folder.grad").mkdir()
    (files / "binary.grad").write_bytes(b"x = 1\n\xff")
    (files / "self.grad").write_text('use "self.grad"\n')
    (files / "one.grad").write_text('use "two.grad" as t\n')
    (files / "two.grad").write_text('use "one.grad"\n')
    said = gradcli("eval", text).err
    assert message in said or text == "use layers"
    assert hint is None or hint in said
    assert "^" in said


def test_a_mistake_in_a_file_has_both_places(files: Path) -> None:
    """Its own, and that of the `use`; a file that ends too soon asks nobody for more."""
    (files / "bad.grad").write_text("x = 1\ny = nope\n")
    (files / "short.grad").write_text("x = (\n")
    found = error('x = 2\nuse "bad.grad"')
    assert found.span is not None
    assert (found.span.source.name, found.span.text) == ("bad.grad", "nope")
    assert [label.text for label in found.labels] == ["used from here"]
    assert error('use "short.grad"').message == "`(` is never closed"


def test_a_preview_uses_no_files(files: Path) -> None:
    """Nobody has asked for them yet."""
    (files / "loud.grad").write_text('plot(sin, over=0..1, save="picture.svg")\nx = 1\n')
    assert preview(Session(), 'use "layers.grad"; scale(2)') is None
    session = run('use "layers.grad" as m').session
    found = preview(session, "m.scale(2)")
    assert found is not None
    assert found.value is not None


def test_import_is_told_how_it_is_written() -> None:
    """By the statement that there is."""
    assert error("import layers").hint == 'what another file defines is had by `use "file.grad"`'
