"""Sweeps: a chapter run once for each point of a grid of parameters.

Each run has a folder in ``out`` that is named by its `runs.Task.key`, so a run that is there
already is never repeated: a sweep that was killed goes on where it was. Workers send results back,
and only the client writes.
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from filelock import FileLock, Timeout
from tqdm import tqdm

from pwlib import parallel, places
from pwlib.reruns import kept, notebooks, plans, results, runs, summary
from pwlib.reruns.plans import Plan, Request, SweepError
from pwlib.reruns.runs import Result, Task

ORIGIN = "origin.json"
SCRIPT = re.compile(r"<script\b.*?</script>", re.S)
LEFT = re.compile(r"\.([0-9a-f]{16}|(table|sweep|summary)\.\w+\.\d+)\.part")  # half-written


@dataclass(frozen=True)
class Settings:
    """How a sweep is run: where it goes, on which cluster, and what is done with failures."""

    out: Path
    scheduler: str | None = None
    workers: int | None = None
    retry_failed: bool = False
    quiet: bool = False


def sweep(request: Request, settings: Settings) -> int:
    """Run what a request asks for (see `run`).

    Raises `plans.SweepError` before anything runs where the request is wrong.
    """
    return run(plans.plan(request), settings)


def run(plan: Plan, settings: Settings) -> int:
    """Run what isn't there yet; write the table and the summary; return the number of failures."""
    if settings.workers is not None and settings.workers < 1:
        raise SweepError(f"--workers: got {settings.workers}, accepts a whole number from 1")
    with _alone(settings.out):
        return _run(plan, settings)


def _run(plan: Plan, settings: Settings) -> int:
    tasks, out = plan.tasks, settings.out
    again = ("waiting", "failed") if settings.retry_failed else ("waiting",)
    todo = [task for task in tasks if state(out, task) in again]
    if not settings.quiet:
        _say(f"{len(tasks)} runs, {len(tasks) - len(todo)} of them there already")
    try:
        if todo:
            _run_all(todo, plan.swept, settings)
    finally:
        table(out, tasks)
        first = tasks[0]
        about = {"chapter": first.chapter, "swept": plan.swept, "parameters": [*first.parameters]}
        places.write(out / summary.ABOUT, _json(about))
    page = summarise(out)
    if not settings.quiet:
        _say(f"the numbers of all runs: {out / summary.TABLE}, {page}")
    failed = [task for task in tasks if state(out, task) == "failed"]
    for task in failed:
        origin = _origin(out, task)
        cell = f"in cell {origin.get('failed_cell')}"
        where = cell if "failed_cell" in origin else "without a result"
        why = origin["error"].splitlines()[0]
        _say(f"failed  {_label(task, plan.swept)}  {where}: {why}\n        {out / task.key}")
    return len(failed)


def _run_all(todo: Sequence[Task], swept: Sequence[str], settings: Settings) -> None:
    """Keep what each task leaves; show how far that is, on a terminal as a bar, else as lines."""
    from pwlib.reruns import cluster

    total, failed = len(todo), 0
    workers = min(settings.workers or len(os.sched_getaffinity(0)), total)
    cached = os.environ.get(kept.VARIABLE) not in ("", kept.OFF)
    with (
        parallel.bar(0 if settings.quiet else total, "runs") as bar,
        cluster.connected(settings.scheduler, workers) as client,
    ):
        ended = cluster.execute(client, todo, _say, cached)
        for done, (task, result) in enumerate(ended, 1):
            keep(settings.out, task, result)
            failed += result.state == "failed"
            bar.set_postfix_str(f"{failed} failed")
            bar.update()
            if bar.disable and not settings.quiet:
                how = f"{result.origin['seconds']:.0f} s; {done} of {total}"
                _say(f"{result.state:8} {_label(task, swept)}  ({how})")


def _say(text: str) -> None:
    """Write a line that stays, on the standard error."""
    tqdm.write(text, file=sys.stderr)


