"""The prompt: on a real terminal, and fed from a pipe."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faces.harness import gradcli


class Terminal:
    """gradcli at its prompt, on a pseudo-terminal."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.main, child = pty.openpty()
        env = {**os.environ, "XDG_STATE_HOME": str(home), "TERM": "dumb", "COLUMNS": "100", "NO_COLOR": "1"}
        command = [sys.executable, "-m", "gradcli"]
        self.process = subprocess.Popen(
            command, stdin=child, stdout=child, stderr=child, env=env, start_new_session=True
        )
        os.close(child)
        self.until("> ")

    def until(self, ending: str, patience: float = 30.0) -> str:
        """What appears up to and with an ending, without control sequences."""
        seen, limit = "", time.monotonic() + patience
        while not seen.endswith(ending):
            ready, _, _ = select.select([self.main], [], [], max(0.0, limit - time.monotonic()))
            assert ready, f"waited for {ending!r} and saw {seen!r}"
            seen += os.read(self.main, 65536).decode(errors="replace")
            seen = re.sub(r"\x1b\[\??[0-9;]*[a-zA-Z]", "", seen).replace("\r\n", "\n").replace("\r", "")
        return seen

    def type(self, line: str, ending: str = "> ") -> str:
        """Type a line and give what answers it."""
        os.write(self.main, line.encode() + b"\n")
        return self.until(ending).removeprefix(line + "\n").removesuffix(ending)

    def interrupt(self) -> None:
        """Press Ctrl-C, and once more where it came between readline's prompt and its wait, which loses it."""
        os.killpg(self.process.pid, signal.SIGINT)
        if not select.select([self.main], [], [], 10.0)[0]:
            os.killpg(self.process.pid, signal.SIGINT)

    def close(self) -> int:
        """Press Ctrl-D; the exit code."""
        os.write(self.main, b"\x04")
        code = self.process.wait(timeout=30)
        os.close(self.main)
        return code


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A prompt that is closed behind the test, with a history of its own."""
    opened = Terminal(tmp_path)
    yield opened
    if opened.process.poll() is None:
        opened.process.kill()
        opened.process.wait()


def test_it_evaluates_and_keeps_what_is_defined(terminal: Terminal) -> None:
    """From line to line."""
    assert terminal.type("1 + 2") == "3\n"
    assert terminal.type("f(x, y) = x^2 * y") == ""
    assert terminal.type("f(3, 5)") == "45\n"
    table = terminal.type("grad(f, (0, 1))(3, 5)")
    assert "∂f/∂x" in table
    assert "30" in table
    assert terminal.close() == 0


def test_mistakes_do_not_end_it(terminal: Terminal) -> None:
    """Each is answered, and nothing is lost."""
    terminal.type("x = 5")
    for line in ("y = tahn(2)", "(1))", "[1, 2] + [1, 2, 3]", "f = ", "x = x + missing", ":nonsense", "{"):
        assert "error" in terminal.type(line)
    assert terminal.type("x") == "5\n"


def test_a_block_ends_with_an_empty_line(terminal: Terminal) -> None:
    """An incomplete statement asks for another line, a bracket too."""
    terminal.type("model net(x):", "... ")
    terminal.type("    param w = [1, 2]", "... ")
    terminal.type("    return sum(w * x)", "... ")
    assert terminal.type("") == ""
    assert terminal.type("net(3)") == "9\n"
    terminal.type("(1 +", "... ")
    assert terminal.type("2)") == "3\n"


def test_an_unfinished_statement_can_be_left(terminal: Terminal) -> None:
    """By an empty line, which says what was missing, or by Ctrl-C."""
    terminal.type("(1 +", "... ")
    assert "never closed" in terminal.type("")
    terminal.type("model net(x):", "... ")
    terminal.interrupt()
    terminal.until("> ")
    assert terminal.type("1") == "1\n"


def test_a_long_computation_can_be_interrupted(terminal: Terminal) -> None:
    """Ctrl-C comes back to the prompt with the session as it was."""
    terminal.type("x = 7")
    os.write(terminal.main, b"for i in range(90000): y = sum(normal((300, 300)))\n")
    time.sleep(1.5)
    terminal.interrupt()
    assert "interrupted" in terminal.until("> ")
    assert terminal.type("x") == "7\n"


def test_history_outlives_the_session(tmp_path: Path) -> None:
    """What was typed is there the next time."""
    first = Terminal(tmp_path)
    first.type("123456 + 1")
    first.close()
    assert "123456 + 1" in (tmp_path / "gradcli" / "history").read_text()


def test_history_survives_a_window_that_closes(tmp_path: Path) -> None:
    """Each entry is kept when it comes; two prompts keep each other's."""
    first, second = Terminal(tmp_path), Terminal(tmp_path)
    first.type("111 + 1")
    second.type("222 + 1")
    first.type("333 + 1")
    first.process.send_signal(signal.SIGHUP)
    first.process.wait(timeout=30)
    second.process.kill()
    second.process.wait(timeout=30)
    os.close(first.main)
    os.close(second.main)
    assert (tmp_path / "gradcli" / "history").read_text() == "111 + 1\n222 + 1\n333 + 1\n"


@pytest.mark.parametrize(
    "odd", [b"\xff", b"x + \xc3(", b'"\\ud800"', b"\xed\xa0\x80", b"\x0b\x01", b"(" * 3000, b":\xff", b"\xe2\x80\xae"]
)
def test_nothing_that_is_pasted_ends_it(terminal: Terminal, odd: bytes) -> None:
    """Bytes that are no text, control characters, depth; what was defined stays, and later answers come."""
    terminal.type("x = 7")
    os.write(terminal.main, odd + b"\n")
    time.sleep(0.3)
    terminal.interrupt()
    terminal.until("> ")
    time.sleep(0.3)
    os.write(terminal.main, b"x + 4242\n")
    assert "4249" in terminal.until("4249\n> ")


def test_commands(terminal: Terminal) -> None:
    """Help, an overview of the names, starting over, leaving."""
    assert "Topics" in terminal.type(":help")
    assert "nothing is defined" in terminal.type(":vars")
    terminal.type("x = [1, 2]")
    assert terminal.type(":vars") == "x = [1, 2]\n"
    terminal.type(":reset")
    assert "unknown name" in terminal.type("x")
    os.write(terminal.main, b":quit\n")
    assert terminal.process.wait(timeout=30) == 0


def test_from_a_pipe_there_is_no_prompt() -> None:
    """The output is the answers alone, and the code is a script's."""
    ran = gradcli(stdin="x = 2\nmodel f(x):\n    param w = 3\n    return w * x\n\nf(x)\n")
    assert (ran.code, ran.out, ran.err) == (0, "6\n", "")
    assert gradcli(stdin="nothing\n1\n").code == 2
    assert gradcli(stdin="assert false\n").code == 1
    assert gradcli(stdin="").code == 0


def test_starting_over_keeps_what_was_set() -> None:
    """The seed too, from which the random numbers begin again."""
    once = gradcli(stdin="set seed 3\nnormal(2)\n").out
    assert gradcli(stdin="set seed 3\nx = normal(5)\n:reset\nnormal(2)\n").out == once
    assert gradcli(stdin="normal(2)\n").out != once


def test_without_a_home_that_can_be_written(tmp_path: Path) -> None:
    """History is a convenience: where it can't be kept, the prompt works all the same."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    terminal = Terminal(blocked)
    assert terminal.type("1 + 1") == "2\n"
    assert terminal.close() == 0
