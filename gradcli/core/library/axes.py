"""Axes moved, joined and laid side by side."""

from __future__ import annotations

from gradcli.core.errors import CoreError, require
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import normalize_axes, size_of
from gradcli.core.library.declare import composed
from gradcli.core.library.functions import Axis, concatenate
from gradcli.core.primitives import shaping


@composed("x with two of its axes exchanged", example="swapaxes([[1, 2, 3]], 0, 1)")
def swapaxes(x: Node, axis1: int, axis2: int) -> Node:
    rank = len(x.shape)
    (first,), (second,) = normalize_axes(axis1, rank), normalize_axes(axis2, rank)
    order = list(range(rank))
    order[first], order[second] = second, first
    return shaping.transpose(x, axes=tuple(order))


@composed(
    "x with axes, or one, moved to other places, the rest in their order",
    example="moveaxis(zeros((2, 3, 4)), 0, -1).shape",
)
def moveaxis(x: Node, source: Axis, destination: Axis) -> Node:
    rank = len(x.shape)
    given, wanted = _several(source), _several(destination)
    normalize_axes(given, rank)
    normalize_axes(wanted, rank)
    require(len(given) == len(wanted), f"{len(given)} axes do not move to {len(wanted)} places", "give each its place")
    moved = {to % rank: a % rank for a, to in zip(given, wanted, strict=True)}
    rest = iter(i for i in range(rank) if i not in moved.values())
    return shaping.transpose(x, axes=tuple(moved[i] if i in moved else next(rest) for i in range(rank)))


def _several(axis: Axis) -> tuple[int, ...]:
    return axis if isinstance(axis, tuple) else () if axis is None else (axis,)


@composed("all elements in order, as a vector", "ravel", "flatten", example="ravel([[1, 2], [3, 4]])")
def ravel(x: Node) -> Node:
    return shaping.reshape(x, shape=(size_of(x.shape),))


def _rows(x: Node) -> Node:
    """At least a matrix, a vector being one row."""
    return x if len(x.shape) > 1 else shaping.reshape(x, shape=(1, size_of(x.shape)))


def _vector(x: Node) -> Node:
    return x if x.shape else shaping.reshape(x, shape=(1,))


@composed("tensors joined below each other; vectors as rows", example="vstack(([1, 2], [3, 4]))")
def vstack(tensors: tuple[Node, ...]) -> Node:
    require(bool(tensors), "vstack needs at least one tensor")
    return concatenate(tuple(map(_rows, tensors)), 0)


@composed("tensors joined side by side; vectors end to end", example="hstack(([1, 2], [3, 4]))")
def hstack(tensors: tuple[Node, ...]) -> Node:
    require(bool(tensors), "hstack needs at least one tensor")
    nodes = tuple(map(_vector, tensors))
    return concatenate(nodes, 0 if len(nodes[0].shape) == 1 else 1)


@composed("matrices side by side, vectors as columns of them", example="column_stack(([1, 2], [3, 4]))")
def column_stack(tensors: tuple[Node, ...]) -> Node:
    require(bool(tensors), "column_stack needs at least one tensor")
    return concatenate(tuple(x if len(x.shape) > 1 else _column(x) for x in tensors), 1)


@composed("tensors joined along their third axis; matrices one behind the other", example="dstack(([1, 2], [3, 4]))")
def dstack(tensors: tuple[Node, ...]) -> Node:
    require(bool(tensors), "dstack needs at least one tensor")
    rows = map(_rows, tensors)
    return concatenate(tuple(x if len(x.shape) > 2 else shaping.reshape(x, shape=(*x.shape, 1)) for x in rows), 2)


@composed("x with at least one axis", example="atleast_1d(3)")
def atleast_1d(x: Node) -> Node:
    return _vector(x)


@composed("x with at least two axes, a vector being one row", example="atleast_2d([1, 2])")
def atleast_2d(x: Node) -> Node:
    return _rows(x)


@composed("the rows in reverse order", example="flipud([[1, 2], [3, 4]])")
def flipud(x: Node) -> Node:
    require(bool(x.shape), "a single number has no rows")
    return shaping.flip(x, axes=(0,))


@composed("the columns in reverse order", example="fliplr([[1, 2], [3, 4]])")
def fliplr(x: Node) -> Node:
    require(len(x.shape) > 1, f"fliplr takes a matrix, not shape {x.shape}")
    return shaping.flip(x, axes=(1,))


@composed("x turned by k right angles, from the first axis to the second", example="rot90([[1, 2], [3, 4]])")
def rot90(x: Node, k: int = 1) -> Node:
    require(len(x.shape) > 1, f"rot90 takes a matrix, not shape {x.shape}")
    turns = k % 4
    if turns in (0, 2):
        return shaping.flip(x, axes=(0, 1)) if turns else x
    return swapaxes(shaping.flip(x, axes=(1,)), 0, 1) if turns == 1 else shaping.flip(swapaxes(x, 0, 1), axes=(1,))


def _column(x: Node) -> Node:
    return shaping.reshape(x, shape=(size_of(x.shape), 1))


@composed(
    'coordinates of a grid: each vector along an axis of its own, the first two exchanged unless indexing="ij"',
    example='x, y = meshgrid([1, 2, 3], [10, 20])\nx + y\nmeshgrid([1, 2, 3], [10, 20], indexing="ij")[0]',
)
def meshgrid(indexing: str = "xy", *x: Node) -> tuple[Node, ...]:
    require(indexing in ("xy", "ij"), f'"{indexing}" is no indexing of a grid', 'it is "xy" or "ij"')
    vectors = [_vector(v) for v in x]
    wrong = next((v for v in vectors if len(v.shape) > 1), None)
    if wrong is not None:
        raise CoreError(f"a grid is made of vectors, not of shape {wrong.shape}", "give one vector for each axis")
    order = list(range(len(vectors)))
    if indexing == "xy" and len(order) > 1:
        order[:2] = 1, 0
    shape = tuple(vectors[i].shape[0] for i in order)
    return tuple(stretch(_along(v, order.index(i), len(order)), shape) for i, v in enumerate(vectors))


def _along(vector: Node, axis: int, rank: int) -> Node:
    return shaping.reshape(vector, shape=tuple(vector.shape[0] if i == axis else 1 for i in range(rank)))
