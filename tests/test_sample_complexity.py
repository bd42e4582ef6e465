import mpmath
import numpy as np
import pytest
from numpy.polynomial import chebyshev
from scipy.optimize import minimize, nnls

from pwlib import grids, maxmargin, polynomials, sample_complexity, signs
from pwlib.reruns import results

PARITIES = (False, True)


def values(weights, x):
    return polynomials.chebyshev_features(len(weights) - 1, x) @ weights


@pytest.mark.parametrize("n", [3, 8, 15])
def test_the_upper_half_of_a_grid_gives_the_weights_of_the_whole_problem(n):
    for reading in sample_complexity.READINGS:
        for m in (n, n + 1, 4 * n):
            x, labels = grids.training_set(sample_complexity.grid(reading, m))
            whole = maxmargin.fit(polynomials.chebyshev_features(n, x), labels).weights
            assert np.allclose(
                sample_complexity.fit(n, x), whole, rtol=0, atol=1e-9 * np.abs(whole).max()
            )


@pytest.mark.parametrize("n", [3, 5, 6, 11, 16])
def test_the_limit_solves_the_limit_problem(n):
    # the shortest odd polynomial with slope 1 in u at the middle and no value below 0 beyond
    degrees = np.arange(1, n + 1, 2)
    x = 1 - np.sin(np.linspace(0, np.pi / 4, 961)) ** 2  # with the points of contact
    features = polynomials.chebyshev_features(n, x)[:, 1::2]
    slope = degrees * (-1.0) ** np.arange(len(degrees))
    rules = [{"type": "ineq", "fun": lambda w: features @ w, "jac": lambda w: features}]
    rules += [{"type": "eq", "fun": lambda w: slope @ w - 1, "jac": lambda w: slope}]
    start = np.eye(len(degrees))[0]
    options = {"ftol": 1e-14, "maxiter": 500}
    found = minimize(
        lambda w: w @ w, start, jac=lambda w: 2 * w, constraints=rules, method="SLSQP",
        options=options,
    )  # fmt: skip
    assert found.success
    assert np.allclose(sample_complexity.limit_weights(n)[1::2], found.x, rtol=0, atol=1e-7)


@pytest.mark.parametrize("n", [1, 4, 9, 60])
def test_the_limit_is_fejers_kernel_about_the_middle(n):
    p, phi = (n + 1) // 2, np.linspace(0.001, np.pi / 2, 500)
    kernel = np.sin(p * phi) ** 2 / (p**2 * np.sin(phi))
    found = values(sample_complexity.limit_weights(n), (1 + np.sin(phi)) / 2)
    assert np.allclose(found, kernel, rtol=0, atol=1e-13)


@pytest.mark.parametrize("reading", sample_complexity.READINGS)
def test_the_classifier_tends_to_its_limit_like_one_over_m_and_the_margin_by_its_law(reading):
    n, p = 12, 6
    sigma = sum(1 / np.sin(k * np.pi / p) for k in range(1, p))
    apart, off = [], []
    for m in (2000, 2001, 4000, 4001):
        x = sample_complexity.grid(reading, m)
        weights, gap = sample_complexity.fit(n, x), sample_complexity.half_gap(x)
        apart.append(sample_complexity.distance_to_limit(weights, gap))
        off.append(abs(sample_complexity.margin(weights) * (1 + sigma * gap) / (p**1.5 * gap) - 1))
    assert max(apart) < 0.05
    assert max(off) < 1e-3
    for before, after in ((0, 2), (1, 3)):
        assert apart[after] / apart[before] == pytest.approx(1 / 2, abs=0.1)
        assert off[after] / off[before] == pytest.approx(1 / 4, abs=0.1)


@pytest.mark.parametrize("n", [3, 4, 9, 30, 60, 200])
def test_the_feasible_weights_have_margins_of_at_least_one(n):
    p = (n + 1) // 2
    for phi in (1 / p, 0.3 / p, 0.001 / p):
        angles = np.concatenate(
            (np.geomspace(phi, 1 / p, 300), np.linspace(1 / p, np.pi / 2, 9000))
        )
        x = (1 + np.sin(angles)) / 2
        assert values(sample_complexity.feasible_weights(n, phi), x).min() > 1 - 1e-9
    with pytest.raises(ValueError, match="phi: got"):
        sample_complexity.feasible_weights(n, 1.01 / p)


