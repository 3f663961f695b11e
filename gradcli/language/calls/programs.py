"""A call at the top level as a program: traced, differentiated and compiled once, then run at other values.

What a call comes to depends on its function, on the kinds of its arguments, and on what its trace asked for: names,
counts, decisions. As long as all of this is the same, the program that was made of the first trace gives the result.
Its inputs are the arguments, the parameters, and tensors at the top level that were seen to change.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast
from weakref import ref

from gradcli.core.collector import resting
from gradcli.core.engines.constants import computed as known_parts
from gradcli.core.engines.evaluation import WORTH_COMPILING, values_at_once, work_of_calls
from gradcli.core.engines.protocol import Data
from gradcli.core.ir.dtypes import DType, as_float
from gradcli.core.ir.nodes import Constant, Input, Node, Parameter, array_constant, computed_constant, constant
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.ir.traversal import leaves_of, reachable, substitute
from gradcli.core.simplify.canonical import canonical
from gradcli.language.calls.builtin import Builtin
from gradcli.language.calls.nested import as_tuple
from gradcli.language.calls.tracing import fresh_inputs, meant, replace_nodes
from gradcli.language.text.diagnostics import LanguageError, Span
from gradcli.language.text.refusals import REFUSALS
from gradcli.language.values.answers import is_answer
from gradcli.language.values.labelled import Labelled, Titles, Whole, number_in
from gradcli.language.values.nesting import leaves
from gradcli.language.values.numbers import is_number
from gradcli.language.values.partial import Partial
from gradcli.language.values.values import Caller, Formal, Function, Value
from gradcli.language.values.watching import Elsewhere, Watch, agrees, has_no_nan, is_finite, watching

if TYPE_CHECKING:
    import numpy

    from gradcli.core.analysis.at_edges import Edged
    from gradcli.core.engines.program import Program

# What is kept: functions at arguments of one kind, nodes of all their graphs, bytes of constants and buffers.
MOST_CALLS, MOST_NODES, MOST_MEMORY = 256, 1_000_000, 2**28
# Traces for each, and how many may be of no use in a row before the next is made again only now and then.
MOST_TRACES, MOST_MISSES, NOW_AND_THEN = 8, 8, 512
# Ints of no more bits are floats.
FLOAT_BITS = 1023


class Unkept(Exception):  # noqa: N818 - it is no mistake
    """A function, an argument or a result of which nothing is kept."""


class Trace:
    """One trace of a call: its result as graph of inputs, and what must be the same for it to be that of another call.

    `places` are those of the result's tensors, from left to right, among what its program gives, `dtypes` theirs;
    `of_tensors` says that there is nothing else in it.

    Raises:
        Unkept: for a result that is made of more than tensors and numbers, or depends on what can't be asked again.
    """

    def __init__(
        self, result: Value, inputs: Sequence[Input], watch: Watch, steps: int, titles: Titles | None = None
    ) -> None:
        self.watch, self.steps = watch, steps
        self._inputs = [*inputs, *cast("list[Input]", [n for value in watch.lifted.values() for n in leaves(value)])]
        self._counts = [(i, n.known.use("")) for i, n in enumerate(self._inputs) if n.known and n.known.used]
        if any(not isinstance(item, (Node, bool, int, float, str, type(None))) for item in leaves(result)):
            raise Unkept
        roots = [item for item in leaves(result) if isinstance(item, Node)]
        self.of_tensors = all(isinstance(item, Node) for item in leaves(result))
        asked = [*roots, *watch.decided, *watch.numbers, *watch.finite, *watch.off_edges]
        there = reachable(asked)
        stand_ins = self._stand_ins(there)
        mine = substitute(asked, stand_ins) if stand_ins else asked
        own = dict(zip(asked, mine, strict=True))
        self._decided = [(own[node], data) for node, data in watch.decided.items()]
        self._numbers = list(dict.fromkeys(own[node] for node in watch.numbers))
        self._finite = list(dict.fromkeys(own[node] for node in watch.finite))
        self._edges = list(dict.fromkeys(own[node] for node in watch.off_edges))
        seen = [own[n] for n in roots] + [n for n, _ in self._decided] + self._numbers + self._finite
        self._outputs = list(dict.fromkeys([*seen, *(n for e in self._edges for n in (*e.args, e))]))
        self._asked = bool(self._decided or self._numbers or self._finite or self._edges)
        self._place = {node: i for i, node in enumerate(self._outputs)}
        self._edged: Edged | None = None
        self._order: Sequence[Node] = reachable(self._outputs) if stand_ins else there
        nodes = self._order
        self.size = len(nodes)
        self._numbered = [self._place[node] for node in self._numbers]
        self._work, self._done = work_of_calls(nodes), 0
        self._held = sum(size_of(n.shape) * n.dtype.itemsize for n in leaves_of(nodes) if isinstance(n, Constant))
        self._parameters = [n for n in leaves_of(nodes) if isinstance(n, Parameter)]
        self._titles, self.result = titles, result
        self.places = [self._place[own[node]] for node in roots]
        self.dtypes = [node.dtype for node in roots]
        items = iter(zip(self.places, roots, strict=True))
        self._joined = _rebuilding(result, items, iter(titles.names) if titles else None)
        self._program: Program | None = None
        self._canonical: tuple[Sequence[Node], Sequence[Node]] | None = None
        self._is_native = False
        self._held_for: object | None = None
        # What stood under names when it held last, as long as somebody has that; and whose names must be as they were.
        self._held_before: Callable[[], object | None] = lambda: None
        self._names = frozenset([*watch.lifted, *(name for name, _, _ in watch.reads.values())])
        # Results that were shown have names that no statement binds.
        self._has_answers = any(map(is_answer, self._names))

    def _stand_ins(self, order: Sequence[Node]) -> dict[Node, Node]:
        """Of the inputs of a graph those of calls within it, as the graphs of this trace's own that they stand for."""
        mine: dict[Node, Node] = {node: node for node in self._inputs}
        free = [n for n in leaves_of(order) if isinstance(n, Input) and n not in mine]
        found = meant(free, mine)
        if found is None:
            raise Unkept
        return {n: found[n] for n in free}

    @property
    def memory(self) -> int:
        """What the buffers of its program take, and the constants that its graph holds, in bytes."""
        return self._held + (0 if self._program is None else self._program.memory)

    def holds(self, caller: Caller) -> bool:
        """Whether no name has another value than when it was traced, but for what is an input."""
        if caller.still is not None and caller.still is self._held_for:
            return True
        before, bound = caller.bound
        if before is self._held_before() and bound.isdisjoint(self._names):
            return True
        holds = self.watch.changed(caller.find) == [] and self.watch.fitting(caller.find)
        self._held_for = caller.still if holds else None
        if holds and not self._has_answers and bound.isdisjoint(self._names):
            self._held_before = ref(before)
        return holds

    def run(self, caller: Caller, data: Sequence[Data]) -> Sequence[Data] | None:
        """What its program gives at the values of its arguments; None where the trace would have been another."""
        values = [*data]
        for name in self.watch.lifted:
            found = caller.find(name, None)
            assert found is not None
            values += [cast("Constant", item).value for item in leaves(found[0])]
        # Numbers that fixed the graph.
        for place, number in self._counts:
            if values[place] != number:
                return None
        for node in self._parameters:
            now = cast("Parameter", caller.present(node)).value
            if not isinstance(now, Constant):
                return None
            values.append(now.value)
        computed = self._computed(values)
        return computed if self._stands(computed) else None

    def result_of(self, computed: Sequence[Data]) -> Value:
        """What the program gave as a value, with the names of a derivative."""
        return self._joined(computed, None if self._titles is None else self._titles.whole())

    def _computed(self, values: Sequence[Data]) -> Sequence[Data]:
        """The values of the outputs. Small ones are interpreted the first time, compiled when they come again."""
        program = self._program
        self._done += self._work
        is_long = self._done > WORTH_COMPILING
        if program is not None and not (is_long and not self._is_native):
            program.require_allowed()
        else:
            inputs = [*self._inputs, *self._parameters]
            if self._canonical is None:
                with resting():
                    self._canonical = canonical(self._outputs, self._order, inputs, known_parts)
                self._order = ()
                nodes, order = self._canonical
                found = values_at_once(order, nodes, dict(zip(inputs, values, strict=True)))
                if found is not None:
                    return found
            # Not what a call of numbers needs that is made once.
            from gradcli.core.engines.program import Program

            self._is_native = is_long
            nodes, order = self._canonical
            program = Program(nodes, inputs, is_long, order, is_canonical=True)
        # One that is interrupted may still be using its buffers, and is not run again.
        self._program = None
        computed = program.function(*values)
        self._program = program
        return computed

    def _stands(self, computed: Sequence[Data]) -> bool:
        if not self._asked:
            return True
        place = self._place
        for i in self._numbered:
            found = computed[i]
            if found != found if found.__class__ is float else not has_no_nan(found):
                return False
        if not all(is_finite(computed[place[node]]) for node in self._finite):
            return False
        if not all(agrees(computed[place[node]], expected) for node, expected in self._decided):
            return False
        if not self._edges:
            return True
        if self._edged is None:
            from gradcli.core.analysis.at_edges import Edged

            self._edged = Edged(self._edges, place)
        return not self._edged.at_one(computed)


