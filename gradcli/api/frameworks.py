"""Functions of JAX and PyTorch, made of the code that `gradcli code --to` writes, with our derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from gradcli.api.compiled import joined, tensors_of
from gradcli.api.functions import Function, as_function
from gradcli.api.home import GIVEN, guarded, refuse
from gradcli.core.export.request import Request
from gradcli.core.export.targets import module_text
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, filled, fresh_input
from gradcli.core.ir.traversal import substitute
from gradcli.core.transforms.forward import jvp
from gradcli.core.transforms.reverse import vjp
from gradcli.language.calls.reach import parameters_of
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.text.diagnostics import Source, Span, near
from gradcli.language.values.nesting import nodes_in
from gradcli.language.values.values import Required, Value

# What an argument is to a program: its shape and the name of its dtype.
Form = tuple[tuple[int, ...], str]


class Traced(NamedTuple):
    """A graph at inputs of some shapes: its outputs, its inputs, and what puts the outputs in their structure."""

    outputs: list[Node]
    inputs: list[Node]
    put: Callable[[Sequence[Any]], Any]


def to_jax(of: Function | str) -> Callable[..., Any]:
    """A function of JAX's arrays, for `jax.jit`, `jax.grad`, `jax.vmap` and all else of JAX.

    Inputs go by position or name, parameters by name; those that are not given are as they are now. Derivatives of
    numbers are ours at every order; of tensors they are at the first, and JAX transposes what it pulls back.
    Where an input is float64, `jax_enable_x64` must be set, as for all of JAX.

    Raises:
        GradcliError: for what JAX has no words for, when it is called, and for what is no function.
    """
    return _Bridge(as_function(of), Jax())


def to_torch(of: Function | str) -> Callable[..., Any]:
    """A function of PyTorch's tensors, on whichever device they are, with `backward` at any order by our derivatives.

    Inputs go by position or name, parameters by name; those that are not given are as they are now.

    Raises:
        GradcliError: for what PyTorch has no words for, when it is called, and for what is no function.
    """
    return _Bridge(as_function(of), Torch())


class _Bridge:
    """A function that is traced, written and read by the framework once for each shape of its arguments."""

    def __init__(self, of: Function, framework: Jax | Torch) -> None:
        self._of, self._framework = of, framework
        self._made: dict[tuple[tuple[str, Form], ...], tuple[Callable[..., Any], Any]] = {}
        self._parameters = of.parameters
        self.__name__ = of.name

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        given = guarded(lambda: self._bound(args, kwargs), Source(GIVEN, self._of.name))
        arrays = {name: self._framework.array(value) for name, value in given.items()}
        key = tuple((name, self._framework.form(array)) for name, array in arrays.items())
        if key not in self._made:
            traced = self._traced(dict(key))
            written = self._framework.written(traced.outputs, traced.inputs)
            self._made[key] = written, traced.put
        function, put = self._made[key]
        return put(function(*arrays.values()))

    def _bound(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        inputs = self._of._of.inputs
        names = [i.name for i in inputs]
        if len(args) > len(names):
            takes = f"it takes {', '.join(names) or 'nothing'}"
            raise refuse("type", f"`{self._of.name}` has {len(names)} inputs, and here are {len(args)}", takes)
        given = dict(zip(names, args, strict=False))
        for name, value in kwargs.items():
            known = [*names, *self._parameters]
            if name in given or name not in known:
                what = "is given twice" if name in given else "is no input or parameter"
                raise refuse("type", f"`{name}` {what}", near(name, known) or f"there are {', '.join(known)}")
            given[name] = value
        missing = [i.name for i in inputs if i.name not in given and isinstance(i.default, Required)]
        if missing:
            listed = ", ".join(f"`{name}`" for name in missing)
            raise refuse("type", f"`{self._of.name}` needs a value for {listed}", None)
        return given

    def _traced(self, forms: Mapping[str, Form]) -> Traced:
        of, source = self._of._of, Source(GIVEN, self._of.name)

        def work(interpreter: Interpreter) -> Traced:
            span = Span(source, 0, len(source.text))
            made = {name: fresh_input(name, shape, DType(dtype)) for name, (shape, dtype) in forms.items()}
            values: list[Value] = []
            for i in of.inputs:
                default: Value = () if i.variadic else None if isinstance(i.default, Required) else i.default
                values.append(made.get(i.name, default))
            found = parameters_of(interpreter, of)
            outputs = tensors_of(of.call(interpreter, values, span, fresh=True), interpreter.dtype, span)
            there = dict(zip(found.names, found.nodes, strict=True))
            own = {i.name for i in of.inputs}
            for name, (shape, dtype) in forms.items():
                if name not in own and (shape, dtype) != (there[name].shape, there[name].dtype.value):
                    wanted = f"{there[name].dtype.value} {there[name].shape}"
                    raise refuse("shape", f"the parameter `{name}` is {wanted}, and is given {dtype} {shape}", None)
            inputs: list[Node] = [made[name] if name in own else there[name] for name in forms]
            return Traced([*nodes_in_order(outputs)], inputs, joined(outputs))

        return self._of._home.call(work, source)

    def __repr__(self) -> str:
        return f"<{self._of.name} as a function of {self._framework.title}>"


def nodes_in_order(value: Value) -> list[Node]:
    """The tensors of a result from left to right, each as often as it stands there."""
    if isinstance(value, tuple):
        return [node for item in value for node in nodes_in_order(item)]
    return [*nodes_in(value)]


def _loaded(target: str, outputs: Sequence[Node], inputs: Sequence[Node]) -> Callable[..., Sequence[Any]]:
    """The function of the module that is written for some outputs; it gives a tuple."""
    called = [f"x{i}" for i in range(len(inputs))]
    labels = [f"r{i}" for i in range(len(outputs))]
    new = [fresh_input(name, node.shape, node.dtype) for name, node in zip(called, inputs, strict=True)]
    outputs = substitute(outputs, dict(zip(inputs, new, strict=True)))
    request = Request(outputs, labels, new, [], called, "f", "f", "")
    scope: dict[str, Any] = {}
    # The text that was written here, of nothing that anybody else wrote.
    text = guarded(lambda: module_text(target, request), Source(GIVEN, "f"))
    exec(compile(text, f"<gradcli for {target}>", "exec"), scope)
    function = scope["f"]

    def called_for_all(*arrays: Any) -> Sequence[Any]:
        found = function(*arrays)
        return found if isinstance(found, (tuple, list)) else (found,)

    return called_for_all


class Jax:
    """JAX: a rule for tangents, from which it makes every mode."""

    title = "JAX"

    def array(self, value: Any) -> Any:
        """An array of JAX's."""
        import jax.numpy as jnp

        return jnp.asarray(value, dtype=float if isinstance(value, int) and not isinstance(value, bool) else None)

    def form(self, array: Any) -> Form:
        """Its shape and dtype."""
        return tuple(array.shape), _dtype(str(array.dtype))

    def written(self, outputs: Sequence[Node], inputs: Sequence[Node]) -> Callable[..., Sequence[Any]]:
        """The function with its rule."""
        return _with_rule(outputs, inputs)


