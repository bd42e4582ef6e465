"""The soft margin of pwlib.maxmargin against SciPy, solutions by hand, and the hard margin."""

import numpy as np
import pytest
from scipy import optimize

from pwlib import grids, maxmargin, polynomials, signs


def overlapping(seed):
    rng = np.random.default_rng(seed)
    labels = np.sign(rng.standard_normal(25))
    return rng.standard_normal((25, 4)) + 0.5 * labels[:, None], labels


@pytest.mark.parametrize("penalty", [0.01, 0.3, 2.0, 50.0])
def test_weights_are_those_of_scipy_on_points_that_overlap(penalty):
    """SciPy solves the dual: a quadratic over the box 0 ≤ λ ≤ C."""
    features, labels = overlapping(0)
    rows = labels[:, None] * features
    kernel = rows @ rows.T
    dual = optimize.minimize(
        lambda a: (a @ kernel @ a / 2 - a.sum(), kernel @ a - 1),
        np.zeros(len(rows)),
        jac=True,
        bounds=[(0, penalty)] * len(rows),
        method="L-BFGS-B",
        options={"maxiter": 100_000, "maxfun": 100_000, "ftol": 0, "gtol": 1e-10},
    )
    fitted = maxmargin.fit_soft(features, labels, penalty)
    np.testing.assert_allclose(fitted.weights, dual.x @ rows, rtol=1e-5, atol=1e-6)
    assert abs(fitted.gap) < 1e-9


@pytest.mark.parametrize("penalty", [0.1, 0.9, 3.0])
def test_of_two_points_against_one_at_the_same_place_the_weight_is_the_penalty_up_to_one(penalty):
    # |w|²/2 + 2C(1 − w) + C(1 + w) on [-1, 1] is least at w = C
    fitted = maxmargin.fit_soft(np.ones((3, 1)), [1, 1, -1], penalty)
    assert fitted.weights[0] == pytest.approx(min(penalty, 1), abs=5e-6)


def test_a_small_penalty_gives_the_sum_of_the_labelled_features():
    features, labels = overlapping(1)
    fitted = maxmargin.fit_soft(features, labels, 1e-4)
    np.testing.assert_allclose(fitted.weights, 1e-4 * labels @ features, rtol=3e-6)
    assert fitted.support.tolist() == list(range(len(labels)))


@pytest.mark.parametrize("reading", ["equispaced", "lobatto"])
def test_beyond_the_largest_multiplier_the_margin_is_hard(reading):
    x = grids.equispaced(40) if reading == "equispaced" else grids.chebyshev(40, reading)
    features, labels = polynomials.chebyshev_features(12, x), grids.nearest_neighbour_labels(x)
    hard = maxmargin.fit(features, labels)
    multipliers, *_ = np.linalg.lstsq(
        (labels[:, None] * features)[hard.support].T, hard.weights, rcond=None
    )
    soft = maxmargin.fit_soft(features, labels, 1.1 * multipliers.max())
    np.testing.assert_allclose(soft.weights, hard.weights, atol=1e-6)
    softer = maxmargin.fit_soft(features, labels, 0.5 * multipliers.max())
    assert np.linalg.norm(softer.weights) < 0.99 * np.linalg.norm(hard.weights)


@pytest.mark.parametrize("penalty", [0, -1.0, np.inf, np.nan, "1", None])
def test_a_penalty_that_is_none_is_refused(penalty):
    with pytest.raises(ValueError, match=r"^penalty: got .*, accepts"):
        maxmargin.fit_soft(np.ones((2, 1)), [1, -1], penalty)


@pytest.mark.parametrize(
    ("features", "labels", "message"),
    [
        (np.ones((2, 1)), [1, 0], "labels: got 0, the label of a tie"),
        (np.ones((2, 1)), [1, -1, 1], r"labels: got shape \(3,\)"),
        (np.ones(2), [1, -1], r"features: got shape \(2,\)"),
        (np.ones((0, 1)), [], r"features: got shape \(0, 1\)"),
    ],
)
def test_a_bad_training_set_is_refused(features, labels, message):
    with pytest.raises(ValueError, match=message):
        maxmargin.fit_soft(features, labels, 1.0)


@pytest.mark.parametrize(("penalty", "last"), [(0.01, 122), (0.1, 74), (1.0, 86)])
def test_soft_margins_of_degree_30_lose_their_spurious_sign_changes_after_this_size(penalty, last):
    """The register of assumptions has these sizes; three beyond the last are tried here."""
    for m in range(last, last + 8, 2):
        x = grids.equispaced(m)
        labels = grids.nearest_neighbour_labels(x)
        fitted = maxmargin.fit_soft(polynomials.chebyshev_features(30, x), labels, penalty)
        assert (signs.spurious_sign_changes(fitted.weights).size > 0) == (m == last)
