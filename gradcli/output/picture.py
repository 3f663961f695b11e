"""The pattern of a sparse matrix as dots."""

from __future__ import annotations

from typing import Any

from gradcli.session.results import SparseMatrix

# In dots; a character holds two by four. A larger matrix is shown with several entries to a dot.
WIDEST, TALLEST = 80, 80
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def picture(matrix: SparseMatrix, widest: int = WIDEST) -> list[str]:
    """Lines of Braille characters, a dot for each entry or group of entries that may differ from 0."""
    height, width = matrix.shape
    scale = max(1.0, width / widest, height / TALLEST)
    tall, wide = max(1, round(height / scale)), max(1, round(width / scale))
    cells = [[0] * ((wide + 1) // 2) for _ in range((tall + 3) // 4)]
    for row, column in _places(matrix, scale, tall, wide):
        cells[row // 4][column // 2] |= _DOTS[row % 4][column % 2]
    return ["".join(chr(0x2800 + dots) for dots in line) for line in cells]


def _places(matrix: SparseMatrix, scale: float, tall: int, wide: int) -> Any:
    import numpy as np

    rows = np.minimum((matrix.rows / scale).astype(int), tall - 1)
    columns = np.minimum((matrix.columns / scale).astype(int), wide - 1)
    return np.unique(np.stack([rows, columns], axis=1), axis=0).tolist()
