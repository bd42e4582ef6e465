"""Tables of results: plain CSV, and beside each a JSON that says where it came from.

``python -m pwlib table NAME`` makes those of ``chapters/results``.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from pwlib import places
from pwlib.places import RESULTS

Row = dict[str, Any]  # of plain data

TITLES = {"MNIST": "MNIST", "FashionMNIST": "Fashion-MNIST"}  # of data sets, for readers

# What an origin holds; None stands for what was not recorded.
ORIGIN = ("command", "made", "commit", "versions", "processor", "runs", "core_hours")


def read(name: str, folder: Path = RESULTS) -> list[Row]:
    """The rows of a table, read("networks"), say; numbers and lists of numbers as such."""
    return parse((folder / f"{name}.csv").read_text(encoding="utf-8"))


def origin(name: str, folder: Path = RESULTS) -> dict[str, Any]:
    """Where a table came from: all of ORIGIN, and perhaps its "settings" or a "note"."""
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def write(name: str, rows: Sequence[Mapping], about: Mapping, folder: Path = RESULTS) -> Path:
    """Write a table and its origin; returns the path of the table."""
    if missing := [key for key in ORIGIN if key not in about]:
        raise ValueError(f"origin: got none of {', '.join(missing)}, accepts all of ORIGIN")
    places.write(folder / f"{name}.json", json.dumps(about, indent=1, ensure_ascii=False) + "\n")
    places.write(folder / f"{name}.csv", text(rows))
    return folder / f"{name}.csv"


def parse(text: str) -> list[Row]:
    """The rows that a text in CSV holds."""
    lines = csv.DictReader(io.StringIO(text, newline=""))
    return [{key: _value(cell) for key, cell in line.items()} for line in lines]


def text(rows: Sequence[Mapping]) -> str:
    """Rows as CSV; a row may lack columns that others have. Text stays, all else becomes JSON."""
    columns = list(dict.fromkeys(chain.from_iterable(rows)))
    written = io.StringIO()
    writer = csv.DictWriter(written, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        cells = {k: v if isinstance(v, str) else json.dumps(v) for k, v in row.items()}
        writer.writerow(cells)
    return written.getvalue()


def _value(text: str | None) -> object:
    try:
        return json.loads(text or '""')
    except json.JSONDecodeError:
        return text
