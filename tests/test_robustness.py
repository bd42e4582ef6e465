"""What networks are measured by, against attacks computed one by one; what it is read to say."""

import itertools

import numpy as np
import pytest
import torch

from pwlib import attacks, robustness
from pwlib.datasets import Dataset
from pwlib.networks import MLP, stack
from pwlib.robustness import MAGNITUDES, damage_share, outcomes


@pytest.fixture(scope="module")
def data():
    """Two clouds of points, cut off at the box, that no short step takes all across."""
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(2, (1200,), generator=generator)
    means = 0.2 + 0.6 * torch.rand(2, 16, generator=generator)
    spread = 0.4 * torch.randn(1200, 16, generator=generator)
    return (means[y] + spread).clamp(0, 1), y


@pytest.fixture(scope="module")
def networks(data):
    return [fitted(MLP((16, 8, 2), "relu", seed), *data) for seed in range(3)]


def fitted(network, x, y):
    optimiser = torch.optim.Adam(network.parameters(), lr=0.05)
    for _ in range(40):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(x), y).backward()
        optimiser.step()
    return network


def mean_accuracy(target, source, x, y):
    """The mean of a curve of Figure 5, in per cent, from one attack for each length."""
    made = [attacks.one_step(source, x, y, eps) for eps in MAGNITUDES]
    curve = [attacks.accuracy(target, adversarial, y) for adversarial in made]
    lengths = np.diff(MAGNITUDES)
    means = [(a + b) / 2 for a, b in itertools.pairwise(curve)]
    return 100 * np.dot(lengths, means) / 5


def test_accuracies_are_those_of_the_attacks(networks, data):
    x, y = data
    model = networks[0]
    measured = robustness.measure({"network": model}, x, y, seed=3)
    found = robustness.numbers(measured)
    assert found["natural"] == pytest.approx(100 * attacks.accuracy(model, x, y))
    some = x[:1000], y[:1000]
    for eps in (1, 2):
        ahead = attacks.one_step(model, x, y, eps)
        right = model(ahead).argmax(1) == y
        left = measured.curves["own"][MAGNITUDES.index(eps)]
        assert left == pytest.approx(100 * right.double().mean().item())
        best = attacks.pgd(model, *some, eps, steps=20, restarts=3, seed=3)
        assert found[f"pgd_{eps}"] == pytest.approx(100 * attacks.accuracy(model, best, some[1]))
    assert found["height"] == pytest.approx(mean_accuracy(model, model, x, y))
    moved = [
        (attacks.one_step(model, x, y, eps) - x).norm(dim=1).mean().item() for eps in MAGNITUDES
    ]
    assert measured.lengths == pytest.approx(moved)
    assert set(measured.curves) == {"own"}


def test_in_another_box_every_accuracy_is_under_attacks_of_that_box(networks, data):
    x, y = data
    model, first, second = networks
    three = {"network": model, "reference": first, "second reference": second}
    free = robustness.Attack(box=attacks.BOXES["free"])
    found = robustness.numbers(robustness.measure(three, x, y, 3, free))
    clamped = robustness.numbers(robustness.measure(three, x, y, 3))
    for eps in (1, 2):
        best = attacks.pgd(model, x[:1000], y[:1000], eps, 20, 3, 3, free.box)
        left = 100 * attacks.accuracy(model, best, y[:1000])
        assert found[f"pgd_{eps}"] == pytest.approx(left)
    sources = {"height": (model, model), "to_reference": (first, model), "control": (first, second)}
    sources |= {"from_reference": (model, first), "reference": (first, first)}
    for name, (target, source) in sources.items():
        step = attacks.direction(source, x, y)
        curve = [attacks.accuracy(target, x + eps * step, y) for eps in MAGNITUDES]
        assert found[name] == pytest.approx(20 * np.trapezoid(curve, MAGNITUDES))
    assert sum(found[name] != clamped[name] for name in found) > len(found) / 2  # the box matters


def test_transfer_is_between_the_networks_that_it_names(networks, data):
    model, first, second = networks
    three = {"network": model, "reference": first, "second reference": second}
    found = robustness.numbers(robustness.measure(three, *data, seed=0))
    assert {name: found[name] for name in list(found)[-5:]} == pytest.approx(
        {
            "to_reference": mean_accuracy(first, model, *data),
            "from_reference": mean_accuracy(model, first, *data),
            "control": mean_accuracy(first, second, *data),
            "reference": mean_accuracy(first, first, *data),
            "reference_natural": 100 * attacks.accuracy(first, *data),
        }
    )


