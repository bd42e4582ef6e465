"""Linear models against scipy's solvers, closed forms, and exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, linprog, minimize
from scipy.stats import norm

from pwlib import linear, maxmargin
from pwlib.figures.linear import dimension_curves, figure_powers, image_rows, usefulness_map
from pwlib.intervals import mean_with_error

ONES = np.ones((2, 2))


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def two_clouds(rng, count=60, d=9):
    y = np.where(np.arange(count) % 2, 1.0, -1.0)
    return rng.standard_normal((count, d)) + 0.8 * y[:, None], y


@pytest.mark.parametrize("shape", [(60, 9), (9, 60)])
def test_ridge_is_stationary_for_its_objective_in_both_solution_spaces(rng, shape):
    x, y = rng.standard_normal(shape), rng.standard_normal(shape[0])
    model = linear.ridge(x, y, 0.3)
    penalty = 0.3 * np.sum((x - x.mean(axis=0)) ** 2) / len(x)
    residual = model(x) - y
    np.testing.assert_allclose(x.T @ residual + penalty * model.weights, 0, atol=1e-10)
    assert residual.sum() == pytest.approx(0, abs=1e-10)


def test_ridge_fits_several_targets_as_it_fits_each(rng):
    x, y = rng.standard_normal((40, 5)), rng.standard_normal((40, 3))
    together = linear.ridge(x, y, 0.1)(x)
    each = [linear.ridge(x, column, 0.1)(x) for column in y.T]
    np.testing.assert_allclose(together, np.transpose(each), atol=1e-12)


def test_flipping_sizes_are_the_distances_that_optimisers_find(rng):
    x, y = two_clouds(rng)
    model = linear.ridge(x, y, 0.1)
    right = y * model(x) > 0
    x, y = x[right][:3], y[right][:3]
    d = x.shape[1]
    for point, l2, linf in zip(
        x,
        linear.flipping_sizes(model, x, y),
        linear.flipping_sizes(model, x, y, np.inf),
        strict=True,
    ):
        score = model(point)
        on_boundary = LinearConstraint(model.weights, -score, -score)
        found = minimize(lambda s: s @ s, np.zeros(d), jac=lambda s: 2 * s, constraints=on_boundary)
        assert l2 == pytest.approx(np.sqrt(found.fun), rel=1e-5)
        # minimise r subject to -r <= s_i <= r and <w, s> = -score
        above, below = (
            np.hstack([np.eye(d), -np.ones((d, 1))]),
            np.hstack([-np.eye(d), -np.ones((d, 1))]),
        )
        program = linprog(
            np.eye(d + 1)[-1],
            A_ub=np.vstack([above, below]),
            b_ub=np.zeros(2 * d),
            A_eq=np.append(model.weights, 0)[None],
            b_eq=[-score],
            bounds=(None, None),
        )
        assert linf == pytest.approx(program.fun, rel=1e-9)


def test_flipping_sizes_are_negative_where_the_label_is_wrong():
    model = linear.Linear(np.array([3.0, 4.0]), 0.0)
    np.testing.assert_allclose(
        linear.flipping_sizes(model, np.ones((2, 2)), np.array([1, -1])), [1.4, -1.4]
    )


def test_accuracy_in_a_ball_is_that_of_the_moved_samples(rng):
    x, y = two_clouds(rng, 400, 5)
    model = linear.ridge(x, y, 0.1)
    worst, random = linear.accuracy_in_a_ball(model, x, y, np.array([0, 0.7]), rng)
    natural = np.mean(y * model(x) > 0)
    assert worst[0] == random[0] == natural
    moved = x - 0.7 * y[:, None] * model.weights / np.linalg.norm(model.weights)
    assert worst[1] == np.mean(y * model(moved) > 0) < random[1]
    # a random unit vector goes along w by its first coordinate, of variance 1/d
    along = linear.accuracy_in_a_ball(model, np.zeros((4000, 5)), np.ones(4000), np.ones(1), rng)
    shift = model.bias / np.linalg.norm(model.weights)
    u = rng.standard_normal((40_000, 5))
    expected = np.mean(shift + u[:, 0] / np.linalg.norm(u, axis=1) > 0)
    assert along[1][0] == pytest.approx(expected, abs=0.03)


def test_a_sample_that_a_step_takes_to_the_boundary_is_not_right(rng):
    model, x = linear.Linear(np.array([2.0, 0]), 0.0), np.array([[0.0, 1], [0.5, 1]])
    worst, random = linear.accuracy_in_a_ball(model, x, np.ones(2), np.array([0, 0.25, 0.5]), rng)
    assert worst.tolist() == [0.5, 0.5, 0]
    assert random[0] == 0.5


def test_worst_step_in_box_gains_what_a_solver_gains(rng):
    x, direction = rng.random((4, 12)), rng.standard_normal(12)
    direction[2:5] = 0  # coordinates that gain nothing stay where they are
    steps = linear.worst_step_in_box(x, direction, 0.8)
    assert np.all((x + steps >= 0) & (x + steps <= 1))
    np.testing.assert_allclose(np.linalg.norm(steps, axis=1), 0.8, atol=1e-9)
    for point, step in zip(x, steps, strict=True):
        found = minimize(
            lambda s: -direction @ s,
            np.zeros(12),
            jac=lambda s: -direction,
            bounds=list(zip(-point, 1 - point, strict=True)),
            constraints={"type": "ineq", "fun": lambda s: 0.64 - s @ s, "jac": lambda s: -2 * s},
            options={"maxiter": 500, "ftol": 1e-12},
        )
        assert direction @ step == pytest.approx(-found.fun, rel=1e-6)


def test_worst_step_stops_at_the_corner_of_the_box():
    x, direction = np.array([[0.25, 0.5]]), np.array([1.0, -1e-6])
    with np.errstate(divide="raise", invalid="raise"):
        step = linear.worst_step_in_box(x, direction, 5.0)
    np.testing.assert_allclose(step, [[0.75, -0.5]], atol=1e-12)


def test_a_step_whose_length_the_walls_take_up_to_rounding_leaves_the_rest_in_place():
    x = np.array([[0.93, 0.36, 0.5]])
    walls = 1 - x[0, :2]
    step = linear.worst_step_in_box(x, np.append(5 / 7 * walls, 1e-12), np.linalg.norm(walls))
    np.testing.assert_allclose(step, [[*walls, 0]], atol=1e-11)


def test_flipping_step_in_box_is_the_shortest_with_its_gain(rng):
    x, direction = rng.random((4, 12)), rng.standard_normal(12)
    gain = np.array([0.1, 0.5, 1.0, 1.5])
    steps = linear.flipping_step_in_box(x, direction, gain)
    np.testing.assert_allclose(steps @ direction, gain, rtol=1e-9)
    for point, step, target in zip(x, steps, gain, strict=True):
        found = minimize(
            lambda s: s @ s,
            np.zeros(12),
            jac=lambda s: 2 * s,
            bounds=list(zip(-point, 1 - point, strict=True)),
            constraints=LinearConstraint(direction, target, target),
            options={"maxiter": 500, "ftol": 1e-14},
        )
        assert step @ step == pytest.approx(found.fun, rel=1e-5)


def test_within_class_features_decorrelate_the_classes_and_point_to_the_positive_one(rng):
    x, y = two_clouds(rng, 500, 6)
    features = linear.within_class_features(x, y, 6)
    values = features(x)
    np.testing.assert_allclose(values.std(axis=0), 1)
    raw = (x - features.mean) @ features.directions.T
    within = sum(np.cov(raw[y == label].T, bias=True) * np.mean(y == label) for label in (-1, 1))
    assert np.abs(within - np.diag(np.diag(within))).max() < 1e-10
    assert np.all(np.diff(np.diag(within)) < 0)
    assert np.all(values[y > 0].mean(axis=0) > values[y < 0].mean(axis=0))
    np.testing.assert_allclose(values[y > 0].mean(axis=0), -values[y < 0].mean(axis=0))


def test_the_worst_step_costs_usefulness_eps_over_sigma_and_less_in_the_box(rng):
    x, y = two_clouds(rng, 200, 6)
    x = np.clip(0.5 + 0.15 * x, 0, 1)
    features = linear.within_class_features(x, y, 4)
    rho, error = linear.usefulness(features(x), y)
    for j, v in enumerate(features.directions):
        free, free_error = linear.usefulness(features(x - 0.2 * y[:, None] * v), y)
        np.testing.assert_allclose(rho[j] - free[j], 0.2 / features.sigma[j])
        np.testing.assert_allclose(free_error[j], error[j])
    boxed, _ = linear.usefulness_in_box(features, x, y, 0.2)
    assert np.all((boxed > rho - 0.2 / features.sigma) & (boxed < rho))
    wide = 0.5 + 0.01 * (x - 0.5)  # so far from the walls that the box takes no part
    boxed, _ = linear.usefulness_in_box(features, wide, y, 0.2)
    free = linear.usefulness(features(wide), y)[0] - 0.2 / features.sigma
    np.testing.assert_allclose(boxed, free)


def test_the_signed_flipping_sizes_average_to_the_cosine_of_the_tilt(rng):
    x, y = two_clouds(rng, 90)
    y[:20] = 1.0  # classes of different sizes
    model = linear.Linear(rng.standard_normal(9), 0.3)
    sizes = linear.flipping_sizes(model, x, y)
    half = np.linalg.norm(x[y > 0].mean(axis=0) - x[y < 0].mean(axis=0)) / 2
    mean = (sizes[y > 0].mean() + sizes[y < 0].mean()) / 2
    assert mean / half == pytest.approx(np.cos(np.radians(linear.tilt_angle(model, x, y))))


def test_the_score_of_nearest_mean_is_half_the_difference_of_the_squared_distances(rng):
    x, y = two_clouds(rng, 31, 4)
    to_positive, to_negative = (
        np.sum((x - x[y == label].mean(axis=0)) ** 2, axis=1) for label in (1, -1)
    )
    np.testing.assert_allclose(linear.nearest_mean(x, y)(x), (to_negative - to_positive) / 2)


@pytest.mark.parametrize("order", [2, np.inf])
def test_nearest_mean_flips_two_points_half_way(order):
    x, y = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([-1.0, 1.0])
    assert linear.flipping_ratio(linear.nearest_mean(x, y), x, y, order) == pytest.approx(1)


def test_the_flipping_ratio_is_in_the_euclidean_norm_unless_another_is_given():
    x, y = np.array([[0.0, 0.0], [6.0, 8.0]]), np.array([-1.0, 1.0])
    model = linear.nearest_mean(x, y)
    assert linear.flipping_ratio(model, x, y) == pytest.approx(1)
    assert linear.flipping_ratio(model, x, y, np.inf) == pytest.approx(50 / (6 + 8) / 4)


def test_standard_error_of_usefulness_is_that_of_the_mean(rng):
    x = rng.standard_normal((2000, 200, 1)) + 0.3  # 2000 experiments of 200 samples
    found = [linear.usefulness(sample, np.ones(200)) for sample in x]
    assert np.mean([error for _, error in found]) == pytest.approx(
        np.std([rho for rho, _ in found]), rel=0.05
    )


@pytest.mark.parametrize("k", [2, 3])
def test_repeated_pixels_change_no_flipping_size_of_fitted_classifiers(rng, k):
    y = np.where(np.arange(30) % 2, 1.0, -1.0)
    x = rng.random((30, 49)) + 0.3 * y[:, None]
    big = linear.resize(x, 7 * k)
    for fit in (
        lambda x: linear.ridge(x, y, 0.1),
        lambda x: linear.Linear(maxmargin.fit(x, y).weights, 0.0),
        lambda x: linear.Linear(np.linalg.pinv(x) @ y, 0.0),
    ):
        small, large = fit(x), fit(big)
        np.testing.assert_allclose(
            large.weights * k * k, linear.resize(small.weights[None], 7 * k)[0], atol=1e-8
        )
        np.testing.assert_allclose(
            linear.flipping_medians(small, x, y), linear.flipping_medians(large, big, y), rtol=1e-8
        )


@pytest.mark.parametrize(
    "fitted",
    [
        linear.Linear(np.ones(2), 0.0),
        linear.Features(mean=np.zeros(2), directions=np.eye(2), sigma=np.ones(2)),
    ],
)
def test_a_model_stays_as_it_was_fitted(fitted):
    for name in vars(fitted):
        with pytest.raises(AttributeError):
            setattr(fitted, name, 0.0)


def test_resize_repeats_pixels_and_undoes_it_by_block_means():
    x = np.arange(4.0)[None]
    rows = [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]
    np.testing.assert_array_equal(linear.resize(x, 4), np.reshape(rows, (1, 16)))
    np.testing.assert_array_equal(linear.resize(linear.resize(x, 6), 2), x)
    assert linear.resize(x, 1) == 1.5


@pytest.mark.parametrize("d", [4, 400])
def test_gaussian_family_has_the_accuracy_and_flipping_size_of_its_law(rng, d):
    x, y, best = linear.gaussian_family(20000, d, 1.5, rng)
    accuracy, linf, _ = linear.flipping_medians(best, x, y)
    assert accuracy == pytest.approx(norm.cdf(1.5), abs=0.008)
    # (1.5 + z) given that it is positive, at its median, over sqrt(d)
    median = 1.5 + norm.ppf((norm.cdf(-1.5) + 1) / 2)
    assert linf * np.sqrt(d) == pytest.approx(median, rel=0.02)


def test_tilt_turns_by_the_angle_and_keeps_unit_length(rng):
    w, u = rng.standard_normal((2, 8))
    turned = linear.tilt(w, u, 0.7)
    assert np.linalg.norm(turned) == pytest.approx(1)
    assert turned @ w / np.linalg.norm(w) == pytest.approx(np.cos(0.7))
    assert turned @ u > np.cos(0.7) * (u @ w) / np.linalg.norm(w)


def test_half_images_carry_their_label_in_the_right_half_only(rng):
    x, y = linear.half_images(4000, 8, 0.25, 0.01, rng)
    difference = (x[y > 0].mean(axis=0) - x[y < 0].mean(axis=0)).reshape(8, 8)
    np.testing.assert_allclose(difference[:, 4:], 0.5, atol=0.01)
    np.testing.assert_allclose(difference[:, :4], 0, atol=0.04)


def test_half_images_without_grain_are_a_wave_of_random_height_and_a_level(rng):
    x, y = linear.half_images(200, 6, 0.25, 0.0, rng)
    images = x.reshape(200, 6, 6)
    assert y.tolist() == [-1, 1] * 100
    np.testing.assert_array_equal(images[:, :, 3:], np.tile(0.5 + 0.25 * y[:, None, None], (6, 3)))
    at = (np.arange(6) + 0.5) / 6  # half a period down, one across the whole width
    wave = np.outer(np.sin(np.pi * at), np.sin(2 * np.pi * at[:3]))
    height = (images[:, :, :3] - 0.5) / wave
    np.testing.assert_allclose(height, np.tile(height[:, :1, :1], (6, 3)), rtol=1e-12)
    height = height[:, 0, 0]
    assert 0.2 <= np.abs(height).min() < 0.21
    assert 0.39 < np.abs(height).max() <= 0.4
    assert abs(np.sign(height).mean()) < 0.2
    assert abs(np.corrcoef(height, y)[0, 1]) < 0.2
    assert linear.half_images(9, 6, 0, 0.1, rng)[0].std() == pytest.approx(0.17, abs=0.03)


def test_the_classifier_of_the_gaussian_family_is_its_mean_and_both_labels_are_as_frequent(rng):
    x, y, best = linear.gaussian_family(20000, 4, 3.0, rng)
    np.testing.assert_allclose(best.weights, [1.5] * 4)
    assert best.bias == 0
    np.testing.assert_allclose((y[:, None] * x).mean(axis=0), 1.5, atol=0.03)
    np.testing.assert_allclose((x - 1.5 * y[:, None]).std(axis=0), 1, atol=0.02)
    assert abs(y.mean()) < 0.03


def test_medians_are_of_the_samples_that_are_right_alone():
    model = linear.Linear(np.array([3.0, 4.0]), -1.0)
    x = np.array([[1.0, 0], [0, 1], [1, 1], [3, 4], [1, 0]])
    right, linf, relative = linear.flipping_medians(model, x, np.array([1, 1, 1, 1, -1]))
    assert right == 0.8
    assert linf == pytest.approx(np.median([2 / 7, 3 / 7, 6 / 7, 24 / 7]))
    assert relative == pytest.approx(np.median([2 / 5, 3 / 5, 6 / 5 / 2**0.5, 24 / 25]))
    on_boundary = np.array([[0, 0.25], [1, 1]])  # a sample on the boundary is not right
    assert linear.flipping_medians(model, on_boundary, np.ones(2))[0] == 0.5


def test_usefulness_is_a_mean_with_its_standard_error(rng):
    values, y = rng.standard_normal((7, 3)), np.array([1, -1, 1, 1, -1, -1, 1])
    rho, error = linear.usefulness(values, y)
    for j in range(3):
        assert (rho[j], error[j]) == pytest.approx(mean_with_error(y * values[:, j]))
    features = linear.Features(np.zeros(3), np.eye(3), np.full(3, 2.0))
    x = np.full((7, 3), 0.5) + 0.1 * values.clip(-1, 1)
    rho, error = linear.usefulness_in_box(features, x, y, 0.1)
    for j in range(3):
        assert (rho[j], error[j]) == pytest.approx(mean_with_error((y * x[:, j] - 0.1) / 2))


def test_features_are_centred_half_way_between_the_classes_and_span_their_scatter(rng):
    x, y = two_clouds(rng, 30, 3)
    x = np.hstack([x, x[:, :1] + x[:, 1:2]])  # rank 3
    y[:20] = 1
    features = linear.within_class_features(x, y, 2)
    centre = (x[y > 0].mean(axis=0) + x[y < 0].mean(axis=0)) / 2
    np.testing.assert_allclose(features.mean, centre)
    np.testing.assert_allclose(features.sigma, ((x - centre) @ features.directions.T).std(axis=0))
    scatter = sum(np.cov(x[y == s].T, bias=True) * np.mean(y == s) for s in (-1, 1))
    largest = np.linalg.svd(scatter)[1][:2]
    for v, value in zip(features.directions, largest, strict=True):
        np.testing.assert_allclose(scatter @ v, value * v, atol=1e-12)
    assert features.directions.shape == (2, 4)
    linear.within_class_features(x, y, 3)
    with pytest.raises(ValueError, match="^count: got 4, accepts a whole number from 1 to 3, the"):
        linear.within_class_features(x, y, 4)


def test_scatter_that_is_a_ten_thousand_millionth_of_the_largest_is_rounding():
    y = np.array([-1.0, -1, 1, 1])
    for small, rank in ((0.9e-5, 1), (1.1e-5, 2)):
        x = 30 * np.array([[1, small], [-1, -small], [3, -small], [1, small]])
        linear.within_class_features(x, y, rank)
        with pytest.raises(ValueError, match=f"from 1 to {rank}, the rank"):
            linear.within_class_features(x, y, rank + 1)


@pytest.mark.parametrize("degrees", [0.0, 30, 90, 150, 180])
def test_the_tilt_is_the_angle_to_the_difference_of_the_means(degrees):
    x, y = np.array([[0.0, 0.0], [0.5, 0.0]]), np.array([-1.0, 1.0])
    turned = 7 * np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    assert linear.tilt_angle(linear.Linear(turned, 0.0), x, y) == pytest.approx(degrees, abs=1e-5)


def test_no_cosine_that_rounding_takes_beyond_1_leaves_the_tilt_without_a_value(rng):
    beyond = 0
    for w in rng.random((50, 3)):
        beyond += abs(w @ w / (np.linalg.norm(w) * np.linalg.norm(w))) > 1
        for sign in (1, -1):
            model = linear.Linear(sign * w, 0.0)
            angle = linear.tilt_angle(model, np.stack([0 * w, w]), np.array([-1, 1]))
            assert angle == pytest.approx(90 - 90 * sign, abs=1e-5)
    assert beyond > 0


def test_ratios_and_bound_of_rounding_are_those_of_exact_fractions():
    ratios = linear.rounding_ratios(50, 0.25, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    x, w = rng.random(50, dtype=np.float32), rng.standard_normal(50, dtype=np.float32)
    for ratio, v in zip(ratios[::2], (w, abs(w)), strict=True):
        total, exact = np.float32(0), Fraction(0)
        for a, b in zip(v, x, strict=True):
            total, exact = total + a * b, exact + Fraction(float(a)) * Fraction(float(b))
        effect = Fraction(1, 4) * sum(Fraction(float(a)) for a in abs(w))
        error = abs(Fraction(float(total)) - exact)
        assert ratio == pytest.approx(float(error / effect), rel=1e-6)
    assert max(ratios[1::2]) < linear.rounding_bound(50, 0.25)
    for n in (1, 3, 2**23, 2**24 - 1):
        gamma = Fraction(n, 2**24) / (1 - Fraction(n, 2**24))
        assert linear.rounding_bound(n, 0.25) == pytest.approx(float(4 * gamma), rel=1e-15)


def test_rounding_error_is_that_of_exact_arithmetic(rng):
    w, x = rng.standard_normal((2, 300)).astype(np.float32)
    exact = sum(Fraction(float(a)) * Fraction(float(b)) for a, b in zip(w, x, strict=True))
    total = np.float32(0)
    for a, b in zip(w, x, strict=True):
        total += a * b
    one_by_one, _ = linear.rounding_error(w, x)
    assert one_by_one == pytest.approx(abs(float(Fraction(float(total)) - exact)), rel=1e-6)


def test_rounding_stays_below_its_bound_even_where_every_step_rounds_the_same_way(rng):
    n, u = 200, 2.0**-24
    for ratio in linear.rounding_ratios(10_000, 0.01, rng):
        assert 0 < ratio < linear.rounding_bound(10_000, 0.01)
    # 1 + u + u + ... stays 1: the worst case, within a factor of n/(n - 1) of n u
    w = np.full(n, u, np.float32)
    w[0] = 1
    error, _ = linear.rounding_error(w, np.ones(n, np.float32))
    assert 0.99 * n * u < error / w.sum(dtype=np.float64) < linear.rounding_bound(n, 1.0)
    assert linear.rounding_bound(2**24, 1.0) == np.inf


def test_two_classes_keeps_two_digits_with_signs():
    x, labels = np.arange(4, dtype=np.float32)[:, None], np.array([3, 5, 7, 3])
    kept, y = linear.two_classes(x, labels, 3, 7)
    assert kept.dtype == np.float64
    np.testing.assert_array_equal(kept[:, 0], [0, 2, 3])
    np.testing.assert_array_equal(y, [-1, 1, -1])


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: linear.ridge(np.eye(3), np.ones(3), 0.0), "strength"),
        (lambda: linear.flipping_sizes(linear.Linear(ONES[0], 0.0), ONES, ONES[0], 1), "order"),
        (lambda: linear.resize(np.ones((1, 16)), 3), "side"),
        (lambda: linear.resize(np.ones((1, 15)), 3), "side: got 3, accepts"),
        (lambda: linear.tilt(np.ones(3), 2 * np.ones(3), 0.1), "direction"),
        (lambda: linear.two_classes(np.eye(3), np.array([1, 1, 2]), 1, 7), "labels"),
        (lambda: linear.rounding_error(np.ones(3), np.ones(3)), "float32"),
        (lambda: linear.within_class_features(np.eye(4), np.array([1.0, 1, -1, -1]), 4), "count"),
    ],
)  # fmt: skip
def test_a_bad_argument_is_named(call, name):
    with pytest.raises(ValueError, match=name):
        call()


def test_figures_draw_the_data_they_are_given(rng):
    image, step = rng.random(9), np.linspace(-0.2, 0.1, 9)
    figure = image_rows([[image, step]], [["a", "b"]], "found")
    panels = figure.axes
    assert figure.get_suptitle() == "found"
    drawn = [panel.images[0] for panel in panels]
    np.testing.assert_array_equal(drawn[0].get_array(), image.reshape(3, 3))
    assert [picture.get_clim() for picture in drawn] == [(0, 1), (-0.2, 0.2)]
    assert "0.2" in panels[1].get_title()

    rho, critical = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.01, 0.1, 1.0, 0.5])
    groups = {name: np.arange(4) == i for i, name in enumerate("abcd")}
    axis = usefulness_map(rho, critical, groups, 0.5).axes[0]
    points = np.vstack([scatter.get_offsets() for scatter in axis.collections])
    np.testing.assert_array_equal(points, np.transpose([critical, rho]))
    headline = "1 of 4 features surely stay useful under attack"  # the third mask's
    assert axis.figure.get_suptitle() == headline
    assert [text.get_text() for text in axis.texts][1:] == ["c", "d"]

    curve = np.array([4, 16]), np.array([1.0, 0.5]), np.ones(2)
    right = dimension_curves(curve, curve).axes[1]
    np.testing.assert_allclose(right.lines[-1].get_ydata(), curve[1])  # 1/sqrt(d) itself


def test_the_adversarys_point_of_a_power_stands_at_nine_tenths():
    figure = figure_powers((2, 10))
    for axes, n, at in zip(figure.axes, (2, 10), (0.948683, 0.989519), strict=True):
        curve, point = axes.lines
        np.testing.assert_allclose(curve.get_ydata(), curve.get_xdata() ** n)
        np.testing.assert_allclose(point.get_xydata(), [[at, 0.9]], atol=1e-6)
    assert figure.get_label() == "n = 2: mean 0.33, 0.9 at 0.949; n = 10: mean 0.091, 0.9 at 0.990."


def test_a_step_of_length_0_is_no_colour():
    image = np.full(4, 0.5)
    axes = image_rows([[image, 0 * image]], [["image", "step"]]).axes[1]
    shown = axes.images[0].to_rgba(axes.images[0].get_array())
    assert np.all(shown[..., 3] == 0)
    assert axes.get_title() == "step\n(largest entry 0)"


def test_four_images_stand_two_by_two():
    images = [np.full(4, 0.1 * i) for i in range(4)]
    panels = image_rows([images], [["a", "b", "c", "d"]]).axes
    assert panels[0].get_gridspec().get_geometry() == (2, 2)
    assert panels[0].figure.get_suptitle() == ""
    assert [axes.get_title()[0] for axes in panels] == ["a", "b", "c", "d"]
