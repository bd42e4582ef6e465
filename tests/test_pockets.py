"""Rays and random steps, against linear classifiers whose boundaries are known."""

from math import inf

import numpy as np
import pytest
import torch
from scipy.stats import t as student

from pwlib import pockets
from pwlib.attacks import move, unit


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(5)


def linear(weights, bias):
    """Logits of a linear classifier with the weights (k, d) and the bias (k,)."""
    return lambda x: x @ weights.T + bias


def on_first_coordinate(logits):
    """A classifier of the classes 0 and 1 with the logits 0 and ``logits(x_1)``."""
    return lambda x: torch.stack([torch.zeros_like(x[:, 0]), logits(x[:, 0])], 1)


def random(generator, *shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def test_flipping_lengths_are_where_a_linear_classifiers_scores_meet(generator):
    weights, bias = random(generator, 4, 6), random(generator, 4)
    x, step = random(generator, 50, 6), unit(random(generator, 50, 6))
    model = linear(weights, bias)
    y = model(x).argmax(1)
    lead = model(x).gather(1, y[:, None]) - model(x)  # (N, 4), 0 at the label
    speed = step @ weights.T
    closing = speed - speed.gather(1, y[:, None])
    expected = torch.where(closing > 1e-12, lead / closing, inf).amin(1)
    found = pockets.flipping_lengths(model, x, y, step, 5.0)
    expected[expected > 5] = inf
    assert 5 < expected.isinf().sum() < 45
    bisected = 5 / 200 / 2**20
    torch.testing.assert_close(found, expected, atol=1.01 * bisected, rtol=0)


def test_flipping_length_is_that_of_the_first_stretch_and_0_where_the_label_is_wrong():
    model = on_first_coordinate(lambda x: (x - 1) * (2 - x) * (x - 4))  # class 1 below 1, in (2, 4)
    x = torch.tensor([[1.5, 0.0], [3.0, 0.0], [1.5, 0.0]], dtype=torch.float64)
    y = torch.tensor([0, 1, 1])
    step = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
    found = pockets.flipping_lengths(model, x, y, step, 10.0)
    np.testing.assert_allclose(found, [0.5, 1, 0], atol=1e-7)


def test_a_ray_is_looked_at_at_two_hundred_lengths_and_bisected_twenty_times():
    asked = []

    def model(x):
        asked.append(x[:, 0].tolist())
        return torch.stack([0 * x[:, 0], (x[:, 0] - 0.3) * (0.304 - x[:, 0])], 1)

    x, y = torch.zeros(1, 1, dtype=torch.float64), torch.zeros(1, dtype=torch.long)
    for longest, met in ((0.25, []), (0.4, [0.3])):
        asked.clear()
        found = pockets.flipping_lengths(model, x, y, torch.ones_like(x), longest).tolist()
        assert found == (pytest.approx(met) if met else [inf])
        lengths = [one for some in asked[2:] for one in some]  # after a look at x itself
        grid = longest / 200 * np.arange(1, 201)
        seen = [length for length in grid if not met or length < 0.3 + longest / 200]
        assert lengths[: len(seen)] == pytest.approx(seen)
        assert len(lengths) == len(seen) + 20 * len(met)


def test_a_boundary_outside_the_box_is_not_met():
    x, y = torch.tensor([[0.25, 0.5], [0.5, 0.5]]), torch.tensor([0, 0])
    step = torch.tensor([[1.0, 0.0]]).expand(2, 2)
    for wall, inside in ((0.75, [0.5, 0.25]), (1.25, [inf, inf])):
        model = on_first_coordinate(lambda x, wall=wall: x - wall)
        found = pockets.flipping_lengths(model, x, y, step, 3.0, (0.0, 1.0))
        np.testing.assert_allclose(found, inside, atol=1e-6)
    moved = move(x, step, torch.tensor([0.5, 3.0]), (0.0, 1.0))
    np.testing.assert_allclose(moved, [[0.75, 0.5], [1.0, 0.5]])


def test_cap_is_that_of_archimedes_of_the_circle_and_of_students_t():
    height = np.linspace(-1, 1, 9)
    np.testing.assert_allclose(pockets.cap(3, height), (1 - height) / 2, atol=1e-14)
    np.testing.assert_allclose(pockets.cap(2, height), np.arccos(height) / np.pi, atol=1e-14)
    # u_1 √(D − 1)/√(1 − u_1²) has Student's distribution with D − 1 degrees of freedom
    inner, d = height[1:-1], 784
    np.testing.assert_array_equal(pockets.cap(d, [-1.5, 1.5]), [1, 0])
    expected = student.sf(inner * np.sqrt((d - 1) / (1 - inner**2)), d - 1)
    np.testing.assert_allclose(pockets.cap(d, inner), expected, rtol=1e-9)
    with pytest.raises(ValueError, match="dimension"):
        pockets.cap(1, 0.0)


@pytest.mark.parametrize(("d", "beyond"), [(3, 1.5), (60, 2.0)])
def test_random_steps_meet_a_half_space_as_often_as_its_cap_says(generator, d, beyond):
    w, multiples = random(generator, d), [0.5, 1.0, 2.0, 4.0, 8.0]
    model = linear(torch.stack([torch.zeros_like(w), w]), torch.tensor([0.0, -0.4]))
    x = random(generator, 2000, d)
    y = model(x).argmax(1)
    distance = (x @ w - 0.4).abs() / w.norm()
    towards = (0.5 - y)[:, None] * 2 * w / w.norm()
    behind = move(x, towards, beyond * distance, pockets.FREE)
    draws = 10
    for start, expected in zip(
        (x, behind), pockets.hyperplane_shares(d, multiples, beyond), strict=True
    ):
        arguments = (model, start, y, distance, multiples, draws)
        share = pockets.random_steps(*arguments, generator).share
        sigma = np.sqrt(expected * (1 - expected) / (draws * len(x)))
        assert np.all(np.abs(share - expected) <= 4.5 * sigma)
        again = [
            pockets.random_steps(*arguments, torch.Generator().manual_seed(s)).share.tolist()
            for s in (7, 7, 8)
        ]
        assert again[0] == again[1] != again[2]
    assert share[-1] < share[0] == 1  # no step half as long leads back


@pytest.mark.parametrize("bad", [np.nan, inf, -1.0])
def test_lengths_that_are_none_are_refused_in_one_line(generator, bad):
    model = on_first_coordinate(lambda x: x - 1)
    x, y = torch.zeros(2, 2), torch.tensor([0, 0])
    accepts = f"got {bad}, accepts a? ?finite numbers? from 0$"
    with pytest.raises(ValueError, match=f"^longest: {accepts}"):
        pockets.flipping_lengths(model, x, y, torch.ones(2, 2), bad)
    with pytest.raises(ValueError, match=f"^lengths: {accepts}"):
        pockets.random_steps(model, x, y, torch.tensor([1.0, bad]), [1.0], 2, generator)
    with pytest.raises(ValueError, match=rf"^multiples\[1\]: {accepts}"):
        pockets.random_steps(model, x, y, torch.ones(2), [1.0, bad], 2, generator)


def test_each_direction_serves_for_all_lengths(generator):
    """So that one direction's errors are a step function, and the counts can't fall here."""
    w = torch.tensor([3.0, 4.0], dtype=torch.float64)
    model = linear(torch.stack([torch.zeros_like(w), w]), torch.tensor([0.0, -5.0]))
    x, y = torch.zeros(1, 2, dtype=torch.float64), torch.zeros(1, dtype=torch.long)
    multiples = np.geomspace(0.5, 100, 40).tolist()
    lengths = torch.ones(1, dtype=torch.float64)
    share = pockets.random_steps(model, x, y, lengths, multiples, 30, generator).share
    assert np.all(np.diff(share) >= 0)
    assert share[0] == 0 < share[-1] < 1


def test_shares_have_the_interval_that_solves_wilsons_equation():
    found = pockets.shares([0, 3, 200], 200)
    np.testing.assert_array_equal(found.share, [0, 0.015, 1])
    for end in (found.low, found.high):
        # the probabilities p whose standard deviation is 1/1.96 of the way from p to the share
        deviation = 1.959964 * np.sqrt(end * (1 - end) / 200)
        np.testing.assert_allclose(np.abs(found.share - end), deviation, atol=1e-8)
    assert np.all((found.low <= found.share) & (found.share <= found.high))
    assert found.percent()[1] == "1.50 (0.51 to 4.32)"  # as R's prop.test has it, uncorrected
    assert found.percent()[2] == "100.00 (98.12 to 100.00)"


def test_nearest_other_is_the_least_distance_to_another_label(generator):
    x, samples = random(generator, 7, 5), random(generator, 20_003, 5)
    y, labels = torch.arange(7) % 3, torch.arange(20_003) % 3
    expected = [(samples[labels != b] - a).norm(dim=1).min() for a, b in zip(x, y, strict=True)]
    found = pockets.nearest_other(x, y, samples, labels)
    torch.testing.assert_close(found, torch.stack(expected), atol=1e-6, rtol=0)
    assert pockets.nearest_other(x, y, samples[:3], torch.ones(3, dtype=torch.long))[1].isinf()
