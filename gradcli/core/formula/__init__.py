"""A graph as a formula: simplified and printed for reading. Never used for evaluating."""

from gradcli.core.formula.algebra import MOST_WORK, Formula, UnreadableError
from gradcli.core.formula.orders import Formulas, partials, texts, written

__all__ = ["MOST_WORK", "Formula", "Formulas", "UnreadableError", "partials", "texts", "written"]
