"""The commands. Each imports what it runs on when it runs, so that --help costs nothing."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from gradcli.faces.options import COMMANDS, DTYPE, OF_EXPRESSIONS, ORDER, QUIET, WRT, Option, separate
from gradcli.output.stream import OutputError, abandon

# What Typer refuses a command line with; only its subclasses have public names.
Refusal: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")


class Program(TyperGroup):
    """The program: its exit codes are its own, and what it refuses goes to the screen as everything does."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> int:
        """Run a command line and leave with its code, or give it back.

        Raises:
            OutputError: where standard output can't be written to.
        """
        code = self._code(prog_name or "gradcli", [*(sys.argv[1:] if args is None else args)], extra)
        if standalone_mode:
            sys.exit(code)
        return code

    def _code(self, name: str, arguments: list[str], extra: dict[str, Any]) -> int:
        try:
            with self.make_context(name, arguments, **extra) as context:
                self.invoke(context)
                return 0
        except typer.Exit as left:
            return left.exit_code
        except Refusal as error:
            from gradcli.output.screen import Screen

            text = io.StringIO()
            error.show(text)
            Screen().explain(text.getvalue())
            code: int = error.exit_code
            return code
        except BrokenPipeError:
            abandon(sys.stdout)
            return 0
        except OSError as error:
            # Help is written by Typer.
            abandon(sys.stdout)
            raise OutputError(error) from None


class Command(TyperCommand):
    """A command some of whose words may be expressions that begin with a minus sign."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words behind the command."""
        if self.name in OF_EXPRESSIONS and args:
            positional, options = separate(args, COMMANDS[self.name])
            for word in options:
                if word.startswith("-") and not word.startswith("--") and len(word.partition("=")[0]) > 2:
                    ctx.fail(f"No such option: {word}. Did you mean -{word}?")
            args = [*options, "--", *positional]
        return super().parse_args(ctx, args)


app = typer.Typer(
    name="gradcli",
    cls=Program,
    help="A calculator for gradients: values and derivatives at every order.\n\nWithout a command it opens the prompt.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _option(option: Option) -> Any:
    return typer.Option(*option.flags, metavar=option.metavar or None, help=option.help)


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

        raise typer.Exit(Repl().run())


@app.command(cls=Command, no_args_is_help=True)
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

    raise typer.Exit(handler([expression, *(values or [])], wrt=wrt, order=order, dtype=dtype))


@app.command("eval", cls=Command, no_args_is_help=True)
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

    raise typer.Exit(handler([text, *(values or [])], dtype=dtype))


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

    raise typer.Exit(handler(files, quiet=quiet, dtype=dtype))


@app.command(cls=Command, no_args_is_help=True)
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

    raise typer.Exit(handler([expression, *(values or [])], wrt=wrt, order=order, dtype=dtype))


def main(arguments: Sequence[str]) -> int:
    """Run a command line; its exit code."""
    code: int = app(args=arguments, standalone_mode=False)
    return code
