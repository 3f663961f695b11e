"""What was shown before, under names: `ans` and `_` are the last result, `_1` the first."""

from __future__ import annotations

import re

from gradcli.core.ir.shapes import size_of
from gradcli.core.records import record
from gradcli.language.values.nesting import distinct_nodes
from gradcli.language.values.values import Value

LAST = ("ans", "_")
# So many of the latest are kept, and of large ones as many as have so many elements together.
MOST_KEPT, MOST_ELEMENTS = 1_000, 2**24

_NUMBERED = re.compile(r"_([1-9]\d*)")


def is_answer(name: str) -> bool:
    """Whether a name stands for a result that was shown, unless someone gives it another meaning."""
    return name[:1] in "_a" and (name in LAST or _NUMBERED.fullmatch(name) is not None)


@record
class Answers:
    """The results so far: how many there were, and the latest, each with how many elements it has, and all together."""

    count: int = 0
    kept: tuple[tuple[Value, int], ...] = ()
    elements: int = 0

    def with_one_more(self, value: Value) -> Answers:
        """The results behind one that was shown."""
        size = sum(size_of(node.shape) for node in distinct_nodes(value))
        kept, total = (*self.kept, (value, size)), self.elements + size
        if len(kept) > MOST_KEPT:
            total -= kept[0][1]
            kept = kept[1:]
        while total > MOST_ELEMENTS and len(kept) > 1:
            total -= kept[0][1]
            kept = kept[1:]
        return Answers(self.count + 1, kept, total)

    @property
    def last(self) -> Value:
        """The result that was shown last; none before there is one."""
        return self.kept[-1][0] if self.kept else None

    def find(self, name: str) -> tuple[Value] | None:
        """The result that a name stands for, in a tuple of its own; None where there is none, or no longer."""
        if not is_answer(name):
            return None
        place = self._place(name)
        return (self.kept[place][0],) if 0 <= place < len(self.kept) else None

    def missing(self, name: str) -> str:
        """Why there is no such result."""
        if not self.count:
            return "it is the result that was shown last, and nothing has been shown yet"
        if self._place(name) < 0:
            return f"results are kept from `_{self.count - len(self.kept) + 1}` on"
        return f"the last result is `_{self.count}`" if self.count > 1 else "there is one result so far, `_1`"

    def _place(self, name: str) -> int:
        first = self.count - len(self.kept) + 1
        return len(self.kept) - 1 if name in LAST else int(name[1:]) - first
