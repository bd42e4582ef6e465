"""Figure 5, and a test image on its way up an objective."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from pwlib.figures import style
from pwlib.networks import Network
from pwlib.objectives import hard_objective

# The colour says whose accuracy a curve shows, the dash whose adversarial examples they are.
FIGURE_5 = {
    "reference": ("reference, own examples", "reference", "-"),
    "own": ("hard points, own examples", "robust", "-"),
    "to_reference": ("reference, hard-point network's examples", "reference", "--"),
    "from_reference": ("hard points, reference's examples", "robust", "--"),
    "control": ("reference, another reference's examples (control)", "control", ":"),
}
SIDE = 28  # pixels of a test image
GARMENTS = ["T-shirt", "trousers", "pullover", "dress", "coat"]
GARMENTS += ["sandal", "shirt", "sneaker", "bag", "boot"]
CLASSES = {"MNIST": [str(digit) for digit in range(10)], "FashionMNIST": GARMENTS}


def figure_5(
    magnitudes: Sequence[float], accuracies: Mapping[str, Mapping[str, NDArray[np.float64]]]
) -> Figure:
    """Test accuracy against the length of a one-step attack, a panel for each data set.

    ``accuracies[name][curve]`` is in % and (seeds, magnitudes), with the curves of ``FIGURE_5``: a
    line for the mean over the seeds, a band from the lowest to the highest of them.
    """
    figure, (panels,) = style.subplots(1, len(accuracies), 7.0, 4.2, sharey=True, squeeze=False)
    for axis, letter, (name, curves) in zip(panels, "abcdef", accuracies.items(), strict=False):
        for key, (label, meaning, dash) in FIGURE_5.items():
            seeds, colour = curves[key], style.COLOURS[meaning]
            axis.fill_between(magnitudes, seeds.min(0), seeds.max(0), color=colour, alpha=0.2, lw=0)
            axis.plot(magnitudes, seeds.mean(0), dash, color=colour, label=label)
        axis.set(title=f"({letter}) {name}", ylim=(-2, 102))
        axis.set_xlabel("$L^2$ length of the step, before clamping")
        axis.grid(alpha=0.25)
    panels[0].set_ylabel("test accuracy, %")
    style.legend_below(figure, panels[0], 2)
    return figure


@torch.no_grad()
def figure_climb(network: Network, paths: Mapping[str, Tensor], name: str) -> Figure:
    """A row for each path of one test image, (steps + 1, 784), and an image for each step.

    Below each stands what the network says, with its probability, and the hard objective in nats.
    """
    count = len(next(iter(paths.values())))
    figure, grid = style.subplots(len(paths), count, 7.0, 2.1 * len(paths), squeeze=False)
    for row, (way, images) in zip(grid, paths.items(), strict=True):
        likely = network(images).softmax(-1)
        for axes, image, p, hard in zip(
            row, images, likely, hard_objective(network, images), strict=True
        ):
            axes.imshow(image.reshape(SIDE, SIDE).numpy(), cmap="gray_r", vmin=0, vmax=1)
            answer = CLASSES[name][int(p.argmax())]
            axes.set_xlabel(f"“{answer}”, {100 * p.max():.0f} %\n{hard:.2f} nats")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        row[0].set_ylabel(way)
    for step, axes in enumerate(grid[0]):
        axes.set_title(f"{step} steps" if step != 1 else "1 step")
    return figure
