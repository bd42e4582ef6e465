"""What chapters 2, 3b, 4a, 6 and the details state, and the numbered equations, tried."""

import functools
import itertools
from math import comb

import numpy as np
import pytest
from numpy.polynomial import chebyshev, legendre
from sayings import MEANT, says, strongest
from scipy.optimize import brentq
from scipy.special import eval_chebyt, eval_chebyu

from pwlib import (
    grids,
    large_degrees,
    maxmargin,
    optimal,
    polynomials,
    power_function,
    sample_complexity,
    signs,
)

III_A, IV_A, HOW_MANY, WHICH = (
    "3a-pointwise-convergence", "4a-hard-points-of-polynomials", "6a-how-many-points",
    "6b-which-points",
)  # fmt: skip
LESS = {"lobatto": 1, "roots": 0}  # m - N


@says("2-related-work", "eq-1", r"""
    $$ \langle w, \tilde x\rangle = \langle w, x\rangle «sign» \langle w, \eta\rangle .
    \tag{1} $$
    """)  # fmt: skip
def a_perturbation_adds_to_the_score(said):
    w, x, eta = np.random.default_rng(0).standard_normal((3, 5))
    assert w @ (x + eta) == pytest.approx(w @ x + float(said["sign"] + "1") * (w @ eta))


@says("2-related-work", "eq-2", r"""
    $$ \mathbb{E}_{\mathcal D}\left[y f(x)\right] «more» \mathbb{E}_{\mathcal D}\left[y f(x
    «sign» \Delta(x))\right] . \tag{2} $$
    """)  # fmt: skip
def an_attack_lowers_the_margin(said):
    rng = np.random.default_rng(1)
    w, x, y = rng.standard_normal(4), rng.standard_normal((9, 4)), rng.choice([-1, 1], 9)
    moved = x + float(said["sign"] + "1") * -0.1 * y[:, None] * w  # Δ, down the gradient of y f
    assert strongest([(np.mean(y * (x @ w)), np.mean(y * (moved @ w)))]) == said["more"]


@says(III_A, "eq-3", r"""
    $$ b_{i,n}(x) = \binom{n}{«below»} «left» «right», \quad i = «first», \dots, «last».
    \tag{3} $$
    """)  # fmt: skip
def the_bernstein_basis_is(said):
    n, x = 5, 0.3
    degrees = range(int(said["first"]), said.whole("last", n=n) + 1)
    values = [
        comb(n, said.whole("below", i=i)) * said.at("left", i=i, n=n, x=x)
        * said.at("right", i=i, n=n, x=x) for i in degrees
    ]  # fmt: skip
    np.testing.assert_allclose(values, polynomials.bernstein_features(n, [x])[0])
    assert sum(values) == pytest.approx(1)


@says(III_A, "eq-4", r"""
    $$ F_n(x; \alpha) = \alpha_0 \sum_{i=«i»}^n b_{i,n}(«a»)\, b_{i,n}(x) «sign» \alpha_1
    \sum_{i=«j»}^n b_{i,n}(«b»)\, b_{i,n}(x), \tag{4} $$
    """)  # fmt: skip
@says(III_A, "eq-6", r"""
    $$ G_n(x; \alpha) = \alpha_0 \sum_{i=«i»}^n T_i^*(«a»)\,T_i^*(x) «sign» \alpha_1
    \sum_{i=«j»}^n T_i^*(«b»)\,T_i^*(x). \tag{6} $$
    """)  # fmt: skip
def the_classifier_of_two_samples_is_a_sum_of_kernels(said):
    tried = 0
    for features in (polynomials.bernstein_features, polynomials.chebyshev_features):
        kernel = features(5, [0, 1]) @ features(5, [0, 1]).T
        alpha = np.linalg.solve(kernel, [-1, 1])
        at = features(5, [int(said["a"]), int(said["b"])])
        ahead = [at[0, int(said["i"]) :], float(said["sign"] + "1") * at[1, int(said["j"]) :]]
        x = features(5, [0.2, 0.9])
        found = sum(a * x[:, -len(v) :] @ v for a, v in zip(alpha, ahead, strict=True))
        np.testing.assert_allclose(found, x @ maxmargin.fit(features(5, [0, 1]), [-1, 1]).weights)
        tried += 1
    assert tried == 2


