"""Every function of the core's library: its value against NumPy or SciPy, its slope against central differences.

A function that is added to the core's library and not to a table here fails `test_every_function_is_here`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.signal
import scipy.special as sp

import gradcli
from gradcli.core import library
from gradcli.core.library.declare import COMPOSED, LAYERS
from gradcli.session.session import Session
from tests.language.running import error, value
from tests.language.running import run as run_text

library.import_all()

M = np.array([[0.3, -1.2, 0.7], [1.5, 0.2, -0.4]])
S = np.array([[4.0, 1.0, 0.5], [0.7, 3.0, 0.2], [0.5, 0.2, 2.0]])
V = np.array([1.0, -2.0, 3.0])
ZEROS = np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 4.0]])
SETUP = """set seed 1
dense_layer = Dense(3, 2); net = Sequential(Dense(3, 4, activation="tanh"), Dense(4, 1), sigmoid)
norm3 = LayerNorm(3); V = [1, -2, 3]
conv1 = Conv1d(2, 3, 2, pad_mode="valid", has_bias=true); conv2 = Conv2d(1, 2, 3, stride=2)
conv4 = Conv2d(2, 4, (1, 2), group=2); batch1 = BatchNorm1d(3); batch2 = BatchNorm2d(2)
group = GroupNorm(2, 4); rms = RMSNorm(3); first = ([1, 2, 3], [4, 5, 6]); drop = Dropout(0.5)
rnn = RNN(3, 2, num_layers=2); lstm = LSTM(3, 2, bidirectional=true); gru = GRU(3, 2, batch_first=true)
rcell = RNNCell(3, 2); lcell = LSTMCell(3, 2); gcell = GRUCell(3, 2)
"""


def symmetric(a: Any) -> Any:
    """The part that the symmetric functions read."""
    return (a + a.T) / 2


@cache
def prepared() -> Session:
    """One that knows the layers."""
    return run_text(SETUP).session


@cache
def beside() -> gradcli.Session:
    """The same, as Python has it."""
    session = gradcli.Session()
    session.run(SETUP)
    return session


def run(function: str, x: Any) -> Any:
    """The value of a function of one tensor."""
    return value(f"F = {function}; result = F({np.asarray(x).tolist()}); result", prepared())


def signed(vectors: Any, *others: Any) -> Any:
    """U with the largest element of each column positive, and V^T turned with it."""
    largest = np.take_along_axis(vectors, abs(vectors).argmax(axis=0)[None], axis=0)[0]
    sign = np.where(largest < 0, -1.0, 1.0)
    return (vectors * sign, *(sign[:, None] * v if v.ndim == 2 else v for v in others))


def thin_svd(x: Any) -> Any:
    """U, S and V^T, signed as gradcli's are."""
    return signed(*np.linalg.svd(x, full_matrices=False))


def solved_in_a_stack(x: Any) -> Any:
    """Three systems of two equations, whose right sides are the columns of x."""
    a = np.array([[[2, 1], [1, 3]], [[1, 0], [1, 1]], [[1, 2], [0, 1]]])
    return np.linalg.solve(a, x.T[..., None])[..., 0]


