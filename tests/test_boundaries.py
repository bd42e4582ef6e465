"""The measures of a map against exact geometry and brute force."""

import warnings

import numpy as np
import pytest
import torch

from pwlib import boundaries
from pwlib.networks import MLP, random_network
from pwlib.objectives import adversarial_objective, hard_objective

RESOLUTION = 120
X, Y = boundaries.square(RESOLUTION).T.reshape(2, RESOLUTION, RESOLUTION)


def test_square_is_centred_cells_with_the_first_coordinate_running_fastest():
    assert boundaries.square(2).tolist() == [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]]


def test_maps_are_the_objectives_at_the_cells():
    model = random_network([2, 20, 20, 5], "tanh", seed=1)
    seen = boundaries.maps(model, 150)  # more cells than one batch holds
    x = torch.from_numpy(boundaries.square(150))
    np.testing.assert_allclose(seen.adversarial.ravel(), adversarial_objective(model, x))
    np.testing.assert_allclose(seen.hard.ravel(), hard_objective(model, x))
    p = model(x).softmax(-1).numpy()
    np.testing.assert_array_equal(seen.classes.ravel(), p.argmax(1))
    np.testing.assert_allclose(seen.confidence.ravel(), p.max(1))
    assert seen.classes.shape == (150, 150)


def test_distance_to_a_line_and_to_circles_is_right_to_one_cell():
    line = (0.6 * X + 0.8 * Y > 0.1).astype(int)
    inside = (np.abs(0.6 * X + 0.8 * Y - 0.1) < 0.5) & (X**2 + Y**2 < 0.5)  # foot in the square
    error = boundaries.boundary_distance(line) - np.abs(0.6 * X + 0.8 * Y - 0.1)
    assert np.abs(error[inside]).max() < 2 / RESOLUTION
    rings = np.digitize(np.hypot(X, Y), [0.3, 0.7])
    exact = np.minimum(np.abs(np.hypot(X, Y) - 0.3), np.abs(np.hypot(X, Y) - 0.7))
    assert np.abs(boundaries.boundary_distance(rings) - exact).max() < 2 / RESOLUTION


def test_a_cell_of_another_class_has_four_neighbours_on_the_boundary():
    classes = np.zeros((5, 5), dtype=int)
    classes[2, 2] = 1
    across = np.abs(np.arange(5) - 2)
    nearest = [
        min(np.hypot(a - i, b - j) for i, j in ((0, 0), (1, 0), (0, 1)))
        for a in across
        for b in across
    ]
    found = boundaries.boundary_distance(classes)
    np.testing.assert_allclose(found.ravel(), 0.4 * np.array(nearest))  # cells 2/5 wide


def test_distance_without_a_boundary_is_infinite():
    assert np.isinf(boundaries.boundary_distance(np.zeros((6, 6), dtype=int))).all()


def test_a_map_that_is_not_square_is_refused_in_one_line():
    wide = np.zeros((3, 4))
    with pytest.raises(ValueError, match=r"^classes: got shape \(3, 4\), accepts \(side, side\)"):
        boundaries.boundary_distance(wide.astype(int))
    with pytest.raises(ValueError, match=r"^values: got shape \(3, 4\), accepts \(side, side\)"):
        boundaries.count_local_maxima(wide, wide, 0.1, level=0.5)
    with pytest.raises(ValueError, match=r"^score: got .*, accepts a score for each cell"):
        boundaries.roc_auc(wide > 0, wide.T)


def test_roc_auc_is_the_share_of_pairs_in_order():
    rng = np.random.default_rng(0)
    values = rng.integers(0, 8, size=(9, 9)).astype(float)  # with many ties
    distance = rng.uniform(0, 1, size=(9, 9))
    near, far = values[distance <= 0.3], values[distance > 0.3]
    pairs = np.sign(near[:, None] - far[None, :])
    expected = (pairs > 0).mean() + (pairs == 0).mean() / 2
    assert boundaries.roc_auc(distance <= 0.3, values) == pytest.approx(expected, abs=1e-13)


def test_roc_auc_is_the_area_under_the_curve_of_true_and_false_positives():
    rng = np.random.default_rng(1)
    positive, score = rng.random((8, 8)) < 0.3, rng.random((8, 8))
    cuts = np.sort(score.ravel())[::-1]
    true = [0.0, *(np.mean(score[positive] >= cut) for cut in cuts)]
    false = [0.0, *(np.mean(score[~positive] >= cut) for cut in cuts)]
    assert boundaries.roc_auc(positive, score) == pytest.approx(np.trapezoid(true, false))


