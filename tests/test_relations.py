"""Chains of equations and inequalities in the prose: each is read, and tried at numbers."""

import itertools
import operator
import re

import formulas
import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy.special import eval_chebyt, eval_chebyu
from test_theorems import bernstein, random_sets

from pwlib import grids, large_degrees, maxmargin, polynomials, power_function, sample_complexity

III_A, IV_A = "3a-pointwise-convergence", "4a-hard-points-of-polynomials"
HOW_MANY, WHICH = "6a-how-many-points", "6b-which-points"
RELATIONS = {
    "=": lambda a, b: a == pytest.approx(b, rel=1e-8, abs=1e-12),
    r"\le": lambda a, b: a <= b + 1e-9,
    r"\ge": lambda a, b: a >= b - 1e-9,
    "<": operator.lt,
    ">": operator.gt,
}


def between(chapter, before, after):
    """The text of the prose between two others, once found."""
    (found,) = re.findall(re.escape(before) + "(.+?)" + re.escape(after), formulas.prose(chapter))
    return found.replace("$ $", " ")


def value(formula, **names):
    return complex(sp.N(formula.subs({sp.Symbol(k): v for k, v in names.items()}))).real


def relations_that_fail(chain, names, replaced):
    for name, latex in replaced.items():
        assert latex in chain
        chain = chain.replace(latex, f" {name} " if "\\" in name else f" \\{name} ")
    first, *rest = re.split(r"(=(?![^{}]*\})|\\le(?![a-z])|\\ge(?![a-z])|<|>)", chain)
    sides = [value(formulas.read(side), **names) for side in (first, *rest[1::2])]
    pairs = zip(sides, rest[::2], sides[1:], strict=False)
    return [pair for pair in pairs if not RELATIONS[pair[1]](pair[0], pair[2])]


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


def signs_of_bernstein():
    """S of f, of the weights, of the multipliers times the labels, and of the labels."""

    def changes(sequence):
        kept = [one for one in sequence if one]
        return int(sum(a * b < 0 for a, b in itertools.pairwise(kept)))

    for n, x, labels in random_sets(12, 6):
        features = [bernstein(n, a) for a in x]
        try:
            support = maxmargin.fit(np.array(features, dtype=float), labels).support
        except ValueError:
            continue
        w = maxmargin.exact_weights(features, labels, support)
        alpha = [labels[i] for i in support]
        f = np.array([bernstein(n, a) for a in np.linspace(0, 1, 2001)]) @ np.array(w, dtype=float)
        counts = changes(f[np.abs(f) > 1e-9]), changes(w), changes(alpha), changes(labels)
        yield dict(zip(("Sf", "Sw", "Sa", "Sy"), counts, strict=True))


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


def mean_square_of_g():
    nodes, masses = np.polynomial.legendre.leggauss(20)
    for p in (1, 2, 4):
        g = polynomials.chebyshev_classifier(2 * p, (1 + nodes) / 2)
        yield {"p": p, "mean": masses @ g**2 / 2}


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


def of_the_identity():
    return [{"p": p, "k": k} for p in (1, 2, 5) for k in range(1, 2 * p, 2)]


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


CHAINS = [  # chapter, the text before and after, the numbers, names of what is no formula
    (III_A, "$2p - 1$ times, $", "$.*", halves, {}),
    (III_A, "The constant is $1/p$ with $", "$ for both", halves, {}),
    (IV_A, "$p + 1 < m \\le 2p$, where $", "$, but for", halves, {}),
    (HOW_MANY, "\\sin k\\varphi, \\qquad ", ", \\qquad", halves, {}),
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
    (HOW_MANY, "its zero is $r = \\frac23$, and $", "$: through",
     lambda: [{"N": 6, "p": 5, "r": sp.Rational(2, 3)}], {}),
    (HOW_MANY, "has period $\\pi$. From $", "$ the training", points_of_the_grid, {}),
    (HOW_MANY, "near the two ends. Put $", "$ and $z", points_of_the_grid, {}),
    (HOW_MANY, "of $G$:\n\n$$\n", " .\n$$", of_the_identity,
     {"k": "F'(0)", r"\cdot 1": r"\sum_k a_k", r"\sin(k l \pi / p)": r"F(\varphi_l)",
      r"(l \pi / p)": r"\varphi_l"}),
    ("details", "value at the end:\n\n$$\n", " .\n$$", end_of_the_extrema,
     {"f": "f(1)", "upper": r"w_{N+2} + \dots + w_{2p-1}"}),
    ("details", "vanishes, so $", "$, and the lower", end_of_the_extrema,
     {"lower": r"\sum_{k < N} w_k"}),
    ("details", "odd (even $m$).* There\n\n$$\n", "\n$$", fejer_sums,
     {"T": "T_N(u)", "odd": r"T_1(u) + T_3(u) + \dots + T_{N-2}(u)"}),
    ("details", "second mean-value theorem $", "$ with $h", of_the_integral, {"off": "|F_r - 1|"}),
    ("details", "< 21/y$ with $", "$; for", of_the_integral, {}),
    ("proofs", "Now\n\n$$\n", ",\n$$", signs_of_bernstein,
     {"Sf": "S(f)", "Sw": "S(w)", "Sa": r"S(\alpha)", "Sy": "S(y)"}),
    ("proofs", "weights $w$. Then*\n\n$$\n", " .\n$$", signs_of_bernstein,
     {"Sf": "S(f)", "Sw": "S(w)", "Sy": "S(y)"}),
    (III_A, "often as the labels do, $", "$: once", signs_of_bernstein,
     {"Sf": "S(f)", "Sy": "S(y)"}),
    ("proofs", "has the length $", "$. Multiplied", waves, {}),
    ("proofs", "$\\sin t \\ge 2t/\\pi$ gives $", "$, and", far_from_the_sample, {"g": "|g_n|"}),
    ("proofs", "the difference is at most $", "$. There remains", depth, {}),
    ("proofs", "of $\\tan \\xi = \\xi$, and $", "$. Then", depth, {}),
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
