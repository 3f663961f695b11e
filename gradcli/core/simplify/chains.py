"""Products of several matrices in the order that takes the fewest operations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from weakref import WeakKeyDictionary

from gradcli.core.ir.nodes import Node, registry
from gradcli.core.ir.primitive import Primitive
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import Shape
from gradcli.core.simplify.rules import Site, rule

# A product of so many is taken for one matrix.
LONGEST_CHAIN = 16
# Another order has to save this share of the operations, for it rounds otherwise.
WORTH_REORDERING = 0.9

# The matrices that a product is of, where what lies between is needed for it alone.
_chains: WeakKeyDictionary[Node, tuple[Node, ...]] = WeakKeyDictionary()


@rule("matmul")
def cheapest_order(site: Site) -> Node | None:
    """(a @ b) @ v is a @ (b @ v)."""
    if len(site.node.shape) != 2 or not site.node.dtype.is_float:
        return None
    args = [stretch(arg, before.shape) for arg, before in zip(site.args, site.node.args, strict=True)]
    parts = [_chains.get(arg, (arg,)) if alone else (arg,) for arg, alone in zip(args, site.alone, strict=True)]
    product, chain = _product(*args), parts[0] + parts[1]
    _chains[product] = chain if len(chain) < LONGEST_CHAIN else (product,)
    if len(chain) == 2:
        return None
    least, splits = _cheapest((*(node.shape[0] for node in chain), chain[-1].shape[1]))
    if least < WORTH_REORDERING * _cost(product, chain):
        product = _multiplied(chain, splits, 0, len(chain))
        _chains[product] = chain
    return product


def _product(a: Node, b: Node) -> Node:
    op = registry["matmul"]
    assert isinstance(op, Primitive)
    return op(a, b)


def _cost(product: Node, chain: Sequence[Node]) -> int:
    """How many products of numbers a product of a chain takes as it is."""
    inside, waiting, total = set(chain), [product], 0
    while waiting:
        node = waiting.pop()
        if node not in inside and node.op is registry["matmul"]:
            total += node.shape[0] * node.shape[1] * node.args[0].shape[1]
            waiting += node.args
    return total


@lru_cache(1024)
def _cheapest(lengths: Shape) -> tuple[int, dict[tuple[int, int], int]]:
    """The fewest products of numbers, and where to split each part of a chain (Cormen et al. 2009, section 15.2)."""
    count = len(lengths) - 1
    least = {(i, i + 1): 0 for i in range(count)}
    splits: dict[tuple[int, int], int] = {}
    for width in range(2, count + 1):
        for i in range(count - width + 1):
            j = i + width
            costs = {k: least[i, k] + least[k, j] + lengths[i] * lengths[k] * lengths[j] for k in range(i + 1, j)}
            splits[i, j] = min(costs, key=costs.__getitem__)
            least[i, j] = costs[splits[i, j]]
    return least[0, count], splits


def _multiplied(chain: Sequence[Node], splits: dict[tuple[int, int], int], low: int, high: int) -> Node:
    if high - low == 1:
        return chain[low]
    middle = splits[low, high]
    return _product(_multiplied(chain, splits, low, middle), _multiplied(chain, splits, middle, high))
