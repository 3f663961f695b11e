"""What the commands do, given what was typed behind them. Each imports what it runs on when it runs."""

from __future__ import annotations

from collections.abc import Sequence


def grad(words: Sequence[str], wrt: str | None = None, order: int = 1, dtype: str | None = None) -> int:
    """`gradcli grad`: the expression, then NAME=VALUE words. The exit code."""
    from gradcli.faces.one_shot import gradient
    from gradcli.output.screen import Screen

    return gradient(words[0], words[1:], wrt, order, dtype, Screen())


def evaluate(words: Sequence[str], dtype: str | None = None) -> int:
    """`gradcli eval`: the text, then NAME=VALUE words. The exit code."""
    from gradcli.faces.one_shot import evaluate as answer
    from gradcli.output.screen import Screen

    return answer(words[0], words[1:], dtype, Screen())


def run(words: Sequence[str], quiet: bool = False, dtype: str | None = None) -> int:
    """`gradcli run`: files. The exit code."""
    from gradcli.faces.runner import BAD_INPUT, fresh_session, run_files
    from gradcli.output.screen import Screen

    screen = Screen()
    session = fresh_session(dtype, screen)
    return BAD_INPUT if session is None else run_files(words, session, screen, quiet)


def code(words: Sequence[str], wrt: str | None = None, order: int = 1, dtype: str | None = None) -> int:
    """`gradcli code`: the expression, then NAME=VALUE words. The exit code."""
    from gradcli.faces.listing import listing
    from gradcli.output.screen import Screen

    return listing(words[0], words[1:], wrt, order, dtype, Screen())
