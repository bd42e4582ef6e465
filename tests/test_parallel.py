"""Worker processes: order, errors, one that is killed, a parent that is killed; their bar."""

import math
import operator
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook

from pwlib import parallel
from pwlib.parameters import ParameterError
from pwlib.reruns import notebooks


@pytest.fixture
def _without_torch(monkeypatch):
    """Workers that don't spend two seconds on importing what their jobs don't need."""
    monkeypatch.setattr(parallel, "_start_worker", os.getpid)


@pytest.mark.usefixtures("_without_torch")
def test_results_come_in_the_order_of_the_jobs():
    assert parallel.run(math.isqrt, [(81,), (0,), (16,), (1,)], workers=2) == [9, 0, 4, 1]


@pytest.mark.parametrize("workers", [0, -3, 1.5])
def test_fewer_than_one_worker_is_refused(workers):
    with pytest.raises(ParameterError, match="workers: got"):
        parallel.run(abs, [(-1,)], workers)


def test_workers_are_other_processes_with_one_torch_thread_and_tensors_come_and_go_unchanged():
    x = torch.rand(4, 3, generator=torch.Generator().manual_seed(0))
    jobs = [(os.getpid,), (torch.get_num_threads,), (operator.mul, 2, x)]
    process, threads, doubled = parallel.run(operator.call, jobs, workers=1)
    assert process != os.getpid()
    assert threads == 1
    assert torch.equal(doubled, 2 * x)


@pytest.mark.usefixtures("_without_torch")
def test_an_error_in_a_job_arrives_as_it_is():
    with pytest.raises(ValueError, match="nonnegative"):
        parallel.run(math.isqrt, [(4,), (-1,)], workers=1)


@pytest.mark.usefixtures("_without_torch")
def test_a_killed_worker_is_an_error_in_one_line_and_no_hang():
    with pytest.raises(RuntimeError, match=r"^jobs: a worker process was killed.*$"):
        parallel.run(signal.raise_signal, [(signal.SIGKILL,)], workers=1)


class Process:
    def __init__(self, terminate):
        self.terminate = terminate


def test_ctrl_c_ends_the_workers_that_a_call_has_started_and_no_others(monkeypatch):
    """Stand-ins for processes, and threads for workers, which start at once."""
    ended, there = [], [Process(lambda: ended.append("other's"))]

    def pool(workers, context, initializer):
        assert workers == 2
        there.append(Process(lambda: ended.append("ours")))
        return ThreadPoolExecutor(workers)

    monkeypatch.setattr(parallel, "ProcessPoolExecutor", pool)
    active = SimpleNamespace(active_children=lambda: list(there), get_context=lambda _: None)
    monkeypatch.setattr(parallel, "multiprocessing", active)
    with pytest.raises(KeyboardInterrupt):
        parallel.run(signal.default_int_handler, [(signal.SIGINT, None)] * 2, workers=3)
    assert ended == ["ours"]


def test_a_worker_ends_after_its_parent(monkeypatch):
    seen = []
    parent = SimpleNamespace(join=lambda: seen.append("joined"))
    monkeypatch.setattr(parallel.multiprocessing, "parent_process", lambda: parent)
    monkeypatch.setattr(os, "_exit", seen.append)
    parallel._end_with_parent()
    assert seen == ["joined", 1]
    monkeypatch.setattr(parallel.multiprocessing, "parent_process", lambda: None)
    parallel._end_with_parent()
    assert seen == ["joined", 1, 1]


def test_only_the_main_thread_gets_ctrl_c():
    seen, before = [], signal.getsignal(signal.SIGINT)

    def work():
        with parallel.starting():
            seen.append(signal.pthread_sigmask(signal.SIG_BLOCK, []))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert signal.SIGINT not in seen[0]
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0, 0.3, 4])
def test_ctrl_c_ends_workers_at_once_and_they_say_nothing(seconds):
    script = (
        "import signal, time\nfrom pwlib import parallel\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored in the background
        "if __name__ == '__main__':\n    try:\n        parallel.run(time.sleep, [(600,)] * 3, 2)\n"
        "    except KeyboardInterrupt:\n        print('interrupted')\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    children = _wait_for(lambda: _workers(parent.pid), 60)
    time.sleep(seconds)
    os.killpg(parent.pid, signal.SIGINT)
    assert parent.communicate(timeout=30)[0] == "interrupted\n"
    assert not any(map(_alive, children))


def test_ctrl_c_while_processes_start_waits_for_the_end_and_is_not_lost():
    done = []

    def work():
        with parallel.starting():
            signal.raise_signal(signal.SIGINT)
            done.append(1)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done
    with parallel.starting():
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.slow
def test_workers_end_with_a_parent_that_is_killed():
    script = (
        "import time\nfrom pwlib import parallel\n"
        "if __name__ == '__main__':\n    parallel.run(time.sleep, [(600,)], 1)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script])
    try:
        children = _wait_for(lambda: _workers(parent.pid), 60)
    finally:
        parent.kill()
        parent.wait()
    _wait_for(lambda: not any(map(_alive, children)), 30)


def _workers(parent):
    """The ids of the processes that a process has started with spawn_main."""
    with open(f"/proc/{parent}/task/{parent}/children", encoding="utf-8") as listed:
        children = [int(pid) for pid in listed.read().split()]
    return [pid for pid in children if b"spawn_main" in _command(pid)]


def _command(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as command:
            return command.read()
    except OSError:
        return b""


def _alive(pid):
    return b"spawn_main" in _command(pid)


def _wait_for(condition, seconds):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until
        time.sleep(0.1)
    return found


def test_without_a_terminal_nothing_is_shown(capsys):
    with parallel.bar(2, "naps taken") as bar:
        bar.update()
    assert bar.disable
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_there_is_a_bar_with_the_time_left(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    bar = parallel.bar(4, "naps taken")
    bar.update(2)
    bar.refresh()
    last = capsys.readouterr().err.split("\r")[-1]
    bar.close()
    assert last.startswith("naps taken:  50%")
    assert "2/4 [00:00<00:0" in last


def test_what_has_nothing_to_do_has_no_bar(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    parallel.bar(0, "naps taken").close()
    assert capsys.readouterr().err == ""


def test_a_cell_has_one_output_that_is_updated(monkeypatch):
    """A stand-in for a kernel: what it is told to show, and what it is told to show then."""
    shown = []
    handle = SimpleNamespace(update=lambda data, raw: shown.append(data["text/plain"]))
    display = ModuleType("IPython.display")
    display.display = lambda data, raw, display_id: shown.append(data["text/plain"]) or handle
    shell = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=None), display=display)
    monkeypatch.setitem(sys.modules, "IPython", shell)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    with parallel.bar(2, "naps taken") as bar:
        for _ in range(2):
            bar.update()
        assert not bar.disable
    assert shown[0] == ""
    assert (shown[1], shown[-1]) == ("naps taken: 0 of 2", "naps taken: 2 of 2")
    assert "" not in shown[1:]


@pytest.mark.slow
def test_in_a_notebook_it_is_one_text_that_is_updated_in_place():
    nap = "import time\nfrom pwlib import parallel\n"
    nap += "parallel.run(time.sleep, [(0.01,)] * 3, 2, 'naps taken');"
    nb = new_notebook(cells=[new_code_cell(nap, id="a")])
    notebooks.run(nb, Path.cwd(), os.environ, lambda index: None)
    (output,) = nb.cells[0].outputs
    assert output.data == {"text/plain": "naps taken: 3 of 3"}
