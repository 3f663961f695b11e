"""Long work hears Ctrl-C; what was under way leaves nothing wrong behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gradcli.core.engines.numpy.pool import share
from gradcli.core.engines.program import Program
from gradcli.core.interrupt import Abandoned, check, finish, interruptible
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import fresh_input
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.linear_algebra import matrix_product

# What is interrupted would take far longer; a call that is under way may hold the lock, and other work the processors.
SOON = 10.0


def _interrupt_after(seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, signal.raise_signal, [signal.SIGINT])
    timer.start()
    return timer


def test_waiting_is_interrupted_though_the_work_goes_on() -> None:
    """And the work ends at its next check."""
    ended = threading.Event()

    def work() -> None:
        try:
            while True:
                time.sleep(0.01)
                check()
        except Abandoned:
            ended.set()

    _interrupt_after(0.2)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interruptible(work)
    assert time.monotonic() - start < SOON
    assert ended.wait(SOON)
    finish()


def test_what_the_work_gives_or_raises_comes_through() -> None:
    """As if it had been called."""
    assert interruptible(lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 / 0)


def test_a_program_that_was_interrupted_is_right_the_next_time() -> None:
    """Its buffers are used again when the run that was left behind has ended."""
    x = fresh_input("x", (1_500, 1_500), DType.FLOAT64)
    y = ew.sin(x)
    for _ in range(6):
        y = matrix_product(y, x) * 0.01
    program = Program([y], [x], native=False)
    a = np.random.default_rng(0).normal(size=(1_500, 1_500))
    (want,) = program(a)
    _interrupt_after(0.05)
    with pytest.raises(KeyboardInterrupt):
        _again_and_again(program, a)
    (got,) = program(a)
    np.testing.assert_array_equal(got, want)
    finish()


def _again_and_again(program: Program, a: np.ndarray[Any, Any]) -> None:
    for _ in range(100):
        program(a)


def test_no_thread_goes_on_behind_an_exception() -> None:
    """They write into memory that is used again."""
    running = []

    def work(worker: int, numbers: Iterator[int]) -> None:
        for i in numbers:
            running.append(i)
            if worker == 0:
                raise KeyboardInterrupt
            time.sleep(0.001)

    with pytest.raises(KeyboardInterrupt):
        share(10_000, 2, work)
    count = len(running)
    time.sleep(0.05)
    assert len(running) == count < 10_000


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a = ones((6000, 6000))\nfor i in range(10^4): b = a @ a", True),
        ("a = ones((6000, 6000))\nfor i in range(10^4): b = a @ a", False),
        ("for i in range(10^4): x = normal((9000, 9000))", True),
        ("set max_steps inf\nfor i in range(10^7): x = i", True),
    ],
)
def test_a_command_ends_with_130(text: str, plain: bool) -> None:
    """At once, within one call of NumPy's too; through the quick reader of options and through Typer's."""
    arguments = ["eval", text] if plain else ["--debug", "eval", text]
    process = subprocess.Popen(
        [sys.executable, "-m", "gradcli", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(1.5)
    assert process.poll() is None
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - start < SOON
    assert process.returncode == 130
    assert "Traceback" not in out + err
