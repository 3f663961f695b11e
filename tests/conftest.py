"""Settings for all tests: a terminal of a known width, and the same hypothesis examples each time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent

# What a user has set for their terminal must not decide a test.
os.environ["COLUMNS"] = "100"
for variable in ("FORCE_COLOR", "NO_COLOR", "CLICOLOR_FORCE"):
    os.environ.pop(variable, None)

# Commands that tests start find their modules compiled, as an installed program does.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

settings.register_profile(
    "gradcli", deadline=None, derandomize=True, max_examples=15, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("gradcli")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest test first, so that no process waits for another at the end."""
    items.sort(key=lambda item: item.path.name != "test_wheel.py")


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
