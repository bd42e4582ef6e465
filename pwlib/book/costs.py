"""What computing the book cost, as its executed chapters and its tables of networks record it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from pwlib.ledger.markdown import markdown_table
from pwlib.reruns import notebooks

# The line that `pwlib.reruns.tables` writes above a table.
_MADE = re.compile(r"^# [\d-]+: (\d+) runs?, ([\d.]+) core hours, .*numpy [^,\s]+, (.+)$")


@dataclass(frozen=True)
class Cost:
    """So many ``runs`` took so many ``hours``; None where that isn't recorded."""

    name: str
    runs: int | None
    hours: float | None
    processor: str


def of_chapters(folder: Path) -> list[Cost]:
    """The wall time of each executed chapter in a folder, from its stamp."""
    stamps = {path.stem: notebooks.stamp(path) for path in sorted(folder.glob("*.ipynb"))}
    return [
        Cost(name, 1, stamp["seconds"] / 3600, stamp["processor"])
        for name, stamp in stamps.items()
        if stamp
    ]


def of_tables(folder: Path) -> list[Cost]:
    """The core hours of each table (``*.csv``) in a folder, from the comments at its head."""
    return [_of_table(path) for path in sorted(folder.glob("*.csv"))]


def table(chapters: Path) -> str:
    """The cost of the book with its chapters in a folder and its tables in ``results`` below it.

    Chapters in minutes of wall time, tables in core hours.
    """
    live, kept = of_chapters(chapters), of_tables(chapters / "results")
    rows = [_row("the chapters, each executed once", _sum(live), "minutes")]
    if live:
        longest = max(live, key=lambda cost: cost.hours)
        rows += [_row(f"of these the longest, {longest.name}", longest, "minutes")]
    rows += [_row(f"`results/{cost.name}`", cost, "core hours") for cost in kept]
    if sum(cost.hours is not None for cost in kept) > 1:
        rows += [_row("the tables that record it, together", _sum(kept), "core hours")]
    return markdown_table(rows, ["What was computed", "Runs", "Time", "Processor"])


def _of_table(path: Path) -> Cost:
    head = takewhile(lambda line: line.startswith("#"), path.read_text().splitlines())
    for found in filter(None, map(_MADE.match, head)):
        return Cost(path.name, int(found[1]), float(found[2]), found[3])
    return Cost(path.name, None, None, "")


def _sum(costs: list[Cost]) -> Cost:
    """All the costs that are recorded, as one."""
    known = [cost for cost in costs if cost.hours is not None]
    processors = " and ".join(sorted({cost.processor for cost in known}))
    runs, hours = (sum(getattr(cost, key) for cost in known) for key in ("runs", "hours"))
    return Cost("", runs, hours, processors)


def _row(what: str, cost: Cost, unit: str) -> list[str]:
    if cost.hours is None:
        return [what, "", "not recorded", ""]
    time = cost.hours * (60 if unit == "minutes" else 1)
    return [what, str(cost.runs), f"{time:.1f} {unit}", cost.processor]
