"""What `print` says from inside a block: texts with values in them, and values."""

from __future__ import annotations

from gradcli.core.records import record
from gradcli.language.text.diagnostics import Span
from gradcli.language.values.values import Value


@record
class Part:
    """A value within a text, with how it is written, as in `{loss:.3f}`."""

    value: Value
    form: str = ""


@record
class Said:
    """What one `print` says: its values in their order, a text as its pieces. `title` is the first one's own text.

    `known` says that all of them are numbers of a call.
    """

    span: Span
    title: str
    items: tuple[Value | tuple[str | Part, ...], ...]
    texts: tuple[bool, ...]
    known: bool = True
