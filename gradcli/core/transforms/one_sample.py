"""Batching undone: an application to tensors that have an axis for samples in front, as one to those of one sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from gradcli.core.errors import CoreError
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Application, intern
from gradcli.core.ir.promotion import stretch
from gradcli.core.primitives.linear_algebra import matrix_product
from gradcli.core.primitives.shaping import broadcast, reshape
from gradcli.core.transforms.batching import apply_batched


def of_one_sample(node: Node, size: int, samples: Mapping[Node, Node]) -> Node | None:
    """What an application is for one sample of so many; None where its samples are not computed by themselves.

    `samples` has for each node with an axis for samples what it is for one; a node that is not there is the same for
    all. A graph may be in its canonical form, in which operands that are elementwise are not stretched.
    """
    if not isinstance(node, Application) or node.shape[:1] != (size,):
        return None
    op, shape = node.op, node.shape[1:]
    if op.pointwise or op is broadcast:
        args = [_operand(arg, len(node.shape), samples) for arg in node.args]
        if any(arg is None for arg in args):
            return None
        operands = tuple(arg for arg in args if arg is not None)
        return intern(op, operands, node.attrs, shape, node.dtype) if op.pointwise else stretch(operands[0], shape)
    has = [arg in samples and arg.shape[0] == size for arg in node.args]
    if not any(has):
        return None
    if op is matrix_product and has == [True, False] and len(node.shape) == 2:
        row = matrix_product(reshape(samples[node.args[0]], shape=(1, node.args[0].shape[1])), node.args[1])
        return reshape(row, shape=shape)
    operands = tuple(samples[arg] if batched else arg for arg, batched in zip(node.args, has, strict=True))
    for attrs in _without_an_axis(node.attrs):
        try:
            if apply_batched(op, size, has, node.args, attrs) is node:
                return op(*operands, **attrs)
        except (CoreError, ValueError, IndexError, TypeError):
            continue
    return None


def _operand(arg: Node, rank: int, samples: Mapping[Node, Node]) -> Node | None:
    """What is elementwise reads for one sample, aligned at the last axis."""
    if len(arg.shape) < rank:
        # One with samples in front would have another axis aligned with theirs, and be read as if it had none.
        return arg
    if arg.shape[0] == 1:
        return reshape(arg, shape=arg.shape[1:])
    return samples.get(arg)


def _without_an_axis(attrs: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What the attributes may be of an operation on tensors with one axis fewer; which it is tells batching."""
    names = list(attrs)
    for values in product(*(_fewer(attrs[name]) for name in names)):
        yield dict(zip(names, values, strict=True))


def _fewer(value: Any) -> Iterator[Any]:
    """A shape or ranges, axes, one axis, or what is the same. The axis for samples is no axis of a sample."""
    if isinstance(value, tuple):
        yield value[1:]
        if value and all(isinstance(item, int) for item in value):
            for axes in (value[1:], value):
                if 0 not in axes:
                    yield tuple(axis - 1 for axis in axes)
        elif value and all(isinstance(item, tuple) for item in value):
            yield tuple(item[1:] for item in value)
    elif isinstance(value, int) and value > 0:
        yield value - 1
    yield value
