"""The topics: a page each, as Markdown beside this package, of which the tests run every example.

The part in front of the first `##` is the page that is shown at first; the sections behind it are the reference.
"""

from __future__ import annotations

import re
from importlib.resources import files

from gradcli.core.records import record

# In the order in which they are listed; those of the second row are about what stands around the language.
FIRST = (
    *("language", "calculus", "tensors", "models", "printing", "settings"),
    *("prompt", "scripts", "sharp-points", "constants"),
)
MORE = ("shell", "files", "data", "formats", "python", "speed", "security")
TOPICS = (*FIRST, *MORE)
# Asks for a topic with all of its sections.
ALL = "all"


@record
class Section:
    """A part of a topic's reference."""

    title: str
    text: str


@record
class Topic:
    """A topic: its name, what it is about in a line, its page, and the sections of its reference."""

    name: str
    summary: str
    text: str
    sections: tuple[Section, ...]

    def section(self, begins: str) -> Section | None:
        """The section whose title, or a word of it, begins so; None where there is none."""
        wanted = begins.lower()
        for found in self.sections:
            title = found.title.lower()
            if title.startswith(wanted) or any(word.startswith(wanted) for word in re.findall(r"\w+", title)):
                return found
        return None


def topic(name: str) -> Topic:
    """The page of a topic: a heading, a line that says what it is about, then the rest."""
    text = (files("gradcli.session") / "topics" / f"{name}.md").read_text(encoding="utf-8")
    _, summary, rest = text.split("\n\n", 2)
    page, *sections = re.split(r"(?m)^## ", rest)
    parts = (part.split("\n", 1) for part in sections)
    found = tuple(Section(title.strip(), body.strip("\n")) for title, body in parts)
    return Topic(name, summary.replace("\n", " "), page.rstrip("\n"), found)