CASES: list[tuple[str, Any, Callable[[Any], Any] | None]] = [
    ("x -> sum(x, axis=0)", M, lambda x: x.sum(0)),
    ("x -> mean(x, axis=1, keepdims=true)", M, lambda x: x.mean(1, keepdims=True)),
    ("x -> prod(x)", M, np.prod),
    ("x -> prod(x, axis=1)", ZEROS, lambda x: x.prod(1)),
    ("x -> cumsum(x, axis=1)", M, lambda x: x.cumsum(1)),
    ("x -> cumprod(x, axis=1)", ZEROS, lambda x: x.cumprod(1)),
    ("x -> max(x, axis=0)", M, lambda x: x.max(0)),
    ("x -> amax(x)", M, np.max),
    ("x -> min(x, axis=(0, 1), keepdims=true)", M, lambda x: x.min(keepdims=True)),
    ("x -> amin(x)", M, np.min),
    ("x -> argmax(x, axis=1)", M, lambda x: x.argmax(1)),
    ("x -> argmin(x)", M, np.argmin),
    ("x -> any(x > 1, axis=0)", M, lambda x: (x > 1).any(0)),
    ("x -> all(x > -1, axis=1)", M, lambda x: (x > -1).all(1)),
    ("x -> var(x, axis=1)", M, lambda x: x.var(1)),
    ("x -> std(x, ddof=1)", M, lambda x: x.std(ddof=1)),
    ("x -> logsumexp(x, axis=1)", M, lambda x: sp.logsumexp(x, axis=1)),
    ("x -> softmax(x)", M, lambda x: sp.softmax(x, -1)),
    ("x -> log_softmax(x, axis=0)", M, lambda x: sp.log_softmax(x, 0)),
    ("x -> norm(x)", M, np.linalg.norm),
    ("x -> norm(x, axis=1)", M, lambda x: np.linalg.norm(x, axis=1)),
    ("x -> norm(x, ord=1, axis=1)", M, lambda x: np.linalg.norm(x, 1, axis=1)),
    ("x -> norm(x, ord=inf, axis=1)", M, lambda x: np.linalg.norm(x, np.inf, axis=1)),
    ("x -> norm(x, ord=3, axis=1)", M, lambda x: np.linalg.norm(x, 3, axis=1)),
    ("x -> square(x)", M, np.square),
    ("x -> round(x, 1)", M, lambda x: x.round(1)),
    ("x -> matmul(x, x.T)", M, lambda x: x @ x.T),
    ("x -> x @ x[0]", M, lambda x: x @ x[0]),
    ("x -> stack((x, x)) @ x.T", M, lambda x: np.stack((x, x)) @ x.T),
    ("x -> dot(x, x[1])", M, lambda x: x.dot(x[1])),
    ("x -> outer(x[0], x[1])", M, lambda x: np.outer(x[0], x[1])),
    ("x -> cross(x, x[::-1])", M, lambda x: np.cross(x, x[::-1])),
    ("x -> cross(x[0, :2], x[1, 1:])", M, lambda x: x[0, 0] * x[1, 2] - x[0, 1] * x[1, 1]),
    ("x -> heaviside(x) * x", M, lambda x: np.heaviside(x, 0.5) * x),
    ("x -> trace(x)", S, np.trace),
    ("x -> det(x)", S, np.linalg.det),
    ("x -> det(x @ x.T + eye(4))", np.arange(16).reshape(4, 4) / 7 - 1, lambda x: np.linalg.det(x @ x.T + np.eye(4))),
    ("x -> det(x[:2, :2])", S, lambda x: np.linalg.det(x[:2, :2])),
    ("x -> slogdet(x)[1]", S, lambda x: np.linalg.slogdet(x)[1]),
    ("x -> inv(x)", S, np.linalg.inv),
    ("x -> solve(x, [1, 2, 3])", S, lambda x: np.linalg.solve(x, [1, 2, 3])),
    ("x -> solve(x, x.T)", S, lambda x: np.linalg.solve(x, x.T)),
    ("x -> cholesky(x)", S, lambda x: np.linalg.cholesky(symmetric(x))),
    ("x -> eigvalsh(x)", S, lambda x: np.linalg.eigvalsh(symmetric(x))),
    ('x -> einsum("ij,kj->ik", x, x)', M, lambda x: x @ x.T),
    ('x -> einsum("ij,ij->j", x, x)', M, lambda x: (x * x).sum(0)),
    ('x -> einsum("ii->i", x)', S, np.diag),
    ('x -> einsum("ii", x @ x)', S, lambda x: np.trace(x @ x)),
    ('x -> einsum("ij,jk,kl->li", x, x, x)', S, lambda x: (x @ x @ x).T),
    ('x -> einsum("i,j->ji", x[0], x[1])', M, lambda x: np.outer(x[1], x[0])),
    ("x -> reshape(x, (3, -1))", M, lambda x: x.reshape(3, 2)),
    ("x -> transpose(x)", M, np.transpose),
    ("x -> transpose(reshape(x, (1, 2, 3)), (2, 0, 1))", M, lambda x: x.reshape(1, 2, 3).transpose(2, 0, 1)),
    ("x -> broadcast_to(x, (2, 2, 3))", M, lambda x: np.broadcast_to(x, (2, 2, 3))),
    ("x -> expand_dims(x, 1)", M, lambda x: np.expand_dims(x, 1)),
    ("x -> squeeze(expand_dims(x, 0))", M, lambda x: x),
    ("x -> concatenate((x, x[:, :1]), axis=1)", M, lambda x: np.concatenate((x, x[:, :1]), 1)),
    ("x -> stack((x, 2 * x), axis=1)", M, lambda x: np.stack((x, 2 * x), 1)),
    ("x -> split(x, 3, axis=1)[1]", M, lambda x: np.split(x, 3, 1)[1]),
    ("x -> flip(x, axis=1)", M, lambda x: np.flip(x, 1)),
    ("x -> flip(x)", M, np.flip),
    ("x -> roll(x, 1)", M, lambda x: np.roll(x, 1)),
    ("x -> roll(x, -2, axis=1)", M, lambda x: np.roll(x, -2, 1)),
    ("x -> pad(x, 1, value=2)", M, lambda x: np.pad(x, 1, constant_values=2)),
    ("x -> pad(x, ((0, 1), (2, 0)))", M, lambda x: np.pad(x, ((0, 1), (2, 0)))),
    ("x -> tile(x, (2, 1, 2))", M, lambda x: np.tile(x, (2, 1, 2))),
    ("x -> repeat(x, 2, axis=1)", M, lambda x: np.repeat(x, 2, 1)),
    ("x -> repeat(x, 3)", M, lambda x: np.repeat(x, 3)),
    ("x -> diag(x)", M, np.diag),
    ("x -> diag(x, 1)", M, lambda x: np.diag(x, 1)),
    ("x -> diag(x, -1)", M, lambda x: np.diag(x, -1)),
    ("x -> diag(x[0], 2)", M, lambda x: np.diag(x[0], 2)),
    ("x -> diag(x[0], -1)", M, lambda x: np.diag(x[0], -1)),
    ("x -> diagonal(x, 1)", M, lambda x: np.diagonal(x, 1)),
    ("x -> trace(x, offset=1)", M, lambda x: np.trace(x, 1)),
    ("x -> trace(outer(x, x[0])[:3])", M, lambda x: np.trace(np.outer(x, x[0])[:3])),
    ("x -> array_split(x, 2, axis=1)[0]", M, lambda x: np.array_split(x, 2, 1)[0]),
    ("x -> split(x, (1, 2), axis=1)[1]", M, lambda x: np.split(x, [1, 2], 1)[1]),
    ("x -> repeat(x, (2, 0, 1), axis=1)", M, lambda x: np.repeat(x, [2, 0, 1], 1)),
    ("x -> roll(x, (1, -1), axis=(0, 1))", M, lambda x: np.roll(x, (1, -1), (0, 1))),
    ('x -> pad(x, (1, 2), mode="edge")', M, lambda x: np.pad(x, (1, 2), "edge")),
    ('x -> pad(x, (3, 4), mode="reflect")', M, lambda x: np.pad(x, (3, 4), "reflect")),
    ('x -> pad(x, (3, 4), mode="symmetric")', M, lambda x: np.pad(x, (3, 4), "symmetric")),
    ('x -> pad(x, ((0, 3), (4, 0)), mode="wrap")', M, lambda x: np.pad(x, ((0, 3), (4, 0)), "wrap")),
    ("x -> pad(x, 1, constant_values=(x[0, 0], 2))", M, lambda x: np.pad(x, 1, constant_values=(x[0, 0], 2))),
    ("x -> sum(x, where=x > 0, initial=x[0, 0])", M, lambda x: x.sum(where=x > 0, initial=x[0, 0])),
    ("x -> prod(x, axis=1, where=x > 0, initial=2)", M, lambda x: x.prod(1, where=x > 0, initial=2)),
    ("x -> max(x, axis=1, where=x < 1, initial=-3)", M, lambda x: x.max(1, where=x < 1, initial=-3)),
    ("x -> min(x, where=x > 0, initial=x[1, 1]^2)", M, lambda x: x.min(where=x > 0, initial=x[1, 1] ** 2)),
    ("x -> mean(x, axis=0, where=x > -1)", M, lambda x: x.mean(0, where=x > -1)),
    ("x -> var(x, where=x > -1, correction=1)", M, lambda x: x.var(where=x > -1, ddof=1)),
    ("x -> std(x, axis=1, ddof=0.5, keepdims=true)", M, lambda x: x.std(1, ddof=0.5, keepdims=True)),
    ("x -> linspace(x[0], x[1], 4, endpoint=false, axis=1)", M, lambda x: np.linspace(x[0], x[1], 4, False, axis=1)),
    ('x -> norm(x, "fro")', M, lambda x: np.linalg.norm(x, "fro")),
    ('x -> norm(x, "nuc")', M, lambda x: np.linalg.norm(x, "nuc")),
    ("x -> norm(x, -2)", M, lambda x: np.linalg.norm(x, -2)),
    ("x -> norm(x, -1)", M, lambda x: np.linalg.norm(x, -1)),
    ("x -> norm(x, -inf)", M, lambda x: np.linalg.norm(x, -np.inf)),
    ("x -> norm(x, -inf, axis=1)", M, lambda x: np.linalg.norm(x, -np.inf, 1)),
    ("x -> norm(x, -1.5, axis=0)", M, lambda x: np.linalg.norm(x, -1.5, 0)),
    ("x -> norm(x[0], 0.5)", M, lambda x: np.linalg.norm(x[0], 0.5)),
    ("x -> norm(x[0], 0)", M, lambda x: np.linalg.norm(x[0], 0)),
    ('x -> einsum("...i,...i->...", x, x)', M, lambda x: np.einsum("...i,...i->...", x, x)),
    ('x -> einsum("ij,kj->ik", x, x[:, :1])', M, lambda x: np.einsum("ij,kj->ik", x, x[:, :1])),
    ("x -> solve([[[2, 1], [1, 3]], [[1, 0], [1, 1]], [[1, 2], [0, 1]]], x.T)", M, solved_in_a_stack),
    ("x -> svdvals(x)", M, np.linalg.svdvals),
    *((f"x -> svd(x, full_matrices=false)[{i}]", M, lambda x, i=i: thin_svd(x)[i]) for i in range(3)),
    *((f"x -> svd(x.T, full_matrices=false)[{i}]", M, lambda x, i=i: thin_svd(x.T)[i]) for i in range(3)),
    *((f"x -> svd(x)[{i}]", S, lambda x, i=i: thin_svd(x)[i]) for i in range(3)),
    ("x -> eigh(x)[0]", S, lambda x: np.linalg.eigh(symmetric(x))[0]),
    ("x -> eigh(x)[1]", S, lambda x: signed(np.linalg.eigh(symmetric(x))[1])[0]),
    *((f"x -> qr(x)[{i}]", S, lambda x, i=i: np.linalg.qr(x)[i]) for i in range(2)),
    *((f"x -> qr(x)[{i}] + 0", M, lambda x, i=i: np.linalg.qr(x)[i]) for i in range(2)),
    *((f"x -> qr(x.T)[{i}]", M, lambda x, i=i: np.linalg.qr(x.T)[i]) for i in range(2)),
    ('x -> qr(x, mode="r")', M, lambda x: np.linalg.qr(x, "r")),
    ("x -> pinv(x)", M, np.linalg.pinv),
    ("x -> pinv(x.T)", M, lambda x: np.linalg.pinv(x.T)),
    ("x -> lstsq(x.T, [1, 2, 4])", M, lambda x: np.linalg.lstsq(x.T, [1, 2, 4])[0]),
    ("x -> lstsq(x, [[1, 2], [3, 5]])", M, lambda x: np.linalg.lstsq(x, [[1, 2], [3, 5]])[0]),
    ("x -> expm(x)", S, scipy.linalg.expm),
    ("x -> expm(x / 9)", S, lambda x: scipy.linalg.expm(x / 9)),
    ("x -> matrix_power(x, 3)", S, lambda x: x @ x @ x),
    ("x -> matrix_power(x, -2)", S, lambda x: np.linalg.matrix_power(x, -2)),
    ("x -> matrix_rank(x) * x", M, lambda x: 2 * x),
    ("x -> cond(x)", S, np.linalg.cond),
    ("x -> cond(x, 1)", S, lambda x: np.linalg.cond(x, 1)),
    ("x -> cond(x, inf)", S, lambda x: np.linalg.cond(x, np.inf)),
    ('x -> cond(x, "fro")', S, lambda x: np.linalg.cond(x, "fro")),
    ("x -> logdet(x)", S, lambda x: np.linalg.slogdet(x)[1]),
    ("x -> solve_triangular(x, x[0])", S, lambda x: scipy.linalg.solve_triangular(x, x[0])),
    (
        "x -> solve_triangular(x, x, lower=true, trans=1)",
        S,
        lambda x: scipy.linalg.solve_triangular(x, x, trans=1, lower=True),
    ),
    (
        "x -> solve_triangular(x, x, unit_diagonal=true)",
        S,
        lambda x: scipy.linalg.solve_triangular(x, x, unit_diagonal=True),
    ),
    ("x -> cholesky_solve(x[0], x)", S, lambda x: scipy.linalg.cho_solve((x, True), x[0])),
    ("x -> cholesky_solve(x, x, upper=true)", S, lambda x: scipy.linalg.cho_solve((x, False), x)),
    ("x -> diag(x[0])", M, lambda x: np.diag(x[0])),
    ("x -> triu(x, 1)", S, lambda x: np.triu(x, 1)),
    ("x -> tril(x, -1)", S, lambda x: np.tril(x, -1)),
    ("x -> tril(x)", M, np.tril),
    ("x -> x[[0, 1, 1]]", M, lambda x: x[[0, 1, 1]]),
    ("x -> x[:, [2, 0, -1]]", M, lambda x: x[:, [2, 0, -1]]),
    ("x -> x[[0, 1], [1, 2]]", M, lambda x: x[[0, 1], [1, 2]]),
    ("x -> reshape(x, (1, 2, 3))[[0, 0], :, [1, 2]]", M, lambda x: x.reshape(1, 2, 3)[[0, 0], :, [1, 2]]),
    ("x -> x[1, [[0, 1], [2, 2]]]", M, lambda x: x[1, [[0, 1], [2, 2]]]),
    ("x -> x[argmax(x, axis=0), [0, 1, 2]]", M, lambda x: x[x.argmax(0), [0, 1, 2]]),
    ("x -> sort(x)", M, lambda x: np.sort(x)),
    ("x -> sort(x, axis=0, descending=true)", M, lambda x: np.sort(x, 0)[::-1]),
    ("x -> sort(x, axis=none)^2", M, lambda x: np.sort(x, None) ** 2),
    ("x -> argsort(x, descending=true)", M, lambda x: np.argsort(-x)),
    ("x -> topk(x, 2)[0]", M, lambda x: np.sort(x)[:, :0:-1]),
    ("x -> topk(x, 2, axis=0, largest=false)[0]", M, lambda x: np.sort(x, 0)),
    ("x -> topk(x, 1)[1] - argmax(x, axis=1)[:, none] + x", M, lambda x: x),
    ("x -> median(x)", M, np.median),
    ("x -> median(x, axis=0)", M, lambda x: np.median(x, 0)),
    ("x -> quantile(x, [0.1, 0.6, 1], axis=1)", M, lambda x: np.quantile(x, [0.1, 0.6, 1], 1)),
    ("x -> quantile(V, abs(x) / 4)", M, lambda x: np.quantile(V, abs(x) / 4)),
    ('x -> quantile(x, 0.3, method="midpoint")', M, lambda x: np.quantile(x, 0.3, method="midpoint")),
    ("x -> percentile(x, 15)", M, lambda x: np.percentile(x, 15)),
    ("x -> cummax(x, axis=1)", M, lambda x: np.maximum.accumulate(x, 1)),
    ("x -> cummin(x)", M, lambda x: np.minimum.accumulate(x.ravel())),
    ("x -> searchsorted(sort(V), x) + x", M, lambda x: np.searchsorted(np.sort(V), x) + x),
    ("x -> interp(x, [-1, 0, 0.5, 2], [3, 1, 4, 1])", M, lambda x: np.interp(x, [-1, 0, 0.5, 2], [3, 1, 4, 1])),
    ("x -> interp([-1, 0.6], sort(x[0]), x[1])", M, lambda x: np.interp([-1, 0.6], np.sort(x[0]), x[1])),
    ("x -> interp(9, [1, 2, 3], x[0], left=1, right=2) * x", M, lambda x: 2 * x),
    ("x -> trapezoid(x)", M, np.trapezoid),
    ("x -> trapezoid(x^2, x, axis=0)", M, lambda x: np.trapezoid(x**2, x, axis=0)),
    ("x -> trapezoid(x, [0, 1, 3])", M, lambda x: np.trapezoid(x, [0, 1, 3])),
    ("x -> take(x, [5, 0, 0])", M, lambda x: np.take(x, [5, 0, 0])),
    ("x -> take_along_axis(x, argsort(x, axis=1), 1)", M, lambda x: np.sort(x, 1)),
    ("x -> one_hot([1, 0], 3) * x", M, lambda x: np.eye(3)[[1, 0]] * x),
    ("x -> inner(x, x)", M, lambda x: np.inner(x, x)),
    ("x -> tensordot(x, x, ((0, 1), (0, 1)))", M, lambda x: np.tensordot(x, x)),
    ("x -> kron(x, x)", M, lambda x: np.kron(x, x)),
    ("x -> convolve(x[0], x[1])", M, lambda x: np.convolve(x[0], x[1])),
    ('x -> convolve(ravel(x), x[1], "same")', M, lambda x: np.convolve(x.ravel(), x[1], "same")),
    ("x -> swapaxes(x, 0, 1)", M, lambda x: x.T),
    ("x -> moveaxis(x, 0, 1)", M, lambda x: x.T),
    ("x -> flatten(x)", M, np.ravel),
    ("x -> vstack((x, x[0]))", M, lambda x: np.vstack((x, x[0]))),
    ("x -> hstack((x, x))", M, lambda x: np.hstack((x, x))),
    ("x -> column_stack((x, x[:, 0]))", M, lambda x: np.column_stack((x, x[:, 0]))),
    ("x -> meshgrid(x[0], x[1])[1]", M, lambda x: np.meshgrid(x[0], x[1])[1]),
    ("x -> x + zeros_like(x) + ones_like(x) + full_like(x, 3)", M, lambda x: x + 4),
    ("x -> where(isnan(x) or isinf(x) or isfinite(x), nan_to_num(x), 0)", M, lambda x: x),
    ("x -> average(x, weights=x^2)", M, lambda x: np.average(x, weights=x**2)),
    ("x -> average(x, 1, [1, 2, 3])", M, lambda x: np.average(x, 1, [1, 2, 3])),
    ("x -> ptp(x, axis=1)", M, lambda x: np.ptp(x, 1)),
    ("x -> count_nonzero(x > 0) * x", M, lambda x: 4 * x),
    ("x -> cov(x)", M, np.cov),
    ("x -> corrcoef(x)", M, np.corrcoef),
    ("x -> nansum(x, axis=0)", M, lambda x: x.sum(0)),
    ("x -> nanprod(where(x < -1, nan, x), axis=1)", M, lambda x: np.nanprod(np.where(x < -1, np.nan, x), 1)),
    ("x -> nanmean(where(x < -1, nan, x), axis=1)", M, lambda x: np.nanmean(np.where(x < -1, np.nan, x), 1)),
    ("x -> nanvar(where(x < -1, nan, x))", M, lambda x: np.nanvar(np.where(x < -1, np.nan, x))),
    ("x -> nanstd(where(x < -1, nan, x), ddof=1)", M, lambda x: np.nanstd(np.where(x < -1, np.nan, x), ddof=1)),
    ("x -> nanmax(where(x > 1, nan, x), axis=1)", M, lambda x: np.nanmax(np.where(x > 1, np.nan, x), 1)),
    ("x -> nanmin(where(x < -1, nan, x))", M, lambda x: np.nanmin(np.where(x < -1, np.nan, x))),
    ("x -> fmax(x, where(x > 0, nan, 0.5))", M, lambda x: np.fmax(x, np.where(x > 0, np.nan, 0.5))),
    ("x -> fmin(x, 0.5)", M, lambda x: np.fmin(x, 0.5)),
    ("x -> correlate(x[0], x[1, :2])", M, lambda x: np.correlate(x[0], x[1, :2])),
    ("x -> vdot(x, x^2)", M, lambda x: np.vdot(x, x**2)),
    ("x -> polyval(x[0], x[1])", M, lambda x: np.polyval(x[0], x[1])),
    ("x -> logspace(x[0, 0], x[0, 1], 4)", M, lambda x: np.logspace(0.3, -1.2, 4)),
    ("x -> geomspace(x[0, 0], x[1, 0], 4)", M, lambda x: np.geomspace(x[0, 0], x[1, 0], 4)),
    ("x -> dstack((x, x^2))", M, lambda x: np.dstack((x, x**2))),
    ("x -> atleast_2d(atleast_1d(x[0]))", M, lambda x: x[:1]),
    ("x -> flipud(fliplr(x))", M, np.flip),
    ("x -> rot90(x)", M, np.rot90),
    ("x -> astype(astype(x, float64), float64)", M, lambda x: x),
    (
        "x -> where(logical_and(x > 0, x) or logical_or(x < 0, 0) or logical_xor(x, 1) or logical_not(x), x, 0)",
        M,
        lambda x: x,
    ),
    ("x -> where(isclose(x, x) and array_equal(x, x), x, 0)", M, lambda x: x),
    ("x -> leaky_relu(x, 0.1)", M, lambda x: np.where(x > 0, x, 0.1 * x)),
    ("x -> elu(x)", M, lambda x: np.where(x > 0, x, np.expm1(x))),
    ("x -> gelu(x)", M, lambda x: x * sp.ndtr(x)),
    ("x -> silu(x)", M, lambda x: x * sp.expit(x)),
    ("x -> swish(x)", M, lambda x: x * sp.expit(x)),
    ("x -> mish(x)", M, lambda x: x * np.tanh(np.log1p(np.exp(x)))),
    ("x -> clip(x, -0.5, 0.5)", M, lambda x: x.clip(-0.5, 0.5)),
    ("x -> sinc(x)", M, np.sinc),
    ("x -> digamma(x)", M + 0.05, sp.digamma),
    ("x -> psi(x^2)", M, lambda x: sp.digamma(x**2)),
    ("x -> polygamma(2, x^2 + 1)", M, lambda x: sp.polygamma(2, x**2 + 1)),
    ("x -> besselj(2, x)", M, lambda x: sp.jv(2, x)),
    ("x -> besselj(0, x)", M, sp.j0),
    ("x -> besselj(-1.5, x)", abs(M), lambda x: sp.jv(-1.5, x)),
    ("x -> bessely(2, x)", abs(M), lambda x: sp.yv(2, x)),
    ("x -> bessely(-1.5, x)", abs(M), lambda x: sp.yv(-1.5, x)),
    ("x -> besseli(2.5, x)", abs(M), lambda x: sp.iv(2.5, x)),
    ("x -> besselk(-0.5, x)", abs(M), lambda x: sp.kv(0.5, x)),
    ("x -> i0(x)", M, sp.i0),
    ("x -> i1(x)", M, sp.i1),
    ("x -> i0e(x)", M, sp.i0e),
    ("x -> i1e(x)", M, sp.i1e),
    ("x -> zeta(2 + abs(x))", M, lambda x: sp.zeta(2 + abs(x))),
    ("x -> zeta(3, abs(x))", M, lambda x: sp.zeta(3, abs(x))),
    ("x -> gammainc(2.5, abs(x))", M, lambda x: sp.gammainc(2.5, abs(x))),
    ("x -> gammainc(abs(x), 1)", M, lambda x: sp.gammainc(abs(x), 1)),
    ("x -> gammaincc(abs(x), 1)", M, lambda x: sp.gammaincc(abs(x), 1)),
    ("x -> betainc(2, abs(x), 0.3)", M, lambda x: sp.betainc(2, abs(x), 0.3)),
    ("x -> betainc(2, 3, sigmoid(x))", M, lambda x: sp.betainc(2, 3, sp.expit(x))),
    ("x -> log_sigmoid(x)", M, sp.log_expit),
    ("x -> linspace(x[0, 0], x[0, 1], 5)", M, lambda x: np.linspace(x[0, 0], x[0, 1], 5)),
    ("x -> full((2,), x[0, 0])", M, lambda x: np.full(2, x[0, 0])),
    ("x -> x @ eye(3) + zeros((3,)) + ones((3,)) + arange(3)", M, lambda x: x + 1 + np.arange(3)),
    ("x -> norm3(x)", M, lambda x: (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)),
    ("x -> CrossEntropyLoss()(x, [2, 0])", M, lambda x: -(sp.log_softmax(x, 1)[[0, 1], [2, 0]]).mean()),
    ('x -> CrossEntropyLoss("sum")(x, [[0.2, 0.3, 0.5], [1, 0, 0]])', M, None),
    ("x -> NLLLoss()(x, [2, 0])", M, lambda x: -(x[0, 2] + x[1, 0]) / 2),
    ("x -> HuberLoss(delta=0.6)(x, 0)", M, lambda x: sp.huber(0.6, x).mean()),
    ('x -> SmoothL1Loss(0.6, "none")(x, 0)', M, lambda x: sp.huber(0.6, x) / 0.6),
    ("x -> BCELoss()(sigmoid(x), x)", M, lambda x: -(x * np.log(sp.expit(x)) + (1 - x) * np.log(sp.expit(-x))).mean()),
    ("x -> BCEWithLogitsLoss()(x, x)", M, lambda x: (np.logaddexp(0, x) - x * x).mean()),
    (
        'x -> KLDivLoss("batchmean")(x, x^2)',
        M,
        lambda x: sp.kl_div(x**2, np.exp(x)).sum() / 2 + (x**2 - np.exp(x)).sum() / 2,
    ),
    ("x -> L1Loss()(x, 0.1)", M, lambda x: abs(x - 0.1).mean()),
    ("x -> MSELoss()(x, 0.1)", M, lambda x: ((x - 0.1) ** 2).mean()),
    ("x -> Embedding(4, 2)([[0, 3]]).shape[2] * x", M, lambda x: 2 * x),
    ("x -> dense_layer(x)", M, None),
    ("x -> net(x)", M, None),
    ("x -> conv1(reshape(x, (1, 2, 3)))", M, None),
    ("x -> conv4(reshape(x, (1, 2, 1, 3)))", M, None),
    ("x -> conv1d(reshape(x, (1, 2, 3)), x[:, :2, none], x[:, 0], padding=1, groups=1)", M, None),
    ("x -> conv2d(reshape(x, (1, 2, 1, 3)), reshape(x, (2, 1, 1, 3)), padding=(0, 1), groups=2)", M, None),
    ("x -> MaxPool1d(2)(x)", M, lambda x: np.maximum(x[:, :2], x[:, 1:])),
    ("x -> MaxPool2d(2)(reshape(x, (1, 2, 3)))", M, lambda x: np.maximum(*np.maximum(x[:, :2], x[:, 1:]))[None, None]),
    ("x -> AvgPool1d(2)(x)", M, lambda x: (x[:, :2] + x[:, 1:]) / 2),
    ("x -> AvgPool2d(2)(reshape(x, (1, 2, 3)))", M, lambda x: (x[:, :2] + x[:, 1:]).sum(0)[None, None] / 4),
    ("x -> Flatten()(reshape(x, (1, 2, 3)))", M, lambda x: x.reshape(1, 6)),
    ("x -> drop(x, training=false)", M, lambda x: x),
    ("x -> batch1(x)", M, lambda x: (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)),
    ("x -> batch1(x, first)[1][1]", M, lambda x: 0.9 * np.array([4, 5, 6]) + 0.1 * x.var(0, ddof=1)),
    ("x -> batch1(x, (x[0], x[1]^2), training=false)", M, lambda x: (x - x[0]) / np.sqrt(x[1] ** 2 + 1e-5)),
    ("x -> batch2(reshape(x, (1, 2, 3, 1)))", M, None),
    ("x -> group(concatenate((x, x^2)).T)", M, None),
    ("x -> rms(x)", M, lambda x: x / np.sqrt((x * x).mean(1, keepdims=True) + 1e-6)),
    ("x -> rnn(x)[0]", M, None),
    ("x -> rnn(stack((x, x^2)))[1]", M, None),
    ("x -> lstm(stack((x, x^2), axis=1))[0]", M, None),
    ("x -> lstm(x)[1][1]", M, None),
    ("x -> gru(stack((x, x^2)))[0]", M, None),
    ("x -> rcell(x, x[:, :2])", M, None),
    ("x -> lcell(x, (x[:, :2], x[:, 1:]))[1]", M, None),
    ("x -> gcell(x, x[:, :2])", M, None),
    ("x -> conv2(reshape(concatenate((x, x, x, x)), (1, 1, 8, 3)))", M, None),
]
FLAT = ("argm", "argsort(x, des", "any", "all", "round")


