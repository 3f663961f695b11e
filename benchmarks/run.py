"""Measure gradcli beside those of its peers that are installed: python benchmarks/run.py [FAMILY ...].

Each family runs in a process of its own. All contenders must agree to 1e-8 before they are timed; they take turns, and
a figure is the median of its turns. The figures are shown as a table with ratios, and written to a JSON file.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.harness import Row, save  # noqa: E402 - the path above lets it be found from anywhere

FAMILIES = sorted(p.stem for p in (ROOT / "benchmarks" / "families").glob("*.py") if p.stem != "__init__")
RESULTS = ROOT / "benchmarks" / "results.json"
OURS = "gradcli"


def table(family: str, title: str, rows: list[Row]) -> Table:
    """Times with how many times gradcli's each is."""
    shown = Table(title=f"{family}: {title}", box=box.SIMPLE_HEAD, title_justify="left")
    for name in ("work", "contender", "first result, s", "ratio", "warm, µs", "ratio", "note"):
        shown.add_column(name, justify="left" if name in ("work", "contender", "note") else "right")
    for row in rows:
        names = list(dict.fromkeys([*row.first, *row.warm, *row.notes]))
        for i, name in enumerate(names):
            shown.add_row(
                row.work if i == 0 else "",
                Text(name),
                *_figure(row.first, name, "{:.3f}"),
                *_figure(row.warm, name, "{:,.2f}"),
                row.notes.get(name, ""),
            )
    return shown


def _figure(times: dict[str, float], name: str, form: str) -> tuple[str, str]:
    if name not in times:
        return "", ""
    ratio = f"{times[name] / times[OURS]:.2f}" if OURS in times else ""
    return form.format(times[name]), ratio


def main(arguments: list[str]) -> int:
    """Run families, each in its own process; `--here` runs one in this one."""
    if arguments[:1] == ["--here"]:
        family = importlib.import_module(f"benchmarks.families.{arguments[1]}")
        rows = family.measure()
        save(RESULTS, arguments[1], rows)
        Console(width=130).print(table(arguments[1], (family.__doc__ or "").splitlines()[0], rows))
        return 0
    unknown = [name for name in arguments if name not in FAMILIES]
    if unknown:
        Console(stderr=True).print(f"no family {', '.join(unknown)}; there are {', '.join(FAMILIES)}")
        return 2
    codes = [
        subprocess.run([sys.executable, __file__, "--here", name], cwd=ROOT, check=False).returncode
        for name in arguments or FAMILIES
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
