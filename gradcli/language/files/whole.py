"""Writing files, whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Unwritable(Exception):  # noqa: N818 - it is said as a diagnostic
    """A file that could not be written: why, and what to do; whether it is because it `exists`."""

    def __init__(self, problem: str, hint: str | None = None, exists: bool = False) -> None:
        super().__init__(problem)
        self.hint, self.exists = hint, exists


def write_text(path: str, text: str, replace: bool) -> None:
    """Write a text in UTF-8, whole or not at all.

    Raises:
        Unwritable: as `write_bytes` does.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"), replace)


def write_bytes(path: str, data: bytes, replace: bool) -> None:
    """Write a file whole or not at all: what was there stays until all that is new is on the disk.

    Raises:
        Unwritable: where it can't be written, or is there already and nothing says to `replace` it.
    """
    with _saying(path):
        target, mode = target_of(path, replace)
        folder, name = os.path.split(target)
        unfinished = os.path.join(folder, f".{name[:100]}.{os.getpid()}.tmp")
        _write_new(unfinished, data, mode)
        try:
            give_name(unfinished, target, replace)
        except BaseException:
            _remove(unfinished)
            raise


@contextmanager
def _saying(path: str) -> Iterator[None]:
    """What the system says against writing a file, in our words."""
    try:
        yield
    except FileNotFoundError:
        raise Unwritable(f"there is no folder `{os.path.dirname(path)}`", "make it first, or check the path") from None
    except (OSError, ValueError) as error:
        raise Unwritable(str(getattr(error, "strerror", None) or error).lower()) from None


def target_of(path: str, replace: bool) -> tuple[str, int | None]:
    """Where a file is written, since a link stays and what it points to is written; and the mode of what is there.

    Raises:
        Unwritable: where it can't be, or is there already and nothing says to `replace` it.
    """
    with _saying(path):
        target = os.path.realpath(path)
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
            return target, stat.S_IMODE(there)
        # Not when all is computed.
        os.stat(os.path.dirname(target))
        return target, None


def give_name(unfinished: str, target: str, replace: bool) -> None:
    """Give a file that is on the disk its name.

    Raises:
        Unwritable: where another has it by now, and nothing says to `replace` that.
    """
    if replace:
        os.replace(unfinished, target)
    else:
        _name_new(unfinished, target)
    _settle(os.path.dirname(target))


def _write_new(path: str, data: bytes, mode: int | None) -> None:
    """A new file that is on the disk; none where that fails."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(file, "wb") as opened:
            if mode is not None:
                os.fchmod(file, mode)
            opened.write(data)
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
