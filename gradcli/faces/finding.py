"""Which scripts a command line means: files, the scripts in folders, patterns, and words that a path must have."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence

from gradcli.core.records import structure
from gradcli.language.text.diagnostics import LanguageError, Source, Span, fail

SUFFIX = ".grad"
_PATTERN = re.compile(r"[*?\[]")
_WORDS = re.compile(r"\s*([()]|[^\s()]+)")


def find_scripts(words: Sequence[str], match: str | None = None) -> list[str]:
    """The scripts that words name, in order; with `match` those whose path it holds for.

    A folder means the scripts in it, at any depth, sorted, and a pattern is for where no shell has expanded it; what
    stands there already is not repeated for them.

    Raises:
        LanguageError: for a folder or a pattern without a script, a match that can't be read, and one that none has.
    """
    holds = None if match is None else matcher(match)
    found: list[str] = []
    for word in words:
        paths = [*_named(word)]
        found += paths if paths == [word] else [path for path in paths if path not in set(found)]
    chosen = found if holds is None else [path for path in found if holds(path)]
    if found and not chosen:
        scripts = "the only script" if len(found) == 1 else f"none of the {len(found)} scripts"
        verb = "does not match" if len(found) == 1 else "matches"
        raise fail("usage", f"{scripts} {verb} `{match}`", None, f"the first is `{found[0]}`")
    return chosen


def _named(word: str) -> Iterator[str]:
    if os.path.isdir(word):
        yield from _or_refuse(
            [*_inside(word)], f"there is no script in `{word}`", f"the names of scripts end in {SUFFIX}"
        )
    elif word != "-" and _PATTERN.search(word) and not os.path.lexists(word):
        from glob import glob

        paths = sorted(glob(word, recursive=True))
        scripts = [p for path in paths for p in (_inside(path) if os.path.isdir(path) else (path,))]
        yield from _or_refuse(scripts, f"no file matches `{word}`", "`**` stands for folders at any depth")
    else:
        yield word


def _inside(folder: str) -> Iterator[str]:
    """The scripts in a folder and in those within it, but for hidden ones."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (os.path.join(root, n) for n in sorted(names) if n.endswith(SUFFIX) and not n.startswith("."))


def _or_refuse(found: list[str], problem: str, hint: str) -> list[str]:
    if not found:
        raise fail("file", problem, None, hint)
    return found


def matcher(text: str) -> Callable[[str], bool]:
    """What tells whether a path has the words of a text, between which stand `and`, `or`, `not` and brackets.

    Raises:
        LanguageError: for a text that says nothing of that kind.
    """
    reader = _Reader(Source("-k", text))
    condition = reader.either()
    reader.require_end()
    return lambda path: condition(path.lower())


@structure
class _Reader:
    """Reads a condition from its source, left to right; `place` is how far it has come."""

    source: Source
    place: int = 0

    def either(self) -> Callable[[str], bool]:
        """Conditions of which one must hold."""
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return lambda path: any(part(path) for part in parts)

    def _both(self) -> Callable[[str], bool]:
        parts = [self._single()]
        while self._take("and"):
            parts.append(self._single())
        return lambda path: all(part(path) for part in parts)

    def _single(self) -> Callable[[str], bool]:
        if self._take("not"):
            negated = self._single()
            return lambda path: not negated(path)
        if self._take("("):
            inner = self.either()
            if not self._take(")"):
                raise self._mistake("`)` is missing here")
            return inner
        word = self._next()
        if word in ("", ")", "and", "or"):
            raise self._mistake("a word is missing here")
        self._take(word)
        return lambda path: word.lower() in path

    def require_end(self) -> None:
        """Refuse what is left.

        Raises:
            LanguageError: where something is.
        """
        if self._next():
            raise self._mistake("`and` or `or` is missing here")

    def _next(self) -> str:
        found = _WORDS.match(self.source.text, self.place)
        return found[1] if found else ""

    def _take(self, word: str) -> bool:
        found = _WORDS.match(self.source.text, self.place)
        if found is None or found[1] != word:
            return False
        self.place = found.end()
        return True

    def _mistake(self, problem: str) -> LanguageError:
        text = self.source.text
        start = self.place + len(text[self.place :]) - len(text[self.place :].lstrip())
        end = start + max(1, len(self._next()))
        return fail("usage", problem, Span(self.source, start, end), "such as -k 'layers and not slow'")
