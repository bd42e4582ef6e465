"""One-step and projected attacks in the L2 norm, on networks that give logits, in a box of pixels.

Both climb the margin loss log Σ_{j≠y} exp z_j − z_y. Its gradient is that of the cross entropy
divided by 1 − p_y, so it has the same direction. But float32 can't tell p_y from 1 once y leads by
24 log 2 ≈ 16.6. Then the term of z_y drops out of the gradient of the cross entropy, which points
elsewhere, and for still larger leads it is zero; the network only looks robust. The margin loss has
no such limit.

Images (N, d) are attacked on one network, and (S, N, d) on a stack of S, each with its own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import torch
from torch import Generator, Tensor

from pwlib.checks import accepts, listed, real, whole
from pwlib.networks import fused
from pwlib.tensor_checks import box_of_pixels, finite, images, labels, network, tensor

Model = Callable[[Tensor], Tensor]  # images (…, N, d) → logits (…, N, k)
Box = tuple[float, float]  # the least and the largest value of a pixel

BOXES: dict[str, Box] = {"clamped": (0.0, 1.0), "free": (-inf, inf)}
PIXELS = BOXES["clamped"]

BATCH = 1000  # images that pass through a network at a time: many, but not too many for the cache


def margin_loss(logits: Tensor, y: Tensor) -> Tensor:
    """log Σ_{j≠y} exp z_j − z_y for logits (…, N, k) and labels (…, N): one value a sample."""
    true = y.unsqueeze(-1)
    others = logits.scatter(-1, true, -torch.inf).logsumexp(-1)
    return others - logits.gather(-1, true).squeeze(-1)


@fused
def unit(g: Tensor) -> Tensor:
    """Each row of g (…, N, d) divided by its L2 norm; a row of zeros stays zero.

    A row is scaled by its largest entry first, so that no square underflows or overflows.
    """
    largest = g.abs().amax(-1, keepdim=True)
    scaled = g / largest.clamp_min(torch.finfo(g.dtype).tiny)
    return scaled / torch.linalg.vector_norm(scaled, dim=-1, keepdim=True).clamp_min(1)


def direction(model: Model, x: Tensor, y: Tensor) -> Tensor:
    """The direction of steepest ascent of the margin loss at x: rows of L2 norm 1 (or 0)."""
    found = torch.cat([_lead_and_direction(model, *part)[1] for part in _parts(x, y)], -2)
    return finite("model", found, "gradients")


def move(x: Tensor, step: Tensor, eps: Tensor | float, box: Box = PIXELS) -> Tensor:
    """x + eps·step, clamped to the box; x and step (…, N, d), eps a number or one a row, (…, N)."""
    eps = torch.as_tensor(eps, dtype=x.dtype, device=x.device).unsqueeze(-1)
    return (x.detach() + eps * step).clamp_(*box)


def one_step(model: Model, x: Tensor, y: Tensor, eps: float, box: Box = PIXELS) -> Tensor:
    """x + eps·g/‖g‖ clamped to the box, with g the gradient of the margin loss (Figure 5).

    The L2 length of the step is eps before clamping and at most eps after it. For many eps,
    compute ``direction`` once and ``move`` along it.
    """
    return move(x, direction(model, x, y), eps, box)


def pgd(
    model: Model,
    x: Tensor,
    y: Tensor,
    eps: float,
    steps: int,
    restarts: int,
    seed: int,
    box: Box = PIXELS,
) -> Tensor:
    """The best point that projected gradient ascent finds in the L2 ball of radius eps around x.

    The first step of the first run is the one-step attack; the other runs start at random in the
    ball. All other steps have length 2.5·eps/steps. After a step the point is clamped to the box,
    then pulled back onto the ball, towards x, which leaves it in the box; the other order would
    end inside the ball. Later runs leave out the samples that are misclassified already. Of all
    the points visited, the one with the largest max_{j≠y} z_j − z_y is returned, so the attack is
    never weaker than the one-step attack.
    """
    effort = _Ball(eps, box), steps, restarts, Generator(x.device).manual_seed(seed)
    parts = [_pgd(model, some_x, some_y, *effort) for some_x, some_y in _parts(x, y)]
    return torch.cat(parts, -2)


def accuracy(model: Model, x: Tensor, y: Tensor) -> float:
    """The share of the samples x (N, d) whose largest logit is that of their label."""
    return accuracy_curve(model, x, y, torch.zeros_like(x), (0.0,), BOXES["free"])[0]


def accuracy_curve(
    model: Model, x: Tensor, y: Tensor, step: Tensor, magnitudes: Sequence[float], box: Box = PIXELS
) -> list:
    """The accuracy of a model on x moved along given directions, for each magnitude.

    In a stack there is such a list for each network.
    """
    right = torch.zeros(*y.shape[:-1], len(magnitudes), dtype=torch.float64, device=y.device)
    largest = torch.zeros((), dtype=torch.float64, device=y.device)
    with torch.no_grad():
        for some_x, some_y, some_step in _parts(x, y, step):
            for i, eps in enumerate(magnitudes):
                logits = model(move(some_x, some_step, eps, box))
                right[..., i] += (logits.argmax(-1) == some_y).sum(-1)
                largest = torch.maximum(largest, logits.abs().max().double())
    finite("model", largest, "logits")
    return (right / y.shape[-1]).tolist()


def _parts(x: Tensor, y: Tensor, *more: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Images with their labels, and more of the shape of the images, BATCH at a time."""
    axes = [(x, -2), (y, -1), *((tensor, -2) for tensor in more)]
    return zip(*(tensor.split(BATCH, axis) for tensor, axis in axes), strict=True)


