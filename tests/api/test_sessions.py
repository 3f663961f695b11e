"""Sessions that keep what is defined, files as modules, results that show themselves."""

from __future__ import annotations

import copy
import io
import json
import pickle
import threading
from contextlib import redirect_stderr
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcli
from gradcli import GradcliError
from gradcli.api import ipython, results
from gradcli.session import results as plain
from tests.api.test_calls import refused
from tests.language.running import run
from tests.output.test_terminal import shown


def test_a_session_keeps_its_definitions() -> None:
    """Across texts; names are read and given from Python."""
    session = gradcli.Session()
    session.run("f(x, y) = x^2*y")
    session["x"] = np.arange(3)
    session["k"] = 2
    assert session.names == tuple(session) == ("f", "x", "k")
    assert "f" in session
    assert len(session) == 3
    np.testing.assert_array_equal(session.evaluate("k * x"), [0, 2, 4])
    assert session["f"](3, 5) == 45
    (result,) = session.run("f(k, 1)")
    assert isinstance(result, results.Shown)
    assert result.value == results.Tensor((), "float64", 4.0)
    with pytest.raises(KeyError):
        session["nothing"]
    for name in ("a b", "", "return", "1x", 3, "x²"):
        assert refused(session.__setitem__, name, 1).kind == "name", name
    assert repr(session) == "<gradcli session, float64: f, x, k>"


def test_a_mistake_leaves_what_stood_before_it() -> None:
    """In the session, and in the error's results."""
    session = gradcli.Session()
    error = refused(session.run, "a = 2\na + 1\nd = a + b\nc = 3", "cell")
    assert session.names == ("a",)
    assert error.span is not None
    assert (error.span.file, error.span.line, error.span.text) == ("cell", 3, "b")
    (before,) = error.results
    assert isinstance(before, results.Shown)
    assert before.source == "a + 1"
    failed = refused(session.run, 'assert a == 3, "a is two"\nd = 4')
    assert failed.kind == "assert"
    assert "largest difference: 1" in str(failed)
    assert "a is two" in failed.message
    assert "d" not in session
    (checked,) = failed.results
    assert isinstance(checked, results.Assertion)
    assert not checked.passed
    assert refused(session.run, "f(x").kind == "syntax"
    assert refused(session.run, 3).kind == "type"


def test_evaluating_changes_nothing() -> None:
    """But how far the random numbers are drawn; values go by name for that one time."""
    session = gradcli.Session()
    assert session.evaluate("a = 2; a * x", x=3) == 6
    assert session.names == ()
    session.run("set seed 1")
    first, second = session.evaluate("normal()"), session.evaluate("normal()")
    assert first != second
    again = gradcli.Session()
    again.run("set seed 1\na = normal()\nb = normal()")
    assert (again["a"], again["b"]) == (first, second)


def test_names_in_a_function_are_looked_up_when_it_is_called() -> None:
    """In the session that it comes from; nowhere else."""
    session = gradcli.Session()
    session.run("k = 2\nf(x) = k*x")
    f, slope = session["f"], session["f"].grad()
    session["k"] = 5
    assert (f(1), slope(1)) == (5, 5)
    g = session.function("k * x")
    assert g.inputs == ("x",)
    session["h"] = f
    assert session.evaluate("h(2)") == 10
    assert session.evaluate("u(2)", u=f) == 10
    other = gradcli.Session()
    assert refused(other.__setitem__, "f", f).message == "`f` is a function of another session"


def test_settings_stay_in_their_session() -> None:
    """dtype, limits, digits: neither in another session nor in what comes after."""
    single, double = gradcli.Session(dtype="float32"), gradcli.Session()
    assert (single.dtype, double.dtype) == ("float32", "float64")
    f, g = single.function("1/x"), double.function("1/x")
    for _ in range(2):
        assert type(f(3)) is np.float32
        assert type(g(3)) is float
        assert single.evaluate("[1, 2]").dtype == np.float32
        assert double.evaluate("[1, 2]").dtype == np.float64
    single.run("x = [1]")
    assert single["x"].dtype == np.float32
    double.run("set max_steps 5")
    assert refused(double.run, "for i in range(9):\n    a = i").kind == "value"
    single.run("for i in range(9):\n    a = i")
    gradcli.Session().run("for i in range(9):\n    a = i")
    double.run("set dtype float32")
    assert type(g(3)) is np.float32
    assert gradcli.evaluate("[1]").dtype == np.float64
    assert refused(gradcli.Session, "int64").kind == "dtype"


