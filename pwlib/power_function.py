"""What a set of training points leaves unknown of a random polynomial, and what noise does.

The hypothesis is h = Σ a_i T*_i of degree n with independent standard normal coefficients; the rule
is least squares, of least norm where the m points are too few. With P the projection on the span
of the features φ(x_j), the error is −(I − P)a, a Gaussian process with variance φᵀ(I − P)φ. It
depends on the points only through the polynomials of degree n that vanish at them.
"""

import itertools
from collections.abc import Callable

import numpy as np
from numpy.polynomial import chebyshev, legendre
from numpy.typing import ArrayLike, NDArray

from pwlib import grids, polynomials
from pwlib.checks import accepts, among, array, whole

Array = NDArray[np.float64]


def unseen(n: int, x: ArrayLike) -> Array:
    """An orthonormal basis of the coefficients that vanish at x (m,): (n + 1, n + 1 − m), m ≤ n.

    From the QR factors of the features if their condition number is below 1e8, and to 1e-8. Else
    the multiples of Π (x − x_j), built by one factor at a time, so that points may merge: where two
    are equal, the slope vanishes as well. Where these are off by 1e-6 at x, the points are refused.
    """
    x = np.asarray(x, dtype=float)
    if len(x) > n:
        raise ValueError(f"x: got {len(x)} points, accepts up to n = {n}")
    features = polynomials.chebyshev_features(n, x)
    if np.linalg.cond(features) < 1e8:
        return np.asarray(np.linalg.qr(features.T, mode="complete")[0][:, len(x) :])
    basis = np.eye(n + 1 - len(x))
    for rows, u in enumerate(2 * _spread(x) - 1, len(basis)):
        below, above = np.eye(rows + 1, rows, -1), np.eye(rows + 1, rows, 1)
        below[1, 0] = 2  # T_0 has one neighbour, T_1
        times = (below + above) / 2 - u * np.eye(rows + 1, rows)  # coefficients by 2x − 1 − u
        basis = np.linalg.qr(times @ basis)[0]
    if (off := np.abs(features @ basis).max()) > 1e-6:
        raise ValueError(f"x: got points missed by {off:.0e} at n = {n}, accepts ones met to 1e-6")
    return basis


def variance(n: int, x: ArrayLike, at: ArrayLike) -> Array:
    """The mean square of the error ĥ_X − h at the points `at`: (len(at),), as exact as `unseen`."""
    basis = unseen(n, x) if np.size(x) <= n else np.zeros((n + 1, 0))
    return ((polynomials.chebyshev_features(n, at) @ basis) ** 2).sum(axis=1)


def largest_variance(n: int, x: ArrayLike) -> float:
    """max over [0, 1] of `variance`, a polynomial of degree 2n, from its critical points."""
    return _largest(lambda at: variance(n, x, at), 2 * n)


def gram(n: int, measure: str = "lebesgue") -> Array:
    """The matrix of the integrals of T*_i T*_k over [0, 1]: (n + 1, n + 1).

    `measure` is "lebesgue" or "arcsine", both of mass 1.
    """
    i = np.arange(n + 1)
    if measure == "arcsine":
        return np.diag(np.where(i == 0, 1.0, 0.5))
    plus, minus = np.add.outer(i, i), np.subtract.outer(i, i)
    even = plus % 2 == 0
    return np.where(even, 0.5 / (1 - plus**2 + ~even) + 0.5 / (1 - minus**2 + ~even), 0)


def mean_variance(n: int, x: ArrayLike, measure: str = "lebesgue") -> float:
    """The mean over a measure of `variance`, the trace of (I − P)G."""
    basis = unseen(n, x)
    return float(np.sum(basis * (gram(n, measure) @ basis)))


def least_mean_variance(n: int, m: int, measure: str = "lebesgue") -> float:
    """A lower bound of `mean_variance` over all sets of m points.

    It is the sum of the n + 1 − m smallest eigenvalues of the Gram matrix: Ky Fan (1949).
    """
    return float(np.linalg.eigvalsh(gram(n, measure))[: n + 1 - m].sum())


