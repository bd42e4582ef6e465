"""The hard training points of the shifted Chebyshev polynomials (12), as Figure 3 shows them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pwlib.parameters import integer, points
from pwlib.polynomials.bases import Vector, sine_ratio


def hard_objective(n: int, x: ArrayLike) -> Vector:
    """The summand of (12), 1/(n + 1) Σ_{i≤n} (1 − T*_i(x)²), one value a point.

    With x = (1 + cos t)/2 it is 1/2 − T_n U_n/(2(n + 1)), T_n and U_n taken at cos t; evaluated as
    (2n + 1 − sin((2n + 1)t)/sin t) / (4(n + 1)), to 2e-15: from 0, at the end points, to below 1.
    """
    n, x = integer("n", n, 0), points("x", x)
    return np.maximum((2 * n + 1 - sine_ratio(2 * n + 1, x)) / (4 * (n + 1)), 0)  # not -6e-17


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
