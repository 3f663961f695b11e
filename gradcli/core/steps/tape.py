"""The tape of a function at a point, as drawn by hand for automatic differentiation (Griewank, Walther 2008, 2.1).

Every value has a row: how it comes from earlier ones, its number, its partial by each of them, the tangent that the
forward sweep gives it, and the adjoint that the reverse sweep gives it. All numbers are the engine's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from gradcli.core.engines.evaluation import evaluate
from gradcli.core.formula.algebra import UnreadableError
from gradcli.core.ir.nodes import Constant, Input, Node, Parameter, filled, fresh_input
from gradcli.core.ir.primitive import Application, with_args
from gradcli.core.ir.traversal import by_need, reachable, substitute
from gradcli.core.records import record
from gradcli.core.steps.structure import Writer
from gradcli.core.transforms.forward import jvp
from gradcli.core.transforms.reverse import vjp

# A longer one is read by nobody.
MOST_ROWS = 200


@record
class Row:
    """One value: its name, its formula in earlier ones, its number, its slopes by them, and what the sweeps bring.

    `tangent` is its derivative by the variable, `adjoint` the derivative of the result by it.
    """

    name: str
    formula: str
    value: float
    partials: tuple[tuple[str, float], ...]
    tangent: float
    adjoint: float


def numbers_of(nodes: Sequence[Node], point: Mapping[Node, Node]) -> tuple[float, ...]:
    """The values of graphs where their inputs have values.

    Raises:
        CoreError: for more work than the limits allow.
    """
    return tuple(float(value) for value in evaluate(substitute(nodes, point)))


def derivatives_at(nodes: Sequence[Node], variable: Node, point: Mapping[Node, Node]) -> tuple[float, ...]:
    """The derivative of each node by the variable at a point."""
    return numbers_of(jvp(nodes, [variable], [filled(1.0, variable)]), point)


def choose(output: Node, point: Mapping[Node, Node]) -> tuple[Node, dict[Node, bool]]:
    """The graph with each branch at a point in the place of its choice, and what was chosen.

    A choice within a branch that isn't taken is none of them.
    """
    taken: dict[Node, bool] = {}
    while True:
        choices = [n for n in reachable([output]) if n.kind == "select"]
        if not choices:
            return output, taken
        first = choices[-1]
        (holds,) = numbers_of([first.args[0]], point)
        taken[first] = bool(holds)
        (output,) = substitute([output], {first: first.args[1 if holds else 2]})


def tape(
    output: Node, variable: Node, point: Mapping[Node, Node], spellings: Mapping[str, str], taken: Sequence[str]
) -> tuple[Row, ...]:
    """The rows of a graph of numbers without choices, inputs first, the result last.

    Raises:
        UnreadableError: for what the language has no name for, and for more rows than anybody reads.
        CoreError: for more work than the limits allow.
    """
    nodes = [n for n in by_need([output]) if not isinstance(n, Constant)]
    leaves = sorted((n for n in nodes if isinstance(n, (Input, Parameter))), key=lambda n: n.serial)
    nodes = [*leaves, *(n for n in nodes if n not in leaves)]
    if len(nodes) > MOST_ROWS:
        raise UnreadableError(f"the tape has {len(nodes):,} rows")
    letter = next(c for c in "vwtpq" if not any(re.fullmatch(rf"{c}\d+", name) for name in taken))
    names = {n: f"{letter}{i + 1}" for i, n in enumerate(nodes)}
    shares = {n: list(_shares(n)) for n in nodes}
    slopes = [share for n in nodes for _, share in shares[n]]
    adjoints = [vjp([output], [n], [filled(1.0, output)])[0] for n in nodes]
    tangents = jvp(nodes, [variable], [filled(1.0, variable)])
    numbers = iter(numbers_of([*nodes, *tangents, *adjoints, *slopes], point))
    values, moved, pulled = ([next(numbers) for _ in nodes] for _ in range(3))
    return tuple(
        Row(
            names[n],
            _formula(n, names, spellings, taken),
            *(value, tuple((names[arg], next(numbers)) for arg, _ in shares[n]), tangent, adjoint),
        )
        for n, value, tangent, adjoint in zip(nodes, values, moved, pulled, strict=True)
    )


def _shares(node: Node) -> Iterator[tuple[Node, Node]]:
    """Each different argument that is no number, and the slope by it."""
    if not isinstance(node, Application):
        return
    wanted = [not isinstance(arg, Constant) for arg in node.args]
    # An argument that occurs twice has the sum of two slopes.
    stand = {arg: fresh_input("u", arg.shape, arg.dtype) for arg in dict.fromkeys(node.args)}
    back: dict[Node, Node] = {new: old for old, new in stand.items()}
    alone = with_args(node, tuple(stand[arg] for arg in node.args))
    for arg in dict.fromkeys(arg for arg, want in zip(node.args, wanted, strict=True) if want):
        if arg.dtype.is_float:
            (slope,) = vjp([alone], [stand[arg]], [filled(1.0, alone)])
            yield arg, substitute([slope], back)[0]


def _formula(node: Node, names: Mapping[Node, str], spellings: Mapping[str, str], taken: Sequence[str]) -> str:
    if isinstance(node, (Input, Parameter)):
        return node.name
    stand = tuple(fresh_input(names[a], a.shape, a.dtype) if a in names else a for a in node.args)
    return Writer(spellings, taken).text(with_args(node, stand))
