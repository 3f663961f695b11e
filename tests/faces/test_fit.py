"""`gradcli fit`: parameters at which the mean over all rows is least, as a script that runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import curve_fit

from gradcli.session.rows.columns import BLOCK
from gradcli.session.rows.reducing import Loss
from tests.faces.harness import gradcli

LOGISTIC = (
    "model nll(x, y):\n    param w = zeros(3)\n    param b = 0\n    s = x @ w + b\n    return softplus(s) - y*s\n"
)
ROWS = BLOCK + 500


def logistic(tmp_path: Path) -> tuple[str, str, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """A script, a table, and where Newton's method by hand ends with standard errors."""
    rng = np.random.default_rng(4)
    x = rng.standard_normal((ROWS, 3))
    y = (rng.uniform(size=ROWS) < 1 / (1 + np.exp(-x @ [1, -2, 0.5] - 0.3))).astype(float)
    script, data = tmp_path / "m.grad", tmp_path / "d.npz"
    script.write_text(LOGISTIC)
    np.savez(data, x=x, y=y)
    one = np.concatenate([x, np.ones((ROWS, 1))], 1)
    w = np.zeros(4)
    for _ in range(20):
        p = 1 / (1 + np.exp(-one @ w))
        hessian = (one * (p * (1 - p))[:, None]).T @ one
        w += np.linalg.solve(hessian, one.T @ (y - p))
    return f"{script}::nll", str(data), w, np.sqrt(np.diag(np.linalg.inv(hessian)))


