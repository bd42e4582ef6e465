"""Figures of the chapters on polynomials: data in, a matplotlib Figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from pwlib import style


def figure_optimal_objective(
    sizes: Sequence[int],
    means: Mapping[str, Sequence[tuple[float, float]]],
    errors: Mapping[str, Sequence[tuple[float, float]]],
    degree: int,
) -> Figure:
    """The objective of (8) and the greatest error that is left, against the number m of points.

    `means` and `errors` hold for each set of points a (mean, standard error) for each size.
    """
    looks = {
        "equispaced": {"color": style.COLOURS["equispaced"], "marker": "s"},
        "Chebyshev, with ends": {"color": style.COLOURS["chebyshev"], "marker": "o"},
        "Chebyshev roots": {"color": style.COLOURS["chebyshev"], "marker": "^", "ls": "--"},
        "merging pairs": {"color": style.COLOURS["ink"], "marker": "d", "ls": ":"},
    }
    fig = style.figure(height=3.6)
    left, right = fig.subplots(1, 2)
    for axes, table in ((left, means), (right, errors)):
        for name, rows in table.items():
            mean, error = np.transpose(rows)
            axes.errorbar(sizes, mean, 1.96 * error, label=name, ms=4, **looks[name])
        axes.axvline(degree + 0.5, color=style.COLOURS["muted"], lw=1)
        axes.set_xlabel("number of training points $m$")
    left.set(yscale="log", ylabel="objective of (8)", title="What (8) asks for")
    right.set(ylabel=r"mean of $\max_x\,|\hat h_X - h|$", title="What is wanted")
    right.annotate(
        "$m = n + 1$",
        (degree + 0.5, 0.97),
        xycoords=("data", "axes fraction"),
        xytext=(4, 0),
        textcoords="offset points",
        va="top",
        fontsize=9,
    )
    fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return fig


def figure_3(
    curve: tuple[np.ndarray, np.ndarray],
    maximisers: tuple[np.ndarray, np.ndarray],
    nodes: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]],
    degree: int,
) -> Figure:
    """Figure 3: the objective of (12), its maximisers, the nodes; below, how far apart they are.

    `curve` and `maximisers` are (x, objective); `nodes` maps a reading of the Chebyshev grid to
    (x, objective, signed distance to the nearest maximiser in units of the local spacing).
    """
    faces = (style.COLOURS["chebyshev"], "white")
    fig = style.figure(height=4.8)
    top, bottom = fig.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    top.plot(*curve, color=style.COLOURS["ink"], lw=1, label="objective of (12)")
    top.plot(*maximisers, "^", color=style.COLOURS["positive"], ms=8, label="maximisers")
    for (name, (x, value, offset)), face in zip(nodes.items(), faces, strict=True):
        look = {"ls": "", "marker": "o", "ms": 5, "color": faces[0], "mfc": face}
        top.plot(x, value, label=name, clip_on=False, **look)
        bottom.plot(x, offset, clip_on=False, **look)
    bottom.axhline(0, color=style.COLOURS["muted"], lw=1)
    top.set(ylabel="expected loss", title=f"$n = {degree}$", ylim=(0, None))
    bottom.set(xlabel="$x$", ylabel="distance to a\nmaximiser / spacing", xlim=(0, 1))
    fig.legend(*top.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return fig
