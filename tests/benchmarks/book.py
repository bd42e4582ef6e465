"""The book: what importing the package costs, what a build costs when nothing is stale."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

from paired import show
from report import Part, Table

from pwlib.reruns import notebooks

ROUNDS = 7
MODULES = ("polynomials", "grids", "maxmargin", "signs", "optimal", "linear", "intervals")


def run() -> Part:
    """The part of the benchmark on the book: CPU seconds for imports, wall seconds for builds."""
    return Part("The book", (), (_imports(), _builds()), (), ("jupyter-book", "numpy"))


def _imports() -> Table:
    """CPU seconds of an import in a new interpreter, rivals in turn."""
    names = ("numpy", "pwlib", *(f"pwlib.{module}" for module in MODULES), "pwlib.training")
    times: dict[str, list[float]] = {name: [] for name in names}
    for done in range(ROUNDS):
        show(f"imports: round {done + 1} of {ROUNDS}")
        for name in names:
            times[name].append(_import_seconds(name))
    rows = []
    for name in names:
        seconds = median(times[name])
        goal = name.startswith("pwlib") and name != "pwlib.training"
        reached = ["0.3", _at_most(seconds, 0.3)] if goal else ["", ""]
        rows.append([name, f"{seconds:.3f}", f"{seconds / median(times['numpy']):.2f}", *reached])
    columns = ["import", "CPU seconds, median", "multiple of numpy's", "goal", "reached"]
    return Table("Imports; the last one needs torch", columns, rows)


def _import_seconds(name: str) -> float:
    code = f"import time; t = time.process_time(); import {name}; print(time.process_time() - t)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(ran.stdout)


def _builds() -> Table:
    """A build with nothing stale, and how long the chapters took when they were executed."""
    show("the book, with nothing stale")
    build = [sys.executable, "-m", "pwlib", "book"]
    subprocess.run(build, cwd=notebooks.ROOT, check=True, capture_output=True)
    start = time.monotonic()
    subprocess.run(build, cwd=notebooks.ROOT, check=True, capture_output=True)
    again = time.monotonic() - start
    stamps = [notebooks.stamp(path) for path in notebooks.chapters()]
    fresh = sum(stamp["seconds"] for stamp in stamps)
    rows = [
        ["make book, nothing stale", f"{again:.1f}", "30", _at_most(again, 30)],
        ["all chapters executed, one after the other", f"{fresh:.0f}", "600", _at_most(fresh, 600)],
    ]
    return Table("Builds", ["what", "seconds", "goal", "reached"], rows)


def _at_most(seconds: float, goal: float) -> str:
    return "yes" if seconds <= goal else "no"
