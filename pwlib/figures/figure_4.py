"""Figure 4 and the other maps of random networks: maps in, a figure out."""

from collections.abc import Sequence
from dataclasses import astuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import QuadMesh
from matplotlib.colors import BoundaryNorm, ListedColormap, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from pwlib.boundaries import Maps, rank_correlation
from pwlib.figures import style

Array = NDArray[np.float64]

CLASSES = ("#E69F00", "#56B4E9", "#999933", "#CC79A7", "#666666")  # one for each class of Figure 4
LEVELS = 32  # shades of a map: too many for the eye, few enough for small pages
PLACE: style.Look = {"origin": "lower", "extent": (-1, 1, -1, 1)}
SQUARE = PLACE | {"interpolation": "none"}


def figure_4(seen: Maps) -> Figure:
    """A network's output, the objective (10), its logarithm, and the hard objective (9)."""
    figure, axes = style.subplots(2, 2, height=4.3, sharex=True, sharey=True)
    output, adversary, logarithm, hard = axes.flat
    panels = [
        (output, _draw_output(output, seen), "output, class"),
        (adversary, _draw_map(adversary, seen.adversarial), "objective (10), nats"),
        (logarithm, _draw_map(logarithm, _log(seen)), "logarithm of (10), base 10"),
        (hard, _draw_map(hard, seen.hard), "hard objective (9), nats"),
    ]
    for axis, image, title in panels:
        axis.set_title(title)
        bar = axis.inset_axes((1.04, 0, 0.05, 1))  # as high as its panel
        figure.colorbar(image, cax=bar)
        for solids in bar.findobj(QuadMesh):
            solids.set_rasterized(True)
    output.child_axes[0].set_yticks(range(1, len(CLASSES) + 1))
    output.child_axes[0].minorticks_off()
    _draw_boundary(adversary, seen, "black")  # the boundary is bright in (10) itself
    _draw_boundary(logarithm, seen, "black")
    _draw_boundary(hard, seen, "white")
    output.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1], ylabel="$x_2$")
    logarithm.set(xlabel="$x_1$", ylabel="$x_2$")
    hard.set_xlabel("$x_1$")
    low, middle, high = np.percentile(seen.adversarial, [2, 50, 98])
    message = (
        f"Objective (10) has a median of {middle:.2g} nats and a 98th percentile of {high:.2g};"
    )
    low, high = np.percentile(seen.hard, [2, 98])
    return style.say(figure, f"{message} objective (9) runs from {low:.3f} to {high:.3f}.")


def figure_4_rows(networks: Sequence[Maps], titles: Sequence[str]) -> Figure:
    """A row for each network: output, objective (10) on a log scale, hard objective (9)."""
    count = len(networks)
    shape: style.Look = {"height": style.WIDTH / 3 * count + 0.2, "squeeze": False}
    figure, axes = style.subplots(count, 3, sharex=True, sharey=True, **shape)
    for row, seen, title in zip(axes, networks, titles, strict=True):
        seen = _thinned(seen, most=136)
        _draw_output(row[0], seen)
        _draw_map(row[1], _log(seen))
        _draw_map(row[2], seen.hard)
        _draw_boundary(row[2], seen, "white")
        row[0].set_ylabel(title)
    for axis, label in zip(axes[0], ("output", "logarithm of (10)", "hard (9)"), strict=True):
        axis.set(title=label, xticks=[], yticks=[])
    said = [
        f"{title} {rank_correlation(seen.adversarial, seen.hard):.2f}"
        f" and {rank_correlation(networks[0].hard, seen.hard):.2f}"
        for title, seen in zip(titles, networks, strict=True)
    ]
    return style.say(
        figure, f"Rank correlations of (9) with (10) and with the first (9): {', '.join(said)}."
    )


def _draw_output(axis: Axes, seen: Maps) -> ScalarMappable:
    """The class of each point in its colour, the paler the less confident (white at 1/classes).

    Returns what a colour bar of the classes needs.
    """
    colours = to_rgba_array(CLASSES)[seen.classes, :3]
    strength = np.clip((seen.confidence - 0.2) / 0.8, 0, 1)[..., None]
    strength = np.round(strength * LEVELS) / LEVELS
    axis.imshow(1 - strength * (1 - colours), **SQUARE)
    edges = np.arange(len(CLASSES) + 1) + 0.5
    return ScalarMappable(BoundaryNorm(edges, len(CLASSES)), ListedColormap(CLASSES))


def _draw_map(axis: Axes, values: Array) -> AxesImage:
    """A map over the square; its colours run from the 2nd to the 98th percentile."""
    low, high = np.percentile(values[np.isfinite(values)], [2, 98])
    colours = colormaps["cividis"].resampled(LEVELS)
    return axis.imshow(values, vmin=low, vmax=high, cmap=colours, **SQUARE)


def _draw_boundary(axis: Axes, seen: Maps, colour: str) -> None:
    """The decision boundary as thin lines."""
    for label in np.unique(seen.classes)[:-1]:
        lines = axis.contour(seen.classes == label, [0.5], colors=colour, linewidths=0.6, **PLACE)
        lines.set_rasterized(True)


def _log(seen: Maps) -> Array:
    return np.log10(np.maximum(seen.adversarial, np.finfo(float).tiny))


def _thinned(seen: Maps, most: int) -> Maps:
    """Maps of at most that many cells a side, evenly chosen: no more than a panel can show."""
    size = seen.classes.shape[0]
    kept = np.round(np.linspace(0, size - 1, min(size, most))).astype(int)
    return Maps(*(values[np.ix_(kept, kept)] for values in astuple(seen)))