class Calls:
    """The traces of one function at arguments of one kind, the latest that was of use first."""

    def __init__(self) -> None:
        self._traces: list[Trace] = []
        self._misses = self._asked = 0

    @property
    def size(self) -> int:
        """The nodes of all graphs."""
        return sum(trace.size for trace in self._traces)

    @property
    def latest(self) -> Trace | None:
        """The trace that was of use last."""
        return self._traces[0] if self._traces else None

    @property
    def memory(self) -> int:
        """What all of them hold, in bytes."""
        return sum(trace.memory for trace in self._traces)

    def result(
        self, caller: Caller, function: Function, values: Sequence[Value], data: Sequence[Data], span: Span
    ) -> tuple[Value, bool]:
        """What the function gives, and whether it is computed, with its names."""
        found = self.again(caller, data)
        if found is not None:
            trace, computed = found
            caller.step(span, trace.steps)
            return trace.result_of(computed), True
        self._asked += 1
        if self._asked <= function.before_program:
            return function.call(caller, values, span), False
        lifted = self._outdated(caller)
        self._misses += 1
        if self._misses > MOST_MISSES and self._misses % NOW_AND_THEN:
            return function.call(caller, values, span), False
        return self._traced(caller, function, values, data, span, lifted)

    def again(
        self, caller: Caller, data: Sequence[Data], only_tensors: bool = False
    ) -> tuple[Trace, Sequence[Data]] | None:
        """The trace that holds for a call, and what its program gives; None where there is none.

        With `only_tensors` its result must be made of them alone.
        """
        for i, trace in enumerate(self._traces):
            if (trace.of_tensors or not only_tensors) and trace.holds(caller):
                computed = trace.run(caller, data)
                if computed is not None:
                    self._misses = 0
                    if i:
                        self._traces.insert(0, self._traces.pop(i))
                    return trace, computed
        return None

    def _outdated(self, caller: Caller) -> Mapping[str, None]:
        """Forget the traces that hold no longer: what names had before does not come back. What is to be an input."""
        lifted: dict[str, None] = {}
        for trace in [*self._traces]:
            if not trace.holds(caller):
                self._traces.remove(trace)
                names = trace.watch.changed(caller.find)
                if names is None:
                    # A number that has changed is likely to change again.
                    self._misses += MOST_MISSES // 2
                else:
                    lifted |= dict.fromkeys([*trace.watch.lifted, *names])
        return lifted

    def _traced(
        self,
        caller: Caller,
        function: Function,
        values: Sequence[Value],
        data: Sequence[Data],
        span: Span,
        lifted: Mapping[str, None],
    ) -> tuple[Value, bool]:
        """The result, whose trace is kept."""
        drawn, said, steps = caller.random.drawn, len(caller.warnings), caller.steps
        fresh, given = fresh_inputs(values, function.inputs, caller.dtype)
        inputs = cast("list[Input]", [*given])
        there = {name: found[0] for name in lifted if (found := caller.find(name, None)) and _is_known(found[0])}
        stood, beside = fresh_inputs([*there.values()], [Formal(name) for name in there], caller.dtype)
        stand_ins = dict(zip(there, stood, strict=True))
        given |= beside
        watch = Watch(function, stand_ins)
        try:
            with resting(), caller.afresh(), watching(watch):
                result = function.at_inputs(caller, fresh, span)
        except (Elsewhere, LanguageError, RecursionError, *REFUSALS) as error:
            # What is refused may be so only where its arguments are inputs.
            self._misses = self._misses if isinstance(error, Elsewhere) else MOST_MISSES
            caller.random.drawn, caller.steps = drawn, steps
            del caller.warnings[said:]
            return function.call(caller, values, span), False
        if not watch.spoiled and caller.random.drawn == drawn and len(caller.warnings) == said:
            try:
                with resting():
                    trace = Trace(result, inputs, watch, caller.steps - steps, function.titles(result))
            except Unkept:
                self._misses = MOST_MISSES
            else:
                computed = trace.run(caller, data)
                if computed is not None:
                    self._traces.insert(0, trace)
                    del self._traces[MOST_TRACES:]
                    return trace.result_of(computed), True
        return replace_nodes(result, given), False


