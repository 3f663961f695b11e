"""What evaluating may raise below the language, as a mistake with a place in the user's text."""

from __future__ import annotations

from gradcli.core.errors import CoreError
from gradcli.language.text.diagnostics import LanguageError, Span, fail

# Beside the core's own words: numbers and shapes that Python or NumPy can't hold, and what the machine refuses.
REFUSALS = (CoreError, ArithmeticError, ValueError, MemoryError, OSError)


def refused(error: Exception, span: Span | None) -> LanguageError:
    """One of REFUSALS as a diagnostic."""
    if isinstance(error, CoreError):
        return fail(error.kind, error.message, span, error.hint)
    if isinstance(error, MemoryError):
        return fail("value", "this takes more memory than the machine has", span, "use smaller shapes")
    return fail("value", f"this can't be computed: {error}", span, "look for numbers or shapes out of all bounds")
