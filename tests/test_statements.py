"""What is stated in the prose of the chapters: its formulas are read and used.

`test_theorems` does the same for the theorems of chapter 3a.
"""

import itertools
import re

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from formulas import prose, stated
from scipy.optimize import minimize
from scipy.special import eval_chebyt, eval_chebyu

from pwlib import (
    grids,
    large_degrees,
    optimal,
    polynomials,
    power_function,
    sample_complexity,
    signs,
)
from pwlib.ledger import claims
from pwlib.reruns import results

III_A = "3a-pointwise-convergence"
IV_A = "4a-hard-points-of-polynomials"
HOW_MANY = "6a-how-many-points"
WHICH = "6b-which-points"


def numbers(pattern, chapter):
    """The whole numbers that the groups of a pattern find, once, in the prose of a chapter."""
    (found,) = re.findall(pattern, prose(chapter))
    return [int(number) for number in ((found,) if isinstance(found, str) else found)]


def value(formula, **names):
    """A formula at these values of its names."""
    return float(sp.N(formula.subs({sp.Symbol(name): v for name, v in names.items()})))


def each(**names):
    """Every combination of the values of names."""
    return [dict(zip(names, v, strict=True)) for v in itertools.product(*names.values())]


def hard(n, t):
    return float(polynomials.hard_objective(n, [(1 + np.cos(t)) / 2])[0])


def left(kind):
    """The variance that m points of a Chebyshev grid leave, as a function of n, m and t."""

    def variance(n, m, t):
        return power_function.variance(n, grids.chebyshev(m, kind), [(1 + np.cos(t)) / 2])[0]

    return variance


def norm(n):
    """The Lebesgue constant of Fourier series, by quadrature between the zeros."""
    zeros = [2 * mp.pi * j / (2 * n + 1) for j in range(n + 1)] + [mp.pi]
    kernel = lambda t: abs(mp.sin((n + 0.5) * t) / mp.sin(t / 2)) if t else 2 * n + 1  # noqa: E731
    return mp.quad(kernel, zeros) / mp.pi


def square(weights):
    """The mean square over [0, 1] of Σ weights[i] T*_i."""
    nodes, masses = np.polynomial.legendre.leggauss(len(weights))
    values = np.polynomial.chebyshev.chebval(nodes, weights)
    return masses @ values**2 / 2


def of_f(n):
    at = np.linspace(0, 1, n + 1)
    fitted = np.polynomial.Chebyshev.fit(at, at**n - (1 - at) ** n, n, domain=[0, 1])
    return square(fitted.coef)


def of_g(p):
    return square(polynomials.chebyshev_classifier_weights(2 * p - 1))


def agree_on_one_half(p):
    return polynomials.agreement(2 * p) / 2


def end_without_ends(p):
    """f(1) of the classifier on the inner extrema of m = 2p points."""
    x = sample_complexity.without_pair(grids.chebyshev(2 * p), 0)
    return sample_complexity.fit(2 * p, x).sum()


def christoffel(n, t):
    return 1 + 2 * sum(np.cos(i * t) ** 2 for i in range(1, n + 1))


def bend_at_end(k):
    return sp.chebyshevt(k, sp.Symbol("u")).diff(sp.Symbol("u"), 2).subs(sp.Symbol("u"), 1)


