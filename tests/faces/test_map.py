"""`gradcli map`: every row of a table is a point, or all rows are one loss."""

from __future__ import annotations

import io
import json
import math
import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

import gradcli.session.rows as gradcli_rows
from gradcli.session.rows.columns import BLOCK, Chunk
from gradcli.session.rows.journal import Done
from gradcli.session.rows.mapping import RowProgram
from tests.faces.harness import gradcli

ROWS = 3 * BLOCK + 1_000
F = "x^2*sin(y)"


def points(rows: int = ROWS) -> dict[str, np.ndarray[Any, Any]]:
    """Two columns of numbers."""
    rng = np.random.default_rng(1)
    return {"x": rng.uniform(1, 2, rows), "y": rng.uniform(-3, 3, rows)}


def truth(x: Any, y: Any) -> dict[str, Any]:
    """What the columns of F are, by hand."""
    return {
        "f": x**2 * np.sin(y),
        "df_dx": 2 * x * np.sin(y),
        "df_dy": x**2 * np.cos(y),
        "d2f_dx2": 2 * np.sin(y),
        "d2f_dxdy": 2 * x * np.cos(y),
        "d2f_dy2": -(x**2) * np.sin(y),
    }


def write(path: Path, columns: dict[str, Any]) -> str:
    """A table in the format that a name says."""
    if path.suffix == ".npz":
        np.savez(path, **columns)
    elif path.suffix == ".npy":
        table = np.empty(len(columns["x"]), [(n, c.dtype) for n, c in columns.items()])
        for name, column in columns.items():
            table[name] = column
        np.save(path, table)
    else:
        pa = pytest.importorskip("pyarrow")
        import pyarrow.csv
        import pyarrow.feather
        import pyarrow.parquet

        table = pa.table(columns)
        if path.suffix == ".parquet":
            pyarrow.parquet.write_table(table, path, row_group_size=10_001)
        elif path.suffix == ".csv":
            pyarrow.csv.write_csv(table, path)
        else:
            pyarrow.feather.write_feather(table, path, "uncompressed", chunksize=777)
    return str(path)


def read(path: Path) -> dict[str, Any]:
    """The columns of a table."""
    if path.suffix == ".npz":
        with np.load(path) as file:
            return {name: file[name] for name in file.files if name != "gradcli"}
    if path.suffix == ".npy":
        array = np.load(path)
        return {name: array[name] for name in array.dtype.names}
    pytest.importorskip("pyarrow")
    import pyarrow.csv
    import pyarrow.feather
    import pyarrow.parquet

    make: Any = {
        ".parquet": pyarrow.parquet.read_table,
        ".csv": pyarrow.csv.read_csv,
        ".arrow": pyarrow.feather.read_table,
    }[path.suffix]
    table = make(path)
    return {name: np.array(table[name].to_pylist()) for name in table.column_names}


def metadata(path: Path) -> Any:
    """What made a file."""
    if path.suffix == ".npz":
        with np.load(path) as file:
            return json.loads(str(file["gradcli"]))
    import pyarrow as pa
    import pyarrow.parquet

    schema = pa.parquet.read_schema(path) if path.suffix == ".parquet" else pa.ipc.open_file(path).schema
    return json.loads(schema.metadata[b"gradcli"])


@pytest.mark.parametrize("ending", [".npz", ".npy", ".csv", ".parquet", ".arrow"])
def test_every_format_is_read_and_written(ending: str, tmp_path: Path) -> None:
    """The columns have the names of derivatives, and what they should be."""
    data, out = write(tmp_path / f"points{ending}", points()), tmp_path / f"out{ending}"
    ran = gradcli("map", F, "--data", data, "--out", str(out), "--order", "2")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"{ROWS:,} rows of {data}, {ROWS:,} written to {out}\n"
    found, wanted = read(out), truth(**points())
    assert [*found] == [*wanted]
    for name, column in wanted.items():
        assert np.allclose(found[name], column, rtol=1e-14, atol=1e-14), name
    assert os.listdir(tmp_path) == [f"points{ending}", f"out{ending}"] or len(os.listdir(tmp_path)) == 2
    if ending not in (".csv", ".npy"):
        made = metadata(out)
        assert (made["source"], made["order"], made["outputs"]) == (F, 2, [*wanted])


