"""Directions in which a batch is moved before an update: hard points, and their controls.

"hard" climbs the hard objective (9). Its controls differ in what they climb, or don't:

- "argmax", "hinge": (9) read differently, with the largest softmax as the label, or with each
  feature as a hypothesis of its own under the hinge loss of (11);
- "descent": down the hard objective;
- "output": up the adversarial objective (10), which looks at the logits;
- "label": up the loss of the true label, as adversarial training does, but not projected;
- "random": one random direction for all steps; "noise": a new one for each.

All steps have one L2 length; those of "unnormalised" are multiples of the gradient of (9) itself.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from math import inf

import torch
from torch import Generator, Tensor

from pwlib.attacks import margin_loss, unit
from pwlib.networks import Network
from pwlib.objectives import (
    adversarial_objective,
    argmax_loss,
    hard_objective,
    hinge_self_loss,
)

Objective = Callable[[Network, Tensor, Tensor], Tensor]  # network, (…, N, d), (…, N) → (…, N)

OBJECTIVES: Mapping[str, Objective] = {
    "hard": lambda network, x, y: hard_objective(network, x),
    "argmax": lambda network, x, y: argmax_loss(network.features(x)),
    "hinge": lambda network, x, y: hinge_self_loss(network.features(x)),
    "descent": lambda network, x, y: -hard_objective(network, x),
    "output": lambda network, x, y: adversarial_objective(network, x),
    "label": lambda network, x, y: margin_loss(network(x), y),
    "unnormalised": lambda network, x, y: hard_objective(network, x),
}
RANDOM = ("random", "noise")
DIRECTIONS = ("plain", *OBJECTIVES, *RANDOM)  # "plain" moves nothing


def moved(
    network: Network,
    x: Tensor,
    y: Tensor,
    direction: str,
    steps: int,
    radius: float,
    generators: Sequence[Generator] = (),
    within: float = inf,
) -> Tensor:
    """Where steps in a direction lead from the samples x (…, N, d) with labels y (…, N).

    Each step has the L2 length ``radius``, is clamped to [0, 1], and then pulled back onto the L2
    ball of radius ``within`` around its sample; a direction of zero is no step. A step of
    "unnormalised" is ``radius`` times the gradient. Random directions come from one generator for
    each network, or from one for all.
    """
    at, step = x, torch.empty(0)
    for i in range(steps):
        if direction not in RANDOM:
            step = gradient(network, at, y, direction)
        elif direction == "noise" or i == 0:
            step = _random(x, generators)
        if direction != "unnormalised":
            step = unit(step)
        at = _pulled((at + radius * step).clamp_(0, 1), x, within)
    return at


def gradient(network: Network, x: Tensor, y: Tensor, direction: str) -> Tensor:
    """The gradient at x of what a direction climbs, of the shape of x."""
    x = x.detach().requires_grad_()
    with torch.enable_grad():
        objective = OBJECTIVES[direction](network, x, y).sum()
    return torch.autograd.grad(objective, x)[0]


def _pulled(at: Tensor, x: Tensor, within: float) -> Tensor:
    """The points, in the box, pulled back onto the balls of radius ``within`` around x."""
    if within >= x.shape[-1] ** 0.5:  # the ball holds the box
        return at
    away = at - x
    length = torch.linalg.vector_norm(away, dim=-1, keepdim=True)
    return x + away * (within / length.clamp_min(within))


def _random(x: Tensor, generators: Sequence[Generator]) -> Tensor:
    """Standard normal numbers, for each network from its own generator, or from one for all."""
    if len(generators) == 1:
        (one,) = generators
        return torch.randn(x.shape, generator=one, dtype=x.dtype, device=one.device).to(x.device)
    drawn = [torch.randn(x.shape[-2:], generator=g, dtype=x.dtype) for g in generators]
    return torch.stack(drawn).to(x.device)


def cosines(network: Network, x: Tensor, y: Tensor) -> dict[str, Tensor]:
    """The cosine of the angle between the input gradients of two objectives, for each image (N,):
    "hard" is (9), "output" (10), and "label" the loss of the true label. It is 0 where one is zero.
    """
    compared = ("hard", "output", "label")
    steepest = {name: unit(gradient(network, x, y, name)) for name in compared}
    return {f"{a}_{b}": (steepest[a] * steepest[b]).sum(-1) for a, b in combinations(compared, 2)}


def distances(
    network: Network, x: Tensor, y: Tensor, direction: str, steps: int, radius: float
) -> Tensor:
    """How far steps in a direction lead from each image, an L2 length (N,).

    Random directions are drawn with the seed 0.
    """
    ends = moved(network, x, y, direction, steps, radius, [Generator().manual_seed(0)])
    return torch.linalg.vector_norm(ends - x, dim=-1)
