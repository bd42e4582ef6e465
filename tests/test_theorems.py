"""The theorems on sign changes of chapter 3a, at small sizes; the appendix has more of each."""

from fractions import Fraction
from itertools import pairwise
from math import comb

import mpmath
import numpy as np
import pytest
from scipy.special import roots_gegenbauer

from pwlib import maxmargin, polynomials, signs


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


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("system", [bernstein, monomials])
def test_totally_positive_features_change_sign_as_often_as_the_labels(system, scaled):
    rng, tried = np.random.default_rng(1), 0
    for n, x, labels in random_sets(40, 8):
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
    assert tried > 15


@pytest.mark.parametrize("order", [0.3, 0.5, 1, 2.5])
@pytest.mark.parametrize("n", [1, 2, 7, 12, 20])
def test_two_samples_at_the_ends_give_an_orthonormal_basis_all_its_sign_changes(n, order):
    p = (n + 1) // 2
    u = np.sort(np.cos(np.linspace(0, np.pi, 40 * n + 2)))
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


def test_an_orthonormal_basis_has_at_least_its_sign_changes_for_any_data_and_may_have_no_more():
    rng, attained = np.random.default_rng(2), 0
    for _ in range(60):
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
    assert attained > 5
