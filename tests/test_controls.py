"""What networks are measured by, against attacks and angles computed one by one."""

import itertools

import numpy as np
import pytest
import torch

from pwlib import attacks, controls
from pwlib.networks import MLP
from pwlib.objectives import adversarial_objective, hard_objective


@pytest.fixture
def data():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(1200, 6, generator=generator)
    return x, (x[:, 0] > x[:, 1]).long()


@pytest.fixture
def networks():
    return [MLP((6, 8, 2), "relu", seed) for seed in range(3)]


def height(target, source, x, y):
    """The mean height of a curve of Figure 5, in percent, from one attack for each length."""
    made = [attacks.one_step(source, x, y, eps) for eps in controls.MAGNITUDES]
    curve = [attacks.accuracy(target, adversarial, y) for adversarial in made]
    lengths = np.diff(controls.MAGNITUDES)
    means = [(a + b) / 2 for a, b in itertools.pairwise(curve)]
    return 100 * np.dot(lengths, means) / 5


def test_accuracies_are_those_of_the_attacks(networks, data):
    x, y = data
    model = networks[0]
    found = controls.robustness(model, x, y, seed=3)
    assert found["natural"] == pytest.approx(100 * attacks.accuracy(model, x, y))
    for eps in (1, 2):
        ahead = attacks.one_step(model, x, y, eps)
        assert found[f"one_step_{eps}"] == pytest.approx(100 * attacks.accuracy(model, ahead, y))
        some = x[:1000], y[:1000]
        best = attacks.pgd(model, *some, eps, steps=20, restarts=3, seed=3)
        assert found[f"pgd_{eps}"] == pytest.approx(100 * attacks.accuracy(model, best, some[1]))
    assert found["height"] == pytest.approx(height(model, model, x, y))


def test_the_unclamped_attack_may_leave_the_box(networks, data):
    x, y = data
    model = networks[0]
    step = attacks.direction(model, x, y)
    curve = [attacks.accuracy(model, x + eps * step, y) for eps in controls.MAGNITUDES]
    found = controls.robustness(model, x, y, seed=0)
    assert found["unclamped"] == pytest.approx(20 * np.trapezoid(curve, controls.MAGNITUDES))
    assert found["unclamped"] != pytest.approx(found["height"])


def test_transfer_is_between_the_networks_that_it_names(networks, data):
    model, first, second = networks
    assert controls.transfer(model, first, second, *data) == pytest.approx(
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
    found = controls.cosines(model, x, y)
    assert set(found) == {"hard_output", "hard_label", "output_label"}
    for pair, cosine in found.items():
        a, b = (ways[name] for name in pair.split("_"))
        torch.testing.assert_close(cosine, torch.cosine_similarity(a, b), atol=1e-9, rtol=0)
