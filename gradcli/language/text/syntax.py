"""The syntax, as data: one class for each form, each with the span that it was written in.

Nothing changes a node once it is built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeAlias

from gradcli.core.records import record
from gradcli.language.text.arrays import Numbers
from gradcli.language.text.diagnostics import Span


@record
class Name:
    """A name, looked up where it is evaluated."""

    span: Span
    id: str


@record
class Literal:
    """A number, a text, true, false, none or an ellipsis."""

    span: Span
    value: object


@record
class Array:
    """`[a, b]`, nested for more axes; one of many plain numbers has these in place of items."""

    span: Span
    items: tuple[Expression, ...]
    numbers: Numbers | None = None


@record
class Tuple:
    """`a, b` or `(a, b)`."""

    span: Span
    items: tuple[Expression, ...]


@record
class Unary:
    """`-x`, `+x`, `not x`."""

    span: Span
    operator: str
    operand: Expression


@record
class Binary:
    """`a + b` and the like; `**` is read as `^`, and `2x` as `2*x`. `and`, `or`, `∘` and `±` too."""

    span: Span
    operator: str
    left: Expression
    right: Expression


@record
class Compare:
    """`a < b <= c`: each neighbouring pair must hold."""

    span: Span
    operators: tuple[str, ...]
    operands: tuple[Expression, ...]


@record
class Conditional:
    """`a if c else b`."""

    span: Span
    condition: Expression
    yes: Expression
    no: Expression


@record
class Keyword:
    """`name=value` among a call's arguments."""

    span: Span
    name: str
    value: Expression


@record
class Call:
    """`f(a, b, key=c)`."""

    span: Span
    function: Expression
    arguments: tuple[Expression, ...]
    keywords: tuple[Keyword, ...]


@record
class Slice:
    """`start:stop:step` in a subscript."""

    span: Span
    start: Expression | None
    stop: Expression | None
    step: Expression | None


@record
class Subscript:
    """`x[i, j:k]`."""

    span: Span
    value: Expression
    items: tuple[Expression | Slice, ...]


@record
class Attribute:
    """`x.T`, `net.weight`."""

    span: Span
    value: Expression
    name: str


@record
class Prime:
    """`f''`: the derivative of a function of one variable, once for each prime."""

    span: Span
    function: Expression
    order: int


@record
class Lambda:
    """`x -> x^2`, `(x, y) -> x*y`."""

    span: Span
    parameters: tuple[Formal, ...]
    body: Expression


@record
class Beside:
    """`(a)(b)`: a call where a is a function, else a product, whose last factor may have a power: `(a)(b)^2`.

    `divides` is what it stands behind in `1/(a)(b)`, which only a call can.
    """

    span: Span
    function: Expression
    arguments: tuple[Expression, ...]
    power: Expression | None = None
    divides: Expression | None = None


@record
class At:
    """`f at 2`: what stands in front is a function, or becomes one of its names, and is called."""

    span: Span
    function: Expression
    arguments: tuple[Expression, ...]
    keywords: tuple[Keyword, ...]


@record
class Interval:
    """`a..b`: the numbers from one to another, both among them."""

    span: Span
    low: Expression
    high: Expression


@record
class Comprehension:
    """`body for k in values`, as the argument of a call: a tuple of what the body is for each of them."""

    span: Span
    body: Expression
    targets: tuple[Name, ...]
    values: Expression


@record
class Partial:
    """`∂f/∂x`, `d/dx (expr)`: the derivative of a function or of a value, by names, one after the other."""

    span: Span
    of: Expression
    by: tuple[Name, ...]


@record
class Nabla:
    """`∇f`, `∇·f`, `∇×f`: `operator` is the built-in that it stands for."""

    span: Span
    operator: Name
    of: Expression


Expression: TypeAlias = (
    "Name | Literal | Array | Tuple | Unary | Binary | Compare | Conditional | Call | Subscript"
    " | Attribute | Prime | Lambda | Beside | At | Interval | Comprehension | Partial | Nabla"
)


@record
class Formal:
    """An input of a function, with its default if it has one."""

    span: Span
    name: str
    default: Expression | None


@record
class Assign:
    """`target = value`; a target is a name, a tuple of targets, or `model.parameter`."""

    span: Span
    target: Expression
    value: Expression


@record
class Function:
    """`f(x) = ...`, `def f(x): ...` or `model f(x): ...`."""

    span: Span
    name: Name
    parameters: tuple[Formal, ...]
    body: tuple[Statement, ...]
    is_model: bool


@record
class Param:
    """`param w = value`: a trainable parameter."""

    span: Span
    name: Name
    value: Expression


@record
class Return:
    """`return a, b`."""

    span: Span
    value: Expression


@record
class For:
    """`for i in range(n):`."""

    span: Span
    targets: tuple[Name, ...]
    values: Expression
    body: tuple[Statement, ...]


