"""Power functions against pseudo-inverses, quadrature and simulation."""

import mpmath
import numpy as np
import pytest

from pwlib import grids, optimal, polynomials, power_function
from pwlib.figures.points import figure_advantage, figure_sets
from pwlib.intervals import mean_with_error
from pwlib.reruns import results


def features(n, x):
    return np.cos(np.outer(np.arccos(2 * np.asarray(x) - 1), np.arange(n + 1)))


def lost(n, x):
    """I − P by the pseudo-inverse of the features."""
    return np.eye(n + 1) - np.linalg.pinv(features(n, x)) @ features(n, x)


@pytest.mark.parametrize(("n", "m"), [(4, 1), (10, 6), (10, 10), (30, 20), (40, 40)])
def test_unseen_spans_what_the_pseudo_inverse_loses(n, m):
    for x in (grids.chebyshev(m, "roots"), np.random.default_rng(0).uniform(size=min(m, 8))):
        basis = power_function.unseen(n, x)
        assert basis.shape == (n + 1, n + 1 - len(x))
        np.testing.assert_allclose(basis @ basis.T, lost(n, x), atol=1e-9)


@pytest.mark.parametrize("m", [45, 58])  # many factors lose digits at the first, QR at the second
def test_what_equidistant_points_leave_is_exact_at_degree_60(m):
    n, x, at = 60, grids.equispaced(m), 0.013
    with mpmath.workdps(50):
        angles = [mpmath.acos(2 * mpmath.mpf(float(point)) - 1) for point in (*x, at)]
        rows = [[mpmath.cos(i * t) for i in range(n + 1)] for t in angles]
        seen, there = mpmath.matrix(rows[:-1]), mpmath.matrix(rows[-1])
        kept = ((seen * there).T * mpmath.lu_solve(seen * seen.T, seen * there))[0]
        exact = float((there.T * there)[0] - kept)
    assert power_function.variance(n, x, [at])[0] == pytest.approx(exact, rel=1e-8)


def test_what_equidistant_points_leave_vanishes_at_them_at_high_degrees():
    for n, m in ((100, 51), (400, 201)):
        x = grids.equispaced(m)
        assert np.abs(features(n, x) @ power_function.unseen(n, x)).max() < 1e-12


def test_merged_points_that_the_degree_does_not_resolve_are_refused():
    with pytest.raises(ValueError, match=r"^x: got points missed by .* at n = 100, accepts ones"):
        power_function.unseen(100, np.repeat(grids.equispaced(30), 2))


def test_where_points_are_equal_values_and_slopes_vanish():
    n, centres = 9, np.array([0.2, 0.7])
    basis = power_function.unseen(n, np.repeat(centres, 2))
    assert np.abs(features(n, centres) @ basis).max() < 1e-12
    assert np.abs(optimal.feature_slopes(n, centres) @ basis).max() < 1e-11
    near = power_function.unseen(n, optimal.pairs(centres, 1e-5))
    np.testing.assert_allclose(near @ near.T, basis @ basis.T, atol=1e-8)


def test_the_variance_is_that_of_simulated_errors():
    n, x, at = 7, np.array([0.05, 0.4, 0.45, 0.9]), np.linspace(0, 1, 9)
    h = np.random.default_rng(1).standard_normal((20_000, n + 1))
    errors = optimal.error_coefficients(n, x, h) @ features(n, at).T
    exact = power_function.variance(n, x, at)
    spread = 5 * np.sqrt(2 / len(h)) * exact  # of the mean square of normal variables
    assert np.all(np.abs((errors**2).mean(axis=0) - exact) <= spread + 1e-20)


@pytest.mark.parametrize("measure", ["lebesgue", "arcsine"])
def test_the_gram_matrix_is_that_of_quadrature(measure):
    n = 9
    if measure == "lebesgue":
        u, weights = np.polynomial.legendre.leggauss(n + 1)
    else:
        u, weights = np.polynomial.chebyshev.chebgauss(n + 1)
    values = features(n, (1 + u) / 2)
    expected = values.T @ np.diag(weights / weights.sum()) @ values
    np.testing.assert_allclose(power_function.gram(n, measure), expected, atol=1e-13)


