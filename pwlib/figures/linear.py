"""Figures of the chapters on linear models: each takes data and returns a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from pwlib.figures import style
from pwlib.pockets import Shares, hyperplane_shares

COLOURS = style.COLOURS


def image_row(images: Sequence[np.ndarray], titles: Sequence[str], signed: Sequence[int]) -> Figure:
    """A row of square images (side^2,): grey on [0, 1], or those listed in ``signed`` about zero.

    A signed image is scaled by its own largest entry, which its title states.
    """
    return image_rows([images], [titles], signed)


def image_rows(
    rows: Sequence[Sequence[np.ndarray]], titles: Sequence[Sequence[str]], signed: Sequence[int]
) -> Figure:
    """Rows of square images with a title each; columns in ``signed`` are drawn about zero."""
    count = len(rows[0])
    figure = style.figure(7.0, (min(7.0 / count, 1.75) + 0.45) * len(rows))
    axes = figure.subplots(len(rows), count, squeeze=False)
    for panels, images, names in zip(axes, rows, titles, strict=True):
        for column, (axis, image, name) in enumerate(zip(panels, images, names, strict=True)):
            _draw_image(axis, image, name, column in signed)
    return figure


def _draw_image(axis: Axes, image: np.ndarray, title: str, signed: bool) -> None:
    side = int(np.sqrt(image.size))
    largest = np.abs(image).max() if signed else 1.0
    axis.imshow(
        image.reshape(side, side),
        cmap="PuOr_r" if signed else "gray",
        vmin=-largest if signed else 0.0,
        vmax=largest,
        interpolation="nearest",
    )
    axis.set_title(f"{title}\n(largest entry {largest:.2g})" if signed else title, fontsize=9)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.spines[:].set_visible(True)
    axis.spines[:].set_color(COLOURS["muted"])


def figure_in_a_ball(sizes: np.ndarray, worst: np.ndarray, random: np.ndarray) -> Figure:
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
    rho: np.ndarray, critical: np.ndarray, groups: dict[str, np.ndarray], eps: float
) -> Figure:
    """Usefulness against the critical size, a point a feature.

    rho and critical are (k,); ``groups`` names four masks: useless, non-robust, robust, undecided.
    """
    figure = style.figure(7.0, 3.6)
    axis = figure.subplots()
    for (name, mask), colour in zip(
        groups.items(), ("muted", "reference", "robust", "positive"), strict=True
    ):
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


def tilt_curve(
    degrees: np.ndarray, accuracy: np.ndarray, ratio: np.ndarray, fooled_below: float
) -> Figure:
    """Accuracy and flipping ratio of the tilted classifiers, with the law cos(angle)."""
    figure = style.figure(7.0, 3.0)
    axis = figure.subplots()
    axis.plot(degrees, accuracy, color=COLOURS["reference"], label="accuracy")
    axis.plot(degrees, np.cos(np.radians(degrees)), color=COLOURS["muted"], lw=4, alpha=0.5,
              label="cosine of the angle")  # fmt: skip
    axis.plot(degrees, ratio, color=COLOURS["robust"], ls="--", label="flipping ratio")
    axis.axhline(fooled_below, color=COLOURS["ink"], lw=1, ls=":")
    axis.text(1, fooled_below + 0.02, "fooled below this line", fontsize=9)
    axis.set(xlabel="tilt of the boundary (degrees)", ylim=(0, 1.05), xlim=(0, 90))
    axis.legend(loc="center left", bbox_to_anchor=(0.0, 0.45))
    return figure


@dataclass(frozen=True)
class Sizes:
    """Median flipping sizes at several dimensions: L-inf, and L2 over `||x||`; each (k,)."""

    dimension: np.ndarray
    linf: np.ndarray
    relative: np.ndarray


def dimension_curves(images: Sizes, family: Sizes) -> Figure:
    """Flipping sizes against the dimension: images at several resolutions, a Gaussian family."""
    figure = style.figure(7.0, 3.2)
    for axis, data, title in zip(
        figure.subplots(1, 2, sharey=True),
        (images, family),
        ("the same images, other resolutions", "independent coordinates"),
        strict=True,
    ):
        d = data.dimension
        axis.plot(d, data.linf, "o-", color=COLOURS["robust"], ms=4, label=r"$L^\infty$ size")
        axis.plot(d, data.relative, "s--", color=COLOURS["reference"], ms=4,
                  label=r"$L^2$ size / $|x|_2$")  # fmt: skip
        axis.set(xscale="log", yscale="log", xlabel="dimension $d$", title=title)
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter(NullFormatter())
    guide = family.linf[0] * np.sqrt(d[0] / d)
    axis.plot(d, guide, color=COLOURS["muted"], lw=4, alpha=0.5, label=r"$\propto 1/\sqrt{d}$")
    axis.legend(loc="lower left")
    figure.axes[0].set_ylabel("median flipping size")
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
        axis.plot(lengths, curve, color=COLOURS["muted"], lw=4, alpha=0.5, label=label)
    looks = (
        (adversarial, "from the adversarial example", "robust", "s-"),
        (image, "from the image", "reference", "o--"),
    )
    for data, label, colour, look in looks:
        errors = np.abs(np.subtract((data.low, data.high), data.share))
        axis.errorbar(
            data.multiples, data.share, errors, fmt=look, ms=4, capsize=2, label=label,
            color=COLOURS[colour],
        )  # fmt: skip
    axis.set(xscale="log", ylim=(-0.03, 1.03), ylabel="share misclassified")
    axis.set_xlabel("length of the random step, in adversarial lengths")
    axis.set_xticks(image.multiples, [f"{multiple:g}" for multiple in image.multiples])
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.legend(loc="center left")
    return figure
