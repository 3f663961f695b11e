"""Small tensors of many samples: what is computed sample by sample, as numbers of which each is a vector of them all.

An array with an axis for samples in front and short axes behind it is slow to go through: each call works on rows of a
few numbers. One sample's graph is one of numbers (see `gradcli.core.engines.apart`); a number for each of the samples
is a vector, and what lies between the vectors stays in cache.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from gradcli.core.engines.apart import Apart
from gradcli.core.engines.elements import is_small
from gradcli.core.engines.fusion import SMALLEST_PLAIN, Unit, is_total, works_by_element
from gradcli.core.engines.protocol import Graph
from gradcli.core.ir.nodes import Constant, Input, Node, fresh_input
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import no_elements, size_of
from gradcli.core.ir.templates import SCALARS
from gradcli.core.ir.traversal import reachable, substitute
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.records import record
from gradcli.core.transforms.one_sample import of_one_sample

# With fewer samples a call on all of them is short.
FEWEST = SMALLEST_PLAIN
# What is larger for one sample has rows that are long enough.
MOST_NUMBERS = 256
# Sums of more products are faster by a product of matrices.
LONGEST_PRODUCT = 16
# A graph of more numbers is compiled for too long.
MOST_OPERATIONS = 2_000
# In nanoseconds, as measured. On arrays: a call, and each element of what is computed, by NumPy and in machine code. As
# numbers: an operation on all samples, its part for each of them, the same in machine code, what is read or written for
# each of them, and the call of all.
A_CALL, AN_ELEMENT, A_NATIVE_ELEMENT = 1_000, 1.0, 0.6
AN_OPERATION, A_PART, A_NATIVE_PART, A_NUMBER, STARTING = 500, 0.4, 0.2, 1.0, 20_000


@record
class Sampled:
    """The nodes that can be computed sample by sample, with how many there are; `ones` is what they are for one."""

    sizes: Mapping[Node, int]
    ones: Mapping[Node, Node]


def sampled(order: Sequence[Node], inputs: Sequence[Node]) -> Sampled:
    """What of a graph in topological order can be computed so."""
    given = set(inputs)
    found: dict[Node, int] = {}
    ones: dict[Node, Node] = {}
    # Rows of one number each are as good as they are.
    lengths = Counter(node.shape[0] for node in order if _has_samples(node) and size_of(node.shape) > node.shape[0])
    for size, _ in lengths.most_common():
        for node in order:
            if node.shape[:1] == (size,):
                one = of_one_sample(node, size, ones) if node not in given and _has_samples(node) else None
                if one is not None and is_small(one) and not _is_long_product(node):
                    found[node] = size
                ones[node] = one if one is not None and node in found else _given(node)
    return Sampled(found, ones)


def _has_samples(node: Node) -> bool:
    if not node.shape or node.shape[0] < FEWEST or node.dtype not in SCALARS:
        return False
    if not all(size_of(arg.shape) for arg in node.args):
        return False
    return 0 < size_of(node.shape[1:]) <= min(MOST_NUMBERS, node.shape[0] - 1)


def _is_long_product(node: Node) -> bool:
    return node.kind == "matmul" and node.args[0].shape[-1] > LONGEST_PRODUCT


def _given(node: Node) -> Node:
    return fresh_input("sample", node.shape[1:], node.dtype)


class NoSamplesError(Exception):
    """A unit whose samples are no graph of what it reads."""


class SampleGraph:
    """A unit of nodes on many samples as a graph of the numbers of one.

    `args` are the arrays that it reads, `strides` how many numbers each has for a sample, 0 where they are the same for
    all; of an output that is a sum over the samples the stride is 0 too. `apart` has the arrays as inputs.

    Raises:
        NoSamplesError: where it reads more for a sample than those arrays.
    """

    def __init__(self, unit: Unit, ones: Mapping[Node, Node]) -> None:
        self.unit, self.size = unit, unit.samples
        # Small constants that are the same for all samples are known.
        self.args = [arg for arg in unit.args if not (isinstance(arg, Constant) and self._is_known(arg))]
        self.strides = [self._stride(arg) for arg in self.args]
        self.written = [self._stride(node) for node in unit.outputs]
        inputs = [
            _given(arg) if stride else fresh_input("same", arg.shape, arg.dtype)
            for arg, stride in zip(self.args, self.strides, strict=True)
        ]
        outputs = [
            ones[node] if stride else _part_of_total(node, ones)
            for node, stride in zip(unit.outputs, self.written, strict=True)
        ]
        read = [ones[arg] if stride else arg for arg, stride in zip(self.args, self.strides, strict=True)]
        outputs = list(substitute(outputs, dict(zip(read, inputs, strict=True))))
        order = [node for node in reachable(outputs) if node not in inputs]
        if any(isinstance(node, Input) for node in order):
            # What moves elements may have been found to read more than what is in front of the unit.
            raise NoSamplesError
        self.apart = Apart(Graph(order, outputs, inputs))

    def _is_known(self, number: Node) -> bool:
        return size_of(number.shape) <= MOST_NUMBERS and number.shape[:1] != (self.size,)

    def _stride(self, node: Node) -> int:
        return size_of(node.shape[1:]) if node.shape[:1] == (self.size,) else 0

    def may_pay(self, native: bool) -> bool:
        """Whether it pays in machine code, if that is to be had, or as calls of NumPy."""
        return not _is_one_shape(self.unit) and len(self.apart.order) <= MOST_OPERATIONS and self.pays(native, native)

    def pays(self, is_native: bool, native: bool) -> bool:
        """Whether this takes less time in machine code, or as calls of NumPy, than what its nodes take as arrays.

        `native` says whether these would be machine code.
        """
        operations = [node for node in self.apart.order if isinstance(node, Application)]
        moved = sum(len(array.read) for array, stride in zip(self.apart.arrays, self.strides, strict=True) if stride)
        moved += sum(self.written)
        part = A_NATIVE_PART if is_native else A_PART
        takes = self.size * (len(operations) * part + moved * A_NUMBER) + STARTING
        if not is_native:
            takes += len(operations) * AN_OPERATION
        elements = A_NATIVE_ELEMENT if native else AN_ELEMENT
        computed = [n for n in self.unit.nodes if isinstance(n, Application) and n.op.work is not no_elements]
        whole = sum(size_of((n.args[0] if n.shape[:1] != (self.size,) else n).shape) for n in computed)
        return takes < len(self.unit.nodes) * A_CALL + elements * whole


def _is_one_shape(unit: Unit) -> bool:
    """Whether the nodes are what a fusion group is too, which goes along the rows."""
    rows = [node for node in unit.nodes if works_by_element(node)]
    totals = len(unit.nodes) - len(rows)
    return len({node.shape for node in rows}) == 1 and totals == sum(map(is_total, unit.nodes))


def _part_of_total(node: Node, ones: Mapping[Node, Node]) -> Node:
    """What one sample adds to a sum over them."""
    (x,), shape = node.args, node.shape
    return sum_to(ones[x], shape=shape[1:] if len(shape) == len(x.shape) else shape)
