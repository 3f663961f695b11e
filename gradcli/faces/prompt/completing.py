"""Completion in the editor: the language's, and that of commands, topics and files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

if TYPE_CHECKING:
    from gradcli.faces.prompt.answering import Answering
    from gradcli.faces.prompt.loop import Prompt
    from gradcli.faces.prompt.workspace import Workspace

# A name's description is cut behind so many characters.
LONGEST_MEANING = 100


class Completing(Completer):
    """Completes what is typed, as soon as the language is there."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """What may stand at the cursor, the likeliest first."""
        if complete_event.completion_requested:
            answering: Answering | None = self._prompt.answering.get()
        else:
            answering = self._prompt.answering.peek()
        if answering is None:
            return []
        text = document.text_before_cursor
        if text.lstrip().startswith(":"):
            return _of_commands(answering.workspace, text.lstrip())
        return _of_the_language(answering.workspace, text)


def _of_the_language(workspace: Workspace, text: str) -> Iterator[Completion]:
    from gradcli.session.completion import complete

    for found in complete(workspace.session, text):

        def meaning(describe: Callable[[], str] = found.describe) -> str:
            told = describe()
            return told if len(told) <= LONGEST_MEANING else f"{told[: LONGEST_MEANING - 3]}..."

        yield Completion(found.text, -found.replaces, display_meta=meaning)


def _of_commands(workspace: Workspace, text: str) -> Iterator[Completion]:
    """Commands by their beginning, then what they take."""
    from gradcli.faces.prompt.commands import named
    from gradcli.faces.prompt.registry import COMMANDS, expression, files
    from gradcli.language.text.notation import VERBS

    name, blank, rest = text[1:].partition(" ")
    if not blank:
        known = {c.name: c.summary for c in COMMANDS.values()}
        known |= {verb: "as in the language" for verb in sorted(VERBS) if verb not in known}
        for word, meaning in known.items():
            if word.startswith(name):
                yield Completion(word, -len(name), display=f":{word}", display_meta=meaning)
        return
    meant = named(name)
    if len(meant) != 1:
        return
    entry = COMMANDS.get(meant[0])
    if entry is None or entry.takes is expression:
        yield from _of_the_language(workspace, rest)
    elif entry.takes is files:
        yield from PathCompleter(expanduser=True).get_completions(Document(rest), CompleteEvent())
    else:
        *_, last = rest.split(" ")
        for word, meaning in entry.takes(workspace, rest):
            if word.startswith(last):
                yield Completion(word, -len(last), display_meta=meaning)
