"""The figure of a sweep: numbers against a swept parameter, with intervals over the seeds."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pwlib.figures import style

COLUMNS = 2

Means = Mapping[tuple, Sequence[float]]  # a point of the grid → mean, low and high end, …


def against(numbers: Mapping[str, Means], swept: Sequence[str]) -> Figure:
    """A panel for each number: its means against the first swept parameter that is a number.

    ``swept`` names the coordinates of the points. The others tell the lines apart. Without a
    number among them, the points of the grid stand side by side.
    """
    rows = max(1, -(-len(numbers) // COLUMNS))
    figure, panels = style.subplots(rows, COLUMNS, height=2.6 * rows, squeeze=False)
    for panel, (number, means) in zip(panels.flat, numbers.items(), strict=False):
        axis = next((i for i in range(len(swept)) if all(_is_number(p[i]) for p in means)), None)
        _draw(panel, means, axis)
        panel.set_title(number, fontsize="small")
        panel.set_xlabel("" if axis is None else swept[axis])
    for panel in panels.flat[len(numbers) :]:
        panel.set_axis_off()
    return figure


def _draw(panel: Axes, means: Means, axis: int | None) -> None:
    """The means, as lines along a coordinate or else side by side."""
    lines: dict[str, dict[float | str, Sequence[float]]] = {}
    for point, mean in means.items():
        rest = ", ".join(str(value) for i, value in enumerate(point) if i != axis)
        name, where = ("", rest) if axis is None else (rest, point[axis])
        lines.setdefault(name, {})[where] = mean
    for name, line in lines.items():
        middle, low, high = np.array([mean[:3] for mean in line.values()], float).T
        ends = np.nan_to_num([middle - low, high - middle], posinf=0)  # one seed has no interval
        joined = "o" if axis is None else "o-"
        panel.errorbar([*line], middle, ends, fmt=joined, capsize=3, label=name)
    if any(lines):
        panel.legend(fontsize="small")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
