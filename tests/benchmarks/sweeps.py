"""Sweeps: what a run costs beyond a bare papermill call, and what a second worker gains.

Wall seconds, since the work is in processes of its own. A tiny chapter glues one number.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import papermill
from nbformat.v4 import new_code_cell, new_notebook
from paired import Times, ratio, show
from report import Comparison, Part, Table

from pwlib.reruns import sweeps
from pwlib.reruns.runs import connected, execute

MANY, FEW, ROUNDS = 1000, 40, 6


def run() -> Part:
    """The part of the benchmark on sweeps; it takes some twenty minutes."""
    with tempfile.TemporaryDirectory() as folder:
        chapter = _tiny_chapter(Path(folder))
        times = _interleaved(chapter)
        seconds = _sweep(chapter, MANY, 2)()
    per_run = [f"{1000 * seconds / MANY:.0f}", f"{1000 * min(times['papermill']):.0f}"]
    columns = ["runs", "workers", "ms a run, wall", "ms of a papermill call"]
    table = Table(f"{MANY} tiny runs", columns, [[str(MANY), "2", *per_run]])
    comparisons = [
        Comparison("two workers", "one worker", ratio(times, "one worker", "two workers"), 1.8),
        Comparison(
            "a run of a sweep, one worker",
            "a bare papermill call",
            ratio(times, "papermill", "one worker"),
        ),
    ]
    return Part("Sweeps", comparisons, [table], _NOTES, ("dask", "papermill", "nbclient"))


def _tiny_chapter(folder: Path) -> Path:
    cells = [
        new_code_cell("k: int = 0  # any number", metadata={"tags": ["parameters"]}),
        new_code_cell("print(k)"),
    ]
    python = {"display_name": "Python 3", "language": "python", "name": "python3"}
    path = folder / "tiny.ipynb"
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": python}), path)
    return path


def _interleaved(chapter: Path) -> Times:
    """Wall seconds of one run, by each way, in each round."""
    ways: dict[str, Callable[[], float]] = {
        "papermill": lambda: _papermill(chapter, FEW // 4) / (FEW // 4),
        "one worker": lambda: _sweep(chapter, FEW, 1)() / FEW,
        "two workers": lambda: _sweep(chapter, FEW, 2)() / FEW,
    }
    times: Times = {name: [] for name in ways}
    order, shuffle = list(ways), random.Random(0).shuffle
    for done in range(ROUNDS):
        shuffle(order)
        for name in order:
            times[name].append(ways[name]())
        show(f"round {done + 1} of {ROUNDS}")
    return times


def _papermill(chapter: Path, runs: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        for k in range(runs):
            papermill.execute_notebook(
                str(chapter), f"{folder}/{k}.ipynb", {"k": k}, progress_bar=False
            )
        return time.monotonic() - start


def _sweep(chapter: Path, runs: int, workers: int) -> Callable[[], float]:
    """A sweep of so many runs in a new folder: the seconds it takes, without cluster and page."""

    def seconds() -> float:
        with tempfile.TemporaryDirectory() as folder, connected(None, workers) as client:
            plan = sweeps.plan(chapter, [f"k=0:{runs}"])
            start = time.monotonic()
            for task, result in execute(client, plan.tasks, print):
                sweeps.keep(Path(folder), task, result)
            return time.monotonic() - start

    return seconds


_NOTES = [
    "Starting the workers and writing the summary, once a sweep, are left out.",
    "A papermill call is made in a process that runs already, by its Python interface.",
]
