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
# From the roof to the cellar: a floor may import what stands behind it. Within one, its rooms stand in the same order,
# and what lies in the floor's own folder, in no room, is the ground that all of them stand on.
FLOORS = ["api", "faces", "output", "session", "language", "core"]
# Two doors beside each other: neither goes through the other.
DOORS = ("gradcli.api", "gradcli.faces")
ROOMS = {
    "faces": ["prompt"],
    "session": ["rows", "help"],
    "language": [
        "interpreter",
        "library",
        "steps",
        "plots",
        "calculus",
        "derivatives",
        "files",
        "calls",
        "values",
        "text",
    ],
    "core": [
        "export",
        "steps",
        "formula",
        "loops",
        "calculus",
        "analysis",
        "engines",
        "simplify",
        "transforms",
        "library",
        "primitives",
        "ir",
    ],
}
# Where arrays are worked on; everywhere else they are imported late, since plain numbers don't need them.
OF_ARRAYS = ("gradcli.core.engines.numpy", "gradcli.core.analysis", "gradcli.core.calculus", "gradcli.session.rows")
MODULES = {
    ".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p
    for p in sorted(PACKAGE.rglob("*.py"))
}


def imports(path: Path, everywhere: bool = True) -> Iterator[str]:
    """Modules that a file imports, for types too: also inside functions, or else when it is imported itself."""
    pending: list[ast.stmt] = list(ast.parse(path.read_text()).body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module
        elif everywhere or not (isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or _is_for_types(node)):
            pending.extend(child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt))


def _is_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def place(module: str) -> tuple[int, int] | None:
    """A module's floor and room by number; the package's own files are on none."""
    floor, *inside = [*module.split(".")[1:], ""]
    if floor not in FLOORS:
        return None
    rooms = ROOMS.get(floor, [])
    return FLOORS.index(floor), rooms.index(inside[0]) if inside[0] in rooms else len(rooms)


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_downwards(module: str) -> None:
    """Also inside functions and for types: neither is a way around the house."""
    for target in imports(MODULES[module]):
        here, there = place(module), place(target) if target.startswith("gradcli.") else None
        if here and there:
            assert here <= there, f"{module} imports {target} above it"


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith(DOORS)])
def test_no_door_leads_through_another(module: str) -> None:
    """The commands and the Python library stand side by side."""
    own = [door for door in DOORS if module.startswith(door)]
    others = tuple(door for door in DOORS if door not in own)
    assert not [target for target in imports(MODULES[module]) if target.startswith(others)]


def test_every_folder_is_a_room() -> None:
    """A new folder gets its place among the others."""
    folders = {p.parent.relative_to(PACKAGE).parts[:2] for p in MODULES.values()}
    rooms = {(floor, room) for floor, rooms in ROOMS.items() for room in rooms}
    assert folders == {(), *((floor,) for floor in FLOORS), *rooms}


def test_there_is_no_circle() -> None:
    """Modules can be read in some order, each after what it imports, types and late imports included."""
    graph = {name: {t for t in imports(path) if t in MODULES and t != name} for name, path in MODULES.items()}
    assert list(TopologicalSorter(graph).static_order())


def test_the_core_imports_arrays_alone() -> None:
    """And SciPy for special functions, LLVM for machine code, FLINT for balls; at its top only what works on arrays."""
    outside = set()
    for name, path in MODULES.items():
        if name.startswith("gradcli.core"):
            roots = {t.split(".")[0] for t in imports(path)}
            outside |= roots - set(sys.stdlib_module_names) - {"gradcli", "__future__"}
    assert outside == {"numpy", "scipy", "llvmlite", "flint"}
    for name, path in MODULES.items():
        if not name.startswith(OF_ARRAYS):
            assert "numpy" not in {t.split(".")[0] for t in imports(path, everywhere=False)}, name


def modules_after(code: str, whole: bool = False) -> set[str]:
    """The top-level packages that a fresh Python has imported after some code, or the `whole` names of modules."""
    name = "m" if whole else "m.split('.')[0]"
    program = f"{code}\nimport sys; print(*sorted({{{name} for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_help_imports_nothing_that_it_does_not_show() -> None:
    """`gradcli --help` pays for Typer alone."""
    loaded = modules_after("from gradcli.faces.typer_app import app\ntry: app(['--help'])\nexcept SystemExit: pass")
    assert not loaded & {"numpy", "rich", "lark", "scipy", "pydantic"}


def test_importing_the_package_imports_none_of_it() -> None:
    """Its names are made when they are first used, and a table of numbers needs no arrays."""
    loaded = modules_after("import gradcli")
    assert not loaded & {"numpy", "rich", "lark", "scipy", "typer"}
    answered = modules_after("import gradcli\nassert gradcli.derivatives('sin(x*y)', order=1)(0, 5)['x'] == 5")
    assert not answered & {"numpy", "rich", "typer", "scipy"}


def test_a_scalar_one_shot_needs_no_numpy() -> None:
    """Derivatives of plain numbers are computed by Python's math."""
    loaded = modules_after(
        "import sys; sys.argv[1:] = ['grad', 'sin(x*y)', 'x=3', 'y=5']\n"
        "from gradcli.__main__ import main\ntry: main()\nexcept SystemExit: pass"
    )
    assert not loaded & {"numpy", "scipy", "pydantic", "typer", "rich", "lark"}


# What a one-shot may import of the package: more is what it does not use. Whoever needs fewer lowers them.
@pytest.mark.parametrize(
    ("words", "most"),
    [
        (["eval", "1+1"], 162),
        (["eval", "x^2*y", "x=3", "y=2"], 163),
        (["grad", "x*x*y*z", "x=3", "y=5", "z=1"], 193),
        (["grad", "sum(x^2)", "x=[1,2,3]"], 206),
    ],
)
def test_a_one_shot_imports_what_it_uses(words: list[str], most: int) -> None:
    """Of the functions that the language knows, those that are called."""
    loaded = modules_after(
        f"import sys; sys.argv[1:] = {words}\nfrom gradcli.__main__ import main\ntry: main()\nexcept SystemExit: pass",
        whole=True,
    )
    assert len([name for name in loaded if name.startswith("gradcli")]) <= most
    rooms = ("calculus", "plots", "steps", "files.reading", "library.own")
    assert not [name for name in loaded if name.startswith(tuple(f"gradcli.language.{room}." for room in rooms))]
    # These take long to import, pathlib for what it brings.
    assert not loaded & {"llvmlite", "lark", "rich", "typer", "json", "pathlib"}


@pytest.mark.parametrize("text", ["gamma'(2)", "erf'''(0.5)", "grad(gammainc, all)(2, 3)", "zeta'(3), ndtri'(0.2)"])
def test_special_functions_of_numbers_need_no_arrays(text: str) -> None:
    """What Python's math lacks is computed in ball arithmetic."""
    loaded = modules_after(
        f"import sys; sys.argv[1:] = ['eval', {text!r}]\n"
        "from gradcli.__main__ import main\ntry: main()\nexcept SystemExit: pass"
    )
    assert "flint" in loaded
    assert not loaded & {"numpy", "scipy"}


def test_files_stay_small() -> None:
    """One subject a file: none is longer than a reader can hold."""
    lengths = {name: len(path.read_text().splitlines()) for name, path in MODULES.items()}
    assert max(lengths.values()) <= 520, max(lengths, key=lambda name: lengths[name])
