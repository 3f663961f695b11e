"""Functions over tables: rows a second, peak memory, workers, and what a worker that dies costs.

Run it from the root of a checkout: python -m benchmarks.map [ROWS...]
The same work by scripts that people write otherwise, each a process of its own: all of its time counts, its imports
too. `copy` reads and writes the file with pyarrow, and computes nothing: it is the floor. Peak memory is what the
system says of the process. Of `--engine dask` the time of the workers' start is in it.
"""

from __future__ import annotations

import hashlib
import heapq
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from gradcli.session.rows.cluster import AHEAD

TURNS = 3
# Seconds, seconds of all cores, MB.
Figures = tuple[float, float, float]
# Seconds that Dask's scheduler took for a task that does nothing, on the machine of the figures in README.md.
SCHEDULING = 3e-3
BLACK_SCHOLES = "samples/black_scholes.grad::call"
LOSS = """model loss(x, y):
    param w = zeros(10)
    s = x @ w
    return softplus(s) - y*s
"""

_COPY = """
import sys, pyarrow.parquet as pq
file = pq.ParquetFile(sys.argv[1], pre_buffer=False)
writer = pq.ParquetWriter(sys.argv[2], file.schema_arrow, use_dictionary=False)
for batch in file.iter_batches(2**17):
    writer.write_batch(batch)
writer.close()
"""
_PRICE = """
def price(S, K, v, r, T):
    d1 = (np.log(S/K) + (r + v*v/2)*T)/(v*np.sqrt(T))
    return S*ndtr(d1) - K*np.exp(-r*T)*ndtr(d1 - v*np.sqrt(T))
"""
_JAX = (
    """
import sys, jax
jax.config.update("jax_enable_x64", True)
import jax.numpy as np, numpy, pyarrow.parquet as pq, pyarrow as pa
from jax.scipy.special import ndtr
"""
    + _PRICE
    + """
run = jax.jit(jax.vmap(jax.value_and_grad(price, argnums=(0, 1, 2, 3, 4))))
table = pq.read_table(sys.argv[1])
value, slopes = run(*(table[n].to_numpy() for n in "SKvrT"))
names = ["call", *(f"dcall_d{n}" for n in "SKvrT")]
columns = [numpy.asarray(c) for c in (value, *slopes)]
pq.write_table(pa.table(dict(zip(names, columns))), sys.argv[2], use_dictionary=False)
"""
)
_POLARS = """
import sys, numpy as np, polars as pl
from scipy.special import ndtr
table = pl.read_parquet(sys.argv[1])
S, K, v, r, T = (table[n].to_numpy() for n in "SKvrT")
root, discount = np.sqrt(T), np.exp(-r*T)
d1 = (np.log(S/K) + (r + v*v/2)*T)/(v*root)
d2 = d1 - v*root
a, b, density = ndtr(d1), ndtr(d2), np.exp(-d1*d1/2)/np.sqrt(2*np.pi)
out = {"call": S*a - K*discount*b, "dcall_dS": a, "dcall_dK": -discount*b, "dcall_dv": S*density*root,
       "dcall_dr": K*T*discount*b, "dcall_dT": S*density*v/(2*root) + r*K*discount*b}
pl.DataFrame(out).write_parquet(sys.argv[2])
"""
_PANDAS = (
    """
import sys, pandas as pd, autograd.numpy as np
from autograd import elementwise_grad
from autograd.scipy.stats import norm
ndtr = norm.cdf
"""
    + _PRICE
    + """
table = pd.read_parquet(sys.argv[1])
values = [table[n].to_numpy() for n in "SKvrT"]
out = {"call": price(*values)}
out |= {f"dcall_d{n}": elementwise_grad(price, i)(*values) for i, n in enumerate("SKvrT")}
pd.DataFrame(out).to_parquet(sys.argv[2])
"""
)
_X = 'x = np.stack([t[f"x{i}"].to_numpy() for i in range(10)], 1)'
_SUM_JAX = f"""
import sys, jax
jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp, numpy as np, pyarrow.parquet as pq
t = pq.read_table(sys.argv[1])
{_X}
y = t["y"].to_numpy()
loss = lambda w, x, y: jnp.sum(jax.nn.softplus(x @ w) - y*(x @ w))
print(jax.jit(jax.value_and_grad(loss))(jnp.zeros(10), x, y))
"""
_SUM_POLARS = f"""
import sys, numpy as np, polars as pl
t = pl.read_parquet(sys.argv[1])
{_X}
y, w = t["y"].to_numpy(), np.zeros(10)
s = x @ w
print(np.sum(np.logaddexp(0, s) - y*s), x.T @ (1/(1 + np.exp(-s)) - y))
"""
_SUM_PANDAS = f"""
import sys, pandas as pd, autograd.numpy as anp, numpy as np
from autograd import value_and_grad
t = pd.read_parquet(sys.argv[1])
{_X}
y = t["y"].to_numpy()
loss = lambda w: anp.sum(anp.logaddexp(0, anp.dot(x, w)) - y*anp.dot(x, w))
print(value_and_grad(loss)(np.zeros(10)))
"""
# A process begins with the memory of the one that starts it, so that one is small.
_LAUNCH = """
import os, sys, time
start = time.perf_counter()
pid = os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
print(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)
sys.exit(os.waitstatus_to_exitcode(status))
"""
NEEDS = {"JAX": "jax", "polars + NumPy": "polars", "pandas + autograd": "autograd"}
MAPS = {"copy": _COPY, "JAX": _JAX, "polars + NumPy": _POLARS, "pandas + autograd": _PANDAS}
SUMS = {"JAX": _SUM_JAX, "polars + NumPy": _SUM_POLARS, "pandas + autograd": _SUM_PANDAS}