@says(III_A, "eq-5", r"$$ f_n(x) = «formula». \tag{5} $$")
def the_bernstein_classifier_is(said):
    for n, x in itertools.product((1, 2, 7), (0.1, 0.8)):
        phi = polynomials.bernstein_features(n, [0, 1, x])
        f = phi[2] @ maxmargin.fit(phi[:2], [-1, 1]).weights
        assert said.at("formula", n=n, x=x) == pytest.approx(f)


@says(III_A, "eq-7", r"""
    $$ g_n(x) = «front» \sum_{i=«first»}^{«last»} T_{«degree»}^*(x), \tag{7} $$
    """)  # fmt: skip
def the_printed_classifier_is_right_at_odd_degrees(said):
    t = 0.7
    for n in range(1, 8):
        phi = polynomials.chebyshev_features(n, [0, 1, np.cos(t / 2) ** 2])
        g = phi[2] @ maxmargin.fit(phi[:2], [-1, 1]).weights
        terms = range(int(said["first"]), said.whole("last", n=n) + 1)
        total = sum(np.cos(said.whole("degree", i=i) * t) for i in terms)
        p = (n + 1) // 2
        assert total / p == pytest.approx(g)
        assert (said.at("front", n=n) == pytest.approx(1 / p)) == (n % 2 == 1)


@says("3b-optimal-points", "eq-8", r"""
    $$ \begin{aligned} \arg\min_X \quad & \int_{\mathcal{H}} \sum_{x \in X}
    \big\|\nabla(\hat h_X(x) «sign» h(x))\big\| \, dh \cr \text{subject to} \quad & X \text{
    is feasible.} \end{aligned} \tag{8} $$
    """)  # fmt: skip
def the_objective_is_the_slope_of_the_error(said):
    n, x, h = 5, np.array([0.2, 0.7]), np.random.default_rng(2).standard_normal(6)
    phi = polynomials.chebyshev_features(n, x)
    fitted = np.linalg.pinv(phi) @ phi @ h
    error = fitted + float(said["sign"] + "1") * h
    slopes = 2 * chebyshev.chebval(2 * x - 1, chebyshev.chebder(error))
    objective = optimal.optimal_objective(n, x, h[None, :])[0]
    assert np.abs(slopes).sum() == pytest.approx(objective)


@says("3b-optimal-points", "eq-9", r"""
    $$ \begin{aligned} \arg\max_X \quad & \mathbb{E}_H\Big[\sum_{x \in X} L(h(x), h(x))\Big]
    \cr \text{subject to} \quad & X \text{ is feasible.} \end{aligned} \tag{9} $$
    """)  # fmt: skip
@says("3b-optimal-points", "eq-10", r"""
    $$ \begin{aligned} \arg\max_X \quad & \sum_{x \in X} L(h(x), h(x)) \cr \text{subject to}
    \quad & X \text{ is feasible.} \end{aligned} \tag{10} $$
    """)  # fmt: skip
def the_self_loss_is_notation(said):
    assert not said


@says(IV_A, "eq-11", r"""
    $$ \begin{aligned} \arg\max_X \quad & \mathbb{E}_H\Big[\sum_{x \in X}
    \max\big(«least»,\, «loss»\big)\Big] \cr \text{subject to} \quad & «low» \le x_1 < \dots
    < x_m \le «high». \end{aligned} \tag{11} $$
    """)  # fmt: skip
@says(IV_A, "eq-12", r"""
    $$ \begin{aligned} \arg\max_X \quad & \sum_{x \in X} «share» \sum_{i=0}^n
    \big(«loss»\big) \cr \text{subject to} \quad & «low» \le x_1 < \dots < x_m \le «high».
    \end{aligned} \tag{12} $$
    """)  # fmt: skip
