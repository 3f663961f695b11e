"""What a function of the language's own is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gradcli.core.errors import CoreError
from gradcli.core.graph import Node
from gradcli.language.diagnostics import Span, fail
from gradcli.language.values import Function, Input, Value

if TYPE_CHECKING:
    from gradcli.language.machine import Machine

Apply = Callable[["Machine", Sequence[Value], Span], Value]


@dataclass(eq=False, repr=False)
class Builtin(Function):
    """A function of the language's own."""

    name: str
    inputs: tuple[Input, ...]
    apply: Apply
    summary: str
    kind: str = "built-in"
    of_tensor: Callable[..., Node] = field(default=lambda x: x, repr=False)

    def call(self, machine: Machine, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The result.

        Raises:
            LanguageError: with this call's span, where the core refuses.
        """
        try:
            return self.apply(machine, values, span)
        except CoreError as error:
            raise fail(error.kind, error.message, span, error.hint) from error
