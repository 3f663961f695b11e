"""What is to be said about an error, whatever it is."""

from __future__ import annotations

from gradcli.language.text.diagnostics import Diagnostic, LanguageError, Source, Span
from gradcli.language.text.refusals import REFUSALS, refused

REPORT = (
    "please report it to the issue tracker of the project, with what the same line shows behind `gradcli --debug`, "
    "and with `gradcli --version`"
)
# What a text may raise: mistakes, and what the interpreter has no room for.
Mistakes = (LanguageError, RecursionError, *REFUSALS)


def diagnose(error: Exception, source: Source, span: Span | None = None) -> Diagnostic:
    """What is to be said about one of the mistakes, at a place where it has none of its own."""
    if isinstance(error, LanguageError):
        return error.diagnostic
    whole = span or Span(source, 0, min(len(source.text), 40))
    if isinstance(error, REFUSALS):
        return refused(error, whole).diagnostic
    return Diagnostic("value", "this is nested too deeply", whole, "give parts of it names")


def own_mistake(error: Exception) -> Diagnostic:
    """What is to be said about an error that no text should raise."""
    problem = f"this is a mistake of gradcli's own: {type(error).__name__}: {error}"
    return Diagnostic("internal", problem, hint=REPORT)
