"""One-step and projected attacks in the L2 norm, on networks that give logits, in the box [0, 1].

Both climb the margin loss log Σ_{j≠y} exp z_j − z_y. Its gradient is that of the cross entropy
divided by 1 − p_y, so it has the same direction. But float32 can't tell p_y from 1 once y leads by
24 log 2 ≈ 16.6. Then the term of z_y drops out of the gradient of the cross entropy, which points
elsewhere, and for still larger leads it is zero; the network only looks robust. The margin loss has
no such limit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Model = Callable[[Tensor], Tensor]  # images (N, d) → logits (N, k)


def margin_loss(logits: Tensor, y: Tensor) -> Tensor:
    """log Σ_{j≠y} exp z_j − z_y for logits (N, k) and labels (N,): one value a sample."""
    true = y.unsqueeze(1)
    others = logits.scatter(1, true, -torch.inf).logsumexp(1)
    return others - logits.gather(1, true).squeeze(1)


def unit(g: Tensor) -> Tensor:
    """Each row of g (N, d) divided by its L2 norm; a row of zeros stays zero.

    Rows are scaled by their largest entry first, so that squares neither underflow nor overflow.
    """
    largest = g.abs().amax(1, keepdim=True)
    scaled = torch.where(largest > 0, g / largest, 0)
    return scaled / scaled.norm(dim=1, keepdim=True).clamp_min(1)


def direction(model: Model, x: Tensor, y: Tensor) -> Tensor:
    """The direction of steepest ascent of the margin loss at x: rows of L2 norm 1 (or 0)."""
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(margin_loss(model(x), y).sum(), x)
    return unit(gradient)


def move(x: Tensor, step: Tensor, eps: float) -> Tensor:
    """x + eps·step, clamped to [0, 1]."""
    return (x.detach() + eps * step).clamp_(0, 1)


def one_step(model: Model, x: Tensor, y: Tensor, eps: float) -> Tensor:
    """x + eps·g/‖g‖ clamped to [0, 1], with g the gradient of the margin loss (Figure 5).

    The L2 length of the step is eps before clamping and at most eps after it. For many eps,
    compute ``direction`` once and ``move`` along it.
    """
    return move(x, direction(model, x, y), _checked_eps(eps))


def pgd(
    model: Model, x: Tensor, y: Tensor, eps: float, steps: int, restarts: int, seed: int
) -> Tensor:
    """The best point that projected gradient ascent finds in the L2 ball of radius eps around x.

    The first run starts at the one-step point, the others at random in the ball. A step has
    length 2.5·eps/steps; then the point is pulled back onto the ball and clamped to [0, 1].
    Clamping brings it nearer to x (which is in the box) in each coordinate, so it stays in the
    ball. Later runs leave out the samples that are misclassified already. Of all the points
    visited, the one with the largest max_{j≠y} z_j − z_y is returned, so the attack is never
    weaker than the one-step attack.
    """
    _checked_eps(eps)
    for name, value in (("steps", steps), ("restarts", restarts)):
        if value < 1:
            raise ValueError(f"{name}: got {value!r}, accepts a whole number from 1")
    generator = torch.Generator().manual_seed(seed)
    best, highest = x.detach().clone(), torch.full_like(x[:, 0], -torch.inf)
    for restart in range(restarts):
        left = (highest <= 0).nonzero().squeeze(1)  # no run is spent where the attack has won
        x_left, y_left = x[left], y[left]
        at = _random_start(x_left, eps, generator)
        if restart == 0:
            at = one_step(model, x_left, y_left, eps)
        for step in range(steps + 1):
            lead, uphill = _lead_and_direction(model, at, y_left)
            better = lead > highest[left]
            best[left[better]], highest[left[better]] = at[better], lead[better]
            if step < steps:
                at = _into_ball(x_left, at + 2.5 * eps / steps * uphill, eps)
    return best


def accuracy(model: Model, x: Tensor, y: Tensor) -> float:
    """The share of the samples x (N, d) whose largest logit is that of their label."""
    with torch.no_grad():
        return (model(x).argmax(1) == y).double().mean().item()


def accuracy_curve(
    model: Model, x: Tensor, y: Tensor, step: Tensor, magnitudes: Sequence[float]
) -> list[float]:
    """The accuracy of a model on x moved along given directions, for each magnitude."""
    return [accuracy(model, move(x, step, eps), y) for eps in magnitudes]


def _lead_and_direction(model: Model, at: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """max_{j≠y} z_j − z_y (positive where the attack has won), and the way up, from one pass."""
    at = at.detach().requires_grad_()
    logits = model(at)
    (gradient,) = torch.autograd.grad(margin_loss(logits, y).sum(), at)
    true = y.unsqueeze(1)
    wrong = logits.detach().scatter(1, true, -torch.inf).amax(1)
    return wrong - logits.detach().gather(1, true).squeeze(1), unit(gradient)


def _into_ball(x: Tensor, at: Tensor, eps: float) -> Tensor:
    """The nearest point of the ball around x, then clamped to [0, 1]."""
    offset = at - x
    length = offset.norm(dim=1, keepdim=True)
    return (x + offset * (eps / length.clamp_min(eps))).clamp_(0, 1)


def _random_start(x: Tensor, eps: float, generator: torch.Generator) -> Tensor:
    """Uniform in the L2 ball around each x, then clamped to [0, 1]."""
    normal = torch.randn(x.shape, generator=generator, dtype=torch.float64)
    radius = torch.rand(len(x), 1, generator=generator, dtype=torch.float64) ** (1 / x.shape[1])
    return (x + (eps * radius * unit(normal)).to(x)).clamp_(0, 1)


def _checked_eps(eps: float) -> float:
    if not 0 <= eps < float("inf"):
        raise ValueError(f"eps: got {eps!r}, accepts a finite number from 0")
    return eps