ANGLES = each(n=[2, 3, 10], t=[0.3, 1.1, 2.9])
SETS = each(n=[9, 10], m=[7, 8], t=[0.3, 1.2, 2.0])
STATED = [  # chapter, pattern, what its one group is, and where that is tried
    (III_A, r"Its derivative is \$(.+?) > 0\$",
     lambda n, x: mp.diff(lambda a: a**n - (1 - a) ** n, x), each(n=[1, 2, 7], x=[0.1, 0.8])),
    (III_A, r"and for the signs .*? this is \$(.+?)\$",
     lambda n: polynomials.chebyshev_features(n, [0.3]).shape[1], each(n=[1, 4])),
    (IV_A, r"it is \$(\S+?)\$ throughout",
     lambda n: hard(n, np.pi * 1.5 / (n + 1)), each(n=[2, 5, 10])),
    (IV_A, r"where \$\\lambda_n = (.+?)\$", lambda n: 1 / christoffel(n, 0), each(n=[1, 6])),
    (IV_A, r"the roots of \$T\^\*_n\$ falls to \$(.+?)\$,",
     lambda n: polynomials.hard_objective(n, grids.chebyshev(n + 2, "roots+ends")).mean(),
     each(n=[2, 5, 10])),
    ("2-related-work", r"on a set of the measure\n\n\$\$\n(.+?) \.\n",
     lambda p: 1 - polynomials.agreement(2 * p), each(p=[1, 2, 3, 8])),
    ("proofs", r"half of the interval are together \$(.+?)\$\. The other half",
     agree_on_one_half, each(p=[1, 2, 3, 8])),
    ("proofs", r"\\int_0\^1 f_n\^2\\,dx = (.+?), \\cr", of_f, each(n=[1, 2, 5])),
    ("proofs", r"\\int_0\^1 g_n\^2\\,dx = (.+?)\. \\end", of_g, each(p=[1, 2, 5])),
    ("proofs", r"\\,dt \\cr = (\\frac1\{2n\+1\}.+?) \. \\end", norm, each(n=[1, 2, 5])),
    ("details", r"f\(1\) = (-.+?) \\quad \(p \\text\{ even\}\)", end_without_ends, each(p=[4, 8])),
    ("details", r"in \$u\$ it is \$T_k''\(1\) = (.+?)\$", bend_at_end, each(k=[1, 3, 8])),
    (WHICH, r"roots:\}\\quad \\sigma_X\^2 &= (.+?)\.\n", left("roots"), SETS),
    (WHICH, r"of \$T\^\*_m\$ leave a greatest variance of \$(.+?)\$,",
     lambda n, m: power_function.largest_variance(n, grids.chebyshev(m, "roots")),
     each(n=[9, 10], m=[7, 8])),
    (WHICH, r"leave \$T\^\*_n\$, whose mean square is \$(.+?)\$,",
     lambda n: square(np.eye(n + 1)[n]), each(n=[1, 3, 6])),
    (WHICH, r"\\lambda_n\(x\)\} \\le (.+?),\n",
     lambda n, m: power_function.largest_noise_variance(n, grids.chebyshev(m, "roots")),
     each(n=[3, 5], m=[6, 9])),
]  # fmt: skip


@pytest.mark.parametrize(("chapter", "pattern", "truth", "points"), STATED)
def test_a_formula_of_the_prose_has_the_values_of_what_it_is_of(chapter, pattern, truth, points):
    (formula,) = stated(chapter, pattern)
    for names in points:
        assert value(formula, **names) == pytest.approx(float(truth(**names)), rel=1e-8, abs=1e-12)


def test_the_sign_changes_of_the_chebyshev_classifier_lie_where_3a_states():
    at, most, spurious = stated(
        III_A, r"lie at \$t = (.+?)\$ for \$k = 1, \\dots, (.+?)\$\..*? other \$(.+?)\$ are too"
    )
    for p in (2, 5):
        changes = signs.sign_changes(polynomials.chebyshev_classifier_weights(2 * p))
        angles = [value(at, k=k, p=p) for k in range(1, int(value(most, p=p)) + 1)]
        np.testing.assert_allclose(np.sort(np.cos(angles)), 2 * changes - 1, atol=1e-12)
        assert value(spurious, p=p) == len(changes) - 1


