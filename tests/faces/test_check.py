"""`gradcli check`, and numbers from elsewhere beside its own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gradcli.language.values.audits import Audit
from gradcli.session.results import Assertion, Shown
from tests.faces.harness import gradcli
from tests.language.running import run

W = "w=[[1, 2, 3], [4, 5, 6]]"
NUMBERS = np.arange(1.0, 7).reshape(2, 3)
GRADIENT = np.exp(NUMBERS) * (NUMBERS + 1)


def checked(*words: str, code: int = 0) -> dict[str, object]:
    """What `gradcli check` gives as data."""
    ran = gradcli("check", *words, "--format", "json")
    assert ran.code == code, ran.out + ran.err
    (result,) = json.loads(ran.out)["results"]
    found: dict[str, object] = result["value"]
    return found


def compared(*words: str, code: int = 0) -> dict[str, object]:
    """What was compared, by name."""
    rows = checked(*words, code=code)["compared"]
    assert isinstance(rows, list)
    return {row["name"]: row for row in rows}


def test_a_check() -> None:
    """Every row of the table of derivatives, with the error of each method."""
    found = checked("exp(x)*sin(x*y)", "x=3", "y=5", "--order", "2")
    assert found["right"] is True
    rows = found["rows"]
    assert isinstance(rows, list)
    assert [row["name"] for row in rows] == ["f", "∂f/∂x", "∂f/∂y", "∂²f/∂x²", "∂²f/∂x∂y", "∂²f/∂y²"]
    assert all(row["known"] and row["digits"] >= 14 for row in rows)
    assert set(rows[1]["ulps"]) == {"reverse", "forward", "taylor", "differences"}
    assert max(rows[1]["ulps"][m] for m in ("reverse", "forward", "taylor")) < 10


def test_what_is_no_derivative() -> None:
    """Leaves with 1."""
    assert checked("stop_gradient(x)*x", "x=2", code=1)["right"] is False


def test_in_the_language() -> None:
    """Of a call, or of a function and what it is called with; an assert holds where all agree."""
    text = "f(x, y) = x^2*y\ncheck f(3, 5)\ncheck(f, 3, 5, order=2)\nassert check(f(3, 5), order=3)\ncheck f(x=3, y=5)"
    first, second, third, fourth = run(text).results
    assert isinstance(first, Shown)
    assert isinstance(first.value, Audit)
    assert isinstance(second, Shown)
    assert isinstance(second.value, Audit)
    assert (len(first.value.rows), len(second.value.rows)) == (3, 6)
    assert first.value.right
    assert isinstance(third, Assertion)
    assert third.passed
    assert isinstance(fourth, Shown)


def test_at_a_corner_differences_are_left_out() -> None:
    """A note tells of the convention."""
    step = run("f(x) = relu(x)\ncheck f(0)")
    (note,) = step.diagnostics
    assert "has a corner here" in note.message
    (shown,) = step.results
    assert isinstance(shown, Shown)
    assert isinstance(shown.value, Audit)
    assert shown.value.rows[1].errors[3] is None


@pytest.mark.parametrize("kind", ["npy", "npz", "json"])
def test_numbers_in_a_file(kind: str, tmp_path: Path) -> None:
    """The gradient as it is, and with one element that is off: where, how much, and which share."""
    path = tmp_path / f"numbers.{kind}"

    def write(numbers: np.ndarray) -> None:
        if kind == "npy":
            np.save(path, numbers)
        elif kind == "npz":
            np.savez(path, w=numbers)
        else:
            path.write_text(json.dumps({"w": numbers.tolist()}))

    write(GRADIENT)
    words = ("sum(exp(w)*w)", W, "--against", str(path))
    row = compared(*words)["df/dw"]
    assert isinstance(row, dict)
    assert row["right"]
    off = GRADIENT.copy()
    off[1, 1] *= 1 + 1e-6
    write(off)
    row = compared(*words, code=1)["df/dw"]
    assert isinstance(row, dict)
    assert (row["at"], row["right"]) == ([1, 1], False)
    assert row["error"] == pytest.approx(1e-6, rel=1e-3)
    assert row["share"] == pytest.approx(1 / 6)
    assert row["ours"] == pytest.approx(GRADIENT[1, 1])


def test_float32_is_compared_as_such(tmp_path: Path) -> None:
    """Numbers of float32 differ in their last digits."""
    path = tmp_path / "g.npz"
    np.savez(path, w=GRADIENT.astype(np.float32))
    assert compared("sum(exp(w)*w)", W, "--against", str(path))


def test_our_own_results(tmp_path: Path) -> None:
    """What `grad --format json` has written."""
    path = tmp_path / "g.json"
    path.write_text(gradcli("grad", "x^2*y", "x=3", "y=5", "--format", "json").out)
    assert list(compared("x^2*y", "x=3", "y=5", "--against", str(path))) == ["f", "∂f/∂x", "∂f/∂y"]
    assert compared("x^2*y", "x=3", "y=6", "--against", str(path), code=1)


def test_a_function_of_python(tmp_path: Path) -> None:
    """Without a framework its value is compared."""
    path = tmp_path / "model.py"
    path.write_text("import math\n\ndef f(x, y):\n    return x**2 * y\n\ndef g(x, y):\n    return 1 / 0\n")
    assert list(compared("x^2*y", "x=3", "y=5", "--against", f"{path}:f")) == ["f"]
    ran = gradcli("check", "x^2*y", "x=3", "y=5", "--against", f"{path}:g")
    assert ran.code == 2
    assert "failed: ZeroDivisionError" in ran.err
    ran = gradcli("check", "x^2*y", "x=3", "y=5", "--against", f"{path}:h")
    assert "there is no function `h`" in ran.err


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("jax", "import jax.numpy as jnp\n\ndef f(x, w):\n    return jnp.sum(jnp.exp(w) * x)\n"),
        ("torch", "import torch\n\ndef f(x, w):\n    return (torch.exp(w) * x).sum()\n"),
    ],
)
def test_a_function_of_a_framework(name: str, model: str, tmp_path: Path) -> None:
    """Its value and its gradient, where it is installed."""
    pytest.importorskip(name)
    path = tmp_path / "model.py"
    path.write_text(model)
    found = compared("sum(exp(w)*x)", "x=3", "w=[0.1, 0.2]", "--against", f"{path}:f")
    assert set(found) == {"f", "∂f/∂x", "∂f/∂w"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1, 2, 3]", "not clear which derivative an array of shape (3,) is"),
        ('{"z": 1}', "not clear which derivative `z`"),
        ('{"x": [1, 2]}', "has shape ()"),
        ("{", "this is no JSON"),
        ('{"x": "one"}', "can't be read"),
    ],
)
def test_what_belongs_to_nothing(content: str, message: str, tmp_path: Path) -> None:
    """Is refused, with what there is."""
    path = tmp_path / "g.json"
    path.write_text(content)
    ran = gradcli("check", "x^2*y", "x=3", "y=5", "--against", str(path))
    assert ran.code == 2
    assert message in ran.err


def test_what_everybody_loses_is_no_difference(tmp_path: Path) -> None:
    """Numbers that float64 arithmetic can't have are compared to the digits that it keeps."""
    path = tmp_path / "model.py"
    path.write_text("import math\n\ndef f(x):\n    return math.sqrt(x + 1) - math.sqrt(x)\n")
    row = compared("sqrt(x + 1) - sqrt(x)", "x=1e12", "--against", f"{path}:f")["f"]
    assert isinstance(row, dict)
    assert 1e-6 < row["error"] < 1e-4


def test_inputs_go_by_name(tmp_path: Path) -> None:
    """Where the function calls them the same; else in their order."""
    path = tmp_path / "model.py"
    path.write_text("def f(y, x):\n    return x / y\n\ndef g(a, b):\n    return a / b\n")
    for name in ("f", "g"):
        assert compared("x/y", "x=3", "y=5", "--against", f"{path}:{name}")
