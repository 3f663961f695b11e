"""Threads: how many there are changes no number, and what goes wrong in one is told."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from gradcli.core.engines.numpy import pool


def test_the_number_of_threads_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole number above 0; anything else is as if it weren't there."""
    monkeypatch.delenv("GRADCLI_THREADS", raising=False)
    pool.cores.cache_clear()
    by_itself = pool.threads()
    for text, expected in (("3", 3), ("0", by_itself), ("many", by_itself), ("", by_itself)):
        monkeypatch.setenv("GRADCLI_THREADS", text)
        pool.cores.cache_clear()
        assert pool.threads() == expected >= 1
    monkeypatch.undo()
    pool.cores.cache_clear()


def test_a_failure_in_a_thread_is_told() -> None:
    """What goes wrong in one of them is raised by the caller."""

    def work(worker: int, numbers: Iterator[int]) -> None:
        for number in numbers:
            if number == 7:
                raise ArithmeticError(str(worker))

    with pytest.raises(ArithmeticError, match=r"^\d+$"):
        pool.share(50, pool.threads(), work)


SUMS_WITH_SO_MANY_THREADS = """
import hashlib, numpy as np
from gradcli.core.engines.program import Program
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import fresh_input
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.reductions import sum_to
digest, rng = hashlib.sha256(), np.random.default_rng(0)
for shape in [(1234567,), (3, 777777), (1000, 1001), (40, 50000), (20000,), (200003, 7)]:
    x, y = fresh_input("x", shape, DType.FLOAT64), fresh_input("y", shape[-1:], DType.FLOAT64)
    z = ew.sin(x) * ew.exp(x * 0.5) + x * y
    for native in (True, False):
        program = Program([sum_to(z, shape=()), sum_to(z * x, shape=()), z], [x, y], native)
        for out in program(rng.normal(size=shape), rng.normal(size=shape[-1:])):
            digest.update(np.ascontiguousarray(out).tobytes())
print(digest.hexdigest())
"""


def test_sums_are_the_same_with_any_number_of_threads() -> None:
    """To the last bit, in machine code and by NumPy."""
    found = {
        subprocess.run(
            [sys.executable, "-c", SUMS_WITH_SO_MANY_THREADS],
            env={**os.environ, "GRADCLI_THREADS": str(n)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for n in (1, 2, 3)
    }
    assert len(found) == 1


def test_programs_of_one_thread() -> None:
    """Within `alone`, whoever else computes at the same time."""
    with pool.alone():
        assert pool.threads() == 1
        with ThreadPoolExecutor(1) as other:
            assert other.submit(pool.threads).result() == pool.cores()
    assert pool.threads() == pool.cores()
