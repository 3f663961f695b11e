"""What keys do at the prompt, beside what they do in every line editor."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition, emacs_insert_mode, has_completions, has_focus, vi_insert_mode
from prompt_toolkit.filters.app import has_selection
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys

from gradcli.faces.prompt.pasting import pasted
from gradcli.faces.prompt.turning import turned

if TYPE_CHECKING:
    from prompt_toolkit.filters import Filter

    from gradcli.faces.prompt.openness import Block

INDENT = "    "
# prompt_toolkit 3.0 takes what terminals send for these two the wrong way round; so they are known by what is sent.
_SHIFT_UP = ANSI_SEQUENCES["\x1b[1;6A"] if sys.platform != "win32" else Keys.ControlShiftUp
_SHIFT_DOWN = ANSI_SEQUENCES["\x1b[1;6B"] if sys.platform != "win32" else Keys.ControlShiftDown
# The number at the cursor goes by so many steps.
TURNS: dict[Any, int] = {Keys.ControlUp: 1, Keys.ControlDown: -1, _SHIFT_UP: 10, _SHIFT_DOWN: -10}


def key_bindings(default_buffer: str) -> KeyBindings:
    """The keys, those for typing where the buffer of that name has the focus."""
    keys = KeyBindings()
    inserting: Filter = has_focus(default_buffer) & (vi_insert_mode | emacs_insert_mode)

    @keys.add("enter", filter=inserting & ~has_selection)
    def enter(event: KeyPressEvent) -> None:
        """Take a completion that was chosen; go on with what is open; submit what is whole."""
        buffer = event.current_buffer
        if buffer.complete_state is not None and buffer.complete_state.current_completion is not None:
            buffer.complete_state = None
            return
        text, behind = buffer.text, buffer.document.text_after_cursor
        # Keys that wait already were not typed: a terminal that can't tell pastes them, with their blanks.
        keys_waiting = event.key_processor.input_queue
        waiting = next((key.data for key in keys_waiting if not isinstance(key.key, Keys)), "")
        goes_on = waiting in (" ", "\t")
        if (behind.strip() and "\n" in behind) or _block().wants_more(text) or (goes_on and "\n" in text):
            new_line(buffer, is_typed=not waiting)
        else:
            buffer.validate_and_handle()

    @keys.add("escape", "enter", filter=inserting)
    def force(event: KeyPressEvent) -> None:
        """Another line, whatever stands there."""
        new_line(event.current_buffer)

    @keys.add("tab", filter=inserting & ~has_completions & Condition(at_indent))
    def indent(event: KeyPressEvent) -> None:
        """Blanks where a line begins."""
        column = event.current_buffer.document.cursor_position_col
        event.current_buffer.insert_text(" " * (len(INDENT) - column % len(INDENT)))

    @keys.add("tab", filter=inserting & ~has_completions & ~Condition(at_indent))
    def complete(event: KeyPressEvent) -> None:
        """What all completions begin with; where there are several, the menu."""
        event.current_buffer.start_completion(insert_common_part=True)

    @keys.add("s-tab", filter=inserting & ~has_completions)
    def dedent(event: KeyPressEvent) -> None:
        """Fewer blanks."""
        take_blanks(event.current_buffer)

    @keys.add("backspace", filter=inserting & ~has_selection & Condition(behind_blanks))
    def back(event: KeyPressEvent) -> None:
        """Back to the indentation before."""
        document = event.current_buffer.document
        event.current_buffer.delete_before_cursor((document.cursor_position_col - 1) % len(INDENT) + 1)

    @keys.add(Keys.BracketedPaste)
    def paste(event: KeyPressEvent) -> None:
        """A whole text, without prompts in front of its lines."""
        event.current_buffer.insert_text(pasted(event.data))

    for key, steps in TURNS.items():
        _turn(keys, key, steps)
    return keys


@cache
def _block() -> Block:
    # The language is loaded while the first line is typed.
    from gradcli.faces.prompt.openness import Block

    return Block()


def _turn(keys: KeyBindings, key: Any, steps: int) -> None:
    @keys.add(key)
    def turn(event: KeyPressEvent) -> None:
        """The number at the cursor, one step or ten up or down."""
        buffer = event.current_buffer
        found = turned(buffer.text, buffer.cursor_position, steps * event.arg)
        if found is not None:
            buffer.document = Document(found.text, found.cursor)


def new_line(buffer: Buffer, is_typed: bool = True) -> None:
    """A line as deep as the one before, deeper behind a colon, less deep behind a return; what is pasted has blanks."""
    if not is_typed:
        buffer.insert_text("\n")
        return
    before = buffer.document.current_line_before_cursor
    blanks = before[: len(before) - len(before.lstrip())]
    if before.rstrip().endswith(":"):
        blanks += INDENT
    elif before.split()[:1] in (["return"], ["break"], ["continue"]):
        blanks = blanks.removesuffix(INDENT)
    if not before.strip():
        # What an empty line was indented by is no part of the text.
        buffer.delete_before_cursor(len(before))
    buffer.insert_text("\n" + blanks)


def take_blanks(buffer: Buffer) -> None:
    """Up to four blanks off the beginning of the line."""
    document = buffer.document
    line = document.current_line
    count = min(len(INDENT), len(line) - len(line.lstrip(" ")))
    start = document.cursor_position - document.cursor_position_col
    text = document.text[:start] + document.text[start + count :]
    buffer.document = Document(text, max(start, document.cursor_position - count))


def at_indent() -> bool:
    """Whether the cursor stands at the beginning of a line that is not the first, or behind blanks there."""
    document = get_app().current_buffer.document
    return document.cursor_position_row > 0 and not document.current_line_before_cursor.strip()


def behind_blanks() -> bool:
    """Whether blanks alone stand in front of the cursor in its line."""
    before = get_app().current_buffer.document.current_line_before_cursor
    return bool(before) and not before.strip(" ")
