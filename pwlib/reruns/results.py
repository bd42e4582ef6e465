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

from pwlib.places import RESULTS

Row = dict[str, Any]  # of plain data

TITLES = {"MNIST": "MNIST", "FashionMNIST": "Fashion-MNIST"}  # of data sets, for readers


def read(name: str, folder: Path = RESULTS) -> list[Row]:
    """The rows of a table, read("networks"), say; numbers and lists of numbers as such."""
    return parse((folder / f"{name}.csv").read_text(encoding="utf-8"))


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