def the_objective_is_the_mean_loss(said):
    n, low, high = 4, int(said["low"]), int(said["high"])
    x = np.linspace(low, high, 7)
    h = np.array([eval_chebyt(i, 2 * x - 1) for i in range(n + 1)])
    h_of_x = {"h": "h(x)" if "least" in said else "T^*_i(x)"}
    losses = [[said.at("loss", h_of_x, h=v) for v in row] for row in h]
    losses = np.maximum(losses, float(said.get("least", -np.inf)))
    share = said.at("share", n=n) if "share" in said else 1 / (n + 1)
    np.testing.assert_allclose(share * losses.sum(axis=0), polynomials.hard_objective(n, x))
    beyond = eval_chebyt(n, 2 * np.array([low - 0.01, high + 0.01]) - 1)
    assert np.abs(beyond).min() > 1  # the loss would be negative there
    if "least" in said:
        assert np.maximum(said.at("loss", h_of_x, h=1.5), float(said["least"])) == 0


@says(IV_A, "eq-product", r"$$ F_n(x) = «summand», \qquad u = «u» . $$")
def the_summand_is_a_product(said):
    for n, x in itertools.product((1, 4, 7), (0.1, 0.8)):
        u = said.at("u", x=x)
        T, U = eval_chebyt(n, u), eval_chebyu(n, u)
        formula = said["summand"].replace("T_n(u)", r"\T").replace("U_n(u)", r"\U")
        found = type(said)(summand=formula).at("summand", T=T, U=U, n=n)
        assert found == pytest.approx(polynomials.hard_objective(n, [x])[0])


@says(IV_A, "For the roots of ,", r"""
    $X$ | roots | $T^*_m$ | every | $«sizes»$ | $\sigma_X^2$ | largest | «two» | ends
    """)  # fmt: skip
@says("details", "Let be the roots of", r"""
    $X$ | roots | $T^*_m$ | $«sizes»$ | least | least | $h = \sum_{i \le n} a_i T^*_i$ |
    independent | $a_i$ | $\sigma_X^2(x) = \mathbb{E}(\hat h_X «sign» h)(x)^«power»$ |
    largest | $x = «first»$ | $x = «last»$
    """)  # fmt: skip
def the_error_after_the_roots_is_largest_at_the_ends(said):
    n, x = 5, np.linspace(0, 1, 101)
    assert MEANT[said.get("two", "two")] == 2
    ends = {float(said.get("first", 0)), float(said.get("last", 1))}
    for m in range(1, n + 3):
        phi, at = (polynomials.chebyshev_features(n, points) for points in
                   (grids.chebyshev(m, "roots") if m > 1 else [0.5], x))  # fmt: skip
        sign = float(said.get("sign", "-") + "1")
        errors = at @ (np.linalg.pinv(phi) @ phi + sign * np.eye(n + 1))
        left = np.sum(np.abs(errors) ** int(said.get("power", 2)), axis=1)
        largest = {a for a, v in zip(x, left, strict=True) if v > left.max() - 1e-9 and v > 1e-9}
        assert said.holds("sizes", m=m, n=n) == (largest >= ends == {0, 1})
        if "power" in said and m <= n:
            np.testing.assert_allclose(left, power_function.variance(
                n, grids.chebyshev(m, "roots") if m > 1 else [0.5], x), atol=1e-9)  # fmt: skip
    assert "first" not in said or not said.holds("sizes", m=0, n=n)


def upper(kind, m):
    """The angles φ of the training points above the middle, u = sin φ."""
    u = np.sort(2 * grids.chebyshev(m, kind) - 1)
    return np.arcsin(u[u > 1e-9])


def interpolants(p, N):
    """p, m, φ, k, a, λ: the shortest sine polynomials that are 1 at the training points."""
    for kind, less in LESS.items():
        m, k = N + less, np.arange(1, 2 * p, 2)
        if m > 1 and len(phi := upper(kind, m)):
            rows = np.sin(np.outer(phi, k))
            a = np.linalg.lstsq(rows, np.ones(len(phi)), rcond=None)[0]
            multipliers = np.linalg.lstsq(rows.T, a, rcond=None)[0]
            fitted = sample_complexity.fit(2 * p, grids.chebyshev(m, kind))
            yield m, phi, k, a, multipliers, fitted[1::2] * sample_complexity.alternating(2 * p)


@says(HOW_MANY, "Theorem 6a.1", r"""
    $«sizes»$ | extrema | roots | every | $f = «one»$ | all | $$ a_k = «front» \begin{cases}
    «even» & (m \text{ even}),\cr «odd» & (m \text{ odd}), \end{cases} \omega_k =
    \begin{cases} «whole» & (k < «edge»),\cr «shared» & (k \ge «from»). \end{cases} $$
    """)  # fmt: skip
