"""The names of derivatives, on their values: whoever has a value can say what it is a derivative of."""

from __future__ import annotations

from gradcli.core.ir.nodes import Constant, Node, Parameter
from gradcli.language.derivatives.base import Operator
from gradcli.language.values.labelled import Labelled
from gradcli.language.values.nesting import require_walkable
from gradcli.language.values.values import SparseMatrix, Value


def labelled(function: Operator, value: Value) -> Value:
    """What a derivative operator's function gave, computed, with its name on each tensor; sparse matrices have none.

    Raises:
        CoreError: for a tuple with more items than are allowed.
    """
    require_walkable(value)
    titles = function.titles(value)
    names, whole = iter(titles.names), titles.whole()

    def named(item: Value) -> Value:
        if isinstance(item, tuple):
            return tuple(map(named, item))
        if isinstance(item, SparseMatrix):
            next(names)
        if not isinstance(item, Node):
            return item
        # A derivative that is a parameter is its value now, not the parameter.
        value = item.value if isinstance(item, Parameter) else item
        assert isinstance(value, Constant), f"{item!r} is not settled"
        return Labelled(value.value, value.shape, value.dtype, value.finer, next(names), whole)

    return named(value)
