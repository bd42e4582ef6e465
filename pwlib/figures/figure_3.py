"""Figure 3 and its knob: the expected loss (12) with its maximisers, beside Chebyshev nodes."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from IPython.display import HTML
from matplotlib.figure import Figure
from numpy.polynomial import Chebyshev
from numpy.typing import NDArray

from pwlib import grids, polynomials
from pwlib.figures import knobs, style
from pwlib.figures.knobs import Control, Layer, Panel

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


def knob_3(name: str, degrees: Sequence[int], start: int) -> HTML:
    """Knob of Figure 3: the objective (12), its maximisers and two grids, for each degree n."""
    heights = [(value, f"{value:g}") for value in (0, 0.2, 0.4, 0.6)]
    distances = ((-0.2, "−0.2"), (0, "0"), (0.2, "0.2"))
    blank = [(value, "") for value, _ in knobs.UNIT_TICKS]
    panels = [
        Panel((49, 11, 279, 130), (0, 0.66), heights, "expected loss", xticks=blank, xlabel=""),
        Panel((49, 140, 279, 200), (-0.35, 0.35), distances, "distance"),
    ]
    layers = [
        Layer("series", INK, 1, "expected loss (12)"),
        Layer("triangles", POSITIVE, 0, "its maximisers"),
        Layer("dots", CHEBYSHEV, 1, "roots of $T^*_n$"),
        Layer("dots", CHEBYSHEV, 1, panel=1),
        Layer("dots", CHEBYSHEV, 1, "extrema of $T^*_{n+1}$", hollow=True),
        Layer("dots", CHEBYSHEV, 1, panel=1, hollow=True),
    ]
    caption = (
        "Figure 3, one degree at a time. Below, the distance in angle from the nearest maximiser "
        "to each node inside, positive to the right, in units of π/n, the spacing of the roots."
    )

    def setting(at: int) -> list:
        n = degrees[at]
        loss, x = partial(polynomials.hard_objective, n), polynomials.hard_points(n)
        series = Chebyshev.interpolate(loss, 2 * n, domain=[0, 1]).coef
        numbers = [knobs.rounded(series, 5), knobs.points(x, loss(x))]
        farthest = []
        for nodes in (grids.chebyshev(n, "roots"), grids.chebyshev(n + 2)):
            inside, apart = _distances(n, nodes)
            farthest.append(np.abs(apart).max())
            numbers += [knobs.points(nodes, loss(nodes)), knobs.points(inside, apart)]
        said = f"n = {n}: {knobs.count(len(x), 'maximiser')}; from the nearest one the farthest "
        said += f"root lies {farthest[0]:.3f} of π/n away, "
        return [f"{said}the farthest extremum inside {farthest[1]:.3f}.", *numbers]

    slider = Control("degree n", [*map(str, degrees)], degrees.index(start))
    return knobs.show(name, [slider], panels, layers, setting, caption, height=266)


def _distances(degree: int, nodes: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
    """The nodes inside (0, 1), and how far each lies from its nearest maximiser."""
    inside = nodes[(nodes > 0) & (nodes < 1)]
    return inside, polynomials.nearest_hard_points(degree, inside)[1]
