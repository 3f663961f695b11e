"""What ran, input by input: what undo takes back, what is saved as a script, and what a journal keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields

from gradcli.language.values.scope import Bindings
from gradcli.session.memory import memory_of
from gradcli.session.results import Shown
from gradcli.session.session import Session, Step

# So many inputs can be taken back, fewer where what they replaced takes more memory; the last one always can.
MOST_LEVELS = 100
MOST_BYTES = 256 * 2**20


class Statement:
    """A statement that ran: its text, and the names that it gave values to."""

    # There are as many as were typed, and they stay.
    __slots__ = ("names", "text")

    def __init__(self, text: str, names: tuple[str, ...] = ()) -> None:
        self.text, self.names = text, names


class Entry:
    """An input of which something ran.

    `statements` are those that did, `typed` is the whole text where all of it did. `before` is the session in which it
    began, None where it can't be taken back any more, and `replaced` the bytes of memory that are held for that. `acts`
    says that it changed or showed something. A reset forgets what stands before it; its statements are the settings.
    """

    __slots__ = ("acts", "before", "is_reset", "replaced", "statements", "typed")

    def __init__(self, before: Session | None, statements: Iterable[Statement] = (), is_reset: bool = False) -> None:
        self.before, self.statements, self.is_reset = before, [*statements], is_reset
        self.typed: str | None = None
        self.replaced = 0
        self.acts = is_reset

    @property
    def text(self) -> str:
        """It as it is run again."""
        return "\n".join(_apart(ran.text) for ran in self.statements) if self.typed is None else self.typed


class Log:
    """The inputs of a session, in order. `first` are statements that make its settings what they were at first."""

    def __init__(self, session: Session) -> None:
        self.first = _settings_of(session)
        self.entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self.entries)

    def add(self, entry: Entry, before: Session, step: Step) -> Statement | None:
        """Take up a statement of an input, if it ran; the entry of its first is the log's last from then on."""
        if step.span is None:
            return None
        after = step.session
        names = () if after.scope is before.scope else tuple(before.scope.replaced())
        ran = Statement(_stripped(step.span.text), names)
        if not entry.statements:
            self.entries.append(entry)
        entry.statements.append(ran)
        entry.replaced += _replaced(before, after)
        entry.acts = entry.acts or any(isinstance(r, Shown) for r in step.results) or _differs(before, after)
        return ran

    def close(self, entry: Entry, text: str | None) -> None:
        """An input has ended; `text` is the whole of it where all of it ran. What is oldest can't be taken back now."""
        if text is not None:
            whole = _stripped(text)
            only = entry.statements[0].text if len(entry.statements) == 1 else None
            entry.typed = only if whole == only else whole
        self._forget()

    def reset(self, before: Session, after: Session) -> Entry:
        """All definitions are forgotten."""
        statements = [Statement(text) for text in _settings_of(after)]
        entry = Entry(before, statements, is_reset=True)
        entry.replaced = _held(before)
        self.entries.append(entry)
        self._forget()
        return entry

    def undo(self) -> Entry | None:
        """Take back the last input that changed or showed something, with the asserts since; None if there is none."""
        for place in range(len(self.entries) - 1, -1, -1):
            entry = self.entries[place]
            if entry.acts:
                if entry.before is None:
                    return None
                del self.entries[place:]
                return entry
        return None

    def script(self) -> list[str]:
        """The inputs that lead to what is defined now, each as it is run again."""
        return texts(self.first, self.entries)

    def count(self) -> int:
        """How many statements that script has."""
        return count(self.first, self.entries)

    def defining(self, name: str) -> Statement | None:
        """The last statement that gave a value to a name."""
        found = (ran for entry in reversed(self.entries) for ran in reversed(entry.statements) if name in ran.names)
        return next(found, None)

    def _forget(self) -> None:
        """Let go of the oldest sessions, where there are too many, or where they hold too much."""
        levels = total = 0
        for entry in reversed(self.entries):
            if entry.before is None:
                return
            levels, total = levels + 1, total + entry.replaced
            if levels > 1 and (levels > MOST_LEVELS or total > MOST_BYTES):
                entry.before = None


def texts(first: tuple[str, ...], entries: list[Entry]) -> list[str]:
    """The inputs since the last reset, and before them what they begin with."""
    kept = _since_reset(entries)
    before = [] if kept and kept[0].is_reset else ["\n".join(first)]
    return [text for text in (*before, *(entry.text for entry in kept)) if text]


def count(first: tuple[str, ...], entries: list[Entry]) -> int:
    """How many statements those are."""
    kept = _since_reset(entries)
    begins = bool(kept) and kept[0].is_reset
    return sum(len(entry.statements) for entry in kept) + (0 if begins else len(first))


def joined(inputs: list[str]) -> str:
    """Inputs one below the other, as a script."""
    return "".join(f"{_apart(text)}\n" for text in inputs)


def _since_reset(entries: list[Entry]) -> list[Entry]:
    resets = [place for place, entry in enumerate(entries) if entry.is_reset]
    return entries[resets[-1] :] if resets else entries


def _settings_of(session: Session) -> tuple[str, ...]:
    from gradcli.session.settings import differing

    return tuple(differing(session.settings, session.seed))


def _bindings(session: Session) -> Iterator[tuple[str, Bindings[object, object]]]:
    for part in fields(session):
        value = getattr(session, part.name)
        if isinstance(value, Bindings):
            yield part.name, value


def _replaced(before: Session, after: Session) -> int:
    """The bytes of what a statement has put something else in place of."""
    changed = (names for part, names in _bindings(before) if getattr(after, part) is not names)
    old = [value for names in changed for value in names.replaced().values() if value is not None]
    return sum(memory_of(value[0]) or 0 for value in old)


def _held(session: Session) -> int:
    held: Mapping[str, object] = session.scope
    return sum(memory_of(value) or 0 for value in held.values())


def _differs(before: Session, after: Session) -> bool:
    return any(getattr(before, part.name) is not getattr(after, part.name) for part in fields(before))


def _stripped(text: str) -> str:
    """A statement without the blank around it; what is said of it in comments stays."""
    return text.strip("\n").rstrip().removesuffix(";").rstrip()


def _apart(text: str) -> str:
    r"""A text so that nothing below it is taken for its end: a line that ends in \ goes on."""
    return f"{text}\n" if text.endswith("\\") else text