@pytest.mark.parametrize("reading", sample_complexity.READINGS)
def test_the_longest_step_is_that_of_the_grid(reading):
    for m in (6, 7, 30, 31):
        u = 2 * sample_complexity.grid(reading, m) - 1
        s = u if reading == "equispaced" else np.arcsin(u)
        right = s[s > 1e-9]
        if reading == "roots":  # the end is no training point: the mirror image is the neighbour
            right = np.append(right, np.pi - right[-1])
        step, half_gap = sample_complexity.longest_step(reading, m)
        assert step == pytest.approx(np.diff(right).max())
        assert half_gap == pytest.approx(right[0])


@pytest.mark.parametrize("reading", sample_complexity.READINGS)
@pytest.mark.parametrize("odd", PARITIES)
def test_from_the_certified_size_on_there_is_no_spurious_sign_change(reading, odd):
    n = 9
    first = sample_complexity.certified_size(n, reading, odd)
    assert first % 2 == odd
    assert (
        sample_complexity.dip_bound(n, reading, first - 2)
        >= 1
        > sample_complexity.dip_bound(n, reading, first)
    )
    bounds = [sample_complexity.dip_bound(n, reading, m) for m in range(first, first + 200, 2)]
    assert (np.diff(bounds) < 0).all()
    for m in (first, first + 2, 3 * first + (first * 3 + odd) % 2):
        weights = sample_complexity.fit(n, sample_complexity.grid(reading, m))
        assert signs.spurious_sign_changes(weights).size == 0


@pytest.mark.parametrize("reading", sample_complexity.READINGS)
def test_the_least_margin_falls_short_of_one_by_no_more_than_the_bound(reading):
    sizes = (40, 41, 100, 101, 400, 401)
    for m, least in sample_complexity.least_margins(9, reading, sizes).items():
        assert 1 - sample_complexity.dip_bound(9, reading, m) <= least <= 1 + 1e-9


def test_a_row_without_a_spurious_sign_change_has_no_last_size():
    row = sample_complexity.row(2, "roots", True)
    assert (row["last"], row["sizes"], row["first_without"]) == (0, 0, 3)
    for m in range(3, row["certified"], 2):
        weights = sample_complexity.fit(3, sample_complexity.grid("roots", m))
        assert signs.spurious_sign_changes(weights).size == 0


def test_the_distance_to_the_limit_is_a_share_of_its_length():
    limit = sample_complexity.limit_weights(12)
    for factor in (0, 0.5, 3):
        found = sample_complexity.distance_to_limit(factor * limit / 0.1, 0.1)
        assert found == pytest.approx(abs(factor - 1))


def test_a_critical_point_at_the_middle_or_the_end_is_no_least_margin_of_its_own():
    assert sample_complexity.least_margin([0, 0.75, 0, 0.25], 0.5) == pytest.approx(1 / 8)  # u^3
    falling = np.polynomial.chebyshev.poly2cheb([0, 3, 0, -1])  # 3u - u^3, level at 1
    assert sample_complexity.least_margin(falling, 0.1) == pytest.approx(0.299)


def second_derivatives(n, half_gap):
    """Of T_1, T_3, …: their greatest modulus on [−u, u], as (1 − u²) T″ = u T′ − k² T bounds it."""
    u, flat = mpmath.mpf(half_gap), 1 - mpmath.mpf(half_gap) ** 2
    return [k**2 / flat + k * u / flat ** mpmath.mpf(1.5) for k in range(1, n + 1, 2)]