def test_roc_auc_is_one_half_or_zero_where_it_must_be():
    near = np.abs(X) <= 0.1
    assert boundaries.roc_auc(near, -np.abs(X)) == 1
    assert boundaries.roc_auc(near, np.abs(X)) == 0
    assert boundaries.roc_auc(near, Y) == pytest.approx(0.5, abs=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(boundaries.roc_auc(np.full_like(near, True), Y))
        assert np.isnan(boundaries.roc_auc(np.full_like(near, False), Y))


def test_unexplained_variance_separates_a_function_of_the_distance_from_another():
    distance = np.abs(X)
    assert boundaries.unexplained_variance(distance**2, distance, 0.1) < 0.01
    assert boundaries.unexplained_variance(Y, distance, 0.1) == pytest.approx(1, abs=0.01)
    mixed = boundaries.unexplained_variance(
        np.sqrt(3) * X + Y, X + 2, 1.0
    )  # variances three to one
    assert mixed == pytest.approx(0.25, abs=0.01)
    assert np.isnan(boundaries.unexplained_variance(Y, distance, 3.0))


def test_two_cells_a_class_that_lie_beyond_the_radius_are_enough():
    values, distance = np.arange(9.0).reshape(3, 3), np.full((3, 3), 0.5)
    distance.ravel()[:4] = 0.75
    assert 0 < boundaries.unexplained_variance(values, distance, 0.5, bins=2) < 1
    distance.ravel()[0] = 0.5  # on the radius, not beyond it
    assert np.isnan(boundaries.unexplained_variance(values, distance, 0.5, bins=2))
    distance.ravel()[:5] = 0.75
    assert 0 < boundaries.unexplained_variance(values, distance, 0.5, bins=2) < 1


def maxima_by_hand(values, distance, radius, level):
    """Cells that no other within the radius exceeds; of values that are all different."""
    side = len(values)
    reach = max(1, round(radius / (2 / side)))
    count = 0
    for i in range(reach, side - reach):
        for j in range(reach, side - reach):
            around = values[i - reach : i + reach + 1, j - reach : j + reach + 1]
            highest = (around <= values[i, j]).all()
            count += bool(highest and values[i, j] > level and distance[i, j] > radius)
    return count


@pytest.mark.parametrize("radius", [0.01, 0.125, 0.25, 0.375, 0.5])
def test_local_maxima_are_those_of_a_search_by_hand(radius):
    rng = np.random.default_rng(3)
    found = []
    for _ in range(20):
        values, distance = rng.random((16, 16)), rng.integers(0, 8, (16, 16)) / 8
        level = np.sort(values.ravel())[-12]  # of one cell exactly
        found.append(boundaries.count_local_maxima(values, distance, radius, level))
        assert found[-1] == maxima_by_hand(values, distance, radius, level)
    assert max(found) > 0


def test_a_local_maximum_is_above_the_level_and_a_patch_of_equal_cells_is_one():
    values = np.zeros((9, 9))
    values[4, 4] = values[5, 5] = 1.0
    far = np.full((9, 9), np.inf)
    assert boundaries.count_local_maxima(values, far, 0.2, level=0.5) == 1
    assert boundaries.count_local_maxima(values, far, 0.2, level=1.0) == 0


def test_count_local_maxima_counts_peaks_away_from_boundary_and_edge():
    near, edge = (-0.02, 0.0), (-0.5, 0.99)
    peaks = [(0.5, 0.5), (0.5, -0.5), near, edge]
    values = sum(np.exp(-((X - a) ** 2 + (Y - b) ** 2) / 0.01) for a, b in peaks)
    assert boundaries.count_local_maxima(values, np.abs(X), 0.1, level=0.5) == 2
    assert boundaries.count_local_maxima(0.4 * values, np.abs(X), 0.1, level=0.5) == 0


def test_rank_correlation_sees_order_alone():
    assert boundaries.rank_correlation(X + 0.01 * Y, np.exp(X + 0.01 * Y)) == pytest.approx(1)
    assert boundaries.rank_correlation(X, -X) == pytest.approx(-1)
    assert boundaries.rank_correlation(X, Y) == pytest.approx(0, abs=1e-12)


def test_measure_names_what_it_measures():
    distance = np.abs(X)
    seen = boundaries.Maps((X > 0).astype(int), np.ones_like(X), np.exp(-10 * distance), Y)
    found = boundaries.measure(seen, 0.1)
    assert found["auc_adversarial"] == 1
    assert found["auc_hard"] == pytest.approx(0.5, abs=1e-12)
    assert found["unexplained"] < 0.01
    assert found["maxima"] == 0
    assert abs(found["correlation"]) < 1e-12


def test_entropy_on_the_boundary_is_at_least_log_2():
    """Where two classes tie no probability exceeds 1/2, so H ≥ −log max p ≥ log 2."""
    model = random_network([2, 30, 30, 5], "tanh", seed=2)
    x = torch.from_numpy(boundaries.square(60))
    classes = model(x).argmax(1)
    a, b = x[:-1][classes[:-1] != classes[1:]], x[1:][classes[:-1] != classes[1:]]
    start = model(a).argmax(1)
    for _ in range(60):  # bisection towards the edge of the class at a
        middle = (a + b) / 2
        same = (model(middle).argmax(1) == start)[:, None]
        a, b = torch.where(same, middle, a), torch.where(same, b, middle)
    assert len(a) > 50
    assert adversarial_objective(model, a).min() > np.log(2) - 1e-9


def test_a_map_and_its_negative_have_the_same_size_of_correlation_and_leave_the_same_lead():
    classes, lit = (X > 0).astype(int), np.exp(-10 * np.abs(X))
    hard = 0.7 * lit + Y
    up, down = (
        boundaries.measure(boundaries.Maps(classes, np.ones_like(X), lit, h), 0.1)
        for h in (hard, -hard)
    )
    assert up["auc_hard"] == pytest.approx(1 - down["auc_hard"])
    assert up["auc_hard"] > 0.6
    assert up["auc_lead"] == pytest.approx(1 - up["auc_hard"])
    assert up["auc_lead"] == pytest.approx(down["auc_lead"])
    assert up["correlation"] == pytest.approx(-down["correlation"])
    assert up["correlation_size"] == pytest.approx(down["correlation_size"])
    assert up["correlation_size"] > 0.1


def test_bright_and_near_are_shares_of_area():
    lit = np.where(np.abs(X) < 0.25, 1.0, 0.0)
    seen = boundaries.Maps((X > 0).astype(int), np.ones_like(X), lit, Y)
    found = boundaries.measure(seen, 0.05)
    assert found["bright"] == pytest.approx(0.25, abs=2 / RESOLUTION)
    assert found["near"] == pytest.approx(0.05, abs=4 / RESOLUTION)
    assert found["bright_near"] == pytest.approx(found["near"] / found["bright"])
    dark = boundaries.Maps(seen.classes, seen.confidence, lit / 2, Y)
    assert np.isnan(boundaries.measure(dark, 0.05)["bright_near"])


def test_cells_at_the_radius_are_near_and_those_at_log_2_bright():
    x = boundaries.square(8)[:, 0].reshape(8, 8)
    lit = np.where(x < 0, np.log(2), 0.0)
    found = boundaries.measure(boundaries.Maps((x > 0).astype(int), x, lit, x.T), 0.25)
    assert found["near"] == 0.5  # two columns at the boundary, and two a cell away
    assert (found["bright"], found["bright_near"]) == (0.5, 0.5)


def test_maxima_count_above_a_tenth_of_the_largest_entropy_of_five_classes():
    lit = sum(
        height * (np.hypot(X - a, Y - b) < 0.02)
        for a, b, height in [(0.5, 0.5, 0.165), (0.5, -0.5, 0.157), (-0.5, 0.5, 0.162)]
    )
    assert 0.157 < 0.1 * np.log(5) < 0.162
    seen = boundaries.Maps((X > 0).astype(int), np.ones_like(X), lit, Y)
    assert boundaries.measure(seen, 0.1)["maxima"] == 2


def test_networks_that_can_be_trained_are_seen_too():
    trainable = MLP((2, 6, 3), "tanh", 0).double()
    assert boundaries.maps(trainable, 4).classes.shape == (4, 4)
    assert boundaries.feature_layer(trainable, 4)["change"] < 1e-12


def test_measure_all_has_one_value_a_network():
    pair = [
        boundaries.Maps((line < X).astype(int), np.ones_like(X), np.exp(-np.abs(X - line)), Y)
        for line in (0.0, 0.95)
    ]
    assert boundaries.measure_all(pair[:1], 0.1)["near"].shape == (1,)
    found = boundaries.measure_all(pair, 0.1)
    assert found["near"][0] == pytest.approx(0.1, abs=0.02)
    assert found["near"][1] == pytest.approx(0.075, abs=0.02)  # one side is cut by the edge


def test_feature_layer_of_a_network_whose_features_are_known():
    """One unit large, the others small: the entropy falls as that unit grows."""
    model = random_network([2, 4, 3, 2], "tanh", seed=0, biases="zero")
    for layer in model.layers:
        layer.weight.zero_()
    model.layers[0].weight[0, 0] = 1.0
    model.layers[1].weight[0, 0] = 5.0
    model.layers[1].bias[0] = 6.0  # the first feature is tanh(5 tanh(x₁) + 6), always above 0.9
    model.layers[2].weight[0, 0] = 1.0
    found = boundaries.feature_layer(model, 20)
    assert found["saturated"] == pytest.approx(1 / 3)
    assert found["activation"] == pytest.approx(-1)
    assert found["mirror"] == pytest.approx(1)  # smaller entropy for either sign of one unit
    assert found["change"] == 0