@pytest.mark.parametrize("ending", [".npz", ".parquet"])
def test_chunks_and_workers_change_no_bit(ending: str, tmp_path: Path) -> None:
    """What a row gives depends on its place alone, also where matrices are multiplied."""
    rng = np.random.default_rng(2)
    data = write(tmp_path / "d.npz", {"x": rng.standard_normal((ROWS, 7)), "y": rng.standard_normal(ROWS)})
    f = "exp(sin(y*sum(x*linspace(1, 2, 7)))) + tanh(x @ linspace(0, 1, 7))*log(y^2)"
    seen = set()
    for chunk, jobs in ((1, 1), (BLOCK, 2), (2 * BLOCK, 3), (10**9, 2)):
        out = tmp_path / f"{chunk}{ending}"
        if ending == ".parquet":
            pytest.importorskip("pyarrow")
        ran = gradcli("map", f, "--data", data, "--out", str(out), "--chunk", str(chunk), "-j", str(jobs))
        assert (ran.code, ran.err) == (0, "")
        found = read(out)
        # What an input is of several numbers, its derivative is too.
        assert [np.shape(c) for c in found.values()] == [(ROWS,), (ROWS,), (ROWS, 7)]
        seen.add(b"".join(column.tobytes() for column in found.values()))
    assert len(seen) == 1


def test_the_greeks_of_options_from_parquet(tmp_path: Path) -> None:
    """The sample's function over rows, as the formulas in the books have them."""
    rng = np.random.default_rng(7)
    ends = {"S": (80, 120), "K": (80, 120), "v": (0.1, 0.4), "r": (0, 0.05), "T": (0.1, 2)}
    options = {name: rng.uniform(*between, 1_000) for name, between in ends.items()}
    data, out = write(tmp_path / "d.parquet", options), tmp_path / "o.parquet"
    ran = gradcli("map", "samples/black_scholes.grad::call", "--data", data, "--out", str(out), "--order", "2")
    assert (ran.code, ran.err) == (0, "")
    found = read(out)
    s, k, v, r, t = options.values()
    a = (np.log(s / k) + (r + v**2 / 2) * t) / (v * np.sqrt(t))
    b = a - v * np.sqrt(t)
    density = np.exp(-(a**2) / 2) / np.sqrt(2 * np.pi)
    vega = s * density * np.sqrt(t)
    wanted = {
        "call": s * ndtr(a) - k * np.exp(-r * t) * ndtr(b),
        "dcall_dS": ndtr(a),
        "dcall_dv": vega,
        "dcall_dr": k * t * np.exp(-r * t) * ndtr(b),
        "d2call_dS2": density / (s * v * np.sqrt(t)),
        "d2call_dSdv": -density * b / v,
        "d2call_dv2": vega * a * b / v,
    }
    assert len(found) == 21
    for name, column in wanted.items():
        assert np.allclose(found[name], column, rtol=1e-10, atol=1e-12), name


def test_columns_are_chosen_put_together_and_filtered(tmp_path: Path) -> None:
    """Inputs are columns of other names, several side by side, values, or what the file says."""
    script = tmp_path / "m.grad"
    script.write_text("k = 2\nmodel net(v, t, k, s=1):\n    param w = [3, 5]\n    return k*s*t*(v @ w)\n")
    columns = {"price": np.arange(5.0), "qty": np.arange(5) * 2, "t": np.ones(5), "odd": np.arange(5) % 2 == 1}
    data, out = str(tmp_path / "d.npz"), tmp_path / "o.npz"
    np.savez(data, **columns)
    options = ["--data", data, "--columns", "v=[price, qty]", "--where", "price > 0 and not odd", "--out", str(out)]
    ran = gradcli("map", f"{script}::net", "s=10", *options, "--wrt", "v,w")
    assert (ran.code, ran.err) == (0, "")
    found = read(out)
    p = np.array([2.0, 4.0])
    assert np.array_equal(found["net"], 20 * (3 * p + 10 * p))
    assert np.array_equal(found["dnet_dv"], [[60, 100], [60, 100]])
    assert np.array_equal(found["dnet_dw"], np.stack([20 * p, 40 * p], 1))


