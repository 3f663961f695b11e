"""A canvas of dots, two by four to a character. Several owners can have dots in one character."""

from __future__ import annotations

from collections.abc import Iterator

# By row and column of the character; the bits of a Braille pattern from U+2800 on.
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
BLANK = 0x2800
# The dots of a character.
ACROSS, DOWN = 2, 4


class Canvas:
    """Dots by row from the top and column from the left, each of an owner."""

    def __init__(self, lines: int, columns: int) -> None:
        self.lines, self.columns = lines, columns
        self._cells: dict[tuple[int, int], dict[int, int]] = {}

    @property
    def height(self) -> int:
        """How many rows of dots there are."""
        return self.lines * DOWN

    @property
    def width(self) -> int:
        """How many columns of dots there are."""
        return self.columns * ACROSS

    def dot(self, row: int, column: int, owner: int = 0) -> None:
        """Set a dot."""
        cell = self._cells.setdefault((row // DOWN, column // ACROSS), {})
        cell[owner] = cell.get(owner, 0) | _BITS[row % DOWN][column % ACROSS]

    def cells(self) -> Iterator[tuple[int, int, str, int]]:
        """Line, column, character and owner of each cell with dots: who has most there, the first of equals."""
        for (line, column), bits in self._cells.items():
            every = 0
            for own in bits.values():
                every |= own
            owner = max(sorted(bits), key=lambda o: bits[o].bit_count())
            yield line, column, chr(BLANK + every), owner

    def text(self) -> list[str]:
        """All characters, those without dots as blank patterns."""
        rows = [[chr(BLANK)] * self.columns for _ in range(self.lines)]
        for line, column, char, _ in self.cells():
            rows[line][column] = char
        return ["".join(row) for row in rows]
