"""What chapter 3a and the proofs state of two bases of the polynomials, tried."""

import itertools
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from numpy.polynomial import chebyshev
from sayings import MEANT, changes, says, strongest
from scipy.integrate import quad
from scipy.optimize import brentq

from pwlib import maxmargin, polynomials

PROOFS, III_A = "proofs", "3a-pointwise-convergence"
OPPOSITE = {"opposite": -1}


def bernstein(n, x):
    return np.array([comb(n, j) * x**j * (1 - x) ** (n - j) for j in range(n + 1)])


def bernstein_fits(low, high):
    """n, x, y, w, α of maximum-margin classifiers of random points, often with both ends."""
    rng, ends = np.random.default_rng(5), [Fraction(low), Fraction(high)]
    for _ in range(30):
        n, m = int(rng.integers(2, 8)), int(rng.integers(2, 6))
        inner = rng.choice(np.arange(1, 40), m, replace=False)
        x = [ends[0] + (ends[1] - ends[0]) * Fraction(int(k), 40) for k in np.sort(inner)]
        x = x if rng.random() < 0.4 else [ends[0], *x, ends[1]]
        y = [int(label) for label in rng.choice([-1, 1], len(x))]
        phi = bernstein(n, np.array(x, dtype=float)).T
        if np.linalg.matrix_rank(phi) == len(x):
            fitted = maxmargin.fit(phi, y)
            yield n, np.array(x, dtype=float), y, fitted.weights, fitted


def zeros_inside(w, low, high):
    """The zeros of Σ w_j b_{j,n}, each as often as it counts, those that are real and inside."""
    n = len(w) - 1
    in_z = np.roots(np.trim_zeros([comb(n, j) * w[j] for j in range(n + 1)][::-1]))
    real = in_z[np.abs(in_z.imag) < 1e-7 * np.maximum(1, np.abs(in_z))].real
    return [z for z in real / (1 + real) if low < z < high]


def theorem_1(low, high):
    """S(f), S(w), S(y) of each classifier; the sign changes between neighbours, by y_i y_{i+1}."""
    counts, between = [], {-1: set(), 1: set()}
    for _, x, y, w, _ in bernstein_fits(low, high):
        f = lambda a, w=w: w @ bernstein(len(w) - 1, a)  # noqa: E731
        counts.append((changes(f(np.linspace(low, high, 801))), changes(w), changes(y)))
        for i, (a, b) in enumerate(itertools.pairwise(x)):
            between[y[i] * y[i + 1]].add(changes(f(np.linspace(a, b, 101))))
    return counts, between


@says(
    III_A,
    "Theorem 1",
    r"""
    Bernstein | any | any | $[«low», «high»]$ | $x$ | $y$ | $f$ | as often as | $S(f)
    «relation» S(y)$ | «once» | between | two | neighbouring | «labels» | nowhere else
    """,
)
def bernstein_classifiers_change_sign_with_the_labels(said):
    low, high = int(said["low"]), int(said["high"])
    counts, between = theorem_1(low, high)
    assert strongest([(f, y) for f, _, y in counts]) == said["relation"]
    assert between[OPPOSITE[said["labels"]]] == {MEANT[said["once"]]}
    assert between[-OPPOSITE[said["labels"]]] == {0}
    for wider in ((low - 1, high), (low, high + 1)):
        assert strongest([(f, y) for f, _, y in theorem_1(*wider)[0]]) != "="


@says(
    PROOFS,
    "Theorem 1",
    r"""
    Bernstein | $n$ | $f$ | no | $w$ | $$ S(f) «f» S(w) «w» S(y) . $$ | $f$ | $(«low»,
    «high»)$ | simple | between | any | two | neighbouring | «labels» | no | others
    """,
)
def zeros_of_bernstein_classifiers_are_simple(said):
    counts, between = theorem_1(0, 1)
    assert strongest([(f, w) for f, w, _ in counts]) == said["f"]
    assert strongest([(w, y) for _, w, y in counts]) == said["w"]
    assert between[OPPOSITE[said["labels"]]] == {1}
    low, high = int(said["low"]), int(said["high"])
    for _, _, y, w, _ in bernstein_fits(0, 1):
        assert len(zeros_inside(w, low, high)) == changes(y)


