import tracemalloc
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy.optimize import linprog, minimize, nnls

from pwlib import grids, maxmargin, polynomials

GRIDS = {
    "equispaced": grids.equispaced,
    "lobatto": lambda m: grids.chebyshev(m, "lobatto"),
    "roots": lambda m: grids.chebyshev(m, "roots"),
    "roots+ends": lambda m: grids.chebyshev(m, "roots+ends"),
}


def chebyshev_problem(grid, m, degree=30):
    x, labels = grids.training_set(GRIDS[grid](m))
    return polynomials.chebyshev_features(degree, x), labels


def reference(features, labels, support):
    """The solution with these support vectors at 80 digits, and whether it is the optimum (KKT):
    all multipliers positive, all margins at least 1; the features are taken as exact.
    """
    with mpmath.workdps(80):
        rows = mpmath.matrix((labels[support, None] * features[support]).tolist())
        multipliers = mpmath.lu_solve(rows * rows.T, mpmath.ones(rows.rows, 1))
        weights = rows.T * multipliers
        close = np.array([float(w) for w in weights])
        margins = labels * (features @ close)
        in_doubt = np.flatnonzero(
            margins < 1 + 1e-12 * np.abs(features).max() * np.abs(close).sum()
        )
        exact = [
            mpmath.fdot(map(mpmath.mpf, (labels[i] * features[i]).tolist()), weights)
            for i in np.setdiff1d(in_doubt, support)
        ]
        return weights, min(multipliers) > 0 and all(margin >= 1 for margin in exact)


def relative_error(weights, truth):
    with mpmath.workdps(80):
        off = [mpmath.mpf(float(w)) - t for w, t in zip(weights, truth, strict=True)]
        return float(mpmath.norm(off) / mpmath.norm(truth))


def random_problem(rng, width, points, separable=True):
    features = rng.standard_normal((points, width)) * 10.0 ** rng.integers(-5, 6)
    labels = np.sign(features @ rng.standard_normal(width))
    return features, labels if separable else rng.choice([-1.0, 1.0], points)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize(
    ("degree", "m"), [(7, 40), (30, 2), (30, 33), (30, 100), (30, 1000), (30, 100_000), (45, 600)]
)
def test_weights_agree_with_the_optimum_at_80_digits(grid, degree, m):
    features, labels = chebyshev_problem(grid, m, degree)
    result = maxmargin.fit(features, labels)
    truth, optimal = reference(features, labels, result.support)
    assert optimal
    assert relative_error(result.weights, truth) < 1e-12
    assert abs(result.gap) < 1e-10


def test_random_problems_agree_with_the_optimum_at_80_digits():
    rng = np.random.default_rng(0)
    for _ in range(60):
        features, labels = random_problem(rng, rng.integers(1, 12), rng.integers(1, 60))
        result = maxmargin.fit(features, labels)
        truth, optimal = reference(features, labels, result.support)
        assert optimal
        assert relative_error(result.weights, truth) < 1e-12


@pytest.mark.parametrize("seed", [46, 90, 294])
def test_more_points_on_the_margin_than_features_agree_with_the_optimum_at_80_digits(seed):
    x = grids.chebyshev(12, "lobatto")
    features = polynomials.chebyshev_features(10, x)
    labels = np.sign(features @ np.random.default_rng(seed).standard_normal(11))
    found = maxmargin.fit(features, labels)
    assert np.abs(labels * found(features) - 1).max() < 1e-12  # 12 points, 11 features
    truth, optimal = reference(features, labels, found.support)
    assert optimal
    assert relative_error(found.weights, truth) < 1e-12


def test_two_points_give_the_closed_form_of_equation_7():
    x = np.random.default_rng(1).random(50)
    for n in (1, 2, 5, 12, 31):
        result = maxmargin.fit(polynomials.chebyshev_features(n, [0.0, 1.0]), [-1, 1])
        values = result(polynomials.chebyshev_features(n, x))
        assert np.abs(values - polynomials.chebyshev_classifier(n, x)).max() < 1e-14


def test_agrees_with_a_general_purpose_optimiser():
    rng = np.random.default_rng(2)
    for _ in range(10):
        features = rng.standard_normal((12, 4))
        labels = np.sign(features @ rng.standard_normal(4))
        rows = labels[:, None] * features
        start = maxmargin.fit(features, labels).weights * 3 + 0.1
        found = minimize(
            lambda w: w @ w / 2,
            start,
            jac=lambda w: w,
            constraints={
                "type": "ineq",
                "fun": lambda w, a=rows: a @ w - 1,
                "jac": lambda w, a=rows: a,
            },
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 500},
        )
        assert np.allclose(maxmargin.fit(features, labels).weights, found.x, rtol=1e-5, atol=1e-6)


