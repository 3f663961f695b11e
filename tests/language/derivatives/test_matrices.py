"""Jacobians, Hessians, products with them, fields and vmap: shapes, values, modes, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.language.running import error, passes, value

ROSENBROCK = "rosenbrock(x) = sum(100 * (x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # All scalars: one matrix, outputs down and inputs across.
        ("f(x, y) = x^2 * y; jacobian(f)(3, 5)", [[30, 9]]),
        ("f(x, y) = x^2 * y; hessian(f)(3, 5)", [[10, 6], [6, 0]]),
        ("f(x, y) = (x * y, x + y, 7); jacobian(f)(3, 5)", [[5, 3], [1, 1], [0, 0]]),
        ("f(x, y) = [x * y, x^2]; jacobian(f)(3, 5)", [[5, 3], [6, 0]]),
        ("f(x) = [x, x^2]; jacobian(f)(3)", [[1], [6]]),
        ("f(x) = x^3; hessian(f)(2)", [[12]]),
        ("f(x, y) = (x^2, x * y); hessian(f)(3, 5)", [[[2, 0], [0, 0]], [[0, 1], [1, 0]]]),
        ("f(x, y) = 4; jacobian(f)(3, 5)", [[0, 0]]),
        ("f(x, y) = x^2 * y; jacobian(f, wrt=y)(3, 5)", [[9]]),
        ("f(x, y) = x^2 * y; hessian(f, 0)(3, 5)", [[10]]),
        # Tensors: a block has the output's shape and then the input's.
        ("jacobian(v -> sum(v^3))([1, 2])", [3, 12]),
        ("jacobian(v -> v^2)([1, 2])", [[2, 0], [0, 4]]),
        ("hessian(v -> prod(v))([1, 2, 3])", [[0, 3, 2], [3, 0, 1], [2, 1, 0]]),
        ("f(x, v) = x * sum(v^2); r = jacobian(f)(2, [1, 3]); r", (10, [4, 12])),
        ("f(x, v) = x * sum(v^2); r = hessian(f)(2, [1, 3]); r", ((0, [2, 6]), ([2, 6], [[4, 0], [0, 4]]))),
        ("f(v) = (v[0], v^2); r = jacobian(f)([1, 2]); r", ([1, 0], [[2, 0], [0, 4]])),
        ("model f(x): param w = [2.0, 3.0]; return w * x\njacobian(f, none, weights=f.w)([5, 7])", [[5, 0], [0, 7]]),
        ("f(x, y) = x * y; r = jacobian(f, (0, 1))([1, 2], [3, 4]); r", ([[3, 0], [0, 4]], [[1, 0], [0, 2]])),
        # Products.
        ("f(x, y) = x^2 * y; jvp(f, (1, 2))(3, 5)", 48),
        ("f(x, y) = x^2 * y; jvp(f)(3, 5, 1, 2)", 48),
        ("f(x, y) = x^2 * y; jvp(f, 2, wrt=y)(3, 5)", 18),
        ("f(x) = (x, x^2); r = jvp(f, 2)(3); r", (2, 12)),
        ("f(v) = [v[0] * v[1], v[1]]; vjp(f, [1, 10])([3, 4])", [4, 13]),
        ("f(x) = (x, x^2); vjp(f, (1, 10))(3)", 61),
        ("f(v) = [v[0] * v[1], v[1]]; vjp(f)([3, 4], [1, 10])", [4, 13]),
        ("hvp(v -> prod(v), [1, 0, 0])([1, 2, 3])", [0, 3, 2]),
        ("f(x, y) = x^2 * y; r = hvp(f)(3, 5, 1, 2); r", (22, 6)),
        ("f(x, y) = x^2 * y; directional(f, (1, 1), order=2)(3, 5)", 22),
        ("directional(sin, 2, order=0)(1) == sin(1)", True),
        ("directional(v -> sum(v^4), [1, 1], order=4)([1, 2])", 48),
        # Fields.
        ("laplacian((x, y, z) -> x^2 * y + z^3)(1, 2, 3)", 22),
        ("laplacian(v -> v * sum(v^2))([1, 2])", [8, 16]),
        ("laplacian((x, y) -> x^2 + y^4, wrt=x)(1, 2)", 2),
        ("divergence((x, y, z) -> (x * y, y * z, z * x))(1, 2, 3)", 6),
        ("divergence(v -> v^2)([1, 2, 3])", 12),
        ("curl((x, y) -> (-y, x))(3, 4)", 2),
        ("r = curl((x, y, z) -> (x * y, y * z, z * x))(1, 2, 3); r", (-2, -3, -1)),
        ("curl(v -> [v[1], -v[0], v[2]])([1, 2, 3])", [0, 0, -2]),
        # Many samples.
        ("vmap(grad(v -> sum(v^3)))([[1, 2], [3, 4]])", [[3, 12], [27, 48]]),
        ("vmap(hessian(v -> prod(v)))([[1, 2], [3, 4]])", [[[0, 1], [1, 0]], [[0, 1], [1, 0]]]),
        ("f(x, w) = w @ x; vmap(f, in_axes=(0, none))([[1, 2], [3, 4]], [10, 1])", [12, 34]),
        ("vmap(v -> sum(v), in_axes=1)([[1, 2], [3, 4]])", [4, 6]),
        ("r = vmap(x -> (x, 2))([5, 6]); r", ([5, 6], [2, 2])),
        ("vmap(v -> vmap(x -> x^2)(v))([[1, 2], [3, 4]])", [[1, 4], [9, 16]]),
        ("v = [10, 20, 30]; vmap(i -> v[int64(i)])([2, 0])", [30, 10]),
        ("net = Dense(2, 3); x = [[1, 2], [3, 4]]; max(abs(vmap(net)(x) - net(x))) < 1e-14", True),
    ],
)
def test_results(text: str, expected: object) -> None:
    """By hand."""
    assert_same(value(text), expected)


def assert_same(got: object, expected: object) -> None:
    """Tuples item by item, everything else as arrays of one shape."""
    if isinstance(expected, tuple):
        assert isinstance(got, tuple)
        for a, b in zip(got, expected, strict=True):
            assert_same(a, b)
        return
    a_array, b_array = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
    assert a_array.shape == b_array.shape
    np.testing.assert_allclose(a_array, b_array, rtol=1e-13, atol=1e-13)


@given(m=st.integers(1, 4), n=st.integers(1, 4), seed=st.integers(0, 99))
def test_both_modes_give_one_jacobian(m: int, n: int, seed: int) -> None:
    """Forward, reverse and chosen, for any shapes."""
    text = f"""set seed {seed}
