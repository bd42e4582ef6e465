"""Tasks on Dask clusters, of this machine and started by hand."""

import csv
import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from distributed import Client

from pwlib.reruns import cluster, plans, provenance
from pwlib.reruns.plans import Request
from pwlib.reruns.runs import NoWorkers

pytestmark = pytest.mark.slow

DASK = Path(sys.executable).with_name("dask")
COUNT = "from pathlib import Path\nwith Path({!r}).open('a') as file:\n    print(seed, file=file)\n"


class Seen:
    """A watcher that remembers, and that does something when a task is running."""

    def __init__(self, act=lambda: None):
        self.results, self.gone, self.said, self.act = {}, {}, [], act

    def finished(self, task, result):
        self.results[task.parameters["seed"]] = result

    def lost(self, task, why):
        self.gone[task.parameters["seed"]] = why

    def say(self, text):
        self.said.append(text)

    def look(self, running):
        self.act()


@pytest.fixture(scope="module")
def two():
    with cluster.connected(None, 2) as client:
        yield client


def tasks(path, *grid):
    return plans.plan(Request(path, grid)).tasks


def pids(client):
    return list(client.run(os.getpid).values())


def test_workers_are_processes_with_one_thread(two):
    assert len(set(pids(two)) - {os.getpid()}) == 2
    assert set(two.nthreads().values()) == {1}


def test_a_run_whose_worker_is_killed_is_tried_again_and_arrives(two, chapter, tmp_path):
    ran = tmp_path / "ran"
    path = chapter(COUNT.format(str(ran)), "import time; time.sleep(2)")
    doomed = pids(two)

    def kill():
        if ran.exists() and doomed:
            while doomed:
                os.kill(doomed.pop(), signal.SIGKILL)

    seen = Seen(kill)
    cluster.execute(two, tasks(path, "seed=0:2"), seen)
    assert {seed: result.state for seed, result in seen.results.items()} == {0: "done", 1: "done"}
    assert seen.said
    assert all(said.startswith("tried again: KilledWorker") for said in seen.said)
    assert not seen.gone


def test_a_run_that_kills_every_worker_is_given_up_and_the_others_arrive(two, chapter):
    code = "import os, signal\nif seed:\n    os.kill(os.getppid(), signal.SIGKILL)"
    seen = Seen()
    cluster.execute(two, tasks(chapter(code), "seed=0:2"), seen)
    assert seen.results.keys() == {0}
    assert seen.gone.keys() == {1}
    assert len(seen.said) == cluster.TRIES - 1


def test_a_kernel_that_dies_is_tried_again_and_then_given_up(two, chapter, tmp_path):
    ran = tmp_path / "ran"
    seen = Seen()
    code = COUNT.format(str(ran)) + "import os; os._exit(1)"
    cluster.execute(two, tasks(chapter(code), "seed=3"), seen)
    assert seen.gone.keys() == {3}
    assert ran.read_text().split() == ["3"] * cluster.TRIES


def clients():
    return {id(one) for one in gc.get_objects() if type(one) is Client}


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "http://127.0.0.1:1"])
def test_a_wrong_address_is_one_line(address, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 2)
    before = clients()
    with (
        pytest.raises(NoWorkers, match=rf"^--scheduler: got '{address}', where none answers: .*$"),
        cluster.connected(address, 1),
    ):
        pass
    assert clients() <= before  # one that is left could lock up the next as it is collected


@pytest.fixture
def start():
    """Starts Dask processes by hand, with modules from a folder before those of this checkout."""
    started = []

    def start(*words, modules=""):
        environment = os.environ | {"PYTHONPATH": str(modules)}
        log = subprocess.DEVNULL
        words = [str(DASK), *map(str, words), "--no-dashboard"]
        started.append(subprocess.Popen(words, env=environment, stdout=log, stderr=log))
        return started[-1]

    yield start
    for process in reversed(started):
        process.terminate()
    for process in started:
        process.wait(30)


@pytest.fixture
def address(start):
    """The address of a scheduler that was started by hand."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start("scheduler", "--host", "127.0.0.1", "--port", port)
    return f"tcp://127.0.0.1:{port}"


def other_pwlib(tmp_path, module):
    """A folder with a copy of pwlib in which one module was edited."""
    copied = shutil.copytree(provenance.PACKAGE, tmp_path / "other" / "pwlib")
    with (copied / f"{module}.py").open("a") as file:
        file.write("\nedited = True\n")
    return copied.parent


def sweep(path, out, address, *arguments):
    words = [sys.executable, "-m", "pwlib", "sweep", path, "--out", out, "--scheduler", address]
    words = [str(word) for word in [*words, *arguments]]
    return subprocess.run(words, capture_output=True, text=True)


def wait_for_workers(address, count):
    with cluster.connected(address, 0) as client:
        client.wait_for_workers(count, 60)


def test_a_worker_with_another_pwlib_refuses_and_the_other_does_the_work(
    start, address, chapter, tmp_path
):
    start("worker", address, "--nthreads", "1")
    start("worker", address, "--nthreads", "1", modules=other_pwlib(tmp_path, "intervals"))
    wait_for_workers(address, 2)
    path = chapter("from pwlib import intervals")
    done = sweep(path, tmp_path / "out", address, "--grid", "seed=0:3")
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("refused")]
    assert line.endswith(f"{socket.gethostname()} differs in pwlib/intervals.py")
    with (tmp_path / "out" / "table.csv").open(newline="") as file:
        assert [row["state"] for row in csv.DictReader(file)] == ["done"] * 3


def test_when_all_workers_refuse_that_is_one_line_each_and_one_at_the_end(
    start, address, chapter, tmp_path
):
    bare = tmp_path / "bare" / "pwlib"
    bare.mkdir(parents=True)
    (bare / "__init__.py").write_text("")
    (bare / "cluster.py").write_text("from pwlib import nothing")
    start("worker", address, "--nthreads", "1", modules=bare.parent)
    wait_for_workers(address, 1)
    done = sweep(chapter("1"), tmp_path / "out", address, "--quiet")
    refused, last = done.stderr.splitlines()
    assert done.returncode == 1
    assert refused.startswith("refused: tcp://127.0.0.1:")
    assert "cannot import name" in refused
    assert last == "no worker is left that has this pwlib and these data"


def test_a_scheduler_that_goes_away_ends_the_sweep_in_one_line(start, chapter, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    scheduler = start("scheduler", "--host", "127.0.0.1", "--port", port)
    start("worker", f"tcp://127.0.0.1:{port}", "--nthreads", "1")
    wait_for_workers(f"tcp://127.0.0.1:{port}", 1)
    seen = Seen(scheduler.kill)
    path = chapter("import time; time.sleep(1)")
    begin = time.monotonic()
    with (
        pytest.raises(NoWorkers, match=r"^the scheduler has gone: .*$"),
        cluster.connected(f"tcp://127.0.0.1:{port}", 0) as client,
    ):
        cluster.execute(client, tasks(path, "seed=0:2"), seen)
    assert time.monotonic() - begin < 60
    assert not seen.gone


def test_a_scheduler_without_workers_is_one_line(address, chapter, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 3)
    with (
        pytest.raises(NoWorkers, match=r"^the scheduler has had no worker for 3 seconds$"),
        cluster.connected(address, 0) as client,
    ):
        cluster.execute(client, tasks(chapter("1")), Seen())
