"""What networks are measured by, against attacks and angles computed one by one."""

import itertools

import numpy as np
import pytest
import torch

from pwlib import attacks, robustness
from pwlib.networks import MLP
from pwlib.objectives import adversarial_objective, hard_objective
from pwlib.training import hard_points


@pytest.fixture
def data():
    """Two clouds of points, cut off at the box, that no short step takes all across."""
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(2, (1200,), generator=generator)
    means = 0.2 + 0.6 * torch.rand(2, 16, generator=generator)
    spread = 0.4 * torch.randn(1200, 16, generator=generator)
    return (means[y] + spread).clamp(0, 1), y


@pytest.fixture
def networks(data):
    return [fitted(MLP((16, 8, 2), "relu", seed), *data) for seed in range(3)]


def fitted(network, x, y):
    optimiser = torch.optim.Adam(network.parameters(), lr=0.05)
    for _ in range(40):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(x), y).backward()
        optimiser.step()
    return network


def height(target, source, x, y):
    """The mean height of a curve of Figure 5, in percent, from one attack for each length."""
    made = [attacks.one_step(source, x, y, eps) for eps in robustness.MAGNITUDES]
    curve = [attacks.accuracy(target, adversarial, y) for adversarial in made]
    lengths = np.diff(robustness.MAGNITUDES)
    means = [(a + b) / 2 for a, b in itertools.pairwise(curve)]
    return 100 * np.dot(lengths, means) / 5


def test_accuracies_are_those_of_the_attacks(networks, data):
    x, y = data
    model = networks[0]
    found = robustness.robustness(model, x, y, seed=3)
    assert found["natural"] == pytest.approx(100 * attacks.accuracy(model, x, y))
    for eps in (1, 2):
        ahead = attacks.one_step(model, x, y, eps)
        assert found[f"one_step_{eps}"] == pytest.approx(100 * attacks.accuracy(model, ahead, y))
        some = x[:1000], y[:1000]
        best = attacks.pgd(model, *some, eps, steps=20, restarts=3, seed=3)
        assert found[f"pgd_{eps}"] == pytest.approx(100 * attacks.accuracy(model, best, some[1]))
    assert found["height"] == pytest.approx(height(model, model, x, y))


def test_in_another_box_every_accuracy_is_under_attacks_of_that_box(networks, data):
    x, y = data
    model, first, second = networks
    free = attacks.BOXES["free"]
    found = robustness.robustness(model, x, y, 3, free)
    found |= robustness.transfer(model, first, second, x, y, free)
    for eps in (1, 2):
        ahead = x + eps * attacks.direction(model, x, y)
        assert found[f"one_step_{eps}"] == pytest.approx(100 * attacks.accuracy(model, ahead, y))
        best = attacks.pgd(model, x[:1000], y[:1000], eps, 20, 3, 3, free)
        left = 100 * attacks.accuracy(model, best, y[:1000])
        assert found[f"pgd_{eps}"] == pytest.approx(left)
    sources = {"height": (model, model), "to_reference": (first, model), "control": (first, second)}
    sources |= {"from_reference": (model, first), "reference": (first, first)}
    clamped = robustness.robustness(model, x, y, 3) | robustness.transfer(
        model, first, second, x, y
    )
    for name, (target, source) in sources.items():
        step = attacks.direction(source, x, y)
        curve = [attacks.accuracy(target, x + eps * step, y) for eps in robustness.MAGNITUDES]
        assert found[name] == pytest.approx(20 * np.trapezoid(curve, robustness.MAGNITUDES))
    assert sum(found[name] != clamped[name] for name in found) > len(found) / 2  # the box matters


def test_transfer_is_between_the_networks_that_it_names(networks, data):
    model, first, second = networks
    assert robustness.transfer(model, first, second, *data) == pytest.approx(
        {
            "to_reference": height(first, model, *data),
            "from_reference": height(model, first, *data),
            "control": height(first, second, *data),
            "reference": height(first, first, *data),
            "reference_natural": 100 * attacks.accuracy(first, *data),
        }
    )


def test_cosines_are_those_of_the_gradients_of_the_graph(networks, data):
    x, y = (part[:40] for part in data)
    model, x = networks[0].double(), x.double()
    climbed = {
        "hard": lambda at: hard_objective(model, at),
        "output": lambda at: adversarial_objective(model, at),
        "label": lambda at: attacks.margin_loss(model(at), y),
    }
    ways = {}
    for name, objective in climbed.items():
        at = x.clone().requires_grad_()
        (ways[name],) = torch.autograd.grad(objective(at).sum(), at)
    found = robustness.cosines(model, x, y)
    assert set(found) == {"hard_output", "hard_label", "output_label"}
    for pair, cosine in found.items():
        a, b = (ways[name] for name in pair.split("_"))
        torch.testing.assert_close(cosine, torch.cosine_similarity(a, b), atol=1e-9, rtol=0)


@pytest.mark.parametrize(("arm", "wanted"), [("random", 0.3), ("noise", 0.1 * 3**0.5)])
def test_random_steps_far_from_the_edge_add_up_along_one_direction_alone(arm, wanted):
    x = torch.full((50, 10_000), 0.5)
    model = MLP((10_000, 2, 2), "relu", seed=0)
    found = robustness.distances(model, x, torch.zeros(50, dtype=torch.long), arm, 3, 0.1)
    assert found.numpy() == pytest.approx(wanted, rel=0.05 if arm == "noise" else 1e-5)


def test_a_distance_is_cut_short_at_the_edge_of_the_box():
    model, x = MLP((16, 8, 2), "relu", seed=0), torch.zeros(40, 16)
    y = torch.zeros(40, dtype=torch.long)
    ends = hard_points(model, x, steps=2, radius=0.5)
    found = robustness.distances(model, x, y, "hard", 2, 0.5)
    assert torch.equal(found, (ends - x).norm(dim=1))
    assert found.max() < 0.99
