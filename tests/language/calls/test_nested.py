"""Arithmetic on tuples, and elementwise functions of them, place by place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcli.core import library
from gradcli.core.ir.primitive import table
from gradcli.core.library.declare import COMPOSED
from tests.language.running import error, value

library.import_all()

ARITHMETIC: dict[str, Any] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.true_divide,
    "//": np.floor_divide,
    "%": np.mod,
    "^": np.power,
}
W = "([[1, 2], [3, 4]], ([5, 6], 7))"
G = "([[2, 2], [1, 2]], ([1, 3], 2))"


def _leaves(nested: object) -> list[object]:
    return [leaf for item in nested for leaf in _leaves(item)] if isinstance(nested, tuple) else [nested]


@pytest.mark.parametrize("symbol", ARITHMETIC)
def test_arithmetic_is_numpys_at_each_place(symbol: str) -> None:
    """Of two tuples, of a tuple and a number, and of a number and a tuple."""
    w, g = ([[1, 2], [3, 4]], [5, 6], 7), ([[2, 2], [1, 2]], [1, 3], 2)
    for text, a, b in ((f"{W} {symbol} {G}", w, g), (f"{W} {symbol} 2", w, (2,) * 3), (f"3 {symbol} {G}", (3,) * 3, g)):
        found = value(text)
        assert isinstance(found, tuple)
        assert isinstance(found[1], tuple)
        for got, left, right in zip(_leaves(found), a, b, strict=True):
            np.testing.assert_allclose(np.asarray(got, float), ARITHMETIC[symbol](np.array(left, float), right))


def test_signs_keep_the_nesting() -> None:
    """Minus and plus of a tuple."""
    assert value("-(1, (2, 3))") == (-1, (-2, -3))
    assert value("+(1, (2, 3))") == (1, (2, 3))


def test_parameters_are_a_tuple_in_arithmetic() -> None:
    """With their gradient, and with a number."""
    net = "net = Dense(2, 1)\n"
    found = value(net + "params(net) - (net.weight, net.bias)")
    assert all(not np.any(item) for item in found)


POINTWISE = [n for p in table().values() if p.pointwise and p.arity == 1 for n in p.names]


@pytest.mark.parametrize("name", sorted({*POINTWISE, *(n for n, c in COMPOSED.items() if c.pointwise)}))
def test_elementwise_functions_are_mapped(name: str) -> None:
    """Each of them, of a tuple, is the tuple of what it is of the items."""
    of_order = ("polygamma", "bessel_j", "besselj", "bessely", "besseli", "besselk", "gammainc", "gammaincc")
    first = {**dict.fromkeys(of_order, "1, "), "betainc": "1, 2, "}.get(name, "")
    whole = value(f"{name}({first}([0.3, 0.6], (0.5,)))")
    alone = value(f"{name}({first}[0.3, 0.6]), {name}({first}0.5)")
    np.testing.assert_array_equal(whole[0], alone[0])
    np.testing.assert_array_equal(whole[1][0], alone[1])


def test_norm_and_dot_are_of_all_elements() -> None:
    """Tensors of different shapes are one vector."""
    assert value("norm(([[3, 0]], (4, [[12]])))") == 13
    assert value("dot(([1, 2], 3), ([4, 5], 6))") == 32


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(1, 2) + (1, 2, 3)", "one has 2 items where the other has 3 items"),
        ("(1, (2, 3)) * (1, (2, 3, 4))", "at item [1]"),
        ("(1, (2, 3)) - (1, 2)", "one has 2 items where the other has a number"),
        ("(1, 2) + [1, 2]", "a tensor of shape (2,)"),
        ("net = Dense(2, 1)\nparams(net) + ([1, 2, 3], 0)", "at item [0], `weight`"),
        ('(1, "a") + 1', "a text"),
        ("(1, 2) @ (3, 4)", "a tuple of 2"),
    ],
)
def test_what_does_not_fit_is_named(text: str, message: str) -> None:
    """The place, and what is there."""
    assert message in error(text).message
