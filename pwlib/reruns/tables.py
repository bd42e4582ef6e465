"""Making the tables of many trained networks in ``chapters/results``, by sweeps.

``tables.yml`` there names the grids of each table. Every row is a run of ``one-network.ipynb``:
its parameters, and what it glued.
"""

from __future__ import annotations

import ast
import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from pwlib.reruns import files, sweeps
from pwlib.reruns.notebooks import CHAPTERS
from pwlib.reruns.plans import Plan, Request, SweepError, plan
from pwlib.reruns.results import RESULTS

CHAPTER = CHAPTERS / "one-network.ipynb"


def grids(path: Path = RESULTS / "tables.yml") -> dict[str, list[str]]:
    """The grids of each table, as ``python -m pwlib sweep --grid`` takes them."""
    return yaml.safe_load(path.read_text())


def make(name: str, settings: sweeps.Settings) -> Path:
    """Run what isn't there yet of a table's sweep (`sweeps.Settings`) and write the table."""
    if name not in grids():
        raise SweepError(f"table: got {name!r}, accepts one of {', '.join(grids())}")
    every = [plan(Request(CHAPTER, grid.split())) for grid in grids()[name]]
    fixed = defaults(CHAPTER)
    tasks = [replace(t, parameters=fixed | t.parameters) for p in every for t in p.tasks]
    tasks = list({task.key: task for task in tasks}.values())
    swept = list(dict.fromkeys(parameter for p in every for parameter in p.swept))
    if failures := sweeps.run(Plan(tasks, swept), settings):
        raise SweepError(f"{failures} runs failed, so the table is not written")
    runs = [settings.out / task.key for task in tasks]
    path = RESULTS / f"{name}.csv"
    files.write(path, _as_text(name, runs))
    return path


def defaults(chapter: Path) -> dict[str, object]:
    """The parameters of a chapter and the values that it gives them."""
    from papermill import inspect_notebook

    found = inspect_notebook(str(chapter)).items()
    return {name: ast.literal_eval(about["default"]) for name, about in found} | {"workers": 1}


def _as_text(name: str, runs: Sequence[Path]) -> str:
    origins = [json.loads((run / "origin.json").read_text()) for run in runs]
    numbers = [json.loads((run / "numbers.json").read_text()) for run in runs]
    text = io.StringIO()
    text.write(f"# python -m pwlib table {name}\n# {_made(origins)}\n")
    rows = [
        _row(origin["parameters"], found) for origin, found in zip(origins, numbers, strict=True)
    ]
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _made(origins: Sequence[Mapping]) -> str:
    last = max(origins, key=lambda origin: origin["started"])
    packages = ", ".join(
        f"{name} {last['packages'][name].split('+')[0]}" for name in ("torch", "numpy")
    )
    processors = " and ".join(sorted({origin["processor"] for origin in origins}))
    hours = sum(origin["seconds"] for origin in origins) / 3600
    spent = f"{len(origins)} runs, {hours:.1f} core hours"
    return f"{last['started'][:10]}: {spent}, {packages}, {processors}"


def _row(parameters: Mapping, found: Mapping) -> dict[str, str]:
    rounded = {name: f"{value:.4f}" for name, value in found.items()}
    return {name: value for name, value in parameters.items() if name != "workers"} | rounded