def eigen_points(n: int) -> tuple[float, NDArray[np.complex128]]:
    """The least eigenvalue of the Lebesgue Gram matrix; the roots of its eigenvector (n,).

    n points in [0, 1] at these roots attain the bound of `least_mean_variance` for m = n.
    """
    values, vectors = np.linalg.eigh(gram(n))
    roots = chebyshev.chebroots(vectors[:, 0])
    return float(values[0]), (1 + roots.astype(np.complex128)) / 2


def noise_variance(n: int, x: ArrayLike, at: ArrayLike) -> Array:
    """The variance of the fit at the points `at` where each label has noise of variance 1.

    Relative error, as of its mean and maximum: 1e-16 times the condition number of the features at
    x. One above 1e12 is refused: n + 1 equispaced points from n = 49 on, midpoints from n = 44.
    """
    return ((polynomials.chebyshev_features(n, at) @ _from_labels(n, x)) ** 2).sum(axis=1)


def mean_noise_variance(n: int, x: ArrayLike) -> float:
    """The mean over [0, 1] of `noise_variance`."""
    return float(np.sum((fit := _from_labels(n, x)) * (gram(n) @ fit)))


def largest_noise_variance(n: int, x: ArrayLike) -> float:
    """max over [0, 1] of `noise_variance`."""
    return _largest(lambda at: noise_variance(n, x, at), 2 * n)


def lebesgue_constant(n: int, x: ArrayLike) -> float:
    """How much the largest disturbance of the labels can grow in the fit: max Σ_j |ℓ_j|.

    Taken on the extrema of T*_{20n}, which for n + 1 points or fewer miss less than 1 % of it. On
    m = n + 1 different points the value there comes from barycentric weights in logarithms, which
    nothing cancels: to 1e-12, and refused where it overflows (on equispaced points, beyond
    n = 1000). With more points or fewer it is as accurate as `noise_variance`.
    """
    x, at = np.asarray(x, dtype=float), grids.chebyshev(20 * n + 1)
    if len(x) != n + 1:
        sums = np.abs(polynomials.chebyshev_features(n, at) @ _from_labels(n, x)).sum(axis=1)
        return float(sums.max())
    if len(np.unique(x)) <= n:
        raise ValueError(f"x: got {len(np.unique(x))} different points, accepts n + 1 = {n + 1}")
    apart = np.log(np.abs(np.subtract.outer(x, x)) + np.eye(n + 1))
    away = np.log(np.abs(np.subtract.outer(np.setdiff1d(at, x), x)))  # on a point of x it is 1
    logs = away.sum(axis=1, keepdims=True) - away - apart.sum(axis=1)  # of the |ℓ_j|
    with np.errstate(over="ignore"):
        largest = np.exp(logs).sum(axis=1).max(initial=1.0)
    if not np.isfinite(largest):
        raise ValueError("x: got points whose Lebesgue constant overflows, accepts one below 1e308")
    return float(largest)


