"""The bar that shows how far work on a table has come, on standard error where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bar(what: str, unit: str = "rows") -> Iterator[Callable[..., None]]:
    """Within this, what is told of how many are done, of how many, and of a loss and its slope, is shown; then gone.

    The rate is that of what was done within it, and the time left follows from it.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda done, of, loss=None, slope=None: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """How many there are in a second."""

        def render(self, task: Task) -> Text:
            """The text."""
            return Text(f"{task.speed or 0:,.0f} {unit}/s")

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn(f"{{task.completed:,.0f}} {unit}"),
        Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)

        def tell(done: int, of: int | None, loss: float | None = None, slope: float | None = None) -> None:
            said = what if loss is None else f"{what}  loss {loss:.6g}  gradient {slope:.3g}"
            progress.update(task, completed=done, total=of, description=said)

        yield tell
