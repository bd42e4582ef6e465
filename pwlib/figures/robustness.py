"""Figures of the chapters on controls and on numbers of samples: data in, a matplotlib Figure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pwlib.figures import style
from pwlib.intervals import interval

Numbers = Sequence[float] | NDArray[np.float64]

_LOOKS = {"hard": ("robust", "o", "hard points"), "plain": ("reference", "s", "plain")}


def figure_arms(found: Mapping[str, Mapping[str, Numbers]], axis: str) -> Figure:
    """A panel for each data set: a row for each way of training, a dot for each seed, their mean.

    The first way of training is the reference, whose mean is a line through the panel.
    """
    fig = style.figure(height=0.55 + 0.24 * len(next(iter(found.values()))))
    for axes, (name, by_arm) in zip(_panels(fig, len(found)), found.items(), strict=True):
        for i, (arm, values) in enumerate(by_arm.items()):
            colour = style.COLOURS[_colour(i, arm)]
            axes.plot(values, np.full(len(values), i), "o", color=colour, ms=4, alpha=0.5, mew=0)
            axes.plot(np.mean(values), i, "|", color=colour, ms=13, mew=2)
        first = float(np.mean(next(iter(by_arm.values()))))
        _name_rows(axes, name, by_arm, first)
    axes.invert_yaxis()
    fig.supxlabel(axis, size=10)
    return fig


def figure_leads(found: Mapping[str, Mapping[str, Mapping[str, Numbers]]], axis: str) -> Figure:
    """A panel for each data set: in it a row for each setting, and for each lead its mean.

    ``found`` maps data set, setting and rival, of which there are two, to differences, one a seed.
    The bars are 95% intervals.
    """
    fig = style.figure(height=0.9 + 0.27 * len(next(iter(found.values()))))
    for axes, (name, by_setting) in zip(_panels(fig, len(found)), found.items(), strict=True):
        rivals = next(iter(by_setting.values()))
        for i, (rival, look) in enumerate(zip(rivals, ("control", "ink"), strict=True)):
            leads = [differences[rival] for differences in by_setting.values()]
            ends = np.transpose([interval(lead) for lead in leads])
            means = [float(np.mean(lead)) for lead in leads]
            at = np.arange(len(leads)) + (0.3 * i - 0.15)  # two to a row
            bars = {"xerr": np.abs(ends - np.array(means)), "elinewidth": 1.2, "ms": 4}
            axes.errorbar(means, at, fmt="os"[i], color=style.COLOURS[look], label=rival, **bars)
        _name_rows(axes, name, by_setting, 0)
    axes.invert_yaxis()
    fig.supxlabel(axis, size=10)
    fig.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return fig


def figure_samples(
    sizes: Sequence[float], found: Mapping[str, Mapping[str, Mapping[str, Numbers]]]
) -> Figure:
    """A column for each data set and a row for each measure: accuracy against training samples.

    ``found`` maps data set, measure and arm ("plain", "hard") to values (sizes, seeds).
    """
    measures = list(next(iter(found.values())))
    fig = style.figure(height=2.1 * len(measures) + 0.4)
    grid = fig.subplots(len(measures), len(found), sharex=True, squeeze=False)
    for column, (name, by_measure) in zip(grid.T, found.items(), strict=True):
        column[0].set_title(name)
        column[-1].set_xlabel("training samples")
        for axes, (measure, by_arm) in zip(column, by_measure.items(), strict=True):
            for arm, values in by_arm.items():
                colour, marker, label = _LOOKS[arm]
                colour = style.COLOURS[colour]
                axes.semilogx(sizes, values, marker, color=colour, ms=3.5, alpha=0.5, mew=0)
                axes.semilogx(sizes, np.mean(values, 1), color=colour, label=label)
            axes.set_ylabel(f"{measure}, %")
            axes.grid(color="#88888833", lw=0.6)
    grid[0, 0].legend()
    return fig


def _name_rows(axes: Axes, title: str, names: Collection[str], line: float) -> None:
    """A name for each row of a panel, from the top, and a line to compare them with."""
    axes.axvline(line, color=style.COLOURS["muted"], lw=0.8, ls="--", zorder=0)
    axes.set(title=title)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#88888833", lw=0.6)


def _panels(fig: Figure, columns: int) -> np.ndarray:
    return fig.subplots(1, columns, sharey=True, squeeze=False)[0]


def _colour(i: int, arm: str) -> str:
    """The reference's, that of hard points, or that of a control."""
    if i == 0:
        return "reference"
    return "robust" if arm.startswith("hard") else "control"
