"""Modules that are written, run beside gradcli's own evaluation, where an entry says and at the ends."""

from __future__ import annotations

import ctypes
import itertools
import math
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gradcli.core.export.request import Request
from gradcli.core.export.targets import module_text
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, constant, fresh_input
from gradcli.core.ir.primitive import Primitive
from gradcli.core.ir.shapes import size_of
from tests.core.sampling import Array, calls, draw, inputs_for, run

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.5, -2.5, 1e-300, 1e300, -1e300, math.inf, -math.inf, math.nan, 710.5]
ATTRIBUTES: dict[str, list[dict[str, Any]]] = {
    "round": [{"decimals": d} for d in (0, 1, 2, -2)],
    "constant_power": [{"exponent": e} for e in (2.0, 3.0, 7.0, -1.0, -2.5, 1 / 3)],
    "power": [{"below": b, "logs": n} for b in (0, 1, 2, 4) for n in (0, 1, 2)],
    "root": [{"order": n} for n in (3, 4, 5)],
    "polygamma": [{"order": n} for n in (0, 1, 2, 3)],
    "sinc": [{"order": n} for n in (0, 1, 2)],
    **{f"bessel{kind}": [{"order": n} for n in (0, 1, 2.5)] for kind in ("j", "y", "i", "k", "i_scaled")},
    "gammainc": [{}, {"by_x": 1}, {"by_x": 3}],
    "betainc": [{}, {"by_x": 1}, {"by_x": 3}],
    "beta": [{}, {"by_a": 1}, {"by_a": 1, "by_b": 1}],
}
# Shapes beside those of the examples.
MORE_CALLS: dict[str, list[tuple[tuple[tuple[int, ...], ...], dict[str, Any]]]] = {
    "sum_to": [(((2, 3),), {"shape": (3,)}), (((2, 3),), {"shape": ()}), (((2, 3, 4),), {"shape": (1, 4)})],
    "max_to": [(((2, 3),), {"shape": (1, 1)}), (((2, 3),), {"shape": (2, 1)})],
    "argmax": [(((2, 3),), {"axis": 0})],
    "cumsum": [(((2, 3),), {"axis": 0})],
    "flip": [(((2, 3),), {"axes": (1,)})],
    "transpose": [(((2, 3, 4),), {"axes": (0, 2, 1)})],
    "broadcast": [(((2, 1),), {"shape": (4, 2, 3)})],
    "cast": [(((3,),), {"dtype": "int64"}), (((3,),), {"dtype": "bool"})],
    "pad": [(((2, 2),), {"ranges": ((0, 2, 1), (1, 2, 2)), "shape": (3, 5)})],
}


# NumPy's own power of -inf is nan where it is a square root, and one to -inf has terms that are infinite.
OPEN_AT_INFINITY = ("power",)


def is_open(target: str, primitive: str, arrays: Sequence[Array]) -> bool:
    """Where a library has another value: JAX's beta is that of positive numbers, SciPy's zeta has nothing below 1."""
    if (target, primitive) == ("numpy", "zeta"):
        return not all((arrays[0] > 1).flat) or not all((arrays[-1] > 0).flat)
    return (target, primitive) == ("jax", "beta") and not all(0 < x < 1e100 for a in arrays for x in a.flat)


@dataclass(frozen=True)
class Case:
    """A node, its inputs, and arrays to give them."""

    output: Node
    inputs: Sequence[Node]
    arrays: Sequence[Sequence[Array]]


def request(
    outputs: Sequence[Node], inputs: Sequence[Node], name: str = "f", called: Sequence[str] | None = None
) -> Request:
    """A module of some outputs."""
    labels = [f"r{i}" for i in range(len(outputs))]
    names = called or [f"x{i}" for i in range(len(inputs))]
    return Request(outputs, labels, inputs, [], names, name, "f(...)", "0")


def cases(primitive: Primitive, rng: np.random.Generator) -> Iterator[Case]:
    """The calls of its examples, and numbers at which something ends."""
    for call in calls(primitive):
        arrays = draw(call, rng)
        inputs = inputs_for(arrays)
        yield Case(primitive(*inputs, **call.attrs), inputs, [arrays])
    for shapes, attrs in MORE_CALLS.get(primitive.name, []):
        arrays = [np.round(rng.normal(size=shape), 1) for shape in shapes]
        inputs = inputs_for(arrays)
        yield Case(primitive(*inputs, **attrs), inputs, [arrays])
    if not primitive.pointwise or primitive.name in ("cast", "whole_numbers"):
        return
    for attrs in ATTRIBUTES.get(primitive.name, [primitive.attributes]):
        logical = primitive.name.startswith("logical")
        inputs = [
            fresh_input(f"x{i}", (), DType.BOOL if logical or (primitive.condition and i == 0) else DType.FLOAT64)
            for i in range(primitive.arity)
        ]
        numbers = [x for x in SPECIAL if not (math.isinf(x) and primitive.name in OPEN_AT_INFINITY)]
        few = numbers if primitive.arity == 1 else numbers[:: primitive.arity]
        points = [
            [np.asarray(v > 0 if n.dtype is DType.BOOL else v) for n, v in zip(inputs, point, strict=True)]
            for point in itertools.product(few, repeat=primitive.arity)
        ]
        yield Case(primitive(*inputs, **attrs), inputs, points)
        # The same of an array, with a number as the last operand.
        if primitive.arity == 2 and not logical:
            (x,) = inputs_for([np.asarray(numbers)])
            yield Case(primitive(x, constant(1.5, DType.FLOAT64), **attrs), [x], [[np.asarray(numbers)]])


