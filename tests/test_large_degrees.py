import re

import mpmath as mp
import nbformat
import numpy as np
import pytest
from scipy.optimize import nnls

from pwlib import grids, large_degrees, polynomials, sample_complexity, signs
from pwlib.places import CHAPTERS
from pwlib.reruns import results

LESS = {"lobatto": 1, "roots": 0, "roots+ends": 2}
EVEN, ODD = (1 / share for share in large_degrees.SHARES)  # 2p/N from which on f dips below 0


def prose(chapter):
    cells = nbformat.read(CHAPTERS / f"{chapter}.ipynb", as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


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


def test_of_two_points_and_degree_1_the_interpolant_is_a_line():
    assert large_degrees.interpolant(1, "lobatto", 2) == pytest.approx([0, 1])


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


@pytest.mark.parametrize(("n", "m"), [(9, 6), (20, 14)])
def test_the_least_value_is_that_on_64_points_a_period(n, m):
    p, weights = (n + 1) // 2, large_degrees.interpolant(n, "roots", m)
    phi = np.pi / 64 / p * np.arange(1, 32 * p + 1)
    f = np.polynomial.chebyshev.chebval(np.sin(phi), weights) / np.minimum(1, p * phi)
    steepness = np.polynomial.chebyshev.chebval(0, np.polynomial.chebyshev.chebder(weights)) / p
    least = min(steepness, f.min())
    assert large_degrees.least_value(weights) == pytest.approx(least, rel=1e-12)


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
    for odd in (False, True):
        with pytest.raises(ValueError, match="p: got 20, accepts numbers"):
            large_degrees.last_equispaced_size(20, odd, 0.002)


def test_a_dip_after_the_second_point_does_not_count(monkeypatch):
    def dips_after(p, m):
        return lambda z: np.where(z * (m - 1) ** 0.5 > 2 * p * (1 + 1e-12), -1.0, 1.0)

    monkeypatch.setattr(large_degrees, "end_of_classifier", dips_after)
    with pytest.raises(ValueError, match="p: got 20, accepts numbers"):
        large_degrees.last_equispaced_size(20, False, 0.02)


@pytest.mark.parametrize(("odd", "m"), [(False, 4), (True, 5)])
def test_sizes_are_tried_down_to_four_points(odd, m):
    assert signs.spurious_sign_changes(sample_complexity.fit(6, grids.equispaced(m))).size > 0
    assert large_degrees.last_equispaced_size(3, odd, 5.5 / 36) == m


@pytest.mark.parametrize(
    ("p", "m"),
    [(5, 20), (6, 21), (30, 244), (30, 245), (31, 470), (31, 330), (20, 6000), (40, 6001)],
)
def test_the_exchange_finds_the_classifier_on_the_equispaced_grid(p, m):
    weights = sample_complexity.fit(2 * p, grids.equispaced(m))
    z = np.linspace(0, np.pi / 2 * p, 601)
    expected = np.polynomial.chebyshev.chebval(np.cos(z / p), weights)
    found = large_degrees.end_of_classifier(p, m)(z)
    assert np.allclose(found, expected, rtol=0, atol=1e-8)


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
    assert f(periods).mean() - 1 == pytest.approx(large_degrees.ripple(c)[0], rel=0.1)


def ritz(c, odd_p, b, nodes, share):
    """The end problem without extrapolation, e in the span of explicit functions.

    Scalar products by the trapezoidal rule, then least distance programming by NNLS.
    """
    zeta = np.pi * (np.arange(nodes) + odd_p / 2)

    def basis(z):
        columns = []
        for at in zeta:
            values = [np.sinc((z - node) / np.pi) ** 2 for node in (at, -at)]
            columns.append((values[0] + values[1]) / (1 if at else 2))
            if at:
                columns.append((z - at) * values[0] - (z + at) * values[1])
        return np.transpose(columns)

    dense = np.arange(0, 600, 0.01)
    weights = np.where(dense == 0, 0.005, 0.01)[:, None]
    factor = np.linalg.cholesky(2 * (basis(dense) * weights).T @ basis(dense))
    z = np.sqrt(np.arange(int(c * (zeta[-1] + 1) ** 2) + 1) / c)
    halves = np.where(zeta == 0, 0.5, 1)
    pull = np.linalg.solve(factor, share * np.pi * (1 + b) * basis(zeta).T @ halves)
    rows = np.linalg.solve(factor, basis(z).T).T
    ripple = 2 * b * np.sin(z - zeta[0]) ** 2
    residual = np.append(np.zeros(len(pull)), 1)
    multipliers, _ = nnls(np.vstack([rows.T, rows @ pull - ripple]), residual)
    off = np.vstack([rows.T, rows @ pull - ripple]) @ multipliers - residual
    x = np.linalg.solve(factor.T, -off[:-1] / off[-1] - pull)
    return lambda at: 1 + 2 * b * np.sin(at - zeta[0]) ** 2 + basis(at) @ x


@pytest.mark.parametrize(("odd_p", "odd_m"), [(False, False), (True, False), (True, True)])
def test_the_end_problem_is_the_one_that_the_chapter_states(odd_p, odd_m, monkeypatch):
    stated = r"e\^2\\,dz \+ (\d)\\pi\(1 \+ b\) \\sum_\{l \\ge 0\}"
    (share,) = re.findall(stated, prose("6a-how-many-points"))
    in_proof = r"e\^2\\,dz \+ (\d)\\pi\(1 \+ b\) \\sum_l\{\}'"
    assert re.findall(in_proof, prose("details")) == [share]
    monkeypatch.setattr(large_degrees, "_beyond", lambda first, x: 0 * x)
    c, z = 0.1, np.linspace(0, 12, 200)
    b = large_degrees.ripple(c / 2 if odd_m else c)[0]
    expected = ritz(c, odd_p, b, 6, int(share))(z)
    found = large_degrees.end_problem(c, odd_p, odd_m, 6)(z)
    assert np.allclose(found, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("first", [0.0, 0.5])
def test_the_quadratic_form_of_values_and_slopes_is_the_integral_of_the_square(first):
    k = first + np.arange(3)
    halves = np.where(k == 0, 0.5, 1)
    z = np.arange(0, 2000, 0.02)
    less, more = np.subtract.outer(z, np.pi * k), np.add.outer(z, np.pi * k)
    near, mirrored = np.sinc(less / np.pi) ** 2, np.sinc(more / np.pi) ** 2
    slopes = (near * less - mirrored * more)[:, k > 0]
    e = np.hstack([(near + mirrored) * halves, slopes])
    expected = np.trapezoid(e[:, :, None] * e[:, None, :], z, axis=0)
    np.testing.assert_allclose(large_degrees._gram(k, halves), expected, atol=2e-3)


def test_the_slopes_that_are_left_out_are_summed():
    for first, x in ((20, 3.3), (20.5, 0), (40.5, 39)):
        expected = mp.nsum(lambda k, x=x: 1 / (k**2 - mp.mpf(x) ** 2), [first, mp.inf])
        assert large_degrees._beyond(first, np.array(x)) == pytest.approx(float(expected), rel=1e-7)


def test_the_slopes_at_far_nodes_solve_one_problem_for_all_nodes():
    (bend,) = re.findall(r"\\max_\{.*?\} \(-D y - (\d)b y\^2\)", prose("details"))
    bend, c, half = int(bend), 0.11, 1e-3
    b = large_degrees.ripple(c)[0]
    f = large_degrees.end_problem(c, True, False, 60)
    zeta = np.pi * (np.arange(20, 45) + 0.5)
    slopes = 2 * c * zeta * (f(zeta + half) - f(zeta - half)) / (2 * half)
    d = np.linspace(-1, 0, 4001)
    y = np.arange(-40, 41) - (c * zeta**2 % 1)[:, None]
    peaks = [(-d * at[:, None] - bend * b * at[:, None] ** 2).max(axis=0) for at in y]
    base = np.pi / 2 * d**2 + 2 * np.pi * (1 + b) * np.array(peaks)
    off = [np.abs(d[(base + g * d).argmin(axis=1)] - slopes).max() for g in np.linspace(0, 20, 81)]
    assert min(off) < 0.02
    assert np.ptp(slopes) > 0.1


@pytest.mark.parametrize(("odd_p", "c"), [(False, 0.07), (True, 0.13)])
def test_the_end_problem_meets_its_constraints_and_is_the_limit_of_classifiers(odd_p, c):
    limit = large_degrees.end_problem(c, odd_p, False, 60)
    z = np.sqrt(np.arange(500) / c)
    assert limit(z).min() > 1 - 1e-6
    near = np.linspace(0, 10, 200)
    apart = []
    for p in (30 + odd_p, 120 + odd_p):
        f = large_degrees.end_of_classifier(p, 2 * round(2 * c * p**2))
        apart.append(np.abs(f(near) - limit(near)).max())
    assert apart[1] < 0.05
    assert apart[1] < apart[0] / 2


def dips(odd_p, odd_m, column):
    rows = results.read("equispaced-limit")
    of = [(r["c"], r[column]) for r in rows if (r["odd_p"], r["odd_m"]) == (odd_p, odd_m)]
    return np.transpose(of)


@pytest.mark.parametrize("parities", list(large_degrees.LIMITS))
def test_the_stored_dips_of_the_limit_change_sign_where_the_constants_say(parities):
    limit = large_degrees.LIMITS[parities]
    for column, within in (("nodes_20", 0.01), ("nodes_40", 0.003), ("nodes_80", 0.003)):
        c, dip = dips(*parities, column)
        assert c[dip < 0].max() == pytest.approx(limit, rel=within)


def test_stored_rows_of_the_limit_are_those_of_the_solver():
    rows = results.read("equispaced-limit")
    for row in rows[5::101]:
        found = large_degrees.end_problem(row["c"], bool(row["odd_p"]), bool(row["odd_m"]), 40)
        assert large_degrees.dip(found, row["c"]) == pytest.approx(row["nodes_40"], abs=2e-5)


def test_a_row_has_the_dips_of_the_limit_and_of_two_classifiers_near_it(monkeypatch):
    asked = []

    def of(*args):
        asked.append(args)
        return lambda z: args[-1] - z  # so that the dip is at the second point

    monkeypatch.setattr(large_degrees, "end_problem", of)
    monkeypatch.setattr(large_degrees, "end_of_classifier", of)
    for odd_p, odd_m, c in ((True, True, 0.0801), (False, False, 0.07)):
        row = large_degrees.limit_row(odd_p, odd_m, c)
        drift = large_degrees.ripple(c / (1 + odd_m))
        assert [row.pop(name) for name in ("ripple", "drift")] == pytest.approx(drift)
        sizes = {p: 2 * round(c * (2 * p) ** 2 / 2) + odd_m for p in (60 + odd_p, 120 + odd_p)}
        assert asked == [(c, odd_p, odd_m, nodes) for nodes in (20, 40, 80)] + list(sizes.items())
        dips = {f"nodes_{nodes}": nodes - c**-0.5 for nodes in (20, 40, 80)}
        dips |= {f"p_{p - odd_p}": m - 2 * p / (m - 1) ** 0.5 for p, m in sizes.items()}
        about = {"odd_p": int(odd_p), "odd_m": int(odd_m), "c": c}
        assert row == pytest.approx(dips | about, rel=1e-14)
        asked.clear()
    assert large_degrees.dip(lambda z: np.minimum(z - 5, 5 - z), 0.01) == -5
    assert large_degrees.dip(lambda z: -z, 0.01) == pytest.approx(-10)  # at the second point
    assert large_degrees.dip(lambda z: np.abs(z - 0.0125), 0.01) < 1e-15  # in steps of 1/800


def test_a_solver_that_stops_and_an_exchange_without_end_are_told(monkeypatch):
    calls = []

    def solve(matrix, pull, rows, *_, **limits):
        calls.append((len(rows), limits["iter_limit"]))
        x = np.random.default_rng(len(calls)).normal(size=len(pull))
        return x, 0, flag, {"lam": np.zeros(len(rows))}

    monkeypatch.setattr(large_degrees.daqp, "solve", solve)
    flag = 0
    with pytest.raises(ArithmeticError, match=r"^daqp stopped with exit flag 0 on (\d+) rows$"):
        large_degrees.end_of_classifier(30, 244)
    flag = 1
    with pytest.raises(ArithmeticError, match="^the exchange of constraints does not end$"):
        large_degrees.end_of_classifier(30, 244)
    assert len(calls) == 101
    assert all(most == 1000 + 100 * count for count, most in calls)


def test_the_last_dip_at_even_m_and_odd_p_is_a_cusp_at_seven_sixths():
    c, dip = dips(1, 0, "nodes_80")
    cusp = 7 / (6 * np.pi**2)
    assert c[c > 0.115][dip[c > 0.115].argmin()] == pytest.approx(cusp, abs=3e-5)
    assert dip[np.abs(c - cusp) < 3e-5].min() < -0.005
    at_finite = [c[c > 0.115][values[c > 0.115].argmin()] for values in
                 (dips(1, 0, "p_60")[1], dips(1, 0, "p_120")[1])]  # fmt: skip
    assert at_finite[0] > at_finite[1] > cusp


def test_the_counts_approach_the_limits_as_the_drift_of_the_ripple_says():
    drifts = {
        (odd_p, odd_m): large_degrees.ripple(limit / (1 + odd_m))[1]
        for (odd_p, odd_m), limit in large_degrees.LIMITS.items()
    }
    for row in results.read("equispaced-sizes"):
        p, parities = row["p"], (row["p"] % 2, row["odd"])
        excess = p * (row["last"] / (2 * p) ** 2 / large_degrees.LIMITS[parities] - 1)
        if p % 2:
            assert drifts[parities] < excess < 3
        else:
            assert excess == pytest.approx(drifts[parities], abs=0.15 + 0.001 * p)


@pytest.mark.parametrize("m", [1100, 1101])
def test_at_degree_2000_the_interpolant_is_1_to_1e_12(m):
    x = grids.chebyshev(m, "roots")[m // 2 + m % 2 :]
    f = polynomials.chebyshev_features(2000, x) @ large_degrees.interpolant(2000, "roots", m)
    np.testing.assert_allclose(f, 1, rtol=0, atol=1e-12)