@pytest.mark.parametrize(("function", "x", "expected"), CASES, ids=[c[0] for c in CASES])
def test_the_value_is_numpys(function: str, x: Any, expected: Callable[[Any], Any] | None) -> None:
    """The same shape and the same numbers."""
    got = np.asarray(run(function, x))
    if expected is not None:
        want = np.asarray(expected(x))
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=2e-6 if "norm3" in function else 1e-13, atol=1e-15)


SMOOTH = [c[:2] for c in CASES if not any(word in c[0] for word in FLAT)]


@pytest.mark.parametrize(("function", "x"), SMOOTH, ids=[c[0] for c in SMOOTH])
def test_the_slope_agrees_with_central_differences(function: str, x: Any) -> None:
    """Of the value times weights that no symmetry hides, and of that slope again: first and second order."""
    rng = np.random.default_rng(3)
    shape = np.shape(run(function, x))
    weights = rng.normal(size=shape).round(3).tolist()
    u = rng.normal(size=x.shape)
    body = function.removeprefix("x -> ")
    value_of = f"x -> sum(({body}) * {weights} + 0.1 * ({body})^2)"
    slope_of = f"(x -> sum(grad({value_of})(x) * {u.round(3).tolist()}))"
    for f in (value_of, slope_of):
        g = np.asarray(run(f"grad({f})", x))
        h = 1e-4
        program = beside().function(f).compile(x=x.shape)
        steps = np.array([program(x + k * h * u) for k in (1, -1, 2, -2)])
        numeric = (8 * (steps[0] - steps[1]) - (steps[2] - steps[3])) / (12 * h)
        assert np.sum(g * u) == pytest.approx(numeric, rel=1e-8, abs=1e-8)