def test_agrees_with_the_least_distance_dual_by_nonnegative_least_squares():
    # Lawson and Hanson, Solving Least Squares Problems (1974), chapter 23, problem LDP
    features, labels = chebyshev_problem("equispaced", 24, degree=9)
    rows = labels[:, None] * features
    system, target = np.vstack((rows.T, np.ones(len(rows)))), np.append(np.zeros(10), 1.0)
    residual = system @ nnls(system, target)[0] - target
    assert np.allclose(maxmargin.fit(features, labels).weights, -residual[:-1] / residual[-1])


def test_separability_is_told_as_linear_programming_tells_it():
    rng = np.random.default_rng(3)
    told = []
    for trial in range(150):
        width = int(rng.integers(1, 10))
        features, labels = random_problem(rng, width, rng.integers(2, 4 * width + 4), trial % 2)
        rows = labels[:, None] * features / np.abs(features).max()
        feasible = linprog(np.zeros(width), -rows, -np.ones(len(rows)), bounds=(None, None)).success
        try:
            maxmargin.fit(features, labels)
            told.append(True)
        except ValueError as error:
            assert "not separable" in str(error)  # noqa: PT017
            told.append(False)
        assert told[-1] == feasible
    assert 20 < sum(told) < 130


@pytest.mark.parametrize("flipped", [49_990, 50_001])
def test_a_wrong_label_next_to_the_middle_of_a_large_grid_is_not_separable(flipped):
    features, labels = chebyshev_problem("equispaced", 100_000)
    labels[flipped] *= -1
    with pytest.raises(ValueError, match="not separable"):
        maxmargin.fit(features, labels)


def test_a_wrong_label_that_a_polynomial_can_still_follow_is_followed():
    features, labels = chebyshev_problem("equispaced", 100_000)
    labels[25_000] *= -1
    result = maxmargin.fit(features, labels)
    assert (labels * result(features)).min() > 1 - 1e-6
    assert reference(features, labels, result.support)[1]


def test_many_random_labels_are_not_separable():
    rng = np.random.default_rng(4)
    features = polynomials.chebyshev_features(30, rng.random(50_000))
    with pytest.raises(ValueError, match="not separable"):
        maxmargin.fit(features, rng.choice([-1, 1], 50_000))


def test_the_order_and_the_scale_of_the_points_do_not_matter():
    features, labels = chebyshev_problem("lobatto", 2000)
    order = np.random.default_rng(5).permutation(2000)
    plain, shuffled = maxmargin.fit(features, labels), maxmargin.fit(features[order], labels[order])
    assert np.allclose(plain.weights, shuffled.weights, rtol=1e-12, atol=1e-12)
    assert np.array_equal(plain.support, np.sort(order[shuffled.support]))
    scaled = maxmargin.fit(features * 1e7, labels)
    assert np.allclose(plain.weights, scaled.weights * 1e7, rtol=1e-12, atol=1e-12)


