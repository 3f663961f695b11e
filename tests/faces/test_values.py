"""Values from files and standard input, and expressions from there: what is read, and what is said of what is not."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.faces.harness import Ran, gradcli


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files with a table, arrays and names."""
    monkeypatch.chdir(tmp_path)
    np.save("points.npy", np.array([1.0, 2.0]))
    np.save("single.npy", np.array([1, 2], dtype=np.float32))
    np.save("whole.npy", np.array([0, 1]))
    np.savez("weights.npz", w=np.array([3.0, 4.0]), bias=np.array(0.5))
    np.savez("one.npz", w=np.array([3.0, 4.0]))
    Path("d.csv").write_text('time,"y, m",z\n0,1.5,-1\n1,nan,inf\n')
    Path("bare.csv").write_text("1;2\n3;4\n")
    Path("t.tsv").write_text("\ufeffa\tb\r\n1\t2\r\n", encoding="utf-8")
    Path("d.json").write_text('{"x": [[1, 2], [3, 4]], "y": 2, "up": true, "lost": "nan"}')
    Path("list.json").write_text("[1, 2.5]")
    Path("f.grad").write_text("f(x) = sum(x^2)\n")


def value(*words: str, stdin: str | None = None) -> Any:
    """What `eval` gives, as JSON."""
    ran = gradcli("eval", *words, "--format", "json", stdin=stdin)
    assert ran.code == 0, ran.out
    found = json.loads(ran.out)["results"][-1]["value"]
    return found["value"]


@pytest.mark.parametrize(
    ("word", "data"),
    [
        ("x=[1,2]", [1, 2]),
        ("x=@points.npy", [1, 2]),
        ("x=@whole.npy", [0, 1]),
        ("x=@weights.npz[w]", [3, 4]),
        ("x=@weights.npz:w", [3, 4]),
        ("x=@weights.npz[bias]", 0.5),
        ("x=@one.npz", [3, 4]),
        ("x=@d.csv:time", [0, 1]),
        ("x=@d.csv:y, m", [1.5, "nan"]),
        ("x=@d.csv[z]", [-1, "inf"]),
        ("x=@d.csv", [[0, 1.5, -1], [1, "nan", "inf"]]),
        ("x=@bare.csv", [[1, 2], [3, 4]]),
        ("x=@bare.csv:2", [2, 4]),
        ("x=@t.tsv:b", [2]),
        ("x=@list.json", [1, 2.5]),
        ("x=@d.json[x]", [[1, 2], [3, 4]]),
        ("x=@d.json:lost", "nan"),
        ("@d.json", [[1, 2], [3, 4]]),
    ],
)
def test_what_is_read(word: str, data: Any) -> None:
    """Arrays, columns, tables, lists, single numbers, and all names of a file."""
    assert value("x", word) == data


def test_files_give_several_names() -> None:
    """An object, an archive, a table with heads."""
    assert value("w + bias", "@weights.npz") == [3.5, 4.5]
    assert value("a + b", "@t.tsv") == [3]
    assert value("y if up else 0", "@d.json") == 2
    assert value("x + y", "x=1", "@-", stdin='{"y": 2}') == 3
    assert value("x + y", "y=1", "x=@-", stdin="[1, 2]") == [2, 3]


def test_types() -> None:
    """Arrays keep theirs, what is float64 is what numbers are."""
    assert gradcli("eval", "x.dtype", "x=@single.npy").out == '"float32"\n'
    assert gradcli("eval", "x.dtype", "x=@whole.npy").out == '"int64"\n'
    assert gradcli("eval", "x.dtype", "x=@points.npy", "--dtype", "float32").out == '"float32"\n'


def test_where_values_go() -> None:
    """To every command that takes any."""
    for command in ("grad", "hessian", "jacobian", "code", "derivatives", "check"):
        ran = gradcli(command, "sum(x^2)", "x=@points.npy")
        assert (ran.code, ran.err) == (0, ""), command
    assert "[2, 4]" in gradcli("grad", "f.grad::f", "x=@points.npy").out
    assert gradcli("taylor", "exp(x)*a", "@d.json").code == 2


def test_an_expression_from_standard_input() -> None:
    """Behind `-`, for all that take one."""
    assert "6" in gradcli("grad", "-", "x=3", stdin="x^2\n").out
    assert gradcli("eval", "-", stdin="x = 2\nx^10\n").out == "1024\n"
    assert "the nan comes from" in gradcli("why", "-", stdin="log(-1)\n").err
    assert gradcli("eval", "-", stdin="").code == 0
    assert gradcli("grad", "-", stdin="").code == 2


