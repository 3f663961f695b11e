"""The cross-entropy of labels: its value by hand, what is left out, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special as sp

from gradcli.core import library
from gradcli.core.library.declare import LAYERS
from tests.language.running import error, run, value

library.import_all()

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


A = np.array([[0.3, -1.2, 0.7], [1.5, 0.2, -0.4]])
B = np.array([[0.1, 0.9, 0.7], [0.0, 0.25, 1.0]])
P = sp.expit(A)
# The losses of each element, by their formulas; the logits and the labels that they are of.
ELEMENTWISE = [
    ("MSELoss()", A, B, (A - B) ** 2),
    ("L1Loss()", A, B, abs(A - B)),
    ("HuberLoss(delta=0.5)", A, B, np.where(abs(A - B) <= 0.5, (A - B) ** 2 / 2, 0.5 * (abs(A - B) - 0.25))),
    ("HuberLoss()", A, B, np.where(abs(A - B) <= 1, (A - B) ** 2 / 2, abs(A - B) - 0.5)),
    ("SmoothL1Loss()", A, B, np.where(abs(A - B) < 1, (A - B) ** 2 / 2, abs(A - B) - 0.5)),
    ("SmoothL1Loss(beta=0.5)", A, B, np.where(abs(A - B) < 0.5, (A - B) ** 2, abs(A - B) - 0.25)),
    ("SmoothL1Loss(beta=0)", A, B, abs(A - B)),
    ("BCELoss()", P, B, -(B * np.log(P) + (1 - B) * np.log(1 - P))),
    ("BCELoss(weight=[1, 2, 3])", P, B, -(B * np.log(P) + (1 - B) * np.log(1 - P)) * [1, 2, 3]),
    ("BCEWithLogitsLoss()", A, B, -(B * np.log(P) + (1 - B) * np.log(1 - P))),
    (
        "BCEWithLogitsLoss(weight=[1, 2, 3], pos_weight=[0.5, 1, 4])",
        *(A, B, -(B * np.log(P) * [0.5, 1, 4] + (1 - B) * np.log(1 - P)) * [1, 2, 3]),
    ),
    ("KLDivLoss()", A, B, sp.xlogy(B, B) - B * A),
    ("KLDivLoss(log_target=true)", A, np.log(P), P * (np.log(P) - A)),
]


@pytest.mark.parametrize(("loss", "logits", "labels", "expected"), ELEMENTWISE, ids=[c[0] for c in ELEMENTWISE])
def test_an_elementwise_loss(loss: str, logits: np.ndarray, labels: np.ndarray, expected: np.ndarray) -> None:
    """By its formula, under each reduction."""
    for reduction, reduce in (("none", np.asarray), ("sum", np.sum), ("mean", np.mean)):
        made = loss.replace(")", f', reduction="{reduction}")').replace("(, ", "(")
        got = value(f"{made}({logits.tolist()}, {labels.tolist()})")
        np.testing.assert_allclose(got, reduce(expected), rtol=1e-13, atol=1e-16)


def test_the_divergence_of_a_batch() -> None:
    """The sum divided by the number of rows, SciPy's where both are distributions."""
    p, q = sp.softmax(A, 1), sp.softmax(B, 1)
    got = value(f'KLDivLoss("batchmean")({np.log(q).tolist()}, {p.tolist()})')
    assert got == pytest.approx(sp.rel_entr(p, q).sum() / 2, rel=1e-13)
    assert value('KLDivLoss("sum")([log(0.5), -inf], [1, 0])') == pytest.approx(np.log(2), rel=1e-15)
    assert value('r = grad(KLDivLoss("sum"))([log(0.5), -inf], [1, 0]); r').tolist() == [-1, 0]


def test_logits_far_out() -> None:
    """To the last digits, with their slopes, where sigmoid is 0 or 1."""
    got = value('BCEWithLogitsLoss("none")([800, -800, 40, -40], [1, 0, 0, 1])')
    np.testing.assert_allclose(got, [0, 0, 40, 40], rtol=1e-15)
    got = value('BCEWithLogitsLoss("none")([40, -40], [1, 0])')
    np.testing.assert_allclose(got, np.exp([-40.0, -40.0]), rtol=1e-14)
    slopes = value('r = grad(BCEWithLogitsLoss("sum"))([800, -800, 40, 0], [1, 0, 1, 1]); r')
    np.testing.assert_allclose(slopes, [0, 0, -np.exp(-40.0), -0.5], rtol=1e-14)


