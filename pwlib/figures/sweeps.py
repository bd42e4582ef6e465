"""The figure of a sweep: numbers against a swept parameter, with intervals over the seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pwlib.figures import style
from pwlib.reruns.summary import Mean, Sweep, is_number, over_seeds

COLUMNS = 2


def against(sweep: Sweep, numbers: Sequence[str]) -> Figure:
    """A panel for each number: its means against the first swept parameter that is a number.

    The other swept parameters tell the lines apart. Without a number among them, the points of the
    grid stand side by side.
    """
    rows = max(1, -(-len(numbers) // COLUMNS))
    figure = style.figure(7.0, 2.6 * rows)
    panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for panel, number in zip(panels, numbers, strict=False):
        _draw(panel, sweep, number)
    for panel in panels[len(numbers) :]:
        panel.set_axis_off()
    return figure


def _draw(panel: Axes, sweep: Sweep, number: str) -> None:
    found = over_seeds(sweep, number)
    axis = next((i for i, _ in enumerate(sweep.swept) if all(is_number(p[i]) for p in found)), None)
    lines: dict[str, dict[float | str, Mean]] = {}
    for point, mean in found.items():
        rest = ", ".join(str(value) for i, value in enumerate(point) if i != axis)
        where = rest if axis is None else point[axis]
        lines.setdefault("" if axis is None else rest, {})[where] = mean
    for name, line in lines.items():
        at, means = list(line), list(line.values())
        middle = np.array([m.mean for m in means])
        ends = np.array([[m.mean - m.low, m.high - m.mean] for m in means]).T
        ends[~np.isfinite(ends)] = 0  # one seed has no interval
        joined = "" if axis is None else "-"
        panel.errorbar(at, middle, ends, marker="o", linestyle=joined, capsize=3, label=name)
    if any(lines):
        panel.legend(fontsize="small")
    panel.set_title(number, fontsize="small")
    panel.set_xlabel("" if axis is None else sweep.swept[axis])
