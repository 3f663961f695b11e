"""Jacobians and Hessians: every partial, nothing summed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcli.core.errors import CoreError
from gradcli.core.ir.nodes import Node, constant
from gradcli.core.ir.shapes import size_of
from gradcli.core.library.functions import stack
from gradcli.core.primitives.shaping import reshape
from gradcli.core.records import structure
from gradcli.core.transforms.jacobian import FORWARD, REVERSE, hessian, jacobian, mirrored
from gradcli.core.transforms.reverse import gradient
from gradcli.language.calls.announce import Call, builtin
from gradcli.language.derivatives.base import Operator, Rows, Traced, base_of
from gradcli.language.derivatives.checks import real_outputs
from gradcli.language.derivatives.targets import ALL, make_targets
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.describe import describe
from gradcli.language.values.nesting import map_items, nodes_in
from gradcli.language.values.numbers import is_number
from gradcli.language.values.partial import Partial
from gradcli.language.values.values import Caller, Function, Names, SparseMatrix, Value

MODES = (FORWARD, REVERSE)

# From so many elements on each side, a matrix is searched for a pattern.
LARGE = 64


@structure
class Matrix(Operator):
    """What `jacobian` and `hessian` give.

    Inputs that are all scalars are the columns of one matrix. Otherwise there is a block for each input, of the
    output's shape followed by the input's, in the structure of the inputs; for a function of several outputs, a tuple
    over them.
    """

    order: int = 1
    mode: str | None = None
    sparse: bool = False

    @property
    def differentiations(self) -> int:
        """2 for a Hessian."""
        return self.order

    def lost(self, jumps: Sequence[Any], place: int, count: int, shape: tuple[int, ...]) -> Any:
        """The rows of what jumps, and for a Hessian, which is symmetric, its columns too."""
        import numpy as np

        n = len(jumps)
        if count == 1 and all(jump.shape == () for jump in jumps) and n in shape:
            together = np.array(jumps)
            return np.logical_or.outer(together, together) if self.order == 2 else together[:, None]
        if self.order == 2 and count % (n * n) == 0:
            return np.logical_or.outer(jumps[place // n % n], jumps[place % n])
        if self.order == 1 and count % n == 0:
            jump = jumps[place // (count // n)]
            return jump.reshape(jump.shape + (1,) * (len(shape) - jump.ndim))
        return super().lost(jumps, place, count, shape)

    def title(self) -> str:
        """Such as jacobian(f)."""
        return f"{'jacobian' if self.order == 1 else 'hessian'}({self.of.name})"

    def options(self) -> tuple[Value, ...]:
        """What else it was asked for."""
        return (self.order, self.mode, self.sparse)

    def derive(self, caller: Caller, traced: Traced, span: Span) -> Value:
        """The matrix, or the blocks."""
        by = list(nodes_in(traced.wrt))
        outputs = _as_nodes(traced.outputs, by[0])
        roots = real_outputs(outputs, self.of, span)
        scalars = all(node.shape == () for node in by)
        if self.sparse and (scalars or (self.order == 2 and any(size_of(root.shape) != 1 for root in roots))):
            raise fail(
                "derivative",
                "a sparse Jacobian is that of a function of tensors, a sparse Hessian that of one number",
                span,
                "leave sparse=true out",
            )
        if scalars:
            return self._one_matrix(outputs, roots, by)
        blocks: dict[Node, Value] = {}
        for root in roots:
            if self.order == 1:
                blocks[root] = _structured(traced.wrt, self._row(root, by))
            else:
                rows = [_structured(traced.wrt, row) for row in self._rows(root, by)]
                blocks[root] = _structured(traced.wrt, rows)
        return _over(outputs, blocks)

    def _row(self, output: Node, by: Sequence[Node]) -> Sequence[Value]:
        """The blocks of one output: by colours where that is less work, or was asked for."""
        from gradcli.core.loops.pieces import swept_in_pieces

        row: dict[Node, Value] = {}
        for node in by:
            if self.sparse or (self.mode is None and _is_large(output, node)):
                found = self._compressed(output, node)
                if found is not None:
                    row[node] = found
        left = [node for node in by if node not in row]
        if left:
            row.update(zip(left, jacobian([output], left, self.mode, swept_in_pieces)[0], strict=True))
        return [row[node] for node in by]

    def _rows(self, output: Node, by: Sequence[Node]) -> Sequence[Sequence[Value]]:
        """All blocks of second derivatives; of one number's those below the diagonal are known by symmetry."""
        from gradcli.core.loops.pieces import swept_in_pieces

        if not self.sparse and output.shape == () and sum(size_of(node.shape) for node in by) >= LARGE:
            from gradcli.core.analysis.separable import hessian_by_terms

            found = hessian_by_terms(output, by)
            if found is not None:
                return mirrored(found, by)
        slopes = jacobian([output], by, REVERSE, swept_in_pieces)[0] if output.shape else gradient([output], by)
        if self.sparse:
            return [self._row(slope, by) for slope in slopes]
        rows: list[list[Node]] = [[] for _ in by]
        for j, node in enumerate(by):
            above = slopes if output.shape else slopes[: j + 1]
            column: dict[Node, Node] = {}
            for slope in above:
                block = self._compressed(slope, node) if _is_large(slope, node) else None
                if isinstance(block, Node):
                    column[slope] = block
            left = [slope for slope in above if slope not in column]
            blocks = jacobian(left, [node], FORWARD, swept_in_pieces) if left else []
            column.update((slope, row[0]) for slope, row in zip(left, blocks, strict=True))
            for row, slope in zip(rows, above, strict=False):
                row.append(column[slope])
        return rows if output.shape else mirrored(rows, by)

    def _compressed(self, output: Node, node: Node) -> Value | None:
        """A block by colours; None where a dense one is less work."""
        from gradcli.core.analysis.compressed import sparse_jacobian

        if self.sparse:
            return SparseMatrix(sparse_jacobian(output, node))
        try:
            found = sparse_jacobian(output, node, paying=True)
        except CoreError:
            return None
        return reshape(found.dense(), shape=output.shape + node.shape)

    def _one_matrix(self, outputs: Value, roots: list[Node], by: list[Node]) -> Value:
        if self.order == 1:
            rows = {
                root: stack(tuple(row), -1) for root, row in zip(roots, jacobian(roots, by, self.mode), strict=True)
            }
        else:
            rows = {
                root: stack(tuple(stack(tuple(row), -1) for row in found), -2)
                for root, found in zip(roots, hessian(roots, by), strict=True)
            }
        flat = list(nodes_in(outputs))
        if all(root.shape == () for root in flat) and (self.order == 1 or isinstance(outputs, tuple)):
            return stack(tuple(rows[root] for root in flat), 0)
        return _over(outputs, dict(rows))

    def rows(self, result: Value) -> Rows:
        """Each block under the name of its derivative."""
        base, names = base_of(self.of), self.targets.labels(self.of)
        nodes = list(nodes_in(result))
        if len(nodes) == 1:
            together = names[0] if len(names) == 1 else f"({', '.join(names)})"
            return ((_times(base, together, self.order), nodes[0]),)
        one = [base.then(name) for name in names]
        labels = one if self.order == 1 else [label.then(name) for label in one for name in names]
        if len(nodes) == len(labels):
            return tuple(zip(labels, nodes, strict=True))
        return tuple((Partial(f"{self.name}[{i}]", (), base.order + self.order), node) for i, node in enumerate(nodes))

    def note(self, result: Value) -> str | None:
        """How to read it."""
        names = self.targets.labels(self.of)
        if len(list(nodes_in(result))) > 1 or len(names) == 1:
            return "every partial, nothing summed: the output's axes first, then those of each input"
        listed = ", ".join(names)
        if self.order == 1:
            return f"every partial, nothing summed: a row for each output, a column for each of {listed}"
        return f"every partial, nothing summed: rows and columns by {listed}"


