"""What C takes loops for: moving elements, adding them up, products and equations of matrices."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from gradcli.core.export.c_body import LETTERS, TYPES, Body, Element, Index, flat_index, own_index
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import Shape, size_of


def plus(at: str, start: int) -> str:
    """An index moved on."""
    if at == "0":
        return str(start)
    return f"{at} + {start}" if start else at


def plus_scaled(at: str, start: int, step: int) -> str:
    """An index of every step-th element, moved on."""
    return plus(at if step == 1 or at == "0" else f"{step} * {at}", start)


def _room(body: Body, node: Application, number: str) -> Callable[[Index], str]:
    """Room for a node, and where in it an element is put; `number` declares what is one number alone."""
    if node.shape:
        name = body.declare(node)
        return lambda index: f"{name}[{flat_index(node.shape, index)}]"
    name = body.name_of(node)
    body.lines.append(f"    {number.format(name)}")
    body.hold(node, name)
    return lambda index: name


def _sum(body: Body, node: Application) -> None:
    (x,) = node.args
    lead = len(x.shape) - len(node.shape)
    element = body.elements[x]
    if size_of(x.shape) == 1:
        body.fill(node, lambda index: element(["0"] * len(x.shape)))
        return
    if node.shape == ():
        name = body.name_of(node)
        body.lines.append(
            f"    {TYPES[node.dtype]} {name} = 0;" if node.dtype is not DType.FLOAT64 else f"    double {name} = 0.0;"
        )
        body.loops(x.shape, lambda index: [f"{name} += {body.c(element(index))};"])
        body.hold(node, name)
        return
    name = body.declare(node, zeros=True)

    def lines(index: Index) -> list[str]:
        at = [i if n != 1 else "0" for i, n in zip(index[lead:], node.shape, strict=True)]
        return [f"{name}[{flat_index(node.shape, at)}] += {body.c(element(index))};"]

    body.loops(x.shape, lines)


def _max(body: Body, node: Application) -> None:
    (x,) = node.args
    name = body.declare(node)
    element = body.elements[x]
    least = "-INFINITY" if node.dtype is DType.FLOAT64 else "-9223372036854775807LL"
    body.loops(node.shape, lambda index: [f"{name}[{flat_index(node.shape, index)}] = {least};"])

    def lines(index: Index) -> list[str]:
        at = [i if n != 1 else "0" for i, n in zip(index, node.shape, strict=True)]
        place = f"{name}[{flat_index(node.shape, at)}]"
        return [
            f"const {TYPES[node.dtype]} element = {body.c(element(index))};",
            f"{place} = element > {place} || element != element ? element : {place};",
        ]

    body.loops(x.shape, lines)


def _argmax(body: Body, node: Application) -> None:
    (x,), axis = node.args, node.attrs["axis"]
    element, count = body.elements[x], x.shape[axis]
    place = _room(body, node, "long long {} = 0;")

    def lines(index: Index) -> list[str]:
        letter = LETTERS[len(node.shape)]
        here = body.c(element([*index[:axis], letter, *index[axis:]]))
        there = body.c(element([*index[:axis], f"({place(index)})", *index[axis:]]))
        return [
            f"{place(index)} = 0;",
            f"for (int {letter} = 1; {letter} < {count}; {letter}++) {{",
            f"    if ({here} > {there} || (isnan({here}) && !isnan({there}))) {{",
            f"        {place(index)} = {letter};",
            "    }",
            "}",
        ]

    body.loops(node.shape, lines)


def _argsort(body: Body, node: Application) -> None:
    (x,), axis = node.args, node.attrs["axis"]
    name = body.declare(node)
    element = body.elements[x]

    def lines(index: Index) -> list[str]:
        letter = LETTERS[len(node.shape)]
        here = body.c(element(index))
        there = body.c(element([letter if a == axis else i for a, i in enumerate(index)]))
        place = ["place" if a == axis else i for a, i in enumerate(index)]
        return [
            "long long place = 0;",
            f"for (int {letter} = 0; {letter} < {x.shape[axis]}; {letter}++) {{",
            f"    int less = {there} < {here} || (isnan({here}) && !isnan({there}));",
            f"    int same = {there} == {here} || (isnan({there}) && isnan({here}));",
            f"    place += less || (same && {letter} < {index[axis]});",
            "}",
            f"{name}[{flat_index(node.shape, place)}] = {index[axis]};",
        ]

    body.loops(node.shape, lines)


def _cumsum(body: Body, node: Application) -> None:
    (x,), axis = node.args, node.attrs["axis"]
    name = body.declare(node)
    element = body.elements[x]

    def lines(index: Index) -> list[str]:
        here = body.c(element(index))
        if index[axis] == "0":
            return [f"{name}[{flat_index(node.shape, index)}] = {here};"]
        before = [f"({i} - 1)" if a == axis else i for a, i in enumerate(index)]
        return [
            f"{name}[{flat_index(node.shape, index)}] = {here};",
            f"if ({index[axis]} > 0) {{",
            f"    {name}[{flat_index(node.shape, index)}] += {name}[{flat_index(node.shape, before)}];",
            "}",
        ]

    body.loops(node.shape, lines)


def _concatenate(body: Body, node: Application) -> None:
    axis, start = node.attrs["axis"], 0
    name = body.declare(node)
    for arg in node.args:
        element = body.elements[arg]

        def lines(index: Index, element: Element = element, start: int = start) -> list[str]:
            at = [plus(i, start) if a == axis else i for a, i in enumerate(index)]
            return [f"{name}[{flat_index(node.shape, at)}] = {body.c(element(index))};"]

        body.loops(arg.shape, lines)
        start += arg.shape[axis]


def _pad(body: Body, node: Application) -> None:
    places = [node.attrs["ranges"]] if node.kind == "pad" else node.attrs["places"]
    name = body.declare(node, zeros=True)
    for arg, ranges in zip(node.args, places, strict=True):
        element = body.elements[arg]

        def lines(index: Index, element: Element = element, ranges: Any = ranges) -> list[str]:
            at = [plus_scaled(i, start, step) for i, (start, _, step) in zip(index, ranges, strict=True)]
            return [f"{name}[{flat_index(node.shape, at)}] += {body.c(element(index))};"]

        body.loops(arg.shape, lines)


def _reshape(body: Body, node: Application) -> None:
    body.hold(node, _memory_or_number(body, node))


def _memory_or_number(body: Body, node: Application) -> str:
    (x,) = node.args
    if node.shape == () and x.shape == ():
        return body.memory(x)
    if node.shape == ():
        return f"{body.memory(x)}[0]"
    if x.shape == ():
        body.fill(node, lambda index: body.elements[x](()))
        return body.held[node]
    return body.memory(x)


def _take(body: Body, node: Application) -> None:
    x, indices = node.args
    rank = len(indices.shape)
    element, number = body.elements[x], body.elements[indices]
    body.fill(node, lambda index: element([f"({body.c(number(index[:rank]))})", *index[rank:]]))


def _put_add(body: Body, node: Application) -> None:
    g, indices = node.args
    rank = len(indices.shape)
    name = body.declare(node, zeros=True)
    element, number = body.elements[g], body.elements[indices]

    def lines(index: Index) -> list[str]:
        at = [f"({body.c(number(index[:rank]))})", *index[rank:]]
        return [f"{name}[{flat_index(node.shape, at)}] += {body.c(element(index))};"]

    body.loops(g.shape, lines)


def _matmul(body: Body, node: Application) -> None:
    a, b = node.args
    name = body.declare(node)
    left, right = body.elements[a], body.elements[b]
    letter = LETTERS[len(node.shape)] if len(node.shape) < len(LETTERS) else "q"

    def lines(index: Index) -> list[str]:
        inner = "0" if a.shape[-1] == 1 else letter
        one = body.c(left([*index[:-1], inner]))
        other = body.c(right([*index[:-2], inner, index[-1]]))
        place = f"{name}[{flat_index(node.shape, index)}]"
        if inner == "0":
            return [f"{place} = {one} * {other};"]
        return [
            f"{place} = 0.0;",
            f"for (int {letter} = 0; {letter} < {a.shape[-1]}; {letter}++) {{",
            f"    {place} += {one} * {other};",
            "}",
        ]

    body.loops(node.shape, lines)


def _products(body: Body, node: Application) -> None:
    a, b = node.args
    left, right = body.elements[a], body.elements[b]
    inside, _, kept = node.attrs["pattern"].partition("->")
    letters = inside.partition(",")[0]
    shape = tuple(a.shape[letters.index(letter)] for letter in kept)
    name = body.declare(node, zeros=True)

    def lines(index: Index) -> list[str]:
        at = [index[letters.index(letter)] for letter in kept]
        return [f"{name}[{flat_index(shape, at)}] += {body.c(left(index))} * {body.c(right(index))};"]

    body.loops(a.shape, lines)


def _matrices(body: Body, node: Application) -> None:
    """One call for each matrix of a stack."""
    arrays = [body.memory(arg) for arg in node.args]
    a = node.args[0].shape
    n, lead = a[-1], a[:-2]
    kind = node.op.name
    called = {"inv": "invert", "solve": "solve", "cholesky": "lower_root"}.get(kind, "determinant")
    body.define(called)
    if called == "determinant":
        _determinants(body, node, arrays[0], n, lead)
        return
    name = body.declare(node)
    sizes = [size_of(arg.shape[-2:]) for arg in (*node.args, node)]
    columns = f", {node.shape[-1]}" if kind == "solve" else ""

    def lines(index: Index) -> list[str]:
        at = [flat_index((*lead, size), [*index, "0"]) for size in sizes]
        parts = ", ".join(x if i == "0" else f"&{x}[{i}]" for x, i in zip([*arrays, name], at, strict=True))
        return [f"{called}({n}{columns}, {parts});"]

    body.loops(lead, lines)


def _determinants(body: Body, node: Application, array: str, n: int, lead: Shape) -> None:
    sign = body.names.fresh("sign")
    body.lines.append(f"    double {sign};")
    place = _room(body, node, "double {};")

    def lines(index: Index) -> list[str]:
        at = flat_index((*lead, n * n), [*index, "0"])
        call = f"determinant({n}, {array if at == '0' else f'&{array}[{at}]'}, &{sign})"
        if node.op.name == "logabsdet":
            return [f"{place(index)} = {call};"]
        if node.op.name == "det":
            return [f"{place(index)} = exp({call});", f"{place(index)} *= {sign};"]
        return [f"(void){call};", f"{place(index)} = {sign};"]

    body.loops(lead, lines)


def _whole(body: Body, node: Application) -> None:
    (x,) = node.args
    element = body.elements[x]
    length = node.attrs["length"]

    def at(index: Index) -> ast.expr:
        text = f"(long long)({body.c(element(index))})" if x.dtype is not DType.INT64 else body.c(element(index))
        if node.attrs.get("what", "index") != "index":
            return ast.Name(text)
        return ast.Name(f"{text} < 0 ? {text} + {length} : {text}")

    body.fill(node, at)


def _transposed(node: Application, element: Element) -> Element:
    axes = node.attrs["axes"]
    return lambda index: element([index[axes.index(a)] for a in range(len(axes))])


def _sliced(node: Application, element: Element) -> Element:
    ranges = node.attrs["ranges"]
    return lambda index: element([plus_scaled(_in(i), s, step) for i, (s, _, step) in zip(index, ranges, strict=True)])


def _in(at: str) -> str:
    return at if at.isidentifier() or at.isdigit() or at.startswith("(") else f"({at})"


def _flipped(node: Application, element: Element) -> Element:
    axes, shape = node.attrs["axes"], node.shape
    return lambda index: element(
        [f"{shape[a] - 1} - {_in(i)}" if a in axes and shape[a] > 1 else i for a, i in enumerate(index)]
    )


def _stretched(node: Application, element: Element) -> Element:
    return lambda index: element(own_index(node.args[0].shape, node.shape, index))


MOVES: dict[str, Callable[[Application, Element], Element]] = {
    "transpose": _transposed,
    "slice": _sliced,
    "flip": _flipped,
    "broadcast": _stretched,
}
STATEMENTS: dict[str, Callable[[Body, Application], None]] = {
    "sum_to": _sum,
    "max_to": _max,
    "argmax": _argmax,
    "argsort": _argsort,
    "cumsum": _cumsum,
    "concatenate": _concatenate,
    "pad": _pad,
    "sum_of_pads": _pad,
    "reshape": _reshape,
    "take": _take,
    "put_add": _put_add,
    "matmul": _matmul,
    "sum_of_products": _products,
    "inv": _matrices,
    "solve": _matrices,
    "cholesky": _matrices,
    "det": _matrices,
    "logabsdet": _matrices,
    "det_sign": _matrices,
    "whole_numbers": _whole,
}