def test_streams() -> None:
    """CSV from standard input to standard output; Arrow is told by its first bytes."""
    pa = pytest.importorskip("pyarrow")
    text = "a;b\n1;2\n3;4\n"
    ran = gradcli("map", "a*b", "--data", "-", "--out", "-", stdin=text)
    assert (ran.code, ran.out, ran.err) == (0, "f,df_da,df_db\n2,2,1\n12,4,3\n", "")
    sink = io.BytesIO()
    table = pa.table({"a": [1.0, 2.0]})
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write(table)
    command = [sys.executable, "-m", "gradcli", "map", "a^2", "--data", "-", "--out", "-", "--as", "arrow"]
    done = subprocess.run(command, input=sink.getvalue(), capture_output=True, check=True)
    assert pa.ipc.open_stream(done.stdout).read_all().to_pydict() == {"f": [1.0, 4.0], "df_da": [2.0, 4.0]}


BAD = "x,y\n1,2\n4,4\nno,1\n,2\n0,5\n-1,2\n"


def test_bad_rows_end_it_are_left_out_or_stay(tmp_path: Path) -> None:
    """Cells without numbers, and values that are none; the rows are told by number."""
    pytest.importorskip("pyarrow")
    data, out = tmp_path / "d.csv", tmp_path / "o.csv"
    data.write_text(BAD)
    asked = ["map", "sqrt(x)*y/x", "--data", str(data), "--out", str(out), "--order", "0"]
    ran = gradcli(*asked)
    assert ran.code == 2
    assert f"row 2 of `{data}` lacks a number; the first row is 0" in ran.err
    assert os.listdir(tmp_path) == ["d.csv"]
    ran = gradcli(*asked, "--on-error", "skip")
    assert ran.code == 0
    assert "4 rows" in ran.err
    assert "left out: 2, 3, 4, 5" in ran.err
    assert out.read_text() == "f\n2\n2\n"
    ran = gradcli(*asked, "--on-error", "nan", "--overwrite")
    assert out.read_text() == "f\n2\n2\nnan\nnan\nnan\nnan\n"
    assert "have nan or an infinity in them: 2, 3, 4, 5" in ran.err
    ran = gradcli(*asked, "--overwrite", "--where", "x > 0")
    assert (ran.code, ran.err) == (0, "")


def test_nulls_in_columns_of_every_kind(tmp_path: Path) -> None:
    """Of numbers, of true and false, of lists and within them."""
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    table = pa.table(
        {
            "i": pa.array([1, None, 3, 4, 5]),
            "b": pa.array([True, True, None, False, True]),
            "v": pa.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0], None, [1.0, None]], pa.list_(pa.float32(), 2)),
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "d.parquet")
    out = tmp_path / "o.npz"
    f = "(i, b, v) -> where(b, i, 2i)*sum(v)"
    asked = ["map", f, "--data", str(tmp_path / "d.parquet"), "--out", str(out), "--on-error", "skip"]
    ran = gradcli(*asked)
    assert "left out: 1, 2, 3, 4" in ran.err
    assert read(out)["f"].tolist() == [3.0]


KILLED = """
import os, signal, sys
from gradcli.session.rows.journal import Journal
append, count = Journal.append, 0
def kill(self, done):
    global count
    count += 1
    append(self, done)
    if count == 2:
        self._file.write(b"rows, but not all of a frame")
        self._file.flush()
        os.kill(os.getpid(), signal.SIGKILL)
Journal.append = kill
from gradcli.__main__ import main
main()
"""


