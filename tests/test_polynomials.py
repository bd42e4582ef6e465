"""pwlib.polynomials against mpmath, SciPy and NumPy's own polynomials."""

import mpmath
import numpy as np
import pytest
import scipy.special
import scipy.stats
from numpy.polynomial import Polynomial

from pwlib import grids, polynomials

X = np.concatenate(
    [
        [0, 1e-300, 1e-12, 0.25, 0.5, 0.5 + 1e-9, 0.75, 1 - 1e-12, 1],
        np.random.default_rng(0).uniform(size=40),
    ]
)


def chebyshev_sum(weights, x):
    """Σ weights[i] T*_i(x) by the cosines of i t, in 50 digits."""
    with mpmath.workdps(50):
        t = mpmath.acos(2 * mpmath.mpf(float(x)) - 1)
        return mpmath.fsum(w * mpmath.cos(i * t) for i, w in enumerate(weights) if w)


@pytest.mark.parametrize("n", [0, 1, 2, 7, 40])
def test_bernstein_features_are_binomial_probabilities(n):
    expected = scipy.stats.binom.pmf(np.arange(n + 1), n, X[:, None])
    np.testing.assert_allclose(
        polynomials.bernstein_features(n, X), expected, rtol=1e-11, atol=1e-300
    )


def test_bernstein_features_of_degree_thousands_are_a_partition_of_unity():
    features = polynomials.bernstein_features(3000, [0.0, 0.3, 0.5, 1.0])
    np.testing.assert_allclose(features.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(features @ np.arange(3001) / 3000, [0, 0.3, 0.5, 1], atol=1e-12)


@pytest.mark.parametrize("n", [0, 1, 2, 7, 60])
def test_chebyshev_features_are_cosines(n):
    features = polynomials.chebyshev_features(n, X)
    assert features.shape == (len(X), n + 1)
    assert features.dtype == np.float64
    np.testing.assert_allclose(
        features, np.cos(np.arange(n + 1) * np.arccos(2 * X[:, None] - 1)), atol=1e-12
    )


def test_chebyshev_features_keep_parity_to_the_last_bit():
    upper = np.random.default_rng(1).uniform(0.5, 1, size=200)
    signs = (-1.0) ** np.arange(31)
    features = polynomials.chebyshev_features(30, upper)
    assert np.array_equal(polynomials.chebyshev_features(30, 1 - upper), signs * features)


@pytest.mark.parametrize("n", [300, 2000, 20_000])
def test_chebyshev_features_are_within_1e_13_near_the_ends_and_in_the_middle(n):
    x = np.array([1e-300, 1e-13, 1e-9, 1e-6, 1e-3, 0.2, 1 / 3, 0.4999, 0.5001, 0.7, 1 - 1e-9])
    at = np.array([1, n // 3, n - 1, n])
    with mpmath.workdps(50):
        angles = [2 * mpmath.asin(mpmath.sqrt(mpmath.mpf(float(v)))) for v in x]
        expected = [[float((-1) ** int(i) * mpmath.cos(int(i) * s)) for i in at] for s in angles]
    found = polynomials.chebyshev_features(n, x)[:, at]
    assert np.abs(found - expected).max() < 1e-13


@pytest.mark.parametrize("n", [0, 1, 5, 30])
def test_orthonormal_basis_of_gauss_nodes_has_legendre_polynomials(n):
    nodes, masses = np.polynomial.legendre.leggauss(n + 1)
    basis = polynomials.orthonormal_basis(n, (1 + nodes) / 2, masses / 2)
    degrees = np.arange(n + 1)
    expected = scipy.special.eval_legendre(degrees, 2 * X[:, None] - 1) * np.sqrt(2 * degrees + 1)
    found = polynomials.chebyshev_features(n, X) @ basis
    np.testing.assert_allclose(found, expected, atol=1e-12 * (n + 1))
    assert not np.tril(basis, -1).any()


def test_orthonormal_basis_is_that_of_any_masses():
    rng = np.random.default_rng(3)
    nodes, masses = rng.random(12), rng.random(12) + 0.1
    features = polynomials.chebyshev_features(7, nodes) @ polynomials.orthonormal_basis(
        7, nodes, masses
    )
    np.testing.assert_allclose((features.T * masses) @ features, np.eye(8), atol=1e-10)


@pytest.mark.parametrize(
    ("nodes", "masses", "message"),
    [
        ([0.1, 0.9], [1, 1, 1], "masses: got"),
        ([0.1, 0.9, 0.5], [1, 0, 1], "masses: got"),
        ([0.1, 0.9, 0.5], [1, np.inf, 1], "masses: got"),
        ([0.1, 0.9, 0.5], [1, "a", 1], "masses: got"),
        ([0.1, 0.9, 0.9], [1, 1, 1], "nodes: got 2, accepts 3 or more"),
        ([0.1, 0.9, 1.1], [1, 1, 1], "nodes: got 1.1"),
    ],
)
def test_too_few_nodes_and_masses_that_are_none_are_refused(nodes, masses, message):
    with pytest.raises(ValueError, match=message):
        polynomials.orthonormal_basis(2, nodes, masses)


def test_a_negative_degree_has_no_basis():
    with pytest.raises(ValueError, match=r"^n: got -1"):
        polynomials.orthonormal_basis(-1, [0.1], [1.0])


@pytest.mark.parametrize("n", [1, 2, 5, 30])
def test_bernstein_classifier_is_the_difference_of_the_end_features(n):
    features = polynomials.bernstein_features(n, X)
    np.testing.assert_allclose(
        polynomials.bernstein_classifier(n, X), features[:, -1] - features[:, 0], atol=1e-14
    )


@pytest.mark.parametrize("n", [1, 2, 3, 4, 10, 29, 30, 301])
def test_chebyshev_classifier_is_the_normalised_odd_sum(n):
    weights = [i % 2 for i in range(n + 1)]
    expected = [float(chebyshev_sum(weights, x) / sum(weights)) for x in X]
    with np.errstate(invalid="raise", divide="raise"):  # nothing is divided by the sine of an end
        found = polynomials.chebyshev_classifier(n, X)
    np.testing.assert_allclose(found, expected, atol=1e-15, rtol=1e-12)


@pytest.mark.parametrize("n", [2, 3, 30, 31])
def test_chebyshev_classifier_has_margin_one_and_is_the_shortest_such_combination(n):
    ends = polynomials.chebyshev_features(n, [0.0, 1.0])
    shortest, *_ = np.linalg.lstsq(ends, [-1.0, 1.0])
    expected = polynomials.chebyshev_features(n, X) @ shortest
    np.testing.assert_allclose(polynomials.chebyshev_classifier(n, X), expected, atol=1e-13)


@pytest.mark.parametrize("n", [1, 4, 30, 999])
def test_chebyshev_classifier_keeps_its_relative_accuracy_at_the_middle(n):
    p = (n + 1) // 2
    offsets = np.ldexp(1.0, -np.arange(20, 52))
    with mpmath.workdps(60):
        v = [mpmath.asin(2 * mpmath.mpf(float(d))) for d in offsets]
        expected = [
            float(-((-1) ** p) * mpmath.sin(2 * p * a) / (2 * p * mpmath.cos(a))) for a in v
        ]
    value = polynomials.chebyshev_classifier(n, 0.5 + offsets)
    np.testing.assert_allclose(value, expected, rtol=1e-14)
    assert np.array_equal(polynomials.chebyshev_classifier(n, 0.5 - offsets), -value)


@pytest.mark.parametrize("n", [1, 2, 7, 30])
def test_the_weights_of_the_chebyshev_classifier_are_those_of_its_values(n):
    values = np.cos(np.outer(np.arccos(2 * X - 1), np.arange(n + 1)))
    found = values @ polynomials.chebyshev_classifier_weights(n)
    np.testing.assert_allclose(found, polynomials.chebyshev_classifier(n, X), atol=1e-12)


def test_chebyshev_classifier_is_odd_to_the_last_bit():
    upper = np.random.default_rng(2).uniform(0.5, 1, size=500)
    for n in (1, 2, 30, 33):
        value = polynomials.chebyshev_classifier(n, upper)
        assert np.array_equal(polynomials.chebyshev_classifier(n, 1 - upper), -value)


@pytest.mark.parametrize("n", [0, 1, 2, 10, 30, 301])
def test_hard_objective_is_the_mean_of_one_minus_squares(n):
    with mpmath.workdps(50):
        angles = [mpmath.acos(2 * mpmath.mpf(float(x)) - 1) for x in X]
        expected = [
            float(mpmath.fsum(mpmath.sin(i * t) ** 2 for i in range(n + 1)) / (n + 1))
            for t in angles
        ]
    np.testing.assert_allclose(polynomials.hard_objective(n, X), expected, atol=2e-15)


@pytest.mark.parametrize("n", [1, 13, 15, 300])
def test_hard_objective_is_never_negative_and_half_at_all_roots_of_t_n_and_u_n(n):
    near = 10.0 ** -np.arange(1, 20)  # at degree 13 rounding alone gives -6e-17 at 1e-19
    assert polynomials.hard_objective(n, np.concatenate([[0, 1], near, 1 - near])).min() == 0
    nodes = np.concatenate([grids.chebyshev(n, "roots"), grids.chebyshev(n + 2)[1:-1]])
    np.testing.assert_allclose(polynomials.hard_objective(n, nodes), 1 / 2, atol=1e-14)
    angles = np.linspace(0.01, np.pi - 0.01, 999)
    off = np.abs(polynomials.hard_objective(n, (1 + np.cos(angles)) / 2) - 1 / 2)
    assert np.all(off <= 1 / (2 * (n + 1) * np.sin(angles)) + 1e-15)


@pytest.mark.parametrize("n", [*range(1, 13), 25, 30, 100, 101, 350])
def test_hard_points_are_the_maximisers_to_1e_14(n):
    points = polynomials.hard_points(n)
    assert points.shape == (n,)
    assert np.all(np.diff(points) > 0)
    assert np.array_equal(points, 1 - points[::-1])
    chosen = {0, n // 3, n // 2, n - 1}
    with mpmath.workdps(50):
        for k in chosen:  # sin(N t) < 0 on the k-th bracket, counted from x = 1
            low, high = ((2 * k + j) * mpmath.pi / (2 * n + 1) for j in (1, 2))
            root = mpmath.findroot(
                lambda t: mpmath.diff(lambda s: mpmath.sin((2 * n + 1) * s) / mpmath.sin(s), t),
                (low, high),
                solver="anderson",
                tol=1e-40,
            )
            assert abs((1 + mpmath.cos(root)) / 2 - mpmath.mpf(float(points[n - 1 - k]))) < 1e-14


@pytest.mark.parametrize("n", [2, 3, 350, 10**6, pytest.param(10**7, marks=pytest.mark.slow)])
def test_hard_angles_keep_their_relative_accuracy_at_any_degree(n):
    angles, order = polynomials.hard_angles(n), 2 * n + 1
    assert angles.shape == (n,)
    for k in {0, n // 3, n // 2 - 1}:
        with mpmath.workdps(50):
            root = mpmath.findroot(
                lambda s: (
                    mpmath.sin(order * s) * mpmath.cos(s)
                    - order * mpmath.cos(order * s) * mpmath.sin(s)
                ),
                [(2 * k + j) * mpmath.pi / order for j in (1, 2)],
                solver="anderson",
                tol=1e-40,
            )
            assert abs(angles[k] / root - 1) < 1e-15
    assert angles[-1] == pytest.approx(np.pi - angles[0], rel=1e-15)


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_hard_points_are_all_the_local_maximisers(n):
    objective = sum(
        1 - np.polynomial.Chebyshev.basis(i, domain=[0, 1]) ** 2 for i in range(n + 1)
    ).convert(kind=Polynomial)
    critical = np.sort(objective.deriv().roots().real)
    maximisers = critical[objective.deriv(2)(critical) < 0]
    np.testing.assert_allclose(polynomials.hard_points(n), maximisers, atol=1e-6)


def test_nearest_hard_points_are_found_and_measured_in_local_spacings():
    nearest, distance = polynomials.nearest_hard_points(5, [0.0, 0.5, 1.0])
    assert nearest.tolist() == [0, 2, 4]
    assert distance[1] == pytest.approx(0, abs=1e-12)
    assert distance[0] == pytest.approx(-distance[2])
    assert distance[0] < -0.5
    angle = np.arccos(1 - 2 * polynomials.hard_points(8)[3]) + 0.1 * np.pi / 8
    nearest, distance = polynomials.nearest_hard_points(8, [(1 - np.cos(angle)) / 2])
    assert nearest.tolist() == [3]
    assert distance == pytest.approx(0.1, abs=1e-12)


@pytest.mark.parametrize("n", range(1, 16))
@pytest.mark.parametrize("measure", ["lebesgue", "arcsine"])
def test_agreement_is_the_measure_between_the_roots(n, measure):
    """Roots of the polynomial g_n from its companion matrix, the signs between them by mpmath."""
    odd = np.polynomial.Chebyshev([i % 2 for i in range(n + 1)], domain=[0, 1])
    roots = odd.roots()
    assert np.all(np.abs(roots.imag) < 1e-9)
    ends = np.concatenate([[0], np.sort(roots.real), [1]])
    mass = np.diff(ends if measure == "lebesgue" else scipy.stats.beta(0.5, 0.5).cdf(ends))
    middle = (ends[:-1] + ends[1:]) / 2
    agrees = [
        float(chebyshev_sum([i % 2 for i in range(n + 1)], x)) * (x - 0.5) > 0 for x in middle
    ]
    # the root 1/2 splits the line into halves, so that no interval contains both signs of f_n
    assert np.min(np.abs(roots - 0.5)) < 1e-12
    assert polynomials.agreement(n, measure) == pytest.approx(mass[agrees].sum(), abs=1e-9)


@pytest.mark.parametrize("x", [[-1e-9], [1 + 1e-9], [0.5, np.nan], [np.inf], 0.5, [[0.5]]])
@pytest.mark.parametrize(
    "function",
    [
        polynomials.bernstein_features,
        polynomials.chebyshev_features,
        polynomials.bernstein_classifier,
        polynomials.chebyshev_classifier,
        polynomials.hard_objective,
    ],
)
def test_points_outside_the_interval_are_refused(function, x):
    with pytest.raises(ValueError, match=r"^x: got .*, accepts "):
        function(3, x)


@pytest.mark.parametrize("n", [-1, 2.5, True, "3", None])
@pytest.mark.parametrize(
    "call",
    [
        lambda n: polynomials.bernstein_features(n, [0.5]),
        lambda n: polynomials.chebyshev_features(n, [0.5]),
        lambda n: polynomials.bernstein_classifier(n, [0.5]),
        lambda n: polynomials.chebyshev_classifier(n, [0.5]),
        lambda n: polynomials.hard_objective(n, [0.5]),
        polynomials.chebyshev_classifier_weights,
        polynomials.hard_angles,
        polynomials.hard_points,
        polynomials.agreement,
    ],
)
def test_degrees_that_are_none_are_refused(call, n):
    with pytest.raises(ValueError, match=r"^n: got .*, accepts a whole number"):
        call(n)


def test_classifiers_need_degree_one():
    for function in (polynomials.bernstein_classifier, polynomials.chebyshev_classifier):
        with pytest.raises(ValueError, match="from 1 on"):
            function(0, [0.5])


def test_unknown_measures_are_refused():
    with pytest.raises(ValueError, match=r"^measure: got 'uniform', accepts"):
        polynomials.agreement(3, "uniform")


@pytest.mark.parametrize("n", [1, 2, 30, 2000, 10**6])
def test_sign_and_logarithm_of_the_bernstein_classifier_at_any_degree(n):
    x = np.array([0, 1e-300, 1e-10, 0.3, 0.4999, 0.5 - 2**-40, 0.5 + 2**-52, 0.6, 0.999, 1])
    with mpmath.workdps(80):
        f = [mpmath.mpf(float(v)) ** n - (1 - mpmath.mpf(float(v))) ** n for v in x]
        expected = [float(mpmath.log(abs(value))) for value in f]
        expected_signs = [float(mpmath.sign(value)) for value in f]
    signs, logs = polynomials.bernstein_sign_and_log(n, x)
    assert signs.tolist() == expected_signs
    np.testing.assert_allclose(logs, expected, rtol=1e-15, atol=1e-15)


def test_where_the_bernstein_classifier_underflows_its_sign_is_kept():
    assert polynomials.bernstein_classifier(2000, [0.6]) == 0
    signs, logs = polynomials.bernstein_sign_and_log(2000, [0.4, 0.5, 0.6])
    assert signs.tolist() == [-1, 0, 1]
    assert logs[0] == logs[2] == pytest.approx(2000 * np.log(0.6), rel=1e-15)
    assert logs[1] == -np.inf


def test_classifier_and_features_are_as_exact_at_large_degrees_as_they_say():
    x = [0.1, 0.37, 0.5, 0.9]
    features = polynomials.bernstein_features(2000, x)
    with mpmath.workdps(40):
        for row, a in zip(features, map(mpmath.mpf, x), strict=True):
            for i in range(0, 2001, 50):
                truth = mpmath.binomial(2000, i) * a**i * (1 - a) ** (2000 - i)
                assert abs(row[i] / truth - 1) < 1e-13 or truth < 1e-290
        for n in (1000, 20_000):
            for a, g in zip(x, polynomials.chebyshev_classifier(n, x), strict=True):
                t = mpmath.acos(2 * mpmath.mpf(a) - 1)
                truth = mpmath.sin(n * t) / (n * mpmath.sin(t))
                assert abs(g - truth) < 1e-15
