"""Figures of the chapter on what makes a network robust, and of its appendix."""

from collections.abc import Mapping, Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Affine2D, Bbox
from numpy.typing import NDArray

from pwlib.checks import TEXT, accepts, alone, along, among, array, listed, members, named, of, real
from pwlib.figures import style
from pwlib.figures.style import COLOURS, INK, Look
from pwlib.intervals import at_least, interval
from pwlib.parameters import refusal
from pwlib.robustness import MARGIN

Array = NDArray[np.float64]
Numbers = Sequence[float] | Array  # in %, one a seed
Curves = Mapping[str, Mapping[str, Mapping[str, Sequence[Numbers]]]]  # data set, measure, arm → …

_KINDS = {"nothing": ("plain", "o"), "features": ("hard", "s"), "output": ("loss", "D")}
_WORDS = {"nothing": "no ascent", "features": "the features' objective"}
_WORDS |= {"output": "the output's objective"}
_SAMPLES = {
    "plain": ("plain", "o", "plain"),
    "hard": ("hard", "s", "hard points"),
    "label": ("loss", "D", "label's loss"),
}
_RIVALS = (("plain", "o", -0.15), ("loss", "s", 0.15))  # colour, marker, shift in a row
_GRID: Look = {"color": "#88888833", "lw": 0.6}
_ABOVE: Look = {"textcoords": "offset points", "ha": "center", "fontsize": "small"}


def figure_arms(
    found: Mapping[str, Mapping[str, Numbers]], kinds: Mapping[str, str], axis: str
) -> Figure:
    """A panel for each data set: a row for each arm, a dot for each seed and their mean.

    ``kinds`` says what an arm's steps have as their objective: "nothing", "features" or "output".
    The first arm's mean is a line through the panel. The headline has the kinds in their order
    where every arm of one is above every arm of the next, else the best arms.
    """
    fig, panels = _rows(found, axis, height=0.9 + 0.24 * len(kinds))
    for axes, by_arm in zip(panels, found.values(), strict=True):
        for i, (arm, values) in enumerate(by_arm.items()):
            colour, marker = _KINDS[kinds[arm]]
            look: Look = {"color": COLOURS[colour], "ls": ""}
            at = np.full(len(values), i)
            axes.plot(values, at, marker=marker, ms=4, alpha=0.2, mew=0, **look)
            axes.plot(np.mean(values), i, marker="|", ms=13, mew=2, **look)
        axes.axvline(np.mean(next(iter(by_arm.values()))), color=style.MUTED, lw=0.8, ls="--")
    for name, arm in zip(panels[0].get_yticklabels(), kinds, strict=True):
        name.set_color(COLOURS[_KINDS[kinds[arm]][0]])
    handles = [
        Line2D([], [], color=COLOURS[colour], marker=marker, ls="", label=_WORDS[kind])
        for kind, (colour, marker) in _KINDS.items()
    ]
    where: Look = {"loc": "outside upper center", "ncols": 3, "title_fontproperties": style.BOLD}
    where |= {"columnspacing": 1, "handlelength": 1, "handletextpad": 0.3}
    fig.legend(handles=handles, title=_order(found, kinds), **where)
    return style.say(fig, _means(found))


def _order(found: Mapping[str, Mapping[str, Numbers]], kinds: Mapping[str, str]) -> str:
    """Which kind of arms is above which, on all data sets, or else which arms are the best."""
    means = [{arm: np.mean(values) for arm, values in table.items()} for table in found.values()]
    orders, apart = set(), True
    for table in means:
        of_kind = {k: [m for arm, m in table.items() if kinds[arm] == k] for k in _KINDS}
        ends = sorted(((min(m), max(m), k) for k, m in of_kind.items() if m), reverse=True)
        apart &= all(high[0] > low[1] for high, low in pairwise(ends))
        orders.add(tuple(_WORDS[kind] for _, _, kind in ends))
    if apart and len(orders) == 1:
        first, *middle, last = orders.pop()
        less = "".join(f"{kind} less, " for kind in middle)
        return f"Steps up {first} help most,\n{less}{last} least"
    best = dict.fromkeys(max(table, key=table.__getitem__) for table in means)
    return f"Most robust: {' or '.join(best)}"


