"""The commands of the prompt, each declared beside its handler."""

from __future__ import annotations

from collections.abc import Callable

from gradcli.core.errors import CoreError
from gradcli.core.limits import LIMITS, limit, use
from gradcli.core.records import record
from gradcli.language.calls.arguments import signature
from gradcli.language.calls.builtin import Builtin
from gradcli.language.library.names import builtins
from gradcli.language.text.diagnostics import Diagnostic, near
from gradcli.language.values.nesting import nodes_in
from gradcli.language.values.values import Function
from gradcli.output.reporter import Reporter
from gradcli.output.views import Look, show_value
from gradcli.session.plain import plain
from gradcli.session.session import Session

# Tensors with more elements are listed by their edges.
WHOLE_IN_A_LIST = 6

Handler = Callable[[str, Session, Reporter], Session]


class Leave(Exception):  # noqa: N818 - it is no error
    """The user wants to go."""


@record
class Command:
    """A command of the prompt: its name, how it is called, what it does."""

    name: str
    usage: str
    summary: str
    handler: Handler


COMMANDS: dict[str, Command] = {}


def command(usage: str, summary: str) -> Callable[[Handler], Handler]:
    """Enter a handler under its own name."""

    def announce(handler: Handler) -> Handler:
        name = handler.__name__.strip("_")
        COMMANDS[name] = Command(name, usage, summary, handler)
        return handler

    return announce


def run_command(text: str, session: Session, reporter: Reporter) -> Session:
    """Run the command that a line names; an unknown one is said and changes nothing.

    Raises:
        Leave: for :quit.
    """
    name, _, rest = text.partition(" ")
    found = COMMANDS.get({"exit": "quit", "q": "quit", "?": "help", "h": "help"}.get(name, name))
    if found is None:
        hint = near(name, list(COMMANDS)) or "`:help` lists the commands"
        reporter.diagnostic(Diagnostic("usage", f"there is no command `:{name}`", hint=hint))
        return session
    return found.handler(rest.strip(), session, reporter)


@command(":help [NAME]", "what can be typed, or what a built-in does")
def help_(rest: str, session: Session, reporter: Reporter) -> Session:
    """Explain a built-in, or give an overview."""
    if rest:
        value = builtins().get(rest)
        if isinstance(value, Builtin):
            reporter.say(signature(value), "strong")
            reporter.say(f"  {value.summary}")
        elif value is not None:
            reporter.say(f"{rest} = {show_value(plain(value))}")
        else:
            hint = near(rest, list(builtins())) or "`:help` lists the built-ins"
            reporter.diagnostic(Diagnostic("name", f"there is no built-in `{rest}`", hint=hint))
        return session
    use(session.settings.limits)
    reporter.say("Type an expression to see its value, or a definition to keep it:")
    for example, meaning in (
        ("f(x, y) = x^2 y", "a function, as on paper: 2x, x², √x, |x|, sin²(x)"),
        ("∂f/∂x, ∇f", "its derivatives as formulas; d/dx (x^3) too"),
        ("grad(f, all)(3, 5)", "its gradient at a point"),
        ("derivatives(f, order=2)(3, 5)", "every partial up to an order"),
        ("sin''(1)", "a prime differentiates a function of one variable"),
        ("solve(x^2 - 2, 1)", "a root; minimize, integrate, limit, extrema too"),
        ("plot sin(x), x over x = -3..3", "a picture"),
        ("model net(x):", "a block; an empty line ends it"),
    ):
        reporter.say(f"  {example:<32}{meaning}")
    reporter.say("Commands:")
    for c in COMMANDS.values():
        reporter.say(f"  {c.usage:<32}{c.summary}")
    reporter.say("Limits, which `set NAME VALUE` or the environment changes:")
    for entry in LIMITS.values():
        try:
            allowed = f"{limit(entry.name):,.0f}"
        except CoreError as error:
            allowed = error.message
        reporter.say(f"  {entry.name:<16}{allowed:>18} {entry.unit:<12}{entry.help}")
    functions = sorted(name for name, value in builtins().items() if isinstance(value, Function))
    reporter.say("Built-ins:")
    reporter.say(f"  {', '.join(functions)}")
    return session


@command(":vars", "what is defined")
def vars_(rest: str, session: Session, reporter: Reporter) -> Session:
    """List the session's names."""
    if not session.scope:
        reporter.say("nothing is defined yet", "dim")
    for name, value in session.scope.items():
        text = show_value(plain(value), Look(session.settings.digits, WHOLE_IN_A_LIST))
        shapes = {node.shape for node in nodes_in(value)}
        kind = f"  {shapes.pop()}" if "..." in text and len(shapes) == 1 else ""
        reporter.say(f"{name} = {' '.join(text.split())}{kind}")
    return session


@command(":reset", "forget what is defined")
def reset(rest: str, session: Session, reporter: Reporter) -> Session:
    """Start over with nothing defined; what was set stays, and the random numbers begin again."""
    return Session(settings=session.settings, seed=session.seed)


@command(":quit", "leave; Ctrl-D does too")
def quit_(rest: str, session: Session, reporter: Reporter) -> Session:
    """Leave the prompt."""
    raise Leave
