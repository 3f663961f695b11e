"""Linear algebra composed of matrix products and of the primitives that equations define."""

from __future__ import annotations

from gradcli.core.errors import CoreError, ShapeError, require
from gradcli.core.ir.nodes import Node, filled
from gradcli.core.ir.promotion import coerce, real, stretch
from gradcli.core.ir.shapes import broadcast_shapes, normalize_axes, size_of
from gradcli.core.library.declare import composed
from gradcli.core.library.functions import Axis, matmul, stack, sum_
from gradcli.core.library.indexing import index
from gradcli.core.library.rearranging import diag, squeeze
from gradcli.core.library.reductions import largest_as_constant, max_, root, vector_norm
from gradcli.core.primitives import comparisons as cmp
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives import linear_algebra as la
from gradcli.core.primitives import shaping
from gradcli.core.primitives.selection import select


@composed(
    "product of vectors or matrices over the last axis of a and the last but one of b; numbers multiply",
    example="dot((1, 2), (3, 4))",
)
def dot(a: Node, b: Node) -> Node:
    if not a.shape or not b.shape:
        return a * b
    if len(a.shape) <= 2 and len(b.shape) <= 2:
        return matmul(a, b)
    # Unlike @, which stacks matrices, every row of a meets every column of b.
    at = max(len(b.shape) - 2, 0)
    rest = tuple(i for i in range(len(b.shape)) if i != at)
    columns = shaping.transpose(b, axes=(at, *rest))
    product = matmul(_flat(a, -1), shaping.reshape(columns, shape=(b.shape[at], size_of(columns.shape[1:]))))
    return shaping.reshape(product, shape=(*a.shape[:-1], *columns.shape[1:]))


def _flat(x: Node, keep: int) -> Node:
    """A matrix with the last axis kept, and all others as one."""
    return shaping.reshape(x, shape=(size_of(x.shape[:keep]), x.shape[keep]))


@composed(
    "the length of a vector (ord 2), the sum of its absolute values (1), the largest (inf), or of any order",
    example="norm((3, 4)), norm([3, 4], 1)\ngrad(norm)([3, 4])",
)
def norm(x: Node, ord: float | None = None, axis: Axis = None, keepdims: bool = False) -> Node:
    """NumPy's: of a matrix the root of the sum of squares, or where ord is given the norm of the linear map."""
    axes = normalize_axes(axis, len(x.shape))
    if ord is None or len(axes) == 1:
        return vector_norm(x, 2 if ord is None else ord, axis, keepdims)
    require(
        len(axes) == 2,
        f"a norm of order {ord:g} is one of a vector or a matrix, and here are {len(axes)} axes",
        "leave ord out for the root of the sum of squares, or say which axis= to go along",
    )
    require(
        ord in (1, 2, float("inf")),
        f"a matrix has no norm of order {ord:g}",
        "1, 2 and inf are its orders; leave ord out for the root of the sum of squares",
    )
    if ord == 2:
        return _spectral_norm(x, axis if isinstance(axis, tuple) else axes, keepdims)
    rows, columns = axis if isinstance(axis, tuple) else axes
    summed, over = (rows, columns) if ord == 1 else (columns, rows)
    sums = sum_(ew.absolute(x), summed, keepdims=True)
    largest = max_(sums, over, keepdims=True)
    return largest if keepdims else squeeze(largest, axes)


def _spectral_norm(x: Node, axes: tuple[int, ...], keepdims: bool) -> Node:
    """The largest singular value: the root of the largest eigenvalue of a product that is square."""
    pair = normalize_axes(axes, len(x.shape))
    rest = tuple(i for i in range(len(x.shape)) if i not in pair)
    x = real(x)
    a = shaping.transpose(x, axes=(*rest, *pair))
    largest = largest_as_constant(ew.absolute(a), (-2, -1))
    scale = select(cmp.equal(largest, 0), filled(1.0, largest), largest)
    a = a / stretch(scale, a.shape)
    wide = a.shape[-2] < a.shape[-1]
    square = la.matrix_product(a, la.swap_last(a)) if wide else la.matrix_product(la.swap_last(a), a)
    values = root(max_(la.eigenvalues(square), -1))
    found = values * shaping.reshape(scale, shape=values.shape)
    kept = tuple(1 if i in pair else n for i, n in enumerate(x.shape))
    return shaping.reshape(found, shape=kept) if keepdims else found


@composed("every product of an element of a with one of b, for vectors", example="outer([1, 2], [3, 4])")
def outer(a: Node, b: Node) -> Node:
    require(len(a.shape) == len(b.shape) == 1, f"outer takes two vectors, not shapes {a.shape} and {b.shape}")
    return shaping.reshape(a, shape=(*a.shape, 1)) * shaping.reshape(b, shape=(1, *b.shape))


