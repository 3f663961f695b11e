"""The program: `gradcli`, and `python -m gradcli`."""

import gc
import sys


def main() -> None:
    """The console script. No traceback reaches a user unless --debug asks for it."""
    # Start-up makes many objects that all stay; looking for garbage among them would take a twentieth of it.
    gc.set_threshold(100_000, 20, 20)
    try:
        _run(sys.argv[1:])
    except SystemExit as left:
        _leave_at_once(left.code)
        raise


def _leave_at_once(code: object) -> None:
    """Do not wait for a computation that was interrupted and is within one call of NumPy's."""
    interrupt = sys.modules.get("gradcli.core.interrupt")
    if interrupt is None or not interrupt.unfinished():
        return
    import os

    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code if isinstance(code, int) else 0)


def _run(arguments: list[str]) -> None:
    try:
        _answer(arguments)
    except BrokenPipeError:
        # The reader went away, as `| head` does: there is nobody left to tell.
        sys.stderr.close()
        sys.exit(0)
    except KeyboardInterrupt:
        from gradcli.faces.options import INTERRUPTED

        sys.exit(INTERRUPTED)
    except Exception as error:
        if "--debug" in arguments:
            raise
        from gradcli.language.diagnostics import Diagnostic
        from gradcli.output.screen import Screen

        Screen().diagnostic(
            Diagnostic(
                "internal",
                f"this is a mistake of gradcli's own: {type(error).__name__}: {error}",
                hint="please report it, with what --debug shows",
            )
        )
        sys.exit(2)


def _answer(arguments: list[str]) -> None:
    from gradcli.faces.options import COMMANDS, read

    options = COMMANDS.get(arguments[0]) if arguments else None
    found = read(arguments[1:], options) if options is not None else None
    if found is None:
        from gradcli.faces.cli import app

        app()
        return
    from gradcli.faces import handlers

    # What the language calls eval is a function of Python's.
    handler = handlers.evaluate if arguments[0] == "eval" else getattr(handlers, arguments[0])
    sys.exit(handler(found[0], **found[1]))


if __name__ == "__main__":
    main()
