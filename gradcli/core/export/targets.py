"""The targets by name, and a module for one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from gradcli.core.errors import CoreError
from gradcli.core.export.request import Plan, Request, plan_of
from gradcli.core.export.spelling import UnwrittenError
from gradcli.core.ir.primitive import Application, table


class Target(Protocol):
    """A language, or a library of arrays."""

    @property
    def title(self) -> str:
        """What people call it."""
        ...

    def write(self, plan: Plan) -> str:
        """The text of a module."""
        ...


def _python() -> Target:
    from gradcli.core.export.python import Python

    return Python()


def _numpy() -> Target:
    from gradcli.core.export.numpy import NumPy

    return NumPy()


def _jax() -> Target:
    from gradcli.core.export.jax import Jax

    return Jax()


def _torch() -> Target:
    from gradcli.core.export.torch import Torch

    return Torch()


def _c() -> Target:
    from gradcli.core.export.c import C

    return C()


TARGETS: Mapping[str, Callable[[], Target]] = {
    "python": _python,
    "numpy": _numpy,
    "jax": _jax,
    "torch": _torch,
    "c": _c,
}


def module_text(target: str, request: Request) -> str:
    """The module, in a target's words.

    Raises:
        CoreError: for what the target has no words for; it says which others have.
    """
    plan = plan_of(request)
    try:
        return _written(target, plan)
    except UnwrittenError as error:
        what = str(error)
    others = [name for name in TARGETS if name != target and _writes(name, plan)]
    instead = f"use --to {' or --to '.join(others)}" if others else "leave --to out to see the operations"
    raise CoreError(f"--to {target} has no {f'`{what}`' if what in table() else what}", instead)


def _writes(target: str, plan: Plan) -> bool:
    try:
        _written(target, plan)
    except UnwrittenError:
        return False
    return True


def _written(target: str, plan: Plan) -> str:
    for node in plan.order:
        if isinstance(node, Application) and "body" in node.attrs and node.op.stepwise is None:
            raise UnwrittenError(f"`{node.kind}`: {node.op.told(node)}")
    return TARGETS[target]().write(plan)
