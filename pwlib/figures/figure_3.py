"""Figure 3: the hard points of polynomials, data in, a matplotlib Figure out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from pwlib import polynomials
from pwlib.figures import style


def figure_3(degree: int, x: np.ndarray, grids: Mapping[str, np.ndarray]) -> Figure:
    """Figure 3: the objective of (12) at x, its maximisers, two grids; below, how far apart.

    `grids` maps a reading of the Chebyshev grid to its nodes. The distances are those of the nodes
    inside the interval, to the nearest maximiser, in units of the local spacing.
    """
    maximisers = polynomials.hard_points(degree)
    loss, losses = (polynomials.hard_objective(degree, points) for points in (x, maximisers))
    look = {"color": style.COLOURS["chebyshev"], "ls": "", "marker": "o", "ms": 5, "clip_on": False}
    triangle = look | {"color": style.COLOURS["positive"], "marker": "^", "ms": 8}
    fig = style.figure(height=4.8)
    top, bottom = fig.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    top.plot(x, loss, color=style.COLOURS["ink"], lw=1, label="expected loss (12)")
    top.plot(maximisers, losses, label="its maximisers", **triangle)
    for (name, nodes), face in zip(grids.items(), (look["color"], "white"), strict=True):
        top.plot(nodes, polynomials.hard_objective(degree, nodes), label=name, mfc=face, **look)
        inside = nodes[(nodes > 0) & (nodes < 1)]
        bottom.plot(inside, polynomials.nearest_hard_points(degree, inside)[1], mfc=face, **look)
    bottom.axhline(0, color=style.COLOURS["muted"], lw=1)
    top.set(ylabel="expected loss", title=f"$n = {degree}$", ylim=(0, None))
    bottom.set(xlabel="$x$", ylabel="distance to a\nmaximiser / spacing", xlim=(0, 1))
    fig.legend(*top.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return fig