def figure_paths(
    found: Mapping[str, Mapping[str, tuple[Numbers, Numbers]]],
    kinds: Mapping[str, str],
    across: str,
    up: str,
    headline: str = "",
) -> Figure:
    """A panel for each data set: for each arm a path, whose dots grow with the length of its steps.

    ``found`` maps data set and arm to the means, in %, of what the axes are named after. The
    highest dot of an arm is largest and has its name. The headline, if none is given, says whose
    is the highest.
    """
    fig, panels = style.subplots(len(found), 1, 2.4 * len(found) + 0.3, squeeze=False)
    for axes, (title, by_arm) in zip(panels[:, 0], found.items(), strict=True):
        seen = set[str]()
        for arm, (x, y) in by_arm.items():
            colour, marker = _KINDS[kinds[arm]]
            look: Look = {"color": COLOURS[colour], "marker": marker if len(x) > 1 else "x"}
            axes.plot(x, y, color=COLOURS[colour], lw=0.7, alpha=0.5)
            if kinds[arm] in seen and len(x) > 1:  # another arm of the same kind is hollow
                look = {"facecolor": "white", "edgecolor": COLOURS[colour], "marker": marker}
            seen.add(kinds[arm])
            axes.scatter(x, y, np.linspace(3, 25, len(x)), alpha=0.6, **look)
            axes.scatter(x[best := int(np.argmax(y))], y[best], 50, **look)
        axes.set(title=title, xlabel=across, ylabel=up)
        axes.margins(x=0.2, y=0.25)
        axes.set_xlim(left=max(0, axes.get_xlim()[0]))  # nothing here is negative
        axes.set_ylim(bottom=max(-4, axes.get_ylim()[0]))
        axes.grid(**_GRID)
    axes.set_xlabel(f"{across}\n(marks grow with the step; big: the best)")
    tops = {max(by_arm, key=lambda arm: max(by_arm[arm][1])) for by_arm in found.values()}
    words = f"Most robust at its best step length: {' or '.join(sorted(tops))}"
    fig.suptitle(headline or words)
    fig.draw_without_rendering()  # which settles where the dots are
    said = []
    for axes, (title, by_arm) in zip(panels[:, 0], found.items(), strict=True):
        tops_first = sorted(by_arm.items(), key=lambda pair: -max(pair[1][1]))
        highest = {arm: (x[i := int(np.argmax(y))], y[i]) for arm, (x, y) in tops_first}
        _name_dots(axes, highest, np.hstack([np.asarray(path) for path in by_arm.values()]).T)
        said += [f"{title}, {arm} {y:.1f} at {x:.1f}" for arm, (x, y) in highest.items()]
    return style.say(fig, f"The highest: {'; '.join(said)}.")


def figure_lengths(
    found: Mapping[str, Mapping[str, Mapping[float, Numbers]]], kinds: Mapping[str, str]
) -> Figure:
    """`figure_curves` of accuracies against length: found by data set, arm and L2 length."""
    lengths = sorted({r for arms in found.values() for by_r in arms.values() for r in by_r})
    panels = {
        title: {"accuracy under PGD": {arm: [*by_r.values()] for arm, by_r in arms.items()}}
        for title, arms in found.items()
    }
    looks = {arm: (*_KINDS[kind], arm) for arm, kind in kinds.items()}
    drawn = {arm: [_best(arms[arm]) for arms in found.values() if arm in arms] for arm in kinds}
    best = sorted((min(at), max(at), arm) for arm, at in drawn.items() if at)
    ends = (f"{arm} {low:g}" + f" to {high:g}" * (low < high) for low, high, arm in best)
    headline = f"Best length of a step in training (ring):\n{', '.join(ends)}"
    fig = figure_curves(lengths, panels, "$L^2$ length of a step", looks=looks, headline=headline)
    for axes, arms in zip(fig.axes, found.values(), strict=True):
        for arm, by_r in arms.items():  # a ring at the best length
            at, colour = _best(by_r), COLOURS[looks[arm][0]]
            ring: Look = {"ms": 10, "mfc": "none", "color": colour, "clip_on": False}
            axes.plot(at, np.mean(by_r[at]), "o", **ring)
    return fig


