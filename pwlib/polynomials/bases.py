"""The Bernstein polynomials (3) and the shifted Chebyshev polynomials T*_i of (6), as features.

With x = (1 + cos t)/2 the latter are T*_i(x) = cos(i t), and their sums are ratios of sines.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pwlib.parameters import ParameterError, integer, points

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

MEASURES = ("lebesgue", "arcsine")  # on [0, 1], of mass 1


def bernstein_features(n: int, x: ArrayLike) -> Matrix:
    """The n + 1 Bernstein polynomials of degree n, equation (3), at x: shape (len(x), n + 1).

    Built by raising the degree, so that no binomial coefficient is formed: n may be thousands.
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
    masses = np.asarray(masses, dtype=float)
    if masses.shape != nodes.shape or not ((masses > 0) & np.isfinite(masses)).all():
        raise ParameterError(f"masses: got {masses}, accepts a positive number for each node")
    if len(np.unique(nodes)) <= n:
        raise ParameterError(f"nodes: got {len(np.unique(nodes))}, accepts {n + 1} or more")
    upper = np.linalg.qr(np.sqrt(masses)[:, None] * chebyshev_features(n, nodes), mode="r")
    return np.linalg.inv(upper * np.sign(np.diag(upper))[:, None])


def sine_ratio(order: int, x: Vector) -> Vector:
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
