"""The line that shows how far long work has come, on a terminal; it is gone when the work is over."""

from __future__ import annotations

from typing import TextIO

from gradcli.core.progress import Progress, listen

_ERASE = "\r\x1b[2K"


def show_on(terminal: TextIO) -> None:
    """Show progress on a terminal from now on."""
    listen(lambda progress: _show(progress, terminal))


def _show(progress: Progress | None, out: TextIO) -> None:
    out.write(_ERASE if progress is None else _ERASE + line(progress, _width(out)))
    out.flush()


def _width(out: TextIO) -> int:
    import os

    try:
        return os.get_terminal_size(out.fileno()).columns
    except (OSError, ValueError):
        return 80


def line(progress: Progress, width: int) -> str:
    """Such as `step 120 of 1,000  loss 0.0123  3 s left`, cut where the terminal ends."""
    parts = [f"step {progress.done:,} of {progress.of:,}"]
    parts += [f"{name} {value:.4g}" for name, value in progress.measured]
    parts.append(f"{_time(progress.left)} left")
    return "  ".join(parts)[: max(width - 1, 1)]


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
