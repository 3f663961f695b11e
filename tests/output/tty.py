"""A terminal that is none: it says that it is one, and keeps what it is shown."""

from __future__ import annotations

import io


class TTY(io.StringIO):
    """Its width is COLUMNS, and it is shown no colours where NO_COLOR and TERM=dumb are set."""

    def isatty(self) -> bool:
        """Yes."""
        return True
