"""The maximum-margin classifier on finite features: hard margin, no bias.

    minimise |w|²/2  subject to  y_i φ_i·w >= 1 for every training point i

The classifiers of the paper's two samples are known in closed form, (5) and (7): they are in
`pwlib.polynomials`. Here any training set is fitted, with the features of (4), (6) or others.

Of m points only a few dozen are ever support vectors. `fit` therefore solves on a working set of
points, looks where the result violates the other constraints, takes those in, and repeats
(the exchange method, as in Remez' algorithm).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import daqp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pwlib.checks import a, accepts, array, listed, numbers, real, whole

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Rows = NDArray[np.intp]

_NOT_SEPARABLE = "labels: the points are not separable by these features to working precision"


@dataclass(frozen=True)
class MaxMargin:
    """A maximum-margin classifier: the sign of `features @ weights`.

    `weights` (features,); `support`, the indices of the support vectors, ascending; `gap`, the
    duality gap over the primal objective. The weights' relative error is at most √gap, where
    rounding lets the gap tell.
    """

    weights: Vector
    support: Rows
    gap: float

    def __call__(self, features: ArrayLike) -> Vector:
        """Values of the classifier at points with these features (points, features)."""
        return np.asarray(features, dtype=float) @ self.weights


def fit(features: ArrayLike, labels: ArrayLike) -> MaxMargin:
    """The maximum-margin classifier of `features` (points, features) with `labels` ±1 (points,).

    The features are taken as exact and not copied. Raises ValueError for an empty or misshapen
    training set, for features that aren't finite, labels other than ±1, and for points that no
    weights separate.
    """
    features, labels = checked(features, labels)
    points, width = features.shape
    working = np.unique(np.linspace(0, points - 1, 4 * width).round().astype(int))
    new = working
    while new.size:
        working = np.union1d(working, new)
        rows = labels[working, None] * features[working]
        active, weights, multipliers = _solve(rows)
        margins = labels * (features @ weights)
        # a row that was imposed is met to rounding, which grows with the number of features
        new = np.setdiff1d(_violated(features, margins, weights, width), working)
    primal = (weights @ weights) / 2 / min(margins.min(), 1.0) ** 2
    combined = rows[active].T @ multipliers
    gap = (primal - (multipliers.sum() - combined @ combined / 2)) / primal
    return MaxMargin(weights, working[active], float(gap))


def exact_weights(
    features: Sequence[Sequence[Fraction | int]], labels: Sequence[int], support: Iterable[int]
) -> list[Fraction]:
    """The maximum-margin weights in rationals, certified: no rounding has a part in them.

    Solves the conditions of Karush, Kuhn and Tucker, w = Σ λ_i y_i φ_i and y_i φ_i·w = 1 on the
    `support` that `fit` found. Raises ArithmeticError unless all λ_i >= 0 and all margins >= 1,
    which make w the only optimum.
    """
    from sympy import QQ  # takes half a second to import
    from sympy.polys.matrices import DomainMatrix

    rows = [
        [QQ(y * v.numerator, v.denominator) for v in phi]
        for phi, y in zip(features, labels, strict=True)
    ]
    active = [rows[i] for i in support]
    matrix = DomainMatrix(active, (len(active), len(rows[0])), QQ)
    ones = DomainMatrix([[QQ(1)]] * len(active), (len(active), 1), QQ)
    multipliers = (matrix * matrix.transpose()).lu_solve(ones)
    weights = (matrix.transpose() * multipliers).to_list_flat()
    margins = [sum(a * b for a, b in zip(row, weights, strict=True)) for row in rows]
    if min(multipliers.to_list_flat()) < 0 or min(margins) < 1:
        raise ArithmeticError("support: not that of the optimum, by exact arithmetic")
    return [Fraction(int(w.numerator), int(w.denominator)) for w in weights]


def fit_soft(features: ArrayLike, labels: ArrayLike, penalty: float) -> MaxMargin:
    """The soft-margin classifier: hinge loss, no bias, C = `penalty` > 0.

        minimise |w|²/2 + C Σ_i max(0, 1 − y_i φ_i·w)

    The arguments are those of `fit`, which remains of it for C above its largest multiplier. The
    points need not be separable; `gap` bounds the error as there. Raises ValueError for what
    `checked` refuses.
    """
    features, labels = checked(features, labels)
    rows = labels[:, None] * features
    weights, multipliers = _solve_soft(rows, penalty)
    primal = weights @ weights / 2 + penalty * np.maximum(0, 1 - rows @ weights).sum()
    combined = rows.T @ multipliers
    gap = (primal - (multipliers.sum() - combined @ combined / 2)) / primal
    if not gap < 1e-6:
        raise ArithmeticError(f"the duality gap is {gap:.1g} of the objective")
    return MaxMargin(weights, np.flatnonzero(multipliers), float(gap))


def _solve(rows: Matrix) -> tuple[Rows, Vector, Vector]:
    """The problem on a few rows y_i φ_i: active rows, weights, multipliers of the active rows."""
    count, width = rows.shape
    scale = np.abs(rows).max()
    if not 1e-100 < scale < 1e100:
        raise ValueError(f"features: got values up to {scale:g}, accepts from 1e-100 to 1e100")
    _, _, flag, info = daqp.solve(
        np.eye(width),
        np.zeros(width),
        np.ascontiguousarray(rows / scale),
        np.full(count, 1e30),
        np.ones(count),
        np.zeros(count, dtype=np.int32),
        primal_tol=1e-12,  # the default, 1e-6, leaves too much to the polishing
        sing_tol=1e-16,  # the default takes near neighbours of opposite labels for contradictions
        iter_limit=1000 + 100 * count,
    )
    if flag == -1:  # daqp's word for infeasible; 1 is solved
        raise ValueError(_NOT_SEPARABLE)
    if flag < 1:
        raise ArithmeticError(f"daqp stopped with exit flag {flag} on {count} rows")
    multipliers = np.asarray(info["lam"])  # negative; rounding may leave more than are independent
    largest = np.sort(multipliers.argsort()[:width])
    return _polish(rows, largest[multipliers[largest] < 0])


def _solve_soft(rows: Matrix, penalty: float) -> tuple[Vector, Vector]:
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


def _polish(rows: Matrix, active: Rows) -> tuple[Rows, Vector, Vector]:
    """The solution from a nearly right active set: drop negative multipliers, add violated rows."""
    for _ in range(len(rows)):
        weights, multipliers = _least_norm(rows[active])
        if (multipliers <= 0).any():
            active = np.delete(active, multipliers.argmin())
            continue
        rounding = _rounding(rows, weights)
        if rounding.max() > 0.1:
            raise ValueError(_NOT_SEPARABLE)
        excess = rows @ weights - 1 + rounding
        excess[active] = 0
        if excess.min() >= 0:
            return active, weights, multipliers
        new = excess.argmin()
        if len(active) == rows.shape[1]:
            share = np.linalg.solve(rows[active].T, rows[new])
            with np.errstate(divide="ignore", invalid="ignore"):  # no multiplier gets negative
                leaving = np.where(share > 0, multipliers / share, np.inf).argmin()
            active = np.delete(active, leaving)
        active = np.sort(np.append(active, new))
    raise ArithmeticError(f"no active set found among {len(rows)} constraints")


def _least_norm(rows: Matrix) -> tuple[Vector, Vector]:
    """The shortest w with rows @ w = 1, and λ with w = rows.T @ λ; rows linearly independent.

    Where the grid is fine, neighbours are active in pairs and the rows nearly dependent. Björck's
    refinement of (w, λ), with residuals in extended precision, gives back the digits that costs.
    """
    q, r = np.linalg.qr(rows.T)
    exact = rows.astype(np.longdouble)
    weights, multipliers = np.zeros(rows.shape[1]), np.zeros(len(rows))
    for _ in range(3):
        off = np.asarray(weights - exact.T @ multipliers, dtype=float)
        short = np.linalg.solve(r.T, np.asarray(1 - exact @ weights, dtype=float))
        multipliers += np.linalg.solve(r, short + q.T @ off)
        weights += q @ (short + q.T @ off) - off
    return weights, multipliers


def _violated(features: Matrix, margins: Vector, weights: Vector, width: int) -> Rows:
    """Rows to take in: from the worst runs of neighbouring violated rows, 17 points of each.

    On a grid a run surrounds a local minimum of the margin, and 17 points narrow it down quickly.
    """
    below = np.flatnonzero(margins < 1)
    if not below.size:
        return below
    start = np.flatnonzero(np.diff(below, prepend=-2) > 1)
    worst = np.argsort(np.minimum.reduceat(margins[below], start))[: 2 * width]
    first = below[start][worst]
    last = below[np.append(start[1:], below.size) - 1][worst]
    rows = (first + np.linspace(0, 1, 17)[:, None] * (last - first)).round().astype(int)
    rows = np.union1d(rows, margins.argmin())
    return rows[margins[rows] < 1 - _rounding(features[rows], weights)]


def _rounding(rows: Matrix, weights: Vector) -> Vector:
    """How far rounding may take the margin of each row."""
    return 4 * np.finfo(float).eps * (np.abs(rows) @ np.abs(weights))


def checked(features: ArrayLike, labels: ArrayLike) -> tuple[Matrix, Vector]:
    """Finite features (points, features) and labels ±1 (points,), not empty, or a ValueError."""
    features, labels = np.asarray(features, dtype=float), np.asarray(labels, dtype=float)
    if features.ndim != 2:
        raise ValueError(f"features: got shape {features.shape}, accepts (points, features)")
    if labels.shape != features.shape[:1]:
        raise ValueError(f"labels: got shape {labels.shape}, accepts {features.shape[:1]}")
    if not features.size:
        raise ValueError(f"features: got shape {features.shape}, which is empty")
    with np.errstate(invalid="ignore", over="ignore"):
        sums = features @ np.ones(features.shape[1])  # cheaper than a mask of that size
    if not np.isfinite(sums).all():
        raise ValueError("features: got NaN, infinity or an overflow, accepts finite numbers")
    if (labels == 0).any():
        raise ValueError("labels: got 0, the label of a tie, accepts -1 and 1; drop that point")
    if not (np.abs(labels) == 1).all():
        raise ValueError(f"labels: got {labels[np.abs(labels) != 1][0]}, accepts -1 and 1")
    return features, labels


accepts(
    __name__,
    {"features labels": numbers, "penalty": real(0, above=True)},
    exact_weights={"features": listed(listed(a(int, Fraction))), "labels": listed(whole(-1, 1))}
    | {"support": listed(whole(0))},
    MaxMargin={"weights": array("features"), "support": array("vectors", 0)},
)
