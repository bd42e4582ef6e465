"""Attacks, directions, training and evaluation against answers that are known without them.

A quadratic whose projected ascent NumPy follows, a linear network whose best attack is known,
Adam written out, images of the test set that are not those of training; and every default.
"""

import importlib
import inspect
from dataclasses import FrozenInstanceError, asdict, fields, replace

import numpy as np
import pytest
import torch

from pwlib import (
    arms,
    attacks,
    boundaries,
    datasets,
    directions,
    pockets,
    robustness,
    strong_attacks,
    training,
)
from pwlib.datasets import Dataset
from pwlib.networks import MLP
from pwlib.training import TrainingConfig


class Quadratic:
    """Logits (|x − a|²_A / 2, 0) that remember where they were asked; label 0 is left downhill."""

    centre = np.array([0.9, 0.2, 0.4])
    matrix = np.array([[3.0, 0.5, 0.0], [0.5, 1.0, 0.2], [0.0, 0.2, 2.0]])

    def __init__(self):
        self.asked = []

    def __call__(self, x):
        self.asked.append(x.detach().numpy().copy())
        away = x - torch.tensor(self.centre)
        value = (away @ torch.tensor(self.matrix) * away).sum(-1) / 2
        return torch.stack([value, torch.zeros_like(value)], -1)

    def height(self, x):
        return -(x - self.centre) @ self.matrix @ (x - self.centre) / 2

    def path(self, start, x, eps, stride, steps, box=(0, 1)):
        """Each step along the normalised gradient, clamped to the box, pulled back onto the ball"""
        at = [np.asarray(start)]
        for _ in range(steps):
            slope = -self.matrix @ (at[-1] - self.centre)
            away = np.clip(at[-1] + stride * slope / np.linalg.norm(slope), *box) - x
            at.append(x + away * min(1, eps / np.linalg.norm(away)))
        return at


X0 = torch.tensor([[0.3, 0.7, 0.05]], dtype=torch.float64)
LABEL = torch.tensor([0])


@pytest.mark.parametrize(("eps", "steps", "box"), [(0.3, 5, (0, 1)), (0.6, 7, (0.25, 0.75))])
def test_projected_ascent_takes_the_path_that_numpy_takes(eps, steps, box):
    model, x = Quadratic(), X0[0].numpy().clip(*box)
    found = attacks.pgd(model, torch.tensor(x)[None], LABEL, eps, steps, 1, 0, box)
    asked = [at[0] for at in model.asked if at.shape == (1, 3)][-steps:]
    first = model.path(x, x, 10, eps, 1, box)[1]  # the one-step attack
    path = model.path(first, x, eps, 2.5 * eps / steps, steps - 1, box)
    np.testing.assert_allclose(asked, path, atol=1e-12)
    best = max(path, key=model.height)
    np.testing.assert_allclose(found[0], best, atol=1e-12)


def test_other_starts_are_uniform_in_the_ball_and_take_as_many_steps():
    model, x, eps, steps = Quadratic(), X0[0].numpy(), 0.2, 4
    attacks.pgd(model, X0, LABEL, eps, steps, 3, seed=8, box=attacks.BOXES["free"])
    asked = [at[0] for at in model.asked if at.shape == (1, 3)]
    generator = torch.Generator().manual_seed(8)
    for run in (asked[-2 * (steps + 1) : -steps - 1], asked[-steps - 1 :]):
        normal = torch.randn(1, 3, generator=generator, dtype=torch.float64)[0].numpy()
        share = torch.rand(1, 1, generator=generator, dtype=torch.float64).item() ** (1 / 3)
        start = x + eps * share * normal / np.linalg.norm(normal)
        path = model.path(start, x, eps, 2.5 * eps / steps, steps, (-np.inf, np.inf))
        np.testing.assert_allclose(run, path, atol=1e-12)


def test_the_volume_within_half_the_radius_has_its_share_of_the_starts():
    ball = attacks._Ball(2.0, attacks.BOXES["free"])
    x = torch.full((2, 10_000, 3), 5.0, dtype=torch.float64)  # of two networks
    lengths = (ball.random_start(x, torch.Generator().manual_seed(0)) - x).norm(dim=2)
    assert lengths.max() <= 2
    for of_one in lengths:
        assert (of_one < 1).double().mean().item() == pytest.approx(1 / 8, abs=0.015)