@says("details", "Let , on the extrema", r"""
    $«sizes»$ | extrema | roots | $f$ | shortest | «one»
    """)  # fmt: skip
def below_2p_steps_the_classifier_is_the_interpolant(said):
    p = 5
    assert said.allowed("sizes", "N", range(1, 3 * p), p=p) == [*range(p, 2 * p)]
    for N in range(2, 2 * p):
        formulas, ones = [], []
        for m, phi, k, a, multipliers, fitted in interpolants(p, N):
            ones.append(np.allclose(np.sin(np.outer(phi, k)) @ fitted, float(said["one"])))
            if p <= N:
                assert multipliers.min() > 0
                np.testing.assert_allclose(a, fitted, rtol=1e-6, atol=1e-9)
            if "front" in said:
                formulas.append(np.allclose(stated_weights(said, k, N, p, m), fitted, atol=1e-8))
        assert all(ones) or p > N
        assert "front" not in said or all(formulas) == (p <= N)
    assert 2 * p - 1 == interpolants(p, p).__next__()[2][-1]  # the last frequency: N < 2p


def stated_weights(said, k, N, p, m):
    edge = said.whole("edge", N=N, p=p)
    assert edge == said.whole("from", N=N, p=p)
    assert edge % 2 == 1  # a frequency of f: the first whose alias is one too
    weights = []
    for one in k:
        omega = said.at("whole" if one < edge else "shared")
        form = said.at("odd" if m % 2 else "even", k=one, N=N)
        weights.append(said.at("front", omega_k=omega, N=N) * form)
    return weights


@says(HOW_MANY, "Theorem 6a.2", r"""
    extrema | roots | last | $m$ | $N < «end»$ | $«odd» + o(n)$ | odd | $m$ | $«even» +
    o(n)$ | even | $m$ | $«share» =$
    """)  # fmt: skip
def the_last_sizes_are_shares_of_the_degree(said):
    n, p, critical = 300, 150, double_zero()
    for kind, less in LESS.items():
        for parity, hole in enumerate(("even", "odd")):
            law = said.at(hole, n=n, r=critical)
            last = last_size(n, kind, bool(parity))
            assert last == pytest.approx(law, abs=2.5)
            assert last - less < said.at("end", p=p)
    assert said.at("share", r=critical) == pytest.approx(large_degrees.SHARES[0])
    assert said.at("end", p=p) == 2 * p  # the first N without aliases: see theorem 6a.1


@says("details", "On the extrema and the", r"""
    extrema | roots | $M$ | largest | $N < «end»$ | $f$ | $«ratio» \to «limit»$ | $r^* =
    «odd»$ | odd | $m$ | $r^*$ | least | $r$ | zero | $F_r$ | even | $m$
    """)  # fmt: skip
def the_last_numbers_of_steps_are_shares_of_the_degree(said):
    n, p = 300, 150
    for kind, less in LESS.items():
        for parity, r in enumerate((double_zero(), said.at("odd"))):
            M = last_size(n, kind, bool(parity)) - less
            law = said.at("limit", r=r)
            assert said.at("ratio", p=p, M=M) == pytest.approx(law, rel=0.015)
            assert said.at("end", p=p) > M
    assert said.at("end", p=p) == 2 * p


@functools.cache
def double_zero():
    """r*, the least r at which F_r has a double zero at even m: there its least value is 0."""
    s, masses = legendre.leggauss(40)
    y = np.linspace(np.pi / 2, np.pi, 1000)[:, None]

    def integral(f, a, b):
        tau = (a + b) / 2 + (b - a) / 2 * s
        return (b - a) / 2 * (f(tau) / np.cos(np.pi * tau / 2)) @ masses

    def least(r):
        first = integral(lambda tau: np.sin((1 - tau) * y), r, 1)
        return (first + np.sin(y[:, 0]) * integral(lambda tau: np.cos(tau * y), 0, r)).min()

    return brentq(least, 0.8, 0.99, xtol=1e-9)


last_size = functools.cache(large_degrees.last_size)


@says(HOW_MANY, "identity", r"""
    $$ F'(0) «plus» \sum_{l=«first»}^{«last»} «term» = «right» \sum_k a_k . $$
    """)  # fmt: skip