def _best(by_length: Mapping[float, Numbers]) -> float:
    """The length of the largest mean."""
    return max(by_length, key=lambda length: np.mean(by_length[length]))


def figure_leads(found: Mapping[str, Mapping[str, Mapping[str, Numbers]]], axis: str) -> Figure:
    """A panel for each data set: in it a row for each setting, and for each lead its mean.

    ``found`` maps data set, setting and rival, of which there are two, to differences, one a seed.
    The bars are 95% intervals.
    """
    fig, panels = _rows(found, axis, height=0.9 + 0.27 * len(next(iter(found.values()))))
    said = []
    for axes, (title, by_setting) in zip(panels, found.items(), strict=True):
        rivals = next(iter(by_setting.values()))
        for rival, (colour, marker, shift) in zip(rivals, _RIVALS, strict=True):
            leads = [differences[rival] for differences in by_setting.values()]
            means = np.array([np.mean(lead) for lead in leads])
            ends = np.transpose([interval(lead) for lead in leads])
            bars = np.abs(ends - means)
            look: Look = {"color": COLOURS[colour], "elinewidth": 1.2, "ms": 4}
            at = np.arange(len(leads)) + shift
            axes.errorbar(means, at, xerr=bars, fmt=marker, label=rival, **look)
            level = (ends[0] <= MARGIN) & (ends[1] >= -MARGIN)  # neither is shown to be ahead
            axes.plot(means[level], at[level], marker, ms=2.5, color="white", zorder=3)
            said.append(f"{title}, {rival} from {means.min():.1f} to {means.max():.1f}")
        axes.axvline(0, color=style.MUTED, lw=0.8, ls="--", zorder=0)
    panels[0].set_ylim(top=-2.8)
    by_name = next(iter(next(iter(found.values())).values()))
    names = list(by_name)
    right = max(names, key=lambda name: np.mean(by_name[name]))
    for name, colour in zip(names, (style.READABLE, COLOURS["loss"]), strict=True):
        words = "\n".join(f" {word} " for word in f"against {name}".split())
        where: Look = {"ha": "left" if name == right else "right", "va": "center"}
        panels[0].text(0, -1.6, words, color=colour, **where).set_in_layout(False)
    every = [by_rival for settings in found.values() for by_rival in settings.values()]
    shown = [
        f"{sum(at_least(by[name]) > MARGIN for by in every)} of {len(every)}" for name in names
    ]
    wins = [f"{cases} against the {name}" for cases, name in zip(shown, names, strict=True)]
    fig.suptitle("Hard points win " + ",\n".join(wins))
    return style.say(fig, f"The means: {'; '.join(said)}.")


def figure_curves(
    x: Sequence[float],
    found: Curves,
    xlabel: str,
    unit: str = ", %",
    looks: Mapping[str, tuple[str, str, str]] = _SAMPLES,
    headline: str = "",
) -> Figure:
    """A column for each data set and a row for each measure: arms against x, on a logarithmic axis.

    ``found`` holds the values at each x, of which an arm may lack the last: a line for their means,
    a band for their 95% intervals. A look is a colour, a marker and a name.
    """
    measures = [*next(iter(found.values()))]
    shape: Look = {"height": 2 * len(measures) + 0.6, "sharex": True, "squeeze": False}
    fig, grid = style.subplots(len(measures), len(found), **shape)
    names = [f"{value:g}" if value < 1000 else f"{value / 1000:g}k" for value in x]
    touch = [*(np.diff(np.log(x)) < 0.16 * np.log(x[-1] / x[0])), False]  # the next name
    names = ["" if on_next else name for name, on_next in zip(names, touch, strict=True)]
    said = []
    for column, (title, by_measure) in zip(grid.T, found.items(), strict=True):
        column[0].set_title(title)
        column[-1].set_xlabel(xlabel)
        for axes, (measure, by_arm) in zip(column, by_measure.items(), strict=True):
            for arm, values in by_arm.items():
                meaning, marker, label = looks[arm]
                at, means = x[: len(values)], [float(np.mean(one)) for one in values]
                low, high = np.transpose([interval(one) for one in values])
                axes.fill_between(at, low, high, color=COLOURS[meaning], alpha=0.2, lw=0)
                axes.semilogx(at, means, f"{marker}-", color=COLOURS[meaning], ms=4, label=label)
                first, last = (f"{mean:.{1 if unit else 2}f}" for mean in (means[0], means[-1]))
                said.append(f"{title}, {measure}, {label} {first} to {last}")
            axes.grid(**_GRID)
            axes.set_xticks(x, names)
            axes.minorticks_off()
    for axes, measure in zip(grid[:, 0], measures, strict=True):
        axes.set_ylabel(f"{measure}{unit}")
    for axes in grid[:, -1]:
        style.name_lines(axes)
    fig.suptitle(headline)
    return style.say(fig, f"From the first to the last: {'; '.join(said)}.")


