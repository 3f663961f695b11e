"""Losses (logits, labels), with MindSpore's names: a number, or with reduction "none" one for each element or label."""

from __future__ import annotations

from collections.abc import Callable

from gradcli.core.errors import ShapeError, require
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, constant, filled
from gradcli.core.ir.promotion import cast, real, stretch
from gradcli.core.ir.shapes import broadcast_shapes
from gradcli.core.library.declare import Layer, Studio, layer
from gradcli.core.library.functions import mean, stack, sum_
from gradcli.core.library.reductions import log_softmax
from gradcli.core.primitives import comparisons as cmp
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives import shaping
from gradcli.core.primitives.constants import counted
from gradcli.core.primitives.indexing import whole_numbers
from gradcli.core.primitives.selection import select

REDUCTIONS = ("mean", "sum", "none")


def _reduced(values: Node, reduction: str) -> Node:
    return mean(values) if reduction == "mean" else sum_(values) if reduction == "sum" else values


def _check_reduction(reduction: str, known: tuple[str, ...] = REDUCTIONS) -> None:
    *others, last = (f'"{name}"' for name in known)
    require(reduction in known, f'"{reduction}" is not a reduction', f"reduction is {', '.join(others)} or {last}")


def _of_two_shapes(logits: Node, labels: Node) -> tuple[str, str] | None:
    """What is said of shapes that are stretched to each other; one number for all is meant so."""
    shapes = logits.shape, labels.shape
    if shapes[0] == shapes[1] or () in shapes:
        return None
    common = broadcast_shapes(shapes)
    message = f"logits of shape {shapes[0]} and labels of shape {shapes[1]} are stretched to shape {common}"
    return message, "each is compared with many of the other; reshape one to the shape of the other"


def _elementwise(
    kind: str, reduction: str, loss: Callable[[Node, Node], Node], reduce: Callable[[Node], Node] | None = None
) -> Layer:
    """A loss of each element and its label, one number of all; shapes that differ are doubtful."""

    def call(logits: Node, labels: Node) -> Node:
        losses = loss(logits, labels)
        return _reduced(losses, reduction) if reduce is None else reduce(losses)

    return Layer(kind, ("logits", "labels"), call=call, doubt=_of_two_shapes)


@layer("the mean, or the sum, of the absolute differences", example="L1Loss()([1, 2], [1, 5])")
def L1Loss(studio: Studio, reduction: str = "mean") -> Layer:  # noqa: N802 - the field's name
    """A loss (logits, labels) -> scalar, or elementwise with reduction "none"."""
    _check_reduction(reduction)
    return _elementwise("L1Loss", reduction, lambda logits, labels: ew.absolute(logits - labels))


@layer(
    "the mean, or the sum, of the squared differences",
    example="MSELoss()([1, 2], [1, 5])\ngrad(MSELoss())([1, 2], [1, 5])",
)
def MSELoss(studio: Studio, reduction: str = "mean") -> Layer:  # noqa: N802 - the seed's name
    """A loss (logits, labels) -> scalar, or elementwise with reduction "none"."""
    _check_reduction(reduction)
    return _elementwise("MSELoss", reduction, lambda logits, labels: (logits - labels) * (logits - labels))


def _huber(logits: Node, labels: Node, delta: float) -> Node:
    """Half the square of a difference up to delta, and a line that goes on from there."""
    away = real(logits - labels)
    size = ew.absolute(away)
    return select(cmp.less_equal(size, delta), 0.5 * away * away, delta * (size - 0.5 * delta))


@layer(
    "half the squared difference where it is at most delta, else delta (|difference| - delta/2)",
    example="HuberLoss()([1, 2], [1.5, 5])",
)
def HuberLoss(studio: Studio, reduction: str = "mean", delta: float = 1.0) -> Layer:  # noqa: N802 - the field's name
    """A loss (logits, labels) -> scalar, or elementwise with reduction "none"."""
    _check_reduction(reduction)
    require(delta > 0, f"a delta of {delta:g} is none", "it is above 0")
    return _elementwise("HuberLoss", reduction, lambda logits, labels: _huber(logits, labels, delta))


