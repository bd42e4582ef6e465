"""Figures 4 and 5, and what else Section IV draws of networks: numbers in, a figure out."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from math import inf

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from torch import Tensor

from pwlib.boundaries import Maps, boundary_distance, rank_correlation
from pwlib.checks import accepts, alone, along, among, array, listed, named, real, texts
from pwlib.figures import style
from pwlib.networks import Network
from pwlib.objectives import hard_objective
from pwlib.parameters import refusal
from pwlib.tensor_checks import network, tensor

Array = NDArray[np.float64]

CLASSES = ("#E69F00", "#56B4E9", "#999933", "#CC79A7", "#666666")  # one for each class of Figure 4
LEVELS = 32  # shades of a map: too many for the eye, few enough for small pages
PLACE: style.Look = {"origin": "lower", "extent": (-1, 1, -1, 1)}
SQUARE = PLACE | {"interpolation": "none"}
# Each curve: its panel, 0 for a network's own examples; whose accuracy it is; its colour and dash.
FIGURE_5 = {
    "own": (0, "hard", "-", "hard points"),
    "reference": (0, "plain", "-", "reference"),
    "from_reference": (1, "hard", "--", "hard points"),
    "to_reference": (1, "plain", "--", "reference"),
    "control": (1, "plain", ":", "control"),
}
COLUMNS = ("output", "adversarial (10):\nlarge at borders", "hard (9):\nfollows no border")
SIDE = 28  # pixels of a test image
GARMENTS = ["T-shirt", "trousers", "pullover", "dress", "coat"]
GARMENTS += ["sandal", "shirt", "sneaker", "bag", "boot"]
NAMES = {"MNIST": [str(digit) for digit in range(10)], "FashionMNIST": GARMENTS}


def figure_4(seen: Maps) -> Figure:
    """A network's output, the objective (10), the hard objective (9), and the logarithm of (10)."""
    figure, axes = style.subplots(2, 2, height=4.8, sharex=True, sharey=True)
    output, adversary, hard, logarithm = axes.flat
    _draw_output(output, seen)
    _draw_map(adversary, seen.adversarial)
    _draw_map(hard, seen.hard)
    _draw_map(logarithm, np.log10(np.maximum(seen.adversarial, np.finfo(float).tiny)))
    _draw_boundary(hard, seen)
    border = boundary_distance(seen.classes) == 0
    if border.any():
        times = [np.median(v[border]) / np.median(v) for v in (seen.adversarial, seen.hard)]
        ten, nine = ("is large" if one > 2 else "doesn't follow them" for one in times)
        words = f"At class borders the adversarial objective (10) {ten},"
        figure.suptitle(f"{words}\nthe hard objective (9) {nine}")
    output.set(title="the network's\nclasses", xticks=[-1, 0, 1], yticks=[-1, 0, 1], ylabel="$x_2$")
    adversary.set_title("adversarial objective (10)\n(yellow: large)")
    hard.set(title="hard objective (9),\nand the borders", xlabel="$x_1$", ylabel="$x_2$")
    logarithm.set(title="(10) again, its\nlogarithm", xlabel="$x_1$")
    middle, high = np.percentile(seen.adversarial, [50, 98])
    said = f"Objective (10) has a median of {middle:.2g} nats and a 98th percentile of {high:.2g}; "
    low, high = np.percentile(seen.hard, [2, 98])
    return style.say(figure, f"{said}objective (9) runs from {low:.3f} to {high:.3f}.")


def figure_4_rows(
    networks: Sequence[Maps], titles: Sequence[str], columns: Sequence[str] = COLUMNS
) -> Figure:
    """A row for each network: output, adversarial objective (10), hard objective (9)."""
    count = len(networks)
    shape: style.Look = {"height": style.WIDTH / 3 * count + 0.2, "squeeze": False}
    figure, axes = style.subplots(count, 3, sharex=True, sharey=True, **shape)
    for row, seen, title in zip(axes, networks, titles, strict=True):
        size = len(seen.classes)
        kept = np.round(np.linspace(0, size - 1, min(size, 136))).astype(int)  # what a panel shows
        seen = Maps(*(values[np.ix_(kept, kept)] for values in astuple(seen)))
        _draw_output(row[0], seen)
        _draw_map(row[1], seen.adversarial)
        _draw_map(row[2], seen.hard)
        _draw_boundary(row[2], seen)
        row[0].set_ylabel(title)
    for axis, label in zip(axes[0], columns, strict=True):
        axis.set(title=label, xticks=[], yticks=[])
    said = [
        f"{title} {rank_correlation(seen.adversarial, seen.hard):.2f}"
        f" and {rank_correlation(networks[0].hard, seen.hard):.2f}"
        for title, seen in zip(titles, networks, strict=True)
    ]
    message = "Rank correlations of (9) with (10) and with the first (9): "
    return style.say(figure, f"{message}{', '.join(said)}.")