def figure_transfer(
    found: Mapping[str, Mapping[str, Mapping[tuple[str, str], Numbers]]], apart: str = ""
) -> Figure:
    """A panel for each data set: a row for each kind of pair, "plain on hard", with its mean.

    ``found`` maps data set, kind, source and target to shares of damage in %, one a seed; a dot is
    the mean of a pair of different architectures, hollow where one of them is ``apart``. The row
    of the least mean is in colour.
    """
    axis = (
        "damage, % of that by the target's own examples"
        + f"\n(hollow: to or from the {apart})" * bool(apart)
    )
    fig, panels = _rows(found, axis, height=1.7 + 0.36 * len(next(iter(found.values()))))
    means: dict[str, dict[str, float]] = {}
    for axes, (title, by_kind) in zip(panels, found.items(), strict=True):
        pairs = {
            kind: {pair: float(np.mean(v)) for pair, v in shares.items() if len({*pair}) > 1}
            for kind, shares in by_kind.items()
        }
        means[title] = {kind: float(np.mean([*by.values()])) for kind, by in pairs.items()}
        least = min(means[title], key=means[title].__getitem__)
        for row, (kind, by_pair) in enumerate(pairs.items()):
            colour = COLOURS["hard" if kind == least else "plain"]
            text = colour if kind == least else style.READABLE
            for hollow, face in ((False, colour), (True, "white")):
                x = [mean for pair, mean in by_pair.items() if (apart in pair) == hollow]
                axes.plot(x, [row] * len(x), "o", ms=4, color=colour, mfc=face)
            mean = means[title][kind]
            axes.plot(mean, row, "|", ms=15, mew=2, color=INK)
            axes.annotate(f"{mean:.0f}%", (mean, row), (0, 9), color=text, **_ABOVE)
        axes.set_xlim(left=0)
    kinds = {min(by, key=by.__getitem__) for by in means.values()}
    harm = (" networks\nharm ".join(kind.split(" on ")) for kind in sorted(kinds))
    percent = " and ".join(f"{min(by.values()):.0f}%" for by in means.values())
    fig.suptitle(f"Examples made on {' ones or '.join(harm)} ones least: {percent}")
    said = {title: {kind: [mean] for kind, mean in by.items()} for title, by in means.items()}
    return style.say(fig, f"Means over pairs of different architectures. {_means(said)}")


def _name_dots(axes: Axes, dots: Mapping[str, tuple[float, float]], others: Array) -> None:
    """A name near each dot, on no other name or dot where it can be; with a line if it is far.

    ``others`` (k, 2) are dots that names keep off as well.
    """
    in_points = axes.transData + Affine2D().scale(72 / axes.figure.dpi)
    points = in_points.transform([*dots.values()])
    edge, top = axes.bbox.x0 * 72 / axes.figure.dpi, axes.bbox.y1 * 72 / axes.figure.dpi
    drawn = [Bbox.from_bounds(x - 3, y - 3, 6, 6) for x, y in in_points.transform(others)]
    names: list[Bbox] = []
    ways = [(r, np.radians(angle)) for r in range(6, 74, 7) for angle in range(30, 390, 30)]
    for name, dot, (x, y) in zip(dots, dots.values(), points, strict=True):
        width, places = 5.6 * len(name), []
        for far, angle in ways:
            left = x + far * np.cos(angle) - width * (1 - np.sign(np.cos(angle).round(1))) / 2
            box = Bbox.from_bounds(left, y + far * np.sin(angle) - 4, width, 8)
            if left > edge and box.y1 < top:
                on = box.count_overlaps(names), box.count_overlaps(drawn)
                places.append((on, far, box))
        _, far, name_box = min(places, key=lambda place: place[:2])
        names.append(name_box)
        line: Look = {"arrowstyle": "-", "lw": 0.5, "color": style.MUTED}
        look: Look = {"textcoords": "offset points", "arrowprops": line if far > 6 else None}
        text = axes.annotate(name, dot, name_box.p0 - (x, y), **look)
        text.set_path_effects([withStroke(linewidth=2.5, foreground="white")])  # read across lines


