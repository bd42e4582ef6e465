"""The last size with a spurious sign change as the degree grows, on Chebyshev and on E_m grids.

Notation as in `pwlib.sample_complexity`. A Chebyshev grid is uniform in φ with the step π/N, where
N is m − 1 for the extrema, m for the roots and m − 2 for the roots with ends. With p ≤ N < 2p the
classifier is the least-norm interpolant, whose weights are known. On E_m, with c = (m − 1)/(2p)²
and z = p (π/2 − φ), it tends to the solution of a quadratic program about the end, whose points are
z_j = √(j/c) and whose only trace of the rest of the interval is the amplitude of a ripple.
"""

from collections.abc import Callable
from typing import Any

import daqp
import numpy as np
from numpy.typing import NDArray

from pwlib import sample_complexity
from pwlib.checks import accepts, among, array, real, whole
from pwlib.parameters import integer

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Points = tuple[Callable[[NDArray], Vector], Callable[[Vector], Vector], int]  # z_j, j(z), last

SHARES = (0.5171059534591, 0.6)  # N/2p below which f dips below 0 as p → ∞, at even and odd m

LIMITS = {(0, 0): 0.067, (0, 1): 0.0675, (1, 0): 0.1183, (1, 1): 0.0787}  # parity of p, m: m/n²
_LESS = {"lobatto": 1, "roots": 0, "roots+ends": 2}  # m − N


def interpolant(n: int, reading: str, m: int) -> Vector:
    """The shortest weights (n + 1,) that make f = 1 on the upper half of a Chebyshev grid.

    The coefficient of sin kφ is (2/N) / sin(kπ/2N), or with cot where the grid has a tie, halved
    from k = 2N − 2p + 1 on, where k and 2N − k are aliases. The roots with ends get f(1) = 1 from
    what vanishes at the roots, where else f(1) < 1. There f = 1 to 1e-12 for n up to 2000.
    """
    p = (n + 1) // 2
    steps = integer("m", m - _LESS[reading], p, 2 * p - 1)
    k = np.arange(1, 2 * p, 2)
    half, aliased = k * np.pi / (2 * steps), k > 2 * (steps - p)
    a = (np.cos(half) if m % 2 else 1) / np.sin(half) * 2 / steps
    a[aliased] /= 2
    signs = sample_complexity.alternating(n)
    missing = 1 - a @ signs
    if reading == "roots+ends" and missing > 0:
        a += signs * aliased * missing / aliased.sum()
    return sample_complexity.odd_weights(n, a * signs)


