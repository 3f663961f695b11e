"""The line that shows how far training is: on a terminal, and gone at its end."""

from __future__ import annotations

import io

import pytest

from gradcli.core import progress
from gradcli.output.progress import line, show_on
from tests.language.running import run


def test_a_line_says_how_far_it_is() -> None:
    """Steps, what is measured, and the time left, within the terminal's width."""
    told = progress.Progress(120, 1000, (("loss", 0.01234), ("gradient", 1e-7)), 75.0)
    assert line(told, 80) == "step 120 of 1,000  loss 0.01234  gradient 1e-07  1 min 15 s left"
    assert len(line(told, 20)) == 19
    assert line(progress.Progress(1, 2, (), 2.4), 80) == "step 1 of 2  2 s left"
    assert line(progress.Progress(1, 2, (), 7500), 80) == "step 1 of 2  2 h 5 min left"


def test_training_is_reported_and_the_line_is_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    """To whoever listens; nothing is written where nobody does."""
    monkeypatch.setattr(progress, "EVERY", 0.0)
    text = "model m(x):\n    param w = 2\n    return (w - x)^2\nfit(m(1), steps=3)"
    monkeypatch.setattr(progress, "_listeners", [])
    out = io.StringIO()
    run(text)
    assert not out.getvalue()
    show_on(out)
    run(text)
    shown = out.getvalue().split("\r\x1b[2K")
    assert shown[1].startswith("step 1 of 3  loss 1  gradient 2  rate 0.01")
    assert len(shown) == 5
    assert not shown[-1]
