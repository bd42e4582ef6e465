"""The conditions of the theorems, read from the prose, and tried on what they are said of."""

import re

import formulas
import numpy as np
import pytest
from formulas import relations_that_fail

from pwlib import grids, maxmargin, polynomials, signs

PROOFS = "proofs"
P, U = 4, np.linspace(-0.9999, 0.9999, 20_001)  # of the classifier of the two samples at the ends


def found(chapter, pattern):
    """What the groups of a pattern match, which occurs once in the prose."""
    (groups,) = re.findall(pattern, formulas.prose(chapter))
    return groups


def odd_classifier(u):
    return polynomials.chebyshev_classifier(2 * P, (1 + u) / 2)


def test_lemma_1_sums_over_all_its_exponents():
    first, start = found(
        PROOFS, r"Let \$\\kappa_(\d) < \\dots < \\kappa_k\$.+?\\sum_\{i=(\d)\}\^k c_i e"
    )
    assert first == start


def test_lemma_2_takes_points_in_order_with_the_ends():
    chain = found(PROOFS, r"\*Let \$(.+?)\$ and \$\\alpha \\in")
    points = [0.0, 0.4, 1.0]
    first_and_last = {"a": points[0], "b": points[-1]}
    chain = chain.replace(r"\dots < ", "")
    assert not relations_that_fail(chain, first_and_last, {"a": "x_1", "b": "x_m"})
    weights = np.array([1, -2, 1]) @ polynomials.bernstein_features(9, points)
    assert np.count_nonzero(np.diff(np.sign(weights[weights != 0]))) <= 2


def test_theorem_1_counts_zeros_between_the_ends_of_the_interval():
    low, high = map(int, found(PROOFS, r"\*The zeros of \$f\$ in \$\((\S+), (\S+)\)\$ are simple"))
    points, labels = np.array([0.0, 0.2, 0.5, 1.0]), np.array([1, -1, 1, -1])
    weights = maxmargin.fit(polynomials.bernstein_features(12, points), labels).weights
    x = np.linspace(low, high, 4001)
    sign = np.sign(polynomials.bernstein_features(12, x) @ weights)
    assert np.count_nonzero(np.diff(sign)) == 3


def test_theorem_2_is_about_the_samples_at_the_ends_and_the_zeros_between_them():
    minus, plus, *zeros, low, high = found(
        PROOFS,
        r"two samples \$\((\S+), -\)\$ and \$\((\S+), \+\)\$ is odd, "
        r"has degree \$(.+?)\$, and has \$(.+?)\$ simple zeros in \$\((\S+), (\S+)\)\$",
    )
    ends = np.array([int(minus), int(plus)])
    np.testing.assert_allclose(odd_classifier(ends), [-1, 1])
    assert {float(formulas.read(text).subs("p", P)) for text in zeros} == {2 * P - 1}
    u = np.linspace(int(low), int(high), 20_002)
    assert np.count_nonzero(np.diff(np.sign(odd_classifier(u)))) == 2 * P - 1


def test_lemma_3_fixes_the_value_at_the_end():
    point, one = map(int, found(PROOFS, r"degree at most \$n\$ with \$g\((\d)\) = (\d)\$\.\*"))
    np.testing.assert_allclose(odd_classifier(np.array([point])), one)


def test_theorem_3_counts_sign_changes_between_the_ends():
    inside = found(PROOFS, r"different nodes \$u_i\$ in \$\((\S+), (\S+)\)\$")
    assert found(PROOFS, r"sign changes of \$g\$ in \$\((\S+), (\S+)\)\$ is at least") == inside
    assert inside == ("-1", "1")
    assert len(signs.sign_changes(polynomials.chebyshev_classifier_weights(2 * P))) == 2 * P - 1


def test_the_points_of_proposition_5_lie_on_both_sides_of_the_step_within_the_gap():
    chain, at = found(PROOFS, r"for some \$(.+?)\$\. Then.+?that become dense at \$(.+?)\$")
    names = {"h": 0.2, "a": 0.42, "b": 0.57}
    assert not relations_that_fail(chain.replace("x'", "b").replace("x", "a"), names, {})
    assert float(formulas.read(at)) == 0.5


def test_beyond_the_end_points_delta_is_that_of_the_equispaced_grid():
    even, odd = found(
        "details",
        r"\\delta = \\frac\{2\}\{\(m-1\)\\,u_1\} = \\begin\{cases\} (\d) & "
        r"\(m \\text\{ even\}\),\\cr (\d) & \(m \\text\{ odd\}\)",
    )
    for m, delta in ((40, even), (41, odd)):
        u = 2 * grids.equispaced(m) - 1
        assert 2 / ((m - 1) * u[u > 1e-9].min()) == pytest.approx(int(delta))


def test_the_weights_of_theorem_6a_1_change_at_one_frequency():
    below, from_ = found(
        "6a-how-many-points", r"1 & \(k < (.+?)\),\\cr \\frac12 & \(k \\ge (.+?)\)\. "
    )
    assert formulas.read(below) == formulas.read(from_)