def _label(task: Task, names: Sequence[str]) -> str:
    """A run as the parameters that tell it from the others: "seeds=[3] radius=1.5"."""
    return " ".join(f"{name}={task.parameters[name]}" for name in names) or "the only run"


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Make a folder, and keep other sweeps out of it until this one has ended or was killed."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with FileLock(out / ".lock", timeout=0):
            sweep_up(out)
            yield
    except Timeout:
        raise SweepError(f"--out: got {str(out)!r}, into which another sweep writes") from None
    except OSError as error:
        raise SweepError(f"--out: got {str(out)!r}, but {error}") from None


def summarise(out: Path) -> Path:
    """Execute the summary of a sweep: ``out/summary.ipynb``, and as a page ``out/summary.html``."""
    from nbconvert import HTMLExporter

    template = nbformat.read(Path(__file__).with_name("summary.ipynb"), as_version=4)
    nb = runs.with_parameters(template, {"sweep": str(out.absolute())})
    nb = notebooks.executed(nb, out, os.environ | runs.ONE_THREAD, lambda cell: None)
    notebooks.write(nb, out / "summary.ipynb")
    exporter = HTMLExporter(
        exclude_input=True, exclude_output_prompt=True, mathjax_url="", require_js_url=""
    )
    page, _ = exporter.from_notebook_node(nb)
    places.write(out / "summary.html", SCRIPT.sub("", page))  # it needs none, and no network
    return out / "summary.html"


def state(out: Path, task: Task) -> str:
    """ "done" or "failed", where a whole run lies in its folder, else "waiting"."""
    return {None: "waiting", 0: "done"}.get(_origin(out, task).get("exit"), "failed")


def _origin(out: Path, task: Task) -> dict:
    """Where a run came from; nothing where there is none, or where the disk lost it."""
    try:
        return json.loads((out / task.key / ORIGIN).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def keep(out: Path, task: Task, result: Result) -> Path:
    """Write a run's folder, whole or not at all, in the place of an earlier one if there is one."""
    folder, part = out / task.key, out / f".{task.key}.part"
    (part / "figures").mkdir(parents=True)
    if result.notebook:
        (part / "notebook.ipynb").write_text(result.notebook, "utf-8")
    if trace := result.origin.get("traceback"):
        (part / "traceback.txt").write_text(f"{trace}\n", "utf-8")
    (part / "numbers.json").write_text(_json(result.numbers), "utf-8")
    for name, content in result.figures.items():
        (part / "figures" / name).write_bytes(content)
    (part / "log.txt").write_text(result.log, "utf-8")
    (part / ORIGIN).write_text(_json(result.origin), "utf-8")
    for path in part.rglob("*.*"):
        with path.open("rb") as file:
            os.fsync(file.fileno())  # so that no power cut can empty it
    (folder / ORIGIN).unlink(missing_ok=True)  # without it a folder counts for nothing
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)
    return folder


def sweep_up(out: Path) -> None:
    """Remove what a killed sweep left half-written."""
    for left in out.iterdir():
        if LEFT.fullmatch(left.name):
            shutil.rmtree(left) if left.is_dir() else left.unlink()


def table(out: Path, tasks: Sequence[Task]) -> Path:
    """Write ``out/table.csv``: a row for each run, its parameters, its numbers, its state."""
    rows = []
    for task in tasks:
        found = out / task.key / "numbers.json"
        numbers = json.loads(found.read_text(encoding="utf-8")) if found.exists() else {}
        row = {"run": task.key, "state": state(out, task)} | task.parameters
        rows.append(row | {f"glued {n}" if n in row else n: v for n, v in numbers.items()})
    places.write(out / summary.TABLE, results.text(rows))
    return out / summary.TABLE


def _json(data: Mapping) -> str:
    return json.dumps(data, indent=1) + "\n"
