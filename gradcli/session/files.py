"""Reading scripts: UTF-8 with any line ends, and no more than a script can be."""

from __future__ import annotations

import io
import os
import sys
from math import inf
from typing import BinaryIO

from gradcli.core.limits import LIMITS, limit


class Unreadable(Exception):  # noqa: N818 - it is said as a diagnostic
    """A file that holds no script: why, and what to do."""

    def __init__(self, problem: str, hint: str | None = None) -> None:
        super().__init__(problem)
        self.hint = hint


def read_text(path: str) -> str:
    """The text of a file, or of standard input for `-`.

    Raises:
        Unreadable: where there is none, or more than a script can be.
        CoreError: where the environment gives a limit that is none.
    """
    data = b""
    try:
        if path == "-":
            data = _read(sys.stdin.buffer)
        else:
            with open(path, "rb") as file:
                data = _read(file)
        # A byte order mark is no part of the text.
        return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig").read()
    except FileNotFoundError:
        raise Unreadable("there is no such file", "check the path") from None
    except IsADirectoryError:
        raise Unreadable("this is a folder", f"run its files with {path.rstrip('/')}/*.grad") from None
    except UnicodeDecodeError:
        raise _no_text(data) from None
    except (OSError, ValueError) as error:
        raise Unreadable(str(getattr(error, "strerror", None) or error).lower()) from None


def _no_text(data: bytes) -> Unreadable:
    """What bytes are that are no text: where they begin to be none, or their encoding, where they tell it."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Unreadable("this is in UTF-16, not in UTF-8", "save it as UTF-8")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"this is not a text in UTF-8: byte {data[error.start]:02X} in line {line:,}"
        return Unreadable(what, "scripts are plain text; save it as UTF-8")
    return Unreadable("this is not a text in UTF-8", "scripts are plain text")


def _read(file: BinaryIO) -> bytes:
    """All bytes of a file that is not too large; one that says its size is refused before it is read."""
    most = limit("max_source")
    if _size(file) <= most:
        data = file.read(-1 if most == inf else int(most) + 1)
        if len(data) <= most:
            return data
    variable = LIMITS["max_source"].variable
    raise Unreadable(f"a script has at most {_in_units(int(most))}", f"{variable}=BYTES in the environment allows more")


def _size(file: BinaryIO) -> int:
    try:
        return os.fstat(file.fileno()).st_size
    except (OSError, ValueError):
        return 0


def _in_units(count: int) -> str:
    return f"{count // 2**20} MiB" if count % 2**20 == 0 and count else f"{count:,} bytes"