def _draw_output(axis: Axes, seen: Maps) -> None:
    """Classes in their colours, the paler the less confident."""
    colours = to_rgba_array(CLASSES)[seen.classes, :3]
    strength = np.clip((seen.confidence - 0.2) / 0.8, 0, 1)[..., None]
    strength = np.round(strength * LEVELS) / LEVELS
    axis.imshow(1 - strength * (1 - colours), **SQUARE)


def _draw_map(axis: Axes, values: Array) -> None:
    """A map over the square; its colours run from the 2nd to the 98th percentile."""
    low, high = np.percentile(values[np.isfinite(values)], [2, 98])
    colours = colormaps["cividis"].resampled(LEVELS)
    axis.imshow(values, vmin=low, vmax=high, cmap=colours, **SQUARE)


def _draw_boundary(axis: Axes, seen: Maps) -> None:
    """The decision boundary as thin lines, white with a dark edge: seen on light and on dark."""
    for label in np.unique(seen.classes)[:-1]:
        lines = axis.contour(seen.classes == label, [0.5], colors="white", linewidths=0.8, **PLACE)
        lines.set_path_effects([withStroke(linewidth=2, foreground="black")])
        lines.set_rasterized(True)


def figure_5(magnitudes: Sequence[float], accuracies: Mapping[str, Mapping[str, Array]]) -> Figure:
    """Test accuracy against the length of a one-step attack, two panels for each data set.

    ``accuracies[name][curve]`` is in % and (seeds, magnitudes), with the curves of ``FIGURE_5``: a
    line for the mean over the seeds, a band from the lowest to the highest of them. On the left a
    network is under its own adversarial examples, on the right under another network's.
    """
    height = 2.1 * len(accuracies) + 0.5
    figure, panels = style.subplots(len(accuracies), 2, height, **style.SHARED)
    said, kept, resists = [], [], True
    at = int(np.abs(np.array(magnitudes) - 1).argmin())
    for row, (name, curves) in zip(panels, accuracies.items(), strict=True):
        for key, (panel, meaning, dash, label) in FIGURE_5.items():
            seeds, look = curves[key], {"color": style.COLOURS[meaning]}
            row[panel].fill_between(magnitudes, seeds.min(0), seeds.max(0), alpha=0.2, lw=0, **look)
            row[panel].plot(magnitudes, seeds.mean(0), dash, lw=1.6, label=label, **look)
        own, reference = (curves[key][:, at].mean() for key in ("own", "reference"))
        row[0].plot([magnitudes[at]] * 2, [own, reference], "o", color=style.INK, ms=4)
        resists &= bool(own > reference)
        kept.append(f"{own:.0f}% against {reference:.0f}% ({name})")
        said.append(f"{name}, length {magnitudes[at]:g}: {own:.0f}% with hard points, ")
        said[-1] += f"{reference:.0f}% for the reference"
        row[0].set(ylim=(-2, 102), ylabel=f"{name}, accuracy, %")
        style.name_lines(row[1])
        for height, key in ((0.88, "own"), (0.76, "reference")):
            _, meaning, _, label = FIGURE_5[key]
            place: style.Look = {"color": style.COLOURS[meaning], "transform": row[0].transAxes}
            row[0].text(0.45, height, label, **place)
    for axis in panels.flat:
        axis.grid(alpha=0.25)
    panels[0, 0].set_title("its own examples")
    panels[0, 1].set_title("another network's")
    figure.supxlabel("$L^2$ length of the step, before clamping")
    verb = "resists" if resists else "doesn't resist"
    words = f"Training on hard points {verb} a step of length {magnitudes[at]:g}:"
    figure.suptitle(f"{words}\n{', '.join(kept)}")
    return style.say(figure, f"{'; '.join(said)}.")


