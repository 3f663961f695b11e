"""Limits: told before the work starts, each stated once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gradcli.core.engines.evaluation import evaluate
from gradcli.core.engines.program import Program
from gradcli.core.errors import CoreError
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, constant, fresh_input
from gradcli.core.ir.promotion import stretch
from gradcli.core.limits import LIMITS, limit, require, use
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.linear_algebra import (
    cholesky,
    determinant,
    inverse,
    matrix_product,
    solution,
)
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.primitives.spectra import eigenvalues
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def _defaults() -> Iterator[None]:
    use({})
    yield
    use({})


def _tensor(*shape: int) -> Node:
    return fresh_input("x", shape, DType.FLOAT64)


def _work(node: Node, *inputs: Node) -> int:
    from gradcli.core.ir.primitive import operations
    from gradcli.core.ir.traversal import reachable

    return operations(reachable([node]))


def test_work_is_counted_by_the_kind_of_operation() -> None:
    """Elements, 2 m n k of a product, n^3 of a factorization, nothing for what is a view."""
    assert _work(ew.sin(_tensor(30, 40))) == 1_200
    assert _work(sum_to(_tensor(30, 40), shape=())) == 1_200
    assert _work(matrix_product(_tensor(20, 30), _tensor(30, 40))) == 2 * 20 * 30 * 40
    assert _work(stretch(constant(1.0, DType.FLOAT64), (1_000, 1_000))) == 0
    for op in (inverse, determinant, cholesky, eigenvalues):
        assert _work(op(_tensor(5, 10, 10))) == 5 * 10**3
    assert _work(solution(_tensor(10, 10), _tensor(10, 3))) == 10**3 + 10 * 10 * 3


@pytest.mark.parametrize("shape", [(10**6, 10**6), (10**9, 10**3)])
def test_more_work_than_allowed_is_refused_before_it_starts(shape: tuple[int, int]) -> None:
    """A sum over what takes no memory still takes time."""
    total = sum_to(stretch(constant(0.5, DType.FLOAT64), shape), shape=())
    with pytest.raises(CoreError, match=r"1,000,000,000,000 operations, and at most 500,000,000,000"):
        evaluate([total])


def test_a_limit_holds_for_a_program_that_is_kept() -> None:
    """A graph of a form that ran before is refused where the limit is lower now, and runs where it is higher."""
    node = sum_to(ew.sin(stretch(constant(0.25, DType.FLOAT64), (5_000,))), shape=())
    (before,) = evaluate([node])
    use({"max_operations": 100})
    with pytest.raises(CoreError, match="operations"):
        evaluate([node])
    use({})
    assert evaluate([node]) == (before,)


def test_memory_counts_buffers_and_results() -> None:
    """More than one value at a time, though each alone would fit."""
    x = _tensor(1_000, 1_000)
    outputs = [ew.sin(x), ew.cos(x), ew.exp(x)]
    use({"max_memory": 0.01})  # one of them is 0.0075 GiB
    with pytest.raises(CoreError, match=r"GiB, and at most 0.01 are allowed"):
        Program(outputs, [x])
    Program([sum_to(stretch(constant(0.5, DType.FLOAT64), (1_000, 10_000)), shape=())])


def test_the_environment_sets_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the limit's name in capitals; what is no number is said."""
    for name, entry in LIMITS.items():
        monkeypatch.setenv(entry.variable, "7")
        assert limit(name) == 7
        monkeypatch.setenv(entry.variable, "-1")
        with pytest.raises(CoreError, match=entry.variable):
            limit(name)
        use({name: 5})
        assert limit(name) == 5
        use({})


@pytest.mark.parametrize("wanted", [11, 12.5, 1_234_567, 9_999_999_999, 2**90])
def test_the_hint_names_a_limit_that_is_enough(wanted: float) -> None:
    """And little more than enough."""
    use({"max_operations": 10})
    with pytest.raises(CoreError) as refused:
        require("max_operations", wanted, "this takes", "less")
    assert refused.value.hint is not None
    offered = float(refused.value.hint.rstrip("`").split()[-1])
    assert wanted <= offered <= 1.11 * wanted


def test_the_readme_lists_each_limit() -> None:
    """With its default and what it bounds."""
    text = (ROOT / "gradcli" / "session" / "topics" / "settings.md").read_text()
    for entry in LIMITS.values():
        default = "the machine's, in GiB" if entry.default is None else f"{entry.default:,} {entry.unit}"
        assert f"| `{entry.name}` | {default} | {entry.help} |" in text
