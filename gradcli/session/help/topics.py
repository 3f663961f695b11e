"""The topics: a page each, as Markdown beside this package, of which the tests run every example."""

from __future__ import annotations

from importlib.resources import files

from gradcli.core.records import record

# In the order in which they are listed.
TOPICS = (
    *("language", "calculus", "tensors", "models", "printing", "settings"),
    *("prompt", "scripts", "sharp-points", "constants"),
)


@record
class Topic:
    """A topic: its name, what it is about in a line, and its page."""

    name: str
    summary: str
    text: str


def topic(name: str) -> Topic:
    """The page of a topic: a heading, a line that says what it is about, then the rest."""
    text = (files("gradcli.session") / "topics" / f"{name}.md").read_text(encoding="utf-8")
    _, summary, rest = text.split("\n\n", 2)
    return Topic(name, summary.replace("\n", " "), rest)
