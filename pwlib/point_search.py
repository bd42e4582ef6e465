"""The best training points of a given number, looked for from many starts.

Two criteria for the variance that `power_function` computes: "average", its mean over [0, 1], and
"worst", its maximum. Both have many local minima: a result is the best found, no more.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pwlib import grids, polynomials, power_function
from pwlib.checks import accepts, among, array, maybe, whole

Array = NDArray[np.float64]

CRITERIA = ("average", "worst")
SEED = 0
STARTS = {"average": 200, "worst": 150}
_LEAST_GAP = 1e-3  # of neighbours, in the angle; nearer ones count as merged


def score(n: int, x: ArrayLike, criterion: str) -> float:
    """What x is judged by: the mean or the maximum over [0, 1] of the variance that it leaves."""
    scores = {"average": power_function.mean_variance, "worst": power_function.largest_variance}
    return scores[criterion](n, x)


def start(m: int, seed: int, index: int) -> Array:
    """A start: angles in [0, π], ascending. The first five are the grids, the others random.

    Random angles lie one in each of m equal parts at even indices. At odd ones they scatter about
    m equidistant angles, the two ends among them.
    """
    if index < 5 and m > 1:
        return np.arccos(1 - 2 * list(power_function.grids_of(m).values())[index])
    jitter = np.random.default_rng([seed, index]).uniform(-0.4, 0.4, m)
    if index % 2 == 0 or m == 1:
        return np.pi * (np.arange(m) + 0.5 + jitter) / m
    return np.clip(np.pi * (np.arange(m) + jitter) / (m - 1), 0, np.pi)


def search(n: int, m: int, criterion: str, index: int, seed: int = SEED) -> tuple[float, Array]:
    """The local optimum that one start leads to: the score and the points, ascending (m,)."""
    descend = {"average": _descend_average, "worst": _descend_worst}[criterion]
    angles = np.sort(descend(n, start(m, seed, index)))
    x = np.sin(angles / 2) ** 2
    return score(n, x, criterion), x


def best(
    n: int, m: int, criterion: str, starts: int | None = None, seed: int = SEED
) -> dict[str, Any]:
    """The best of so many searches (STARTS where none is given), as a row of a table.

    `start` says which one found it, `hits` how many came within 1e-6 of it.
    """
    starts = STARTS[criterion] if starts is None else starts
    found = [search(n, m, criterion, index, seed) for index in range(starts)]
    values = np.array([value for value, _ in found])
    index = int(values.argmin())
    hits = int((values < values[index] * (1 + 1e-6)).sum())
    row: dict[str, Any] = {"n": n, "m": m, "criterion": criterion, "value": float(values[index])}
    row |= {"points": found[index][1].tolist(), "starts": starts, "hits": hits}
    return row | {"seed": seed, "start": index}


def gradients(n: int, angles: Array, features: Array) -> tuple[Array, Array]:
    """The variance at points with these features (k, n + 1); its slopes in the angles (k, m)."""
    i = np.arange(n + 1)
    signs = (-1.0) ** i  # T*_i((1 − cos t)/2) = (−1)^i cos(i t)
    seen, triangle = np.linalg.qr((signs * np.cos(np.outer(angles, i))).T)
    unseen = features - (features @ seen) @ seen.T
    weights = features @ seen @ np.linalg.pinv(triangle, rcond=1e-12).T  # of labels in the fit
    slopes = unseen @ (-signs * i * np.sin(np.outer(angles, i))).T
    return (unseen * features).sum(axis=1), -2 * weights * slopes


def _descend_average(n: int, angles: Array) -> Array:
    from scipy.optimize import minimize

    roots, weights = np.polynomial.legendre.leggauss(n + 1)  # exact for degree 2n
    features = polynomials.chebyshev_features(n, (1 + roots) / 2)

    def mean(angles: Array) -> tuple[float, Array]:
        values, slopes = gradients(n, angles, features)
        return float(weights @ values / 2), weights @ slopes / 2

    order: Any = {"type": "ineq", "fun": lambda angles: np.diff(angles) - _LEAST_GAP}
    order["jac"] = lambda angles: np.eye(len(angles))[1:] - np.eye(len(angles))[:-1]
    options: Any = {"maxiter": 500, "ftol": 1e-14}
    bounds = [(0, np.pi)] * len(angles)
    found = minimize(mean, angles, jac=True, bounds=bounds, constraints=order, options=options)
    return np.clip(found.x, 0, np.pi)


def _descend_worst(n: int, angles: Array) -> Array:
    """Linear programs in a trust region: lower the greatest of the linearised variances."""
    features = polynomials.chebyshev_features(n, grids.chebyshev(20 * n + 1))
    values, slopes = gradients(n, angles, features)
    radius = 0.1
    for _ in range(100):
        step, promised = _linear_step(angles, values, slopes, radius)
        promised = values.max() - promised
        if promised < 1e-10 or radius < 1e-9:
            break
        tried = gradients(n, angles + step, features)
        if values.max() - tried[0].max() > 0.1 * promised:
            angles, (values, slopes), radius = angles + step, tried, 2 * radius
        else:
            radius /= 3
    return angles


def _linear_step(angles: Array, values: Array, slopes: Array, radius: float) -> tuple[Array, float]:
    """The step, of `radius` at most in each angle, that minimises max (values + slopes · step)."""
    from scipy.optimize import linprog

    m = len(angles)
    high = values > 0.1 * values.max()
    order = np.eye(m)[:-1] - np.eye(m)[1:]
    table = np.block([[slopes[high], -np.ones((high.sum(), 1))], [order, np.zeros((m - 1, 1))]])
    right = np.concatenate([-values[high], np.maximum(np.diff(angles) - _LEAST_GAP, 0)])
    low, up = np.maximum(-radius, -angles), np.minimum(radius, np.pi - angles)
    bounds = [*zip(low, up, strict=True), (0, None)]
    found = linprog(np.append(np.zeros(m), 1), table, right, bounds=bounds)
    if found.x is None:
        return np.zeros(m), values.max()
    return np.clip(found.x[:-1], low, up), found.x[-1]


accepts(
    __name__,
    {"n m": whole(1), "x": array("m", 0, 1), "criterion": among(CRITERIA), "seed index": whole(0)}
    | {"starts": maybe(whole(1)), "angles": array("m", 0, np.pi), "features": array("points n+1")},
)
