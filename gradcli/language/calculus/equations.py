"""Roots and minima near a start: differentiable to any order by the equation that defines them."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.engines.evaluation import evaluate
from gradcli.core.ir.nodes import Input, Node, array_constant
from gradcli.core.ir.traversal import reachable
from gradcli.core.library.linear_algebra import solve as solve_linear
from gradcli.core.library.reductions import argmax as number_of_largest
from gradcli.core.library.reductions import argmin as number_of_least
from gradcli.core.records import structure
from gradcli.language.calculus.posing import posed
from gradcli.language.calls.announce import Call, FunctionOrValue, builtin
from gradcli.language.calls.operations import binary
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.convert import to_int, to_node
from gradcli.language.values.values import Caller, Function, SparseMatrix, Value


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
    if isinstance(a, SparseMatrix):
        return _sparse_solution(call, a, to_node(b, call.caller.dtype, call.span))
    if not isinstance(a, Function):
        return solve_linear(*(to_node(v, call.caller.dtype, call.span) for v in (a, b)))
    return root_near(call, a, b, "solve")


def _sparse_solution(call: Call, a: SparseMatrix, b: Node) -> Node:
    """The x of a @ x = b for a sparse matrix of numbers that are known, by SciPy's factors of it.

    Raises:
        LanguageError: where a shape does not fit, where the matrix is singular, and within a derivative.
    """
    shape = a.entries.pattern.shape
    if shape[0] != shape[1] or len(b.shape) not in (1, 2) or b.shape[0] != shape[0]:
        what = f"a sparse matrix of shape {shape} and a right side of shape {b.shape} are no system of equations"
        raise fail("shape", what, call.span, "the matrix is square, and as high as the right side")
    nodes = [a.entries.values, b]
    if any(isinstance(node, Input) for node in reachable(nodes)):
        what = "a sparse system is solved for numbers, and here is an input that is yet to have a value"
        raise fail("derivative", what, call.span, "`solve(dense(S), b)` is differentiated too")
    import numpy as np
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import splu

    values, right = evaluate(nodes)
    matrix = csc_array((values, (a.entries.pattern.rows, a.entries.pattern.columns)), shape=shape, dtype=np.float64)
    try:
        found = splu(matrix).solve(np.asarray(right, np.float64))
    except RuntimeError:
        raise fail("value", "this sparse matrix is singular", call.span, "one that is not has one answer") from None
    return array_constant(np.asarray(found, b.dtype.value if b.dtype.is_float else "float64"))


def root_near(call: Call, fn: Function, x0: Value, what: str) -> Value:
    """The root of a function near a start, in the structure of the start.

    Raises:
        LanguageError: for a function that doesn't fit the start.
        CoreError: where no root is found.
    """
    problem = posed(call, fn, x0, what, square=True)
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


@builtin(
    "where a function is least, near a start, as minimize; of a tensor, the number of its smallest element",
    example="argmin(x -> x^2 - 2x, 0), argmin([3, 9, 2])",
)
def argmin(call: Call, x: Value, axis: Value = None, keepdims: bool = False) -> Value:
    """The place in the structure of the start, or the number of an element.

    Raises:
        LanguageError: for a function that doesn't fit the start.
        CoreError: where it falls without end, or no minimum is found.
    """
    if isinstance(x, Function):
        return minimize(call, x, _start(call, x, axis, "argmin"))
    return number_of_least(to_node(x, call.caller.dtype, call.span), _axis(call, axis), keepdims)


@builtin(
    "where a function is largest, near a start, as maximize; of a tensor, the number of its largest element",
    example="argmax(x -> x*(10 - x), 1), argmax([3, 9, 2])",
)
def argmax(call: Call, x: Value, axis: Value = None, keepdims: bool = False) -> Value:
    """The place in the structure of the start, or the number of an element.

    Raises:
        LanguageError: for a function that doesn't fit the start.
        CoreError: where it rises without end, or no maximum is found.
    """
    if isinstance(x, Function):
        return maximize(call, x, _start(call, x, axis, "argmax"))
    return number_of_largest(to_node(x, call.caller.dtype, call.span), _axis(call, axis), keepdims)


def _start(call: Call, fn: Function, x0: Value, what: str) -> Value:
    if x0 is None:
        raise fail("type", f"{what} of a function needs a place to start from", call.span, f"{what}({fn.name}, 0)")
    return x0


def _axis(call: Call, axis: Value) -> int | None:
    return None if axis is None else to_int(axis, call.span, "`axis`")


@structure
class _Step(Function):
    """What a step of an iteration adds: g(x) - x."""

    of: Function

    def __post_init__(self) -> None:
        self.name, self.inputs = self.of.name, self.of.inputs

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The difference of each part."""
        found = self.of.call(caller, values, span, fresh)
        if not isinstance(found, tuple):
            return binary(caller, "-", found, values[0], span)
        return tuple(binary(caller, "-", new, old, span) for new, old in zip(found, values, strict=False))


@builtin(
    "where a function gives what it is given, x = g(x), near a start: by its own steps while they lead somewhere",
    example="fixed_point(cos, 1)\nf(a) = fixed_point(x -> (x + a/x)/2, 1)\nf(2), f'(2)",
)
def fixed_point(call: Call, g: Function, x0: Value) -> Value:
    """The place, in the structure of the start.

    Raises:
        LanguageError: for a function that doesn't fit the start.
        CoreError: where none is found.
    """
    problem = posed(call, _Step(g), x0, "fixed_point", square=True)
    from gradcli.core.calculus.equations import fixed
    from gradcli.core.calculus.solving import fixed_point_of

    return problem.answered(call, fixed, fixed_point_of)
