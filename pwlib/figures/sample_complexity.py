"""Figures of the chapter on the number of training points: data in, a matplotlib Figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pwlib import polynomials
from pwlib.figures import style

_MARKERS = {"equispaced": "s", "lobatto": "o", "roots": "v", "roots+ends": "^"}


def figure_limit(
    x: np.ndarray,
    scaled: Mapping[int, np.ndarray],
    limit: np.ndarray,
    distances: Mapping[str, Mapping[int, float]],
) -> Figure:
    """Left, classifiers with these scaled weights, by size, and their limit; right, how near.

    `distances` maps a reading of the grid and a size to the relative distance from the limit.
    """
    fig = style.figure(height=3.4)
    left, right = fig.subplots(1, 2, width_ratios=(3, 2))
    features = polynomials.chebyshev_features(len(limit) - 1, x)
    left.axhline(0, color=style.COLOURS["muted"], lw=0.8)
    for (m, weights), look in zip(scaled.items(), (":", "--", "-."), strict=False):
        colour = style.COLOURS["equispaced"]
        left.plot(x, features @ weights, look, color=colour, lw=1.2, label=f"$E_m$, $m = {m}$")
    left.plot(x, features @ limit, color=style.COLOURS["ink"], lw=1, label="limit")
    left.set(xlabel="$x$", ylabel="$u_1 f$", xlim=(0.5, 1), title=f"$n = {len(limit) - 1}$")
    highest = (features @ limit).max()
    left.set_ylim(-0.4 * highest, 1.3 * highest)
    left.legend()
    for reading, by_size in distances.items():
        right.loglog(*zip(*by_size.items(), strict=True), **_look(reading), ls="-", label=reading)
    sizes = np.array(list(next(iter(distances.values()))))
    guide = 0.4 * min(next(iter(by_size.values())) for by_size in distances.values())
    muted = style.COLOURS["muted"]
    right.loglog(sizes, guide * sizes[0] / sizes, color=muted, lw=1, label="slope $-1$")
    right.set(xlabel="number of points $m$", title="distance to the limit, relative")
    right.legend()
    return fig


def figure_sizes(
    last: Mapping[str, Sequence[tuple[int, int]]],
    odd: Mapping[str, Sequence[tuple[int, int]]],
    certified: Mapping[str, Sequence[tuple[int, int]]],
) -> Figure:
    """The last size with a spurious sign change against the degree, and what is certified.

    Each maps a reading of the grid to pairs (n, m): `last` for even, `odd` for odd sizes, and
    `certified` the even sizes from which on a spurious sign change is excluded.
    """
    fig = style.figure(height=4.8)
    axes = fig.subplots()
    for reading, pairs in last.items():
        name = "$E_m$" if reading == "equispaced" else f"$C_m$, {reading}"
        axes.loglog(*zip(*pairs, strict=True), **_look(reading), ls="", label=f"{name}, even $m$")
    hollow = {"mfc": "white", "ls": "", "label": "$E_m$, odd $m$"}
    axes.loglog(*zip(*odd["equispaced"], strict=True), **(_look("equispaced") | hollow))
    for reading, text in (("equispaced", "proved, $E_m$"), ("lobatto", "proved, $C_m$")):
        n, m = np.transpose(certified[reading])
        axes.loglog(n, m, color=_look(reading)["color"], lw=1)
        _label(axes, n, m, text)
    degrees = np.array([n for n, _ in last["equispaced"]])
    _guide(axes, degrees, degrees, "$m = n$")
    _guide(axes, degrees, degrees**2 / 8, "$m = n^2/8$")
    _guide(axes, degrees, degrees**2 / 16, "$m = n^2/16$")
    axes.set(xlabel="degree $n$", ylabel="number of points $m$", xlim=(None, 1.4 * degrees[-1]))
    ticks = [n for n in (5, 10, 20, 30, 40, 60, 100) if degrees[0] <= n <= degrees[-1]]
    axes.set_xticks(ticks, map(str, ticks))
    axes.minorticks_off()
    axes.legend(loc="upper left")
    return fig


def _guide(axes: Axes, x: np.ndarray, y: np.ndarray, text: str) -> None:
    axes.loglog(x, y, ls=":", lw=1, color=style.COLOURS["muted"], zorder=0)
    _label(axes, x, y, text)


def _label(axes: Axes, x: np.ndarray, y: np.ndarray, text: str) -> None:
    axes.annotate(text, (x[-1], y[-1]), (5, 0), textcoords="offset points", va="center", fontsize=9)


def _look(reading: str) -> dict[str, object]:
    colour = style.COLOURS["equispaced" if reading == "equispaced" else "chebyshev"]
    return {"color": colour, "marker": _MARKERS[reading], "ms": 4}
