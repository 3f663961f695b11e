"""JAX: jax.numpy, and jax.scipy.special for special functions. What is written can be compiled by jax.jit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import factorial, pi

from gradcli.core.export.looping import LoopText
from gradcli.core.export.numpy import (
    MATH_NAMES,
    OF_SPECIAL,
    adjugate,
    array_templates,
    array_text,
    by_slices,
    counting,
    dtype_name,
    eigenvectors,
    flat,
    pads,
    power_helper,
    spectral_helpers,
)
from gradcli.core.export.spelling import UnwrittenError
from gradcli.core.export.syntax import Helper, Syntax, Template
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import Shape
from gradcli.core.primitives import special

PAD = '''def _pad(part, shape, place):
    """Zeros with a part at its place."""
    return jnp.zeros(shape, dtype=part.dtype).at[place].set(part)'''
PUT_ADD = '''def _put_add(values, indices, length):
    """Zeros with values added at these numbers of the first axis."""
    whole = jnp.zeros((length, *values.shape[indices.ndim :]), dtype=values.dtype)
    return whole.at[indices].add(values)'''
SYMMETRIC = '''def _symmetric(a):
    """The symmetric part of each matrix."""
    return (a + jnp.swapaxes(a, -1, -2)) / 2'''


def reflected(order: int, library: str, digamma: str, zeta: str) -> tuple[str, str]:
    """Digamma and its derivatives, by reflection for x <= 0 (DLMF 5.15.6), for a library without SciPy's own."""
    if order > MOST_ORDERS:
        raise UnwrittenError("polygamma")
    name, what = (
        (f"_polygamma_{order}", f"The derivative of order {order} of digamma")
        if order
        else (
            "_digamma",
            "Digamma",
        )
    )
    value = f"{digamma}(positive)"
    if order:
        # Neither library has the limit at infinity.
        found = f"{zeta}({library}.full_like(x, {float(order + 1)!r}), positive)"
        value = (
            f"{(-1.0) ** (order + 1) * factorial(order)!r} * {library}.where(positive == {library}.inf, 0.0, {found})"
        )
    power = f"{library}.pi ** {order + 1}" if order else f"{library}.pi"
    text = f'''def {name}(x):
    """{what}; by reflection where x <= 0."""
    rest = x - {library}.round(x)
    size = abs(rest)
    cotangent = {library}.sign(rest) * {library}.sin({library}.pi * (0.5 - size)) / {library}.sin({library}.pi * size)
    positive = {library}.where(x > 0, x, 1 - x)
    value = {value}
    reflected = {"-" if order % 2 else ""}value - {power} * {_in_cotangent(order)}
    return {library}.where(x > 0, value, {library}.where(rest == 0, {library}.nan, reflected))'''
    return text, f"{name}({{0}})"


def _in_cotangent(order: int) -> str:
    """The derivative of the cotangent of that order, by itself: P_0 = c and P_(n+1) = -(1 + c^2) P_n'."""
    polynomial = [0, 1]
    for _ in range(order):
        slope = [*(k * c for k, c in enumerate(polynomial)), 0, 0][1:]
        polynomial = [-c - (slope[k - 2] if k >= 2 else 0) for k, c in enumerate([*slope, 0])]
    powers = {0: "", 1: " * cotangent"}
    terms = [f"{c}{powers.get(k, f' * cotangent ** {k}')}" for k, c in enumerate(polynomial) if c]
    return "cotangent" if not order else f"({' + '.join(terms)})"


# The largest order whose factorial is a float.
MOST_ORDERS = special.LARGEST_FACTORIAL


def sinc(node: Application, library: str) -> tuple[str, str]:
    """sin(pi x) / (pi x), turned back by whole numbers first, so that it is 0 at them."""
    if node.attrs["order"]:
        raise UnwrittenError("sinc")
    text = f'''def _sinc(x):
    """sin(pi x) / (pi x), 1 at 0."""
    whole = {library}.round(x)
    sine = (1 - 2 * (whole % 2)) * {library}.sin({pi!r} * (x - whole))
    return {library}.where(x == 0, 1.0, sine / {library}.where(x == 0, 1.0, {pi!r} * x))'''
    return text, "_sinc({0})"