@layer(
    "the squared difference over 2 beta where it is at most beta, else |difference| - beta/2",
    example="SmoothL1Loss(beta=0.5)([1, 2], [1.2, 5])",
)
def SmoothL1Loss(studio: Studio, beta: float = 1.0, reduction: str = "mean") -> Layer:  # noqa: N802 - the field's name
    """A loss (logits, labels) -> scalar, or elementwise with reduction "none". With a beta of 0 it is L1Loss."""
    _check_reduction(reduction)
    require(beta >= 0, f"a beta of {beta:g} is none", "it is 0 or more")

    def loss(logits: Node, labels: Node) -> Node:
        return _huber(logits, labels, beta) / beta if beta else ew.absolute(logits - labels)

    return _elementwise("SmoothL1Loss", reduction, loss)


def _times_log(share: Node, x: Node) -> Node:
    """A share times a logarithm; none of what is nothing is 0."""
    nothing = cmp.logical_and(cmp.equal(share, 0), cmp.equal(x, 0))
    return select(nothing, filled(0.0, real(share * x)), share * ew.log(x))


@layer(
    "minus labels log(logits) + (1 - labels) log(1 - logits): probabilities from 0 to 1 on both sides",
    example="BCELoss()([0.9, 0.2], [1, 0])",
)
def BCELoss(  # noqa: N802 - the field's name
    studio: Studio, reduction: str = "mean", weight: tuple[float, ...] | None = None
) -> Layer:
    """A loss (logits, labels) -> scalar, or elementwise with reduction "none".

    It is inf where a logit of exactly 0 or 1 is wrong, where others stop at 100. `weight` goes with the last axis.
    """
    _check_reduction(reduction)

    def loss(logits: Node, labels: Node) -> Node:
        found = -(_times_log(labels, logits) + _times_log(1.0 - labels, 1.0 - logits))
        return found if weight is None else found * _vector(weight, found)

    return _elementwise("BCELoss", reduction, loss)


@layer(
    "BCELoss of sigmoid(logits), accurate for logits of any size",
    example="BCEWithLogitsLoss()([2, -50], [1, 0])",
)
def BCEWithLogitsLoss(  # noqa: N802 - the field's name
    studio: Studio,
    reduction: str = "mean",
    weight: tuple[float, ...] | None = None,
    pos_weight: tuple[float, ...] | None = None,
) -> Layer:
    """A loss (logits, labels) -> scalar, or elementwise with reduction "none".

    `weight`, and `pos_weight` of labels that are 1, go with the last axis.
    """
    _check_reduction(reduction)

    def loss(logits: Node, labels: Node) -> Node:
        # Each term is small where its label is far on the right side, so nothing cancels.
        right, wrong = ew.softplus(-logits), ew.softplus(logits)
        right = right if pos_weight is None else right * _vector(pos_weight, right)
        found = labels * right + (1.0 - labels) * wrong
        return found if weight is None else found * _vector(weight, found)

    return _elementwise("BCEWithLogitsLoss", reduction, loss)


@layer(
    "how far a distribution, labels, is from another, whose logarithms the logits are",
    example='KLDivLoss("sum")(log([0.5, 0.5]), [0.9, 0.1])',
)
def KLDivLoss(studio: Studio, reduction: str = "mean", log_target: bool = False) -> Layer:  # noqa: N802 - the field's name
    """Of each element labels (log(labels) - logits); with `log_target=true` labels are logarithms too.

    The reduction "batchmean" is the sum divided by the length of the first axis, which is what the divergence is;
    "mean" divides by all elements.
    """
    _check_reduction(reduction, ("mean", "batchmean", "sum", "none"))

    def loss(logits: Node, labels: Node) -> Node:
        if log_target:
            return ew.exp(labels) * (labels - logits)
        logits = real(logits)
        # What is 0 on both sides counts nothing.
        nothing = cmp.logical_and(cmp.equal(labels, 0), cmp.equal(logits, float("-inf")))
        return _times_log(labels, labels) - labels * select(nothing, constant(0, logits.dtype), logits)

    def by_batch(losses: Node) -> Node:
        return sum_(losses) / (losses.shape[0] if losses.shape else 1)

    return _elementwise("KLDivLoss", reduction, loss, by_batch if reduction == "batchmean" else None)


def _vector(numbers: tuple[float, ...], like: Node) -> Node:
    """Numbers known now, of the dtype of what they go with.

    Raises:
        ShapeError: for another count of them than the last axis has.
    """
    if like.shape[-1:] != (len(numbers),) and len(numbers) != 1:
        raise ShapeError(f"{len(numbers)} weights do not go with the last axis of shape {like.shape}")
    return stack(tuple(constant(w, like.dtype) for w in numbers))


