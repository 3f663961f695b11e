"""Modules of `gradcli code --to` beside gradcli, over the whole table: python -m benchmarks.exported [TARGET...]

Each primitive is written for each target that is installed here, run at the points of the tests, and compared; what
differs is listed, and so is what is refused. JAX compiles each function, PyTorch is given tensors that need gradients.
Leaves with 1 where something differs.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from gradcli.core.errors import CoreError
from gradcli.core.export.targets import TARGETS, module_text
from gradcli.core.ir.primitive import Primitive
from tests.core.export.harness import Case, cases, compiled, request, written, wrong
from tests.core.sampling import TABLE


def is_here(target: str) -> bool:
    """Whether what a target needs is installed."""
    return shutil.which("cc") is not None if target == "c" else target == "python" or find_spec(target) is not None


def say(text: str) -> None:
    """A line to standard output, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def walk(target: str) -> int:
    """Compare, and print how it came out; how many primitives differ."""
    found: list[tuple[Primitive, Case]] = []
    refusals: dict[str, set[str]] = {}
    for primitive in TABLE.values():
        for case in cases(primitive, np.random.default_rng(0)):
            try:
                module_text(target, request([case.output], case.inputs))
            except CoreError as error:
                refusals.setdefault(primitive.name, set()).add(error.message)
            else:
                found.append((primitive, case))
    differing: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        if target == "c":
            asked = [request([case.output], case.inputs, f"case_{i}") for i, (_, case) in enumerate(found)]
            functions = compiled(asked, Path(folder))
        else:
            functions = [written(target, [case.output], case.inputs) for _, case in found]
        for (primitive, case), function in zip(found, functions, strict=True):
            differing.setdefault(primitive.name, []).extend(wrong(target, primitive, function, case))
    bad = {name: texts for name, texts in differing.items() if texts}
    points = sum(len(case.arrays) for _, case in found)
    partly = len(differing.keys() & refusals.keys())
    say(
        f"{target}: {len(differing)} of {len(TABLE)} primitives written ({partly} of them not for all cases), "
        f"{points:,} points compared, {len(bad)} differ"
    )
    whole = sorted(refusals.keys() - differing.keys())
    say(f"  refused whole: {', '.join(whole) or 'none'}")
    for texts in bad.values():
        say("\n".join(f"  {text}" for text in texts[:3]))
    return len(bad)


def main(targets: list[str]) -> int:
    """Walk over the targets that are here; the exit code."""
    worst = 0
    for target in targets or TARGETS:
        if is_here(target):
            worst += walk(target)
        else:
            say(f"{target}: not installed")
    return min(worst, 1)


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        sys.exit(main(sys.argv[1:]))
