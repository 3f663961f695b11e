"""Running a loop: numbers by one Python function on math that has the loop in it, arrays by a program for each step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from gradcli.core.calculus.bodies import Body, body_of
from gradcli.core.engines.constants import computed
from gradcli.core.engines.evaluation import WORTH_COMPILING, work_of_calls
from gradcli.core.engines.ieee import helpers_of, without_exceptions
from gradcli.core.engines.program import Program
from gradcli.core.engines.scalar import suits_scalar
from gradcli.core.engines.straight import SCOPE, lines_of, plain_template
from gradcli.core.interrupt import check
from gradcli.core.ir.arrays import plain
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Primitive
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.loops.layout import Layout, layout_of
from gradcli.core.loops.machine import Machine, NativeCall
from gradcli.core.loops.scalarized import Scalarized
from gradcli.core.simplify.canonical import canonical

# So many steps are made between two looks at whether anybody waits for them still.
STEPS_AT_ONCE = 2**14


class Runner:
    """The kernel of one node, with memory of its own: the results, flat one after the other where they are several."""

    takes_out = True

    def __init__(self, attrs: Mapping[str, Any]) -> None:
        self._layout = layout = cheaper(layout_of(attrs))
        self._count = len(layout.inputs)
        self._machine: Machine | None = None
        self._native: NativeCall | None = None

    def __call__(self, *arrays: Any) -> Any:
        """The node's value, from those of its arguments; behind these may be an array that it is written into."""
        out = arrays[self._count] if len(arrays) > self._count else None
        if self._native is not None:
            return self._native(arrays, out)
        layout = self._layout
        machine = self._machine
        if machine is None:
            key = ("loop as machine code", *_form(layout))
            machine = self._machine = layout.body.derived(key, lambda: Machine(layout))
        code = machine.code(layout.length)
        if code is not None:
            self._native = NativeCall(code, layout)
            return self._native(arrays, out)
        return _in_python(layout, arrays[: self._count], out)


def run(xp: Any, *arrays: Any, **attrs: Any) -> Any:
    """The same for a node that is computed once."""
    return Runner(attrs)(*arrays)


def cheaper(layout: Layout) -> Layout:
    """The loop whose steps mean the same and cost less: powers are products, quotients are none of reciprocals."""
    return replace(layout, body=layout.body.derived("canonical", lambda: _rewritten(layout)))


def _rewritten(layout: Layout) -> Body:
    outputs, inputs = layout.body.outputs, layout.inputs
    made, _ = canonical(outputs, reachable([*outputs, *inputs]), inputs, computed)
    return body_of(made, layout.body.variables, layout.body.free)


def _in_python(layout: Layout, arrays: Sequence[Any], out: Any) -> Any:
    import numpy as np

    body = layout.body
    try:
        if body.derived("on math", lambda: _suits_math(layout)):
            found = _on_math(np, layout, arrays)
        else:
            found = _on_elements(np, layout, arrays) or _on_arrays(np, layout, arrays)
    except BaseException:
        body.forget()
        raise
    whole = _joined(np, layout, found)
    if out is None:
        return whole
    np.copyto(out, whole)
    return out


def _joined(xp: Any, layout: Layout, found: Sequence[Any]) -> Any:
    outputs = layout.body.outputs
    dtype = outputs[layout.results[0]].dtype.value
    if len(layout.results) == 1:
        return xp.asarray(found[layout.results[0]], dtype)
    whole = xp.empty(sum(map(size_of, layout.shapes)), dtype)
    at = 0
    for i in layout.results:
        size = size_of(layout.shape_of(i))
        whole[at : at + size] = found[i] if size == 1 and not layout.shape_of(i) else xp.reshape(found[i], size)
        at += size
    return whole


def _suits_math(layout: Layout) -> bool:
    order = reachable([*layout.body.outputs, *layout.inputs])
    return len(layout.results) > 0 and suits_scalar(order, layout.inputs)


def _on_elements(xp: Any, layout: Layout, arrays: Sequence[Any]) -> list[Any] | None:
    """A loop of small tensors as one of numbers, where it is one."""
    own: Scalarized = layout.body.derived(("loop of elements", *_form(layout)), lambda: Scalarized(layout, _suits_math))
    return own.answer(xp, layout, arrays, _on_math)


def _on_math(xp: Any, layout: Layout, arrays: Sequence[Any]) -> list[Any]:
    starts, slices, free = layout.split(arrays)
    given = [*map(plain, starts)], [a.tolist() for a in slices], [*map(plain, free)]
    key = ("loop on math", *_form(layout))
    try:
        quick = layout.body.derived((*key, "quick"), lambda: _compiled(layout, False))
        return quick(layout.length, *given)  # type: ignore[no-any-return]
    except (ArithmeticError, ValueError):
        # Where math refuses what IEEE 754 answers, helpers answer it.
        safe = layout.body.derived((*key, "safe"), lambda: _compiled(layout, True))
        return safe(layout.length, *given)  # type: ignore[no-any-return]


