"""What the core raises: facts about the mathematics, with no word of the user's text."""

from __future__ import annotations


class CoreError(Exception):
    """A request that has no answer; `message` says what is wrong and `hint` what to do.

    `kind` names the sort of mistake, so that a reader above can tell them apart without reading the sentence.
    """

    kind = "value"

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ShapeError(CoreError):
    """Shapes that don't fit together."""

    kind = "shape"


class DTypeError(CoreError):
    """An element type that the operation isn't defined for."""

    kind = "dtype"


def require(condition: bool, message: str, hint: str | None = None) -> None:
    """Refuse an argument of a primitive or of the library."""
    if not condition:
        raise CoreError(message, hint)
