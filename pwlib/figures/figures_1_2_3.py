"""Figures 1 to 3, and what else Section III-A draws: data in, a figure out."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import inf

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from pwlib import polynomials, signs
from pwlib.checks import (
    a,
    accepts,
    alone,
    along,
    among,
    array,
    listed,
    members,
    named,
    of,
    real,
    texts,
    whole,
)
from pwlib.figures import style
from pwlib.figures.style import COLOURS, INK, MUTED, Look
from pwlib.parameters import refusal

Vector = NDArray[np.float64]
Counts = Mapping[float, Sequence[int]]  # sign changes of each try, by what was varied
Lines = Mapping[str, Mapping[float, float]]
Weights = Mapping[str, Mapping[int, Vector]]  # of a classifier for each grid and size

EDGE = "#767676"  # of the pale yellow where signs agree, so that it can be told


def figure_1(x: Vector, degrees: Sequence[int]) -> Figure:
    """Figure 1: f_n and g_n at x, a panel for each degree, two in a row.

    Dots mark the sign changes of g_n, filled where f_n has one too; shaded is where signs agree.
    """
    rows = -(-len(degrees) // 2)
    fig, panels = style.subplots(rows, 2, 1.75 * rows + 0.5, **style.SHARED)
    for axes in panels.flat[len(degrees) :]:
        axes.remove()
    for n, axes in zip(degrees, panels.flat, strict=False):
        weights = polynomials.chebyshev_classifier_weights(n)
        for start, end in signs.regions(weights, right=True):  # f_n has the sign of x - 1/2
            axes.axvspan(start, end, fc=(COLOURS["agree"], 0.5), ec=EDGE, lw=0.5)
        axes.plot(x, polynomials.bernstein_classifier(n, x), color=COLOURS["bernstein"])
        axes.plot(x, polynomials.chebyshev_classifier(n, x), color=COLOURS["chebyshev"])
        _mark_changes(axes, weights)
        axes.set_title(f"$n = {n}$, agree on {100 * polynomials.agreement(n):.1f}%")
        axes.set(xlim=(-0.02, 1.02), xticks=(0, 0.5, 1), yticks=(-1, 0, 1))
        axes.xaxis.set_major_formatter("{x:g}")
    for axes in panels[-1]:
        axes.set_xlabel("$x$")
    panels[0, 0].text(0.18, 0.6, "$g_n$, Chebyshev", color=COLOURS["chebyshev"])
    panels[0, 0].text(0.8, -0.8, "$f_n$, Bernstein", color=COLOURS["bernstein"], ha="right")
    both, dot = panels[0, 0].lines[-2:]  # the dots
    keys = {"signs agree": panels[0, 0].patches[0], "sign change of $g_n$": dot}
    keys |= {"of $f_n$, too": both}
    fig.legend(keys.values(), keys.keys(), loc="outside lower center", ncols=3)
    counts = [len(signs.sign_changes(polynomials.chebyshev_classifier_weights(n))) for n in degrees]
    changes = f"{', '.join(map(str, counts[:-1]))}{' and ' * (len(counts) > 1)}{counts[-1]}"
    fig.suptitle(f"Chebyshev changes sign {changes} times, Bernstein once")
    said = [f"{100 * polynomials.agreement(n):.1f}% at n = {n}" for n in degrees]
    return style.say(fig, f"The signs agree on {', '.join(said)}.")


def figure_2(x: Vector, weights: Weights, points: Weights) -> Figure:
    """Figure 2: max-margin classifiers at x; a column for each grid, a row for each size m.

    `weights` maps the name of a grid and a size to weights in the shifted Chebyshev basis, `points`
    to the training points, which are ticks at the bottom. Each panel says how many spurious sign
    changes there are and how much of [0, 1] is misclassified, which is shaded.
    """
    sizes = [*next(iter(weights.values()))]
    fig, panels = style.subplots(len(sizes), len(weights), 1.2 * len(sizes) + 0.5, **style.SHARED)
    highest, said = 10.0, []
    for (grid, by_size), column in zip(weights.items(), panels.T, strict=True):
        colour = COLOURS["equispaced" if grid.startswith("$E") else "chebyshev"]
        for axes, (m, w) in zip(column, by_size.items(), strict=True):
            values = chebyshev.chebval(2 * x - 1, w)
            for start, end in signs.regions(w, right=False):
                axes.axvspan(start, end, color=MUTED, alpha=0.4, lw=0)
            axes.axhline(0, color=MUTED, lw=0.8)
            axes.plot(x, values, color=colour, lw=1.2)
            ticks: Look = {"transform": axes.get_xaxis_transform(), "clip_on": False}
            at = points[grid][m]
            axes.plot(at, np.full(len(at), 0.03), "|", color=INK, ms=7, mew=0.7, **ticks)
            highest = max(highest, np.abs(values).max())
            _mark_changes(axes, w)
            wrong = round(100 * signs.misclassified_measure(w), 6)  # without what rounding adds
            counted = f"{len(signs.spurious_sign_changes(w))} spurious, {wrong:.2g}% wrong"
            axes.set_title(counted)
            said.append(f"{grid.split(', ')[1]}, m = {m}: {counted}")
        column[0].set_title(f"{grid}\n{column[0].get_title()}")
        column[-1].set_xlabel("$x$")
    for axes, m in zip(panels[:, 0], sizes, strict=True):
        axes.set_ylabel(f"$m = {m}$")
    clean = {}
    for grid, by_size in weights.items():
        wrong_at = [m for m, w in by_size.items() if len(signs.spurious_sign_changes(w))]
        right = [m for m in sizes if m > max(wrong_at, default=0)]
        clean[grid.split(",")[0]] = f"from {right[0]}" if right else "not yet"
    found = ", ".join(f"{grid} {when}" for grid, when in clean.items())
    fig.suptitle(f"All signs right, of these sizes: {found}")
    _scale_asinh(panels[0, 0], highest)
    panels[0, 0].set(xlim=(-0.04, 1.04), xticks=(0, 0.5, 1), ylim=(-3 * highest, 2 * highest))
    return style.say(fig, f"{'; '.join(said)}.")


def _scale_asinh(axes: Axes, highest: float, *middle: int) -> None:
    """Linear near 0, logarithmic far from it: ticks at the powers of ten, and their negatives."""
    powers = [10**k for k in range(6) if 10**k <= highest]
    ticks = [*(-power for power in powers[::-1]), *middle, *powers]
    axes.set_yscale("asinh", linear_width=1)
    axes.set_yticks(ticks, [f"{tick}".replace("-", "−") for tick in ticks])


def _mark_changes(axes: Axes, weights: Vector) -> None:
    """Dots at the sign changes: filled the one nearest to 1/2, hollow the spurious ones."""
    look: Look = {"ls": "", "marker": "o", "ms": 4, "color": INK, "clip_on": False}
    look["in_layout"] = False  # an empty line that isn't clipped has no extent to lay out
    spurious = signs.spurious_sign_changes(weights)
    own = np.setdiff1d(signs.sign_changes(weights), spurious)
    axes.plot(own, 0 * own, mfc=INK, **look)
    axes.plot(spurious, 0 * spurious, mfc="white", **look)


def figure_3(degree: int, x: Vector, readings: Mapping[str, Vector]) -> Figure:
    """Figure 3: the objective of (12) at x and its maximisers; a row below for each grid.

    `readings` maps the name of each grid to its nodes. Guides go down from the maximisers. The
    title of the rows says how far nodes inside the interval lie from them at most, in units of the
    local spacing.
    """
    loss = partial(polynomials.hard_objective, degree)
    maximisers = polynomials.hard_points(degree)
    look: Look = {"ls": "", "marker": "o", "ms": 5, "color": COLOURS["chebyshev"], "clip_on": False}
    triangle = look | {"color": COLOURS["hard"], "marker": "^", "ms": 7}
    said, farthest, names = [], 0.0, ["maximisers", *readings]
    fig, (top, bottom) = style.subplots(2, height=3.4, sharex=True, height_ratios=(2, 1))
    top.plot(x, loss(x), color=INK, lw=1)
    top.plot(maximisers, loss(maximisers), **triangle)
    bottom.plot(maximisers, 0 * maximisers, **triangle)
    faces = COLOURS["chebyshev"], "white"
    for row, ((name, nodes), face) in enumerate(zip(readings.items(), faces, strict=True), 1):
        bottom.plot(nodes, np.full(len(nodes), row), mfc=face, **look)
        inside = nodes[(nodes > 0) & (nodes < 1)]
        away = np.abs(polynomials.nearest_hard_points(degree, inside)[1]).max()
        said.append(f"{away:.2f} ({name})")
        farthest = max(farthest, away)
    top.set(ylabel="expected loss (12)", ylim=(0, None))
    fig.suptitle(f"Degree {degree}: maximisers of (12) near, not at, Chebyshev nodes")
    bottom.set(xlabel="$x$", xlim=(-0.02, 1.02), ylim=(len(readings) + 0.5, -0.6))
    for axes in (top, bottom):
        axes.vlines(maximisers, *axes.get_ylim(), color=COLOURS["hard"], lw=0.6, alpha=0.5)
    bottom.set_yticks(range(len(names)), names)
    bottom.spines["left"].set_visible(False)
    bottom.tick_params(axis="y", length=0)
    bottom.set_title(f"from node to maximiser: up to {farthest:.2f} of a spacing")
    message = f"{len(maximisers)} maximisers; the farthest node inside lies "
    return style.say(fig, f"{message}{' and '.join(said)} of a spacing away from one.")


def figure_training_set(
    x: Vector,
    sample: Vector,
    labels: Vector,
    classifiers: Mapping[str, tuple[Vector, Vector]],
    height: float = 2.2,
) -> Figure:
    """One training set and its classifiers, a panel each: values at x, and the sign changes."""
    fig, panels = style.subplots(1, len(classifiers), height, sharey=True)
    colours = np.where(labels > 0, COLOURS["positive"], COLOURS["negative"])
    for axes, (name, (values, changes)) in zip(panels, classifiers.items(), strict=True):
        axes.axhline(0, color=MUTED, lw=0.8)
        axes.plot(x, values, color=COLOURS[name.lower()], lw=1.2)
        axes.scatter(sample, labels, c=colours, edgecolors=INK, lw=0.6, zorder=3)
        axes.plot(changes, 0 * changes, "o", color=INK, mfc="white", ms=4)
        count, plural = len(changes) or "no", "" if len(changes) == 1 else "s"
        axes.set_title(f"{name}: {count} sign change{plural}")
        axes.set(xlabel="$x$", xlim=(-0.02, 1.02), xticks=(0, 0.5, 1))
        axes.xaxis.set_major_formatter("{x:g}")
    highest = max(np.abs(values).max() for values, _ in classifiers.values())
    _scale_asinh(panels[0], highest, 0)
    return style.say(fig, f"{'; '.join(axes.get_title() for axes in panels)}.")


def figure_between(
    seen: Mapping[str, Counts], proved: Mapping[str, Lines], titles: Sequence[str], headline: str
) -> Figure:
    """How often classifiers between the two theorems change sign: a panel for each abscissa.

    `seen` maps the label of an abscissa to the counts at its values, one for each try, and `proved`
    to what the theorems say: lines by name, a star where it is one point. A title says what varies.
    """
    fig, panels = style.subplots(2, 2, height=4.4, sharey=True)
    for axes, (label, counts), title in zip(panels.flat, seen.items(), titles, strict=True):
        x, y = np.transpose([(at, count) for at, tries in counts.items() for count in tries])
        look: Look = {"color": COLOURS["chebyshev"], "alpha": 1 if len(x) == len(counts) else 0.35}
        axes.plot(x, y, "o", mec="none", ms=4, **look)
        for (name, line), dashes in zip(proved[label].items(), ("--", ":"), strict=False):
            look = {"ls": "", "marker": "*"} if len(line) == 1 else {"ls": dashes, "marker": ""}
            look |= {"ms": 9, "color": INK}
            axes.plot(*zip(*line.items(), strict=True), label=name, **look)
        axes.set(xlabel=label, title=title)
        axes.xaxis.set_major_formatter("{x:g}")
        if len(lines := axes.get_legend_handles_labels()[1]) > 1:
            axes.legend(loc="upper right", handlelength=1.2, borderaxespad=0, borderpad=0)
        else:
            (at, count), *_ = proved[label][lines[0]].items()
            axes.annotate(lines[0], (at, count), (4, 6), textcoords="offset points")
    highest = max(max(tries) for counts in seen.values() for tries in counts.values())
    panels[0, 0].set_ylim(0, 1.45 * highest)  # the legends are above all dots
    for axes in panels[:, 0]:
        axes.set_ylabel("sign changes")
    fig.suptitle(headline)
    least = {name: [min(tries) for tries in counts.values()] for name, counts in seen.items()}
    said = [f"{name}: from {counts[0]} to {counts[-1]}" for name, counts in least.items()]
    return style.say(fig, f"Least counts from left to right. {'; '.join(said)}.")


def _training_points(name: str, points: Weights, known: dict) -> Weights:
    """As many points in [0, 1] as the size says, on the grids and of the sizes of the weights."""
    found = named(named(_ANY, by=whole(1), like="sizes"), like="grids")(name, points, known)
    for grid, by_size in found.items():
        for m, at in by_size.items():
            by_size[m] = array("m", 0, 1)(f"{name}[{grid!r}][{m}]", at, {"m": m})
    return found


def _nodes(name: str, nodes: Vector, known: dict) -> Vector:
    found = alone(array("nodes", 0, 1))(name, nodes, known)
    if not ((found > 0) & (found < 1)).any():
        raise refusal(name, nodes, "nodes of which one or more lie inside (0, 1)")
    return found


_GRID_NAME = a(str, where=lambda name: ", " in name, what="'$E_m$, its name' or another such name")
_BASIS = among(("Bernstein", "Chebyshev", "Legendre"))
_ANY, _WEIGHTS = alone(array("k")), array("n+1")
_LINES = named(named(real(), by=real(), rising=True), count=(1, 2))
_CHANGES = alone(array("changes", 0, 1, least=0))
accepts(
    __name__,
    {"x": along("x", 0, 1), "degrees": listed(whole(1)), "degree": whole(1)}
    | {"weights": named(named(_WEIGHTS, by=whole(1), like="sizes"), by=_GRID_NAME, like="grids")}
    | {"points": _training_points, "readings": named(_nodes, count=(2, 2))}
    | {"sample": array("m", 0, 1), "labels": array("m", -1, 1)}
    | {"classifiers": named(members(array("x"), _CHANGES), by=_BASIS, count=(2, inf))}
    | {"height": real(0, above=True), "titles": texts(4), "proved": named(_LINES)}
    | {"seen": named(named(listed(whole(0)), by=real()), by=of("proved"), count=(4, 4))},
)
