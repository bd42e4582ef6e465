"""The knobs of Figures 1, 2 and 3: data in, an HTML figure with controls out (see `figures.knobs`).

All settings of a knob share one layout, so axes and scales are fixed. They are narrow, for a phone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from IPython.display import HTML
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from pwlib import grids, polynomials, signs
from pwlib.figures import style
from pwlib.figures.figures_1_2 import AGREE, EDGE
from pwlib.figures.knobs import Control, Picture, show

Vector = NDArray[np.float64]

INK, MUTED = style.COLOURS["ink"], style.COLOURS["muted"]
EQUISPACED, CHEBYSHEV = style.COLOURS["equispaced"], style.COLOURS["chebyshev"]
ENDS = {"xticks": (0, 0.5, 1), "xticklabels": ("0", "0.5", "1")}
X = (1 - np.cos(np.linspace(0, np.pi, 1501))) / 2  # where curves are evaluated


def knob_1(name: str, degrees: Sequence[int], start: int) -> HTML:
    """Knob of Figure 1: f_n and g_n, where their signs agree, for each of the degrees n."""
    slider = Control(
        "n", "degree n", degrees, [str(n) for n in degrees], list(degrees).index(start)
    )
    caption = (
        "Figure 1, one degree at a time: the Bernstein classifier and the Chebyshev classifier. "
        "The signs of the two agree where the picture is shaded. Dots mark the sign changes of "
        "the Chebyshev classifier; the Bernstein classifier has one at the filled dot, where the "
        "two cross in opposite directions if ⌊(n + 1)/2⌋ is even."
    )
    return show(name, [slider], draw_1, caption)


def draw_1(n: int) -> Picture:
    """f_n and g_n for one degree n ≥ 1."""
    changes = signs.sign_changes(polynomials.chebyshev_classifier_weights(n))
    fig = _figure(2.9, bottom=0.3)
    axes = fig.subplots()
    axes.set(xlabel="$x$", ylabel="classifier", xlim=(0, 1), ylim=(-1.05, 1.05))
    axes.set(**ENDS, yticks=(-1, 0, 1))
    _spans(axes, "agree", agreeing(n), AGREE, 0.5)
    axes.axhline(0, color=MUTED, lw=0.8)
    f, g = polynomials.bernstein_classifier(n, X), polynomials.chebyshev_classifier(n, X)
    _line(axes, "f", X, f, style.COLOURS["bernstein"])
    _line(axes, "g", X, g, CHEBYSHEV)
    _changes(axes, "", changes)
    _legend(
        fig,
        Line2D([], [], color=style.COLOURS["bernstein"], label="$f_n$, Bernstein"),
        Line2D([], [], color=CHEBYSHEV, label="$g_n$, Chebyshev"),
        Patch(fc=to_rgba(AGREE, 0.5), ec=EDGE, lw=0.5, label="signs agree"),
    )
    both = _count(len(bernstein_changes(n)), "sign change"), len(changes)
    said = f"n = {n}: f has {both[0]}, g has {both[1]}; "
    return Picture(fig, f"{said}their signs agree on {polynomials.agreement(n):.3f} of [0, 1].")


def bernstein_changes(n: int) -> Vector:
    """The sign changes of f_n on (0, 1), from its weights in the Chebyshev basis."""
    at = chebyshev.chebpts1(n + 1)
    values = polynomials.bernstein_classifier(n, (1 + at) / 2)
    return signs.sign_changes(np.linalg.solve(chebyshev.chebvander(at, n), values))


def agreeing(n: int) -> Vector:
    """The intervals of [0, 1] in which f_n and g_n have one sign: (intervals, 2), ascending."""
    edges = np.unique([0, 0.5, 1, *signs.sign_changes(polynomials.chebyshev_classifier_weights(n))])
    edges = edges[np.diff(edges, prepend=-1) > 1e-9]  # 1/2 is there twice, to rounding
    middles = (edges[1:] + edges[:-1]) / 2
    both = (
        polynomials.bernstein_classifier(n, middles),
        polynomials.chebyshev_classifier(n, middles),
    )
    return np.column_stack((edges[:-1], edges[1:]))[np.sign(both[0]) == np.sign(both[1])]


def knob_2(
    name: str, weights: Mapping[str, Mapping[int, Vector]], readings: Sequence[str], start: int
) -> HTML:
    """Knob of Figure 2: two grids side by side, for each of the sizes m.

    ``weights`` maps the label of each grid and a size to weights in the shifted Chebyshev basis;
    ``readings`` are the labels in words.
    """
    sizes = list(next(iter(weights.values())))
    slider = Control("m", "points m", sizes, [str(m) for m in sizes], sizes.index(start))
    degree = len(next(iter(weights.values()))[sizes[0]]) - 1
    highest = max(np.abs(_values(w)).max() for of in weights.values() for w in of.values())
    caption = (
        f"Figure 2, one even size at a time: the classifiers of degree {degree} on the two grids. "
        "The sign is wrong where the picture is shaded; hollow dots mark spurious sign changes, "
        "the filled one the change at 1/2. The margin is 1/‖w‖, in the space of the features. The "
        "vertical scale is linear near 0 and logarithmic far from it."
    )

    def draw(m: int) -> Picture:
        return draw_2(m, {grid: by_size[m] for grid, by_size in weights.items()}, readings, highest)

    return show(name, [slider], draw, caption)


def draw_2(
    m: int, weights: Mapping[str, Vector], readings: Sequence[str], highest: float
) -> Picture:
    """The classifiers of one size, on a scale that reaches to ``highest``."""
    fig = _figure(2.6, bottom=0.17, left=0.12, top=0.91, wspace=0.12)
    said = []
    panels = fig.subplots(1, len(weights), sharex=True, sharey=True)
    _signed_powers(panels[0], highest)
    for i, (axes, (grid, w)) in enumerate(zip(panels, weights.items(), strict=True)):
        colour = EQUISPACED if grid.startswith("$E") else CHEBYSHEV
        axes.set(title=grid, xlabel="$x$", xlim=(0, 1), **ENDS)
        _spans(axes, f"wrong-{i}", misclassified(w), MUTED, 0.3)
        axes.axhline(0, color=MUTED, lw=0.8)
        _line(axes, f"curve-{i}", X, _values(w), colour)
        _changes(axes, f"-{i}", signs.sign_changes(w))
        spurious = _count(len(signs.spurious_sign_changes(w)), "spurious sign change")
        wrong = round(100 * signs.misclassified_measure(w), 6)
        margin = f"margin {1 / np.linalg.norm(w):.2f}"
        said.append(f"on the {readings[i]} grid {spurious}, {wrong:.2g} % wrong, {margin}")
    return Picture(fig, f"m = {m}: {'; '.join(said)}.")


def misclassified(weights: Vector) -> Vector:
    """The intervals of [0, 1] with the wrong sign: (intervals, 2), ascending."""
    edges = np.sort([0, 0.5, 1, *signs.sign_changes(weights)])
    middles = (edges[1:] + edges[:-1]) / 2
    wrong = np.sign(_values(weights, middles)) != grids.nearest_neighbour_labels(middles)
    wrong &= np.diff(edges) > 1e-9  # what rounding leaves between 1/2 and a sign change there
    return np.column_stack((edges[:-1], edges[1:]))[wrong]


def knob_3(name: str, degrees: Sequence[int], start: int) -> HTML:
    """Knob of Figure 3: the objective (12), its maximisers and two grids, for each degree n."""
    slider = Control(
        "n", "degree n", degrees, [str(n) for n in degrees], list(degrees).index(start)
    )
    caption = (
        "Figure 3, one degree at a time. Below, the distance in angle from the nearest maximiser "
        "to each node inside, positive to the right, in units of π/n, the spacing of the roots."
    )
    return show(name, [slider], draw_3, caption)


def draw_3(n: int) -> Picture:
    """The objective (12), its maximisers and two readings of the Chebyshev grid; n ≥ 1."""
    maximisers = polynomials.hard_points(n)
    nodes = {"roots": grids.chebyshev(n, "roots"), "extrema": grids.chebyshev(n + 2)}
    fig = _figure(3.7, bottom=0.25, hspace=0.12)
    top, bottom = fig.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    top.set(ylabel="expected loss", ylim=(0, 0.66), yticks=(0, 0.2, 0.4, 0.6))
    bottom.set(xlabel="$x$", ylabel="distance", xlim=(0, 1), ylim=(-0.35, 0.35))
    bottom.set(**ENDS, yticks=(-0.2, 0, 0.2))
    bottom.axhline(0, color=MUTED, lw=1)
    _line(top, "loss", X, polynomials.hard_objective(n, X), INK, 1)
    heights = polynomials.hard_objective(n, maximisers)
    _triangles(top, "maximisers", maximisers, heights, style.COLOURS["positive"])
    farthest = []
    for name, x in nodes.items():
        inside = x[(x > 0) & (x < 1)]
        apart = polynomials.nearest_hard_points(n, inside)[1]
        farthest.append(np.abs(apart).max())
        hollow = name == "extrema"
        _dots(top, name, x, polynomials.hard_objective(n, x), CHEBYSHEV, hollow)
        _dots(bottom, f"{name}-apart", inside, apart, CHEBYSHEV, hollow)
    dot = {"color": CHEBYSHEV, "ls": "", "marker": "o", "ms": 5}
    triangle = {"color": style.COLOURS["positive"], "ls": "", "marker": "^", "ms": 7}
    _legend(
        fig,
        Line2D([], [], color=INK, lw=1, label="expected loss (12)"),
        Line2D([], [], **triangle, label="its maximisers"),
        Line2D([], [], **dot, label="roots of $T^*_n$"),
        Line2D([], [], **dot, mfc="white", label="extrema of $T^*_{n+1}$"),
    )
    said = f"n = {n}: {_count(len(maximisers), 'maximiser')}; from the nearest one the farthest "
    said += f"root lies {farthest[0]:.3f} of π/n away, "
    return Picture(fig, f"{said}the farthest extremum inside {farthest[1]:.3f}.")


def _figure(height: float, **margins: float) -> Figure:
    fig = Figure(figsize=(4.0, height))  # no layout engine: the axes stay in their place
    fig.subplots_adjust(**({"left": 0.17, "right": 0.97, "top": 0.96} | margins))
    return fig


def _signed_powers(axes: Axes, highest: float) -> None:
    """A scale from -``highest`` to ``highest``: linear near 0, logarithmic far from it."""
    powers = np.outer(10 ** np.arange(6), (1, 3)).ravel()
    powers = powers[powers <= max(highest, 1)]
    ticks = np.concatenate((-powers[::-1], [0], powers))
    axes.set_yscale("asinh", linear_width=1)
    axes.set_yticks(ticks, [f"{tick}".replace("-", "−") for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(-1.1 * highest, 1.1 * highest)


def _legend(fig: Figure, *handles: Line2D | Patch) -> None:
    fig.legend(handles=handles, loc="lower center", ncols=2, borderaxespad=0.1)


def _values(weights: Vector, x: Vector = X) -> Vector:
    return chebyshev.chebval(2 * x - 1, weights)


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _line(axes: Axes, gid: str, x: Vector, y: Vector, colour: str, width: float = 1.5) -> None:
    """A curve by as few of its points as will do, on the scales that the axes have already."""
    drawn = axes.transData.transform(np.column_stack((x, y))) * 72 / axes.figure.dpi
    kept = thinned(drawn, 0.15)
    axes.plot(x[kept], y[kept], color=colour, lw=width, gid=f"knob-{gid}", clip_on=False)


def thinned(points: NDArray[np.float64], most: float) -> NDArray[np.intp]:
    """Which points (n, 2) of a curve to keep so that no other is farther than ``most`` from the
    chord that replaces it (Ramer, Douglas and Peucker); ascending."""
    kept, open_ = {0, len(points) - 1}, [(0, len(points) - 1)]
    while open_:
        first, last = open_.pop()
        chord, inner = points[last] - points[first], points[first + 1 : last] - points[first]
        away = np.abs(inner @ (-chord[1], chord[0])) / np.hypot(*chord)
        if away.max(initial=0) > most:
            at = first + 1 + int(away.argmax())
            kept.add(at)
            open_ += [(first, at), (at, last)]
    return np.array(sorted(kept))


def _changes(axes: Axes, suffix: str, changes: Vector) -> None:
    """Dots at sign changes: filled the one nearest to 1/2, hollow the spurious ones."""
    own = np.abs(changes - 0.5) == np.abs(changes - 0.5).min(initial=np.inf)
    for gid, x in (("own", changes[own]), ("spurious", changes[~own])):
        _dots(axes, f"{gid}{suffix}", x, 0 * x, INK, gid == "spurious")


def _dots(axes: Axes, gid: str, x: Vector, y: Vector, colour: str, hollow: bool) -> None:
    """Dots as lines of no length with round ends: in path data a few letters each."""
    points = np.column_stack((x, y)).repeat(2, axis=0)
    path = Path(points, np.tile([Path.MOVETO, Path.LINETO], len(x)))
    look = {"fill": False, "capstyle": "round", "clip_on": False, "zorder": 3}
    axes.add_artist(PathPatch(path, gid=f"knob-{gid}", lw=4.4, ec=colour, **look))
    if hollow:
        axes.add_artist(PathPatch(path, gid=f"knob-{gid}-in", lw=2.4, ec="white", **look))


def _triangles(axes: Axes, gid: str, x: Vector, y: Vector, colour: str, size: float = 7) -> None:
    """Triangles whose width and height are ``size`` points."""
    box = axes.get_window_extent().transformed(axes.figure.dpi_scale_trans.inverted())
    wide, high = np.diff(axes.get_xlim())[0] / box.width, np.diff(axes.get_ylim())[0] / box.height
    corner = np.array([(-1, -1), (1, -1), (0, 1), (0, 1)]) * size / 72 / 2 * (wide, high)
    corners = np.column_stack((x, y))[:, None, :] + corner
    codes = np.tile([Path.MOVETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY], len(x))
    path = Path(corners.reshape(-1, 2), codes)
    axes.add_artist(PathPatch(path, gid=f"knob-{gid}", lw=0, fc=colour, clip_on=False, zorder=2.5))


def _spans(axes: Axes, gid: str, spans: Vector, colour: str, alpha: float) -> None:
    """Intervals (n, 2) shaded over the whole height of the axes."""
    left, right = spans.reshape(-1, 2).T
    corners = [(left, 0), (left, 1), (right, 1), (right, 0), (right, 0)]
    points = np.stack([np.stack(np.broadcast_arrays(*corner), -1) for corner in corners], axis=1)
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    path = Path(points.reshape(-1, 2), np.tile(codes, len(left)))
    look = {"fc": to_rgba(colour, alpha), "ec": EDGE, "lw": 0.5, "clip_on": False, "zorder": 0}
    transform = axes.get_xaxis_transform()
    axes.add_artist(PathPatch(path, gid=f"knob-{gid}", transform=transform, **look))
