"""The theorems on sign changes of chapter 3a, at small sizes; the appendix has more of each."""

from fractions import Fraction
from itertools import pairwise, product
from math import comb

import formulas
import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy.special import roots_gegenbauer

from pwlib import grids, maxmargin, polynomials, signs

slow = pytest.mark.slow


def bernstein(n, x):
    return [comb(n, i) * x**i * (1 - x) ** (n - i) for i in range(n + 1)]


def monomials(n, x):
    return [x**i for i in range(n + 1)]


def random_sets(count, largest_degree):
    rng = np.random.default_rng(0)
    for _ in range(count):
        n, m = rng.integers(1, largest_degree + 1), rng.integers(2, largest_degree + 2)
        x = [Fraction(int(k), 40) for k in np.sort(rng.choice(41, m))]
        yield int(n), x, [int(y) for y in rng.choice([-1, 1], m)]


@pytest.mark.parametrize(("count", "least"), [(20, 7), pytest.param(40, 15, marks=slow)])
@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("system", [bernstein, monomials])
def test_totally_positive_features_change_sign_as_often_as_the_labels(system, scaled, count, least):
    rng, tried = np.random.default_rng(1), 0
    for n, x, labels in random_sets(count, 8):
        scales = [int(k) for k in rng.integers(1, 9, n + 1)] if scaled else [1] * (n + 1)
        features = [[k * v for k, v in zip(scales, system(n, a), strict=True)] for a in x]
        try:
            fitted = maxmargin.fit([[float(v) for v in phi] for phi in features], labels)
        except ValueError:
            continue  # not separable
        weights = maxmargin.exact_weights(features, labels, fitted.support)
        weights = [w * k for w, k in zip(weights, scales, strict=True)]
        if system is bernstein:  # in z = x/(1 - x)
            found = signs.exact_sign_changes(
                [w * comb(n, i) for i, w in enumerate(weights)], 0, None
            )
        else:
            found = signs.exact_sign_changes(weights, 0, 1)
        assert found == sum(a != b for a, b in pairwise(labels))
        tried += 1
    assert tried > least


def test_what_theorem_1_needs_is_multipliers_of_one_sign():
    u = np.linspace(0, 1, 2001)

    def changes(weights):
        f = polynomials.bernstein_features(len(weights) - 1, u) @ weights
        return np.count_nonzero(np.diff(np.sign(f[np.abs(f) > 1e-12 * np.abs(f).max()])))

    rng = np.random.default_rng(4)
    for n, m in ((3, 8), (6, 9), (10, 7)):
        phi = polynomials.bernstein_features(n, np.sort(rng.random(m)))
        labels = rng.choice([-1.0, 1.0], m)
        bound, w = np.count_nonzero(np.diff(labels)), np.zeros(n + 1)
        assert changes(maxmargin.fit_soft(phi, labels, 1).weights) <= bound
        for _ in range(50):  # gradient descent on the logistic loss
            w = w + phi.T @ (labels / (1 + np.exp(labels * (phi @ w))))
            assert changes(w) <= bound
    x, labels = [Fraction(k, 40) for k in (0, 3, 12, 21)], sp.Matrix([-1, -1, 1, 1])
    phi = sp.Matrix([[sp.Rational(v) for v in bernstein(2, a)] for a in x])
    squares = (phi.T * phi).LUsolve(phi.T * labels)
    in_z = [Fraction(int(w.p), int(w.q)) * comb(2, j) for j, w in enumerate(squares)]
    assert signs.exact_sign_changes(in_z, 0, None) == 2  # one more than the labels have


QUICK = [(1, 2.5, 8), (2, 0.3, 8), (7, 0.3, 8), (8, 2.5, 8)]
ALL = product([1, 2, 7, 12, 20], [0.3, 0.5, 1, 2.5], [40])


@pytest.mark.parametrize(
    ("n", "order", "mesh"), [*QUICK, *(pytest.param(*each, marks=slow) for each in ALL)]
)
def test_two_samples_at_the_ends_give_an_orthonormal_basis_all_its_sign_changes(n, order, mesh):
    p = (n + 1) // 2
    u = np.sort(np.cos(np.linspace(0, np.pi, mesh * n + 2)))
    with mpmath.workdps(30):

        def squared_norm(i):  # under (1 - u²)^(order - 1/2), but for a common constant
            return mpmath.gamma(i + 2 * order) / (mpmath.factorial(i) * (i + order))

        ends = {i: mpmath.gegenbauer(i, order, 1) / squared_norm(i) for i in range(1, n + 1, 2)}
        g = [mpmath.fsum(a * mpmath.gegenbauer(i, order, v) for i, a in ends.items()) for v in u]
        g = np.array([float(value / g[-1]) for value in g])
    assert np.count_nonzero(np.diff(np.sign(g[np.abs(g) > 1e-12]))) == 2 * p - 1  # its degree
    nodes, masses = roots_gegenbauer(n + 1, order)
    basis = polynomials.orthonormal_basis(n, (1 + nodes) / 2, masses)
    ends = polynomials.chebyshev_features(n, [0.0, 1.0]) @ basis
    weights = basis @ maxmargin.fit(ends, [-1, 1]).weights
    np.testing.assert_allclose(
        polynomials.chebyshev_features(n, (1 + u) / 2) @ weights, g, atol=1e-9
    )
    assert len(signs.sign_changes(weights)) == 2 * p - 1


