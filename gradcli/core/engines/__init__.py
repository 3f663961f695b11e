"""Graph in, numbers out: an engine for float scalars on Python's math, and one for arrays on NumPy."""

from gradcli.core.engines.evaluation import FreeInputError, evaluate
from gradcli.core.engines.program import Program
from gradcli.core.engines.protocol import Data

__all__ = ["Data", "FreeInputError", "Program", "evaluate"]
