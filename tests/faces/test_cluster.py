"""`--engine dask`: processes of workers, of which some die, and schedulers that are not there or go away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcli.session.rows.columns import BLOCK
from tests.faces.harness import gradcli

distributed: Any = pytest.importorskip("distributed")
pytest.importorskip("pyarrow")


# What Dask warns of within itself is none of ours.
pytestmark = pytest.mark.filterwarnings("ignore")

ROWS = 7 * BLOCK + 99
SCRIPT = "model loss(x, y):\n    param w = normal((2,))\n    param b = 0.5\n    return (x @ w + sin(b*y))^2\n"


class _Kills:
    """A plugin of workers: the one that begins the task of some number first kills a process, itself or another."""

    def __init__(self, folder: str, number: int, pid: int | None = None) -> None:
        self.folder, self.number, self.pid = folder, number, pid

    def transition(self, key: str, start: str, finish: str, **more: Any) -> None:
        """Called when a task goes from one state to another."""
        if finish != "executing":
            return
        place = os.path.join(self.folder, "begun")
        with open(place, "a") as file:
            file.write("x")
        if os.path.getsize(place) == self.number:
            os.kill(self.pid or os.getpid(), signal.SIGKILL)


Killer: Any = type("Killer", (_Kills, distributed.WorkerPlugin), {})


@contextmanager
def workers(**options: Any) -> Iterator[Any]:
    """A cluster of two processes, and a client to look at it with."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, **options
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture
def table(tmp_path: Path) -> str:
    """Points, in a folder that everything else goes to as well."""
    rng = np.random.default_rng(6)
    np.savez(tmp_path / "d.npz", x=rng.standard_normal((ROWS, 2)), y=rng.standard_normal(ROWS))
    (tmp_path / "m.grad").write_text(SCRIPT)
    return str(tmp_path / "d.npz")


def read(place: Path) -> dict[str, bytes]:
    """The columns of a file, or of all parts of a folder one behind the other."""
    import pyarrow.parquet

    found = pyarrow.parquet.read_table(place)
    return {name: np.array(found[name].to_pylist()).tobytes() for name in found.column_names}


def test_a_worker_that_is_killed_in_the_middle(table: str, tmp_path: Path) -> None:
    """The output is complete, and to the bit what one machine writes; so are sums, and what is fitted by them."""
    function = f"{tmp_path / 'm.grad'}::loss"
    asked = ["map", function, "--data", table, "--seed", "3", "--chunk", str(BLOCK)]
    here, there = tmp_path / "here.parquet", tmp_path / "there.parquet"
    assert gradcli(*asked, "--out", str(here)).code == 0
    summed = ["map", function, "--data", table, "--reduce", "sum", "--seed", "3", "--format", "json"]
    fit = ["fit", function, "--data", table, "--seed", "3", "--chunk", str(BLOCK), "--format", "json"]
    with workers() as client:
        address = client.scheduler.address
        for i, number in enumerate((3, 2)):
            (tmp_path / str(i)).mkdir()
            client.register_plugin(Killer(str(tmp_path / str(i)), number), name=f"killer {i}")
            before = set(client.run(os.getpid).values())
            if i == 0:
                ran = gradcli(*asked, "--out", str(there), "--engine", "dask", "--scheduler", address)
                assert (ran.code, ran.err) == (0, "")
                assert f"{ROWS:,} rows of {table}, {ROWS:,} written to {there}" in ran.out
            else:
                more = ["--engine", "dask", "--scheduler", address, "--chunk", str(2 * BLOCK)]
                assert gradcli(*summed, *more).out == gradcli(*summed).out
            # One of them died, and another process is in its place.
            client.wait_for_workers(2)
            assert len(before & set(client.run(os.getpid).values())) == 1
            client.unregister_worker_plugin(f"killer {i}")
        assert gradcli(*fit, "--engine", "dask", "--scheduler", address).out == gradcli(*fit).out
    assert sorted(os.listdir(there)) == [f"part-{i:06}.parquet" for i in range(8)]
    assert read(there) == read(here)
    assert not (tmp_path / "there.parquet.partial").exists()