def test_probabilities_that_are_certain() -> None:
    """What is right costs nothing and has the slope of its side; what is wrong costs inf."""
    np.testing.assert_array_equal(value('BCELoss("none")([0, 1, 0, 1], [0, 1, 1, 0])'), [0, 0, np.inf, np.inf])
    np.testing.assert_array_equal(value('r = grad(BCELoss("sum"))([0, 1], [0, 1]); r'), [1, -1])


def test_where_the_square_meets_the_line() -> None:
    """The slope goes on, without a corner."""
    got = value('f(x) = HuberLoss("sum", 0.5)(x, 0)\nr = f\'([-0.5, 0.5, 0, 2]); r')
    np.testing.assert_array_equal(got, [-0.5, 0.5, 0, 0.5])


@pytest.mark.parametrize("labels", [[2, 0, 1], [2, -100, 1]])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_likelihood_of_labels(labels: list[int], weighted: bool) -> None:
    """NLLLoss of log_softmax is the cross-entropy."""
    weight = f"weight={W.tolist()}" if weighted else ""
    for reduction in ("mean", "sum", "none"):
        a = value(f'NLLLoss("{reduction}", {weight})(log_softmax({X.tolist()}), {labels})')
        np.testing.assert_allclose(a, value(f'CrossEntropyLoss("{reduction}", {weight})({X.tolist()}, {labels})'))
    assert value("NLLLoss()([[1, 5, 3]], [2])") == -3
    assert value('NLLLoss("sum", ignore_index=1)([[1, 5, 3], [7, 8, 9]], [2, 1])') == -3


PAIRS = [name for name in LAYERS if name.endswith("Loss") and name not in ("CrossEntropyLoss", "NLLLoss")]


@pytest.mark.parametrize("loss", PAIRS)
def test_shapes_that_are_stretched_to_each_other_warn(loss: str) -> None:
    """Each elementwise loss, at the top, in a function and under a derivative; one number for all is meant so."""
    assert len(PAIRS) >= 7
    one, other = "[[0.1], [0.2], [0.3]]", "[0.1, 0.2, 0.3]"
    for text in ("loss({}, {})", "f(x, y) = loss(x, y)\nf({}, {})", "r = grad(loss)({}, {}); r"):
        for pair in ((one, other), (other, one)):
            said = run(f"loss = {loss}()\n" + text.format(*pair)).diagnostics
            (warning,) = [d for d in said if d.severity == "warning"]
            assert "(3, 1)" in warning.message
            assert "(3,)" in warning.message
            assert "stretched to shape (3, 3)" in warning.message
        for pair in ((one, one), (one, "0.5"), ("0.5", other)):
            assert not [d for d in run(f"loss = {loss}()\n" + text.format(*pair)).diagnostics if d.severity != "note"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CrossEntropyLoss()([[1, 2, 3], [3, 2, 1]], [0, 3])", "label 3 at [1] is none of 3 classes"),
        (
            "CrossEntropyLoss()([[1, 2, 3], [3, 2, 1]], [0, 1.5])",
            "must be whole numbers, and 1.5 at [1] is none",
        ),
        ("CrossEntropyLoss(ignore_index=0)([[1, 2, 3], [3, 2, 1]], [-100, 1])", "label -100 at [0] is none"),
        ("NLLLoss()([[[1, 2], [3, 4]]], [[0, 2]])", "label 2 at [0, 1] is none of 2 classes"),
        ("f(x, y) = NLLLoss()(x, y)\ngrad(f)([[1, 2]], [nan])", "nan at [0] is none"),
        ("CrossEntropyLoss()([1, 2], 2)", "label 2 is none of 2 classes"),
        ("NLLLoss()([[1, 2]], [[1, 0]])", "labels of shape (1, 2) do not fit logits of shape (1, 2)"),
        ("NLLLoss(weight=[1, 2, 3])([[1, 2]], [1])", "3 weights for 2 classes"),
        ("BCELoss(weight=[1, 2, 3])([0.5, 0.5], [1, 0])", "3 weights do not go with the last axis"),
        ('MSELoss("batchmean")', '"batchmean" is not a reduction'),
        ('KLDivLoss("all")', '"all" is not a reduction'),
        ("HuberLoss(delta=0)", "a delta of 0 is none"),
        ("SmoothL1Loss(beta=-1)", "a beta of -1 is none"),
    ],
)
def test_what_a_loss_refuses(text: str, message: str) -> None:
    """By name, a label with its place."""
    assert message in error(text).message