def test_mean_and_maximum_of_the_variance_are_those_of_a_fine_grid():
    n, x = 8, [0.1, 0.3, 0.35, 0.8, 1.0]
    at = (np.arange(100_000) + 0.5) / 100_000
    values = np.sum((features(n, at) @ lost(n, x)) ** 2, axis=1)
    assert power_function.mean_variance(n, x) == pytest.approx(values.mean(), rel=1e-8)
    by_angle = np.sum((features(n, (1 - np.cos(np.pi * at)) / 2) @ lost(n, x)) ** 2, axis=1)
    assert power_function.mean_variance(n, x, "arcsine") == pytest.approx(by_angle.mean(), rel=1e-8)
    ends = np.diag(features(n, [0, 1]) @ lost(n, x) @ features(n, [0, 1]).T)
    greatest = max(values.max(), by_angle.max(), *ends)
    assert power_function.largest_variance(n, x) == pytest.approx(greatest, rel=1e-6)


@pytest.mark.parametrize(
    ("n", "x"), [(8, [0, 0.1, 0.3, 0.8, 0.9, 1]), (5, [0, 0.3, 1]), (5, [0, 0.3]), (5, [0.7, 1])]
)
def test_the_largest_variance_between_points_or_at_one_end_is_that_of_a_fine_grid(n, x):
    values = np.sum((features(n, np.linspace(0, 1, 10_001)) @ lost(n, x)) ** 2, axis=1)
    assert power_function.largest_variance(n, x) == pytest.approx(values.max(), rel=1e-6)


def test_chebyshev_points_attain_the_least_mean_under_the_arcsine_measure():
    n = 12
    for m in range(1, n + 1):
        least = (n + 1 - m) / 2
        roots = power_function.mean_variance(n, grids.chebyshev(m, "roots"), "arcsine")
        assert (abs(roots - least) < 1e-12) == (2 * m > n), m
        midpoints = power_function.mean_variance(n, power_function.midpoints(m), "arcsine")
        assert least + 1e-3 < midpoints <= least + 1 / 2
        assert power_function.least_mean_variance(n, m, "arcsine") == pytest.approx(least)


@pytest.mark.parametrize("n", [3, 10, 21])
def test_the_roots_of_the_eigenvector_attain_the_bound_and_no_other_set_does(n):
    least, roots = power_function.eigen_points(n)
    assert np.abs(roots.imag).max() < 1e-9
    assert power_function.mean_variance(n, roots.real) == pytest.approx(least, rel=1e-9)
    assert power_function.least_mean_variance(n, n) == pytest.approx(least)
    for x in (*power_function.grids_of(n).values(), np.random.default_rng(0).uniform(size=n)):
        assert power_function.mean_variance(n, x) > least * 1.001


def test_the_search_attains_the_bound_where_there_is_one():
    row = next(r for r in results.read("point-sets") if (r["m"], r["criterion"]) == (10, "average"))
    assert row["value"] == pytest.approx(power_function.least_mean_variance(10, 10), abs=1e-9)
    assert row["points"] == pytest.approx(
        np.sort(power_function.eigen_points(10)[1].real), abs=1e-4
    )


