"""Figure 5 and its knob: accuracies and test images in, figures out."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from io import BytesIO

import numpy as np
from IPython.display import HTML
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray
from PIL import Image

from pwlib.examples import ARMS, ATTACKS, FEW, OTHER, STEPS, Key, Shown
from pwlib.figures import style
from pwlib.figures.knobs import Control, Picture, Slot, show

# Okabe and Ito's purple for the plain fraction, which no other figure draws.
ARM_COLOURS = {
    "reference": style.COLOURS["reference"],
    "plain fraction": "#CC79A7",
    "hard points": style.COLOURS["robust"],
}
SHADES, SIDE = 32, 28  # greys of a test image as shown; its pixels a side
TITLES = {"MNIST": "MNIST", "FashionMNIST": "Fashion-MNIST"}
GARMENTS = ["T-shirt", "trousers", "pullover", "dress", "coat"]
GARMENTS += ["sandal", "shirt", "sneaker", "bag", "boot"]
CLASSES = {"MNIST": [str(digit) for digit in range(10)], "FashionMNIST": GARMENTS}

Curves = Mapping[Key, NDArray[np.float64]]


# The colour says whose accuracy a curve shows, the dash whose adversarial examples they are.
FIGURE_5 = {
    "reference": ("reference, own examples", "reference", "-"),
    "robust": ("hard points, own examples", "robust", "-"),
    "robust to reference": ("reference, hard-point network's examples", "reference", "--"),
    "reference to robust": ("hard points, reference's examples", "robust", "--"),
    "control": ("reference, another reference's examples (control)", "control", ":"),
}


def figure_5(
    magnitudes: Sequence[float], accuracies: Mapping[str, Mapping[str, NDArray[np.float64]]]
) -> Figure:
    """Test accuracy against the length of a one-step attack, a panel for each data set.

    ``accuracies[name][curve]`` is (seeds, magnitudes), with the curves of ``FIGURE_5``: a line for
    the mean over the seeds, a band from the lowest to the highest of them.
    """
    figure = style.figure(7.0, 4.2)
    panels = figure.subplots(1, len(accuracies), sharey=True, squeeze=False)[0]
    for axis, letter, (name, curves) in zip(panels, "abcdef", accuracies.items(), strict=False):
        for key, (label, colour, dash) in FIGURE_5.items():
            if key in curves:
                seeds, colour = np.asarray(curves[key]), style.COLOURS[colour]
                axis.fill_between(
                    magnitudes, seeds.min(0), seeds.max(0), color=colour, alpha=0.2, lw=0
                )
                axis.plot(magnitudes, seeds.mean(0), dash, color=colour, label=label)
        axis.set(title=f"({letter}) {name}", ylim=(-0.02, 1.02))
        axis.set_xlabel("$L^2$ length of the step, before clamping")
        axis.grid(alpha=0.25)
    panels[0].set_ylabel("test accuracy")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def knob_5(
    name: str,
    magnitudes: Sequence[float],
    curves: Mapping[str, Curves],
    shown: Mapping[str, Shown],
    start: float = 1.0,
) -> HTML:
    """Knob of Figure 5: a data set, an arm, an attack and its length ε.

    ``curves[data set][arm, attack]`` is (seeds, magnitudes), ``shown[data set]`` what the networks
    say of a few test images.
    """
    data, eps = list(curves), list(magnitudes)
    attacks = ["one step, own gradient", "examples of another network", "PGD"]
    controls = [
        Control("data", "data set", data, [TITLES[n] for n in data], choice=True),
        Control("arm", "network", ARMS, ARMS, choice=True),
        Control("attack", "attack", ATTACKS, attacks, choice=True),
        Control("at", "length ε", range(len(eps)), [f"{e:g}" for e in eps], eps.index(start)),
    ]
    count = len(next(iter(shown.values())).labels)
    strips = {
        (n, *key): [strip(image) for image in images]
        for n in data
        for key, images in shown[n].images.items()
    }

    def draw(data: str, arm: str, attack: str, at: int) -> Picture:
        figure = draw_5(eps, curves[data], arm, attack, at)
        beside = answers(name, data, shown[data], (arm, attack), at, eps)
        images = strips[data, arm, attack]
        beside |= {(f"{name}-image-{i}", "src"): image for i, image in enumerate(images)}
        return Picture(figure, said(data, curves[data], arm, attack, eps[at], at), beside)

    caption = (
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
    return show(name, controls, draw, caption, beside=_examples(name, count))


def draw_5(magnitudes: Sequence[float], curves: Curves, arm: str, attack: str, at: int) -> Figure:
    """The accuracy of all arms under an attack; one of them stands out, with a dot at a length."""
    fig = Figure(figsize=(4.0, 3.0))  # no layout engine: the axes stay in their place
    fig.subplots_adjust(left=0.15, right=0.97, top=0.96, bottom=0.32)
    axes = fig.subplots()
    axes.set(xlim=(0, max(magnitudes)), ylim=(0, 1), yticks=(0, 0.5, 1))
    for other in ARMS:
        colour, seeds = ARM_COLOURS[other], curves[other, attack]
        gid, x = other.split()[0], magnitudes if other == arm else []
        line, band = [*zip(x, seeds.mean(0))], [*zip(x, seeds.min(0))]  # noqa: B905 (x is empty)
        band += [*zip(x, seeds.max(0))][::-1]  # noqa: B905
        thin = {"lw": 1.0, "ec": colour, "fill": False}
        _path(axes, gid, [*zip(magnitudes, seeds.mean(0), strict=True)], **thin)
        _path(axes, f"{gid}-chosen", line, **thin | {"lw": 2.5})
        _path(axes, f"{gid}-band", band, fc=colour, alpha=0.25, lw=0)
    eps, height = magnitudes[at], curves[arm, attack].mean(0)[at]
    ink = {"fill": False, "ec": style.COLOURS["ink"], "zorder": 3}
    _path(axes, "length", [(eps, 0), (eps, 1)], lw=0.8, **ink)
    _path(axes, "dot", [(eps, height)] * 2, lw=7, capstyle="round", **ink)
    axes.set(xlabel="$L^2$ length ε", ylabel="test accuracy")
    handles = [Line2D([], [], color=ARM_COLOURS[a], label=a) for a in ARMS]
    fig.legend(handles=handles, loc="lower center", ncols=2, borderaxespad=0.1)
    return fig


def said(data: str, curves: Curves, arm: str, attack: str, eps: float, at: int) -> str:
    """What the chosen curve says at the chosen length, in a sentence."""
    name = {"reference": "the reference", "hard points": "the network with hard points"}
    how = {
        "own": "one step along its own gradient",
        "other": f"one-step examples of {name[OTHER[arm]]}",
        "PGD": f"PGD on the first {FEW} test images",
    }
    right = 100 * curves[arm, attack][:, at]
    spread = f" ({right.min():.1f} to {right.max():.1f} over {len(right)} seeds)"
    spread = spread if len(right) > 1 else ""
    return f"{TITLES[data]}, {arm}, {how[attack]}, ε = {eps:g}: {right.mean():.1f} % right{spread}."


def answers(
    name: str, data: str, shown: Shown, key: Key, at: int, magnitudes: Sequence[float]
) -> dict[Slot, str]:
    """What to show beside the curves, but for the images themselves: their alternative texts,
    which part of the strip is in sight, and what the networks say."""
    classes, found = CLASSES[data], {}
    place = 100 * at / max(len(magnitudes) - 1, 1)
    for i, label in enumerate(shown.labels):
        attacked = f"attacked with ε = {magnitudes[at]:g}" if magnitudes[at] else "as it is"
        found[f"{name}-image-{i}", "alt"] = f"A test image of class {classes[label]}, {attacked}"
        found[f"{name}-image-{i}", "style"] = f"object-position: {place:g}% 0"
        target = f", attacked for: {key[0]}" if magnitudes[at] else ""
        found[f"{name}-label-{i}", "text"] = f"class {classes[label]}{target}"
        for j in range(len(ARMS)):
            said = shown.answers[key][j, i, at]
            wrong = "" if said == label else "wrong, "
            likely = 100 * shown.probabilities[key][j, i, at]
            found[f"{name}-answer-{i}-{j}", "text"] = (
                f"{classes[said]} ({wrong}{likely:.0f}\u00a0%)"
            )
    return found


def strip(images: NDArray[np.float32]) -> str:
    """Square images (n, d) side by side as a PNG in few greys, in the form that a page holds."""
    shades = np.round(images.reshape(-1, SIDE, SIDE) * (SHADES - 1)).astype(np.uint8)
    picture = Image.fromarray(np.concatenate(shades, axis=1)).convert("P")
    picture.putpalette(np.repeat(np.linspace(0, 255, SHADES).round().astype(np.uint8), 3).tobytes())
    out = BytesIO()
    picture.save(out, "png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def _path(axes: Axes, gid: str, points: Sequence[tuple], **look: object) -> None:
    """A path that moves, through points; of no points in the settings where it isn't seen."""
    path = Path(np.reshape(points, (-1, 2)))
    axes.add_artist(PathPatch(path, gid=f"knob-{gid}", clip_on=False, **look))


def _examples(name: str, count: int) -> str:
    """The elements that ``answers`` and the images go into."""
    rows = "".join(
        f'<div><p id="{name}-label-{i}"></p><img id="{name}-image-{i}" src="" alt="" style=""><ul>'
        + "".join(
            f'<li>{html.escape(arm)}: <span id="{name}-answer-{i}-{j}"></span></li>'
            for j, arm in enumerate(ARMS)
        )
        + "</ul></div>"
        for i in range(count)
    )
    return f'<div class="examples">{rows}</div>'
