"""Optimal, hard and adversarial training points, equations (8) to (10), for polynomials.

The class is that of the polynomials of degree n on [0, 1], written in the shifted Chebyshev basis;
a hypothesis is its vector of n + 1 coefficients, a set of them an array (hypotheses, n + 1). The
learning rule A is least squares on the training points, of least norm where they are too few,
unless another is given: a rule is a function of n, x and coefficients to those of the error.
"""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.polynomial.chebyshev import chebder, chebvander
from numpy.typing import ArrayLike, NDArray

from pwlib import grids, maxmargin, polynomials, power_function
from pwlib.checks import accepts, array, listed, real, whole
from pwlib.intervals import mean_with_error

Array = NDArray[np.float64]
Rule = Callable[[int, ArrayLike, ArrayLike], Array]


def error_coefficients(n: int, x: ArrayLike, coefficients: ArrayLike) -> Array:
    """The coefficients of ĥ_X − h, ĥ_X = A({(x, h(x))}): (hypotheses, n + 1), as `coefficients`.

    `x` (m,) are the training points, m ≥ 1 and without repeats.
    """
    features, coefficients = _training(n, x, coefficients)
    *_, singular, rows = np.linalg.svd(features, full_matrices=False)
    seen = rows[singular > singular[0] * np.finfo(float).eps * max(features.shape)]
    return coefficients @ seen.T @ seen - coefficients


def ridge_error(n: int, x: ArrayLike, coefficients: ArrayLike, penalty: float = 0.01) -> Array:
    """As `error_coefficients`, where A minimises Σ (ĥ(x_j) − h(x_j))² + penalty · |coefficients|².

    `penalty` is positive.
    """
    features, coefficients = _training(n, x, coefficients)
    damped = features.T @ features + penalty * np.eye(n + 1)
    return np.asarray(-penalty * np.linalg.solve(damped, coefficients.T).T, dtype=float)


def margin_error(n: int, x: ArrayLike, coefficients: ArrayLike) -> Array:
    """As `error_coefficients`, where A is the maximum-margin rule, which sees the signs of h alone.

    Its ĥ has the scale that makes the least |ĥ(x_j)| equal to 1, whatever that of h.
    """
    features, coefficients = _training(n, x, coefficients)
    labels = np.sign(coefficients @ features.T)
    return np.stack([maxmargin.fit(features, y).weights for y in labels]) - coefficients


def slopes(n: int, x: ArrayLike, coefficients: ArrayLike) -> Array:
    """h′(x) of each hypothesis at each point: (hypotheses, points)."""
    return np.asarray(coefficients, dtype=float) @ feature_slopes(n, x).T


def optimal_objective(
    n: int, x: ArrayLike, coefficients: ArrayLike, rule: Rule = error_coefficients
) -> Array:
    """Σ_{x in X} |ĥ_X′(x) − h′(x)|, the integrand of (8), for each hypothesis: (hypotheses,).

    Its mean over hypotheses drawn from a distribution estimates (8); the same draws at two sets of
    points make a paired comparison.
    """
    return np.abs(slopes(n, x, rule(n, x, coefficients))).sum(axis=1)


def expected_objective(n: int, x: ArrayLike) -> float:
    """The expectation of (8): √(2/π) Σ_j |(I − P) φ′(x_j)|; 0 for n + 1 points or more."""
    if np.size(x) > n:
        return 0.0
    norms = np.linalg.norm(feature_slopes(n, x) @ power_function.unseen(n, x), axis=1)
    return float(np.sqrt(2 / np.pi) * norms.sum())


def expected_objective_of_pairs(n: int, centres: ArrayLike) -> float:
    """The limit of `expected_objective` / gap for pairs of points that merge at the centres.

    √(2/π) Σ |(I − P₀) φ″|; P₀ belongs to the values and slopes at the centres (pairs,).
    """
    second = feature_slopes(n, centres, order=2) @ power_function.unseen(n, np.repeat(centres, 2))
    return float(np.sqrt(2 / np.pi) * np.linalg.norm(second, axis=1).sum())


def feature_slopes(n: int, x: ArrayLike, order: int = 1) -> Array:
    """The derivatives of T*_0, …, T*_n at x, of first or higher order: (len(x), n + 1)."""
    derivatives = chebder(np.eye(n + 1), order, scl=2)
    return chebvander(2 * np.asarray(x, dtype=float) - 1, len(derivatives) - 1) @ derivatives


