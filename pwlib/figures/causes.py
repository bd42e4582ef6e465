"""What makes networks robust, as chapters 6c and 6d draw it: data in, a matplotlib Figure out."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pwlib.figures import style
from pwlib.figures.style import COLOURS, Look
from pwlib.intervals import interval

Numbers = Sequence[float] | NDArray[np.float64]

_ARMS = {"hard": ("robust", "o", "hard points"), "plain": ("reference", "s", "plain")}
_RIVALS = (("control", "o", -0.15), ("ink", "s", 0.15))  # colour, marker, shift in a row
_GRID: Look = {"color": "#88888833", "lw": 0.6}


def figure_arms(found: Mapping[str, Mapping[str, Numbers]], axis: str) -> Figure:
    """A panel for each data set: a row for each way of training, a dot for each seed, their mean.

    The first way of training is the reference, whose mean is a line through the panel.
    """
    arms = next(iter(found.values()))
    fig, panels = _rows(found, axis, height=0.55 + 0.24 * len(arms))
    colours = ["robust" if arm.startswith("hard") else "control" for arm in arms]
    colours[0] = "reference"
    for axes, by_arm in zip(panels, found.values(), strict=True):
        means = [float(np.mean(values)) for values in by_arm.values()]
        for i, (values, colour) in enumerate(zip(by_arm.values(), colours, strict=True)):
            look: Look = {"color": COLOURS[colour], "ls": ""}
            axes.plot(values, np.full(len(values), i), marker="o", ms=4, alpha=0.5, mew=0, **look)
            axes.plot(means[i], i, marker="|", ms=13, mew=2, **look)
        axes.axvline(means[0], color=style.MUTED, lw=0.8, ls="--", zorder=0)
    return fig


def figure_leads(found: Mapping[str, Mapping[str, Mapping[str, Numbers]]], axis: str) -> Figure:
    """A panel for each data set: in it a row for each setting, and for each lead its mean.

    ``found`` maps data set, setting and rival, of which there are two, to differences, one a seed.
    The bars are 95% intervals.
    """
    fig, panels = _rows(found, axis, height=0.9 + 0.27 * len(next(iter(found.values()))))
    for axes, by_setting in zip(panels, found.values(), strict=True):
        rivals = next(iter(by_setting.values()))
        for rival, (colour, marker, shift) in zip(rivals, _RIVALS, strict=True):
            leads = [differences[rival] for differences in by_setting.values()]
            means = np.array([np.mean(lead) for lead in leads])
            bars = np.abs(np.transpose([interval(lead) for lead in leads]) - means)
            look: Look = {"color": COLOURS[colour], "elinewidth": 1.2, "ms": 4}
            at = np.arange(len(leads)) + shift
            axes.errorbar(means, at, xerr=bars, fmt=marker, label=rival, **look)
        axes.axvline(0, color=style.MUTED, lw=0.8, ls="--", zorder=0)
    fig.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return fig


def figure_samples(
    sizes: Sequence[float], found: Mapping[str, Mapping[str, Mapping[str, Numbers]]]
) -> Figure:
    """A column for each data set and a row for each measure: accuracy against training samples.

    ``found`` maps data set, measure and arm ("plain", "hard") to values (sizes, seeds).
    """
    rows = len(next(iter(found.values())))
    shape: Look = {"height": 2.1 * rows + 0.4, "sharex": True, "squeeze": False}
    fig, grid = style.subplots(rows, len(found), **shape)
    for column, (name, by_measure) in zip(grid.T, found.items(), strict=True):
        column[0].set_title(name)
        column[-1].set_xlabel("training samples")
        for axes, (measure, by_arm) in zip(column, by_measure.items(), strict=True):
            for arm, values in by_arm.items():
                meaning, marker, label = _ARMS[arm]
                colour = COLOURS[meaning]
                axes.semilogx(sizes, values, marker, color=colour, ms=3.5, alpha=0.5, mew=0)
                axes.semilogx(sizes, np.mean(values, 1), color=colour, label=label)
            axes.set_ylabel(f"{measure}, %")
            axes.grid(**_GRID)
    grid[0, 0].legend()
    return fig


def _rows(found: Mapping[str, Mapping], axis: str, height: float) -> tuple[Figure, NDArray]:
    """A panel for each data set with its named rows, from the top."""
    fig, grid = style.subplots(1, len(found), height=height, sharey=True, squeeze=False)
    for axes, (title, rows) in zip(grid[0], found.items(), strict=True):
        axes.set(title=title)
        axes.set_yticks(range(len(rows)), rows)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", **_GRID)
    grid[0, 0].invert_yaxis()
    fig.supxlabel(axis, size=10)
    return fig, grid[0]
