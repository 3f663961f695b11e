"""Where a built-in has NumPy's name it gives NumPy's answer or refuses: never another number, nor another shape."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

from gradcli.language.library.names import CONSTANTS, builtins
from gradcli.session.results import Shown
from gradcli.session.session import Session
from tests.language.running import run, unpack

SHAPES = ((), (1,), (3,), (0,), (2, 3), (1, 3), (3, 3), (2, 1), (0, 2), (2, 0), (2, 2, 3), (1, 0, 2), (2, 3, 3))
AXES = (
    "",
    ", axis=0",
    ", axis=1",
    ", axis=-1",
    ", axis=-2",
    ", axis=2",
    ", axis=(0, 1)",
    ", axis=(-1, 0)",
    ", axis=none",
)
KEEPDIMS = ("", ", keepdims=true")
MATRICES = ("", ", 1", ", 2", ", inf", ", 3", ", axis=0", ", 2, axis=-1", ", inf, axis=(1, 0)", ", 1, axis=(-1, 0)")

ELEMENTS = [
    "abs",
    "acos",
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "cbrt",
    "ceil",
    "cos",
    "cosh",
    "exp",
    "exp2",
    "expm1",
    "floor",
    "i0",
    "log",
    "log10",
    "log1p",
    "log2",
    "reciprocal",
    "sign",
    "sin",
    "sinc",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "tanh",
    "round",
    "degrees",
    "radians",
]
PAIRS = [
    "arctan2",
    "atan2",
    "hypot",
    "logaddexp",
    "maximum",
    "minimum",
    "dot",
    "matmul",
    "outer",
    "cross",
    "heaviside",
    "mod",
    "remainder",
    "pow",
]

# What follows the tensor in a call, for each function of one.
ONE: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys((*ELEMENTS, "diag", "trace", "transpose", "det", "inv", "slogdet"), ("",)),
    **{
        name: tuple(a + k for a, k in product(AXES, KEEPDIMS))
        for name in ("sum", "mean", "prod", "max", "min", "amax", "amin", "any", "all", "var", "std")
    },
    **dict.fromkeys(("argmax", "argmin", "cumsum", "cumprod", "flip", "squeeze"), AXES),
    "norm": tuple(a + k for a, k in product(MATRICES, KEEPDIMS)),
    "round": ("", ", 1", ", -1"),
    "var": (", ddof=1", ", axis=0, ddof=1"),
    "clip": (", 0.5, 1.5", ", none, 1", ", 1, none", ", [0.5, 1, 2], 3"),
    "triu": ("", ", 1", ", -1"),
    "tril": ("", ", 1", ", -1"),
    "repeat": (", 2", ", 2, axis=0", ", 0", ", 2, axis=-1"),
    "roll": (", 1", ", -1, axis=0", ", 5", ", 1, axis=(0, 1)"),
    "tile": (", 2", ", (2, 1)", ", (2, 1, 2)", ", ()"),
    "split": (", 1", ", 2", ", 3", ", 3, axis=1"),
    "expand_dims": (", 0", ", 1", ", -1", ", -2", ", 3"),
    "reshape": (", (-1,)", ", (3, -1)", ", (2, 3)", ", ()", ", (0, -1)", ", 6"),
    "transpose": (", (1, 0)", ", (0, 2, 1)", ", (-1, 0)"),
    "broadcast_to": (", (2, 3)", ", (2, 2, 3)", ", 3", ", (0, 3)"),
    "pad": (", 1", ", ((1, 0), (0, 2))"),
    "float32": ("",),
    "float64": ("",),
    "int64": ("",),
    "bool": ("",),
    "cholesky": ("",),
    "eigvalsh": ("",),
}
# Of no tensor, whole calls.
CALLS = [
    "linspace(0, 1, 5)",
    "linspace(2, -3, 7)",
    "linspace(0, 10, 1)",
    "linspace(0, 10, 2)",
    "linspace([0, 0, 0], [1, 2, 3], 3)",
    "linspace([0, 1], 5, 4)",
    "linspace([[0], [1]], [2, 3], 4)",
    "linspace(0, 0.7, 36)",
    "arange(5)",
    "arange(0)",
    "eye(3)",
    "eye(0)",
    "zeros((2, 0))",
    "ones(3)",
    "full((2, 2), 1.5)",
    "full((2, 3), [1, 2, 3])",
    "where([true, false], 1, [2, 3])",
    "where([[0], [1]], [1, 2], 3)",
    'einsum("ij,jk", [[1, 2]], [[3], [4]])',
    'einsum("ij->j", [[1, 2], [3, 4]])',
    "concatenate(([1, 2], [3]))",
    "concatenate(([[1, 2]], [[3, 4]]), axis=1)",
    "concatenate(([[1, 2]], [[3, 4]]), axis=-1)",
    "concatenate(([1, 2], [[3, 4]]))",
    "stack(([1, 2], [3, 4]), axis=-1)",
    "stack((1, 2))",
    "solve([[2, 1], [1, 3]], [1, 2])",
    "solve([[2, 1], [1, 3]], [[1, 2], [3, 4]])",
    "solve([[[2, 1], [1, 3]], [[1, 0], [0, 1]]], [1, 2])",
    "clip(3, 2, 1.5 + 1)",
    "clip([1, 2, 3], [0, 3, 2], [2, 4, 1])",
    "clip([1, nan, 3], 2, nan)",
    "max([1, nan, 3])",
    "min([nan, 1])",
    "argmax([1, nan, 3])",
    "argmin([1, nan, 3])",
    "maximum([nan, 1, 2], [0, nan, 3])",
    "sum([true, true])",
    "mean([true, false])",
    "max([true, false])",
    "cumsum([[true, false], [true, true]])",
    "prod([true, true])",
    "sign([nan, -0.0, 2])",
    "round([0.5, 1.5, -2.5])",
    "round(1.5, 400)",
    "round(15, -400)",
    "gcd(12, 18)",
    "lcm(4, 6)",
    "heaviside([-1, 0, nan], 2)",
    "cross([1, 2, 3], [[0, 1, 0], [1, 1, 1]])",
]
_rng = np.random.default_rng(5)
# One tensor of each shape, under a name of its own, and those that only some tests need.
ONE_OF_EACH = {f"x{i}": np.asarray(_rng.uniform(-2, 2, shape).round(3)) for i, shape in enumerate(SHAPES)}
TENSORS: Mapping[str, Any] = {
    **ONE_OF_EACH,
    "two_by_two": np.asarray([[1.5, 0.25], [0.5, 2.0]]),
    **{f"of_rank_{n}": np.arange(float(2**n)).reshape((2,) * n) for n in range(1, 5)},
}

# Names that NumPy has for something else, or that are no function of tensors here.
OTHERS = {"allclose", "diff", "range", "normal", "uniform", "gamma", "beta", "int", "float", "roots"}
# NumPy's answer as gradcli has it: plain numbers in brackets are float64, and so is what whole numbers become.
ALIASES: Mapping[str, Callable[..., Any]] = {
    "norm": np.linalg.norm,
    "det": np.linalg.det,
    "inv": np.linalg.inv,
    "solve": np.linalg.solve,
    "cholesky": lambda x: _of_symmetric(np.linalg.cholesky, x),
    "eigvalsh": lambda x: _of_symmetric(np.linalg.eigvalsh, x),
    "slogdet": lambda x: tuple(np.linalg.slogdet(x)),
    "bool": lambda x: np.asarray(x, dtype=bool),
    "float32": lambda x: np.asarray(x, dtype="float32"),
    "float64": lambda x: np.asarray(x, dtype="float64"),
    "int64": lambda x: np.asarray(x, dtype="int64"),
    # NumPy scales by a power of ten that overflows; to more digits than there are, a number is itself.
    "round": lambda x, d=0: np.asarray(x) * (d > -300) if abs(d) > 300 else np.round(np.asarray(x), d),
}


def _of_symmetric(function: Callable[..., Any], x: Any) -> Any:
    """Of the part that is symmetric; nan for a matrix that has none."""
    try:
        return function((x + x.swapaxes(-1, -2)) / 2)
    except np.linalg.LinAlgError:
        return np.full(x.shape, np.nan)


@cache
def numpys_names() -> dict[str, Any]:
    """What the calls may mention."""
    words = {"true": True, "false": False, "none": None}
    return {name: getattr(np, name) for name in dir(np)} | dict(ALIASES) | words | dict(TENSORS)


def numpys(call: str) -> Any:
    """What NumPy gives; None where it refuses."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return eval(call, {"__builtins__": {}}, numpys_names())
        except Exception:
            return None


