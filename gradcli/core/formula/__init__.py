"""A graph as a formula: simplified and printed for reading. Never used for evaluating."""

from gradcli.core.formula.algebra import Formula, UnreadableError
from gradcli.core.formula.printing import sum_text, text_of
from gradcli.core.formula.reading import build, differentiate, partials, read

__all__ = ["Formula", "UnreadableError", "build", "differentiate", "partials", "read", "sum_text", "text_of"]