def _with_rule(outputs: Sequence[Node], inputs: Sequence[Node]) -> Callable[..., Sequence[Any]]:
    """A function of JAX's; what it is differentiated by is written when that is first asked for.

    The slopes of numbers are such a function again, so that derivatives of any order are ours; those of tensors are the
    graph of forward mode, whose transpose JAX makes.
    """
    import numpy as np
    from jax import custom_jvp, dtypes
    from jax import numpy as jnp

    moving = [i for i, node in enumerate(inputs) if node.dtype.is_float]
    real = [j for j, node in enumerate(outputs) if node.dtype.is_float]
    made: list[Callable[..., Sequence[Any]]] = []
    value = _loaded("jax", outputs, inputs)
    function: Any = custom_jvp(lambda *arrays: tuple(value(*arrays)))

    def by_slopes(primals: Sequence[Any], moves: Sequence[Any]) -> list[Any]:
        if not made:
            wrt = [inputs[i] for i in moving]
            slopes = [slope for j in real for slope in vjp([outputs[j]], wrt, [filled(1.0, outputs[j])])]
            made.append(_with_rule(slopes, inputs))
        found = iter(made[0](*primals))
        return [sum(jnp.sum(next(found) * move) for move in moves) for _ in real]

    def by_rates(primals: Sequence[Any], moves: Sequence[Any]) -> list[Any]:
        if not made:
            tangents = [fresh_input(f"t{i}", inputs[i].shape, inputs[i].dtype) for i in moving]
            rates = jvp([outputs[j] for j in real], [inputs[i] for i in moving], tangents)
            made.append(_loaded("jax", rates, [*inputs, *tangents]))
        return [*made[0](*primals, *moves)]

    def rule(primals: Sequence[Any], moves: Sequence[Any]) -> Any:
        found = function(*primals)
        slopes: list[Any] = [np.zeros(node.shape, dtypes.float0) for node in outputs]
        if real and moving:
            by = by_slopes if all(outputs[j].shape == () for j in real) else by_rates
            rates = by(primals, [moves[i] for i in moving])
        else:
            rates = [jnp.zeros_like(found[j]) for j in real]
        for j, rate in zip(real, rates, strict=True):
            slopes[j] = jnp.asarray(rate, found[j].dtype)
        return found, tuple(slopes)

    function.defjvp(rule)
    return function  # type: ignore[no-any-return]


