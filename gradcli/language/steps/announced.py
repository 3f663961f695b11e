"""`steps`, `check`, `why` and `check_answer`; what they do is imported when they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradcli.core.records import structure
from gradcli.language.calls.announce import Call, FunctionOrValue, builtin
from gradcli.language.text.diagnostics import Span
from gradcli.language.values.audits import Audit
from gradcli.language.values.convert import to_int
from gradcli.language.values.explanations import Check, Steps
from gradcli.language.values.values import Caller, Function, Rewrite, Value


@builtin(
    "how a derivative is found, rule by rule; with a point its numbers too, and the tape of both sweeps",
    example="steps derivative(sin(x^2))\nsteps(derivative(x^2), 3)",
)
def steps(call: Call, fn: Function, *point: Value) -> Steps:
    """The rules.

    Raises:
        LanguageError: for functions of tensors, and derivatives that nobody finds by such rules.
    """
    from gradcli.language.steps.explaining import steps_of

    return steps_of(call.caller, fn, point, call.span)


@builtin(
    "derivatives at a point by every method, each beside the true value: `check f(3, 5)`",
    of_call=True,
    example="f(x, y) = x^2 y\ncheck f(3, 5)",
)
def check(call: Call, fn: Function, order: Value = 1, *point: Value) -> Audit:
    """What is found.

    Raises:
        LanguageError: for what has no derivatives there.
    """
    from gradcli.language.steps.auditing import audited

    return audited(call.caller, fn, point, to_int(order, call.span, "the order"), call.span)


@builtin(
    "why a value is nan or infinite: the first operation that made it, and what to write instead",
    example="f(x) = sqrt(x)*sin(x)\nwhy f(-1)",
)
def why(call: Call, value: Value) -> Value:
    """The value, and beside it what is to be said of it, with the place in the text."""
    from gradcli.language.steps.why import why_of

    return why_of(call.caller, value, call.span)


@builtin(
    'whether an answer such as "2x" is this derivative: right, wrong with a point that shows it, or right on a part',
    example='f(x) = x^2 sin(x)\ncheck_answer f\' = "2x cos(x)"',
)
def check_answer(call: Call, fn: Function, answer: FunctionOrValue) -> Check:
    """What is to be said of it.

    Raises:
        LanguageError: for an answer that can't be read or isn't of the function's inputs, and functions of tensors.
    """
    from gradcli.language.steps.checking import checked

    return checked(call.caller, fn, answer, call.span)


@structure
class Gradcheck(Function):
    """What `gradcheck` gives: of the function's inputs, what a check at them finds."""

    of: Function
    order: int

    def __post_init__(self) -> None:
        self.name, self.inputs = f"gradcheck({self.of.name})", self.of.inputs

    def substituted(self, substitution: Rewrite) -> Gradcheck:
        """The check of the function as the caller's values make it."""
        return replace(self, of=self.of.substituted(substitution))

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Audit:
        """What is found, which is true where all methods agree."""
        from gradcli.language.steps.auditing import audited

        return audited(caller, self.of, values, self.order, span)


@builtin(
    "whether derivatives are right, gradcheck(f)(x): reverse, forward and Taylor mode beside differences",
    example="f(x, y) = x^2 y\ngradcheck(f)(3, 5)\nassert gradcheck(f, order=2)(3, 5)",
)
def gradcheck(call: Call, fn: Function, order: int = 1) -> Gradcheck:
    """The check as a function, true where all methods agree."""
    return Gradcheck(fn, order)
