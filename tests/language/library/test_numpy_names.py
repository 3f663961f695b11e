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
# An axis is counted from the front before it is kept, so that those from behind need not be kept too.
OF_AXES = (*AXES, *(f"{axis}, keepdims=true" for axis in AXES if axis not in (", axis=-1", ", axis=-2")))
OVER_AXES = ("ptp", "count_nonzero", "nansum", "nanmean", "nanmax", "nanmin", "nanprod", "nanvar", "nanstd", "average")
QUANTILES = ("", ', method="lower"', ', method="higher"', ', method="nearest"', ', method="midpoint"')
# Masks, what a reduction starts with, and the type that it is made of.
MASKS = (", where=mask3", ", where=mask23, axis=1", ", where=mask3, axis=-1", ", axis=0, where=mask23, keepdims=true")
STARTS = (", initial=2", ", axis=0, initial=-1", ", axis=(0, 1), initial=0.5, keepdims=true")
BOTH = (", where=mask3, initial=-3", ", axis=1, where=mask23, initial=0.5")
TYPES = (', dtype="float32"', ', axis=1, dtype="float64"')
MATRICES = ("", ", 1", ", 2", ", inf", ", 3", ", axis=0", ", 2, axis=-1", ", inf, axis=(1, 0)", ", 1, axis=(-1, 0)")
ORDERS = ("0", "-1", "-2", "-inf", "0.5", "-0.5", "2.5", '"fro"', '"nuc"', "none")

PADDINGS = ("edge", "wrap", "reflect", "symmetric")
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
    "inner",
    "kron",
    "convolve",
    "tensordot",
    "trapezoid",
    "correlate",
    "vdot",
    "polyval",
    "fmax",
    "fmin",
    "logical_and",
    "logical_or",
    "logical_xor",
    "isclose",
    "array_equal",
    "logspace",
]

