"""An expression that is evaluated again and again at the top level, as what a function of the names in it gives."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from gradcli.core.records import structure
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Span
from gradcli.language.values.values import Caller, Function, Value

# What calculates; a call is one already, and all else is found at once.
CALCULATED = (s.Binary, s.Unary, s.Subscript, s.Compare)


@structure
class Evaluated(Function):
    """An expression at one place of a text, called without arguments."""

    node: s.Expression
    # A loop of fewer passes is over before a program would pay.
    before_program = 3

    def __post_init__(self) -> None:
        self.name, self.inputs = self.node.span.title, ()

    @property
    def identity(self) -> Hashable:
        """The place."""
        return Evaluated, self.node

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """Its value."""
        return caller.evaluate(self.node)
