"""The commands. Each imports what it runs on when it runs, so that --help costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer

from gradcli.faces.options import DTYPE, INTERRUPTED, ORDER, QUIET, WRT, Option

app = typer.Typer(
    name="gradcli",
    help="A calculator for gradients: values and derivatives at every order.\n\nWithout a command it opens the prompt.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _option(option: Option) -> Any:
    return typer.Option(*option.flags, metavar=option.metavar or None, help=option.help)


def _leave(answer: Callable[[], int]) -> NoReturn:
    try:
        code = answer()
    except KeyboardInterrupt:
        # Typer's own answer to it is a line of text and the code of a failure.
        code = INTERRUPTED
    raise typer.Exit(code)


DType = Annotated[str | None, _option(DTYPE)]


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

        _leave(Repl().run)


@app.command(no_args_is_help=True)
def grad(
    expression: Annotated[
        str, typer.Argument(metavar="EXPR|FILE::NAME", help="An expression, or a function in a file.")
    ],
    values: Annotated[list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Where to evaluate it.")] = None,
    wrt: Annotated[str | None, _option(WRT)] = None,
    order: Annotated[int, _option(ORDER)] = 1,
    dtype: DType = None,
) -> None:
    """Show a value and its derivatives.

    gradcli grad 'x*x*y*z' x=3 y=5 z=1
    """
    from gradcli.faces.handlers import grad as handler

    _leave(lambda: handler([expression, *(values or [])], wrt=wrt, order=order, dtype=dtype))


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
    from gradcli.faces.handlers import evaluate as handler

    _leave(lambda: handler([text, *(values or [])], dtype=dtype))


@app.command(no_args_is_help=True)
def run(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Scripts, each run by itself.")],
    quiet: Annotated[bool, _option(QUIET)] = False,
    dtype: DType = None,
) -> None:
    """Run scripts and check their asserts.

    Leaves with 0 if all is fine, 1 if an assert failed, 2 for a mistake in a script.
    """
    from gradcli.faces.handlers import run as handler

    _leave(lambda: handler(files, quiet=quiet, dtype=dtype))


@app.command(no_args_is_help=True)
def code(
    expression: Annotated[
        str, typer.Argument(metavar="EXPR|FILE::NAME", help="An expression, or a function in a file.")
    ],
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=VALUE]...", help="Values of the inputs, whose shapes and types count."),
    ] = None,
    wrt: Annotated[str | None, _option(WRT)] = None,
    order: Annotated[int, _option(ORDER)] = 1,
    dtype: DType = None,
) -> None:
    """Show the program that computes a value and its derivatives.

    gradcli code 'sin(x*y)*exp(x)'
    """
    from gradcli.faces.handlers import code as handler

    _leave(lambda: handler([expression, *(values or [])], wrt=wrt, order=order, dtype=dtype))