# What follows the tensor in a call, for each function of one.
ONE: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys((*ELEMENTS, "transpose", "det", "inv", "slogdet"), ("",)),
    "diag": ("", ", 1", ", -1", ", 2", ", -5", ", k=3"),
    "diagonal": ("", ", 1", ", -1", ", 0, 1, 0", ", 1, axis1=-1, axis2=0", ", axis1=1, axis2=2"),
    "trace": ("", ", 1", ", offset=-1", ", 5", ", 0, 1, 2", ", axis1=-1, axis2=0"),
    "array_split": (", 1", ", 2", ", 3, axis=1", ", 4, axis=-1", ", (1,)", ", (1, 2), axis=1"),
    **dict.fromkeys(("sum", "mean", "prod", "max", "min", "amax", "amin", "any", "all", "var", "std"), OF_AXES),
    **dict.fromkeys(("sort", "argsort", "isnan", "isinf", "isfinite", "ravel", "nan_to_num"), ("",)),
    **dict.fromkeys(("zeros_like", "ones_like"), ("",)),
    **dict.fromkeys(("sort", "argsort"), AXES),
    **dict.fromkeys(OVER_AXES, OF_AXES),
    "median": OF_AXES,
    # How elements are picked has nothing to do with which axes are kept.
    "quantile": tuple(
        q + a + more
        for q, a, more in product(
            (", 0.3", ", [0, 0.25, 1]", ", [[0.5]]"), ("", ", axis=0", ", axis=(0, -1)"), (KEEPDIMS[1], *QUANTILES)
        )
    ),
    "percentile": (", 30", ", [0, 50, 99.9], axis=-1", ", 101"),
    "full_like": (", 7", ", [1, 2, 3]"),
    "trapezoid": ("", ", dx=0.5", ", axis=0", ", [0, 1, 4]", ", [1, 3], axis=0"),
    "take": (", 0", ", [0, 0]", ", [[-1, 0]]", ", [0], axis=0", ", 1, axis=-1", ", 2, axis=1"),
    "take_along_axis": (", [0], axis=0", ", [[1, 0, 1]], axis=0", ", [[1], [0]], -1", ", [0, 0], axis=none"),
    **dict.fromkeys(("atleast_1d", "atleast_2d", "flipud", "fliplr", "corrcoef", "logical_not", "absolute"), ("",)),
    "rot90": ("", ", 2", ", -1", ", 4"),
    "permute_dims": (", (1, 0)", ", (2, 0, 1)"),
    "cov": ("", ", ddof=0"),
    "astype": (", int64", ", bool"),
    "swapaxes": (", 0, 1", ", -1, 0", ", 0, 0"),
    "moveaxis": (", 0, -1", ", (0, 1), (-1, 0)", ", (0, 2), (1, 0)"),
    **dict.fromkeys(("cumsum", "cumprod", "flip", "squeeze"), AXES),
    **dict.fromkeys(("argmax", "argmin"), OF_AXES),
    "norm": (
        *(a + k for a, k in product(MATRICES, KEEPDIMS)),
        *(f", {o}{a}{k}" for o, a, k in product(ORDERS, ("", ", axis=0", ", axis=(-1, 0)"), KEEPDIMS)),
    ),
    "round": ("", ", 1", ", -1"),
    "clip": (", 0.5, 1.5", ", none, 1", ", 1, none", ", [0.5, 1, 2], 3"),
    "triu": ("", ", 1", ", -1"),
    "tril": ("", ", 1", ", -1"),
    "repeat": (
        ", 2",
        ", 2, axis=0",
        ", 0",
        ", 2, axis=-1",
        ", (1, 0, 2)",
        ", (2, 3), axis=0",
        ", (3,)",
        ", (), axis=0",
    ),
    "roll": (
        *(", 1", ", -1, axis=0", ", 5", ", 1, axis=(0, 1)", ", (1, 2)", ", (1, -1), axis=(0, 1)", ", 1, axis=(0, 0)"),
        *(", (1, 2), axis=1", ", (2,), axis=-1", ", (1, 2, 3), axis=(0, 1)"),
    ),
    "tile": (", 2", ", (2, 1)", ", (2, 1, 2)", ", ()"),
    "split": (", 1", ", 2", ", 3", ", 3, axis=1", ", (1,)", ", (1, 5, 2)", ", (-1,), axis=-1", ", (), axis=1"),
    "expand_dims": (", 0", ", 1", ", -1", ", -2", ", 3"),
    "reshape": (", (-1,)", ", (3, -1)", ", (2, 3)", ", ()", ", (0, -1)", ", 6"),
    "transpose": (", (1, 0)", ", (0, 2, 1)", ", (-1, 0)"),
    "broadcast_to": (", (2, 3)", ", (2, 2, 3)", ", 3", ", (0, 3)"),
    "pad": (
        *(", 1", ", ((1, 0), (0, 2))", ", (1, 2)", ", ((2, 1),)", ", ((1,), (2,))", ", 0"),
        *(f', {w}, mode="{m}"' for w, m in product(("1", "(5, 4)", "((0, 0), (7, 2))", "0"), PADDINGS)),
        *(f", (1, 2), constant_values={v}" for v in ("3", "(8, 9)", "((1, 2), (3, 4))", "((1,),)")),
    ),
    "float32": ("",),
    "float64": ("",),
    "int64": ("",),
    "bool": ("",),
    "cholesky": ("",),
    "eigvalsh": ("",),
    "svdvals": ("",),
    "eigh": ("",),
    "svd": ("", ", full_matrices=false"),
    "qr": ("", ', mode="r"', ', "reduced"'),
    "pinv": ("", ", 0.5"),
    "matrix_power": (", 0", ", 1", ", 3", ", -2"),
    "matrix_rank": ("", ", 1.5", ", rtol=0.5"),
    "cond": ("", ", 2", ", -2", ", 1", ", inf", ", -1", ", -inf", ', "fro"', ', "nuc"'),
}
# What reductions take beside axes.
MORE: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("sum", "prod"), (*MASKS, *STARTS, *BOTH, *TYPES)),
    **dict.fromkeys(("max", "min", "amax", "amin"), (*MASKS, *STARTS, *BOTH)),
    **dict.fromkeys(("any", "all"), MASKS),
    "mean": (*MASKS, *TYPES),
    **dict.fromkeys(
        ("var", "std"), (*MASKS, *TYPES, ", ddof=1", ", axis=0, correction=1", ", axis=0, ddof=1, where=mask23")
    ),
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
    "linspace(0, 1, num=4, endpoint=false)",
    "linspace(0, 1, 1, endpoint=false)",
    "linspace(0, 1, 0)",
    "linspace([0, 1], [2, 3], 3, axis=1)",
    "linspace([0, 1], [2, 3], num=3, axis=-1, endpoint=false)",
    'linspace(-3, 0, 7, dtype="int64")',
    'linspace(0, 1, 3, dtype="float32")',
    "eye(2, 3)",
    "eye(2, 3, 1)",
    "eye(3, k=-1)",
    "eye(3, 2, 9)",
    "arange(5)",
    "arange(0)",
    "arange(2, 5)",
    "arange(5, 2)",
    "arange(0, 1, 0.25)",
    "arange(5, 0, -2)",
    "arange(1, 2.05, 0.1)",
    *(f"of_rank_{n}[of_rank_{n} > 1]" for n in range(1, 5)),
    "of_rank_1[[true, true]]",
    "of_rank_2[[true, false]]",
    "of_rank_2[:, [true, false]]",
    "of_rank_2[[false, false]]",
    "of_rank_2[[true, false, true]]",
    "of_rank_2[[true, false], 1]",
    "of_rank_2[[true, true], [1, 0]]",
    "of_rank_3[..., [false, true]]",
    "of_rank_3[[[true, false], [true, true]]]",
    "of_rank_3[[[true, false], [true, true]], 1]",
    "of_rank_3[0, [[true, false], [true, true]]]",
    "of_rank_3[[[true, false], [true, true]], [0, 1, 1]]",
    "of_rank_3[[true, false], :, [0, 1]]",
    "of_rank_3[none, [true, false], ..., [0, 1]]",
    "of_rank_3[:, [[true, false], [true, true]], none]",
    "of_rank_4[[[true, false], [true, true]], ..., [true, false]]",
    "x2[x2 > 9]",
    "nanvar([1, nan, 3, nan], ddof=1)",
    "nanstd([[1, nan], [nan, nan]], axis=1)",
    "nanmax([[1, nan], [nan, nan]], axis=1)",
    "nanmin([[1, nan], [nan, nan]], axis=1, keepdims=true)",
    "nanmean([[1, nan], [nan, nan]], axis=0)",
    "nansum([nan, nan])",
    "nanprod([nan, 3, 2])",
    "fmax([nan, 1, nan], [2, nan, nan])",
    "fmin([nan, 1, nan], [2, nan, nan])",
    "average([[1, 2], [3, 4]], axis=0, weights=[1, 3])",
    "average([[1, 2], [3, 4]], weights=[[1, 3], [0, 1]])",
    "average([[1, 2], [3, 4]], 1, [1, 3], keepdims=true)",
    "average([1, 2], weights=[1, 2, 3])",
    'correlate([1, 2, 3], [0, 1, 0.5], "full")',
    'correlate([1, 2], [0, 1, 0.5, 7], "same")',
    'correlate([1, 2], [0, 1, 0.5, 7], "full")',
    'correlate([1, 2, 5, 7], [0, 1, 3], "same")',
    "logspace(0, 3, 4)",
    "logspace(0, 3, 4, base=2)",
    "logspace([0, 1], 2, 3)",
    "geomspace(1, 1000, 4)",
    "geomspace(-1, -8, 4)",
    "geomspace(3, 5, 2)",
    "geomspace(1, 256, 9)",
    "geomspace([1, 2], [16, 2], 5)",
    "dstack(([1, 2], [3, 4]))",
    "dstack(([[1], [2]], [[3], [4]]))",
    "isclose([1, inf, nan, -inf, 1], [1 + 1e-6, inf, nan, inf, 1.1])",
    "isclose([nan, 1], [nan, 2], equal_nan=true)",
    "isclose(1, 1.1, atol=0.2)",
    "array_equal([1, 2], [1, 3])",
    "array_equal([true, true], [1, 1])",
    "logical_xor([true, false], [1, 1])",
    "count_nonzero([true, false])",
    "ptp([3, 9, 4])",
    "concat(([1], [2]))",
    "clip([1, 5], min=2)",
    "clip([1, 5], max=[3, 9])",
    "clip([1, 5], min=[2, 2], max=3)",
    "clip([1, 5])",
    "sort([3, nan, 1, inf, -inf, nan])",
    "argsort([3, nan, 1, 1, -inf, nan])",
    "sort([[true, false], [false, true]])",
    "median([1, nan, 3])",
    "median([[1, nan], [2, 3]], axis=0)",
    "median([1, inf, inf, 2])",
    "median([true, false])",
    "quantile([1, nan, 3], 0.5)",
    "quantile([3, 1, 2], 1.5)",
    "searchsorted([1, 2, 2, 3], [[2, 0, 9], [3, 1, 2]])",
    'searchsorted([1, 2, 2, 3], [2, 0, 9, 3, 2], side="right")',
    "searchsorted([1, 2, nan], [nan, 1.5])",
    "interp([-1, 0, 0.5, 1, 1.5, 2, 3, nan], [0, 1, 2], [5, 10, 30])",
    "interp(0.3, [0, 1], [1, 2], left=9, right=8)",
    "interp([-1, 3], [0, 1], [1, 2], left=9, right=8)",
    "interp([[0, 4], [1, 1]], [1], [7])",
    "interp(1.0, [0, 1, 1, 2], [1, 2, 3, 4])",
    'convolve([1, 2, 3, 4], [1, 0.5, 2], "same")',
    'convolve([1, 2, 3, 4], [1, 0.5, 2], "valid")',
    'convolve([1, 2], [1, 0.5, 2, 7, 9], "same")',
    'convolve([1, 2], [1, 0.5, 2, 7, 9], "valid")',
    'convolve([1, 2], [1, 0.5, 2, 7, 9], "full")',
    "tensordot(of_rank_3, of_rank_2, 1)",
    "tensordot(of_rank_3, of_rank_2, ((0, 2), (1, 0)))",
    "tensordot(of_rank_2, of_rank_2, 0)",
    "tensordot(of_rank_3, of_rank_4)",
    "kron([[1, 2]], [[[3], [4]]])",
    "meshgrid([1, 2, 3], [10, 20])",
    'meshgrid([1, 2, 3], [10, 20], indexing="ij")',
    "meshgrid([1, 2, 3], [10, 20], [5, 6])",
    'meshgrid([1, 2, 3], [10, 20], 5, indexing="ij")',
    "meshgrid([1, 2])",
    "vstack(([1, 2], [[3, 4], [5, 6]]))",
    "vstack((1, 2))",
    "hstack(([1, 2], [3]))",
    "hstack(([[1], [2]], [[3], [4]]))",
    "hstack((1, 2))",
    "column_stack(([1, 2], [[3, 4], [5, 6]]))",
    "nan_to_num([nan, inf, -inf, 2], nan=7, posinf=8, neginf=9)",
    "nan_to_num([nan, 1], nan=5)",
    "isnan([nan, inf, 1])",
    "isinf([nan, inf, -inf, 1])",
    "isfinite([nan, inf, -inf, 1])",
    "cumprod([true, false, true])",
    "min([true, false])",
    "min([[true, true], [true, false]], axis=0)",
    "max([[true, true], [false, false]], axis=1, keepdims=true)",
    "amin([true, true])",
    "argmin([true, false, false])",
    "argmax([false, true])",
    "var([true, false])",
    "any([true, false])",
    "all([[true, false], [true, true]], axis=0)",
    "zeros_like([true, false])",
    "full_like([1, 2], true)",
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
    'einsum("...i,...i", of_rank_3, of_rank_3)',
    'einsum("...ij,...jk", of_rank_4, of_rank_3)',
    'einsum("...ij,jk->ik...", of_rank_3, of_rank_2)',
    'einsum("i...->...", of_rank_2)',
    'einsum("i...j", of_rank_3)',
    'einsum("...,...", of_rank_1, of_rank_3)',
    'einsum("ij->...ij", of_rank_2)',
    'einsum("...ii->...i", of_rank_4)',
    'einsum("...i->i", of_rank_2)',
    'einsum("...i->i", of_rank_1)',
    'einsum("i,...->i...", of_rank_1, 2)',
    'einsum("ij,jk", [[1], [2]], of_rank_2)',
    'einsum("ij,ij->ij", [[1], [2]], [[3, 4, 5]])',
    'einsum("ij,ij,kj", [[1], [2]], [[3, 4, 5]], [[7, 8, 9]])',
    'einsum("ii", [[1, 2, 3]])',
    'einsum("ij,j", of_rank_2, [1, 2, 3])',
    'einsum("..i", of_rank_2)',
    'einsum("...i...", of_rank_3)',
    'norm(of_rank_3, "fro", axis=(0, 2))',
    'norm(of_rank_3, "nuc", axis=(2, 0), keepdims=true)',
    "norm(of_rank_3, -2, axis=(1, 2))",
    "norm([1, nan], -1)",
    "lstsq([[1, 0], [1, 1], [1, 2]], [1, 2, 4])",
    "lstsq([[1, 0], [1, 1], [1, 2]], [[1, 2], [2, 0], [4, 1]])",
    "lstsq([[1, 2, 3], [4, 5, 7]], [1, 2])",
    "lstsq([[1, 2], [2, 4]], [1, 2])",
    "matrix_power([[[1, 1], [1, 0]], [[2, 0], [0, 3]]], 5)",
    "solve([[[2, 1], [1, 3]], [[1, 0], [0, 1]]], [[1, 2], [3, 4]])",
    "argmax(of_rank_2, axis=none, keepdims=true)",
    "sum([1, 2, 3], where=[true, false, true])",
    "sum([true, true], initial=3)",
    'mean([1, 2, 4], dtype="int64")',
    "max([1, 2], initial=[3, 4])",
    "trace([[[1, 2], [3, 4]]], axis1=1, axis2=1)",
    "repeat([1, 2, 3], (1, -1, 2))",
    "array_split([1, 2, 3], 0)",
    "pad([1, 2], (1, 2, 3))",
    "pad([1, 2], -1)",
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
    "mask3": np.asarray([True, False, True]),
    "mask23": np.asarray([[True, False, True], [False, False, True]]),
    "two_by_two": np.asarray([[1.5, 0.25], [0.5, 2.0]]),
    **{f"of_rank_{n}": np.arange(float(2**n)).reshape((2,) * n) for n in range(1, 5)},
}