@says("details", "identity", r"""
    $$ F'(0) «plus» \sum_{l=«first»}^{«last»} «term» = «right» \sum_{i=«i»}^{«j»} a_i,
    \qquad \varphi_l = «node». $$
    """)  # fmt: skip
def the_sum_over_nodes_is_the_sum_of_the_coefficients(said):
    rng = np.random.default_rng(3)
    for p in (2, 5):
        a, k = rng.standard_normal(p), np.arange(1, 2 * p, 2)
        left = a @ k  # F'(0), in u
        for node in range(int(said["first"]), said.whole("last", p=p) + 1):
            angle = said.at("node", l=node, p=p) if "node" in said else node * np.pi / p
            assert 0 < angle < np.pi
            F = a @ np.sin(k * angle)
            term = said.at("term", {"F": r"F(\varphi_l)", "phi": r"\varphi_l"}, F=F, phi=angle)
            left += float(said["plus"] + "1") * term
        assert left == pytest.approx(said.at("right", p=p) * a.sum())
        assert int(said.get("i", 0)) == 0
        assert "j" not in said or said.whole("j", p=p) == p - 1  # p coefficients


@says("details", "The limit problem", r"""
    all | odd | $F$ | at most | $n$ | $F'(0) «slope»$ | $F «sign»$ | $«right»$ | shortest |
    $G = «formula»$ | $\lVert G \rVert = «norm»$
    """)  # fmt: skip
def the_limit_is_the_shortest_that_rises(said):
    def holds(hole, value):
        text = said[hole].replace("u", "") if hole == "right" else said[hole]
        return type(said)(chain="v " + text).holds("chain", v=value)

    assert [holds("slope", v) for v in (-1, 0.9, 1, 2)] == [False, False, True, True]
    assert [holds("sign", v) for v in (-0.1, 0, 0.1)] == [False, True, True]
    assert [holds("right", v) for v in (-0.1, 0, 0.1)] == [False, False, True]
    for p in (2, 3, 6):
        k, nodes = np.arange(1, 2 * p, 2), np.arange(1, p) * np.pi / p
        # G is the shortest if it is a sum of the gradients of what is tight at G, none negative
        gradients = np.vstack([k, np.sin(np.outer(nodes, k)) / np.sin(nodes)[:, None]])
        a = gradients.sum(axis=0) / p**3
        phi = np.linspace(0.01, np.pi / 2, 9)
        values = np.sin(np.outer(phi, k)) @ a
        assert k @ a == pytest.approx(1)
        assert values.min() >= 0
        np.testing.assert_allclose(np.sin(np.outer(nodes, k)) @ a, 0, atol=1e-12)
        np.testing.assert_allclose([said.at("formula", p=p, phi=t) for t in phi], values, atol=1e-9)
        assert said.at("norm", p=p) == pytest.approx(np.linalg.norm(a))


def limits(n, sizes=(300, 1200), drop=False, kinds=sample_complexity.READINGS):
    """u_1, weights, and the value of 1/|w|, at two sizes of each grid, its ends dropped or not."""
    for kind in kinds:
        rows = []
        for m in sizes:
            x = sample_complexity.grid(kind, m)
            gap = sample_complexity.half_gap(x)
            x = sample_complexity.without_pair(x, 0) if drop else x
            rows.append((gap, sample_complexity.fit(n, x)))
        yield rows


def rates(said, n, rows):
    """Exponents of u_1 in the norm of u_1 f - G and in the margin over its law less 1."""
    p, sign = (n + 1) // 2, float(said.get("minus", "-") + "1")
    G, found = sample_complexity.limit_weights(n), []
    sigma = said.at("sigma", {"phi": r"\varphi_l"}, p=p, phi=0) if p == 1 else sum(
        said.at("summand", {"phi": r"\varphi_l"}, phi=j * np.pi / p)
        for j in range(int(said["first"]), said.whole("last", p=p) + 1)
    )  # fmt: skip
    for gap, w in rows:
        law = said.at("law", u_1=gap, sigma=sigma, p=p)
        found.append((np.linalg.norm(gap * w + sign * G), 1 / np.linalg.norm(w) / law - 1))
    return found


