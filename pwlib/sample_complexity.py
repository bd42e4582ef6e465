"""How many training points the Chebyshev maximum-margin classifier needs, and its limit.

On a grid that is antisymmetric about 1/2 the classifier is odd in u = 2x − 1 and has the
p = ⌊(n + 1)/2⌋ weights of T_1, T_3, …, T_{2p−1}. With u = sin φ these are ± sin φ, ± sin 3φ, ….
"""

from bisect import bisect_left
from collections.abc import Iterable

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from pwlib import grids, maxmargin, polynomials
from pwlib.checks import accepts, among, array, listed, real, whole

Vector = NDArray[np.float64]
READINGS = ("equispaced", *grids.CHEBYSHEV_KINDS)


def grid(reading: str, m: int) -> Vector:
    """E_m, or C_m in one of its readings; (m,)."""
    return grids.equispaced(m) if reading == "equispaced" else grids.chebyshev(m, reading)


def fit(n: int, x: Vector) -> Vector:
    """The maximum-margin weights (n + 1,) on an antisymmetric grid, from its upper half alone.

    Raises ValueError where x isn't antisymmetric about 1/2 (``x[::-1] == 1 - x``).
    """
    if not np.array_equal(x[::-1], 1 - x):
        raise ValueError("x: got points without their mirror images, accepts antisymmetric grids")
    upper = x[x > 0.5]
    features = polynomials.chebyshev_features(n, upper)[:, 1::2]
    return odd_weights(n, maxmargin.fit(features, np.ones(len(upper))).weights)


