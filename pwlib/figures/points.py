"""Figures of Sections III-B and of the chapters on training points: numbers in, a figure out."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import inf

import numpy as np
from matplotlib.figure import Figure

from pwlib import polynomials
from pwlib.checks import accepts, alone, along, among, array, listed, members, named, real, whole
from pwlib.figures import style
from pwlib.figures.style import COLOURS, INK, MUTED, Look
from pwlib.parameters import refusal

Curves = Mapping[str, Mapping[int, float]]  # by a name and the size m
Pairs = Mapping[str, Sequence[tuple[float, float]]]
Lines = Mapping[str, np.ndarray]

_EQUISPACED, _CHEBYSHEV = style.grid_look("equispaced"), style.grid_look("lobatto")
_BEST: Look = {"color": INK, "marker": "d", "ms": 4, "ls": ":"}
_GUIDE: Look = {"color": MUTED, "lw": 1}
_LOOKS = {
    "equispaced": _EQUISPACED,
    "Chebyshev extrema": _CHEBYSHEV | {"mfc": "white"},
    "Chebyshev roots": _CHEBYSHEV | {"ls": "--"},
    "merging pairs": _BEST,
}
LOOKS = {
    "equispaced midpoints": _EQUISPACED | {"mfc": "white", "ls": "--"},
    "equispaced with ends": _EQUISPACED,
    "Chebyshev roots": _LOOKS["Chebyshev roots"],
    "Chebyshev extrema": _LOOKS["Chebyshev extrema"],
    "maximisers of (12)": {"color": COLOURS["hard"], "marker": "^", "ms": 5},
    "best found": _BEST,
}


def figure_optimal_objective(
    sizes: Sequence[int], objective: Pairs, errors: Pairs, degree: int
) -> Figure:
    """The objective of (8), and the largest error once the ends are added, against the size m.

    `objective` and `errors` hold a (mean, standard error) for each set of points and each size. A
    mean below 1e-8 is rounding error, and not drawn on the logarithmic axis.
    """
    fig, (left, right) = style.subplots(1, 2, height=3.2, sharex=True)
    found = (left, objective, 1e-8, degree), (right, errors, 0, degree - 2)
    for axes, table, least, last in found:
        for name, rows in table.items():
            mean, error = np.transpose(rows)
            mean = np.where(mean < least, np.nan, mean)
            axes.errorbar(sizes, mean, 1.96 * error, label=name, **_LOOKS[name])
        zero = min((m for m in sizes if m > last), default=last + 1)
        axes.axvline(zero - 0.2, **_GUIDE)
        text = "zero" if least == 0 else "zero from\nhere on"
        axes.text(zero, 0.5, text, transform=axes.get_xaxis_transform())
        axes.set_xlabel("points inside, $m$")
    left.set(yscale="log", ylabel="objective (8)", title="What (8) measures")
    error = r"mean of $\max_x\,|\hat h_X - h|$"
    right.set(ylabel=error, title="What it should control", ylim=(0, None))
    above: Look = {"xytext": (-2, 32), "textcoords": "offset points"}
    left.annotate("merging pairs", (sizes[0], objective["merging pairs"][0][0]), **above)
    style.legend(fig)
    means = [
        np.array([[mean for mean, _ in rows] for rows in table.values()])
        for table in (objective, errors)
    ]
    apart = [
        max((at_m.max() / at_m.min() for at_m in table.T if at_m.min() > 1e-8), default=0)
        for table in means
    ]
    if all(apart):
        most = f"{_round(apart[0])}-fold,\nthe error at most {apart[1]:.1f}-fold"
        fig.suptitle(f"Between sets of points (8) differs up to {most}")
    first = zip(objective, *(table[:, 0] for table in means), strict=True)
    said = [f"{name} (8) {a:.3g}, largest error {b:.3g}" for name, a, b in first]
    return style.say(fig, f"With {sizes[0]} points: {'; '.join(said)}.")


def _round(number: float) -> str:
    """A number to two digits."""
    return f"{float(f'{number:.2g}'):,.0f}"


def figure_merging(x: np.ndarray, panels: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """A panel for each title: points, where the error at x vanishes, and its tangents there."""
    fig, row = style.subplots(1, len(panels), height=2.8, sharey=True)
    for axes, (title, (points, error)) in zip(row, panels.items(), strict=True):
        axes.axhline(0, color=MUTED, lw=0.8)
        axes.plot(x, error, color=INK, lw=1)
        slopes, reach = np.interp(points, x, np.gradient(error, x)), np.array([[-0.06], [0.06]])
        axes.plot(points + reach, slopes * reach, color=COLOURS["loss"], lw=1.2)
        axes.plot(points, 0 * points, "o", color=INK, ms=4)
        axes.set(title=title, xlabel="$x$", xlim=(-0.04, 1.04), xticks=(0, 1))
        axes.axhline(error[np.abs(error).argmax()], color=MUTED, lw=0.8, ls="--")
    row[0].set_ylabel(r"error $\hat h_X - h$")
    largest = {title: np.abs(error).max() for title, (_, error) in panels.items()}
    first, *_, end = largest.values()
    fig.suptitle(f"As pairs merge, (8) vanishes, and the error keeps {end / first:.0%}")
    last, look = row[-1], {"ha": "center", "textcoords": "offset points"}
    last.annotate("largest", (0.4, last.lines[-1].get_ydata()[0]), (0, 4), **look)
    last.annotate("(8): slopes of\ntangents", (0.4, 0), (0, 14), color=COLOURS["loss"], **look)
    said = "; ".join(f"{title}: largest error {most:.2f}" for title, most in largest.items())
    return style.say(fig, f"{said}.".replace("\n", ", "))


def figure_limit(
    x: np.ndarray, scaled: Mapping[int, np.ndarray], limit: np.ndarray, distances: Curves
) -> Figure:
    """A panel for each size: the classifier with these scaled weights, on its limit.

    The last says how near: `distances` maps a reading of the grid and a size to the relative
    distance from the limit.
    """
    fig, panels = style.subplots(2, 2, height=4.2)
    features = polynomials.chebyshev_features(len(limit) - 1, x)
    highest = (features @ limit).max()
    for axes, (m, weights) in zip(panels.flat, scaled.items(), strict=False):
        axes.axhline(0, color=MUTED, lw=0.8)
        axes.plot(x, features @ limit, color=INK, lw=1)
        axes.plot(x, features @ weights, color=COLOURS["equispaced"])
        axes.set(xlim=(0.5, 1), xticks=(0.5, 1))
        axes.set_title(f"$m = {m}$, distance {distances['equispaced'][m]:#.2g}")
        axes.set_ylim(-0.4 * highest, 1.3 * highest)
    panels[0, 0].set_ylabel("$u_1 f$")
    panels[1, 0].set(ylabel="$u_1 f$", xlabel="$x$")
    panels[0, 0].text(0.62, 0.9 * highest, "limit $G$")
    panels[0, 0].text(0.98, 1.1 * highest, "on $E_m$", color=COLOURS["equispaced"], ha="right")
    last = panels[1, 1]
    for reading, by_size in distances.items():
        look = style.grid_look(reading) | {"ms": 3, "label": reading}
        last.loglog(*zip(*by_size.items(), strict=True), **look)
    sizes = np.array(list(next(iter(distances.values()))))
    guide = 0.4 * min(next(iter(by_size.values())) for by_size in distances.values())
    last.loglog(sizes, guide * sizes[0] / sizes, **_GUIDE)
    last.set(xlabel="number of points $m$", title="distance to $G$, relative")
    top: Look = {"transform": last.transAxes, "ha": "right", "va": "top"}
    last.text(1, 1, "Chebyshev grids", color=COLOURS["chebyshev"], **top)
    last.text(1, 0.86, "equispaced", color=COLOURS["equispaced"], **top)
    last.text(0.5, 0.12, "slope $-1$", color=style.READABLE, **top)
    (few, far), *_, (many, near) = distances["equispaced"].items()
    rate = np.log(near / far) / np.log(many / few)
    fig.suptitle(f"With more points the classifier nears a limit $G$, like $m^{{{rate:.1f}}}$")
    said = [f"{distances['equispaced'][m]:.2g} at m = {m}" for m in scaled]
    return style.say(fig, f"On the equispaced grid the distance is {', '.join(said)}.")


def figure_laws(chebyshev: Pairs, equispaced: Pairs, limits: Mapping[str, float]) -> Figure:
    """Last sizes with a spurious sign change against the degree n: above m/n, below m/n².

    `chebyshev` maps "even m" and "odd m", `equispaced` four classes "even m, p even", …, to pairs
    (n, m); `limits` maps the same names to the constants for n → ∞, drawn as lines.
    """
    fig, (top, bottom) = style.subplots(2, height=5)
    for axes, table, power, unit in ((top, chebyshev, 1, "n"), (bottom, equispaced, 2, "n^2")):
        ranked = sorted(table, key=limits.__getitem__, reverse=True)
        rest = "the rest: at most" if len(ranked) > 2 else f"{ranked[-1]}:"
        for rank, name in enumerate(ranked):
            n, m = np.transpose(sorted(table[name]))
            even, filled = name.startswith("even"), "odd" not in name.split(",")[-1]
            worst = rank == 0
            colour = COLOURS["chebyshev" if power == 1 else "equispaced"] if worst else MUTED
            look: Look = {"color": colour, "mfc": colour if even else "white", "ls": "", "ms": 4}
            marker = "o" if power == 1 else ("s" if filled else "D")
            said = (f"{name}:", rest)[rank] if rank < 2 else "_"  # others have no label
            label = f"{said} {limits[name]:.3f} ${unit}$"
            axes.semilogx(n, m / n**power, marker=marker, label=label, zorder=2 + worst, **look)
            axes.axhline(limits[name], **(_GUIDE | {"color": colour, "zorder": 0}))
    most = [max(limits[name] for name in table) for table in (chebyshev, equispaced)]
    enough = f"{most[0]:.3f}\\,n$\non Chebyshev grids, $m = {most[1]:.3f}\\,n^2$ on equispaced ones"
    fig.suptitle(f"For large $n$ no wrong sign beyond $m = {enough}")
    top.set(ylabel="$m / n$", title="Chebyshev grids: last size $m$ with a wrong sign")
    top.set_xlabel("degree $n$")
    bottom.set(ylabel="$m / n^2$", title="equispaced grid: last size $m$ with a wrong sign")
    bottom.set(xlabel=r"degree $n$   ($p = \lfloor (n+1)/2 \rfloor$)", ylim=(0.05, 0.19))
    for axes in (top, bottom):
        style.name_lines(axes)
    said = ", ".join(f"{limit:.3f} for {name}" for name, limit in limits.items())
    return style.say(fig, f"The constants are {said}.")


def figure_critical(y: np.ndarray, even: Lines, odd: Lines) -> Figure:
    """The limit F(y) of the interpolant beside the middle, below, at and above the critical size.

    Both map a label to the values at y = Nφ (len(y),); the training points are where all meet.
    """
    fig, axes = style.subplots(2, height=4.2, sharex=True)
    panels = (even, 0.5, "even $m$: a dip"), (odd, 1, "odd $m$: the slope at the middle")
    for side, (table, first, title) in zip(axes, panels, strict=True):
        for (label, values), dashes in zip(table.items(), (":", "--", "-"), strict=True):
            side.plot(y / np.pi, values, color=COLOURS["chebyshev"], ls=dashes, label=label)
        points = np.arange(first, y[-1] / np.pi + 1e-9)
        side.plot(points, np.ones(len(points)), "o", color=INK, ms=4)
        lowest = side.get_ylim()[0]
        side.axhspan(lowest, 0, color=MUTED, alpha=0.25, lw=0)
        side.text(y[-1] / np.pi, -0.04, "wrong sign", ha="right", va="top")
        side.set(title=f"{title} goes below 0 with fewer", ylabel="$F_r(y)$", ylim=(lowest, 2.6))
        look: Look = {"columnspacing": 1, "handlelength": 1.6, "title": "points over degree, $m/n$"}
        side.legend(loc="upper right", ncols=3, **look)
    axes[1].set_xlabel(r"$y/\pi$")
    fig.suptitle("With fewer points than the critical share the sign is wrong")
    labelled = [*even.items(), *odd.items()]
    least = ", ".join(f"{label} {np.min(values):.2f}" for label, values in labelled)
    return style.say(fig, f"The least values of F: {least}.")


def figure_end(z: np.ndarray, c: float, curves: Lines, dips: Mapping[str, Lines]) -> Figure:
    """The classifier on E_m, m = cn²: its right end, z = 0, and below its dip against c.

    `curves` maps the limit and a degree to values (len(z),), `dips` maps the same two to
    {"c": (k,), "dip": (k,)}. Points are at √(j/c).
    """
    fig, (upper, lower) = style.subplots(2, height=5)
    looks: list[Look] = [{"color": INK, "lw": 1.6}]
    looks += [{"color": COLOURS["equispaced"], "lw": 1.6, "zorder": 1}]
    for (label, values), look in zip(curves.items(), looks, strict=True):
        upper.plot(z, values, label=label, **look)
    sides: list[Look] = [{"xytext": (-4, -10), "ha": "right"}, {"xytext": (4, -10), "ha": "left"}]
    for (label, table), look, side in zip(dips.items(), looks, sides, strict=True):
        lower.plot(table["c"], table["dip"], label=label, **look)
        if len(negative := np.flatnonzero(np.asarray(table["dip"]) < 0)):
            last = table["c"][negative[-1]], table["dip"][negative[-1]]
            lower.plot(*last, "o", color=look["color"], ms=5)
            side |= {"color": look["color"], "textcoords": "offset points", "va": "center"}
            lower.annotate(f"{label}: {last[0]:.4f}", last, **side)
    limit = next(iter(curves.values()))
    points = np.sqrt(np.arange(int(c * z[-1] ** 2) + 1) / c)
    at_points = np.interp(points, z, limit)
    upper.plot(points, at_points, "o", color=INK, ms=3)
    below: Look = {"textcoords": "offset points", "ha": "right", "va": "top"}
    upper.annotate("training points", (points[-1], at_points[-1]), (0, -8), **below)
    upper.set(xlabel="$z$, from the right end", ylabel="$f$")
    words = f"beyond $m = {c}\\,n^2$ for large $n$"
    fig.suptitle(f"On equispaced grids no wrong sign\n{words}")
    lowest = int(limit.argmin())
    upper.set_title(f"at $c = {c}$ the dip next to the end goes down to {limit[lowest]:z.2f}")
    touch: Look = {"color": COLOURS["loss"], "textcoords": "offset points", "va": "center"}
    upper.plot(z[lowest], limit[lowest], "o", color=COLOURS["loss"], ms=5)
    upper.annotate("the dip", (z[lowest], limit[lowest]), (16, 6), **touch)
    lower.set(xlabel=r"$c = (m - 1)/(2p)^2 \approx m/n^2$", ylabel="lowest value in the dip")
    lower.set_title("the dip is last below 0 at the dots")
    lower.set_ylim(bottom=(floor := 2 * lower.get_ylim()[0]))
    lower.axhspan(floor, 0, color=MUTED, alpha=0.25, lw=0)
    lower.text(0.99, 0.02, "wrong sign", transform=lower.transAxes, ha="right", va="bottom")
    lower.locator_params(axis="x", nbins=5)
    upper.axhline(0, color=MUTED, lw=0.8)
    for axes in (upper, lower):
        style.name_lines(axes)
    least = [f"{label} {np.min(values):.2f}" for label, values in curves.items()]
    return style.say(fig, f"The least values of f at m = {c} n²: {', '.join(least)}.")


def figure_advantage(degree: int, worst: Curves, noise: Curves) -> Figure:
    """The greatest variance without noise, m ≤ n, and that of the noise, m > n, against m.

    Both map the name of a set (see `LOOKS`) to its value at each size.
    """
    fig, (top, bottom) = style.subplots(2, height=5)
    for axes, table, at in ((top, worst, -1), (bottom, noise, 0)):
        for name, values in table.items():
            look = LOOKS[name] | {"markevery": None if len(values) < 20 else 0.08}
            axes.plot(*zip(*values.items(), strict=True), label=name, **look)
        axes.set(xlabel="training points, $m$", ylabel="greatest variance")
        ends = sorted((*[*values.items()][at][::-1], name) for name, values in table.items())
        (low, size, least), (high, _, most) = ends[0], ends[-1]
        factor = _round(high / low)
        kind = "without" if axes is top else "with"
        axes.set_title(f"{kind} noise these sets differ {factor}-fold, at $m = {size}$")
    top.axhline(degree + 1, **_GUIDE)
    top.text(degree, degree + 1.15, "before training", ha="right", va="bottom")
    top.xaxis.get_major_locator().set_params(integer=True)
    top.set(ylim=(0, degree + 2.2))
    sizes = np.array(list(next(iter(noise.values()))))
    bottom.plot(sizes, (degree + 1) / sizes, label="least possible", **_GUIDE)
    bottom.set(xscale="log", yscale="log")
    bottom.annotate(f"{factor}-fold", (size, high), (8, -2), textcoords="offset points")
    gap: Look = {"arrowstyle": "<->", "shrinkA": 0, "shrinkB": 0, "lw": 1.2}
    bottom.annotate("", (size, high), (size, low), arrowprops=gap)
    for axes in (top, bottom):
        style.name_lines(axes)
    words = f"With noise {most} are\n{factor} times as bad as {least}"
    fig.suptitle(f"{words} ($m = {size}$)")
    said = [f"{name} {next(iter(values.values())):.3g}" for name, values in noise.items()]
    return style.say(fig, f"With noise, at {sizes[0]} points: {', '.join(said)}.")


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
    known = sets.keys() & LOOKS.keys()
    for_each = []
    for name in (name for name in sets if name.startswith("best") and name not in known):
        away = {np.abs(np.subtract(sets[other], sets[name])).max(): other for other in known}
        for_each.append(f"{name}: nearest to {away[min(away)]} ({min(away):.2f})")
    fig.suptitle("\n".join(for_each))
    said = [f"{name}: {', '.join(f'{point:.2f}' for point in x)}" for name, x in sets.items()]
    return style.say(fig, f"{'; '.join(said)}.")


def _sizes(name: str, sizes: Sequence[int], known: dict) -> Sequence[int]:
    found = listed(whole(1))(name, sizes, known)
    along("sizes")(name, found, known)
    return found


def _error(name: str, error: np.ndarray, known: dict) -> np.ndarray:
    found = array("x")(name, error, known)
    if not found.any():
        raise refusal(name, error, "an error that isn't 0 everywhere")
    return found


def _limits(name: str, limits: Mapping[str, float], known: dict) -> Mapping[str, float]:
    """A constant for each name that is drawn."""
    return named(_POSITIVE, *known["chebyshev"], *known["equispaced"])(name, limits, known)


def _distances(name: str, distances: Curves, known: dict) -> Curves:
    """Of readings of the grid; of the equispaced one at the sizes of the panels, too."""
    found = named(_BY_SIZE, "equispaced", by=among(style.GRID_MARKERS))(name, distances, known)
    at_panels = named(real(), *known["scaled"], by=whole(1))
    at_panels(f"{name}['equispaced']", found["equispaced"], known)
    return found


def _ending(at: int, name: str, curves: Curves, known: dict) -> Curves:
    """Curves by the size, all of which start (0) or end (-1) at one size."""
    found = named(_BY_SIZE, by=among(LOOKS), count=(2, inf))(name, curves, known)
    if len(ends := {[*by_size][at] for by_size in found.values()}) > 1:
        raise refusal(name, sorted(ends), f"curves that {'end' if at else 'start'} at one size")
    return found


def _sets(name: str, sets: Lines, known: dict) -> Lines:
    """Sets of points; of one size, with a grid among them, if one is compared with the grids."""
    found = named(alone(along("k", 0, 1)))(name, sets, known)
    compared = any(key.startswith("best") and key not in LOOKS for key in found)
    sizes = {key: len(x) for key, x in found.items()}
    if compared and (not {*found} & {*LOOKS} or len({*sizes.values()}) > 1):
        raise refusal(name, sizes, f"sets of one size, one of {', '.join(LOOKS)} among them")
    return found


_POSITIVE = real(0, above=True)
_BY_SIZE = named(_POSITIVE, by=whole(1), rising=True)
_PAIRS = named(listed(members(whole(1), whole(0))))
_MEANS = named(array("sizes 2", 0), "merging pairs", by=among(_LOOKS), like="sets")
accepts(
    __name__,
    {"sizes": _sizes, "objective errors": _MEANS, "degree": whole(1)}
    | {"x": along("x", 0, 1, least=2), "limit": array("n")}
    | {"panels": named(members(alone(array("k")), _error), count=(2, inf))}
    | {"scaled": named(array("n"), by=whole(1), count=(1, 3)), "distances": _distances}
    | {"chebyshev equispaced": _PAIRS, "limits": _limits}
    | {"y": along("y", 0), "even odd": named(array("y"), count=(3, 3)), "z": along("z", 0)}
    | {"c": real(0, 100, above=True), "curves": named(array("z"), like="curves", count=(2, 2))}
    | {"dips": named(alone(named(array("k"), "c", "dip")), like="curves")}
    | {"worst": partial(_ending, -1), "noise": partial(_ending, 0), "sets": _sets},
)