def test_limits_and_edges_are_those_that_3a_states():
    near, rough = stated(III_A, r"disagreement the distance is \$(.+?) \\approx (.+?)\$, from")
    assert value(near, p=5000) == pytest.approx(value(rough, n=10_000), rel=1e-6)
    least, edge = stated(III_A, r"at least \$([^$]+)\$ sign changes, so .*?\[if \$m \\le (.+?)\$\]")
    assert sp.expand(least.subs(sp.Symbol("m"), edge)) == 2
    at_f, at_g = stated(III_A, r"take \$f_n\$ at \$x = (.+?)\$ and \$g_n\$ at \$t = (.+?)\$\.")
    far = 10**6
    f = polynomials.bernstein_classifier(far, [value(at_f, n=far)])[0]
    g = polynomials.chebyshev_classifier(far, [np.cos(value(at_g, p=far // 2) / 2) ** 2])[0]
    assert (f, g) == (pytest.approx(np.exp(-1), rel=1e-5), pytest.approx(2 / np.pi, rel=1e-5))


def test_what_4a_says_of_the_objective_is_true_of_it():
    (bound,) = stated(IV_A, r"\\frac12\\Big\| \\le (.+?) \.\n")
    (one,) = stated(IV_A, r"because \$T_n U_n = (.+?)\$", T="T_{n+1}", U="U_{n-1}")
    (cost,) = stated(IV_A, r"\\frac\{1\}\{\\lambda_n\(x\)\} &= (.+?) \. ", F="F_n(x)")
    (modulus,) = stated(IV_A, r"the ratio is \$(.+?)\$ in modulus")
    (square,) = stated(IV_A, r"q\^2\\,d\\mu = \\frac\{1\}\{(.+?)\}, \\cr\n", T="T^*_i(x)")
    assert value(square, n=7, T=0.3) == pytest.approx(1 + 2 * 7 * 0.3**2)
    t = np.linspace(0.02, np.pi - 0.02, 150)
    for n in (5, 12):
        ratio = [abs(hard(n, at) - 0.5) / value(bound, n=n, t=at) for at in t]
        assert 0.97 < max(ratio) <= 1 + 1e-12
        u = np.cos(1.1)
        stated_product = value(one, T=eval_chebyt(n + 1, u), U=eval_chebyu(n - 1, u))
        assert stated_product == pytest.approx(eval_chebyt(n, u) * eval_chebyu(n, u))
        assert value(cost, n=n, F=hard(n, 1.1)) == pytest.approx(christoffel(n, 1.1))
        for at in polynomials.hard_angles(n):
            found = value(modulus, N=2 * n + 1, t=at)
            assert found == pytest.approx(abs(np.sin((2 * n + 1) * at) / np.sin(at)), rel=1e-9)


def test_the_density_is_the_limit_of_the_christoffel_function_that_4a_states():
    (density,) = stated(IV_A, r"it is \$(\\pi\S+|\d\S+)\$, and the same objective")
    for x in (0.1, 0.5):
        legendre = np.polynomial.legendre.legvander(2 * x - 1, 3000)[0]
        found = 3000 / (legendre**2 @ (2 * np.arange(3001) + 1))
        assert value(density, x=x) == pytest.approx(found, rel=2e-3)


def test_the_maximisers_and_their_nodes_are_where_the_appendix_states():
    at, off = stated("details", r"Nt = (.+?) - a, \\qquad a = \\arctan(.+?)\.\n")
    (further,) = stated("details", r"maximiser lies further inside, by \$(.+?)\$ of these units")
    (height,) = stated("details", r"N\^2 \\sin\^2 t\} = (.+?) \.\n")
    for n in (3, 10):
        angles, order = polynomials.hard_angles(n), 2 * n + 1
        for k, t in enumerate(angles[: n // 2]):
            a = np.arctan(value(off, t=t, N=order))
            assert order * t == pytest.approx(value(at, k=k) - a, rel=1e-12)
            ratio = np.sin(order * t) / np.sin(t)
            assert ratio**2 == pytest.approx(value(height, N=order, t=t), rel=1e-9)
            assert n * t / np.pi - k - 0.5 == pytest.approx(value(further, t=t, a=a), abs=1e-12)


def test_the_bounds_of_the_appendix_on_f_and_g_hold_and_are_reached():
    (g_bound,) = stated("proofs", r"\\max \|g_n\| \\le (.+?)\$,")
    epsilon, p = 0.1, 500
    x = np.linspace(epsilon, 1 - epsilon, 100_001)
    most = np.abs(polynomials.chebyshev_classifier(2 * p, x)).max()
    assert 0.99 < most / value(g_bound, p=p, epsilon=epsilon) <= 1


def test_without_the_ends_the_last_sign_change_is_where_the_appendix_states():
    place, m = stated("details", r"at \$1 - u = (.+?) u_1\$ to leading order")[0], 4000
    for size in (m, m + 1):
        x = grids.equispaced(size)
        u_1 = sample_complexity.half_gap(x)
        last = signs.sign_changes(sample_complexity.fit(4, sample_complexity.without_pair(x, 0)))[
            -1
        ]
        delta = 2 / ((size - 1) * u_1)
        assert 2 * (1 - last) / u_1 == pytest.approx(value(place, delta=delta), rel=0.05)


def test_the_average_that_a_set_leaves_is_the_one_that_the_appendix_states():
    kept, rest = stated("details", r"\\int \\sigma_X\^2\\,d\\mu = (.+?) \+ (\S+?)\\,\\big\|\(I - P")
    for n, x in ((5, np.array([0.1, 0.3, 0.4])), (6, np.array([0.2, 0.9]))):
        _, _, seen = np.linalg.svd(polynomials.chebyshev_features(n, x), full_matrices=False)
        lost = 1 - np.sum(seen[:, 0] ** 2)
        found = value(kept, n=n, m=len(x)) + value(rest) * lost
        assert power_function.mean_variance(n, x, "arcsine") == pytest.approx(found)


def test_what_points_leave_unknown_is_what_6b_states():
    extrema, envelope = stated(WHICH, r"&= (2\\sin\^2.+?) \\cr\n&= (2.+?)\\;F_K")
    (slope,) = stated(WHICH, r"is exactly\n\n\$\$\n(\S+?)\\,\\sum_\{x \\in X\}")
    truth = left("lobatto")
    for names in SETS:
        n, m, t = names.values()
        K = n - m + 1
        assert value(extrema, K=K, **names) == pytest.approx(truth(**names), abs=1e-9)
        found = value(envelope, K=K, **names) * hard(K, t)
        assert found == pytest.approx(truth(**names), abs=1e-9)
    n, x = 6, np.array([0.1, 0.4, 0.8])
    draws = np.random.default_rng(0).standard_normal((40_000, n + 1))
    one = optimal.optimal_objective(n, x, draws).mean()
    unseen = power_function.unseen(n, x)
    steep = np.linalg.norm(optimal.feature_slopes(n, x) @ unseen, axis=1).sum()
    assert value(slope) * steep == pytest.approx(one, rel=0.02)


def test_the_limit_of_many_points_is_the_one_that_6a_states():
    one, other = stated(HOW_MANY, r"\nG = (\\frac1\{p\^2\} .+?) = (\\frac.+?) \.\n")
    for p in (2, 5):
        weights = sample_complexity.limit_weights(2 * p)
        for phi in (0.2, 1.3):
            truth = np.polynomial.chebyshev.chebval(np.sin(phi), weights)
            assert value(one, p=p, varphi=phi, phi=phi) == pytest.approx(truth)
            assert value(other, p=p, varphi=phi, phi=phi) == pytest.approx(truth)


def test_the_integrals_beside_the_middle_are_limits_of_the_classifier():
    even, slope = (
        stated(HOW_MANY, r"F_r\(y\) = (.+?) ,\n")[0],
        stated(HOW_MANY, r"The slope is \$(.+?)\$, its zero is")[0],
    )
    (paired,) = stated("details", r"F_r\(y\) = (\\int_0.+?), \\cr", w=r"w(s)")
    half, whole = 2500, {"r": 0.5, "y": 2.1}
    weights = large_degrees.interpolant(3 * half, "roots", 2 * half)  # 2p/N = 3/2
    f = np.polynomial.chebyshev.chebval(np.sin(whole["y"] / (2 * half)), weights)
    assert value(even, **whole) == pytest.approx(f, abs=1e-5)
    s = sp.Symbol("s")
    weighed = paired.replace(sp.Symbol("w"), 1 / sp.sin(sp.pi * s / 2))
    assert value(weighed, **whole) == pytest.approx(f, abs=1e-5)
    odd = large_degrees.interpolant(3 * half, "roots", 2 * half + 1)
    steep = np.polynomial.chebyshev.chebval(1e-3 / (2 * half + 1), odd) / 1e-3
    assert value(slope, r=3 * half / (2 * half + 1) - 1) == pytest.approx(steep, abs=1e-5)


def test_the_grids_and_their_steps_are_those_that_6a_states():
    steps = stated(
        HOW_MANY,
        r"\$N = ([^$]+)\$ for the extrema.*\$N = ([^$]+)\$ for the roots .*\$N = ([^$]+)\$ for",
    )
    (place,) = stated(HOW_MANY, r"\nz_j = (.+?) \\to")
    for step, kind in zip(steps, ("lobatto", "roots", "roots+ends"), strict=True):
        angles = grids.chebyshev_angles(9, kind)
        assert np.pi / value(step, m=9) == pytest.approx(angles[4] - angles[3])
    u = 2 * grids.equispaced(12) - 1
    z = [value(place, p=5, j=j, m=12) for j in range(6)]
    np.testing.assert_allclose(np.cos(np.array(z) / 5), u[:5:-1], atol=1e-12)


def test_the_certified_sizes_grow_with_the_powers_that_6a_states():
    powers = stated(HOW_MANY, r"\$O\(n\^(\{5/4\}|\S+?)\)\$ on Chebyshev grids and \$O\(n\^(\d)\)\$")
    for power, kind in zip(powers, ("roots", "equispaced"), strict=True):
        sizes = [sample_complexity.certified_size(n, kind) for n in (1000, 4000)]
        assert np.log(sizes[1] / sizes[0]) / np.log(4) == pytest.approx(float(power), abs=0.05)


def test_the_values_without_the_ends_are_those_that_6a_states():
    even, odd = numbers(r"f\(1\) \\to (-\d)\$ through even and \$(-\d)\$ through odd", HOW_MANY)
    for size, limit in ((4000, even), (4001, odd)):
        inner = sample_complexity.without_pair(grids.equispaced(size), 0)
        assert sample_complexity.fit(4, inner).sum() == pytest.approx(limit, abs=0.05)


def test_the_ripple_touches_1_at_the_nodes_and_has_the_energy_that_is_stated():
    (ripple,) = stated(HOW_MANY, r"\*At the end\* \$f = (1 \+ b .+?) \+ e\(z\)\$")
    for p, node in ((4, 0), (5, sp.pi / 2)):
        assert value(ripple, b=0.3, p=p, z=node) == pytest.approx(1)
        assert value(ripple, b=0.3, p=p, z=node + sp.pi / 2) == pytest.approx(1 + 2 * 0.3)
    square, pull = numbers(r"\n(\d) \\sum \\gamma_i\^2 \+ \\frac(\d)\\pi \\int", "details")
    c, terms = 0.1, 10
    phi = np.pi / 2 * ((np.arange(4000) + 0.5) / 4000) ** 2
    width = np.pi / 2 * np.diff((np.arange(4001) / 4000) ** 2)
    waves = np.exp(-1j * np.outer(phi, 2 * np.arange(terms) + 1))

    def energy(gamma):
        b = waves @ gamma - 2j * c / np.sin(phi)
        return square * gamma @ gamma + pull / np.pi * width @ (np.abs(b) - 2 * c / np.sin(phi))

    found = minimize(energy, np.zeros(terms)).x
    b = 2 * c + found @ (-1.0) ** np.arange(terms)
    assert b == pytest.approx(large_degrees._ripple(c, terms)[0], rel=1e-3)


def test_the_drift_and_the_height_of_the_weights_are_those_that_6a_states():
    (drift,) = stated(HOW_MANY, r"the last size \$c\\,n\^2\\,\((.+?)\)\$\. At even")
    even, odd = numbers(r"weights are near \$(\d)c\$ \(\$(\d)c\$ at odd", HOW_MANY)
    for row in results.read("equispaced-sizes"):
        p, limit = row["p"], large_degrees.LIMITS[row["p"] % 2, row["odd"]]
        if p % 2 == 0 and p > 60:
            kappa = large_degrees.ripple(limit / 2 if row["odd"] else limit)[1]
            law = limit * value(drift, kappa=kappa, p=p)
            assert row["last"] / (2 * p) ** 2 == pytest.approx(law, rel=0.4 / p)
    for m, times in ((361, odd), (360, even)):  # in the middle of the band, n = 60
        weights = np.abs(sample_complexity.fit(60, grids.equispaced(m))[21:41:2])
        assert weights.mean() == pytest.approx(times * (m - 1) / 3600, rel=0.3)


def test_the_second_integral_of_odd_sizes_is_the_one_that_6a_states():
    first, second = stated(
        HOW_MANY, r"the same with \$(.+?)\$ for .*?, and \$(-.+?)\$ as the second"
    )
    r, y, half = 0.5, 2.1, 2500
    tau = sp.Symbol("tau")
    outer, inner = (
        sp.lambdify(tau, f.subs({sp.Symbol("y"): y}), "mpmath")
        for f in (first * sp.sin((1 - tau) * sp.Symbol("y")), second)
    )
    weights = large_degrees.interpolant(3 * half, "lobatto", 2 * half + 1)
    f = np.polynomial.chebyshev.chebval(np.sin(y / (2 * half)), weights)
    assert float(mp.quad(outer, [r, 1]) + mp.quad(inner, [0, r])) == pytest.approx(f, abs=1e-5)


def test_the_sums_and_estimates_of_the_appendix_hold():
    sines, cosines = stated(
        "proofs", r"\\sum_\{p=1\}\^\{P\} \\sin 2pt &= (.+?), \\cr\n.*?\\cos 4pt &= (.+?) \\end"
    )
    p = np.arange(1, 8)
    assert value(sines, P=7, t=0.3) == pytest.approx(np.sin(2 * p * 0.3).sum())
    assert value(cosines, P=7, t=0.3) == pytest.approx(np.cos(4 * p * 0.3).sum())
    (below,) = stated("proofs", r"\\int_0\^1 f_n\^2\\,dx \\ge (.+?) > 2p")
    (above,) = stated("proofs", r"\\frac\{1\}\{2j-1\} \\le (.+?),\n")
    for half in (2, 3, 8):
        exact = 4 * half**2 * of_f(2 * half)
        assert value(below, p=half) < exact < value(below, p=half) + 0.07
        by_integral = 1 + mp.quad(lambda x: 1 / (2 * x - 1), [1, 2 * half])
        assert value(above, p=half) == pytest.approx(float(by_integral))
        assert 4 * half**2 * of_g(half) < by_integral
    (place,) = stated("proofs", r"next to a sample, at a distance \$(.+?)\$ from it")
    assert value(place, p=6, xi=4.0) == pytest.approx((1 - np.cos(4.0 / 12)) / 2)
    left_side, right_side = stated("proofs", r"middle, because \$(.+?)\$ \$= (.+?) > 0\$")
    names = {"k": 3, "theta": 0.2}
    assert value(left_side, **names) == pytest.approx(value(right_side, **names))


def test_the_lebesgue_constants_obey_the_bounds_of_the_appendix():
    (least,) = stated("proofs", r"on any grid \$\\Lambda \\ge (.+?)\$, with Euler")
    (most,) = stated("proofs", r"\$\\Lambda \\le (.+?)\$, where", R=r"\Lambda_{\text{roots}}")
    for m in (8, 40):
        of = {kind: power_function.lebesgue_constant(m - 1, grids.chebyshev(m, kind))
              for kind in grids.CHEBYSHEV_KINDS}  # fmt: skip
        inner = power_function.lebesgue_constant(m - 3, grids.chebyshev(m - 2, "roots"))
        bound = value(least, m=m, gamma=np.euler_gamma)
        assert bound < min(of.values()) < bound + 0.45  # roots: by (2/π) ln 2
        assert 0.8 * value(most, R=inner) < of["roots+ends"] <= value(most, R=inner)


def test_the_multipliers_of_theorem_6a_1_are_those_that_are_stated():
    (front,) = stated("details", r"\\mu_i = (\S+) \\Big\( 1 \+ S")
    (edge,) = stated("details", r"below \$K = (.+?)\$ and")
    n, m = 10, 8  # roots, N = m, p = 5
    upper = grids.chebyshev(m, "roots")[m // 2 :]
    features = polynomials.chebyshev_features(n, upper)[:, 1::2]
    multipliers = np.linalg.lstsq(features.T, large_degrees.interpolant(n, "roots", m)[1::2])[0]
    phi = np.arcsin(2 * upper - 1)
    k = np.arange(1, value(edge, N=m, p=5) - 1, 2)
    s = np.sin(np.outer(phi, k)) @ (2 / m / np.sin(k * np.pi / 2 / m))
    np.testing.assert_allclose(multipliers, value(front, N=m) * (1 + s), atol=1e-10)


def test_constants_in_the_proofs_of_6a_are_right():
    (determinant,) = stated("details", r"with the determinant \$\\pm(.+?)\$, which is constant")
    xi = sp.Symbol("xi", positive=True)
    transforms = sp.Matrix(
        [[sp.pi * (1 - xi / 2), -sp.I * sp.pi / 2], [sp.pi * xi / 2, sp.I * sp.pi / 2]]
    )  # of S and H at ξ and at ξ − 2
    stated_one = determinant.subs({sp.Symbol("i"): sp.I, sp.Symbol("xi"): xi})
    assert sp.simplify(transforms.det() - stated_one) == 0
    (convex,) = stated("details", r"aligned\} (\S+) \\lVert e\^L - e\^\* \\rVert\^2 &= ")
    a, b = sp.symbols("a b")  # J is half of the norm squared, and linear terms
    gap = (a**2 / 2 + b**2 / 2) / 2 - ((a + b) / 2) ** 2 / 2
    assert sp.expand(gap - convex * (a - b) ** 2) == 0
    (near,) = stated("details", r"Near the end \$G = (.+?) \+ O")
    at_end = np.polynomial.chebyshev.chebval(1 - 1e-6, sample_complexity.limit_weights(8))
    assert value(near, u=1 - 1e-6) == pytest.approx(at_end, rel=1e-4)
    (steep,) = stated("details", r"smaller bound \$\|T_k''\| \\le (.+?)\$ there")
    for k in (1, 5, 9):
        found = value(steep, k=k, u_1=0.3)
        assert found == pytest.approx(sample_complexity._curvatures(np.array([k]), 0.3)[0])
    (norm_squared,) = stated("details", r"\\lVert v \\rVert\^2 = (.+?) \+ O\(1\) \.")
    p, m = 5, 4000
    x = grids.equispaced(m)
    sigma, w = (1 / np.sin(np.arange(1, p) * np.pi / p)).sum(), sample_complexity.fit(2 * p, x)
    law = value(norm_squared, sigma=sigma, u_1=sample_complexity.half_gap(x))
    assert p**3 * w @ w - law == pytest.approx(0, abs=20 * sigma**2)


def test_the_points_of_the_formula_are_as_far_from_nodes_as_the_appendix_states():
    rows = {
        name: stated("details", re.escape(f"| {name} | $") + r"(.+?)\$ \|")[0]
        for name in ("roots of $T^*_n$", "extrema of $T^*_{n+1}$, inside",
                     "roots of $T^*_{n+1}$", "extrema of $T^*_n$, inside")
    }  # fmt: skip
    (height,) = stated("details", r"formula the objective is \$(.+?)\$\. That")
    n = 9
    of = grids.chebyshev_angles
    nodes = [of(n, "roots"), of(n + 2)[1:-1], of(n + 1, "roots"), of(n + 1)[1:-1]]
    for t in polynomials.hard_angles(n)[: n // 2]:
        a = np.arctan(1 / np.tan(t) / (2 * n + 1))
        for formula, angles in zip(rows.values(), nodes, strict=True):
            assert value(formula, n=n, t=t, a=a) == pytest.approx(np.abs(angles - t).min())
    for k in range(4):
        s = (4 * k + 3) * np.pi / (4 * n + 2)
        assert value(height, n=n, s_k=s) == pytest.approx(hard(n, s))


def test_the_band_in_which_the_ends_matter_is_the_one_that_4a_states():
    low, high = stated(IV_A, r"the sizes fill the band \$(.+?) < m \\le (.+?)\$, where")
    claim = next(one for one in claims.ledger() if one.id == "boundary-points-needed")
    sizes = [int(m) for m in claim.recorded["sizes_extrema"].split(",")]
    p = (claim.at["trained_degree"] + 1) // 2  # odd: without its last member
    band = range(int(value(low, p=p)) + 1, int(value(high, p=p)) + 1)
    assert sizes == [m for m in band if m % 2 == 0][:-1]
