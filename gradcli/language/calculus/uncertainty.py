"""How the errors of measured inputs add up in a result (JCGM 100:2008, "Guide to the expression of uncertainty")."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, sqrt

from gradcli.core.ir.nodes import Constant, Node, constant
from gradcli.core.transforms.taylor import Exponents
from gradcli.language.calculus.posing import traced_at
from gradcli.language.calls.announce import Call, builtin, to_number
from gradcli.language.derivatives.expansion import expanded
from gradcli.language.text.diagnostics import fail
from gradcli.language.values.describe import describe
from gradcli.language.values.findings import Propagation, Share, Uncertain
from gradcli.language.values.values import Function, Value

# Where the second order adds more than this share, a word is due.
MATTERS = 0.05


@builtin(
    "a function of measured numbers, each (value, error): the result with its error, and the share of each input",
    example="f(a, b) = a*b\npropagate(f, (3, 0.1), (5, 0.2))",
)
def propagate(call: Call, fn: Function, *inputs: Value) -> Propagation:
    """By the gradient; independent errors add in quadrature.

    Raises:
        LanguageError: for an input that is no number with an error, or a function without a slope there.
    """
    return propagated(call, fn, [_uncertain(call, value) for value in inputs])


def propagated(call: Call, fn: Function, inputs: Sequence[Uncertain]) -> Propagation:
    """What a function makes of measured numbers: sigma^2 is the sum of (df/dx_i sigma_i)^2.

    Raises:
        LanguageError: for another number of inputs than the function has, or where it has no slope.
    """
    output, nodes = traced_at(call, fn, len(inputs), "propagate")
    dtype = call.caller.dtype
    given: dict[Node, Node] = {n: constant(x.value, dtype) for n, x in zip(nodes, inputs, strict=True)}
    (found,) = expanded(call.caller, [output], [[n] for n in nodes], 2, given, call.span)
    if not found:
        found = {(0,) * len(nodes): output}
    settled = call.caller.settle(tuple(found.values()), call.span)
    assert isinstance(settled, tuple)
    partials = {e: float(v.value) for e, v in zip(found, settled, strict=True) if isinstance(v, Constant)}
    return _added_up(call, fn, inputs, partials)


def _added_up(call: Call, fn: Function, inputs: Sequence[Uncertain], partials: dict[Exponents, float]) -> Propagation:
    count = len(inputs)

    def partial(*by: int) -> float:
        return partials.get(tuple(by.count(i) for i in range(count)), 0.0)

    slopes = [
        partial(i) if x.error else partials.get(tuple(int(j == i) for j in range(count)), 0.0)
        for i, x in enumerate(inputs)
    ]
    value = partial()
    for x, slope, formal in zip(inputs, slopes, fn.inputs, strict=False):
        if x.error and not isfinite(slope):
            raise fail(
                "value",
                f"`{fn.name}` has no finite slope by `{formal.name}` there (it is {slope:g}) to propagate errors by",
                call.span,
                "move the inputs to where the function is smooth",
            )
    parts = [abs(slope) * x.error if x.error else 0.0 for slope, x in zip(slopes, inputs, strict=True)]
    error = sqrt(sum(p * p for p in parts))
    pairs = [(i, j) for i in range(count) for j in range(count)]
    # For normal errors the terms of order two add this to the variance, and this to the mean.
    second = sqrt(
        sum(
            (partial(i, j) * inputs[i].error * inputs[j].error) ** 2
            for i, j in pairs
            if inputs[i].error and inputs[j].error
        )
        / 2
    )
    shift = sum(partial(i, i) * x.error**2 for i, x in enumerate(inputs) if x.error) / 2
    shares = tuple(
        Share(formal.name, x.value, x.error, slope, part, part * part / error**2 if error else 0.0)
        for formal, x, slope, part in zip(fn.inputs, inputs, slopes, parts, strict=False)
    )
    return Propagation(fn.name, value, error, shares, second, shift, _note(error, second, shift))


def _note(error: float, second: float, shift: float) -> str | None:
    if not max(second, abs(shift)) > MATTERS * error:
        return None
    beside = f"{second / error:.0%} of the error" if error else "more than the first"
    moved = f", and move the mean by {shift:.2g}" if shift else ""
    return (
        f"terms of the second order matter: they are {beside}, ±{second:.2g}{moved}; "
        "the function bends within the errors"
    )


def _uncertain(call: Call, value: Value) -> Uncertain:
    if isinstance(value, Uncertain):
        return value
    pair = value if isinstance(value, tuple) else (value, 0.0)
    if len(pair) != 2:
        raise fail("type", f"a measured number is (value, error), not {describe(value)}", call.span, "such as (3, 0.1)")
    number, error = (
        float(to_number(v, call.span, what)) for v, what in zip(pair, ("a value", "an error"), strict=True)
    )
    if not isfinite(number) or not isfinite(error) or error < 0:
        raise fail(
            "value",
            f"a measured number has a finite value and an error of 0 or more, not ({number:g}, {error:g})",
            call.span,
        )
    return Uncertain(number, error)