class _Here(threading.local):
    """The calls that this thread keeps. Programs write into buffers of their own, so that two threads share none."""

    def __init__(self) -> None:
        self.calls: OrderedDict[Hashable, Calls] = OrderedDict()


_here = _Here()


def result_of_call(caller: Caller, function: Function, values: Sequence[Value], span: Span) -> tuple[Value, bool]:
    """What a function gives that is called at the top level with known values.

    It may be a graph; whether it is computed, and has its names, is said beside it.
    """
    key: list[Hashable] = [caller.dtype, caller.exact]
    data: list[Data] = []
    if isinstance(function, Builtin):
        return function.call(caller, values, span), False
    try:
        key.append(_identity(function))
        for value in values:
            _take(value, caller.dtype, key, data)
    except Unkept:
        return function.call(caller, values, span), False
    return _of_calls(caller, function, values, span, tuple(key), data)


def _of_calls(
    caller: Caller,
    function: Function,
    values: Sequence[Value],
    span: Span,
    name: Hashable,
    data: Sequence[Data],
) -> tuple[Value, bool]:
    kept = _here.calls
    calls = kept.get(name)
    if calls is None:
        calls = kept[name] = Calls()
    else:
        kept.move_to_end(name)
    latest = calls.latest
    found = calls.result(caller, function, values, data, span)
    if calls.latest is not latest:
        while len(kept) > 1 and _too_much(kept.values()):
            kept.popitem(last=False)
    return found


