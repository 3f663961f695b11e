"""Sums over the rows of a table by what is the same in all of them: some of it is varied, the rest is known."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.faces.harness import gradcli

X = np.array([1.0, 2.0, 3.0])


@pytest.fixture
def rows(tmp_path: Path) -> str:
    """A table of one column."""
    np.savez(tmp_path / "rows.npz", x=X)
    return str(tmp_path / "rows.npz")


def found(*asked: str) -> list[Any]:
    """The numbers that a command shows."""
    done = gradcli(*asked, "--format", "json")
    assert done.code == 0, done.err
    (result,) = json.loads(done.out)["results"]
    return [row["value"] for row in result["value"]["rows"]]


def sums(rows: str, *asked: str) -> list[Any]:
    """The sum and its gradient."""
    return found("map", *asked, "--data", rows, "--reduce", "sum")


def test_a_function_of_a_number_alone(rows: str) -> None:
    """What only depends on such a number is computed once, not in each row."""
    assert sums(rows, "x*exp(a)", "a=0.5") == pytest.approx([6 * math.exp(0.5)] * 2)


def test_what_is_not_varied_is_known(rows: str) -> None:
    """`--wrt` leaves other numbers as they are, and without derivatives all of them."""
    assert sums(rows, "a*sum(b*x)", "a=2", "b=[1, 2]", "--wrt", "a") == pytest.approx([36, 18])
    assert sums(rows, "a*sum(b*x)", "a=2", "b=[1, 2]", "--order", "0") == pytest.approx([36])


def test_fitting_some_of_them(rows: str) -> None:
    """The others keep their values."""
    fitted = found("fit", "(6x - b*exp(a)*x)^2", "a=1", "b=2", "--wrt", "a", "--data", rows)
    assert fitted[0] == pytest.approx(math.log(3))
