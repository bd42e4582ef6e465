"""What a network may be trained on beside its batch: hard points, and their controls.

Every arm but "plain" and "unnormalised" moves the batch in steps of one length. The controls of
"hard", the ascent on the hard objective (9), differ from it in the direction alone:

- "argmax", "hinge": (9) read differently, with the largest softmax as the label, or with each
  feature as a hypothesis of its own under the hinge loss of (11);
- "descent": the way down the hard objective;
- "output": the way up the adversarial objective (10), which looks at the logits;
- "label": the way of ordinary adversarial training, up the loss of the true label;
- "random": one random direction for all steps; "noise": a new one for each.

"unnormalised" goes the way of "hard" by a multiple of the gradient itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import torch
from torch import Generator, Tensor

from pwlib.layers import Layers
from pwlib.objectives import entropy_slope, entropy_uphill


def argmax_uphill(z: Tensor) -> Tensor:
    """The gradient of −log max softmax(z) at z (…, k): softmax(z), less 1 at its largest entry.

    That entry is minus the sum of the others, which keeps its digits where the softmax saturates.
    """
    top = z.argmax(-1, keepdim=True)
    others = z.softmax(-1).scatter_(-1, top, 0.0)
    return others.scatter_(-1, top, -others.sum(-1, keepdim=True))


def hinge_uphill(z: Tensor) -> Tensor:
    """The gradient of Σ max(0, 1 − z_j²) at z (…, k)."""
    return torch.where(z.abs() < 1, -2 * z, 0)


def margin_uphill(logits: Tensor, y: Tensor) -> Tensor:
    """The gradient of log Σ_{j≠y} exp z_j − z_y, for logits (…, N, k) and labels (…, N)."""
    true = y.unsqueeze(-1)
    others = logits.scatter(-1, true, -torch.inf).softmax(-1)
    return others.scatter_(-1, true, -1.0)


AT_FEATURES = {
    "hard": entropy_uphill,
    "argmax": argmax_uphill,
    "hinge": hinge_uphill,
    "descent": lambda z: -entropy_uphill(z),
    "unnormalised": entropy_slope,
}
AT_LOGITS = {"output": lambda logits, y: entropy_uphill(logits), "label": margin_uphill}
AT_RANDOM = ("random", "noise")
ARMS = ("plain", *AT_FEATURES, *AT_LOGITS, *AT_RANDOM)


def moved(
    layers: Layers,
    values: list[Tensor],
    y: Tensor,
    arm: str,
    steps: int,
    radius: float,
    generators: Sequence[Generator] = (),
    within: float = inf,
) -> list[Tensor]:
    """The values of all layers where an arm's steps lead, from those at the samples (…, N, in).

    Each step follows the direction over an L2 length of ``radius``, is clamped to [0, 1], and then
    pulled back onto the L2 ball of radius ``within`` around its sample; a direction of zero is no
    step. A step of "unnormalised" is ``radius`` times the gradient. Random directions come from one
    generator for each network.
    """
    samples = values[0]
    anywhere = within >= samples.shape[-1] ** 0.5  # the ball holds the box
    direction = _random(samples, generators) if arm in AT_RANDOM else None
    for step in range(steps):
        if arm not in AT_RANDOM:
            direction = gradient(layers, values, y, arm)
        elif arm == "noise" and step > 0:
            direction = _random(values[0], generators)
        points = torch.addcmul(values[0], direction, _scale(arm, direction, radius)).clamp_(0, 1)
        values = layers.hidden(points if anywhere else _pulled(points, samples, within))
    return values


def gradient(layers: Layers, values: list[Tensor], y: Tensor, arm: str) -> Tensor:
    """The way of an arm at x, the first of the values of all layers (…, N, in): a gradient up to a
    positive factor in each row, which is 1 for "unnormalised"."""
    if arm in AT_FEATURES:
        slope = AT_FEATURES[arm](values[-1])
    else:
        slope = AT_LOGITS[arm](layers.logits(values[-1]), y)
        slope = layers.times(slope, layers.weights[-1])
    return layers.input_gradient(values, slope)


def _scale(arm: str, direction: Tensor, radius: float) -> Tensor:
    """What takes a direction (…, N, d) to a step: a number for each row, (…, N, 1)."""
    length = torch.linalg.vector_norm(direction, dim=-1, keepdim=True)
    if arm == "unnormalised":
        return torch.full_like(length, radius)
    return torch.where(length > 0, radius / length, 0)


def _pulled(points: Tensor, samples: Tensor, within: float) -> Tensor:
    away = points - samples
    length = torch.linalg.vector_norm(away, dim=-1, keepdim=True)
    return samples + away * (within / length.clamp_min(within))


def _random(x: Tensor, generators: Sequence[Generator]) -> Tensor:
    """Standard normal numbers, for each network from its own generator."""
    drawn = [torch.randn(x.shape[-2:], generator=g, dtype=x.dtype) for g in generators]
    return torch.stack(drawn).view(x.shape).to(x.device)
