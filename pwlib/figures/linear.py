"""Figures of Sections I and II, on linear models: data in, a matplotlib Figure out."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import isqrt

import numpy as np
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import NDArray

from pwlib.checks import TEXT, Check, a, accepts, alone, along, array, listed, named, real, whole
from pwlib.figures import style
from pwlib.figures.style import COLOURS, Look
from pwlib.parameters import refusal

Array = NDArray[np.float64]

# Two hues that stand out on white and on black; nothing is the ground itself.
_HUES = {-1: "#8073ac", 0: "#8073ac", 1: "#e08214"}
STEPS = ListedColormap([(*to_rgb(_HUES[np.sign(v)]), abs(v)) for v in np.linspace(-1, 1, 257)])

GUIDE: Look = {"color": COLOURS["muted"], "lw": 4, "alpha": 0.5}  # what theory says


def image_rows(
    rows: Sequence[Sequence[Array]], titles: Sequence[Sequence[str]], headline: str = ""
) -> Figure:
    """Rows of square images (side²,) with a title each, grey on [0, 1]; four stand two by two.

    The second of a row is a step: drawn about zero, with its largest entry in the title.
    """
    count = len(rows[0])
    columns = 2 if count == 4 else count
    lines = len(rows) * count // columns
    height = (style.WIDTH / columns + 0.2) * lines
    figure, axes = style.subplots(lines, columns, height=height, squeeze=False)
    for panels, images, names in zip(axes.reshape(-1, count), rows, titles, strict=True):
        for place, axis, image, title in zip(range(count), panels, images, names, strict=True):
            look: Look = {"cmap": "gray", "vmin": 0, "vmax": 1}
            if place == 1:
                largest = np.abs(image).max()
                look = {"cmap": STEPS, "vmin": -(largest or 1), "vmax": largest or 1}
                title = f"{title}\n(largest entry {largest:.2g})"
            side = int(np.sqrt(image.size))
            axis.imshow(image.reshape(side, side), interpolation="nearest", **look)
            axis.set(title=title, xticks=[], yticks=[])
            axis.spines[:].set(visible=True, color=COLOURS["muted"])
    if headline:
        figure.suptitle(headline)
    said = ["; ".join(row).replace("\n", ", ") for row in titles]
    return style.say(figure, f"The titles: {'. '.join(said)}.")


def figure_in_a_ball(sizes: Array, worst: Array, random: Array) -> Figure:
    """Share of images still classified correctly, against the L2 length of the perturbation."""
    figure, axis = style.subplots()
    axis.plot(sizes, random, color=COLOURS["plain"], label="random\ndirection")
    axis.plot(sizes, worst, color=COLOURS["loss"], label="worst\ndirection")
    axis.set(xlabel="$L^2$ length of the perturbation", ylabel="accuracy")
    axis.set(xlim=(0, sizes.max()), ylim=(0, 1.03))
    style.name_lines(axis)
    half = np.argmax(worst < worst[0] / 2)
    message = f"At length {sizes[half]:.2f} the worst direction leaves {worst[half]:.0%} right, "
    return style.say(figure, f"{message}a random one {random[half]:.0%}.")


def figure_powers(powers: Sequence[int]) -> Figure:
    """xⁿ on [0, 1] for some n, with its mean and the point where an adversary finds 0.9."""
    figure, axes = style.subplots(1, len(powers), height=2.2, sharey=True)
    x, found = np.linspace(0, 1, 401), [0.9 ** (1 / n) for n in powers]
    said = []
    for axis, n, point in zip(axes, powers, found, strict=True):
        axis.fill_between(x, x**n, color=COLOURS["muted"], alpha=0.3, lw=0)
        axis.plot(x, x**n, color=COLOURS["ink"])
        axis.plot(point, 0.9, "o", color=COLOURS["loss"], clip_on=False)
        axis.set(title=f"$x^{{{n}}}$\nmean {1 / (n + 1):.2g}", xlim=(0, 1), ylim=(0, 1.02))
        axis.set(xticks=[0, 1], yticks=[0, 0.9], xlabel="$x$")
        said.append(f"n = {n}: mean {1 / (n + 1):.2g}, 0.9 at {point:.3f}")
    place: Look = {"textcoords": "offset points", "ha": "right", "color": COLOURS["loss"]}
    axes[0].annotate("adversary", (found[0], 0.9), (-7, -3), **place)
    axes[0].annotate("mean", (0.95, 0.2), (0, 0), textcoords="offset points", ha="right")
    return style.say(figure, f"{'; '.join(said)}.")


def usefulness_map(
    rho: Array, critical: Array, groups: Mapping[str, NDArray[np.bool_]], eps: float
) -> Figure:
    """Usefulness against the critical size, a point a feature.

    rho and critical are (k,); ``groups`` names four masks: useless, non-robust, robust, undecided.
    """
    figure, axis = style.subplots(height=3.4)
    faces = (COLOURS["muted"], COLOURS["loss"], COLOURS["ink"], "white")
    for (name, mask), face in zip(groups.items(), faces, strict=True):
        label = f"{name} ({int(mask.sum())})"
        look: Look = {"color": face, "edgecolors": COLOURS["ink"], "lw": 0.6}
        axis.scatter(critical[mask], rho[mask], s=18, label=label, zorder=3, **look)
    axis.axvline(eps, color=COLOURS["ink"], lw=1, ls=":")
    place: Look = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
    axis.annotate(f"size of the attack, {eps:g}", (eps, 1), (0, 3), ha="center", **place)
    for name, mask in [*groups.items()][2:]:
        if mask.any():
            last = max(zip(critical[mask], rho[mask], strict=True))
            axis.annotate(name, last, (5, -3), textcoords="offset points")
    axis.set(xscale="log", ylabel=r"usefulness $\rho$ on the test set")
    axis.set_xlabel("critical size: the $L^2$ attack that makes it useless")
    style.legend(figure)
    kept = int([*groups.values()][2].sum())
    figure.suptitle(f"{kept} of {len(rho)} features surely stay useful under attack")
    said = ", ".join(f"{int(mask.sum())} {name}" for name, mask in groups.items())
    return style.say(figure, f"Of {len(rho)} features: {said}.")


def tilt_curve(degrees: Array, accuracy: Array, ratio: Array, fooled_below: float) -> Figure:
    """Accuracy and flipping ratio of the tilted classifiers, with the law cos(angle)."""
    figure, axis = style.subplots()
    axis.plot(degrees, accuracy, color=COLOURS["ink"])
    axis.plot(degrees, np.cos(np.radians(degrees)), **GUIDE)
    axis.plot(degrees, ratio, color=COLOURS["loss"], ls="--")
    axis.axhline(fooled_below, color=COLOURS["ink"], lw=1, ls=":")
    axis.text(1, fooled_below + 0.02, "fooled below this line")
    middle = len(degrees) // 2
    axis.text(degrees[middle], accuracy[middle] - 0.03, "accuracy", va="top")
    name: Look = {"xytext": (-6, -6), "textcoords": "offset points", "ha": "right", "va": "top"}
    law = "step to flip, relative\n= cosine of the tilt"
    axis.annotate(law, (degrees[middle], ratio[middle]), color=COLOURS["loss"], **name)
    axis.set(xlabel="tilt of the boundary (degrees)", ylim=(0, 1.05), xlim=(0, 90))
    fooled = np.argmax(ratio < fooled_below)
    message = f"At {degrees[fooled]:.0f}° the flipping ratio falls below {fooled_below:g}, "
    return style.say(figure, f"{message}with an accuracy of {accuracy[fooled]:.1%}.")


def dimension_curves(images: Sequence[Array], family: Sequence[Array]) -> Figure:
    """Flipping sizes against the dimension: images at several resolutions, a Gaussian family.

    Each is dimensions, median L-inf sizes, and median L2 sizes over ``||x||``; all are (k,).
    """
    figure, panels = style.subplots(1, 2, sharey=True)
    titles = ("the same images at\nother resolutions", "independent\ncoordinates")
    for axis, (d, sizes, relative), title in zip(panels, (images, family), titles, strict=True):
        axis.plot(d, sizes, "o-", color=COLOURS["loss"], ms=4)
        axis.plot(d, relative, "s--", color=COLOURS["loss"], ms=4)
        axis.set(xscale="log", yscale="log", xlabel="dimension $d$", title=title)
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.plot(d, sizes[0] * np.sqrt(d[0] / d), zorder=0, **GUIDE)
    along = d[len(d) // 2], sizes[0] * np.sqrt(d[0] / d[len(d) // 2])
    axis.annotate(r"$\propto 1/\sqrt{d}$", along, (3, 6), textcoords="offset points")
    for text, sizes in ((r"$L^\infty$ size", images[1]), (r"$L^2$ size / $\|x\|_2$", images[2])):
        place: Look = {"textcoords": "offset points", "color": COLOURS["loss"]}
        panels[0].annotate(text, (images[0][1], sizes[1]), (0, 6), **place)
    panels[0].set_ylabel("median flipping size")
    said = [
        f"from {d[0]:g} to {d[-1]:g} dimensions the sizes go from {a[0]:.2g} to {a[-1]:.2g}"
        for d, a, _ in (images, family)
    ]
    return style.say(figure, f"For the images, {said[0]}; for the family, {said[1]}.")


def _image(name: str, image: Array, known: dict) -> Array:
    found = alone(array("pixels"))(name, image, known)
    if isqrt(len(found)) ** 2 != len(found):
        raise refusal(name, image, "a square image in a row, (side²,)")
    return found


def _table(check: Check, like: str, name: str, rows: Sequence, known: dict) -> Sequence[Sequence]:
    """Rows of one length, or as long as those of another argument, as many of them."""
    found = listed(listed(check))(name, rows, known)
    counts = [len(row) for row in found]
    wanted = [len(row) for row in known[like]] if like else counts[:1] * len(counts)
    if counts != wanted:
        raise refusal(name, counts, f"rows of {wanted}")
    return found


def _masks(name: str, groups: Mapping[str, NDArray], known: dict) -> dict[str, NDArray]:
    what, features = "a mask of bool", len(known["rho"])
    mask = a(np.ndarray, where=lambda m: m.dtype == bool and m.shape == (features,), what=what)
    found = named(mask, count=(4, 4))(name, groups, known)
    if (sum(each.astype(int) for each in found.values()) != 1).any():
        raise refusal(name, list(found), "masks of which one is true for each feature")
    return found


def _ratios(name: str, ratio: Array, known: dict) -> Array:
    found = array("k", 0, 1.05)(name, ratio, known)
    if found.min() >= known["fooled_below"]:
        raise refusal(name, found.min().item(), "some ratios below fooled_below")
    return found


_LOGARITHMIC = along("3 k", 0, above=True, rising=False, least=2)
accepts(
    __name__,
    {"rows": partial(_table, _image, ""), "titles": partial(_table, TEXT, "rows")}
    | {"sizes": along("k", 0, least=2), "worst random accuracy": array("k", 0, 1)}
    | {"rho": array("k"), "critical": along("k", 0, above=True, rising=False), "groups": _masks}
    | {"powers": listed(whole(1), 2), "eps": real(0, above=True), "fooled_below": real(0, 1)}
    | {"degrees": along("k", 0, 90), "ratio": _ratios, "images family": alone(_LOGARITHMIC)},
)
