import mpmath
import numpy as np
import pytest

from pwlib import grids

SIZES = [2, 3, 4, 5, 18, 31, 100, 3333, 100_000]


def every_grid(m):
    yield grids.equispaced(m)
    for kind in grids.CHEBYSHEV_KINDS:
        yield grids.chebyshev(m, kind)


@pytest.mark.parametrize("m", SIZES)
def test_grids_ascend_and_are_antisymmetric_to_the_last_bit(m):
    for x in every_grid(m):
        assert len(x) == m
        assert np.all(np.diff(x) > 0)
        assert x[0] >= 0
        assert x[-1] <= 1
        assert np.array_equal(x[::-1], 1 - x)
        assert np.array_equal(1 - (1 - x), x)
        assert (0.5 in x) == (m % 2 == 1)


@pytest.mark.parametrize("m", [2, 3, 7, 30, 101])
def test_points_are_those_of_the_definitions_at_50_digits(m):
    with mpmath.workdps(50):
        half, pi = mpmath.mpf(1) / 2, mpmath.pi
        truth = {
            "equispaced": [mpmath.mpf(j) / (m - 1) for j in range(m)],
            "lobatto": [half - mpmath.cos(pi * j / (m - 1)) / 2 for j in range(m)],
            "roots": [half - mpmath.cos(pi * (2 * j + 1) / (2 * m)) / 2 for j in range(m)],
            "roots+ends": [
                0,
                *[half - mpmath.cos(pi * (2 * j + 1) / (2 * m - 4)) / 2 for j in range(m - 2)],
                1,
            ],
        }
        truth = {name: np.array([float(x) for x in points]) for name, points in truth.items()}
    assert np.abs(grids.equispaced(m) - truth.pop("equispaced")).max() <= 2**-53
    for kind, points in truth.items():
        assert np.abs(grids.chebyshev(m, kind) - points).max() <= 2**-52


@pytest.mark.parametrize("m", [2, 3, 30, 10**6])
def test_angles_have_the_first_points_to_15_digits(m):
    steps = {"lobatto": m - 1, "roots": 2 * m}  # the least angle but 0 is pi divided by these
    steps |= {"roots+ends": 2 * m - 4} if m > 2 else {}
    for kind, steps_to_pi in steps.items():
        angles = grids.chebyshev_angles(m, kind)
        with mpmath.workdps(50):
            truth = mpmath.sin(mpmath.pi / (2 * steps_to_pi)) ** 2
            assert abs(np.sin(angles[angles > 0][0] / 2) ** 2 / truth - 1) < 1e-15
        assert len(angles) == m
        np.testing.assert_allclose(np.sin(angles / 2) ** 2, grids.chebyshev(m, kind), atol=2e-16)
        np.testing.assert_allclose(angles + angles[::-1], np.pi, rtol=1e-15)


def test_points_where_chebyshev_polynomials_vanish_and_turn():
    m = 12
    basis = np.polynomial.Chebyshev.basis
    assert np.abs(basis(m)(2 * grids.chebyshev(m, "roots") - 1)).max() < 1e-13
    assert np.abs(basis(m - 2)(2 * grids.chebyshev(m, "roots+ends")[1:-1] - 1)).max() < 1e-13
    assert np.abs(basis(m - 1).deriv()(2 * grids.chebyshev(m)[1:-1] - 1)).max() < 1e-11


def test_labels_are_those_of_the_nearest_of_0_and_1():
    x = np.random.default_rng(0).random(1000)
    nearest = np.where(np.abs(x - 0) < np.abs(x - 1), -1, 1)
    assert np.array_equal(grids.nearest_neighbour_labels(x), nearest)
    assert np.array_equal(grids.nearest_neighbour_labels([0, 0.5, 1]), [-1, 0, 1])


@pytest.mark.parametrize("m", [6, 7])
def test_training_set_drops_the_tie_and_nothing_else(m):
    x, labels = grids.training_set(grids.equispaced(m))
    assert len(x) == len(labels) == 6
    assert set(labels) == {-1.0, 1.0}
    assert 0.5 not in x


@pytest.mark.parametrize("m", [1, 0, -3, 2.5, "8", True])
def test_a_size_without_a_grid_is_refused(m):
    for make in (grids.equispaced, grids.chebyshev, lambda m: grids.chebyshev(m, "roots+ends")):
        with pytest.raises(ValueError, match="m: got .* accepts"):
            make(m)


def test_one_root_and_no_less():
    assert grids.chebyshev(1, "roots") == [0.5]
    with pytest.raises(ValueError, match="m: got 0"):
        grids.chebyshev(0, "roots")


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="kind: got 'extrema', accepts one of 'lobatto', 'roots'"):
        grids.chebyshev(8, "extrema")
