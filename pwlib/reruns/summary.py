"""What a sweep found: its numbers over the seeds, for each point of the rest of the grid."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pwlib.intervals import interval
from pwlib.reruns import results

TABLE, ABOUT = "table.csv", "sweep.json"


@dataclass(frozen=True)
class Sweep:
    """The rows of a sweep's table, and the names of its columns by kind.

    ``swept`` are the parameters that its grid varied, in its order, without the seeds; ``numbers``
    the columns that hold numbers wherever a run is done.
    """

    chapter: str
    rows: list[results.Row]
    swept: list[str]
    numbers: list[str]


class Mean(NamedTuple):
    """A number at one point of the grid: its mean over n seeds, and a 95% interval (±∞ for one)."""

    mean: float
    low: float
    high: float
    n: int


def read(folder: str | Path) -> Sweep:
    """A sweep from its folder, as `pwlib.reruns.sweeps` left it."""
    folder = Path(folder)
    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    rows = results.parse((folder / TABLE).read_text(encoding="utf-8"))
    swept = [name for name in about["swept"] if not name.startswith("seed")]
    known = {"run", "state", *about["parameters"]}
    columns = [name for name in (rows[0] if rows else ()) if name not in known]
    done = [row for row in rows if row["state"] == "done"]
    numbers = [name for name in columns if any(_is_number(row[name]) for row in done)]
    return Sweep(about["chapter"], rows, swept, numbers)


def over_seeds(sweep: Sweep, number: str) -> dict[tuple, Mean]:
    """A number's mean and interval at each point of the grid where a run has it."""
    found: dict[tuple, list[float]] = {}
    for row in sweep.rows:
        if row["state"] == "done" and _is_number(row[number]):
            found.setdefault(_point(sweep, row), []).append(row[number])
    with np.errstate(invalid="ignore"):  # a number may be infinite
        return {
            point: Mean(float(np.mean(values)), *interval(values), len(values))
            for point, values in found.items()
        }


def states(sweep: Sweep) -> list[list[str]]:
    """How many runs are done, failed, waiting: rows for a table."""
    states = [row["state"] for row in sweep.rows]
    return [[state, str(states.count(state))] for state in dict.fromkeys(states)]


def means(sweep: Sweep, numbers: Sequence[str]) -> tuple[list[list[str]], list[str]]:
    """Rows and columns of a table: each number at each point, as "mean [low, high] (n)"."""
    at = list(dict.fromkeys(_point(sweep, row) for row in sweep.rows))
    names = [", ".join(f"{n} {v}" for n, v in zip(sweep.swept, p, strict=True)) for p in at]
    found = {number: over_seeds(sweep, number) for number in numbers}
    rows = [
        [plain(number), *(_shown(found[number].get(point)) for point in at)] for number in numbers
    ]
    return rows, ["number", *(plain(name) or "all runs" for name in names)]


def plain(text: str) -> str:
    """Markdown that shows a text as it is: what a run was given is no markup and no link.

    Bars are left to `markdown_table`.
    """
    return re.sub(r"([^\w\s.,|]|_)", r"\\\1", " ".join(text.split()))


def _is_number(value: object) -> bool:
    """Whether a cell of the table holds a number (a truth value is none)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(found: Mean | None) -> str:
    if found is None:
        return ""
    if found.n == 1:
        return f"{found.mean:.4g} (1)"
    return f"{found.mean:.4g} [{found.low:.4g}, {found.high:.4g}] ({found.n})"


def _point(sweep: Sweep, row: results.Row) -> tuple:
    """The values of the swept parameters in a row."""
    return tuple(_key(row[name]) for name in sweep.swept)


def _key(value: object) -> object:
    """A value that can be a key; the one member of a list stands for it."""
    if isinstance(value, list) and len(value) == 1:
        return _key(value[0])
    return str(value) if isinstance(value, list | dict) else value
