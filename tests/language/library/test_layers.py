"""Convolutions, pooling, norms and dropout against NumPy by hand, with what they refuse."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from gradcli.session.session import Session
from tests.language.running import error, run, value

RNG = np.random.default_rng(5)


def convolved(
    x: Any, w: Any, b: Any, stride: tuple[int, ...], pads: tuple[int, ...], apart: tuple[int, ...], groups: int
) -> Any:
    """Element by element, by the definition."""
    rank = len(stride)
    x = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in pads)))
    lengths = [(x.shape[2 + i] - (w.shape[2 + i] - 1) * apart[i] - 1) // stride[i] + 1 for i in range(rank)]
    out = np.zeros((x.shape[0], w.shape[0], *lengths))
    for n, o, *at in product(*map(range, out.shape)):
        group = o // (w.shape[0] // groups)
        for c, *k in product(*map(range, w.shape[1:])):
            place = [a * s + i * d for a, s, i, d in zip(at, stride, k, apart, strict=True)]
            out[(n, o, *at)] += x[(n, group * w.shape[1] + c, *place)] * w[(o, c, *k)]
    return out + (0 if b is None else b.reshape(1, -1, *(1,) * rank))


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize(("stride", "pads", "apart"), [((1,), (0,), (1,)), ((2,), (3,), (1,)), ((3,), (1,), (2,))])
def test_a_convolution_of_one_axis(
    groups: int, stride: tuple[int, ...], pads: tuple[int, ...], apart: tuple[int, ...]
) -> None:
    """With all choices, with a bias and without, and of one sample."""
    x, w, b = RNG.normal(size=(2, 4, 7)), RNG.normal(size=(8, 4 // groups, 3)), RNG.normal(size=8)
    choices = f"stride={stride[0]}, padding={pads[0]}, dilation={apart[0]}, groups={groups}"
    expected = convolved(x, w, b, stride, pads, apart, groups)
    got = value(f"conv1d({x.tolist()}, {w.tolist()}, {b.tolist()}, {choices})")
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-13)
    got = value(f"conv1d({x[0].tolist()}, {w.tolist()}, {choices})")
    np.testing.assert_allclose(got, expected[0] - b[:, None], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize(
    ("stride", "pads", "apart"), [((1, 1), (0, 0), (1, 1)), ((2, 1), (1, 2), (1, 1)), ((1, 2), (2, 0), (2, 1))]
)
def test_a_convolution_of_two_axes(
    groups: int, stride: tuple[int, ...], pads: tuple[int, ...], apart: tuple[int, ...]
) -> None:
    """With other choices for each axis."""
    x, w = RNG.normal(size=(2, 2, 5, 6)), RNG.normal(size=(4, 2 // groups, 3, 2))
    got = value(
        f"conv2d({x.tolist()}, {w.tolist()}, stride={stride}, padding={pads}, dilation={apart}, groups={groups})"
    )
    np.testing.assert_allclose(got, convolved(x, w, None, stride, pads, apart, groups), rtol=1e-12, atol=1e-13)


def test_same_and_valid_are_words_of_the_functions_too() -> None:
    """As in the layers."""
    x, w = RNG.normal(size=(1, 1, 5)), RNG.normal(size=(1, 1, 3))
    for word, pad in (("same", 1), ("valid", 0)):
        got = value(f'conv1d({x.tolist()}, {w.tolist()}, padding="{word}")')
        np.testing.assert_allclose(got, convolved(x, w, None, (1,), (pad,), (1,), 1), rtol=1e-12)


def test_a_layer_with_groups_is_the_function() -> None:
    """Its weight has the channels of one group; `groups` and `bias` are PyTorch's words for group and has_bias."""
    x = RNG.normal(size=(2, 4, 6, 6)).tolist()
    made = 'c = Conv2d(4, 6, 3, stride=(2, 1), pad_mode="pad", padding=(1, 0), groups=2, bias=true)'
    assert value(f"{made}; c.weight").shape == (6, 2, 3, 3)
    same = f"{made}; x = {x}; c(x) - conv2d(x, c.weight, c.bias, stride=(2, 1), padding=(1, 0), groups=2)"
    assert not np.any(value(same))