def _form(layout: Layout) -> tuple[int, int, int, bool]:
    """What one function serves all loops of, whatever their length and their results."""
    return layout.carried, layout.sliced, layout.summed, layout.backwards


def _compiled(layout: Layout, guarded: bool) -> Callable[..., list[Any]]:
    """The loop as a Python function of its length, where carries start, the slices, and what every step reads."""
    outputs, inputs = layout.body.outputs, layout.inputs
    order = reachable([*outputs, *inputs])
    template_of = _guarded_template if guarded else plain_template
    names, lines, values = lines_of(order, outputs, inputs, template_of)
    kept, middle = layout.carried, layout.carried + layout.summed
    carries, slices, free = layout.split(names)
    step = [*lines]
    step += [f"s{i} += {values[kept + i]}" for i in range(layout.summed)]
    step += [f"put{i}({value})" for i, value in enumerate(values[middle:])]
    if carries:
        step.append(f"{', '.join(carries)} = {', '.join(values[:kept])}")
    stacks = range(len(values) - middle)
    each = ", ".join(slices) + ("," if len(slices) == 1 else "") if slices else "_"
    turned = [f"reversed({name}_all)" if layout.backwards else f"{name}_all" for name in slices]
    back = [f"    y{i}.reverse()" for i in stacks] if layout.backwards else []
    program = [
        "def loop(length, starts, rows, free):",
        *_unpacking(carries, "starts"),
        *_unpacking([f"{name}_all" for name in slices], "rows"),
        *_unpacking(free, "free"),
        *(f"    s{i} = 0.0" for i in range(layout.summed)),
        *(f"    y{i} = []; put{i} = y{i}.append" for i in stacks),
        f"    steps = zip({', '.join(turned)})" if slices else "    steps = iter(range(length))",
        f"    for part in range(-(-length // {STEPS_AT_ONCE})):",
        "        check()",
        f"        for {each} in islice(steps, {STEPS_AT_ONCE}):",
        *(f"            {line}" for line in step or ["pass"]),
        *back,
        f"    return [{', '.join([*carries, *(f's{i}' for i in range(layout.summed)), *(f'y{i}' for i in stacks)])}]",
    ]
    whole = "\n".join(program)
    scope: dict[str, Any] = {**SCOPE, "check": check, "islice": islice}
    if guarded:
        scope["copysign"], scope["isfinite"] = math.copysign, math.isfinite
        exec(compile(helpers_of(whole), "<gradcli helpers>", "exec"), scope)
    exec(compile(whole, "<gradcli loop>", "exec"), scope)
    made: Callable[..., list[Any]] = scope["loop"]
    return made


def _unpacking(names: Sequence[str], of: str) -> list[str]:
    return [f"    {', '.join(names)}, = {of}"] if names else []


def _guarded_template(node: Node) -> str:
    op = node.op
    assert isinstance(op, Primitive)
    return without_exceptions(op.template(node.attrs) or "")


class Steps:
    """The program of a loop's steps, with machine code once these have taken longer than making it does."""

    def __init__(self, body: Body, outputs: Sequence[Node], inputs: Sequence[Node]) -> None:
        self._body, self._outputs, self._inputs = body, outputs, inputs
        # What all loops of this form have done, in operations on elements.
        self._done: list[int] = body.derived("done", lambda: [0])
        self._work: int = body.derived("work", lambda: work_of_calls(reachable([*outputs, *inputs])))
        self._is_long = False
        self._program = self._made(False)

    @property
    def program(self) -> Program:
        """That for the next step."""
        if not self._is_long:
            self._done[0] += self._work
            if self._done[0] > WORTH_COMPILING:
                self._is_long, self._program = True, self._made(True)
        return self._program

    def _made(self, native: bool) -> Program:
        return self._body.program("step", lambda: self._outputs, self._inputs, native)


def _on_arrays(xp: Any, layout: Layout, arrays: Sequence[Any]) -> list[Any]:
    outputs, body = layout.body.outputs, layout.body
    step = Steps(body, outputs, layout.inputs)
    kept, middle = layout.carried, layout.carried + layout.summed
    starts, slices, free = layout.split([xp.asarray(a) for a in arrays])
    dtypes = [out.dtype.value for out in outputs]
    sums = [xp.zeros(out.shape, dtype) for out, dtype in zip(outputs[kept:middle], dtypes[kept:middle], strict=True)]
    stacks = [xp.empty(layout.shape_of(i), dtypes[i]) for i in range(middle, len(outputs))]
    carries = list(starts)
    order = range(layout.length - 1, -1, -1) if layout.backwards else range(layout.length)
    for t in order:
        check()
        found = step.program.function(*carries, *[rows[t] for rows in slices], *free)
        carries[:] = found[:kept]
        for total, value in zip(sums, found[kept:middle], strict=True):
            total += value
        for rows, value in zip(stacks, found[middle:], strict=True):
            rows[t] = value
    return [*carries, *sums, *stacks]
