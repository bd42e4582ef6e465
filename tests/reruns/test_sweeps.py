"""Sweeps: what is kept of a run, and the command line, also when it is killed."""

import csv
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import nullcontext, suppress
from pathlib import Path

import nbformat
import numpy as np
import pytest
from filelock import FileLock

from pwlib import __main__
from pwlib.reruns import runs, sweeps
from pwlib.reruns.runs import Result, SweepError, Task
from pwlib.reruns.sweeps import Settings

EMPTY = '{"cells": []}'  # notebook
TASK = Task("tiny", EMPTY, {"seed": 1}, {})
OLD = Result("old", {"gap": 1.0}, {"chapter": "tiny", "error": "x"})
NEW = Result("new", {"gap": 2.0}, {"chapter": "tiny"})
WRITES = ["mkdir", "open", "replace", "unlink"]
COUNT = "from pathlib import Path\nwith Path({!r}).open('a') as file:\n    print(seed, file=file)\n"
GLUE = "from myst_nb import glue\nglue('twice', 2 * seed + radius, display=False)\n"
DRAW = "import numpy as np\nfrom myst_nb import glue\n"
DRAW += "glue('x', np.random.default_rng(seed).normal(size=99).sum(), display=False)"


class Killed(BaseException):
    """Stands for a kill at any moment."""


def kept(folder):
    """The text and the number of the run in a folder."""
    gap = json.loads((folder / "numbers.json").read_text())["gap"]
    return [(folder / "notebook.ipynb").read_text(), gap]


def kill_at(step, monkeypatch):
    """Kill this process, as it were, at its nth step on the disk."""
    steps = itertools.count()
    for name in WRITES:
        real = getattr(Path, name)

        def wrapped(*given, real=real, **options):
            if next(steps) == step:
                raise Killed
            return real(*given, **options)

        monkeypatch.setattr(Path, name, wrapped)


@pytest.mark.parametrize("before", [None, OLD])
@pytest.mark.parametrize("step", range(12))
def test_a_kill_at_any_step_leaves_a_whole_run_or_none(tmp_path, monkeypatch, before, step):
    if before:
        sweeps.keep(tmp_path, TASK, before)
    with monkeypatch.context() as patched:
        kill_at(step, patched)
        with suppress(Killed):
            sweeps.keep(tmp_path, TASK, NEW)
    state = sweeps.state(tmp_path, TASK)
    whole = {"failed": ["old", 1.0], "done": ["new", 2.0]}
    if state != "waiting":
        assert kept(tmp_path / TASK.key) == whole[state]
    assert state == "done" or step < 11
    assert state != "failed" or before
    assert sweeps.keep(tmp_path, TASK, NEW) == tmp_path / TASK.key
    assert kept(tmp_path / TASK.key) == whole["done"]
    assert {path.name for path in tmp_path.iterdir()} <= {TASK.key}


def test_a_run_that_is_there_is_replaced_whole(tmp_path):
    sweeps.keep(tmp_path, TASK, OLD)
    sweeps.keep(tmp_path, TASK, NEW)
    assert sweeps.state(tmp_path, TASK) == "done"
    assert [path.name for path in tmp_path.iterdir()] == [TASK.key]


def test_a_run_whose_origin_the_disk_lost_is_run_again(tmp_path):
    sweeps.keep(tmp_path, TASK, NEW)
    (tmp_path / TASK.key / sweeps.ORIGIN).write_text("")
    assert sweeps.state(tmp_path, TASK) == "waiting"
    sweeps.keep(tmp_path, TASK, NEW)
    assert sweeps.state(tmp_path, TASK) == "done"


