"""What a trained network is measured by, beside two references (Figure 5 and its controls)."""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor

from pwlib import attacks
from pwlib.directions import gradient, moved
from pwlib.evaluation import height
from pwlib.layers import stack
from pwlib.networks import MLP

MAGNITUDES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)
PGD = {"steps": 20, "restarts": 3}
IMAGES = 1000  # of the test set, for PGD and for the angles
OBJECTIVES = ("hard", "output", "label")


def robustness(
    model: MLP, x: Tensor, y: Tensor, seed: int, box: attacks.Box = attacks.PIXELS
) -> dict[str, float]:
    """Accuracies of a network under attacks made for it, in percent, on images x and labels y.

    "natural"; "one_step_1" and "one_step_2" for L2 lengths 1 and 2; "height", the mean over the
    lengths from 0 to 5; "pgd_1" and "pgd_2", with restarts drawn with a seed, on the first IMAGES.
    No pixel leaves the box.
    """
    step = attacks.direction(model, x, y)
    curve = dict(zip(MAGNITUDES, _curve(model, x, y, step, box), strict=True))
    found = {"natural": curve[0.0], "one_step_1": curve[1.0], "one_step_2": curve[2.0]}
    found["height"] = height(list(curve.values()), MAGNITUDES).item()
    x, y = x[:IMAGES], y[:IMAGES]
    for eps in (1, 2):
        adversarial = attacks.pgd(model, x, y, eps, **PGD, seed=seed, box=box)
        found[f"pgd_{eps}"] = 100 * attacks.accuracy(model, adversarial, y)
    return found


def transfer(
    model: MLP, first: MLP, second: MLP, x: Tensor, y: Tensor, box: attacks.Box = attacks.PIXELS
) -> dict[str, float]:
    """Mean accuracies, in percent, over one-step examples of lengths 0 to 5 made for another.

    "to_reference" is the first reference's on the network's examples, "from_reference" the
    network's on the first reference's, "control" the first reference's on the second's, and
    "reference" the first reference's on its own; "reference_natural" is without examples.
    """
    steps = {who: attacks.direction(who, x, y) for who in (model, first, second)}
    curves = {
        "to_reference": _curve(first, x, y, steps[model], box),
        "from_reference": _curve(model, x, y, steps[first], box),
        "control": _curve(first, x, y, steps[second], box),
        "reference": _curve(first, x, y, steps[first], box),
    }
    found = {name: height(curve, MAGNITUDES).item() for name, curve in curves.items()}
    return found | {"reference_natural": curves["reference"][0]}


@torch.no_grad()
def cosines(model: MLP, x: Tensor, y: Tensor) -> dict[str, Tensor]:
    """The cosine of the angle between the input gradients of two objectives, for each image (N,):
    "hard" is (9), "output" (10), and "label" the loss of the true label. It is 0 where one is zero.
    """
    layers = stack([model])
    values = layers.hidden(x)
    way = {arm: attacks.unit(gradient(layers, values, y, arm)) for arm in OBJECTIVES}
    return {f"{a}_{b}": (way[a] * way[b]).sum(-1) for a, b in combinations(OBJECTIVES, 2)}


@torch.no_grad()
def distances(model: MLP, x: Tensor, y: Tensor, arm: str, steps: int, radius: float) -> Tensor:
    """How far the steps of an arm of `pwlib.directions` lead from each image, an L2 length (N,).

    Random directions are drawn with the seed 0.
    """
    layers = stack([model])
    generators = [torch.Generator().manual_seed(0)]
    ends = moved(layers, layers.hidden(x), y, arm, steps, radius, generators)[0]
    return torch.linalg.vector_norm(ends - x, dim=-1)


def _curve(model: MLP, x: Tensor, y: Tensor, step: Tensor, box: attacks.Box) -> list[float]:
    return [100 * share for share in attacks.accuracy_curve(model, x, y, step, MAGNITUDES, box)]
