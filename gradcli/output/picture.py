"""The pattern of a sparse matrix as dots."""

from __future__ import annotations

from typing import Any

from gradcli.output.braille import ACROSS, DOWN, Canvas
from gradcli.session.results import SparseMatrix

# In dots. A larger matrix is shown with several entries to a dot.
WIDEST, TALLEST = 80, 80


def picture(matrix: SparseMatrix, widest: int = WIDEST) -> list[str]:
    """Lines of Braille characters, a dot for each entry or group of entries that may differ from 0."""
    height, width = matrix.shape
    scale = max(1.0, width / widest, height / TALLEST)
    tall, wide = max(1, round(height / scale)), max(1, round(width / scale))
    canvas = Canvas(-(-tall // DOWN), -(-wide // ACROSS))
    for row, column in _places(matrix, scale, tall, wide):
        canvas.dot(row, column)
    return canvas.text()


def _places(matrix: SparseMatrix, scale: float, tall: int, wide: int) -> Any:
    import numpy as np

    rows = np.minimum((matrix.rows / scale).astype(int), tall - 1)
    columns = np.minimum((matrix.columns / scale).astype(int), wide - 1)
    return np.unique(np.stack([rows, columns], axis=1), axis=0).tolist()