@pytest.mark.parametrize("n", [3, 9, 10])
@pytest.mark.parametrize("m", [60, 61])
@pytest.mark.parametrize("reading", sample_complexity.READINGS)
def test_the_bound_is_the_sag_of_a_chord_times_the_length_of_the_weights(n, m, reading):
    step, half_gap = sample_complexity.longest_step(reading, m)
    degrees = range(1, n + 1, 2)
    length = lambda values: mpmath.sqrt(sum(value**2 for value in values))  # noqa: E731
    if reading == "equispaced":  # |T_k″| ≤ T_k″(1)
        side = length(mpmath.mpf(k**2 * (k**2 - 1)) / 3 for k in degrees)
        middle, phi = length(second_derivatives(n, half_gap)), mpmath.asin(half_gap)
    else:  # |sin kφ″| ≤ k²
        side = middle = length(k**2 for k in degrees)
        phi = half_gap
    sag = max(step**2 / 8 * side, half_gap**2 / 2 * middle)
    expected = sag * length(map(float, sample_complexity.feasible_weights(n, float(phi))))
    found = sample_complexity.dip_bound(n, reading, m)
    assert found == pytest.approx(float(expected), rel=1e-12)
    dense = np.linspace(-half_gap, half_gap, 101)
    for k, most in zip(degrees, second_derivatives(n, half_gap), strict=True):
        second = np.polynomial.Chebyshev.basis(k).deriv(2)(dense) if k > 1 else 0 * dense
        assert np.abs(second).max() <= float(most)


@pytest.mark.parametrize("n", [9, 10])  # p = 5
def test_there_is_no_bound_where_the_gap_is_wider_than_the_angle_1_over_p(n):
    for m in range(2, 40):
        half_gap = np.pi / m if m % 2 else np.pi / m / 2
        assert (sample_complexity.dip_bound(n, "roots", m) == np.inf) == (half_gap > 1 / 5)


@pytest.mark.parametrize("n", [7, 12])
def test_the_least_margin_is_the_least_value_and_tells_spurious_sign_changes(n):
    for reading in sample_complexity.READINGS:
        for m, least in sample_complexity.least_margins(n, reading, range(4, 60, 3)).items():
            x = sample_complexity.grid(reading, m)
            weights, gap = sample_complexity.fit(n, x), sample_complexity.half_gap(x)
            u = np.linspace(0, 1, 4001)
            dense = values(weights, (1 + u) / 2)
            turns = np.diff(np.sign(np.diff(dense)), prepend=0, append=0) != 0
            expected = dense[(u >= gap) | (turns & (u > 0))].min()
            assert least == pytest.approx(expected, abs=0.01 * np.abs(weights).max())
            assert (least < 0) == (signs.spurious_sign_changes(weights).size > 0)


def test_complex_zeros_of_the_slope_are_no_extrema():
    for odd in ([0, 1, 0, -1 / 30, 0, 1], [0, 1, 0, -0.1, 0, 0.2, 0, 3]):  # increasing, in u
        weights = chebyshev.poly2cheb(odd)
        slope = np.polynomial.Polynomial(odd).deriv()
        assert slope(np.linspace(0, 1, 999)).min() > 0
        assert (slope.roots().real > 0).any()  # with real parts inside
        for gap in (0.1, 0.5):
            least = sample_complexity.least_margin(weights, gap)
            assert least == pytest.approx(np.polynomial.Polynomial(odd)(gap), rel=1e-12)


def test_the_ends_cease_to_matter_but_on_equispaced_grids_at_even_p():
    # at even p the value at the end tends to 1 − 2 · (the step of the grid over its first point)
    for m, kappa in ((4000, 2), (4001, 1)):
        x = sample_complexity.grid("equispaced", m)
        inside = sample_complexity.without_pair(x, 0)
        weights = sample_complexity.fit(8, inside)
        assert weights.sum() == pytest.approx(1 - 2 * kappa, abs=0.03)
        assert signs.spurious_sign_changes(weights).size == 2
        assert np.allclose(
            sample_complexity.fit(10, inside), sample_complexity.fit(10, x), rtol=1e-9
        )
    inside = sample_complexity.without_pair(sample_complexity.grid("lobatto", 4000), 0)
    assert (
        sample_complexity.least_margin(
            sample_complexity.fit(8, inside), sample_complexity.half_gap(inside)
        )
        > 0.99
    )


