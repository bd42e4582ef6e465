"""Bernstein and shifted Chebyshev polynomials on [0, 1]: features, classifiers, hard points.

With x = (1 + cos t)/2 the shifted Chebyshev polynomials are T*_i(x) = cos(i t), and the sums of the
paper become ratios of sines; these closed forms are what the functions evaluate.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pwlib.parameters import choice, integer, points

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
    """T*_0, …, T*_n at x: shape (len(x), n + 1).

    The recurrence keeps parity to the last bit: T*_i(1 − x) = (−1)^i T*_i(x) wherever 2x − 1 is
    exactly antisymmetric in floating point.
    """
    n, x = integer("n", n, 0), points("x", x)
    return np.asarray(np.polynomial.chebyshev.chebvander(2 * x - 1, n), dtype=np.float64)


def bernstein_classifier(n: int, x: ArrayLike) -> Vector:
    """f_n(x) = x^n − (1 − x)^n, equation (5), n ≥ 1. Underflows to 0 inside for n in thousands."""
    n, x = integer("n", n, 1), points("x", x)
    return x**n - (1 - x) ** n


def chebyshev_classifier(n: int, x: ArrayLike) -> Vector:
    """g_n(x) = (1/p) Σ_{k<p} T*_{2k+1}(x) with p = ⌊(n + 1)/2⌋: equation (7), n ≥ 1.

    The constant is 1/p at every n, which makes g_n(1) = 1; the 2/(n + 1) in print is that only
    at odd n. Evaluated as sin(2pt)/(2p sin t), odd about x = 1/2 to the last bit.
    """
    p, x = (integer("n", n, 1) + 1) // 2, points("x", x)
    return np.where(x < 0.5, -1, 1) * _sine_ratio(2 * p, x) / (2 * p)


def chebyshev_classifier_weights(n: int) -> Vector:
    """The weights of g_n, equation (7), in the basis T*_0, …, T*_n: 1/p at odd i; (n + 1,)."""
    n = integer("n", n, 1)
    return np.arange(n + 1) % 2 / ((n + 1) // 2)


def hard_objective(n: int, x: ArrayLike) -> Vector:
    """The summand of (12), 1/(n + 1) Σ_{i≤n} (1 − T*_i(x)²), one value a point.

    Evaluated as (2n + 1 − sin((2n + 1)t)/sin t) / (4(n + 1)): between 0, at the end points, and 1.
    """
    n, x = integer("n", n, 0), points("x", x)
    return (2 * n + 1 - _sine_ratio(2 * n + 1, x)) / (4 * (n + 1))


def hard_points(n: int) -> Vector:
    """The n local maximisers of `hard_objective` in (0, 1), ascending; x and 1 − x both, exactly.

    With N = 2n + 1 they solve tan(N t) = N tan t, once in each interval where sin(N t) < 0. Solved
    for the N t on the left this is a fixed-point iteration that contracts by 15 or more a step.
    """
    n = integer("n", n, 1)
    order = 2 * n + 1
    centre = np.pi * (1.5 + 2 * np.arange(n // 2))  # of the intervals with t < π/2
    t = centre / order
    for _ in range(16):
        t = (centre - np.arctan(1 / (order * np.tan(t)))) / order
    upper = 1 - np.sin(t / 2) ** 2
    return np.concatenate([(1 - upper), [0.5] * (n % 2), upper[::-1]])


def nearest_hard_points(n: int, x: ArrayLike) -> tuple[NDArray[np.intp], Vector]:
    """For each x the index of the hard point nearest in angle, and the signed distance to it.

    The distance is that of the angles divided by π/n, the local spacing: x = (1 − cos s)/2.
    """
    angles, hard_angles = (np.arccos(1 - 2 * u) for u in (points("x", x), hard_points(n)))
    apart = np.subtract.outer(angles, hard_angles) * n / np.pi
    nearest = np.abs(apart).argmin(axis=1)
    return nearest, apart[np.arange(len(apart)), nearest]


def agreement(n: int, measure: str = "lebesgue") -> float:
    """The measure of {x in [0, 1] : sign f_n(x) = sign g_n(x)}, n ≥ 1, in closed form.

    `measure` is "lebesgue" or "arcsine" (density 1/(π √(x(1 − x))), uniform in t).
    """
    p = (integer("n", n, 1) + 1) // 2
    if choice("measure", measure, MEASURES) == "arcsine":
        return (p + p % 2) / (2 * p)
    return float((1 - (-1) ** p * np.tan(np.pi / (4 * p))) / 2)


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
