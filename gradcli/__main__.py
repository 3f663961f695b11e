"""The program: `gradcli`, and `python -m gradcli`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcli.language.text.diagnostics import Diagnostic


def main() -> None:
    """The console script. No traceback reaches a user unless --debug asks for it."""
    # Start-up makes many objects that all stay; looking for garbage among them would take a twentieth of it.
    gc.set_threshold(100_000, 20, 20)
    arguments = [_as_text(word) for word in sys.argv[1:]]
    from gradcli.faces.command_line import DEBUG, VERSION
    from gradcli.output.stream import open_all

    open_all()
    if sys.stderr is not None and sys.stderr.isatty():
        from gradcli.output.progress import show_on

        show_on(sys.stderr)
    # These two may stand anywhere in front of `--`; expressions begin with a minus sign too.
    end = arguments.index("--") if "--" in arguments else len(arguments)
    debug, version = (any(flag in arguments[:end] for flag in option.flags) for option in (DEBUG, VERSION))
    anywhere = DEBUG.flags + VERSION.flags
    words = [w for i, w in enumerate(arguments) if i >= end or w not in anywhere]
    if version:
        words = [*VERSION.flags]
    elif debug and not words:
        words = [*DEBUG.flags]
    code = _leaving(lambda: _answer(words), debug)
    # The streams hold back what they were given, so that it is only now sure to have left.
    code = max(code, _leaving(_flush, debug=False))
    _leave_at_once(code)
    # All that is left goes with the process; Python's last look for garbage among it would take a tenth of a one-shot.
    gc.freeze()
    sys.exit(code)


def _leave_at_once(code: int) -> None:
    """Do not wait for a computation that was interrupted and is within one call of NumPy's."""
    interrupt = sys.modules.get("gradcli.core.interrupt")
    if interrupt is None or not interrupt.unfinished():
        return
    import os

    os._exit(code)


def _as_text(word: str) -> str:
    """A word in UTF-8, whatever encoding the locale has."""
    if word.isascii():
        return word
    import os

    try:
        return os.fsencode(word).decode("utf-8")
    except UnicodeDecodeError:
        return word


def _leaving(work: Callable[[], int], debug: bool) -> int:
    """The exit code of some work. What it can't go on from is said."""
    from gradcli.output.stream import OutputError

    try:
        return work()
    except OutputError as error:
        from gradcli.language.text.diagnostics import Diagnostic

        return _say(Diagnostic("file", f"can't write to standard output: {error}"))
    except KeyboardInterrupt:
        from gradcli.session.results import Verdict

        return Verdict.INTERRUPTED
    except Exception as error:
        if debug:
            raise
        from gradcli.session.mistakes import own_mistake

        return _say(own_mistake(error))


def _say(diagnostic: Diagnostic) -> int:
    from gradcli.output.terminal import Terminal
    from gradcli.session.results import Verdict

    Terminal().diagnostic(diagnostic)
    return Verdict.BAD_INPUT


def _flush() -> int:
    from gradcli.output.stream import flush_all

    flush_all()
    return 0


def _answer(arguments: list[str]) -> int:
    from gradcli.faces.quick_reader import read

    found = read(arguments)
    if found is None:
        from gradcli.faces.typer_app import main as ask_typer

        return ask_typer(arguments)
    command, given = found
    return command.answer(given)


if __name__ == "__main__":
    main()