@says(
    PROOFS,
    "Lemma 1",
    r"""
    $\kappa_1 < \dots < \kappa_k$ | $c \ne 0$ | $h(\tau) = \sum_{i=1}^k c_i e^{\kappa_i
    \tau}$ | «most» | $S(c)$ | multiplicity | $S(h) «relation» S(c)$
    """,
)
def exponential_sums_obey_descartes(said):
    rng, zeros, signs = np.random.default_rng(6), [], []
    for _ in range(60):
        c = rng.integers(-3, 4, 7).astype(float)
        c = c if rng.random() < 0.8 else np.convolve([1, -2, 1], c[:5])  # h with a double zero
        if c.any():
            at = np.roots(np.trim_zeros(c)[::-1])  # in e^τ
            real = at[(np.abs(at.imag) < 1e-5) & (at.real > 1e-9)]
            zeros.append((len(real), changes(c)))
            h = np.polyval(c[::-1], np.exp(np.linspace(-6, 6, 4001))) / np.exp(
                np.linspace(-6, 6, 4001).clip(0) * 6
            )
            signs.append((changes(h), changes(c)))
    assert strongest(zeros) == MEANT[said["most"]]
    assert strongest(signs) == said["relation"]


@says(
    PROOFS,
    "Lemma 2",
    r"""
    Bernstein | twice | $«low» \le x_1 < \dots < x_m \le «high»$ | $\alpha \in \mathbb{R}^m$
    | $w_j = \sum_{i=1}^m \alpha_i\, b_{j,n}(x_i)$ | $j = 0, \dots, n$ | $S(w) «w»
    S(\alpha)$ | $w \ne 0$ | $f = \sum_{j=0}^n w_j b_{j,n}$ | «most» | $S(w)$ | $(«a», «b»)$
    | multiplicity | $S(f) «f» S(w)$ | $[«c», «d»]$
    """,
)
def the_bernstein_basis_diminishes_variation_twice(said):
    rng = np.random.default_rng(7)
    intervals = [(int(said[a]), int(said[b])) for a, b in (("low", "high"), "ab", "cd")]

    def relations(points, zeros, signs):
        """Between S(w) and S(α), the zeros of f and S(w), S(f) and S(w)."""
        found = []
        for _ in range(60):
            n, m = int(rng.integers(2, 8)), int(rng.integers(2, 6))
            x = np.sort(rng.uniform(*points, m))
            x[0], x[-1] = points
            alpha = rng.choice([-1, 1, 1], m) * rng.exponential(size=m) ** 2
            w = bernstein(n, x) @ alpha
            f = w @ bernstein(n, np.linspace(*signs, 401))
            inside = len(zeros_inside(w, *zeros))
            found.append(((changes(w), changes(alpha)), (inside, changes(w)),
                          (changes(f), changes(w))))  # fmt: skip
        return [strongest(pairs) for pairs in zip(*found, strict=True)]

    assert relations(*intervals) == [said["w"], MEANT[said["most"]], said["f"]]
    for i, wider in itertools.product(range(3), ((-1, 0), (0, 1))):
        at = [tuple(np.add(ends, wider)) if k == i else ends for k, ends in enumerate(intervals)]
        assert relations(*at)[i] not in ("=", r"\le")


def orthonormal(n, nodes, masses):
    """The orthonormal polynomials of a measure at n + 1 nodes or more, as Chebyshev weights."""
    if len(nodes) <= n:
        raise ValueError("nodes: too few")
    upper = np.linalg.qr(np.sqrt(masses)[:, None] * chebyshev.chebvander(nodes, n), mode="r")
    return np.linalg.inv(upper * np.sign(np.diag(upper))[:, None])