# Names that NumPy has for something else, or that are no function of tensors here.
OTHERS = {"allclose", "diff", "range", "normal", "uniform", "gamma", "beta", "int", "float", "roots", "load", "save"}
# NumPy's answer as gradcli has it: plain numbers in brackets are float64, and so is what whole numbers become.
ALIASES: Mapping[str, Callable[..., Any]] = {
    "norm": np.linalg.norm,
    "det": np.linalg.det,
    "inv": np.linalg.inv,
    "solve": np.linalg.solve,
    "cholesky": lambda x: _of_symmetric(np.linalg.cholesky, x),
    "eigvalsh": lambda x: _of_symmetric(np.linalg.eigvalsh, x),
    "slogdet": lambda x: tuple(np.linalg.slogdet(x)),
    "svdvals": np.linalg.svdvals,
    "matrix_power": np.linalg.matrix_power,
    "matrix_rank": np.linalg.matrix_rank,
    "pinv": np.linalg.pinv,
    "cond": np.linalg.cond,
    "lstsq": lambda a, b: np.linalg.lstsq(a, b)[0],
    "eigh": lambda x: _signed(*np.linalg.eigh((x + x.swapaxes(-1, -2)) / 2)[::-1])[::-1],
    "svd": lambda x, full_matrices=True: _svd(x, full_matrices),
    "qr": lambda x, mode="reduced": tuple(q) if isinstance(q := np.linalg.qr(x, mode), tuple) else q,
    "bool": lambda x: np.asarray(x, dtype=bool),
    "float32": lambda x: np.asarray(x, dtype="float32"),
    "float64": lambda x: np.asarray(x, dtype="float64"),
    "int64": lambda x: np.asarray(x, dtype="int64"),
    "median": lambda x, axis=None, keepdims=False: _median(x, axis, keepdims),
    "take_along_axis": lambda x, i, axis=-1: np.take_along_axis(x, np.asarray(i), axis),
    "astype": lambda x, made: made(x),
    "average": lambda x, axis=None, weights=None, keepdims=False: (
        np.mean(x, axis=axis, keepdims=keepdims)
        if weights is None
        else np.average(x, axis=axis, weights=weights, keepdims=keepdims)
    ),
    # NumPy scales by a power of ten that overflows; to more digits than there are, a number is itself.
    "round": lambda x, d=0: np.asarray(x) * (d > -300) if abs(d) > 300 else np.round(np.asarray(x), d),
}


