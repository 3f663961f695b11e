"""Einstein's sum: letters name axes, and those that the output does not name are summed over."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from math import prod

from gradcli.core.errors import CoreError, ShapeError, require
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.promotion import coerce
from gradcli.core.library.declare import composed
from gradcli.core.library.functions import sum_
from gradcli.core.primitives import shaping
from gradcli.core.primitives.linear_algebra import matrix_product

# The best order of more operands is not looked for.
MOST_ORDERED = 6
# Another order has to save this share of the work, for it rounds otherwise.
WORTH_REORDERING = 0.9
# What an operation element by element, and each matrix of a stack, takes beside an operation of a product (measured).
BY_ELEMENT, A_MATRIX = 8, 1_000
# What axes are called that `...` stands for, from the last on: no letter that anybody types.
_ELLIPSIS = [chr(0xE000 + i) for i in range(64)]


@composed(
    "Einstein's sum, as NumPy's: einsum(\"ij,jk->ik\", a, b); ... stands for axes that broadcast",
    example='einsum("ij,j->i", [[1, 2], [3, 4]], [1, 10])\neinsum("...i,...i", [[1, 2], [3, 4]], [1, 10])',
)
def einsum(subscripts: str, *operands: Node) -> Node:
    text = subscripts.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    terms = inputs.split(",")
    require(
        len(terms) == len(operands) and all(_is_term(t) for t in terms) and _is_term(output),
        f'"{subscripts}" does not name the axes of {len(operands)} {"operand" if len(operands) == 1 else "operands"}',
        'one group of letters for each, such as "ij,jk->ik", with ... for axes that broadcast',
    )
    terms = [_spelled_out(term, x) for term, x in zip(terms, operands, strict=True)]
    # The axes of all ellipses, the first of them first.
    broadcast = "".join(sorted({c for term in terms for c in term if c in _ELLIPSIS}, reverse=True))
    if not arrow:
        letters = sorted("".join(terms).translate(dict.fromkeys(map(ord, broadcast))))
        output = broadcast + "".join(c for c in letters if letters.count(c) == 1)
    elif broadcast and "..." not in output:
        raise CoreError(f'the output of "{subscripts}" leaves out what ... stands for', "write ... there too")
    else:
        output = output.replace("...", broadcast)
    sizes = _sizes(terms, operands)
    unknown = [c for c in output if c not in sizes]
    if unknown or len(set(output)) != len(output):
        raise CoreError(f'the output "{output}" of einsum must name each of its axes once, and only known ones')
    shorter = [_without_stretched(term, x, sizes) for term, x in zip(terms, coerce(operands), strict=True)]
    return _contracted(shorter, output)


def _is_term(term: str) -> bool:
    """Letters, with one ellipsis at most."""
    return re.fullmatch(r"[^\W\d_]*(\.\.\.[^\W\d_]*)?", term) is not None


def _spelled_out(term: str, x: Node) -> str:
    """The term with a name for each axis that its ellipsis stands for."""
    named = len(term.replace("...", ""))
    more = len(x.shape) - named
    if more < 0 or (more and "..." not in term):
        raise ShapeError(
            f'"{term}" names {named} axes of a tensor of shape {x.shape}', "... stands for axes without a letter"
        )
    return term.replace("...", "".join(reversed(_ELLIPSIS[:more])))


def _sizes(terms: Sequence[str], operands: Sequence[Node]) -> dict[str, int]:
    """The length that each letter stands for; one of length 1 stretches."""
    sizes: dict[str, int] = {}
    for term, x in zip(terms, operands, strict=True):
        own: dict[str, int] = {}
        for c, n in zip(term, x.shape, strict=True):
            before = sizes.get(c, 1)
            if own.setdefault(c, n) != n or (n != before and 1 not in (n, before)):
                name = "..." if c in _ELLIPSIS else c
                other = own[c] if own[c] != n else before
                raise ShapeError(f'"{name}" stands for lengths {other} and {n}', "each letter has one length, or 1")
            sizes[c] = n if before == 1 else before
    return sizes


def _without_stretched(term: str, x: Node, sizes: dict[str, int]) -> tuple[str, Node]:
    """An operand without its axes of length 1 that stand for longer ones: it is the same all along these."""
    kept = [i for i, c in enumerate(term) if x.shape[i] == sizes[c]]
    if len(kept) == len(term):
        return term, x
    return "".join(term[i] for i in kept), shaping.reshape(x, shape=tuple(x.shape[i] for i in kept))


def _contracted(operands: Sequence[tuple[str, Node]], output: str) -> Node:
    """The product of all, summed over what the output does not name, two of them at a time."""
    parts: list[tuple[str, Node]] = []
    for i, (term, x) in enumerate(operands):
        others = output + "".join(t for j, (t, _) in enumerate(operands) if j != i)
        parts.append(_summed(*_distinct(term, x), set(others)))
    lengths = {c: n for term, x in parts for c, n in zip(term, x.shape, strict=True)}
    pairs = _order(tuple(term for term, _ in parts), tuple(lengths.items()), output)
    for place, (i, j) in enumerate(pairs):
        gone = {i, *(k for pair in pairs[: place + 1] for k in pair[1:])}
        later = output + "".join(term for k, (term, _) in enumerate(parts) if k not in gone)
        parts[i] = _multiplied(*parts[i], *parts[j], set(later))
    term, node = parts[0]
    return node if term == output else shaping.transpose(node, axes=tuple(term.index(c) for c in output))


@lru_cache(1024)
def _order(terms: tuple[str, ...], lengths: tuple[tuple[str, int], ...], output: str) -> tuple[tuple[int, int], ...]:
    """Which two are multiplied, one pair after the other; the product takes the place of the first of each.

    The cheapest order of all, by what is best for each set of operands, unless it saves little.
    """
    size, count = dict(lengths), len(terms)
    in_turn = tuple((0, i) for i in range(1, count))
    if not 2 < count <= MOST_ORDERED:
        return in_turn

    def letters(these: int) -> frozenset[str]:
        """What the product of some operands has for axes."""
        inside = {c for i, term in enumerate(terms) if these >> i & 1 for c in term}
        outside = {*output, *(c for i, term in enumerate(terms) if not these >> i & 1 for c in term)}
        return frozenset(inside & outside)

    def cost(one: int, other: int) -> int:
        a, b, kept = letters(one), letters(other), letters(one | other)
        work = prod(size[c] for c in a | b)
        if not (a & b) - kept:
            return work * BY_ELEMENT
        return work + A_MATRIX * prod(size[c] for c in a & b & kept)

    best: dict[int, tuple[int, tuple[tuple[int, int], ...]]] = {1 << i: (0, ()) for i in range(count)}
    for these in range(1, 1 << count):
        last = 1 << these.bit_length() - 1
        # What the last one is multiplied with: first of all the product of the others.
        rest = one = these ^ last
        while one:
            other = these ^ one
            total = best[one][0] + best[other][0] + cost(one, other)
            if these not in best or total < best[these][0]:
                pair = tuple(sorted((_lowest(one), _lowest(other))))
                best[these] = total, (*best[one][1], *best[other][1], (pair[0], pair[1]))
            one = (one - 1) & rest
    before = sum(cost((1 << i) - 1, 1 << i) for i in range(1, count))
    least, pairs = best[(1 << count) - 1]
    return pairs if least < WORTH_REORDERING * before else in_turn


def _lowest(these: int) -> int:
    return (these & -these).bit_length() - 1


def _distinct(term: str, x: Node) -> tuple[str, Node]:
    """A letter that stands twice picks a diagonal."""
    while len(set(term)) < len(term):
        c = next(c for c in term if term.count(c) > 1)
        first, second = [i for i, other in enumerate(term) if other == c][:2]
        rest = [i for i in range(len(term)) if i not in (first, second)]
        n = x.shape[first]
        x = shaping.transpose(x, axes=(*rest, first, second))
        x = shaping.reshape(x, shape=(*x.shape[:-2], n * n))
        ranges = (*((0, m, 1) for m in x.shape[:-1]), (0, n, n + 1))
        x = shaping.take_slice(x, ranges=ranges)
        term = "".join(term[i] for i in rest) + c
    return term, x


def _summed(term: str, x: Node, needed: set[str]) -> tuple[str, Node]:
    gone = tuple(i for i, c in enumerate(term) if c not in needed)
    return ("".join(c for c in term if c in needed), sum_(x, gone)) if gone else (term, x)


def _multiplied(term_a: str, a: Node, term_b: str, b: Node, needed: set[str]) -> tuple[str, Node]:
    """Two operands as one product of stacks of matrices: shared axes are stacked, or summed if not needed any more."""
    both = [c for c in term_a if c in term_b and c in needed]
    inner = [c for c in term_a if c in term_b and c not in needed]
    only_a = [c for c in term_a if c not in term_b]
    only_b = [c for c in term_b if c not in term_a]
    size = dict(zip(term_a, a.shape, strict=True)) | dict(zip(term_b, b.shape, strict=True))

    def grouped(x: Node, term: str, *groups: list[str]) -> Node:
        moved = shaping.transpose(x, axes=tuple(term.index(c) for group in groups for c in group))
        lengths = []
        for group in groups:
            length = 1
            for c in group:
                length *= size[c]
            lengths.append(length)
        return shaping.reshape(moved, shape=tuple(lengths))

    # Where none are shared it is one product, and no stack of one.
    stack = [both] if both else []
    product = matrix_product(grouped(a, term_a, *stack, only_a, inner), grouped(b, term_b, *stack, inner, only_b))
    term = "".join(both + only_a + only_b)
    return term, shaping.reshape(product, shape=tuple(size[c] for c in term))
