"""Looking at what is defined: `:vars`, `:params` and `:show`."""

from __future__ import annotations

from gradcli.faces.prompt.registry import command, defined
from gradcli.faces.prompt.workspace import Workspace
from gradcli.language.library.names import builtins
from gradcli.language.text.diagnostics import near
from gradcli.language.values.values import Function, Value
from gradcli.session.memory import parameters_of
from gradcli.session.results import ParameterTable, Shown


@command(":vars [NAME]", "what is defined, or one name in detail", defined)
def vars_(rest: str, workspace: Workspace) -> None:
    """Kind, shape, type, memory and value of each name; of one also its range, and the statement that it is from."""
    from gradcli.session.overview import details, variables

    session = workspace.session
    if rest:
        if _found(rest, workspace) is not None:
            origin = workspace.log.defining(rest)
            workspace.show(details(session, rest, None if origin is None else origin.text))
    elif session.scope:
        workspace.show(variables(session))
    else:
        workspace.reporter.say("nothing is defined yet", "dim")


@command(":params NAME", "the parameters of a model", defined)
def params(rest: str, workspace: Workspace) -> None:
    """Each parameter with its shape, type and value, as `params(net)` shows them, and how many numbers there are."""
    if not rest:
        models = [n for n, v in workspace.session.scope.items() if isinstance(v, Function) and parameters_of(v)]
        hint = f"write `:params {models[0]}`" if models else "`model net(x):` begins the definition of a model"
        workspace.refuse("usage", "`:params` needs the name of a model", hint)
        return
    found = workspace.session.run(workspace.source(f"params({rest})"))
    for diagnostic in found.diagnostics:
        workspace.reporter.diagnostic(diagnostic)
    for result in found.results:
        assert isinstance(result, Shown)
        if isinstance(result.value, ParameterTable) and not result.value.names:
            workspace.reporter.say(f"{rest} has no parameters", "dim")
        else:
            workspace.show(result.value)


@command(":show NAME", "a function's definition, formula and derivative", defined)
def show(rest: str, workspace: Workspace) -> None:
    """The definition as it was typed, what it takes, and what it reads from outside; of a value, its details."""
    from gradcli.session.overview import explained

    if not rest:
        workspace.refuse("usage", "`:show` needs a name", "write `:show f`; `:vars` lists the names")
        return
    value = _found(rest, workspace, known=True)
    if isinstance(value, tuple) and isinstance(value[0], Function):
        workspace.show(explained(workspace.session, rest, value[0]))
    elif value is not None:
        vars_(rest, workspace)


def _found(name: str, workspace: Workspace, known: bool = False) -> tuple[Value] | None:
    """The value under a name in a tuple of its own, of a built-in too where these are `known`; None after saying so."""
    scope = workspace.session.scope
    if name in scope:
        return (scope[name],)
    if known and isinstance(builtins().get(name), Function):
        return (builtins()[name],)
    hint = near(name, [*scope]) or "`:vars` lists what is defined"
    if name in builtins():
        hint = f"it is built in; `:help {name}` explains it"
    workspace.refuse("name", f"`{name}` is not defined here", hint)
    return None
