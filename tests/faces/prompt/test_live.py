"""The thread behind the live line: dropped at any moment, it goes on with the next text."""

from __future__ import annotations

import random
import sys
import threading
import time

import pytest

from gradcli.faces.prompt import live
from gradcli.faces.prompt.answering import Answering
from gradcli.faces.prompt.editor import warm_up
from gradcli.output.style import bare
from gradcli.output.terminal import Terminal
from gradcli.output.views import Look

TEXTS = ["f(3, 0.5)", "x^2 y", "sin(x)*exp(y)", "g(t) = t^2 sin(t)", "tahn(1)", "sum(normal((300, 300)))"]


def test_it_survives_being_dropped_at_any_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread dies of it, and what is left to work ends with the right line."""
    monkeypatch.setattr(live, "PAUSE", 0.001)
    # A finalizer may be what it comes in.
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    died: list[object] = []
    monkeypatch.setattr(threading, "excepthook", died.append)
    answering = Answering(Terminal())
    answering.evaluate("x = 3; y = 5; f(x, y) = x^2 * sin(y)")
    warm_up()
    made = live.Live(lambda: answering, Look(), lambda: None, lambda seconds, work: None)
    chance = random.Random(3)
    for _ in range(500):
        made.show(chance.choice(TEXTS), 80)
        time.sleep(chance.random() * 0.006)
        if chance.random() < 0.2:
            made.stop()
    made.show("x^2 y", 80)
    limit = time.monotonic() + 20
    while bare([made.line]) != "= 45   ∂x 30   ∂y 9" and time.monotonic() < limit:
        time.sleep(0.01)
    assert bare([made.line]) == "= 45   ∂x 30   ∂y 9"
    assert not died