@dataclass(frozen=True)
class _Ball:
    """Where projected ascent may go: within an L2 length eps of an image, and in a box."""

    eps: float
    box: Box

    def random_start(self, x: Tensor, generator: Generator) -> Tensor:
        """Uniform in the ball around each x, then clamped to the box."""
        about: dict[str, Any] = {"generator": generator, "dtype": torch.float64, "device": x.device}
        normal = torch.randn(x.shape, **about)
        radius = torch.rand(*x.shape[:-1], 1, **about) ** (1 / x.shape[-1])
        return (x + (self.eps * radius * unit(normal)).to(x)).clamp_(*self.box)

    def step(self, x: Tensor, at: Tensor, uphill: Tensor, stride: float) -> Tensor:
        """at + stride·uphill, clamped to the box, then pulled towards x back onto the ball."""
        offset = torch.add(at, uphill, alpha=stride).clamp_(*self.box) - x
        length = torch.linalg.vector_norm(offset, dim=-1, keepdim=True)
        pull = self.eps / length.clamp_min(self.eps or 1.0)
        return torch.addcmul(x, offset, pull).clamp_(*self.box)  # for rounding


def _pgd(
    model: Model, x: Tensor, y: Tensor, ball: _Ball, steps: int, restarts: int, generator: Generator
) -> Tensor:
    """``pgd`` for a few images: the first run, then others where the attack hasn't won yet.

    In a stack these are the images on which some network is still right.
    """
    stride = 2.5 * ball.eps / steps
    first = one_step(model, x, y, ball.eps, ball.box)
    best, highest = _climb(model, x, y, ball, first, stride, steps - 1)
    for _ in range(restarts - 1):
        left = (highest <= 0).flatten(0, -2).any(0) if highest.dim() > 1 else highest <= 0
        some_x, some_y = x[..., left, :], y[..., left]
        start = ball.random_start(some_x, generator)
        found, lead = _climb(model, some_x, some_y, ball, start, stride, steps)
        better = lead > highest[..., left]
        best[..., left, :] = torch.where(better.unsqueeze(-1), found, best[..., left, :])
        highest[..., left] = torch.where(better, lead, highest[..., left])
    return best


def _climb(
    model: Model, x: Tensor, y: Tensor, ball: _Ball, at: Tensor, stride: float, steps: int
) -> tuple[Tensor, Tensor]:
    """The best of the points on one run from ``at``, and its lead."""
    best, highest = at, torch.full_like(x[..., 0], -torch.inf)
    for _ in range(steps):
        lead, uphill = _lead_and_direction(model, at, y)
        best = torch.where((lead > highest).unsqueeze(-1), at, best)
        highest = torch.maximum(highest, lead)  # NaN stays
        at = ball.step(x, at, uphill, stride)
    with torch.no_grad():
        lead = _lead(model(at), y)
    best = torch.where((lead > highest).unsqueeze(-1), at, best)
    return best, finite("model", torch.maximum(highest, lead), "logits or gradients")


def _lead(logits: Tensor, y: Tensor) -> Tensor:
    """max_{j≠y} z_j − z_y for logits (…, N, k): positive where the attack has won."""
    true = y.unsqueeze(-1)
    others = logits.scatter(-1, true, -torch.inf).amax(-1)
    return others - logits.gather(-1, true).squeeze(-1)


def _lead_and_direction(model: Model, at: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The lead at a point, and the way up from it, from one pass."""
    at = at.detach().requires_grad_()
    logits = model(at)
    (gradient,) = torch.autograd.grad(margin_loss(logits, y).sum(), at)
    return _lead(logits.detach(), y), unit(gradient)


def _lengths(name: str, value: Tensor | float, known: dict) -> Tensor | float:
    if isinstance(value, Tensor) and value.dim():
        return tensor("... N", 0)(name, value, known)
    return real(0)(name, value.item() if isinstance(value, Tensor) else value, known)


accepts(
    __name__,
    {"box": box_of_pixels, "x": images(), "model": network(), "logits": tensor("... N classes")}
    | {"y": labels(), "step": tensor("... N d"), "eps": real(0), "steps restarts": whole(1)}
    | {"seed": whole(0), "magnitudes": listed(real(0)), "g": tensor("... d")},
    move={"eps": _lengths},
    direction={"x": tensor("... N d")},
    accuracy={"x": tensor("... N d")},
)
