from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from numpy.polynomial import Polynomial, chebyshev

from pwlib import checks, grids, maxmargin, polynomials, signs


def real_zeros(weights):
    """All real zeros in (0, 1), by SymPy's isolation of the roots of the exact polynomial."""
    x = sp.Symbol("x")
    exact = sum(sp.Rational(w) * sp.chebyshevt(i, 2 * x - 1) for i, w in enumerate(weights))
    zeros = sp.Poly(sp.expand(exact), x).real_roots(multiple=True)
    return [float(z) for z in zeros if 0 < z < 1]


def shifted(zeros):
    """The weights of the polynomial of u = 2x - 1 with these zeros, given in x."""
    return chebyshev.poly2cheb(Polynomial.fromroots([2 * z - 1 for z in zeros]).coef)


def test_sign_changes_are_the_zeros_that_sympy_isolates():
    rng = np.random.default_rng(0)
    for n in (1, 2, 5, 8, 11):
        weights = [float(w) for w in rng.integers(-9, 10, n)] + [1.0]
        assert np.allclose(signs.sign_changes(weights), real_zeros(weights), rtol=0, atol=1e-14)


@pytest.mark.parametrize("distance", [0.3, 1e-3])
def test_complex_zeros_are_no_sign_changes(distance):
    pair = [2 * 0.2 - 1 + 2j * distance, 2 * 0.2 - 1 - 2j * distance]  # in u
    weights = chebyshev.poly2cheb(Polynomial.fromroots([*pair, 2 * 0.7 - 1]).coef.real)
    assert signs.sign_changes(weights) == pytest.approx([0.7], abs=1e-12)
    assert signs.spurious_sign_changes(weights).size == 0


@pytest.mark.parametrize(
    ("zeros", "low", "high", "changes"),
    [
        ([(Fraction(1, 3), 1), (Fraction(1, 2), 2), (Fraction(2, 3), 3)], 0, 1, 2),
        ([(Fraction(1, 3), 3), (Fraction(1, 2), 4), (Fraction(2, 3), 3)], 0, 1, 2),
        ([(0, 1), (Fraction(1, 2), 1), (1, 1)], 0, 1, 1),  # zeros at the ends don't count
        ([(0, 1), (Fraction(1, 2), 1), (1, 1), (7, 1)], 0, None, 3),
        ([(-1, 1), (Fraction(-1, 10**30), 1), (0, 1), (Fraction(1, 10**30), 1)], -1, 1, 3),
        ([(5, 1)], 0, 1, 0),
    ],
)
def test_exact_sign_changes_are_zeros_of_odd_multiplicity_inside(zeros, low, high, changes):
    coefficients = [Fraction(-3)]
    for zero in [z for z, power in zeros for _ in range(power)]:
        shifted_up = [Fraction(0), *coefficients]
        coefficients = [a - zero * b for a, b in zip(shifted_up, [*coefficients, 0], strict=True)]
    found = signs.exact_sign_changes(coefficients, low, high)
    assert (type(found), found) == (int, changes)


def test_the_zero_polynomial_has_no_sign():
    with pytest.raises(ValueError, match="coefficients: got only zeros"):
        signs.exact_sign_changes([0, 0], 0, 1)


def test_sign_changes_are_the_zeros_at_high_precision():
    rng = np.random.default_rng(1)
    for decay in (0, 0.3, 0.8):  # the last coefficients go down to 1e-15
        weights = rng.standard_normal(19) * 10.0 ** (-decay * np.arange(19))
        with mpmath.workdps(60):
            powers = [mpmath.mpf(0)]
            basis = [[mpmath.mpf(1)], [mpmath.mpf(0), mpmath.mpf(1)]]
            for _ in range(2, 19):
                higher = [mpmath.mpf(0)] + [2 * c for c in basis[-1]]
                basis.append([c - (basis[-2] + [0, 0])[i] for i, c in enumerate(higher)])
            powers = [
                sum(
                    mpmath.mpf(float(w)) * (t + [0] * 19)[i]
                    for w, t in zip(weights, basis, strict=True)
                )
                for i in range(19)
            ]
            zeros = mpmath.polyroots(powers[::-1], maxsteps=1000, extraprec=300)
            truth = sorted(
                float((z.real + 1) / 2)
                for z in map(mpmath.mpc, zeros)
                if abs(z.imag) < 1e-30 and abs(z.real) < 1
            )
        assert np.allclose(signs.sign_changes(weights), truth, rtol=0, atol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 5, 6, 30, 31, 60])
