"""How the library announces a function or a layer: its Python signature is its signature in the language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Parameter
from gradcli.core.library.random import Random
from gradcli.core.records import record

F = TypeVar("F", bound=Callable[..., Any])


@record
class Composed:
    """A function of the library. The annotations of `function` say which arguments are tensors.

    `pointwise` says that each element of the result needs only those at its place.
    """

    name: str
    function: Callable[..., Any]
    summary: str
    example: str
    pointwise: bool = False


@record
class Layer:
    """A model ready made: its parameters by name, and its call on tensors.

    `inputs` are tensors; where none are named, the signature of `call` says what it takes, as a function's of the
    library. `beside` is what else stands behind a point. One that `draws` gets a Studio first. `doubt` says what may be
    meant otherwise of what it is called with, as a message and what to do.
    """

    kind: str
    inputs: tuple[str, ...]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    call: Callable[..., Any] = field(kw_only=True)
    beside: Mapping[str, Any] = field(default_factory=dict, kw_only=True)
    draws: bool = field(default=False, kw_only=True)
    doubt: Callable[..., tuple[str, str] | None] | None = field(default=None, kw_only=True)


@record
class Maker:
    """What makes a layer. `function` takes a Studio first, then the arguments that the language gives."""

    name: str
    function: Callable[..., Layer]
    summary: str
    example: str


@dataclass
class Studio:
    """What a layer's initial parameters are drawn with, or what it draws in a call."""

    random: Random
    dtype: DType


COMPOSED: dict[str, Composed] = {}
LAYERS: dict[str, Maker] = {}


def composed(summary: str, *names: str, example: str = "", pointwise: bool = False) -> Callable[[F], F]:
    """Enter a function under names of the language; its own, less a closing underscore, if none is given.

    `example` are lines to type that show what it does, and its docstring is what help says beyond the summary.
    What is `pointwise` is that of each item of a tuple too.
    """

    def announce(function: F) -> F:
        for name in names or (function.__name__.rstrip("_"),):
            COMPOSED[name] = Composed(name, function, summary, example, pointwise)
        return function

    return announce


def layer(summary: str, example: str = "") -> Callable[[F], F]:
    """Enter the maker of a layer under its own name, with lines to type as an `example`; its docstring is help too."""

    def announce(function: F) -> F:
        LAYERS[function.__name__] = Maker(function.__name__, function, summary, example)
        return function

    return announce
