"""`:help`: what can be typed, and what a name does."""

from __future__ import annotations

from gradcli.core.errors import CoreError
from gradcli.core.limits import LIMITS, limit, use
from gradcli.faces.prompt.registry import COMMANDS, command
from gradcli.faces.prompt.workspace import Workspace
from gradcli.language.calls.arguments import signature
from gradcli.language.calls.builtin import Builtin
from gradcli.language.library.names import builtins
from gradcli.language.text.diagnostics import Diagnostic, near
from gradcli.language.values.values import Function
from gradcli.output.views import show_value
from gradcli.session.plain import plain


@command(":help [NAME]", "what can be typed, or what a built-in does")
def help_(rest: str, workspace: Workspace) -> None:
    """Explain a built-in, or give an overview."""
    session, reporter = workspace.session, workspace.reporter
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
        return
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
