"""The figure on the pockets of Section II: takes data and returns a figure."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from pwlib.figures import style
from pwlib.pockets import Shares, hyperplane_shares


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
        axis.plot(lengths, curve, color=style.COLOURS["muted"], lw=4, alpha=0.5, label=label)
    looks = (
        (adversarial, "from the adversarial example", "robust", "s-"),
        (image, "from the image", "reference", "o--"),
    )
    for data, label, colour, look in looks:
        errors = np.abs(np.subtract((data.low, data.high), data.share))
        axis.errorbar(
            data.multiples, data.share, errors, fmt=look, ms=4, capsize=2, label=label,
            color=style.COLOURS[colour],
        )  # fmt: skip
    axis.set(xscale="log", ylim=(-0.03, 1.03), ylabel="share misclassified")
    axis.set_xlabel("length of the random step, in adversarial lengths")
    axis.set_xticks(image.multiples, [f"{multiple:g}" for multiple in image.multiples])
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.legend(loc="center left")
    return figure