def test_the_table_has_a_row_for_each_run_also_for_those_without_a_result(tmp_path):
    tasks = [Task("tiny", EMPTY, {"seed": seed, "radius": [1.5]}, {}) for seed in (1, 2)]
    numbers = {"gap": 2.0, "word": "a, b", "seed": 9.0}
    sweeps.keep(tmp_path, tasks[0], Result("", numbers, {"chapter": "tiny"}))
    with sweeps.table(tmp_path, tasks).open(newline="") as file:
        one, two = csv.DictReader(file)
    assert one == {
        "run": tasks[0].key,
        "state": "done",
        "seed": "1",
        "radius": "[1.5]",
        "gap": "2.0",
        "word": "a, b",
        "glued seed": "9.0",
    }
    assert (two["state"], two["seed"], two["gap"]) == ("waiting", "2", "")


def shown(tmp_path, capsys, monkeypatch, quiet=False):
    """The lines of a sweep of two runs, one of which fails."""

    failed = {"seconds": 61.0, "error": "x"}

    def execute(client, tasks, say, cached):
        for task, origin in zip(tasks, [{"seconds": 3.2}, failed], strict=True):
            yield task, Result("", {}, origin)
        say("refused: a worker")

    monkeypatch.setattr(runs, "connected", lambda scheduler, workers: nullcontext())
    monkeypatch.setattr(runs, "execute", execute)
    tasks = [Task("tiny", EMPTY, {"seed": seed, "workers": 1}, {}) for seed in (0, 1)]
    sweeps._run_all(tasks, ["seed"], Settings(tmp_path, quiet=quiet))
    found = capsys.readouterr()
    assert not found.out
    return found.err.splitlines()


def test_a_sweep_shows_a_line_for_each_run(tmp_path, capsys, monkeypatch):
    assert shown(tmp_path, capsys, monkeypatch) == [
        "done     seed=0  (3 s; 1 of 2)",
        "failed   seed=1  (61 s; 2 of 2)",
        "refused: a worker",
    ]


def test_quiet_shows_warnings_alone(tmp_path, capsys, monkeypatch):
    assert shown(tmp_path, capsys, monkeypatch, quiet=True) == ["refused: a worker"]


def test_a_run_is_named_by_what_tells_it_from_the_others():
    task = Task("tiny", EMPTY, {"seed": 3, "radius": 1.5, "workers": 1}, {})
    assert sweeps._label(task, ["seed", "radius"]) == "seed=3 radius=1.5"
    assert sweeps._label(task, []) == "the only run"


def refusal(path, out, **settings):
    with pytest.raises(SweepError) as caught:
        sweeps.run(sweeps.plan(path, ["seed=1"]), Settings(out, quiet=True, **settings))
    (line,) = str(caught.value).splitlines()
    return line


def test_an_out_folder_that_is_a_file_says_so(chapter, tmp_path):
    out = tmp_path / "a"
    out.write_text("")
    assert refusal(chapter("1"), out).startswith(f"--out: got '{out}', but [Errno 17] File exists")


def test_a_second_sweep_into_one_folder_is_refused(chapter, tmp_path):
    (tmp_path / "out").mkdir()
    with FileLock(tmp_path / "out" / ".lock"):
        line = refusal(chapter("1"), tmp_path / "out")
    assert line == f"--out: got '{tmp_path / 'out'}', into which another sweep writes"


def command(path, out, *arguments):
    words = [sys.executable, "-m", "pwlib", "sweep", path, "--out", out, *arguments]
    return [str(word) for word in words]


def run(path, out, *arguments):
    return subprocess.run(command(path, out, *arguments), capture_output=True, text=True)


def drawn(seed):
    """What the chapter DRAW glues."""
    return float(np.random.default_rng(seed).normal(size=99).sum())


