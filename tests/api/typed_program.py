"""A program that uses the package, for the type checker: what it uses well passes, what it uses wrongly is found.

Nothing runs it: mypy checks it with all other files, and reports an `ignore` that hides no mistake.
"""

from __future__ import annotations

import numpy as np

import gradcli
from gradcli import Function, GradcliError, Session, grad, load


def slope(f: Function, x: float) -> float:
    """A gradient as a number."""
    return float(f.grad("x")(x))


def used_well() -> list[str]:
    """Each door once."""
    f: Function = gradcli.function("f(x) = x^2")
    slope(f, 3)
    program = grad("x^2*y", wrt=("x", "y")).compile(x=(1000,), y=())
    name: str = program.inputs[0].name
    source: str = program.source
    order: int = gradcli.derivatives("x^2").name.count("d")
    session = Session(dtype="float32")
    session["x"] = np.ones(3)
    seen = [result.source for result in session.run("x")]
    table = gradcli.derivatives("x^2")(3)
    assert isinstance(table, gradcli.Derivatives)
    formula: str | None = table.rows[0].formula
    try:
        load("net.grad").net(1)
    except GradcliError as error:
        seen += [error.message, str(error.span.line if error.span else None), str(error.hint), error.kind]
    return [*seen, name, source, str(order), str(formula)]


def used_wrongly() -> None:
    """Each line has a mistake that a type checker finds."""
    gradcli.grad(3)  # type: ignore[arg-type]
    gradcli.gard("x")  # type: ignore[operator]
    gradcli.Session().names = ()  # type: ignore[misc]
    table = gradcli.derivatives("x")(1)
    assert isinstance(table, gradcli.Derivatives)
    table.rows = ()  # type: ignore[misc]
