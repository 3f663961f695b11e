"""The wheel, as a stranger installs it: into a fresh environment, run from another folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from gradcli.session.help.topics import TOPICS
from tests.conftest import ROOT

# Of the samples.
FEW = 4


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command that must succeed, with nothing of this checkout on its path."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_can_be_built_installed_and_run(tmp_path: Path) -> None:
    """One test, so that processes that share the tests build it once."""
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, ROOT, cwd=tmp_path)
    (wheel,) = tmp_path.glob("gradcli-*.whl")
    check_what_it_holds(wheel)
    check_that_it_runs(wheel, tmp_path)


def check_what_it_holds(wheel: Path) -> None:
    """The grammar, the topics of help, the marker for types, the license; no tests, no samples."""
    names = zipfile.ZipFile(wheel).namelist()
    assert "gradcli/grammar/gradcli.lark" in names
    assert {"gradcli/language/text/tables.txt", "gradcli/language/library/index.txt"} <= set(names)
    assert "gradcli/py.typed" in names
    assert {f"gradcli/session/topics/{name}.md" for name in TOPICS} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "samples/"))]


def check_that_it_runs(wheel: Path, tmp_path: Path) -> None:
    """A one-shot, and the samples as CI runs them; it is the installed package that runs, not the checkout."""
    # This environment's pip installs into the other; compiling all that depends on NumPy takes longest, and is no need.
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "env", cwd=tmp_path)
    scripts = tmp_path / "env" / "bin"
    into = ("--python", scripts / "python")
    run(sys.executable, "-m", "pip", *into, "install", "-q", "--no-compile", wheel, cwd=tmp_path)
    assert "30" in run(scripts / "gradcli", "grad", "x*x*y*z", "x=3", "y=5", "z=1", cwd=tmp_path)
    check_the_job_of_the_readme(scripts, tmp_path)
    where = run(scripts / "python", "-c", "import gradcli; print(gradcli.__file__)", cwd=tmp_path)
    assert where.startswith(str(tmp_path / "env"))


def check_the_job_of_the_readme(scripts: Path, tmp_path: Path) -> None:
    """Its line, as a shell runs it: each sample has a session of its own, and a line that sums it up.

    Those of which the name comes first; that all of them run is tested elsewhere.
    """
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    (line,) = re.findall(r"- run: (gradcli .*)", block)
    samples = tmp_path / "samples"
    samples.mkdir()
    for sample in sorted((ROOT / "samples").iterdir()):
        if sample.suffix != ".grad" or len([*samples.glob("*.grad")]) < FEW:
            (samples / sample.name).symlink_to(sample)
    shown = run("sh", "-c", f'PATH="{scripts}:$PATH" {line}', cwd=tmp_path)
    for sample in samples.glob("*.grad"):
        assert f"✓ samples/{sample.name}: " in shown