def test_seeds_are_stacked_along_the_first_axis():
    def one(seed):
        curves = {"own": np.array([90.0, 10.0 * seed]), "reference": np.array([95.0, 40.0])}
        return robustness.Measured(curves, np.zeros(2), np.array([2.0 * seed]))

    attack = robustness.Attack((0.0, 1.0), pgd_eps=(1.0,))
    both = robustness.over_seeds([one(1), one(2)])
    found = robustness.numbers(both, attack)
    assert both.pgd.tolist() == [[2.0], [4.0]]
    assert {name: values.tolist() for name, values in found.items()} == {
        "natural": [90.0, 90.0],
        "height": [50.0, 55.0],
        "pgd_1": [2.0, 4.0],
        "reference": [67.5, 67.5],
        "reference_natural": [95.0, 95.0],
    }


def test_many_measures_are_those_of_each_on_the_test_set(networks, data, monkeypatch):
    x, y = data
    train = (torch.rand(4, 16), torch.zeros(4, dtype=torch.long))
    monkeypatch.setattr(robustness, "loaded", lambda name: Dataset(*train, x, y))
    attack = robustness.Attack((0.0, 0.3), (0.3,), 4, 1, 50)
    jobs = [("MNIST", {"network": network}, 0, attack) for network in networks[:2]]
    for job, found in zip(jobs, robustness.measure_many(jobs, 1, "cpu:0"), strict=True):
        alone = robustness.measure(job[1], x, y, 0, attack)
        assert found.curves["own"].tolist() == alone.curves["own"].tolist()
    with pytest.raises(ValueError, match="^workers: got 0, accepts"):  # also where none is needed
        robustness.measure_many(jobs, 0, "cpu:0")


def test_on_a_processor_each_network_is_a_job_of_its_own(monkeypatch):
    asked = []
    run = lambda function, *given: asked.append((function, *given)) or ["measured"]  # noqa: E731
    monkeypatch.setattr(robustness.parallel, "run", run)
    jobs = [("MNIST", {"network": MLP((16, 8, 2), "relu", 0)}, 0, robustness.Attack())]
    assert robustness.measure_many(jobs, 2) == ["measured"]
    assert asked == [(robustness._measured, jobs, 2, "networks attacked")]


def test_networks_need_as_many_references_and_one_seed_is_a_stack_of_one(data, monkeypatch):
    monkeypatch.setattr(robustness, "loaded", lambda name: Dataset(*data, *data))
    one = MLP((16, 8, 2), "relu", 0)
    networks = {"network": [one, one], "reference": [one]}
    with pytest.raises(ValueError, match="shorter"):
        list(robustness.together("MNIST", networks))
    measured = robustness.Measured({"own": np.ones(2)}, np.ones(2), np.ones(1))
    assert robustness.over_seeds([measured]).curves["own"].tolist() == [[1, 1]]


def test_mean_accuracy_is_the_mean_of_the_piecewise_linear_curve():
    magnitudes = [0.0, 0.5, 2.0]
    curves = np.array([[1.0, 0.6, 0.0], [0.5, 0.5, 0.5]])
    fine = np.linspace(0, 2, 200_001)
    expected = [np.interp(fine, magnitudes, curve).mean() for curve in curves]
    np.testing.assert_allclose(robustness.mean_accuracy(curves, magnitudes), expected, atol=1e-5)


@pytest.mark.parametrize("magnitudes", [[0.0], [1.0, 0.0], [0.0, 1.0, 1.0]])
def test_magnitudes_of_a_curve_must_ascend(magnitudes):
    with pytest.raises(ValueError, match=r"^magnitudes: got .*, accepts two or more, ascending"):
        robustness.mean_accuracy(np.zeros(len(magnitudes)), magnitudes)


# A reference that keeps 30 of its 98 points under its own examples and 40 under the control's.
REFERENCE = {"natural": 98.0, "height": 30.0, "pgd_1": 30.0, "pgd_2": 2.0}
# A network that is clearly more robust, whose examples do half of the damage there.
ROBUST = {"natural": 97.0, "height": 60.0, "pgd_1": 80.0, "pgd_2": 40.0}
ROBUST |= {"to_reference": 64.0, "from_reference": 90.0, "control": 40.0}
ROBUST |= {"reference": 30.0, "reference_natural": 98.0}


