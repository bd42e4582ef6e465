"""Figure 5 and its knob: accuracies and attacked test images in, figures out."""

import base64
from collections.abc import Mapping, Sequence
from io import BytesIO

import numpy as np
import torch
from IPython.display import HTML
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from pwlib.examples import ARMS, ATTACKS, FEW, OTHER, STEPS, Key, Shown
from pwlib.figures import knobs, style
from pwlib.figures.knobs import Control, Layer, Panel
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
COLOURS = {
    "reference": style.COLOURS["reference"],
    "plain fraction": "#CC79A7",  # Okabe and Ito's purple, which no other figure of arms draws
    "hard points": style.COLOURS["robust"],
}
SHADES, SIDE = 32, 28  # greys of a test image as shown; its pixels a side
TITLES = {"MNIST": "MNIST", "FashionMNIST": "Fashion-MNIST"}
GARMENTS = ["T-shirt", "trousers", "pullover", "dress", "coat"]
GARMENTS += ["sandal", "shirt", "sneaker", "bag", "boot"]
CLASSES = {"MNIST": [str(digit) for digit in range(10)], "FashionMNIST": GARMENTS}
LAYERS = [Layer("line", colour, 1, arm) for arm, colour in COLOURS.items()]
for _colour in COLOURS.values():  # what the chosen one has besides
    LAYERS += [Layer("area", _colour, 0.25), Layer("line", _colour, 2.5)]
LAYERS += [Layer("line", style.INK, 0.8), Layer("dots", style.INK, 3.6)]
CAPTION = (
    "Figure 5, one attack at a time. The thick line is the chosen network, with a band from "
    "the lowest to the highest seed; thin lines are the other two under an attack of the same "
    "kind. Examples of another network are, for the reference, those of the network with hard "
    "points, and for the other two those of the reference. Lengths of one step are before "
    f"clamping. PGD is one run of {STEPS} steps on the first {FEW} test images, not the one "
    "of the tables below, which is stronger and has more images; so its curves can't be "
    "compared with the others point by point. "
    "Beside the curves, the first test images of different classes that the three networks of "
    "the first seed classify right, attacked as the chosen network is, with each network's "
    "answer and its probability."
)

Curves = Mapping[Key, NDArray[np.float64]]


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


def knob_5(
    name: str,
    magnitudes: Sequence[float],
    curves: Mapping[str, Curves],
    shown: Mapping[str, Shown],
) -> HTML:
    """Knob of Figure 5: a data set, an arm, an attack and its length ε, which starts at 1.

    ``curves[data set][arm, attack]`` is in % and (seeds, magnitudes), ``shown[data set]`` what the
    networks say of a few test images.
    """
    data, eps = list(curves), list(magnitudes)
    attacks = ["one step, own gradient", "examples of another network", "PGD"]
    controls = [
        Control("data set", [TITLES[n] for n in data], choice=True),
        Control("network", ARMS, choice=True),
        Control("attack", attacks, choice=True),
        Control("length ε", [f"{e:g}" for e in eps], eps.index(1)),
    ]
    whole = [(e, f"{e:g}") for e in eps if e == int(e)]
    box, ticks, last = (43, 9, 279, 147), ((0, "0"), (50, "50"), (100, "100")), max(eps)
    words = "test accuracy, %", "$L^2$ length ε"
    panel = Panel(box, (0, 100), ticks, words[0], (0, last), whole, words[1])

    def setting(*places: int) -> list:
        n, arm, attack, at = data[places[0]], ARMS[places[1]], ATTACKS[places[2]], places[3]
        means = [knobs.points(eps, curves[n][other, attack].mean(0)) for other in ARMS]
        seeds, mean = curves[n][arm, attack], means[places[1]]
        band = knobs.points([*eps, *eps[::-1]], [*seeds.min(0), *seeds.max(0)[::-1]])
        chosen = [piece if other == arm else [] for other in ARMS for piece in (band, mean)]
        length = [[eps[at], 0], [eps[at], 100]]
        said = _said(n, arm, attack, eps[at], seeds[:, at])
        examples = _examples(n, shown[n], (arm, attack), at, eps[at])
        return [said, *means, *chosen, length, [mean[at]], examples]

    return knobs.show(name, controls, [panel], LAYERS, setting, CAPTION, height=216)


def _said(data: str, arm: str, attack: str, eps: float, right: NDArray[np.float64]) -> str:
    """What the chosen curve says at the chosen length, in a sentence; ``right`` is (seeds,)."""
    other = {"reference": "the reference", "hard points": "the network with hard points"}
    how = {
        "own": "one step along its own gradient",
        "other": f"one-step examples of {other[OTHER[arm]]}",
        "PGD": f"PGD on the first {FEW} test images",
    }
    seeds = f" ({right.min():.1f} to {right.max():.1f} over {len(right)} seeds)"
    spread = seeds if len(right) > 1 else ""
    return f"{TITLES[data]}, {arm}, {how[attack]}, ε = {eps:g}: {right.mean():.1f} % right{spread}."


def _examples(data: str, shown: Shown, key: Key, at: int, eps: float) -> str:
    """The test images under an attack, with their classes and what the networks say, as HTML."""
    names, html = CLASSES[data], ""
    for i, label in enumerate(shown.labels):
        answers = ""
        for j, arm in enumerate(ARMS):
            answer, likely = (of[key][j, i, at] for of in (shown.answers, shown.probabilities))
            wrong = "" if answer == label else "wrong, "
            answers += f"<li>{arm}: {names[answer]} ({wrong}{100 * likely:.0f}\u00a0%)</li>"
        attacked = f"attacked with ε = {eps:g}" if eps else "as it is"
        alt = f"A test image of class {names[label]}, {attacked}"
        image = f'<img src="{_source(shown.images[key][i, at])}" alt="{alt}">'
        whose = f", attacked for: {key[0]}" if eps else ""
        html += f"<div><p>class {names[label]}{whose}</p>{image}<ul>{answers}</ul></div>"
    return html


def _source(image: NDArray[np.float32]) -> str:
    """A square image (d,) in few greys, in the form that a page holds."""
    greys = np.round(image.reshape(SIDE, SIDE) * (SHADES - 1)) / (SHADES - 1)
    out = BytesIO()
    picture = Image.fromarray(np.round(255 * greys).astype(np.uint8))
    picture.save(out, "webp", lossless=True, quality=100)  # a quarter smaller than PNG
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode()
