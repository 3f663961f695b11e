"""The derivative of a number by a variable as a tree of rules, in the order in which a teacher applies them.

Sums, products, quotients and branches are taken apart by their rules; of every function the slope is what the table of
primitives says, written with a letter for its argument.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, count

from gradcli.core import formula
from gradcli.core.formula.algebra import UnreadableError
from gradcli.core.formula.naming import LETTERS
from gradcli.core.formula.numbers import of_numbers
from gradcli.core.formula.printing import Binding
from gradcli.core.ir.laws import Flat
from gradcli.core.ir.nodes import Constant, Input, Node, Parameter, filled, fresh_input, registry
from gradcli.core.ir.primitive import Application, with_args
from gradcli.core.ir.traversal import dependents, reachable
from gradcli.core.records import record
from gradcli.core.steps.structure import Product, Writer, factors, multiplied, plain, terms
from gradcli.core.steps.texts import CHOICE, ONE, ZERO, Bound, bound, inside, product_of, replaced, sum_of

# A tree with more steps is read by nobody.
MOST_STEPS = 200
# Nor is a result that is longer, as those of functions of functions of functions become.
LONGEST = 4_000
# The functions whose rule is that of powers.
_POWERS = frozenset(("constant_power", "sqrt", "cbrt", "root"))

_OPPOSITE = {"greater": "less_equal", "less": "greater_equal", "greater_equal": "less", "less_equal": "greater"}


@record
class Step:
    """A rule and what it is applied to.

    `of` is a piece, and `node` its graph; `result` is its derivative, put together from those of its parts and not
    simplified. `pattern` is the form of the piece in letters, `formula` the derivative of that form, where `u'` is the
    derivative of u, and `where` what the letters stand for. `letter` is what the piece is called in the pattern above
    it, and `condition` when it is the branch that is taken.
    """

    rule: str
    of: str
    result: str
    node: Node
    parts: tuple[Step, ...] = ()
    pattern: str = ""
    formula: str = ""
    where: tuple[tuple[str, str], ...] = ()
    letter: str = ""
    condition: str = ""


class TooManyStepsError(UnreadableError):
    """A derivative with more steps than anybody reads."""


def steps_of(output: Node, variable: Input, spellings: Mapping[str, str], taken: Sequence[str]) -> Step:
    """The steps by which a number is differentiated by a variable.

    Args:
        output: a graph of numbers, of shape ().
        variable: the leaf that is differentiated by.
        spellings: names that are preferred for primitives, such as {"log": "ln"}.
        taken: names that no letter may have.

    Raises:
        UnreadableError: for tensors, and for what has no rule that is written down.
        TooManyStepsError: where it takes more than anybody reads.
    """
    output = of_numbers(output)
    return _Teacher(output, variable, spellings, taken).step(output)


class _Teacher:
    """Finds the rule for each piece of one function."""

    def __init__(self, output: Node, variable: Input, spellings: Mapping[str, str], taken: Sequence[str]) -> None:
        order = reachable([output])
        names = [n.name for n in order if isinstance(n, (Input, Parameter))]
        self._x, self._taken = variable, [*names, *taken]
        self._writer = Writer(spellings, self._taken)
        self._moving = dependents(order, [variable])
        self._spellings = self._writer.spellings
        # What a constant factor is called.
        self._constant = next(name for name in chain("ck", _letters()) if name not in self._taken)
        self._fresh = (name for name in _letters() if name not in (*self._taken, self._constant))
        self._count = 0

    def step(self, node: Node, letter: str = "", condition: str = "") -> Step:
        """The step for a piece."""
        self._count += 1
        if self._count > MOST_STEPS:
            raise TooManyStepsError("it takes too many steps")
        node = plain(node)
        found = self._found(node)
        if len(found.result) > LONGEST:
            raise TooManyStepsError("its steps are too long")
        return Step(
            *(found.rule, found.of, found.result, found.node, found.parts),
            *(found.pattern, found.formula, found.where, letter, condition),
        )

    def _moves(self, node: Node) -> bool:
        """Whether a piece depends on the variable; pieces that were put together here are looked at themselves."""
        return node in self._moving or self._x in reachable([node])

    def _found(self, node: Node) -> Step:
        if not self._moves(node):
            return self._leaf("constant", node, ZERO)
        if node is self._x:
            return self._leaf("identity", node, ONE)
        summed = terms(node)
        if len(summed) > 1:
            return self._sum(node, summed)
        product = factors(node)
        if not product.trivial or product.above[0] is not node:
            return self._of_product(node, product)
        assert isinstance(node, Application)
        if node.kind == "select":
            return self._branches(node)
        if isinstance(node.op.law, Flat) or not any(arg.dtype.is_float for arg in node.args):
            return self._leaf("flat between jumps", node, ZERO)
        return self._function(node)

    def _leaf(self, rule: str, node: Node, result: Bound) -> Step:
        return Step(rule, self._writer.text(node), result[0], node)

    def _sum(self, node: Node, summed: Sequence[tuple[bool, Node]]) -> Step:
        parts = tuple(self.step(term) for _, term in summed)
        result = sum_of([(minus, bound(part.result)) for (minus, _), part in zip(summed, parts, strict=True)])
        return Step("sum rule", self._writer.text(node), result[0], node, parts)

    def _of_product(self, node: Node, product: Product) -> Step:
        above = [f for f in product.above if self._moves(f)]
        below = [f for f in product.below if self._moves(f)]
        fixed = Product(
            product.negative,
            tuple(f for f in product.above if f not in above),
            tuple(f for f in product.below if f not in below),
        )
        plain_factor = not (fixed.negative or fixed.above or fixed.below)
        if not above:
            return self._reciprocal(node, fixed, multiplied(below, node))
        rest = multiplied(above, node)
        if below:
            rest = rest / multiplied(below, node)
        if not plain_factor:
            return self._multiple(node, fixed, rest)
        if below:
            return self._quotient(node, multiplied(above, node), multiplied(below, node))
        if len(above) == 1:
            # Equal factors, which are a power.
            return self._found(plain(above[0]))
        return self._product(node, above)

    def _multiple(self, node: Node, fixed: Product, rest: Node) -> Step:
        (u,) = self._some_letters(1)
        part, c = self.step(rest, u), self._constant
        above, below = ([*map(self._writer.write, side)] for side in (fixed.above, fixed.below))
        result = product_of([*above, bound(part.result)], fixed.negative, below)
        if not above and not below:
            return self._rule("constant factor", node, result, [part], f"-{u}", f"-{u}'")
        factor = ((c, self._writer.quotient(fixed)[0]),)
        return self._rule("constant factor", node, result, [part], f"{c}*{u}", f"{c}*{u}'", factor)

    def _product(self, node: Node, moving: Sequence[Node]) -> Step:
        letters = self._some_letters(len(moving))
        parts = [self.step(f, letter) for f, letter in zip(moving, letters, strict=True)]
        pieces = [self._writer.write(f) for f in moving]
        out: list[tuple[bool, Bound]] = []
        shown: list[str] = []
        for i, part in enumerate(parts):
            out.append((False, product_of([bound(part.result) if i == j else p for j, p in enumerate(pieces)])))
            shown.append("*".join(letter + ("'" if i == j else "") for j, letter in enumerate(letters)))
        return self._rule("product rule", node, sum_of(out), parts, "*".join(letters), " + ".join(shown))

    def _quotient(self, node: Node, above: Node, below: Node) -> Step:
        u, v = self._some_letters(2)
        parts = [self.step(above, u), self.step(below, v)]
        top, bottom = self._writer.write(above), self._writer.write(below)
        by_top, by_bottom = (bound(part.result) for part in parts)
        change = sum_of([(False, product_of([by_top, bottom])), (True, product_of([top, by_bottom]))])
        result = product_of([change], below=[_squared(bottom)])
        return self._rule("quotient rule", node, result, parts, f"{u}/{v}", f"({u}'*{v} - {u}*{v}')/{v}^2")

    def _reciprocal(self, node: Node, fixed: Product, below: Node) -> Step:
        (v,) = self._some_letters(1)
        part, bottom, factor = self.step(below, v), self._writer.write(below), self._writer.quotient(fixed)
        above = [*map(self._writer.write, fixed.above), bound(part.result)]
        result = product_of(above, not fixed.negative, [*map(self._writer.write, fixed.below), _squared(bottom)])
        if factor == ONE:
            return self._rule("reciprocal rule", node, result, [part], f"1/{v}", f"-{v}'/{v}^2")
        c = self._constant
        return self._rule("reciprocal rule", node, result, [part], f"{c}/{v}", f"-{c}*{v}'/{v}^2", ((c, factor[0]),))

    def _branches(self, node: Application) -> Step:
        condition, yes, no = node.args
        text = self._writer.write(condition)
        parts = (self.step(yes, condition=text[0]), self.step(no, condition=self._otherwise(condition)))
        first, second = (bound(part.result) for part in parts)
        if first == second == ZERO:
            result = "0"
        else:
            otherwise = second[0] if second[1] == CHOICE else inside(second, Binding.OR)
            result = f"{inside(first, Binding.OR)} if {inside(text, Binding.OR)} else {otherwise}"
        return Step("by cases", self._writer.text(node), result, node, parts)

    def _otherwise(self, condition: Node) -> str:
        """When the other branch is taken."""
        opposite = _OPPOSITE.get(condition.kind)
        if opposite is not None:
            return self._writer.text(registry[opposite](*condition.args))
        return f"not {inside(self._writer.write(condition), Binding.NOT)}"

    def _function(self, node: Application) -> Step:
        """A function of pieces: the table's partials, each times the derivative of its piece."""
        places = [i for i, arg in enumerate(node.args) if self._moves(arg)]
        moving = [node.args[i] for i in places]
        rule = self._rule_of(node, places)
        if moving == [self._x]:
            (partial,) = self._partials(node, {places[0]: self._x.name})
            return Step(rule, self._writer.text(node), partial, node)
        letters = dict(zip(places, self._some_letters(len(places)), strict=True))
        partials = self._partials(node, letters)
        parts = [self.step(arg, letter) for arg, letter in zip(moving, letters.values(), strict=True)]
        args = {letter: self._writer.write(node.args[i]) for i, letter in letters.items()}
        result = sum_of(
            [
                (False, product_of([replaced(partial, args), bound(part.result)]))
                for partial, part in zip(partials, parts, strict=True)
            ]
        )
        form = sum_of(
            [
                (False, product_of([bound(partial), (f"{letter}'", Binding.ATOM)]))
                for partial, letter in zip(partials, letters.values(), strict=True)
            ]
        )
        stand = tuple(
            fresh_input(letters[i], (), arg.dtype) if i in letters else arg for i, arg in enumerate(node.args)
        )
        pattern = Writer(self._spellings, self._taken).text(with_args(node, stand))
        where = tuple((letter, text) for letter, (text, _) in args.items())
        rule = rule if rule == "general power rule" else "chain rule"
        return Step(rule, self._writer.text(node), result[0], node, tuple(parts), pattern, form[0], where)

    def _rule_of(self, node: Application, places: Sequence[int]) -> str:
        """What the rule for a function of the variable itself is called."""
        if node.kind in _POWERS:
            return "power rule"
        if node.kind == "power":
            return ("general power rule", "power rule", "exponential rule")[0 if len(places) > 1 else 1 + places[0]]
        return "standard derivative"

    def _partials(self, node: Application, letters: Mapping[int, str]) -> list[str]:
        """What the table says of the slope by arguments, with letters for them."""
        args: list[Node] = []
        fixed: dict[str, Bound] = {}
        for i, arg in enumerate(node.args):
            name = letters.get(i)
            # A number is calculated with; what is composed stays as it is.
            if name is None and not isinstance(arg, Constant):
                name = f"fixed_{i}"
                fixed[name] = self._writer.write(arg)
            args.append(arg if name is None else fresh_input(name, (), arg.dtype))
        same = with_args(node, tuple(args))
        shares = same.op.law.pullback(same, filled(1.0, same), [i in letters for i in range(len(args))])  # type: ignore[union-attr]
        texts: list[str] = []
        for i in letters:
            share = shares[i]
            found = formula.written(filled(0.0, same) if share is None else share, spellings=self._spellings)
            if () not in found.texts:
                raise UnreadableError(found.reasons.get((), "its slope has no formula"))
            texts.append(replaced(found.texts[()], fixed)[0])
        return texts

    def _some_letters(self, count: int) -> list[str]:
        return [next(self._fresh) for _ in range(count)]

    def _rule(
        self,
        rule: str,
        node: Node,
        result: Bound,
        parts: Sequence[Step],
        pattern: str,
        form: str,
        fixed: tuple[tuple[str, str], ...] = (),
    ) -> Step:
        """A step whose parts have letters."""
        where = (*fixed, *((part.letter, part.of) for part in parts))
        return Step(rule, self._writer.text(node), result[0], node, tuple(parts), pattern, form, where)


def _squared(v: Bound) -> Bound:
    return f"{inside(v, Binding.ATOM)}^2", Binding.POWER


def _letters() -> Iterator[str]:
    yield from LETTERS
    for i in count(1):
        yield from (f"{letter}{i}" for letter in LETTERS)