def test_a_pair_is_a_point_and_its_mirror_image():
    x = grids.equispaced(7)
    assert np.array_equal(sample_complexity.without_pair(x, 0), x[1:-1])
    assert np.array_equal(sample_complexity.without_pair(x, 2), x[[0, 1, 3, 5, 6]])
    with pytest.raises(ValueError, match=r"^j: got 3, accepts 0 to 2 for 7 points$"):
        sample_complexity.without_pair(x, 3)


def test_the_stored_table_is_whole_and_its_search_complete():
    rows = results.read("sample-complexity")
    keys = [(p, r, odd) for p in range(5, 31) for r in sample_complexity.READINGS for odd in (0, 1)]
    assert [(row["p"], row["reading"], row["odd"]) for row in rows] == keys
    for row in rows:
        for n in (2 * row["p"] - 1, 2 * row["p"]):
            assert (
                sample_complexity.certified_size(n, row["reading"], bool(row["odd"]))
                == row["certified"]
            )
        assert row["last"] < row["certified"]
        assert row["closest"] > 1e-5


@pytest.mark.parametrize(
    ("p", "reading", "odd"), [(5, "equispaced", 1), (5, "lobatto", 0), (6, "roots+ends", 0)]
)
def test_a_short_row_of_the_stored_table_is_what_its_computation_gives(p, reading, odd):
    rows = results.read("sample-complexity")
    key = (p, reading, odd)
    (stored,) = [row for row in rows if (row["p"], row["reading"], row["odd"]) == key]
    assert sample_complexity.row(p, reading, bool(odd)) == stored


@pytest.mark.slow
@pytest.mark.parametrize(
    ("p", "reading", "odd"),
    [(15, "equispaced", 0), (9, "equispaced", 1), (20, "lobatto", 0), (30, "roots", 1)],
)
def test_a_row_of_the_stored_table_is_what_its_computation_gives(p, reading, odd):
    (stored,) = [
        row
        for row in results.read("sample-complexity")
        if (row["p"], row["reading"], row["odd"]) == (p, reading, odd)
    ]
    assert sample_complexity.row(p, reading, bool(odd)) == stored


def test_where_a_least_margin_all_but_vanishes_another_solver_finds_the_same():
    # the row's case nearest to 0: the dual problem, by nonnegative least squares
    (stored,) = [row for row in results.read("sample-complexity") if row["closest"] < 1e-4]
    n, m = 2 * stored["p"] - 1, 300
    x = sample_complexity.grid(stored["reading"], m)
    gap, upper = sample_complexity.half_gap(x), x[x > 0.5]
    rows = polynomials.chebyshev_features(n, upper)[:, 1::2]
    system = np.vstack((rows.T, np.ones(len(upper))))
    target = np.eye(len(system))[-1]
    residual = system @ nnls(system, target, maxiter=10_000)[0] - target
    weights = np.zeros(n + 1)
    weights[1::2] = -residual[:-1] / residual[-1]
    least = sample_complexity.least_margin(weights * np.sign(rows[-1] @ weights[1::2]), gap)
    assert abs(least) == pytest.approx(stored["closest"], rel=0.01)
    assert sample_complexity.least_margins(n, "equispaced", [m])[m] == pytest.approx(
        least, abs=1e-10
    )


def test_a_grid_without_its_mirror_image_is_refused():
    with pytest.raises(ValueError, match="x: got points without"):
        sample_complexity.fit(5, np.array([0.1, 0.5, 0.8]))


def test_degrees_whose_classifier_has_no_dip_are_refused_rather_than_searched():
    with pytest.raises(ValueError, match="p: got 1, accepts a whole number from 2 on"):
        sample_complexity.row(1, "equispaced", False)


def test_the_two_ends_alone_leave_a_gap_that_no_bound_spans():
    assert sample_complexity.grid("roots+ends", 2).tolist() == [0, 1]
    step, half_gap = sample_complexity.longest_step("roots+ends", 2)
    assert half_gap == np.pi / 2 <= step  # from the middle to an end, in the angle
    assert sample_complexity.dip_bound(3, "roots+ends", 2) == np.inf
