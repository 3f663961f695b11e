"""The collector rests for a while, and goes on as it was before."""

from __future__ import annotations

import gc
import weakref

import pytest

from gradcli.core.collector import MANY, resting
from tests.language.running import error


class _Cycle:
    """An object that holds itself."""

    def __init__(self) -> None:
        self.itself = self


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


def test_what_was_made_in_a_stretch_is_old_when_it_ends() -> None:
    """It is not gone through while it stays, and cycles that came to be in it are found later."""
    gone: list[object] = []
    with resting():
        kept = [[i] for i in range(2 * MANY)]
        cycle = _Cycle()
        weakref.finalize(cycle, gone.append, "cycle")
        del cycle
    assert gc.get_freeze_count() == 0
    assert gc.get_count()[0] < MANY
    assert len(kept) == 2 * MANY
    gc.collect()
    assert gone == ["cycle"]


def test_what_is_frozen_stays_so() -> None:
    """Who froze it shares its memory with other processes."""
    gc.freeze()
    try:
        before = gc.get_freeze_count()
        with resting():
            kept = [[i] for i in range(2 * MANY)]
        assert gc.get_freeze_count() >= before - 100
        assert len(kept) == 2 * MANY
    finally:
        gc.unfreeze()


def test_what_stood_there_before_a_stretch_does_not_count() -> None:
    """Many short ones that follow each other age nothing: each would go through all that is frozen."""
    thresholds = gc.get_threshold()
    gc.collect()
    gc.set_threshold(20 * MANY)
    try:
        kept = [[i] for i in range(2 * MANY)]
        with resting():
            kept.append([0])
        assert gc.get_count()[0] > MANY
    finally:
        gc.set_threshold(*thresholds)


@pytest.mark.parametrize("text", ["f(x) = )", "x = = 3", "f(x) = x^2\ng = grad(f)\nfor i in (1,):\n    g([1, 2], 3)\n"])
def test_it_goes_on_behind_a_mistake(text: str) -> None:
    """In the text, or in what is traced."""
    error(text)
    assert gc.isenabled()
