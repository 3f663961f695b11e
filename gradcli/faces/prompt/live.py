"""The live line: what is typed is computed beside, and its value and slopes stand at the bottom.

One thread works on the newest text. When a newer one comes, or Enter, it is told to drop what it is at, so that typing
and answering never wait for it.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from gradcli.output.style import Line

if TYPE_CHECKING:
    from gradcli.faces.prompt.answering import Answering
    from gradcli.output.views import Look

# In seconds: who types on doesn't look; what takes longer than the second is not shown; a thread that can't drop its
# work now is told again after the third.
PAUSE, PATIENCE, AGAIN = 0.04, 1.5, 0.05


class Late(BaseException):
    """Nobody waits for this any more."""


class Live:
    """Lines for the newest text, made in a thread; `changed` is called there when there is another one.

    All but the work is done by whoever types, in one thread: `later` calls a function there after so many seconds. The
    thread that works starts none while it does, since what it is told would reach one that is just being made.
    """

    def __init__(
        self,
        answering: Callable[[], Answering | None],
        look: Look,
        changed: Callable[[], None],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self._answering, self._look, self._changed, self._call_later = answering, look, changed, later
        # A plain lock: entering it can't be cut in two by Late, as that of a condition can.
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._wanted: tuple[int, str, int] | None = None
        self._working = 0
        self._count = 0
        self._thread: threading.Thread | None = None
        self.line: Line = []

    def show(self, text: str, width: int) -> None:
        """Have a line made for a text that was typed just now."""
        self._drop()
        self._count += 1
        count = self._count
        self._wanted = (count, text, width)
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="gradcli live line", daemon=True)
            self._thread.start()
        self._wake.set()
        self._call_later(PATIENCE, lambda: self._drop(count))

    def stop(self) -> None:
        """Make none until something else is typed."""
        self._wanted = None
        self.line = []
        self._drop()

    def _drop(self, only: int = 0) -> None:
        """End what is under way, or that work alone which has a number."""
        with self._lock:
            ident, work = self._thread.ident if self._thread else None, self._working
            if not work or ident is None or only not in (0, work):
                return
            # A module that is half there stays so.
            is_importing = _imports(ident)
            if not is_importing:
                self._working = 0
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(Late))
        if is_importing:
            self._call_later(AGAIN, lambda: self._drop(work))

    def _run(self) -> None:
        _say_nothing_of_late()
        while True:
            # Late may come a moment after the work has ended, so all but the way back up here is within.
            try:
                while True:
                    self._next()
            except Late:
                pass

    def _next(self) -> None:
        """Wait for a text that stays for a moment, and make its line."""
        self._wake.wait()
        self._wake.clear()
        while self._wake.wait(PAUSE):
            self._wake.clear()
        wanted, self._wanted = self._wanted, None
        if wanted is None:
            return
        work, text, width = wanted
        with self._lock:
            self._working = work
        try:
            line = self._made(text, width)
        except Late:
            line = []
        finally:
            with self._lock:
                is_newest = self._working == work
                self._working = 0
        if is_newest and line != self.line:
            self.line = line
            self._changed()

    def _made(self, text: str, width: int) -> Line:
        answering = self._answering()
        if answering is None:
            return []
        from gradcli.faces.prompt.hints import hint

        return hint(answering.workspace, text, self._look, width)


def _say_nothing_of_late() -> None:
    """Where it comes within a finalizer Python drops it, and would say so on the screen."""
    before = sys.unraisablehook

    def hook(args: sys.UnraisableHookArgs) -> None:
        if args.exc_type is not Late:
            before(args)

    if before.__name__ != hook.__name__:
        sys.unraisablehook = hook


def _imports(ident: int) -> bool:
    """Whether a thread is within an import."""
    frame = sys._current_frames().get(ident)
    while frame is not None:
        if "importlib" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False