def _median(x: Any, axis: Any, keepdims: bool) -> Any:
    """NumPy's, which refuses some axes where there are no rows to have a median."""
    sums = np.sum(np.ones_like(x), axis=axis, keepdims=keepdims)
    return sums if np.size(sums) == 0 else np.median(x, axis=axis, keepdims=keepdims)


def _signed(vectors: Any, *others: Any) -> tuple[Any, ...]:
    """Columns whose largest element is positive; others are turned with them, or have no sign."""
    if not vectors.size:
        return (vectors, *others)
    largest = np.take_along_axis(vectors, abs(vectors).argmax(axis=-2, keepdims=True), axis=-2)
    sign = np.where(largest < 0, -1.0, 1.0)
    return (vectors * sign, *(v * sign if v.ndim == vectors.ndim else v for v in others))


def _svd(x: Any, full_matrices: bool) -> Any:
    """Signed, and refused where the full one has vectors that could be any others."""
    if full_matrices and x.shape[-1] != x.shape[-2]:
        return None
    u, s, vt = np.linalg.svd(x, full_matrices=full_matrices)
    u, s, v = _signed(u, s, vt.swapaxes(-1, -2))
    return u, s, v.swapaxes(-1, -2)


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
    flat = ", ".join(repr(v).lower() for v in x.ravel().tolist())
    return f"reshape([{flat}], {x.shape})" if x.size else f"zeros({x.shape})"


