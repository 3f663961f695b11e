"""Lines of straight Python as a function: as several, where they are many.

Python's compiler takes longer for each line of a long function, and so does its interpreter: some hundred lines stay in
the processor's cache. What several of the functions need is handed on in a list.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

# So many lines make a function.
LINES_AT_ONCE = 400

# The names that a program may use.
OTHER_NAMES = {"inf": math.inf, "nan": math.nan, "bool": bool, "min": min, "max": max, "abs": abs, "round": round}
SCOPE: dict[str, object] = {**vars(math), **OTHER_NAMES}

_NAME = re.compile(r"\b[^\W\d]\w*")
_INDENT = "    "


class Lines(NamedTuple):
    """A program as text: what its inputs are called, a line for each value that has a name, and its outputs."""

    arguments: Sequence[str]
    body: Sequence[str]
    results: Sequence[str]


class Frame(NamedTuple):
    """What stands around the lines: what the function is called with, and lines before and behind.

    `opening` makes the lines' arguments of the parameters; `closing` returns something.
    """

    parameters: Sequence[str]
    opening: Sequence[str]
    closing: Sequence[str]


def as_tuple(texts: Sequence[str]) -> str:
    """Texts as that of a tuple."""
    return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"


def frame_of(lines: Lines) -> Frame:
    """That of a function of the arguments that returns the results as a tuple."""
    return Frame(lines.arguments, (), (f"return {as_tuple(lines.results)}",))


def compiled(
    lines: Lines, frame: Frame, otherwise: Callable[..., object], names: Mapping[str, object]
) -> Callable[..., tuple[Any, ...]]:
    """The lines in their frame as a function; where math refuses what IEEE 754 answers, `otherwise` is asked.

    `names` are what lines use besides the names of math.
    """
    scope: dict[str, object] = {**SCOPE, **names, "otherwise": otherwise}
    inside = [*frame.opening, *lines.body, *frame.closing]
    if len(lines.body) > LINES_AT_ONCE:
        inside = [*frame.opening, *_in_parts(lines, frame.closing, scope)]
    parameters = ", ".join(frame.parameters)
    _define(
        [
            f"def program({parameters}):",
            "    try:",
            *(f"        {line}" for line in inside),
            "    except (ArithmeticError, ValueError):",
            f"        return otherwise({parameters})",
        ],
        scope,
    )
    program = scope["program"]
    assert callable(program)
    return program


def _define(lines: Sequence[str], scope: dict[str, object]) -> None:
    exec(compile("\n".join(lines), "<gradcli program>", "exec"), scope)


def _in_parts(lines: Lines, closing: Sequence[str], scope: dict[str, object]) -> Iterator[str]:
    """The lines that call the parts; these are put into the scope."""
    body = lines.body
    parts = [body[i : i + LINES_AT_ONCE] for i in range(0, len(body), LINES_AT_ONCE)]
    home = dict.fromkeys(lines.arguments, -1)
    for i, part in enumerate(parts):
        home.update((line.partition(" ")[0], i) for line in part)
    # What a part reads that comes from before it has a place in the list.
    reads = [
        [name for name in dict.fromkeys(_NAME.findall("\n".join(part))) if home.get(name, i) != i]
        for i, part in enumerate([*parts, closing])
    ]
    # The arguments come first.
    crossing = sorted({name for names in reads for name in names}, key=home.__getitem__)
    place = {name: j for j, name in enumerate(crossing)}
    kept: list[list[str]] = [[] for _ in parts]
    for name in crossing:
        if home[name] >= 0:
            kept[home[name]].append(name)
    for i, part in enumerate(parts):
        stored = [f"_r[{place[name]}] = {name}" for name in kept[i]]
        _define(_part(f"_part{i}", [*_loaded(reads[i], place), *part, *stored]), scope)
    _define(_part("_end", [*_loaded(reads[-1], place), *closing]), scope)
    given = [name for name in crossing if home[name] < 0]
    scope["_parts"] = [scope.pop(f"_part{i}") for i in range(len(parts))]
    scope["_empty"] = (None,) * (len(crossing) - len(given))
    yield f"_r = [{', '.join([*given, '*_empty'])}]"
    yield "for _part in _parts: _part(_r)"
    yield "return _end(_r)"


def _part(name: str, lines: Sequence[str]) -> list[str]:
    return [f"def {name}(_r):", *(_INDENT + line for line in lines)]


def _loaded(names: Sequence[str], place: Mapping[str, int]) -> Iterator[str]:
    return (f"{name} = _r[{place[name]}]" for name in names)