def rows(out):
    with (out / "table.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def marked(mark):
    """The processes that have a mark in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def wait_for(condition, seconds):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until
        time.sleep(0.1)
    return found


def test_what_is_wrong_is_said_without_a_traceback(chapter, tmp_path):
    asked = command(chapter("1"), tmp_path / "out", "--grid", "sede=1", "radius=x")
    with pytest.raises(SystemExit) as ended:
        __main__.main(asked[asked.index("sweep") :])
    assert ended.value.code.splitlines() == [
        "parameter: got 'sede', accepts one of seed, radius, datasets, workers",
        "radius: got 'x', accepts float",
    ]
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("finished", [0, 1, 3])
def test_a_killed_sweep_leaves_no_process_and_goes_on_where_it_was(chapter, tmp_path, finished):
    ran, out = tmp_path / "ran", tmp_path / "out"
    path = chapter(COUNT.format(str(ran)) + GLUE + "import time; time.sleep(1)")
    mark = f"SWEEP_MARK={os.getpid()}.{time.monotonic_ns()}"
    environment = os.environ | dict([mark.split("=")])
    grid = ["--grid", "seed=0:5", "--workers", "2", "--quiet"]
    client = subprocess.Popen(command(path, out, *grid), env=environment)
    try:
        wait_for(lambda: ran.exists(), 60)
        wait_for(lambda: len(list(out.glob("[0-9a-f]*/origin.json"))) >= finished, 60)
    finally:
        client.send_signal(signal.SIGKILL)
        client.wait()
    wait_for(lambda: not marked(mark), 20)
    before = {path: path.stat().st_mtime_ns for path in out.glob("[0-9a-f]*/origin.json")}
    seeds = {str(json.loads(path.read_text())["parameters"]["seed"]) for path in before}
    assert finished <= len(seeds) < 5
    done = run(path, out, *grid)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert {path: path.stat().st_mtime_ns for path in before} == before
    executed = ran.read_text().split()
    assert {seed: executed.count(seed) for seed in seeds} == dict.fromkeys(seeds, 1)
    assert [(row["state"], row["twice"]) for row in rows(out)] == [
        ("done", f"{2 * seed + 1.0}") for seed in range(5)
    ]


@pytest.mark.slow
def test_a_failing_run_is_kept_shown_and_run_again_when_asked_for(chapter, tmp_path):
    ran, mended, out = tmp_path / "ran", tmp_path / "mended", tmp_path / "out"
    check = f"if seed == 1 and not Path({str(mended)!r}).exists():\n    raise ValueError('broken')"
    path = chapter(COUNT.format(str(ran)), check, GLUE)
    grid = ["--grid", "seed=0:3"]
    first = run(path, out, *grid)
    assert first.returncode == 1
    last, where = first.stderr.splitlines()[-2:]
    assert last == "failed  seed=1  in cell 4: ValueError: broken"
    folder = Path(where.strip())
    cells = nbformat.read(folder / "notebook.ipynb", as_version=4).cells
    assert cells[3].outputs[0].ename == "ValueError"
    assert [row["state"] for row in rows(out)] == ["done", "failed", "done"]
    again = run(path, out, *grid, "--quiet")
    assert (again.returncode, again.stderr.splitlines()) == (1, [last, where])
    assert sorted(ran.read_text().split()) == ["0", "1", "2"]
    mended.touch()
    assert run(path, out, *grid, "--retry-failed").returncode == 0
    assert sorted(ran.read_text().split()) == ["0", "1", "1", "2"]
    assert [row["state"] for row in rows(out)] == ["done"] * 3


@pytest.mark.slow
def test_thirty_tiny_runs_all_arrive_each_with_what_its_seed_gives(chapter, tmp_path):
    path, out = chapter(DRAW), tmp_path / "out"
    done = run(path, out, "--grid", "seed=0:30", "--workers", "2", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert [float(row["x"]) for row in rows(out)] == [drawn(seed) for seed in range(30)]


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_what_is_whole_stays(chapter, tmp_path, monkeypatch):
    written, keep = [], sweeps.keep

    def until_full(out, task, result):
        if written:
            raise OSError(28, "No space left on device")
        written.append(keep(out, task, result))

    monkeypatch.setattr(sweeps, "keep", until_full)
    plan, out = sweeps.plan(chapter(DRAW), ["seed=0:3"]), tmp_path / "out"
    with pytest.raises(SweepError, match="^--out: got .*No space left on device$"):
        sweeps.run(plan, Settings(out, workers=1, quiet=True))
    first = written[0] / "origin.json"
    before = first.stat().st_mtime_ns
    monkeypatch.undo()
    assert sweeps.run(plan, Settings(out, workers=1, quiet=True)) == 0
    assert [float(row["x"]) for row in rows(out)] == [drawn(seed) for seed in range(3)]
    assert first.stat().st_mtime_ns == before


@pytest.mark.slow
def test_an_interrupted_sweep_says_so_and_leaves_no_process(chapter, tmp_path):
    ran = tmp_path / "ran"
    path = chapter(COUNT.format(str(ran)), "import time; time.sleep(600)")
    mark = f"SWEEP_MARK={os.getpid()}.{time.monotonic_ns()}"
    client = subprocess.Popen(
        command(path, tmp_path / "out", "--grid", "seed=0:2", "--workers", "2"),
        env=os.environ | dict([mark.split("=")]),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert client.stderr.readline() == "2 runs, 0 of them there already\n"
        wait_for(lambda: ran.exists() and len(ran.read_text().split()) == 2, 60)
        os.killpg(client.pid, signal.SIGINT)
        _, said = client.communicate(timeout=30)
    finally:
        client.kill()
    assert said.splitlines()[-1].startswith("interrupted; what is whole is kept")
    assert "Traceback" not in said
    assert client.returncode == 1
    wait_for(lambda: not marked(mark), 20)
    assert [row["state"] for row in rows(tmp_path / "out")] == ["waiting"] * 2


def test_the_sweep_of_a_chapter_can_be_planned_without_running_it():
    path = sweeps.runs.CHAPTERS / "4c-adversarial-training.ipynb"
    grid = ["seed=0:10", "dataset=MNIST,FashionMNIST", "radius=1.5,3,5"]
    tasks = sweeps.plan(path, grid).tasks
    assert len({task.key for task in tasks}) == 60
    assert tasks[0].parameters == {
        "workers": 1,
        "seeds": [0],
        "datasets": ["MNIST"],
        "radius": 1.5,
    }


DAMAGES = {
    "an edited number": lambda one, other: edit(one / "numbers.json", b"2.0", b"3.0"),
    "another run's numbers": lambda one, other: shutil.copy(other / "numbers.json", one),
    "a whole other run": lambda one, other: shutil.copytree(other, one, dirs_exist_ok=True),
    "a cut file": lambda one, other: edit(one / "numbers.json", b"}", b""),
    "a lost file": lambda one, other: (one / "numbers.json").unlink(),
    "an edited notebook": lambda one, other: edit(one / "notebook.ipynb", b"new", b"old"),
    "a lost notebook": lambda one, other: (one / "notebook.ipynb").unlink(),
    "an edited origin": lambda one, other: edit(one / "origin.json", b"tiny", b"4c"),
    "a failure made a success": lambda one, other: edit(other / "origin.json", b'"error"', b'"x"'),
    "no seal": lambda one, other: edit(one / "origin.json", b"sha256", b"none"),
}


def edit(path, before, after):
    content = path.read_bytes()
    assert before in content
    path.write_bytes(content.replace(before, after))


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_finished_run_that_was_changed_is_refused_in_a_line_that_names_its_folder(
    tmp_path, damage
):
    tasks = [TASK, Task("tiny", EMPTY, {"seed": 2}, {})]
    folders = [sweeps.keep(tmp_path, *run) for run in zip(tasks, (NEW, OLD), strict=True)]
    assert all(sweeps.is_whole(tmp_path, task) for task in tasks)
    damage(*folders)
    with pytest.raises(SweepError) as caught:
        sweeps.run(sweeps.Plan(tasks, ["seed"]), Settings(tmp_path, quiet=True))
    (line,) = str(caught.value).splitlines()
    changed = [str(folder) for folder in folders if line.startswith(f"{folder}: got other content")]
    assert len(changed) == 1
    assert "remove it, and the same command makes it again" in line
