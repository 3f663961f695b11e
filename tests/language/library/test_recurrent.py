"""Recurrent layers against their formulas step by step in NumPy, forwards and backwards, and their derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from tests.language.running import error, run, value

RNG = np.random.default_rng(11)


def rnn(w: Mapping[str, Any], end: str, x: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
    """Tanh of both sides' sums."""
    (h,) = state
    return (np.tanh(sums(w, "ih", end, x) + sums(w, "hh", end, h)),)


def gru(w: Mapping[str, Any], end: str, x: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
    """Reset, update, new."""
    (h,) = state
    of_x, of_h = (np.split(sums(w, side, end, v), 3, axis=1) for side, v in (("ih", x), ("hh", h)))
    reset, update = (expit(a + b) for a, b in zip(of_x[:2], of_h[:2], strict=True))
    new = np.tanh(of_x[2] + reset * of_h[2])
    return ((1 - update) * new + update * h,)


def lstm(w: Mapping[str, Any], end: str, x: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
    """Input, forget, cell, output."""
    h, c = state
    i, f, g, o = np.split(sums(w, "ih", end, x) + sums(w, "hh", end, h), 4, axis=1)
    c = expit(f) * c + expit(i) * np.tanh(g)
    return expit(o) * np.tanh(c), c


def sums(w: Mapping[str, Any], side: str, end: str, x: Any) -> Any:
    """The weight's product and the bias, if there is one."""
    return x @ w[f"weight_{side}{end}"].T + w.get(f"bias_{side}{end}", 0)


CELLS = {"RNN": rnn, "GRU": gru, "LSTM": lstm}


def through(
    kind: str, w: Mapping[str, Any], x: Any, starts: list[Any], layers: int, ways: int
) -> tuple[Any, list[Any]]:
    """All hidden states (time, batch, hidden) of the last layer, and each state's last of all layers."""
    lasts: list[list[Any]] = [[] for _ in starts]
    for level in range(layers):
        found = []
        for way in range(ways):
            state = tuple(s[level * ways + way] for s in starts)
            end = f"_l{level}{'_reverse' if way else ''}"
            hiddens = []
            for step in x[::-1] if way else x:
                state = CELLS[kind](w, end, step, state)
                hiddens.append(state[0])
            found.append(np.stack(hiddens[::-1] if way else hiddens))
            for last, s in zip(lasts, state, strict=True):
                last.append(s)
        x = np.concatenate(found, axis=2)
    return x, [np.stack(last) for last in lasts]


def flat(result: Any) -> list[Any]:
    """The output, then each state."""
    output, state = result
    return [output, *(state if isinstance(state, tuple) else (state,))]


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("length", [1, 2, 7])
@pytest.mark.parametrize(
    ("layers", "ways", "bias", "batch_first"),
    [(1, 1, True, False), (2, 1, False, True), (1, 2, True, True), (3, 2, True, False)],
)
def test_a_sequence(kind: str, length: int, layers: int, ways: int, bias: bool, batch_first: bool) -> None:
    """From zeros and from a given state; the state's axes stay as they are with batch_first."""
    x = RNG.normal(size=(length, 3, 4))
    chosen = f"num_layers={layers}, has_bias={str(bias).lower()}, batch_first={str(batch_first).lower()}"
    made = f"set seed 2; net = {kind}(4, 2, {chosen}, bidirectional={str(ways == 2).lower()})\n"
    w = value(made + "params(net)")
    assert len(w) == layers * ways * (4 if bias else 2)
    starts = [RNG.normal(size=(layers * ways, 3, 2)) for _ in range(2 if kind == "LSTM" else 1)]
    given = ", ".join(str(s.tolist()) for s in starts)
    given = f"({given})" if kind == "LSTM" else given
    typed = (x.swapaxes(0, 1) if batch_first else x).tolist()
    for call, begin in ((f"net({typed}, {given})", starts), (f"net({typed})", [0 * s for s in starts])):
        output, lasts = through(kind, w, x, begin, layers, ways)
        expected = [output.swapaxes(0, 1) if batch_first else output, *lasts]
        for got, want in zip(flat(value(made + call)), expected, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("kind", CELLS)
def test_one_sequence_without_a_batch(kind: str) -> None:
    """The same as a batch of one, less that axis, also in the state."""
    x = RNG.normal(size=(5, 3)).tolist()
    made = f"set seed 2; net = {kind}(3, 2)\n"
    whole = flat(value(made + f"net(reshape({x}, (5, 1, 3)))"))
    for one, many in zip(flat(value(made + f"net({x})")), whole, strict=True):
        np.testing.assert_allclose(one, many[:, 0], rtol=1e-14)
    h = [[0.3, -0.2]]
    state = f"({h}, {h})" if kind == "LSTM" else str(h)
    batch = f"([{h}], [{h}])" if kind == "LSTM" else f"[{h}]"
    one = flat(value(made + f"net({x}, {state})"))
    whole = flat(value(made + f"net(reshape({x}, (5, 1, 3)), {batch})"))
    for a, b in zip(one, whole, strict=True):
        np.testing.assert_allclose(a, b[:, 0], rtol=1e-14)


@pytest.mark.parametrize("kind", CELLS)
def test_a_cell_is_one_step(kind: str) -> None:
    """With the same names, without the layer's number."""
    x = RNG.normal(size=(3, 4))
    made = f"set seed 2; cell = {kind}Cell(4, 2)\n"
    w = value(made + "params(cell)")
    assert [*w] == ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    states = tuple(RNG.normal(size=(3, 2)) for _ in range(2 if kind == "LSTM" else 1))
    given = ", ".join(str(s.tolist()) for s in states)
    got = value(made + f"cell({x.tolist()}, {f'({given})' if kind == 'LSTM' else given})")
    expected = CELLS[kind](w, "", x, states)
    for a, b in zip(got if kind == "LSTM" else (got,), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_relu_in_the_place_of_tanh() -> None:
    """By name."""
    made = 'set seed 2; net = RNN(1, 2, nonlinearity="relu"); '
    w = value(made + "params(net)")
    h = np.zeros(2)
    for x in (1.0, -2.0, 3.0):
        h = np.maximum(sums(w, "ih", "_l0", np.array([x])) + sums(w, "hh", "_l0", h), 0)
    np.testing.assert_allclose(value(made + "net([[1], [-2], [3]])[1]")[0], h, rtol=1e-14)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("length", [1, 6])
def test_slopes_of_weights(kind: str, length: int) -> None:
    """Central differences of each weight, and of the slopes by all of them along a line: first and second order."""
    x = RNG.normal(size=(length, 2, 2))
    session = run(
        f"set seed 4; net = {kind}(2, 2, bidirectional=true); x = {x.tolist()}\n"
        "loss(x) = sum(net(x)[0]^2 + net(x)[0])\n"
        "slopes = grad(loss, none, weights=params(net))\n"
        "w = params(net)\n"
    ).session
    names = [*value("w", session)]
    slopes = value("s = slopes(x); s", session)
    h = 1e-5
    lines = [RNG.normal(size=slope.shape) for slope in slopes]
    for name, slope, u in zip(names, slopes, lines, strict=True):
        moved = [f"net.{name} = net.{name} + {(k * h * u).tolist()}; loss(x)" for k in (1, -1)]
        ahead, behind = (value(text, session) for text in moved)
        assert (slope * u).sum() == pytest.approx((ahead - behind) / (2 * h), rel=1e-7, abs=1e-8)
    along = ", ".join(str(u.tolist()) for u in lines)
    moved = [f"params(net) = params(net) + {k * h!r}*({along})\ns = slopes(x); s" for k in (1, -1)]
    ends = [value(text, session) for text in moved]
    got = value(f"g(x) = dot(slopes(x), ({along}))\ns = grad(g, none, weights=params(net))(x); s", session)
    for one, ahead, behind in zip(got, *ends, strict=True):
        np.testing.assert_allclose(one, (ahead - behind) / (2 * h), atol=1e-7)


def test_a_long_sequence_is_one_loop() -> None:
    """The program of ten thousand steps is as long as that of ten."""
    from gradcli.core.ir.dtypes import DType
    from gradcli.core.ir.nodes import fresh_input
    from gradcli.core.ir.traversal import reachable
    from gradcli.core.library.declare import LAYERS, Studio
    from gradcli.core.library.random import Random

    net = LAYERS["LSTM"].function(Studio(Random(), DType.FLOAT64), 3, 2)
    sizes = [len(reachable([net.call(fresh_input("x", (n, 4, 3), DType.FLOAT64))[0]])) for n in (10, 10_000)]
    assert sizes[0] == sizes[1] < 60


def test_samples_side_by_side() -> None:
    """Under vmap each sample has a sequence of its own."""
    x = RNG.normal(size=(4, 5, 3))
    for kind in CELLS:
        made = f"set seed 2; net = {kind}(3, 2); x = {x.tolist()}; "
        got = value(made + "vmap(x -> net(x)[0])(x)")
        np.testing.assert_allclose(got, value(made + "net(transpose(x, (1, 0, 2)))[0]").swapaxes(0, 1), rtol=1e-13)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("LSTM(3, 2)(ones((4, 5)))", "LSTM takes (time, batch, features) with 3 features, not shape (4, 5)"),
        ("GRU(3, 2, batch_first=true)(ones(5))", "GRU takes (batch, time, features)"),
        ("RNN(3, 2)(ones((0, 1, 3)))", "at least one step"),
        ("RNN(3, 2)(ones((4, 1, 3)), ones((1, 2)))", "RNN takes a state of shape (1, 1, 2), not (1, 2)"),
        ("LSTM(3, 2)(ones((4, 1, 3)), (ones((1, 1, 2)),))", "LSTM takes states (h, c), each of shape (1, 1, 2)"),
        ("LSTM(3, 2)(ones((4, 1, 3)), ones((1, 1, 2)))", "LSTM takes states (h, c)"),
        ("RNN(0, 2)", "has no weights"),
        ('RNN(1, 2, nonlinearity="sin")', '"sin" is no nonlinearity'),
        ("GRU(1, 2, 0)", "num_layers can't be 0"),
        ("GRUCell(3, 2)(ones((4, 1, 3)))", "GRUCell takes (batch, 3), one step"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, message: str) -> None:
    """By name, with the shapes."""
    assert message in error(text).message
