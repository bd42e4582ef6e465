"""The hard objective (9) and the adversarial objective (10) of a network.

Both are L(h(x), h(x)), the loss of a hypothesis against its own output. For the cross entropy
of a softmax that is the entropy of the softmax, and its gradient runs through both arguments.
With the label held constant the gradient would vanish identically, because no distribution
predicts p better than p itself. Another reading takes the class of the largest logit as the
label, so that L = −log max p; it has the same order of points for two classes, and a kink where
the class changes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from pwlib.networks import MLP


def softmax_entropy(z: Tensor) -> Tensor:
    """The entropy, in nats, of softmax(z) along the last axis: (…, k) → (…).

    With the largest z subtracted, H = log(1 + Σ e^{z_j}) + Σ (−z_j) e^{z_j} / (1 + Σ e^{z_j}),
    where the sums leave the largest out. No term is negative, so a value keeps its relative
    accuracy where the softmax saturates, until e^{z_j} itself underflows (gaps near 100 in
    float32, near 740 in float64).
    """
    top = z.argmax(-1, keepdim=True)
    gap = z - z.gather(-1, top)
    others = gap.exp().scatter(-1, top, 0.0)
    total = others.sum(-1)
    return torch.log1p(total) - (gap * others).sum(-1) / (1 + total)


def entropy_uphill(z: Tensor) -> Tensor:
    """A positive multiple, row by row, of the gradient of ``softmax_entropy`` at z (…, k).

    With p = softmax(z), a_j = z_j − max z and ā = Σ p_j a_j, the gradient is p_i (ā − a_i), where
    saturation costs no digits. It is divided by −ā: the largest entry of a row is then between
    max p and 1, however saturated the softmax is. Where ā underflows the row is zero.
    """
    gap = z - z.amax(-1, keepdim=True)
    p = gap.softmax(-1)
    mean = torch.linalg.vecdot(p, gap).unsqueeze(-1)
    rises = mean < -torch.finfo(z.dtype).tiny
    scale = torch.where(rises, 1 / mean, 0)
    return gap.mul_(p).mul_(scale).addcmul_(p, rises.to(z), value=-1)  # p·a first: no overflow


def entropy_slope(z: Tensor) -> Tensor:
    """The gradient of ``softmax_entropy`` at z (…, k) itself: p_i (ā − a_i), as above."""
    gap = z - z.amax(-1, keepdim=True)
    p = gap.softmax(-1)
    return p * (torch.linalg.vecdot(p, gap).unsqueeze(-1) - gap)


def adversarial_objective(model: MLP, x: Tensor) -> Tensor:
    """The objective (10), L(h(x), h(x)) of the network's output: (N, d) → (N,), in [0, log k]."""
    return softmax_entropy(model(x))


def hard_objective(model: MLP, x: Tensor) -> Tensor:
    """The objective (9) with the feature layer as the hypothesis set: (N, d) → (N,).

    It is (10) for the network whose last layer is the identity, that is the entropy of the
    softmax over the w units of the feature layer, in [0, log w].
    """
    return softmax_entropy(model.features(x))
