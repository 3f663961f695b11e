"""Degrees and radians: numbers to multiply by, which convert where they are called."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from gradcli.core.ir.exact import PI, Exact
from gradcli.language.library.units import UNITS
from tests.language.running import error, number, value

# Of pi, rounded once.
SIXTH = 0.5235987755982989


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("30*deg", SIXTH),
        ("sin(30*deg)", 0.5),
        ("180*deg", math.pi),
        ("deg", math.pi / 180),
        ("rad", 1),
        ("2*rad", 2),
        ("pi/deg", 180),
        ("deg(pi)", 180),
        ("deg(pi/6)", 30),
        ("rad(180)", math.pi),
        ("rad(30)", SIXTH),
        ("degrees(pi)", 180),
        ("radians(90)", math.pi / 2),
        ("degrees(1)", 180 / math.pi),
        ("d = deg; d(pi)", 180),
    ],
)
def test_angles(text: str, want: float) -> None:
    """Exact where the angle is a fraction of pi."""
    assert number(text) == want


def test_of_variables_and_tensors() -> None:
    """With their slopes."""
    np.testing.assert_allclose(value("deg([0, pi])"), [0, 180], rtol=1e-15)
    np.testing.assert_allclose(value("radians([0, 180])"), [0, math.pi], rtol=1e-15)
    assert number("f(x) = sin(x*deg); f'(60)") == pytest.approx(math.pi / 360, rel=1e-15)
    assert number("degrees'(2)") == pytest.approx(180 / math.pi, rel=1e-15)
    assert number("f(x) = rad(x); f'(2)") == pytest.approx(math.pi / 180, rel=1e-15)
    assert value("r = degrees(float32([1])); r").dtype == "float32"


def test_a_unit_is_a_number_everywhere_else() -> None:
    """What is calculated with it is an exact number, and no unit any more."""
    assert isinstance(UNITS["deg"], Exact)
    assert type(-UNITS["deg"]) is Exact
    assert pickle.loads(pickle.dumps(UNITS["deg"])) is UNITS["deg"]
    assert number("180*deg") == float(PI)
    assert "takes 1 argument" in error("deg(1, 2)").message
    assert "can't be called" in error("x = 2*deg\nx(3)").message
    assert "not a text" in error('deg("a")').message
