"""What to write instead of a name that has no value: another language's word, a slip, a product without its sign."""

from __future__ import annotations

import re
from collections.abc import Callable

from gradcli.language.text.diagnostics import LONGEST_NEAR, near
from gradcli.language.text.notation import is_variable
from gradcli.language.values.values import Function, Value

_NAMED = "functions have their own names here, such as `sin(x)`"
_BY_ITSELF = "an expression by itself is shown"
_SHORTEST = "formulas are shown in the shortest form that is found: `d/dx (x^2*sin(x))`"
_LEAVE = "at the prompt, `:quit` or Ctrl-D leaves"
_GRADIENT = "the gradient is `grad(f)`, or `∇f` with every partial"

FOREIGN = {
    "lambda": "a function without a name is written `x -> x^2`",
    **dict.fromkeys(("np", "numpy", "torch", "jnp", "jax", "tf", "math", "sympy"), _NAMED),
    "print": _BY_ITSELF,
    "show": _BY_ITSELF,
    "display": _BY_ITSELF,
    "sen": "the sine is `sin(x)`",
    "sh": "the hyperbolic sine is `sinh(x)`",
    "ch": "the hyperbolic cosine is `cosh(x)`",
    "th": "the hyperbolic tangent is `tanh(x)`",
    "Log": "`log(x)` is the natural logarithm, `lg(x)` that to base 10, `log(x, b)` that to any base",
    "power": "a power is `x^y`, or `pow(x, y)`",
    "sqr": "the square is `x^2`, the square root `sqrt(x)`",
    "gradient": _GRADIENT,
    "Gradient": _GRADIENT,
    "slope": "the slope of f at 2 is `f'(2)`",
    "partial": "a partial derivative is `∂f/∂x`, or `d/dx (x^2*y)` of an expression",
    "implicit": "a root is a function too: `y(x) = solve(y -> x^2 + y^2 - 25, 4)`, and `y'(3)` its slope",
    **dict.fromkeys(("simplify", "expand", "factor"), _SHORTEST),
    **dict.fromkeys(("mse", "MSE"), "the loss is `MSELoss()(output, target)`, or `mean((a - b)^2)`"),
    "antiderivative": "a definite integral is `integrate x^2 over 0..1`; there are no antiderivatives",
    **dict.fromkeys(("nil", "null", "NULL"), "write `none`"),
    "help": "at the prompt, `:help` lists what there is, and `:help grad` explains one of it",
    **dict.fromkeys(("exit", "quit"), _LEAVE),
    "clear": "at the prompt, `:reset` forgets what is defined, and Ctrl-L clears the screen",
    "history": "at the prompt, the arrow keys and Ctrl-R bring earlier inputs back",
    "undo": "at the prompt, `:undo` takes the last statement back",
}

# A word of so many letters may be variables in a row.
LONGEST_ROW = 4


def foreign(name: str) -> str | None:
    """What to write for a name of another language."""
    base = re.fullmatch(r"log(\d+)", name)
    return f"the logarithm to base {base[1]} is `log(x, {base[1]})`" if base else FOREIGN.get(name)


def instead(
    name: str, known: list[str], value_of: Callable[[str], tuple[Value] | None], called: str | None
) -> str | None:
    """A hint for a name without a value; `called` is what stands in the brackets behind it, where it is called."""
    found = foreign(name) or _partial_of(name, value_of)
    if found is not None:
        return found
    if called and is_variable(name):
        return f"to multiply, write `{name}*({called})`; `{name}(t) = ...` defines a function"
    if (slip := near(name, known)) is not None:
        return slip
    if called is not None:
        return f"`{name}(x) = ...` defines it" if len(name) <= LONGEST_NEAR else None
    given = f"`{name} = 3` gives it a value"
    if is_row(name):
        return f"{given}; a product is written `{'*'.join(name)}`"
    return given if len(name) <= LONGEST_NEAR else None


def is_row(name: str) -> bool:
    """Whether a name may be meant as variables that are multiplied: `xy`."""
    return 1 < len(name) <= LONGEST_ROW and name.isalpha() and name.islower() and not is_variable(name)


def _partial_of(name: str, value_of: Callable[[str], tuple[Value] | None]) -> str | None:
    """`f_xy` is ∂²f/∂x∂y where f has these inputs."""
    function, _, letters = name.partition("_")
    found = value_of(function) if letters else None
    if found is None or not isinstance(found[0], Function) or not letters.isalpha():
        return None
    inputs = {i.name for i in found[0].inputs}
    by = [letters] if letters in inputs else list(letters)
    if not set(by) <= inputs:
        return None
    order = "" if len(by) == 1 else "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(d)] for d in str(len(by)))
    return f"a partial derivative is written `∂{order}{function}/{''.join(f'∂{n}' for n in by)}`"