def written(target: str, outputs: Sequence[Node], inputs: Sequence[Node]) -> Callable[..., Any]:
    """The function of a module in Python's syntax, called with arrays, giving a tuple of arrays."""
    if target == "jax":
        import jax

        # Before the constants of a module are made.
        jax.config.update("jax_enable_x64", True)
    function = loaded(module_text(target, request(outputs, inputs)), "f")
    if target == "python":
        return lambda *arrays: function(*(a.item() for a in arrays))
    if target == "jax":
        return jax.jit(function)  # type: ignore[no-any-return]
    if target == "torch":
        return lambda *arrays: tuple(r.detach().numpy() for r in function(*map(tensor, arrays)))
    return function


def tensor(array: Array) -> Any:
    """A tensor of PyTorch's, one that needs a gradient where it can have any."""
    import torch

    found = torch.as_tensor(array)
    return found.requires_grad_() if found.is_floating_point() else found


def loaded(text: str, name: str) -> Callable[..., Any]:
    """What a module defines."""
    scope: dict[str, Any] = {"__name__": "written"}
    exec(compile(text, "<written>", "exec"), scope)
    function: Callable[..., Any] = scope[name]
    return function


C_TYPES = {
    DType.FLOAT64: (ctypes.c_double, np.float64),
    DType.INT64: (ctypes.c_longlong, np.int64),
    DType.BOOL: (ctypes.c_int, np.int32),
}
CC = ("cc", "-std=c99", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra", "-pedantic", "-Werror")


def compiled(requests: Sequence[Request], folder: Path) -> list[Callable[..., Any]]:
    """The functions of modules in C, whose names differ, called with arrays, giving a tuple of arrays.

    They are compiled at once, each warning taken for an error.
    """
    folder.mkdir(exist_ok=True)
    file, library = folder / "all.c", folder / "all.so"
    file.write_text("".join(_apart(module_text("c", r), r.name) for r in requests), encoding="utf-8")
    subprocess.run([*CC, "-o", str(library), str(file), "-lm"], check=True)
    return [_called(getattr(ctypes.CDLL(str(library)), r.name), r) for r in requests]


def _apart(text: str, name: str) -> str:
    """A module, whose static functions and constants have names of its own in a file of several."""
    assert "#include <math.h>" in text
    helpers = re.findall(r"^static (?:const )?\w+ \*?(\w+)[(\[]", text, re.MULTILINE)
    renamed = "".join(f"#define {helper} {helper}_of_{name}\n" for helper in helpers)
    return f"#include <math.h>\n{renamed}{text}" + "".join(f"#undef {helper}\n" for helper in helpers)


def _called(function: Any, asked: Request) -> Callable[..., Any]:
    function.restype = None
    shapes = [node.shape for node in asked.outputs]

    def call(*arrays: Array) -> tuple[Array, ...]:
        kept = [np.ascontiguousarray(a, C_TYPES[n.dtype][1]) for n, a in zip(asked.inputs, arrays, strict=True)]
        given = [
            a.ctypes.data_as(ctypes.c_void_p) if n.shape else C_TYPES[n.dtype][0](a.item())
            for n, a in zip(asked.inputs, kept, strict=True)
        ]
        # One more than there are, which stays as it is.
        out = np.full(sum(map(size_of, shapes)) + 1, 777.0)
        function(*given, out.ctypes.data_as(ctypes.c_void_p))
        assert out[-1] == 777.0
        ends = np.cumsum([size_of(shape) for shape in shapes])
        return tuple(part.reshape(shape) for part, shape in zip(np.split(out[:-1], ends[:-1]), shapes, strict=True))

    return call


def differences(got: Any, want: Any, tolerance: float = 1e-12) -> str | None:
    """How two results differ, None where they are one but for rounding; zeros of either sign are one zero."""
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape:
        return f"shape {got.shape}, not {want.shape}"
    g, w = got.astype(float), want.astype(float)
    with np.errstate(all="ignore"):
        alike = (g == w) | (np.isnan(g) & np.isnan(w)) | (abs(g - w) <= tolerance * abs(w)) | (abs(g - w) <= 1e-300)
        # Sums may differ by what rounding leaves of their parts.
        if want.size > 1:
            alike |= abs(g - w) <= tolerance * np.max(abs(w), where=np.isfinite(w), initial=0.0)
    return None if alike.all() else f"{g[~alike] if g.shape else g} for {w[~alike] if w.shape else w}"


def wrong(target: str, primitive: Primitive, function: Callable[..., Any], case: Case) -> list[str]:
    """Where a function that is written differs from gradcli."""
    found = []
    for arrays in case.arrays:
        if not is_open(target, primitive.name, arrays):
            (want,) = run([case.output], case.inputs, arrays)
            difference = differences(function(*arrays)[0], want, TOLERANCES[target])
            if difference:
                found.append(f"{case.output} at {[a.tolist() for a in arrays]}: {difference}")
    return found


TOLERANCES = {"python": 1e-12, "numpy": 1e-12, "c": 1e-12, "jax": 1e-11, "torch": 1e-11}