def least_value(weights: Vector) -> float:
    """The least value of f/min(1, pφ) on [0, π/2]: negative where f has a spurious sign change.

    At 0 it is f'(0)/p. Taken on 64 points a period of the highest frequency, so a minimum of f may
    lie lower by 1/1600 of the amplitude.
    """
    a = weights[1::2] * sample_complexity.alternating(len(weights) - 1)
    p, count = len(a), 64 * len(a)
    spectrum = np.zeros(count + 1, dtype=complex)
    spectrum[1 : 2 * p : 2] = -1j * a
    f = np.fft.irfft(spectrum)[1 : count // 2 + 1] * count
    phi = np.pi / count * np.arange(1, len(f) + 1)
    return float(min(a @ np.arange(1, 2 * p, 2) / p, (f / np.minimum(1, p * phi)).min()))


def last_size(n: int, reading: str, odd: bool) -> int:
    """The last m of this parity, N < 2p, at which `interpolant` has a spurious sign change.

    Every size down to it is tried. Raises ValueError where none down to N = p has one.
    """
    p, less = (n + 1) // 2, _LESS[reading]
    last = 2 * p - 1 + less
    for m in range(last - (last + odd) % 2, p + less - 1, -2):
        if least_value(interpolant(n, reading, m)) < 0:
            return m
    raise ValueError(f"n: got {n}, accepts degrees at which some classifier has a spurious region")


def ripple(c: float) -> tuple[float, float]:
    """Amplitude b and drift κ of the ripple of f towards the end of E_m at even m.

    Away from the end f is 1 + |B| + Re(e^{2ipφ} B/i), with B = −2ic/sin φ + Σ γ_i e^{−i(2i+1)φ} and
    γ the minimiser of 3 Σ γ_i² + (8/π) ∫ |B| dφ over (0, π/2). At φ = π/2 − z/p, B is
    −ib (1 − iκz/p) + O(p⁻²), so the ripple is 1 + b ∓ b cos(2z (1 + κ/2p)). Means of two
    truncations, to about 10⁻⁵. At odd m the argument is c/2.
    """
    amplitude, slope = (_ripple(c, 60) + _ripple(c, 61)) / 2
    return float(amplitude), float(-slope / amplitude)


def _ripple(c: float, terms: int) -> Vector:
    from scipy.optimize import minimize  # takes half a second to import

    nodes, weights = np.polynomial.legendre.leggauss(6 * terms)
    phi, k = np.pi / 2 * ((nodes + 1) / 2) ** 2, 2 * np.arange(terms) + 1  # dense at the middle
    weights = weights * np.pi / 4 * (nodes + 1)
    cosines, sines = np.cos(np.outer(phi, k)), np.sin(np.outer(phi, k))
    pole = 2 * c / np.sin(phi)

    def energy(gamma: Vector) -> tuple[float, Vector]:
        real, imaginary = cosines @ gamma, -pole - sines @ gamma
        size = np.hypot(real, imaginary)
        pull = cosines.T @ (weights * real / size) - sines.T @ (weights * imaginary / size)
        value = 3 * gamma @ gamma + 8 / np.pi * (weights @ (size - pole))
        return value, 6 * gamma + 8 / np.pi * pull

    options: Any = {"maxiter": 5000, "ftol": 1e-15, "gtol": 1e-9, "maxcor": 30}
    found = minimize(energy, np.zeros(terms), jac=True, method="L-BFGS-B", options=options)
    signed = found.x * np.where(np.arange(terms) % 2, -1, 1)
    return np.array([2 * c + signed.sum(), signed @ k])


def end_problem(c: float, odd_p: bool, odd_m: bool, nodes: int) -> Callable[[Vector], Vector]:
    """The limit of the classifier on E_m about the end, as a function of z.

    f = 1 + b ∓ b cos 2z + e, + at odd p, with e even and band-limited to [−2, 2], minimises
    ∫ e² + 2π(1 + b) Σ e(ζ_l) over z > 0 under f(z_j) ≥ 1; ζ_l are the z ≥ 0 with f = 1 in e = 0, 0
    counting half. e is given by its values and slopes e_l, d_l at the nodes ζ_l, l < nodes, by
    Hermite interpolation; beyond, e_l = 0 and d_l = D/2cζ_l, D the mean over the later half of
    them. For z up to the last node. At 80 nodes f is off by some 10⁻⁴ at even and 10⁻³ to 10⁻² at
    odd p where the first dip is near 0, as comparison with 40 nodes shows.
    """
    b = ripple(c / 2 if odd_m else c)[0]
    number_of = np.arange(nodes, dtype=np.float64) + odd_p / 2  # ζ_l/π
    zeta = np.pi * number_of
    halves, steep = np.where(zeta == 0, 0.5, 1), zeta > 0  # f is even: no slope at 0
    to_orthonormal = np.linalg.inv(np.linalg.cholesky(2 * _gram(number_of, halves)).T)

    def rows(z: Vector) -> Matrix:
        less, more = np.subtract.outer(z, zeta), np.add.outer(z, zeta)
        near, mirrored = np.sinc(less / np.pi) ** 2, np.sinc(more / np.pi) ** 2
        slopes = (near * less - mirrored * more)[:, steep]
        return np.asarray(np.hstack([(near + mirrored) * halves, slopes]) @ to_orthonormal)

    mesh: Vector = np.arange(0, zeta[-1] + 1, np.pi / 24)
    places = lambda j: np.sqrt(j / c), lambda z: c * z**2, int(c * mesh[-1] ** 2)
    mean = 0.0
    for _ in range(3):
        rest = mean / c / np.pi * _beyond(nodes + odd_p / 2, number_of)
        pull = np.append((2 * np.pi * (1 + b) - rest) * halves, np.zeros(steep.sum()))

        def background(z: Vector, mean: float = mean) -> Vector:
            rest = mean / c / np.pi**2 * _beyond(nodes + odd_p / 2, z / np.pi)
            return np.asarray(1 + np.sin(z - zeta[0]) ** 2 * (2 * b - rest))

        x = _least(rows, background, places, mesh, zeta, np.asarray(pull @ to_orthonormal))
        scaled = 2 * c * zeta[steep] * (to_orthonormal @ x)[nodes:]
        mean = float(scaled[nodes // 2 :].mean())
    return lambda z: rows(z) @ x + background(z)


def _gram(k: Vector, halves: Vector) -> Matrix:
    """∫ e² over z > 0 as a quadratic form in the values and slopes of e at the nodes πk."""
    apart = np.subtract.outer(k, k), np.add.outer(k, k)
    less, more = (np.divide(1, one, out=np.zeros_like(one), where=one != 0) for one in apart)
    values = (less**2 + more**2) / np.pi + 2 * np.pi / 3 * sum(1.0 * (one == 0) for one in apart)
    cross = (halves[:, None] * (less - more) / 2)[:, k > 0]
    squares = np.pi / 2 * np.eye(cross.shape[1])
    return np.block([[values * np.outer(halves, halves), cross], [cross.T, squares]])


def _beyond(first: float, x: Vector) -> Vector:
    """Σ 1/(k² − x²) over k = first, first + 1, …, for |x| < first."""
    from scipy.special import digamma

    x = np.maximum(np.abs(x), 1e-4)
    return np.asarray((digamma(first + x) - digamma(first - x)) / (2 * x))


def end_of_classifier(p: int, m: int) -> Callable[[Vector], Vector]:
    """The classifier of degree 2p on E_m as a function of z = p (π/2 − φ), for large p and m."""
    k = 2 * np.arange(p) + 1
    mesh = (np.arange(8 * p) + 0.5) * np.pi / 16
    places = (
        lambda j: 2 * p * np.arcsin(np.sqrt(j / (m - 1))),
        lambda z: (m - 1) * np.sin(z / (2 * p)) ** 2,
        m // 2 - 1,
    )

    def rows(z: Vector) -> Matrix:
        return np.asarray(np.cos(np.multiply.outer(z / p, k)))

    nodes = np.pi / 2 * np.arange(p - 2.0, -1, -2)
    weights = _least(rows, lambda z: 0 * z, places, mesh, nodes, np.zeros(p))
    return lambda z: rows(z) @ weights


def dip(f: Callable[[Vector], Vector], c: float) -> float:
    """The least value of f between its first two points on E_m, z = 0 and z = 1/√c."""
    return float(f(np.linspace(0, c**-0.5, 801)).min())


def last_equispaced_size(p: int, odd: bool, share: float) -> int:
    """The last m of this parity up to share · (2p)² at which the classifier on E_m dips below 0.

    Every size from there down to it is tried. Raises ValueError where there is none.
    """
    top = int(share * (2 * p) ** 2)
    for m in range(top - (top + odd) % 2, 3, -2):
        if dip(end_of_classifier(p, m), (m - 1) / (2 * p) ** 2) < 0:
            return m
    raise ValueError(f"p: got {p}, accepts numbers for which some classifier dips below 0")


def chebyshev_row(p: int, reading: str, odd: bool) -> dict[str, object]:
    """One row of the table of last sizes on Chebyshev grids, at the degrees 2p − 1 and 2p."""
    last = last_size(2 * p, reading, odd)
    return {"p": p, "reading": reading, "odd": int(odd), "last": last}


def equispaced_row(p: int, odd: bool) -> dict[str, object]:
    """One row of the table of last sizes on E_m, searched from 1 + 6/p times the limit on."""
    share = LIMITS[p % 2, int(odd)] * (1 + 6 / p)
    return {"p": p, "odd": int(odd), "last": last_equispaced_size(p, odd, share)}


def limit_row(odd_p: bool, odd_m: bool, c: float) -> dict[str, object]:
    """The dips at m − 1 ≈ c (2p)²: of the limit with 20, 40, 80 nodes, of classifiers at two p."""
    found: dict[str, object] = {"odd_p": int(odd_p), "odd_m": int(odd_m), "c": c}
    found["ripple"], found["drift"] = ripple(c / 2 if odd_m else c)
    for nodes in (20, 40, 80):
        found[f"nodes_{nodes}"] = dip(end_problem(c, odd_p, odd_m, nodes), c)
    for half in (60, 120):
        p = half + odd_p
        m = 2 * round(c * 2 * p**2) + odd_m
        found[f"p_{half}"] = dip(end_of_classifier(p, m), (m - 1) / (2 * p) ** 2)
    return found


def _least(
    rows: Callable[[Vector], Matrix],
    background: Callable[[Vector], Vector],
    points: Points,
    mesh: Vector,
    nodes: Vector,
    pull: Vector,
) -> Vector:
    """The x that minimises |x|²/2 + pull·x with rows(z)·x + background(z) ≥ 1 at all points z.

    The points are z_j, j ≤ last, with the inverse of j ↦ z_j for real j. An exchange method: it
    starts from the points about the nodes and takes in those about the minima that lie below 1,
    sought on the mesh.
    """
    at, index, last = points

    def about(z: Vector, steps: range) -> NDArray[np.intp]:
        below = np.floor(index(z)).astype(int)
        return np.unique(np.clip(np.add.outer(below, np.array(steps)), 0, last))

    first = np.arange(min(int(index(np.array(4 * np.pi))) + 1, last) + 1)
    chosen = np.union1d(np.append(first, last), about(nodes, range(2)))
    on_mesh, level = rows(mesh), background(mesh)
    for _ in range(100):
        z = at(chosen)
        count = len(z)
        bounds = np.full(count, 1e30), 1 - background(z), np.zeros(count, dtype=np.int32)
        limits = {"primal_tol": 1e-9, "iter_limit": 1000 + 100 * count}
        matrix = np.ascontiguousarray(rows(z))
        x, _, flag, info = daqp.solve(np.eye(len(pull)), pull, matrix, *bounds, **limits)
        if flag < 1:
            raise ArithmeticError(f"daqp stopped with exit flag {flag} on {count} rows")
        left, middle, right = (values := on_mesh @ x + level)[:-2], values[1:-1], values[2:]
        low = np.flatnonzero((middle <= left) & (middle < right))
        bend = right[low] - 2 * middle[low] + left[low]  # of a parabola through the three
        minima = mesh[low + 1] - (right[low] - left[low]) / 2 / bend * (mesh[1] - mesh[0])
        near = about(minima, range(-2, 3))
        near = np.setdiff1d(np.append(near, np.arange(max(last - 20, 0), last)), chosen)
        new = near[rows(at(near)) @ x + background(at(near)) < 1 - 1e-8]
        if not new.size:
            return np.asarray(x)
        active = np.asarray(info["lam"]) != 0
        chosen = np.union1d(chosen[active | (chosen < len(first))], new)
    raise ArithmeticError("the exchange of constraints does not end")


accepts(
    __name__,
    {"n": whole(1), "m p": whole(2), "reading": among(_LESS), "c": real(1e-3, 10)}
    | {"nodes": whole(4), "weights": array("features"), "share": real(0, 1, above=True)},
    end_of_classifier={"m": whole(4)},
)
