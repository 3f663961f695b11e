"""Rows of numbers in plain Python, as loops have and give them: lists, and what is done to them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from gradcli.core.export.spelling import expression
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.templates import SCALARS

# A list with numbers at every place of a row, of one range.
Ranges = Sequence[tuple[int, int, int]]


def is_row(node: Application) -> bool:
    """Whether lists can hold it and what it is made of."""
    return all(len(n.shape) <= 1 and n.dtype in SCALARS for n in (node, *node.args)) and any(
        n.shape for n in (node, *node.args)
    )


def of_rows(
    node: Application, args: Sequence[ast.expr], of_numbers: Callable[[Sequence[ast.expr]], ast.expr]
) -> ast.expr | None:
    """An expression of lists, None where there is none; `of_numbers` applies the same to numbers."""
    if node.op.pointwise and node.shape and node.op.template(node.attrs) is not None:
        return _by_element(node, args, of_numbers)
    template = _moved(node)
    return None if template is None else expression(template, args, {})


def _by_element(
    node: Application, args: Sequence[ast.expr], of_numbers: Callable[[Sequence[ast.expr]], ast.expr]
) -> ast.expr | None:
    """A list with one element after the other, those of all operands side by side."""
    rows = [i for i, arg in enumerate(node.args) if arg.shape]
    if any(node.args[i].shape != node.shape for i in rows):
        return None
    names = dict(zip(rows, "uvw", strict=False))
    made = of_numbers([ast.Name(names[i]) if i in names else arg for i, arg in enumerate(args)])
    lists = ", ".join(ast.unparse(args[i]) for i in rows)
    each = f"{', '.join(names.values())} in {lists if len(rows) == 1 else f'zip({lists})'}"
    return ast.parse(f"[{ast.unparse(made)} for {each}]", mode="eval").body


def _moved(node: Application) -> str | None:
    before, shape = node.args[0].shape, node.shape
    match node.kind:
        case "slice":
            ((start, count, step),) = node.attrs["ranges"]
            return (
                f"{{0}}[{start}:{start + (count - 1) * step + 1}:{step}]"
                if step != 1
                else f"{{0}}[{start}:{start + count}]"
            )
        case "reshape":
            return "{0}" if before == shape else "[{0}]" if shape else "{0}[0]"
        case "broadcast":
            return f"[{{0}}] * {shape[0]}" if before == () else f"{{0}} * {shape[0]}"
        case "flip":
            return "{0}[::-1]"
        case "sum_to":
            return "sum({0})" if shape == () else "[sum({0})]" if shape == (1,) else None
        case "concatenate":
            return f"[{', '.join(f'*{{{i}}}' for i in range(len(node.args)))}]"
        case "pad":
            return _padded("{0}", node.attrs["ranges"], shape[0])
        case "sum_of_pads":
            rows = [_padded(f"{{{i}}}", place, node.attrs["shape"][0]) for i, place in enumerate(node.attrs["places"])]
            if None in rows:
                return None
            return f"[sum(u) for u in zip({', '.join(map(str, rows))})]"
    return None


def _padded(text: str, ranges: Ranges, length: int) -> str | None:
    ((start, count, step),) = ranges
    return None if step != 1 else f"[0.0] * {start} + {text} + [0.0] * {length - start - count}"
