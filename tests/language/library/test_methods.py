"""Functions behind a point: `x.sum()` is `sum(x)`, for every built-in that takes a tensor first."""

from __future__ import annotations

import numpy as np
import pytest

from gradcli.language.library.methods import methods
from gradcli.language.library.names import builtins
from gradcli.session.results import Shown
from tests.language.running import error, run, unpack, value

SETUP = "a = [[1.5, 0.25], [0.25, 2]]; v = [0.3, 0.1, 0.7]; i = int([0, 1]); s = 0.4\n"
# The first arguments that a function takes, of what is behind the point and in the brackets.
CALLS = (
    *(("a", arguments) for arguments in ("", "a", "0", "i", "2", "0, 1", "(4,)", "i, 0", "1, 0")),
    ("a", "int([[0, 1], [1, 0]])"),
    ("a", "int64"),
    *(("v", arguments) for arguments in ("", "v", "2", "0.5", "3", "i, v", "[0, 1, 2], v")),
    *(("i", arguments) for arguments in ("", "3")),
    *(("s", arguments) for arguments in ("", "s", "0.1")),
)


def shown(text: str) -> object:
    """The last value; None where the text is refused."""
    step = run(SETUP + text)
    if any(d.severity == "error" for d in step.diagnostics):
        return None
    return unpack([r for r in step.results if isinstance(r, Shown)][-1].value)


@pytest.mark.parametrize("name", sorted(methods()))
def test_behind_a_point_it_is_the_function(name: str) -> None:
    """With the same arguments it gives the same."""
    for x, arguments in CALLS:
        want = shown(f"{name}({x}{', ' * bool(arguments)}{arguments})")
        if want is not None:
            got = shown(f"{x}.{name}({arguments})")
            assert str(got) == str(want), f"{x}.{name}({arguments})"
            return
    pytest.fail(f"no call here that {name} takes")


def test_what_takes_no_tensor_first_is_none() -> None:
    """Those that make tensors, differentiate functions, or take tuples of tensors."""
    none = {"zeros", "arange", "linspace", "grad", "diff", "stack", "concatenate", "where", "normal", "range", "solve"}
    assert none <= set(builtins())
    assert not none & set(methods())


def test_in_functions_they_are_differentiated() -> None:
    """By inputs and by parameters, to any order, one behind the other."""
    np.testing.assert_array_equal(value("f(x) = (x^3).sum(); r = grad(f)([1, 2]); r"), [3, 12])
    np.testing.assert_array_equal(value("r = hessian(x -> (x*x.flip()).sum())([1, 2]); r"), [[0, 2], [2, 0]])
    assert value("f(x) = x.exp().log().square(); f(3), f'(3), f''(3)") == (9, 6, 2)
    assert value("f(x) = diff(x.sin().exp(), x); f(0)") == 1
    model = "model m(x):\n    param w = [1, 2]\n    return w.dot(x).exp()\n"
    np.testing.assert_array_equal(
        value(f"{model}r = grad(m, grad_position=none, weights=params(m))([0, 0]); r"), [[0, 0]]
    )
    assert value(f"{model}m.w.sum()") == 3


def test_attributes_stay() -> None:
    """Also where a function has their name, and in numbers."""
    assert value("x = [[1, 2, 3]]; x.shape, x.T.shape, x.mT.shape, x.ndim, x.size, x.dtype") == (
        *((1, 3), (3, 1), (3, 1)),
        *(2, 3, "float64"),
    )
    assert value("x = zeros((2, 3, 4)); x.mT.shape, x.T.shape") == ((2, 4, 3), (4, 3, 2))
    assert value("x = 4; x.sqrt()") == 2
    assert "no `.mT`" in error("[1, 2].mT").message


def test_what_is_taken_out_is_a_function() -> None:
    """That can be called later, with its own inputs by name."""
    np.testing.assert_array_equal(value("x = [[1, 2], [3, 4]]; total = x.sum; total(axis=0)"), [4, 6])
    np.testing.assert_array_equal(value("[[1, 2], [3, 4]].sum(dim=0, keepdim=true)"), [[4, 6]])
    assert "no input `ax`" in error("x = [1, 2]; x.sum(ax=0)").message


def test_an_unknown_one_has_a_near_name() -> None:
    """Or is told how functions stand behind a point."""
    assert error("[1, 2].maxx()").hint == "did you mean `max`?"
    assert ".shape" in (error("[1, 2].qqqq").hint or "")
    assert "by itself" in (error("[1, 2].zeros()").hint or "")
