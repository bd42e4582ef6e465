"""What holds for any input, tried on inputs that hypothesis chooses, the same in every run."""

import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import nnls

from pwlib import (
    attacks,
    directions,
    grids,
    intervals,
    maxmargin,
    optimal,
    polynomials,
    robustness,
    signs,
    training,
)
from pwlib.datasets import Dataset
from pwlib.networks import MLP, stack
from pwlib.objectives import argmax_loss, hinge_self_loss, softmax_entropy

settings.register_profile(
    "same",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=20,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("same")

DEGREES = st.integers(1, 40)
UNIT = st.floats(0, 1)
POINTS = st.lists(UNIT, min_size=1, max_size=8).map(np.array)
VALUES = st.lists(st.floats(-100, 100), min_size=2, max_size=8).map(np.array)
WEIGHTS = arrays(float, st.integers(2, 9), elements=st.floats(-2, 2).map(lambda w: round(w, 3)))
LOGITS = arrays(
    float,
    st.tuples(st.just(3), st.integers(2, 6)),
    elements=st.floats(-30, 30).map(lambda v: round(v, 6)),
)
SEEDS = st.integers(0, 10**6)


@given(DEGREES, POINTS)
def test_bernstein_polynomials_are_a_partition_of_unity_and_mirror_each_other(n, x):
    features = polynomials.bernstein_features(n, x)
    assert features.min() >= 0
    np.testing.assert_allclose(features.sum(axis=1), 1, atol=1e-13)
    np.testing.assert_allclose(features @ np.arange(n + 1) / n, x, atol=1e-13)  # their mean
    mirrored = polynomials.bernstein_features(n, 1 - x)[:, ::-1]
    np.testing.assert_allclose(mirrored, features, atol=1e-12)


@given(DEGREES)
def test_values_at_the_end_points(n):
    ends = [0.0, 1.0]
    bernstein = polynomials.bernstein_features(n, ends)
    assert bernstein.tolist() == [[1.0] + [0.0] * n, [0.0] * n + [1.0]]
    chebyshev = polynomials.chebyshev_features(n, ends)
    assert chebyshev.tolist() == [[(-1.0) ** i for i in range(n + 1)], [1.0] * (n + 1)]
    for classifier in (polynomials.bernstein_classifier, polynomials.chebyshev_classifier):
        assert classifier(n, ends).tolist() == [-1.0, 1.0]
    assert polynomials.hard_objective(n, ends).tolist() == [0.0, 0.0]


@given(DEGREES, POINTS)
def test_classifiers_are_odd_and_objectives_even_about_the_middle(n, x):
    x = np.round(x * 2.0**40) / 2.0**40  # 1 − x is exact
    for classifier in (polynomials.bernstein_classifier, polynomials.chebyshev_classifier):
        values = classifier(n, x)
        np.testing.assert_allclose(classifier(n, 1 - x), -values, atol=1e-14)
        assert np.abs(values).max() <= 1
    hard = polynomials.hard_objective(n, x)
    np.testing.assert_allclose(polynomials.hard_objective(n, 1 - x), hard, atol=1e-14)
    assert hard.min() >= 0
    assert hard.max() < 1


@given(st.integers(2, 60), st.sampled_from(["equispaced", *grids.CHEBYSHEV_KINDS]))
def test_a_grid_ascends_inside_the_interval_and_is_its_own_mirror_image(m, kind):
    x = grids.equispaced(m) if kind == "equispaced" else grids.chebyshev(m, kind)
    assert len(x) == m
    assert (np.diff(x) > 0).all()
    assert x[0] >= 0
    assert np.array_equal(x[::-1], 1 - x)
    kept, labels = grids.training_set(x)
    assert len(kept) == m - m % 2
    assert np.array_equal(labels, -labels[::-1])


@given(WEIGHTS)
def test_right_and_wrong_regions_share_out_the_interval_of_any_classifier(weights):
    assume(np.abs(weights).max() > 0.1)
    right, wrong = signs.regions(weights, True), signs.regions(weights, False)
    assert np.diff(right).sum() + np.diff(wrong).sum() == pytest.approx(1, abs=1e-9)
    lost = signs.misclassified_measure(weights)
    assert lost == pytest.approx(np.diff(wrong).sum(), abs=1e-9)
    assert signs.misclassified_measure(-weights) == pytest.approx(1 - lost)
    mirrored = weights * (-1.0) ** np.arange(len(weights))  # its graph from right to left
    assert signs.misclassified_measure(-mirrored) == pytest.approx(lost, abs=1e-7)
    assert signs.misclassified_measure(3 * weights) == pytest.approx(lost, abs=1e-9)


def separable(seed):
    """Random points with labels that a random direction gives them, none very near to it."""
    rng = np.random.default_rng(seed)
    width = rng.integers(1, 6)
    features = rng.normal(size=(rng.integers(1, 25), width))
    values = features @ rng.normal(size=width)
    kept = np.abs(values) > 0.1
    assume(kept.any())
    return features[kept], np.sign(values[kept])


@given(SEEDS)
def test_the_maximum_margin_meets_the_conditions_of_karush_kuhn_and_tucker(seed):
    features, labels = separable(seed)
    found = maxmargin.fit(features, labels)
    margins = labels * (features @ found.weights)
    assert margins.min() > 1 - 1e-9
    np.testing.assert_allclose(margins[found.support], 1, atol=1e-9)
    rows = labels[found.support, None] * features[found.support]
    multipliers, left = nnls(rows.T, found.weights)
    assert left < 1e-8 * np.linalg.norm(found.weights)
    assert multipliers.sum() == pytest.approx(found.weights @ found.weights)
    assert abs(found.gap) < 1e-9


@given(SEEDS)
def test_the_maximum_margin_knows_neither_order_nor_repetition_and_scales_inversely(seed):
    features, labels = separable(seed)
    weights = maxmargin.fit(features, labels).weights
    order = np.random.default_rng(seed).permutation(len(labels))
    twice = np.concatenate([order, order])
    for some in (order, twice):
        again = maxmargin.fit(features[some], labels[some]).weights
        np.testing.assert_allclose(again, weights, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(maxmargin.fit(4 * features, labels).weights, weights / 4, rtol=1e-8)
    np.testing.assert_allclose(maxmargin.fit(features, -labels).weights, -weights, rtol=1e-8)
    np.testing.assert_allclose(maxmargin.fit(-features, -labels).weights, weights, rtol=1e-8)


@given(SEEDS, st.floats(0.05, 50))
def test_the_soft_margin_is_stationary_with_multipliers_in_the_box(seed, penalty):
    features, labels = separable(seed)
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random(len(labels)) < 0.2, -labels, labels)  # not separable
    weights = maxmargin.fit_soft(features, labels, penalty).weights
    rows = labels[:, None] * features

    def objective(w):
        return w @ w / 2 + penalty * np.maximum(0, 1 - rows @ w).sum()

    least = objective(weights)
    for _ in range(20):
        step = rng.normal(size=len(weights)) * 10.0 ** rng.uniform(-4, 0)
        assert objective(weights + step) > least * (1 - 1e-9)


@given(SEEDS, DEGREES, st.integers(1, 12))
def test_least_squares_is_a_projection_that_ignores_the_order_of_its_points(seed, n, m):
    rng = np.random.default_rng(seed)
    x, h = grids.chebyshev(m, "roots"), rng.normal(size=(2, n + 1))
    error = optimal.error_coefficients(n, x, h)
    once = h + error
    again = optimal.error_coefficients(n, x, once)
    np.testing.assert_allclose(again, 0, atol=1e-10)
    np.testing.assert_allclose((error * once).sum(axis=1), 0, atol=1e-10)
    shuffled = optimal.error_coefficients(n, rng.permutation(x), h)
    np.testing.assert_allclose(shuffled, error, atol=1e-10)
    assert (np.linalg.norm(error, axis=1) <= np.linalg.norm(h, axis=1) * (1 + 1e-12)).all()


@given(VALUES, st.floats(0.1, 10), st.floats(-50, 50), st.floats(0.5, 0.99))
def test_intervals_hold_the_mean_grow_with_the_level_and_move_with_the_values(x, a, b, level):
    low, high = intervals.interval(x, level)
    wider = intervals.interval(x, (1 + level) / 2)
    assert wider[0] <= low <= high <= wider[1]
    assert low + high == pytest.approx(2 * x.mean(), abs=1e-9)
    assert intervals.interval(a * x + b, level) == pytest.approx((a * low + b, a * high + b))
    assert intervals.interval(np.sort(x), level) == pytest.approx((low, high))


@given(VALUES, st.floats(0, 50))
def test_of_two_samples_only_one_is_above_and_then_they_are_not_equivalent(x, margin):
    other = x[::-1] + 1.0
    above = intervals.above(x, other, margin), intervals.above(other, x, margin)
    same = intervals.equivalent(x, other, margin), intervals.equivalent(other, x, margin)
    assert same[0] == same[1]
    assert sum(above) + same[0] <= 1


@given(st.dictionaries(st.text("abcdef", min_size=1), UNIT, min_size=1, max_size=6))
def test_holm_rejects_the_smallest_and_all_that_bonferroni_does_and_ignores_the_order(p):
    rejected = intervals.holm(p)
    assert intervals.holm(dict(reversed(p.items()))) == rejected
    for name, value in p.items():
        assert rejected[name] or value > 0.05 / len(p)
        assert not rejected[name] or value <= 0.05
        assert all(rejected[other] for other in p if p[other] < value and rejected[name])


@given(LOGITS, st.floats(-20, 20))
def test_entropies_lie_in_their_range_and_know_neither_order_nor_a_common_shift(z, shift):
    z = torch.tensor(z)
    entropy, least = softmax_entropy(z), argmax_loss(z)
    assert (entropy >= 0).all()
    assert (entropy <= math.log(z.shape[1]) + 1e-12).all()
    assert (least <= entropy + 1e-12).all()  # −log max p is the least of all −log p
    p = z.softmax(-1)
    torch.testing.assert_close(least, -p.amax(-1).log(), atol=1e-12, rtol=1e-6)
    for same in (z.flip(-1), z + shift):
        torch.testing.assert_close(softmax_entropy(same), entropy, atol=1e-11, rtol=1e-6)
        torch.testing.assert_close(argmax_loss(same), least, atol=1e-11, rtol=1e-6)
    hinge = sum(max(0.0, 1 - v**2) for v in z[0].tolist())
    assert hinge_self_loss(z)[0].item() == pytest.approx(hinge)


@given(LOGITS, st.integers(-30, 30))
def test_units_have_length_one_whatever_the_scale(g, power):
    g = torch.tensor(g)
    unit = attacks.unit(g)
    lengths = torch.where((g == 0).all(-1), 0.0, 1.0).double()
    torch.testing.assert_close(unit.norm(dim=-1), lengths, atol=1e-12, rtol=0)
    torch.testing.assert_close(attacks.unit(g * 10.0**power), unit, atol=1e-12, rtol=0)


def network_and_images(seed, double=True):
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.rand(9, 6, generator=generator), torch.randint(3, (9,), generator=generator)
    model = MLP((6, 8, 7, 3), "relu", seed)
    with torch.no_grad():
        model.layers[-1].weight.mul_(5)
    return (model.double(), x.double(), y) if double else (model, x, y)


BOX = st.sampled_from([(0.0, 1.0), (-0.5, 1.25), attacks.BOXES["free"]])


@given(
    SEEDS, st.floats(0, 3).map(lambda eps: round(eps, 6)), st.integers(1, 6), st.integers(1, 3), BOX
)
def test_attacks_leave_neither_ball_nor_box_and_pgd_is_no_weaker(seed, eps, steps, starts, box):
    model, x, y = network_and_images(seed)
    one = attacks.one_step(model, x, y, eps, box)
    best = attacks.pgd(model, x, y, eps, steps, starts, seed, box)
    for end in (one, best):
        assert ((end - x).norm(dim=1) <= eps + 1e-12).all()
        assert end.min() >= box[0]
        assert end.max() <= box[1]
    still_right = model(best).argmax(1) == y
    assert not (still_right & (model(one).argmax(1) != y)).any()
    order = torch.randperm(9, generator=torch.Generator().manual_seed(seed))
    if starts == 1:
        shuffled = attacks.pgd(model, x[order], y[order], eps, steps, 1, seed, box)
        torch.testing.assert_close(shuffled, best[order], atol=1e-9, rtol=0)


@given(SEEDS, st.floats(0.01, 2), st.integers(1, 4), st.floats(0.1, 3))
@pytest.mark.parametrize("arm", [d for d in directions.DIRECTIONS if d != "plain"])
@settings(max_examples=6)
def test_points_of_every_arm_stay_in_box_ball_and_path_and_do_not_depend_on_other_images(
    arm, seed, radius, steps, within
):
    model, x, y = network_and_images(seed)
    end = directions.moved(model, x, y, arm, steps, radius, generators(seed), within)
    away = (end - x).norm(dim=1)
    assert end.min() >= 0
    assert end.max() <= 1
    assert (away <= within + 1e-12).all()
    if arm not in ("gaussian", "unnormalised"):
        assert (away <= steps * radius + 1e-12).all()
    again = directions.moved(model, x, y, arm, steps, radius, generators(seed), within)
    assert torch.equal(again, end)
    if arm not in directions.DRAWN:
        few = directions.moved(model, x[:2], y[:2], arm, steps, radius, (), within)
        torch.testing.assert_close(few, end[:2], atol=1e-9, rtol=0)


def generators(seed):
    return [torch.Generator().manual_seed(seed)]


@given(SEEDS, st.integers(1, 3))
def test_accuracies_know_neither_order_nor_repetition_and_a_stack_is_each_alone(seed, times):
    model, x, y = network_and_images(seed)
    right = attacks.accuracy(model, x, y)
    assert right == pytest.approx((model(x).argmax(1) == y).double().mean().item())
    order = torch.randperm(9, generator=generators(seed)[0]).repeat(times)
    assert attacks.accuracy(model, x[order], y[order]) == pytest.approx(right)
    both = stack([model, MLP(model.widths, "relu", seed + 1).double()])
    first = attacks.accuracy_curve(
        both, x.expand(2, -1, -1), y.expand(2, -1), torch.zeros(2, 9, 6).double(), (0.0,)
    )[0]
    assert first == [pytest.approx(right)]


@given(arrays(float, st.integers(2, 8), elements=st.floats(0, 100)), SEEDS)
def test_a_mean_accuracy_lies_between_the_least_and_the_largest(curve, seed):
    rng = np.random.default_rng(seed)
    magnitudes = np.concatenate([[0.0], np.cumsum(0.01 + rng.random(len(curve) - 1))])
    mean = robustness.mean_accuracy(curve, magnitudes)
    assert curve.min() - 1e-9 <= mean <= curve.max() + 1e-9
    assert robustness.mean_accuracy(curve, 3 * magnitudes) == pytest.approx(mean)
    assert robustness.mean_accuracy(100 - curve, magnitudes) == pytest.approx(100 - mean, abs=1e-9)


@given(SEEDS, SEEDS)
@pytest.mark.parametrize("arm", ["plain", "hard", "heads", "noise", "other"])
@settings(max_examples=3)
def test_training_is_a_function_of_its_seed_alone(arm, seed, state):
    _, x, y = network_and_images(5, double=False)
    data = Dataset(x, y, x.flip(0), y.flip(0))
    changes = {"arm": arm, "radius": 0.3, "batch": 4, "epochs": 2, "fraction": 0.7}
    settings = training.TrainingConfig(widths=(6, 5, 4, 3), **changes)
    torch.manual_seed(state)
    before = torch.random.get_rng_state()
    one, other = (training.train(data, settings, s) for s in (seed, seed + 1))
    assert torch.equal(torch.random.get_rng_state(), before)  # nor does it draw from it
    torch.manual_seed(state + 1)
    unseen = Dataset(x, y, x[:1], y[:1])  # images of the test set have no part in it
    same = training.train(unseen, settings, seed)
    for a, b in zip(one.parameters(), same.parameters(), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(one.layers[0].weight, other.layers[0].weight)
