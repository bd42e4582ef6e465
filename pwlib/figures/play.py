"""Figures that a reader plays with, in a page that has neither a kernel nor a server.

Here are their controls; ``chapters/_static/play.js`` draws them, and solves what they show anew
with ``maxmargin.js``. Without a script, and on paper, a figure that stands still takes their place.
"""

import html
import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from IPython.display import HTML

from pwlib.checks import a, accepts, listed, members, named, real, whole
from pwlib.figures.style import COLOURS
from pwlib.parameters import refusal

if TYPE_CHECKING:  # most chapters need no torch
    from pwlib.datasets import Dataset
    from pwlib.networks import MLP
else:  # for whoever looks up the hints
    Dataset = MLP = object

BASES = ("Bernstein", "Chebyshev", "Legendre")
SIZES = [2 * round(5 * 2 ** (k / 4)) for k in range(37)]  # even, from 10 to 5120


def drag(name: str, points: Sequence[tuple[float, int]], degree: int) -> HTML:
    """Labelled points (x, ±1) to drag, and their maximum-margin classifiers in three bases."""
    grids = {"equispaced": "Equispaced", "chebyshev": "Chebyshev extrema"}
    actions = {"add": "Add", "remove": "Remove", "flip": "Flip label"}
    boxes = (_box(name, basis, basis, basis != "Legendre") for basis in BASES)  # the paper's two
    turn = [
        _slider(name, "degree", "degree <i>n</i>", 1, 40, degree),
        f"<div>{''.join(boxes)}</div>",
        _slider(name, "size", "points <i>m</i> of a grid", 2, 60, max(len(points), 10)),
        _buttons({"two": "Two points"} | grids),
        _slider(name, "point", "chosen point", 1, len(points), 1),
        _slider(name, "place", "its place <i>x</i>", 0, 1, float(points[0][0]), 0.001),
        _buttons(actions),
    ]
    caption = (
        "Drag a point, or click where there is none to add one, high for +, low for −. Circles "
        "mark the sign changes of the maximum-margin classifiers. Where the sign isn’t the label "
        "of the nearest point, the picture glows in the colour of the label that it gives. The "
        "vertical scale is logarithmic far from 0."
    )
    settings = {"points": [[float(x), int(y)] for x, y in points]}
    return _figure(name, "drag", caption, turn, BASES, settings)


def limit(name: str, degree: int, start: int) -> HTML:
    """The classifier of m points of a grid, scaled, on its way to the limit G of Section 6a."""
    grids = {"equispaced": "equispaced", "chebyshev": "Chebyshev (extrema)"}
    turn = [
        _slider(name, "size", "points <i>m</i>", 0, len(SIZES) - 1, SIZES.index(start)),
        _slider(name, "degree", "degree <i>n</i>", 3, 40, degree),
        _select(name, "grid", "grid", grids),
        _buttons({"grow": "Let <i>m</i> grow"}),
    ]
    caption = (
        "The right half of the rescaled classifier <i>u</i><sub>1</sub><i>f</i> on a grid, and, "
        "broad and grey, its limit <i>G</i>. Dots mark the training points."
    )
    return _figure(name, "limit", caption, turn, ["the classifier and its limit"], {"sizes": SIZES})


def nodes(name: str, degree: int) -> HTML:
    """Figure 3 at each degree: the expected loss (12), its maximisers, the nodes of two grids."""
    turn = [_slider(name, "degree", "degree <i>n</i>", 1, 40, degree)]
    caption = (
        "Figure 3, one degree at a time: the curve is (12), small dots its maximisers, filled "
        "circles the roots of <i>T</i>*<sub><i>n</i></sub>, hollow ones the extrema of "
        "<i>T</i>*<sub><i>n</i>+1</sub>."
    )
    return _figure(name, "nodes", caption, turn, ["expected loss"], {})


def push(name: str, networks: Mapping[str, MLP], data: Dataset, shown: int) -> HTML:
    """The first test images to push, and what each of two networks says, rounded to 8 bits.

    At first three steps of length 1 lead the first digit up the loss of its label.
    """
    found = {key: _rounded(network, data) for key, network in networks.items()}
    said = " and ".join(f"the {key} {100 * right:.1f}%" for key, (_, right) in found.items())
    ways = {"label": "the loss of its label", "hard": "the hard objective (9)"}
    ways |= {"output": "the adversarial objective (10)", "own": "my own push"}
    turn = [
        _slider(name, "digit", "digit", 0, shown - 1, 0),
        _select(name, "way", "climbs", ways),
        _slider(name, "steps", "steps", 0, 10, 3),
        _select(name, "of", "of the", dict(enumerate(networks))),
        _slider(name, "length", "length of a step", 0, 2, 1, 0.1),
        _buttons({"clear": "Clear my push", "paint": "Paint"}),
        _slider(name, "column", "column", 0, 27, 14),
        _slider(name, "row", "row", 0, 27, 14),
        f"<div>{_box(name, 'brighter', 'take ink away', False)}</div>",
    ]
    caption = (
        "A digit is pushed: it climbs an objective of a network step by step, or follows a push "
        "that you draw on the second square, orange to add ink, blue to take it away. The bars are "
        "the probabilities that each network gives the ten digits, green for the label. These "
        "networks, 784 × 64 × 64 × 10, rounded to 8 bits, are smaller than the chapter’s: "
        f"{said} of the test images right."
    )
    images = (data.test_x[:shown].numpy() * 255).round().astype(np.uint8)
    settings = {
        "networks": {key: layers for key, (layers, _) in found.items()},
        "digits": [
            {"label": int(label), "pixels": _base64(pixels)}
            for label, pixels in zip(data.test_y, images, strict=False)
        ],
    }
    drawings = ["the pushed digit", "the push", *networks]
    return _figure(name, "push", caption, turn, drawings, settings)


