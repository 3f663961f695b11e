"""Settings for all tests: a terminal of a known width, and the same hypothesis examples each time."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent

# What a user has set for their terminal must not decide a test.
os.environ["COLUMNS"] = "100"
# Readline sets it for the processes that one of pytest's starts; a picture is as high as a terminal says it is.
os.environ.pop("LINES", None)
# Nor what they have configured.
os.environ["XDG_CONFIG_HOME"] = str(ROOT / "tests" / "no configuration")
for variable in ("FORCE_COLOR", "NO_COLOR", "CLICOLOR_FORCE"):
    os.environ.pop(variable, None)

# Commands that tests start find their modules compiled, as an installed program does.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A shell's `&` and `nohup` make all that they start deaf to Ctrl-C and to a terminal that closes, which tests send.
# A handler, unlike deafness, is not inherited by the commands that tests start.
if threading.current_thread() is threading.main_thread():
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)

settings.register_profile(
    "gradcli", deadline=None, derandomize=True, max_examples=15, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("gradcli")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest test first, so that no process waits for another at the end."""
    items.sort(key=lambda item: item.path.name != "test_wheel.py")


@pytest.fixture(autouse=True)
def _collecting() -> Iterator[None]:
    """The program tunes the collector for one process that ends soon; the next test begins with Python's settings."""
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
