"""gradcli: a calculator for gradients, on the command line and from Python.

    >>> import gradcli
    >>> gradcli.grad("x^2*y", wrt=("x", "y"))(3, 5)
    (30.0, 9.0)

`evaluate` gives the value of an expression; `function` makes a function of a text, and `grad`, `value_and_grad`,
`jacobian`, `hessian` and `derivatives` its derivatives, each a `Function` again, whose `compile` makes a program for
fixed shapes; `load` runs a file of definitions, and a `Session` keeps what is defined in it. A mistake is a
`GradcliError`, what is odd a `GradcliWarning`.

Sessions have nothing in common, so that threads may each have one. Threads may also share a session, a function or a
compiled program: they take turns, call by call.
"""

from __future__ import annotations

__version__ = "0.1.0"

# Type checkers take it for typing's; importing that costs more than all else here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from gradcli.api.compiled import Compiled as Compiled
    from gradcli.api.errors import GradcliError as GradcliError
    from gradcli.api.errors import GradcliWarning as GradcliWarning
    from gradcli.api.frameworks import to_jax as to_jax
    from gradcli.api.frameworks import to_torch as to_torch
    from gradcli.api.functions import Function as Function
    from gradcli.api.ipython import load_ipython_extension as load_ipython_extension
    from gradcli.api.results import Derivatives as Derivatives
    from gradcli.api.results import Results as Results
    from gradcli.api.sessions import Module as Module
    from gradcli.api.sessions import Session as Session
    from gradcli.api.sessions import load as load
    from gradcli.api.shortcuts import derivatives as derivatives
    from gradcli.api.shortcuts import evaluate as evaluate
    from gradcli.api.shortcuts import function as function
    from gradcli.api.shortcuts import grad as grad
    from gradcli.api.shortcuts import hessian as hessian
    from gradcli.api.shortcuts import jacobian as jacobian
    from gradcli.api.shortcuts import value_and_grad as value_and_grad

# Where each name is made; it is imported when it is first asked for.
_MADE_IN = {
    "Compiled": "compiled",
    "Derivatives": "results",
    "Function": "functions",
    "GradcliError": "errors",
    "GradcliWarning": "errors",
    "Module": "sessions",
    "Results": "results",
    "Session": "sessions",
    "derivatives": "shortcuts",
    "evaluate": "shortcuts",
    "function": "shortcuts",
    "grad": "shortcuts",
    "hessian": "shortcuts",
    "jacobian": "shortcuts",
    "load": "sessions",
    "load_ipython_extension": "ipython",
    "to_jax": "frameworks",
    "to_torch": "frameworks",
    "value_and_grad": "shortcuts",
}

__all__ = [  # noqa: RUF022 - the version first
    "__version__",
    "Compiled",
    "Derivatives",
    "Function",
    "GradcliError",
    "GradcliWarning",
    "Module",
    "Results",
    "Session",
    "derivatives",
    "evaluate",
    "function",
    "grad",
    "hessian",
    "jacobian",
    "load",
    "load_ipython_extension",
    "to_jax",
    "to_torch",
    "value_and_grad",
]


def __getattr__(name: str) -> object:
    if name not in _MADE_IN:
        raise AttributeError(f"module 'gradcli' has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f"gradcli.api.{_MADE_IN[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_MADE_IN})
