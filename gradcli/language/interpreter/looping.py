"""A loop of the language as one node: its block is traced once, with inputs for what is carried from step to step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from gradcli.core.engines.evaluation import evaluate
from gradcli.core.engines.llvm.arithmetic import has_llvmlite
from gradcli.core.errors import CoreError
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Input, Node, Parameter, constant, fresh_input
from gradcli.core.ir.primitive import operations
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.library.random import Random
from gradcli.core.loops.closing import closed, looped
from gradcli.core.loops.counting import MOST_STEPS, steps_of
from gradcli.core.loops.plan import Carry, Plan
from gradcli.core.loops.scalarized import MOST_ELEMENTS
from gradcli.core.primitives.shaping import part
from gradcli.core.records import record
from gradcli.language.calls.kinds import (
    MOST_CHANGES,
    Kind,
    Nest,
    Unlike,
    carries_of,
    inputs_of,
    joined,
    kinds_in,
    kinds_of,
    nested,
    zeros,
)
from gradcli.language.calls.rows import Rows
from gradcli.language.calls.tracing import values_now
from gradcli.language.interpreter.endings import (
    Ending,
    Guard,
    Names,
    either,
    ending,
    left,
    picked,
    without_continue,
)
from gradcli.language.interpreter.training import Trained, of_values
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Diagnostic, LanguageError, Span, fail
from gradcli.language.values.nesting import leaves, nodes_in
from gradcli.language.values.values import Frame, Function, Unset, Value

# Whole numbers below are exact as floats.
LARGEST_EXACT = 2.0**53


class Machine(Protocol):
    """What the tracing of a block asks of the interpreter."""

    random: Random
    warnings: list[Diagnostic]
    abstract: int
    training: Trained | None

    @property
    def dtype(self) -> DType:
        """The default float type."""
        ...

    def find(self, name: str, frame: Frame | None) -> tuple[Value] | None:
        """The value of a name."""
        ...

    def run_body(self, body: Sequence[s.Statement], frame: Frame | None) -> Ending | None:
        """How a block ends."""
        ...

    def decided(self, condition: s.Expression, frame: Frame | None) -> Guard:
        """A condition, where it is known as true or false."""
        ...

    def chosen(self, condition: Node, yes: Value, no: Value) -> Value:
        """One value or the other."""
        ...

    def bind(self, targets: tuple[s.Name, ...], value: Value, frame: Frame) -> None:
        """Give a value to a name, or its items to several."""
        ...


class LoopTrace:
    """One loop that is traced: `targets` get the item of a step, `condition` is that of a `while`.

    Of what it gives values to parameters, which it carries as well, `trained` keeps the account.
    """

    def __init__(
        self,
        machine: Machine,
        body: Sequence[s.Statement],
        frame: Frame,
        targets: tuple[s.Name, ...] = (),
        rows: Rows | None = None,
        condition: s.Expression | None = None,
        trained: Trained | None = None,
    ) -> None:
        self._machine, self._body, self._frame = machine, body, frame
        self._targets, self._rows, self._condition = targets, rows, condition
        self._before = frame.names
        self._own = {target.id for target in targets}
        self._assigned = [name for name in dict.fromkeys(s.bound_in(tuple(body))) if name not in self._own]
        self._lacking: list[str] = []
        self._kinds: dict[str, Nest] = {}
        self._starts: dict[str, Value] = {}
        self._trained = trained

    def run(self, span: Span, least: int = 0) -> tuple[Ending | None, Names]:
        """How the loop ends, and the names behind it.

        Raises:
            Unlike: where its steps are not alike, or all of them together take fewer operations than `least`.
            LanguageError: for a mistake in the block, or a `while` that never ends.
        """
        for name in self._assigned:
            found = self._machine.find(name, self._frame)
            if found is not None and not isinstance(found[0], (Function, Unset)):
                self._starts[name] = found[0]
                self._kinds[name] = kinds_of(found[0], self._machine.dtype)
        for _ in range(MOST_CHANGES):
            step = self._traced()
            if step is not None:
                return self._made(step, span, least)
        raise Unlike

    def _traced(self) -> _Step | None:
        """One step, or None where what is carried is another after it than before."""
        machine, frame = self._machine, self._frame
        carried = {name: inputs_of(name, kinds) for name, kinds in self._kinds.items()}
        drawn, warned = machine.random.drawn, len(machine.warnings)
        frame.names = {**self._before, **carried}
        if self._trained is not None:
            frame.names |= {name: self._trained.carried(name, value) for name, value in carried.items()}
        machine.abstract += 1
        before, machine.training = machine.training, self._trained
        try:
            goes_on: Guard = True
            if self._condition is not None:
                goes_on = machine.decided(self._condition, frame)
            if self._rows is not None:
                machine.bind(self._targets, self._rows.item, frame)
            how = machine.run_body(self._body, frame)
            how, after = without_continue(how, frame.names, machine.chosen)
            if machine.random.drawn != drawn:
                machine.random = replace(machine.random, drawn=drawn)
                raise Unlike
        except CoreError as error:
            raise Unlike from error
        except LanguageError:
            # What is wrong with a step is said of the step that it is wrong in.
            del machine.warnings[warned:]
            raise Unlike from None
        finally:
            machine.abstract -= 1
            machine.training = before
            frame.names = self._before
        if how is not None and how.always:
            raise Unlike
        if self._now_trained(after):
            return None
        changed = False
        for name, kinds in self._kinds.items():
            value = after.get(name)
            if isinstance(value, Unset) or value is None:
                raise Unlike
            new = joined(kinds, _kinds_behind(value, machine.dtype))
            if new != kinds:
                self._kinds[name], changed = new, True
        return None if changed else _Step(carried, after, how, goes_on)

    def _now_trained(self, after: Names) -> bool:
        """Whether a step has given values to parameters that were not carried; from now on they are."""
        if self._trained is None:
            return False
        found = False
        for name, old in self._trained.before.items():
            start = self._before.get(name, old)
            if name not in self._kinds and after.get(name, start) is not start:
                self._starts[name], self._kinds[name] = start, kinds_of(old, self._machine.dtype)
                found = True
        return found

    def _made(self, step: _Step, span: Span, least: int) -> tuple[Ending | None, Names]:
        """The loop's node."""
        machine, names = self._machine, dict(step.after)
        done_guard: Guard = False if step.how is None else step.how.any
        self._lacking = [name for name in self._assigned if isinstance(names.get(name), Unset)]
        fresh = {
            name: _kinds_behind(names[name], machine.dtype) for name in self._made_within(names, step.how is not None)
        }
        if step.how is not None:
            _, names = left(step.how, names, machine.chosen)
            self._lacking += [name for name in fresh if isinstance(names[name], Unset)]
            fresh = {name: kinds for name, kinds in fresh.items() if not isinstance(names[name], Unset)}
        inputs = {**step.carried, **{name: inputs_of(name, kinds) for name, kinds in fresh.items()}}
        kinds: dict[str, Nest] = {**self._kinds, **fresh}
        starts = {**{n: zeros(k) for n, k in fresh.items()}, **{n: self._starts[n] for n in self._kinds}}
        nexts = {name: names[name] for name in inputs}
        returned = None if step.how is None else step.how.returned
        if returned is not None:
            guard, value = returned
            found, is_there = kinds_of(value, machine.dtype), fresh_input("returned", (), DType.BOOL)
            inputs |= {"return": inputs_of("return", found), "returned": is_there}
            kinds |= {"return": found, "returned": Kind((), DType.BOOL, False)}
            starts |= {"return": zeros(found), "returned": False}
            nexts["return"] = picked(guard, value, inputs["return"], machine.chosen)
            nexts["returned"] = either(is_there, guard)
        done: Node | None = None
        if done_guard is not False:
            done = fresh_input("done", (), DType.BOOL)
            for name, value in nexts.items():
                nexts[name] = machine.chosen(done, inputs[name], value)
        plan = Plan(0 if self._rows is None else self._rows.length)
        plan.slices = [] if self._rows is None else list(self._rows.slices)
        places: dict[str, range] = {}
        for name in inputs:
            first = len(plan.carries)
            plan.carries += carries_of(kinds[name], inputs[name], starts[name], nexts[name])
            places[name] = range(first, len(plan.carries))
        if done is not None:
            stops = either(done, done_guard)
            assert isinstance(stops, Node)
            plan.carries.append(Carry(done, constant(False, DType.BOOL), stops))
        goes_on = step.goes_on
        if self._trained is not None:
            plan, goes_on = self._of_values(plan, goes_on)
        plan = closed(plan)
        if plan.length * _operations(reachable(plan.outputs())) < least:
            raise Unlike
        self._counted(plan, goes_on, None if done is None else plan.carries[-1].next, span)
        if plan.length == 0 and self._condition is not None:
            return None, dict(self._before)
        return self._results(plan, places, kinds, fresh, returned is not None)

    def _of_values(self, plan: Plan, goes_on: Guard) -> tuple[Plan, Guard]:
        """A plan, and whether a step is made, with the values of the parameters in the place of those."""
        test = [goes_on] if isinstance(goes_on, Node) else []
        nodes = [n for c in plan.carries for n in (c.start, c.next)] + [g.node for g in plan.slices] + test
        values = iter(of_values(nodes))
        plan.carries = [c._replace(start=next(values), next=next(values)) for c in plan.carries]
        plan.slices = [g._replace(node=next(values)) for g in plan.slices]
        return plan, next(values, goes_on)

    def _results(
        self,
        plan: Plan,
        places: Mapping[str, range],
        kinds: Mapping[str, Value],
        fresh: Mapping[str, Value],
        returns: bool,
    ) -> tuple[Ending | None, Names]:
        """The names behind the loop. What was there before is of one node, what the block made, of one each."""
        found: dict[str, Value] = {}
        kept = [name for name in places if name not in fresh and name not in ("return", "returned")]
        groups = [kept, *([name] for name in fresh), *([["return", "returned"]] if returns else [])]
        for group in groups:
            wanted = [i for name in group for i in places[name]]
            nodes = looped(plan, wanted)
            for name in group:
                own, nodes = nodes[: len(places[name])], nodes[len(places[name]) :]
                found[name] = nested(kinds[name], own)
        names = dict(self._before)
        if self._rows is not None:
            frame = Frame(names, self._frame.outer)
            self._machine.bind(self._targets, self._rows.last, frame)
            names = frame.names
        names |= {name: Unset(name) for name in self._lacking if name not in fresh}
        names |= {name: self._plain(found[name], kinds[name], name) for name in (*kept, *fresh)}
        if not returns:
            return None, names
        guard = found["returned"]
        assert isinstance(guard, Node)
        known = values_now([guard])
        if known is None:
            return ending((guard, found["return"]), None, None, False), names
        return (Ending((True, found["return"])) if bool(known[guard]) else None), names

    def _plain(self, value: Value, kinds: Nest, name: str) -> Value:
        """What plain numbers became that depend on nothing but each other: plain numbers, exact where they are whole.

        Raises:
            Unlike: where a whole number is too large for a float.
        """

        def plain(node: Node, kind: Kind, start: Value) -> Value:
            # A float stays a node, whose digits are made sure of where it is shown.
            if (
                not isinstance(start, int)
                or not kind.weak
                or any(isinstance(n, (Input, Parameter)) for n in reachable([node]))
            ):
                return node
            (data,) = evaluate([node])
            number = float(data)
            if abs(number) >= LARGEST_EXACT:
                raise Unlike
            return int(number) if number.is_integer() else node

        if name not in self._starts:
            return value
        items = zip(nodes_in(value), kinds_in(kinds), leaves(self._starts[name]), strict=True)
        return nested(kinds, [plain(*item) for item in items])

    def _made_within(self, names: Mapping[str, Value], ends: bool) -> list[str]:
        """The names that the block gives a value first, the item among them where it need not be the last one."""
        assigned = set(s.bound_in(tuple(self._body)))
        items = [name for name in self._own if ends or name in assigned]
        there = [name for name in (*self._assigned, *items) if name not in self._kinds and name in names]
        return [name for name in there if not isinstance(names[name], Unset)]

    def _counted(self, plan: Plan, goes_on: Guard, done: Node | None, span: Span) -> None:
        """Let a plan have as many steps as it makes, where that can be told."""
        if self._condition is None and done is None:
            return
        if goes_on is False:
            plan.length = 0
            return
        test = goes_on if isinstance(goes_on, Node) else None
        nodes = [*(c.start for c in plan.carries), *(g.node for g in (*plan.slices, *plan.free))]
        values = values_now(nodes)
        if values is None:
            if self._condition is None:
                return
            raise Unlike
        found = steps_of(plan, test, done, values)
        if found is None and self._condition is not None:
            raise fail(
                "value",
                f"this loop makes more than {MOST_STEPS:,} steps",
                span,
                "its condition may never be false; `for i in range(n):` with `if ...: break` ends",
            )
        if found is None:
            return
        plan.length = found
        plan.slices[:] = [given._replace(node=part(given.node, 0, 0, found)) for given in plan.slices]


@record
class _Step:
    """One step: what is carried into it, the names behind it, how it ends, whether it is made."""

    carried: Mapping[str, Value]
    after: Names
    how: Ending | None
    goes_on: Guard


def _operations(order: Sequence[Node]) -> int:
    """What a step takes: operations on numbers where it may become machine code, else calls on tensors."""
    if has_llvmlite() and all(size_of(node.shape) <= MOST_ELEMENTS for node in order if node.args):
        return operations(order)
    return sum(1 for node in order if node.args)


def _kinds_behind(value: Value, default: DType) -> Nest:
    """The kinds of what a step makes: what is calculated of plain numbers alone is a plain number."""

    def kind(own: Kind, node: Value) -> Kind:
        if own.weak or own.shape or not own.dtype.is_float or not isinstance(node, Node):
            return own
        read = [n for n in reachable([node]) if not n.args]
        plain = all((isinstance(n, Input) and n.weak) or (isinstance(n, Constant) and n.shape == ()) for n in read)
        return Kind((), own.dtype, True) if plain else own

    kinds = kinds_of(value, default)
    return nested(kinds, [kind(k, n) for k, n in zip(kinds_in(kinds), leaves(value), strict=True)])
