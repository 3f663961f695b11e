"""The command line as Typer has it, made from the table: it shows the help and refuses what is not as declared."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from gradcli.faces.command_line import COMMANDS, PROGRAM, Command
from gradcli.faces.options import Option, Words
from gradcli.faces.quick_reader import separate
from gradcli.output.stream import OutputError, abandon

# What Typer refuses a command line with; only its subclasses have public names.
Refusal: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")


class Program(TyperGroup):
    """The program: its exit codes are its own, and what it refuses goes to the terminal as everything does."""

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
            from gradcli.output.terminal import Terminal

            text = io.StringIO()
            error.show(text)
            Terminal().explain(text.getvalue())
            code: int = error.exit_code
            return code
        except BrokenPipeError:
            abandon(sys.stdout)
            return 0
        except OSError as error:
            # Help is written by Typer.
            abandon(sys.stdout)
            raise OutputError(error) from None


class OfExpressions(TyperCommand):
    """A command some of whose words may be expressions that begin with a minus sign."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words behind the command."""
        if args:
            positional, options = separate(args, COMMANDS[str(self.name)].options)
            for word in options:
                if word.startswith("-") and not word.startswith("--") and len(word.partition("=")[0]) > 2:
                    ctx.fail(f"No such option: {word}. Did you mean -{word}?")
            given = [word.partition("=")[0] for word in options if word.startswith("-")]
            for flag in given:
                if given.count(flag) > 1:
                    ctx.fail(f"{flag} is given twice")
            last = next((o for o in COMMANDS[str(self.name)].options if options and options[-1] in o.flags), None)
            if last is not None and last.kind is not bool:
                ctx.fail(f"{options[-1]} needs a value: {last.metavar}")
            args = [*options, "--", *positional]
        return super().parse_args(ctx, args)


def _help(command: Command) -> str:
    """What its help says, with a line for each example."""
    example = command.example
    return command.text.replace(example, f"\b\n{example}") if example else command.text


app = typer.Typer(
    name="gradcli",
    cls=Program,
    help=_help(PROGRAM),
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _option(option: Option) -> Parameter:
    kind: Any = option.kind if option.default is not None else option.kind | None
    declared = typer.Option(*option.flags, metavar=option.metavar or None, help=option.help)
    return Parameter(
        option.parameter, Parameter.KEYWORD_ONLY, default=option.default, annotation=Annotated[kind, declared]
    )


def _words(words: Words) -> Parameter:
    kind: Any = list[str] if words.many else str
    declared = typer.Argument(metavar=words.metavar, help=words.help)
    if words.required:
        return Parameter(words.parameter, Parameter.KEYWORD_ONLY, annotation=Annotated[kind, declared])
    return Parameter(words.parameter, Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, declared])


_CONTEXT = Parameter("context", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)


def _callback(command: Command) -> Callable[..., None]:
    """A function with the command's parameters in its signature, from which Typer reads them."""

    def callback(context: typer.Context, **given: Any) -> None:
        for option in command.options:
            source = context.get_parameter_source(option.parameter)
            if source is not None and source.name == "DEFAULT":
                # So that what the environment says is heard.
                del given[option.parameter]
        lists = {words.parameter: given[words.parameter] or [] for words in command.words if words.many}
        raise typer.Exit(command.answer(given | lists))

    parameters = [_CONTEXT, *map(_words, command.words), *map(_option, command.options)]
    callback.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return callback


def _program(context: typer.Context, **given: Any) -> None:
    if context.invoked_subcommand is None or given["version"]:
        raise typer.Exit(PROGRAM.answer(given))


_program.__signature__ = Signature(  # type: ignore[attr-defined]
    [
        _CONTEXT,
        *map(_option, PROGRAM.options),
    ]
)
app.callback(invoke_without_command=True)(_program)
for _command in COMMANDS.values():
    _kind = OfExpressions if _command.expressions else TyperCommand
    _needs_words = any(words.required for words in _command.words)
    app.command(_command.name, cls=_kind, help=_help(_command), no_args_is_help=_needs_words)(_callback(_command))


def main(arguments: Sequence[str]) -> int:
    """Run a command line; its exit code."""
    code: int = app(args=arguments, standalone_mode=False)
    return code
