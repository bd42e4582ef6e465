"""Chains of equations and inequalities in the prose: each is read, and tried at numbers."""

import itertools
import re

import formulas
import mpmath
import numpy as np
import pytest
import sympy as sp
from formulas import relations_that_fail, value
from scipy.special import eval_chebyt, eval_chebyu

from pwlib import (
    grids,
    large_degrees,
    optimal,
    polynomials,
    power_function,
    sample_complexity,
)

III_A, IV_A = "3a-pointwise-convergence", "4a-hard-points-of-polynomials"
HOW_MANY, WHICH = "6a-how-many-points", "6b-which-points"


def between(chapter, before, after):
    """The text of the prose between two others, once found."""
    (found,) = re.findall(re.escape(before) + "(.+?)" + re.escape(after), formulas.prose(chapter))
    return found.replace("$ $", " ")


def halves():
    return [{"n": n, "p": (n + 1) // 2} for n in (1, 2, 9, 30)]


def angles():
    return [{"i": 3, "n": n, "N": 2 * n + 1, "t": t} for n in (2, 7) for t in (0.3, 2.1)]


def maximisers():
    for n in (3, 8):
        for k, t in enumerate(polynomials.hard_angles(n)[: n // 2]):
            a = np.arctan(1 / np.tan(t) / (2 * n + 1))
            yield {"n": n, "N": 2 * n + 1, "t": t, "k": k, "a": a}


def waves():
    return [{"k": k, "theta": 0.2, "t": 0.7, "p": 4} for k in (1, 2, 5)]


def second_kind():
    return [one | {"U": eval_chebyu(2 * one["n"], np.cos(one["t"]))} for one in angles()]


def far_from_the_sample():
    for p, xi in ((7, 3 * np.pi), (7, 11.0), (20, 40.0)):
        t = xi / (2 * p)
        yield {"p": p, "t": t, "xi": xi, "g": abs(np.sin(xi) / (2 * p * np.sin(t)))}


def depth():
    root = float(mpmath.findroot(lambda xi: mpmath.tan(xi) - xi, 4.49))
    return [{"D": -np.cos(root), "xi": root}]


def of_f():
    for n, x in ((3, 0.2), (8, 0.9)):
        f = {f"f{k}": x**at - (1 - x) ** at for k, at in zip("abc", (n, n + 1, n + 2), strict=True)}
        most = abs(polynomials.bernstein_classifier(n, [x])[0])
        yield f | {"n": n, "x": x, "epsilon": min(x, 1 - x), "most": most}


def of_the_disc():
    for rho, t in ((0.5, 0.3), (0.9, 1.4)):
        z = rho * np.exp(1j * t)
        odd = np.arange(1, 2001, 2)
        total = float(np.sum(rho**odd * np.cos(odd * t)))
        names = {"rho": rho, "u": np.cos(t), "z": sp.sympify(complex(z)), "whole": total}
        yield names | {"i": 5, "T": abs(eval_chebyt(5, np.cos(t))), "size": np.cos(t)}


def bernstein_inequality():
    for n, h in ((1, 0.3), (9, 0.02)):  # T_n at 1/2, n odd
        yield {"n": n, "h": h, "q": 1, "x": 0.5, "slope": 2 * n}


def of_the_integral():
    at = 1 / large_degrees.SHARES[0] - 1
    weigh = lambda s: 1 / mpmath.cos(mpmath.pi * s / 2)  # noqa: E731
    for y in (3.0, 8.0, 25.0):
        first = mpmath.quad(lambda s, y=y: weigh(s) * mpmath.sin((1 - s) * y), [at, 1])
        second = mpmath.quad(lambda s, y=y: weigh(s) * mpmath.cos(s * y), [0, at])
        off = abs(float(first + mpmath.sin(y) * second) - 1)
        yield {"r": at, "y": y, "off": off, "h": float(weigh(at))}


def points_of_the_grid():
    for p, m, j in ((5, 12, 1), (8, 40, 7)):
        z = 2 * p * np.arcsin(np.sqrt(j / (m - 1)))
        yield {"p": p, "m": m, "j": j, "z": z, "u": np.cos(z / p), "c": (m - 1) / (2 * p) ** 2}


def left_by_extrema():
    t = np.linspace(0, np.pi, 4001)
    for n, m in ((10, 8), (12, 7)):
        k = np.arange(1, n - m + 2)
        yield {"n": n, "m": m, "K": n - m + 1, "S": 2 * (np.sin(np.outer(k, t)) ** 2).sum(0).max()}


def left_by_a_set():
    n, x = 6, np.array([0.1, 0.35, 0.8])
    for at in (0.0, 0.5, 0.72):
        left = power_function.variance(n, x, [at])[0]
        before = np.sum(polynomials.chebyshev_features(n, [at]) ** 2)
        yield {"n": n, "after": left, "before": before}


def noise_of_roots():
    for n, m, x in ((3, 6, 0.2), (5, 9, 1.0)):
        cosines = polynomials.chebyshev_features(n, [x])[0, 1:] ** 2
        names = {"n": n, "m": m, "squares": cosines.sum(), "lam": 1 / (1 + 2 * cosines.sum())}
        left = power_function.noise_variance(n, grids.chebyshev(m, "roots"), [x])[0]
        yield names | {"nu": left}


def end_of_the_extrema():
    p, N = 6, 9  # m = 10
    x = sample_complexity.without_pair(grids.chebyshev(N + 1), 0)
    w = sample_complexity.fit(2 * p, x)
    upper = w[N + 2 :].sum()
    yield {"f": w.sum(), "w_N": w[N], "upper": upper, "lower": w[:N].sum()}


def fejer_sums():
    for N, t in ((9, 0.4), (5, 1.9)):
        odd = sum(np.cos(k * t) for k in range(1, N - 1, 2))
        yield {"N": N, "t": t, "T": np.cos(N * t), "odd": odd}


def combinations():
    """S as above, of vectors y_i φ(x_i) combined with any factors that are not negative."""
    rng, u = np.random.default_rng(3), np.linspace(0, 1, 2001)
    for _ in range(20):
        n, m = 6, 5
        y, factors = rng.choice([-1, 1], m), rng.exponential(size=m) ** 3
        w = (factors * y) @ polynomials.bernstein_features(n, np.sort(rng.random(m)))
        f = polynomials.bernstein_features(n, u) @ w
        counts = [int(np.sum(one[1:] * one[:-1] < 0)) for one in (f, w, factors * y, y)]
        yield dict(zip(("Sf", "Sw", "Sa", "Sy"), counts, strict=True))


def two_samples():
    phi = polynomials.chebyshev_features(4, [0.0, 1.0])
    kernel = phi @ phi.T
    zero, one = np.linalg.solve(kernel, [-1, 1])
    names = {"a": kernel[0, 0], "c": kernel[0, 1], "alpha_0": zero, "alpha_1": one}
    yield names | {"distance": np.sum((phi[1] - phi[0]) ** 2)}


def features():
    i, x = 2, 0.3
    for n in (4, 7):
        t = polynomials.chebyshev_features(n, [(1 + x) / 2])[0]
        names = {"b": polynomials.bernstein_features(n, [x])[0, i], "C": sp.binomial(n, i)}
        yield names | {"n": n, "i": i, "x": x, "T": t[i + 1], "U": t[i], "V": t[i - 1]}


def constants_of_g(odd):
    for n in (5, 9) if odd else (4, 10):
        yield {"n": n, "truth": polynomials.chebyshev_classifier_weights(n)[1]}


def follows_any_labels():
    for n in (5, 8):
        upper = {m: polynomials.chebyshev_features(n, grids.equispaced(m)[m // 2 :])[:, 1::2]
                 for m in range(2, 20, 2)}  # fmt: skip
        full = [m for m, odd in upper.items() if np.linalg.matrix_rank(odd) == m // 2]
        yield {"p": (n + 1) // 2, "truth": max(full)}


def near_the_end():
    n, xi = 10**6, 4.0
    f = polynomials.bernstein_classifier(n, [np.cos(xi / (2 * n)) ** 2])[0]
    yield {"f": f, "n": n, "xi": xi}


def at_the_minimum():
    xi = depth()[0]["xi"]
    sinc = lambda v: mpmath.sin(v) / v  # noqa: E731
    yield {"bend": float(mpmath.diff(sinc, xi, 2)), "psi": float(sinc(xi))}


def summand():
    for n, t in ((3, 0.4), (8, 2.2)):
        both = eval_chebyt(n, np.cos(t)) * eval_chebyu(n, np.cos(t))
        value = polynomials.hard_objective(n, [(1 + np.cos(t)) / 2])[0]
        yield {"n": n, "t": t, "F": value, "truth": value, "TU": both}


def least_crowd(n):
    heights = polynomials.hard_objective(n, polynomials.hard_points(n))
    return lambda: [{"truth": 1 + np.sum(heights > heights.max() - 1e-12)}]


def noise_is():
    for one in noise_of_roots():
        yield one | {"truth": one["nu"]}


def noise_on_average():
    for n, m in ((3, 6), (4, 11)):
        x = power_function.midpoints(m)
        yield {"n": n, "m": m, "truth": power_function.noise_variance(n, x, x).mean()}


def first_point(odd):
    m = 9 if odd else 10
    u = 2 * grids.chebyshev(m, "roots") - 1
    return lambda: [{"y": m * np.arcsin(u[u > 1e-9][0])}]


def critical(odd):
    share = large_degrees.SHARES[odd]
    return lambda: [{"n": 30, "p": 15, "r": 1 / share - 1, "truth": 30 * share}]


def pull_of_the_end():
    """Of the square of 1 + b + e the linear term in e, over the sum of e at the nodes."""
    at_nodes = 1 / 2 + np.sum((2 / np.pi / np.arange(1, 2001, 2)) ** 4)  # e = sinc(z/2)^4
    whole = 2 * np.pi / 3  # ∫ e over z > 0; e is band-limited to [-2, 2]
    for b in (0.0, 0.3):
        yield {"b": b, "truth": 2 * (1 + b) * whole / at_nodes}


def first_cell():
    p, m = 400, 64_001
    yield {"c": (m - 1) / (2 * p) ** 2, "rel": 1e-4, "truth": 2 * p * np.arcsin((m - 1) ** -0.5)}


def arcsine_mean():
    for n, m in ((9, 6), (10, 8)):
        truth = power_function.mean_variance(n, grids.chebyshev(m, "roots"), "arcsine")
        lost = power_function.unseen(n, grids.chebyshev(m, "roots")).shape[1]
        yield {"n": n, "m": m, "truth": truth, "lost": lost}


def lost():
    return [one | {"truth": one["lost"]} for one in arcsine_mean()]


def formula_points():
    for n in (4, 9):
        s = np.arccos(1 - 2 * power_function.hard_points_formula(n))
        yield from ({"n": n, "k": k, "s_k": s[k]} for k in range(2))


def beyond_the_maximiser():
    for one in maximisers():
        inner = (one["k"] + 1) * np.pi / (one["n"] + 1)  # an extremum of T_{n+1}
        yield one | {"truth": (inner - one["t"]) * (one["n"] + 1) / np.pi}


def one_class():
    for x in (0.1, 0.7):
        v = polynomials.chebyshev_features(3, [x])[0]  # the root 1/2: T_0, T_2; T_1, T_3
        left = power_function.variance(3, [0.5], [x])[0] - v[1] ** 2 - v[3] ** 2
        yield {"vv": v[0] ** 2 + v[2] ** 2, "sv": v[0] - v[2], "c": 2, "truth": left}


def corners():
    for c in (3, 5):
        v = np.array(list(itertools.product((-1, 1), repeat=c)))
        yield {"c": c, "truth": (c - v.sum(axis=1) ** 2 / c).max()}


def edge_of_the_band():
    for p in (4, 5):
        w = sample_complexity.fit(2 * p, sample_complexity.without_pair(grids.chebyshev(2 * p), 0))
        yield {"N": 2 * p - 1, "p": p, "w_N": w[2 * p - 1], "f": w.sum()}


def last_of_the_low():
    p, M = 6, 8
    x = sample_complexity.without_pair(grids.chebyshev(M + 2, "roots+ends"), 0)
    w = sample_complexity.fit(2 * p, x)
    close = np.flatnonzero(np.abs(np.cumsum(w) - w.sum()) < 1e-9)
    yield {"M": M, "p": p, "truth": close[close % 2 == 1][0]}


def coefficients():
    n, N, k = 9, 8, 3
    phi = np.arange(1, N, 2) * np.pi / (2 * N)
    of_one = np.linalg.solve(np.sin(np.outer(phi, np.arange(1, N, 2))), np.ones(N // 2))
    yield {"n": n, "N": N, "c_k": of_one[1], "dot": np.sin(k * phi).sum()}


def steps():
    for p in (2, 3, 20):
        a = [float(mpmath.fsum(mpmath.sin(k * t) / k for k in range(1, 2 * p, 2)))
             for t in (1 / mpmath.mpf(p), mpmath.pi / p)]  # fmt: skip
        names = {"A": a[0], "B": a[1], "p": p, "I": float(mpmath.si(2))}
        yield names | {"L": float(mpmath.si(2 * mpmath.pi))}


CHAINS = [  # chapter, the text before and after, the numbers, names of what is no formula
    (III_A, "The constant is $1/p$ with $", "$ for both", halves, {}),
    (IV_A, "$p + 1 < m \\le 2p$, where $", "$, but for", halves, {}),
    (HOW_MANY, "\\sin k\\varphi, \\cr ", ", \\qquad", halves, {}),
    ("proofs", "at most $n$. Let $", "$ and $n \\ge 1$", halves, {}),
    ("details", "$N = 2n + 1$, $", "$, and $F_n", halves, {}),
    ("details", "$u = \\sin\\varphi$, $", "$, $f =", halves, {}),
    (IV_A, "$T^*_i(x) = \\cos it$ and $", "$, so the summand", angles, {}),
    (IV_A, "By the product formula $", "$ with", angles, {}),
    (IV_A, "so $2 T_n U_n - 1$ is the ratio $", "$.", second_kind, {"U": "U_{2n}(u)"}),
    (IV_A, "which vanishes where $", "$, with both", maximisers, {}),
    (IV_A, "in modulus, since $", "$ there", maximisers, {}),
    (WHICH, "found the maximisers where $", "$ with $N", maximisers, {}),
    (WHICH, "that is at $", "$ with $a", maximisers, {}),
    (WHICH, "\\frac\\pi2 - a$ with $", "$. Dropping", maximisers, {}),
    (WHICH, "so if $S_3 < 5$, then $", "$ for all", left_by_extrema, {"S": "S_K"}),
    (WHICH, "summed over $k$ up to $", "$ for the extrema", left_by_extrema, {}),
    (WHICH, "For every set $", "$, and its", left_by_a_set,
     {"after": r"\sigma_X^2", "before": r"\sigma_\varnothing^2"}),
    (WHICH, "(4a-hard-points-of-polynomials.ipynb)\n\n$$\n", ",\n$$", noise_of_roots,
     {"nu": r"\nu_X(x)", "squares": r"\sum_{i=1}^n T^*_i(x)^2", "lam": r"\lambda_n(x)"}),
    (HOW_MANY, "at $r = 0$ it is $", "$, which is Euler", lambda: [{}], {}),
    (HOW_MANY, "its zero is $r = \\frac23$, and $", "$: for odd",
     lambda: [{"N": 6, "p": 5, "r": sp.Rational(2, 3)}], {}),
    (HOW_MANY, "has period $\\pi$. From $", "$ the training", points_of_the_grid, {}),
    (HOW_MANY, "near the two ends. Put $", "$, so that", points_of_the_grid, {}),
    (III_A, "\nSo $", "$. It is the optimum", two_samples, {}),
    (III_A, "are $1/(a - c)$, where $", "$.\n", two_samples,
     {"distance": r"\lVert \varphi(1) - \varphi(0) \rVert^2"}),
    (III_A, "for both parities: $", "$ at odd", lambda: constants_of_g(True), {}),
    (III_A, "at odd $n$, $", "$ at even $n$. The", lambda: constants_of_g(False), {}),
    (III_A, "$T_1(x) = x$ and $", "$. The", features,
     {"T": "T_{i+1}(x)", "U": "T_i(x)", "V": "T_{i-1}(x)"}),
    (III_A, "Up to $m = ", "$ it could", follows_any_labels, {}),
    (IV_A, "is\n\n$$\n", " .\n$$\n\nWith $z", summand, {"F": "F_n(x)"}),
    (IV_A, "The objective is $", "$, flat", summand, {"TU": "T_nU_n"}),
    (IV_A, "With $m \\ge ", "$ points", least_crowd(5), {}),
    (IV_A, "$n \\ge 2$; with $m \\ge ", "$ for", least_crowd(1), {}),
    (IV_A, "of the fit to the roots is $", "$, largest", noise_is, {"lam": r"\lambda_n(x)"}),
    (WHICH, "over the training points is $", "$, because", noise_on_average, {}),
    (WHICH, "The mean square lies between $", "$ and", arcsine_mean, {}),
    (WHICH, "at least the sum of the $", "$ smallest", lost, {}),
    (WHICH, "leaves\n\n$$\n\\begin{gathered} ", ", \\cr x", formula_points, {}),
    (HOW_MANY, "The first point is at $", "$, so the", first_point(False), {}),
    (HOW_MANY, "up to the first point, $", "$.", first_point(True), {}),
    (HOW_MANY, "or $N < ", "$.\n\n{glue", critical(1), {}),
    (HOW_MANY, "e^2\\,dz + ", " \\sum_{l", pull_of_the_end, {}),
    ("details", "e^2\\,dz + ", " \\sum_l{}'", pull_of_the_end, {}),
    (HOW_MANY, "first cell has the width $", "$,", first_cell, {}),
    ("details", "than the maximiser, by $", "$ units", beyond_the_maximiser, {}),
    ("details", "the class adds\n\n$$\n", "\n$$", one_class, {"sv": r"s \cdot v", "vv": "|v|^2"}),
    ("details", "for even $c$ and at most $", "$ for odd", corners, {}),
    ("details", "taken half, gives $", "$, and with", edge_of_the_band, {"f": "f(1)"}),
    ("details", "f(1) = w_1 + w_3 + \\dots + w_{", "} .", last_of_the_low, {}),
    ("details", "of the value 1 are $", "$ for", coefficients,
     {"dot": r"\sum_i v_i \sin k\varphi_i"}),
    ("details", "Moreover\n\n$$\n", ", \\qquad p", steps,
     {"A": r"A\Big(\frac1p\Big)", "B": r"A\Big(\frac{\pi}{p}\Big)",
      "L": r"\operatorname{Si}(2\pi)", "I": r"\operatorname{Si}(2)"}),
    ("proofs", "where uniformly\n\n$$\n", " + O\\Big(\\frac{1}{n^2}\\Big), ", near_the_end,
     {"f": "f_n"}),
    ("proofs", "where $\\psi' = 0$ we have $", "$, and", at_the_minimum, {"bend": r"\psi''"}),
    ("details", "value at the end:\n\n$$\n", " .\n$$", end_of_the_extrema,
     {"f": "f(1)", "upper": r"w_{N+2} + \dots + w_{2p-1}"}),
    ("details", "vanishes, so $", "$, and the lower", end_of_the_extrema,
     {"lower": r"\sum_{k < N} w_k"}),
    ("details", "odd (even $m$).* There\n\n$$\n", "\n$$", fejer_sums,
     {"T": "T_N(u)", "odd": r"T_1(u) + T_3(u) + \dots + T_{N-2}(u)"}),
    ("details", "second mean-value theorem $", "$ with $h", of_the_integral, {"off": "|F_r - 1|"}),
    ("details", "< 21/y$ with $", "$; for", of_the_integral, {}),
    ("proofs", "Now\n\n$$\n", ",\n$$", combinations,
     {"Sf": "S(f)", "Sw": "S(w)", "Sa": r"S(\alpha)", "Sy": "S(y)"}),
    ("proofs", "has the length $", "$. Multiplied", waves, {}),
    ("proofs", "$\\sin t \\ge 2t/\\pi$ gives $", "$, and", far_from_the_sample, {"g": "|g_n|"}),
    ("proofs", "the difference is at most $", "$. There remains", depth, {}),
    ("proofs", "with $0 < \\epsilon < \\frac12$, $", "$, because $f_n$", of_f,
     {"most": r"\max |f_n|"}),
    ("proofs", "falls with $n$, for $", "$ has", of_f,
     {"fb": "f_{n+1}", "fc": "f_{n+2}", "fa": "f_n"}),
    ("proofs", "\\le 1/\\sin t$ and $", "$. The table",
     lambda: [{"t": 1.1, "x": (1 + np.cos(1.1)) / 2}], {}),
    ("proofs", "sin t}\\,dt$. Since $", "$, it is", waves, {}),
    ("proofs", "falls with $p$. And $", "$ holds at", lambda: [{"p": p} for p in (2, 3, 9)], {}),
    ("proofs", "would be bounded. But $", "$, and by", waves, {}),
    ("proofs", "the right side, because $", "$. The terms", of_the_disc, {}),
    ("proofs", "the left side, because $", "$ for odd", of_the_disc,
     {"T": "|T_i(u)|", "size": "|u|"}),
    ("proofs", "Bernstein's inequality, $", "$, bounds", bernstein_inequality,
     {"slope": "|q'(x)|", "q": r"\lVert q \rVert_\infty"}),
]  # fmt: skip


@pytest.mark.parametrize(("chapter", "before", "after", "numbers", "replaced"), CHAINS)
def test_a_chain_of_the_prose_holds_at_numbers(chapter, before, after, numbers, replaced):
    chain, tried = between(chapter, before, after), 0
    for names in numbers():
        assert relations_that_fail(chain, names, replaced) == []
        tried += 1
    assert tried


def test_the_inequalities_in_the_proof_of_theorem_3_give_what_it_says():
    zeros, multiplicities, left = (
        re.split(r"\\ge|\\le", between("proofs", before, after))
        for before, after in (
            ("not a node. Then $", "$. A zero"),
            ("or more, so $", "$. Twice"),
            ("second gives $", "$. With"),
        )
    )
    zeros, multiplicities, left = (
        [formulas.read(side, E="l'") for side in pair] for pair in (zeros, multiplicities, left)
    )
    for i in (0, 1):
        assert sp.expand(2 * zeros[i] - multiplicities[i] - left[i]) == 0


def test_rates_are_those_that_are_stated():
    gamma = sp.Symbol("gamma")
    sizes = [sample_complexity.certified_size(n, "equispaced") for n in (1000, 4000)]
    power = int(between(HOW_MANY, "only $O(n^", ")$ is proved"))
    assert np.log(sizes[1] / sizes[0]) / np.log(4) == pytest.approx(power, abs=0.05)
    pairs = [optimal.pairs([0.2, 0.6], gap) for gap in (1e-3, 1e-4)]
    truth = [optimal.expected_objective(8, x) for x in pairs]
    noise = [power_function.largest_noise_variance(8, x) for x in pairs]
    for after, of in ((" ([app", truth), (", because", noise)):
        before = "falls like $" if of is truth else "is amplified like $"
        first, last = (
            formulas.read(between(WHICH, before, "$" + after)).subs(gamma, gap)
            for gap in (1e-3, 1e-4)
        )
        assert float(first / last) == pytest.approx(np.divide(*of), rel=0.05)


def test_the_sizes_at_which_6b_has_closed_forms_are_those_that_it_states():
    n = 12
    t = np.linspace(0.1, 3, 30)
    conditions = re.split(
        r" for the extrema, ", between(WHICH, "large enough ($", "$ for the roots")
    )
    for m in range(2, n + 1):
        k, at = np.arange(1, n - m + 2), (1 + np.cos(t)) / 2
        extrema = 2 * np.sin((m - 1) * t) ** 2 * (np.sin(np.outer(t, k)) ** 2).sum(axis=1)
        roots = np.cos(m * t) ** 2 * (1 + 2 * (np.cos(np.outer(t, k[:-1])) ** 2).sum(axis=1))
        for kind, form, condition in zip(("lobatto", "roots"), (extrema, roots), conditions,
                                         strict=True):  # fmt: skip
            truth = power_function.variance(n, grids.chebyshev(m, kind), at)
            covered = not relations_that_fail(condition.strip("$"), {"m": m, "n": n}, {})
            assert np.allclose(form, truth, atol=1e-9) == covered


def test_aliases_have_the_degrees_that_are_stated():
    degree = between("proofs", "the polynomials $T^*_1$ and $T^*_{", "}$ have")
    N, n, p = 9, 19, 10  # the least degree, and the last at which it is among the features
    other = int(value(formulas.read(degree), N=N))
    at_extrema = polynomials.chebyshev_features(other, grids.chebyshev(N + 1))
    at_roots = polynomials.chebyshev_features(other, grids.chebyshev(N, "roots"))
    np.testing.assert_allclose(at_extrema[:, 1], at_extrema[:, other], atol=1e-12)
    np.testing.assert_allclose(at_roots[:, 1], -at_roots[:, other], atol=1e-12)
    same = np.abs(np.abs(at_roots[:, 2:]) - np.abs(at_roots[:, 1:2])).max(axis=0) < 1e-9
    assert np.flatnonzero(same)[0] + 2 == other
    condition = between("proofs", "As long as $", "$, both")
    shared = between(HOW_MANY, "among the features for $", "$, and")
    for N in range(p, 2 * p):
        assert (not relations_that_fail(condition, {"N": N, "n": n}, {})) == (n >= 2 * N - 1)
        for k in range(1, 2 * p, 2):
            fails = relations_that_fail(shared, {"N": N, "p": p, "k": k}, {})
            assert (not fails) == (2 * N - k in range(1, 2 * p, 2))


def test_the_transforms_of_the_end_problem_and_its_masses_are_right():
    triangle = formulas.read(between("details", "$\\hat S = ", "$ and $\\hat H"))
    xi = sp.Symbol("xi")
    for z in (0.7, 4.0):
        whole = mpmath.quad(
            lambda w, z=z: float(triangle.subs(xi, float(w))) * mpmath.cos(w * z), [0, 2]
        )
        assert float(whole / mpmath.pi) == pytest.approx((np.sin(z) / z) ** 2)
    mass, linear, square, scale = (
        formulas.read(between("details", before, after))
        for before, after in (
            ("with mass $", "$ each"),
            ("the squared norm by $", " \\sum_l e"),
            ("to second order by $", " \\int_0"),
            ("dz$. Times $", "$ this"),
        )
    )
    b = sp.Symbol("b")
    assert sp.simplify(linear - 2 * mass) == 0
    assert sp.simplify(square * scale) == 1
    assert sp.simplify(linear * scale - 2 * sp.pi * (1 + b)) == 0


def test_the_degrees_at_which_the_signs_agree_on_at_most_half_are_listed():
    listed = between(III_A, "that is for $n = ", ", \\dots$, by")
    found = [n for n in range(1, 9) if polynomials.agreement(n) <= 0.5]
    assert [int(n) for n in listed.split(",")] == found


def test_the_bound_of_proposition_5_follows_from_the_slope():
    slope = formulas.read(between("proofs", "the slope of $q$ is at least $", "$."))
    steepest = between("proofs", "bounds it by $", "$. $\\square$").replace(
        r"\lVert q \rVert_\infty", r" \q "
    )
    height = between("proofs", "Then $\\lVert q \\rVert_\\infty \\ge ", "$ on")
    for n, h in ((1, 0.3), (7, 0.05)):
        q = value(formulas.read(height), n=n, h=h)
        assert value(formulas.read(steepest), n=n, h=h, q=q) == pytest.approx(value(slope, h=h))


def test_the_norm_of_the_series_grows_as_is_stated():
    def norm(n):
        k = np.arange(1, n + 1)
        return 1 / (2 * n + 1) + 2 / np.pi * np.sum(np.tan(np.pi * k / (2 * n + 1)) / k)

    growth = formulas.read(between("proofs", "without bound, like $", "$, so some"))
    found = norm(4000) - norm(1000)
    assert value(growth, n=4000) - value(growth, n=1000) == pytest.approx(found, rel=1e-3)


def test_the_usual_scale_of_legendre_polynomials_is_the_one_that_is_stated():
    nodes, masses = np.polynomial.legendre.leggauss(9)
    of_3 = masses @ np.polynomial.legendre.Legendre.basis(3)(nodes) ** 2 / 2
    scale = value(formulas.read(between(III_A, "$\\varphi_i$; $s = ", "$ is their usual")))
    assert 7.0**-scale == pytest.approx(np.sqrt(of_3))
