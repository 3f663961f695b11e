"""The bar of work on tables: on a terminal alone, and gone behind."""

from __future__ import annotations

import io
import sys

import pytest

from gradcli.output.bar import bar
from tests.output.tty import TTY


def test_a_terminal_shows_rows_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what a fit has come to."""
    err = TTY()
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setenv("TERM", "xterm")
    with bar("computing") as tell:
        tell(1_000_000, 2_000_000)
        tell(2_000_000, 2_000_000, 0.25, 1e-3)
    shown = err.getvalue()
    assert "2,000,000 rows" in shown
    assert "rows/s" in shown
    assert "loss 0.25  gradient 0.001" in shown


def test_nothing_is_shown_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as in a pipe."""
    err = io.StringIO()
    monkeypatch.setattr(sys, "stderr", err)
    with bar("computing") as tell:
        tell(1, None)
    assert err.getvalue() == ""
