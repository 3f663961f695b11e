"""The prompt's history: kept as it comes, by several prompts at once."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.faces.prompt import history
from gradcli.faces.prompt.history import History
from tests.texts import any_text


@given(st.lists(any_text(max_size=20)))
def test_entries_come_back(entries: list[str]) -> None:
    """Of one line or several, whatever stands in them; blank ones are not kept."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history"
        kept = History(path)
        for entry in entries:
            kept.add(entry)
        assert kept.entries() == [e.replace("\r", "") for e in entries if e.strip()]


def _add_many(path: Path, name: str) -> None:
    kept = History(path)
    for number in range(200):
        kept.add(f"{name} = {number}\n# more")


def test_prompts_keep_each_others_entries(tmp_path: Path) -> None:
    """All are there, and each prompt's are in order."""
    path = tmp_path / "history"
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_add_many, args=(path, name)) for name in "abc"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    entries = History(path).entries()
    for name in "abc":
        assert [e for e in entries if e.startswith(name)] == [f"{name} = {n}\n# more" for n in range(200)]


def test_it_is_capped_from_the_old_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the next prompt starts; a prompt that is open goes on adding to the same file."""
    monkeypatch.setattr(history, "LONGEST_HISTORY", 5)
    path = tmp_path / "history"
    first = History(path)
    for number in range(9):
        first.add(f"x{number}\ny")
    second = History(path)
    assert second.entries() == [f"x{n}\ny" for n in range(4, 9)]
    first.add("later")
    assert second.entries()[-1] == "later"
