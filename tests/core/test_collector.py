"""The collector rests for a while, and goes on as it was before."""

from __future__ import annotations

import gc

import pytest

from gradcli.core.collector import resting
from tests.language.running import error


def test_it_rests_within_and_goes_on_behind() -> None:
    """Also where one stretch is within another."""
    assert gc.isenabled()
    with resting():
        assert not gc.isenabled()
        with resting():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_one_that_was_told_to_rest_goes_on_resting() -> None:
    """Who turned it off has a reason."""
    gc.disable()
    try:
        with resting():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize("text", ["f(x) = )", "x = = 3", "f(x) = x^2\ng = grad(f)\nfor i in (1,):\n    g([1, 2], 3)\n"])
def test_it_goes_on_behind_a_mistake(text: str) -> None:
    """In the text, or in what is traced."""
    error(text)
    assert gc.isenabled()
