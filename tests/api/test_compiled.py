"""Programs of fixed shapes: they compute what the function does, and take nothing that does not fit."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import gradcli
from gradcli.core.engines.llvm import vectors
from tests.api.test_calls import refused


@pytest.fixture(params=["with machine code", "without"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test with llvmlite and as if it were not installed."""
    if request.param == "without":
        monkeypatch.setattr(vectors, "is_available", lambda: False)
    elif not vectors.is_available():
        pytest.skip("llvmlite is not installed")
    return "numpy" if request.param == "without" else "llvm"


TEXT = "sum(sin(x) * y + x^2)"


def test_it_computes_what_the_function_does(engine: str) -> None:
    """Values, gradients, Hessians, tables; for tensors and numbers; by position and by name."""
    x, y = np.linspace(0, 1, 1000), np.linspace(2, 3, 1000)
    f = gradcli.function(TEXT)
    program = f.compile(x=(1000,), y=(1000,))
    assert program.engine == engine
    assert program(x, y) == program(y=y, x=x) == pytest.approx(f(x, y), rel=1e-14)
    for made in (f.grad(("x", "y")), f.value_and_grad(), f.grad("x", order=2)):
        flat(made.compile((1000,), 1000)(x, y), made(x, y))
    g = gradcli.function("exp(x) * y^3")
    for made in (g.grad("y"), g.hessian(), g.jacobian(), g.grad("x", order=4)):
        flat(made.compile(x=(), y=())(0.5, 2.0), made(0.5, 2.0))
    table = g.derivatives(order=2).compile(x=(), y=())
    assert table.outputs == ("f", "∂f/∂x", "∂f/∂y", "∂²f/∂x²", "∂²f/∂x∂y", "∂²f/∂y²")
    assert table(0.5, 2.0) == pytest.approx([row.tensor.data for row in g.derivatives()(0.5, 2.0).rows])


def flat(found: Any, expected: Any) -> None:
    """Compare nested results."""
    if isinstance(expected, tuple):
        assert isinstance(found, tuple)
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            flat(a, b)
    else:
        assert type(found) is type(expected)
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-15)


def test_any_layout_and_byte_order(engine: str) -> None:
    """Strides, big-endian, read-only, subclasses, smaller types: the numbers count."""
    program = gradcli.function("sin(x) * 2").compile(x=(500,))
    x = np.linspace(0, 1, 500)
    wide = np.zeros((500, 3))
    wide[:, 1] = x
    frozen = x.copy()
    frozen.flags.writeable = False

    class Own(np.ndarray[Any, Any]):
        pass

    askew = np.frombuffer(b"." + x.tobytes(), dtype="float64", offset=1)
    assert not askew.flags.aligned
    for given in (
        askew,
        np.broadcast_to(x, (2, 500))[1],
        wide[:, 1],
        x[::-1][::-1],
        x.astype(">f8"),
        frozen,
        x.view(Own),
        x.tolist(),
    ):
        np.testing.assert_allclose(program(given), np.sin(x) * 2, rtol=1e-14)
    np.testing.assert_allclose(program(np.arange(500)), np.sin(np.arange(500)) * 2, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(program(x.astype("float32")), np.sin(x.astype("float32").astype(float)) * 2)
    assert type(program(x.view(Own))) is np.ndarray


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (np.zeros(499), "shape"),
        (np.zeros(501), "shape"),
        (np.zeros((500, 1)), "shape"),
        (np.zeros((1, 500)), "shape"),
        (np.zeros(()), "shape"),
        (np.zeros(0), "shape"),
        (1.0, "shape"),
        ([1.0] * 499, "shape"),
        ([[1.0], [2.0, 3.0]], "shape"),
        (np.zeros(500, dtype=complex), "dtype"),
        (np.zeros(500, dtype=object), "dtype"),
        (np.zeros(500, dtype=np.longdouble), "dtype"),
        (np.zeros(500, dtype="datetime64[s]"), "dtype"),
        (np.array(["a"] * 500), "dtype"),
        (np.ma.zeros(500), "type"),
        (None, "type"),
        ("abc", "type"),
        ((1.0,) * 500, "type"),
        ({}, "type"),
    ],
)
def test_what_does_not_fit_is_refused(engine: str, given: Any, kind: str) -> None:
    """Never broadcast, cut or read beyond its end."""
    program = gradcli.function("sin(x) * 2").compile(x=(500,))
    error = refused(program, given)
    assert error.kind == kind, error
    assert "`x`" in error.message


