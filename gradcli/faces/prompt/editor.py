"""The prompt on a screen: prompt_toolkit's editor with the language's colours, keys, completion and the live line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggest, AutoSuggestFromHistory, DynamicAutoSuggest
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.enums import DEFAULT_BUFFER, EditingMode
from prompt_toolkit.history import History as PromptHistory
from prompt_toolkit.layout.processors import HighlightMatchingBracketProcessor
from prompt_toolkit.styles import DynamicStyle, Style

from gradcli.faces.prompt.colours import Colours, editor_style, in_editor
from gradcli.faces.prompt.completing import Completing
from gradcli.faces.prompt.history import History, history_path
from gradcli.faces.prompt.keys import key_bindings
from gradcli.faces.prompt.lines import MORE, PROMPT
from gradcli.faces.prompt.live import Live
from gradcli.faces.prompt.preferences import defaults
from gradcli.output.stream import Stream
from gradcli.output.style import takes_colours
from gradcli.output.views import Look

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples

    from gradcli.faces.prompt.answering import Answering
    from gradcli.faces.prompt.loop import Prompt


class Editor:
    """Reads inputs from a screen."""

    is_typed = True

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt
        self._warm = False
        self._from_history = AutoSuggestFromHistory()
        self._session: PromptSession[str] = PromptSession(
            message=self._message,
            prompt_continuation=self._continued,
            multiline=True,
            lexer=Colours(prompt),
            completer=Completing(prompt),
            complete_while_typing=False,
            history=_Kept(History(history_path())),
            auto_suggest=DynamicAutoSuggest(self._suggests),
            enable_history_search=True,
            key_bindings=key_bindings(DEFAULT_BUFFER),
            input_processors=[HighlightMatchingBracketProcessor(chars="()[]", max_cursor_distance=5_000)],
            style=DynamicStyle(self._style),
            include_default_pygments_style=False,
            bottom_toolbar=self._bottom,
            editing_mode=EditingMode.EMACS,
        )
        screen = Stream(sys.stdout)
        look = Look(clean=screen.clean, on_paper=screen.has_signs)
        self._live = Live(self._when_warm, look, self._redraw, self._later)
        self._session.default_buffer.on_text_changed += self._typed
        prompt.greet()
        prompt.answering.start(self._loaded)

    def read(self) -> str:
        """The next input.

        Raises:
            EOFError: for Ctrl-D.
            KeyboardInterrupt: for Ctrl-C.
        """
        vi = self._preferred("keys") == "vi"
        self._session.editing_mode = EditingMode.VI if vi else EditingMode.EMACS
        try:
            return self._session.prompt().rstrip()
        finally:
            self._live.stop()

    def _preferred(self, name: str) -> str:
        """What a preference is, as soon as there are some."""
        answering = self._prompt.answering.peek()
        return answering.workspace.preferences[name] if answering is not None else defaults()[name]

    def _suggests(self) -> AutoSuggest | None:
        return self._from_history if self._preferred("suggestions") == "on" else None

    def _loaded(self, answering: Answering) -> None:
        """The language is there: show its colours, then load what computes."""
        self._redraw()
        warm_up()
        self._warm = True
        self._soon(lambda: self._typed(self._session.default_buffer))

    def _when_warm(self) -> Answering | None:
        return self._prompt.answering.peek() if self._warm else None

    def _typed(self, buffer: Buffer) -> None:
        if self._session.app.is_running and self._preferred("live") == "on":
            self._live.show(buffer.text, self._session.app.output.get_size().columns - 1)

    def _redraw(self) -> None:
        self._soon(self._session.app.invalidate)

    def _soon(self, work: Callable[[], None]) -> None:
        """Have something done by whoever reads the keys, where someone does."""
        loop = self._session.app.loop
        if loop is not None:
            # It may end at any moment.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(work)

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        loop = self._session.app.loop
        if loop is not None:
            loop.call_later(seconds, work)

    def _message(self) -> StyleAndTextTuples:
        answering = self._prompt.answering.peek()
        if answering is None or self._preferred("numbering") == "off":
            return [("class:prompt", PROMPT)]
        # The number that the next result has, as in `_3`.
        return [("class:prompt", f"[{answering.workspace.session.answers.count + 1}]{PROMPT}")]

    def _continued(self, width: int, number: int, is_wrapped: bool | int) -> StyleAndTextTuples:
        return [("class:dim", " " * width if is_wrapped else MORE.rjust(width))]

    def _bottom(self) -> StyleAndTextTuples | None:
        return in_editor(self._live.line)

    def _style(self) -> Style:
        return editor_style(self._prompt.reporter.theme if takes_colours(is_terminal=True) else "plain")


class _Kept(PromptHistory):
    """The history that is kept, as the editor wants it."""

    def __init__(self, kept: History) -> None:
        super().__init__()
        self._kept = kept

    def load_history_strings(self) -> Iterable[str]:
        """All that is kept, the latest first."""
        return reversed(self._kept.entries())

    def append_string(self, string: str) -> None:
        """Add what was entered, without the empty line that ended it."""
        super().append_string(string.rstrip())

    def store_string(self, string: str) -> None:
        """Keep another one."""
        self._kept.add(string)


def warm_up() -> None:
    """Import what computes, in this thread, so that no answer waits for it; what isn't installed is left out."""
    from importlib import import_module

    for name in ("numpy", "flint", "scipy.special", "gradcli.core.engines.numpy.engine", "gradcli.session.preview"):
        with suppress(ImportError):
            import_module(name)
    from gradcli.core.engines.numpy.pool import start

    start()
