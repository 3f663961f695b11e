"""How a block ends: by its last line, or by `return`, `break` or `continue`, and under which condition."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from gradcli.core.ir.nodes import Node, registry
from gradcli.core.records import record
from gradcli.language.values.values import Unset, Value

# True where it always holds.
Guard: TypeAlias = "bool | Node"
Names: TypeAlias = "dict[str, Value]"
Choose: TypeAlias = "Callable[[Node, Value, Value], Value]"


@record
class Ending:
    """The ways in which a block ends early, each with its guard: what is returned, the names where a loop is left.

    Where no guard holds, the block goes on behind its last line; `always` says that one of them does.
    """

    returned: tuple[Guard, Value] | None = None
    broken: tuple[Guard, Names] | None = None
    continued: tuple[Guard, Names] | None = None
    always: bool = True

    @property
    def ways(self) -> tuple[tuple[Guard, object] | None, ...]:
        """What there is, or None, in the order of the fields."""
        return self.returned, self.broken, self.continued

    @property
    def any(self) -> Guard:
        """Where it ends early."""
        found: Guard = False
        for way in self.ways:
            if way is not None:
                found = either(found, way[0])
        return found


def ending(
    returned: tuple[Guard, Value] | None,
    broken: tuple[Guard, Names] | None,
    continued: tuple[Guard, Names] | None,
    always: bool,
) -> Ending | None:
    """How a block ends, None where only behind its last line; the one way that there is always holds if one does."""
    ways = [way for way in (returned, broken, continued) if way is not None]
    if not ways:
        return None
    if always and len(ways) == 1:
        return Ending(
            None if returned is None else (True, returned[1]),
            None if broken is None else (True, broken[1]),
            None if continued is None else (True, continued[1]),
        )
    return Ending(returned, broken, continued, always)


def both(a: Guard, b: Guard) -> Guard:
    """Where both hold."""
    if isinstance(a, bool) or isinstance(b, bool):
        return (b if a else False) if isinstance(a, bool) else (a if b else False)
    return registry["logical_and"](a, b)


def either(a: Guard, b: Guard) -> Guard:
    """Where one of them holds."""
    if isinstance(a, bool) or isinstance(b, bool):
        return (True if a else b) if isinstance(a, bool) else (True if b else a)
    if b.op is registry["logical_and"] and opposite(a) in b.args:
        # a or (not a and c) is a or c.
        (c,) = [arg for arg in b.args if arg is not opposite(a)]
        return either(a, c)
    return registry["logical_or"](a, b)


def opposite(a: Guard) -> Guard:
    """Where it does not hold."""
    return not a if isinstance(a, bool) else registry["logical_not"](a)


def picked(guard: Guard, yes: Value, no: Value, choose: Choose) -> Value:
    """One of two values."""
    if isinstance(guard, bool):
        return yes if guard else no
    return yes if yes is no else choose(guard, yes, no)


def names_picked(guard: Guard, yes: Names, no: Names, choose: Choose) -> Names:
    """The names behind two paths; what only one of them gives a value has none."""
    if isinstance(guard, bool):
        return yes if guard else no
    found: Names = {}
    for name in dict.fromkeys([*no, *yes]):
        a, b = yes.get(name, Unset(name)), no.get(name, Unset(name))
        found[name] = (
            a if a is b else Unset(name) if isinstance(a, Unset) or isinstance(b, Unset) else choose(guard, a, b)
        )
    return found


def forked(condition: Node, yes: Ending | None, no: Ending | None, choose: Choose) -> Ending | None:
    """How a choice between two blocks ends."""
    if yes is None and no is None:
        return None
    always = yes is not None and no is not None and yes.always and no.always
    yes, no = yes or Ending(), no or Ending()
    other = opposite(condition)

    def way(a: tuple[Guard, Value] | None, b: tuple[Guard, Value] | None) -> tuple[Guard, Value] | None:
        if a is None or b is None:
            found = a or b
            return None if found is None else (both(condition if b is None else other, found[0]), found[1])
        first = both(condition, a[0])
        if a[0] is True and b[0] is True:
            return True, picked(condition, a[1], b[1], choose)
        return either(first, both(other, b[0])), picked(first, a[1], b[1], choose)

    return ending(
        way(yes.returned, no.returned),
        _names_way(yes.broken, no.broken, condition, choose),
        _names_way(yes.continued, no.continued, condition, choose),
        always,
    )


def _names_way(
    a: tuple[Guard, Names] | None, b: tuple[Guard, Names] | None, condition: Node, choose: Choose
) -> tuple[Guard, Names] | None:
    other = opposite(condition)
    if a is None or b is None:
        found = a or b
        return None if found is None else (both(condition if b is None else other, found[0]), found[1])
    first = both(condition, a[0])
    whole: Guard = True if a[0] is True and b[0] is True else either(first, both(other, b[0]))
    return whole, names_picked(first, a[1], b[1], choose)


def followed(first: Ending | None, then: Ending | None, choose: Choose) -> Ending | None:
    """How two blocks end of which the second runs where the first does not end early."""
    if first is None or then is None:
        return first or then
    if first.always:
        return first
    rest = opposite(first.any)

    def guard(a: tuple[Guard, object] | None, b: tuple[Guard, object]) -> Guard:
        later = both(rest, b[0])
        return later if a is None else either(a[0], later)

    returned = first.returned
    if then.returned is not None:
        value = then.returned[1]
        if returned is not None:
            value = picked(returned[0], returned[1], value, choose)
        returned = guard(returned, then.returned), value
    ways: dict[str, tuple[Guard, Names] | None] = {}
    for kind in ("broken", "continued"):
        a: tuple[Guard, Names] | None = getattr(first, kind)
        b: tuple[Guard, Names] | None = getattr(then, kind)
        if b is not None:
            names = b[1] if a is None else names_picked(a[0], a[1], b[1], choose)
            a = guard(a, b), names
        ways[kind] = a
    return ending(returned, ways["broken"], ways["continued"], then.always)


def without_continue(how: Ending | None, names: Names, choose: Choose) -> tuple[Ending | None, Names]:
    """How a step of a loop ends, and its names behind it: `continue` is an end as any other."""
    if how is None or how.continued is None:
        return how, names
    guard, there = how.continued
    return ending(how.returned, how.broken, None, False), names_picked(guard, there, names, choose)


def left(how: Ending | None, names: Names, choose: Choose) -> tuple[Ending | None, Names]:
    """How a loop ends, and its names behind it."""
    if how is None:
        return None, names
    if how.broken is not None:
        names = names_picked(how.broken[0], how.broken[1], names, choose)
    return ending(how.returned, None, None, how.always and how.broken is None), names
