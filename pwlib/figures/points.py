"""Figures of Sections III-B and of the chapters on training points: numbers in, a figure out."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pwlib import polynomials
from pwlib.figures import style
from pwlib.figures.style import COLOURS, INK, MUTED, Look

Curves = Mapping[str, Mapping[int, float]]  # by a name and the size m
Pairs = Mapping[str, Sequence[tuple[float, float]]]

_EQUISPACED, _CHEBYSHEV = style.grid_look("equispaced"), style.grid_look("lobatto")
_BEST: Look = {"color": INK, "marker": "d", "ms": 4, "ls": ":"}
_GUIDE: Look = {"color": MUTED, "lw": 1}
LOOKS = {
    "equispaced midpoints": _EQUISPACED | {"mfc": "white", "ls": "--"},
    "equispaced with ends": _EQUISPACED,
    "Chebyshev roots": _CHEBYSHEV | {"mfc": "white", "ls": "--"},
    "Chebyshev extrema": _CHEBYSHEV,
    "maximisers of (12)": {"color": COLOURS["positive"], "marker": "^", "ms": 5},
    "best found": _BEST,
}


def figure_optimal_objective(
    sizes: Sequence[int], objective: Pairs, errors: Pairs, degree: int
) -> Figure:
    """The objective of (8), and the largest error once the ends are added, against the size m.

    `objective` and `errors` hold a (mean, standard error) for each set of points and each size. A
    mean below 1e-8 is rounding error, and not drawn on the logarithmic axis.
    """
    looks = {
        "equispaced": _EQUISPACED,
        "Chebyshev extrema": _CHEBYSHEV | {"mfc": "white"},
        "Chebyshev roots": _CHEBYSHEV | {"ls": "--"},
        "merging pairs": _BEST,
    }
    fig, (left, right) = style.subplots(1, 2, height=3.6, sharex=True)
    found = (left, objective, 1e-8, degree), (right, errors, 0, degree - 2)
    for axes, table, least, last in found:
        for name, rows in table.items():
            mean, error = np.transpose(rows)
            mean = np.where(mean < least, np.nan, mean)
            axes.errorbar(sizes, mean, 1.96 * error, label=name, **looks[name])
        axes.axvline(last + 0.5, **_GUIDE)
        text = "zero" if least == 0 else "zero from\nhere on"
        axes.text(last + 0.7, 0.5, text, transform=axes.get_xaxis_transform(), fontsize=9)
        axes.set_xlabel("number of points inside, $m$")
    left.set(yscale="log", ylabel="objective of (8)", title="What (8) measures")
    error = r"mean of $\max_x\,|\hat h_X - h|$"
    right.set(ylabel=error, title="What it is meant to control", ylim=(0, None))
    style.legend_below(fig, left, 4)
    return fig


def figure_limit(
    x: np.ndarray, scaled: Mapping[int, np.ndarray], limit: np.ndarray, distances: Curves
) -> Figure:
    """Left, classifiers with these scaled weights, by size, and their limit; right, how near.

    `distances` maps a reading of the grid and a size to the relative distance from the limit.
    """
    fig, (left, right) = style.subplots(1, 2, height=3.4, width_ratios=(3, 2))
    features = polynomials.chebyshev_features(len(limit) - 1, x)
    left.axhline(0, color=MUTED, lw=0.8)
    for (m, weights), dashes in zip(scaled.items(), (":", "--", "-."), strict=False):
        look: Look = {"color": COLOURS["equispaced"], "ls": dashes, "lw": 1.2}
        left.plot(x, features @ weights, label=f"$E_m$, $m = {m}$", **look)
    left.plot(x, features @ limit, color=INK, lw=1, label="limit")
    left.set(xlabel="$x$", ylabel="$u_1 f$", xlim=(0.5, 1), title=f"$n = {len(limit) - 1}$")
    highest = (features @ limit).max()
    left.set_ylim(-0.4 * highest, 1.3 * highest)
    left.legend()
    for reading, by_size in distances.items():
        right.loglog(*zip(*by_size.items(), strict=True), **style.grid_look(reading), label=reading)
    sizes = np.array(list(next(iter(distances.values()))))
    guide = 0.4 * min(next(iter(by_size.values())) for by_size in distances.values())
    right.loglog(sizes, guide * sizes[0] / sizes, label="slope $-1$", **_GUIDE)
    right.set(xlabel="number of points $m$", title="distance to the limit, relative")
    right.legend()
    return fig


def figure_sizes(last: Pairs, odd: Pairs, certified: Pairs) -> Figure:
    """The last size with a spurious sign change against the degree, and what is certified.

    Each maps a reading of the grid to pairs (n, m): `last` for even, `odd` for odd sizes, and
    `certified` the even sizes from which on a spurious sign change is excluded.
    """
    fig, axes = style.subplots(height=4.8)
    for reading, pairs in last.items():
        name = "$E_m$" if reading == "equispaced" else f"$C_m$, {reading}"
        look = style.grid_look(reading) | {"ls": "", "label": f"{name}, even $m$"}
        axes.loglog(*zip(*pairs, strict=True), **look)
    hollow = _EQUISPACED | {"mfc": "white", "ls": "", "label": "$E_m$, odd $m$"}
    axes.loglog(*zip(*odd["equispaced"], strict=True), **hollow)
    for reading, text in (("equispaced", "proved, $E_m$"), ("lobatto", "proved, $C_m$")):
        n, m = np.transpose(certified[reading])
        _curve(axes, n, m, text, {"color": style.grid_look(reading)["color"]})
    n = np.array([n for n, _ in last["equispaced"]])
    for m, text in ((n, "$m = n$"), (n**2 / 8, "$m = n^2/8$"), (n**2 / 16, "$m = n^2/16$")):
        _curve(axes, n, m, text, {"ls": ":", "color": MUTED, "zorder": 0})
    axes.set(xlabel="degree $n$", ylabel="number of points $m$", xlim=(None, 1.4 * n[-1]))
    ticks = [tick for tick in (5, 10, 20, 30, 40, 60, 100) if n[0] <= tick <= n[-1]]
    axes.set_xticks(ticks, map(str, ticks))
    axes.minorticks_off()
    axes.legend(loc="upper left")
    return fig


def _curve(axes: Axes, x: np.ndarray, y: np.ndarray, text: str, look: Look) -> None:
    """A thin curve with its name at its end."""
    axes.loglog(x, y, lw=1, **look)
    axes.annotate(text, (x[-1], y[-1]), (5, 0), textcoords="offset points", va="center", fontsize=9)


def figure_advantage(degree: int, worst: Curves, noise: Curves) -> Figure:
    """The greatest variance without noise, m ≤ n, and that of the noise, m > n, against m.

    Both map the name of a set (see `LOOKS`) to its value at each size.
    """
    fig, (left, right) = style.subplots(1, 2, height=3.9)
    for axes, table in ((left, worst), (right, noise)):
        for name, values in table.items():
            look = LOOKS[name] | {"markevery": None if len(values) < 20 else 0.08}
            axes.plot(*zip(*values.items(), strict=True), label=name, **look)
        axes.set_xlabel("number of training points, $m$")
    left.axhline(degree + 1, **_GUIDE)
    left.text(degree, degree + 1.15, "before training", fontsize=9, ha="right")
    left.set(ylabel="greatest variance", ylim=(0, degree + 2.2))
    left.set_title(f"Exact labels, $m \\leq n = {degree}$")
    sizes = np.array(list(next(iter(noise.values()))))
    right.plot(sizes, (degree + 1) / sizes, label="least possible", **_GUIDE)
    right.set(xscale="log", yscale="log", title=f"Noisy labels, $m > n = {degree}$")
    style.legend_below(fig, right, 4)
    return fig


def figure_sets(sets: Mapping[str, Sequence[float]]) -> Figure:
    """Sets of points, one below the other; a point within 0.01 of the one before stands higher."""
    fig, axes = style.subplots(height=0.9 + 0.3 * len(sets))
    for height, (name, x) in enumerate(sets.items()):
        look = LOOKS.get(name, _BEST) | {"ls": "", "ms": 6, "clip_on": False}
        axes.axhline(-height, color=MUTED, lw=0.5)
        raised = 0.3 * (np.diff(x, prepend=-1) < 0.01)
        axes.plot(x, raised - height, **look)
    axes.set_yticks(-np.arange(len(sets)), list(sets))
    axes.set(xlabel="$x$", xlim=(0, 1), ylim=(0.6 - len(sets), 0.5))
    axes.spines["left"].set_visible(False)
    axes.tick_params(left=False)
    return fig