@pytest.mark.parametrize("ending", [".npz", ".npy", ".csv", ".parquet", ".arrow"])
def test_resuming_behind_kill_9(ending: str, tmp_path: Path) -> None:
    """The output is that of a run without an end before its time, and what was computed is not computed again."""
    data = write(tmp_path / "d.npz", points())
    whole, out = tmp_path / f"whole{ending}", tmp_path / f"out{ending}"
    asked = ["map", F, "--data", data, "--chunk", str(BLOCK)]
    if ending not in (".npz", ".npy"):
        pytest.importorskip("pyarrow")
    assert gradcli(*asked, "--out", str(whole)).code == 0
    killed = subprocess.run([sys.executable, "-c", KILLED, *asked, "--out", str(out)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not out.exists()
    assert (tmp_path / f"out{ending}.partial").is_dir()
    ran = gradcli(*asked, "--out", str(out))
    assert "--resume goes on from there" in ran.err
    other = gradcli("map", "x", "--data", data, "--out", str(out), "--resume")
    assert "is of another formula" in other.err
    computed: list[int] = []
    call = RowProgram.__call__

    def counted(self: RowProgram, chunk: Chunk) -> Done:
        computed.append(chunk.first)
        return call(self, chunk)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RowProgram, "__call__", counted)
        # Chunks of another size go on at the same row.
        ran = gradcli(*asked[:-1], str(2 * BLOCK), "--out", str(out), "--resume")
    assert (ran.code, ran.err) == (0, "")
    assert computed == [2 * BLOCK]
    assert {n: c.tobytes() for n, c in read(out).items()} == {n: c.tobytes() for n, c in read(whole).items()}
    assert not (tmp_path / f"out{ending}.partial").exists()


INTERRUPTED = re.sub(r"self\._file\.write.*", "pass", KILLED).replace("SIGKILL", "SIGINT")


def test_ctrl_c_says_what_is_kept(tmp_path: Path) -> None:
    """It leaves as an interrupted program does, and goes on from there."""
    data, out = write(tmp_path / "d.npz", points()), tmp_path / "o.npz"
    asked = ["map", F, "--data", data, "--chunk", str(BLOCK), "--out", str(out)]
    ran = subprocess.run([sys.executable, "-c", INTERRUPTED, *asked], capture_output=True, text=True, check=False)
    assert ran.returncode == 130
    assert ran.stderr == f"note: what was computed is kept in `{out}.partial`; --resume goes on from there\n"
    assert not out.exists()
    assert gradcli(*asked, "--resume").code == 0
    assert np.allclose(read(out)["f"], truth(**points())["f"], rtol=1e-14)


def test_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy's files do; of the others it is said what they need."""
    monkeypatch.delitem(sys.modules, "gradcli.session.rows.arrow", raising=False)
    monkeypatch.delattr(gradcli_rows, "arrow", raising=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    data = write(tmp_path / "d.npz", points(10))
    assert gradcli("map", F, "--data", data, "--out", str(tmp_path / "o.npz")).code == 0
    for more in (["--data", "samples/iris.csv", "--out", str(tmp_path / "o.npy")], ["--data", data, "--out", "-"]):
        ran = gradcli("map", F, *more)
        assert ran.code == 2
        assert "needs pyarrow, which is not installed" in ran.err
        assert "pip install 'gradcli[data]'" in ran.err
    assert sorted(os.listdir(tmp_path)) == ["d.npz", "o.npz"]


FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
from gradcli.__main__ import main
main()
"""


@pytest.mark.parametrize("ending", [".npz", ".parquet"])
def test_a_disk_that_is_full(ending: str, tmp_path: Path) -> None:
    """One message; what was computed is kept, and gone on with where there is room."""
    if ending == ".parquet":
        pytest.importorskip("pyarrow")
    data = write(tmp_path / "d.npz", points())
    out = tmp_path / f"o{ending}"
    asked = ["map", F, "--data", data, "--chunk", str(BLOCK), "--out", str(out)]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    ran = subprocess.run([sys.executable, "-c", FULL, *asked], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"error: can't write `{out}`: file too large")
    assert ran.stderr.count("error:") == 1
    assert not out.exists()
    assert gradcli(*asked, "--resume").code == 0
    assert np.allclose(read(out)["f"], truth(**points())["f"], rtol=1e-14)


IRIS = "samples/iris.csv"
SPECIES = (IRIS, "--columns", "x=species")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["f.csv"], "there is no file `f.csv`"),
        (["README.md"], "`README.md` is no table that can be read"),
        (["*.nothing"], "no file is called as `*.nothing` says"),
        (["samples"], "`samples` has no column `x`"),
        ([IRIS, "--columns", "x=sepal_lenth"], "did you mean `sepal_length`?"),
        ([IRIS, "--columns", "x"], "`x` names no column"),
        ([IRIS, "--columns", "z=species"], "`f` has no input `z`"),
        (
            [*SPECIES, "--where", "specis > 0"],
            "has no column `specis`",
        ),
        ([*SPECIES, "--where", "species"], "--where is true or false in each row"),
        (
            [*SPECIES, "--out", "o.foo"],
            "`o.foo` does not say what is to be written",
        ),
        ([*SPECIES, "--out", "no/o.csv"], "there is no folder `no`"),
        ([*SPECIES, "--out", "-", "--resume"], "--resume goes on with a file"),
        (
            [*SPECIES, "--out", "-", "--as", "npz"],
            "can't be written to standard output",
        ),
        ([*SPECIES, "--chunk", "0"], "a chunk has rows"),
        ([*SPECIES, "--reduce", "max"], "rows can't be reduced by `max`"),
        ([*SPECIES, "--on-error", "stop"], "bad rows can't be met with `stop`"),
        ([*SPECIES, "--hvp", "w=1"], "--hvp is of a sum"),
        ([*SPECIES, "--wrt", "z"], "has no input or parameter `z`"),
        ([*SPECIES, "--reduce", "sum", "--out", "o.csv"], "is no table"),
        ([*SPECIES, "--reduce", "sum"], "no parameters to differentiate by"),
    ],
)
def test_what_is_refused(options: list[str], said: str, tmp_path: Path) -> None:
    """One message, and nothing is left."""
    pytest.importorskip("pyarrow")
    out = [] if "--out" in options or "--reduce" in options else ["--out", str(tmp_path / "o.csv")]
    ran = gradcli("map", "x^2", "--data", *options, *out)
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("error:") == 1
    assert ran.out == ""
    assert not os.listdir(tmp_path)


def test_broken_files_and_files_that_differ(tmp_path: Path) -> None:
    """A file that breaks off, one of another kind, texts where numbers are asked for, and an output that exists."""
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    whole = write(tmp_path / "a.parquet", points(1_000))
    out = tmp_path / "o.csv"

    def said(data: Path | str, f: str = "x^2", *more: str) -> str:
        ran = gradcli("map", f, "--data", str(data), "--out", str(out), *more)
        assert ran.code == 2
        assert ran.err.count("error:") == 1
        assert not out.exists()
        return ran.err

    broken = tmp_path / "b.parquet"
    broken.write_bytes(Path(whole).read_bytes()[:-100])
    assert "is broken, or is no Parquet file" in said(broken)
    broken.write_bytes(b"x,y\n1,2\n")
    assert "is broken, or is no Parquet file" in said(broken)
    broken.unlink()
    for ending in (".npz", ".npy", ".arrow"):
        file = tmp_path / f"b{ending}"
        write(file, points(1_000))
        file.write_bytes(file.read_bytes()[:-5_000])
        assert "is broken, or is no" in said(file)
        file.unlink()
    texts = pa.table({"x": ["a", "b"], "z": [1, 2]})
    pyarrow.parquet.write_table(texts, tmp_path / "c.parquet")
    assert "the column `x` of" in said(tmp_path / "c.parquet")
    # The files of a folder are one table.
    folder = said(tmp_path / "*.parquet", "y")
    assert "has no column `y`" in folder
    assert "the column `x` is texts in" in said(tmp_path / "*.parquet", "x")
    (tmp_path / "c.parquet").unlink()
    write(tmp_path / "b.parquet", {name: column + 10 for name, column in points(500).items()})
    ran = gradcli("map", "x", "--data", str(tmp_path), "--out", str(out), "--order", "0")
    assert ran.code == 0
    wanted = np.concatenate([points(1_000)["x"], points(500)["x"] + 10])
    assert np.array_equal(read(out)["f"], wanted)
    ran = gradcli("map", "x", "--data", whole, "--out", str(out))
    assert "it exists" in ran.err
    assert "--overwrite replaces it" in ran.err


LOSS = "model loss(x, y):\n    param w = [0.1, -0.2]\n    param b = 0.3\n    return (x @ w + b - y)^2\n"


def test_a_sum_over_all_rows(tmp_path: Path) -> None:
    """Value, gradient and a product with the Hessian, by hand; the same to the bit whatever the chunks and workers."""
    script = tmp_path / "m.grad"
    script.write_text(LOSS)
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((ROWS, 2)), rng.standard_normal(ROWS)
    x[7] = np.nan
    data = str(tmp_path / "d.npz")
    np.savez(data, x=x, y=y)
    seen = set()
    for chunk, jobs in ((BLOCK, 1), (2 * BLOCK, 2), (4 * BLOCK, 4)):
        options = ["--reduce", "mean", "--hvp", "w=[1, 2]; b=-1", "--on-error", "skip", "--format", "json"]
        ran = gradcli("map", f"{script}::loss", "--data", data, *options, "--chunk", str(chunk), "-j", str(jobs))
        assert ran.code == 0
        seen.add(ran.out)
    assert len(seen) == 1
    (result,) = json.loads(seen.pop())["results"]
    found = {row["name"]: np.array(row["value"]) for row in result["value"]["rows"]}
    rows = np.arange(ROWS) != 7
    one = np.concatenate([x, np.ones((ROWS, 1))], 1)[rows]
    residual = one @ [0.1, -0.2, 0.3] - y[rows]
    gradient = 2 * one.T @ residual / len(residual)
    product = 2 * one.T @ (one @ [1, 2, -1]) / len(residual)
    assert [*found] == [
        "mean(loss)",
        "∂mean(loss)/∂w",
        "∂mean(loss)/∂b",
        "hvp(mean(loss))[w]",
        "hvp(mean(loss))[b]",
    ]
    assert np.allclose(found["mean(loss)"], np.mean(residual**2), rtol=1e-14)
    assert np.allclose(np.hstack([*found.values()][1:]), [*gradient, *product], rtol=1e-12)
    assert "1 row of" in ran.out


def test_a_row_whose_gradient_is_none(tmp_path: Path) -> None:
    """Its loss is a number, and its slope is not: it is bad, and by number; left out, its nan is not in the sum."""
    script = tmp_path / "m.grad"
    script.write_text("model loss(x):\n    param w = 1.0\n    return sqrt(x*w)\n")
    x = np.arange(1.0, ROWS + 1)
    x[[5, ROWS - 1]] = 0
    np.savez(tmp_path / "d.npz", x=x)
    asked = ["map", f"{script}::loss", "--data", str(tmp_path / "d.npz"), "--reduce", "sum", "--format", "json"]
    ran = gradcli(*asked)
    assert ran.code == 2
    assert "row 5 of" in json.dumps(json.loads(ran.out)) + ran.err
    ran = gradcli(*asked, "--on-error", "skip")
    (result,) = json.loads(ran.out)["results"]
    value, slope = (row["value"] for row in result["value"]["rows"])
    assert value == pytest.approx(math.fsum(np.sqrt(x)), rel=1e-15)
    assert slope == pytest.approx(math.fsum(np.sqrt(x)) / 2, rel=1e-15)


def test_the_table_that_is_read_is_not_replaced(tmp_path: Path) -> None:
    """Not with --overwrite either; and an option without its value says what it lacks."""
    table = tmp_path / "t.csv"
    table.write_text("x,y\n1,2\n3,4\n")
    for command in (("map", "x*y"), ("fit", "(a*x - y)^2", "a=1")):
        ran = gradcli(*command, "--data", str(table), "--out", str(table), "--overwrite")
        assert ran.code == 2
        assert "it is the table that is read" in ran.err
    assert table.read_text() == "x,y\n1,2\n3,4\n"
    ran = gradcli("map", "x*y", "--data", str(table), "--out")
    assert ran.code == 2
    assert "--out needs a value" in ran.err
