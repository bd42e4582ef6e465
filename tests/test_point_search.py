"""Searched point sets against a closed form, every single point, eigenvalues and small programs."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from pwlib import point_search, power_function
from pwlib.reruns import results


def features(n, x):
    return np.cos(np.outer(np.arccos(2 * np.asarray(x) - 1), np.arange(n + 1)))


@pytest.mark.parametrize("m", [1, 5])
def test_starts_are_the_grids_and_then_scatter_by_two_fifths_of_a_part(m):
    if m > 1:
        for index, grid in enumerate(power_function.grids_of(m).values()):
            x = np.sin(point_search.start(m, 0, index) / 2) ** 2
            np.testing.assert_allclose(x, grid, atol=1e-15)
    even, odd = (np.array([point_search.start(m, 0, i) for i in range(k, 1200, 2)]) for k in (6, 5))
    apart = {"even": even * m / np.pi - np.arange(m) - 0.5}  # in parts
    if m > 1:
        apart["odd"] = (odd * (m - 1) / np.pi - np.arange(m))[:, 1:-1]
        at_ends = np.append(odd[:, 0], np.pi - odd[:, -1])
        assert at_ends.min() == 0
        assert np.mean(at_ends == 0) == pytest.approx(0.5, abs=0.1)
    else:
        apart["odd"] = odd / np.pi - 0.5
    for jitter in apart.values():
        assert -0.4 <= jitter.min() < -0.39
        assert 0.39 < jitter.max() <= 0.4
    assert point_search.start(m, 1, 6).tolist() != point_search.start(m, 0, 6).tolist()


def test_two_points_start_from_the_grids_as_well():
    for index, grid in enumerate(power_function.grids_of(2).values()):
        x = np.sin(point_search.start(2, 0, index) / 2) ** 2
        np.testing.assert_allclose(x, grid, atol=1e-15)


def test_one_point_of_a_line_is_best_in_the_middle():
    # with u = 2x − 1 the variance at v is (v − u)²/(1 + u²)
    u = 2 * np.array([0.2, 0.5, 0.9]) - 1
    for x, mean, most in zip(
        (1 + u) / 2, (1 / 3 + u**2) / (1 + u**2), (1 + abs(u)) ** 2 / (1 + u**2), strict=True
    ):
        assert point_search.score(1, [x], "average") == pytest.approx(mean)
        assert point_search.score(1, [x], "worst") == pytest.approx(most)
    for criterion, value in (("average", 1 / 3), ("worst", 1)):
        found, x = point_search.search(1, 1, criterion, index=5)
        assert found == pytest.approx(value, abs=1e-9)
        assert x == pytest.approx([0.5], abs=1e-5)


@pytest.mark.parametrize("criterion", point_search.CRITERIA)
def test_of_all_single_points_the_best_is_found(criterion):
    roots, weights = np.polynomial.legendre.leggauss(3)
    at = {"average": (1 + roots) / 2, "worst": np.linspace(0, 1, 401)}[criterion]
    phi = features(2, np.linspace(0, 1, 2001))
    seen = (features(2, at) @ phi.T) ** 2 / (phi**2).sum(axis=1)
    left = (features(2, at) ** 2).sum(axis=1)[:, None] - seen
    judged = weights @ left / 2 if criterion == "average" else left.max(axis=0)
    row = point_search.best(2, 1, criterion, starts=6)
    assert row["value"] == pytest.approx(judged.min(), abs=1e-5)
    at_best = abs(2 * judged.argmin() / 2000 - 1)  # as good as its mirror image
    assert abs(2 * row["points"][0] - 1) == pytest.approx(at_best, abs=1e-3)


@pytest.mark.parametrize("n", [2, 3])
def test_n_points_are_found_that_attain_the_least_eigenvalue(n):
    least, roots = power_function.eigen_points(n)
    value, x = point_search.search(n, n, "average", index=6)
    assert value == pytest.approx(least, abs=1e-9)
    np.testing.assert_allclose(x, np.sort(roots.real), atol=1e-5)


def test_the_best_of_the_starts_is_the_row_and_its_equals_are_counted(monkeypatch):
    values = [3.0, 1 + 5e-7, 1.0, 1 + 2e-6, 1 - 5e-7 + 1e-9, 1 + 1e-7]
    asked = []

    def search(*args):
        asked.append(args)
        return values[args[3]], np.array([args[3] / 10, 0.9])

    monkeypatch.setattr(point_search, "search", search)
    monkeypatch.setattr(point_search, "STARTS", {"average": 6, "worst": 3})
    row = point_search.best(4, 2, "average")
    about = {"n": 4, "m": 2, "criterion": "average", "starts": 6, "seed": 0}
    assert row == about | {"value": values[4], "points": [0.4, 0.9], "hits": 4, "start": 4}
    assert asked == [(4, 2, "average", index, 0) for index in range(6)]
    assert point_search.best(4, 2, "worst", starts=1, seed=3)["seed"] == asked[-1][-1] == 3
    assert point_search.best(4, 2, "worst")["starts"] == 3


PI = np.pi


@pytest.mark.parametrize(
    ("angles", "values", "slopes", "radius", "step", "promised"),
    [
        ([1.0], [1, 0.5], [[1], [-1]], 0.5, [-0.25], 0.75),  # where the two are equal
        ([1.0], [1, 0.5], [[1], [-1]], 0.1, [-0.1], 0.9),  # the region ends before
        ([0.05], [1, 0.5], [[1], [-1]], 0.1, [-0.05], 0.95),  # and here the interval
        ([PI - 0.03], [1, 0.5], [[-1], [1]], 0.1, [0.03], 0.97),
        ([1.0], [1, 0.09], [[1], [-50]], 0.1, [-0.1], 0.9),  # what is low is left alone
        ([1.0], [1, 0.11], [[1], [-50]], 0.1, [-0.89 / 51], 1 - 0.89 / 51),
        ([1.0], [2, 0.15], [[1], [-50]], 0.1, [-0.1], 1.9),
        ([1.0], [1], [[100]], 0.1, None, 0),  # a variance isn't negative
        ([1.0, 1.011], [1], [[-1, 1]], 0.1, None, 0.99),  # neighbours keep their distance
        ([1.0, 1.0005], [1], [[-1, 1]], 0.1, None, 1),  # and are not driven apart if nearer
    ],
)
def test_a_step_minimises_the_greatest_of_the_linearised_variances(
    angles, values, slopes, radius, step, promised
):
    given = (np.array(one, dtype=float) for one in (angles, values, slopes))
    found, least = point_search._linear_step(*given, radius)
    assert least == pytest.approx(promised, abs=1e-9)
    assert step is None or found == pytest.approx(step, abs=1e-9)
    if len(angles) > 1:
        assert np.diff(angles + found) == pytest.approx(min(1e-3, np.diff(angles)[0]), abs=1e-9)


def test_each_point_keeps_its_distance_from_the_next():
    angles, slopes = np.array([0.5, 1, 1.011]), np.array([[0.0, -1, 1]])
    step, least = point_search._linear_step(angles, np.ones(1), slopes, 0.1)
    assert least == pytest.approx(0.99, abs=1e-9)
    assert np.diff(angles + step)[1] == pytest.approx(1e-3, abs=1e-9)


def test_where_a_program_has_no_solution_nothing_moves(monkeypatch):
    failed = type("Failed", (), {"x": None})
    monkeypatch.setattr("scipy.optimize.linprog", lambda *args, **kwargs: failed)
    values, slopes = np.array([1.0, 2]), np.ones((2, 3))
    step, least = point_search._linear_step(np.array([0.5, 1, 2]), values, slopes, 0.1)
    assert step.tolist() == [0, 0, 0]
    assert least == 2
    angles = np.array([0.5, 1, 2])
    assert point_search._descend_worst(4, angles) is angles


def test_what_descends_is_the_mean_variance_along_its_slopes(monkeypatch):
    asked = []

    def minimize(fun, x0, *, bounds, constraints, **others):
        asked.append((fun, bounds, constraints))
        return type("Found", (), {"x": np.array([-1e-9, 1.5, np.pi + 1e-9])})

    monkeypatch.setattr("scipy.optimize.minimize", minimize)
    found = point_search._descend_average(5, np.array([0.4, 1.2, 2.5]))
    assert found.tolist() == [0, 1.5, np.pi]
    ((fun, bounds, order),) = asked
    assert bounds == [(0, np.pi)] * 3
    angles = np.array([0.3, 1.0, 2.6])
    mean = lambda at: power_function.mean_variance(5, np.sin(at / 2) ** 2)  # noqa: E731
    value, slope = fun(angles)
    assert value == pytest.approx(mean(angles))
    np.testing.assert_allclose(slope, approx_fprime(angles, mean), rtol=1e-5)
    np.testing.assert_allclose(order["fun"](angles), [0.699, 1.599])
    assert order["jac"](angles).tolist() == [[-1, 1, 0], [0, -1, 1]]


def test_steps_get_longer_where_a_tenth_of_the_promise_is_kept_and_shorter_elsewhere(monkeypatch):
    gains, radii, at = iter([0.2, 0.05, 0.11, 0.3, 0.05]), [], []

    def step(angles, values, slopes, radius):
        radii.append(radius)
        at.append(float(angles[0]))
        return np.array([1e-3]), values.max() - (1 if len(radii) < 6 else 1e-11)

    def values(n, angles, features):
        assert features.shape == (20 * n + 1, n + 1)
        return np.array([level[-1], 0]), None

    level = [9.0]

    def moved(n, angles, features):
        found = values(n, angles, features)
        if radii:
            level.append(level[-1] - next(gains))
            found = values(n, angles, features)
            kept = level[-2] - level[-1] > 0.1
            level[:] = [level[-1] if kept else level[-2]]
        return found

    monkeypatch.setattr(point_search, "_linear_step", step)
    monkeypatch.setattr(point_search, "gradients", moved)
    found = point_search._descend_worst(2, np.array([1.0]))
    assert radii == pytest.approx([0.1, 0.2, 0.2 / 3, 0.4 / 3, 0.8 / 3, 0.8 / 9])
    assert at == pytest.approx([1, 1.001, 1.001, 1.002, 1.003, 1.003])
    assert found == pytest.approx([1.003])


def test_a_hundred_steps_are_the_most(monkeypatch):
    taken = []

    def step(angles, values, slopes, radius):
        taken.append(radius)
        return np.zeros(1), values.max() - 1

    monkeypatch.setattr(point_search, "_linear_step", step)
    monkeypatch.setattr(
        point_search, "gradients", lambda *_: (np.array([1e3 - len(taken), 0]), None)
    )
    point_search._descend_worst(2, np.array([1.0]))
    assert len(taken) == 100


def test_a_search_that_gains_nothing_ends_where_the_region_is_a_thousand_millionth(monkeypatch):
    taken = []

    def step(angles, values, slopes, radius):
        taken.append(radius)
        return np.zeros(1), values.max() - 1

    monkeypatch.setattr(point_search, "_linear_step", step)
    monkeypatch.setattr(point_search, "gradients", lambda *_: (np.array([2.0, 0]), None))
    point_search._descend_worst(2, np.array([1.0]))
    assert taken == pytest.approx(0.1 / 3.0 ** np.arange(18))
    assert taken[-1] < 1e-9 < taken[-2]


def test_neighbours_keep_a_thousandth_of_a_radian():
    angles = np.array([0.7, 0.7 + 2e-3, 2.0])
    for descend in (point_search._descend_average, point_search._descend_worst):
        assert np.diff(descend(6, angles)).min() >= 1e-3 - 1e-9
    (merged,) = [np.array(r["points"]) for r in results.read("point-sets")
                 if (r["m"], r["criterion"]) == (5, "worst")]  # fmt: skip
    assert np.diff(2 * np.arcsin(np.sqrt(merged))).min() == pytest.approx(1e-3, rel=1e-5)


def test_the_gradients_of_the_search_are_finite_differences():
    n, angles, at = 6, np.array([0.3, 1.1, 1.9, 2.8]), features(6, [0.0, 0.2, 0.77])
    values, slopes = point_search.gradients(n, angles, at)
    x = np.sin(angles / 2) ** 2
    np.testing.assert_allclose(values, power_function.variance(n, x, [0.0, 0.2, 0.77]), atol=1e-12)
    for row, slope in zip(at, slopes, strict=True):
        numerical = approx_fprime(
            angles, lambda a, f=row: point_search.gradients(n, a, f[None])[0][0]
        )
        np.testing.assert_allclose(slope, numerical, atol=1e-5)


def test_equal_points_have_equal_slopes_of_usual_size():
    _, slopes = point_search.gradients(6, np.array([0.3, 1.1, 1.1]), features(6, [0.0, 0.2, 0.77]))
    np.testing.assert_allclose(slopes[:, 1], slopes[:, 2], rtol=1e-9)
    assert np.abs(slopes).max() < 1e3


@pytest.mark.parametrize("criterion", point_search.CRITERIA)
def test_a_search_ends_no_worse_than_it_began_and_no_neighbour_is_better(criterion):
    n, m = 5, 3
    value, x = point_search.search(n, m, criterion, index=6)
    began = np.sin(point_search.start(m, 0, 6) / 2) ** 2
    assert value < point_search.score(n, began, criterion)
    for step in np.random.default_rng(0).uniform(-1e-3, 1e-3, (50, m)):
        assert point_search.score(n, np.clip(x + step, 0, 1), criterion) > value - 1e-6


def test_the_stored_values_are_those_of_the_stored_points():
    rows = results.read("point-sets")
    assert [(r["m"], r["criterion"]) for r in rows] == [
        (m, c) for m in range(1, 11) for c in point_search.CRITERIA
    ]
    for row in rows:
        assert (row["starts"], row["seed"]) == (point_search.STARTS[row["criterion"]], 0)
        found = point_search.score(10, row["points"], row["criterion"])
        assert found == pytest.approx(row["value"], abs=1e-7)
        best = (
            min(
                point_search.score(10, x, row["criterion"])
                for x in power_function.grids_of(max(row["m"], 2)).values()
                if len(x) == row["m"]
            )
            if row["m"] > 1
            else np.inf
        )
        assert row["value"] <= best + 1e-9


def test_one_row_of_the_table_is_found_again():
    row = next(r for r in results.read("point-sets") if (r["m"], r["criterion"]) == (8, "average"))
    value, x = point_search.search(10, 8, "average", row["start"], row["seed"])
    assert value == pytest.approx(row["value"], abs=1e-7)
    np.testing.assert_allclose(x, row["points"], atol=1e-4)


def test_another_criterion_is_refused():
    with pytest.raises(ValueError, match=r"^criterion: got 'best'"):
        point_search.score(3, [0.5], "best")