def test_dtypes_are_not_cut(engine: str) -> None:
    """float64 goes nowhere where float32 is asked for, floats not where ints are; numbers that are typed do."""
    program = gradcli.function("sin(x) * y").compile(x=(100,), y=(), dtype="float32")
    x = np.linspace(0, 1, 100, dtype="float32")
    found = program(x, 2.0)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.sin(x) * 2, rtol=1e-6)
    assert refused(program, x.astype("float64"), 2.0).hint == "convert it, such as x.astype('float32')"
    assert refused(program, np.arange(100), 2.0).kind == "dtype"
    assert refused(program, x, 1e300).kind == "dtype"
    assert np.isinf(program(x, float("inf"))[1])
    assert program([0.5] * 100, 2)[0] == np.float32(np.sin(np.float32(0.5))) * 2
    number = gradcli.function("x + 1").compile(x=(), dtype="float32")
    assert type(number(np.float32(0.5))) is np.float32
    labels = gradcli.function("x + i").compile(x=(3,), i=np.zeros(3, dtype="int64"))
    assert labels.inputs[1].dtype == "int64"
    np.testing.assert_array_equal(labels(np.zeros(3), [1, 2, 3]), [1, 2, 3])
    for bad in (np.zeros(3), [0.5, 1, 2], np.zeros(3, dtype="uint64"), [2**70, 1, 2]):
        assert refused(labels, np.zeros(3), bad).kind == "dtype"


def test_numbers_are_checked_too() -> None:
    """In programs without arrays."""
    program = gradcli.function("x^2 * y").compile(x=(), y=())
    assert program.engine == "math"
    assert program(3.0, 5.0) == program(3, 5) == program(np.float64(3), np.array(5.0)) == program(x=3, y=5) == 45
    assert program(True, 2) == 2
    assert program(np.int64(3), 5) == 45
    for bad in ("3", None, 3j, np.zeros(2), [3.0], np.array("3"), 10**400, object()):
        assert refused(program, bad, 5.0).kind in ("type", "shape", "dtype"), bad
    assert np.isnan(program(float("nan"), 1.0))
    assert program(1e200, 1.0) == float("inf")


def test_counts_and_names_are_checked(engine: str) -> None:
    """In sentences that say what it takes."""
    program = gradcli.function(TEXT).compile(x=(3,), y=(3,))
    x = np.zeros(3)
    assert refused(program, x).message == "`f` needs a value for `y`"
    assert refused(program, x).hint == "it takes x: float64 (3,), y: float64 (3,)"
    assert "compiled for 2 inputs, and here are 3" in refused(program, x, x, x).message
    assert refused(program, x, z=x).message == "`f` has no input `z`"
    assert refused(program, x, x=x).message == "`x` is given twice"
    assert refused(program).kind == "type"


def test_shapes_are_checked_when_it_is_made() -> None:
    """What is no shape, what is missing, what the function refuses."""
    f = gradcli.function("x @ y")
    assert refused(f.compile, x=(3,)).message == "there is no shape for `y`"
    assert refused(f.compile, x=(3,), y=(4,)).kind == "shape"
    assert refused(f.compile, (3,), x=(3,), y=(3,)).message == "the shape of `x` is given twice"
    assert refused(f.compile, (3,), (3,), (3,)).kind == "type"
    assert refused(f.compile, x=(3,), yy=(3,)).hint == "it takes x, y"
    for bad in ((-1,), (1.5,), "3", None, True, (True,)):
        assert refused(f.compile, x=bad, y=(3,)).kind in ("type", "shape"), bad
    assert refused(f.compile, x=(2**40,), y=(2**40,)).kind in ("value", "shape")
    assert refused(f.compile, x=(3,), y=(3,), dtype="complex64").kind == "dtype"
    assert refused(gradcli.function("(x, sin)").compile, x=()).message.startswith("a program gives tensors")


