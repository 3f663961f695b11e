"""A text that was asked before, of names that stand for the same since: what it showed, without working it out."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Protocol
from weakref import ref

from gradcli.core.ir.nodes import Node
from gradcli.core.ir.shapes import size_of
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.library.names import builtins
from gradcli.language.text.diagnostics import Source
from gradcli.language.values.answers import Answers, is_answer
from gradcli.language.values.nesting import distinct_nodes
from gradcli.language.values.scope import Bindings, Settings
from gradcli.language.values.values import Frame, Value
from gradcli.language.values.watching import Watch
from gradcli.session.results import Result, Shown

# So many of the latest texts are kept, each with what it showed, and with what it read, of so many elements at most.
MOST_KEPT, MOST_ELEMENTS, MOST_READ = 64, 1_000, 1_000_000


class Session(Protocol):
    """What a text may depend on besides the names that it reads."""

    @property
    def scope(self) -> Bindings[str, Value]:
        """The names that are defined."""
        ...

    @property
    def settings(self) -> Settings:
        """What is set."""
        ...

    @property
    def trained(self) -> Bindings[object, Node]:
        """The parameters that were given values."""
        ...

    @property
    def answers(self) -> Answers:
        """What was shown."""
        ...

    @property
    def drawn(self) -> int:
        """How far the random numbers have been drawn."""
        ...

    @property
    def home(self) -> Frame | None:
        """The names of the file that is run."""
        ...

    @property
    def given(self) -> Mapping[str, Value]:
        """Values from outside."""
        ...


class Asked:
    """What a text that is one expression showed, its value, and on what that depends."""

    def __init__(self, session: Session, watch: Watch, shown: Shown, value: Value) -> None:
        self.shown, self.value = shown, value
        self._settings, self._home = session.settings, session.home
        # Of what was asked on the way only the names count, and no graph is kept for it; nor are old names.
        self._watch = Watch(None, {})
        self._watch.reads = watch.reads
        self._scope, self._trained = ref(session.scope), ref(session.trained)

    def stands(self, session: Session) -> bool:
        """Whether it would show the same there."""
        same = session.settings is self._settings and session.trained is self._trained() and not session.given
        if not same or session.home is not self._home:
            return False
        if session.scope is self._scope():
            return True
        return self._watch.changed(lambda name, frame: _found(session, name, frame)) == []


class _Here(threading.local):
    def __init__(self) -> None:
        self.kept: OrderedDict[tuple[str, str], Asked] = OrderedDict()


_here = _Here()


def asked_before(session: Session, source: Source) -> Asked | None:
    """What a text showed that was asked before, where it would show the same."""
    kept, key = _here.kept, (source.name, source.text)
    found = kept.get(key)
    if found is None:
        return None
    if not found.stands(session):
        del kept[key]
        return None
    kept.move_to_end(key)
    return found


def keep(session: Session, source: Source, interpreter: Interpreter, watch: Watch, results: Sequence[Result]) -> None:
    """Keep what a text showed, where that depends on nothing but names, and does nothing else."""
    (shown,), value = results, interpreter.answers.last
    if not isinstance(shown, Shown) or interpreter.answers is session.answers:
        return
    names = [name for name, _, _ in watch.reads.values()]
    is_alone = not (watch.spoiled or interpreter.warnings or interpreter.random.drawn != session.drawn)
    if not is_alone or any(map(is_answer, names)) or interpreter.scope.kept() is not session.scope:
        return
    read = tuple(found[0] for _, _, found in watch.reads.values() if found is not None)
    if _elements(value) > MOST_ELEMENTS or _elements(read) > MOST_READ:
        return
    kept = _here.kept
    kept[source.name, source.text] = Asked(session, watch, shown, value)
    while len(kept) > MOST_KEPT:
        kept.popitem(last=False)


def _elements(value: Value) -> int:
    return sum(size_of(node.shape) for node in distinct_nodes(value))


def _found(session: Session, name: str, frame: Frame | None) -> tuple[Value] | None:
    """What a name stands for at the top level of a session; in a file that was used, nothing is taken for the same."""
    if frame is not None:
        return None
    return session.scope.found(name) or ((builtins()[name],) if name in builtins() else None)
