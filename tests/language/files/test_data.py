"""`load` and `save`: what comes back is what was there, and what can't be saved or read is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcli.session.results import Listing, Shown
from tests.language.running import error, run, value


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


ARRAYS = [
    np.array([0.1, -2.5e-300, np.nan, np.inf, -np.inf, 5e-324, -0.0]),
    np.array([[1 / 3, 2.0], [1e22, 123456789.123456789]]),
    np.array([1, 2, -(2**62)]),
    np.array([[True, False]]),
    np.array([1 / 3, 1e-38], dtype=np.float32),
    np.zeros((2, 0, 3)),
    np.arange(24.0).reshape(2, 3, 4),
]


def written(array: np.ndarray) -> str:
    """A text that makes this array."""
    if not array.size:
        return f"zeros({array.shape})"
    names = {True: "true", False: "false"}

    def text(x: Any) -> str:
        return f"[{', '.join(map(text, x))}]" if isinstance(x, list) else names[x] if isinstance(x, bool) else repr(x)

    made = text(array.tolist())
    return f"{array.dtype.name}({made})" if array.dtype.name in ("int64", "float32") else made


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}{a.shape}")
@pytest.mark.parametrize("kind", ["npy", "npz", "safetensors", "json"])
def test_what_is_saved_is_loaded(array: np.ndarray, kind: str) -> None:
    """The same numbers, of the same shape; where the format has them, of the same type."""
    text = f'a = {written(array)}; save("x.{kind}", ' + ("a)" if kind == "npy" else "a=a)")
    value(text)
    found = value(f'load("x.{kind}")' + ("" if kind == "npy" else ".a"))
    expected = array.astype(float) if kind == "json" and array.dtype != bool else array
    if kind == "json" and not array.size:
        pytest.skip("lists don't say how wide no rows are")
    if kind == "json" and array.dtype.name == "float32":
        found = found.astype(np.float32)
        expected = array
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


TABLES = [array for array in ARRAYS if array.ndim < 3 and array.dtype != bool]


@pytest.mark.parametrize("array", TABLES, ids=lambda a: f"{a.dtype}{a.shape}")
def test_tables(array: np.ndarray) -> None:
    """Every digit comes back; a vector is a column."""
    value(f'save("x.csv", {written(array)})')
    found = value('load("x.csv")')
    expected = array.reshape(len(array), -1)
    np.testing.assert_array_equal(found.astype(array.dtype), expected)


def test_numpy_reads_what_is_saved() -> None:
    """And the other way round."""
    value('save("w.npz", w=[[1, 2]], b=0.5, n=int64([3])); save("x.npy", [1, 2])')
    with np.load("w.npz", allow_pickle=False) as archive:
        assert archive.files == ["w", "b", "n"]
        np.testing.assert_array_equal(archive["w"], [[1.0, 2.0]])
        assert archive["b"] == 0.5
        assert archive["n"].dtype == np.int64
    np.testing.assert_array_equal(np.load("x.npy", allow_pickle=False), [1.0, 2.0])
    np.save("half.npy", np.array([0.1], dtype=np.float16))
    np.save("short.npy", np.array([3], dtype=np.int16))
    assert value('load("half.npy").dtype') == "float32"
    assert value('load("short.npy").dtype') == "int64"


def test_values_by_name() -> None:
    """By a point, by a text, by the beginning of a name, and all of them."""
    arrays: dict[str, Any] = {"net.weight": np.ones((1, 2)), "net.bias": np.zeros(1), "odd name": np.array(3)}
    np.savez("w.npz", **arrays)
    assert value('d = load("w.npz"); d.names') == ("net.weight", "net.bias", "odd name")
    assert value('load("w.npz")["odd name"]') == 3
    assert value('load("w.npz").net.weight.shape') == (1, 2)
    assert value('load("w.npz").net.names') == ("weight", "bias")
    assert value('d = load("w.npz"); f(x) = sum(d.net.weight @ x); grad(f)([1, 2])').tolist() == [1, 1]
    (shown,) = run('load("w.npz")').results
    assert isinstance(shown, Shown)
    assert isinstance(shown.value, Listing)
    assert [row[0] for row in shown.value.rows] == ["net.weight", "net.bias", "odd name"]


def test_tables_by_column() -> None:
    """With names above, without, and with columns that hold none."""
    Path("d.csv").write_text('time,"unit price",who\n0,1.5,ann\n1,2,bob\n')
    assert value('load("d.csv")["unit price"]').tolist() == [1.5, 2]
    assert value('load("d.csv").names') == ("time", "unit price", "who")
    assert "no number" in error('load("d.csv").who').message
    assert "`who` is none" in error('load("d.csv").matrix').message
    Path("n.csv").write_text("x,y\n1,2\n3,4\n")
    assert value('load("n.csv").matrix').tolist() == [[1, 2], [3, 4]]
    Path("bare.csv").write_text("1;2\n3;4\n")
    assert value('load("bare.csv")').tolist() == [[1, 2], [3, 4]]


def test_json() -> None:
    """Objects are values by name; lists tensors, or tuples of what makes none."""
    data = {"n": 3, "t": "text", "x": [[1, 2], [3, 4]], "in": {"y": [True, False]}, "no": None, "mixed": [1, "a", [2]]}
    Path("d.json").write_text(json.dumps(data))
    assert value('load("d.json").n') == 3
    assert value('load("d.json").t') == "text"
    assert value('load("d.json").x').tolist() == [[1, 2], [3, 4]]
    assert value('load("d.json")["in"].y').tolist() == [True, False]
    assert value('d = load("d.json"); d.mixed[1]') == "a"
    value('save("e.json", load("d.json"))')
    assert json.loads(Path("e.json").read_text()) == data
    value('save("t.json", (1, "a", (2, none), [1/3]))')
    assert json.loads(Path("t.json").read_text()) == [1, "a", [2, None], [1 / 3]]


def test_parameters_are_saved_under_their_names() -> None:
    """As they are now, after training too."""
    for kind in ("npz", "safetensors", "json"):
        text = f'net = Dense(2, 1); net.bias = [7]; save("net.{kind}", params(net)); d = load("net.{kind}"); '
        assert value(f"{text} d.names") == ("weight", "bias")
        assert value(f"{text} d.bias").tolist() == [7]
        assert value(f"{text} allclose(d.weight, net.weight)")
    value('net = Dense(2, 1); save("all.npz", net=params(net), step=3)')
    assert value('load("all.npz").names') == ("net.weight", "net.bias", "step")
    assert value('save("t.npz", ([1], [2, 3])); load("t.npz").arr_1').tolist() == [2, 3]


def test_the_same_values_are_the_same_bytes() -> None:
    """Whenever they are saved, and a path comes back that can be loaded."""
    for kind in ("npy", "npz", "csv", "json", "safetensors"):
        assert value(f'load(save("a.{kind}", [1, 2]))') is not None
        before = Path(f"a.{kind}").read_bytes()
        value(f'save("a.{kind}", [1, 2])')
        assert Path(f"a.{kind}").read_bytes() == before
    assert {path.name.partition(".")[0] for path in Path().iterdir()} == {"a"}


def test_float32_sessions() -> None:
    """What is float64 in a file is of the type that numbers are."""
    np.savez("w.npz", a=np.array([1.0]), i=np.array([1]), s=np.array([1], dtype=np.float32))
    assert value('set dtype float32; load("w.npz").a.dtype') == "float32"
    assert value('load("w.npz").s.dtype') == "float32"
    assert value('set dtype float32; load("w.npz").i.dtype') == "int64"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('load("none.npy")', "there is no file"),
        ('load("x.txt")', "values can't be read from"),
        ("load(3)", "is a text"),
        ('save("x.grad", 1)', "`.grad` is no kind of file that is saved"),
        ('save("x", 1)', "doesn't say of what kind it is"),
        ('save("x.npy")', "needs something to write"),
        ('save("x.npy", 1, a=2)', "not both"),
        ('save("x.npy", a=1, b=2)', "holds one array"),
        ('save("x.npz", a="text")', "is a text, and numbers and tensors are saved"),
        ('save("x.npz", a=2^70)', "beyond 64 bits"),
        ('save("x.npz", a=sin)', "is the built-in `sin`"),
        ('save("x.csv", a=[1], b=[1, 2])', "columns are of one length"),
        ('save("x.csv", a=[[1]])', "a column is a vector"),
        ('save("x.csv", ([1], [2]))', "columns with names"),
        ('save("x.csv", zeros((1, 1, 1)))', "rows and columns"),
        ('save("no/x.npy", 1)', "there is no folder"),
        ('save("w.npz", w=1); load("w.npz").v', "has no `v`"),
        ('save("w.npz", w=1); load("w.npz")[0]', "picked by name"),
        ('f(x) = save("x.npy", x); grad(f)(1)', "must be known"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    """In words, and with nothing written."""
    assert said in error(text).message
    assert not Path("x.npy").exists()


def test_a_script_is_never_replaced() -> None:
    """Not through a link with another name either."""
    Path("s.grad").write_text("1 + 1\n")
    Path("x.npy").symlink_to("s.grad")
    assert "no kind of file that is saved" in error('save("x.npy", 1)').message
    assert Path("s.grad").read_text() == "1 + 1\n"


def test_archives_that_swell() -> None:
    """A small file that unpacks to more than there may be is refused before."""
    np.savez_compressed("big.npz", a=np.zeros(2_000_000))
    assert "larger than" in error('set max_memory 0.01; load("big.npz")').message
