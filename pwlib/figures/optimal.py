"""The figure of Section III-B: the objective (8) and what it is meant to control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from pwlib.figures import style


def figure_optimal_objective(
    sizes: Sequence[int],
    objective: Mapping[str, Sequence[tuple[float, float]]],
    errors: Mapping[str, Sequence[tuple[float, float]]],
    degree: int,
) -> Figure:
    """The objective of (8), and the largest error once the ends are added, against the size m.

    `objective` and `errors` hold a (mean, standard error) for each set of points and each size. A
    mean below 1e-8 is rounding error, and not drawn on the logarithmic axis.
    """
    chebyshev = style.COLOURS["chebyshev"]
    looks = {
        "equispaced": {"color": style.COLOURS["equispaced"], "marker": "s"},
        "Chebyshev extrema": {"color": chebyshev, "marker": "o", "mfc": "white"},
        "Chebyshev roots": {"color": chebyshev, "marker": "o", "ls": "--"},
        "merging pairs": {"color": style.COLOURS["ink"], "marker": "d", "ls": ":"},
    }
    fig = style.figure(height=3.6)
    left, right = fig.subplots(1, 2, sharex=True)
    for axes, table, least in ((left, objective, 1e-8), (right, errors, 0)):
        for name, rows in table.items():
            mean, error = np.transpose(rows)
            mean = np.where(mean < least, np.nan, mean)
            axes.errorbar(sizes, mean, 1.96 * error, label=name, ms=4, **looks[name])
        axes.set_xlabel("number of points inside, $m$")
    left.set(yscale="log", ylabel="objective of (8)", title="What (8) measures")
    error = r"mean of $\max_x\,|\hat h_X - h|$"
    right.set(ylabel=error, title="What it is meant to control", ylim=(0, None))
    for axes, last, text in ((left, degree, "zero from\nhere on"), (right, degree - 2, "zero")):
        axes.axvline(last + 0.5, color=style.COLOURS["muted"], lw=1)
        axes.text(last + 0.7, 0.5, text, transform=axes.get_xaxis_transform(), fontsize=9)
    fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return fig
