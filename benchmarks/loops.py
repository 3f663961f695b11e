"""Loops as a user writes them: the first result, the next ones, and memory, at orders 0 to 3, beside JAX's scan.

Run it from the root of a checkout: python -m benchmarks.loops
Each job runs in a process of its own, which compiles anew. JAX is left out where it is not installed. The results of
both agree to 1e-8 before anything is told. RK4 is of one number, `vector` the same of four; `decay` is a recurrence.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

STEPS = (1_000, 10_000, 100_000, 1_000_000)
# Orders above the first grow with the steps too, and are told for fewer.
LONGEST_HIGH = 100_000
REPEATS = 3

RK4 = """def f(y):
    h = 1/{n}
    for i in range({n}):
        k1 = sin(y)*cos(y)
        k2 = sin(y + h/2*k1)*cos(y + h/2*k1)
        k3 = sin(y + h/2*k2)*cos(y + h/2*k2)
        k4 = sin(y + h*k3)*cos(y + h*k3)
        y = y + h/6*(k1 + 2k2 + 2k3 + k4)
    return sum(y)
"""
DECAY = """def f(y):
    for i in range({n}): y = y*0.999 + sin(y)/(i + 10)
    return y
"""
TEXTS = {"rk4": (RK4, "0.5"), "vector": (RK4, "[0.5, 0.6, 0.7, 0.8]"), "decay": (DECAY, "0.5")}


def gradcli(job: str, steps: int, order: int) -> tuple[float, Callable[[], float]]:
    """Seconds to the first result, and what gives the next."""
    from gradcli.language.text.diagnostics import Source
    from gradcli.session.session import Session

    text, start = TEXTS[job]
    question = "f" if order == 0 else "grad(" * order + "f" + ")" * order
    begun = time.perf_counter()
    session = Session().run(Source("<benchmark>", text.format(n=steps))).session

    def ask() -> float:
        _, value = session.valued(Source("<benchmark>", f"sum({question}({start}))"))
        return float(getattr(value, "value", value))  # type: ignore[arg-type]

    ask()
    return time.perf_counter() - begun, ask


def jax(job: str, steps: int, order: int) -> tuple[float, Callable[[], float]]:
    """The same by scan, compiled."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    h = 1 / steps

    def rate(y: Any) -> Any:
        return jnp.sin(y) * jnp.cos(y)

    def rk4(y: Any, i: Any) -> Any:
        k1 = rate(y)
        k2 = rate(y + h / 2 * k1)
        k3 = rate(y + h / 2 * k2)
        k4 = rate(y + h * k3)
        return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), None

    def decay(y: Any, i: Any) -> Any:
        return y * 0.999 + jnp.sin(y) / (i + 10), None

    step = decay if job == "decay" else rk4
    begun = time.perf_counter()
    found = lambda y: jnp.sum(jax.lax.scan(step, y, jnp.arange(steps, dtype=float))[0])  # noqa: E731 - nested below
    for _ in range(order):
        found = (lambda f: lambda y: jnp.sum(jax.grad(f)(y)))(found)
    program = jax.jit(found)
    start = jnp.array(json.loads(TEXTS[job][1]), dtype=float)

    def ask() -> float:
        return float(program(start).block_until_ready())

    ask()
    return time.perf_counter() - begun, ask


def measure(who: str, job: str, steps: int, order: int) -> dict[str, float]:
    """One job, in this process."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    first, ask = {"gradcli": gradcli, "jax": jax}[who](job, steps, order)
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        value = ask()
        times.append(time.perf_counter() - begun)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"first": first, "next": min(times), "value": value, "memory": memory / 1024}


def _apart(*job: object) -> dict[str, float] | None:
    done = subprocess.run([sys.executable, "-m", __spec__.name, *map(str, job)], capture_output=True, text=True)
    found: dict[str, float] | None = json.loads(done.stdout) if done.returncode == 0 else None
    return found


def main() -> None:
    """All jobs, in a table."""
    console = Console(width=120)
    table = Table("job", "steps", "order", "first ms", "next ms", "MiB", "JAX: first ms", "next ms", "MiB")
    for job in TEXTS:
        for steps in STEPS:
            for order in range(4) if steps <= LONGEST_HIGH else range(2):
                ours, peer = _apart("gradcli", job, steps, order), _apart("jax", job, steps, order)
                assert ours is not None, (job, steps, order)
                if peer is not None:
                    assert abs(peer["value"] - ours["value"]) <= 1e-8 * max(1.0, abs(ours["value"])), (
                        job,
                        steps,
                        order,
                    )
                told = [
                    [f"{m['first'] * 1e3:.1f}", f"{m['next'] * 1e3:.2f}", f"{m['memory']:.0f}"]
                    for m in (ours, peer)
                    if m
                ]
                table.add_row(job, f"{steps:,}", str(order), *(cell for cells in told for cell in cells))
    console.print(table)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))  # noqa: T201 - read above
    else:
        main()