def test_parts_that_are_there_are_not_computed_again(table: str, tmp_path: Path) -> None:
    """A row that is bad ends it; behind that it goes on with the parts that are left."""
    data = dict(np.load(table))
    data["y"][5 * BLOCK + 7] = np.inf
    np.savez(table, **data)
    out = tmp_path / "o.parquet"
    asked = ["map", "y^2", "--data", table, "--out", str(out), "--chunk", str(BLOCK)]
    with workers() as client:
        asked += ["--engine", "dask", "--scheduler", client.scheduler.address]
        ran = gradcli(*asked)
        assert ran.code == 2
        assert f"row {5 * BLOCK + 7:,} of" in ran.err
        assert "--resume goes on from there" in ran.err
        kept = {name for name in os.listdir(tmp_path / "o.parquet.partial") if name.endswith(".parquet")}
        assert "part-000005.parquet" not in kept
        assert not out.exists()
        assert "was begun before" in gradcli(*asked).err
        assert "of another" in gradcli(*asked, "--order", "0", "--resume").err
        times = {name: os.stat(tmp_path / "o.parquet.partial" / name).st_mtime_ns for name in kept}
        ran = gradcli(*asked, "--on-error", "skip", "--resume")
    assert ran.code == 0
    assert f"{ROWS:,} rows of {table}, {ROWS - 1:,} written" in ran.out
    assert {name: os.stat(out / name).st_mtime_ns for name in kept} == times
    found = np.frombuffer(read(out)["f"])
    assert np.allclose(found, np.delete(data["y"], 5 * BLOCK + 7) ** 2, rtol=1e-15)


def test_schedulers_that_are_not_there_and_go_away(table: str, tmp_path: Path) -> None:
    """One message each, and nothing under the output's name."""
    asked = ["map", "y^2", "--data", table, "--out", str(tmp_path / "o.parquet"), "--chunk", str(BLOCK)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gradcli.session.rows.cluster.PATIENCE", "1s")
        ran = gradcli(*asked, "--engine", "dask", "--scheduler", "tcp://127.0.0.1:9")
    assert ran.code == 2
    assert "there is no scheduler at `tcp://127.0.0.1:9`" in ran.err
    ran = gradcli(*asked, "--engine", "dask", "--scheduler", "nonsense://x")
    assert "there is no scheduler at `nonsense://x`" in ran.err
    assert gradcli(*asked, "--scheduler", "tcp://127.0.0.1:9").err.startswith("error: a scheduler is one of dask's")
    place = tmp_path / "scheduler.json"
    started = [
        subprocess.Popen([sys.executable, "-m", f"distributed.cli.dask_{kind}", "--scheduler-file", str(place), *more])
        for kind, more in (("scheduler", ["--port", "0", "--no-dashboard"]), ("worker", ["--nthreads", "1"]))
    ]
    try:
        with distributed.Client(scheduler_file=str(place), set_as_default=False) as client:
            client.wait_for_workers(1)
            client.register_plugin(Killer(str(tmp_path), 2, started[0].pid), name="killer")
            address = client.scheduler.address
        ran = gradcli(*asked, "--engine", "dask", "--scheduler", address)
    finally:
        for process in started:
            process.kill()
            process.wait()
    assert ran.code == 2
    assert "the scheduler went away" in ran.err
    assert ran.err.count("error:") == 1
    assert not (tmp_path / "o.parquet").exists()


def test_what_can_not_be_divided(tmp_path: Path) -> None:
    """A table that does not tell its rows, and what goes in batches."""
    data = tmp_path / "d.csv"
    data.write_text("x\n1\n2\n")
    ran = gradcli("map", "x", "--data", str(data), "--out", str(tmp_path / "o.parquet"), "--engine", "dask")
    assert "does not tell how many it has" in ran.err
    np.savez(tmp_path / "d.npz", x=np.ones(3))
    more = ["--data", str(tmp_path / "d.npz"), "--engine", "dask", "--optimizer", "adam"]
    assert "not on a cluster" in gradcli("fit", "(x - w)^2", "w=1", *more).err
    assert (
        json.loads(gradcli("map", "x*w", "w=2", *more[:-2], "--reduce", "mean", "--format", "json").out)["exit_code"]
        == 0
    )
