"""What the prompt costs: the first one, a keystroke, a statement, and the memory of thousands.

Run it from the root of a checkout: python -m benchmarks.prompt
The first prompt is timed on a pseudo-terminal beside `import prompt_toolkit, lark`, in turns. A keystroke is timed from
its sending to the redrawn line, with so many names defined, and the menu of completions from Tab to its first line.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from rich.console import Console

from gradcli.language.text.diagnostics import Source
from gradcli.session.session import Session
from tests.faces.prompt.screen import Screen

TURNS = 15
NAMES = 500
KEYS = "x^2 + sin(x)*y"


def first_prompt() -> tuple[float, float]:
    """Seconds to the first prompt, and of importing what it is made of."""
    prompts, imports = [], []
    with tempfile.TemporaryDirectory() as home:
        for _ in range(TURNS):
            start = time.perf_counter()
            with Screen(Path(home)):
                prompts.append(time.perf_counter() - start)
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", "import prompt_toolkit, lark"], check=True)
            imports.append(time.perf_counter() - start)
    return median(prompts), median(imports)


def keystrokes() -> tuple[float, float]:
    """Seconds from a key to the line that shows it, and from Tab to the menu, with many names defined."""
    with tempfile.TemporaryDirectory() as home, Screen(Path(home)) as screen:
        screen.enters("; ".join(f"name_{n} = {n}" for n in range(NAMES)) + "; x = 1; y = 2")
        times = []
        for end in range(1, len(KEYS) + 1):
            typed = f"> {KEYS[:end]}".rstrip()
            times.append(_until(screen, KEYS[end - 1], lambda typed=typed: screen.cursor_line == typed))  # type: ignore[misc]
        screen.keys("ctrl-c")
        screen.types("name_4")
        return median(times), _until(screen, "\t", lambda: "name_49" in screen.text)


def _until(screen: Screen, key: str, shown: Callable[[], bool]) -> float:
    start = time.perf_counter()
    screen.process.send(key)
    while not shown():
        screen.read(0.001)
    return time.perf_counter() - start


def statements() -> tuple[list[tuple[int, float]], float]:
    """Seconds a statement takes at so many definitions, and MiB that 5,000 statements added."""
    session = Session()
    times, before, grown = [], _memory(), 0.0
    for n in range(20_000):
        start = time.perf_counter()
        session = session.run(Source("<benchmark>", f"a{n} = {n}*2 + 1")).session
        times.append(time.perf_counter() - start)
        if n == 4_999:
            grown = _memory() - before
    at = (100, 1_000, 5_000, 20_000)
    return [(count, median(times[max(count - 100, 0) : count])) for count in at], grown


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """All of it, as text."""
    say = Console(highlight=False, soft_wrap=True).print
    prompt, imports = first_prompt()
    ratio = prompt / imports
    say(f"first prompt {prompt * 1e3:.0f} ms, prompt_toolkit and lark imported {imports * 1e3:.0f} ms: {ratio:.2f}")
    key, menu = keystrokes()
    say(f"a key to its line {key * 1e3:.1f} ms, Tab to the menu {menu * 1e3:.1f} ms, with {NAMES} names")
    costs, grown = statements()
    say(", ".join(f"{seconds * 1e6:.0f} us a statement at {count:,} names" for count, seconds in costs))
    say(f"5,000 statements take {grown:.1f} MiB")


if __name__ == "__main__":
    main()
