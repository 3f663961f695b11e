"""Functions of JAX and PyTorch: values and derivatives as NumPy has them, over the whole table."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest

import gradcli
from gradcli.api.frameworks import Jax, Torch
from gradcli.core.ir.nodes import filled
from gradcli.core.ir.primitive import Primitive
from gradcli.core.transforms.reverse import vjp
from tests.core.export.harness import cases, is_open
from tests.core.sampling import TABLE, run

MODEL = (
    "model net(x):\n    param w = [1.0, 2.0]\n    param b = 0.5\n    return x @ w + b, sum(where(x > 0, log(x), 0))\n"
)


@pytest.fixture
def jax() -> Any:
    """JAX with numbers of 64 bits."""
    found = pytest.importorskip("jax", reason="jax is not installed")
    found.config.update("jax_enable_x64", True)
    return found


@pytest.fixture
def torch() -> Any:
    """PyTorch."""
    return pytest.importorskip("torch", reason="torch is not installed")


def differentiated(primitive: Primitive) -> list[tuple[Any, Any, list[Any]]]:
    """The calls of a primitive's examples, its node with what it pulls back, at points, and all of them by NumPy."""
    found = []
    for case in list(cases(primitive, np.random.default_rng(0)))[:2]:
        moving = [x for x in case.inputs if x.dtype.is_float] if case.output.dtype.is_float else []
        slopes = vjp([case.output], moving, [filled(1.0, case.output)]) if moving else ()
        arrays = case.arrays[0]
        found.append((case, moving, run([case.output, *slopes], case.inputs, arrays)))
    return found


@pytest.mark.parametrize("primitive", TABLE.values(), ids=TABLE)
def test_jax_over_the_whole_table(primitive: Primitive, jax: Any) -> None:
    """What it pulls back of each primitive is ours, also where it is compiled."""
    for case, moving, (value, *slopes) in differentiated(primitive):
        if is_open("jax", primitive.name, case.arrays[0]):
            continue
        arrays = [jax.numpy.asarray(a) for a in case.arrays[0]]
        with suppress(gradcli.GradcliError):
            function = Jax().written([case.output], case.inputs)
            assert np.allclose(function(*arrays)[0], value, rtol=1e-11, atol=1e-13, equal_nan=True)
            if moving:
                places = tuple(case.inputs.index(x) for x in moving)
                slope = jax.grad(lambda *a, f=function: jax.numpy.sum(f(*a)[0]), argnums=places)
                for mine, ours in zip(jax.jit(slope)(*arrays), slopes, strict=True):
                    assert np.allclose(mine, ours, rtol=1e-10, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("primitive", TABLE.values(), ids=TABLE)
def test_torch_over_the_whole_table(primitive: Primitive, torch: Any) -> None:
    """The same of PyTorch."""
    for case, moving, (value, *slopes) in differentiated(primitive):
        arrays = [torch.as_tensor(np.array(a)) for a in case.arrays[0]]
        wanted = [a.requires_grad_() for a, x in zip(arrays, case.inputs, strict=True) if x in moving]
        with suppress(gradcli.GradcliError):
            found = Torch().written([case.output], case.inputs)(*arrays)[0]
            assert np.allclose(found.detach(), value, rtol=1e-11, atol=1e-13, equal_nan=True)
            if moving:
                for mine, ours in zip(torch.autograd.grad(found.sum(), wanted), slopes, strict=True):
                    assert np.allclose(mine, ours, rtol=1e-10, atol=1e-12, equal_nan=True)


def test_jax_takes_it_for_one_of_its_own(jax: Any) -> None:
    """Compiled, mapped, differentiated in both modes and again; a strong zero stays one."""
    f = gradcli.to_jax("x^2*sin(y)")
    assert f(3, 2) == pytest.approx(9 * np.sin(2), rel=1e-14)
    assert jax.jit(jax.grad(jax.grad(f)))(3.0, 2.0) == pytest.approx(2 * np.sin(2), rel=1e-14)
    assert jax.grad(jax.grad(jax.grad(f, 1)))(3.0, 2.0) == pytest.approx(2 * np.cos(2), rel=1e-14)
    hessian = jax.hessian(f, argnums=(0, 1))(3.0, 2.0)
    assert np.allclose(hessian, [[2 * np.sin(2), 6 * np.cos(2)], [6 * np.cos(2), -9 * np.sin(2)]], rtol=1e-14)
    x = np.arange(3.0)
    assert np.allclose(jax.vmap(jax.grad(f))(x, x), 2 * x * np.sin(x), rtol=1e-14)
    session = gradcli.Session()
    session.run(MODEL)
    net = gradcli.to_jax(session["net"])
    x = jax.numpy.array([2.0, -1.0])
    assert jax.grad(lambda x: net(x)[1])(x).tolist() == [0.5, 0.0]
    assert jax.grad(lambda w: net(x, w=w)[0])(jax.numpy.array([3.0, 4.0])).tolist() == [2.0, -1.0]


def test_torch_takes_it_for_one_of_its_own(torch: Any) -> None:
    """Differentiated again and again; a strong zero stays one; parameters are given by name."""
    f = gradcli.to_torch("x^2*sin(y)")
    x, y = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (3.0, 2.0))
    assert torch.autograd.gradcheck(f, (x, y))
    assert torch.autograd.gradgradcheck(f, (x, y))
    (first,) = torch.autograd.grad(f(x, y), x, create_graph=True)
    (second,) = torch.autograd.grad(first, y, create_graph=True)
    assert torch.autograd.grad(second, x)[0].item() == pytest.approx(2 * np.cos(2), rel=1e-14)
    session = gradcli.Session()
    session.run(MODEL)
    net = gradcli.to_torch(session["net"])
    at = torch.tensor([2.0, -1.0], dtype=torch.float64, requires_grad=True)
    w = torch.tensor([3.0, 4.0], dtype=torch.float64, requires_grad=True)
    first, second = net(at, w=w)
    assert torch.autograd.grad(second, at, retain_graph=True)[0].tolist() == [0.5, 0.0]
    assert torch.autograd.grad(first, w)[0].tolist() == [2.0, -1.0]


@pytest.mark.parametrize("make", [gradcli.to_jax, gradcli.to_torch])
def test_what_is_refused(make: Any, request: pytest.FixtureRequest) -> None:
    """As a compiled program does."""
    request.getfixturevalue("jax" if make is gradcli.to_jax else "torch")
    f = make("x^2*y")
    for given, named, said in (
        ((1,), {}, "needs a value for `y`"),
        ((1, 2, 3), {}, "has 2 inputs, and here are 3"),
        ((1, 2), {"y": 3}, "`y` is given twice"),
        ((1, 2), {"z": 3}, "`z` is no input or parameter"),
    ):
        with pytest.raises(gradcli.GradcliError, match=said):
            f(*given, **named)
