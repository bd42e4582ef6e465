"""What a sweep found: its numbers over the seeds, for each point of the rest of the grid.

``summary.ipynb`` shows this of a sweep's table; `pwlib.reruns.sweeps` executes it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from pwlib.checks import a, accepts, columns_of
from pwlib.figures import style
from pwlib.intervals import interval
from pwlib.parameters import is_real
from pwlib.reruns import results


class Mean(NamedTuple):
    """A number at one point of the grid: its mean over n seeds, and a 95% interval (±∞ for one)."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Summary:
    """A sweep over the parameters ``swept``, without the seeds.

    ``states`` counts its runs; ``points`` are those of the grid; ``means`` has an entry for each
    number, with its mean at each point where a run has it.
    """

    swept: list[str]
    states: Counter[str]
    points: list[tuple]
    means: dict[str, dict[tuple, Mean]]


def read(table: str | Path, swept: Sequence[str], parameters: Sequence[str]) -> Summary:
    """A sweep from its table, in which all columns but those of parameters may hold numbers."""
    rows = results.parse(Path(table).read_text(encoding="utf-8"))
    swept = [name for name in swept if not name.startswith("seed")]
    found: dict[str, dict[tuple, list[float]]] = {}
    at = [tuple(_key(row[name]) for name in swept) or ("all runs",) for row in rows]
    for point, row in zip(at, rows, strict=True):
        for name in row.keys() - {"run", "state", *parameters}:
            if row["state"] == "done" and is_real(row[name]):
                found.setdefault(name, {}).setdefault(point, []).append(row[name])
    columns = [name for name in (rows[0] if rows else ()) if name in found]
    means = {name: {p: _mean(values) for p, values in found[name].items()} for name in columns}
    return Summary(swept, Counter(row["state"] for row in rows), list(dict.fromkeys(at)), means)


def table(found: Summary) -> tuple[list[list[str]], list[str]]:
    """Rows and columns of a table: each number at each point, as "mean [low, high] (n)"."""
    points = [zip(found.swept, point, strict=False) for point in found.points]
    names = [", ".join(literal(f"{name} {value}") for name, value in point) for point in points]
    rows = [
        [literal(number), *(_shown(means.get(point)) for point in found.points)]
        for number, means in found.means.items()
    ]
    return rows, ["number", *(name or "all runs" for name in names)]


def literal(text: str) -> str:
    """A text in Markdown that is shown as it is, as code: no sign of it is one of Markdown's."""
    shown = "".join(c if c.isalnum() or c in " .," else f"&#{ord(c)};" for c in text)
    return f"<code>{shown}</code>"


def figure(found: Summary) -> Figure:
    """A panel for each number: its means against the first swept parameter.

    The other parameters tell the lines apart.
    """
    numeric = all(is_real(point[0]) for point in found.points)
    rows = max(1, -(-len(found.means) // 2))
    figure, panels = style.subplots(rows, 2, height=2.6 * rows, squeeze=False)
    for panel, (number, means) in zip(panels.flat, found.means.items(), strict=False):
        lines: dict[str, dict[float | str, Mean]] = {}
        for (first, *rest), mean in means.items():
            lines.setdefault(", ".join(map(_untypeset, rest)), {})[first] = mean
        for name, line in lines.items():
            x = list(line if numeric else map(_untypeset, line))
            middle, low, high = np.array([mean[:3] for mean in line.values()]).T
            ends = np.nan_to_num([middle - low, high - middle], posinf=0)  # of one seed: none
            panel.errorbar(x, middle, ends, fmt="o-", capsize=3, label=name)
        if any(lines):
            panel.legend(fontsize="small")
        panel.set_title(_untypeset(number), fontsize="small")
        panel.set_xlabel(found.swept[0] if found.swept else "")
    for panel in panels.flat[len(found.means) :]:
        panel.set_axis_off()
    return figure


def _untypeset(value: object) -> str:
    """A label as it is: between dollars matplotlib sets, or refuses, mathematics."""
    return str(value).replace("$", r"\$")


def _mean(values: Sequence[float]) -> Mean:
    """Of a number that isn't finite in every run there is no interval."""
    ends = interval(values) if np.isfinite(values).all() else (np.nan, np.nan)
    return Mean(sum(values) / len(values), *ends, len(values))


def _shown(found: Mean | None) -> str:
    if found is None:
        return ""
    ends = f" [{found.low:.4g}, {found.high:.4g}]" if found.n > 1 else ""
    return f"{found.mean:.4g}{ends} ({found.n})"


def _key(value: object) -> object:
    """A value that can be a key; the one member of a list stands for it."""
    if isinstance(value, list) and len(value) == 1:
        return _key(value[0])
    return str(value) if isinstance(value, list | dict) else value


accepts(
    __name__,
    {"table": a(str, Path, where=lambda path: Path(path).is_file(), what="the file of a table")}
    | {"swept parameters": columns_of("table", "run", "state")},
    Summary={"states": a(Counter)},
)
