"""Making the tables of ``chapters/results``: ``python -m pwlib table NAME``.

``tables.yml`` there names the grids of those that sweeps make: a row is a run of
``one-network.ipynb``, its parameters and what it glued. A function of pwlib makes each row of the
others. What a stopped command has finished lies in its folder, and the next one goes on from there.
"""

import ast
import itertools
import json
import os
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from pwlib import parallel, places, point_search, sample_complexity, strong_attacks
from pwlib.datasets import NAMES
from pwlib.places import CHAPTERS, RESULTS, ROOT
from pwlib.reruns import kept, plans, results, runs, sweeps

CHAPTER = CHAPTERS / "one-network.ipynb"


@dataclass(frozen=True)
class Listed:
    """A table whose rows are ``function(**job)``, perhaps rounded; the packages that matter."""

    function: Callable[..., results.Row]
    jobs: Sequence[Mapping]
    packages: Sequence[str]
    digits: int | None = None


def every(**values: Iterable) -> list[dict[str, Any]]:
    """Every combination of values, by name; the last varies first."""
    return [dict(zip(values, point, strict=True)) for point in itertools.product(*values.values())]


LISTED = {
    "sample-complexity": Listed(
        sample_complexity.row,
        every(p=range(5, 31), reading=sample_complexity.READINGS, odd=(False, True)),
        ("numpy", "scipy", "daqp"),
    ),
    "point-sets": Listed(
        point_search.best,
        every(n=[10], m=range(1, 11), criterion=point_search.CRITERIA),
        ("numpy", "scipy"),
        digits=12,
    ),
    "strong-attacks": Listed(
        strong_attacks.row,
        every(dataset=NAMES, network=strong_attacks.CONFIGS),
        ("torch", "torchattacks", "adversarial-robustness-toolbox"),
        digits=2,
    ),
}


def grids(path: Path = RESULTS / "tables.yml") -> dict[str, list[str]]:
    """The grids of each table, as ``python -m pwlib sweep --grid`` takes them."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def make(name: str, settings: sweeps.Settings) -> Path:
    """Run what isn't there yet of a table, write it with its origin, and return its path."""
    packages: Sequence[str] = ("torch", "numpy")
    if name in LISTED:
        rows, ran = _listed(LISTED[name], settings)
        packages = LISTED[name].packages
    elif name in grids():
        rows, ran = _swept(grids()[name], settings)
    else:
        known = ", ".join([*grids(), *LISTED])
        raise plans.SweepError(f"table: got {name!r}, accepts one of {known}")
    last = max(ran, key=lambda one: one["started"])
    about = {
        "command": f"python -m pwlib table {name}",
        "made": last["started"][:10],
        "commit": _commit(),
        "versions": {name: last["packages"][name].split("+")[0] for name in packages},
        "processor": " and ".join(sorted({one["processor"] for one in ran})),
        "runs": len(ran),
        "core_hours": round(sum(one["seconds"] for one in ran) / 3600, 1),
    }
    places.write(RESULTS / f"{name}.json", json.dumps(about, indent=1, ensure_ascii=False) + "\n")
    places.write(RESULTS / f"{name}.csv", results.text(rows))
    return RESULTS / f"{name}.csv"


def defaults(chapter: Path) -> dict[str, object]:
    """The parameters of a chapter and the values that it gives them."""
    from papermill import inspect_notebook

    found = inspect_notebook(str(chapter)).items()
    return {name: ast.literal_eval(about["default"]) for name, about in found} | {"workers": 1}


def _swept(grids: Sequence[str], settings: sweeps.Settings) -> tuple[list[dict], list[dict]]:
    """The rows that sweeps make, and where each came from."""
    asked = [plans.plan(CHAPTER, grid.split()) for grid in grids]
    fixed = defaults(CHAPTER)
    tasks = [replace(t, parameters=fixed | t.parameters) for one in asked for t in one.tasks]
    tasks = list({task.key: task for task in tasks}.values())
    swept = list(dict.fromkeys(parameter for one in asked for parameter in one.swept))
    if failures := sweeps.run(plans.Plan(tasks, swept), settings):
        raise plans.SweepError(f"{failures} runs failed, so the table is not written")
    rows = []
    for task in tasks:
        named = {name: value for name, value in task.parameters.items() if name != "workers"}
        rows.append(named | _read(settings.out / task.key / sweeps.NUMBERS, 4))
    return rows, [_read(settings.out / task.key / sweeps.ORIGIN) for task in tasks]


def _listed(table: Listed, settings: sweeps.Settings) -> tuple[list[dict], list[dict]]:
    """The rows that a function makes, and where each came from."""
    if settings.scheduler:
        raise plans.SweepError("--scheduler: got one, but this table is made on one machine")
    module, out = table.function.__module__, settings.out
    places = {out / f"{kept.key(module, job)}.json": job for job in table.jobs}
    todo = [(table.function, job, place) for place, job in places.items() if not place.exists()]
    parallel.run(_keep_row, todo, settings.workers or len(os.sched_getaffinity(0)), "rows made")
    ran = [_read(place, table.digits) for place in places]
    return [one.pop("row") for one in ran], ran


def _keep_row(function: Callable[..., results.Row], job: Mapping, place: Path) -> None:
    start = datetime.now(UTC)
    about = {"row": function(**job), "started": start.isoformat()} | runs.machine()
    seconds = (datetime.now(UTC) - start).total_seconds()
    places.write(place, json.dumps(about | {"seconds": seconds}))


def _commit() -> str | None:
    """The commit of this checkout, marked where files differ from it; None outside of one."""
    command = ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _read(path: Path, digits: int | None = None) -> dict:
    """What a file in JSON holds, its floats rounded if asked for."""
    rounded = None if digits is None else lambda number: round(float(number), digits)
    return json.loads(path.read_text(encoding="utf-8"), parse_float=rounded)
