"""A model at other weights: its parameters stand for values of the caller's, which may be differentiated by."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import cast

from gradcli.core.ir.nodes import Constant, Node, Parameter
from gradcli.core.ir.promotion import cast as to_dtype
from gradcli.core.records import structure
from gradcli.language.calls.nested import as_tuple
from gradcli.language.calls.reach import parameters_of
from gradcli.language.calls.tracing import replace_nodes
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.convert import to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.identity import identity_of
from gradcli.language.values.values import Caller, Function, Named, Parameters, Rewrite, Value


@structure
class AtWeights(Function):
    """What `with_params` gives: a function in whose calls its parameters have the values of `weights`, in order."""

    of: Function
    weights: Value
    kind: str = "function"
    parametrized = False

    def __post_init__(self) -> None:
        self.name, self.inputs = self.of.name, self.of.inputs

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The function's result at these weights.

        Raises:
            LanguageError: for weights that are not one for each parameter, of its shape.
        """
        there = parameters_of(caller, self.of)
        new = matched(there, self.weights, caller, span)
        # A parameter of its own for each call: what the function differentiates by its weights is by these, and what
        # else is made of the old ones stays as it is.
        stand_ins = {
            old.key: Parameter(old.name, cast("Constant", node), old.key)
            for old, node in zip(there.nodes, new, strict=True)
        }
        with caller.standing_in(stand_ins):
            result = self.of.call(caller, values, span, fresh)
        return replace_nodes(result, dict(zip(stand_ins.values(), new, strict=True)))

    @cached_property
    def identity(self) -> Hashable | None:
        """That of its function and weights."""
        return identity_of(AtWeights, self.of, self.weights)

    def substituted(self, substitution: Rewrite) -> AtWeights:
        """The same where function and weights are what they stand for among the caller's values."""
        return replace(self, of=self.of.substituted(substitution), weights=substitution.value(self.weights))


def at_weights(caller: Caller, function: Function, weights: Value, span: Span) -> AtWeights:
    """A function at other weights; that they fit is seen now, not at the first call.

    Raises:
        LanguageError: for weights that are not one for each parameter, of its shape.
    """
    matched(parameters_of(caller, function), weights, caller, span)
    return AtWeights(function, as_tuple(weights))


def matched(there: Parameters, weights: Value, caller: Caller, span: Span) -> list[Node]:
    """One tensor for each parameter, of its shape and dtype.

    Raises:
        LanguageError: naming the parameter that gets none, or one that doesn't fit.
    """
    if not there.nodes:
        raise fail("type", f"`{there.of}` has no parameters", span, "give it some with `param w = ...`")
    items = _by_name(there, weights, span) if isinstance(weights, Named) else as_tuple(weights)
    count = len(there.nodes)
    listed = ", ".join(f"`{name}`" for name in there.names)
    if not isinstance(items, tuple):
        what = f"`{there.of}` takes a tuple of {count}, one value for each parameter, and here is {describe(items)}"
        raise fail("type", what, span, f"its parameters are {listed}, as `params({there.of})` lists them")
    if len(items) != count:
        which = f"; `{there.names[len(items)]}` gets none" if len(items) < count else ""
        raise fail(
            "shape",
            f"`{there.of}` has {count} {'parameter' if count == 1 else 'parameters'}, and here "
            f"{'is' if len(items) == 1 else 'are'} {len(items)}{which}",
            span,
            f"its parameters are {listed}",
        )
    return [_fitting(*part, caller, span) for part in zip(there.names, there.nodes, items, strict=True)]


def _by_name(there: Parameters, named: Named, span: Span) -> Value:
    """What a file holds for each parameter, whatever the model was called when it was written."""
    known = {re.sub(r"\[(\d+)\]", r".\1", key).lstrip("."): part for key, part in named.parts.items()}
    known = {**{key.partition(".")[2]: part for key, part in known.items()}, **known}
    found: list[Value] = []
    for name in there.names:
        plain = re.sub(r"\[(\d+)\]", r".\1", name).lstrip(".")
        key = next((k for k in (plain, plain.partition(".")[2]) if k and k in known), None)
        if key is None:
            listed = ", ".join(list(named.parts)[:8])
            raise fail("name", f"{describe(named)} has nothing for `{name}`", span, f"there are {listed}")
        found.append(known[key])
    return tuple(found)


def assign(caller: Caller, there: Value, value: Value, span: Span, at_top: bool) -> None:
    """Give a parameter a new value, or each of several theirs, wherever their model is used from now on.

    Raises:
        LanguageError: for what is no parameter, inside a function, and for values that don't fit.
    """
    if isinstance(there, Parameters) and at_top:
        new = matched(there, value, caller, span)
        for old, name, node in zip(there.nodes, there.names, new, strict=True):
            caller.train(old, node, name, span)
    elif isinstance(there, Parameter) and at_top:
        caller.train(there, value, span.text, span)
    else:
        raise fail("type", f"`{span.text}` is no parameter", span, "only parameters can be given a value")


def _fitting(name: str, old: Parameter, item: Value, caller: Caller, span: Span) -> Node:
    if isinstance(item, (bool, str, tuple)) or not isinstance(item, (int, float, Node)):
        raise fail("type", f"the parameter `{name}` is a number or a tensor, not {describe(item)}", span)
    node = to_node(item, caller.dtype, span)
    if node.shape != old.shape:
        raise fail(
            "shape",
            f"the parameter `{name}` has shape {old.shape}, and is given shape {node.shape}",
            span,
            "a parameter keeps its shape; define the model again for another",
        )
    return to_dtype(node, old.dtype)
