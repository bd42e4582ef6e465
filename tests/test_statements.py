"""What is stated in the prose of the chapters: its formulas are read and used.

`test_theorems` does the same for the theorems of chapter 3a.
"""

import itertools
import re
from math import comb

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from formulas import prose, stated
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
    return float(sp.N(formula.subs({sp.Symbol(name): v for name, v in names.items()}).doit()))


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
    (III_A, r"\(eq-5\)=\n\$\$\nf_n\(x\) = (.+?)\.\n",
     lambda n, x: x**n - comb(n, 0) * (1 - x) ** n, each(n=[1, 2, 7], x=[0.1, 0.8])),
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
    ("proofs", r"\\int_0\^1 f_n\^2\\,dx = (.+?), \\qquad", of_f, each(n=[1, 2, 5])),
    ("proofs", r"\\int_0\^1 g_n\^2\\,dx = (.+?)\.\n", of_g, each(p=[1, 2, 5])),
    ("proofs", r"\\,dt = (\\frac1\{2n\+1\}.+?) \.\n", norm, each(n=[1, 2, 5])),
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


def test_the_theorems_need_the_points_of_support_that_3a_asks_for():
    (two,) = stated(III_A, r"at least \$([^$]+)\$ points of support, up to")
    (any_samples,) = stated(III_A, r"at least \$([^$]+)\$ points of support\. With")
    n, nodes = 2, np.array([0, 0.5, 1])
    assert value(two, n=n) == len(nodes) == value(any_samples, n=n) - 1
    basis = polynomials.orthonormal_basis(n, nodes, np.ones(3))
    kernel = polynomials.chebyshev_features(n, nodes) @ basis @ basis.T
    u_squared = kernel[0] + kernel[2]  # without a sign change, against theorem 3
    np.testing.assert_allclose(u_squared, [0.5, 0, 0.5], atol=1e-12)
    with pytest.raises(ValueError, match="nodes: got 2, accepts 3"):
        polynomials.orthonormal_basis(n, nodes[::2], np.ones(2))


