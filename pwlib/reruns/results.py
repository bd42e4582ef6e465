"""Tables of many trained networks, as chapters read them; `pwlib.reruns.tables` makes them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pwlib.places import RESULTS

Row = dict[str, str | float]

TITLES = {"MNIST": "MNIST", "FashionMNIST": "Fashion-MNIST"}  # of data sets, for readers


def load(table: str, folder: Path = RESULTS) -> list[Row]:
    """The rows of a table, "controls.csv", say; its numbers as floats."""
    lines = [line for line in (folder / table).read_text().splitlines() if not line.startswith("#")]
    return [{key: _value(text) for key, text in row.items()} for row in csv.DictReader(lines)]


def values(rows: Sequence[Row], measure: str, **where: str | float) -> NDArray[np.float64]:
    """A measure in the rows that have these parameters, in the order of their seeds; one a seed.

    Raises ValueError where there is no such row, or more than one with a seed.
    """
    found = [row for row in rows if all(row[key] == value for key, value in where.items())]
    seeds = [row["seed"] for row in found]
    if not found or len(set(seeds)) < len(seeds):
        raise ValueError(f"where: got {where}, which {len(found)} rows have, seeds {seeds}")
    return np.array([row[measure] for row in sorted(found, key=lambda row: row["seed"])])


def _value(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