class Torch:
    """PyTorch: a function whose backward pass is such a function again."""

    title = "PyTorch"

    def array(self, value: Any) -> Any:
        """A tensor."""
        import torch

        if isinstance(value, torch.Tensor):
            return value
        found = torch.as_tensor(value)
        plain = isinstance(value, (int, float)) and not isinstance(value, bool)
        return found.to(torch.float64) if plain else found

    def form(self, array: Any) -> Form:
        """Its shape and dtype."""
        return tuple(array.shape), _dtype(str(array.dtype).removeprefix("torch."))

    def written(self, outputs: Sequence[Node], inputs: Sequence[Node]) -> Callable[..., Sequence[Any]]:
        """The function with its backward pass."""
        return _differentiable(outputs, inputs)


def _differentiable(outputs: Sequence[Node], inputs: Sequence[Node]) -> Callable[..., Sequence[Any]]:
    """A function of PyTorch's; what it is differentiated by is written when that is first asked for."""
    import torch

    value = _loaded("torch", outputs, inputs)
    moving = [i for i, node in enumerate(inputs) if node.dtype.is_float]
    real = [j for j, node in enumerate(outputs) if node.dtype.is_float]
    back: list[Callable[..., Sequence[Any]]] = []

    def adjoint() -> Callable[..., Sequence[Any]]:
        if not back:
            seeds = [fresh_input(f"g{j}", outputs[j].shape, outputs[j].dtype) for j in real]
            found = vjp([outputs[j] for j in real], [inputs[i] for i in moving], seeds)
            back.append(_differentiable(list(found), [*inputs, *seeds]))
        return back[0]

    def forward(ctx: Any, *arrays: Any) -> Any:
        ctx.save_for_backward(*arrays)
        found = tuple(torch.as_tensor(r) for r in value(*arrays))
        # What comes through as it was given would lose its history.
        found = tuple(r.clone() if any(r is a for a in arrays) else r for r in found)
        ctx.mark_non_differentiable(*(r for r in found if not r.is_floating_point()))
        return found

    def backward(ctx: Any, *slopes: Any) -> Any:
        arrays = ctx.saved_tensors
        found: list[Any] = [None] * len(arrays)
        for i, part in zip(moving, adjoint()(*arrays, *(slopes[j] for j in real)), strict=True):
            found[i] = part
        return tuple(found)

    methods = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    ours: Any = type("Ours", (torch.autograd.Function,), methods)
    return ours.apply  # type: ignore[no-any-return]


def _dtype(name: str) -> str:
    if name not in [d.value for d in DType]:
        known = ", ".join(d.value for d in DType)
        raise refuse("dtype", f"`{name}` is no dtype that there is here", f"dtypes are {known}")
    return name
