"""The maximum-margin classifiers of the paper's two samples in closed form: f_n (5), g_n (7)."""

import numpy as np
from numpy.typing import ArrayLike

from pwlib.parameters import choice, integer, points
from pwlib.polynomials.bases import MEASURES, Vector, sine_ratio


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
    at odd n. Evaluated as sin(2pt)/(2p sin t), odd about x = 1/2 to the last bit.
    """
    p, x = (integer("n", n, 1) + 1) // 2, points("x", x)
    return np.where(x < 0.5, -1, 1) * sine_ratio(2 * p, x) / (2 * p)


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
