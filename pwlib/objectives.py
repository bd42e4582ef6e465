"""The hard objective (9) and the adversarial objective (10) of a network.

That of Chebyshev polynomials, (12), is in `pwlib.polynomials`.

Both are L(h(x), h(x)), the loss of a hypothesis against its own output. For the cross entropy
of a softmax that is the entropy of the softmax, and its gradient runs through both arguments.
With the label held constant the gradient would vanish identically, because no distribution
predicts p better than p itself. Another reading takes the class of the largest logit as the
label, so that L = −log max p; it has the same order of points for two classes, and a kink where
the class changes.
"""

import torch
from torch import Tensor

from pwlib.checks import accepts
from pwlib.networks import Network, fused
from pwlib.tensor_checks import network, tensor


@fused
def softmax_entropy(z: Tensor) -> Tensor:
    """The entropy, in nats, of softmax(z) along the last axis: (…, k) → (…).

    With a = z − max z, H = log(1 + Σ e^{a_j}) + Σ (−a_j) e^{a_j} / (1 + Σ e^{a_j}), where the sums
    leave one largest entry out. No term is negative, so a value keeps its relative accuracy where
    the softmax saturates, until e^{a_j} itself underflows (gaps near 100 in float32, near 740 in
    float64).
    """
    gap, powers = _below_largest(z)
    total = powers.sum(-1)
    return torch.log1p(total) - (gap * powers).sum(-1) / (1 + total)


def argmax_loss(z: Tensor) -> Tensor:
    """−log max softmax(z): the cross entropy with the largest entry as the label, (…, k) → (…).

    It is the other reading of L(h(x), h(x)), log(1 + Σ e^{z_j − max z}) without the largest.
    """
    return torch.log1p(_below_largest(z)[1].sum(-1))


def hinge_self_loss(z: Tensor) -> Tensor:
    """Σ_j max(0, 1 − z_j²): each feature as a hypothesis under the loss of (11), (…, k) → (…)."""
    return (1 - z**2).clamp_min(0).sum(-1)


def adversarial_objective(model: Network, x: Tensor) -> Tensor:
    """The objective (10), L(h(x), h(x)) of the network's output: (N, d) → (N,), in [0, log k]."""
    return softmax_entropy(model(x))


def hard_objective(model: Network, x: Tensor) -> Tensor:
    """The objective (9) with the feature layer as the hypothesis set: (N, d) → (N,).

    It is (10) for the network whose last layer is the identity, that is the entropy of the
    softmax over the w units of the feature layer, in [0, log w].
    """
    return softmax_entropy(model.features(x))


def _below_largest(z: Tensor) -> tuple[Tensor, Tensor]:
    """The a_j = z_j − max z, and the powers e^{a_j} with 0 for one of the largest."""
    largest = z.max(-1, keepdim=True)
    gap = z - largest.values
    return gap, gap.exp().scatter(-1, largest.indices, 0.0)


accepts(
    __name__,
    {"x": tensor("... N d"), "model": network(True), "z": tensor("... k")},
    adversarial_objective={"model": network()},
)