@pytest.mark.parametrize(("count", "fewest"), [(25, 1), pytest.param(60, 5, marks=slow)])
def test_an_orthonormal_basis_has_at_least_its_sign_changes_and_may_have_no_more(count, fewest):
    rng, attained = np.random.default_rng(2), 0
    for _ in range(count):
        n, m = int(rng.integers(4, 25)), int(rng.integers(1, 6))
        angles = np.pi * (np.arange(n + 2) + rng.uniform(0.1, 0.9, n + 2)) / (n + 2)
        basis = polynomials.orthonormal_basis(n, np.sin(angles / 2) ** 2, rng.random(n + 2) + 0.2)
        x = np.sort(rng.random(m))
        x[: rng.integers(2)] = 0
        fitted = maxmargin.fit(
            polynomials.chebyshev_features(n, x) @ basis, rng.choice([-1.0, 1.0], m)
        )
        on_ends = int((x[fitted.support] == 0).sum())
        least = n + 1 - 2 * (len(fitted.support) - on_ends) - on_ends
        found = len(signs.sign_changes(basis @ fitted.weights))
        assert found >= least
        attained += found == least
    assert attained > fewest


def said(pattern):
    (formula,) = formulas.stated("3a-pointwise-convergence", pattern)
    return formula


def changes_on(x, degree):
    sample, labels = grids.training_set(x)
    features = polynomials.chebyshev_features(degree, sample)
    return len(signs.sign_changes(maxmargin.fit(features, labels).weights))


@pytest.mark.parametrize("degrees", [(3, 4, 9, 12), pytest.param(range(3, 20), marks=slow)])
def test_the_statements_of_the_chapter_hold_and_no_stronger_ones_do(degrees):
    n, p, m, m_in, m_end = sp.symbols("n p m m_in m_end")
    exactly = said(r"changes sign exactly \$([^$]+)\$ times")
    at_least = said(r"changes sign at least \$([^$]+)\$ times")
    on_grids = said(r"at least \$([^$]+)\$ sign changes, so that")
    at_most = said(r"the Bernstein classifier at most \$([^$]+)\$ sign changes")
    any_labels = said(r"an orthonormal basis at least \$([^$]+)\$ with any labels")
    for degree in range(1, 12):
        found = len(signs.sign_changes(polynomials.chebyshev_classifier_weights(degree)))
        assert found == exactly.subs(p, (degree + 1) // 2)
    assert sp.expand(on_grids - at_least.subs({m_in: m - 2, m_end: 2})) == 0
    assert sp.expand(any_labels - at_least.subs({m_in: m, m_end: 0})) == 0
    room = [
        changes_on(grid(size), degree) - on_grids.subs({n: degree, m: size})
        for degree in degrees
        for size in range(2, degree, 2)
        for grid in (grids.equispaced, grids.chebyshev)
    ]
    assert min(room) == 0
    x = np.linspace(0, 1, 5)
    alternating = maxmargin.fit(polynomials.bernstein_features(8, x), [1, -1, 1, -1, 1]).weights
    assert np.count_nonzero(np.diff(np.sign(alternating))) == at_most.subs(m, 5)


def test_the_closed_forms_of_the_chapter_are_those_of_the_sign_changes():
    p, t = sp.symbols("p t")
    value = said(r"So \$g_n\(x\) = ([^$]+)\$")
    in_x = said(r"\n(.+) \\quad \\text\{in \} x")
    in_t = said(r"\\qquad (.+) \\quad \\text\{in \} t")
    nearest = said(r"nearest disagreement the distance is \$(.+?) \\approx")
    odd, even = (
        said(r"Its length is \$([^$]+)\$ at odd"),
        said(r"at odd \$p\$ and \$([^$]+)\$ at even"),
    )
    for half in range(2, 9):
        weights = polynomials.chebyshev_classifier_weights(2 * half)
        x = signs.sign_changes(weights)
        assert float(nearest.subs(p, half)) == pytest.approx(x[0], abs=1e-12)
        longest = (odd if half % 2 else even).subs(p, half)
        assert float(longest) == pytest.approx(signs.longest_correct(weights), abs=1e-12)
        for measure, stated in (("lebesgue", in_x), ("arcsine", in_t)):
            wrong = signs.misclassified_measure(weights, measure)
            assert float(stated.subs(p, half)) == pytest.approx(1 - wrong, abs=1e-12)
        angle = np.array([0.3, 1.0, 2.2])
        found = [float(value.subs({p: half, t: a})) for a in angle]
        expected = polynomials.chebyshev_classifier(2 * half, (1 + np.cos(angle)) / 2)
        np.testing.assert_allclose(found, expected, atol=1e-14)


def test_the_first_coefficient_of_the_largest_difference_is_the_one_stated():
    n, xi = sp.symbols("n xi")
    (stated,) = formulas.stated("proofs", r"= 1 \+ D - (\\frac\{.*?) \+ O")
    with mpmath.workdps(30):
        root = mpmath.findroot(lambda v: mpmath.tan(v) - v, 4.49)
        for degree in (1000, 10_001):
            p = (degree + 1) // 2

            def difference(v, p=p, degree=degree):
                g = mpmath.sin(v) / (2 * p * mpmath.sin(v / (2 * p)))
                return mpmath.cos(v / (4 * p)) ** (2 * degree) - g

            top = mpmath.findroot(lambda v, f=difference: mpmath.diff(f, v), root)
            misses = degree * (1 - mpmath.cos(root) - difference(top))
            assert float(stated.subs({n: 1, xi: root})) == pytest.approx(
                float(misses), rel=100 / degree
            )