@says(HOW_MANY, "Theorem 6a.4", r"""
    $«n»$ | $\sigma = \sum_{l=«first»}^{«last»} «summand»$ | $m \to \infty$ | $E_m$ | $C_m$
    | any | $\lVert u_1 f «minus» G \rVert = O(«distance»)$ | no | better | $«law» (1 +
    O(«error»))$
    """)  # fmt: skip
@says("details", "Theorem 6a.4", r"""
    $«n»$ | $\sigma = \sum_{l=«first»}^{«last»} «summand»$ | $m$ | either | $E_m$ | $C_m$ |
    any | $$ \lVert u_1 f «minus» G \rVert = O(«distance»), \text{margin} =
    \frac{«over»}{\lVert w \rVert} = «law» \big(1 + O(«error»)\big). $$
    """)  # fmt: skip
def the_classifier_tends_to_its_limit(said):
    assert float(said.get("over", 1)) == 1
    for n, sizes in ((3, (300, 1200)), (4, (301, 1201)), (5, (300, 1200))):
        for rows in limits(n, sizes):
            (near, early), (far, late) = rates(said, n, rows)
            for hole, ratio in (("distance", far / near), ("error", late / early)):
                law = [said.at(hole, u_1=gap) for gap, _ in rows]
                assert ratio == pytest.approx(law[1] / law[0], rel=0.5)
                assert law[0] == pytest.approx(rows[0][0] ** (1 + (hole == "error")))
    exact = [n for n in range(1, 6) if min(
        np.linalg.norm(gap * w - sample_complexity.limit_weights(n))
        for rows in limits(n, (40, 41)) for gap, w in rows) > 1e-9]  # fmt: skip
    assert said.allowed("n", "n", range(1, 6)) == exact  # below, f is its limit


@says("details", "Corollary", r"""
    $«n»$ | «ends» | end points | extrema | roots | ends | $E_m$ | $p$ | «good» | 4 | $E_m$
    | «bad» | $p$ | $m \to \infty$ | $$ f(1) \to «limit», \qquad \delta = «delta» =
    \begin{cases} «even» & (m \text{ even}),\cr «odd» & (m \text{ odd}),\end{cases} $$ |
    «left» | every | large | $m$ | «each» | each | end
    """)  # fmt: skip
def without_the_ends_the_limit_is_another_at_even_p(said):
    assert MEANT[said["ends"]] == 2
    assert said.allowed("n", "n", range(1, 6)) == [3, 4, 5]  # as in theorem 6a.4
    for p in (2, 3):
        n = 2 * p
        G = sample_complexity.limit_weights(n)
        for kind in ("equispaced", "lobatto", "roots+ends"):
            (rows,) = limits(n, (1000, 4000), True, [kind])
            distances = [np.linalg.norm(gap * w - G) / gap for gap, w in rows]
            as_before = all(len(signs.sign_changes(w)) == 1 for _, w in rows)
            odd_p = p % 2 == MEANT[said["good"]] != MEANT[said["bad"]]
            assert as_before == (kind != "equispaced" or odd_p)
            assert distances[1] == pytest.approx(distances[0], rel=0.05)
    for m, hole in ((4000, "even"), (4001, "odd")):
        ((gap, w),) = next(limits(4, (m,), True, ["equispaced"]))
        assert said.at("delta", m=m, u_1=gap) == pytest.approx(float(said[hole]))
        assert w.sum() == pytest.approx(said.at("limit", delta=float(said[hole])), abs=0.05)
        spurious = signs.spurious_sign_changes(w)
        assert len(spurious) == MEANT[said["left"]]
        assert np.sum(spurious > 0.5) == np.sum(spurious < 0.5) == MEANT[said["each"]]


@says("details", "Proposition 6a.5", r"""
    end | exactly | «solutions» | $e^*$ | $e^L$ | $e$ | all | $\zeta_l$ | $«which»$ | $L \to
    \infty$ | $e^L \to e^*$ | $L^2$ | uniformly | all
    """)  # fmt: skip
