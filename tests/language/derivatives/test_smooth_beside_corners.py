"""A corner of no slope beside any smooth function changes nothing of its second derivatives, and nothing is said."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from gradcli.session.results import Shown
from tests.language.running import run, unpack

FUNCTIONS = ["sin", "cos", "exp", "tanh", "sqrt", "sigmoid", "atan", "log", "erf", "abs"]


def expressions() -> st.SearchStrategy[str]:
    """Texts of x and y that are smooth where both are positive."""
    leaves = st.sampled_from(["x", "y", "2", "0.5", "3", "1e3", "1e-3"])
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
            st.tuples(st.sampled_from(FUNCTIONS), inner).map(lambda t: f"{t[0]}({t[1]})"),
            st.tuples(inner, st.sampled_from(["2", "3", "-1", "0.5", "1.5"])).map(lambda t: f"({t[0]})^{t[1]}"),
            st.tuples(inner, inner).map(lambda t: f"hypot({t[0]}, {t[1]})"),
        ),
        max_leaves=7,
    )


@given(text=expressions(), x=st.floats(0.3, 2.0), y=st.floats(0.3, 2.0))
def test_a_corner_of_the_third_order_is_none_of_the_second(text: str, x: float, y: float) -> None:
    """By the Hessian and by the table of derivatives, with and without abs(x - x0)^3."""
    point = f"({x!r}, {y!r})"
    plain = run(f"f(x, y) = {text} + 0*x*y\nhessian(f){point}; derivatives(f, order=2){point}")
    assume(not plain.diagnostics)
    wanted = [unpack(r.value) for r in plain.results if isinstance(r, Shown)]
    assume(all(np.isfinite(np.asarray(w, float)).all() and abs(np.asarray(w, float)).max() < 1e100 for w in wanted))
    cornered = run(f"f(x, y) = {text} + 0*x*y + abs(x - {x!r})^3\nhessian(f){point}; derivatives(f, order=2){point}")
    assert not cornered.diagnostics, [d.message for d in cornered.diagnostics]
    got = [unpack(r.value) for r in cornered.results if isinstance(r, Shown)]
    for a, b in zip(got, wanted, strict=True):
        size = abs(np.asarray(b, float)).max()
        np.testing.assert_allclose(np.asarray(a, float), np.asarray(b, float), rtol=1e-6, atol=1e-9 * size)
