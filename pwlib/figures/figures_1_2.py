"""Figures 1 and 2, and what else Section III-A draws: data in, a figure out."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from pwlib import polynomials, signs
from pwlib.figures import style
from pwlib.figures.style import COLOURS, INK, MUTED, Look

Vector = NDArray[np.float64]
Counts = Mapping[float, Sequence[int]]  # sign changes of each try, by what was varied
Lines = Mapping[str, Mapping[float, float]]
Weights = Mapping[str, Mapping[int, Vector]]  # of a classifier for each grid and size

AGREE, EDGE = "#F0E442", "#767676"  # Okabe and Ito's yellow, with an edge that can be told


def figure_1(x: Vector, degrees: Sequence[int]) -> Figure:
    """Figure 1: f_n and g_n at x, a column for each degree; below, their difference g_n - f_n.

    Dots mark the sign changes of g_n, filled where f_n has one too; shaded is where signs agree.
    """
    width, shared = max(7.0, 1.7 * len(degrees)), {"sharex": True, "sharey": "row"}
    fig, rows = style.subplots(2, len(degrees), width, 4.0, squeeze=False, **shared)
    for n, top, bottom in zip(degrees, *rows, strict=True):
        f, g = polynomials.bernstein_classifier(n, x), polynomials.chebyshev_classifier(n, x)
        weights = polynomials.chebyshev_classifier_weights(n)
        for start, end in signs.regions(weights, right=True):  # f_n has the sign of x - 1/2
            top.axvspan(start, end, fc=to_rgba(AGREE, 0.5), ec=EDGE, lw=0.5)
        top.plot(x, f, color=COLOURS["bernstein"], label="$f_n$, Bernstein")
        top.plot(x, g, color=COLOURS["chebyshev"], label="$g_n$, Chebyshev")
        _mark_changes(top, weights)
        top.set_title(f"$n = {n}$\nagree on {polynomials.agreement(n):.3f}")
        bottom.plot(x, g - f, color=INK, label="$g_n - f_n$")
        bottom.axhline(0, color=MUTED, lw=0.8)
        bottom.set(xlabel="$x$", xlim=(-0.02, 1.02), xticks=(0, 0.5, 1), ylim=(-1.25, 1.25))
    rows[0, 0].set_ylabel("classifier")
    rows[1, 0].set_ylabel("$g_n - f_n$")
    style.legend_below(fig, rows[0, 0], 4)
    return fig


def figure_2(x: Vector, weights: Weights) -> Figure:
    """Figure 2: max-margin classifiers at x; a row for each grid, a column for each size m.

    `weights` maps the name of a grid and a size to weights in the shifted Chebyshev basis. Each
    panel says how many spurious sign changes there are and how much of [0, 1] is misclassified.
    """
    first = [*next(iter(weights.values())).values()]
    degree, columns = len(first[0]) - 1, len(first)
    width, shared = max(7.0, 1.35 * columns), {"sharex": True, "sharey": True}
    fig, rows = style.subplots(len(weights), columns, width, 5.4, squeeze=False, **shared)
    fig.suptitle(f"Maximum-margin classifiers of degree $n = {degree}$", fontsize=10)
    highest = 10.0
    for (grid, by_size), axes in zip(weights.items(), rows, strict=True):
        axes[0].set_ylabel(grid)
        for panel, (m, w) in zip(axes, by_size.items(), strict=True):
            values = chebyshev.chebval(2 * x - 1, w)
            panel.axhline(0, color=MUTED, lw=0.8)
            panel.plot(x, values, color=_colour(grid), lw=1.2)
            highest = max(highest, np.abs(values).max())
            _mark_changes(panel, w)
            spurious = len(signs.spurious_sign_changes(w))
            panel.set_title(f"$m = {m}$\n{spurious} spurious\n{_percent(w)}% wrong", fontsize=9)
    for panel in rows[-1]:
        panel.set_xlabel("$x$")
    ticks, labels = zip(*_signed_powers(highest, (1,)), strict=True)
    rows[0, 0].set_yscale("asinh", linear_width=1)
    rows[0, 0].set_yticks(ticks, labels, minor=False)
    rows[0, 0].set(xlim=(-0.04, 1.04), xticks=(0, 0.5, 1), ylim=(-2 * highest, 2 * highest))
    style.legend_below(fig, rows[0, 0], 2)
    return fig


def _percent(weights: Vector) -> str:
    """How much of [0, 1] is misclassified, in %, without what rounding adds."""
    return f"{round(100 * signs.misclassified_measure(weights), 6):.2g}"


def _signed_powers(highest: float, digits: Sequence[int]) -> list[tuple[int, str]]:
    """Ticks from -highest to highest, with labels: 0 and these digits times powers of ten."""
    found = [digit * 10**power for power in range(6) for digit in digits]
    ticks = {0} | {sign * value for value in found if value <= highest for sign in (-1, 1)}
    return [(tick, f"{tick}".replace("-", "−")) for tick in sorted(ticks)]


def _colour(grid: str) -> str:
    """The colour of a grid by its label, "$E_m$, …" or "$C_m$, …"."""
    return COLOURS["equispaced" if grid.startswith("$E") else "chebyshev"]


def _changes(weights: Vector) -> tuple[Vector, Vector]:
    """The sign change nearest to 1/2, and the others, the spurious ones."""
    spurious = signs.spurious_sign_changes(weights)
    return np.setdiff1d(signs.sign_changes(weights), spurious), spurious


def _mark_changes(axes: Axes, weights: Vector) -> None:
    """Dots at the sign changes: filled the one nearest to 1/2, hollow the spurious ones."""
    look: Look = {"ls": "", "marker": "o", "ms": 4, "color": INK, "clip_on": False}
    look["in_layout"] = False  # an empty line that isn't clipped has no extent to lay out
    own, spurious = _changes(weights)
    axes.plot(own, 0 * own, label="sign change near 1/2", mfc=INK, **look)
    axes.plot(spurious, 0 * spurious, label="spurious sign change", mfc="white", **look)


def figure_training_set(
    x: Vector, sample: Vector, labels: Vector, classifiers: Mapping[str, tuple[Vector, Vector]]
) -> Figure:
    """One training set and its classifiers, a panel each: values at x, and the sign changes."""
    fig, panels = style.subplots(1, len(classifiers), height=2.9, sharey=True)
    colours = np.where(labels > 0, COLOURS["positive"], COLOURS["negative"])
    for axes, (name, (values, changes)) in zip(panels, classifiers.items(), strict=True):
        axes.axhline(0, color=MUTED, lw=0.8)
        axes.plot(x, values, color=COLOURS[name.lower()], lw=1.2)
        axes.scatter(sample, labels, c=colours, edgecolors=INK, lw=0.6, zorder=3)
        axes.plot(changes, 0 * changes, "o", color=INK, mfc="white", ms=4)
        count, plural = len(changes) or "no", "" if len(changes) == 1 else "s"
        axes.set_title(f"{name}: {count} sign change{plural}")
        axes.set(xlabel="$x$", xlim=(-0.02, 1.02), xticks=(0, 0.5, 1))
    highest = max(np.abs(values).max() for values, _ in classifiers.values())
    panels[0].set_yscale("asinh", linear_width=1)
    panels[0].set_yticks(*zip(*_signed_powers(highest, (1,)), strict=True), minor=False)
    panels[0].set_ylabel("classifier")
    return fig


def figure_between(seen: Mapping[str, Counts], proved: Mapping[str, Lines]) -> Figure:
    """How often classifiers between the two theorems change sign: a panel for each abscissa.

    `seen` maps the label of an abscissa to the counts at its values, one for each try, and `proved`
    to what the theorems say: lines by name, a star where it is one point.
    """
    fig, panels = style.subplots(2, 2, height=5.2, sharey=True)
    for axes, (label, counts) in zip(panels.flat, seen.items(), strict=True):
        x, y = np.transpose([(at, count) for at, tries in counts.items() for count in tries])
        look: Look = {"color": COLOURS["chebyshev"], "alpha": 1 if len(x) == len(counts) else 0.35}
        axes.plot(x, y, "o", mec="none", ms=4, label="seen", **look)
        for (name, line), dashes in zip(proved[label].items(), ("--", ":"), strict=False):
            look = {"ls": dashes, "marker": "*" if len(line) == 1 else "", "ms": 9, "color": INK}
            axes.plot(*zip(*line.items(), strict=True), label=f"proved: {name}", **look)
        axes.set(xlabel=label)
        axes.legend(fontsize=8, loc="upper right")
    highest = max(max(tries) for counts in seen.values() for tries in counts.values())
    panels[0, 0].set_ylim(0, 1.4 * highest)  # the legends are above all dots
    for axes in panels[:, 0]:
        axes.set_ylabel("sign changes")
    return fig
