"""The parameters that a loop at the top level trains, as what it carries from step to step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gradcli.core.ir.nodes import Constant, Node, Parameter
from gradcli.core.ir.traversal import reachable, substitute
from gradcli.language.calls.kinds import Unlike
from gradcli.language.values.values import Frame, Value


class Trained(Mapping[object, Parameter]):
    """The present parameters in a step that is traced, by their keys; each goes by a name that nobody can type.

    Standing among the names of the step, what a parameter is behind a choice, a `break` or a `continue` is told as of
    any other name.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        # What each was in front of the loop, by its name.
        self.before: dict[str, Parameter] = {}
        self._names: dict[object, str] = {}

    def __getitem__(self, key: object) -> Parameter:
        name = self._names[key]
        there = self.frame.names[name]
        if not isinstance(there, Parameter):
            assert isinstance(there, Node)
            there = self.frame.names[name] = _of_value(self.before[name], there)
        return there

    def __iter__(self) -> Iterator[object]:
        return (key for key, name in self._names.items() if name in self.frame.names)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def put(self, old: Parameter, value: Node) -> None:
        """Give a parameter a value in this step.

        Raises:
            Unlike: for one of another shape or type.
        """
        if (value.shape, value.dtype) != (old.shape, old.dtype):
            raise Unlike
        name = self._names.get(old.key)
        if name is None:
            name = self._names[old.key] = f"parameter {len(self._names)} {old.name}"
            self.before[name] = old
        self.frame.names[name] = _of_value(old, value)

    def carried(self, name: str, value: Value) -> Value:
        """What is carried under a name, as it stands among the names of a step."""
        if name not in self.before:
            return value
        assert isinstance(value, Node)
        return _of_value(self.before[name], value)


def of_values(nodes: Sequence[Node]) -> Sequence[Node]:
    """The nodes with what parameters stand for in a step in the place of those."""
    while True:
        values: dict[Node, Node] = {n: n.value for n in reachable(nodes) if isinstance(n, Parameter)}
        standing = {n: value for n, value in values.items() if not isinstance(value, Constant)}
        if not standing:
            return nodes
        nodes = substitute(nodes, standing)


def _of_value(like: Parameter, value: Node) -> Parameter:
    """A parameter that stands for a graph, by which what is made of it can be differentiated."""
    return Parameter(like.name, value, like.key)  # type: ignore[arg-type]
