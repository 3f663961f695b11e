"""Integrals: with a bound of their error where all is known, and else as nodes that can be differentiated."""

from __future__ import annotations

from gradcli.core.ir.nodes import Constant, Node, array_constant, constant
from gradcli.core.ir.promotion import cast, real
from gradcli.language.calculus.posing import ends_of, is_known, known_arrays, single
from gradcli.language.calls.announce import Call, builtin
from gradcli.language.text.diagnostics import fail
from gradcli.language.values.convert import to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.findings import Bounded
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import Function, Value


@builtin(
    "the integral of a function from a to b, either of them may be infinite; with a bound of its error",
    example="integrate(x^2, 0, 3)\nintegrate exp(-x^2) over -inf..inf",
)
def integrate(call: Call, fn: Function, a: Value = None, b: Value = None, over: Value = None) -> Node:
    """The integral, of the shape of the function's result.

    Raises:
        LanguageError: for a function of several variables, or an end that is no number.
        CoreError: where it diverges, or could not be found.
    """
    from gradcli.core.calculus.bodies import closed

    a, b = ends_of(call, a, b, over, "integrate")
    ends = [_end(call, value, name) for value, name in ((a, "a"), (b, "b"))]
    output, variable = single(call, fn, "integrate")
    low, high = (cast(end, variable.dtype) for end in ends)
    body, args = closed(output, [variable])
    if not is_known([low, high, *args]):
        from gradcli.core.calculus.integrals import integral

        return integral(low, high, *args, body=body, size=0)
    from gradcli.core.calculus.quadrature import integral_of

    start, (end, *rest) = known_arrays(call, [low, high, *args])
    value, error = integral_of(body, start, end, *rest)
    import numpy as np

    found = np.array(value, body.output.dtype.value)
    known: Constant = constant(found.item(), body.output.dtype) if found.shape == () else array_constant(found)
    return Bounded(known, error)


def _end(call: Call, value: Value, name: str) -> Node:
    if is_number(value) or (isinstance(value, Node) and value.shape == () and value.dtype.value != "bool"):
        return real(to_node(value, call.caller.dtype, call.span))
    raise fail(
        "type", f"the end `{name}` of an integral is a number, not {describe(value)}", call.span, "such as 0, or inf"
    )
