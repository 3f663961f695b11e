"""The program: `gradcli`, and `python -m gradcli`."""

import gc
import sys
from collections.abc import Callable


def main() -> None:
    """The console script. No traceback reaches a user unless --debug asks for it."""
    # Start-up makes many objects that all stay; looking for garbage among them would take a twentieth of it.
    gc.set_threshold(100_000, 20, 20)
    arguments = [_as_text(word) for word in sys.argv[1:]]
    from gradcli.output.stream import open_all

    open_all()
    # These two may stand anywhere in front of `--`; expressions begin with a minus sign too.
    end = arguments.index("--") if "--" in arguments else len(arguments)
    debug, version = ("--debug" in arguments[:end]), ("--version" in arguments[:end])
    words = [w for i, w in enumerate(arguments) if i >= end or w not in ("--debug", "--version")]
    code = _leaving(lambda: _answer(["--version"] if version else words), debug)
    # The streams hold back what they were given, so that it is only now sure to have left.
    code = max(code, _leaving(_flush, debug=False))
    _leave_at_once(code)
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
        return _fail("file", f"can't write to standard output: {error}")
    except KeyboardInterrupt:
        from gradcli.faces.options import INTERRUPTED

        return INTERRUPTED
    except Exception as error:
        if debug:
            raise
        problem = f"this is a mistake of gradcli's own: {type(error).__name__}: {error}"
        return _fail("internal", problem, "please report it, with what --debug shows")


def _fail(kind: str, problem: str, hint: str | None = None) -> int:
    from gradcli.language.text.diagnostics import Diagnostic
    from gradcli.output.screen import Screen

    Screen().diagnostic(Diagnostic(kind, problem, hint=hint))
    return 2


def _flush() -> int:
    from gradcli.output.stream import flush_all

    flush_all()
    return 0


def _answer(arguments: list[str]) -> int:
    from gradcli.faces.options import read

    found = read(arguments[0], arguments[1:]) if arguments else None
    if found is None:
        from gradcli.faces.cli import main as ask_typer

        return ask_typer(arguments)
    from gradcli.faces import handlers

    # What the language calls eval is a function of Python's.
    handler = handlers.evaluate if arguments[0] == "eval" else getattr(handlers, arguments[0])
    code: int = handler(found[0], **found[1])
    return code


if __name__ == "__main__":
    main()