def run(command: Sequence[str]) -> Figures:
    """Seconds that a process takes, seconds that cores were busy with it, and its peak memory in MB.

    Raises:
        RuntimeError: for one that fails.
    """
    done = subprocess.run([sys.executable, "-S", "-c", _LAUNCH, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[:6]} left with {done.returncode}: {done.stderr[-500:]}")
    seconds, busy, memory = map(float, done.stdout.split()[-3:])
    return seconds, busy, memory


def gradcli(*words: object) -> list[str]:
    """The command."""
    return [sys.executable, "-m", "gradcli", *map(str, words)]


def tables(folder: Path, rows: int) -> tuple[Path, Path]:
    """Options and points of a regression, so many."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    ranges = {"S": (80, 120), "K": (80, 120), "v": (0.1, 0.4), "r": (0, 0.05), "T": (0.1, 2)}
    options, points = folder / f"options{rows}.parquet", folder / f"points{rows}.parquet"
    if not options.exists():
        pq.write_table(pa.table({n: rng.uniform(*ends, rows) for n, ends in ranges.items()}), options)
        x = rng.standard_normal((rows, 10))
        y = (rng.uniform(size=rows) < 1 / (1 + np.exp(-x @ np.linspace(-1, 1, 10)))).astype(float)
        pq.write_table(pa.table({**{f"x{i}": x[:, i] for i in range(10)}, "y": y}), points)
    return options, points


def over(contenders: dict[str, Callable[[], Figures]]) -> dict[str, Figures]:
    """The best of the turns that they take."""
    found: dict[str, list[Figures]] = {name: [] for name in contenders}
    for _ in range(TURNS):
        for name, contender in contenders.items():
            found[name].append(contender())
    return {
        name: (min(t[0] for t in turns), min(t[1] for t in turns), max(t[2] for t in turns))
        for name, turns in found.items()
    }


def here(name: str) -> bool:
    """Whether what a contender needs is installed."""
    return name not in NEEDS or find_spec(NEEDS[name]) is not None


def compared(folder: Path, counts: Sequence[int], say: Callable[[str], None]) -> None:
    """Every contender on every number of rows."""
    (folder / "m.grad").write_text(LOSS)
    columns = f"x=[{','.join(f'x{i}' for i in range(10))}]"
    for rows in counts:
        options, points = tables(folder, rows)
        out = folder / "out.parquet"
        words = ["map", BLACK_SCHOLES, "--data", options, "--out", out, "--overwrite"]
        asked: dict[str, list[str]] = {"gradcli": gradcli(*words), "gradcli -j 1": gradcli(*words, "-j", 1)}
        asked |= {n: [sys.executable, "-c", s, str(options), str(out)] for n, s in MAPS.items() if here(n)}
        say(f"\nBlack-Scholes with its first-order Greeks, {rows:,} rows")
        _table({n: (lambda c=c: run(c)) for n, c in asked.items()}, rows, say)
        words = ["map", f"{folder / 'm.grad'}::loss", "--data", points, "--columns", columns, "--reduce", "sum"]
        asked = {"gradcli": gradcli(*words), "gradcli -j 1": gradcli(*words, "-j", 1)}
        asked |= {n: [sys.executable, "-c", s, str(points)] for n, s in SUMS.items() if here(n)}
        say(f"\nThe sum of a loss and its gradient by 10 parameters, {rows:,} rows")
        _table({n: (lambda c=c: run(c)) for n, c in asked.items()}, rows, say)


def _table(contenders: dict[str, Any], rows: int, say: Callable[[str], None]) -> None:
    for name, (seconds, busy, memory) in over(contenders).items():
        rate = f"{rows / seconds / 1e6:6.2f} million rows/s"
        say(f"  {name:20} {seconds:7.2f} s {busy:7.2f} s of cores {rate} {memory:6.0f} MB")


def same_bits(folder: Path, rows: int, say: Callable[[str], None]) -> None:
    """The outputs of other chunks and numbers of workers."""
    import pyarrow.parquet as pq

    options, _ = tables(folder, rows)
    seen = set()
    for chunk in (2**14, 2**15, 2**17, rows):
        for jobs in (1, 2, 4):
            out = folder / "bits.parquet"
            run(
                gradcli(
                    "map", BLACK_SCHOLES, "--data", options, "--out", out, "--overwrite", "--chunk", chunk, "-j", jobs
                )
            )
            table = pq.read_table(out)
            digest = hashlib.sha256(b"".join(table[n].to_numpy().tobytes() for n in table.column_names))
            seen.add(digest.hexdigest())
    say(f"\n{rows:,} rows in chunks of 4 sizes by 1, 2 and 4 workers: {len(seen)} output")


def on_dask(folder: Path, rows: int, say: Callable[[str], None]) -> None:
    """One worker and two, and two of which one is killed when it has written a third of its parts."""
    distributed: Any = import_module("distributed")
    options, _ = tables(folder, rows)
    out, chunk = folder / "parts", 2**18
    words = gradcli("map", BLACK_SCHOLES, "--data", options, "--out", out, "--as", "parquet", "--overwrite")
    words += ["--engine", "dask", "--chunk", str(chunk)]
    say(f"\nDask, {rows:,} rows in parts of {chunk:,}")
    tasks, alone = -(-rows // chunk), 0.0
    for workers, killed in ((1, False), (2, False), (2, True)):
        with (
            distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
            distributed.Client(cluster) as client,
        ):
            pids = [*client.run(os.getpid).values()]
            address = client.scheduler.address
            found = []
            for _ in range(1 if killed else TURNS):
                shutil.rmtree(out, ignore_errors=True)
                start = time.perf_counter()
                process = subprocess.Popen([*words, "--scheduler", address], stdout=subprocess.DEVNULL)
                if killed:
                    enough = tasks // 3
                    while len([*folder.glob("parts.partial/*.parquet")]) < enough and process.poll() is None:
                        time.sleep(0.005)
                    os.kill(pids[0], signal.SIGKILL)
                if process.wait():
                    raise RuntimeError("it failed")
                found.append(time.perf_counter() - start)
        how = f"{workers} worker{'s' if workers > 1 else ''}{', one killed' if killed else ''}"
        alone = alone or min(found)
        told = simulated(tasks, workers, alone / tasks, SCHEDULING)
        say(f"  {how:24} {min(found):6.2f} s {rows / min(found) / 1e6:8.2f} million rows/s; simulated {told:6.2f} s")


def simulated(tasks: int, workers: int, seconds: float, scheduling: float) -> float:
    """Seconds until all tasks are done: a scheduler that hands out one after the other, each worker with some ahead."""
    free = [(0.0, i) for i in range(workers)]
    heapq.heapify(free)
    clock = 0.0
    last = 0.0
    for _ in range(tasks):
        ready, worker = heapq.heappop(free)
        clock = max(clock, ready - AHEAD * seconds) + scheduling
        done = max(clock, ready) + seconds
        last = max(last, done)
        heapq.heappush(free, (done, worker))
    return last


def arithmetic(rate: float = 1e6, scheduling: float = SCHEDULING) -> str:
    """What 10^12 rows on 1,000 workers take, by chunks: the larger of what they and what the scheduler needs."""
    lines = [f"10^12 rows on 1,000 workers of {rate:,.0f} rows/s, a scheduler of {scheduling * 1e3:g} ms a task"]
    for chunk in (2**20, 2**22, 2**24, 2**27):
        tasks = 10**12 // chunk
        told = max(tasks * scheduling, 1e12 / rate / 1000)
        found = simulated(tasks, 1000, chunk / rate, scheduling)
        lines.append(f"  --chunk {chunk:>10,}: {tasks:>9,} tasks, {told:7,.0f} s; simulated {found:7,.0f} s")
    return "\n".join(lines)


def main(words: Sequence[str]) -> None:
    """Measure and print."""
    console = Console()

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False)

    counts = [int(float(word)) for word in words] or [10**5, 10**6, 10**7]
    console.print(arithmetic(), highlight=False, markup=False)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compared(folder, counts, say)
        same_bits(folder, counts[len(counts) // 2], say)
        if find_spec("distributed") is not None:
            on_dask(folder, counts[-1], say)


if __name__ == "__main__":
    main(sys.argv[1:])