@record
class While:
    """`while condition:`."""

    span: Span
    condition: Expression
    body: tuple[Statement, ...]


@record
class Arm:
    """`if condition:` or `elif condition:` with its block."""

    span: Span
    condition: Expression
    body: tuple[Statement, ...]


@record
class If:
    """`if`, `elif` and `else` with their blocks; the last is empty where there is none."""

    span: Span
    arms: tuple[Arm, ...]
    otherwise: tuple[Statement, ...]


@record
class Break:
    """`break`: the loop ends."""

    span: Span


@record
class Continue:
    """`continue`: the loop goes on with its next step."""

    span: Span


@record
class Print:
    """`print(a, b)` or `show a, b`: values shown from inside a block."""

    span: Span
    values: tuple[Expression, ...]


@record
class Assert:
    """`assert condition, "message"`."""

    span: Span
    condition: Expression
    message: Expression | None


@record
class Set:
    """`set dtype float32`: a setting of the session."""

    span: Span
    name: Name
    value: Expression


@record
class Use:
    """`use "layers.grad"`, `use "layers.grad" as layers`: what another file defines."""

    span: Span
    path: Literal
    name: Name | None


@record
class Show:
    """An expression by itself."""

    span: Span
    value: Expression


Statement: TypeAlias = (
    "Assign | Function | Param | Return | For | While | If | Break | Continue | Print | Assert | Set | Use | Show"
)


def blocks_of(statement: Statement) -> tuple[tuple[Statement, ...], ...]:
    """The blocks of a statement that run where it stands: those of loops and choices, not of functions."""
    if isinstance(statement, (For, While)):
        return (statement.body,)
    if isinstance(statement, If):
        return (*(arm.body for arm in statement.arms), statement.otherwise)
    return ()


def walk(part: object) -> Iterator[object]:
    """Every piece of syntax within a piece, itself first, in the order of the text."""
    # A loop, not recursion: a sum may be as deep as it is long.
    stack = [part]
    while stack:
        item = stack.pop()
        if item.__class__ is tuple:
            stack.extend(reversed(item))
            continue
        try:
            parts = _PARTS[item.__class__]
        except KeyError:
            parts = _PARTS[item.__class__] = _parts_of(item)
        if parts is not None:
            yield item
            stack += parts(item)


class Within(dict[type, list[Any]]):
    """The pieces of syntax within a piece, itself included, by their class; those of one in the order of the text."""

    def __init__(self, part: object) -> None:
        super().__init__()
        for item in walk(part):
            self[item.__class__].append(item)

    def __missing__(self, kind: type) -> list[Any]:
        found = self[kind] = []
        return found


@lru_cache(16)
def inside(body: tuple[Statement, ...]) -> Within:
    """What is within a function's body: asked for when it is checked, when it is defined and when it is called."""
    return Within(body)


# What gives the fields of each class of syntax that are gone through, the last one first; of what is none, None.
_PARTS: dict[type, Callable[[object], Iterable[object]] | None] = {}
# What holds no syntax, as the classes above spell it.
_PLAIN = frozenset(("Span", "str", "int", "bool", "object", "tuple[str, ...]", "Numbers | None"))


def _parts_of(item: object) -> Callable[[object], Iterable[object]] | None:
    if not is_dataclass(item) or isinstance(item, Span):
        return None
    names = [f.name for f in reversed(fields(item)) if f.type not in _PLAIN]
    if len(names) > 1:
        return attrgetter(*names)
    return (lambda part: (getattr(part, names[0]),)) if names else lambda part: ()


def names_in(part: object) -> Iterator[str]:
    """Every name that a piece of syntax mentions, in the order of the text."""
    return (item.id for item in walk(part) if isinstance(item, Name))


def _targets(target: Expression) -> Iterator[Expression]:
    """The names that are given values, also by way of an item: `x` in `x[i] = 1`."""
    if isinstance(target, Tuple):
        for item in target.items:
            yield from _targets(item)
    else:
        yield target.value if isinstance(target, Subscript) else target


def trains(body: tuple[Statement, ...]) -> bool:
    """Whether a body gives values to parameters, as in `net.w = 1` and `params(net) = w`."""
    return any(
        (isinstance(statement, Assign) and any(isinstance(t, (Attribute, Call)) for t in _targets(statement.target)))
        or any(map(trains, blocks_of(statement)))
        for statement in body
    )


def bound_in(body: tuple[Statement, ...]) -> Iterator[str]:
    """The names that a body gives values to."""
    for statement in body:
        if isinstance(statement, Assign):
            yield from (name for target in _targets(statement.target) for name in names_in(target))
        elif isinstance(statement, Function):
            yield statement.name.id
        elif isinstance(statement, For):
            for target in statement.targets:
                yield target.id
        for block in blocks_of(statement):
            yield from bound_in(block)
