"""Sparse matrices as values: their entries, comparing them, SciPy's files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_array, load_npz, save_npz

import gradcli

TEXT = """
g(x) = sum(x^4) + sum(x[1:]*x[:-1])
h = hessian(g, sparse=true)([1, 2, 3, 4])
alone = hessian(x -> sum(x^4), sparse=true)([1, 2, 3, 4])
"""
WHOLE = np.diag([12.0, 48, 108, 192]) + np.diag([1.0] * 3, 1) + np.diag([1.0] * 3, -1)


@pytest.fixture
def session() -> gradcli.Session:
    """A Hessian with neighbours, and one without."""
    found = gradcli.Session()
    found.run(TEXT)
    return found


def test_the_entries_by_their_places(session: gradcli.Session) -> None:
    """Rows and columns are numbers from 0, in the order of the values."""
    rows, columns, values = (session.evaluate(f"h.{name}") for name in ("rows", "columns", "values"))
    assert rows.dtype == columns.dtype == np.int64
    assert np.array_equal(coo_array((values, (rows, columns))).toarray(), WHOLE)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("h == h", True),
        ("h == 1*dense(h)", True),
        ("dense(h) ≈ h", True),
        ("h == alone", False),
        ("h != alone", True),
        ("h ≈ alone", False),
        ("alone ≈ [[12, 0, 0, 0], [0, 48, 0, 0], [0, 0, 108, 0], [0, 0, 0, 192 + 1e-9]]", True),
        ("h == hessian(g, sparse=true)([1, 2, 3])", False),
        ("h ≈ hessian(g, sparse=true)([1, 2, 3])", False),
        ("h == hessian(x -> g(x) + 0*x[0]*x[3], sparse=true)([1, 2, 3, 4])", True),
        ('h == "text"', False),
    ],
)
def test_comparing(text: str, holds: bool, session: gradcli.Session) -> None:
    """By their entries, where one has none it is 0; no whole matrix is made of two sparse ones."""
    assert session.evaluate(text) is holds


def test_systems_of_equations(session: gradcli.Session) -> None:
    """Of one right side and of several; a matrix that is singular, or another shape's, is refused."""
    assert np.allclose(session.evaluate("solve(h, [1, 2, 3, 4])"), np.linalg.solve(WHOLE, [1, 2, 3, 4]), rtol=1e-14)
    assert np.allclose(session.evaluate("solve(h, eye(4))"), np.linalg.inv(WHOLE), rtol=1e-14)
    for text, said in (
        ("solve(h, [1, 2, 3])", "no system of equations"),
        ("solve(hessian(x -> sum(x[:-1]^2), sparse=true)([1, 2, 3]), [1, 2, 3])", "singular"),
        ("grad(b -> sum(solve(h, b)))([1, 2, 3, 4])", "an input that is yet to have a value"),
    ):
        with pytest.raises(gradcli.GradcliError, match=said):
            session.evaluate(text)


def test_an_assert_that_fails_shows_both_sides(session: gradcli.Session) -> None:
    """In a line each."""
    with pytest.raises(gradcli.GradcliError, match="sparse 4 by 4, nnz 4"):
        session.run("assert h ≈ alone")


@pytest.mark.parametrize("kind", ["csr", "csc", "coo"])
def test_scipys_files(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, session: gradcli.Session) -> None:
    """SciPy reads what is saved, and what SciPy saves is loaded, whichever way it is stored."""
    monkeypatch.chdir(tmp_path)
    session.run('save("h.npz", h)')
    found = load_npz("h.npz")
    assert (found.format, found.shape) == ("csr", (4, 4))
    assert np.array_equal(found.toarray(), WHOLE)
    save_npz("other.npz", found.asformat(kind))
    session.run('other = load("other.npz")\nassert other == h\nassert other @ [1, 1, 1, 1] == h @ [1, 1, 1, 1]')
    save_npz("complex.npz", found * 1j)
    with pytest.raises(gradcli.GradcliError, match=r"complex\.npz"):
        session.run('load("complex.npz")')
