"""Directions in which a batch is moved before an update: hard points, and their controls.

"hard" climbs the hard objective (9). Its controls differ in what they climb, or don't:

- "heads", "head": up (10) of a random linear head on the features, a new one for each step or one
  for all: "random hypotheses that use the same feature layer", to the letter;
- "orthogonal", "parallel": the gradient of (9) without its component along that of the true label's
  loss, and that component alone, with its sign;
- "other": up (9) of another network, which is trained already and stays as it is;
- "argmax", "hinge": (9) read differently, with the largest softmax as the label, or with each
  feature as a hypothesis of its own under the hinge loss of (11);
- "descent": down the hard objective;
- "output": up the adversarial objective (10), which looks at the logits;
- "label": up the loss of the true label, as adversarial training does;
- "random": one random direction for all steps; "noise": a new one for each;
- "gaussian": Gaussian noise, as long on average as all steps in one direction.

All steps have one L2 length; those of "unnormalised" are multiples of the gradient of (9) itself.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from math import inf

import torch
from torch import Generator, Tensor

from pwlib.attacks import margin_loss, unit
from pwlib.checks import a, accepts, among, listed, real, whole
from pwlib.networks import Network, fused
from pwlib.objectives import (
    adversarial_objective,
    argmax_loss,
    hard_objective,
    hinge_self_loss,
    softmax_entropy,
)
from pwlib.tensor_checks import finite, images, labels, network

# Of a network at samples (…, N, d) with labels (…, N); a random head has weights (…, w, k).
Objective = Callable[[Network, Tensor, Tensor, Tensor], Tensor]  # (…, N)

OBJECTIVES: Mapping[str, Objective] = {
    "hard": lambda network, x, y, head: hard_objective(network, x),
    "heads": lambda network, x, y, head: softmax_entropy(network.features(x) @ head),
    "head": lambda network, x, y, head: softmax_entropy(network.features(x) @ head),
    "other": lambda network, x, y, head: hard_objective(network, x),
    "argmax": lambda network, x, y, head: argmax_loss(network.features(x)),
    "hinge": lambda network, x, y, head: hinge_self_loss(network.features(x)),
    "descent": lambda network, x, y, head: -hard_objective(network, x),
    "output": lambda network, x, y, head: adversarial_objective(network, x),
    "label": lambda network, x, y, head: margin_loss(network(x), y),
    "unnormalised": lambda network, x, y, head: hard_objective(network, x),
}
PARTS = ("orthogonal", "parallel")
RANDOM = ("random", "noise", "gaussian")
NO_HEAD = torch.empty(0)
DRAWN = (*RANDOM, "heads", "head")
DRAWN_EACH_STEP = ("noise", "heads")
# What makes a step from what is climbed or drawn; for all others it is `attacks.unit`.
LENGTHS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "unnormalised": lambda slope: slope + 0 * slope,  # infinity is NaN, which no clamp hides
    "gaussian": lambda noise: noise / noise.shape[-1] ** 0.5,
}
DIRECTIONS = ("plain", *OBJECTIVES, *PARTS, *RANDOM)  # "plain" moves nothing


def moved(
    network: Network,
    x: Tensor,
    y: Tensor,
    direction: str,
    steps: int,
    radius: float,
    generators: Sequence[Generator] = (),
    within: float = inf,
    scale: float = 1.0,
) -> Tensor:
    """Where steps in a direction lead from the samples x (…, N, d) with labels y (…, N).

    Each step has the L2 length ``radius``, is clamped to [0, 1], and then pulled back onto the L2
    ball of radius ``within`` around its sample; a direction of zero is no step. A step of
    "unnormalised" is ``radius`` times the gradient. What is random comes from one generator for
    each network, or from one for all; ``scale`` is that of random heads.
    """
    at, drawn = x, x
    for i in range(steps):
        if i == 0 or direction in DRAWN_EACH_STEP:
            drawn = _drawn(network, x, direction, generators, scale)
        step = drawn if direction in RANDOM else gradient(network, at, y, direction, drawn)
        step = LENGTHS.get(direction, unit)(step)
        at = _pulled(_clamped(at, step, x.new_full((), radius)), x, within)
    return at


def gradient(
    network: Network, x: Tensor, y: Tensor, direction: str, head: Tensor = NO_HEAD
) -> Tensor:
    """The gradient at x of what a direction climbs, of the shape of x."""
    if direction in PARTS:
        return _part(network, x, y, direction)
    x = x.detach().requires_grad_()
    with torch.enable_grad():
        objective = OBJECTIVES[direction](network, x, y, head).sum()
    return finite("network", torch.autograd.grad(objective, x)[0], "gradients")


def _part(network: Network, x: Tensor, y: Tensor, direction: str) -> Tensor:
    """The gradient of (9) along that of the true label's loss, or what is left without it.

    What rounding alone leaves of parallel gradients is zero, to the tolerance of numerical rank.
    """
    hard, loss = (gradient(network, x, y, name) for name in ("hard", "label"))
    along = (hard * unit(loss)).sum(-1, keepdim=True) * unit(loss)
    if direction == "parallel":
        return along
    across, rounding = hard - along, x.shape[-1] * torch.finfo(x.dtype).eps
    left, whole = (part.abs().amax(-1, keepdim=True) for part in (across, hard))
    return torch.where(left > rounding * whole, across, 0)


@fused
def _clamped(at: Tensor, step: Tensor, radius: Tensor) -> Tensor:
    return (at + radius * step).clamp(0, 1)


def _pulled(at: Tensor, x: Tensor, within: float) -> Tensor:
    """The points, in the box, pulled back onto the balls of radius ``within`` around x."""
    if within >= x.shape[-1] ** 0.5:  # the ball holds the box
        return at
    away = at - x
    length = torch.linalg.vector_norm(away, dim=-1, keepdim=True)
    return x + away * (within / length.clamp_min(within))


@torch.no_grad()
def _drawn(
    network: Network, x: Tensor, direction: str, generators: Sequence[Generator], scale: float
) -> Tensor:
    """Standard normal numbers of the shape of x, or of a head of N(0, scale²/w), or nothing."""
    if direction not in DRAWN:
        return NO_HEAD
    if direction in RANDOM:
        return _normal(x.shape, x, generators)
    width, classes = (f(x[..., :1, :]).shape[-1] for f in (network.features, network))
    return scale / width**0.5 * _normal((*x.shape[:-2], width, classes), x, generators)


def _normal(shape: Sequence[int], like: Tensor, generators: Sequence[Generator]) -> Tensor:
    """Standard normal numbers, for each network from its own generator, or from one for all."""
    if len(generators) == 1:
        (one,) = generators
        return torch.randn(shape, generator=one, dtype=like.dtype, device=one.device).to(like)
    drawn = [torch.randn(shape[-2:], generator=g, dtype=like.dtype) for g in generators]
    return torch.stack(drawn).to(like)


def cosines(network: Network, x: Tensor, y: Tensor) -> dict[str, Tensor]:
    """The cosine of the angle between the input gradients of two objectives, for each image (N,):
    "hard" is (9), "output" (10), and "label" the loss of the true label. It is 0 where one is zero.
    """
    compared = ("hard", "output", "label")
    steepest = {name: unit(gradient(network, x, y, name)) for name in compared}
    return {f"{a}_{b}": (steepest[a] * steepest[b]).sum(-1) for a, b in combinations(compared, 2)}


accepts(
    __name__,
    {"x": images(), "network": network(True), "y": labels(), "steps": whole(1), "radius": real(0)}
    | {"direction": among([*OBJECTIVES, *PARTS]), "scale": real(0, above=True)}
    | {"within": real(0, above=True, infinite=True), "generators": listed(a(Generator), 0)},
    moved={"direction": among([one for one in DIRECTIONS if one != "plain"])},
)
