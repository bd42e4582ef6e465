"""Training grids on [0, 1], and the labels that the nearest-neighbour classifier of S gives them.

A grid is ascending and antisymmetric about 1/2 without rounding error: ``x[::-1] == 1 - x`` holds
exactly, so that an odd classifier stays odd when it is fitted to floating-point points.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pwlib.checks import accepts, array
from pwlib.parameters import choice, integer

Vector = NDArray[np.float64]
CHEBYSHEV_KINDS = ("lobatto", "roots", "roots+ends")


def equispaced(m: int) -> Vector:
    """E_m: m >= 2 equispaced points, both ends included; (m,)."""
    m = integer("m", m, 2)
    return _symmetric(np.arange(m // 2) / (m - 1), m)


def chebyshev(m: int, kind: str = "lobatto") -> Vector:
    """C_m in one of three readings; (m,).

    ``"lobatto"``: (1 - cos(pi j/(m-1)))/2, the extrema of T*_{m-1}, ends included (m >= 2).
    ``"roots"``: (1 - cos(pi (2j+1)/(2m)))/2, the zeros of T*_m (m >= 1).
    ``"roots+ends"``: the zeros of T*_{m-2} with 0 and 1; m points in all (m >= 2).

    Multiples of 2**-53, within 1e-16. Of the first root, about 0.62/m^2, that is a share of up to
    2e-16 m^2: 2e-4 at m = 10^6. `chebyshev_angles` has them all to 15 digits.
    """
    angles = chebyshev_angles(m, kind)
    return _symmetric(np.sin(angles[: len(angles) // 2] / 2) ** 2, len(angles))


def chebyshev_angles(m: int, kind: str = "lobatto") -> Vector:
    """The angles s of C_m in [0, pi], x = sin(s/2)^2, ascending: (m,), to 1e-15 of themselves."""
    m = integer("m", m, 1 if choice("kind", kind, CHEBYSHEV_KINDS) == "roots" else 2)
    if kind == "lobatto":
        return np.pi * np.arange(m) / (m - 1)
    if kind == "roots":
        return np.pi * (2 * np.arange(m) + 1) / (2 * m)
    inner = chebyshev_angles(m - 2, "roots") if m > 2 else np.empty(0)
    return np.concatenate(([0.0], inner, [np.pi]))


def nearest_neighbour_labels(x: ArrayLike) -> Vector:
    """Labels of the nearest-neighbour classifier of S = {(0, -), (1, +)}: -1, +1; float, as x.

    At x = 1/2 both samples are equally near and the label is 0. A tie has no class, so no training
    set may contain it: drop it with ``training_set``.
    """
    return np.sign(np.asarray(x, dtype=float) - 0.5)


def training_set(x: ArrayLike) -> tuple[Vector, Vector]:
    """The points of a grid with their nearest-neighbour labels, without the tie 1/2: (k,) twice."""
    labels = nearest_neighbour_labels(x)
    return np.asarray(x, dtype=float)[labels != 0], labels[labels != 0]


def _symmetric(lower: Vector, m: int) -> Vector:
    """Mirror the points below 1/2 about it, with 1/2 itself in the middle if m is odd.

    On multiples of 2**-53 both x and 1 - x are exact, so the mirror image loses nothing.
    """
    lower = np.round(lower * 2.0**53) / 2.0**53
    return np.concatenate((lower, np.full(m % 2, 0.5), 1 - lower[::-1]))


accepts(__name__, {"x": array("points", 0, 1)})