def test_every_function_is_here() -> None:
    """The tables name all of the core's library."""
    text = SETUP + " ".join(c[0] for c in CASES)
    missing = [n for n in (*COMPOSED, *LAYERS, "Sequential") if not re.search(rf"\b{n}\b", text)]
    assert missing == ["stop_gradient"] or not missing


def test_a_convolution_is_scipys() -> None:
    """Cross-correlation, with the zeros of "same", and with strides."""
    x = np.arange(30.0).reshape(1, 1, 5, 6) ** 1.5
    weight = value("set seed 4; c = Conv2d(1, 1, 3); c.weight")[0, 0]
    got = value(f"set seed 4; c = Conv2d(1, 1, 3); c({x.tolist()})")
    np.testing.assert_allclose(got[0, 0], scipy.signal.correlate2d(x[0, 0], weight, "same"), rtol=1e-12)
    got = value(f'set seed 4; c = Conv2d(1, 1, 3, stride=2, pad_mode="valid"); c({x.tolist()})')
    np.testing.assert_allclose(got[0, 0], scipy.signal.correlate2d(x[0, 0], weight, "valid")[::2, ::2], rtol=1e-12)
    got = value(f'set seed 4; c = Conv2d(1, 1, 3, pad_mode="pad", padding=2); c({x.tolist()})')
    np.testing.assert_allclose(got[0, 0], scipy.signal.correlate2d(x[0, 0], weight, "full"), rtol=1e-12)


