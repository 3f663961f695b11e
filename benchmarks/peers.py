"""What several families need of a peer."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

from benchmarks.harness import Run


def jax_gradient(function: Callable[..., Any], given: list[Any], with_value: bool = False) -> Run:
    """The gradient of a function of all its arguments by jax.jit, outputs waited for."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    by = tuple(range(len(given)))
    derivative = jax.jit(jax.value_and_grad(function, by) if with_value else jax.grad(function, by))
    arrays = [jnp.asarray(a) for a in given]
    return lambda: jax.block_until_ready(derivative(*arrays))


def jax_call(function: Callable[..., Any], *given: Any) -> Run:
    """A function jitted and called with arrays, outputs waited for."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    compiled = jax.jit(function)
    arrays = [a if isinstance(a, list) else jnp.asarray(a) for a in given]
    return lambda: jax.block_until_ready(compiled(*arrays))


def torch_gradient(function: Callable[..., Any], given: list[Any], with_value: bool = False) -> Run:
    """The gradient by PyTorch's eager autograd."""
    import torch

    leaves = [torch.tensor(a, requires_grad=True) for a in given]

    def run() -> object:
        value = function(*leaves)
        slopes = torch.autograd.grad(value, leaves)
        return (value.detach(), slopes) if with_value else slopes

    return run


def has(name: str) -> bool:
    """Whether a peer is installed."""
    return importlib.util.find_spec(name) is not None