def largest_error(
    n: int, x: ArrayLike, coefficients: ArrayLike, rule: Rule = error_coefficients
) -> Array:
    """max |ĥ_X − h| over [0, 1] for each hypothesis: (hypotheses,).

    Taken over the 20n + 1 extrema of T*_{20n}, where a polynomial of degree n comes within 0.4 % of
    its maximum (Ehlich and Zeller 1964: the factor is cos(π/40)).
    """
    dense = polynomials.chebyshev_features(n, grids.chebyshev(20 * max(n, 1) + 1))
    return np.abs(rule(n, x, coefficients) @ dense.T).max(axis=1)


def against_size(
    n: int, sizes: Iterable[int], coefficients: ArrayLike
) -> tuple[dict[str, list], dict[str, list]]:
    """(8) of each of `point_sets`, and the largest error after training on it and the two ends.

    Two dictionaries: the name of a set to its (mean, standard error), one for each size.
    """
    objective, error = dict[str, list](), dict[str, list]()
    for name, x in ((name, x) for m in sizes for name, x in point_sets(m).items()):
        steepness = optimal_objective(n, x, coefficients)
        left = largest_error(n, with_ends(x), coefficients)
        objective.setdefault(name, []).append(mean_with_error(steepness))
        error.setdefault(name, []).append(mean_with_error(left))
    return objective, error


def cosines(a: ArrayLike, b: ArrayLike) -> Array:
    """The cosine of the angle between rows of `a` and `b` (rows, points): 1 where proportional.

    NaN where one of them is 0.
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return (a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))


def rank_correlations(a: ArrayLike, b: ArrayLike) -> Array:
    """Spearman's rank correlation of each row of `a` with that of `b`: (rows, points) → (rows,).

    NaN where one of them is constant.
    """
    from scipy.stats import rankdata  # takes most of a second, and few callers need it

    ranks = (rankdata(np.asarray(values, dtype=float), axis=1) for values in (a, b))
    return cosines(*(rank - rank.mean(axis=1, keepdims=True) for rank in ranks))


def self_loss(values: ArrayLike) -> Array:
    """max(0, 1 − h(x)²), the hinge loss of h against its own output; the summand of (10)."""
    return np.maximum(0, 1 - np.asarray(values, dtype=float) ** 2)


def mean_self_loss(values: ArrayLike) -> Array:
    """The mean over H of `self_loss`, the summand of (9): (hypotheses, points) → (points,)."""
    return self_loss(values).mean(axis=0)


def pairs(x: ArrayLike, gap: float) -> Array:
    """Each point split into two, `gap` apart about it: (m,) → (2m,)."""
    return np.add.outer(np.asarray(x, dtype=float), [-gap / 2, gap / 2]).ravel()


def with_ends(x: ArrayLike) -> Array:
    """Ascending points inside (0, 1) with the boundary of the domain: (m,) → (m + 2,)."""
    return np.concatenate([[0.0], np.asarray(x, dtype=float), [1.0]])


def point_sets(m: int) -> dict[str, Array]:
    """Four sets of m points inside (0, 1), m even: three grids, and m/2 pairs that nearly merge."""
    return {
        "equispaced": grids.equispaced(m + 2)[1:-1],
        "Chebyshev extrema": grids.chebyshev(m + 2)[1:-1],
        "Chebyshev roots": grids.chebyshev(m, "roots"),
        "merging pairs": pairs(grids.chebyshev(m // 2, "roots"), 1e-6),
    }


def _training(n: int, x: ArrayLike, coefficients: ArrayLike) -> tuple[Array, Array]:
    """The features of training points without repeats, and the coefficients of hypotheses."""
    x = np.asarray(x, dtype=float)
    if x.ndim != 1 or len(x) == 0 or len(np.unique(x)) < len(x):
        raise ValueError(f"x: got {x.tolist()}, accepts one or more points without repeats")
    return polynomials.chebyshev_features(n, x), np.asarray(coefficients, dtype=float)


accepts(
    __name__,
    {"n": whole(0), "m": whole(2, even=True), "order": whole(1), "x": array("points", 0, 1)}
    | {"centres": array("pairs", 0, 1), "coefficients": array("hypotheses n+1")}
    | {"penalty": real(0, above=True), "sizes": listed(whole(2, even=True)), "gap": real(0, 1)}
    | {"a b": array("rows points")},
    self_loss={"values": array("...")},
    mean_self_loss={"values": array("hypotheses points")},
)
