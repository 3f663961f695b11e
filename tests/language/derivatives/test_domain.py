"""Where a function has no value it has no derivative, by whichever variable and at whichever order."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from tests.language.running import value


@pytest.mark.parametrize(
    "text",
    [
        "f(x, y) = x + log(y)\ngrad(f)(1, -1)",
        "f(x, y) = x + log(y)\ngrad(f, all)(1, -1)",
        "f(x, y) = x + log(y)\nderivatives(f, order=2)(1, -1)[1:]",
        "f(x, y) = x*y + sqrt(x)\nhessian(f)(-1, 2)",
        "f(x) = acosh(x) + x\nf''(0.5)",
        "log'(-1), log''(-1), log'''(-1), atanh'(2), log1p'(-3)",
        "d/dx (x + log(x)) at -1",
    ],
)
def test_no_value_no_derivative(text: str) -> None:
    """All of them are nan."""
    found = value(text.removesuffix("[1:]"))
    flat = np.concatenate(
        [np.ravel(np.asarray(v, dtype=float)) for v in (found if isinstance(found, tuple) else (found,))]
    )
    assert np.isnan(flat[1:] if text.endswith("[1:]") else flat).all()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f(x, y) = x + log(y)\ngrad(f)(1, 2)", 1),
        ("f(x) = where(x > 0, log(x), 0) + x\nf'(-1)", 1),
        ("f(x) = log(x)\nf'(2)", 0.5),
        ("f(x) = 2*x\nf'(nan)", 2),
    ],
)
def test_what_has_a_value_keeps_its_derivative(text: str, expected: float) -> None:
    """A branch that isn't taken is no part of it."""
    assert value(text) == expected


def test_elements_of_a_tensor_are_each_by_themselves() -> None:
    """The slope of one that has no value is nan, and no other."""
    found = value("f(w) = log(w)\nsum(jacobian(f)([1, -1, 2]), axis=1)")
    assert [isnan(v) for v in found] == [False, True, False]
