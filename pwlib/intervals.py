"""What a few values, one a seed, allow to say: their spread, an interval, a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def by_seed(rows: Sequence[Mapping], measure: str, **where: str | float) -> NDArray[np.float64]:
    """A measure in the rows of a table that hold what is asked for, in the order of their seeds.

    Raises ValueError where there is no such row, or more than one with a seed.
    """
    found = [row for row in rows if all(row[key] == value for key, value in where.items())]
    seeds = [row["seed"] for row in found]
    if not found or len(set(seeds)) < len(seeds):
        raise ValueError(f"where: got {where}, which {len(found)} rows have, seeds {seeds}")
    return np.array([row[measure] for row in sorted(found, key=lambda row: row["seed"])])


def interval(values: ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """Student's t interval for the mean of independent values; one value has no spread: ±∞."""
    from scipy.stats import t as student  # takes most of a second, and few callers need it

    values = np.asarray(values, float)
    n = len(values)
    if n < 2:
        return -np.inf, np.inf
    half = student.ppf((1 + level) / 2, n - 1) * values.std(ddof=1) / np.sqrt(n)
    return float(values.mean() - half), float(values.mean() + half)


def above(a: ArrayLike, b: ArrayLike, margin: float) -> bool:
    """Whether a exceeds b by more than a margin, paired by seed.

    The mean of a − b must exceed the margin, and its 95% interval must exclude 0. With one seed
    there is no interval, and the margin alone decides.
    """
    difference = np.subtract(a, b)
    certain = len(difference) < 2 or interval(difference)[0] > 0
    return bool(difference.mean() > margin and certain)


def with_interval(values: ArrayLike) -> str:
    """The mean of independent values with its 95% interval, "4.8 (-3.1 to 12.7)"."""
    low, high = interval(values)
    return f"{np.mean(values):.1f} ({low:.1f} to {high:.1f})"


def spread(values: ArrayLike) -> str:
    """Shares as "mean (lowest–highest)" in percent."""
    percent = 100 * np.asarray(values, float)
    return f"{percent.mean():.2f} ({percent.min():.2f}–{percent.max():.2f})"


def gain(a: ArrayLike, b: ArrayLike) -> float:
    """The mean of a − b, shares paired by seed, in percentage points."""
    return float(100 * np.subtract(a, b).mean())


def gain_with_interval(a: ArrayLike, b: ArrayLike) -> str:
    """The mean of a − b in percentage points with its 95% interval, "+1.00 [+0.20, +1.80]"."""
    low, high = interval(100 * np.subtract(a, b))
    return f"{gain(a, b):+.2f} [{low:+.2f}, {high:+.2f}]"
