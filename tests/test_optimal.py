"""pwlib.optimal against the exact Gaussian expectation, NumPy's fits and finite differences."""

import numpy as np
import pytest
from scipy.optimize import nnls

from pwlib import grids, optimal, polynomials
from pwlib.intervals import mean_with_error


def draws(n, count, seed=0):
    return np.random.default_rng(seed).standard_normal((count, n + 1))


def values(n, x, coefficients):
    return np.asarray(coefficients) @ np.cos(np.outer(np.arange(n + 1), np.arccos(2 * x - 1)))


@pytest.mark.parametrize("m", [2, 5, 8])
def test_too_few_points_are_interpolated_by_the_shortest_polynomial(m):
    n, x = 8, grids.chebyshev(m)
    h = draws(n, 3)
    fitted = h + optimal.error_coefficients(n, x, h)
    features = np.polynomial.chebyshev.chebvander(2 * x - 1, n)
    np.testing.assert_allclose(fitted, np.linalg.lstsq(features, values(n, x, h).T)[0].T, atol=1e-9)
    np.testing.assert_allclose(values(n, x, fitted), values(n, x, h), atol=1e-12)


@pytest.mark.parametrize(("n", "m"), [(4, 5), (10, 11), (10, 30), (30, 31)])
def test_a_polynomial_is_reproduced_from_more_points_than_its_degree(n, m):
    for x in (grids.equispaced(m), grids.chebyshev(m), grids.chebyshev(m, "roots")):
        assert np.abs(optimal.error_coefficients(n, x, draws(n, 5))).max() < 1e-12
        assert optimal.optimal_objective(n, x, draws(n, 5)).max() < 1e-8


@pytest.mark.parametrize("m", [3, 12])
def test_ridge_regression_is_least_squares_with_rows_for_the_penalty(m):
    n, x, h, penalty = 6, grids.chebyshev(m), draws(6, 4), 0.3
    features = np.polynomial.chebyshev.chebvander(2 * x - 1, n)
    rows = np.vstack([features, np.sqrt(penalty) * np.eye(n + 1)])
    targets = np.vstack([values(n, x, h).T, np.zeros((n + 1, 4))])
    expected = np.linalg.lstsq(rows, targets)[0].T
    np.testing.assert_allclose(h + optimal.ridge_error(n, x, h, penalty), expected, atol=1e-12)


@pytest.mark.parametrize("m", [4, 30])
def test_the_maximum_margin_rule_is_the_shortest_that_meets_the_labels(m):
    n, x, h = 6, grids.chebyshev(m, "roots"), draws(6, 5)
    fitted = h + optimal.margin_error(n, x, h)
    labels = np.sign(values(n, x, h))
    assert np.all(labels * values(n, x, fitted) > 1 - 1e-9)
    for y, weights in zip(labels, fitted, strict=True):  # the dual problem
        rows = y[:, None] * np.polynomial.chebyshev.chebvander(2 * x - 1, n)
        system = np.vstack([rows.T, np.ones(m)])
        residual = system @ nnls(system, np.eye(n + 2)[-1], maxiter=10_000)[0] - np.eye(n + 2)[-1]
        np.testing.assert_allclose(weights, -residual[:-1] / residual[-1], rtol=1e-6, atol=1e-7)


def test_a_rule_may_be_given_and_least_squares_is_the_limit_of_ridge_regression():
    n, x, h = 8, grids.chebyshev(4, "roots"), draws(8, 3)

    def ridge(n, x, h):
        return optimal.ridge_error(n, x, h, 1e-9)

    for measured in (optimal.optimal_objective, optimal.largest_error):
        np.testing.assert_allclose(measured(n, x, h, ridge), measured(n, x, h), rtol=1e-6)
        assert np.any(measured(n, x, h, optimal.margin_error) != measured(n, x, h))


def test_under_least_squares_all_is_in_proportion_to_the_length_of_the_coefficients():
    n, x, h = 7, grids.equispaced(5)[1:-1], draws(7, 4)
    lengths = np.array([0.1, 1.0, 2.0, 30.0])
    for measured in (optimal.optimal_objective, optimal.largest_error):
        scaled = measured(n, x, lengths[:, None] * h)
        np.testing.assert_allclose(scaled, lengths * measured(n, x, h), rtol=1e-12)