def _rounded(network: MLP, data: Dataset) -> tuple[list[dict], float]:
    """Each layer, its weights as whole numbers from -127 to 127 times a scale, and its bias; and
    the share of the test images that a network of these layers classifies right.
    """
    layers, x = [], data.test_x.numpy()
    for layer in network.layers:
        weights, bias = (part.detach().numpy() for part in (layer.weight, layer.bias))
        scale = float(np.abs(weights).max() / 127)
        whole = (weights / scale).round().astype(np.int8)
        bias = bias.astype(float).round(5).tolist()
        layers.append({"weights": _base64(whole), "scale": scale, "bias": bias})
        x = np.maximum(x, 0) @ (scale * whole.T) + bias
    return layers, float((x.argmax(1) == data.test_y.numpy()).mean())


def _base64(values: np.ndarray) -> str:
    return b64encode(values.tobytes()).decode()


def _figure(
    name: str, play: str, caption: str, turn: Sequence[str], drawings: Sequence[str], settings: dict
) -> HTML:
    meanings = (*map(str.lower, BASES), "equispaced", "hard", "positive", "negative", "ink")
    colours = {key: COLOURS[key] for key in meanings}
    data = html.escape(json.dumps(settings | {"colours": colours}))
    said = f"{name}-said"
    described = f'role="img" aria-describedby="{said}"'
    svgs = "".join(
        f'<svg {described} aria-label="{title}" data-basis="{title}"></svg>' for title in drawings
    )
    return HTML(
        f'<figure class="play" id="{name}" data-play="{play}" data-settings="{data}">\n'
        f'<figcaption>{caption}</figcaption>\n<div class="seen">{svgs}</div>\n'
        f'<div class="turn">{"".join(turn)}</div>\n'
        f'<output id="{said}" aria-live="polite"></output>\n</figure>'
    )


def _slider(
    figure: str, name: str, label: str, low: float, high: float, value: float, step: float = 1
) -> str:
    limits = f'min="{low}" max="{high}" step="{step}" value="{value}"'
    return (
        f'<div class="slider"><label for="{figure}-{name}">{label}</label>'
        f'<input id="{figure}-{name}" name="{name}" type="range" {limits}>'
        '<span aria-hidden="true"></span></div>'
    )


def _select(figure: str, name: str, label: str, texts: Mapping) -> str:
    options = "".join(f'<option value="{key}">{text}</option>' for key, text in texts.items())
    return (
        f'<div><label for="{figure}-{name}">{label}</label>'
        f'<select id="{figure}-{name}" name="{name}">{options}</select></div>'
    )


def _buttons(texts: dict[str, str]) -> str:
    each = (f'<button type="button" name="{key}">{text}</button>' for key, text in texts.items())
    return f"<div>{''.join(each)}</div>"


def _box(figure: str, name: str, label: str, checked: bool) -> str:
    return (
        f'<input id="{figure}-{name}" name="{name}" type="checkbox"{" checked" * checked}>'
        f'<label for="{figure}-{name}">{label}</label>'
    )


def _label(name: str, value: float, known: dict) -> float:
    if real()(name, value, known) not in (-1, 1):
        raise refusal(name, value, "1 or -1")
    return value


def _start(name: str, value: int, known: dict) -> int:
    if whole(1)(name, value, known) not in SIZES:
        raise refusal(name, value, f"one of {SIZES}")
    return value


def _images(name: str, data: Dataset, known: dict) -> Dataset:
    """Images of 28 × 28 pixels."""
    from pwlib.tensor_checks import dataset

    return dataset(name, data, {"d of sizes": 784})


def _networks(name: str, networks: Mapping[str, MLP], known: dict) -> Mapping[str, MLP]:
    """Two perceptrons for these images."""
    from pwlib.networks import MLP
    from pwlib.tensor_checks import network

    def check(name: str, one: MLP, known: dict) -> MLP:
        if not isinstance(one, MLP) or (one.activation, one.widths[-1]) != ("relu", 10):
            raise refusal(name, one, "an MLP of ten classes with rectified linear units")
        if not all(layer.weight.any() for layer in one.layers):
            raise refusal(name, one, "an MLP in which each layer has a weight")
        return network()(name, one, {"x": known["data"].test_x})

    return named(check, count=(2, 2))(name, networks, known)


def _shown(name: str, shown: int, known: dict) -> int:
    return whole(1, len(known["data"].test_x))(name, shown, known)


_NAME = a(str, where=lambda name: bool(re.fullmatch(r"[A-Za-z][\w-]*", name)), what="an id in HTML")
accepts(
    __name__,
    {"name": _NAME, "points": listed(members(real(0, 1), _label)), "degree": whole(1, 40)}
    | {"start": _start, "data": _images, "networks": _networks, "shown": _shown},
    limit={"degree": whole(3, 40)},
)
