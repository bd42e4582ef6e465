import mpmath as mp
import numpy as np
import pytest

from pwlib import grids, large_degrees, sample_complexity, signs
from pwlib.reruns import results

LESS = {"lobatto": 1, "roots": 0, "roots+ends": 2}
EVEN, ODD = (1 / share for share in large_degrees.SHARES)  # 2p/N from which on f dips below 0


def integral(r, y, odd):
    """The limit of f at φ = y/N as N and p grow with 2p/N = 1 + r, from the weights as they are."""
    weight = (lambda s: mp.cot(mp.pi * s / 2)) if odd else (lambda s: 1 / mp.sin(mp.pi * s / 2))
    whole = mp.quad(lambda s: weight(s) * mp.sin(s * y), [0, 1 - r])
    return whole + mp.quad(lambda s: weight(s) * mp.sin(s * y), [1 - r, 1, 1 + r]) / 2


@pytest.mark.parametrize("n", [9, 10, 31, 60])
@pytest.mark.parametrize("reading", grids.CHEBYSHEV_KINDS)
def test_the_interpolant_is_the_maximum_margin_classifier_at_every_size(n, reading):
    p = (n + 1) // 2
    for m in range(p + LESS[reading], 2 * p + LESS[reading]):
        fitted = sample_complexity.fit(n, sample_complexity.grid(reading, m))
        found = large_degrees.interpolant(n, reading, m)
        assert np.allclose(found, fitted, rtol=0, atol=1e-9 * np.abs(fitted).max())


@pytest.mark.parametrize(
    ("reading", "m"), [("roots", 529), ("roots", 593), ("lobatto", 599), ("roots+ends", 602)]
)
def test_at_degree_1000_the_fit_is_the_interpolant_where_rounding_once_stopped_it(reading, m):
    fitted = sample_complexity.fit(1000, sample_complexity.grid(reading, m))
    found = large_degrees.interpolant(1000, reading, m)
    assert np.allclose(found, fitted, rtol=0, atol=1e-9 * np.abs(fitted).max())


def test_too_few_or_too_many_points_for_the_interpolant_are_refused():
    for m in (4, 10):
        with pytest.raises(ValueError, match=f"m: got {m}, accepts a whole number from 5 to 9"):
            large_degrees.interpolant(10, "roots", m)
    with pytest.raises(ValueError, match="reading: got 'equispaced', accepts"):
        large_degrees.interpolant(10, "equispaced", 8)


@pytest.mark.parametrize(("m", "odd"), [(520, False), (551, True)])
def test_the_interpolant_tends_to_the_integral_as_the_square_of_the_step(m, odd):
    off = []
    for n, size in ((1000, m), (2000, 2 * m - odd)):
        weights, r = large_degrees.interpolant(n, "roots", size), n / size - 1
        f = np.polynomial.chebyshev.chebval(np.sin(2.5 / size), weights)
        off.append(abs(f - float(integral(r, 2.5, odd))))
    assert off[0] < 1e-4
    assert off[1] < off[0] / 3


def test_the_least_value_is_that_on_a_fine_mesh_and_negative_with_a_spurious_sign_change():
    phi = np.linspace(1e-6, np.pi / 2, 20_001)
    for n, reading in ((20, "lobatto"), (33, "roots"), (60, "roots+ends")):
        p = (n + 1) // 2
        for m in range(p + LESS[reading], 2 * p + LESS[reading], 3):
            weights = large_degrees.interpolant(n, reading, m)
            f = np.polynomial.chebyshev.chebval(np.sin(phi), weights) / np.minimum(1, p * phi)
            least = large_degrees.least_value(weights)
            assert least == pytest.approx(f.min(), abs=0.01)
            assert (least < 0) == (signs.spurious_sign_changes(weights).size > 0)


def test_the_critical_shares_are_three_fifths_and_a_double_zero():
    # 2p/N = 5/3: the slope at the middle vanishes; 2p/N = EVEN: f and its slope do, at one y
    assert abs(ODD - 5 / 3) < 1e-15
    slope = mp.quad(lambda s: s * mp.cot(mp.pi * s / 2), [0, mp.mpf(1) / 3])
    slope += mp.quad(lambda s: s * mp.cot(mp.pi * s / 2), [mp.mpf(1) / 3, 1, mp.mpf(5) / 3]) / 2
    assert abs(slope) < 1e-12
    y, h = mp.mpf("2.7619454733"), mp.mpf("1e-3")
    low, middle, high = (integral(EVEN - 1, y + step, False) for step in (-h, 0, h))
    assert abs(middle) < 1e-8
    assert abs(high - low) < 1e-8  # to h³
    assert min(low, high) > 0


