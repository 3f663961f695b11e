"""What tests of the prompt share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faces.prompt.screen import Screen


@pytest.fixture
def screens(tmp_path: Path) -> Iterator[Callable[..., Screen]]:
    """Opens prompts with one state folder, which are gone behind the test."""
    all_of_them = []

    def open_one(*arguments: str, **how: Any) -> Screen:
        all_of_them.append(Screen(tmp_path, *arguments, **how))
        return all_of_them[-1]

    yield open_one
    for screen in all_of_them:
        screen.process.close(force=True)