def hard_points_formula(n: int) -> Array:
    """(1 − cos s_k)/2 with s_k = (4k + 3)π/(4n + 2), and their mirror images: (n,), ascending.

    Next to the local maximisers of (12), for there sin((2n + 1)s) is −1.
    """
    s = (4 * np.arange((n + 1) // 2) + 3) * np.pi / (4 * n + 2)
    lower = np.sin(s / 2) ** 2
    return np.concatenate([lower, 1 - lower[: n // 2][::-1]])


def readings(n: int) -> dict[str, Array]:
    """The four readings of "the Chebyshev grid" near the n maximisers of (12), inside (0, 1)."""
    return {
        "roots of $T^*_n$": grids.chebyshev(n, "roots"),
        "extrema of $T^*_{n+1}$, inside": grids.chebyshev(n + 2)[1:-1],
        "roots of $T^*_{n+1}$": grids.chebyshev(n + 1, "roots"),
        "extrema of $T^*_n$, inside": grids.chebyshev(n + 1)[1:-1],
    }


def offsets(n: int, x: ArrayLike) -> Array:
    """From each maximiser of (12) to the nearest of the points x: (n,), in units of π/n (angle)."""
    angles = np.arccos(1 - 2 * np.asarray(x, dtype=float))
    return np.abs(np.subtract.outer(polynomials.hard_angles(n), angles)).min(axis=1) * n / np.pi


def size_without_gain(n: int, grid: Callable[[int], Array]) -> int:
    """The least m from which on noise is nowhere amplified: `largest_noise_variance` at most 1.

    Of all m from n + 1 to 1.3 (n + 1)²; that of midpoints falls below 1 at about (n + 1)².
    """
    sizes = range(round(1.3 * (n + 1) ** 2) - 1, n, -1)
    return next((m for m in sizes if largest_noise_variance(n, grid(m)) > 1 + 1e-9), n) + 1


def scores(n: int, x: ArrayLike) -> tuple[float, float, float]:
    """What x leaves: the mean of the variance, arcsine and Lebesgue measure, and its maximum."""
    arcsine, lebesgue = (mean_variance(n, x, measure) for measure in ("arcsine", "lebesgue"))
    return arcsine, lebesgue, largest_variance(n, x)


def midpoints(m: int) -> Array:
    """The midpoints of m equal parts of [0, 1]: (m,)."""
    return (2 * np.arange(m) + 1) / (2 * m)


def fekete(m: int) -> Array:
    """0, 1 and the extrema inside of the Legendre polynomial of degree m − 1: (m,), m ≥ 2.

    Fejér (1932): for n = m − 1 the squares of the Lagrange polynomials add up to 1 at most.
    """
    inside = (1 + np.sort(legendre.Legendre.basis(m - 1).deriv().roots().real)) / 2
    return np.concatenate([[0.0], inside, [1.0]])


def grids_of(m: int) -> dict[str, Array]:
    """The grids of m ≥ 2 points that the chapter compares."""
    return {
        "equispaced midpoints": midpoints(m),
        "equispaced with ends": grids.equispaced(m),
        "Chebyshev roots": grids.chebyshev(m, "roots"),
        "Chebyshev extrema": grids.chebyshev(m),
        "roots and ends": grids.chebyshev(m, "roots+ends"),
    }


def subset_scores(n: int, x: ArrayLike, m: int) -> Array:
    """The `scores` of every choice of m of the points x: (choices, 3)."""
    return np.array([scores(n, subset) for subset in itertools.combinations(np.asarray(x), m)])


def _spread(x: Array) -> Array:
    """The points in Leja's order, each as far as can be from those before, which keeps accuracy."""
    x = np.sort(x)
    order: list[int] = []
    logs = np.zeros(len(x))
    with np.errstate(divide="ignore"):
        while len(order) < len(x):
            order.append(max(set(range(len(x))) - set(order), key=logs.__getitem__))
            logs += np.log(np.abs(x - x[order[-1]]))
    return x[order]


def _from_labels(n: int, x: ArrayLike) -> Array:
    """The coefficients of the least-squares fit to each label alone: (n + 1, m)."""
    features = polynomials.chebyshev_features(n, x)
    if (condition := np.linalg.cond(features)) > 1e12:
        raise ValueError(f"x: got features of condition number {condition:.0e}, accepts up to 1e12")
    return np.asarray(np.linalg.pinv(features, rcond=1e-15), dtype=np.float64)


def _largest(values: Callable[[Array], Array], degree: int) -> float:
    """The maximum over [0, 1] of a polynomial of this degree."""
    series = chebyshev.Chebyshev.interpolate(lambda x: values(np.clip(x, 0, 1)), degree, [0, 1])
    critical = np.clip(series.deriv().roots().real, 0, 1)
    return float(values(np.append(critical, [0.0, 1.0])).max())


accepts(
    __name__,
    {"n m": whole(1), "x": array("points", 0, 1), "at": array("others", 0, 1)}
    | {"measure": among(polynomials.MEASURES)},
    **{name: {"m": whole(2)} for name in ("fekete", "grids_of")},
    **{name: {"n": whole(0)} for name in ("unseen", "gram", "variance", "noise_variance")},
)