@layer(
    "minus the logarithm of softmax at the labels: whole numbers (batch,), or probabilities (batch, classes)",
    example="CrossEntropyLoss()([[0, 0]], [1])",
)
def CrossEntropyLoss(  # noqa: N802 - the field's name
    studio: Studio,
    reduction: str = "mean",
    weight: tuple[float, ...] | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Layer:
    """A loss (logits, labels) -> scalar, or one for each label with reduction "none".

    Classes are the second axis, the only one where there is one. Labels that are `ignore_index` count nowhere, nor
    in the mean, which is weighted where classes have weights.
    """
    _check_reduction(reduction)
    require(0 <= label_smoothing <= 1, f"a label_smoothing of {label_smoothing:g} is no share", "it is from 0 to 1")

    def call(logits: Node, labels: Node) -> Node:
        chances = log_softmax(_classes_last(logits), -1)
        n = chances.shape[-1]
        if labels.shape != logits.shape:
            return _at_labels(chances, labels, logits, reduction, weight, ignore_index, label_smoothing)
        per_class = -chances if weight is None else -(chances * _class_weights(weight, chances))
        given = _classes_last(labels)
        even = label_smoothing / n if n else 0.0
        wanted = given if label_smoothing == 0 else given * (1 - label_smoothing) + even
        losses = sum_(per_class * wanted, -1)
        return _reduced(losses, reduction)

    return Layer("CrossEntropyLoss", ("logits", "labels"), call=call)


@layer(
    "minus the logits at the labels, where logits are logarithms of probabilities, as log_softmax gives them",
    example="NLLLoss()(log_softmax([[1, 2, 3]]), [2])",
)
def NLLLoss(  # noqa: N802 - the field's name
    studio: Studio, reduction: str = "mean", weight: tuple[float, ...] | None = None, ignore_index: int = -100
) -> Layer:
    """A loss (logits, labels) -> scalar, or one for each label with reduction "none".

    Classes are the second axis, the only one where there is one. Labels that are `ignore_index` count nowhere, nor
    in the mean, which is weighted where classes have weights.
    """
    _check_reduction(reduction)

    def call(logits: Node, labels: Node) -> Node:
        return _at_labels(_classes_last(logits), labels, logits, reduction, weight, ignore_index, 0.0)

    return Layer("NLLLoss", ("logits", "labels"), call=call)


def _classes_last(x: Node) -> Node:
    rank = len(x.shape)
    require(rank > 0, "logits have an axis of classes, and this is a single number")
    return real(shaping.transpose(x, axes=(0, *range(2, rank), 1) if rank > 1 else (0,)))


def _class_weights(weight: tuple[float, ...], chances: Node) -> Node:
    n = chances.shape[-1]
    require(len(weight) == n, f"{len(weight)} weights for {n} classes", "give each class one")
    return stack(tuple(constant(w, chances.dtype) for w in weight))


def _at_labels(
    chances: Node,
    labels: Node,
    logits: Node,
    reduction: str,
    weight: tuple[float, ...] | None,
    ignored: int,
    smoothing: float,
) -> Node:
    """Minus the logarithm at each label, whole numbers that name a class of the last axis.

    Raises:
        CoreError: for labels of another shape; a label that is no class is refused when it is known.
    """
    require(
        labels.shape == chances.shape[:-1],
        f"labels of shape {labels.shape} do not fit logits of shape {logits.shape}",
        "one whole number for each row, or a probability for each element",
    )
    require(labels.dtype is not DType.BOOL, "labels must be whole numbers, not true and false")
    n = chances.shape[-1]
    weights = None if weight is None else _class_weights(weight, chances)
    per_class = -chances if weights is None else -(chances * weights)
    number = whole_numbers(labels, length=n, what="label", besides=ignored)
    chosen = cmp.equal(shaping.reshape(number, shape=(*number.shape, 1)), counted(n, chances.dtype))
    losses = sum_(select(chosen, per_class, filled(0.0, per_class)), -1)
    counts = cmp.not_equal(number, ignored)
    if smoothing:
        smooth = smoothing / n * sum_(per_class, -1)
        losses = select(counts, (1 - smoothing) * losses + smooth, filled(0.0, losses))
    elif 0 <= ignored < n:
        losses = select(counts, losses, filled(0.0, losses))
    if reduction != "mean":
        return _reduced(losses, reduction)
    share = cast(counts, losses.dtype)
    if weights is not None:
        share = share * sum_(select(chosen, stretch(weights, chosen.shape), filled(0.0, per_class)), -1)
    return sum_(losses) / sum_(share)