def truncated_end_problems_converge(said):
    assert MEANT[said["solutions"]] == 1
    L, rng = 4, np.random.default_rng(4)
    values, slopes = rng.standard_normal((2, L))

    def e(z):  # Hermite: any values and slopes at the nodes πl, l < L, even
        total = np.zeros_like(z)
        for k, sign in itertools.product(range(L), (-1, 1)):
            apart = z + sign * np.pi * k
            total += (values[k] - sign * slopes[k] * apart) * np.sinc(apart / np.pi) ** 2
        return total

    at = np.pi * np.arange(2 * L)
    vanish = (np.abs(e(at)) < 1e-9) & (np.abs(e(at + 1e-5) - e(at - 1e-5)) < 1e-9)
    assert said.allowed("which", "l", range(2 * L), L=L) == np.flatnonzero(vanish).tolist()
    z = np.linspace(0, 12, 400)
    f = [large_degrees.end_problem(0.08, False, False, nodes)(z) for nodes in (8, 16, 32)]
    assert np.abs(f[2] - f[1]).max() < np.abs(f[1] - f[0]).max() / 1.5


@says("details", "Theorem 6a.3", r"""
    $«n»$ | $«psi»$ | $\max\big(«between» S, «gap» S_0\big) \lVert v \rVert «below»$ | $n$ |
    no | «falls» | $m$ | each | first | all | later
    """)  # fmt: skip