def _means(found: Mapping[str, Mapping[str, Numbers]]) -> str:
    """The means of what is found, in words."""
    return " ".join(
        f"{name}: {', '.join(f'{key} {np.mean(values):.1f}' for key, values in table.items())}."
        for name, table in found.items()
    )


def _rows(found: Mapping[str, Mapping], axis: str, height: float) -> tuple[Figure, Any]:
    """A panel for each data set with its named rows, from the top."""
    fig, grid = style.subplots(1, len(found), height=height, sharey=True, squeeze=False)
    for axes, (title, rows) in zip(grid[0], found.items(), strict=True):
        axes.set(title=title)
        axes.set_yticks(range(len(rows)), rows)
        axes.tick_params(axis="y", length=0)
        axes.locator_params(axis="x", nbins=4)
        axes.grid(axis="x", **_GRID)
    grid[0, 0].set_ylim(len(rows) - 0.5, -0.5)
    below = fig.supxlabel(axis)
    fig.draw_without_rendering()  # which settles where the panels are
    ends = [grid[0, i].get_position().intervalx[i] for i in (0, -1)]
    below.set_x(float(np.mean(ends)))
    return fig, grid[0]


def _shares(name: str, shares: Mapping, known: dict) -> dict:
    """Numbers for each pair of two names or more, the same ones in all of a call."""
    found = named(_SEEDS, by=members(TEXT, TEXT))(name, shares, known)
    names = known.setdefault("architectures", list(dict.fromkeys(a for a, _ in found)))
    if len(names) < 2 or {*found} != {*product(names, names)}:
        raise refusal(name, list(found), f"all pairs of two names or more, here of {names}")
    return found


def _apart(name: str, apart: str, known: dict) -> str:
    """One of the architectures, or none."""
    return among(["", *known["architectures"]])(name, apart, known)


def _by_length(name: str, found: Mapping, known: dict) -> Mapping:
    """Numbers for each length, ascending, of which an arm may lack the last."""
    by_length = named(_SPREAD, by=real(0, above=True))
    found = named(named(by_length, by=of("kinds"), like="arms"))(name, found, known)
    every = [list(by_r) for by_arm in found.values() for by_r in by_arm.values()]
    lengths = sorted({length for one in every for length in one})
    for one in every:
        if one != lengths[: len(one)]:
            raise refusal(name, one, f"for each arm the first of {lengths}")
    return found


def _curve(name: str, values: Sequence[Numbers], known: dict) -> Sequence[Array]:
    """Numbers at each x, of which the last may lack."""
    found = listed(_SPREAD)(name, values, known)
    if len(found) > len(known["x"]):
        raise refusal(name, values, f"numbers for {len(known['x'])} x at most")
    return found


_SEEDS, _SPREAD = alone(array("seeds")), alone(array("seeds", least=2))
_LOOK = members(among(COLOURS), TEXT, TEXT)
_LEADS = named(_SPREAD, like="rivals", count=(2, 2))
_CURVES = named(_curve, by=of("looks"), like="arms")
accepts(
    __name__,
    {"kinds": named(among(_KINDS)), "x": along("x", 0, above=True), "looks": named(_LOOK)},
    figure_arms={"kinds": named(among(_KINDS), like="arms")}
    | {"found": named(named(_SEEDS, like="arms"))},
    figure_paths={"found": named(named(alone(array("2 steps", 0)), by=of("kinds"), like="arms"))},
    figure_lengths={"found": _by_length},
    figure_leads={"found": named(named(_LEADS, like="settings"))},
    figure_curves={"found": named(named(_CURVES, like="measures"))},
    figure_transfer={"found": named(named(_shares, like="kinds")), "apart": _apart},
)