def seeds(measures, **changes):
    return {
        name: value + np.array([-0.1, 0.0, 0.1]) for name, value in (measures | changes).items()
    }


def test_a_robust_network_of_ordinary_transfer():
    assert outcomes(seeds(ROBUST), seeds(REFERENCE)) == {
        "natural accuracy below the reference's": True,
        "natural accuracy lost below 1 point": False,
        "natural accuracy lost below 5 points": True,
        "one step: above the reference": True,
        "PGD: above the reference": True,
        "transfer: above the reference": True,
        "transfer: above the control": True,
        "reference's examples do no damage": False,
        "examples transfer like ordinary ones": False,
        "larger share of damage towards the reference": True,
    }


@pytest.mark.parametrize(
    ("changes", "outcome", "holds"),
    [
        ({"natural": 98.5}, "natural accuracy below the reference's", False),
        ({"natural": 97.5}, "natural accuracy below the reference's", True),
        ({"natural": 92.5}, "natural accuracy lost below 5 points", False),
        ({"natural": 93.5}, "natural accuracy lost below 5 points", True),
        ({"natural": 97.8}, "natural accuracy lost below 1 point", True),
        ({"from_reference": 95.0}, "reference's examples do no damage", False),
        ({"to_reference": 38.5}, "examples transfer like ordinary ones", False),
        ({"height": 30.9}, "one step: above the reference", False),
        ({"pgd_2": 2.9}, "PGD: above the reference", False),
        ({"to_reference": 90.0}, "transfer: above the reference", False),
        ({"control": 90.0}, "transfer: above the control", False),
        ({"from_reference": 97.0}, "reference's examples do no damage", True),
        ({"to_reference": 40.5}, "examples transfer like ordinary ones", True),
        ({"to_reference": 97.0}, "larger share of damage towards the reference", False),
    ],
)
def test_each_outcome_changes_with_what_it_is_about(changes, outcome, holds):
    assert outcomes(seeds(ROBUST, **changes), seeds(REFERENCE))[outcome] is holds


@pytest.mark.parametrize("points", ["1 point", "5 points"])
def test_a_loss_of_exactly_some_points_is_not_below_them(points):
    whole = np.array([96.0, 97.0, 98.0])  # each less exactly as many
    lost = seeds(ROBUST) | {"natural": whole - int(points[0])}
    found = outcomes(lost, seeds(REFERENCE) | {"natural": whole})
    assert not found[f"natural accuracy lost below {points}"]


def test_three_seeds_that_scatter_show_nothing():
    found = outcomes(
        seeds(ROBUST, height=33.0) | {"height": np.array([20.0, 32, 47])}, seeds(REFERENCE)
    )
    assert not found["one step: above the reference"]


def test_a_stack_of_networks_is_measured_as_each_alone(networks, data):
    x, y = data
    references = networks[1:] + networks[:1]
    attack = robustness.Attack(pgd_restarts=1)  # others start at random
    alone = [
        robustness.measure({"network": one, "reference": other}, x, y, 0, attack)
        for one, other in zip(networks, references, strict=True)
    ]
    both = {"network": stack(networks), "reference": stack(references)}
    together = robustness.measure(both, x.expand(3, -1, -1), y.expand(3, -1), 0, attack)
    expected = robustness.over_seeds(alone)
    for name, curve in expected.curves.items():
        np.testing.assert_allclose(together.curves[name], curve, atol=0.1)
    for name in ("lengths", "pgd"):
        found, wanted = (getattr(one, name) for one in (together, expected))
        np.testing.assert_allclose(found, wanted, atol=0.1)


def test_images_under_pgd_are_the_first_or_drawn_with_a_seed():
    assert robustness.Attack(images=3).rows(10).tolist() == [0, 1, 2]
    drawn = [robustness.Attack(images=3, drawn=seed).rows(10).tolist() for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len({*drawn[0]}) == 3


def test_a_network_does_all_of_the_damage_to_itself():
    found = {"natural": np.array([98.0]), "height": np.array([28.0]), "far": np.array([63.0])}
    assert damage_share(found, "height", "height", "natural") == pytest.approx(100)
    assert damage_share(found, "far", "height", "natural") == pytest.approx(50)
