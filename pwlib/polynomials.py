"""Bernstein (3) and shifted Chebyshev (6) polynomials on [0, 1], and what is exact in them.

Their features; the maximum-margin classifiers of the paper's two samples, f_n (5) and g_n (7); the
hard training points of the Chebyshev polynomials (12). With x = (1 + cos t)/2 these polynomials are
T*_i(x) = cos(i t), and their sums are ratios of sines.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pwlib.parameters import ParameterError, choice, integer, points, real_numbers, refusal

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

MEASURES = ("lebesgue", "arcsine")  # on [0, 1], of mass 1


def bernstein_features(n: int, x: ArrayLike) -> Matrix:
    """The n + 1 Bernstein polynomials of degree n, equation (3), at x: shape (len(x), n + 1).

    Built by raising the degree, so that no binomial coefficient is formed: to 1e-13 of
    themselves up to n = 2000, where they do not underflow.
    """
    n, x = integer("n", n, 0), points("x", x)
    features = np.zeros((len(x), n + 1))
    features[:, 0] = 1
    for degree in range(1, n + 1):
        lower = features[:, :degree].copy()
        features[:, :degree] = (1 - x)[:, None] * lower
        features[:, 1 : degree + 1] += x[:, None] * lower
    return features


def chebyshev_features(n: int, x: ArrayLike) -> Matrix:
    """T*_0, …, T*_n at x: shape (len(x), n + 1); within 1e-13 for n up to 20,000.

    Parity holds to the last bit: T*_i(1 − x) = (−1)^i T*_i(x) where 1 − x is exact. With y the
    distance to the nearer end, T_{i+1} − T_i = T_i − T_{i−1} − 4y T_i: a sum that, unlike the usual
    recurrence in 2x − 1, loses nothing of a small y (Reinsch's form of it).
    """
    n, x = integer("n", n, 0), points("x", x)
    near = np.minimum(x, 1 - x)
    features = np.ones((n + 1, len(x)))
    step = -2 * near
    for i in range(1, n + 1):
        np.add(features[i - 1], step, out=features[i])
        step -= 4 * near * features[i]
    features[1::2, x < 0.5] *= -1
    return features.T


def orthonormal_basis(n: int, nodes: ArrayLike, masses: ArrayLike) -> Matrix:
    """The polynomials φ_0, …, φ_n orthonormal for positive masses at nodes in [0, 1], as weights.

    Column i has those of φ_i, of degree i, in T*_0, …, T*_n: `chebyshev_features(n, x) @ basis` are
    features (len(x), n + 1). The nodes and weights of a Gauss rule, n + 1 or more, give those of
    the rule's own measure. Raises ValueError for fewer than n + 1 different nodes.
    """
    n, nodes = integer("n", n, 0), points("nodes", nodes)
    masses = real_numbers("masses", masses, "a positive number for each node")
    if masses.shape != nodes.shape or not ((masses > 0) & np.isfinite(masses)).all():
        raise refusal("masses", masses, "a positive number for each node")
    if len(np.unique(nodes)) <= n:
        raise ParameterError(f"nodes: got {len(np.unique(nodes))}, accepts {n + 1} or more")
    upper = np.linalg.qr(np.sqrt(masses)[:, None] * chebyshev_features(n, nodes), mode="r")
    return np.linalg.inv(upper * np.sign(np.diag(upper))[:, None])


def bernstein_classifier(n: int, x: ArrayLike) -> Vector:
    """f_n(x) = x^n − (1 − x)^n, equation (5), n ≥ 1.

    Below 1e-308 it loses digits and then is 0: at x = 0.6 from n = 1,389 on. There
    `bernstein_sign_and_log` has its sign and its size.
    """
    n, x = integer("n", n, 1), points("x", x)
    return x**n - (1 - x) ** n


def bernstein_sign_and_log(n: int, x: ArrayLike) -> tuple[Vector, Vector]:
    """The sign of f_n (5), that of x − 1/2, and ln |f_n|, −∞ at 1/2; both (len(x),), any n ≥ 1.

    The logarithm is n ln(1 − y) + ln(1 − (y/(1 − y))^n), y the distance to the nearer end: to
    1e-15 of itself, or 1e-15 where that is more.
    """
    n, x = integer("n", n, 1), points("x", x)
    with np.errstate(divide="ignore"):  # at the ends, and at 1/2
        inner = np.log(-np.expm1(-2 * n * np.arctanh(np.abs(2 * x - 1))))
    return np.sign(x - 0.5), n * np.log1p(-np.minimum(x, 1 - x)) + inner


def chebyshev_classifier(n: int, x: ArrayLike) -> Vector:
    """g_n(x) = (1/p) Σ_{k<p} T*_{2k+1}(x) with p = ⌊(n + 1)/2⌋: equation (7), n ≥ 1.

    The constant is 1/p at every n, which makes g_n(1) = 1; the 2/(n + 1) in print is that only
    at odd n. Evaluated as sin(2pt)/(2p sin t), odd about x = 1/2 to the last bit, and within
    1e-15 for n up to 20,000.
    """
    p, x = (integer("n", n, 1) + 1) // 2, points("x", x)
    return np.where(x < 0.5, -1, 1) * _sine_ratio(2 * p, x) / (2 * p)


def chebyshev_classifier_weights(n: int) -> Vector:
    """The weights of g_n, equation (7), in the basis T*_0, …, T*_n: 1/p at odd i; (n + 1,)."""
    n = integer("n", n, 1)
    return np.arange(n + 1) % 2 / ((n + 1) // 2)


def agreement(n: int, measure: str = "lebesgue") -> float:
    """The measure of {x in [0, 1] : sign f_n(x) = sign g_n(x)}, n ≥ 1, in closed form.

    `measure` is "lebesgue" or "arcsine" (density 1/(π √(x(1 − x))), uniform in t).
    """
    p = (integer("n", n, 1) + 1) // 2
    if choice("measure", measure, MEASURES) == "arcsine":
        return (p + p % 2) / (2 * p)
    return float((1 - (-1) ** p * np.tan(np.pi / (4 * p))) / 2)


def hard_objective(n: int, x: ArrayLike) -> Vector:
    """The summand of (12), 1/(n + 1) Σ_{i≤n} (1 − T*_i(x)²), one value a point.

    With x = (1 + cos t)/2 it is 1/2 − T_n U_n/(2(n + 1)), T_n and U_n taken at cos t; evaluated as
    (2n + 1 − sin((2n + 1)t)/sin t) / (4(n + 1)), to 2e-15: from 0, at the end points, to below 1.
    """
    n, x = integer("n", n, 0), points("x", x)
    return np.maximum((2 * n + 1 - _sine_ratio(2 * n + 1, x)) / (4 * (n + 1)), 0)  # not -6e-17


def hard_angles(n: int) -> Vector:
    """The angles s in (0, π) of the hard points, x = sin²(s/2), ascending: (n,), within 1e-15 s.

    With N = 2n + 1 they solve tan(N s) = N tan s, once in each interval where sin(N s) < 0. Solved
    for the N s on the left this is a fixed-point iteration that contracts by 15 or more a step.
    """
    n = integer("n", n, 1)
    order = 2 * n + 1
    centre = np.pi * (1.5 + 2 * np.arange(n // 2))  # of the intervals with s < π/2
    s = centre / order
    for _ in range(16):
        s = (centre - np.arctan(1 / (order * np.tan(s)))) / order
    return np.concatenate([s, [np.pi / 2] * (n % 2), np.pi - s[::-1]])


def hard_points(n: int) -> Vector:
    """The n local maximisers of `hard_objective` in (0, 1), ascending; x and 1 − x both, exactly.

    Multiples of 2^-53, within 1e-16. Of the first, about 1.26/n², that is a share of up to 1e-16 n²
    (1e-4 at n = 10^6); `hard_angles` has them all to 15 digits.
    """
    upper = 1 - np.sin(hard_angles(n)[: n // 2] / 2) ** 2
    return np.concatenate([(1 - upper), [0.5] * (n % 2), upper[::-1]])


def nearest_hard_points(n: int, x: ArrayLike) -> tuple[NDArray[np.intp], Vector]:
    """For each x the index of the hard point nearest in angle, and the signed distance to it.

    The distance is that of the angles divided by π/n, the local spacing: x = (1 − cos s)/2.
    """
    apart = np.subtract.outer(np.arccos(1 - 2 * points("x", x)), hard_angles(n)) * n / np.pi
    nearest = np.abs(apart).argmin(axis=1)
    return nearest, apart[np.arange(len(apart)), nearest]


def _sine_ratio(order: int, x: Vector) -> Vector:
    """sin(order · t)/sin t at s = min(t, π − t), x = (1 + cos t)/2; `order` itself at the ends.

    Two branches, for the angle must keep its relative accuracy both near an end point and, where
    the ratio of even order vanishes, near x = 1/2.
    """
    u = np.abs(2 * x - 1)
    v = np.arcsin(np.minimum(u, 0.5))  # s = π/2 − v, taken where u < 1/2
    quarter_turns = (0, 1, 0, -1)  # sin(k π/2), k mod 4
    sine, cosine = quarter_turns[order % 4], quarter_turns[(order + 1) % 4]
    inner = (sine * np.cos(order * v) - cosine * np.sin(order * v)) / np.cos(v)
    s = 2 * np.arcsin(np.sqrt(np.minimum(x, 1 - x)))
    end = s == 0
    outer = np.where(end, order, np.sin(order * s) / np.where(end, 1, np.sin(s)))
    return np.where(u < 0.5, inner, outer)