def test_the_stored_last_sizes_on_chebyshev_grids_are_those_that_the_shares_predict():
    rows = results.read("chebyshev-sizes")
    assert len(rows) == 192
    for row in rows:
        less = LESS[row["reading"]]
        bound = 2 * row["p"] / (ODD if row["odd"] else EVEN) + less  # N < bound − less
        assert bound - 2.001 <= row["last"] < bound  # at p = 380 N is 0.0005 from the edge
        assert row["last"] % 2 == row["odd"]
    for row in rows[:12]:
        found = large_degrees.chebyshev_row(row["p"], row["reading"], bool(row["odd"]))
        assert found == row


def test_what_is_no_share_or_number_is_refused():
    for c in (0, np.nan, np.inf):
        with pytest.raises(ValueError, match="c: got"):
            large_degrees.end_problem(c, False, False, 80)
    with pytest.raises(ValueError, match="p: got 1.5, accepts a whole number from 2 on"):
        large_degrees.end_of_classifier(1.5, 100)


def test_where_nothing_dips_there_is_no_last_size():
    with pytest.raises(ValueError, match="n: got 6, accepts degrees"):
        large_degrees.last_size(6, "lobatto", True)
    with pytest.raises(ValueError, match="p: got 20, accepts numbers"):
        large_degrees.last_equispaced_size(20, False, 0.002)


@pytest.mark.parametrize(("p", "m"), [(30, 244), (30, 245), (31, 470), (31, 330)])
def test_the_exchange_finds_the_classifier_on_the_equispaced_grid(p, m):
    weights = sample_complexity.fit(2 * p, grids.equispaced(m))
    z = np.linspace(0, 20, 301)
    expected = np.polynomial.chebyshev.chebval(np.cos(z / p), weights)
    found = large_degrees.end_of_classifier(p, m)(z)
    assert np.allclose(found, expected, rtol=0, atol=1e-4)


def test_the_last_sizes_on_equispaced_grids_are_those_of_the_fits():
    table = {(row["p"], row["odd"]): row for row in results.read("sample-complexity")
             if row["reading"] == "equispaced"}  # fmt: skip
    for p, odd in ((20, 0), (20, 1), (25, 1), (29, 0)):
        assert large_degrees.equispaced_row(p, bool(odd))["last"] == table[p, odd]["last"]


@pytest.mark.parametrize("c", [0.12, 0.3])
def test_the_ripple_is_that_of_a_large_classifier(c):
    p = 240
    f = large_degrees.end_of_classifier(p, 2 * round(2 * c * p**2))
    periods = np.pi * np.linspace(6, 20, 1401)[:-1]
    assert f(periods).mean() - 1 == pytest.approx(large_degrees.ripple(c), rel=0.1)


def test_the_end_problem_meets_its_constraints_and_is_the_limit_of_classifiers():
    c = 0.07
    limit = large_degrees.end_problem(c, False, False, 80)
    z = np.sqrt(np.arange(500) / c)
    assert limit(z).min() > 1 - 1e-6
    near = np.linspace(0, 10, 200)
    apart = []
    for p in (30, 120):
        f = large_degrees.end_of_classifier(p, 2 * round(2 * c * p**2))
        apart.append(np.abs(f(near) - limit(near)).max())
    assert apart[1] < 0.03
    assert apart[1] < apart[0] / 2


def test_the_stored_dips_of_the_limit_change_sign_where_the_constants_say():
    rows = results.read("equispaced-limit")
    for odd_p, odd_m, low, high in (
        (0, 0, 0.066, 0.068),
        (0, 1, 0.066, 0.068),
        (1, 0, 0.108, 0.112),
        (1, 1, 0.077, 0.081),
    ):
        dips = {r["c"]: r["p_480"] for r in rows if (r["odd_p"], r["odd_m"]) == (odd_p, odd_m)}
        assert dips[low] < 0 < dips[high]
        assert all(dip > 0 for c, dip in dips.items() if c >= high)
