"""Figures of the chapters on polynomials: data in, a matplotlib Figure out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from pwlib import polynomials, signs
from pwlib.figures import style

AGREE, EDGE = "#F0E442", "#767676"  # Okabe and Ito's yellow, with an edge that can be told


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


def figure_1(x: np.ndarray, degrees: Sequence[int]) -> Figure:
    """Figure 1: f_n and g_n at x, a column for each degree; below, their difference g_n - f_n.

    Dots mark the sign changes of g_n, filled where f_n has one too; shaded is where signs agree.
    """
    fig = style.figure(width=max(7.0, 1.7 * len(degrees)), height=4.0)
    rows = fig.subplots(2, len(degrees), sharex=True, sharey="row", squeeze=False)
    for n, top, bottom in zip(degrees, *rows, strict=True):
        f, g = polynomials.bernstein_classifier(n, x), polynomials.chebyshev_classifier(n, x)
        changes = signs.sign_changes(polynomials.chebyshev_classifier_weights(n))
        edges = np.concatenate(([0.0], changes, [1.0]))
        _shade(top, edges, lambda middles, n=n: polynomials.chebyshev_classifier(n, middles))
        top.plot(x, f, color=style.COLOURS["bernstein"], label="$f_n$, Bernstein")
        top.plot(x, g, color=style.COLOURS["chebyshev"], label="$g_n$, Chebyshev")
        _mark_changes(top, changes)
        top.set_title(f"$n = {n}$\nagree on {polynomials.agreement(n):.3f}")
        bottom.plot(x, g - f, color=style.COLOURS["ink"], label="$g_n - f_n$")
        bottom.axhline(0, color=style.COLOURS["muted"], lw=0.8)
        bottom.set(xlabel="$x$", xlim=(-0.02, 1.02), xticks=(0, 0.5, 1), ylim=(-1.25, 1.25))
    rows[0, 0].set_ylabel("classifier")
    rows[1, 0].set_ylabel("$g_n - f_n$")
    fig.legend(*rows[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return fig


def figure_2(x: np.ndarray, weights: Mapping[str, Mapping[int, np.ndarray]]) -> Figure:
    """Figure 2: max-margin classifiers at x; a row for each grid, a column for each size m.

    `weights` maps the name of a grid and a size to weights in the shifted Chebyshev basis. Each
    panel says how many spurious sign changes there are and how much of [0, 1] is misclassified.
    """
    sizes = list(next(iter(weights.values())))
    fig = style.figure(width=max(7.0, 1.35 * len(sizes)), height=5.4)
    degree = len(next(iter(weights.values()))[sizes[0]]) - 1
    fig.suptitle(f"Maximum-margin classifiers of degree $n = {degree}$", fontsize=10)
    rows = fig.subplots(len(weights), len(sizes), sharex=True, sharey=True, squeeze=False)
    highest = 10.0
    for (grid, by_size), axes in zip(weights.items(), rows, strict=True):
        colour = style.COLOURS["equispaced" if grid.startswith("$E") else "chebyshev"]
        axes[0].set_ylabel(grid)
        for panel, m in zip(axes, sizes, strict=True):
            values = polynomials.chebyshev_features(degree, x) @ by_size[m]
            panel.axhline(0, color=style.COLOURS["muted"], lw=0.8)
            panel.plot(x, values, color=colour, lw=1.2)
            highest = max(highest, np.abs(values).max())
            _mark_changes(panel, signs.sign_changes(by_size[m]))
            spurious = len(signs.spurious_sign_changes(by_size[m]))
            wrong = round(100 * signs.misclassified_measure(by_size[m]), 6)
            panel.set_title(f"$m = {m}$\n{spurious} spurious\n{wrong:.2g}% wrong", fontsize=9)
    for panel in rows[-1]:
        panel.set_xlabel("$x$")
    powers = 10 ** np.arange(np.log10(highest) + 1e-9).astype(int)
    ticks = np.concatenate((-powers[::-1], [0], powers))
    rows[0, 0].set_yscale("asinh", linear_width=1)
    rows[0, 0].set_yticks(ticks, [f"{tick}".replace("-", "−") for tick in ticks], minor=False)
    rows[0, 0].set(xlim=(-0.04, 1.04), xticks=(0, 0.5, 1), ylim=(-2 * highest, 2 * highest))
    fig.legend(*rows[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return fig


def figure_near_a_sample(
    degrees: Sequence[int], largest: Mapping[int, float], limit: float, slope: float
) -> Figure:
    """Left, f_n and g_n next to x = 1 on the scale of g_n; right, max |g_n - f_n| against n.

    `largest` maps degrees to the maximum, which is drawn beside the law limit - slope/n.
    """
    ink = style.COLOURS["ink"]
    fig = style.figure(height=3.4)
    left, right = fig.subplots(1, 2)
    z = np.linspace(0, 3 * np.pi, 601)
    classifiers = {
        "bernstein": ("f", polynomials.bernstein_classifier),
        "chebyshev": ("g", polynomials.chebyshev_classifier),
    }
    for name, (symbol, classifier) in classifiers.items():
        for n, dashes in zip(degrees, (":", "--", "-"), strict=True):
            values = classifier(n, np.cos(z / (4 * ((n + 1) // 2))) ** 2)
            look = {"color": style.COLOURS[name], "ls": dashes, "lw": 1.2}
            left.plot(z / np.pi, values, label=f"${symbol}_{{{n}}}$", **look)
    left.axhline(0, color=style.COLOURS["muted"], lw=0.8)
    left.set(
        xlabel=r"$2pt/\pi$, sign changes of $g_n$ at 1, 2, 3", title="next to the sample $x = 1$"
    )
    left.legend(ncols=2, loc="upper right", bbox_to_anchor=(1.02, 0.82), handlelength=1.4)
    n = np.array(list(largest))
    for parity, marker in ((1, "o"), (0, "s")):
        chosen = [m for m in largest if m % 2 == parity][:: max(1, len(n) // 80)]
        label = f"{('even', 'odd')[parity]} $n$"
        values = [largest[m] for m in chosen]
        right.plot(chosen, values, ls="", marker=marker, ms=4, mfc="white", mec=ink, label=label)
    far = n[limit - slope / n > 0.5]
    right.plot(far, limit - slope / far, color=style.COLOURS["muted"], lw=1, label="the law")
    right.axhline(limit, color=style.COLOURS["muted"], ls="--", lw=1, label="the limit")
    right.set(xscale="log", xlabel="degree $n$", title=r"$\max\,|g_n - f_n|$")
    right.legend(loc="lower right")
    return fig


def figure_predictions(halves: Sequence[int]) -> Figure:
    """Where g_{2p} = g_{2p-1} has the wrong sign, a row for each p: exact intervals of [0, 1]."""
    fig = style.figure(height=3.8)
    axes = fig.subplots()
    for p in halves:
        edges = (1 - np.cos(np.arange(2 * p + 1) * np.pi / (2 * p))) / 2
        arc = np.arange(2 * p)
        wrong = np.minimum(arc, arc[::-1]) % 2 == 1  # counted from the nearer end
        spans = np.column_stack((edges[:-1], np.diff(edges)))[wrong]
        axes.broken_barh(spans.tolist(), (p - 0.5, 1), color=style.COLOURS["chebyshev"], lw=0)
    axes.set(xlim=(0, 1), ylim=(min(halves) - 0.5, max(halves) + 0.5))
    axes.set(xlabel="$x$", ylabel=r"$p = \lfloor (n+1)/2 \rfloor$", xticks=np.linspace(0, 1, 5))
    return fig


def figure_interpolation(
    constants: Mapping[str, Mapping[int, float]], errors: Mapping[str, Mapping[int, float]]
) -> Figure:
    """Lebesgue constants, and errors of the interpolants of one function, against the size m.

    Each maps the name of a grid to a number for each size.
    """
    fig = style.figure(height=3.4)
    left, right = fig.subplots(1, 2)
    markers = dict(zip(constants, ("s", "o", "v", "^"), strict=True))
    for axes, table in ((left, constants), (right, errors)):
        for name, by_size in table.items():
            colour = style.COLOURS["equispaced" if name == "equispaced" else "chebyshev"]
            sizes, values = zip(*by_size.items(), strict=True)
            look = {"color": colour, "marker": markers[name], "ms": 5, "mfc": "white", "lw": 1}
            axes.plot(sizes, values, label=name, **look)
        axes.set(xscale="log", xlabel="number of points $m$")
    left.set(title="Lebesgue constant", ylim=(0, 2.5 * max(constants["lobatto"].values())))
    right.set(yscale="log", title=r"error of the interpolant of $|2x - 1|$")
    right.set_ylim(0.5 * min(errors["lobatto"].values()), 10)
    left.legend()
    return fig


def _mark_changes(axes: Axes, changes: np.ndarray) -> None:
    """Dots at the sign changes: filled the one nearest to 1/2, hollow the spurious ones."""
    own = np.abs(changes - 0.5) == np.abs(changes - 0.5).min(initial=np.inf)
    look = {"ls": "", "marker": "o", "ms": 4, "color": style.COLOURS["ink"], "clip_on": False}
    look["in_layout"] = False  # an empty line that isn't clipped has no extent to lay out
    axes.plot(changes[own], 0 * changes[own], label="sign change near 1/2", **look)
    axes.plot(changes[~own], 0 * changes[~own], label="spurious sign change", mfc="white", **look)


def _shade(axes: Axes, edges: np.ndarray, values: Callable[[np.ndarray], np.ndarray]) -> None:
    """Shade the intervals between edges where the sign is that of x - 1/2."""
    middles = (edges[1:] + edges[:-1]) / 2
    right = np.sign(values(middles)) == np.sign(middles - 0.5)
    for start, end in np.column_stack((edges[:-1], edges[1:]))[right]:
        axes.axvspan(start, end, fc=to_rgba(AGREE, 0.5), ec=EDGE, lw=0.5)


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
