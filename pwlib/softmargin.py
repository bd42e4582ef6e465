"""The soft-margin classifier on finite features: hinge loss, no bias.

    minimise |w|²/2 + C Σ_i max(0, 1 − y_i φ_i·w)

The hard margin of `pwlib.maxmargin` is what remains of it for C above its largest multiplier.
"""

from numbers import Real

import daqp
import numpy as np
from numpy.typing import ArrayLike

from pwlib.maxmargin import MaxMargin, checked


def fit(features: ArrayLike, labels: ArrayLike, penalty: float) -> MaxMargin:
    """The soft-margin classifier of `features` (points, features), labels ±1 and C = `penalty` > 0.

    The points need not be separable; `gap` bounds the error as in `maxmargin`. Raises ValueError
    for what `maxmargin.checked` refuses, and for a penalty that isn't positive.
    """
    if not isinstance(penalty, Real) or not 0 < penalty < np.inf:
        raise ValueError(f"penalty: got {penalty!r}, accepts a positive number")
    features, labels = checked(features, labels)
    rows = labels[:, None] * features
    weights, multipliers = _solve(rows, penalty)
    primal = weights @ weights / 2 + penalty * np.maximum(0, 1 - rows @ weights).sum()
    combined = rows.T @ multipliers
    gap = (primal - (multipliers.sum() - combined @ combined / 2)) / primal
    if not gap < 1e-6:
        raise ArithmeticError(f"the duality gap is {gap:.1g} of the objective")
    return MaxMargin(weights, np.flatnonzero(multipliers), float(gap))


def _solve(rows: np.ndarray, penalty: float) -> tuple[np.ndarray, np.ndarray]:
    """Weights and multipliers; the unknowns are w and the slacks, the objective is divided by C."""
    count, width = rows.shape
    # daqp wants a definite matrix; a slack's 1e-6 moves the objective by a share of about 1e-12
    curvature = np.concatenate((np.full(width, 1 / penalty), np.full(count, 1e-6)))
    least = np.concatenate((np.full(width, -1e30), np.zeros(count), np.ones(count)))
    unknowns, _, _, info = daqp.solve(
        np.diag(curvature),
        np.concatenate((np.zeros(width), np.ones(count))),
        np.ascontiguousarray(np.hstack((rows, np.eye(count)))),
        np.full(width + 2 * count, 1e30),
        least,
        np.zeros(width + 2 * count, dtype=np.int32),
        primal_tol=1e-10,
        iter_limit=1000 + 100 * count,
    )
    return unknowns[:width], penalty * np.clip(-np.asarray(info["lam"])[width + count :], 0, 1)
