"""The prompt on a screen: prompt_toolkit's editor with the language's colours, keys, completion and the live line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.enums import DEFAULT_BUFFER, EditingMode
from prompt_toolkit.history import History as PromptHistory
from prompt_toolkit.layout.processors import HighlightMatchingBracketProcessor
from prompt_toolkit.styles import DynamicStyle, Style

from gradcli.faces.prompt.colours import Colours, editor_style
from gradcli.faces.prompt.completing import Completing
from gradcli.faces.prompt.history import History, history_path
from gradcli.faces.prompt.keys import key_bindings
from gradcli.faces.prompt.lines import MORE, PROMPT
from gradcli.faces.prompt.live import Live
from gradcli.output.stream import Stream
from gradcli.output.style import THEMES
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
        self._session: PromptSession[str] = PromptSession(
            message=self._message,
            prompt_continuation=self._continued,
            multiline=True,
            lexer=Colours(prompt),
            completer=Completing(prompt),
            complete_while_typing=False,
            history=_Kept(History(history_path())),
            auto_suggest=AutoSuggestFromHistory(),
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
        self._live = Live(self._when_warm, look, self._session.app.invalidate, self._later)
        self._session.default_buffer.on_text_changed += self._typed
        prompt.greet()
        prompt.answering.start(self._loaded)

    def read(self) -> str:
        """The next input.

        Raises:
            EOFError: for Ctrl-D.
            KeyboardInterrupt: for Ctrl-C.
        """
        try:
            return self._session.prompt().rstrip()
        finally:
            self._live.stop()

    def _loaded(self, answering: Answering) -> None:
        """The language is there: show its colours, then load what computes."""
        self._session.app.invalidate()
        warm_up()
        self._warm = True
        loop = self._session.app.loop
        if loop is not None:
            loop.call_soon_threadsafe(lambda: self._typed(self._session.default_buffer))

    def _when_warm(self) -> Answering | None:
        return self._prompt.answering.peek() if self._warm else None

    def _typed(self, buffer: Buffer) -> None:
        if self._session.app.is_running:
            self._live.show(buffer.text, self._session.app.output.get_size().columns - 1)

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        loop = self._session.app.loop
        if loop is not None:
            loop.call_later(seconds, work)

    def _message(self) -> StyleAndTextTuples:
        return [("class:prompt", PROMPT)]

    def _continued(self, width: int, number: int, is_wrapped: bool | int) -> StyleAndTextTuples:
        return [("class:dim", " " * width if is_wrapped else MORE)]

    def _bottom(self) -> StyleAndTextTuples | None:
        return [(f"class:{style.replace(' ', '-')}" if style else "", text) for text, style in self._live.line]

    def _style(self) -> Style:
        return editor_style(THEMES[getattr(self._prompt.reporter, "theme", "dark")])


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
    from contextlib import suppress
    from importlib import import_module

    for name in ("numpy", "flint", "scipy.special", "gradcli.core.engines.numpy.engine", "gradcli.session.preview"):
        with suppress(ImportError):
            import_module(name)
    from gradcli.core.engines.numpy.pool import start

    start()