def _beta(node: Application) -> str:
    if node.attrs.get("by_a") or node.attrs.get("by_b"):
        raise UnwrittenError("beta")
    return "special.beta({0}, {1})"


class Jax(Syntax):
    """jax.numpy's functions; none of its arrays is changed in place."""

    title = "JAX"
    library = "jnp"
    inf, nan = "jnp.inf", "jnp.nan"
    named = MATH_NAMES
    taken = frozenset(["jnp", "lax", "special", "expm", "comb", "factorial"])
    templates: Mapping[str, Template] = {
        **array_templates("jnp"),
        **OF_SPECIAL,
        "inv": "jnp.linalg.inv({0})",
        "solve": "jnp.linalg.solve({0}, {1})",
        "pinv": "jnp.linalg.pinv({0}, rtol={rcond})",
        "beta": _beta,
    }
    others: Mapping[str, Helper] = {"power": power_helper("jnp")}
    helpers: Mapping[str, Helper] = {
        "pad": pads(PAD, by_slices("jnp")),
        "sum_of_pads": pads(PAD, by_slices("jnp")),
        "put_add": lambda node: (PUT_ADD, "_put_add({0}, {1}, {length})"),
        "whole_numbers": lambda node: whole_numbers(node, "jnp", "{0}.astype(jnp.int64)"),
        "polygamma": lambda node: reflected(node.attrs["order"], "jnp", "special.digamma", "special.zeta"),
        "sinc": lambda node: sinc(node, "jnp"),
        "cholesky": lambda node: (SYMMETRIC, "jnp.linalg.cholesky(_symmetric({0}))"),
        "eigvalsh": lambda node: (SYMMETRIC, "jnp.linalg.eigvalsh(_symmetric({0}))"),
        "eigenvectors": eigenvectors("jnp"),
        "adjugate": adjugate("jnp"),
        **spectral_helpers("jnp"),
        "expm": lambda node: ("", "expm({0})"),
    }

    def imports(self, text: str) -> str:
        """jax.numpy, and the special functions where they are used."""
        lines = ["import jax.numpy as jnp"]
        if "lax.scan(" in text:
            lines.append("from jax import lax")
        if re.search(r"\bspecial\.", text):
            lines.append("from jax.scipy import special")
        if re.search(r"(?<![.\w])expm\(", text):
            lines.append("from jax.scipy.linalg import expm")
        double = "float64" in text or "int64" in text
        note = '# Numbers of 64 bits need jax.config.update("jax_enable_x64", True) before the first array is made.\n'
        return (note if double else "") + counting(text) + "\n".join(lines) + "\n"

    def tensor(self, text: str, node: Node) -> str:
        """An array of its dtype, which no step changes."""
        return f"jnp.asarray({text}, dtype=jnp.{dtype_name(node.dtype)})"

    def zeros(self, node: Node) -> str:
        """An array of its shape."""
        return f"jnp.zeros({node.shape}, dtype=jnp.{dtype_name(node.dtype)})"

    def joined(self, parts: Sequence[tuple[str, Shape]]) -> str:
        """All raveled."""
        return f"jnp.concatenate([{', '.join(flat(name, shape, 'jnp.ravel({})') for name, shape in parts)}])"

    def loop(self, loop: LoopText) -> list[str]:
        """One that is compiled once, however many steps it makes."""
        return loop.by_scan(self, "lax.scan")

    def argument(self, node: Node, name: str) -> str | None:
        """An array of its dtype, so that numbers and lists will do."""
        return f"{name} = jnp.asarray({name}, dtype=jnp.{dtype_name(node.dtype)})"

    def array(self, node: Constant) -> str:
        """A tensor with its dtype."""
        return array_text(node, "jnp", f"jnp.{dtype_name(node.dtype)}")


def whole_numbers(node: Application, library: str, cast: str) -> tuple[str, str]:
    """Indices counted from the front; a compiled function can't refuse those that are none."""
    if node.attrs.get("what", "index") != "index":
        return "", cast
    text = f'''def _from_the_front(indices, length):
    """Indices of an axis of some length, which count from its end where they are negative."""
    return {library}.where(indices < 0, indices + length, indices)'''
    return text, f"_from_the_front({cast}, {{length}})"
