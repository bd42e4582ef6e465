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
    "own": ("hard points, own", "hard", "-"),
    "from_reference": ("hard points, other's", "hard", "--"),
    "to_reference": ("reference, other's", "plain", "--"),
    "control": ("two references", "plain", ":"),
    "reference": ("reference, own", "plain", "-"),
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
    shared: style.Look = {"sharex": True, "squeeze": False}
    figure, panels = style.subplots(len(accuracies), 1, 2.5 * len(accuracies), **shared)
    said = []
    for axis, (name, curves) in zip(panels.flat, accuracies.items(), strict=True):
        for key, (label, meaning, dash) in FIGURE_5.items():
            seeds, colour = curves[key], style.COLOURS[meaning]
            axis.fill_between(magnitudes, seeds.min(0), seeds.max(0), color=colour, alpha=0.2, lw=0)
            axis.plot(magnitudes, seeds.mean(0), dash, color=colour, label=label)
        axis.set(title=name, ylim=(-2, 102), ylabel="test accuracy, %")
        axis.grid(alpha=0.25)
        style.name_lines(axis)
        at = int(np.abs(np.array(magnitudes) - 1).argmin())
        own, reference = (curves[key][:, at].mean() for key in ("own", "reference"))
        said.append(f"{name}, length {magnitudes[at]:g}: {own:.0f}% with hard points, ")
        said[-1] += f"{reference:.0f}% for the reference"
    axis.set_xlabel("$L^2$ length of the step, before clamping")
    return style.say(figure, f"{'; '.join(said)}.")


@torch.no_grad()
def figure_climb(network: Network, paths: Mapping[str, Tensor], name: str) -> Figure:
    """A row for each path of one test image, (steps + 1, 784), and an image for each step.

    Below each stands what the network says, with its probability, and the hard objective in nats.
    """
    count = len(next(iter(paths.values())))
    figure, grid = style.subplots(len(paths), count, 1.65 * len(paths), squeeze=False)
    said = []
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
        said.append(f"{way}: in the end {row[-1].get_xlabel()}")
    for step, axes in enumerate(grid[0]):
        axes.set_title(f"{step} steps" if step != 1 else "1 step")
    return style.say(figure, f"{'; '.join(said)}.".replace("\n", ", "))


def figure_slice(
    lengths: NDArray[np.float64], length: float, leads: Mapping[str, NDArray[np.float64]]
) -> Figure:
    """A panel for each network: the plane through an image, its attack and noise of that length.

    ``leads[title]`` is by how much the label's logit leads, (lengths, lengths), with the attack
    along columns and the noise along rows: shaded where another class does.
    """
    figure, panels = style.subplots(1, len(leads), 2.6, sharey=True)
    said, loss = [], style.COLOURS["loss"]
    for axes, (title, lead) in zip(panels, leads.items(), strict=True):
        axes.contourf(lengths, lengths, lead, [lead.min() - 1, 0], colors=[loss], alpha=0.3)
        axes.contour(lengths, lengths, lead, [0], colors=[loss], linewidths=1)
        axes.plot([0, length, 0], [0, 0, length], "o", color=style.INK, ms=4)
        for place, name, up in (
            ((0, 0), "image", 5),
            ((length, 0), "attack", -13),
            ((0, length), "noise", 5),
        ):
            axes.annotate(name, place, (0, up), textcoords="offset points", ha="center")
        axes.set(title=title, xlabel="along the attack, $L^2$", aspect="equal")
        ahead = lead[np.abs(lengths).argmin(), lengths >= 0]
        lost = np.append(lengths[lengths >= 0][ahead < 0], np.inf)[0]
        said.append(f"{title}: another answer from length {lost:.2f} on")
    panels[0].set_ylabel("along the noise, $L^2$")
    return style.say(figure, f"Along the attack, {'; '.join(said)}.")