def refused(*words: str, stdin: str | None = None) -> Ran:
    """What is said, without a traceback and with the code of bad input."""
    ran = gradcli(*words, stdin=stdin)
    assert (ran.code, ran.out) == (2, ""), ran
    return ran


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("x=@poins.npy", ["there is no file `poins.npy`", "did you mean `points.npy`?", "<argument>:1:3"]),
        ("x=@no/d.csv", ["there is no file", "no folder `no`"]),
        ("x=@.", ["can't read `.`: is a directory"]),
        ("x=@d.txt", ["values can't be read from `d.txt`", ".npy, .npz, .csv, .tsv, .json"]),
        ("x=@", ["values can't be read from"]),
        ("x=@weights.npz", ["holds w, bias", "x=@weights.npz[w]"]),
        ("x=@weights.npz[wq]", ["has no entry `wq`", "there are w, bias"]),
        ("x=@d.csv:tim", ["has no column `tim`", "did you mean `time`?"]),
        ("x=@d.json", ["holds x, y, up, lost", "x=@d.json[x]"]),
        ("x=@d.json[z]", ["has no entry `z`"]),
        ("@points.npy", ["needs a name", "write x=@points.npy"]),
        ("@d.csv", ["`y, m` of d.csv is no name"]),
        ("@list.json", ["gives no names"]),
        ("x=@/dev/zero.npy", ["there is no file"]),
    ],
)
def test_what_is_refused(word: str, said: list[str]) -> None:
    """With a caret under it, and what to do."""
    ran = refused("eval", "x", word)
    assert all(part in ran.err for part in said), ran.err
    assert "^" in ran.err


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.csv", b"x,y\n1,2\n3\n", ["this line has 1 cell, and there are 2 columns", "a.csv:3:1"]),
        ("a.csv", b"x,y\n1,2\n3,4,5\n", ["this line has 3 cells", "a.csv:3:5"]),
        ("a.csv", b"x,y\n1,2\n3,four\n", ["`four` is no number", "a.csv:3:3"]),
        ("a.csv", b"x,y\n1,2\n,4\n", ["this cell is empty", "a.csv:3:1", "nan stands for"]),
        ("a.csv", b"x;y\n1,5;2\n", ["`1,5` is no number", "decimals are written with a point"]),
        ("a.csv", b'x\n"1\n', ["a quote is never closed", "a.csv:2:1"]),
        ("a.csv", b"x,x\n1,2\n", ["two columns are called `x`"]),
        ("a.csv", b"x,y\n", ["no numbers below"]),
        ("a.csv", b"", ["there is nothing in `a.csv`"]),
        ("a.csv", b"\n\n", ["there is nothing in `a.csv`"]),
        ("a.csv", "x\n1\n".encode("utf-16"), ["is in UTF-16", "save it as UTF-8"]),
        ("a.csv", b"x\n1\xff\n", ["no text in UTF-8: line 2 has the byte FF"]),
        ("a.csv", b"x\n1\0\n", ["is a binary file"]),
        ("a.json", b'{"x": 1,}', ["this is no JSON", "a.json:1:9"]),
        ("a.json", b'{"x": 1, "x": 2}', ["names `x` twice"]),
        ("a.json", b'[1, "two"]', ["has a text where a number belongs"]),
        ("a.json", b"[1, null]", ["has null where a number belongs", '"nan"']),
        ("a.json", b"[[1, 2], [3]]", ["lists of 2 items, and one place has 1 items"]),
        ("a.json", b"[[1, 2], 3]", ["one place has a number"]),
        ("a.json", b'"text"', ["has a text"]),
        ("a.json", b"\x80\x04", ["no text in UTF-8"]),
        ("a.npy", b"no array", ["is broken, or is no file of NumPy's"]),
        ("a.npz", b"PK no archive", ["is broken"]),
        ("a.npy", pickle.dumps([1]), ["Python objects, which may run code"]),
    ],
)
def test_broken_files(name: str, data: bytes, said: list[str]) -> None:
    """At the line and the column where there is one."""
    Path(name).write_bytes(data)
    ran = refused("eval", "x", f"x=@{name}")
    assert all(part in ran.err for part in said), ran.err


def test_no_pickle_is_loaded() -> None:
    """Nothing that a file holds is run."""

    class Trap:
        def __reduce__(self) -> Any:
            return os.mkdir, ("sprung",)

    for name in ("trap.npy", "trap.npz"):
        save = np.save if name.endswith("y") else np.savez
        save(name, np.array([Trap()], dtype=object), allow_pickle=True)
        assert "may run code" in refused("eval", "x", f"x=@{name}").err
    assert not Path("sprung").exists()


def test_arrays_of_other_things() -> None:
    """Complex numbers and texts have no place."""
    for array in (np.array([1j]), np.array(["a"]), np.array(["2020-01-01"], dtype="datetime64[D]")):
        np.save("odd.npy", array)
        assert "real numbers and true or false are read" in refused("eval", "x", "x=@odd.npy").err


def test_inputs_that_are_missing_or_too_many() -> None:
    """All that are missing are named, and what is left over with the name that was perhaps meant."""
    ran = refused("grad", "x*yy*z", "x=1")
    assert "no value for `yy` and `z`" in ran.err
    assert "such as yy=1 z=1" in ran.err
    Path("g.grad").write_text("g(alpha, beta) = alpha*beta\nh(x, y, z) = x*y*z\n")
    assert "did you mean `alpha`?" in refused("grad", "g.grad::g", "alpa=1", "beta=2").err
    assert "no value for `y` and `z`" in refused("grad", "g.grad::h", "x=1").err
    assert "`x` is given twice" in refused("eval", "x", "x=1", "@d.json").err


def test_shapes_that_do_not_fit() -> None:
    """Side by side."""
    err = refused("grad", "sum(x*w)", "x=@points.npy", "w=[1,2,3]").err
    assert "(2,)" in err
    assert "(3,)" in err


def test_a_file_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused before it is read."""
    monkeypatch.setenv("GRADCLI_MAX_MEMORY", "1e-8")
    assert "larger than 25% of the memory" in refused("eval", "x", "x=@points.npy").err


def test_a_large_table_is_read_at_once() -> None:
    """By NumPy, and cell by cell only to say what is wrong."""
    rows = "\n".join(f"{i},{i / 7!r}" for i in range(20_000))
    Path("large.csv").write_text(f"i,x\n{rows}\n")
    assert value("x[19999]", "x=@large.csv:x") == 19_999 / 7
    Path("large.csv").write_text(f"i,x\n{rows}\n5,?\n")
    assert "large.csv:20002:3" in refused("eval", "x", "x=@large.csv:x").err
    assert value("i[-1]", "i=@large.csv:i") == 5
