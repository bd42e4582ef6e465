"""The directions of the arms against PyTorch's graph in float64."""

import pytest
import torch

from pwlib import attacks, directions
from pwlib.layers import stack
from pwlib.networks import MLP
from pwlib.objectives import softmax_entropy

WIDTHS = (6, 9, 8, 4)
# What each arm climbs, written as a loss of features z, logits and labels.
CLIMBED = {
    "hard": lambda z, logits, y: softmax_entropy(z),
    "argmax": lambda z, logits, y: -z.log_softmax(-1).amax(-1),
    "hinge": lambda z, logits, y: (1 - z**2).clamp_min(0).sum(-1),
    "descent": lambda z, logits, y: -softmax_entropy(z),
    "output": lambda z, logits, y: softmax_entropy(logits),
    "label": lambda z, logits, y: attacks.margin_loss(logits, y),
}


@pytest.fixture
def network():
    return MLP(WIDTHS, "relu", seed=1).double()


def samples(n=7):
    generator = torch.Generator().manual_seed(2)
    x = 0.3 + 0.4 * torch.rand(n, 6, generator=generator, dtype=torch.float64)
    return x, torch.randint(4, (n,), generator=generator)


def move(network, x, y, arm, steps=1, radius=0.01, seed=0):
    layers = stack([network])
    generators = [torch.Generator().manual_seed(seed)]
    return directions.moved(layers, layers.hidden(x), y, arm, steps, radius, generators)[0]


def test_every_arm_with_a_gradient_is_checked():
    assert {"plain", "unnormalised", *CLIMBED, *directions.AT_RANDOM} == set(directions.ARMS)


def test_a_step_of_the_unnormalised_arm_is_a_multiple_of_the_gradient(network):
    x, y = samples()
    at = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(softmax_entropy(network.features(at)).sum(), at)
    moved = move(network, x, y, "unnormalised", radius=0.3)
    torch.testing.assert_close(moved, (x + 0.3 * slope).clamp(0, 1), atol=1e-12, rtol=0)


@pytest.mark.parametrize("arm", CLIMBED)
def test_a_step_follows_the_gradient_of_what_the_arm_climbs(network, arm):
    x, y = samples()
    at = x.clone().requires_grad_()
    climbed = CLIMBED[arm](network.features(at), network(at), y)
    (slope,) = torch.autograd.grad(climbed.sum(), at)
    expected = x + 0.01 * slope / slope.norm(dim=1, keepdim=True)
    torch.testing.assert_close(move(network, x, y, arm), expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize(("arm", "length"), [("random", 0.03), ("noise", 0.01 * 3**0.5)])
def test_random_steps_keep_one_direction_and_noise_takes_a_new_one(arm, length):
    network = MLP((784, 9, 8, 4), "relu", seed=1).double()
    x = torch.full((50, 784), 0.5, dtype=torch.float64)
    y = torch.zeros(50, dtype=torch.long)
    moved = (move(network, x, y, arm, steps=3) - x).norm(dim=1)
    torch.testing.assert_close(moved.mean().item(), length, atol=1e-3, rtol=0)
    directions = move(network, x, y, arm) - x
    assert (directions @ directions.T - 1e-4 * torch.eye(50)).abs().max() < 3e-5


def test_random_directions_depend_on_their_generator_alone(network):
    x, y = samples()
    assert torch.equal(move(network, x, y, "noise", 2), move(network, x, y, "noise", 2))
    assert not torch.equal(move(network, x, y, "noise"), move(network, x, y, "noise", seed=1))


def test_a_margin_of_any_size_has_a_direction():
    logits = torch.tensor([[80.0, 0.0, -1.0]])
    uphill = directions.margin_uphill(logits, torch.tensor([0]))
    expected = torch.tensor([[-1.0, 0.7311, 0.2689]])
    torch.testing.assert_close(uphill, expected, atol=1e-4, rtol=0)
