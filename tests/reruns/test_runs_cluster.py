"""Tasks on Dask clusters, of this machine and started by hand."""

import csv
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import dask
import pytest
from distributed import Client

from pwlib.places import ROOT
from pwlib.reruns import runs, sweeps
from pwlib.reruns.runs import SweepError

pytestmark = pytest.mark.slow

DASK = Path(sys.executable).with_name("dask")
COUNT = "from pathlib import Path\nwith Path({!r}).open('a') as file:\n    print(seed, file=file)\n"


def execute(client, tasks):
    """The states of the runs, the reasons of those that were lost, and what was said."""
    states, lost, said = {}, {}, []
    for task, result in runs.execute(client, tasks, said.append):
        states[task.parameters["seed"]] = "failed" if "error" in result.origin else "done"
        if not result.notebook:
            lost[task.parameters["seed"]] = result.origin["error"]
    return states, lost, said


@pytest.fixture(scope="module")
def two():
    with runs.connected(None, 2) as client:
        yield client


def tasks(path, *grid):
    return sweeps.plan(path, grid).tasks


def pids(client):
    return list(client.run(os.getpid).values())


def test_workers_are_processes_with_one_thread(two):
    assert len(set(pids(two)) - {os.getpid()}) == 2
    assert set(two.nthreads().values()) == {1}


@contextmanager
def once_there(path, act):
    """Does something, in a thread, as soon as a file is there."""

    def wait():
        while not path.exists():
            time.sleep(0.1)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()


def test_a_run_whose_worker_is_killed_is_tried_again_and_arrives(two, chapter, tmp_path):
    ran = tmp_path / "ran"
    path = chapter(COUNT.format(str(ran)), "import time; time.sleep(2)")
    doomed = pids(two)
    with once_there(ran, lambda: [os.kill(pid, signal.SIGKILL) for pid in doomed]):
        states, _, _ = execute(two, tasks(path, "seed=0:2"))
    assert states == {0: "done", 1: "done"}
    assert len(ran.read_text().split()) > 2


def test_a_run_that_kills_every_worker_is_given_up_and_takes_no_other_with_it(
    two, chapter, tmp_path
):
    ran = tmp_path / "ran"
    code = "import os, signal\nif seed == 1:\n    os.kill(os.getppid(), signal.SIGKILL)"
    states, lost, _ = execute(two, tasks(chapter(COUNT.format(str(ran)), code), "seed=0:6"))
    assert states == dict.fromkeys(range(6), "done") | {1: "failed"}
    assert lost.keys() == {1}
    assert lost[1].startswith("KilledWorker")
    assert sorted(ran.read_text().split()) == sorted("02345" + "1" * runs.TRIES)


def test_workers_that_are_lost_for_good_are_started_anew(chapter, monkeypatch):
    monkeypatch.setattr(runs, "PATIENCE", 1)
    soon = {"distributed.deploy.lost-worker-timeout": "1s"}
    with dask.config.set(soon), runs.connected(None, 1) as client:

        async def lose():
            await client.cluster.workers[0].close()

        client.cluster.sync(lose)
        assert not client.nthreads()
        assert execute(client, tasks(chapter("pass"), "seed=0:2"))[0] == {0: "done", 1: "done"}


def test_a_kernel_that_dies_is_tried_again_and_then_given_up(two, chapter, tmp_path):
    ran = tmp_path / "ran"
    code = COUNT.format(str(ran)) + "import os; os._exit(1)"
    _, lost, _ = execute(two, tasks(chapter(code), "seed=3"))
    assert lost.keys() == {3}
    assert ran.read_text().split() == ["3"] * runs.TRIES


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense"])
def test_a_wrong_address_is_one_line(address, chapter, tmp_path):
    # in a process of its own, as what is left of such a client can lock up the next
    line = in_vain(chapter("1"), tmp_path, address)
    assert line.startswith(f"--scheduler: got '{address}', where no worker answers: ")