def test_results_are_the_callers_own(engine: str) -> None:
    """Not the program's buffers, nor an input that came through, nor a constant, nor each other's."""
    x = np.linspace(0, 1, 1000)
    program = gradcli.function("x, x, x[::2], [1, 2, 3] + 0*x[0], sin(x), sin(x), [1, 2]").compile(x=(1000,))
    before = [part.copy() for part in program(x)]
    first = program(x)
    for part in first:
        part[...] = -7
    assert x[5] == np.linspace(0, 1, 1000)[5]
    for part, expected in zip(program(x), before, strict=True):
        np.testing.assert_array_equal(part, expected)
    second = program(x)
    kept = [part.copy() for part in second]
    program(x + 1)
    for part, expected in zip(second, kept, strict=True):
        np.testing.assert_array_equal(part, expected)
    for i, a in enumerate(second):
        assert not np.shares_memory(a, x)
        for b in second[i + 1 :]:
            assert not np.shares_memory(a, b)


def test_empty_arrays(engine: str) -> None:
    """Are arrays like any other."""
    program = gradcli.function("sum(x), x * 2").compile(x=(0, 3))
    total, doubled = program(np.zeros((0, 3)))
    assert total == 0
    assert doubled.shape == (0, 3)
    assert refused(program, np.zeros((3, 0))).kind == "shape"


MODEL = """
model net(x):
    param w = [[1.0, 2.0], [3.0, 4.0]]
    param b = [0.5, -0.5]
    return tanh(x @ w + b)
loss(x, y) = mean((net(x) - y)^2)
"""


def test_parameters_keep_their_value_unless_given(engine: str) -> None:
    """They are inputs by name behind the function's own, so that training needs no new program."""
    session = gradcli.Session()
    session.run(MODEL)
    loss = session["loss"]
    x, y = np.ones((4, 2)), np.zeros((4, 2))
    program = loss.value_and_grad(("net.w", "net.b")).compile(x=x, y=y)
    assert [slot.name for slot in program.parameters] == ["net.w", "net.b"]
    flat(program(x, y), loss.value_and_grad(("net.w", "net.b"))(x, y))
    w = np.zeros((2, 2))
    value, (by_w, _) = program(x, y, **{"net.w": w})
    before = program(x, y)
    session.run("net.w = zeros((2, 2))")
    assert value == pytest.approx(loss(x, y))
    np.testing.assert_allclose(by_w, loss.grad("net.w")(x, y))
    np.testing.assert_array_equal(loss.parameters["net.w"], w)
    # What was compiled keeps what there was then.
    flat(program(x, y), before)
    assert refused(program, x, y, **{"net.w": np.zeros(2)}).kind == "shape"
    assert refused(program, x, y, w).hint == "parameters are given by name"
    steps = loss.parameters
    for _ in range(200):
        value, slopes = program(x, y, **steps)
        steps = {name: old - 0.5 * slope for (name, old), slope in zip(steps.items(), slopes, strict=True)}
    assert value < 1e-3


def test_its_source_is_that_of_gradcli_code() -> None:
    """Python for numbers, which runs by itself; a schedule for arrays."""
    program = gradcli.grad("x^2*y", ("x", "y")).compile(x=(), y=())
    scope: dict[str, Any] = {}
    exec(program.source, scope)
    assert scope["f"](3.0, 5.0) == program(3.0, 5.0) == (30.0, 9.0)
    assert "# returns ∂f/∂x, ∂f/∂y" in program.source
    schedule = gradcli.function("sin(x)").compile(x=(1000,))
    assert "def f(x: float64(1000,)):" in schedule.source
    assert repr(schedule).startswith("<gradcli program f(x: float64(1000,)), ")


def test_threads_take_turns(engine: str) -> None:
    """A program's buffers are in nobody else's hands while it runs."""
    program = gradcli.function("sum(exp(sin(x) * 3) / (1 + x^2)), tanh(x) * x").compile(x=(2000,))
    inputs = [np.full(2000, 0.1 * i) for i in range(4)]
    expected = [program(x) for x in inputs]
    wrong: list[int] = []

    def work(i: int) -> None:
        for _ in range(200):
            total, found = program(inputs[i])
            if total != expected[i][0] or not np.array_equal(found, expected[i][1]):
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_random_numbers_are_drawn_when_it_is_made() -> None:
    """Once; the session's go on from there."""
    session = gradcli.Session()
    session.run("set seed 3\nf(x) = x + normal()")
    program = session["f"].compile(x=())
    assert program(0.0) == program(0.0) != session["f"](0.0)
