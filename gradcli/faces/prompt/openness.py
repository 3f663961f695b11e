"""Whether what is typed is whole: the parser says it, and an empty line ends a block."""

from __future__ import annotations

from enum import Enum

from gradcli.language.interpreter.check import returns
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import IncompleteInput, Source
from gradcli.language.text.parse import parse


class Openness(Enum):
    """How far a text is."""

    WHOLE = "it can be run"
    BLOCK = "it can be run, and more lines may belong to it"
    UNRETURNED = "it is a function that returns nothing yet"
    OPEN = "something must follow"


def openness(text: str) -> Openness:
    """How far a text is; one with a mistake is whole, so that the mistake is said."""
    if text.lstrip().startswith(":"):
        return Openness.WHOLE
    try:
        statements = parse(Source("<input>", text))
    except IncompleteInput:
        return Openness.OPEN
    except Exception:
        return Openness.WHOLE
    last = statements[-1] if statements else None
    if last is None:
        return Openness.WHOLE
    if isinstance(last, s.Function):
        in_lines = "\n" in text[last.span.start : last.body[0].span.start]
        found = Openness.BLOCK if returns(last.body) else Openness.UNRETURNED
        return found if in_lines else Openness.WHOLE
    # An `else` may follow the block of an `if` in one line too.
    block = s.blocks_of(last)[0] if s.blocks_of(last) else ()
    in_lines = bool(block) and "\n" in text[last.span.start : block[0].span.start]
    return Openness.BLOCK if in_lines else Openness.WHOLE


class Block:
    """What is typed line by line: what was open before need not be read again with each line."""

    def __init__(self) -> None:
        self._open = self._ending = ""

    def wants_more(self, text: str) -> bool:
        """Whether a text is to go on with another line, as `wants_more` says it."""
        goes_on = bool(self._open) and text.startswith(self._open + "\n") and bool(text.rpartition("\n")[2].strip())
        # Lines that were left out before are none that a further line stands in.
        ending = _ending(f"{self._ending}{text[len(self._open) :]}" if goes_on else text)
        found = (goes_on and openness(ending) is not Openness.WHOLE) or wants_more(text)
        self._open, self._ending = (text, ending) if found else ("", "")
        return found


def wants_more(text: str) -> bool:
    """Whether a text is to go on with another line.

    An empty line ends a block that returns something, and a bracket that was left open; two end anything.
    """
    typed = text.rstrip()
    empty = text.count("\n") - typed.count("\n")
    found = openness(text) if empty < 2 else Openness.WHOLE
    if found is Openness.WHOLE:
        return False
    return not empty or found is Openness.UNRETURNED or (found is Openness.OPEN and typed.endswith(":"))


def _ending(text: str) -> str:
    """The last line of a text with the heads of the blocks that it stands in; before `else`, all since its `if`."""
    kept: list[str] = []
    depth = len(text)
    in_arms = False
    for line in reversed(text.split("\n")):
        body = line.lstrip()
        own = len(line) - len(body)
        if body and (own < depth or (own == depth and in_arms)):
            depth, in_arms = own, body.startswith(("else", "elif"))
            kept.append(line)
        elif in_arms:
            kept.append(line)
    return "\n".join(reversed(kept))
