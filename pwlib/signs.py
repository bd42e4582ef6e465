"""Where a polynomial classifier changes sign on (0, 1), and how much of [0, 1] it misclassifies.

A classifier is given by its weights in the shifted Chebyshev basis T*_0, …, T*_n. Between two
neighbouring extrema it is monotone and changes sign at most once, so the signs at the extrema tell
all sign changes; an error δ in the place of an extremum moves its value by no more than O(δ²).
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike, NDArray

from pwlib.checks import a, accepts, array, listed
from pwlib.grids import nearest_neighbour_labels
from pwlib.parameters import choice
from pwlib.polynomials import MEASURES

Vector = NDArray[np.float64]


def sign_changes(weights: ArrayLike) -> Vector:
    """The points of (0, 1) where Σ weights[i] T*_i changes sign, ascending, to rounding.

    A zero without a change of sign doesn't count. Raises ValueError for weights that are all zero
    or not finite.
    """
    from scipy.optimize.elementwise import find_root  # takes half a second to import

    weights = _checked(weights)
    points = np.concatenate(([0.0], _extrema(weights), [1.0]))
    signs = np.sign(_values(weights, points))
    points, signs = points[signs != 0], signs[signs != 0]
    left = np.flatnonzero(np.diff(signs))
    brackets = points[left], points[left + 1]
    return find_root(lambda x: _values(weights, x), brackets).x if left.size else points[left]


def exact_sign_changes(coefficients: Sequence[Fraction | int], low: int, high: int | None) -> int:
    """How often Σ coefficients[i] z^i changes sign in (low, high); `high` None: no upper end.

    Exact, by Sturm's theorem: the different zeros of odd multiplicity are counted. The coefficients
    are ints or fractions; those that are all zero raise ValueError.
    """
    from sympy import Poly, Symbol  # takes half a second to import

    polynomial = Poly([*coefficients][::-1], Symbol("z"), domain="QQ")
    if polynomial.is_zero:
        raise ValueError("coefficients: got only zeros, accepts a polynomial with a sign")
    ends = [end for end in (low, high) if end is not None]
    factors = [factor for factor, power in polynomial.sqf_list()[1] if power % 2]
    closed = sum(factor.count_roots(low, high) for factor in factors)
    return int(closed) - sum(factor.eval(end) == 0 for factor in factors for end in ends)


def spurious_sign_changes(weights: ArrayLike) -> Vector:
    """The sign changes but the one nearest to 1/2, the only one of the nearest neighbour: (k,)."""
    changes = sign_changes(weights)
    return np.delete(changes, np.abs(changes - 0.5).argmin()) if changes.size else changes


def regions(weights: ArrayLike, right: bool) -> Vector:
    """The intervals of [0, 1] of the right sign, that of x - 1/2, or else of the wrong one: (k, 2).

    One shorter than 1e-12 counts as rounding of a sign change at 1/2.
    """
    edges, wrong = _intervals(weights)
    chosen = (wrong != right) & (np.diff(edges) > 1e-12)
    return np.column_stack((edges[:-1], edges[1:]))[chosen]


def misclassified_measure(weights: ArrayLike, measure: str = "lebesgue") -> float:
    """The measure of the points whose sign isn't their nearest-neighbour label.

    `measure` is "lebesgue" or "arcsine", the uniform one of the angle t with x = (1 + cos t)/2.
    """
    edges, wrong = _intervals(weights)
    if choice("measure", measure, MEASURES) == "arcsine":
        edges = 2 / np.pi * np.arcsin(np.sqrt(edges))
    return float(np.diff(edges)[wrong].sum())


def longest_correct(weights: ArrayLike) -> float:
    """Length of the longest interval in [0, 1] that meets no wrong one of `regions`."""
    starts, ends = regions(weights, right=False).T
    return float((np.append(starts, 1) - np.append(0, ends)).max())


def _intervals(weights: ArrayLike) -> tuple[Vector, NDArray[np.bool_]]:
    """0, the sign changes, 1/2 and 1 in order; for each interval between: is it misclassified?"""
    edges = np.sort(np.concatenate(([0.0], sign_changes(weights), [0.5, 1.0])))
    inner = edges[:-1] + 0.6180339887498949 * np.diff(edges)  # a double zero may be in the middle
    labels = nearest_neighbour_labels(inner)
    return edges, np.sign(_values(_checked(weights), inner)) != labels


def _values(weights: Vector, x: Vector) -> Vector:
    return np.asarray(chebyshev.chebval(2 * x - 1, weights), dtype=np.float64)


def _extrema(weights: Vector) -> Vector:
    """Real parts of the zeros of the derivative, those in (0, 1), ascending.

    A zero that rounding has moved off the real line still leaves its real part; one too many does
    no harm. Trailing coefficients below rounding are cut: they only add zeros near infinity.
    """
    slope = chebyshev.chebder(weights)
    slope = chebyshev.chebtrim(slope, np.finfo(float).eps * np.abs(slope).sum())
    zeros = (chebyshev.chebroots(slope).real + 1) / 2
    return np.unique(zeros[(zeros > 0) & (zeros < 1)])


def _checked(weights: ArrayLike) -> Vector:
    weights = np.asarray(weights, dtype=float)
    if not np.isfinite(weights).all() or not weights.any():  # those computed inside as well
        raise ValueError("weights: got only zeros, NaN or infinity, accepts finite numbers")
    return weights


accepts(__name__, {"weights": array("features"), "coefficients": listed(a(int, Fraction))})