A = normal(({m}, {n})); x = normal(({n},)); f(x) = tanh(A @ x)
J = jacfwd(f)(x)
assert J.shape == ({m}, {n}) and allclose(J, jacrev(f)(x)) and allclose(J, jacobian(f)(x))
assert allclose(J, jacobian(f, mode="reverse")(x)) and allclose(J, jacobian(f, mode="forward")(x))
assert allclose(laplacian(f)(x), sum(vmap(k -> hessian(y -> tanh(A @ y) @ k)(x))(eye({m})) * eye({n}), axis=(1, 2)))
"""
    assert passes(text)


@pytest.mark.parametrize("n", [2, 7, 64, 100])
def test_a_sparse_hessian_is_the_dense_one(n: int) -> None:
    """Three sweeps whatever the size; large ones are found to be sparse without being asked."""
    text = ROSENBROCK + f"x = linspace(-1, 1, {n}); H = hessian(rosenbrock)(x)\n"
    sparse = value(text + "hessian(rosenbrock, sparse=true)(x)")
    assert sparse.nnz == 3 * n - 2
    dense = value(text + "r = H; r")
    np.testing.assert_allclose(sparse.todense(), dense, rtol=1e-13, atol=1e-12)
    whole = value(text + 'r = jacobian(grad(rosenbrock), mode="reverse")(x); r')
    np.testing.assert_allclose(dense, whole, rtol=1e-13, atol=1e-12)


def test_sparse_matrices_are_values() -> None:
    """They multiply, tell their shape and entries, and become whole."""
    assert passes(
        ROSENBROCK + "x = linspace(0, 1, 9); S = hessian(rosenbrock, sparse=true)(x); H = hessian(rosenbrock)(x)\n"
        "assert allclose(dense(S), H) and allclose(S @ x, H @ x) and allclose(S @ eye(9), H)\n"
        "assert S.nnz == 25 and S.shape == (9, 9) and S.values.shape == (25,)\n"
        "f(x) = hessian(rosenbrock, sparse=true)(x) @ ones(9)\n"
        "assert allclose(jacobian(f)(x), jacobian(y -> hvp(rosenbrock, ones(9))(y))(x))"
    )


@pytest.mark.parametrize(
    "text",
    [
        "x -> cumsum(x)",
        "x -> x[::2] * x[1::2]",
        "x -> reshape(x, (2, 3)).T",
        "x -> [[0, 1, 0, 0, 0, 0], [2, 0, 0, 0, 0, 3]] @ x",
        "x -> sum(reshape(x, (2, 3)), axis=0)^2",
        "x -> concatenate((x[3:], x[:2] * x[2:4]))",
        "x -> where(x > 0, x^2, x[::-1])",
        "x -> inv(reshape(x[:4], (2, 2)) + 3 * eye(2))",
        "x -> sort_like(x)",
        "x -> x[[0, 2, 2, 5]] * x[1]",
        "x -> stop_gradient(x) * x",
        "x -> norm(x) + 0 * x",
        "x -> cumprod(x)",
        "x -> flip(roll(x, 2))",
        "x -> broadcast_to(sum(x[:2]), (3,)) * 2",
    ],
)
def test_patterns_hold_every_entry(text: str) -> None:
    """The compressed Jacobian is the dense one, whatever the function is made of."""
    setup = "sort_like(x) = take_first(x) * 2; take_first(x) = x[:3]\nx = [0.3, -0.7, 1.1, 0.9, -0.4, 0.2]\n"
    sparse = value(f"{setup}f = {text}\njacobian(f, sparse=true)(x)")
    dense = value(f"{setup}f = {text}\nr = jacobian(f)(x)\nr")
    np.testing.assert_allclose(sparse.todense(), np.reshape(dense, sparse.shape), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('f(x) = x; jacobian(f, mode="sideways")(1)', "modes"),
        ("f(x) = x; jacobian(f, sparse=true)(1)", "tensors"),
        ("f(x) = x^2; hessian(f, sparse=true)([1, 2])", "one number"),
        ("f(x) = x; jacobian(f)(true)", "real"),
        ("f(x) = x > 1; jacobian(f)(2)", "real"),
        ("jvp(sin, (1, 2))(1)", "2 vectors"),
        ("jvp(v -> v, [1, 2, 3])([1, 2])", "shape"),
        ("f(v) = sum(v); vjp(f, [1, 2])([1, 2])", "shape"),
        ("hvp(sin, true)(1)", "real"),
        ("divergence((x, y) -> x * y)(1, 2)", "outputs"),
        ("curl(v -> v)([1, 2, 3, 4])", "three"),
        ("vmap(sin)(3)", "tensor"),
        ("vmap((x, y) -> x * y)([1, 2], [1, 2, 3])", "samples"),
        ("vmap(sin, in_axes=3)([1, 2])", "axis"),
        ("vmap(sin, in_axes=(0, 0))([1, 2])", "axes"),
        ("vmap(x -> sin)([1, 2])", "stacked"),
        ("S = hessian(v -> sum(v^2), sparse=true)([1, 2]); S + 1", "dense"),
        ("S = hessian(v -> sum(v^2), sparse=true)([1, 2]); sin(S)", "dense"),
        ("S = hessian(v -> sum(v^2), sparse=true)([1, 2]); S @ [1, 2, 3]", "multiply"),
        ("S = hessian(v -> sum(v^2), sparse=true)([1, 2]); S.colour", "shape"),
        ("hessian(3)", "function"),
        ("f() = 3; jacobian(f)()", "no input"),
        ("f(x, n) = x * len(range(n)); jacobian(f)(2, 3)", "count"),
        ("hessian(v -> sum(v)^2)(zeros(300000))", "GiB"),
    ],
)
def test_refusals(text: str, word: str) -> None:
    """Each with the word that tells what is wrong or what to do."""
    found = error(text)
    assert word in f"{found.message} {found.hint}"


def test_blocks_of_a_hessian_mirror_each_other() -> None:
    """Those below the diagonal are transposed, whatever the shapes of the inputs."""
    assert passes(
        "f(a, b, c) = sum((b @ a)^2) * c + c^3 * sum(tanh(a))\n"
        "A = [[1, 2], [3, 4], [5, 6]]\nB = [[0.1, 0.2, 0.3]]\n"
        "h = hessian(f)(A, B, 0.5)\nd = jacobian(grad(f, (0, 1, 2)))(A, B, 0.5)\n"
        "assert allclose(h, d)"
    )
