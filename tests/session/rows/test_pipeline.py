"""Reading, computing and writing beside each other, in order."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from gradcli.session.rows.pipeline import pipeline


@pytest.mark.parametrize("workers", [1, 4])
def test_results_come_in_order_and_few_are_on_the_way(workers: int) -> None:
    """However many threads compute."""
    begun, most = 0, 0
    taken: list[int] = []

    def numbers() -> Iterator[int]:
        nonlocal begun
        for i in range(200):
            begun += 1
            yield i

    def take(square: int) -> None:
        nonlocal most
        most = max(most, begun - len(taken))
        taken.append(square)

    pipeline(numbers(), lambda i: i * i, workers, take)
    assert taken == [i * i for i in range(200)]
    # The line, what one is waiting to be put in, and what one is being taken.
    assert most <= workers + 4


@pytest.mark.parametrize("where", ["read", "work", "take"])
def test_the_first_mistake_ends_it(where: str) -> None:
    """Wherever it is; what stands in front of it has been taken, and no thread is left."""
    taken: list[int] = []
    before = threading.active_count()

    def fail_at(place: str, i: int) -> int:
        if where == place and i == 20:
            raise ValueError(place)
        return i

    def take(i: int) -> None:
        taken.append(fail_at("take", i))

    with pytest.raises(ValueError, match=where):
        pipeline((fail_at("read", i) for i in range(100)), lambda i: fail_at("work", i), 3, take)
    assert taken == list(range(20))
    assert threading.active_count() == before
