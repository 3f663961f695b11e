"""The index of names: what it says is what the modules state; for a name its own module is imported, and no other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradcli.language.library.names import INDEX, STATING, builtins, import_all, index_text, module_of
from tests.architecture.test_layers import MODULES, place


def test_the_index_is_what_the_modules_state() -> None:
    """Whoever states another name makes it anew: GRADCLI_WRITE_TABLES=1 with this test."""
    made = index_text()
    if os.environ.get("GRADCLI_WRITE_TABLES"):
        Path(INDEX).write_text(made, encoding="utf-8")
    assert Path(INDEX).read_text(encoding="utf-8") == made


def test_what_states_names_stands_below() -> None:
    """Modules that are imported by their names are no way around the house."""
    here = place("gradcli.language.library.names")
    assert here is not None
    import_all()
    for name in builtins():
        assert module_of(name) in MODULES or module_of(name) == ""
        assert module_of(name) == "" or module_of(name).rpartition(".")[0] in STATING
    for package in STATING:
        there = place(f"{package}.names")
        assert there is not None
        assert here <= there


@pytest.mark.parametrize("name", ["sinh", "softplus", "Dense", "LSTM", "hessian", "roots", "plot", "lg", "clamp"])
def test_a_name_imports_its_module(name: str) -> None:
    """And not those of others."""
    program = (
        "import sys\nfrom gradcli.language.library.names import builtins\n"
        f"assert {name!r} in builtins()\nbefore = set(sys.modules)\nassert builtins()[{name!r}].name == {name!r}\n"
        "print(*set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    others = {"gradcli.core.library.losses", "gradcli.language.calculus.odes", "gradcli.core.primitives.bessel"}
    assert not set(done.stdout.split()) & (others - {module_of(name)})


def test_a_name_that_is_none_imports_nothing() -> None:
    """An expression's free names are looked for in the index alone."""
    program = (
        "import sys\nfrom gradcli.language.library.names import builtins\n"
        "before = set(sys.modules)\nassert 'y' not in builtins() and builtins().get('y') is None\n"
        "assert 'sinh' in builtins() and len([*builtins()]) > 300\nassert set(sys.modules) == before"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