def test_the_classifier_of_equation_7_changes_sign_at_its_known_zeros(n):
    p = (n + 1) // 2
    weights = np.zeros(n + 1)
    weights[1::2] = 1 / p
    zeros = np.sort((1 + np.cos(np.arange(1, 2 * p) * np.pi / (2 * p))) / 2)
    assert np.allclose(signs.sign_changes(weights), zeros, rtol=0, atol=1e-14)
    spurious = signs.spurious_sign_changes(weights)
    assert np.allclose(spurious, np.delete(zeros, p - 1), rtol=0, atol=1e-14)
    agreement = polynomials.agreement(n)
    assert signs.misclassified_measure(weights) == pytest.approx(1 - agreement, abs=1e-13)
    by_angle = signs.misclassified_measure(weights, "arcsine")
    assert by_angle == pytest.approx((p - p % 2) / (2 * p), abs=1e-12)  # of 2p equal arcs


def test_a_zero_without_a_change_of_sign_does_not_count():
    assert np.allclose(signs.sign_changes(shifted([0.25, 0.25, 0.7])), [0.7])
    assert np.allclose(signs.sign_changes(shifted([0.25, 0.25, 0.25])), [0.25], atol=1e-4)
    assert signs.sign_changes([1.0, 0.0, 1.0]).size == 0  # 2u², a zero at 1/2
    assert signs.sign_changes(shifted([0.0, 1.0])).size == 0  # at the ends only
    assert np.allclose(signs.sign_changes(shifted([0.0, 0.25, 1.0])), [0.25])


def test_a_double_zero_in_the_middle_of_an_interval_leaves_its_sign():
    # 1 + T*_3 is 0 at x = 3/4 and positive about it: right there, wrong to the left of 1/2
    assert signs.misclassified_measure([1, 0, 0, 1]) == pytest.approx(0.5)
    assert signs.misclassified_measure([-1, 0, 0, -1]) == pytest.approx(0.5)


def test_zeros_outside_the_interval_do_not_count():
    for outside in ([-0.2, 1.3], [-0.6, -0.3], [1.3, 1.6], [-0.2, -0.1, 1.01, 1.02]):
        assert np.allclose(signs.sign_changes(shifted([0.4, *outside])), [0.4])


def test_trailing_zeros_and_rounding_change_nothing():
    weights = shifted([0.1, 0.5, 0.8])
    padded = np.concatenate((weights, [0, 1e-18, 0, 0, -1e-19]))
    for scale in (1e-12, 1, 1e12):
        found = signs.sign_changes(scale * padded)
        assert np.allclose(found, [0.1, 0.5, 0.8], rtol=0, atol=1e-14)


def test_a_constant_never_changes_and_misclassifies_half():
    assert signs.sign_changes([2.0]).size == 0
    assert signs.spurious_sign_changes([2.0, 0.0]).size == 0
    assert signs.misclassified_measure([2.0]) == 0.5
    assert signs.misclassified_measure([0.0, 1.0]) == 0
    assert signs.misclassified_measure([0.0, -1.0]) == 1


def test_the_change_nearest_to_the_middle_is_not_spurious():
    assert np.allclose(signs.spurious_sign_changes(shifted([0.1, 0.45, 0.9])), [0.1, 0.9])


def test_measure_and_number_agree_with_a_dense_grid():
    rng = np.random.default_rng(2)
    x = (np.arange(200_000) + 0.5) / 200_000
    for n in (3, 10, 31):
        weights = rng.standard_normal(n + 1)
        positive = chebyshev.chebval(2 * x - 1, weights) > 0
        assert len(signs.sign_changes(weights)) == np.count_nonzero(np.diff(positive))
        wrong = np.mean(positive != (x > 0.5))
        assert signs.misclassified_measure(weights) == pytest.approx(wrong, abs=(n + 1) / 200_000)


