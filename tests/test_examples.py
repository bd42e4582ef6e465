"""Attacked test images and their curves against the attacks and the networks themselves."""

import pytest
import torch

from pwlib import attacks, examples
from pwlib.datasets import Dataset
from pwlib.networks import MLP

EPS = (0.0, 1.0, 3.0)


@pytest.fixture(scope="module")
def small():
    """Three small networks, and a data set on which they are right where they agree."""
    generator = torch.Generator().manual_seed(0)
    networks = {arm: MLP((784, 12, 10), "relu", i) for i, arm in enumerate(examples.ARMS)}
    x = torch.rand(300, 784, generator=generator)
    for model in networks.values():
        with torch.no_grad():
            model.layers[-1].weight.mul_(20)
    y = networks["reference"](x).argmax(1)
    networks["plain fraction"].load_state_dict(networks["reference"].state_dict())
    networks["hard points"].load_state_dict(networks["reference"].state_dict())
    with torch.no_grad():
        networks["hard points"].layers[0].weight.mul_(1.1)
    return networks, Dataset(x, y, x, y)


def test_the_chosen_images_are_the_first_of_two_classes_that_all_get_right(small):
    networks, data = small
    rows = examples.chosen(networks, data.test_x, data.test_y, 2).tolist()
    right = [all(m(x[None]).argmax() == y for m in networks.values()) for x, y in zip(*data[2:])]  # noqa: B905
    first = right.index(True)
    other = next(i for i, r in enumerate(right) if r and data.test_y[i] != data.test_y[first])
    assert rows == [first, other]


def test_examples_are_those_of_the_attack_and_no_longer_than_it(small):
    networks, data = small
    x, y = data.test_x[:20], data.test_y[:20]
    for arm in examples.ARMS:
        for attack in examples.ATTACKS:
            found = examples.adversarial(networks, x, y, arm, attack, EPS)
            for eps, points in zip(EPS, found, strict=True):
                assert (points - x).norm(dim=1).max() <= eps + 1e-4
                assert points.min() >= 0
                assert points.max() <= 1
        own, other, pgd = (
            examples.adversarial(networks, x, y, arm, attack, EPS)[1] for attack in examples.ATTACKS
        )
        torch.testing.assert_close(own, attacks.one_step(networks[arm], x, y, 1.0))
        source = networks[examples.OTHER[arm]]
        torch.testing.assert_close(other, attacks.one_step(source, x, y, 1.0))
        stronger = (attacks.margin_loss(networks[arm](at), y).mean() for at in (pgd, own))
        assert next(stronger) >= next(stronger)


def test_further_curves_are_accuracies_in_percent_of_the_right_network(small, monkeypatch):
    networks, data = small
    monkeypatch.setattr(examples, "loaded", lambda name: data)
    found = examples.further_curves("MNIST", networks, EPS)
    assert found.keys() | examples.EVALUATED.keys() == {
        (arm, attack) for arm in examples.ARMS for attack in examples.ATTACKS
    }
    moved = attacks.one_step(networks["reference"], data.test_x, data.test_y, 3.0)
    right = networks["plain fraction"](moved).argmax(1) == data.test_y
    percent = 100 * right.double().mean().item()
    assert found["plain fraction", "other"][2] == pytest.approx(percent)
    assert found["reference", "PGD"][0] == 100


def test_what_is_shown_of_an_image_is_what_the_networks_answer(small, monkeypatch):
    networks, data = small
    monkeypatch.setattr(examples, "loaded", lambda name: data)
    shown = examples.shown("MNIST", networks, EPS)
    rows = examples.chosen(networks, data.test_x, data.test_y, 2)
    assert shown.labels.tolist() == data.test_y[rows].tolist()
    for (arm, attack), images in shown.images.items():
        for i, row in enumerate(rows):
            x, y = data.test_x[row][None], data.test_y[row][None]
            points = torch.cat(examples.adversarial(networks, x, y, arm, attack, EPS))
            torch.testing.assert_close(torch.from_numpy(images[i]), points)
            for j, who in enumerate(examples.ARMS):
                likely = torch.softmax(networks[who](points).double(), 1).max(1)
                assert shown.answers[arm, attack][j, i].tolist() == likely.indices.tolist()
                probabilities = shown.probabilities[arm, attack][j, i].tolist()
                assert probabilities == pytest.approx(likely.values.tolist(), abs=1e-5)