def test_what_4a_says_of_the_objective_is_true_of_it():
    (bound,) = stated(IV_A, r"\\frac12\\Big\| \\le (.+?) \.\n")
    (one,) = stated(IV_A, r"because \$T_n U_n = (.+?)\$", T="T_{n+1}", U="U_{n-1}")
    (cost,) = stated(IV_A, r"\\frac\{1\}\{\\lambda_n\(x\)\} = (.+?) \.\n", F="F_n(x)")
    (modulus,) = stated(IV_A, r"the ratio is \$(.+?)\$ in modulus")
    (square,) = stated(IV_A, r"q\^2\\,d\\mu = \\frac\{1\}\{(.+?)\},\n", T="T^*_i(x)")
    assert value(square, n=7, T=0.3) == pytest.approx(1 + 2 * 7 * 0.3**2)
    t = np.linspace(0.02, np.pi - 0.02, 400)
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
    for n in (3, 10):
        angles, order = polynomials.hard_angles(n), 2 * n + 1
        for k, t in enumerate(angles[: n // 2]):
            a = np.arctan(value(off, t=t, N=order))
            assert order * t == pytest.approx(value(at, k=k) - a, rel=1e-12)
            assert n * t / np.pi - k - 0.5 == pytest.approx(value(further, t=t, a=a), abs=1e-12)


def test_the_bounds_of_the_appendix_on_f_and_g_hold_and_are_reached():
    (g_bound,) = stated("proofs", r"\\max \|g_n\| \\le (.+?)\$,")
    epsilon, p = 0.1, 500
    x = np.linspace(epsilon, 1 - epsilon, 100_001)
    most = np.abs(polynomials.chebyshev_classifier(2 * p, x)).max()
    assert 0.99 < most / value(g_bound, p=p, epsilon=epsilon) <= 1
    (height,) = stated("proofs", r"\\lVert q \\rVert_\\infty \\ge (.+?)\$ on")
    for n, h in ((1, 0.5), (9, 0.3), (9, 1e-3)):  # q = T_n/T_n(h), n odd: the steepest at 1/2
        norm_of_q = abs(1 / np.cos(n * np.arccos(h)))
        assert norm_of_q >= value(height, n=n, h=h)
    assert norm_of_q == pytest.approx(value(height, n=n, h=h), rel=1e-4)


def test_geometric_scales_leave_one_sign_change_where_the_appendix_states():
    (slope,) = stated("proofs", r"i\\,\\rho\^i < (.+?) ,\n")
    for rho in (0.3, 0.8):  # the slope at u = 0 of Σ ρ^i T_i over all odd i
        truth = mp.nsum(
            lambda k, r=rho: (-1) ** int(k) * (2 * k + 1) * r ** (2 * k + 1), [0, mp.inf]
        )
        assert value(slope, rho=rho) == pytest.approx(float(truth), rel=1e-9)


def test_the_sag_that_theorem_6a_3_allows_is_that_of_the_package():
    between, gap = stated("details", r"\\max\\big\((.+?) S, (.+?) S_0\\big\) \\lVert v \\rVert < 1")
    n, m = 10, 400
    step, first = sample_complexity.longest_step("lobatto", m)
    steepest = np.linalg.norm(np.arange(1, n, 2) ** 2)
    sag = max(value(between, d=step), value(gap, s_1=first)) * steepest
    bound = sag * np.linalg.norm(sample_complexity.feasible_weights(n, first))
    assert sample_complexity.dip_bound(n, "lobatto", m) == pytest.approx(bound)


def test_without_the_ends_the_value_there_tends_to_what_the_appendix_states():
    limit, kappa = stated("details", r"f\(1\) \\to (.+?), \\qquad \\delta = (.+?) = \\begin")
    place, m = stated("details", r"at \$1 - u = (.+?) u_1\$ to leading order")[0], 4000
    for size in (m, m + 1):
        x = grids.equispaced(size)
        u_1 = sample_complexity.half_gap(x)
        k = value(kappa, m=size, u_1=u_1)
        weights = sample_complexity.fit(4, sample_complexity.without_pair(x, 0))
        assert weights.sum() == pytest.approx(value(limit, delta=k), abs=0.05)
        last = signs.sign_changes(weights)[-1]
        assert 2 * (1 - last) / u_1 == pytest.approx(value(place, delta=k), rel=0.05)


def test_the_average_that_a_set_leaves_is_the_one_that_the_appendix_states():
    kept, rest = stated("details", r"\\int \\sigma_X\^2\\,d\\mu = (.+?) \+ (\S+?)\\,\\big\|\(I - P")
    for n, x in ((5, np.array([0.1, 0.3, 0.4])), (6, np.array([0.2, 0.9]))):
        _, _, seen = np.linalg.svd(polynomials.chebyshev_features(n, x), full_matrices=False)
        lost = 1 - np.sum(seen[:, 0] ** 2)
        found = value(kept, n=n, m=len(x)) + value(rest) * lost
        assert power_function.mean_variance(n, x, "arcsine") == pytest.approx(found)


def test_what_points_leave_unknown_is_what_6b_states():
    extrema, envelope = stated(WHICH, r"&= (2\\sin\^2.+?) \\;=\\; (2.+?)\\;F_K")
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
    (length,) = stated("details", r"\\lVert G \\rVert = (.+?)\$\.\*")
    (total,) = stated(HOW_MANY, r"\{\\sin\\varphi_l\} = (.+?) \\sum_k a_k")
    for p in (2, 5):
        weights = sample_complexity.limit_weights(2 * p)
        for phi in (0.2, 1.3):
            truth = np.polynomial.chebyshev.chebval(np.sin(phi), weights)
            assert value(one, p=p, varphi=phi, phi=phi) == pytest.approx(truth)
            assert value(other, p=p, varphi=phi, phi=phi) == pytest.approx(truth)
        assert value(length, p=p) == pytest.approx(np.linalg.norm(weights))
        nodes = np.arange(1, p) * np.pi / p
        for k in range(1, 2 * p, 2):  # F = sin kφ, F'(0) = k
            left_side = k + (np.sin(k * nodes) / np.sin(nodes)).sum()
            assert value(total, p=p) == pytest.approx(left_side)


def test_the_integrals_beside_the_middle_are_limits_of_the_classifier():
    even, slope = (
        stated(HOW_MANY, r"F_r\(y\) = (.+?) ,\n")[0],
        stated(HOW_MANY, r"The slope is \$(.+?)\$, its zero is")[0],
    )
    (paired,) = stated("details", r"F_r\(y\) = (\\int_0.+?), \\qquad", w=r"w(s)")
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


def test_the_summand_of_12_is_the_product_that_4a_states():
    pattern = r"F_n\(x\) = \\frac(\d)(\d) - \\frac\{T_n\(u\)\\,U_n\(u\)\}\{(\d)\(n\+(\d)\)\}, \\qq"
    a, b, c, d = numbers(pattern, "4a-hard-points-of-polynomials")
    x = np.random.default_rng(0).random(50)
    u = 2 * x - 1
    for n in (1, 2, 7, 30):
        stated = a / b - eval_chebyt(n, u) * eval_chebyu(n, u) / (c * (n + d))
        np.testing.assert_allclose(polynomials.hard_objective(n, x), stated, atol=1e-13)


@pytest.mark.parametrize("n", [11, 30])
def test_the_weights_are_those_that_theorem_6a_1_states(n):
    here = "6a-how-many-points"
    (first,) = numbers(r"a_k = \\frac\{(\d)\\,\\omega_k\}\{N\}", here)
    (even,) = numbers(
        r"\\begin\{cases\} 1/\\sin\\frac\{k\\pi\}\{(\d)N\} & \(m \\text\{ even\}", here
    )
    (odd,) = numbers(r"\\cot\\frac\{k\\pi\}\{(\d)N\} & \(m \\text\{ odd\}", here)
    edge = numbers(r"1 & \(k < (\d)N - (\d)p \+ (\d)\)", here)
    share = numbers(r"\\frac(\d)(\d) & \(k \\ge \dN - \dp \+ \d\)", here)
    p = (n + 1) // 2
    k = np.arange(1, 2 * p, 2)
    for steps in range(p, 2 * p):
        omega = np.where(k < edge[0] * steps - edge[1] * p + edge[2], 1, share[0] / share[1])
        for m, kind in ((steps + 1, "lobatto"), (steps, "roots")):
            angle = k * np.pi / ((odd if m % 2 else even) * steps)
            a = first * omega / steps * (1 / np.tan(angle) if m % 2 else 1 / np.sin(angle))
            fitted = sample_complexity.fit(n, sample_complexity.grid(kind, m))
            signs = sample_complexity.alternating(n)
            np.testing.assert_allclose(fitted[1::2] * signs, a, rtol=1e-6, atol=1e-9)


def test_the_last_odd_size_is_the_share_that_theorem_6a_2_states():
    above, below = numbers(
        r"left is \$\\frac(\d)(\d) n \+ o\(n\)\$ through odd", "6a-how-many-points"
    )
    for n in (200, 600):
        for kind in ("lobatto", "roots"):
            assert large_degrees.last_size(n, kind, True) == pytest.approx(
                above / below * n, abs=2.5
            )


def test_the_margin_is_the_one_that_theorem_6a_4_states():
    above, below = numbers(
        r"\\frac\{p\^\{(\d)/(\d)\} u_1\}\{1 \+ \\sigma u_1\}", "6a-how-many-points"
    )
    p = 5
    sigma = (1 / np.sin(np.arange(1, p) * np.pi / p)).sum()
    for kind in sample_complexity.READINGS:
        x = sample_complexity.grid(kind, 4000)
        gap = sample_complexity.half_gap(x)
        law = p ** (above / below) * gap / (1 + sigma * gap)
        margin = sample_complexity.margin(sample_complexity.fit(2 * p - 1, x))
        assert margin == pytest.approx(law, rel=1e-4)