def text_of(x: Any) -> str:
    """A tensor as both languages read it."""
    flat = ", ".join(map(repr, x.ravel().tolist()))
    return f"reshape([{flat}], {x.shape})" if x.size else f"zeros({x.shape})"


@cache
def session_of(dtype: str) -> Session:
    """One that knows the tensors."""
    return run(f"set dtype {dtype}\n" + "\n".join(f"{name} = {text_of(x)}" for name, x in TENSORS.items())).session


def answers(call: str, dtype: str) -> Any:
    """What gradcli gives; None where it refuses."""
    step = run(call.replace("array(", "("), session_of(dtype))
    if any(d.severity == "error" for d in step.diagnostics):
        assert all(d.message for d in step.diagnostics)
        return None
    return unpack([r for r in step.results if isinstance(r, Shown)][-1].value)


def agree(call: str, dtype: str = "float64") -> bool:
    """The same shape and the same numbers, wherever there is an answer; whether there is one."""
    got = answers(call, dtype)
    if got is None:
        return False
    want = numpys(call)
    assert want is not None, f"{call} gives {got}, and NumPy refuses it"
    pairs = list(zip(got, want, strict=True)) if isinstance(want, (tuple, list)) else [(got, want)]
    for a, b in pairs:
        assert np.shape(a) == np.shape(b), f"{call}: shape {np.shape(a)} for {np.shape(b)}"
        np.testing.assert_allclose(
            np.asarray(a, dtype=float),
            np.asarray(b, dtype=float),
            rtol=1e-12 if dtype == "float64" else 3e-5,
            atol=1e-12 if dtype == "float64" else 1e-5,
            err_msg=call,
        )
    return True