def _times(base: Partial, name: str, order: int) -> Partial:
    for _ in range(order):
        base = base.then(name)
    return base


def _as_nodes(outputs: Value, like: Node) -> Value:
    """Plain numbers among the outputs as constants, which have a derivative too."""

    def as_node(item: Value) -> Value:
        return constant(item, like.dtype) if is_number(item) else item

    found: Value = map_items(outputs, as_node)
    return found


def _is_large(output: Node, node: Node) -> bool:
    return size_of(output.shape) >= LARGE and size_of(node.shape) >= LARGE


def _structured(wrt: Value, parts: Sequence[Value]) -> Value:
    """Parts in the nesting of what is differentiated by."""
    found = dict(zip(nodes_in(wrt), parts, strict=True))
    return _over(wrt, found)


def _over(value: Value, found: dict[Node, Value]) -> Value:
    put: Value = map_items(value, lambda item: found[item] if isinstance(item, Node) else item)
    return put


@builtin(
    "every partial of every output: one matrix of scalars, or a block for each input",
    "jacobian",
    example="jacobian((x, y) -> (x y, x + y))(3, 5)",
)
def jacobian_of(
    call: Call,
    fn: Function,
    grad_position: Value = ALL,
    weights: Value = None,
    wrt: Names | None = None,
    mode: Value = None,
    sparse: bool = False,
) -> Matrix:
    """The Jacobian.

    Raises:
        LanguageError: for targets that are not there, or a mode that is none.
    """
    if mode is not None and mode not in MODES:
        what = f'"{mode}"' if isinstance(mode, str) else describe(mode)
        raise fail(
            "value", f"{what} is no mode", call.span, 'modes are "forward" and "reverse"; leave it out to choose'
        )
    targets = make_targets(fn, grad_position, weights, wrt, call.span, default=ALL)
    return Matrix(fn, targets, 1, mode if isinstance(mode, str) else None, sparse)


def _announce(name: str, mode: str, help: str, example: str) -> None:
    @builtin(help, name, example=example)
    def jacobian_by(
        call: Call, fn: Function, grad_position: Value = ALL, weights: Value = None, wrt: Names | None = None
    ) -> Matrix:
        return Matrix(fn, make_targets(fn, grad_position, weights, wrt, call.span, default=ALL), 1, mode)


_announce(
    "jacfwd",
    FORWARD,
    "the Jacobian, a column at a time: for more outputs than inputs",
    "jacfwd(t -> [cos(t), sin(t)])(0)",
)
_announce(
    "jacrev", REVERSE, "the Jacobian, a row at a time: for more inputs than outputs", "jacrev(v -> sum(v*v))([1, 2, 3])"
)


@builtin(
    "every second partial: one matrix, or a block for each two inputs",
    "hessian",
    example="hessian((x, y) -> x^2 y)\nhessian((x, y) -> x^2 y)(3, 5)",
)
def hessian_of(
    call: Call,
    fn: Function,
    grad_position: Value = ALL,
    weights: Value = None,
    wrt: Names | None = None,
    sparse: bool = False,
) -> Matrix:
    """The Hessian."""
    return Matrix(fn, make_targets(fn, grad_position, weights, wrt, call.span, default=ALL), 2, None, sparse)
