"""Whatever an encoding lacks: every sign of the program's own has a form in ASCII, and no view is lost for one."""

from __future__ import annotations

import ast
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from gradcli.output.characters import columns, in_encoding
from gradcli.output.terminal import Terminal
from tests.conftest import ROOT
from tests.language.running import number, run
from tests.output.gallery import PICTURES, VIEWS, fill

# Those that have none of the signs, some, or other alphabets.
ENCODINGS = ["ascii", "latin-1", "cp1252", "cp437", "cp850", "koi8-r", "iso8859-7", "cp932", "utf-16"]
# Where the program's own texts stand.
ROOMS = ("output", "session", "faces", "core/formula", "core/steps", "language")
ESCAPE = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
EVERY = {**VIEWS, **PICTURES}


class Screen(io.TextIOWrapper):
    """A stream of an encoding, which may say that it is a terminal."""

    def __init__(self, encoding: str, is_terminal: bool) -> None:
        self.raw_bytes = io.BytesIO()
        super().__init__(self.raw_bytes, encoding=encoding, write_through=True)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        """As told."""
        return self._is_terminal

    def text(self) -> str:
        """What was written."""
        self.flush()
        return self.raw_bytes.getvalue().decode(self.encoding)


def literals() -> Iterator[tuple[str, str]]:
    """Each text in the program that is no docstring, with its file."""
    for room in ROOMS:
        for path in sorted((ROOT / "gradcli" / room).rglob("*.py")):
            tree = ast.parse(path.read_text())
            documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
            docs = {id(n.body[0].value) for n in ast.walk(tree) if isinstance(n, documented) and _has_docstring(n)}  # type: ignore[attr-defined]
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                    yield str(path.relative_to(ROOT)), node.value


def _has_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return bool(node.body) and isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)


SIGNS = sorted({(char, path) for path, text in literals() for char in text if ord(char) > 0x7F and char.isprintable()})


def test_every_sign_of_the_programs_own_has_a_form_in_ascii() -> None:
    """And none goes by its number."""
    assert len({char for char, _ in SIGNS}) > 80
    lacking = {(char, path) for char, path in SIGNS if ESCAPE.search(in_encoding(char, "ascii"))}
    assert not lacking


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", EVERY)
def test_every_view_in_every_encoding(name: str, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal and in a pipe: no exception, no escape, no line that is too long."""
    monkeypatch.setenv("TERM", "dumb")
    for width in (40, 80, None):
        if width is not None:
            monkeypatch.setenv("COLUMNS", str(width))
        screen = Screen(encoding, width is not None)
        fill(Terminal(screen, screen), EVERY[name], monkeypatch)
        text = screen.text()
        assert text.strip()
        assert not ESCAPE.search(text), text
        assert width is None or all(columns(line) <= width for line in text.split("\n")), text


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1"])
@pytest.mark.parametrize(
    "words",
    [
        ["grad", "x^2*sqrt(y)", "x=3", "y=4", "--order", "2"],
        ["steps", "x^2*sin(3x)", "x=2"],
        ["plot", "sin(x)", "--over", "-3..3"],
        ["check", "sin(x)", "x=1"],
        ["eval", "f(x, y) = x^2*y; ∇f, ∇²f; √2; 3 ± 0.1; oops"],
        ["run", "samples/tour.grad"],
        ["--help"],
    ],
    ids=lambda words: words[0],
)
def test_commands_in_other_encodings(words: list[str], encoding: str) -> None:
    """As a process whose output is piped, or redirected on Windows."""
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-m", "gradcli", *words], capture_output=True, env=environment)
    out, err = ran.stdout.decode(encoding), ran.stderr.decode(encoding)
    assert ran.returncode == (2 if "oops" in words[-1] else 0), err
    assert not ESCAPE.search(out), out
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "text",
    [
        "x^2*sqrt(x + 1)",
        "cbrt(x)*abs(x - 1)^3",
        "exp(-x^2)/x^3",
        "sin(x)^2*cos(2*x)",
        "pi*x^2 + 2*x^(1/3)",
        "x^x",
        "1/(1 + x^2)^4",
        "where(x > 1, x^2, x^-2)",
        "log(x)/x^10",
        "erf(x)*tanh(3*x)",
    ],
)
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_formulas_are_what_the_language_reads(text: str, encoding: str) -> None:
    """Typed again, a formula in ASCII is the same function."""
    screen = Screen(encoding, is_terminal=False)
    for result in run(f"f(x) = {text}; f'").results:
        Terminal(screen, screen).result(result)
    formula = screen.text().strip().partition(" = ")[2]
    assert formula
    again = number(f"g(x) = {formula}; g(1.7)")
    assert again == pytest.approx(number(f"f(x) = {text}; f'(1.7)"), rel=1e-13)


@pytest.mark.parametrize("definition", ["f(x) = √(x² + 1)·∛x", "f(x) = 2π·x⁻² if x ≥ 1 else x³", "f(θ₁) = sin²(θ₁)·θ₁"])
def test_what_is_typed_in_the_signs_of_paper_reads_back(definition: str) -> None:
    """A definition is shown as it was typed, and where that can't be, in ASCII that means the same."""
    screen = Screen("ascii", is_terminal=False)
    for result in run(f"{definition}; f").results:
        Terminal(screen, screen).result(result)
    shown = screen.text().strip()
    assert shown.isascii()
    assert number(f"{shown}; f(1.7)") == pytest.approx(number(f"{definition}; f(1.7)"), rel=1e-15)