@pytest.fixture
def start():
    """Starts Dask processes by hand, with modules from a folder before those of this checkout."""
    started = []

    def start(*words, modules=""):
        path = os.pathsep.join(filter(None, [str(modules), os.environ.get("PYTHONPATH")]))
        environment = os.environ | {"PYTHONPATH": path}
        log = subprocess.DEVNULL
        words = [str(DASK), *map(str, words), "--no-dashboard"]
        started.append(subprocess.Popen(words, env=environment, stdout=log, stderr=log))
        return started[-1]

    yield start
    for process in reversed(started):  # workers take their leave of a scheduler that is there
        process.terminate()
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
    copied = shutil.copytree(ROOT / "pwlib", tmp_path / "other" / "pwlib")
    with (copied / f"{module}.py").open("a") as file:
        file.write("\nedited = True\n")
    return copied.parent


def sweep(path, out, address, *arguments, start=("-m", "pwlib")):
    words = [sys.executable, *start, "sweep", path, "--out", out, "--scheduler", address]
    words = [str(word) for word in [*words, *arguments]]
    return subprocess.run(words, capture_output=True, text=True)


def in_vain(path, out, address):
    """The one line of a sweep that has less patience than others, as no worker is there."""
    code = "from pwlib import __main__\nfrom pwlib.reruns import runs\nruns.PATIENCE = 1\n"
    code += "runs.SETTINGS['distributed.comm.timeouts.connect'] = 1\n__main__.main()"
    done = sweep(path, out, address, "--quiet", start=("-c", code))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    return line


def wait_for_workers(address, count):
    with Client(address) as client:
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
    assert line.endswith(f"{socket.gethostname()} differs in pwlib.intervals")
    with (tmp_path / "out" / "table.csv").open(newline="") as file:
        assert [row["state"] for row in csv.DictReader(file)] == ["done"] * 3


def test_a_worker_that_joins_later_with_another_pwlib_refuses_too(
    start, address, chapter, tmp_path
):
    start("worker", address, "--nthreads", "1")
    wait_for_workers(address, 1)
    ran, joined = tmp_path / "ran", tmp_path / "joined"
    here = f"Path({str(joined)!r}).exists()"
    wait = f"import time\nfor _ in range(600):\n    time.sleep(0.1 * (not {here}))"
    path = chapter(COUNT.format(str(ran)) + "from pwlib import intervals\n" + wait)

    def join():
        other = other_pwlib(tmp_path, "intervals")
        start("worker", address, "--nthreads", "2", modules=other)
        client.wait_for_workers(2, 60)
        joined.touch()

    with runs.connected(address, 0) as client, once_there(ran, join):
        states, _, (line,) = execute(client, tasks(path, "seed=0:4"))
    assert states == dict.fromkeys(range(4), "done")
    assert line.endswith("differs in pwlib.intervals")
    assert ran.read_text().split().count("0") == 1


def test_when_all_workers_refuse_that_is_one_line_each_and_one_at_the_end(
    start, address, chapter, tmp_path
):
    bare = tmp_path / "bare" / "pwlib"
    bare.mkdir(parents=True)
    (bare / "__init__.py").write_text("raise ImportError('it has no pwlib')")
    start("worker", address, "--nthreads", "1", modules=bare.parent)
    wait_for_workers(address, 1)
    done = sweep(chapter("1"), tmp_path / "out", address, "--quiet")
    refused, last = done.stderr.splitlines()
    assert done.returncode == 1
    assert refused.startswith("refused: tcp://127.0.0.1:")
    assert "it has no pwlib" in refused
    assert last == "no worker is left that has this pwlib and these data"


def test_a_scheduler_that_goes_away_ends_the_sweep_in_one_line(start, chapter, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    scheduler = start("scheduler", "--host", "127.0.0.1", "--port", port)
    start("worker", f"tcp://127.0.0.1:{port}", "--nthreads", "1")
    wait_for_workers(f"tcp://127.0.0.1:{port}", 1)
    ran = tmp_path / "ran"
    path = chapter(COUNT.format(str(ran)), "import time; time.sleep(1)")
    begin = time.monotonic()
    with (
        pytest.raises(SweepError, match=r"^the scheduler has gone: .*$"),
        once_there(ran, scheduler.kill),
        runs.connected(f"tcp://127.0.0.1:{port}", 0) as client,
    ):
        execute(client, tasks(path, "seed=0:2"))
    assert time.monotonic() - begin < 60


def test_a_scheduler_without_workers_is_one_line(address, chapter, tmp_path):
    line = in_vain(chapter("1"), tmp_path, address)
    assert line.startswith(f"--scheduler: got '{address}', where no worker answers: ")
