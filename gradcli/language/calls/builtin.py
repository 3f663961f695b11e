"""What a function of the language's own is."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import field

from gradcli.core.errors import CoreError
from gradcli.core.ir.nodes import Node
from gradcli.core.records import structure
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.values import Caller, Formal, Function, Value

Apply = Callable[["Caller", Sequence[Value], Span], Value]


def same(x: Node) -> Node:
    """What a built-in that isn't one of tensors is to a tensor."""
    return x


@structure
class Builtin(Function):
    """A function of the language's own.

    `by_inputs` says that it differentiates by inputs of the function that calls it, `of_call` that `check f(3)` is
    about f at 3. `of_tensor` is what it is to
    tensors, where it calculates with them: such a built-in of functions is the function of their results.
    `example` are lines to type that show what it does, `details` what help says beyond the summary,
    `module` where it is announced.
    """

    name: str
    inputs: tuple[Formal, ...]
    apply: Apply
    summary: str
    kind: str = "built-in"
    by_inputs: bool = False
    of_call: bool = False
    of_tensor: Callable[..., Node] = field(default=same, repr=False)
    example: str = field(default="", repr=False)
    details: str = field(default="", repr=False)
    module: str = field(default="", repr=False)

    @property
    def identity(self) -> Hashable | None:
        """Itself."""
        return self

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The result.

        Raises:
            LanguageError: with this call's span, where the core refuses.
        """
        try:
            return self.apply(caller, values, span)
        except CoreError as error:
            raise fail(error.kind, error.message, span, error.hint) from error