def test_slopes_are_finite_differences():
    n, x, step = 7, np.linspace(0.1, 0.9, 9), 1e-6
    h = draws(n, 4)
    expected = (values(n, x + step, h) - values(n, x - step, h)) / (2 * step)
    np.testing.assert_allclose(optimal.slopes(n, x, h), expected, rtol=1e-6, atol=1e-6)


def test_slopes_of_constants_vanish():
    assert np.array_equal(optimal.slopes(0, [0.2, 0.9], [[3.0], [-1.0]]), np.zeros((2, 2)))


@pytest.mark.parametrize("m", [1, 3, 6])
def test_the_mean_of_8_is_that_of_folded_normals(m):
    """The slope of the error at x is Gaussian, of variance |(I − A⁺A) φ′(x)|²."""
    n, x = 6, grids.chebyshev(m, "roots")
    features = polynomials.chebyshev_features(n, x)
    unseen = np.eye(n + 1) - np.linalg.pinv(features) @ features
    basis_slopes = np.stack(
        [2 * np.polynomial.Chebyshev.basis(i).deriv()(2 * x - 1) for i in range(n + 1)]
    )
    exact = np.sqrt(2 / np.pi) * np.linalg.norm(unseen @ basis_slopes, axis=0).sum()
    mean, error = mean_with_error(optimal.optimal_objective(n, x, draws(n, 20000)))
    assert error < 0.01 * exact
    assert abs(mean - exact) < 4 * error
    assert optimal.expected_objective(n, x) == pytest.approx(exact)


def test_the_expectation_of_8_is_0_from_the_number_of_coefficients_on():
    for m in (7, 8):
        assert optimal.expected_objective(6, grids.chebyshev(m)) == 0


def test_derivatives_of_the_features_are_those_of_numpys_series():
    n, x = 5, np.array([0.0, 0.2, 0.9, 1.0])
    for order in (1, 2, 5, 6):
        series = [np.polynomial.Chebyshev.basis(i, [0, 1]).deriv(order) for i in range(n + 1)]
        expected = np.stack([one(x) for one in series], axis=1)
        np.testing.assert_allclose(optimal.feature_slopes(n, x, order), expected, rtol=1e-11)


def test_the_largest_error_is_that_of_a_fine_search_but_for_the_stated_share():
    n, x, h = 9, grids.equispaced(6), draws(9, 20)
    error = optimal.error_coefficients(n, x, h)
    searched = np.abs(values(n, np.linspace(0, 1, 50_001), error)).max(axis=1)
    found = optimal.largest_error(n, x, h)
    assert np.all(found <= searched * (1 + 1e-6))
    assert np.all(found >= searched * np.cos(np.pi / 40) * (1 - 1e-6))
    extrema = (1 + np.cos(np.arange(181) * np.pi / 180)) / 2
    np.testing.assert_allclose(found, np.abs(values(n, extrema, error)).max(axis=1), rtol=1e-12)


def test_the_error_of_a_constant_is_the_same_everywhere():
    def forget(n, x, coefficients):
        return -coefficients

    assert optimal.largest_error(0, [0.5], [[-3.0], [0.2]], forget).tolist() == [3, 0.2]


def test_merging_points_takes_the_objective_to_zero_in_proportion_to_the_gap():
    n, h = 10, draws(10, 50)
    wide, narrow = (
        optimal.optimal_objective(n, optimal.pairs([0.3, 0.8], gap), h).mean()
        for gap in (1e-3, 1e-4)
    )
    assert wide / narrow == pytest.approx(10, rel=1e-3)
    assert np.abs(optimal.error_coefficients(n, optimal.pairs([0.3, 0.8], 1e-4), h)).max() > 1
    limit = optimal.expected_objective_of_pairs(n, [0.3, 0.8])
    apart = optimal.expected_objective(n, optimal.pairs([0.3, 0.8], 1e-4)) / 1e-4
    assert limit == pytest.approx(apart, rel=1e-5)


def test_points_that_rounding_alone_tells_apart_are_one():
    h, x = draws(3, 4), np.array([0.4, 0.4 + 6e-17])
    assert x[0] < x[1]
    one, two = (optimal.error_coefficients(3, some, h) for some in (x[:1], x))
    np.testing.assert_allclose(one, two, atol=1e-14)


