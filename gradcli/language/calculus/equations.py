"""Roots and minima near a start: differentiable to any order by the equation that defines them."""

from __future__ import annotations

from gradcli.core.library.linear_algebra import solve as solve_linear
from gradcli.language.calculus.posing import posed
from gradcli.language.calls.announce import Call, FunctionOrValue, builtin
from gradcli.language.text.diagnostics import fail
from gradcli.language.values.convert import to_node
from gradcli.language.values.values import Function, Value


@builtin(
    "a root of a function near a start, solve(f, x0); of a matrix, the x of a @ x = b",
    example="solve(x^2 - 2, 1)\nsolve([[2, 1], [1, 3]], [3, 5])",
)
def solve(call: Call, a: FunctionOrValue, b: Value = None) -> Value:
    """The root in the structure of the start; of matrices what NumPy's function gives.

    Raises:
        LanguageError: for a function that doesn't fit the start.
        CoreError: where no root is found.
    """
    if b is None:
        hint = "such as solve(f, 1); roots(f, -10..10) are all in an interval"
        raise fail("type", "solve needs a place to start from", call.span, hint)
    if not isinstance(a, Function):
        return solve_linear(*(to_node(v, call.caller.dtype, call.span) for v in (a, b)))
    problem = posed(call, a, b, "solve", square=True)
    from gradcli.core.calculus.equations import root
    from gradcli.core.calculus.solving import root_of

    return problem.answered(call, root, root_of)


@builtin(
    "where a function is least, near a start",
    example="minimize(x^2 - 2x, 0)\nminimize((x, y) -> x^2 + (y - 1)^2, (3, 3))",
)
def minimize(call: Call, fn: Function, x0: Value) -> Value:
    """The place, in the structure of the start.

    Raises:
        LanguageError: for a function that doesn't fit the start.
        CoreError: where it falls without end, or no minimum is found.
    """
    problem = posed(call, fn, x0, "minimize", square=False)
    from gradcli.core.calculus.equations import argmin
    from gradcli.core.calculus.minimizing import minimum_of

    return problem.answered(call, argmin, minimum_of)


@builtin("where a function is largest, near a start", example="maximize(x*(10 - x), 1)")
def maximize(call: Call, fn: Function, x0: Value) -> Value:
    """The place, in the structure of the start.

    Raises:
        LanguageError: for a function that doesn't fit the start.
        CoreError: where it rises without end, or no maximum is found.
    """
    problem = posed(call, fn, x0, "maximize", square=False)
    from gradcli.core.calculus.equations import argmax
    from gradcli.core.calculus.minimizing import maximum_of

    return problem.answered(call, argmax, maximum_of)
