"""One rule for what is made real: ints and bools where real numbers are needed become the session's float type."""

from __future__ import annotations

import pytest

from gradcli.core.ir.nodes import Node
from gradcli.language.library.names import builtins
from gradcli.language.text.diagnostics import Source
from gradcli.language.values.nesting import nodes_in
from gradcli.language.values.values import Function, Required
from gradcli.session.session import Session

# Arguments of whole numbers and of truths; a function takes the first that it accepts.
ARGUMENTS = (
    "i",
    "i, i",
    "i, i, i",
    "m",
    "m, m",
    "m, i",
    "(i, i)",
    "i, 2",
    "2, i",
    "i, 0, 3",
    "b",
    "b, i, i",
    '"i,i->i", i, i',
    "i, 0",
    "i, j",
    "m, j, 0",
    "m, 0, 1",
    "x -> x, i",
    "12, 18",
)
SETUP = "i = int([1, 2]); j = int([0, 1]); m = int([[2, 1], [1, 3]]); b = i > 1"
# They say themselves what type the result has.
CASTS = ("float32", "float64", "float", "int", "int64", "bool")
# What makes functions or plain things rather than numbers.
OTHERS = ("diff", "vmap", "params", "trainable_params", "len", "range", "plot", "fit")
OPERATORS = (
    "i / i",
    "i / 2",
    "i ^ 0.5",
    "i ^ -1",
    "2 ^ i",
    "i * 0.5",
    "i + 1.5",
    "b / i",
    "b * 0.5",
    "-i / 3",
    "i @ i / 1",
)


def floats(call: str, dtype: str) -> set[str] | None:
    """The float types among the results; None where the call is refused."""
    step = Session().run(Source("setup", f"set dtype {dtype}; {SETUP}; result = ({call})"))
    if any(d.severity == "error" for d in step.diagnostics):
        return None
    found = step.session.scope["result"]
    if isinstance(found, Function):
        return set()
    return {node.dtype.value for node in nodes_in(found) if isinstance(node, Node) and node.dtype.is_float}


def names() -> list[str]:
    """Every built-in that takes numbers."""
    return [
        name
        for name, f in builtins().items()
        if isinstance(f, Function)
        and name not in (*CASTS, *OTHERS)
        and not name[0].isupper()
        and any(i.real and isinstance(i.default, Required) for i in f.inputs)
        and f.inputs[0].name != "fn"
    ]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_built_in_makes_real_what_the_session_says(dtype: str) -> None:
    """Whatever it takes, its results are ints, bools, or of the session's float type."""
    taken = 0
    for name in names():
        for arguments in ARGUMENTS:
            found = floats(f"{name}({arguments})", dtype)
            if found is not None:
                taken += 1
                assert found <= {dtype}, f"{name}({arguments})"
                break
        else:
            pytest.fail(f"no arguments here that {name} takes")
    assert taken > 100


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("text", OPERATORS)
def test_operators_follow_the_same_rule(text: str, dtype: str) -> None:
    """Division, powers and numbers with a point."""
    assert floats(text, dtype) == {dtype}


def test_the_constants_are_shown_in_the_sessions_type() -> None:
    """The number e too, which is itself as the base of a power."""
    step = Session().run(Source("s", "set dtype float32\ne\n(e, pi)\nx = e; x"))
    assert len(step.results) == 3
    assert "float64" not in repr(step.results)