def test_repeated_points_change_nothing():
    features, labels = chebyshev_problem("roots", 60)
    once, twice = (
        maxmargin.fit(features, labels),
        maxmargin.fit(*[np.repeat(a, 2, 0) for a in (features, labels)]),
    )
    assert np.allclose(once.weights, twice.weights, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("grid", GRIDS)
def test_a_large_grid_takes_few_passes_and_no_copy(grid, monkeypatch):
    features, labels = chebyshev_problem(grid, 100_000)
    features.flags.writeable = False
    passes, look = [], maxmargin._violated
    monkeypatch.setattr(maxmargin, "_violated", lambda *a: passes.append(1) or look(*a))
    tracemalloc.start()
    maxmargin.fit(features, labels)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(passes) <= 8
    assert peak < features.nbytes / 2


EXACT = [[1, 0], [Fraction(1, 2), Fraction(1, 3)], [0, Fraction(1, 7)]]


def test_exact_weights_are_the_fitted_ones_in_rationals():
    features, labels = [[float(v) for v in phi] for phi in EXACT], [1, -1, -1]
    fitted = maxmargin.fit(features, labels)
    weights = maxmargin.exact_weights(EXACT, labels, fitted.support)
    assert weights == [1, -7]  # the second constraint, 1/2 - 7/3 <= -1, is met with room
    np.testing.assert_allclose(fitted.weights, [1, -7], rtol=1e-12)


def test_a_classifier_stays_as_it_was_fitted():
    with pytest.raises(AttributeError):
        maxmargin.fit([[1.0]], [1]).gap = 0.0


def test_support_vectors_are_counted_from_0_on():
    with pytest.raises(ValueError, match=r"^support: got .*-1"):
        maxmargin.MaxMargin([1.0], [0, -1], 0.0)


def test_a_support_with_a_multiplier_of_zero_is_certified():
    half = Fraction(1, 2)
    assert maxmargin.exact_weights([[2, 0], [1, 1]], [1, 1], [0, 1]) == [half, half]


@pytest.mark.parametrize("support", [[0, 1], [0], [1], [1, 2]])
def test_a_wrong_support_is_not_certified(support):
    with pytest.raises(ArithmeticError, match="not that of the optimum"):
        maxmargin.exact_weights(EXACT, [1, -1, -1], support)


def test_a_support_with_a_small_negative_multiplier_is_not_certified():
    # w = (1/4, -1/2) meets both constraints, of multipliers 7/16 and -1/8; (1/4, 0) is shorter
    with pytest.raises(ArithmeticError, match="not that of the optimum"):
        maxmargin.exact_weights([[4, 0], [12, 4]], [1, 1], [0, 1])


@pytest.mark.parametrize(
    ("features", "labels"), [([[1, 0], [3, 1]], [1]), ([[1, 0], [3, 1, 2]], [1, 1])]
)
def test_what_is_no_rectangle_or_has_fewer_labels_is_not_certified(features, labels):
    with pytest.raises(ValueError, match="shorter"):
        maxmargin.exact_weights(features, labels, [0])


ONES = np.ones((2, 2))


@pytest.mark.parametrize(
    ("features", "labels", "message"),
    [
        (ONES, [1, 0], "labels: got 0, the label of a tie.*drop"),
        (ONES, [1, 2], r"labels: got 2.0, accepts -1 and 1"),
        (ONES, [2, 3], r"labels: got 2.0, accepts -1 and 1"),
        (ONES, [1, np.nan], "labels: got nan"),
        (ONES, [1, 1, 1], r"labels: got shape \(3,\), accepts \(2,\)"),
        (np.ones(2), [1, 1], r"features: got shape \(2,\)"),
        (np.ones((0, 2)), [], "empty"),
        (np.ones((2, 0)), [1, 1], "empty"),
        ([[np.nan, 1]], [1], "features: got NaN"),
        ([[np.inf, 1]], [1], "features: got NaN, infinity"),
        ([[np.inf, -np.inf]], [1], "features: got NaN, infinity"),
        ([[1e200, 1]], [1], "features: got values up to 1e.200"),
        ([[1.0, 2], [1, 2]], [1, -1], "labels: .*not separable"),
        ([[0.0, 0], [1, 2]], [1, -1], "labels: .*not separable"),
    ],
)
def test_a_bad_training_set_is_refused_with_its_reason(features, labels, message):
    with pytest.raises(ValueError, match=message):
        maxmargin.fit(features, labels)


@pytest.mark.parametrize(
    ("flag", "said"), [(-1, "not separable"), (0, "exit flag 0 on 3 rows"), (-4, "exit flag -4 on")]
)
def test_a_solver_that_does_not_end_at_an_optimum_is_believed(flag, said, monkeypatch):
    ended = (np.zeros(2), 0.0, flag, {"lam": -np.ones(3)})
    monkeypatch.setattr(maxmargin.daqp, "solve", lambda *args, **kwargs: ended)
    with pytest.raises(ValueError if flag == -1 else ArithmeticError, match=said):
        maxmargin.fit([[1, 2], [3, 4], [5, 7]], [1, 1, 1])


def test_the_solver_gets_digits_and_iterations_enough(monkeypatch):
    asked, solve = [], maxmargin.daqp.solve
    monkeypatch.setattr(
        maxmargin.daqp,
        "solve",
        lambda *args, **kwargs: asked.append(kwargs) or solve(*args, **kwargs),
    )
    maxmargin.fit([[1, 2], [3, 4], [5, 7]], [1, 1, 1])
    maxmargin.fit_soft([[1, 2], [3, 4], [5, 7]], [1, 1, -1], 0.5)
    assert [one["iter_limit"] for one in asked] == [1300, 1300]
    assert [one["primal_tol"] for one in asked] == [1e-12, 1e-10]


def test_the_gap_is_that_of_the_weights_scaled_until_all_margins_are_one(monkeypatch):
    features, labels = chebyshev_problem("equispaced", 1000)
    monkeypatch.setattr(maxmargin, "_violated", lambda *_: np.array([], dtype=int))
    found = maxmargin.fit(features, labels)  # the optimum on a few points
    least = (labels * found(features)).min()
    assert 0.1 < least < 0.99
    assert found.gap == pytest.approx(1 - least**2)  # of |w|²/2 and |w|²/2least²


def test_a_soft_margin_whose_gap_is_open_is_not_returned(monkeypatch):
    def far(rows, penalty):
        return np.array([1 + error, 0]), np.array([1.0, 0])

    monkeypatch.setattr(maxmargin, "_solve_soft", far)
    error = 4e-7  # in the first weight, which moves the objective, 1/2, by a share of twice that
    assert maxmargin.fit_soft(np.eye(2), [1, 1], 1e-12).gap == pytest.approx(8e-7, rel=1e-3)
    error = 6e-7
    with pytest.raises(ArithmeticError, match="^the duality gap is 1e-06 of the objective$"):
        maxmargin.fit_soft(np.eye(2), [1, 1], 1e-12)


def nearly_opposite(apart):
    return np.array([[1, 1], [-1, -1 + apart]])  # the optimum is (-2, 2) / apart, nearly


@pytest.mark.parametrize("apart", [2e-15, 1e-14, 3e-14])
def test_a_margin_that_rounding_hides_is_none(apart):
    with pytest.raises(ValueError, match="not separable"):
        maxmargin._polish(nearly_opposite(apart), np.array([0, 1]))


def test_four_roundings_of_the_products_may_take_a_tenth_of_the_margin():
    _, weights, _ = maxmargin._polish(nearly_opposite(4e-14), np.array([0, 1]))
    assert weights == pytest.approx(np.array([-5e13, 5e13]), rel=0.01)  # 16 eps / 4e-14 = 0.089


@pytest.mark.parametrize("seed", [1, 3, 6])
def test_rows_that_differ_by_1e_13_keep_five_digits(seed):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((3, 5))
    rows = np.vstack((rows, rows + 1e-13 * rng.standard_normal((3, 5))))[[0, 1, 3, 4]]
    truth, _ = reference(rows, np.ones(4), np.arange(4))
    assert relative_error(maxmargin._least_norm(rows)[0], truth) < 2e-5


def test_of_each_of_the_worst_runs_of_violated_rows_17_are_taken_in_and_the_worst_row():
    margins = np.ones(200)
    margins[0], margins[10:26], margins[27:43], margins[60], margins[62] = 0.9, 0.8, 0.7, 0.5, 0.6
    margins[100:133], margins[111] = 0.6, 0.1
    features, weights = np.zeros((200, 1)), np.zeros(1)
    long = sorted([*range(100, 133, 2), 111])
    found = maxmargin._violated(features, margins, weights, 3)
    assert found.tolist() == [0, *range(10, 26), *range(27, 43), 60, 62, *long]
    assert maxmargin._violated(features, margins, weights, 1).tolist() == [60, *long]


def test_a_margin_that_is_1_to_rounding_is_not_violated():
    margins = 1 - np.finfo(float).eps * np.array([0, 2, 6])
    assert maxmargin._violated(np.ones((3, 1)), margins, np.ones(1), 1).tolist() == [2]


def test_an_active_set_is_looked_for_as_often_as_there_are_rows(monkeypatch):
    tried = []
    turned = iter(([1, -1], [1], [1, -1], [1]))

    def least_norm(rows):
        tried.append(rows[:, 0].tolist())
        return np.array([0.25, 0]), np.array(next(turned))

    monkeypatch.setattr(maxmargin, "_least_norm", least_norm)
    with pytest.raises(ArithmeticError, match="^no active set found among 4 constraints$"):
        maxmargin._polish(np.array([[1.0, 0], [2, 0], [9, 0], [8, 0]]), np.array([1, 2]))
    assert tried == [[2, 9], [2], [1, 2], [1]]  # the row of a negative multiplier goes


@pytest.mark.parametrize("start", [[0], [1], [2], [0, 1], [0, 2], [1, 2]])
def test_the_active_set_of_the_optimum_is_reached_from_any_other(start):
    rows = np.array([[4.0, 1], [1, 3], [9, 9], [8, 7], [7, 9]])
    active, weights, multipliers = maxmargin._polish(rows, np.array(start))
    assert active.tolist() == [0, 1]
    assert weights == pytest.approx(np.array([2, 3]) / 11)
    assert multipliers == pytest.approx(np.array([3, 10]) / 121)


def test_a_point_whose_multiplier_is_0_is_no_support_vector():
    active, weights, multipliers = maxmargin._polish(np.array([[2.0, 0], [1, 1]]), np.arange(2))
    assert active.tolist() == [1]
    assert weights.tolist() == [0.5, 0.5]
    assert multipliers.tolist() == [0.5]


def test_a_row_that_has_no_share_in_the_one_to_take_in_stays():
    rows = np.array([[-1.0, 0], [0, 1], [0, 0.5]])  # the share of the first in the last is -0
    assert maxmargin._polish(rows, np.arange(2))[0].tolist() == [0, 2]