@composed(
    "the vector product of vectors of length 3 along the last axis; of two of length 2, its one number",
    example="cross((1, 0, 0), (0, 1, 0))",
)
def cross(a: Node, b: Node) -> Node:
    if a.shape == b.shape == (2,):
        return index(a, (0,)) * index(b, (1,)) - index(a, (1,)) * index(b, (0,))
    if a.shape[-1:] != (3,) or b.shape[-1:] != (3,):
        raise ShapeError(f"shapes {a.shape} and {b.shape} have no vector product", "the last axis of both has length 3")

    def minor(i: int, j: int) -> Node:
        return index(a, (..., i)) * index(b, (..., j)) - index(a, (..., j)) * index(b, (..., i))

    return stack((minor(1, 2), minor(2, 0), minor(0, 1)), axis=-1)


@composed("sum of the diagonal of a matrix", example="trace([[1, 2], [3, 4]])")
def trace(a: Node) -> Node:
    require(len(a.shape) == 2, f"trace takes a matrix, not shape {a.shape}")
    return sum_(diag(a))


@composed(
    "determinant of a square matrix, or of each in a stack",
    example="det([[1, 2], [3, 4]])\ngrad(det)([[1, 2], [3, 4]])",
)
def det(a: Node) -> Node:
    if len(a.shape) < 2 or a.shape[-1] != a.shape[-2] or not 1 <= a.shape[-1] <= 3:
        return la.determinant(a)

    # Small ones are written out as the polynomial that they are, whose slopes of every order are right where
    # the matrix is singular as well.
    def at(i: int, j: int) -> Node:
        return index(a, (Ellipsis, i, j))

    if a.shape[-1] == 1:
        return at(0, 0)
    if a.shape[-1] == 2:
        return at(0, 0) * at(1, 1) - at(0, 1) * at(1, 0)
    minors = [at(1, j) * at(2, k) - at(1, k) * at(2, j) for j, k in ((1, 2), (2, 0), (0, 1))]
    return at(0, 0) * minors[0] + at(0, 1) * minors[1] + at(0, 2) * minors[2]


@composed("sign of the determinant, and logarithm of its absolute value", example="slogdet([[1, 2], [3, 4]])")
def slogdet(a: Node) -> tuple[Node, Node]:
    return la.determinant_sign(a), la.log_determinant(a)


@composed("the x of a @ x = b, for a vector, a matrix, or stacks of them")
def solve(a: Node, b: Node) -> Node:
    a, b = coerce((a, b))
    vector = len(b.shape) == 1
    right = shaping.reshape(b, shape=(*b.shape, 1)) if vector else b
    square = len(a.shape) > 1 and a.shape[-1] == a.shape[-2]
    if not square or len(right.shape) < 2 or a.shape[-1] != right.shape[-2]:
        raise ShapeError(f"shapes {a.shape} and {b.shape} make no system of equations", "a is square, b has its rows")
    stack = broadcast_shapes([a.shape[:-2], right.shape[:-2]])
    x = la.solution(stretch(a, stack + a.shape[-2:]), stretch(right, stack + right.shape[-2:]))
    return shaping.reshape(x, shape=x.shape[:-1]) if vector else x


@composed(
    "Einstein's sum, as NumPy's: einsum(\"ij,jk->ik\", a, b)", example='einsum("ij,j->i", [[1, 2], [3, 4]], [1, 10])'
)
def einsum(subscripts: str, *operands: Node) -> Node:
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    require(
        len(terms) == len(operands) and all(t.isalpha() or not t for t in terms),
        f'"{subscripts}" does not name the axes of {len(operands)} {"operand" if len(operands) == 1 else "operands"}',
        'one group of letters for each, such as "ij,jk->ik"',
    )
    if not arrow:
        letters = sorted("".join(terms))
        output = "".join(c for c in letters if letters.count(c) == 1)
    sizes: dict[str, int] = {}
    for term, x in zip(terms, operands, strict=True):
        if len(term) != len(x.shape):
            raise ShapeError(f'"{term}" names {len(term)} axes of a tensor of shape {x.shape}')
        for c, n in zip(term, x.shape, strict=True):
            if sizes.setdefault(c, n) != n:
                raise ShapeError(f'"{c}" stands for lengths {sizes[c]} and {n}', "each letter has one length")
    unknown = [c for c in output if c not in sizes]
    if unknown or len(set(output)) != len(output):
        raise CoreError(f'the output "{output}" of einsum must name each of its axes once, and only known ones')
    term, node = "", None
    for i, (next_term, x) in enumerate(zip(terms, coerce(operands), strict=True)):
        next_term, x = _distinct(next_term, x)
        later = output + "".join(terms[i + 1 :])
        next_term, x = _summed(next_term, x, set(later) | set(term))
        if node is None:
            term, node = next_term, x
        else:
            term, node = _multiplied(term, node, next_term, x, set(later))
    assert node is not None
    term, node = _summed(term, node, set(output))
    return node if term == output else shaping.transpose(node, axes=tuple(term.index(c) for c in output))


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

    product = la.matrix_product(grouped(a, term_a, both, only_a, inner), grouped(b, term_b, both, inner, only_b))
    term = "".join(both + only_a + only_b)
    return term, shaping.reshape(product, shape=tuple(size[c] for c in term))
