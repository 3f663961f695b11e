"""`:set`: settings of the session, and preferences of the prompt."""

from __future__ import annotations

from gradcli.core.errors import CoreError
from gradcli.core.limits import LIMITS, limit, use
from gradcli.faces.prompt.preferences import PREFERENCES, choices_of
from gradcli.faces.prompt.registry import command
from gradcli.faces.prompt.workspace import Workspace
from gradcli.language.text.diagnostics import near
from gradcli.session.results import Listing


def _choices(workspace: Workspace, text: str) -> list[tuple[str, str]]:
    from gradcli.session.settings import every_setting

    name, blank, _ = text.partition(" ")
    if blank:
        return [(choice, "") for choice in choices_of(name)]
    found = [(known, setting.help) for known, setting in every_setting().items()]
    return [*found, *((known, preference.help) for known, preference in PREFERENCES.items())]


@command(":set [NAME [VALUE]]", "what is set and what it can be, or set it", _choices)
def set_(rest: str, workspace: Workspace) -> None:
    """Alone it lists all settings, limits and preferences; with a name it shows that one; with a value it sets it.

    What is set in the session is a statement, `set NAME VALUE`, and is saved; preferences are the prompt's alone.
    """
    from gradcli.session.settings import every_setting

    name, _, value = rest.partition(" ")
    name, value = name.rstrip("="), value.strip().removeprefix("=").strip()
    known = [*every_setting(), *PREFERENCES]
    if name and name not in known:
        hint = near(name, known) or "`:set` lists what there is"
        workspace.refuse("name", f"there is no setting `{name}`", hint)
    elif not value:
        _show([name] if name else known, workspace)
    elif name in PREFERENCES:
        _prefer(name, value, workspace)
    else:
        workspace.typed(f"set {name} {value}")


def _prefer(name: str, value: str, workspace: Workspace) -> None:
    choices = PREFERENCES[name].choices
    if value not in choices:
        listed = f"{', '.join(choices[:-1])} or {choices[-1]}"
        workspace.refuse("value", f"`{name}` can't be `{value}`", near(value, choices) or f"it is {listed}")
        return
    workspace.preferences[name] = value
    if name == "theme":
        from gradcli.output.style import usual_theme

        workspace.reporter.theme = usual_theme() if value == "auto" else value


def _show(names: list[str], workspace: Workspace) -> None:
    from gradcli.session.settings import every_setting

    session, settings = workspace.session, every_setting()
    use(session.settings.limits)
    rows = []
    for name in names:
        if name in PREFERENCES:
            preference = PREFERENCES[name]
            *most, last = preference.choices
            rows.append((name, workspace.preferences[name], f"{', '.join(most)} or {last}", preference.help))
        else:
            setting = settings[name]
            now = _limited(name) if name in LIMITS else setting.present(session.settings, session.seed)
            rows.append((name, now, setting.takes, setting.help))
    if len(rows) == 1:
        titles = ("name", "now", "can be", "is for")
        workspace.show(Listing((("", "stays"), ("", "for")), tuple(zip(titles, rows[0], strict=True))))
        return
    columns = ("name", "stays"), ("now", "for"), ("can be", "extra")
    listed = tuple(row[: len(columns)] for row in rows)
    workspace.show(Listing(columns, listed, "`:set NAME` says what it is for, `:set NAME VALUE` sets it"))


def _limited(name: str) -> str:
    """What a limit is now, by default too."""
    try:
        return f"{limit(name):,.0f}"
    except CoreError as error:
        return error.message