def test_layers_have_their_parameters() -> None:
    """By their names and shapes, also inside a Sequential."""
    text = 'n = Sequential(Conv2d(1, 2, (3, 1), has_bias=true), relu, Dense(2, 1, activation="tanh")); params(n)'
    shapes = {k: np.shape(v) for k, v in value(text).items()}
    assert shapes == {"n[0].weight": (2, 1, 3, 1), "n[0].bias": (2,), "n[2].weight": (1, 2), "n[2].bias": (1,)}
    assert {k: np.shape(v) for k, v in value("params(LayerNorm((2, 3)))").items()} == {"gamma": (2, 3), "beta": (2, 3)}
    assert {k: np.shape(v) for k, v in value("params(Embedding(5, 2))").items()} == {"embedding_table": (5, 2)}


def test_a_determinant_has_slopes_where_the_matrix_is_singular() -> None:
    """The matrix of cofactors, which others divide zero by zero for; small ones have all higher orders too."""
    two = "[[1, 2], [2, 4]]"
    np.testing.assert_allclose(value(f"r = grad(det)({two}); r"), [[4, -2], [-2, 1]], rtol=1e-13)
    assert value(f"f(x) = grad(det)(x)[0, 0]; r = grad(f)({two}); r[1, 1]") == 1
    np.testing.assert_allclose(value("r = grad(det)(zeros((3, 3))); r"), np.zeros((3, 3)))
    a = np.arange(16.0).reshape(4, 4) ** 2 % 7
    a[3] = a[0] + a[1]
    cofactors = [
        [(-1) ** (i + j) * np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) for j in range(4)] for i in range(4)
    ]
    np.testing.assert_allclose(value(f"r = grad(det)({a.tolist()}); r"), cofactors, atol=1e-11)