def limit_weights(n: int) -> Vector:
    """The limit of u₁ · weights as m → ∞, (n + 1,): (−1)^i/p² at T_{2i+1}; sin²(pφ)/(p² sin φ)."""
    return odd_weights(n, alternating(n) / ((n + 1) // 2) ** 2)


def feasible_weights(n: int, phi: float) -> Vector:
    """Weights whose margins are at least 1 on [φ, π/2], 0 < φ ≤ 1/p; (n + 1,), n ≥ 3.

    The partial sum of sin φ + sin 3φ/3 + sin 5φ/5 + …, over its value at φ = π/p, is positive on
    (0, π/2], as in Fejér and Jackson's theorem, and at least 1 on [1/p, π/2]. To it is added a
    multiple of `limit_weights`.
    """
    p, degrees = (n + 1) // 2, np.arange(1, n + 1, 2)
    if not 0 < phi <= 1 / p:
        raise ValueError(f"phi: got {phi:g}, accepts angles in (0, 1/{p}]")
    value = (np.sin(degrees * np.pi / p) / degrees).sum()
    steps = odd_weights(n, alternating(n) / degrees / value)
    return steps + limit_weights(n) * p**2 * np.sin(phi) / np.sin(p * phi) ** 2


def half_gap(x: Vector) -> float:
    """u₁, the first point of a grid above the middle, in u = 2x − 1."""
    return float(2 * x[x > 0.5][0] - 1)


def margin(weights: Vector) -> float:
    """The distance of the nearest training point from the boundary, in feature space."""
    return float(1 / np.linalg.norm(weights))


def distance_to_limit(weights: Vector, gap: float) -> float:
    """|u₁ · weights − limit| over |limit|, u₁ = gap."""
    limit = limit_weights(len(weights) - 1)
    return float(np.linalg.norm(gap * weights - limit) / np.linalg.norm(limit))


def longest_step(reading: str, m: int) -> tuple[float, float]:
    """The longest step between neighbours on one side of 1/2, and half the gap about 1/2.

    In u for the equispaced grid, in the angle φ for the others, where an end point counts as its
    own mirror image.
    """
    total = 2.0 if reading == "equispaced" else np.pi
    parts = {"equispaced": m - 1, "lobatto": m - 1, "roots": m, "roots+ends": max(m - 2, 1)}
    step = total / parts[reading]
    return step, step if m % 2 else step / 2


def dip_bound(n: int, reading: str, m: int) -> float:
    """Below 1, no classifier of degree n on this grid has a spurious sign change; n ≥ 3.

    How far the least weights may let the classifier sag between neighbouring points; infinite
    where the gap is too wide for `feasible_weights`.
    """
    step, half_gap = longest_step(reading, m)
    equispaced = reading == "equispaced"
    phi = np.arcsin(half_gap) if equispaced else half_gap
    if phi > 1 / ((n + 1) // 2):
        return np.inf
    degrees = np.arange(1, n + 1, 2.0)
    steepest = degrees**2 * (degrees**2 - 1) / 3 if equispaced else degrees**2
    central = _curvatures(degrees, half_gap) if equispaced else steepest
    sags = step**2 / 8 * np.linalg.norm(steepest), half_gap**2 / 2 * np.linalg.norm(central)
    return float(max(sags) * np.linalg.norm(feasible_weights(n, phi)))


def _curvatures(degrees: Vector, u: float) -> Vector:
    """Bounds of |T_k″| on [−u, u], u < 1: from (1 − u²) T_k″ = u T_k′ − k² T_k."""
    flat = 1 - u**2
    return np.asarray(degrees**2 / flat + degrees * u / flat**1.5)


def certified_size(n: int, reading: str, odd: bool = False) -> int:
    """The least size of this parity from which on `dip_bound` excludes spurious sign changes.

    Found by bisection: the bound decreases with m. Raises ValueError for n below 3.
    """
    high = 2  # in pairs of points

    def holds(pairs: int) -> bool:
        return dip_bound(n, reading, 2 * pairs + odd) < 1

    while not holds(high):
        high *= 2
    return 2 * bisect_left(range(high), True, high // 2, key=holds) + odd


def least_margin(weights: Vector, gap: float) -> float:
    """The least of f(gap), f(1) and f at its critical points in (0, 1); in u, 0 < gap ≤ 1.

    `weights` (n + 1,) are those of an odd f. This is the least value on [gap, 1], or that at a
    critical point in (0, gap) if one is lower. Where f(gap) > 0 it is negative if and only if f has
    a spurious sign change. Where [gap, 1] holds the training points above the middle it is at most
    1, for the shortest weights make f exactly 1 at one of them.
    """
    slope = chebyshev.chebder(weights)[::2]  # T_2j(u) = T_j(v), v = 2u² − 1
    turns = chebyshev.chebroots(slope)
    turns = turns.real[np.abs(turns.imag) < 1e-6]  # a double zero too, which rounding may split
    turns = np.sqrt((1 + turns[np.abs(turns) < 1]) / 2)
    return float(chebyshev.chebval(np.concatenate(([gap], turns, [1.0])), weights).min())


def without_pair(x: Vector, j: int) -> Vector:
    """A grid (m,) without its j-th point and the mirror image; j = 0 takes the outermost points."""
    if not 0 <= j < len(x) // 2:
        raise ValueError(f"j: got {j}, accepts 0 to {len(x) // 2 - 1} for {len(x)} points")
    return np.delete(x, [j, len(x) - 1 - j])


def least_margins(n: int, reading: str, sizes: Iterable[int]) -> dict[int, float]:
    """`least_margin` of the classifiers of degree n on grids of these sizes."""
    grids_of_size = ((m, grid(reading, m)) for m in sizes)
    return {m: least_margin(fit(n, x), half_gap(x)) for m, x in grids_of_size}


def row(p: int, reading: str, odd: bool) -> dict[str, object]:
    """One row of the table: every size of this parity below the certified one is fitted.

    `p`, 2 or more, stands for the degrees 2p − 1 and 2p; `sizes` counts the sizes with a spurious
    sign change, `last` is the last (0 if none), `first_without` the first size without. `closest`
    is the least modulus of a least margin: how far the count is from being decided by rounding.
    """
    certified = certified_size(2 * p - 1, reading, odd)
    found = least_margins(2 * p - 1, reading, range(3 if odd else 2, certified, 2))
    left = [m for m, least in found.items() if least < 0]
    without = next((m for m, least in found.items() if least >= 0), certified)
    closest = float(f"{min(map(abs, found.values())):.2g}")
    about = {"p": p, "reading": reading, "odd": int(odd), "certified": certified}
    about |= {"last": max(left, default=0), "sizes": len(left)}
    return about | {"first_without": without, "closest": closest}


def odd_weights(n: int, odd: Vector) -> Vector:
    """The weights (n + 1,) with these at T_1, T_3, T_5, … (p,), and 0 at the others."""
    weights = np.zeros(n + 1)
    weights[1::2] = odd
    return weights


def alternating(n: int) -> Vector:
    """The signs 1, −1, 1, … of T_1, T_3, T_5, … at u = sin φ, T_k(u) = ± sin kφ; (p,)."""
    return np.where(np.arange((n + 1) // 2) % 2, -1.0, 1.0)


accepts(
    __name__,
    {"n": whole(1), "m p": whole(2), "x": array("points", 0, 1), "j": whole(0)}
    | {"reading": among(READINGS), "weights": array("features"), "gap": real(0, 1)}
    | {"phi": real(0, above=True), "sizes": listed(whole(2))},
    **{name: {"n": whole(3)} for name in ("feasible_weights", "dip_bound", "certified_size")},
    odd_weights={"odd": array("p")},
)
