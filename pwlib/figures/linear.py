"""Figures of Sections I and II, on linear models: data in, a matplotlib Figure out."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import NDArray

from pwlib.figures import style
from pwlib.figures.style import COLOURS, Look

Array = NDArray[np.float64]

GUIDE: Look = {"color": COLOURS["muted"], "lw": 4, "alpha": 0.5}  # what theory says


def image_rows(rows: Sequence[Sequence[Array]], titles: Sequence[Sequence[str]]) -> Figure:
    """Rows of square images (side²,) with a title each, grey on [0, 1].

    The second of a row is a step: drawn about zero, with its largest entry in the title.
    """
    count = len(rows[0])
    height = (min(7.0 / count, 1.75) + 0.45) * len(rows)
    figure, axes = style.subplots(len(rows), count, height=height, squeeze=False)
    for panels, images, names in zip(axes, rows, titles, strict=True):
        for column, (axis, image, title) in enumerate(zip(panels, images, names, strict=True)):
            look: Look = {"cmap": "gray", "vmin": 0, "vmax": 1}
            if column == 1:
                largest = np.abs(image).max()
                look = {"cmap": "PuOr_r", "vmin": -largest, "vmax": largest}
                title = f"{title}\n(largest entry {largest:.2g})"
            side = int(np.sqrt(image.size))
            axis.imshow(image.reshape(side, side), interpolation="nearest", **look)
            axis.set_title(title, fontsize=9)
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set(visible=True, color=COLOURS["muted"])
    return figure


def figure_in_a_ball(sizes: Array, worst: Array, random: Array) -> Figure:
    """Share of images still classified correctly, against the L2 length of the perturbation."""
    figure, axis = style.subplots(height=3.0)
    axis.plot(sizes, random, color=COLOURS["control"], ls="--", label="random direction")
    axis.plot(sizes, worst, color=COLOURS["robust"], label="worst direction")
    axis.set(xlabel="L2 length of the perturbation", ylabel="accuracy")
    axis.set(xlim=(0, sizes.max()), ylim=(0, 1.03))
    axis.legend(loc="center right")
    return figure


def usefulness_map(
    rho: Array, critical: Array, groups: Mapping[str, NDArray[np.bool_]], eps: float
) -> Figure:
    """Usefulness against the critical size, a point a feature.

    rho and critical are (k,); ``groups`` names four masks: useless, non-robust, robust, undecided.
    """
    figure, axis = style.subplots(height=3.6)
    colours = ("muted", "reference", "robust", "positive")
    for (name, mask), colour in zip(groups.items(), colours, strict=True):
        label = f"{name} ({int(mask.sum())})"
        axis.scatter(critical[mask], rho[mask], s=16, color=COLOURS[colour], label=label, zorder=3)
    axis.axvline(eps, color=COLOURS["ink"], lw=1, ls=":")
    place: Look = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
    place |= {"rotation": 90, "va": "top", "ha": "right", "fontsize": 9}
    axis.annotate(f"size of the attack, {eps:g}", (eps, 1), (-4, -2), **place)
    axis.set(xscale="log", ylabel=r"usefulness $\rho$ on the test set")
    axis.set_xlabel(r"critical size $|\mathrm{E}\,y\langle v, x-m\rangle|$ (L2)")
    axis.legend(loc="upper left")
    return figure


def tilt_curve(degrees: Array, accuracy: Array, ratio: Array, fooled_below: float) -> Figure:
    """Accuracy and flipping ratio of the tilted classifiers, with the law cos(angle)."""
    figure, axis = style.subplots(height=3.0)
    axis.plot(degrees, accuracy, color=COLOURS["reference"], label="accuracy")
    axis.plot(degrees, np.cos(np.radians(degrees)), label="cosine of the angle", **GUIDE)
    axis.plot(degrees, ratio, color=COLOURS["robust"], ls="--", label="flipping ratio")
    axis.axhline(fooled_below, color=COLOURS["ink"], lw=1, ls=":")
    axis.text(1, fooled_below + 0.02, "fooled below this line", fontsize=9)
    axis.set(xlabel="tilt of the boundary (degrees)", ylim=(0, 1.05), xlim=(0, 90))
    axis.legend(loc="center left", bbox_to_anchor=(0.0, 0.45))
    return figure


def dimension_curves(images: Sequence[Array], family: Sequence[Array]) -> Figure:
    """Flipping sizes against the dimension: images at several resolutions, a Gaussian family.

    Each is dimensions, median L-inf sizes, and median L2 sizes over ``||x||``; all are (k,).
    """
    figure, panels = style.subplots(1, 2, sharey=True)
    titles = ("the same images, other resolutions", "independent coordinates")
    linf: Look = {"color": COLOURS["robust"], "ms": 4, "label": r"$L^\infty$ size"}
    l2: Look = {"color": COLOURS["reference"], "ms": 4, "label": r"$L^2$ size / $|x|_2$"}
    for axis, (d, sizes, relative), title in zip(panels, (images, family), titles, strict=True):
        axis.plot(d, sizes, "o-", **linf)
        axis.plot(d, relative, "s--", **l2)
        axis.set(xscale="log", yscale="log", xlabel="dimension $d$", title=title)
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.plot(d, sizes[0] * np.sqrt(d[0] / d), label=r"$\propto 1/\sqrt{d}$", **GUIDE)
    axis.legend(loc="lower left")
    panels[0].set_ylabel("median flipping size")
    return figure