def test_a_linear_network_falls_at_its_distance_from_the_nearest_other_class():
    weights = torch.randn(4, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    weights = torch.cat([weights[:2], -1e3 + 0 * weights[2:]])  # two classes are never reached
    model = lambda x: x @ weights.T  # noqa: E731
    x = 0.5 + 0.01 * torch.randn(6, 5, generator=torch.Generator().manual_seed(2)).double()
    y = model(x).argmax(1)
    apart = (weights[0] - weights[1]).norm()
    distance = ((x @ (weights[0] - weights[1])).abs() / apart).tolist()
    free = attacks.BOXES["free"]
    for eps in (0.999, 1.001):
        for i, d in enumerate(distance):
            some = x[i : i + 1], y[i : i + 1]
            ends = (
                attacks.one_step(model, *some, eps * d, free),
                attacks.pgd(model, *some, eps * d, 3, 2, 0, free),
            )
            assert all(attacks.accuracy(model, end, some[1]) == (eps < 1) for end in ends)


def test_images_in_many_parts_are_attacked_as_one_by_one(monkeypatch):
    monkeypatch.setattr(attacks, "BATCH", 2)
    model = MLP((4, 6, 6, 3), "relu", 0).double()
    x = torch.rand(5, 4, generator=torch.Generator().manual_seed(0)).double()
    y = torch.tensor([0, 1, 2, 0, 1])
    found = attacks.pgd(model, x, y, 0.5, 4, 1, seed=0)
    curve = attacks.accuracy_curve(model, x, y, found - x, (0.0, 1.0))
    alone = [attacks.pgd(model, x[i : i + 1], y[i : i + 1], 0.5, 4, 1, 0) for i in range(5)]
    torch.testing.assert_close(found, torch.cat(alone), atol=1e-12, rtol=0)
    right = [(model(at).argmax(1) == y).double().mean().item() for at in (x, found)]
    assert curve == pytest.approx(right)


def by_hand(network, x, y, arm):
    """What an arm climbs, written with logits and features alone."""
    z, logits = network.features(x), network(x)

    def entropy(values):
        return -(values.softmax(-1) * values.log_softmax(-1)).sum(-1)

    true = logits.gather(-1, y[:, None])[:, 0]
    others = logits.scatter(-1, y[:, None], -torch.inf)
    return {
        "hard": lambda: entropy(z),
        "other": lambda: entropy(z),
        "unnormalised": lambda: entropy(z),
        "descent": lambda: -entropy(z),
        "output": lambda: entropy(logits),
        "argmax": lambda: z.logsumexp(-1) - z.amax(-1),
        "hinge": lambda: torch.relu(1 - z * z).sum(-1),
        "label": lambda: others.logsumexp(-1) - true,
    }[arm]()


@pytest.mark.parametrize("arm", [d for d in directions.OBJECTIVES if d not in ("heads", "head")])
def test_three_steps_of_an_arm_are_those_of_a_plain_loop(arm):
    network = MLP((6, 9, 8, 4), "relu", seed=1).double()
    x = torch.rand(5, 6, generator=torch.Generator().manual_seed(2)).double()
    y, radius, within, at = torch.tensor([0, 1, 2, 3, 0]), 0.4, 0.7, x
    for _ in range(3):
        at = at.detach().requires_grad_()
        (slope,) = torch.autograd.grad(by_hand(network, at, y, arm).sum(), at)
        if arm != "unnormalised":
            slope = slope / slope.norm(dim=1, keepdim=True).clamp_min(1e-300)
        away = (at.detach() + radius * slope).clamp(0, 1) - x
        at = x + away * (within / away.norm(dim=1, keepdim=True)).clamp_max(1)
    found = directions.moved(network, x, y, arm, 3, radius, within=within)
    torch.testing.assert_close(found, at, atol=1e-12, rtol=0)


def small(seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(24, 4, generator=generator, dtype=torch.float64)
    return Dataset(x[:16], torch.arange(16) % 3, x[16:], torch.arange(8) % 3)


SMALL = TrainingConfig(widths=(4, 5, 6, 3), epochs=2, batch=6)


def order_of(config, data, seed):
    """The batches, from the seed alone."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randperm(len(data.train_y), generator=generator)
    drawn = drawn[: round(config.fraction * len(drawn))]
    for _ in range(config.epochs):
        yield from drawn[torch.randperm(len(drawn), generator=generator)].split(config.batch)


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_training_is_adam_or_momentum_written_out_with_its_published_constants(optimiser):
    data, config = small(), replace(SMALL, optimiser=optimiser)
    twin = config.start(7).double()
    moments = [[torch.zeros_like(w), torch.zeros_like(w)] for w in twin.parameters()]
    for t, rows in enumerate(order_of(config, data, 7), 1):
        x, y = data.train_x[rows], data.train_y[rows]
        loss = -twin(x).log_softmax(1)[torch.arange(len(y)), y].mean()
        slopes = torch.autograd.grad(loss, list(twin.parameters()))
        for w, g, m in zip(twin.parameters(), slopes, moments, strict=True):
            if optimiser == "sgd":
                m[0] = 0.9 * m[0] + g
                step = 0.1 * m[0]
            else:  # Kingma and Ba 2015, algorithm 1
                m[0] = 0.9 * m[0] + 0.1 * g
                m[1] = 0.999 * m[1] + 0.001 * g**2
                step = 1e-3 * m[0] / (1 - 0.9**t) / ((m[1] / (1 - 0.999**t)).sqrt() + 1e-8)
            w.data -= step
    found = training.train(data, config, 7)
    for a, b in zip(found.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-12, rtol=1e-10)


def test_each_setting_of_a_training_changes_the_network():
    data = Dataset(*(t.float() if t.is_floating_point() else t for t in small()))
    base = replace(SMALL, arm="heads", within=0.5, epochs=1)
    changes = {"widths": (4, 6, 6, 3), "epochs": 2, "batch": 5, "optimiser": "sgd"}
    changes |= {"learning_rate": 2e-3, "fraction": 0.5, "arm": "hard", "ascent_steps": 2}
    changes |= {"radius": 0.4, "within": 0.3, "head_scale": 3.0, "updates": "apart"}
    changes |= {"sample": "balanced", "precision": "bfloat16"}
    assert {*changes, "architecture"} == set(asdict(base))
    networks = [training.train(data, base, 0)]
    networks += [training.train(data, replace(base, **{k: v}), 0) for k, v in changes.items()]
    values = [network(data.test_x).flatten().tolist() for network in networks]
    for name, value in zip(changes, values[1:], strict=True):
        assert value != values[0], name
    assert len({tuple(value) for value in values}) == len(values)


@pytest.fixture
def different(monkeypatch):
    """Training images that are all black, test images that are not; the network sees which."""
    x = 0.1 + 0.8 * torch.rand(60, 784, generator=torch.Generator().manual_seed(0))
    train = torch.zeros(30, 784), torch.zeros(30, dtype=torch.long)
    data = Dataset(*train, x, torch.arange(60) % 3)
    for module in (robustness, training, strong_attacks):
        monkeypatch.setattr(module, "loaded", lambda name: data)
    monkeypatch.setattr(datasets, "fetch", lambda name: None)
    return data


def test_what_is_measured_is_measured_on_the_test_set(different):
    network = MLP((784, 6, 6, 3), "relu", 1)
    right = 100 * (network(different.test_x).argmax(1) == different.test_y).double().mean().item()
    assert 0 < right < 100
    attack = robustness.Attack((0.0, 1.0), (0.5,), 2, 1)
    job = ("MNIST", {"network": network}, 0, attack)
    (found,) = robustness.measure_many([job], 1, "cpu:0")  # in this process
    assert found.curves["own"][0] == pytest.approx(right)
    ((there, x, y),) = robustness.together("MNIST", {"network": [network]})
    assert there == {"network": network}
    assert torch.equal(x, different.test_x)
    assert torch.equal(y, different.test_y)

    ((there, x, y),) = robustness.together("MNIST", {"network": [network] * 2}, "cpu:0")  # a stack
    assert torch.equal(x, different.test_x.expand(2, -1, -1))
    assert robustness.accuracies(there["network"], x, y) == pytest.approx([right, right])


def test_the_rows_of_an_arm_are_of_the_test_set_and_of_networks_of_the_training_set(
    different, monkeypatch
):
    config = TrainingConfig(widths=(784, 6, 6, 3), epochs=1, fraction=0.5)
    monkeypatch.setitem(arms.ARMS, "third", config)
    monkeypatch.setattr(arms, "REFERENCE", replace(config, fraction=1.0))
    (row,) = arms.rows("MNIST", "third", [3])
    network = training.train(different, config, 3)
    right = (network(different.test_x).argmax(1) == different.test_y).double().mean().item()
    assert row["os_0.0"] == pytest.approx(100 * right, abs=1e-3)
    assert (row["arm"], row["dataset"], row["seed"], row["device"]) == ("third", "MNIST", 3, "cpu")
    (later,) = arms.along("MNIST", "third", 1, [3])
    assert later["natural"] == pytest.approx(100 * right, abs=1e-3)


def test_training_sees_the_images_of_the_training_set_alone(different):
    config = TrainingConfig(widths=(784, 6, 6, 3), epochs=1)
    job = training.Job("MNIST", config, 0)
    (network,) = training._train_by_arm([job], "cpu")
    assert not (network.layers[0].weight - config.start(0).layers[0].weight).any()  # black images
    assert (network.layers[-1].bias - config.start(0).layers[-1].bias).abs().min() > 0


# The defaults of Figure 5's networks and attacks, as the chapters state them.
CONFIG = {"widths": (784, 512, 512, 10), "epochs": 10, "batch": 128, "optimiser": "adam"}
CONFIG |= {"learning_rate": None, "fraction": 1.0, "arm": "plain", "ascent_steps": 3, "radius": 1.0}
CONFIG |= {"within": np.inf, "head_scale": 1.0, "updates": "together", "sample": "random"}
CONFIG |= {"precision": "float32", "architecture": "mlp"}
LENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)
ATTACK = {"magnitudes": LENGTHS, "pgd_eps": (1.0, 2.0), "pgd_steps": 20, "pgd_restarts": 3}
ATTACK |= {"images": 1000, "drawn": None, "box": (0.0, 1.0)}
CONSTANTS = {
    "training.LEARNING_RATES": {"adam": 1e-3, "sgd": 0.1},
    "training.NOISE": 2**32,
    "training.OTHER": 1_000_000,
    "robustness.MAGNITUDES": LENGTHS,
    "robustness.MARGIN": 1.0,
    "attacks.BOXES": {"clamped": (0.0, 1.0), "free": (-np.inf, np.inf)},
    "attacks.PIXELS": (0.0, 1.0),
    "arms.THIRD": 0.333333,
    "arms.FEW": 5,
    "arms.ALONG": (1, 2, 3, 5, 10),
    "arms.LENGTHS": (0.25, 0.5, 2.0, 4.0, 8.0),
    "arms.FRACTIONS": (0.005, 0.015, 0.05, 0.15),
    "transfer.SEEDS": 10,
    "transfer.LENGTH": 2.0,
    "attacks.BATCH": 1000,
    "strong_attacks.SEEDS": range(5),
    "strong_attacks.LENGTHS": (0.5, 1.0, 2.0),
    "strong_attacks.STEPS": 100,
    "strong_attacks.BLACK_BOX": 200,
    "strong_attacks.QUERIES": 5000,
    "strong_attacks.FAR": 10.0,
    "strong_attacks.LEAD": 10.0,
}
DEFAULTS = {
    "attacks.move.box": (0.0, 1.0),
    "attacks.one_step.box": (0.0, 1.0),
    "attacks.pgd.box": (0.0, 1.0),
    "attacks.accuracy_curve.box": (0.0, 1.0),
    "directions.moved.within": np.inf,
    "directions.moved.scale": 1.0,
    "boundaries.unexplained_variance.bins": 20,
    "grids.chebyshev.kind": "lobatto",
    "grids.chebyshev_angles.kind": "lobatto",
    "intervals.interval.level": 0.95,
    "intervals.holm.level": 0.05,
    "networks.random_network.biases": "normal",
    "optimal.ridge_error.penalty": 0.01,
    "optimal.feature_slopes.order": 1,
    "polynomials.agreement.measure": "lebesgue",
    "signs.misclassified_measure.measure": "lebesgue",
    "sample_complexity.certified_size.odd": False,
}


def test_the_defaults_are_those_of_the_chapters():
    assert asdict(TrainingConfig()) == CONFIG
    assert asdict(robustness.FIGURE_5) == ATTACK
    for name, value in CONSTANTS.items():
        module, _, constant = name.partition(".")
        assert getattr(importlib.import_module(f"pwlib.{module}"), constant) == value, name
    for name, value in DEFAULTS.items():
        module, function, argument = name.split(".")
        thing = getattr(importlib.import_module(f"pwlib.{module}"), function)
        assert inspect.signature(thing).parameters[argument].default == value, name


ONE, MAP = np.ones(1), np.ones((2, 2))
RECORDS = (
    TrainingConfig(),
    robustness.Attack(),
    robustness.Measured({"own": ONE}, ONE, ONE),
    boundaries.Maps(np.ones((2, 2), int), MAP, MAP, MAP),
    pockets.Shares(ONE, ONE, ONE),
)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_what_was_set_or_measured_cant_be_changed(record):
    for field in fields(record):
        with pytest.raises(FrozenInstanceError):
            setattr(record, field.name, None)
