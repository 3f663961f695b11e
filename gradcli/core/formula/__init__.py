"""A graph as a formula: simplified and printed for reading. Never used for evaluating."""

from gradcli.core.formula.algebra import Formula, UnreadableError
from gradcli.core.formula.orders import Formulas, partials
from gradcli.core.formula.printing import Printer
from gradcli.core.formula.reading import read

__all__ = ["Formula", "Formulas", "Printer", "UnreadableError", "partials", "read"]
