"""What a benchmark found, as data: printed by ``make bench`` and shown on a page of the book."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib import metadata

from paired import Ratio

from pwlib.reruns.provenance import processor

COLUMNS = ("what", "against", "times as fast", "interval", "rounds", "goal", "reached")


@dataclass(frozen=True)
class Comparison:
    """How many times as fast as a rival we are, and the goal, where one was set beforehand."""

    what: str
    against: str
    ratio: Ratio
    goal: float | None = None

    def row(self) -> list[str]:
        """The comparison as the cells under COLUMNS."""
        r = self.ratio
        interval = f"{r.low:.3g} to {r.high:.3g}" if r.rounds > 1 else ""
        cells = [self.what, self.against, f"{r.median:.3g}", interval, str(r.rounds)]
        if self.goal is None:
            return [*cells, "", ""]
        doubtful = r.low < self.goal <= r.high
        reached = "yes" if r.median >= self.goal else "no"
        return [*cells, f"{self.goal:g}", f"{reached}, in doubt" if doubtful else reached]


@dataclass(frozen=True)
class Table:
    """A table beside the ratios: a caption, its columns and rows of text."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Part:
    """What one part of the benchmark found: comparisons, tables, notes in Markdown.

    ``packages`` are those whose versions belong to the result.
    """

    title: str
    comparisons: Sequence[Comparison] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()
    packages: Sequence[str] = ()


def as_record(part: Part, seconds: float) -> dict:
    """A part as plain data for JSON, with where and when it was measured."""
    ratios = Table("", COLUMNS, [comparison.row() for comparison in part.comparisons])
    return {
        "title": part.title,
        "tables": [asdict(table) for table in (ratios, *part.tables) if table.rows],
        "notes": list(part.notes),
        "versions": {name: metadata.version(name) for name in part.packages},
        "processor": processor(),
        "python": platform.python_version(),
        "date": date.today().isoformat(),
        "seconds": round(seconds),
    }
