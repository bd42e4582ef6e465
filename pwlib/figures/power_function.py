"""Figures of the chapters on training points: data in, a matplotlib Figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pwlib import polynomials, power_function
from pwlib.figures import style

Look = dict[str, Any]

_EQUISPACED: Look = {"color": style.COLOURS["equispaced"], "marker": "s", "ms": 4}
_CHEBYSHEV: Look = {"color": style.COLOURS["chebyshev"], "marker": "o", "ms": 4}
_BEST: Look = {"color": style.COLOURS["ink"], "marker": "d", "ms": 4, "ls": ":"}
_MUTED: Look = {"color": style.COLOURS["muted"], "lw": 1}
LOOKS = {
    "equispaced midpoints": _EQUISPACED | {"mfc": "white", "ls": "--"},
    "equispaced with ends": _EQUISPACED,
    "Chebyshev roots": _CHEBYSHEV | {"mfc": "white", "ls": "--"},
    "Chebyshev extrema": _CHEBYSHEV,
    "maximisers of (12)": {"color": style.COLOURS["positive"], "marker": "^", "ms": 5},
    "best found": _BEST,
}


def figure_advantage(
    degree: int,
    worst: Mapping[str, Mapping[int, float]],
    noise: Mapping[str, Mapping[int, float]],
) -> Figure:
    """The greatest variance without noise, m ≤ n, and that of the noise, m > n, against m.

    Both map the name of a set (see `LOOKS`) to its value at each size.
    """
    fig = style.figure(height=3.9)
    left, right = fig.subplots(1, 2)
    for axes, table in ((left, worst), (right, noise)):
        for name, values in table.items():
            look = LOOKS[name] | {"markevery": None if len(values) < 20 else 0.08}
            axes.plot(*zip(*values.items(), strict=True), label=name, **look)
        axes.set_xlabel("number of training points, $m$")
    left.axhline(degree + 1, **_MUTED)
    left.text(degree, degree + 1.15, "before training", fontsize=9, ha="right")
    left.set(ylabel="greatest variance", ylim=(0, degree + 2.2))
    left.set_title(f"Exact labels, $m \\leq n = {degree}$")
    sizes = np.array(list(next(iter(noise.values()))))
    right.plot(sizes, (degree + 1) / sizes, label="least possible", **_MUTED)
    right.set(xscale="log", yscale="log", title=f"Noisy labels, $m > n = {degree}$")
    handles = dict(zip(*reversed(left.get_legend_handles_labels()), strict=True))
    handles |= dict(zip(*reversed(right.get_legend_handles_labels()), strict=True))
    fig.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4)
    return fig


def figure_sets(sets: Mapping[str, Sequence[float]]) -> Figure:
    """Sets of points, one below the other; a point within 0.01 of the one before stands higher."""
    fig = style.figure(height=0.9 + 0.3 * len(sets))
    axes = fig.subplots()
    for height, (name, x) in enumerate(sets.items()):
        look = LOOKS.get(name, _BEST) | {"ls": "", "ms": 6, "clip_on": False}
        axes.axhline(-height, color=style.COLOURS["muted"], lw=0.5)
        raised = 0.3 * (np.diff(x, prepend=-1) < 0.01)
        axes.plot(x, raised - height, **look)
    axes.set_yticks(-np.arange(len(sets)), list(sets))
    axes.set(xlabel="$x$", xlim=(0, 1), ylim=(0.6 - len(sets), 0.5))
    axes.spines["left"].set_visible(False)
    axes.tick_params(left=False)
    return fig


def figure_offsets(degree: int) -> Figure:
    """How far the nearest node of each reading lies from each maximiser of (12), and the formula's.

    Lines are the limits as the degree grows at a fixed position.
    """
    x = polynomials.hard_points(degree)
    line = np.linspace(0, 1, 400)
    t = np.arccos(np.abs(1 - 2 * line))  # the angle from the nearer end
    look: Look = {"ls": "", "ms": 4, "clip_on": False}
    colour = style.COLOURS["chebyshev"]
    looks = zip("oo^^", (colour, "white") * 2, strict=True)
    fig = style.figure(height=3.8)
    axes = fig.subplots()
    for sign in (-1, 1):
        axes.plot(line, 1 / 4 + sign * t / (2 * np.pi), **_MUTED)
    readings = power_function.readings(degree).items()
    for (name, nodes), (marker, face) in zip(readings, looks, strict=True):
        shown = look | {"color": colour, "mfc": face, "marker": marker}
        axes.plot(x, power_function.offsets(degree, nodes), label=name, **shown)
    near = power_function.offsets(degree, power_function.hard_points_formula(degree))
    axes.plot(x, near, color=style.COLOURS["ink"], marker="d", label="formula", **look)
    axes.set(xlabel="$x$", ylabel="distance of the nearest\nnode / spacing", xlim=(0, 1))
    axes.set(ylim=(0, 0.55), title=f"$n = {degree}$")
    fig.legend(loc="outside lower center", ncols=3)
    return fig


def figure_ends(sizes: Mapping[str, Mapping[int, Sequence[int]]], largest: int) -> Figure:
    """The sizes m up to `largest` at which a classifier of degree n needs its end points.

    `sizes` maps the name of each of three grids, one of them "equispaced", to the sizes at each
    degree.
    """
    fig = style.figure(height=4.2)
    axes = fig.subplots()
    shifts = np.linspace(-0.25, 0.25, len(sizes))
    for shift, marker, (name, found) in zip(shifts, "o^s", sizes.items(), strict=True):
        pairs = [(n + shift, m) for n, sizes_at in found.items() for m in sizes_at]
        colour = style.COLOURS["equispaced" if name == "equispaced" else "chebyshev"]
        label = name if pairs else f"{name}: no size"
        axes.plot(*(zip(*pairs, strict=True) if pairs else ([], [])), marker, color=colour, ms=3)
        axes.plot([], [], marker, color=colour, ms=5, label=label)
    degrees = np.array(list(next(iter(sizes.values()))))
    axes.plot(degrees, degrees, "--", label="$m = n$", **_MUTED)
    axes.plot(degrees, degrees / 2, ":", label="$m = n/2$", **_MUTED)
    axes.set(xlabel="degree $n$", ylabel="number of points $m$")
    axes.set(yscale="log", ylim=(4, largest * 1.1))
    axes.set_yticks(ticks := [4, 10, 20, 40, 100, 200], map(str, ticks))
    axes.yaxis.set_minor_formatter("")
    fig.legend(loc="outside lower center", ncols=3)
    return fig
