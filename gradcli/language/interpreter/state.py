"""What evaluating needs and changes: names, settings, random numbers, and what is being traced."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, KeysView, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from gradcli.core.engines.evaluation import evaluate
from gradcli.core.engines.protocol import Data
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.exact import is_lost
from gradcli.core.ir.nodes import Node, Parameter
from gradcli.core.ir.promotion import use_float
from gradcli.core.ir.shapes import size_of
from gradcli.core.library.random import Random
from gradcli.core.limits import limit, use
from gradcli.language.calls.functions import trainable
from gradcli.language.calls.reach import Reach
from gradcli.language.interpreter.unknown import instead
from gradcli.language.library.names import builtins
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Diagnostic, LanguageError, Source, Span, fail
from gradcli.language.values.answers import Answers, is_answer
from gradcli.language.values.convert import to_node
from gradcli.language.values.nesting import leaves, map_items
from gradcli.language.values.said import Said
from gradcli.language.values.scope import Bindings, Draft, Settings
from gradcli.language.values.trail import Trail
from gradcli.language.values.values import Frame, Function, Unset, Value
from gradcli.language.values.watching import here, spoil

if TYPE_CHECKING:
    from gradcli.language.calls.programs import Repeated
    from gradcli.language.interpreter.training import Trained


def _nobody(statement: s.Statement) -> None:
    raise fail("syntax", "this stands at the top level of a session only", statement.span)


@dataclass
class State:
    """What evaluating needs and changes: the names at the top level, the settings, the random numbers.

    `trained` holds the parameters that were given a new value, by their key; see `present`. `answers` are the results
    that were shown. `outside` does what
    statements say that belong to the session: showing, asserting, setting, using. `home` is the frame of the file that
    is run to be used. `most_steps` is the limit of that name,
    where it isn't given.
    """

    scope: Draft[str, Value]
    settings: Settings = field(default_factory=Settings)
    random: Random = field(default_factory=Random)
    trained: Draft[object, Node] = field(default_factory=lambda: Draft(Bindings()))
    answers: Answers = field(default_factory=Answers)
    steps: int = 0
    warnings: list[Diagnostic] = field(default_factory=list)
    outside: Callable[[s.Statement], None] = field(default=_nobody)
    most_steps: float | None = None
    at_top: bool = False
    trail: Trail = field(default_factory=Trail)
    home: Frame | None = None
    kept: float = inf
    rough: float = inf
    # The digits that roundings leave of what long loops give.
    steady: float = inf
    undecided: bool = False
    told: Callable[[Said], None] = field(default=lambda said: None)

    def __post_init__(self) -> None:
        # The bodies that are being traced, the innermost last, and whether that one may call itself.
        self._calls: list[int] = []
        # How many loops are being traced whose steps are not known, and the choice between blocks that is.
        self.abstract = 0
        # What the call under way has printed, and what was said of calls before it.
        self._heard: list[Said] | None = None
        self._spoken: set[object] = set()
        self.choice = Span(Source("<choice>", ""), 0, 0)
        self._recursing = False
        self._derivatives = 0
        # What the last call came to, where its program gave it.
        self._computed: Value = None
        self.still: object | None = None
        # Calls in the text that were made with this function, and take only values: see `is_plain_call`.
        self._plain_calls: dict[s.Call, Repeated] = {}
        # The parameters of the loop at the top level that is being traced.
        self.training: Trained | None = None
        # What stands in for parameters in the call that is under way, by their keys.
        self._stand_ins: Mapping[object, Parameter] = {}
        # Of functions at the top level, and of those that are defined inside a call.
        self._reaches: dict[int, tuple[Function, Reach]] = {}
        self._inner_reaches: dict[int, tuple[Function, Reach]] = {}
        use(self.settings.limits)
        use_float(self.settings.dtype)

    def warn(self, message: str, span: Span, hint: str | None = None) -> None:
        """Say something beside the result, once."""
        if all(message != warning.message for warning in self.warnings):
            self.warnings.append(Diagnostic("derivative", message, span, hint, severity="warning"))

    def note(self, message: str, span: Span, hint: str | None = None) -> None:
        """Say something beside the result that is no mistake, once."""
        if all(message != warning.message for warning in self.warnings):
            self.warnings.append(Diagnostic("derivative", message, span, hint, severity="note"))

    @property
    def bound(self) -> tuple[object, KeysView[str]]:
        """What stands as long as this statement is carried out, and the names to which it has given values."""
        return self.scope.bound

    @property
    def outermost(self) -> bool:
        """Whether what is computed now is itself shown, not called by what is."""
        return self.at_top and not self._calls and not self._derivatives

    @property
    def settled_calls(self) -> bool:
        """Whether a call that is made now has a value at once, as float64 arithmetic gives it."""
        return not (self.at_top or self._calls or self._derivatives or self._stand_ins or self.abstract or here.watch)

    @abstractmethod
    def settle(self, value: Value, span: Span) -> Value:
        """The value with every tensor in it computed."""

    @property
    def dtype(self) -> DType:
        """The default float type."""
        return self.settings.dtype

    @property
    def exact(self) -> bool:
        """Whether arithmetic on plain numbers keeps the fractions that they are."""
        return self.settings.certified

    @property
    def certifying(self) -> bool:
        """Whether what is computed now is to be shown, and so as near to the true value as a float can be."""
        return self.at_top and self.settings.certified

    def certified(self, nodes: Sequence[Node], computed: Sequence[Data]) -> list[Data]:
        """The floats nearest to the true values, where those are to be shown; else what was computed."""
        if not self.certifying:
            return list(computed)
        from gradcli.core.engines.nearest import (
            FLOAT_DIGITS,
            MOST_ELEMENTS,
            digits_kept,
            has_steps,
            known_values,
            rounded,
            with_raw,
        )

        if self.trail.values:
            nodes = self.trail.proved(nodes) or nodes
        certain, known = known_values(nodes, computed, max(self.settings.digits or 0, FLOAT_DIGITS))
        self.undecided |= any(k is None and not is_lost(data) for k, data in zip(known, computed, strict=True))
        self.kept = min([self.kept, *map(digits_kept, computed, certain)])
        large = [n for n in nodes if n.dtype is DType.FLOAT64 and size_of(n.shape) > MOST_ELEMENTS]
        long = [
            i for i, n in enumerate(nodes) if known[i] is False and size_of(n.shape) <= MOST_ELEMENTS and has_steps(n)
        ]
        if large or long:
            from gradcli.core.engines.numpy.spread import digits_by_spread, digits_of_elements

            self.rough = min([self.rough, *digits_by_spread(large)])
            for i, digits in zip(long, digits_of_elements([nodes[i] for i in long]), strict=True):
                self.steady = min(self.steady, digits.min())
                certain[i] = rounded(computed[i], digits)
        return list(map(with_raw, certain, computed))

    def digits_known(self, nodes: Sequence[Node], wanted: int) -> float:
        """How many digits of all numbers are right for certain as they are computed; inf for all that are wanted."""
        from gradcli.core.engines.nearest import digits_kept, known_values

        computed = evaluate(nodes)
        proved = self.trail.proved(nodes)
        certain, known = (computed, [False]) if proved is None else known_values(proved, computed, wanted)
        if not all(known):
            return 0.0
        return inf if self.settings.certified else min(map(digits_kept, computed, certain), default=inf)

    @property
    def in_derivative(self) -> bool:
        """Whether what is traced will be differentiated."""
        return self._derivatives > 0

    @contextmanager
    def differentiating(self) -> Iterator[None]:
        """What is traced within will be differentiated."""
        self._derivatives += 1
        try:
            yield
        finally:
            self._derivatives -= 1

    def _placed(self, value: Value, span: Span) -> Value:
        """The value, of which it is remembered where in the text it was made first."""
        if self.at_top and isinstance(value, Node):
            self.trail.place(value, span)
        return value

    def _final(self, nodes: Sequence[Node], computed: Sequence[Data]) -> Sequence[Data]:
        """What was computed as it is to be shown; graphs whose values are not finite are remembered."""
        if not self.at_top:
            return computed
        found = self.certified(nodes, computed)
        self.trail.lost += [node for node, data in zip(nodes, found, strict=True) if is_lost(data)]
        return found

    def step(self, span: Span, count: int = 1) -> None:
        """Count passes of a loop or calls of a function before they are made.

        Raises:
            LanguageError: where a statement would make more than the limit allows.
        """
        if self.most_steps is None:
            self.most_steps = limit("max_steps")
        if self.steps + count > self.most_steps:
            raise fail(
                "value",
                f"this statement takes more than {self.most_steps:,.0f} steps",
                span,
                "a step is a pass of a loop, or a call; tensors need no loop, and `set max_steps` allows more",
            )
        self.steps += count

    # Names.

    def _unset(self, name: str, span: Span) -> LanguageError:
        what = f"`{name}` has a value on one path only, and which is taken is not known here"
        return fail("name", what, span, "give it a value in front of the choice")

    def look_up(self, name: str, frame: Frame | None, span: Span, called: bool = False) -> Value:
        """The value of a name: in the frames from inside out, at the top level, among the built-ins.

        Raises:
            LanguageError: for one that has none; `called` says that it must be a function.
        """
        if frame is not None and name in frame.names and not (frame.closed or self._stand_ins or self.training):
            # What most names stand for.
            value = frame.names[name]
            if not isinstance(value, Unset):
                return value
        found = self.find(name, frame)
        if found is not None and isinstance(found[0], Unset):
            raise self._unset(name, span)
        if found is not None:
            value = found[0]
            return self._standing_in(name, value) if self._stand_ins or self.training else value
        if is_answer(name):
            raise fail("name", f"there is no result `{name}`", span, self.answers.missing(name))
        hint = instead(name, self.known(frame), lambda n: self.find(n, frame), span.behind if called else None)
        raise fail("name", f"unknown name `{name}`", span, hint)

    def _standing_in(self, name: str, value: Value) -> Value:
        """What is declared under a name, with what stands in for it; what else holds a parameter keeps its value."""

        def present(item: Value) -> Value:
            declared = isinstance(item, Parameter) and item.name.partition("[")[0] == name
            return self.present(item) if declared else item

        found: Value = map_items(value, present)
        return found

    def known(self, frame: Frame | None) -> list[str]:
        """Every name that has a value, the nearest first."""
        spoil()
        known = [*self.scope, *builtins()]
        while frame is not None:
            known = [*frame.names, *known]
            frame = frame.outer
        return known

    def find(self, name: str, frame: Frame | None) -> tuple[Value] | None:
        """The value of a name in a tuple of its own, or None if it has none."""
        while frame is not None:
            if frame.closed:
                names = frame.names if name in frame.names else builtins()
                found = (names[name],) if name in names else None
                return found if here.watch is None else here.watch.read(name, frame, found)
            if name in frame.names:
                return (frame.names[name],)
            frame = frame.outer
        found = self.scope.found(name)
        if found is None:
            found = (builtins()[name],) if name in builtins() else self.answers.find(name)
        return found if here.watch is None else here.watch.read(name, None, found)

    def name_of(self, value: Value) -> str | None:
        """The first name at the top level that stands for this very value, if one does."""
        found = next((name for name in self.scope if self.scope[name] is value), None)
        if found is not None and here.watch is not None:
            here.watch.read(found, None, (value,))
        return found

    def present(self, value: Value) -> Value:
        """A parameter as it is now: the model keeps the one that it was made with."""
        if not isinstance(value, Parameter):
            return value
        now = self.training.get(value.key) if self.training is not None else None
        return self._stand_ins.get(value.key) or now or self.trained.get(value.key, value)

    @contextmanager
    def afresh(self) -> Iterator[None]:
        """Within, nothing that was found out about functions before is taken for granted."""
        before = self._reaches, self._inner_reaches
        self._reaches, self._inner_reaches = {}, {}
        try:
            yield
        finally:
            self._reaches, self._inner_reaches = before

    @contextmanager
    def standing_in(self, parameters: Mapping[object, Parameter]) -> Iterator[None]:
        """Within, other parameters are the present ones, by their key."""
        before, self._stand_ins = self._stand_ins, {**self._stand_ins, **parameters}
        try:
            yield
        finally:
            self._stand_ins = before

    def train(self, old: Parameter, value: Value, name: str, span: Span) -> None:
        """Give a parameter a new value, wherever its model is used from now on.

        Raises:
            LanguageError: for a value that is none, or of another shape.
        """
        if self.training is not None:
            self.training.put(old, to_node(value, self.dtype, span))
            return
        spoil()
        new = trainable(old.name, self.settle(value, span), self.dtype, span, instead_of=old)
        if new.shape != old.shape:
            raise fail(
                "shape",
                f"the parameter `{name}` has shape {old.shape}, the new value {new.shape}",
                span,
                "a parameter keeps its shape; define the model again for another",
            )
        self.trained[old.key] = new
        # One that was declared at the top level, alone or in a tuple, goes by its name there.
        base = old.name.partition("[")[0]
        held = self.scope.get(base, None)
        if any(isinstance(item, Parameter) and item.key is old.key for item in leaves(held)):
            self.scope[base] = map_items(held, lambda v: new if isinstance(v, Parameter) and v.key is old.key else v)