@pytest.mark.parametrize("name", sorted(ONE))
def test_functions_of_one_tensor(name: str) -> None:
    """Of each shape, along each axis, with and without keepdims."""
    answered = {(x, more) for x, more in product(ONE_OF_EACH, ONE[name]) if agree(f"{name}({x}{more})")}
    # Each way in which NumPy takes some of them is one in which they can be asked for here.
    numpy = {more for x, more in product(ONE_OF_EACH, ONE[name]) if numpys(f"{name}({x}{more})") is not None}
    assert {more for _, more in answered} == numpy
    assert agree(f"{name}(two_by_two{ONE[name][0]})", "float32") or agree(f"{name}(x1{ONE[name][0]})", "float32")


@pytest.mark.parametrize("name", PAIRS)
def test_functions_of_two_tensors(name: str) -> None:
    """Of every pair of shapes."""
    answered = [(a, b) for a, b in product(ONE_OF_EACH, repeat=2) if agree(f"{name}({a}, {b})")]
    assert len(answered) >= 3, answered


@pytest.mark.parametrize("call", CALLS)
def test_other_calls(call: str) -> None:
    """Whole calls, in both types."""
    answered = agree(call)
    assert answered == (numpys(call) is not None)
    if "0.7" not in call:
        assert agree(call, "float32") == answered


INDICES = ("0", "-1", ":", "::-1", "none", "...", "[0, 1]", "[[1], [0]]", "[-1, 0]", "1:")


def test_indexing() -> None:
    """Every mixture of ints, slices, new axes and tensors, on three axes and four."""
    answered = 0
    for rank, count in ((1, 1), (2, 2), (3, 3), (4, 3)):
        for items in product(INDICES if rank < 4 else INDICES[::3], repeat=count):
            if "..." in items and items.count("...") > 1:
                continue
            answered += agree(f"of_rank_{rank}[{', '.join(items)}]")
    assert answered >= 700


def test_every_shared_name_is_here() -> None:
    """A built-in with a name of NumPy's that is compared nowhere fails."""
    text = " ".join((*ONE, *PAIRS, *CALLS))
    shared = {n for n in builtins() if n not in CONSTANTS and (hasattr(np, n) or hasattr(np.linalg, n))}
    assert {n for n in shared if n not in text} <= OTHERS
