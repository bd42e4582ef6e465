"""How accuracies become curves and heights."""

import numpy as np
import pytest
import torch

from pwlib import attacks, evaluation
from pwlib.datasets import Dataset
from pwlib.networks import MLP


@pytest.fixture
def data(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(200, 6, generator=generator)
    y = (x[:, 0] > x[:, 1]).long()
    monkeypatch.setattr(evaluation, "loaded", lambda name: Dataset(x, y, x, y))
    return x, y


@pytest.fixture
def networks():
    names = ("reference", "robust", "second reference", "plain")
    return {name: MLP((6, 8, 2), "relu", seed) for seed, name in enumerate(names)}


def test_each_curve_is_one_network_on_the_examples_of_another(data, networks):
    x, y = data
    attack = evaluation.Attack((0.0, 0.3), pgd_eps=(0.1, 0.3), pgd_steps=4, images=50)
    found = evaluation.evaluate("MNIST", networks, attack, seed=0)
    pairs = {
        "reference": ("reference", "reference"),
        "robust": ("robust", "robust"),
        "robust to reference": ("reference", "robust"),
        "reference to robust": ("robust", "reference"),
        "control": ("reference", "second reference"),
        "plain": ("plain", "plain"),
    }
    assert set(found.curves) == set(pairs)
    for key, (target, source) in pairs.items():
        adversarial = attacks.one_step(networks[source], x, y, 0.3)
        expected = [attacks.accuracy(networks[target], images, y) for images in (x, adversarial)]
        assert found.curves[key] == pytest.approx(expected)
    moved = (attacks.one_step(networks["reference"], x, y, 0.3) - x).norm(dim=1).mean().item()
    assert found.lengths == pytest.approx([0.0, moved])
    for who in ("reference", "robust"):
        ahead = attacks.one_step(networks[who], x[:50], y[:50], 0.3)
        assert found.one_step[who][1] == pytest.approx(
            attacks.accuracy(networks[who], ahead, y[:50])
        )
        assert all(p <= o for p, o in zip(found.pgd[who], found.one_step[who], strict=True))


def test_over_seeds_has_a_row_for_each_seed():
    found = [
        evaluation.Evaluation({"a": [0.5, 0.1 * seed]}, [], {}, {"b": [seed]}) for seed in (1, 2)
    ]
    assert evaluation.over_seeds(found, "curves")["a"].tolist() == [[0.5, 0.1], [0.5, 0.2]]
    assert evaluation.over_seeds(found, "pgd")["b"].tolist() == [[1], [2]]


def test_height_is_the_mean_of_the_piecewise_linear_curve():
    magnitudes = [0.0, 0.5, 2.0]
    curves = np.array([[1.0, 0.6, 0.0], [0.5, 0.5, 0.5]])
    fine = np.linspace(0, 2, 200_001)
    expected = [np.interp(fine, magnitudes, curve).mean() for curve in curves]
    np.testing.assert_allclose(evaluation.height(curves, magnitudes), expected, atol=1e-5)


def test_damage_is_the_area_lost_to_the_attack():
    curves = np.array([[0.9, 0.5, 0.1], [1.0, 0.0, 0.0]])
    np.testing.assert_allclose(evaluation.damage(curves, [0.0, 1.0, 2.0]), [0.4, 0.75])