def measure(rng, count, low, high, symmetric=True):
    """Random nodes, and masses, symmetric about the middle or not at all; some at the ends."""
    if not symmetric:
        return np.sort(rng.uniform(low, high, count)), rng.uniform(0.3, 1, count)
    half = np.sort(rng.uniform(0.05, 1, count // 2))
    if len(half) and rng.random() < 0.5:
        half[-1] = 1
    mass, middle = rng.uniform(0.3, 1, len(half)), [0.0] * (count % 2)
    nodes = np.concatenate([-half[::-1], middle, half])
    return (low + high) / 2 + (high - low) / 2 * nodes, np.concatenate(
        [mass[::-1], rng.uniform(0.3, 1, len(middle)), mass]
    )


def zeros_of(g, low=-1.0, high=1.0):
    """The real zeros of a Chebyshev series in an open interval."""
    at = np.asarray(chebyshev.chebroots(g))
    real = np.sort(at[np.abs(at.imag) < 1e-7].real)
    return real[(low < real) & (real < high)]


def two_samples(rng, n, support, low, high, end, common=1, symmetric=True, one=True):
    """The Chebyshev weights of the maximum-margin classifier of -end and end, in a scaled basis."""
    basis = orthonormal(n, *measure(rng, support, low, high, symmetric))
    scales = rng.uniform(0.2, 3, n + 1)
    if one:
        scales[np.arange(n + 1) % 2 == common] = scales[0]
    basis = basis * scales
    return basis @ maxmargin.fit(chebyshev.chebvander([-end, end], n) @ basis, [-1, 1]).weights


def degrees(said, n):
    return said.whole("p", n=n), said.whole("support", n=n)


@says(
    III_A,
    "Theorem 2",
    r"""
    $0, \dots, n$ | $«n»$ | orthonormal | «symmetric» | $[«low», «high»]$ | «least» |
    $«support»$ | «constants» | «common» | any | «free» | «samples» | opposite | $\pm «end»$
    | «parity» | «times» | $«count»$ | $p = «p»$
    """,
)
def two_samples_give_an_orthonormal_basis_all_its_sign_changes(said):
    low, high = float(said["low"]), float(said["high"])
    end, common, rng = float(said["end"]), MEANT[said["common"]], np.random.default_rng(8)
    assert (-end, end) == (low, high)
    assert [MEANT[said[word]] for word in ("constants", "samples", "free")] == [1, 2, 1 - common]
    assert (said["symmetric"], said["least"]) == ("symmetric", "at least")
    good, wrong_scales, even = [], [], MEANT[said["parity"]] - 1
    for n in said.allowed("n", "n", range(-1, 8)):
        p, support = degrees(said, n)
        for extra in (0, 1, 3):
            g = two_samples(rng, n, support + extra, low, high, end, common)
            assert np.abs(g[even::2]).max() < 1e-9 * np.abs(g).max()
            good.append((len(zeros_of(g, low, high)), said.whole("count", n=n, p=p)))
            g = two_samples(rng, n, support + extra, low, high, end, common, one=False)
            wrong_scales.append((len(zeros_of(g, low, high)), good[-1][1]))
            g = two_samples(rng, n, support + extra, low, high, end, common, symmetric=False)
            assert n == 1 or np.abs(g[even::2]).max() > 1e-4 * np.abs(g).max()
        with pytest.raises(ValueError, match="too few"):
            orthonormal(n, *measure(rng, support - 1, low, high))
    assert strongest(good) == MEANT[said["times"]]
    assert strongest(wrong_scales) != "="
    below = min(said.allowed("n", "n", range(-1, 8))) - 1
    with pytest.raises(ValueError, match="separable"):  # at this degree the basis is constant
        maxmargin.fit(chebyshev.chebvander([-1, 1], below), [-1, 1])


@says(
    PROOFS,
    "Theorem 2",
    r"""
    $\mu$ | «symmetric» | «least» | $«support»$ | $\sigma\,\varphi_i$ | «common» | $i \le n$
    | «constants» | $\sigma «sigma» 0$ | any | «free» | $g$ | «samples» | $(«minus», -)$ |
    $(«plus», +)$ | «parity» | $«degree»$ | $«zeros»$ | simple | $(«low», «high»)$ | exactly
    """,
)
def zeros_of_the_classifier_of_two_samples_are_simple_and_inside(said):
    low, high = float(said["low"]), float(said["high"])
    ends, common = (float(said["minus"]), float(said["plus"])), MEANT[said["common"]]
    assert ends == (low, high)
    assert [MEANT[said[word]] for word in ("constants", "samples", "free")] == [1, 2, 1 - common]
    assert (said["symmetric"], said["least"], said["sigma"]) == ("symmetric", "at least", ">")
    rng = np.random.default_rng(9)
    for n in range(1, 8):
        p = (n + 1) // 2
        g = two_samples(rng, n, said.whole("support", n=n), -1, 1, ends[1], common)
        values = chebyshev.chebval(ends, g)
        np.testing.assert_allclose(values, [-1, 1])
        g[np.abs(g) < 1e-10] = 0
        assert not g[MEANT[said["parity"]] - 1 :: 2].any()
        assert np.flatnonzero(g)[-1] == said.whole("degree", p=p)
        found = zeros_of(g, low, high)
        assert len(found) == said.whole("zeros", p=p) == len(set(found.round(6)))
        with pytest.raises(ValueError, match="too few"):
            orthonormal(n, *measure(rng, said.whole("support", n=n) - 1, -1, 1))


@says(
    PROOFS,
    "Lemma 3",
    r"""
    $g$ | «parity» | «extremal» | $\int g^«power»\,d\mu$ | «of» | at most | $n$ | $g(«at») =
    «value»$
    """,
)
def the_classifier_is_the_shortest_in_mean_square(said):
    rng, at, value = np.random.default_rng(10), float(said["at"]), float(said["value"])
    assert said["extremal"] == "minimises"
    assert said["parity"] == said["of"] == "odd"
    for n in (1, 4, 5):
        nodes, masses = measure(rng, n + 3, -1, 1)
        basis = orthonormal(n, nodes, masses)
        w = maxmargin.fit(chebyshev.chebvander([-1, 1], n) @ basis, [-1, 1]).weights
        odd = np.arange(1, n + 1, 2)
        square = np.array([chebyshev.chebval(nodes, np.eye(n + 1)[i]) for i in odd]) * masses**0.5
        multipliers = np.linalg.solve(square @ square.T, np.ones(len(odd)) * at ** (odd[0] - 1))
        least = value * multipliers / (chebyshev.chebvander([at], n)[0, odd] @ multipliers)
        np.testing.assert_allclose((basis @ w)[odd], least, atol=1e-9)
        by_text = masses @ chebyshev.chebval(nodes, basis @ w) ** int(said["power"])
        assert by_text == pytest.approx(w @ w)


@says(
    PROOFS,
    "Lemma 4",
    r"""
    $\nu$ | $\mu$ | $v = u^2$ | $g(u) = u\,q(u^2)$ | $q$ | «most» | $«degree»$ | $q(«at») =
    «value»$ | $$ \begin{gathered} \int q(v)\,s(v)\; «weight»\,d\nu(v) = 0 \cr \text{for all
    polynomials } s \text{ of degree «upto» } «last» . \end{gathered} $$ | $«inner»\,d\nu$ |
    «least» | $«count»$ | $(«a», «b»)$ | $«outer»\,d\nu$ | «least2» | $«more»$ | $(«c»,
    «d»]$
    """,
)
def the_classifier_is_orthogonal_in_the_squares(said):
    rng, inner, outer, of_q = np.random.default_rng(11), [], [], []
    assert said["b"] == said["d"] == "1"  # the greatest value of u²
    assert said["most"] == said["upto"] == "at most"
    for n, extra in itertools.product((3, 4, 5, 6), (0, 0, 0, 0, 0, 4)):
        p, (nodes, masses) = (n + 1) // 2, measure(rng, n + 1 + extra, -1, 1)
        basis = orthonormal(n, nodes, masses)
        g = basis @ maxmargin.fit(chebyshev.chebvander([-1, 1], n) @ basis, [-1, 1]).weights
        q = chebyshev.cheb2poly(g)[1::2]
        of_q.append((np.flatnonzero(np.abs(q) > 1e-9)[-1], said.whole("degree", p=p)))
        assert np.polyval(q[::-1], float(said["at"])) == pytest.approx(float(said["value"]))
        v, last = nodes**2, said.whole("last", p=p)
        under = masses * np.array([said.at("weight", v=a) for a in v])
        products = [np.sum(np.polyval(q[::-1], v) * v**k * under) for k in range(last + 2)]
        np.testing.assert_allclose(products[:-1], 0, atol=1e-9)
        assert extra == 0 or abs(products[-1]) > 1e-5
        charged = [v.round(9)[[said.at(w, v=a) > 1e-12 for a in v]] for w in ("inner", "outer")]
        a, b, c, d = (float(said[hole]) for hole in "abcd")
        open_, half = {v for v in charged[0] if a < v < b}, {v for v in charged[1] if c < v <= d}
        assert (open_, half) == tuple(map(set, charged))
        inner.append((len(open_), said.whole("count", p=p)))
        outer.append((len(half), said.whole("more", p=p)))
    assert strongest(of_q) in ("=", r"\le")
    assert strongest(inner) == MEANT[said["least"]]
    assert strongest(outer) == MEANT[said["least2"]]


def any_samples(said, low, high, end, m_in, m_end):
    """Sign changes of random Σ α_i K(u_i, u) on the fewest points of support, and the bound."""
    rng = np.random.default_rng(12)
    for _ in range(50):
        n = int(rng.integers(2, 9))
        basis = orthonormal(
            n, *measure(rng, said.whole("support", n=n), low, high, symmetric=False)
        )
        nodes = np.concatenate([rng.uniform(low, high, m_in), [-end, end][:m_end]])
        phi = chebyshev.chebvander(nodes, n) @ basis
        g = basis @ (rng.standard_normal(len(nodes)) @ phi)
        bound = n + 1 - 2 * m_in - m_end  # as the cell below the statement shows
        if "bound" in said:
            bound = said.whole("bound", n=n, m_in=m_in, m_end=m_end)
        yield max(len(zeros_of(g)), min(bound, 0)), bound


@says(
    III_A,
    "Theorem 3",
    r"""
    any | $0, \dots, n$ | orthonormal | $[«low», «high»]$ | «least» | $«support»$
    | $m_{\mathrm{in}}$ | different | inside | $(«a», «b»)$ | $m_{\mathrm{end}}$ | ends | «times»
    | $«bound»$
    """,
)
@says(
    PROOFS,
    "Theorem 3",
    r"""
    $\mu$ | «least» | $«support»$ | $$ g(u) = \sum_i \alpha_i\, K(u_i, u) \ne 0 $$ |
    $m_{\mathrm{in}}$ | different | $u_i$ | $(«low», «high»)$ | $m_{\mathrm{end}}$ | ends
    | $\pm «end»$ | $g$ | $(«a», «b»)$ | «times»
    """,
)
def any_samples_leave_an_orthonormal_basis_sign_changes(said):
    low, high, a, b = (float(said[hole]) for hole in ("low", "high", "a", "b"))
    end = float(said.get("end", 1))
    assert (-end, end) == (low, high) == (a, b)
    for nodes in ((0, 1), (0, 2), (1, 0), (1, 1)):
        found = strongest(any_samples(said, low, high, end, *nodes))
        assert found == ("=" if nodes == (0, 1) else MEANT[said["times"]])
    assert strongest(any_samples(said, low, high, end, 3, 0)) == ">"
    assert strongest(any_samples(said, 2 * low, 2 * high, 2 * end, 1, 1)) not in ("=", r"\ge", ">")
    assert said["least"] == "at least"
    n = said.whole("support", n=0)  # with one point less: u² on -1, 0, 1 at n = 2
    nodes = np.linspace(-1, 1, said.whole("support", n=n) - 1)
    kernel = chebyshev.chebvander(nodes, n) @ (basis := orthonormal(n, nodes, np.ones(n + 1)))
    u_squared = chebyshev.chebval(np.linspace(-1, 1, 101), basis @ (kernel[0] + kernel[-1]))
    assert changes(u_squared) == 0 < n + 1 - 2


def difference(n, t):
    x = np.sin(t / 2) ** 2
    return np.abs(polynomials.chebyshev_classifier(n, x) - polynomials.bernstein_classifier(n, x))


@says(
    PROOFS,
    "Proposition 1",
    r"""
    $\xi^*$ | least | positive | $«equation»$ | $D = «D»$ | $$ \max_{[«low», «high»]} |g_n -
    f_n| = «most» + O\Big(«order»\Big). $$ | large | $n$ | inside | $«place»$ | $\xi \to
    \xi^*$
    """,
)
def the_largest_difference_has_the_expansion(said):
    left, right = said["equation"].split("=")
    sides = [lambda xi, side=side: type(said)(a=side).at("a", xi=xi) for side in (left, right)]
    xi = brentq(lambda v: sides[0](v) - sides[1](v), np.pi + 0.01, 1.5 * np.pi - 0.01)
    assert all(sides[0](v) > sides[1](v) for v in (0.1, 1.5))
    assert sides[0](1.6) < 0 < sides[0](4.6)
    low, high = float(said["low"]), float(said["high"])
    everywhere = low + (high - low) * np.sin(np.linspace(0, np.pi / 2, 20_001)) ** 2
    D, misses = said.at("D", xi=xi), []
    for n in (200, 1600, 201, 1601):
        p = (n + 1) // 2
        t = np.linspace(3.5, 6, 40_001) / (2 * p)
        values = difference(n, np.pi - t)
        greatest = difference(n, 2 * np.arcsin(everywhere**0.5)).max()
        assert values.max() == pytest.approx(greatest, rel=1e-3)
        at = t[values.argmax()]
        misses.append((values.max() - said.at("most", D=D, xi=xi, n=n)) / said.at("order", n=n))
        assert np.sin(at / 2) ** 2 == pytest.approx(said.at("place", xi=xi, p=p), rel=10 / n)
    assert misses[::2] == pytest.approx(misses[1::2], rel=0.1)
    assert 1 < min(misses) < 100
    assert said.at("order", n=1) == 1


@says(
    PROOFS,
    "Proposition 2",
    r"""
    $n = «from»$ | $\int_«a»^«b» g_n^«g»\,dx «less» \int_«c»^«d» f_n^«f»\,dx$ | $n = «one»$
    | «two» | two
    """,
)
def the_mean_square_of_g_is_the_smaller(said):
    classifiers = polynomials.chebyshev_classifier, polynomials.bernstein_classifier

    def integrals(n):
        for g, a, b, power in zip(classifiers, *(map(int, map(said.get, k)) for k in
                                                 ("ac", "bd", "gf")), strict=True):  # fmt: skip
            yield quad(lambda x, g=g, k=power: float(g(n, [x])[0]) ** k, a, b)[0]

    same = [n for n in range(1, 8) if strongest([tuple(integrals(n))]) == "="]
    assert same == [int(said["one"]), int(said["two"])]
    assert int(said["from"]) == same[-1] + 1
    assert strongest(tuple(integrals(n)) for n in range(int(said["from"]), 9)) == said["less"]
    assert (said["a"], said["b"]) == ("0", "1")  # the domain


@says(
    III_A,
    "at every other than 0,",
    r"""
    every | $x$ | other than | «first» | $«middle»$ | «last» | «right» | infinitely many |
    $n$ | «wrong» | infinitely many
    """,
)
@says(
    PROOFS,
    "Proposition 3",
    r"""
    every | $x$ | other than | «first» | $«middle»$ | «last» | $g_n(x)$ | «right» |
    infinitely many | $n$ | «wrong» | infinitely many | $n$
    """,
)
def signs_settle_at_three_points_only(said):
    assert said["right"] in ("right", "nearer")
    assert said["wrong"] == "wrong"
    exceptions = {said.at(hole) for hole in ("first", "middle", "last")}
    settled = set()
    for x in (0, 0.1, 1 / 4, 0.49, 1 / 2, 2 / 3, 3 / 4, 0.98, 1):
        g = np.array([polynomials.chebyshev_classifier(n, [x])[0] for n in range(200, 600)])
        right = np.sign(g) * np.sign(x - 0.5) * (np.abs(g) > 1e-12)
        settled |= {x} if not {-1, 1} <= set(right) else set()
    assert settled == exceptions


@says(
    PROOFS,
    "Proposition 4",
    r"""
    «most» | $n$ | $«dimension»$
    """,
)
def the_vc_dimension_is_the_number_of_coefficients(said):
    assert said["most"] == "at most"
    for n in (0, 1, 3):
        d = said.whole("dimension", n=n)
        points = np.sort(np.random.default_rng(n).uniform(-1, 1, d + 1))
        for labels in itertools.product((-1, 1), repeat=d):
            maxmargin.fit(chebyshev.chebvander(points[:-1], n), labels)
        with pytest.raises(ValueError, match="separable"):
            maxmargin.fit(chebyshev.chebvander(points, n), (-1.0) ** np.arange(d + 1))


@says(
    PROOFS,
    "Proposition 5",
    r"""
    $q$ | at most | $n$ | $q(x) «minus»$ | $q(x') «plus»$ | $«gap»$ | $\lVert q
    \rVert_\infty «more» «height»$ | $[«low», «high»]$ | any | $«dense»$
    """,
)
def the_steepest_polynomials_nearly_attain_the_height(said):
    def holds(hole, value):
        return type(said)(chain="v " + said[hole]).holds("chain", v=value)

    assert [holds("minus", v) for v in (-1.1, -1, -0.9, 1)] == [True, True, False, False]
    assert [holds("plus", v) for v in (1.1, 1, 0.9, -1)] == [True, True, False, False]
    assert said.at("dense") == 0.5
    low, high, ratios = float(said["low"]), float(said["high"]), []
    for n, h in ((1, 0.5), (5, 0.2), (9, 1e-3)):
        gap = type(said)(gap=said["gap"].replace("x'", " b ").replace("x", " a "))
        for a, b, good in ((-h, h, True), (-h / 2, h / 3, True), (-1.1 * h, h, False),
                           (-h, 1.1 * h, False), (0, h, False), (-h, 0, False)):  # fmt: skip
            assert gap.holds("gap", a=(1 + a) / 2, b=(1 + b) / 2, h=h) == good
        q = chebyshev.chebval(2 * np.linspace(low, high, 4001) - 1, np.eye(n + 1)[n])
        norm = np.abs(q).max() / abs(np.cos(n * np.arccos(h)))
        ratios.append((norm, said.at("height", n=n, h=h)))
        by_bernstein = (2 / h) * np.sqrt((1 - h**2) / 4) / n  # from a slope of 2/h
        assert ratios[-1][1] == pytest.approx(by_bernstein)
        beyond = chebyshev.chebval([2 * low - 1.01, 2 * high - 0.99], np.eye(n + 1)[n])
        assert np.abs(beyond).min() > 1
    assert said["more"] in (r"\ge", strongest(ratios))
    assert strongest(ratios) == ">"
    assert ratios[-1][0] == pytest.approx(ratios[-1][1], rel=1e-4)


@says(
    PROOFS,
    "Proposition 6",
    r"""
    $«range»$ | $\rho = «rho»$ | $r^i\,T_i$ | $i \le n$ | «samples» | $\pm «end»$ | exactly
    | «times» | $$ \sum_{i > n,\ i\ \text{«parity»}} «term» «less» «slope» , $$
    """,
)
def geometric_scales_leave_one_sign_change(said):
    assert [said.holds("range", r=r) for r in (-0.1, 0, 0.3, 0.9, 1, 1.2)] == [
        False, False, True, True, False, False]  # fmt: skip
    assert MEANT[said["samples"]] == 2
    counted, end = set(), float(said["end"])
    for r, n in itertools.product((0.5, 0.8, 0.9), range(1, 40, 2)):
        rho = said.at("rho", r=r)
        phi = chebyshev.chebvander([-end, end], n) * r ** np.arange(n + 1)
        g = maxmargin.fit(phi, [-1, 1]).weights * r ** np.arange(n + 1)
        np.testing.assert_allclose(g[1::2] / g[1], rho ** (np.arange(1, n + 1, 2) - 1))
        odd = np.arange(MEANT[said["parity"]], 2001, 2)
        term = {1: said.at("term", i=1, rho=rho), 3: said.at("term", i=3, rho=rho)}
        np.testing.assert_allclose([*term.values()], [rho, 3 * rho**3])  # the slopes' moduli
        slope = np.sum((-1.0) ** (odd // 2) * odd * rho**odd)
        assert said.at("slope", rho=rho) == pytest.approx(slope)
        tail = np.sum(odd[odd > n] * rho ** odd[odd > n])
        if strongest([(tail, slope)]) == said["less"]:
            counted.add(len(zeros_of(g)))
    assert counted == {MEANT[said["times"]]}
