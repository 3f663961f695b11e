"""Functions with derivatives of their own: `with_derivative`, `with_vjp`, `with_jvp`, `straight_through`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isfinite, prod

from gradcli.core.errors import CoreError
from gradcli.core.ir.nodes import Input, Node, Operand, constant_like, fresh_input, name_of
from gradcli.core.ir.promotion import cast, real, stretch
from gradcli.core.ir.shapes import broadcast_shapes, size_of
from gradcli.core.ir.traversal import reachable, substitute
from gradcli.core.library.functions import matmul
from gradcli.core.primitives.shaping import reshape
from gradcli.core.records import structure
from gradcli.core.transforms.reverse import vjp
from gradcli.language.calls.announce import Call, FunctionOrValue, builtin
from gradcli.language.text.diagnostics import LanguageError, Span, fail
from gradcli.language.values.convert import to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.nesting import leaves
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import Caller, Function, Required, Rewrite, Value

# Where a derivative that is given is compared with differences: near 1, on both sides of 0, and farther out.
PLACES = ((0.9, 0.4), (-0.6, 0.3), (2.6, 0.9))
STEP, DIFFERS, NOTHING = 1e-5, 1e-4, 1e-6


# What a function is, of its inputs that are tensors.
Plain = Callable[[Caller, Sequence[Node], Span], Value]


@structure
class Custom(Function):
    """A function whose derivatives follow from another: its partials, its adjoints or its rate."""

    of: Function
    rule: Value
    what: str
    check: bool = True
    kind: str = "function"

    def __post_init__(self) -> None:
        self.name = f"{self.what}({self.of.name})"
        self.inputs = self.of.inputs
        self.members = self.of.members
        self.compared = False

    def substituted(self, substitution: Rewrite) -> Custom:
        """The same of the functions as the caller's values make them."""
        rule = self.rule.substituted(substitution) if isinstance(self.rule, Function) else self.rule
        return replace(self, of=self.of.substituted(substitution), rule=rule)

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The value, with the rule beside it.

        Raises:
            LanguageError: for inputs that are no tensors, several results, and a rule that doesn't fit.
        """
        pairs = zip(self.inputs, values, strict=True)
        # An option, which is known before the call, stays as it is.
        moves = [i.real and (v is not None or isinstance(i.default, Required)) for i, v in pairs]
        named = [i.name for i, moving in zip(self.inputs, moves, strict=True) if moving]
        given = [v for v, moving in zip(values, moves, strict=True) if moving]
        xs = [self._tensor(caller, v, name, span) for v, name in zip(given, named, strict=True)]

        def of(caller: Caller, tensors: Sequence[Node], span: Span) -> Value:
            following = iter(tensors)
            whole = [next(following) if moving else v for v, moving in zip(values, moves, strict=True)]
            return self.of.call(caller, whole, span)

        if self.check and not self.compared:
            self._compare(caller, of, xs, named, span)
        return self._of(caller, of, xs, span)

    def _tensor(self, caller: Caller, value: Value, name: str, span: Span) -> Node:
        if not is_number(value) and not isinstance(value, Node):
            raise fail("type", f"`{self.name}` takes numbers and tensors, and `{name}` is {describe(value)}", span)
        return real(to_node(value, caller.dtype, span))

    def _plain(self, caller: Caller, of: Plain, xs: Sequence[Node], span: Span) -> Node:
        found = [*leaves(of(caller, xs, span))]
        if len(found) != 1:
            hint = "give each result a function of its own, or stack them into one tensor"
            raise fail("type", f"`{self.of.name}` returns {len(found)} values, and {self.what} needs one", span, hint)
        return real(to_node(found[0], caller.dtype, span))

    def _of(self, caller: Caller, of: Plain, xs: Sequence[Node], span: Span) -> Node:
        from gradcli.core.calculus.rules import by_adjoint, by_tangents

        with caller.differentiating():

            def plain(inputs: Sequence[Node]) -> Node:
                return self._plain(caller, of, inputs, span)

            if self.what == "with_jvp":
                return by_tangents(plain, xs, lambda at, y, along: self._rate(caller, y, [*at, *along], span))
            common = broadcast_shapes([x.shape for x in xs])
            if self.what != "with_vjp" and any(x.shape != common for x in xs) and plain(xs).shape == common:
                # Element by element: each input in the shape of the result.
                xs = [stretch(x, common) for x in xs]
            adjoints: Callable[..., Sequence[Node | None]] = {
                "with_derivative": self._by_partials,
                "with_vjp": self._by_adjoints,
                "straight_through": self._straight,
            }[self.what]
            return by_adjoint(plain, xs, lambda at, y, g: adjoints(caller, y, at, g, span))

    def _given(self, caller: Caller, inputs: Sequence[Node], count: int, span: Span) -> list[Value]:
        """What the rule returns for inputs: so many values; a number stands for itself."""
        if not isinstance(self.rule, Function):
            found = [*leaves(self.rule)]
        else:
            takes = len(self.rule.inputs)
            if takes != len(inputs) and not (self.rule.inputs and self.rule.inputs[-1].variadic):
                told = f"`{self.rule.name}` takes {takes} inputs, and {self.what} calls it with {len(inputs)}"
                raise fail("type", told, span, _CALLED[self.what])
            found = [*leaves(self.rule.call(caller, inputs, span, fresh=True))]
        if len(found) != count:
            told = f"{count} {'is' if count == 1 else 'are'} needed, and {len(found)} given"
            raise fail("type", f"{self.what} of `{self.of.name}`: {told}", span, _CALLED[self.what])
        return found

    def _by_partials(self, caller: Caller, y: Node, xs: Sequence[Node], g: Node, span: Span) -> list[Node | None]:
        found: list[Node | None] = []
        for x, value in zip(xs, self._given(caller, xs, len(xs), span), strict=True):
            partial = cast(real(to_node(value, caller.dtype, span)), x.dtype)
            if x.shape == y.shape and _stretches(partial, y.shape):
                found.append(g * stretch(partial, y.shape))
            elif partial.shape == (*y.shape, *x.shape):
                rows, columns = size_of(y.shape), size_of(x.shape)
                row = matmul(reshape(g, shape=(1, rows)), reshape(partial, shape=(rows, columns)))
                found.append(reshape(row, shape=x.shape))
            else:
                told = f"a partial of shape {partial.shape} for a result of shape {y.shape} and an input of {x.shape}"
                raise fail("shape", told, span, f"its shape is {(*y.shape, *x.shape)}, the result's and the input's")
        return found

    def _by_adjoints(self, caller: Caller, y: Node, xs: Sequence[Node], g: Node, span: Span) -> list[Node | None]:
        found: list[Node | None] = []
        for x, value in zip(xs, self._given(caller, [*xs, g], len(xs), span), strict=True):
            found.append(self._fitting(caller, value, x, "an adjoint", span))
        return found

    def _rate(self, caller: Caller, y: Node, given: Sequence[Node], span: Span) -> Node:
        (value,) = self._given(caller, given, 1, span)
        return self._fitting(caller, value, y, "a rate", span)

    def _fitting(self, caller: Caller, value: Value, like: Node, what: str, span: Span) -> Node:
        node = cast(real(to_node(value, caller.dtype, span)), like.dtype)
        if not _stretches(node, like.shape):
            raise fail("shape", f"{what} of shape {node.shape} where {like.shape} is needed", span)
        return stretch(node, like.shape)

    def _straight(self, caller: Caller, y: Node, xs: Sequence[Node], g: Node, span: Span) -> list[Node | None]:
        if any(x.shape != y.shape for x in xs) or len(xs) != 1:
            told = f"straight_through needs a function of one tensor that keeps its shape, and `{self.of.name}` is none"
            raise fail("shape", told, span, "with_derivative(f, g) and with_vjp(f, h) take any function")
        return [g]

    def _compare(self, caller: Caller, of: Plain, xs: Sequence[Node], named: Sequence[str], span: Span) -> None:
        """Warn once where differences of the function tell another slope than the rule; what is open is left out."""
        inputs: list[Node] = [fresh_input(n, x.shape, x.dtype) for n, x in zip(named, xs, strict=True)]
        try:
            ruled = self._of(caller, of, inputs, span)
            with caller.differentiating():
                plain = self._plain(caller, of, inputs, span)
            slopes = vjp([ruled], inputs, [constant_like(_spread(ruled, 1.0, 0.5), ruled)])
            nodes = [plain, *slopes]
            if any(isinstance(n, Input) and n not in inputs for n in reachable(nodes)):
                return
            self.compared = True
            for middle, width in PLACES:
                told = self._difference(inputs, plain, slopes, middle, width)
                if told is not None:
                    caller.warn(told, span, "check=false says that they are meant to differ")
                    return
        except (CoreError, LanguageError):
            # What is wrong with the call itself is told by the call.
            return

    def _difference(
        self, inputs: Sequence[Node], plain: Node, slopes: Sequence[Node], middle: float, width: float
    ) -> str | None:
        """What is to be said where the two differ at a point."""
        from gradcli.core.engines.evaluation import evaluate

        points = [_spread(x, middle, width, i) for i, x in enumerate(inputs)]
        along = [_spread(x, 0.7, 0.5, i + 1) for i, x in enumerate(inputs)]
        weight = _spread(plain, 1.0, 0.5)

        def at(step: float) -> dict[Node, Node]:
            moved = (p + step * d for p, d in zip(points, along, strict=True))
            return {x: constant_like(value, x) for x, value in zip(inputs, moved, strict=True)}

        ahead, behind = (float((weight * evaluate(substitute([plain], at(h)))[0]).sum()) for h in (STEP, -STEP))
        by_steps = (ahead - behind) / (2 * STEP)
        found = evaluate(substitute(slopes, at(0.0)))
        given = float(sum((slope * d).sum() for slope, d in zip(found, along, strict=True)))
        if not isfinite(by_steps) or not isfinite(given):
            return None
        if abs(by_steps - given) <= DIFFERS * max(abs(by_steps), abs(given)) + NOTHING:
            return None
        if all(x.shape == () for x in inputs) and plain.shape == () and len(inputs) == 1:
            place = f"{name_of(inputs[0])} = {float(points[0]):.6g}"
            by_steps, given = by_steps / float(along[0] * weight), given / float(along[0] * weight)
            return (
                f"the slope given for `{self.of.name}` is {given:.6g} at {place}, and differences tell {by_steps:.6g}"
            )
        return f"the slope given for `{self.of.name}` is {given:.6g} along a line, and differences tell {by_steps:.6g}"


_CALLED = {
    "with_derivative": "it is called with the inputs, and returns a partial for each, as a tuple",
    "with_vjp": "it is called with the inputs and the adjoint of the result, and returns an adjoint for each input",
    "with_jvp": "it is called with the inputs and a tangent for each, and returns that of the result",
    "straight_through": "",
}


def _stretches(node: Node, shape: tuple[int, ...]) -> bool:
    try:
        return broadcast_shapes([node.shape, shape]) == shape
    except CoreError:
        return False


def _spread(like: Node, middle: float, width: float, number: int = 0):  # type: ignore[no-untyped-def]
    """Numbers about a middle in the shape of a node, always the same."""
    import numpy as np

    count = np.arange(prod(like.shape)) + 3.0 * number
    return (middle + width * np.sin(1.0 + 2.0 * count)).reshape(like.shape)


@builtin(
    "f with partials of its own: g takes the inputs and returns one for each, and is differentiated further",
    example="f = with_derivative(x -> floor(x), x -> 1, check=false)\nf(2.7), f'(2.7)",
)
def with_derivative(call: Call, f: Function, g: FunctionOrValue, check: bool = True) -> Custom:
    """The function. Its rule is compared with differences at its first call, unless check=false."""
    return Custom(f, g, "with_derivative", check)


@builtin(
    "f with adjoints of its own: h takes the inputs and the adjoint of the result, and returns one for each input",
    example="f = with_vjp(x -> x^2, (x, g) -> clip(2x*g, -1, 1), check=false)\nf'(0.2), f'(7)",
)
def with_vjp(call: Call, f: Function, h: Function, check: bool = True) -> Custom:
    """The function. Its rule is compared with differences at its first call, unless check=false."""
    return Custom(f, h, "with_vjp", check)


@builtin(
    "f with a rate of its own: h takes the inputs and a tangent for each, and returns the tangent of the result",
    example="f = with_jvp((x, y) -> x y, (x, y, dx, dy) -> y*dx + x*dy)\ngrad(f, all)(3, 5)",
)
def with_jvp(call: Call, f: Function, h: Function, check: bool = True) -> Custom:
    """The function. Its rule is compared with differences at its first call, unless check=false."""
    return Custom(f, h, "with_jvp", check)


@builtin(
    "f with the slope 1, as the straight-through estimator of a step has it",
    example="q = straight_through(round)\nq(2.7), q'(2.7)",
)
def straight_through(call: Call, f: Function) -> Custom:
    """The function, of one tensor whose shape it keeps."""
    return Custom(f, 1, "straight_through", False)


@builtin(
    "x itself, with its gradient reversed: times -scale",
    example="f(x) = gradient_reversal(x^2)\nf(3), f'(3)",
)
def gradient_reversal(call: Call, x: Node, scale: Operand = 1.0) -> Node:
    """The same value; scale may be computed."""
    from gradcli.core.calculus.rules import by_adjoint

    return by_adjoint(lambda at: at[0] * 1.0, [real(x)], lambda at, y, g: [-(g * scale)])
