"""The other library's attacks, on networks of which the answer is known."""

import pytest
import torch
from torch import nn

from pwlib import attacks, strong_attacks

pytest.importorskip("torchattacks")  # make test installs it
pytestmark = pytest.mark.slow
COUNT = 100


def flat(seed=0):
    """A linear network of 10 classes, and grey images far from black and white with its labels."""
    generator = torch.Generator().manual_seed(seed)
    network = nn.Linear(784, 10)
    with torch.no_grad():
        network.weight.copy_(torch.randn(10, 784, generator=generator) / 28)
        network.bias.copy_(-network.weight.sum(1) / 2)
        x = 0.5 + 0.1 * torch.randn(COUNT, 784, generator=generator).clamp(-3, 3)
        return network, x, network(x).argmax(1)


def exact(network, x, y, eps):
    """The accuracy of a linear network in an L2 ball: the distances to its boundaries."""
    z, w = network(x), network.weight
    lead = z.gather(1, y[:, None]) - z
    apart = (w[y][:, None] - w).norm(dim=2)
    nearest = (lead / apart.clamp_min(1e-12)).scatter(1, y[:, None], torch.inf).amin(1)
    return 100 * (nearest > eps).double().mean().item()


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(strong_attacks, "LENGTHS", (0.05, 1.0))
    monkeypatch.setattr(strong_attacks, "STEPS", 30)
    monkeypatch.setattr(strong_attacks, "QUERIES", 1500)


def test_all_attacks_of_gradients_find_what_is_there_in_a_linear_network(quick):
    network, x, y = flat()
    found = strong_attacks.strong(network, x, y, seed=0)
    there = exact(network, x, y, 0.05)
    assert 10 < there < 90
    assert found["natural"] == 100
    assert found["apgd_0.05"] == pytest.approx(there, abs=1)  # the targeted one is exact here
    for name in ("pgd_0.05", "apgd_ce_0.05"):
        assert there <= found[name] <= there + 15, name
    assert found["zero_gradients"] == found["far"] == 0


def test_the_square_attack_needs_no_gradient_and_sees_what_masked_gradients_hide(quick):
    """Behind rounding to 64 levels of grey no gradient is left."""
    network, x, y = flat()
    masked = nn.Sequential(Rounded(), network)
    found = strong_attacks.strong(masked, x, y, seed=0)
    assert found["zero_gradients"] == 100
    assert min(found["square_pgd"], found["apgd_ce_1"]) > 40  # what random starts leave
    assert found["square"] < 5
    assert exact(network, x, y, 1.0) == 0


class Rounded(nn.Module):
    def forward(self, x):
        return torch.round(63 * x) / 63


def test_examples_that_are_too_long_or_not_images_count_as_none():
    network, x, y = flat()
    towards = attacks.direction(network, x, y)
    right = strong_attacks._survives(network, x, y, x + 5 * towards, 1.0)
    assert right.all()
    outside = torch.full_like(x, 1.1)
    assert strong_attacks._survives(network, x, y, outside, 1e9).all()
    fooled = strong_attacks._survives(network, x, y, attacks.one_step(network, x, y, 1.0), 1.0)
    assert not fooled.any()
