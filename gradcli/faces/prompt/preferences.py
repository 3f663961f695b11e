"""What can be chosen for the prompt itself, which no script depends on."""

from __future__ import annotations

from gradcli.core.records import record


@record
class Preference:
    """One preference: its name, the words that it can be, the first of them at first, and what it is for, in a line."""

    name: str
    choices: tuple[str, ...]
    help: str


PREFERENCES: dict[str, Preference] = {
    preference.name: preference
    for preference in (
        Preference("theme", ("auto", "dark", "light", "plain"), "the colours of what is typed and shown"),
        Preference("numbering", ("off", "on"), "whether inputs and results are numbered"),
        Preference("live", ("on", "off"), "whether the result stands below the line while it is typed"),
        Preference("keys", ("emacs", "vi"), "which editor's keys edit the line"),
        Preference("suggestions", ("on", "off"), "whether a line from the history is offered behind the cursor"),
    )
}


def defaults() -> dict[str, str]:
    """What each preference is at first."""
    return {name: preference.choices[0] for name, preference in PREFERENCES.items()}


def choices_of(name: str) -> tuple[str, ...]:
    """The words that a preference, a setting or a limit can be; none where any value goes, or for an unknown name."""
    if name in PREFERENCES:
        return PREFERENCES[name].choices
    from gradcli.session.settings import every_setting

    setting = every_setting().get(name)
    return setting.choices if setting else ()