def kept_calls(caller: Caller, function: Function, kinds: Sequence[Hashable]) -> Calls | None:
    """What is kept of a function at arguments of some kinds, as `kind_of` has them."""
    identity = function.identity
    return None if identity is None else _here.calls.get((caller.dtype, caller.exact, identity, *kinds))


class Repeated:
    """A call in a text that is made again and again with numbers: the trace that held for it last is asked first."""

    __slots__ = ("_settings", "_thread", "_trace", "function")

    def __init__(self, function: Function) -> None:
        self.function = function
        # Held elsewhere, and counted there.
        self._trace: Callable[[], Trace | None] = no_trace
        self._settings, self._thread = False, 0

    def result(self, caller: Caller, values: Sequence[Value], span: Span) -> tuple[Value, bool]:
        """What `result_of_call` gives."""
        numbers = _floats(values) if caller.dtype is DType.FLOAT64 else None
        trace = self._trace() if numbers is not None else None
        if trace is not None and self._settings is caller.exact and self._thread == threading.get_ident():
            computed = trace.run(caller, numbers or ()) if trace.holds(caller) else None
            if computed is not None:
                caller.step(span, trace.steps)
                return trace.result_of(computed), True
        found = result_of_call(caller, self.function, values, span)
        self._trace = no_trace
        calls = None if numbers is None else kept_calls(caller, self.function, (NUMBER,) * len(numbers))
        if calls is not None and calls.latest is not None:
            self._trace, self._settings, self._thread = ref(calls.latest), caller.exact, threading.get_ident()
        return found


