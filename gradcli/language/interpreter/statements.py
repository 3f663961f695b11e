"""What statements do: names get values, blocks run, functions return."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradcli.core.ir.nodes import Node
from gradcli.core.library.indexing import updated
from gradcli.language.calls.functions import declare, define
from gradcli.language.calls.items import items_of, length_of
from gradcli.language.calls.kinds import Unlike
from gradcli.language.calls.operations import truth
from gradcli.language.calls.reach import note_what_is_shared
from gradcli.language.calls.rows import Rows, rows_of
from gradcli.language.calls.tracing import values_now
from gradcli.language.calls.weights import assign
from gradcli.language.interpreter.endings import Ending, Guard, followed, forked, left, names_picked, without_continue
from gradcli.language.interpreter.paper import Paper
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.text.refusals import REFUSALS, refused
from gradcli.language.values.convert import to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.said import Said
from gradcli.language.values.values import Frame, Function, Value

if TYPE_CHECKING:
    from gradcli.language.interpreter.training import Trained

# A recursion is unrolled into the graph, and takes some ten of Python's frames a call.
DEEPEST_CALL = 64
# Shorter loops are written out, so that a formula shows them; unless that would be so many operations, from some steps
# on: it is then that a loop's node begins to take less time, and far less until it is machine code.
LONGEST_UNROLLED, FEWEST_STEPS, MOST_OPERATIONS = 64, 8, 1_000
# At the top level each statement is computed by itself; a loop of more steps is one node, if it does nothing else.
LONGEST_AT_TOP = 200
# Plain numbers are exact there, which a node's are not.
LONGEST_EXACT = 5_000


class Statements(Paper):
    """What statements do."""

    @abstractmethod
    def result(self, expression: s.Expression) -> Value:
        """The value of an expression at the top level, computed."""

    @abstractmethod
    def chosen(self, condition: Node, yes: Value, no: Value) -> Value:
        """One value or the other, of a choice between blocks."""

    @abstractmethod
    def tell(self, statement: s.Print, frame: Frame | None) -> None:
        """Say what a `print` says."""

    @abstractmethod
    def looks_into_itself(self, function: Function) -> bool:
        """Whether a function's text leads to itself."""

    @abstractmethod
    def index_items(self, node: s.Subscript, frame: Frame | None) -> tuple[Any, ...]:
        """The items of an index, evaluated."""

    def items(self, value: Value, span: Span) -> Sequence[Value]:
        """The items to go through."""
        return items_of(value, span)

    def bind(self, targets: tuple[s.Name, ...], value: Value, frame: Frame) -> None:
        """Give a value to a name, or its items to several."""
        self._bind(targets[0] if len(targets) == 1 else s.Tuple(targets[0].span, targets), value, frame)

    # Blocks.

    def run(self, function: Function, body: Sequence[s.Statement], frame: Frame, span: Span) -> Value:
        """What the body of a function returns that is called at `span`.

        Raises:
            LanguageError: where it calls itself too often, or ends without a return.
        """
        self.step(span)
        within = self._calls.count(id(body))
        if within >= DEEPEST_CALL:
            raise fail(
                "value",
                f"`{function.name}` calls itself more than {DEEPEST_CALL} times, one call in another",
                span,
                "only a condition on numbers that are known at the call ends a recursion; use `for i in range(n):`",
            )
        heard = self._heard
        if not self._calls:
            self._heard = []
        self._calls.append(id(body))
        before, self._recursing = self._recursing, within > 0 or self.looks_into_itself(function)
        try:
            how = self.run_body(body, frame)
        finally:
            self._calls.pop()
            self._recursing = before
            if not self._calls:
                self._say(self._heard or [])
                self._heard = heard
        if how is None or how.returned is None:
            raise fail("value", f"`{function.name}` ended without reaching a return", span, "put a return at its end")
        guard, value = how.returned
        if guard is not True:
            what = f"`{function.name}` returns only where a condition holds that isn't known here"
            raise fail("value", what, span, "put a return at its end, for where it does not hold")
        return value

    def _say(self, heard: Sequence[Said]) -> None:
        """Say what a call has printed, once, however often its function was traced to differentiate it."""
        key = tuple((said.span.start, repr(said.items)) for said in heard)
        if heard and key not in self._spoken and all(said.known for said in heard):
            self._spoken.add(key)
            for said in heard:
                self.told(said)

    def run_body(self, body: Sequence[s.Statement], frame: Frame | None) -> Ending | None:
        """How a block ends; None where only behind its last line."""
        how: Ending | None = None
        for statement in body:
            how = followed(how, self.execute(statement, frame), self.chosen)
            if how is not None and how.always:
                break
        return how

    def execute(self, statement: s.Statement, frame: Frame | None) -> Ending | None:
        """Do what a statement says, in a function's frame or at the top level; how it ends the block that it is in.

        What belongs to the session, and not to the language, is handed to `outside`.
        """
        do = _EXECUTE.get(type(statement))
        if do is not None:
            return do(self, statement, frame)
        self.outside(statement)
        return None

    def _return(self, statement: s.Return, frame: Frame | None) -> Ending:
        return Ending(returned=(True, self.evaluate(statement.value, frame)))

    def _break(self, statement: s.Break, frame: Frame | None) -> Ending:
        return Ending(broken=(True, {} if frame is None else dict(frame.names)))

    def _continue(self, statement: s.Continue, frame: Frame | None) -> Ending:
        return Ending(continued=(True, {} if frame is None else dict(frame.names)))

    # Choices.

    def decided(self, condition: s.Expression, frame: Frame | None) -> Guard:
        """A condition as true or false where that is known in this call, as Python would; else the node that it is.

        Raises:
            LanguageError: for what is no condition, or several.
        """
        value = truth(self.evaluate(condition, frame), condition.span)
        if isinstance(value, bool):
            return value
        if value.shape != ():
            what = f"a block is chosen by one condition, and this has shape {value.shape}"
            raise fail("shape", what, condition.span, "write `where(condition, a, b)` for one choice an element")
        try:
            known = values_now([value])
        except REFUSALS as error:
            raise refused(error, condition.span) from error
        return value if known is None else bool(known[value])

    def _if(self, statement: s.If, frame: Frame | None) -> Ending | None:
        self.choice = statement.span
        return self._arms(statement.arms, statement.otherwise, frame)

    def _arms(self, arms: Sequence[s.Arm], otherwise: Sequence[s.Statement], frame: Frame | None) -> Ending | None:
        if not arms:
            return self.run_body(otherwise, frame)
        arm, rest = arms[0], arms[1:]
        condition = self.decided(arm.condition, frame)
        if isinstance(condition, bool) or frame is None:
            return self.run_body(arm.body, frame) if condition is True else self._arms(rest, otherwise, frame)
        before = dict(frame.names)
        yes = self.run_body(arm.body, frame)
        there, frame.names = frame.names, before
        no = self._arms(rest, otherwise, frame)
        if no is not None and no.always:
            frame.names = there
        elif yes is None or not yes.always:
            frame.names = names_picked(condition, there, frame.names, self.chosen)
        return forked(condition, yes, no, self.chosen)

    # Loops.

    def _for(self, loop: s.For, frame: Frame | None) -> Ending | None:
        self.choice = loop.span
        values = self.evaluate(loop.values, frame)
        longest = self._longest(loop.body, frame)
        shortest = longest if frame is None else min(longest, FEWEST_STEPS)
        long = (length_of(values) or 0) > shortest
        rows = rows_of(values, loop.values.span) if long and self._may_be_node(loop.body, frame) else None
        if rows is not None:
            try:
                return self._as_node(loop, frame, rows, 0 if rows.length > longest else MOST_OPERATIONS)
            except Unlike as unlike:
                if unlike.shapes and rows.length > longest:
                    return self._behind_the_first(loop, frame, rows)
        items = items_of(values, loop.values.span)
        self.step(loop.values.span, len(items))
        return self._behind(self._one_by_one(loop, frame, items, None), frame)

    def _one_by_one(
        self, loop: s.For, frame: Frame | None, items: Iterable[Value], how: Ending | None
    ) -> Ending | None:
        """How a loop ends that goes through items, written out."""
        target = loop.targets[0] if len(loop.targets) == 1 else s.Tuple(loop.span, loop.targets)
        for value in items:
            self._bind(target, value if frame is not None else self.settle(value, loop.span), frame)
            how = self._step_of(loop.body, frame, how)
            if how is not None and how.always:
                break
        return how

    def _behind_the_first(self, loop: s.For, frame: Frame | None, rows: Rows) -> Ending | None:
        """A loop whose first step makes another shape of what it carries: that step, and the others as one node."""
        how = self._one_by_one(loop, frame, [rows.at(0)], None)
        if how is None:
            try:
                return self._as_node(loop, frame, rows.behind(1))
            except Unlike:
                pass
        if how is None or not how.always:
            self.step(loop.span, rows.length - 1)
            how = self._one_by_one(loop, frame, map(rows.at, range(1, rows.length)), how)
        return self._behind(how, frame)

    def _step_of(self, body: Sequence[s.Statement], frame: Frame | None, before: Ending | None) -> Ending | None:
        """How a loop ends that has made one more step."""
        how = self.run_body(body, frame)
        names = {} if frame is None else frame.names
        how, names = without_continue(how, names, self.chosen)
        if frame is not None:
            frame.names = names
        return followed(before, how, self.chosen)

    def _behind(self, how: Ending | None, frame: Frame | None) -> Ending | None:
        how, names = left(how, {} if frame is None else frame.names, self.chosen)
        if frame is not None:
            frame.names = names
        return how

    def _while(self, loop: s.While, frame: Frame | None) -> Ending | None:
        self.choice = loop.span
        how: Ending | None = None
        most = self._longest(loop.body, frame)
        count = 0
        while True:
            goes_on = self.decided(loop.condition, frame)
            if isinstance(goes_on, Node):
                raise fail(
                    "value",
                    "how often this loop runs isn't known where the function is mapped, or shown without a point",
                    loop.condition.span,
                    "write `for i in range(n):` with the most steps that it may make, and `if ...: break`",
                )
            if not goes_on:
                break
            if count == most and how is None and self._may_be_node(loop.body, frame):
                try:
                    return self._as_node(loop, frame, None)
                except Unlike:
                    pass
            self.step(loop.span)
            count += 1
            how = self._step_of(loop.body, frame, how)
            if how is not None and how.always:
                break
        return self._behind(how, frame)

    def _longest(self, body: Sequence[s.Statement], frame: Frame | None) -> float:
        """How many steps are made one by one."""
        if frame is not None:
            return LONGEST_UNROLLED
        found = [self.find(name, None) for name in dict.fromkeys(s.bound_in(tuple(body)))]
        carried = [one[0] for one in found if one is not None and not isinstance(one[0], Function)]
        of_tensors = s.trains(tuple(body)) or any(isinstance(value, Node) for value in carried)
        return LONGEST_AT_TOP if of_tensors else LONGEST_EXACT

    def _may_be_node(self, body: Sequence[s.Statement], frame: Frame | None) -> bool:
        """Whether a block computes, and does nothing else."""
        pure = (s.Assign, s.If, s.For, s.While, s.Break, s.Continue, *((s.Return,) if frame is not None else ()))
        may_train = frame is None or self._training_in(frame) is not None
        return all(
            isinstance(statement, pure)
            and (may_train or not (isinstance(statement, s.Assign) and isinstance(statement.target, s.Attribute)))
            and all(self._may_be_node(block, frame) for block in s.blocks_of(statement))
            for statement in body
        )

    def _as_node(self, loop: s.For | s.While, frame: Frame | None, rows: Rows | None, least: int = 0) -> Ending | None:
        """The loop as one node. At the top level its names are computed at once."""
        # Short loops need nothing of what makes nodes of long ones.
        from gradcli.language.interpreter.looping import LoopTrace
        from gradcli.language.interpreter.training import Trained

        inside = Frame({}, None) if frame is None else frame
        targets = loop.targets if isinstance(loop, s.For) else ()
        condition = loop.condition if isinstance(loop, s.While) else None
        trained = Trained(inside) if frame is None else self._training_in(frame)
        how, names = LoopTrace(self, loop.body, inside, targets, rows, condition, trained).run(loop.span, least)
        if frame is not None:
            frame.names = names
            return how
        values = self.settle(tuple(names.values()), loop.span)
        assert isinstance(values, tuple)
        for name, value in zip(names, values, strict=True):
            old = trained.before.get(name) if trained is not None else None
            if old is None:
                self._bind(s.Name(loop.span, name), value, None)
            else:
                self.train(old, value, old.name, loop.span)
        return None

    def _training_in(self, frame: Frame | None) -> Trained | None:
        """What keeps account of the parameters that are given values in a frame, in a loop that is traced."""
        return self.training if self.training is not None and self.training.frame is frame else None

    # Names.

    def _assign(self, statement: s.Assign, frame: Frame | None) -> None:
        if frame is None:
            value = self.of_free(statement.value, None) if isinstance(statement.value, s.Partial) else None
            self._bind(statement.target, self.result(statement.value) if value is None else value, None)
        else:
            self._bind(statement.target, self.evaluate(statement.value, frame), frame)

    def _function(self, statement: s.Function, frame: Frame | None) -> None:
        self._bind(statement.name, self.define(statement, frame), frame)
        if frame is None:
            self.warn_of_called_numbers(statement)

    def _param(self, statement: s.Param, frame: Frame | None) -> None:
        self._bind(statement.name, declare(self, statement, frame), frame)

    def _print(self, statement: s.Print, frame: Frame | None) -> None:
        if self.abstract:
            raise Unlike
        self.tell(statement, frame)

    def _bind(self, target: s.Expression, value: Value, frame: Frame | None) -> None:
        """Give a value to a name, or the items of a tuple to several, or a new value to a model's parameter.

        At the top level values have been computed.
        """
        if isinstance(target, s.Name):
            self._inner_reaches.clear()
            if frame is None:
                self._reaches.clear()
            (self.scope if frame is None else frame.names)[target.id] = value
        elif isinstance(target, s.Tuple):
            items = items_of(value, target.span)
            if len(items) != len(target.items):
                raise fail(
                    "value",
                    f"{len(target.items)} names for {len(items)} {'value' if len(items) == 1 else 'values'}",
                    target.span,
                    "give each value a name",
                )
            if frame is None and isinstance(value, Node):
                settled = self.settle(tuple(items), target.span)
                items = items_of(settled, target.span)
            for part, item in zip(target.items, items, strict=True):
                self._bind(part, item, frame)
        elif isinstance(target, s.Subscript):
            self._put(target, value, frame)
        elif isinstance(target, s.Attribute | s.Call):
            at_top = frame is None or self._training_in(frame) is not None
            assign(self, self.evaluate(target, frame), value, target.span, at_top)

    def _put(self, target: s.Subscript, value: Value, frame: Frame | None) -> None:
        """`x[i] = value`: the name gets a new tensor, which has the value there; what else had the old one keeps it."""
        assert isinstance(target.value, s.Name)
        old = self.evaluate(target.value, frame)
        items = self.index_items(target, frame)
        if (
            isinstance(old, tuple)
            and len(items) == 1
            and isinstance(items[0], int)
            and -len(old) <= items[0] < len(old)
        ):
            changed = list(old)
            changed[items[0]] = value
            self._bind(target.value, tuple(changed), frame)
            return
        if not isinstance(old, Node):
            raise fail("type", f"{describe(old)} has no items that can be given a value", target.span)
        try:
            new: Value = updated(old, items, to_node(value, self.dtype, target.span))
        except REFUSALS as error:
            raise refused(error, target.span) from error
        self._bind(target.value, self.settle(new, target.span) if frame is None else new, frame)

    def define(self, statement: s.Function, frame: Frame | None) -> Function:
        """The function or model that a definition makes; its parameters are given their initial values now."""
        made = define(self, statement.name.id, statement.parameters, statement.body, frame, statement)
        note_what_is_shared(self, made, statement.name.span)
        return made


_EXECUTE: Mapping[type, Callable[[Statements, Any, Frame | None], Ending | None]] = {
    s.Return: Statements._return,
    s.Assign: Statements._assign,
    s.Function: Statements._function,
    s.Param: Statements._param,
    s.For: Statements._for,
    s.While: Statements._while,
    s.If: Statements._if,
    s.Break: Statements._break,
    s.Continue: Statements._continue,
    s.Print: Statements._print,
}