@torch.no_grad()
def figure_climb(network: Network, paths: Mapping[str, Tensor], name: str) -> Figure:
    """A row for each path of one test image, (steps + 1, 784), and an image for each step.

    Below each stands what the network says, with its probability, and the hard objective in nats.
    """
    count = len(next(iter(paths.values())))
    figure, grid = style.subplots(len(paths), count, 1.65 * len(paths), squeeze=False)
    said, ends = [], []
    for row, (way, images) in zip(grid, paths.items(), strict=True):
        likely = network(images).softmax(-1)
        each = zip(row, images, likely, hard_objective(network, images), strict=True)
        for axes, image, p, hard in each:
            axes.imshow(image.reshape(SIDE, SIDE).numpy(), cmap="gray", vmin=0, vmax=1)
            answer = NAMES[name][int(p.argmax())]
            nats = f"\n(9) = {hard:.2f}" if "(9)" in way else ""
            axes.set_xlabel(f"“{answer}”, {100 * p.max():.0f}%{nats}")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        first, last = (NAMES[name][int(likely[i].argmax())] for i in (0, -1))
        row[0].set_ylabel(f"{way}:\n“{first}” → “{last}”")
        ends.append(f"“{last}” {way}")
        said.append(f"{way}: in the end {row[-1].get_xlabel()}")
    for step, axes in enumerate(grid[0]):
        axes.set_title(f"{step} steps" if step != 1 else "1 step")
    words = f"After {count - 1} steps of one length the “{first}” is read as\n{', '.join(ends)}"
    figure.suptitle(words)
    return style.say(figure, f"{'; '.join(said)}.".replace("\n", ", "))


def figure_slice(lengths: Array, length: float, leads: Mapping[str, Array]) -> Figure:
    """A panel for each network: the plane through an image, its attack and noise of that length.

    ``leads[title]`` is by how much the label's logit leads, (lengths, lengths), with the attack
    along columns and the noise along rows: shaded where another class does.
    """
    figure, panels = style.subplots(1, len(leads), 2.6, sharey=True)
    said, loss = [], style.COLOURS["loss"]
    for axes, (title, lead) in zip(panels, leads.items(), strict=True):
        axes.contourf(lengths, lengths, lead, [min(lead.min(), 0) - 1, 0], colors=[loss], alpha=0.3)
        axes.contour(lengths, lengths, lead, [0], colors=[loss], linewidths=1)
        axes.text(0.9, 0.5, "another answer", rotation=90, va="center", transform=axes.transAxes)
        axes.plot([0, length, 0], [0, 0, length], "o", color=style.INK, ms=4)
        for name, place in {"image": (0, 0), "attack": (length, 0), "noise": (0, length)}.items():
            up = (6, -13) if name == "attack" else (0, 5)  # the boundary is left of it
            axes.annotate(name, place, up, textcoords="offset points", ha="center")
        axes.set(title=title, xlabel="along the attack, $L^2$", aspect="equal")
        ahead = lead[np.abs(lengths).argmin(), lengths >= 0]
        lost = np.append(lengths[lengths >= 0][ahead < 0], np.inf)[0]
        said.append(f"{title}: another answer from length {lost:.2f} on")
    panels[0].set_ylabel("along the noise, $L^2$")
    return style.say(figure, f"Along the attack, {'; '.join(said)}.")


def _shown(name: str, seen: Maps, known: dict) -> Maps:
    """Maps of two cells or more along a side, whose classes have colours."""
    if not isinstance(seen, Maps) or len(seen.classes) < 2:
        raise refusal(name, seen, "Maps of 2 x 2 cells or more")
    if seen.classes.dtype.kind not in "iu" or seen.classes.max() >= len(CLASSES):
        raise refusal(f"{name}.classes", seen.classes, f"whole numbers below {len(CLASSES)}")
    return seen


def _all_shown(name: str, networks: Sequence[Maps], known: dict) -> Sequence[Maps]:
    found = listed(_shown)(name, networks, known)
    if len(sizes := {len(seen.classes) for seen in found}) > 1:
        raise refusal(name, sorted(sizes), "maps of one size")
    return found


def _reading(name: str, value: Network, known: dict) -> Network:
    """A network with features and logits of ten classes for the images of the paths."""
    learned = {"x": next(iter(known["paths"].values()))}
    network(True)(name, value, learned)
    if learned["classes of sizes"] != len(NAMES["MNIST"]):
        raise refusal(name, value, "a network of ten classes")
    return value


_ACCURACIES = named(alone(array("seeds magnitudes", 0, 100)), *FIGURE_5)
accepts(
    __name__,
    {"networks": _all_shown, "titles": texts("networks"), "columns": texts(3)}
    | {"seen": _shown, "magnitudes": along("magnitudes", 0), "accuracies": named(_ACCURACIES)}
    | {"paths": named(tensor("steps 784", 0, 1)), "network": _reading, "name": among(NAMES)}
    | {"lengths": along("lengths"), "length": real(0, above=True)}
    | {"leads": named(array("lengths lengths"), count=(2, inf))},
)