def test_threads_with_a_session_each_do_not_meet() -> None:
    """Names, numbers and dtypes; evaluating the same forms at the same time."""
    wrong: list[str] = []

    def work(number: int) -> None:
        session = gradcli.Session(dtype=("float64", "float32")[number % 2])
        session.run(f"k = {number}.5\nf(x) = sum(exp(sin(x) * k) + x^2 * k)")
        f = session["f"]
        x = np.linspace(0, 1, 700)
        expected = np.sum(2 * x * (number + 0.5) + np.exp(np.sin(x) * (number + 0.5)) * np.cos(x) * (number + 0.5))
        for i in range(40):
            found = float(np.sum(f.grad()(x)))
            if not np.isclose(found, expected, rtol=1e-12):
                wrong.append(f"{number}: {found} for {expected}")
            if session.evaluate("[1, 2] * 1").dtype.name != session.dtype:
                wrong.append(f"{number}: {session.dtype}")
            session.run(f"a{i} = {i}; a{i} + k")
            if session.names[-1] != f"a{i}":
                wrong.append(session.names[-1])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_threads_may_share_a_function() -> None:
    """They take turns."""
    f = gradcli.grad("x^3 + sin(x)")
    found: list[float] = []
    threads = [threading.Thread(target=lambda: found.extend(f(2) for _ in range(50))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 200
    assert set(found) == {f(2)}


def test_a_file_is_a_module(tmp_path: Path) -> None:
    """Functions to call, numbers and arrays to read; nothing to change."""
    file = tmp_path / "net.grad"
    file.write_text(
        "model net(x):\n    param w = [1.0, 2.0]\n    return sum(w * x)\n"
        "loss(x, y) = (net(x) - y)^2\nrate = 0.1\ndata = [[1, 2], [3, 4]]\nkeys = 3\nassert net([1, 1]) == 3\n"
    )
    module = gradcli.load(file)
    assert module.names == ("net", "loss", "rate", "data", "keys")
    assert set(module.names) <= set(dir(module))
    assert module.net([1, 1]) == 3
    assert module.loss.grad("net.w")([1, 1], 0).tolist() == [6, 6]
    assert module.loss.parameters.keys() == {"net.w"}
    assert module.loss.name == "loss"
    assert module.loss.inputs == ("x", "y")
    assert (module.rate, module["keys"]) == (0.1, 3)
    module.data[0, 0] = 9
    assert module.data[0, 0] == 1
    assert gradcli.load(str(file), dtype="float32").data.dtype == np.float32
    with pytest.raises(AttributeError, match="did you mean `loss`"):
        module.los  # noqa: B018
    with pytest.raises(AttributeError, match="can't be changed"):
        module.rate = 3
    with pytest.raises(KeyError):
        module["nothing"]
    assert "names" not in module


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [("f(x) = x\nassert f(2) == 3\n", "assert", 2), ("a = 1\nb = a + c\n", "name", 2), ("f(x", "syntax", 1)],
)
def test_a_file_with_a_mistake_raises(tmp_path: Path, text: str, kind: str, line: int) -> None:
    """At its place in the file."""
    file = tmp_path / "bad.grad"
    file.write_text(text)
    error = refused(gradcli.load, file)
    assert (error.kind, error.span and error.span.line) == (kind, line)
    assert f"{file}:{line}" in str(error)


def test_a_file_that_is_none_raises(tmp_path: Path) -> None:
    """Missing, a folder, no text; standard input is not read."""
    assert refused(gradcli.load, tmp_path / "no.grad").message.endswith("there is no such file")
    assert refused(gradcli.load, tmp_path).kind == "file"
    assert refused(gradcli.load, "-").kind == "file"
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in refused(gradcli.load, tmp_path / "bytes").message


EVERY_KIND = [
    "3",
    "[1, 2]",
    '"a"',
    "sin",
    "(1, [2, 3])",
    "params(Dense(2, 1))",
    "derivatives((x, y) -> x^2*y)(3, 5)",
    "grad((x, y) -> x*y, (0, 1))(1, 2)",
    "hessian(x -> sum(x^3), sparse=true)(linspace(0, 1, 5))",
    "taylor(exp, 0, 3)",
    "plot(tan, x -> x, over=(-1, 2))",
    "plot((x, y) -> x*y)",
]


@pytest.mark.parametrize("text", EVERY_KIND)
def test_results_refuse_to_be_changed_and_compare(text: str) -> None:
    """All of their fields, at every depth; equal to what the same text gives again, and to their copies."""
    session = gradcli.Session()
    session.run("set seed 3")
    (first,) = session.run(text)
    session.run("set seed 3")
    (second,) = session.run(text)
    assert first == second
    assert first != session.run("12345")[0]
    for again in (copy.copy(first), copy.deepcopy(first), pickle.loads(pickle.dumps(first)), replace(first)):
        assert again == first
    assert type(first) is results.Shown
    pending: list[Any] = [first]
    while pending:
        item = pending.pop()
        if isinstance(item, tuple):
            pending += item
        elif hasattr(item, "__dataclass_fields__"):
            assert type(item).__module__ == "gradcli.api.results", item
            for field in fields(item):
                with pytest.raises(FrozenInstanceError):
                    setattr(item, field.name, None)
                pending.append(getattr(item, field.name))
            with pytest.raises(FrozenInstanceError):
                item.other = 3
            with pytest.raises(FrozenInstanceError):
                del item.value
            with pytest.raises(TypeError):
                hash(item)
        elif isinstance(item, np.ndarray):
            assert not item.flags.writeable


@pytest.mark.parametrize("text", EVERY_KIND)
def test_results_show_what_the_terminal_shows(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As text line by line, and in HTML the same words, each escaped."""
    monkeypatch.setenv("TERM", "dumb")
    session = gradcli.Session()
    found = session.run(text)
    assert repr(found[0]).rstrip("\n") == shown(text).rstrip("\n")
    assert repr(found) == repr(found[0])
    bundle = found._repr_mimebundle_()
    assert bundle["text/plain"] == repr(found)
    assert found[0]._repr_html_() == bundle["text/html"]
    for word in repr(found).replace("─", " ").split():
        assert word.replace("&", "&amp;").replace(">", "&gt;").replace("'", "&#x27;").replace('"', "&quot;") in (
            bundle["text/html"].replace("&lt;", "<")
        )


def test_what_someone_wrote_is_text_in_html() -> None:
    """Never a tag, nor what steers a terminal."""
    (result,) = gradcli.Session().run('"<b>&\\u001b[31m"')
    assert "<b>" not in result._repr_html_()
    assert "\x1b" not in result._repr_html_() + repr(result)
    table = gradcli.derivatives("where(x<3, x, 0)")(1)
    assert "x<3" not in table._repr_html_()
    assert table._repr_html_().count("<tr>") == 1 + len(table)
    error = refused(gradcli.Session().run, "a = 3 \x1b[31m")
    assert "\x1b" not in str(error)


def test_results_as_data() -> None:
    """With the keys of `--format json`."""
    with pytest.warns(gradcli.GradcliWarning, match="a division by 0"):
        found = gradcli.Session().run("1/0; grad((x, y) -> x*y, (0, 1))(1, 2); assert true")
    data = json.loads(found.to_json())
    assert [item["kind"] for item in data] == ["value", "value", "assert"]
    assert data[0]["value"]["value"] == "inf"
    assert found[1].to_dict()["value"]["rows"][0]["by"] == ["x"]
    assert json.loads(found[1].to_json()) == data[1]
    table = gradcli.derivatives("x^2")(3)
    assert table.to_dict()["rows"][1]["formula"] == "2*x"
    assert isinstance(table, plain.Derivatives)


def test_large_results_are_short_to_look_at() -> None:
    """By their edges, as on a terminal."""
    found = gradcli.Session().run("zeros((1000, 1000))")
    assert len(repr(found)) < 2_000
    assert len(found._repr_html_()) < 2_000


class FakeShell:
    """As much of IPython's shell as the extension asks for. The real one is not installed here."""

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {}
        self.magics: dict[tuple[str, str], Any] = {}

    def register_magic_function(self, func: Any, magic_kind: str = "line", magic_name: str | None = None) -> None:
        """Keep it, as IPython does."""
        self.magics[magic_kind, magic_name or func.__name__] = func


def test_magics_run_cells_in_one_session() -> None:
    """The result is what the cell shows; a mistake is its excerpt on standard error."""
    shell = FakeShell()
    gradcli.load_ipython_extension(shell)
    (magic,) = shell.magics.values()
    assert list(shell.magics) == [("line_cell", "grad")]
    assert magic("", "f(x, y) = x^2*y\n") == ()
    shown_ = magic("f(3, 5)")
    assert shown_[0].value.data == 45
    shell.user_ns["x"] = np.array([1.0, 2.0])
    assert magic("x", "sum(x)\nf(x, 2)")[0].value.data == 3
    err = io.StringIO()
    with redirect_stderr(err):
        left = magic("", "f(1, 1)\na=f(1, z)\n")
        assert magic("nothing", "1") is None
        assert magic("f(") is None
    assert [result.source for result in left] == ["f(1, 1)"]
    assert "unknown name `z`" in err.getvalue()
    assert "<cell 4>:2:8" in err.getvalue()
    assert "Traceback" not in err.getvalue()
    assert "Python has no `nothing`" in err.getvalue()
    assert magic("f(2, 2)")[0].value.data == 8
    assert isinstance(ipython.Magic(shell).session, gradcli.Session)


def test_a_result_is_that_of_the_session_below() -> None:
    """Kind by kind: nothing is lost on the way."""
    for text in EVERY_KIND:
        (below,) = run(text).results
        made = results.handed_out(below)
        assert isinstance(made, type(below))
        assert [f.name for f in fields(made)] == [f.name for f in fields(below)]


def test_errors_and_warnings_have_a_class() -> None:
    """One to catch for each."""
    assert issubclass(GradcliError, ValueError)
    assert issubclass(gradcli.GradcliWarning, UserWarning)
