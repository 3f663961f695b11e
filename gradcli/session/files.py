"""Reading scripts, UTF-8 with any line ends and no more than a script can be; writing them, whole or not at all."""

from __future__ import annotations

import io
import os
import stat
import sys
from contextlib import suppress
from math import inf
from typing import BinaryIO

from gradcli.core.limits import LIMITS, limit


class Unreadable(Exception):  # noqa: N818 - it is said as a diagnostic
    """A file that holds no script: why, and what to do."""

    def __init__(self, problem: str, hint: str | None = None) -> None:
        super().__init__(problem)
        self.hint = hint


class Unwritable(Exception):  # noqa: N818 - it is said as a diagnostic
    """A file that could not be written: why, and what to do; whether it is because it `exists`."""

    def __init__(self, problem: str, hint: str | None = None, exists: bool = False) -> None:
        super().__init__(problem)
        self.hint, self.exists = hint, exists


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


def write_text(path: str, text: str, replace: bool) -> None:
    """Write a file whole or not at all: what was there stays until all of the new text is on the disk.

    Raises:
        Unwritable: where it can't be written, or is there already and nothing says to `replace` it.
    """
    # What a link points to is written, and the link stays.
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    mode = None
    try:
        with suppress(FileNotFoundError):
            there = os.stat(target).st_mode
            if not stat.S_ISREG(there):
                raise Unwritable(
                    "this is a folder" if stat.S_ISDIR(there) else "this is no file but a device or a pipe"
                )
            if not replace:
                raise Unwritable("it exists", exists=True)
            if not os.access(target, os.W_OK):
                raise Unwritable("it is read-only", "choose another name")
            mode = stat.S_IMODE(there)
        unfinished = os.path.join(folder, f".{name[:100]}.{os.getpid()}.tmp")
        _write_new(unfinished, text, mode)
        try:
            if replace:
                os.replace(unfinished, target)
            else:
                _name_new(unfinished, target)
        except BaseException:
            _remove(unfinished)
            raise
        _settle(folder)
    except FileNotFoundError:
        raise Unwritable(f"there is no folder `{os.path.dirname(path)}`", "make it first, or check the path") from None
    except (OSError, ValueError) as error:
        raise Unwritable(str(getattr(error, "strerror", None) or error).lower()) from None


def _write_new(path: str, text: str, mode: int | None) -> None:
    """A new file that is on the disk; none where that fails."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(file, "wb") as opened:
            if mode is not None:
                os.fchmod(file, mode)
            opened.write(text.encode("utf-8", "backslashreplace"))
            opened.flush()
            os.fsync(file)
    except BaseException:
        _remove(path)
        raise


def _name_new(unfinished: str, target: str) -> None:
    """Give a file its name, unless another has it by now."""
    try:
        os.link(unfinished, target)
    except FileExistsError:
        raise Unwritable("it exists", exists=True) from None
    except OSError:
        # Some file systems have no links.
        if os.path.lexists(target):
            raise Unwritable("it exists", exists=True) from None
        os.replace(unfinished, target)
    else:
        _remove(unfinished)


def _settle(folder: str) -> None:
    """Have a folder's names on the disk too, where that can be asked for."""
    with suppress(OSError):
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