def test_the_gradient_of_an_embedding_adds_up() -> None:
    """A row that is looked up twice is pushed twice; the others not at all."""
    got = value("n = Embedding(3, 2); f(i) = sum(n(i)); r = grad(f, none, weights=n.embedding_table)([1, 1, 0]); r")
    np.testing.assert_array_equal(got, [[1, 1], [2, 2], [0, 0]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2, 3][[0, 3]]", "index 3 is outside an axis of length 3"),
        ("[1, 2, 3][[0.5]]", "whole numbers"),
        ("[1, 2, 3][[true, false]]", "a mask of length 2"),
        ("f(x, i) = x[i]\nf([1, 2], [0.5])", "whole numbers"),
        ("f(x, i) = x[i]\nf([1, 2], [2])", "index 2 is outside an axis of length 2"),
        ('einsum("ij,jk", [[1]])', "does not name the axes of 1 operand"),
        ('einsum("ij,jk->il", [[1]], [[1]])', """the output "il\""""),
        ('einsum("ij", [1, 2])', "names 2 axes of a tensor of shape (2,)"),
        ('einsum("i,i", [1, 2], [1, 2, 3])', """lengths 2 and 3"""),
        ("split([1, 2, 3], 2)", "length 3 does not split into 2 equal parts"),
        ("squeeze([1, 2], 0)", "axis 0 of shape (2,) has length 2"),
        ("clip(1, 2, 0)", "the bounds 2 and 0"),
        ("Conv2d(1, 1, 3)([1, 2])", "a tensor of 4 axes"),
        ('Conv2d(1, 1, 3, pad_mode="none")', "no pad_mode"),
        ('Conv2d(1, 1, 5, pad_mode="valid")(zeros((1, 1, 3, 3)))', "a kernel of (5, 5) does not fit"),
        ("LayerNorm(3)([1, 2])", "the last axes of shape (2,) are not (3,)"),
        ("CrossEntropyLoss()([[1, 2]], [1, 2])", "labels of shape (2,) do not fit logits of shape (1, 2)"),
        ('Dense(1, 1, activation="reluu")', "no activation"),
        ("Sequential()", "at least one layer"),
        ("Sequential(3)", "needs a function, not a number"),
        ("Sequential(Dense(1, 1), MSELoss())", "`MSELoss` does not take one input"),
        ("norm([[1, 2]], 0)", "a matrix has no norm of order 0"),
        ('norm([1, 2], "fro")', 'order "fro" is one of a matrix, and here is 1 axis'),
        ("sum([1, 2], where=[[true, true]])", "where= of shape (1, 2) does not stretch to shape (2,)"),
        ("max([1, 2], where=[true, false])", "may be that of no elements"),
        ("max([1, 2], initial=[1, 2])", "initial= is one number"),
        ('pad([1, 2], 1, mode="mirror")', '"mirror" is no mode of padding'),
        ('pad(zeros(0), 1, mode="edge")', "axis 0 is empty"),
        ("split([1, 2, 3], 2)", "does not split into 2 equal parts"),
        ("repeat([1, 2], (1, 2, 3))", "3 numbers of times do not go with 2 elements"),
        ("roll([[1, 2]], (1, 2, 3), axis=(0, 1))", "3 shifts do not go with 2 axes"),
        ('einsum("...i->i", [[1, 2]])', "leaves out what ... stands for"),
        ('einsum("ij,jk", [[1, 2]], [[1, 2], [3, 4], [5, 6]])', '"j" stands for lengths 2 and 3'),
        ("svd([[1, 2, 3], [4, 5, 6]])", "the full svd of shape (2, 3)"),
        ('qr([[1, 2], [3, 4]], mode="complete")', '"complete" is no mode of qr'),
        ("eigh([1, 2])", "eigh takes a square matrix"),
        ("expm([[1, 2, 3], [4, 5, 6]])", "this needs a square matrix"),
        ("lstsq([[1, 2], [3, 4]], [1, 2, 3])", "make no system of equations"),
        ("solve_triangular([[1, 2], [0, 1]], [1, 2], trans=3)", "trans=3 is none of"),
        ("matrix_rank([[1, 2], [3, 4]], 1, 1)", "say the same in two ways"),
        ("diagonal([[1, 2], [3, 4]], 0, 1, 1)", "axis 1 is named twice"),
        ("trace([1, 2])", "a diagonal is one of a matrix, not of shape (2,)"),
        ("max(zeros((0,)))", "maximum of no elements"),
        ("solve([[1, 2]], [1])", "shapes (1, 2) and (1,) make no system"),
        ("det([1, 2])", "square matrix, not shape (2,)"),
        ("polygamma(-1, 2)", "order can't be -1"),
        ("arange(0, 1, 0)", "step by 0"),
        ("arange(0, inf)", "from one finite number"),
        ("topk([1, 2], 3)", "no 3 largest of 2"),
        ("quantile([1, 2], 1.5)", "1.5 is no quantile"),
        ('quantile([1, 2], 0.5, method="odd")', "no method"),
        ("percentile([1, 2], [50, 101])", "101 is no percentile"),
        ("median(zeros((0,)))", "median of no elements"),
        ("interp(1, [2, 1], [3, 4])", "do not ascend"),
        ("interp(1, [1, 2], [3])", "are none"),
        ("searchsorted([[1]], 1)", "looks into a vector"),
        ('convolve([1], [1], "all")', "no mode"),
        ("convolve([[1]], [1])", "two vectors"),
        ("tensordot([[1, 2]], [[1, 2]], 1)", "no products"),
        ("take_along_axis([[1]], [0], 0)", "do not pick from shape"),
        ("take_along_axis([1], [1], 0)", "index 1 is outside"),
        ("one_hot([0, 3], 3)", "label 3"),
        ("meshgrid([[1]], [1])", "made of vectors"),
        ("moveaxis([[1]], (0, 1), 0)", "2 axes do not move to 1"),
    ],
)
def test_refusals(text: str, message: str) -> None:
    """Each is said, with what would be right."""
    assert message in error(text).message


def test_without_scipy_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scalars of math's own functions need none."""
    import sys

    monkeypatch.setitem(sys.modules, "scipy", None)
    assert value("erf(0.5), gamma(5)") == (pytest.approx(0.5204998778130465), 24)
    assert value("gamma'(2), digamma''(1.5)") == (pytest.approx(0.42278433509846713), pytest.approx(-0.8287966442))
    assert value("gammainc(2, 3), betainc(2, 3, 0.4)") == (pytest.approx(0.8008517265285442), pytest.approx(0.5248))
    assert "pip install scipy" in (error("erf(ones(1000))").hint or "")