def _floats(values: Sequence[Value]) -> list[float] | None:
    """Numbers as floats; None where there is anything else, or an int that may be beyond them."""
    found: list[float] = []
    for value in values:
        if value.__class__ is not float:
            if not is_number(value) or (isinstance(value, int) and value.bit_length() > FLOAT_BITS):
                return None
            value = float(value)
        found.append(value)
    return found


def no_trace() -> None:
    """What a weak reference gives to a trace that is gone."""


# The kind of a plain number, and that of a tensor.
NUMBER = 0


def kind_of_tensor(shape: Shape, dtype: DType, weak: bool = False) -> Hashable:
    """The kind of a tensor."""
    return shape, dtype, weak


def forget() -> None:
    """Keep nothing of the calls so far."""
    _here.calls.clear()


def _too_much(kept: Collection[Calls]) -> bool:
    return (
        len(kept) > MOST_CALLS
        or sum(calls.size for calls in kept) > MOST_NODES
        or sum(calls.memory for calls in kept) > MOST_MEMORY
    )


def _identity(function: Function) -> Hashable:
    """What functions that are the same have in common.

    Raises:
        Unkept: for one of which nothing is kept.
    """
    found = function.identity
    if found is None:
        raise Unkept
    return found


def _is_known(value: Value) -> bool:
    """Whether a value is a tensor whose elements are known, or a tuple of such."""
    return all(isinstance(item, Constant) for item in leaves(value))


def _take(value: Value, default: DType, key: list[Hashable], data: list[Data]) -> None:
    """Enter the kind of an argument, and the numbers in it, in the order in which they become inputs."""
    if value.__class__ is float and default is DType.FLOAT64:
        key.append(NUMBER)
        data.append(value)
    elif isinstance(value, Constant):
        key.append(kind_of_tensor(value.shape, value.dtype, value.weak))
        data.append(value.value)
    elif isinstance(value, Parameter):
        _take(value.value, default, key, data)
    elif is_number(value):
        key.append(NUMBER)
        data.append(float(value) if default is DType.FLOAT64 else constant(as_float(value), default).value)
    elif isinstance(value, (bool, str, type(None), type(Ellipsis))):
        key.append((type(value), value))
    elif isinstance(value, Function):
        key.append(_identity(value))
    else:
        items = as_tuple(value)
        if not isinstance(items, tuple):
            raise Unkept
        key.append(("(", len(items)))
        for item in items:
            _take(item, default, key, data)


def _rebuilding(
    result: Value, places: Iterator[tuple[int, Node]], names: Iterator[Partial | None] | None
) -> Callable[[Sequence[Data], Whole | None], Value]:
    """What puts computed values in the structure of a result, with their names where it is a derivative's."""
    if isinstance(result, tuple):
        parts = [_rebuilding(item, places, names) for item in result]
        return lambda computed, whole: tuple([part(computed, whole) for part in parts])
    if not isinstance(result, Node):
        return lambda computed, whole: result
    place, like = next(places)
    dtype = like.dtype
    if names is None:
        return lambda computed, whole: computed_constant(computed[place], dtype)
    name = next(names)
    if like.shape == ():
        return lambda computed, whole: Labelled(number_in(computed[place]), (), dtype, None, name, cast("Whole", whole))

    def labelled(computed: Sequence[Data], whole: Whole | None) -> Labelled:
        made = array_constant(cast("numpy.ndarray[Any, Any]", computed[place]))
        return Labelled(made.value, made.shape, made.dtype, made.finer, name, cast("Whole", whole))

    return labelled