@cache
def session_of(dtype: str) -> Session:
    """One that knows the tensors, and gives what arithmetic does: certified numbers are `test_catalogue.py`'s."""
    tensors = "\n".join(f"{name} = {text_of(x)}" for name, x in TENSORS.items())
    return run(f"set dtype {dtype}\nset numbers float64\n{tensors}").session


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
            rtol=3e-5 if "float32" in (dtype, *call.split('"')) else 1e-12,
            atol=1e-5 if "float32" in (dtype, *call.split('"')) else 1e-12,
            err_msg=call,
        )
    return True


@pytest.mark.parametrize("name", sorted(MORE))
def test_masks_starts_and_types_of_reductions(name: str) -> None:
    """Each way in which NumPy takes some shape is one in which gradcli takes it, and with the same numbers."""
    # Of a number NumPy takes an axis that it has not.
    for x, more in product(list(ONE_OF_EACH)[1:], MORE[name]):
        call = f"{name}({x}{more})"
        assert agree(call) == (numpys(call) is not None), call


PYTORCH = (
    ("sum(x4, dim=0)", "sum(x4, axis=0)"),
    ("mean(x4, dim=-1, keepdim=true)", "mean(x4, axis=-1, keepdims=true)"),
    ("max(x4, keepdim=true)", "max(x4, keepdims=true)"),
    ("argmax(x4, dim=1, keepdim=true)", "argmax(x4, axis=1, keepdims=true)"),
    ("std(x4, dim=1, correction=1)", "std(x4, axis=1, ddof=1)"),
    ("softmax(x4, dim=0)", "softmax(x4, axis=0)"),
    ("logsumexp(x4, dim=(0, 1))", "logsumexp(x4, axis=(0, 1))"),
    ("norm(x4, 2, dim=0)", "norm(x4, 2, axis=0)"),
    ("flip(x4, dims=(0, 1))", "flip(x4, axis=(0, 1))"),
    ("roll(x4, shifts=(1, 2), dims=(0, 1))", "roll(x4, (1, 2), axis=(0, 1))"),
    ("repeat(x4, repeats=2, dim=0)", "repeat(x4, 2, axis=0)"),
    ("concatenate((x4, x4), dim=1)", "concatenate((x4, x4), axis=1)"),
    ("pad(x4, 1, value=3)", "pad(x4, 1, constant_values=3)"),
)