def fitted(*arguments: str) -> dict[str, Any]:
    """What a fit reports, by name."""
    ran = gradcli("fit", *arguments, "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    # A file's asserts stand in front.
    result = json.loads(ran.out)["results"][-1]
    return {row["name"]: row["value"] for row in result["value"]["rows"]}


@pytest.mark.parametrize("optimizer", ["lbfgs", "newton", "trust"])
def test_the_sample_of_flowers(optimizer: str) -> None:
    """What R's `glm(..., family = binomial)` gives for the same rows, whose minimum is a long way off and flat."""
    pytest.importorskip("pyarrow")
    columns = "flower=[sepal_length,sepal_width,petal_length,petal_width]"
    asked = ["samples/iris_rows.grad::nll", "--data", "samples/iris.csv", "--where", "species > 0"]
    found = fitted(*asked, "--columns", columns, "--optimizer", optimizer)
    assert np.allclose([found["b"], *found["w"]], [-42.638, -2.465, -6.681, 9.429, 18.286], atol=1e-3)
    errors = [found["standard error of b"], *found["standard error of w"]]
    assert np.allclose(errors, [25.708, 2.394, 4.480, 4.737, 9.743], atol=2e-3)
    assert 200 * found["mean(nll)"] == pytest.approx(11.899, abs=1e-3)


def test_an_equation_is_the_square_of_what_its_sides_differ_by() -> None:
    """With the errors of squares; a name that is no column is what the loss is called."""
    pytest.importorskip("pyarrow")
    line, data = "(petal_width - (a*petal_length + b))^2", ["a=0", "b=0", "--data", "samples/iris.csv"]
    squares = fitted(line, *data, "--errors", "squares")
    assert fitted("petal_width = a*petal_length + b", *data) == squares
    assert fitted("2*petal_width - petal_width == a*petal_length + b", *data)["a"] == pytest.approx(squares["a"])
    assert fitted(f"loss = {line}", *data, "--errors", "squares") == squares


def test_a_mistake_in_an_equation_is_shown_as_it_was_typed() -> None:
    """Not in what it stands for."""
    pytest.importorskip("pyarrow")
    ran = gradcli("fit", "petal_width = a*petal_length +", "a=0", "--data", "samples/iris.csv")
    assert ran.code == 2
    assert "1 | petal_width = a*petal_length +\n" in ran.err


def test_a_mean_that_falls_without_end_is_refused() -> None:
    """At once, whichever optimizer."""
    pytest.importorskip("pyarrow")
    for optimizer in ("lbfgs", "newton", "trust"):
        asked = ["a*petal_length + b - a^2*b", "a=0.1", "b=0.1", "--data", "samples/iris.csv", "--optimizer", optimizer]
        ran = gradcli("fit", *asked)
        assert ran.code == 2
        assert "falls without end" in ran.err


@pytest.mark.parametrize("optimizer", ["lbfgs", "newton", "trust"])
def test_logistic_regression(optimizer: str, tmp_path: Path) -> None:
    """Every optimizer ends where Newton's method by hand does; the script that is written runs, and is there."""
    function, data, w, errors = logistic(tmp_path)
    out = tmp_path / "fitted.grad"
    found = fitted(function, "--data", data, "--optimizer", optimizer, "--out", str(out))
    assert np.allclose([*found["w"], found["b"]], w, rtol=1e-6)
    assert np.allclose([*found["standard error of w"], found["standard error of b"]], errors, rtol=1e-6)
    assert found["length of its gradient"] < 1e-8
    text = out.read_text()
    out.write_text(f"{text}assert nll.w ≈ {found['w']}\nassert standard_errors[1] ≈ {found['standard error of b']}\n")
    ran = gradcli("run", str(out))
    assert (ran.code, ran.err) == (0, "")
    assert "2 asserts" in ran.out
    assert sorted(os.listdir(tmp_path)) == ["d.npz", "fitted.grad", "m.grad"]


def test_in_batches(tmp_path: Path) -> None:
    """Adam comes near; the seed says which rows are together."""
    function, data, w, _ = logistic(tmp_path)
    asked = [function, "--data", data, "--optimizer", "adam", "--epochs", "5", "--rate", "0.03", "--seed", "7"]
    found = fitted(*asked)
    assert np.allclose([*found["w"], found["b"]], w, atol=0.1)
    assert fitted(*asked) == found
    assert fitted(*asked[:-1], "8") != found
    one = fitted(function, "--data", data, "--optimizer", "sgd", "--epochs", "3", "--batch", "64", "--rate", "0.1")
    assert np.allclose([*one["w"], one["b"]], w, atol=0.3)


def test_squares_as_scipy_has_them(tmp_path: Path) -> None:
    """An expression's inputs that are no columns are fitted; the standard errors are those of `curve_fit`."""
    rng = np.random.default_rng(5)
    t = np.linspace(0, 5, 40)
    y = 3 * np.exp(-0.5 * t) + 0.1 * rng.standard_normal(40)
    np.savez(tmp_path / "d.npz", t=t, y=y)
    out = tmp_path / "f.grad"
    asked = ["(y - a*exp(-k*t))^2", "a=1", "k=1", "--data", str(tmp_path / "d.npz"), "--errors", "squares"]
    found = fitted(*asked, "--out", str(out))
    best, covariance = curve_fit(lambda t, a, k: a * np.exp(-k * t), t, y, [1, 1])
    assert np.allclose([found["a"], found["k"]], best, rtol=1e-6)
    errors = [found["standard error of a"], found["standard error of k"]]
    # `curve_fit` leaves out the second derivatives of the model.
    assert np.allclose(errors, np.sqrt(np.diag(covariance)), rtol=0.05)
    out.write_text(f"{out.read_text()}assert f(y=1, t=0, a=a, k=k) ≈ (1 - a)^2\n")
    assert gradcli("run", str(out)).code == 0
    assert "it exists" in gradcli("fit", *asked, "--out", str(out)).err


KILLED = """
import os, signal, sys
import gradcli.session.rows.fitting as fitting
from gradcli.session.rows.journal import Journal
append, write, count = Journal.append, fitting.Checkpoint.write, 0
fitting.EVERY = 0.0
def stop(self):
    global count
    count += 1
    if count == 4:
        os.kill(os.getpid(), signal.SIGKILL)
Journal.append = lambda self, done: (append(self, done), stop(self))
fitting.Checkpoint.write = lambda self, *given: (write(self, *given), stop(self))
from gradcli.__main__ import main
main()
"""


@pytest.mark.parametrize("more", [["lbfgs"], ["newton"], ["adam", "--epochs", "2", "--batch", "4096"]])
def test_going_on_behind_kill_9(more: list[str], tmp_path: Path) -> None:
    """The script is that of a run without an end before its time, and less is computed."""
    function, data, *_ = logistic(tmp_path)
    asked = ["fit", function, "--data", data, "--optimizer", *more]
    whole, out = tmp_path / "whole.grad", tmp_path / "out.grad"
    assert gradcli(*asked, "--out", str(whole)).code == 0
    killed = subprocess.run([sys.executable, "-c", KILLED, *asked, "--out", str(out)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not out.exists()
    assert "--resume goes on from there" in gradcli(*asked, "--out", str(out)).err
    other = gradcli("fit", function, "--data", data, "--optimizer", "trust", "--out", str(out), "--resume")
    assert "is of another optimizer" in other.err
    asked_for: list[str] = []
    work = Loss.work

    def counted(self: Loss, what: str, *given: Any) -> Any:
        asked_for.append(what)
        return work(self, what, *given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loss, "work", counted)
        assert gradcli(*asked, "--out", str(tmp_path / "again.grad")).code == 0
        all_of_them = len(asked_for)
        assert gradcli(*asked, "--out", str(out), "--resume").code == 0
    assert out.read_text() == whole.read_text()
    if more[0] != "adam":
        assert len(asked_for) - all_of_them == all_of_them - 4
    assert not (tmp_path / "out.grad.partial").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--optimizer", "adagrad"], "nothing is minimized by `adagrad`"),
        (["--batch", "10"], "lbfgs has no --batch"),
        (["--optimizer", "adam", "--batch", "0"], "--batch is more than 0"),
        (["--resume"], "--resume goes on with what is kept beside --out"),
        (["--wrt", "x"], "`x` is another in each row"),
        (["--out", "nowhere/f.grad"], "there is no folder `nowhere`"),
        (["--columns", "x=z"], "has no column `z` for `x`"),
    ],
)
def test_what_is_refused(options: list[str], said: str, tmp_path: Path) -> None:
    """One message, and nothing is left."""
    function, data, *_ = logistic(tmp_path)
    ran = gradcli("fit", function, "--data", data, *options)
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("error:") == 1
    assert sorted(os.listdir(tmp_path)) == ["d.npz", "m.grad"]


def test_bad_rows(tmp_path: Path) -> None:
    """They end it, or are left out of full steps and of batches alike."""
    script = tmp_path / "m.grad"
    script.write_text("model loss(x, y):\n    param w = 1.0\n    return (w*x - log(y))^2\n")
    y = np.exp(np.arange(1.0, 301))
    x = np.arange(1.0, 301) / 2
    y[[3, 250]] = -1
    np.savez(tmp_path / "d.npz", x=x, y=y)
    asked = [f"{script}::loss", "--data", str(tmp_path / "d.npz")]
    for more in ([], ["--optimizer", "adam", "--epochs", "40", "--rate", "0.05", "--batch", "50"]):
        ran = gradcli("fit", *asked, *more, "--out", str(tmp_path / "f.grad"))
        assert ran.code == 2
        assert "gives nan or an infinity" in ran.err
        # Nothing was computed that could be gone on with.
        assert sorted(os.listdir(tmp_path)) == ["d.npz", "m.grad"]
        ran = gradcli("fit", *asked, *more, "--on-error", "skip", "--format", "json")
        assert ran.code == 0
        assert "2 rows" in ran.out
        assert "left out: 3, 250" in ran.out
        (result,) = json.loads(ran.out)["results"]
        assert result["value"]["rows"][0]["value"] == pytest.approx(2, abs=1e-2 if more else 1e-9)
