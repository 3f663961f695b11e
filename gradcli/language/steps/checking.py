"""Whether a student's answer is a derivative, where it is, and which slip it may be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import reduce
from math import isfinite, isnan, sqrt

from gradcli.core import formula
from gradcli.core.engines.program import Program
from gradcli.core.formula.algebra import UnreadableError
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Input, Node, constant_like, filled
from gradcli.core.ir.traversal import substitute
from gradcli.core.steps.agreement import Sample, agrees_somewhere, constant_ratio, part, same, samples, thresholds
from gradcli.core.steps.tree import Step, steps_of
from gradcli.core.transforms.forward import jvp
from gradcli.language.derivatives.base import Operator, base_of, is_single
from gradcli.language.derivatives.spelling import spellings_of
from gradcli.language.steps.asked import asked, symbols_of, traced
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Source, Span, fail, near
from gradcli.language.text.parse import parse_expression
from gradcli.language.values.convert import to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.explanations import PARTLY, RIGHT, WRONG, Check
from gradcli.language.values.nesting import nodes_in
from gradcli.language.values.partial import Partial
from gradcli.language.values.values import Caller, Frame, Function, Required, Value

WHAT = "check_answer"
# How far beside a point the slopes on both sides are looked at.
STEP = 2.0**-20
# An answer that is off by no more everywhere has a number in it that was rounded.
ROUNDED = 1e-3


def checked(caller: Caller, fn: Function, answer: Value, span: Span) -> Check:
    """What is to be said of a student's answer: a text, an expression of the function's inputs, or a function.

    Raises:
        LanguageError: for an answer that can't be read or isn't of the function's inputs, and functions of tensors.
    """
    return _Examiner(caller, fn, answer, span).check()


class _Examiner:
    """Compares one answer with one function."""

    def __init__(self, caller: Caller, fn: Function, answer: Value, span: Span) -> None:
        self._caller, self._span, self._fn = caller, span, fn
        self._base, self._by, self._name = fn, "", fn.name
        if isinstance(fn, Operator):
            meant = asked(fn, span, WHAT)
            if len(meant.by) != 1:
                hint = f"such as {WHAT}(∂f/∂{meant.by[0][0]}, ...)"
                raise fail("type", f"an answer is one formula, and `{fn.name}` has {len(meant.by)}", span, hint)
            self._base, self._by = meant.function, meant.by[0][-1] if len(meant.by[0]) == 1 else ""
            # A prime says nothing of which variable.
            partial = reduce(Partial.then, meant.by[0], base_of(self._base))
            plain = is_single(self._base) and self._base.name.isidentifier()
            self._name = fn.name if plain else str(partial)
        values = symbols_of(self._base, span, WHAT)
        self._inputs = [value for value in values if isinstance(value, Input)]
        self._node = traced(caller, self._base, values, span, WHAT)
        self._expected = self._node
        if isinstance(fn, Operator):
            found = list(nodes_in(fn.call(caller, values, span, fresh=True)))
            self._expected = found[0] if found else filled(0.0, self._node)
        self._text, self._given = self._read(answer)

    # The answer as a graph of the function's inputs.

    def _read(self, answer: Value) -> tuple[str, Node]:
        if isinstance(answer, str):
            answer = _right_side(answer)
            expression = parse_expression(Source("<answer>", answer))
            self._refuse_other_names(expression)
            value = self._caller.evaluate(expression, Frame({i.name: i for i in self._inputs}))
            return answer, self._number(value, expression.span)
        text = answer.name if isinstance(answer, Function) else describe(answer)
        return text, self._number(answer, self._span)

    def _refuse_other_names(self, expression: s.Expression) -> None:
        names = [i.name for i in self._inputs]
        nodes = list(s.walk(expression))
        inner = {p.name for node in nodes if isinstance(node, s.Lambda) for p in node.parameters}
        inner |= {t.id for node in nodes if isinstance(node, s.Comprehension) for t in node.targets}
        for node in nodes:
            if isinstance(node, s.Name) and node.id not in (*names, *inner) and not self._caller.find(node.id, None):
                hint = near(node.id, names) or f"`{self._base.name}` is a function of {', '.join(names)}"
                raise fail(
                    "name", f"the answer has `{node.id}`, which is no input of `{self._base.name}`", node.span, hint
                )

    def _number(self, value: Value, span: Span) -> Node:
        if isinstance(value, Function):
            value = self._called(value, span)
        if isinstance(value, bool) or not isinstance(value, (int, float, Node)):
            raise fail("type", f"an answer is a formula, not {describe(value)}", span, 'such as "2x", or x -> 2x')
        node = to_node(value, DType.FLOAT64, span)
        if node.shape != () or node.dtype is DType.BOOL:
            what = "a condition" if node.dtype is DType.BOOL else describe(value)
            raise fail("type", f"an answer is a formula for one number, not {what}", span, 'such as "2x"')
        return node

    def _called(self, function: Function, span: Span) -> Value:
        """A function at the inputs of these names, or else in their order."""
        by_name: dict[str, Value] = {i.name: i for i in self._inputs}
        required = [i for i in function.inputs if isinstance(i.default, Required)]
        values: list[Value] = []
        if all(i.name in by_name for i in required):
            values = [by_name.get(i.name, i.default) for i in function.inputs]  # type: ignore[arg-type]
        elif len(required) == len(self._inputs):
            values = [*self._inputs, *(i.default for i in function.inputs[len(self._inputs) :])]  # type: ignore[list-item]
        else:
            names = ", ".join(by_name)
            message = (
                f"the answer is a function of {', '.join(i.name for i in required)}, and `{self._base.name}` of {names}"
            )
            raise fail("type", message, span, f"write it in {names}")
        return function.call(self._caller, values, span)

    # What is said of it.

    def check(self) -> Check:
        """By the formula if both have the same, and by their values."""
        found = samples(self._node, self._expected, self._given, self._inputs)
        if self._has_same_formula():
            found = [self._agreeing(sample) for sample in found]
        if not found:
            message = f"`{self._fn.name}` has no value at any of the points at which answers are compared"
            raise fail("value", message, self._span)
        found = [sample for sample in found if sample.agrees or not self._is_corner(sample)]
        wrong = [sample for sample in found if not sample.agrees]
        if not wrong:
            return self._said(RIGHT)
        bounds = thresholds([self._node, self._expected, self._given])
        where = part(found, [i.name for i in self._inputs], bounds)
        shown = next((sample for sample in wrong if isfinite(sample.given)), wrong[0])
        if where is not None or (isnan(shown.given) and agrees_somewhere(found)):
            return self._said(PARTLY, where, shown)
        return self._said(WRONG, None, shown, self._slip(found))

    def _is_corner(self, sample: Sample) -> bool:
        """Whether the slopes on both sides of a point differ, so that what is expected there is a convention."""
        place = next((i for i, node in enumerate(self._inputs) if node.name == self._by), None)
        if place is None:
            return False

        program = Program([self._node], list(self._inputs))
        low, middle, high = (
            float(program(*(x + step * (i == place) for i, x in enumerate(sample.at)))[0])
            for step in (-STEP, 0.0, STEP)
        )
        # Beside a corner they differ by more than a bend makes of such a step.
        return abs((high - middle) - (middle - low)) > STEP * sqrt(STEP) * max(1.0, abs(middle))

    def _said(self, verdict: str, where: str | None = None, at: Sample | None = None, hint: str | None = None) -> Check:
        if at is None:
            return Check(self._name, self._text, verdict, where, hint=hint)
        point = tuple(zip((i.name for i in self._inputs), at.at, strict=True))
        given: dict[Node, Node] = {i: constant_like(x, i) for i, x in zip(self._inputs, at.at, strict=True)}
        values = self._caller.certified(substitute([self._expected, self._given], given), [at.expected, at.given])
        return Check(self._name, self._text, verdict, where, point, float(values[0]), float(values[1]), hint)

    def _has_same_formula(self) -> bool:
        found = formula.texts([self._expected, self._given]).texts
        return (0,) in found and found.get((0,)) == found.get((1,))

    @staticmethod
    def _agreeing(sample: Sample) -> Sample:
        """Rounding makes no difference between two values of one formula; that one has none does."""
        return Sample(sample.at, sample.expected, sample.given, isfinite(sample.given), sample.chosen)

    # Slips.

    def _slip(self, found: Sequence[Sample]) -> str | None:
        """The common slip that the answer comes from, if it is one."""
        for hint, one, other in self._slips():
            program = Program([one, other], list(self._inputs))
            left, right = zip(*(map(float, program(*sample.at)) for sample in found), strict=True)
            if same(left, right):
                return hint
        ratios = [s.given / s.expected for s in found if s.expected]
        off = max((abs(ratio - 1) for ratio in ratios), default=1.0)
        if off <= ROUNDED and max(ratios) - min(ratios) <= ROUNDED * off:
            return "that is right to a few digits: a number in it is rounded"
        ratio = constant_ratio(found)
        if ratio == -1:
            return "all but the sign is right"
        if ratio is not None:
            return f"all but a constant factor is right: the answer is {ratio} of it"
        return None

    def _slips(self) -> Iterator[tuple[str, Node, Node]]:
        """What to say of a slip, and two graphs that are equal where it was made."""
        given, of = self._given, self._base.name
        if isinstance(self._fn, Operator):
            yield f"that is `{of}` itself, not its derivative", given, self._node
        variable = next((i for i in self._inputs if i.name == self._by), None)
        if variable is None:
            return

        one = filled(1.0, variable)
        for step in self._tree(variable):
            slopes = jvp([part.node for part in step.parts], [variable], [one])
            if step.rule == "chain rule" and len(step.parts) == 1:
                (inner,) = step.parts
                factor = f"d/d{self._by} of {inner.of}, which is {inner.result}"
                yield f"the chain rule's inner factor is missing: {factor}", given * slopes[0], self._expected
            if step.rule == "product rule" and len(step.parts) == 2:
                yield "the derivative of u*v is u'*v + u*v', not u'*v'", given, slopes[0] * slopes[1]
            if step.rule == "quotient rule":
                yield "the derivative of u/v is (u'*v - u*v')/v^2, not u'/v'", given, slopes[0] / slopes[1]
        yield f"that is an integral of `{of}`, not its derivative", jvp([given], [variable], [one])[0], self._node

    def _tree(self, variable: Input) -> Iterator[Step]:
        """The step at the root, and those that a constant factor is in front of."""
        try:
            step = steps_of(self._node, variable, spellings_of(self._base), [i.name for i in self._inputs])
        except (UnreadableError, RecursionError):
            return
        yield step
        while step.rule == "constant factor":
            (step,) = step.parts
            yield step


def _right_side(answer: str) -> str:
    """What stands behind `=` in `y = 2x` and `f'(x) = 2x`."""
    sides = re.split(r"(?<![=<>!:])=(?!=)", answer)
    named = len(sides) == 2 and re.fullmatch(r"\s*[^\W\d][\w'′/∂]*(?:\s*\([\w\s,]*\))?\s*", sides[0])
    return sides[1] if named else answer
