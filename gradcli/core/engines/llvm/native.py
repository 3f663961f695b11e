"""Fusion groups as machine code by LLVM, where `gradcli[jit]` is installed.

What a primitive computes is read from its template on Python's math, so nothing is stated a second time. A primitive
without one, or with a function that vectors have none of, leaves its fusion group to NumPy. Products and sums may be
rounded once together.
"""

from __future__ import annotations

from gradcli.core.engines.fusion import Unit
from gradcli.core.engines.llvm import vectors
from gradcli.core.engines.llvm.arithmetic import NotNativeError
from gradcli.core.engines.llvm.by_row import ByRow
from gradcli.core.engines.llvm.elementwise import Elementwise
from gradcli.core.engines.llvm.vectors import MOST_NODES, Code, compiled


def native_tile(unit: Unit) -> Code | None:
    """A fusion group as machine code, or None where it has none.

    Its elements lie in rows (see `split_of`). Called with two numbers and an array of addresses: of the arguments that
    `in_memory` lists, then of the outputs; a sum of all elements, or of all rows, goes to its output's first places.
    Where the unit says nothing of rows and there is one, the numbers are the first element and the one behind the last,
    else the first row and the one behind the last.
    """
    if not vectors.is_available() or len(unit.nodes) > MOST_NODES:
        return None
    try:
        text = (Elementwise(unit) if unit.rows is None else ByRow(unit, unit.rows)).module()
    except NotNativeError:
        return None
    return compiled(text)