@pytest.mark.parametrize(("theirs", "ours"), PYTORCH)
def test_pytorchs_words_are_other_names_of_ours(theirs: str, ours: str) -> None:
    """One place says so for all functions."""
    np.testing.assert_array_equal(answers(theirs, "float64"), answers(ours, "float64"))


@pytest.mark.parametrize("call", ["sum(x4, axis=0, dim=1)", "sum(x4, dim=0, axis=1)", "sum(x4, 0, dim=1)"])
def test_two_names_of_one_input_are_refused(call: str) -> None:
    """Whichever comes first."""
    step = run(call, session_of("float64"))
    assert any("given twice" in d.message for d in step.diagnostics)


def test_a_functions_own_input_is_not_renamed() -> None:
    """Words of other libraries are for what is built in."""
    step = run("f(x, axis) = x + axis\nf(1, dim=2)")
    assert any("no input `dim`" in d.message for d in step.diagnostics)


def test_vectors_in_a_stack_are_solved_for() -> None:
    """Where b can't be read as matrices, as NumPy reads it, its last axis holds vectors."""
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(4, 3, 3)), rng.normal(size=(4, 3))
    got = answers(f"solve({text_of(a)}, {text_of(b)})", "float64")
    np.testing.assert_allclose(got, np.linalg.solve(a, b[..., None])[..., 0], rtol=1e-10)


@pytest.mark.parametrize("name", sorted(ONE))
def test_functions_of_one_tensor(name: str) -> None:
    """Of each shape, along each axis, with and without keepdims."""
    answered = {more for x, more in product(ONE_OF_EACH, ONE[name]) if agree(f"{name}({x}{more})")}
    # Each way in which NumPy takes some of them is one in which they can be asked for here.
    for more in set(ONE[name]) - answered:
        assert all(numpys(f"{name}({x}{more})") is None for x in ONE_OF_EACH), more
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