def test_the_arcsine_measure_is_the_share_of_angles():
    weights = shifted([0.1, 0.45, 0.9])
    angles = (np.arange(100_000) + 0.5) * np.pi / 100_000
    x = (1 - np.cos(angles)) / 2
    wrong = np.mean((chebyshev.chebval(2 * x - 1, weights) > 0) != (x > 0.5))
    found = signs.misclassified_measure(weights, "arcsine")
    assert found == pytest.approx(wrong, abs=4e-5)
    assert found != pytest.approx(signs.misclassified_measure(weights), abs=0.01)


def test_unknown_measures_are_refused():
    with pytest.raises(ValueError, match="measure: got 'uniform', accepts"):
        signs.misclassified_measure([0.0, 1.0], "uniform")


def test_right_and_wrong_regions_share_out_the_interval():
    weights = shifted([0.2, 0.5, 0.6])  # the sign of x - 1/2 right of 0.6 and left of 0.2
    assert np.allclose(signs.regions(weights, right=True), [[0, 0.2], [0.6, 1]])
    assert np.allclose(signs.regions(weights, right=False), [[0.2, 0.5], [0.5, 0.6]])
    assert signs.regions([0.0, 1.0], right=False).shape == (0, 2)


def test_the_longest_correct_interval_ends_where_a_misclassified_one_starts():
    assert signs.longest_correct([0.0, 1.0]) == 1
    assert signs.longest_correct([0.0, -1.0]) == 0
    assert signs.longest_correct([2.0]) == 0.5
    assert signs.longest_correct(shifted([0.1, 0.5, 0.8])) == pytest.approx(0.2)  # the last
    assert signs.longest_correct(-shifted([0.1, 0.5, 0.8])) == pytest.approx(0.7)  # the middle
    assert signs.longest_correct(shifted([0.2, 0.4, 0.6])) == pytest.approx(0.4)


def has_spurious_sign_changes(n, m, kind):
    x, labels = grids.training_set(grids.chebyshev(m, kind))
    fitted = maxmargin.fit(polynomials.chebyshev_features(n, x), labels)
    return signs.spurious_sign_changes(fitted.weights).size > 0


@pytest.mark.parametrize("n", [7, 12, 30, 31, pytest.param(44, marks=pytest.mark.slow)])
def test_on_chebyshev_grids_spurious_sign_changes_last_as_long_as_aliasing(n):
    # observed, not proved: T*_1 and T*_{2N-1} coincide on the grid of T*_N; degree n holds both
    for kind, extra in (("lobatto", 1), ("roots", 0), ("roots+ends", 2)):
        last = (n + 1) // 2 + extra
        sizes = range(2, n + 20, 2)
        left = [m for m in sizes if has_spurious_sign_changes(n, m, kind)]
        assert left == list(range(2, last + 1, 2))


def test_at_degree_100_they_last_an_even_size_longer_on_the_extrema():
    # aliasing ends with m = 51, N = 50
    left = [m for m in (50, 52, 54) if has_spurious_sign_changes(100, m, "lobatto")]
    assert left == [50, 52]


def test_a_label_on_the_tie_keeps_spurious_sign_changes_longer_and_plus_mirrors_minus():
    # the register of assumptions has the last size, 127; three beyond it are tried here
    parity = (-1.0) ** np.arange(31)
    for m in (127, 129, 131, 133):
        x = grids.equispaced(m)
        labels = np.where(x < 0.5, -1.0, 1.0)
        features = polynomials.chebyshev_features(30, x)
        plus, minus = (maxmargin.fit(features, y).weights for y in (labels, -labels[::-1]))
        assert np.allclose(minus, -parity * plus)
        assert (signs.spurious_sign_changes(plus).size > 0) == (m == 127)


@pytest.mark.parametrize("weights", [[], [[1.0, 2.0]], [0.0, 0.0], [1.0, np.nan]])
def test_bad_weights_are_refused(weights):
    for function in (signs.sign_changes, signs.spurious_sign_changes, signs.misclassified_measure):
        with pytest.raises(ValueError, match="weights: got"):
            function(weights)


def test_weights_that_became_nan_inside_the_package_have_no_signs():
    token = checks._checked.set(True)  # as in a call from another function of the package
    try:
        with pytest.raises(ValueError, match="NaN"):
            signs.sign_changes([1.0, np.nan])
    finally:
        checks._checked.reset(token)
