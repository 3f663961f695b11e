"""The commands. Each imports what it runs on when it runs, so that --help costs nothing."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

app = typer.Typer(
    name="gradcli",
    help="A calculator for gradients: values and derivatives at every order.\n\nWithout a command it opens the prompt.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

DType = Annotated[
    str | None, typer.Option("--dtype", metavar="TYPE", help="What plain numbers are: float64 or float32.")
]


@app.callback(invoke_without_command=True)
def prompt(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and leave.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show Python's traceback of an internal error.")] = False,
) -> None:
    """Open the prompt, unless a command follows."""
    if version:
        from gradcli import __version__

        typer.echo(f"gradcli {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        from gradcli.faces.repl import Repl

        raise typer.Exit(Repl().run())


@app.command(no_args_is_help=True)
def grad(
    expression: Annotated[
        str, typer.Argument(metavar="EXPR|FILE::NAME", help="An expression, or a function in a file.")
    ],
    values: Annotated[list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Where to evaluate it.")] = None,
    wrt: Annotated[
        str | None, typer.Option("--wrt", metavar="NAMES", help="Differentiate by these, such as x,y.")
    ] = None,
    order: Annotated[int, typer.Option("--order", "-n", metavar="N", help="The highest order of derivatives.")] = 1,
    dtype: DType = None,
) -> None:
    """Show a value and its derivatives.

    gradcli grad 'x*x*y*z' x=3 y=5 z=1
    """
    from gradcli.faces.one_shot import gradient
    from gradcli.output.screen import Screen

    raise typer.Exit(gradient(expression, values or [], wrt, order, dtype, Screen()))


@app.command("eval", no_args_is_help=True)
def evaluate(
    text: Annotated[str, typer.Argument(metavar="EXPR", help="An expression, or statements with ; between them.")],
    values: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Names to define before.")
    ] = None,
    dtype: DType = None,
) -> None:
    """Evaluate an expression.

    gradcli eval "f(x) = sin(x)/x; f'(2)"
    """
    from gradcli.faces.one_shot import evaluate as run
    from gradcli.output.screen import Screen

    raise typer.Exit(run(text, values or [], dtype, Screen()))


@app.command(no_args_is_help=True)
def run(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Scripts, each run by itself.")],
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show failures and one line a file only.")] = False,
    dtype: DType = None,
) -> None:
    """Run scripts and check their asserts.

    Leaves with 0 if all is fine, 1 if an assert failed, 2 for a mistake in a script.
    """
    from gradcli.faces.runner import BAD_INPUT, fresh_session, run_files
    from gradcli.output.screen import Screen

    screen = Screen()
    session = fresh_session(dtype, screen)
    raise typer.Exit(BAD_INPUT if session is None else run_files(files, session, screen, quiet))


def main() -> None:
    """The console script. No traceback reaches a user unless --debug asks for it."""
    arguments = sys.argv[1:]
    try:
        app()
    except BrokenPipeError:
        # The reader went away, as `| head` does: there is nobody left to tell.
        sys.stderr.close()
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
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
