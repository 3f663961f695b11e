"""What a primitive's template on Python's math says: as a function, and as the value of an application to constants."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cache
from typing import Any

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Primitive

# Templates that are functions of Python's, by which they are computed faster than by one that is made of them.
_OPERATORS: Mapping[str, Callable[..., Any]] = {
    "{0} + {1}": operator.add,
    "{0} - {1}": operator.sub,
    "{0} * {1}": operator.mul,
    "{0} / {1}": operator.truediv,
    "-{0}": operator.neg,
}
_OF_MATH = re.compile(r"math\.(\w+)\(\{0\}\)")

# The names that a template may use.
SCOPE: dict[str, object] = {"math": math, "inf": math.inf, "nan": math.nan}
SCALARS = (DType.FLOAT64, DType.BOOL)


@cache
def function_of(template: str, arity: int, attrs: tuple[tuple[str, Hashable], ...] = ()) -> Callable[..., Any]:
    """The template as a function of its arguments."""
    of_math = _OF_MATH.fullmatch(template)
    if of_math is not None:
        found: Callable[..., Any] = getattr(math, of_math[1])
        return found
    if template in _OPERATORS:
        return _OPERATORS[template]
    names = [f"x{i}" for i in range(arity)]
    text = f"lambda {', '.join(names)}: {template.format(*names, **dict(attrs))}"
    function: Callable[..., Any] = eval(text, dict(SCOPE))
    return function


def applied(op: Primitive, args: Sequence[Any], attrs: Mapping[str, Any]) -> Any:
    """A primitive's template, evaluated.

    Raises:
        ArithmeticError: where math refuses what IEEE 754 answers.
        ValueError: the same.
    """
    return function_for(op, len(args), attrs)(*args)


def function_for(op: Primitive, arity: int, attrs: Mapping[str, Any]) -> Callable[..., Any]:
    """A primitive's template as a function of its arguments."""
    return function_of(op.template(attrs) or "", arity, tuple(attrs.items()))


@cache
def mentions(template: str, i: int) -> int:
    """How often a template mentions an argument."""
    return template.count(f"{{{i}}}")


def has_template(node: Node) -> bool:
    """Whether it is a float64 or bool scalar that math computes."""
    op = node.op
    return (
        node.shape == ()
        and node.dtype in SCALARS
        and isinstance(op, Primitive)
        and op.math is not None
        and op.template(node.attrs) is not None
    )


def has_ball(node: Node) -> bool:
    """Whether it is a float64 scalar that math lacks and ball arithmetic computes."""
    op = node.op
    of_numbers = node.shape == () and node.dtype is DType.FLOAT64 and isinstance(op, Primitive)
    return of_numbers and op.ball is not None and op.template(node.attrs) is None  # type: ignore[union-attr]


def evaluated(node: Node, op: Primitive) -> float | bool | None:
    """The number that a node of constants is; None where math has no answer."""
    if not has_template(node) or not all(arg.dtype in SCALARS for arg in node.args):
        return None
    constants = [arg.value for arg in node.args if isinstance(arg, Constant)]
    try:
        value: float | bool = applied(op, constants, node.attrs)
    except (ArithmeticError, ValueError):
        return None
    return value