@pytest.mark.parametrize("n", [6, 10, 13])
def test_the_greatest_variances_of_chebyshev_points_are_those_of_theory(n):
    for m in range((n + 3) // 2, n + 1):  # 2m >= n + 2, which the closed form for extrema asks
        roots = power_function.largest_variance(n, grids.chebyshev(m, "roots"))
        assert roots == pytest.approx(2 * (n - m) + 1)
        extrema = power_function.largest_variance(n, grids.chebyshev(m))
        order = n - m + 1
        at_hard = polynomials.hard_objective(order, polynomials.hard_points(order)).max()
        assert extrema <= 2 * (order + 1) * at_hard + 1e-9
        assert m > n - 2 or extrema < roots


@pytest.mark.parametrize("n", [5, 12, 31])
def test_after_training_on_chebyshev_roots_the_two_ends_have_the_largest_variance(n):
    at = np.linspace(0, 1, 501)
    for m in range(1, n + 1):
        x = grids.chebyshev(m, "roots")
        values = np.sum((features(n, at) @ lost(n, x)) ** 2, axis=1)
        np.testing.assert_allclose(values[[0, -1]], values.max(), rtol=1e-9)
        assert power_function.largest_variance(n, x) == pytest.approx(values[0], rel=1e-9)


def test_the_expected_objective_is_the_mean_of_8():
    n, x = 6, np.array([0.1, 0.5, 0.8])
    h = np.random.default_rng(2).standard_normal((20_000, n + 1))
    mean, error = mean_with_error(optimal.optimal_objective(n, x, h))
    assert abs(mean - optimal.expected_objective(n, x)) < 4 * error
    assert optimal.expected_objective(n, grids.chebyshev(7)) == 0


def test_merging_pairs_follow_their_leading_term():
    centres = np.array([0.15, 0.6, 0.75])
    limit = optimal.expected_objective_of_pairs(8, centres)
    ratios = [
        optimal.expected_objective(8, optimal.pairs(centres, g)) / g / limit for g in (1e-2, 1e-4)
    ]
    assert abs(ratios[1] - 1) < 1e-6 < abs(ratios[0] - 1) < 0.1
    triple = [
        optimal.expected_objective(8, 0.4 + gap * np.array([-1, 0, 1])) for gap in (1e-2, 1e-3)
    ]
    assert triple[0] / triple[1] == pytest.approx(100, rel=0.02)


def test_noise_in_the_labels_of_chebyshev_roots_follows_the_closed_form():
    n, m, at = 6, 17, np.linspace(0, 1, 23)
    found = power_function.noise_variance(n, grids.chebyshev(m, "roots"), at)
    hard = polynomials.hard_objective(n, at)
    np.testing.assert_allclose(found, (2 * (n + 1) * (1 - hard) - 1) / m, atol=1e-12)
    assert power_function.largest_noise_variance(n, grids.chebyshev(m, "roots")) == pytest.approx(
        13 / m
    )


def test_fejers_points_are_the_ends_and_the_known_extrema_of_legendre_polynomials():
    for inside in ([], [0], [-(5**-0.5), 5**-0.5], [-((3 / 7) ** 0.5), 0, (3 / 7) ** 0.5]):
        expected = [0, *((1 + u) / 2 for u in inside), 1]
        np.testing.assert_allclose(power_function.fekete(len(expected)), expected, atol=1e-15)


def test_noise_is_amplified_nowhere_by_fejers_points_alone():
    n = 9
    assert power_function.largest_noise_variance(n, power_function.fekete(n + 1)) == pytest.approx(
        1
    )
    for x in power_function.grids_of(n + 1).values():
        assert power_function.largest_noise_variance(n, x) > 1.01


def test_the_mean_noise_variance_is_that_of_quadrature():
    n, x = 5, grids.equispaced(9)
    u, weights = np.polynomial.legendre.leggauss(n + 1)
    expected = power_function.noise_variance(n, x, (1 + u) / 2) @ weights / 2
    assert power_function.mean_noise_variance(n, x) == pytest.approx(expected)


def test_the_lebesgue_constants_are_those_of_the_books():
    # On m = n + 1 roots the maximum is at the ends: (1/m) Σ cot((2k − 1)π/4m).
    m = 8
    exact = sum(1 / np.tan((2 * k - 1) * np.pi / (4 * m)) for k in range(1, m + 1)) / m
    found = power_function.lebesgue_constant(m - 1, grids.chebyshev(m, "roots"))
    assert found == pytest.approx(exact, rel=1e-6)
    assert power_function.lebesgue_constant(2, grids.equispaced(3)) == pytest.approx(1.25, rel=1e-3)


def exact_sums(x, at, power=1):
    """Σ_j |ℓ_j|^power at points other than x, by the product formula in mpmath."""
    with mpmath.workdps(50):
        nodes = [mpmath.mpf(float(node)) for node in x]
        others = [mpmath.fprod(a - b for b in nodes if b != a) for a in nodes]
        for point in map(mpmath.mpf, map(float, at)):
            whole = mpmath.fprod(point - a for a in nodes)
            terms = (abs(whole / (point - a) / d) for a, d in zip(nodes, others, strict=True))
            yield float(mpmath.fsum(term**power for term in terms))


@pytest.mark.parametrize("grid", [grids.equispaced, power_function.midpoints])
@pytest.mark.parametrize("n", [10, 60, 80])
def test_lebesgue_constants_of_equidistant_points_keep_their_digits(n, grid):
    x, at = grid(n + 1), grids.chebyshev(20 * n + 1)
    first = at[at < x[1]]  # the maximum lies next to the ends
    exact = max(exact_sums(x, first[~np.isin(first, x)]))
    assert power_function.lebesgue_constant(n, x) == pytest.approx(exact, rel=1e-12)


def test_the_lebesgue_constant_of_a_thousand_points_is_that_of_its_asymptotics():
    n = 1000  # of 2^(n + 1)/(e n log n), which the next term, γ/log n, corrects
    with mpmath.workdps(30):
        first = mpmath.mpf(2) ** (n + 1) / (mpmath.e * n * (mpmath.log(n) + mpmath.euler))
    found = power_function.lebesgue_constant(n, grids.equispaced(n + 1))
    assert found == pytest.approx(float(first), rel=0.02)


def test_the_noise_at_equispaced_points_is_exact_up_to_where_it_is_refused():
    x, at = grids.equispaced(41), 0.013
    found = power_function.noise_variance(40, x, [at])[0]
    assert found == pytest.approx(next(exact_sums(x, [at], power=2)), rel=1e-6)
    power_function.noise_variance(48, grids.equispaced(49), [at])
    for refused in (power_function.noise_variance, power_function.mean_noise_variance):
        with pytest.raises(ValueError, match=r"^x: got features of condition number 1e\+12, acc"):
            refused(49, grids.equispaced(50), *([[at]] if "mean" not in refused.__name__ else []))


@pytest.mark.parametrize(
    ("n", "x", "constant"),
    [
        (1, [0, 0.5, 1], 4 / 3),  # the regression line: at the ends 5/6, 1/3, -1/6
        (1, [0.25], 6 / 5),  # u0 = -1/2, the value at -1 of (1 + u u0)/(1 + u0^2)
        (2, [1], 1),
    ],
)
def test_the_lebesgue_constant_of_more_points_or_fewer_is_that_of_the_fit(n, x, constant):
    assert power_function.lebesgue_constant(n, x) == pytest.approx(constant)


def test_lebesgue_constants_that_overflow_or_do_not_exist_are_refused():
    with pytest.raises(ValueError, match=r"^x: got points whose Lebesgue constant overflows"):
        power_function.lebesgue_constant(1100, grids.equispaced(1101))
    with pytest.raises(ValueError, match=r"^x: got 2 different points, accepts n \+ 1 = 3$"):
        power_function.lebesgue_constant(2, [0.1, 0.5, 0.5])


def test_the_size_without_gain_comes_after_the_last_that_amplifies():
    for n in (1, 2, 4):
        gains = [
            power_function.largest_noise_variance(n, power_function.midpoints(m)) > 1 + 1e-9
            for m in range(n + 1, 2 * (n + 1) ** 2)
        ]
        last = n + 1 + np.flatnonzero(gains)[-1]
        assert power_function.size_without_gain(n, power_function.midpoints) == last + 1


@pytest.mark.parametrize(("most", "size"), [(1.0, 3), (2.0, 12)])
def test_sizes_from_n_plus_1_to_13_tenths_of_its_square_are_tried(most, size, monkeypatch):
    monkeypatch.setattr(power_function, "largest_noise_variance", lambda n, x: most)
    assert power_function.size_without_gain(2, power_function.midpoints) == size


def test_no_gain_from_2n_plus_1_roots_on():
    assert power_function.size_without_gain(5, lambda m: grids.chebyshev(m, "roots")) == 11


def maximiser(order, k):
    """The angle of the k-th maximiser of (12), order 2n + 1, in the gap where sin(order t) < 0."""
    gap = [(2 * k + j) * mpmath.pi / order for j in (1, 2)]

    def slope(t):
        return mpmath.tan(t) * mpmath.cos(order * t) * order - mpmath.sin(order * t)

    return mpmath.findroot(slope, gap, solver="anderson")


@pytest.mark.parametrize("n", [2, 3, 10, 11, 60])
def test_the_formula_is_nearer_to_the_maximisers_than_any_reading(n):
    with mpmath.workdps(30):
        big = 2 * n + 1
        s = [mpmath.mpf(4 * k + 3) * mpmath.pi / (2 * big) for k in range(n // 2)]
        t = [maximiser(big, k) for k in range(n // 2)]
        formula = power_function.hard_points_formula(n)
        for start, exact, x in zip(s, t, formula, strict=False):
            assert abs(x - mpmath.sin(start / 2) ** 2) < 1e-15
            for nodes in power_function.readings(n).values():
                others = [abs(mpmath.acos(1 - 2 * mpmath.mpf(node)) - exact) for node in nodes]
                assert min(others) > abs(start - exact)
    np.testing.assert_allclose(formula + formula[::-1], 1, atol=1e-15)
    assert len(formula) == n


def test_the_readings_are_the_roots_and_the_extrema_inside_of_their_names():
    for n in (1, 2, 5):
        roots, extrema = (
            lambda n: (2 * np.arange(n) + 1) / (2 * n),
            lambda n: np.arange(1, n) / n,
        )  # in angles over π
        angles = roots(n), extrema(n + 1), roots(n + 1), extrema(n)
        for found, angle in zip(power_function.readings(n).values(), angles, strict=True):
            np.testing.assert_allclose(found, (1 - np.cos(np.pi * angle)) / 2, atol=1e-15)


def test_offsets_are_distances_in_units_of_the_spacing():
    n, hard = 6, polynomials.hard_points(6)
    shifted = (1 - np.cos(np.arccos(1 - 2 * hard) + 0.01)) / 2
    np.testing.assert_allclose(power_function.offsets(n, shifted), 0.01 * n / np.pi, rtol=1e-9)


def test_each_hard_point_has_its_offset_from_a_single_point():
    found = power_function.offsets(3, [0.5])
    expected = np.abs(polynomials.hard_angles(3) - np.pi / 2) * 3 / np.pi
    np.testing.assert_allclose(found, expected, atol=1e-15)


def test_subset_scores_are_those_of_each_choice():
    found = power_function.subset_scores(5, [0.1, 0.5, 0.9], 2)
    assert found[1] == pytest.approx(power_function.scores(5, [0.1, 0.9]))
    assert found.shape == (3, 3)


def test_the_figures_show_what_they_are_given():
    grids_shown = power_function.grids_of(4)
    (axes,) = figure_sets({"best found": [0.2, 0.203]} | grids_shown).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["best found", *grids_shown]
    assert axes.figure.get_suptitle() == ""
    ours = {
        "best, yet": [0.1, 0.9],
        "Chebyshev extrema": [0.0, 1.0],
        "Chebyshev roots": [0.15, 0.85],
    }
    assert figure_sets(ours).get_suptitle() == "best, yet: nearest to Chebyshev roots (0.05)"
    low, high = axes.lines[1].get_ydata()
    assert low == 0 < high  # of two near points the second stands higher
    table = {"Chebyshev roots": {11: 2.0, 12: 1.0}}
    table |= {"Chebyshev extrema": {11: 1234.6, 12: 0.5}}
    figure = figure_advantage(10, table, table)
    left, right = figure.axes
    assert left.get_title() == "without noise these sets differ 2-fold, at $m = 12$"
    assert right.get_title() == "with noise these sets differ 620-fold, at $m = 11$"
    words = "With noise Chebyshev extrema are\n620 times as bad as Chebyshev roots"
    assert figure.get_suptitle() == f"{words} ($m = 11$)"
    assert list(right.lines[0].get_ydata()) == [2.0, 1.0]
    np.testing.assert_allclose(right.lines[2].get_ydata(), [1, 11 / 12])
    assert len(left.lines) == 3


@pytest.mark.parametrize("x", [[], [[0.1]], [1.2], [np.nan]])
def test_points_outside_the_domain_are_refused(x):
    with pytest.raises(ValueError, match=r"^x: got"):
        power_function.unseen(3, x)


def test_too_many_points_and_another_measure_are_refused():
    with pytest.raises(ValueError, match=r"^x: got 4 points, accepts up to n = 3"):
        power_function.unseen(3, [0.1, 0.2, 0.3, 0.4])
    with pytest.raises(ValueError, match=r"^measure: got 'normal'"):
        power_function.gram(3, "normal")
