"""`plot`: functions of one number as curves, a function of two as contours."""

from __future__ import annotations

from dataclasses import replace

from gradcli.language.calls.announce import Call, FunctionOrValue, builtin
from gradcli.language.plots.ranges import Range, called, ranges_of
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.describe import describe, require_function
from gradcli.language.values.values import Caller, Contours, Formal, Function, Plot, Required, Value

# Where no ranges are asked for, of a function of two numbers.
SQUARE: tuple[Range, Range] = ((-3.0, 3.0), (-3.0, 3.0))
MOST_CURVES = 24


@builtin(
    "functions as curves, or a function of two numbers as contours; save= writes a file",
    example="plot sin(x), cos(x) over x = 0..6",
)
def plot(call: Call, over: Value = None, save: Value = None, *functions: FunctionOrValue) -> Plot | Contours:
    """The picture."""
    return picture_of(call.caller, functions, over, save, call.span)


def picture_of(caller: Caller, functions: tuple[Value, ...], over: Value, save: Value, span: Span) -> Plot | Contours:
    """Functions as a picture, written to a file where `save` is a path.

    Raises:
        LanguageError: for what can't be drawn, ranges that are none, and a file that can't be written.
        CoreError: for more work or memory than is allowed.
    """
    drawn = _functions(functions, span)
    ranges = ranges_of(over, span)
    variables = [inputs_drawn_by(function) for function in drawn]
    count = _count_of_variables(drawn, variables, len(ranges), span)
    path = None
    if save is not None:
        from gradcli.language.plots.files import target, write

        # Refused before anything is computed.
        path = target(save, span)
    # It takes arrays, which nobody pays for who draws nothing.
    from gradcli.language.plots.sampling import contours_of, curves_of

    picture: Plot | Contours
    if count == 2:
        picture = contours_of(caller, drawn[0], (ranges[0], ranges[-1]) if ranges else SQUARE, span)
        if not ranges:
            picture = replace(picture, notes=(*picture.notes, "no ranges were given, so these are from -3 to 3"))
    else:
        picture = curves_of(caller, drawn, ranges[0] if ranges else None, span)
        names = [*dict.fromkeys(inputs[0].name for inputs in variables)]
        if len(names) > 1:
            note = f"{', '.join(names)} are all drawn along the one axis"
            picture = replace(picture, notes=(*picture.notes, note))
    if path is None:
        return picture
    write(picture, path, span)
    return replace(picture, saved=str(save))


def inputs_drawn_by(function: Function) -> tuple[Formal, ...]:
    """The inputs of a function that a picture has axes for: those that it can't do without, or else its first."""
    required = tuple(i for i in function.inputs if isinstance(i.default, Required) and not i.variadic)
    return required or function.inputs[:1]


def _functions(given: tuple[Value, ...], span: Span) -> list[Function]:
    flat = [item for value in given for item in (value if isinstance(value, tuple) else (value,))]
    if not flat:
        raise fail("type", "plot needs a function to draw", span, "such as plot(sin) or plot(f, f', over=(-3, 3))")
    if len(flat) > MOST_CURVES:
        raise fail("value", f"{len(flat)} curves can't be told apart", span, f"at most {MOST_CURVES} in one picture")
    found = []
    for value in flat:
        if isinstance(value, (int, float)) and len(flat) > 1:
            hint = f"write `x -> {value:g}` for a level line; a range is given by name, as over=(-3, 3)"
            raise fail("type", f"plot needs functions, and {value:g} is {describe(value)}", span, hint)
        found.append(require_function(value, span, "plot"))
    return found


def _count_of_variables(functions: list[Function], variables: list[tuple[Formal, ...]], ranges: int, span: Span) -> int:
    """1 for curves, 2 for contours; anything else is refused."""
    for function, inputs in zip(functions, variables, strict=True):
        if len(inputs) not in (1, 2):
            names = ", ".join(i.name for i in inputs)
            what = f"has {len(inputs)}: {names}" if inputs else "has none"
            fixed = ", ".join(["x", "y", *["1"] * (len(inputs) - 2)])
            hint = f"give the others a value: plot((x, y) -> {called(function)}({fixed}))" if inputs else None
            raise fail("type", f"plot draws functions of one or two numbers, and `{function.name}` {what}", span, hint)
    counts = {len(inputs) for inputs in variables}
    if len(counts) > 1 or (counts == {2} and len(functions) > 1):
        two = next(f for f, inputs in zip(functions, variables, strict=True) if len(inputs) == 2)
        hint = f"plot({called(two)}) alone, or a cut through it: plot(x -> {called(two)}(x, 1))"
        raise fail("type", f"`{two.name}` takes two numbers, and contours are drawn of one function", span, hint)
    (count,) = counts
    if ranges > count:
        name = variables[0][0].name
        raise fail(
            "value",
            f"there are two ranges, and `{functions[0].name}` has one variable, `{name}`",
            span,
            "write one range, as over=(-3, 3)",
        )
    return count
