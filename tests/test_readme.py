"""What the README shows is what the program does.

A `console` block holds commands behind `$ ` and what each prints; a `gradcli` block holds what is typed at the
prompt behind `> ` and `... `, and the answers; all such blocks are one session. A `python` block that begins with
`>>> ` is one session of Python's prompt with the others. With GRADCLI_WRITE_README=1 the answers are written anew.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import tomllib
from contextlib import redirect_stdout
from doctest import DocTestParser

import pytest

from gradcli.faces.prompt.loop import Prompt
from gradcli.output.terminal import Terminal
from gradcli.session.help.topics import TOPICS
from tests.conftest import ROOT
from tests.faces.harness import shell
from tests.output.tty import TTY

README = ROOT / "README.md"
BLOCKS = re.compile(r"^```(console|gradcli|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def answered(text: str) -> str:
    """The README with every answer as the program gives it now."""
    screen_out = TTY()
    prompter = Prompt(Terminal(screen_out, screen_out))

    def console(block: str) -> str:
        shown = []
        for line in re.findall(r"^\$ .*$", block, re.MULTILINE):
            ran = shell(line.removeprefix("$ "))
            shown.append(f"{line}\n{tidy(ran.out + ran.err)}")
        return "\n".join(shown)

    def prompt(block: str) -> str:
        shown = []
        for typed in re.findall(r"^> .*\n(?:^\.\.\..*\n)*", block, re.MULTILINE):
            before = len(screen_out.getvalue())
            prompter.evaluate(re.sub(r"^(> |\.\.\. ?)", "", typed, flags=re.MULTILINE))
            shown.append(typed + tidy(screen_out.getvalue()[before:]))
        return "".join(shown)

    scope: dict[str, object] = {}

    def python(block: str) -> str:
        if not block.startswith(">>> "):
            return block
        shown = []
        for example in DocTestParser().get_examples(block):
            first, *more = example.source.rstrip("\n").split("\n")
            shown += [f">>> {first}\n", *(f"... {line}".rstrip() + "\n" for line in more)]
            with redirect_stdout(io.StringIO()) as out:
                exec(compile(example.source, "README.md", "single"), scope)
            shown.append(tidy(out.getvalue()))
        return "".join(shown)

    answer = {"console": console, "gradcli": prompt, "python": python}
    return BLOCKS.sub(lambda m: f"```{m[1]}\n{answer[m[1]](m[2])}```", text)


def tidy(output: str) -> str:
    """Without the blanks that pad a table to its width, and without the empty line behind it."""
    lines = [line.rstrip() for line in output.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return "".join(f"{line}\n" for line in lines)


def test_every_answer_is_the_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands, sessions at the prompt and from Python."""
    monkeypatch.setenv("TERM", "dumb")
    text = README.read_text()
    now = answered(text)
    if os.environ.get("GRADCLI_WRITE_README"):
        README.write_text(now)
    assert text.count("```console") >= 4
    assert text.count("```gradcli") >= 2
    assert text.count("```python\n>>> ") >= 1
    assert now == text


def test_it_is_a_front_page() -> None:
    """Short, with links to what there is, and to each topic of the reference."""
    text = README.read_text()
    assert len(text.splitlines()) <= 250
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert not [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert {f"gradcli/session/topics/{name}.md" for name in TOPICS} <= set(links)


def test_the_quick_start_is_two_commands() -> None:
    """Each one line that does its own set-up; the first ends with the tour, the second with the tests."""
    (block,) = re.findall(r"^```sh\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    first, second = block.splitlines()
    for line in (first, second):
        assert line.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert first.endswith("gradcli run samples/tour.grad")
    assert second.endswith("pytest -n auto")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert ".[test]" in shlex.split(second)
    assert "test" in extras


def test_ci_runs_the_readmes_own_test_command() -> None:
    """Not a copy of it."""
    assert "README.md" in (ROOT / ".ci" / "run").read_text()


def test_the_example_of_a_primitive_is_the_real_one() -> None:
    """The line that the README quotes stands in the table."""
    (line,) = re.findall(r"^```python\n(.*?)\n```$", README.read_text(), re.MULTILINE)
    assert line in (ROOT / "gradcli" / "core" / "primitives" / "elementwise.py").read_text()