def windows(x: Any, kernel: int, stride: int, pad: tuple[int, int], fill: float) -> Any:
    """The windows over the last axis."""
    wide = np.pad(x, ((0, 0), (0, 0), pad), constant_values=fill)
    count = (wide.shape[-1] - kernel) // stride + 1
    return np.stack([wide[..., i * stride : i * stride + kernel] for i in range(count)], axis=2)


@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (2, 1), (2, 2), (3, 2), (3, 4)])
@pytest.mark.parametrize(("mode", "padding"), [("valid", 0), ("pad", 1), ("same", 0)])
def test_pooling_of_one_axis(kernel: int, stride: int, mode: str, padding: int) -> None:
    """What is put around is never the largest, and counts in a mean only where it is asked for."""
    x = RNG.normal(size=(2, 3, 8)) - 5
    if 2 * padding > kernel:
        assert "more than half a window" in error(f'MaxPool1d({kernel}, 1, "pad", {padding})').message
        return
    missing = max((-(-8 // stride) - 1) * stride + kernel - 8, 0) if mode == "same" else 0
    pad = (missing // 2, missing - missing // 2) if mode == "same" else (padding, padding)
    chosen = f'{kernel}, stride={stride}, pad_mode="{mode}", padding={padding}'
    got = value(f"MaxPool1d({chosen})({x.tolist()})")
    np.testing.assert_array_equal(got, windows(x, kernel, stride, pad, -np.inf).max(-1))
    of_own = windows(x, kernel, stride, pad, np.nan)
    with np.errstate(all="ignore"):
        own = np.nanmean(of_own, -1)
    got = value(f"AvgPool1d({chosen}, count_include_pad=false)({x.tolist()})")
    np.testing.assert_allclose(got, own, rtol=1e-13)
    got = value(f"AvgPool1d({chosen})({x.tolist()})")
    all_of_it = np.nan_to_num(of_own).mean(-1)
    np.testing.assert_allclose(got, own if mode == "same" else all_of_it, rtol=1e-13)


def test_pooling_of_two_axes() -> None:
    """With a kernel and a stride for each."""
    x = RNG.normal(size=(2, 3, 4, 6))
    tiles = x.reshape(2, 3, 2, 2, 2, 3).transpose(0, 1, 2, 4, 3, 5)
    np.testing.assert_array_equal(value(f"MaxPool2d((2, 3), stride=(2, 3))({x.tolist()})"), tiles.max((4, 5)))
    got = value(f"AvgPool2d((2, 3), stride=(2, 3))({x.tolist()})")
    np.testing.assert_allclose(got, tiles.mean((4, 5)), rtol=1e-13)


def test_equal_elements_of_a_window_share_the_slope() -> None:
    """As everywhere here; padding takes no part of it."""
    got = value('f = MaxPool1d(2, stride=2, pad_mode="pad", padding=1); r = grad(f)([[[1, 3, 3, 2]]]); r')
    np.testing.assert_array_equal(got, [[[1, 0.5, 0.5, 1]]])


@pytest.mark.parametrize("shape", [(5, 3), (4, 3, 2)])
def test_batch_norm_in_training(shape: tuple[int, ...]) -> None:
    """By the batch's own mean and variance; the state goes a tenth of the way, to the variance of n - 1."""
    x = RNG.normal(2, 3, size=shape)
    axes = (0,) if len(shape) == 2 else (0, 2)
    line = (1, 3, *(1,) * (len(shape) - 2))
    setup = f"bn = BatchNorm1d(3); bn.gamma = [1, 2, 3]; bn.beta = [4, 5, 6]; x = {x.tolist()}\n"
    mean, var = x.mean(axes), x.var(axes)
    scaled = (x - mean.reshape(line)) / np.sqrt(var.reshape(line) + 1e-5)
    expected = scaled * np.array([1, 2, 3]).reshape(line) + np.array([4, 5, 6]).reshape(line)
    np.testing.assert_allclose(value(setup + "bn(x)"), expected, rtol=1e-12)
    y, (moving_mean, moving_variance) = value(setup + "bn(x, bn.state)")
    np.testing.assert_allclose(y, expected, rtol=1e-12)
    np.testing.assert_allclose(moving_mean, 0.1 * mean, rtol=1e-12)
    np.testing.assert_allclose(moving_variance, 0.9 + 0.1 * x.var(axes, ddof=1), rtol=1e-12)
    got = value(setup + "y, s = bn(x, bn.state); y, s = bn(x, s); bn(x, s, training=false)")
    by_state = (x - 0.19 * mean.reshape(line)) / np.sqrt(0.81 + 0.19 * x.var(axes, ddof=1).reshape(line) + 1e-5)
    np.testing.assert_allclose(
        got, by_state * np.array([1, 2, 3]).reshape(line) + np.array([4, 5, 6]).reshape(line), rtol=1e-12
    )


def test_group_norm() -> None:
    """Each group of channels by itself, with a scale for each channel."""
    x = RNG.normal(1, 2, size=(2, 6, 3))
    parts = x.reshape(2, 3, 6)
    scaled = (parts - parts.mean(2, keepdims=True)) / np.sqrt(parts.var(2, keepdims=True) + 1e-5)
    got = value(f"n = GroupNorm(3, 6); n.gamma = [1, 2, 3, 4, 5, 6]; n.beta = [1, 0, 1, 0, 1, 0]; n({x.tolist()})")
    expected = scaled.reshape(2, 6, 3) * np.arange(1, 7)[:, None] + np.array([1, 0] * 3)[:, None]
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_rms_norm() -> None:
    """Over one axis or several."""
    x = RNG.normal(size=(2, 3, 4))
    for shape, axes in (("4", (2,)), ("(3, 4)", (1, 2))):
        expected = x / np.sqrt((x * x).mean(axes, keepdims=True) + 1e-6)
        np.testing.assert_allclose(value(f"RMSNorm({shape})({x.tolist()})"), expected, rtol=1e-13)


def test_dropout_scales_what_it_keeps() -> None:
    """About a share p is 0; the mean stays; the slope is what was kept; nothing happens outside of training."""
    kept = value("drop = Dropout(0.25); drop(ones(20000))")
    assert set(np.unique(kept)) == {0, 1 / 0.75}
    assert abs((kept == 0).mean() - 0.25) < 0.02
    y, slope = value("set seed 3; drop = Dropout(0.5); value_and_grad(drop)([1, inf, nan, 2])")
    np.testing.assert_array_equal(np.isnan(y) | np.isinf(y), (slope != 0) & [False, True, True, False])
    assert value("Dropout(1)(ones(3))").tolist() == [0, 0, 0]
    assert value("Dropout(0.9)(ones(3), training=false)").tolist() == [1, 1, 1]


def test_dropout_draws_from_the_sessions_numbers() -> None:
    """Anew in each call, and the same again after the same seed."""
    text = "set seed 8; drop = Dropout(0.5); a = drop(ones(64)); b = drop(ones(64)); a, b"
    a, b = value(text)
    assert (a != b).any()
    again = value(text)
    np.testing.assert_array_equal(again, (a, b))
    session = run(text, Session()).session
    assert (value("drop(ones(64))", session) != b).any()


def test_a_loop_draws_anew_in_each_step() -> None:
    """A loop's steps are not one step so often where they draw."""
    body = "    y = x\n    for i in range(40):\n        y = y + drop(x)\n    return y\n"
    got = value(f"drop = Dropout(0.5)\ndef f(x):\n{body}f(ones(3))")
    assert ((got > 21) & (got < 61)).all()
    assert (got % 80 != 1).all()


@pytest.mark.parametrize("call", ["fold({}, 1, range(5))", "cumulative({}, 1, range(5))", "scan({}, 1, range(5))"])
def test_steps_that_would_all_draw_the_same_are_refused(call: str) -> None:
    """Where a function is traced once for all steps."""
    step = "(c, x) -> (drop(c), c)" if call.startswith("scan") else "(c, x) -> drop(c) + x"
    assert "draws random numbers" in error("drop = Dropout(0.5)\n" + call.format(step)).message


def test_a_sequential_tells_all_its_parts_whether_it_is_trained() -> None:
    """By name and by place; without any that asks, there is no such input."""
    net = "net = Sequential(Dropout(0.9), Sequential(x -> 2x, Dropout(0.9)), Flatten())\n"
    assert value(net + "net(ones((1, 50)), training=false)").tolist() == [[2] * 50]
    assert value(net + "net(ones((1, 50)), false)").tolist() == [[2] * 50]
    assert (value(net + "net(ones((1, 50)))") == 0).any()
    assert value(net + "r = grad(net)(ones((1, 50)), training=false); r").tolist() == [[2] * 50]
    assert "training" in error("Sequential(Dense(1, 1), tanh)([[1]], training=false)").message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Conv2d(2, 4, 3, group=3)", "do not divide into 3 groups"),
        ("Conv2d(2, 4, 3, padding=1)", "padding=1 is left out"),
        ('Conv1d(1, 1, 2, pad_mode="full")', '"full" is no pad_mode'),
        ("Conv2d(1, 1, (1, 2, 3))", "kernel_size has 3 numbers for 2 axes"),
        ("Conv1d(1, 1, 2, stride=0)", "stride can't be 0"),
        ('Conv1d(1, 1, 9, pad_mode="valid")(ones((1, 1, 4)))', "does not fit"),
        ("Conv1d(2, 1, 1)(ones((1, 3, 4)))", "the second of length 2"),
        ("conv1d(ones((1, 2, 4)), ones((3, 1, 1)), groups=2)", "3 channels do not divide"),
        ("conv2d(ones((1, 1, 4, 4)), ones((3, 1, 2)))", "the weight of conv2d has 4 axes"),
        ("conv1d(ones((1, 1, 4)), ones((3, 1, 1)), [1, 2])", "a bias of shape (2,)"),
        ('conv1d(ones((1, 1, 4)), ones((3, 1, 1)), padding="full")', '"full" is no padding'),
        ("MaxPool2d(2)(ones((4, 4)))", "MaxPool2d takes (batch, channels, height, width)"),
        ("MaxPool1d(3)(ones((1, 1, 2)))", "does not fit"),
        ("BatchNorm1d(3)(ones((2, 4)))", "the second of length 3"),
        ("BatchNorm1d(3)(ones((2, 3)), training=false)", "keeps no mean"),
        ("BatchNorm1d(3)(ones((2, 3)), (ones(2), ones(2)))", "a mean and a variance of shape (3,)"),
        ("bn = BatchNorm1d(3); bn(ones((1, 3)), bn.state)", "the variance of one value"),
        ("GroupNorm(2, 3)", "3 channels do not divide"),
        ("GroupNorm(2, 4)(ones(4))", "GroupNorm takes (batch, 4, ...)"),
        ("RMSNorm(3)(ones(4))", "the last axes of shape (4,) are not (3,)"),
        ("Dropout(1.5)", "1.5 is no probability"),
        ("Dropout(0.5)(ones(3), training=2)", "true or false"),
        ("Flatten(2)(ones(3))", "no axes from 2 to -1"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, message: str) -> None:
    """By name, with the shapes."""
    assert message in error(text).message
