"""The house: imports point downwards only, without cycles, and what is costly is imported where it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "gradcli"
# From the roof to the cellar: a floor may import itself and what stands behind it.
FLOORS = ["faces", "output", "session", "language", "core"]
MODULES = {".".join(p.relative_to(ROOT).with_suffix("").parts): p for p in sorted(PACKAGE.rglob("*.py"))}


def imports(path: Path, everywhere: bool) -> Iterator[str]:
    """Modules that a file imports: at its top level only, or also inside functions. Imports for types don't count."""
    tree = ast.parse(path.read_text())
    pending: list[ast.stmt] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module
        elif everywhere or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            pending.extend(child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt))


def floor(module: str) -> int:
    """A module's floor by number; the package's own files are on none."""
    part = [*module.split("."), ""][1]
    return FLOORS.index(part) if part in FLOORS else -1


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_downwards(module: str) -> None:
    """Also inside functions: a late import is no way around the house."""
    for target in imports(MODULES[module], everywhere=True):
        if floor(module) >= 0 and target.startswith("gradcli."):
            assert floor(target) == -1 or floor(target) >= floor(module), f"{module} imports {target} above it"


def test_there_is_no_cycle() -> None:
    """Modules can be read in some order, each after what it imports."""
    graph = {
        name: {t for t in imports(path, everywhere=False) if t in MODULES and t != name}
        | {f"{t}.__init__" for t in imports(path, everywhere=False) if f"{t}.__init__" in MODULES}
        for name, path in MODULES.items()
    }
    assert list(TopologicalSorter(graph).static_order())


def test_the_core_imports_arrays_alone() -> None:
    """And SciPy for special functions, LLVM for machine code; at its top only what works on arrays."""
    outside = {}
    for name, path in MODULES.items():
        if floor(name) == FLOORS.index("core"):
            roots = {t.split(".")[0] for t in imports(path, everywhere=True)}
            outside[name] = roots - set(sys.stdlib_module_names) - {"gradcli", "__future__"}
    assert set().union(*outside.values()) == {"numpy", "scipy", "llvmlite"}
    at_top = [
        name
        for name, path in MODULES.items()
        if any(t.split(".")[0] == "numpy" for t in imports(path, everywhere=False))
    ]
    arrays = ["array", "buffers", "kernels", "pool", "sincos", "tiles"]
    assert at_top == [
        "gradcli.core.analysis.germs",
        "gradcli.core.analysis.limits",
        *(f"gradcli.core.compile.{name}" for name in arrays),
        "gradcli.core.transforms.compressed",
        "gradcli.core.transforms.sparsity",
    ]


def modules_after(code: str) -> set[str]:
    """The top-level packages that a fresh Python has imported after some code."""
    program = f"{code}\nimport sys; print(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_help_imports_nothing_that_it_does_not_show() -> None:
    """`gradcli --help` pays for Typer alone."""
    loaded = modules_after("from gradcli.faces.cli import app\ntry: app(['--help'])\nexcept SystemExit: pass")
    assert not loaded & {"numpy", "rich", "lark", "scipy", "pydantic"}


def test_a_scalar_one_shot_needs_no_numpy() -> None:
    """Derivatives of plain numbers are computed by Python's math."""
    loaded = modules_after(
        "import sys; sys.argv[1:] = ['grad', 'sin(x*y)', 'x=3', 'y=5']\n"
        "from gradcli.__main__ import main\ntry: main()\nexcept SystemExit: pass"
    )
    assert "lark" in loaded
    assert not loaded & {"numpy", "scipy", "pydantic", "typer", "rich"}


def test_files_stay_small() -> None:
    """One subject a file: none is longer than a reader can hold."""
    lengths = {name: len(path.read_text().splitlines()) for name, path in MODULES.items()}
    assert max(lengths.values()) <= 520, max(lengths, key=lambda name: lengths[name])
