"""Figure 3: the expected loss (12) with its maximisers, beside Chebyshev nodes."""

from collections.abc import Mapping
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pwlib import polynomials
from pwlib.figures import style

CHEBYSHEV, POSITIVE, INK = (style.COLOURS[key] for key in ("chebyshev", "positive", "ink"))


def figure_3(
    degree: int, x: NDArray[np.float64], readings: Mapping[str, NDArray[np.float64]]
) -> Figure:
    """Figure 3: the objective of (12) at x, its maximisers, two grids; below, how far apart.

    `readings` maps the name of each grid to its nodes. The distances are those of the nodes inside
    the interval, to the nearest maximiser, in units of the local spacing.
    """
    loss = partial(polynomials.hard_objective, degree)
    maximisers = polynomials.hard_points(degree)
    look: style.Look = {"ls": "", "marker": "o", "ms": 5, "color": CHEBYSHEV, "clip_on": False}
    triangle = look | {"color": style.COLOURS["hard"], "marker": "^", "ms": 8}
    fig, (top, bottom) = style.subplots(2, height=4.0, sharex=True, height_ratios=(2, 1))
    top.plot(x, loss(x), color=INK, lw=1, label="expected loss (12)")
    top.plot(maximisers, loss(maximisers), label="its maximisers", **triangle)
    for (name, nodes), face in zip(readings.items(), (CHEBYSHEV, "white"), strict=True):
        top.plot(nodes, loss(nodes), label=name, mfc=face, **look)
        bottom.plot(*_distances(degree, nodes), mfc=face, **look)
    bottom.axhline(0, color=style.MUTED, lw=1)
    top.set(ylabel="expected loss", title=f"$n = {degree}$", ylim=(0, None))
    bottom.set(xlabel="$x$", ylabel="distance to a\nmaximiser / spacing", xlim=(0, 1))
    style.legend_below(fig, top, 2)
    farthest = [np.abs(_distances(degree, nodes)[1]).max() for nodes in readings.values()]
    said = [f"{far:.2f} ({name})" for name, far in zip(readings, farthest, strict=True)]
    message = f"{len(maximisers)} maximisers; the farthest node inside lies "
    return style.say(fig, f"{message}{' and '.join(said)} of a spacing away from one.")


def _distances(degree: int, nodes: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
    """The nodes inside (0, 1), and how far each lies from its nearest maximiser."""
    inside = nodes[(nodes > 0) & (nodes < 1)]
    return inside, polynomials.nearest_hard_points(degree, inside)[1]
