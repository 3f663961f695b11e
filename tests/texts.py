"""Texts of any characters, for generated tests."""

from __future__ import annotations

from hypothesis import strategies as st


def any_text(max_size: int | None = None) -> st.SearchStrategy[str]:
    """Any text that UTF-8 can hold.

    As `st.text()` is, which tries UTF-8 on every character there is, and takes seconds for it in each process.
    """
    return st.text(st.characters(exclude_categories=["Cs"]), max_size=max_size)
