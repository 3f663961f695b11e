"""The cross-entropy of labels: its value by hand, what is left out, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special as sp

from tests.language.running import error, value

X = np.array([[0.3, -1.2, 0.7], [1.5, 0.2, -0.4], [0.1, 2.0, -0.3]])
W = np.array([1.0, 2.0, 0.5])


def by_hand(x: np.ndarray, labels: list[int], weight: np.ndarray, ignored: int, smoothing: float) -> np.ndarray:
    """The losses, and what each counts, as PyTorch and MindSpore define them."""
    chances = -sp.log_softmax(x, 1)
    rows = []
    for row, label in zip(chances, labels, strict=True):
        counts = label != ignored
        loss = (
            (1 - smoothing) * weight[label] * row[label] + smoothing / len(row) * (weight * row).sum() if counts else 0
        )
        rows.append((loss, weight[label] if counts else 0.0))
    return np.array(rows)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("labels", [[2, 0, 1], [2, -100, 1], [-100, -100, 1]])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignored", [-100, 0])
def test_the_cross_entropy(smoothing: float, labels: list[int], weighted: bool, ignored: int) -> None:
    """With every choice; what is ignored leaves the mean too."""
    labels = [ignored if label == -100 else label for label in labels]
    weight = W if weighted else np.ones(3)
    made = f"weight={W.tolist() if weighted else 'none'}, ignore_index={ignored}, label_smoothing={smoothing}"
    losses = by_hand(X, labels, weight, ignored, smoothing)
    for reduction, expected in (
        ("none", losses[:, 0]),
        ("sum", losses[:, 0].sum()),
        ("mean", losses[:, 0].sum() / losses[:, 1].sum()),
    ):
        got = value(f'CrossEntropyLoss("{reduction}", {made})({X.tolist()}, {labels})')
        np.testing.assert_allclose(got, expected, rtol=1e-13)


def test_the_classes_are_the_second_axis() -> None:
    """As in every framework: logits (N, C, d), labels (N, d); of one sample, logits (C,) and a single label."""
    x = np.arange(24.0).reshape(2, 3, 4) ** 1.3 % 3
    labels = np.array([[0, 1, 2, 0], [2, 2, 1, 0]])
    chances = -sp.log_softmax(x, 1)
    expected = np.mean([chances[i, labels[i, j], j] for i in range(2) for j in range(4)])
    assert value(f"CrossEntropyLoss()({x.tolist()}, {labels.tolist()})") == pytest.approx(expected, rel=1e-13)
    shares = sp.softmax(np.sin(x), 1)
    expected = (chances * shares).sum(1).mean()
    assert value(f"CrossEntropyLoss()({x.tolist()}, {shares.tolist()})") == pytest.approx(expected, rel=1e-13)
    assert value("CrossEntropyLoss()([1, 2, 3], 1)") == pytest.approx(-sp.log_softmax([1, 2, 3])[1], rel=1e-13)


@pytest.mark.parametrize("label", ["3", "-1", "-100.5", "1.5", "nan", "5", "10^9"])
@pytest.mark.parametrize(
    "call",
    [
        "CrossEntropyLoss()([[1, 2, 3], [3, 2, 1]], [0, {}])",
        "loss = CrossEntropyLoss(); f(x, y) = loss(x, y)\nf([[1, 2, 3], [3, 2, 1]], [0, {}])",
        "loss = CrossEntropyLoss(); f(x, y) = loss(x, y)\ngrad(f)([[1, 2, 3], [3, 2, 1]], [0, {}])",
        "loss = CrossEntropyLoss()\nvmap((x, y) -> loss(x, y))([[1, 2, 3], [3, 2, 1]], [0, {}])",
    ],
)
def test_a_label_that_is_no_class_is_refused(call: str, label: str) -> None:
    """Wherever it comes from."""
    assert "label" in error(call.format(label)).message


@pytest.mark.parametrize("indices", ["[3, 0]", "[0, 3]", "[-4, 0]", "[1e9, 0]", "[0.5, 0]"])
@pytest.mark.parametrize(
    "call",
    [
        "[[1, 2, 3], [4, 5, 6]][[0, 1], {}]",
        "f(x, i) = x[arange(2), i]\nf([[1, 2, 3], [4, 5, 6]], {})",
        "f(x, i) = sum(x[arange(2), i])\ngrad(f)([[1, 2, 3], [4, 5, 6]], {})",
        "f(x, i) = x[[0, 1], i]\nvmap(f, in_axes=(none, 0))([[1, 2, 3], [4, 5, 6]], [{}, [0, 0]])",
        "f(x, i) = x[1, i]\nvmap(f, in_axes=(none, 0))([[1, 2, 3], [4, 5, 6]], {})",
    ],
)
def test_an_index_outside_its_axis_is_refused(call: str, indices: str) -> None:
    """Each axis by itself, though the element that the row length would lead to is there."""
    said = error(call.format(indices)).message
    assert "outside an axis of length 3" in said or "whole numbers" in said


def test_negative_indices_count_from_the_end() -> None:
    """On each axis, also where they are inputs."""
    got = value("f(x, i) = x[[-1, 0], i]\nr = f([[1, 2, 3], [4, 5, 6]], [-3, -1]); r")
    np.testing.assert_array_equal(got, [4, 3])
    assert value("f(x) = x[argmax(x)]\nr = grad(f)([1, 3, 2]); r").tolist() == [0, 1, 0]
