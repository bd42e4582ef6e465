"""Figures of Sections I and II, on linear models: data in, a matplotlib Figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import NDArray

from pwlib.figures import style
from pwlib.pockets import Shares, hyperplane_shares

Array = NDArray[np.float64]

COLOURS = style.COLOURS
GUIDE: dict[str, Any] = {"color": COLOURS["muted"], "lw": 4, "alpha": 0.5}  # what theory says


def image_rows(
    rows: Sequence[Sequence[Array]], titles: Sequence[Sequence[str]], signed: Sequence[int]
) -> Figure:
    """Rows of square images (side²,) with a title each, grey on [0, 1].

    Those in the columns ``signed`` are drawn about zero, scaled by their largest entry, which the
    title states.
    """
    count = len(rows[0])
    figure = style.figure(7.0, (min(7.0 / count, 1.75) + 0.45) * len(rows))
    axes = figure.subplots(len(rows), count, squeeze=False)
    for panels, images, names in zip(axes, rows, titles, strict=True):
        for column, (axis, image, name) in enumerate(zip(panels, images, names, strict=True)):
            _draw_image(axis, image, name, column in signed)
    return figure


def _draw_image(axis: Axes, image: Array, title: str, signed: bool) -> None:
    side, largest = int(np.sqrt(image.size)), np.abs(image).max() if signed else 1.0
    look: dict[str, Any] = {"cmap": "PuOr_r" if signed else "gray", "interpolation": "nearest"}
    low = -largest if signed else 0.0
    axis.imshow(image.reshape(side, side), vmin=low, vmax=largest, **look)
    axis.set_title(f"{title}\n(largest entry {largest:.2g})" if signed else title, fontsize=9)
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(True)
    axis.spines[:].set_color(COLOURS["muted"])


def figure_in_a_ball(sizes: Array, worst: Array, random: Array) -> Figure:
    """Share of images still classified correctly, against the L2 length of the perturbation."""
    figure = style.figure(7.0, 3.0)
    axis = figure.subplots()
    axis.plot(sizes, random, color=COLOURS["control"], ls="--", label="random direction")
    axis.plot(sizes, worst, color=COLOURS["robust"], label="worst direction")
    axis.set(xlabel="L2 length of the perturbation", ylabel="accuracy", ylim=(0, 1.03))
    axis.set_xlim(0, sizes.max())
    axis.legend(loc="center right")
    return figure


def usefulness_map(
    rho: Array, critical: Array, groups: Mapping[str, NDArray[np.bool_]], eps: float
) -> Figure:
    """Usefulness against the critical size, a point a feature.

    rho and critical are (k,); ``groups`` names four masks: useless, non-robust, robust, undecided.
    """
    figure = style.figure(7.0, 3.6)
    axis = figure.subplots()
    colours = ("muted", "reference", "robust", "positive")
    for (name, mask), colour in zip(groups.items(), colours, strict=True):
        label = f"{name} ({int(mask.sum())})"
        axis.scatter(critical[mask], rho[mask], s=16, color=COLOURS[colour], label=label, zorder=3)
    axis.axvline(eps, color=COLOURS["ink"], lw=1, ls=":")
    axis.annotate(
        f"size of the attack, {eps:g}", (eps, 1), (-4, -2), xycoords=("data", "axes fraction"),
        textcoords="offset points", rotation=90, va="top", ha="right", fontsize=9,
    )  # fmt: skip
    axis.set(xscale="log", ylabel=r"usefulness $\rho$ on the test set")
    axis.set_xlabel(r"critical size $|\mathrm{E}\,y\langle v, x-m\rangle|$ (L2)")
    axis.legend(loc="upper left")
    return figure


def tilt_curve(degrees: Array, accuracy: Array, ratio: Array, fooled_below: float) -> Figure:
    """Accuracy and flipping ratio of the tilted classifiers, with the law cos(angle)."""
    figure = style.figure(7.0, 3.0)
    axis = figure.subplots()
    axis.plot(degrees, accuracy, color=COLOURS["reference"], label="accuracy")
    axis.plot(degrees, np.cos(np.radians(degrees)), label="cosine of the angle", **GUIDE)
    axis.plot(degrees, ratio, color=COLOURS["robust"], ls="--", label="flipping ratio")
    axis.axhline(fooled_below, color=COLOURS["ink"], lw=1, ls=":")
    axis.text(1, fooled_below + 0.02, "fooled below this line", fontsize=9)
    axis.set(xlabel="tilt of the boundary (degrees)", ylim=(0, 1.05), xlim=(0, 90))
    axis.legend(loc="center left", bbox_to_anchor=(0.0, 0.45))
    return figure


@dataclass(frozen=True)
class Sizes:
    """Median flipping sizes at several dimensions: L-inf, and L2 over `||x||`; each (k,)."""

    dimension: Array
    linf: Array
    relative: Array


def dimension_curves(images: Sizes, family: Sizes) -> Figure:
    """Flipping sizes against the dimension: images at several resolutions, a Gaussian family."""
    figure = style.figure(7.0, 3.2)
    panels = figure.subplots(1, 2, sharey=True)
    titles = ("the same images, other resolutions", "independent coordinates")
    for axis, data, title in zip(panels, (images, family), titles, strict=True):
        linf: dict[str, Any] = {"color": COLOURS["robust"], "label": r"$L^\infty$ size"}
        l2: dict[str, Any] = {"color": COLOURS["reference"], "label": r"$L^2$ size / $|x|_2$"}
        axis.plot(data.dimension, data.linf, "o-", ms=4, **linf)
        axis.plot(data.dimension, data.relative, "s--", ms=4, **l2)
        axis.set(xscale="log", yscale="log", xlabel="dimension $d$", title=title)
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter(NullFormatter())
    d = family.dimension
    axis.plot(d, family.linf[0] * np.sqrt(d[0] / d), label=r"$\propto 1/\sqrt{d}$", **GUIDE)
    axis.legend(loc="lower left")
    panels[0].set_ylabel("median flipping size")
    return figure


def figure_random_steps(
    image: Shares, adversarial: Shares, dimension: int, beyond: float
) -> Figure:
    """The shares from the image and from the adversarial example, against the length of the step.

    Grey: what a hyperplane in R^dimension would give, with the adversarial example ``beyond`` as
    far from the image as the boundary.
    """
    figure = style.figure(7.0, 3.4)
    axis = figure.subplots()
    lengths = np.geomspace(min(image.multiples), max(image.multiples), 200)
    flat = hyperplane_shares(dimension, lengths, beyond)
    for curve, label in zip(flat, ("if the boundary were flat", None), strict=True):
        axis.plot(lengths, curve, label=label, **GUIDE)
    looks = (
        (adversarial, "from the adversarial example", "robust", "s-"),
        (image, "from the image", "reference", "o--"),
    )
    for data, label, colour, look in looks:
        errors = np.abs(np.subtract((data.low, data.high), data.share))
        shown: dict[str, Any] = {"color": COLOURS[colour], "label": label, "ms": 4, "capsize": 2}
        axis.errorbar(data.multiples, data.share, errors, fmt=look, **shown)
    axis.set(xscale="log", ylim=(-0.03, 1.03), ylabel="share misclassified")
    axis.set_xlabel("length of the random step, in adversarial lengths")
    axis.set_xticks(image.multiples, [f"{multiple:g}" for multiple in image.multiples])
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.legend(loc="center left")
    return figure