def a_small_sag_leaves_no_spurious_sign_change(said):
    assert said["falls"] == "decreases"
    usable = [n for n in range(1, 7) if np.sum(
        np.sin(np.arange(1, n + 1, 2) * np.pi / ((n + 1) // 2)) / np.arange(1, n + 1, 2)) > 1e-9
    ]  # fmt: skip
    assert said.allowed("n", "n", range(1, 7)) == usable  # A(π/p), by which v is divided, is not 0
    assert [said.holds("psi", {"psi": r"\psi"}, psi=t, p=4) for t in (0.2, 0.25, 0.26)] == [
        True, True, False]  # fmt: skip
    assert [type(said)(chain="v " + said["below"]).holds("chain", v=v) for v in (0.99, 1, 1.01)] \
        == [True, False, False]  # fmt: skip
    s = np.linspace(0.0003, 0.3, 1000)  # f'' = -1: below the chord of f, and that over s/0.3
    assert said.at("between", d=0.3) == pytest.approx((s * (0.3 - s) / 2).max(), rel=1e-5)
    assert said.at("gap", s_1=0.3) == pytest.approx((0.3 * (0.3 - s) / 2).max(), rel=2e-3)
    for n, kind in itertools.product((3, 6), sample_complexity.READINGS):
        sizes = range(6, 80, 4)
        bounds = [sample_complexity.dip_bound(n, kind, m) for m in sizes]
        assert all(a > b or a == np.inf for a, b in itertools.pairwise(bounds))
        step, first = sample_complexity.longest_step(kind, 78)
        k = np.arange(1, n + 1, 2.0)
        S = np.linalg.norm(k**2 * (k**2 - 1) / 3 if kind == "equispaced" else k**2)
        v = np.linalg.norm(sample_complexity.feasible_weights(
            n, np.arcsin(first) if kind == "equispaced" else first))  # fmt: skip
        sag = said.at("between", d=step) * S * v  # at even m the gap's is the smaller
        assert bounds[-1] == pytest.approx(max(sag, said.at("gap", s_1=first) * S * v), rel=1e-3)
        for m in [m for m, bound in zip(sizes, bounds, strict=True) if bound < 1][:3]:
            w = sample_complexity.fit(n, sample_complexity.grid(kind, m))
            assert len(signs.sign_changes(w)) == 1


@says("details", "The inner extrema of ,", r"""
    extrema | $T^*_N$ | $N = «steps» \le «last»$ | «parity» | «size» | $m$
    """)  # fmt: skip
@says("details", "The roots of , .", r"roots | $T^*_M$ | $«before» < M = «steps» \le «last»$")
def the_value_at_the_end_is_a_sum_of_weights(said):
    """Below the bound the low, or the high, frequencies drop out of f(1); above it no longer."""
    extrema = "size" in said
    for p in (4, 5):
        N, last, tried = 2 * p + 1, said.whole("last", p=p), []
        for m in range(4, 2 * p + 5, 2):
            x = grids.chebyshev(m, "lobatto" if extrema else "roots+ends")
            w = sample_complexity.fit(2 * p, sample_complexity.without_pair(x, 0))
            tried.append(steps := said.whole("steps", m=m))
            if extrema:
                assert (m % 2, steps % 2) == (MEANT[said["size"]], MEANT[said["parity"]])
                found = steps < N and np.isclose(w[steps] / 2 + w[steps + 1 :].sum(), w.sum())
                assert found == (steps <= last)
            else:
                low = w[: max(2 * (steps - p), 0)]
                found = 0 < len(low) < N - 1 and np.isclose(low.sum(), w.sum())
                assert found == (said.at("before", p=p) < steps <= last)
        assert last in tried


@says(WHICH, "its maximum is at least", "«least» | $«bound»$ | every")
def noise_is_at_least_its_mean(said):
    rng, found = np.random.default_rng(5), []
    for n, m in ((1, 2), (3, 4), (3, 7), (5, 8)):
        for x in (np.sort(rng.random(m)), power_function.fekete(m)):
            largest = power_function.largest_noise_variance(n, x)
            found.append((round(largest, 9), said.at("bound", n=n, m=m)))
    assert strongest(found) == MEANT[said["least"]]


@says(WHICH, "of the degree and not", "$«degree»$ | not | $«other»$")
def the_objective_of_a_lower_degree_is_the_envelope(said):
    t = np.array([0.3, 1.2, 2.0])
    at = (1 + np.cos(t)) / 2
    for n, m in ((9, 7), (10, 8), (12, 8)):
        truth = power_function.variance(n, grids.chebyshev(m), at)
        for hole in ("degree", "other"):
            K = said.whole(hole, n=n, m=m)
            envelope = 2 * (K + 1) * np.sin((m - 1) * t) ** 2 * polynomials.hard_objective(K, at)
            assert np.allclose(envelope, truth) == (hole == "degree")
    assert said["other"] == "n"


@says(WHICH, "the extrema, with the ends", r"""
    extrema | ends | better | roots | every | $m$ | $«low»$ | $«high»$
    """)  # fmt: skip
def the_extrema_are_better_up_to_a_size(said):
    for n in (10, 12):
        low, high = said.whole("low", n=n), said.whole("high", n=n)
        for m in range(low, n + 1):
            extrema, roots = (power_function.largest_variance(n, grids.chebyshev(m, kind))
                              for kind in ("lobatto", "roots"))  # fmt: skip
            assert (extrema < roots) == (m <= high)
        t = np.linspace(0.1, 3, 20)
        for m in (low - 1, low):  # the closed form begins there
            k = np.arange(1, n - m + 2)
            form = 2 * np.sin((m - 1) * t) ** 2 * (np.sin(np.outer(t, k)) ** 2).sum(axis=1)
            truth = power_function.variance(n, grids.chebyshev(m), (1 + np.cos(t)) / 2)
            assert np.allclose(form, truth) == (m == low)


@says(WHICH, "For every , each maximiser", r"""
    every | $«n»$ | each | other than | $x = «but»$ | nearer | $s_k$ | any | $T^*_n$ |
    $T^*_{n+1}$ | ends
    """)  # fmt: skip
@says("details", "For every , each maximiser", r"""
    every | $«n»$ | each | other than | $x = «but»$ | nearer | $s_k$ | any | any | «four» |
    ends
    """)  # fmt: skip
def the_formula_is_nearest_to_the_maximisers(said):
    assert MEANT[said.get("four", "four")] == len(power_function.readings(5))
    exceptions, cases = set(), []
    for n in range(1, 12):
        s, ties = 2 * np.arcsin(power_function.hard_points_formula(n) ** 0.5), 0
        of = grids.chebyshev_angles
        nodes = np.concatenate([of(n, "roots") if n > 1 else [np.pi / 2], of(n + 1, "roots"),
                                of(n + 1), of(n + 2)])  # fmt: skip
        for t in polynomials.hard_angles(n):
            nearer = np.abs(s - t).min() < np.abs(nodes - t).min() - 1e-12
            exceptions |= set() if nearer else {round(np.sin(t / 2) ** 2, 9)}
            ties += int(nearer)
        cases += [n] * (ties > 0)
    assert exceptions == {said.at("but")}
    assert said.allowed("n", "n", range(1, 12)) == cases