def test_pairs_stand_about_their_points():
    np.testing.assert_allclose(optimal.pairs([0.25, 0.5], 0.1), [0.2, 0.3, 0.45, 0.55])


def test_point_sets_lie_inside_in_order_and_have_the_size_asked_for():
    for x in optimal.point_sets(8).values():
        assert len(x) == 8
        assert np.all(np.diff(optimal.with_ends(x)) > 0)
    at = np.arange(1, 5)
    found = optimal.point_sets(4)
    expected = {"equispaced": at / 5, "Chebyshev extrema": (1 - np.cos(at * np.pi / 5)) / 2}
    expected |= {"Chebyshev roots": (1 - np.cos((at - 0.5) * np.pi / 4)) / 2}
    centres = np.repeat(0.5 + np.array([-1, 1]) / 8**0.5, 2)
    expected |= {"merging pairs": centres + 5e-7 * np.array([-1, 1, -1, 1])}
    assert found.keys() == expected.keys()
    for name, x in expected.items():
        np.testing.assert_allclose(found[name], x, atol=1e-14)
    assert optimal.with_ends([0.5]).tolist() == [0, 0.5, 1]


def test_against_size_tells_what_the_single_functions_tell():
    objective, error = optimal.against_size(5, [2, 4], draws(5, 30))
    x = np.array([1 / 3, 2 / 3])
    expected = optimal.optimal_objective(5, x, draws(5, 30))
    assert objective["equispaced"][0] == pytest.approx(mean_with_error(expected))
    for name, rows in error.items():
        assert rows[0][0] > 0.1, name
        assert rows[1][0] < 1e-9, name  # with the two ends they are six, and determine h
    assert len(objective["equispaced"]) == 2


def test_cosines_are_one_for_rows_that_are_proportional_alone():
    found = optimal.cosines([[1, 2], [1, 0], [1, 1]], [[3, 6], [0, 2], [1, 0]])
    np.testing.assert_allclose(found, [1, 0, np.sqrt(0.5)], atol=1e-15)


def test_rank_correlations_see_the_order_alone():
    a = [[1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]]
    b = [[1.0, 8.0, 9.0, 70.0], [4.0, 3.0, 0.0, -9.0], [2.0, 1.0, 4.0, 3.0]]
    # Spearman's formula without ties, 1 - 6 Σ d² / (k (k² - 1))
    np.testing.assert_allclose(optimal.rank_correlations(a, b), [1, -1, 0.6])


def test_the_mean_self_loss_of_the_chebyshev_basis_is_the_objective_of_12():
    x = np.linspace(0, 1, 33)
    of_12 = np.mean([1 - np.cos(i * np.arccos(2 * x - 1)) ** 2 for i in range(8)], axis=0)
    basis = polynomials.chebyshev_features(7, x).T
    np.testing.assert_allclose(optimal.mean_self_loss(basis), of_12, atol=1e-13)


def test_self_loss_is_the_hinge_loss_and_stops_at_zero():
    np.testing.assert_allclose(optimal.self_loss([0, -0.5, 1, 2]), [1, 0.75, 0, 0])


@pytest.mark.parametrize("x", [[], [0.5, 0.5], [[0.1, 0.2]]])
def test_training_points_that_are_no_set_are_refused(x):
    with pytest.raises(ValueError, match=r"^x: got .*, accepts "):
        optimal.error_coefficients(3, x, draws(3, 2))


@pytest.mark.parametrize("outside", [-0.5, 1.5])
def test_points_outside_the_interval_get_no_ends_and_are_not_split(outside):
    for call in (optimal.with_ends, lambda x: optimal.pairs(x, 0.1)):
        with pytest.raises(ValueError, match=rf"^x: got {outside}, accepts numbers in \[0, 1\]"):
            call([0.5, outside])


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 5)])
def test_coefficients_of_another_degree_are_refused(shape):
    with pytest.raises(ValueError, match=r"^coefficients: got shape .*\(hypotheses, (4|n\+1)\)"):
        optimal.slopes(3, [0.5], np.zeros(shape))


@pytest.mark.parametrize("penalty", [0.0, -1.0, float("nan")])
def test_a_penalty_that_is_not_positive_is_refused(penalty):
    with pytest.raises(ValueError, match=r"^penalty: got"):
        optimal.ridge_error(3, [0.5], draws(3, 2), penalty)
