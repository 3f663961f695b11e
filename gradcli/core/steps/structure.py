"""What a node is to a reader: a sum of terms, a product of factors, or a function; and how it is written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import reduce
from types import MappingProxyType

from gradcli.core import formula
from gradcli.core.formula.algebra import UnreadableError
from gradcli.core.formula.printing import INFIX, Binding, call_text
from gradcli.core.ir.nodes import Constant, Input, Node, Parameter, constant, registry
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.standing import as_typed
from gradcli.core.records import record
from gradcli.core.steps.texts import CHOICE, Bound, bound, inside, product_of, sum_of

# What changes nothing about a number.
_SAME = frozenset(("cast", "broadcast", "reshape", "sum_to"))


@record
class Product:
    """Factors above a line and below it, and whether a minus stands in front."""

    negative: bool
    above: tuple[Node, ...]
    below: tuple[Node, ...]

    @property
    def trivial(self) -> bool:
        """Whether it is one factor and nothing else."""
        return len(self.above) == 1 and not self.below and not self.negative


def plain(node: Node) -> Node:
    """A number without what changes only its type, or its shape of one element; a nameless function as it is read.

    Raises:
        UnreadableError: for a tensor, and for what takes one.
    """
    while True:
        if node.shape != () or any(arg.shape != () for arg in node.args):
            raise UnreadableError("tensors are on the way")
        if not isinstance(node, Application):
            return node
        if node.kind in _SAME and node.dtype.is_float and node.args[0].dtype.is_float:
            node = node.args[0]
            continue
        reading = None if node.op.reading is None or node.op.names else node.op.reading(*node.args, **node.attrs)
        if reading is None:
            if not (node.op.broadcasts or node.op.pointwise):
                raise UnreadableError(f"there is no rule to write down for {node.op.told(node)}")
            return node
        node = reading


def terms(node: Node) -> list[tuple[bool, Node]]:
    """The terms of a sum, each with whether it is taken away."""
    found: list[tuple[bool, Node]] = []
    stack = [(False, node)]
    while stack:
        negative, part = stack.pop()
        part = plain(part)
        if part.kind in ("add", "subtract"):
            stack += [(negative ^ (part.kind == "subtract"), part.args[1]), (negative, part.args[0])]
        elif part.kind == "negate" and plain(part.args[0]).kind in ("add", "subtract"):
            stack.append((not negative, part.args[0]))
        elif isinstance(part, Constant) and float(part.value) < 0:
            found.append((not negative, constant(-part.value, part.dtype)))
        else:
            found.append((negative, part))
    # Which of two came first is not known to the graph: numbers come last, and a minus does not come first.
    found.sort(key=lambda term: isinstance(term[1], Constant))
    first = next((i for i, (negative, _) in enumerate(found) if not negative), 0)
    found.insert(0, found.pop(first))
    return found


def factors(node: Node) -> Product:
    """The factors of a product or of a quotient; equal ones above are a power. A factor may be a sum."""
    negative = False
    above: list[Node] = []
    below: list[Node] = []
    stack = [(False, node)]
    while stack:
        under, part = stack.pop()
        part = plain(part)
        if part.kind == "negate":
            negative = not negative
            stack.append((under, part.args[0]))
        elif part.kind == "multiply":
            stack += [(under, arg) for arg in reversed(part.args)]
        elif part.kind == "divide" and not under:
            stack += [(True, part.args[1]), (False, part.args[0])]
        elif part.kind == "reciprocal" and not under:
            stack.append((True, part.args[0]))
        elif isinstance(part, Constant) and float(part.value) < 0:
            negative = not negative
            (below if under else above).append(constant(-part.value, part.dtype))
        else:
            (below if under else above).append(part)
    return Product(negative, _in_powers(above), _in_powers(below))


def _in_powers(found: Sequence[Node]) -> tuple[Node, ...]:
    counts: dict[Node, int] = {}
    for node in found:
        counts[node] = counts.get(node, 0) + 1
    numbers = [n for n in counts if isinstance(n, Constant) and float(n.value) != 1]
    rest = [n for n in counts if not isinstance(n, Constant)]
    return tuple(n if counts[n] == 1 else power_of(n, counts[n]) for n in (*numbers, *rest))


def power_of(node: Node, count: int) -> Node:
    """So many equal factors as a power."""
    return registry["constant_power"](node, exponent=float(count))


def multiplied(nodes: Sequence[Node], like: Node) -> Node:
    """The product of factors, 1 where there are none."""
    return reduce(lambda a, b: a * b, nodes) if nodes else constant(1.0, like.dtype)


class Writer:
    """Writes nodes as they are built. `spellings` are other names of primitives, such as {"log": "ln"}.

    `names` are those of nodes that are called otherwise than by what they are.
    """

    def __init__(
        self,
        spellings: Mapping[str, str] = MappingProxyType({}),
        taken: Sequence[str] = (),
        names: Mapping[Node, str] = MappingProxyType({}),
    ) -> None:
        # Where e is a variable, no exponential is a power of it.
        self.spellings = {name: text for name, text in spellings.items() if text != "e^" or "e" not in taken}
        self.taken = taken
        self._done: dict[Node, Bound] = {node: bound(name) for node, name in names.items()}

    def text(self, node: Node) -> str:
        """A node in the language's syntax."""
        return self.write(node)[0]

    def write(self, node: Node) -> Bound:
        """A node, and what binds it together.

        Raises:
            UnreadableError: for what the language has no name for.
        """
        if node not in self._done:
            self._done[node] = self._written(node)
        return self._done[node]

    def quotient(self, product: Product) -> Bound:
        """A product of factors, over others."""
        return product_of([*map(self.write, product.above)], product.negative, [*map(self.write, product.below)])

    def number(self, value: float, node: Node) -> Bound:
        """A number as it was typed, where that is known."""
        return self._constant(constant(value, node.dtype if node.dtype.is_float else node.args[0].dtype))

    def _exponent(self, value: float, node: Node) -> Bound:
        """An exponent; one that was typed, less a few ones, is still known: 1/3 - 1 is -2/3, pi - 1 is that."""
        typed, less = as_typed(value)
        text, binding = self.number(typed, node)
        return bound(f"{text} - {less}") if less else (text, binding)

    def _constant(self, node: Constant) -> Bound:
        found = formula.written(node, taken=self.taken)
        text = found.texts.get(())
        if text is None or any(name in self.taken and re.search(rf"\b{name}\b", text) for name in ("e", "pi")):
            # inf and nan are no formulas; of a number whose name is a variable's there are digits.
            text = repr(float(node.value))
        return bound(text)

    def _written(self, node: Node) -> Bound:
        same = plain(node)
        if same is not node:
            return self.write(same)
        if isinstance(node, (Input, Parameter)):
            return node.name, Binding.ATOM
        if isinstance(node, Constant):
            return self._constant(node)
        assert isinstance(node, Application)
        summed = terms(node)
        if len(summed) > 1:
            return sum_of([(negative, self.write(term)) for negative, term in summed])
        product = factors(node)
        if not product.trivial or product.above[0] is not node:
            return self.quotient(product)
        args = [self.write(arg) for arg in node.args]
        if node.kind == "constant_power":
            return self._power(args[0], self._exponent(node.attrs["exponent"], node))
        if node.kind == "power" and not node.attrs:
            return self._power(*args)
        if node.kind == "select":
            condition, yes, no = args
            otherwise = no[0] if no[1] == CHOICE else inside(no, Binding.OR)
            return f"{inside(yes, Binding.OR)} if {inside(condition, Binding.OR)} else {otherwise}", CHOICE
        if node.kind == "cast":
            return args[0]
        if node.kind in INFIX and not node.attrs:
            symbol, _, *needed = INFIX[node.kind]
            left, right = (inside(arg, need) for arg, need in zip(args, needed, strict=True))
            return bound(f"{left}{symbol}{right}")
        if node.kind == "logical_not":
            return f"not {inside(args[0], Binding.NOT)}", Binding.NOT
        if node.kind == "exp" and self.spellings.get("exp") == "e^":
            return f"e^{inside(args[0], Binding.ATOM)}", Binding.POWER
        return call_text(node.kind, node.attrs, ", ".join(text for text, _ in args), self.spellings), Binding.ATOM

    def _power(self, base: Bound, exponent: Bound) -> Bound:
        return f"{inside(base, Binding.ATOM)}^{inside(exponent, Binding.ATOM)}", Binding.POWER
