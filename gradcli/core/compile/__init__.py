"""Graph in, numbers out: an engine for float scalars on Python's math, and one for arrays on NumPy."""

from gradcli.core.compile.engine import Data, Program
from gradcli.core.compile.evaluation import evaluate

__all__ = ["Data", "Program", "evaluate"]
